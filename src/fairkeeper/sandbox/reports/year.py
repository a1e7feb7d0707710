"""Lives through the months: customers order and use, Microsoft bills, collects, computes earnings and pays them out.

What goes wrong is declared in `trouble` and applied here line by line, so that the truth is known and not searched for.

Source: Microsoft Learn, "Payout policy details" (calendar by agreement, 50 USD, card hold), read 2026-11-22.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from fairkeeper.sandbox.reports.book import Book, Row, cents, first_of, months_after
from fairkeeper.sandbox.reports.buying import Buyer, Charge
from fairkeeper.sandbox.reports.paying import PARTICIPANT, PAY_DAY, PAYOUT, RATES, Payer
from fairkeeper.sandbox.reports.trouble import TROUBLES

_NAMES: Final = ("Contoso", "Fabrikam", "Adatum", "Northwind", "Tailspin", "Litware", "Proseware", "Woodgrove")
_CHANNELS: Final = ("Enterprise", "Enterprise through Reseller", "Pay as You Go", "Cloud Solution Provider", "GTM")
_SMALL_PARTICIPANT: Final = "49999001"


class Year:
    """Makes one publisher's reports.

    Args:
        seed: Draws everything.
        buyers: How many companies buy.
        months: How many months.
        as_of: The day on which everything is exported.
        has_trouble: Whether anything goes wrong.
    """

    def __init__(
        self, *, seed: int = 1, buyers: int = 60, months: int = 12, as_of: date, has_trouble: bool = True
    ) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a made-up publisher, no secret
        self._seed = seed
        self._as_of = as_of
        self._months = [months_after(first_of(as_of), number - months) for number in range(months)]
        self._buyers = [self._buyer(number) for number in range(buyers)]
        self._troubles = list(TROUBLES) if has_trouble else []
        self._book = Book(as_of=as_of)
        self._pending: list[tuple[date, Row]] = []
        self._number = 0

    def book(self) -> Book:
        """Live through the months and return everything that is reported."""
        for buyer in self._buyers:
            self._order(buyer)
        if self._troubles:
            self._ended_orders()
        charges = [charge for month in self._months for charge in self._charges(month)]
        self._assign(charges)
        for charge in charges:
            self._bill(charge)
        self._small_balance()
        self._adjustments()
        Payer(
            book=self._book,
            months=self._months,
            seed=self._seed,
            is_troubled=bool(self._troubles),
        ).pay(self._pending)
        return self._book

    # -------------------- what is sold

    def _buyer(self, number: int) -> Buyer:
        draw = self._random
        channel = _CHANNELS[number % len(_CHANNELS)]
        return Buyer(
            number=number,
            name=f"{_NAMES[number % len(_NAMES)]} {number + 1}",
            asset_id=self._id("a55e7", number),
            channel=channel,
            currency=("USD", "EUR", "JPY", "USD", "GBP")[number // 2 % 5],
            is_card=channel == "Pay as You Go" and number % 3 == 0,
            is_usage=number % 2 == 1,
            price=Decimal(draw.randrange(20_000, 900_000)) * (150 if number // 2 % 5 == 2 else 1) / 100,
            starts_on=self._months[0 if number % 4 else number // 4 % 4] + timedelta(days=draw.randrange(0, 20)),
            is_multiparty=number % 11 == 5,
            has_private_offer=number % 5 == 0 or number % 11 == 5,
            is_attested=number % 10 == 0,
        )

    def _id(self, prefix: str, number: int) -> str:
        return f"{prefix:0<8}-{abs(self._seed) % 10_000:04d}-4000-8000-{number:012d}"

    def _order(self, buyer: Buyer) -> None:
        offer = f"po-{buyer.number:04d}" if buyer.has_private_offer else ""
        for version, (on, action) in enumerate(self._order_events(buyer), 1):
            self._book.orders.append(
                {
                    "AssetId": buyer.asset_id,
                    "OrderVersion": str(version),
                    "EventTimestamp": f"{on}T08:00:00Z",
                    "OrderAction": action,
                    "OrderStatus": "Warning" if buyer.number % 13 == 7 else "Active",
                    "OfferType": "SaaS",
                    "OfferName": "Fairmile Agent",
                    "SKU": "team" if buyer.is_usage else "enterprise",
                    "AzureLicenseType": buyer.channel,
                    "MarketplaceLicenseType": "Billed Through Azure",
                    "OrderPurchaseDate": str(buyer.starts_on),
                    "MonthStartDate": str(first_of(on)),
                    "TermStartDate": str(on),
                    "TermEndDate": str(on.replace(year=on.year + 1) - timedelta(days=1)),
                    "purchaseRecordId": self._record(buyer),
                    "purchaseRecordLineItemId": "1",
                    "BilledRevenue": str(buyer.price),
                    "Currency": buyer.currency,
                    "Quantity": "1",
                    "IsPrivateOffer": "Yes" if offer else "No",
                    "PrivateOfferId": offer,
                    "MultiParty": "1" if buyer.is_multiparty else "0",
                    "CustomerCompanyName": buyer.name,
                    "BillingAccountId": f"ba-{buyer.number}",
                    "ReferenceId": buyer.asset_id,
                }
            )
        self._book.customers.append(
            {
                "CustomerId": f"c-{buyer.number}",
                "BillingAccountId": f"ba-{buyer.number}",
                "DateAcquired": str(buyer.starts_on),
                "CustomerCompanyName": buyer.name,
                "Email": f"pay@{_NAMES[buyer.number % len(_NAMES)].lower()}.example",
                "CustomerType": "organization",
                "ReferenceId": buyer.asset_id,
                "OfferName": "Fairmile Agent",
            }
        )
        if buyer.is_attested:
            self._book.attestations.append(
                {
                    "privateOfferId": offer,
                    "attestedOn": str(buyer.starts_on - timedelta(days=30)),
                    "evidence": "Confirmation of the private offer, page 2",
                }
            )

    def _ended_orders(self) -> None:
        """Add orders that came to nothing, under every status that says so; both spellings of one are in use."""
        for number, status in enumerate(("Canceled", "Cancelled", "Expired", "Abandoned"), 900_000):
            record = self._id("0de40", number * 100)
            ended = {"AssetId": self._id("a55e7", number), "OrderStatus": status, "OrderAction": "Canceled"}
            more = {"purchaseRecordId": record, "PrivateOfferId": "", "IsPrivateOffer": "No", "BilledRevenue": "0"}
            self._book.orders.append(
                {**self._book.orders[0], **ended, **more, "ReferenceId": self._id("a55e7", number), "MultiParty": "0"}
            )

    def _order_events(self, buyer: Buyer) -> Iterator[tuple[date, str]]:
        yield buyer.starts_on, "Purchase"
        for month in self._months[1:]:
            if month > buyer.starts_on and buyer.number % 7 == month.month % 7:
                yield month + timedelta(days=3), "Renewed"

    def _record(self, buyer: Buyer, month: date | None = None) -> str:
        number = buyer.number * 100 + (0 if month is None else 1 + (month.year * 12 + month.month) % 99)
        return self._id("0de40", number)

    def _charges(self, month: date) -> Iterator[Charge]:
        for buyer in self._buyers:
            if month < first_of(buyer.starts_on):
                continue
            amount = buyer.price if not buyer.is_usage else cents(buyer.price * self._random.randrange(5, 60) / 100)
            record = self._record(buyer, month) if buyer.is_usage else self._record(buyer)
            yield Charge(buyer=buyer, record=record, line="1", month=month, amount=amount)

    def _assign(self, charges: list[Charge]) -> None:
        """Give each trouble a charge that it can happen to, one each."""
        free = list(charges)
        self._random.shuffle(free)
        for trouble in self._troubles:
            chosen = next(
                (
                    charge
                    for charge in free
                    if charge.trouble is None and trouble.fits(charge.buyer, charge.month, self._months)
                ),
                None,
            )
            if chosen is not None:
                chosen.trouble = trouble

    # -------------------- what is billed and earned

    def _bill(self, charge: Charge) -> None:
        buyer, trouble = charge.buyer, charge.trouble
        billed_in = months_after(charge.month, 1) if buyer.is_usage else charge.month
        if buyer.is_usage:
            self._use(charge)
        billed_on = billed_in.replace(day=5) if buyer.is_usage else max(billed_in, buyer.starts_on)
        if billed_on > self._as_of:
            return
        eligible_on = self._eligible(buyer, billed_on)
        status, paid_in = self._status(buyer, eligible_on)
        if trouble is not None and trouble.revenue_status:
            status = trouble.revenue_status
        if trouble is None or not trouble.has_no_revenue:
            self._revenue(charge, billed_in, status, paid_in)
        subject = f"{charge.record}|{charge.line}"
        if status == "Uncollected":
            self._book.wrong("revenue_uncollected", subject)
        if trouble is not None:
            for code in trouble.finds:
                self._book.wrong(code, self._subject(code, charge))
        if eligible_on > self._as_of or (trouble is not None and trouble.has_no_earning):
            return
        self._earn(charge, billed_on, eligible_on, paid_in)

    def _subject(self, code: str, charge: Charge) -> str:
        if code in ("fee_mismatch", "payment_overdue"):
            return f"E{self._number + 1:07d}"
        if code == "restated" and (charge.trouble is None or not charge.trouble.restates_revenue):
            return f"E{self._number + 1:07d}"
        if code == "unknown_status":
            return charge.trouble.revenue_status if charge.trouble else ""
        if code == "usage_not_reported":
            return charge.buyer.asset_id
        return f"{charge.record}|{charge.line}"

    def _eligible(self, buyer: Buyer, billed_on: date) -> date:
        """Return when an earning appears: at once under an enterprise agreement, else once the customer has paid."""
        if buyer.is_enterprise:
            return billed_on + timedelta(days=2)
        return months_after(billed_on, 2) + timedelta(days=10 + buyer.number % 12)

    def _paid_in(self, buyer: Buyer, eligible_on: date) -> date:
        return months_after(eligible_on, 2 if buyer.is_card else 1)

    def _status(self, buyer: Buyer, eligible_on: date) -> tuple[str, date]:
        paid_in = self._paid_in(buyer, eligible_on)
        if eligible_on > self._as_of:
            return "Uncollected", paid_in
        if paid_in.replace(day=PAY_DAY) <= self._as_of:
            return "Sent", paid_in
        return "Unprocessed", paid_in

    def _use(self, charge: Charge) -> None:
        buyer, trouble = charge.buyer, charge.trouble
        rate = RATES[buyer.currency]
        quantity = Decimal(100 + buyer.number)
        reported = quantity if trouble is None or trouble.name != "units lost" else quantity - 40
        payout = cents(charge.amount * rate / RATES[PAYOUT])
        self._book.usage.append(
            {
                "UsageReference": f"{charge.record}:{charge.line}",
                "UsageDate": str(charge.month),
                "MeterId": "m-tokens",
                "MeterDimension": "tokens",
                "SKU": "team",
                "SKUBillingType": "Paid",
                "OfferType": "SaaS",
                "OfferName": "Fairmile Agent",
                "AzureLicenseType": buyer.channel,
                "MeteredUsage": str(reported),
                "UsageUnit": "1000 tokens",
                "CustomerCurrencyCC": buyer.currency,
                "PriceCC": str((charge.amount / quantity).quantize(Decimal("0.000001"))),
                "PayoutCurrencyPC": PAYOUT,
                "EstimatedExtendedChargeCC": str(charge.amount),
                "EstimatedExtendedChargePC": str(payout),
                "PublisherMarkedAnomaly": "TRUE" if trouble is not None and trouble.name == "anomaly corrected" else "",
                "ReferenceId": buyer.asset_id,
                "CustomerCompanyName": buyer.name,
            }
        )
        self._book.metering.append(
            {
                "usageEventId": f"ev-{buyer.number}-{charge.month}",
                "resourceId": buyer.asset_id,
                "dimension": "tokens",
                "quantity": str(quantity),
                "effectiveStartTime": f"{charge.month + timedelta(days=9)}T10:00:00Z",
                "planId": "team",
                "status": "Accepted",
            }
        )

    def _revenue(self, charge: Charge, billed_in: date, status: str, paid_in: date) -> None:
        buyer = charge.buyer
        rate = RATES[buyer.currency]
        row: Row = {
            "PurchaseRecordId": charge.record,
            "LineItemId": charge.line,
            "AssetId": buyer.asset_id,
            "BillingModel": "UsageBased" if buyer.is_usage else "SubscriptionBased",
            "MonthStartDate": str(billed_in),
            "PayoutStatus": status,
            "Revenue": str(charge.amount),
            "TransactionCurrency": buyer.currency,
            "EstimatedRevenueUSD": str(cents(charge.amount * rate)),
            "EstimatedRevenuePC": str(cents(charge.amount * rate / RATES[PAYOUT])),
            "ExchangeRateUSD": str(rate),
            "EstimatedPayoutMonth": str(paid_in),
            "PaymentSentDate": str(paid_in.replace(day=PAY_DAY)) if status == "Sent" else "",
            "PaymentInstrumentType": "Credit card" if buyer.is_card else "Invoice",
            "OfferName": "Fairmile Agent",
            "SKU": "team" if buyer.is_usage else "enterprise",
            "SalesChannel": buyer.channel,
            "Quantity": "1",
            "MultiParty": "Yes" if buyer.is_multiparty else "No",
            "CustomerCompanyName": buyer.name,
            "BillingAccountId": f"ba-{buyer.number}",
        }
        self._book.revenue.append(row)
        trouble = charge.trouble
        if trouble is not None and trouble.restates_revenue:
            self._book.revenue.append({**row, "Revenue": str(cents(charge.amount / 2))})

    def _earn(self, charge: Charge, billed_on: date, eligible_on: date, paid_in: date) -> None:
        buyer, trouble = charge.buyer, charge.trouble
        self._number += 1
        kept = Decimal("0.985") if buyer.is_attested else Decimal("0.97")
        if trouble is not None and trouble.rate:
            kept = trouble.rate
        paid_part = trouble.paid_part if trouble is not None else Decimal(1)
        base = cents(charge.amount * paid_part)
        earned = cents(base * kept)
        row = self._earning_row(charge, billed_on, eligible_on, paid_in)
        row |= {
            "earningAmount": str(earned),
            "earningAmountUSD": str(cents(earned * RATES[buyer.currency])),
            "earningRate": f"{kept * 100:.1f}%" if buyer.number % 3 == 0 else str(kept),
            "storeFee": str(base - earned),
        }
        if trouble is not None and trouble.is_late:
            row |= {"calculationDate": str(months_after(eligible_on, 2)), "estimatedPaymentMonth": str(paid_in)}
            paid_in = months_after(eligible_on, 3)
        if trouble is not None and trouble.name == "overdue":
            paid_in = date(9999, 1, 1)
        if trouble is not None and trouble.hidden_before:
            stale = {**row, "earningAmount": str(cents(earned / 2)), "earningAmountUSD": row["earningAmountUSD"]}
            self._book.earnings.append(
                {**stale, "calculationDate": str(eligible_on - timedelta(days=1)), "paymentStatus": "Unprocessed"}
            )
        self._pending.append((paid_in, row))
        if trouble is not None and trouble.taken_back:
            self._take_back(charge, row, eligible_on)

    def _take_back(self, charge: Charge, row: Row, eligible_on: date) -> None:
        """Refund, charge back or write off what was earned, two months later."""
        self._number += 1
        on = months_after(eligible_on, 2) + timedelta(days=4)
        if on > self._as_of or charge.trouble is None:
            return
        negative = {
            **row,
            "earningId": f"E{self._number:07d}",
            "transactionType": charge.trouble.taken_back,
            "earningAmount": f"-{row['earningAmount']}",
            "earningAmountUSD": f"-{row['earningAmountUSD']}",
            "transactionAmount": f"-{row['transactionAmount']}",
            "transactionAmountUSD": f"-{row['transactionAmountUSD']}",
            "storeFee": f"-{row['storeFee']}",
            "transactionId": f"{row['transactionId']}-r",
            "transactionDate": str(on),
            "earningDate": str(on),
            "calculationDate": str(on),
            "estimatedPaymentMonth": str(months_after(on, 1)),
        }
        self._book.wrong("earning_negative", negative["earningId"])
        self._pending.append((months_after(on, 1), negative))

    def _earning_row(self, charge: Charge, billed_on: date, eligible_on: date, paid_in: date) -> Row:
        buyer = charge.buyer
        rate = RATES[buyer.currency]
        return {
            "earningId": f"E{self._number:07d}",
            "participantId": PARTICIPANT,
            "participantIdType": "SellerId",
            "participantName": "Fairmile Software",
            "programName": "Commercial Marketplace",
            "assetId": buyer.asset_id,
            "OrderId": charge.record,
            "LineItemId": charge.line,
            "transactionId": f"T{self._number:07d}",
            "transactionDate": str(billed_on),
            "transactionType": "purchase",
            "transactionAmount": str(charge.amount),
            "transactionAmountUSD": str(cents(charge.amount * rate)),
            "transactionCurrency": buyer.currency,
            "transactionExchangeRate": str(rate),
            "transactionPaymentMethod": "Credit card" if buyer.is_card else "Invoice",
            "earningDate": str(eligible_on),
            "calculationDate": str(eligible_on),
            "estimatedPaymentMonth": str(paid_in),
            "earningType": "SELL",
            "paymentStatus": "Unprocessed",
            "paymentId": "",
            "lastPaymentCurrency": "",
            "earningAmountInLastPaymentCurrency": "",
            "isPrivateOffer": str(buyer.has_private_offer),
            "productName": "enterprise",
            "parentProductName": "Fairmile Agent",
            "customerId": f"ba-{buyer.number}",
            "customerName": buyer.name,
            "taxRemitModel": "ISV Managed",
            "reasonCode": "",
            "lever": "",
        }

    # -------------------- what is paid

    def _small_balance(self) -> None:
        """Let a second participant earn less than is paid out."""
        if not self._troubles:
            return
        month = self._months[2]
        self._number += 1
        row = self._earning_row(
            Charge(
                buyer=self._buyers[0], record=self._id("0de40", 99_000_001), line="1", month=month, amount=Decimal(32)
            ),
            month + timedelta(days=3),
            month + timedelta(days=5),
            months_after(month, 1),
        )
        row |= {
            "participantId": _SMALL_PARTICIPANT,
            "transactionCurrency": "USD",
            "transactionAmountUSD": "32",
            "earningAmount": "31.04",
            "earningAmountUSD": "31.04",
            "earningRate": "0.97",
            "storeFee": "0.96",
            "assetId": "",
        }
        self._book.earnings.append(row)
        self._book.revenue.append(
            {
                **self._book.revenue[0],
                "PurchaseRecordId": row["OrderId"],
                "AssetId": "",
                "MonthStartDate": str(month),
                "PayoutStatus": "Unprocessed",
                "Revenue": "32",
                "TransactionCurrency": "USD",
                "EstimatedRevenueUSD": "32",
                "PaymentSentDate": "",
                "BillingModel": "SubscriptionBased",
            }
        )
        self._book.wrong("below_threshold", _SMALL_PARTICIPANT)

    def _adjustments(self) -> None:
        """Add rows that belong to no order."""
        for number, month in enumerate(self._months[2:-2:3]):
            self._number += 1
            amount = Decimal("120.50") if number % 2 == 0 else Decimal("-45.25")
            row = dict.fromkeys(self._pending[0][1], "")
            row |= {
                "earningId": f"E{self._number:07d}",
                "participantId": PARTICIPANT,
                "programName": "Commercial Marketplace",
                "earningAmount": str(amount),
                "earningAmountUSD": str(amount),
                "transactionCurrency": "USD",
                "earningDate": str(month + timedelta(days=7)),
                "calculationDate": str(month + timedelta(days=7)),
                "estimatedPaymentMonth": str(months_after(month, 1)),
                "paymentStatus": "Unprocessed",
                "reasonCode": "Ops Adjustment",
                "lever": "Adjustment",
                "earningType": "SELL",
            }
            self._pending.append((months_after(month, 1), row))
