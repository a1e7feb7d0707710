"""Prices a deal in a file: both sides of every line, the fee, the payout days, the quarters, and an alternative."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from fairkeeper.action.operation import TextFile, check
from fairkeeper.deals.actions.check_file import AsOf
from fairkeeper.deals.actions.views import PlanTotal, PricedFile, PriceLine, QuarterRow, view_finding
from fairkeeper.deals.checks.checking import check_reading
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import Agreement, Deal, DealKind
from fairkeeper.deals.errors import NotPricedError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.prices.expected_cash import (
    CashLine,
    CashTerms,
    QuarterLine,
    compare,
    expected_cash,
    fee_bps_of,
    quarters_of,
)
from fairkeeper.deals.prices.pricing import PricedPlan, PriceList, counts_towards_commitment, price_deal
from fairkeeper.values.findings import Findings, Level
from fairkeeper.values.money import Money

_WORDS = {True: "yes", False: "no", None: "unknown"}


class PriceFile(AsOf):
    """Which file to price, and what its cash is expected by."""

    file: TextFile = Field(description="A deal in YAML or JSON.")
    against: TextFile | None = Field(None, description="An alternative to set beside it, quarter by quarter.")
    agreement: Agreement | None = Field(None, description="The customer's agreement, if the file does not say.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """One file on its way to an answer."""

    deal: Deal | None
    plans: tuple[PricedPlan, ...]
    terms: CashTerms | None
    quarters: tuple[QuarterLine, ...]
    findings: Findings


@check("deals.price_file", cli="deals price FILE")
def price_file(request: PriceFile) -> PricedFile:
    """Price a deal line by line for the channel partner and the customer, and say when its money should arrive.

    A file with faults of level error is not priced; its findings say why. Days of payout need the customer's agreement
    and are expectations: the last day something should be sent by if the customer pays in time.

    Raises:
        NotPricedError: The alternative cannot be set beside it: it has faults or another currency.
        AssumptionUnknownError: An assumption to switch off is not in the table.
    """
    basis = request.basis()
    priced = _price(request.file, basis, request.agreement)
    other = _price(request.against, basis, request.agreement) if request.against else None
    deal, terms = priced.deal, priced.terms
    return PricedFile(
        name=deal.name if deal else None,
        as_of=basis.as_of,
        currency=deal.currency.code if deal else None,
        agreement=terms.agreement.value if terms else None,
        fee_percent=str(Decimal(fee_bps_of(deal, basis.as_of)) / 100) if deal else None,
        counts_towards_commitment=_WORDS[counts_towards_commitment(deal) if deal else None],
        totals=tuple(_total(deal, plan, price) for plan in priced.plans for price in plan.prices) if deal else (),
        lines=tuple(line for plan in priced.plans for line in _lines(plan, terms)),
        quarters=_rows(priced, other),
        findings=tuple(view_finding(finding) for finding in priced.findings),
    )


def _price(file: TextFile, basis: Basis, agreement: Agreement | None) -> _Priced:
    reading = read_deal(file.text, file=file.name or None)
    findings = check_reading(reading, basis, file=file.name or None)
    deal = reading.deal
    if deal is None or findings.has_errors:
        return _Priced(deal=None, plans=(), terms=None, quarters=(), findings=findings)
    plans = price_deal(deal)
    known = agreement or (deal.customer.agreement if deal.customer else None)
    if deal.kind is DealKind.CSP:
        known = known or Agreement.CSP
    if known is None:
        return _Priced(deal=deal, plans=plans, terms=None, quarters=(), findings=findings)
    terms = CashTerms(
        agreement=known,
        pays_by_card=bool(deal.customer and deal.customer.pays_by_card),
        fee_bps=fee_bps_of(deal, basis.as_of),
    )
    cash = [line for plan in plans if plan.prices for line in _cash(plan.prices[0], terms)]
    return _Priced(deal=deal, plans=plans, terms=terms, quarters=quarters_of(cash, deal.currency), findings=findings)


def _cash(price: PriceList, terms: CashTerms) -> tuple[CashLine, ...]:
    """Return the cash of one price list; the fee is taken on what the channel partner pays."""
    return expected_cash(zip(price.dates, price.lines.partner, strict=True), terms)


def _total(deal: Deal, plan: PricedPlan, price: PriceList) -> PlanTotal:
    is_adjusted = deal.kind is DealKind.MULTIPARTY
    return PlanTotal(
        plan=_name(plan),
        currency=price.currency.code,
        markets=price.markets,
        partner_total=price.lines.partner_total.to_decimal_text(),
        customer_total=price.lines.customer_total.to_decimal_text(),
        adjustment_percent=str(price.lines.percentage) if is_adjusted else None,
        rounding=price.lines.sentence(),
    )


def _lines(plan: PricedPlan, terms: CashTerms | None) -> list[PriceLine]:
    rows = []
    for place, price in enumerate(plan.prices):
        cash: list[CashLine | None] = [*_cash(price, terms)] if terms and place == 0 else [None] * len(price.dates)
        sides = zip(price.dates, price.notes, price.lines.partner, price.lines.customer, cash, strict=True)
        for number, (day, note, partner, customer, expected) in enumerate(sides, 1):
            rows.append(
                PriceLine(
                    plan=_name(plan),
                    currency=price.currency.code,
                    markets=price.markets,
                    number=number,
                    charged_on=day,
                    note=note,
                    partner_price=partner.to_decimal_text(),
                    customer_price=customer.to_decimal_text(),
                    fee=expected.fee.to_decimal_text() if expected else None,
                    earning=expected.earning.to_decimal_text() if expected else None,
                    paid_by=expected.paid_by if expected else None,
                )
            )
    return rows


def _rows(priced: _Priced, other: _Priced | None) -> tuple[QuarterRow, ...]:
    if priced.deal is None:
        return ()
    if other is None:
        return tuple(
            QuarterRow(quarter=str(line.quarter), charged=_text(line.charged), paid=_text(line.paid))
            for line in priced.quarters
        )
    if other.deal is None or other.deal.currency != priced.deal.currency:
        errors = other.findings.of_level(Level.ERROR)
        why = next((finding.message for finding in errors), "it is in another currency")
        message = f"The alternative cannot be set beside it: {why}"
        raise NotPricedError(message)
    return tuple(
        QuarterRow(
            quarter=str(line.quarter),
            charged=_text(line.first.charged),
            paid=_text(line.first.paid),
            other_charged=_text(line.second.charged),
            other_paid=_text(line.second.paid),
            other_ahead=_text(line.ahead),
        )
        for line in compare(priced.quarters, other.quarters, priced.deal.currency)
    )


def _name(plan: PricedPlan) -> str:
    """Name a plan so that no two of a deal share it."""
    return plan.plan.new_plan or f"{plan.plan.offer}/{plan.plan.plan}"


def _text(amount: Money) -> str:
    return amount.to_decimal_text()
