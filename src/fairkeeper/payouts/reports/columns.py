"""The columns of every report: one name for each thing, and the names Microsoft has given it.

Partner Center spells a column differently in the programmatic export, in the page's download and over the years, so a
header is compared without case and punctuation. The word "order id" has three meanings there, so the names here are
`asset_id`, `purchase_record_id` and `line_item_id`.

Source: Microsoft Learn, "Orders dashboard", "Usage dashboard", "Customers dashboard", "Revenue dashboard" and "Export
earnings: Marketplace" (copies of October 2023 and later), read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_PUNCTUATION: Final = re.compile(r"[^0-9a-z]+")


class Kind(StrEnum):
    """Which report a file is."""

    ORDERS = "orders"
    USAGE = "usage"
    CUSTOMERS = "customers"
    REVENUE = "revenue"
    EARNINGS = "earnings"
    PAYMENTS = "payments"
    BANK = "bank"
    METERING = "metering"
    """Our own record of metered events that Microsoft accepted."""
    ATTESTATIONS = "attestations"
    """Our own record of renewals attested when a private offer was made."""


class Type(StrEnum):
    """How a column is read."""

    TEXT = "text"
    MONEY = "money"
    DATE = "date"
    BOOL = "bool"
    RATE = "rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: What it is called here.
        type: How it is read.
        headers: Normalised headers it is known by, the most usual first.
        is_needed: Whether a row means nothing without it.
        is_personal: Whether it is shown to some roles alone.
    """

    name: str
    type: Type
    headers: tuple[str, ...]
    is_needed: bool = False
    is_personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report.

    Attributes:
        kind: Which.
        title: What Partner Center calls it, and where it is found.
        columns: Its columns.
        recognised_by: Groups of normalised headers; a file has one of each group.
        excluded_by: Headers that no such file has.
        period_by: The columns whose dates say which time a file covers, the first that it has.
        key: Columns that tell its rows apart.
        amounts: Columns whose change under the same key is a restatement.
    """

    kind: Kind
    title: str
    columns: tuple[Column, ...]
    recognised_by: tuple[frozenset[str], ...]
    excluded_by: frozenset[str]
    period_by: tuple[str, ...]
    key: tuple[str, ...]
    amounts: tuple[str, ...]

    @property
    def by_header(self) -> Mapping[str, Column]:
        """Columns by every header they are known by."""
        return {header: column for column in self.columns for header in column.headers}

    @property
    def needed(self) -> tuple[Column, ...]:
        """Columns that a file cannot be without."""
        return tuple(column for column in self.columns if column.is_needed)


def normalise(header: str) -> str:
    r"""Return a header without byte order mark, case, spaces and punctuation.

    Example:
        >>> normalise("\ufeffMaturity month"), normalise("Estimated revenue (USD)")
        ('maturitymonth', 'estimatedrevenueusd')
    """
    return _PUNCTUATION.sub("", header.casefold().replace("\ufeff", ""))


def _text(name: str, *others: str, needed: bool = False, personal: bool = False) -> Column:
    return _column(Type.TEXT, name, others, needed=needed, personal=personal)


def _money(name: str, *others: str, needed: bool = False) -> Column:
    return _column(Type.MONEY, name, others, needed=needed)


def _date(name: str, *others: str, needed: bool = False) -> Column:
    return _column(Type.DATE, name, others, needed=needed)


def _bool(name: str, *others: str) -> Column:
    return _column(Type.BOOL, name, others)


def _column(kind: Type, name: str, others: tuple[str, ...], *, needed: bool = False, personal: bool = False) -> Column:
    headers = (name.replace("_", ""), *others)
    return Column(name=name, type=kind, headers=headers, is_needed=needed, is_personal=personal)


def _any(*headers: str) -> frozenset[str]:
    return frozenset(headers)


ORDERS: Final = Report(
    kind=Kind.ORDERS,
    title="Orders (Insights, Orders, Download; dataset ISVOrder)",
    columns=(
        _text("asset_id", "orderid", "subscriptionassetid", needed=True),
        _text("order_version"),
        _date("event_timestamp", "eventtime"),
        _text("order_action"),
        _text("order_status"),
        _text("offer_type"),
        _text("offer_id"),
        _text("offer_name"),
        _text("plan_id", "sku", "planname"),
        _text("sales_channel", "azurelicensetype"),
        _text("license_type", "marketplacelicensetype"),
        _date("order_purchase_date", "purchasedate", "activationdate"),
        _date("order_cancel_date", "canceldate"),
        _date("month_start_date", "month"),
        _date("term_start_date"),
        _date("term_end_date"),
        _date("trial_end_date"),
        _text("billing_term"),
        _text("billing_plan"),
        _text("purchase_record_id"),
        _text("line_item_id", "purchaserecordlineitemid", "purchaserecordlineid"),
        _money("billed_revenue", "billedrevenuecc"),
        _text("currency", "billingcurrency", "customercurrency"),
        _money("quantity", "orderquantity", "seats"),
        _bool("is_trial"),
        _bool("has_trial"),
        _bool("auto_renew"),
        _bool("is_private_offer"),
        _text("private_offer_id"),
        _text("private_offer_name"),
        _bool("multi_party", "ismultiparty"),
        _text("reference_id"),
        _text("customer_name", "customercompanyname", personal=True),
        _text("customer_id"),
        _text("billing_account_id", "billingaccountname"),
        _text("customer_country", "customercountryregion"),
        _text("marketplace_subscription_id"),
    ),
    recognised_by=(
        _any("orderstatus", "orderaction", "orderversion", "orderpurchasedate"),
        _any("assetid", "orderid"),
    ),
    excluded_by=_any("earningid", "usagereference", "payoutstatus"),
    period_by=("event_timestamp", "month_start_date", "order_purchase_date"),
    key=("asset_id", "order_version", "event_timestamp", "order_action"),
    amounts=(),
)

USAGE: Final = Report(
    kind=Kind.USAGE,
    title="Usage (Insights, Usage, Download; dataset ISVUsage)",
    columns=(
        _text("usage_reference", needed=True),
        _date("usage_date", "monthstartdate", needed=True),
        _text("meter_id"),
        _text("meter_dimension", "dimension", "customdimension"),
        _text("plan_id", "sku", "planname"),
        _text("sku_billing_type"),
        _text("offer_type"),
        _text("offer_id"),
        _text("offer_name"),
        _text("sales_channel", "azurelicensetype"),
        _money("normalized_usage"),
        _money("metered_usage"),
        _money("raw_usage"),
        _text("usage_unit"),
        _text("customer_currency", "customercurrencycc"),
        _money("price", "pricecc"),
        _text("payout_currency", "payoutcurrencypc"),
        _money("estimated_price", "estimatedpricepc"),
        _money("charge", "estimatedextendedchargecc"),
        _money("charge_payout", "estimatedextendedchargepc", "estimatedchargepc"),
        _date("trial_end_date"),
        _text("detected_anomaly", "partnercenterdetectedanomaly"),
        _text("marked_anomaly", "publishermarkedanomaly"),
        _money("new_reported_usage"),
        _money("anomaly_impact_usd", "estimatedfinancialimpactusd"),
        _text("reference_id"),
        _text("private_offer_id"),
        _bool("is_private_offer"),
        _bool("multi_party"),
        _text("customer_name", "customercompanyname", personal=True),
        _text("customer_id"),
        _text("billing_account_id"),
        _text("marketplace_subscription_id"),
    ),
    recognised_by=(_any("usagereference"), _any("usagedate", "meterid", "normalizedusage", "meteredusage", "rawusage")),
    excluded_by=_any("earningid", "payoutstatus"),
    period_by=("usage_date",),
    key=("usage_reference", "usage_date", "meter_id", "plan_id"),
    amounts=(),
)

CUSTOMERS: Final = Report(
    kind=Kind.CUSTOMERS,
    title="Customers (Insights, Customers, Download; dataset ISVCustomer)",
    columns=(
        _text("customer_id", needed=True),
        _text("billing_account_id"),
        _text("reference_id"),
        _text("customer_name", "customercompanyname", personal=True),
        _text("email", "customeremail", personal=True),
        _date("date_acquired"),
        _date("date_lost"),
        _date("last_modified_at"),
        _text("customer_type"),
        _text("customer_country", "customercountryregion"),
        _text("offer_id"),
        _text("offer_name"),
        _text("plan_id", "sku"),
        _text("private_offer_id"),
        _text("marketplace_subscription_id"),
    ),
    recognised_by=(_any("dateacquired", "datelost", "customertype", "isactive"), _any("customerid")),
    excluded_by=_any("earningid", "orderstatus", "usagereference", "payoutstatus", "paymentid"),
    period_by=("last_modified_at", "date_acquired"),
    key=("customer_id", "reference_id", "offer_name", "plan_id"),
    amounts=(),
)

REVENUE: Final = Report(
    kind=Kind.REVENUE,
    title="Revenue (Insights, Revenue, Download; dataset ISVRevenue)",
    columns=(
        _text("purchase_record_id", "purchaserecord", "orderid", needed=True),
        _text("line_item_id", "lineitem", "purchaserecordlineitemid", needed=True),
        _text("asset_id"),
        _text("billing_model"),
        _date("month_start_date", "month", "billingmonth", needed=True),
        _text("payout_status", "revenuestatus", needed=True),
        _money("revenue", "revenuecc", "billedrevenue", "billedrevenuecc", "transactionamountcc", needed=True),
        _text(
            "currency",
            "transactioncurrency",
            "customercurrency",
            "customercurrencycc",
            "earningcurrencycode",
            "earningscurrencycode",
        ),
        _money("revenue_payout", "estimatedrevenuepc", "transactionamountpc"),
        _money("revenue_usd", "estimatedrevenueusd", "transactionamountusd"),
        _text("payout_currency", "payoutcurrencycode", "payoutcurrencypc"),
        _money("earning_amount", "earningamountcc", "earningsamountcc"),
        _money("earning_amount_payout", "earningamountpc", "earningsamountpc"),
        _money("earning_amount_usd", "earningamountusd", "earningsamountusd"),
        _money("exchange_rate_usd", "exchangerateusd"),
        _money("exchange_rate_payout", "exchangeratepc"),
        _date("exchange_rate_date"),
        _date("estimated_payout_month"),
        _date("payment_sent_date"),
        _text("payment_instrument_type", "paymentinstrument"),
        _date("term_start_date"),
        _date("term_end_date"),
        _text("trial_deployment"),
        _text("offer_type"),
        _text("offer_name"),
        _text("plan_id", "sku", "planname"),
        _text("sales_channel", "azurelicensetype"),
        _money("quantity"),
        _money("units"),
        _bool("is_private_offer"),
        _bool("multi_party"),
        _text("billing_account_id"),
        _text("customer_name", "customercompanyname", personal=True),
        _text("customer_email", personal=True),
        _text("customer_id"),
        _text("customer_country"),
    ),
    recognised_by=(
        _any("payoutstatus", "estimatedrevenueusd", "estimatedrevenuepc", "revenuestatus", "billingmodel"),
        _any("purchaserecordid", "purchaserecord", "orderid"),
        _any("lineitemid", "lineitem", "purchaserecordlineitemid"),
    ),
    excluded_by=_any("earningid", "orderaction", "orderversion", "usagereference"),
    period_by=("month_start_date",),
    key=("purchase_record_id", "line_item_id", "billing_model", "month_start_date", "payout_status"),
    amounts=("revenue",),
)

EARNINGS: Final = Report(
    kind=Kind.EARNINGS,
    title="Earnings (Payouts and tax, Earnings, Export, Marketplace template)",
    columns=(
        _text("earning_id", needed=True),
        _money("earning_amount", needed=True),
        _text("currency", "transactioncurrency", "transactioncurrencycode", needed=True),
        _text("payment_status", "earningstatus", "payoutstatus", needed=True),
        _text("payment_status_description"),
        _text("asset_id"),
        _text("purchase_record_id", "orderid"),
        _text("line_item_id"),
        _text("transaction_id"),
        _date("transaction_date"),
        _text("transaction_type"),
        _money("transaction_amount"),
        _money("transaction_amount_usd"),
        _money("earning_amount_usd"),
        _money("earning_amount_paid", "earningamountinlastpaymentcurrency", "earningamountlastpaymentcurrency"),
        _text("paid_currency", "lastpaymentcurrency"),
        _column(Type.RATE, "earning_rate", ()),
        _money("store_fee", "storefeeamount"),
        _date("earning_date"),
        _date("calculation_date"),
        _date("estimated_payment_month", "estimatedpaymentdate"),
        _date("maturity_month", "maturitydate"),
        _text("payment_id", "paymentnumber"),
        _text("participant_id"),
        _text("participant_name"),
        _text("program_name"),
        _text("program_code"),
        _text("earning_type"),
        _text("lever", "levercode"),
        _text("reason_code"),
        _text("payment_method", "transactionpaymentmethod"),
        _money("transaction_exchange_rate"),
        _money("earning_exchange_rate"),
        _text("tax_remit_model"),
        _money("tax_remitted"),
        _bool("is_private_offer"),
        _text("product_id"),
        _text("product_name"),
        _text("parent_product_name"),
        _text("sku_id"),
        _text("subscription_id"),
        _money("quantity"),
        _text("customer_id"),
        _text("customer_name", personal=True),
        _text("customer_email", personal=True),
        _text("customer_country"),
        _text("reseller_name"),
        _text("partner_association"),
        _text("invoice_number"),
        _text("external_reference_id"),
    ),
    recognised_by=(_any("earningid"), _any("earningamount")),
    excluded_by=_any("totalpayment"),
    period_by=("earning_date", "calculation_date", "transaction_date"),
    key=("earning_id",),
    amounts=("earning_amount", "currency"),
)

PAYMENTS: Final = Report(
    kind=Kind.PAYMENTS,
    title="Payments (Payouts and tax, Earnings, Payments, Export)",
    columns=(
        _text("payment_id", "paymentnumber", needed=True),
        _money("earned", "earnedamount", needed=True),
        _text("earned_currency", "earnedcurrencycode", "currencycode", "currency"),
        _money("earned_usd"),
        _text("participant_id"),
        _text("participant_id_type"),
        _text("participant_name"),
        _text("payment_currency", "paymentcurrencycode"),
        _date("payment_date", "paymentsentdate", needed=True),
        _text("payment_method"),
        _text("payment_status", needed=True),
        _text("payment_status_description"),
        _text("program_name", "program"),
        _money("sales_tax"),
        _money("service_fee_tax"),
        _money("total_payment", needed=True),
        _money("withheld_tax"),
        _text("bank_reference", "cireferencenumber"),
    ),
    recognised_by=(
        _any("paymentid", "paymentnumber"),
        _any("totalpayment", "withheldtax", "servicefeetax"),
        _any("earned", "earnedamount"),
    ),
    excluded_by=_any("earningid", "earningamount"),
    period_by=("payment_date",),
    key=("payment_id", "participant_id", "program_name"),
    amounts=("earned", "total_payment"),
)

BANK: Final = Report(
    kind=Kind.BANK,
    title="Bank statement (csv, OFX or camt.053 from your bank)",
    columns=(
        _date(
            "booked_on",
            "date",
            "bookingdate",
            "valuedate",
            "transactiondate",
            "posteddate",
            "buchungstag",
            "postingdate",
            needed=True,
        ),
        _money("amount", "betrag", "credit", "creditamount", "paidin", needed=True),
        _text("currency", "currencycode", "waehrung"),
        _text("reference", "ref", "paymentreference", "endtoendid", "bankreference", "customerreference"),
        _text("description", "details", "memo", "narrative", "remittanceinformation", "verwendungszweck", "text"),
        _text("counterparty", "name", "payee", "payer"),
        _text("line_id", "transactionid", "fitid", "id"),
    ),
    recognised_by=(
        _any(
            "date",
            "bookedon",
            "bookingdate",
            "valuedate",
            "posteddate",
            "buchungstag",
            "postingdate",
            "transactiondate",
        ),
        _any("amount", "betrag", "credit", "creditamount", "paidin"),
    ),
    excluded_by=_any(
        "earningid", "payoutstatus", "usagereference", "assetid", "paymentstatus", "dateacquired", "totalpayment"
    ),
    period_by=("booked_on",),
    key=("booked_on", "amount", "currency", "reference", "description", "line_id"),
    amounts=(),
)

METERING: Final = Report(
    kind=Kind.METERING,
    title="Accepted metered events (your own record, or Microsoft's answers to it)",
    columns=(
        _text("event_id", "usageeventid", needed=True),
        _text("resource_id", "resourceuri", "assetid", "subscriptionid", needed=True),
        _text("dimension", needed=True),
        _money("quantity", needed=True),
        _date("effective_on", "effectivestarttime", needed=True),
        _text("plan_id"),
        _text("status"),
    ),
    recognised_by=(_any("effectivestarttime", "effectiveon"), _any("usageeventid", "eventid"), _any("dimension")),
    excluded_by=_any("usagereference", "earningid"),
    period_by=("effective_on",),
    key=("event_id",),
    amounts=(),
)

ATTESTATIONS: Final = Report(
    kind=Kind.ATTESTATIONS,
    title="Attested renewals (your own record: privateOfferId or assetId, attestedOn, evidence)",
    columns=(
        _date("attested_on", needed=True),
        _text("private_offer_id"),
        _text("asset_id"),
        _text("evidence"),
    ),
    recognised_by=(_any("attestedon"), _any("privateofferid", "assetid")),
    excluded_by=_any("earningid", "payoutstatus"),
    period_by=("attested_on",),
    key=("private_offer_id", "asset_id", "attested_on"),
    amounts=(),
)

REPORTS: Final[Mapping[Kind, Report]] = {
    report.kind: report
    for report in (ORDERS, USAGE, CUSTOMERS, REVENUE, EARNINGS, PAYMENTS, BANK, METERING, ATTESTATIONS)
}
"""Every report, in the order of the chain."""
