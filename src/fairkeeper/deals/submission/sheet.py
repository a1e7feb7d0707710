"""The sheet to enter a deal in Partner Center by hand: page by page, field by field, in the order of the wizard.

A structured document; channels render it as text or as a page to print. The way through the pages is from documents and
was never walked on a live account, so a heading may read differently there.

Source: Microsoft Learn, "ISV to customer private offers" and "Multiparty private offers" (wizard: offer setup, pricing,
review and submit); "Flexible billing schedule" (Configure pricing, Billing frequency, Flexible schedule).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fairkeeper.deals.deal import (
    Charge,
    Deal,
    DealKind,
    Frequency,
    Plan,
    PricingKind,
    Side,
    TermsDocument,
)
from fairkeeper.deals.errors import NoChannelPartnerError
from fairkeeper.deals.prices.pricing import PriceList, adjustment_of, price_plan
from fairkeeper.deals.schedules.charging import total_of
from fairkeeper.values.money import Money

_WIZARD: Final = {
    DealKind.CUSTOMER: "Customer private offer",
    DealKind.MULTIPARTY: "Multiparty private offer",
    DealKind.CSP: "CSP private offer",
}
_PRICING: Final = {
    PricingKind.EXISTING_PLAN_DISCOUNT: "Discount on existing plans",
    PricingKind.CUSTOMISED_PLAN: "Customize SaaS plans and Professional Services",
    PricingKind.PROFESSIONAL_SERVICE: "Customize SaaS plans and Professional Services",
    PricingKind.VM_RESERVATION: "Customize VM software reservations",
}
_FREQUENCY: Final = {
    Frequency.ONCE: "One-time (upfront)",
    Frequency.MONTHLY: "Monthly",
    Frequency.YEARLY: "Annual",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetField:
    """One field and what to enter."""

    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """One line of a schedule."""

    number: int
    date: str
    amount: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPage:
    """One page of the wizard.

    Args:
        path: How to get there, from the left rail on.
        lines: A schedule, line by line; empty on other pages.
        total: What the lines add up to, to compare with what Partner Center shows.
    """

    path: tuple[str, ...]
    fields: tuple[SheetField, ...]
    lines: tuple[SheetLine, ...] = ()
    total: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything to enter for one side of a deal."""

    title: str
    side: Side
    pages: tuple[SheetPage, ...]


def make_sheet(deal: Deal, side: Side = Side.ORIGINATOR) -> Sheet:
    """Return the sheet of a deal for the publisher, or for the channel partner of a multiparty offer.

    Raises:
        PercentageRefusedError: No percentage leads to a plan's total for the customer.
        NoChannelPartnerError: The channel partner's side was asked of an offer that is not multiparty.
    """
    if side is Side.CHANNEL_PARTNER and deal.kind is not DealKind.MULTIPARTY:
        message = f"An offer of kind {deal.kind} has no channel partner."
        raise NoChannelPartnerError(message)
    start = ("Marketplace offers", "Private offers")
    if side is Side.CHANNEL_PARTNER:
        pages = tuple(_partner_pages(deal, (*start, deal.name)))
    else:
        pages = tuple(_publisher_pages(deal, (*start, "New private offer", _WIZARD[deal.kind])))
    return Sheet(title=deal.name, side=side, pages=pages)


def _publisher_pages(deal: Deal, start: tuple[str, ...]) -> Iterator[SheetPage]:
    yield SheetPage(path=(*start, "Offer setup"), fields=_fields(_setup(deal)))
    where = (*start, "Pricing", _PRICING[deal.pricing])
    for number, plan in enumerate(deal.plans, 1):
        name = f"Plan {number} of {len(deal.plans)}: {plan.new_plan or plan.plan}"
        yield SheetPage(path=(*where, name), fields=_fields(_plan(deal, plan)))
        yield from _price_pages(plan, (*where, name, "Configure pricing"))
    yield SheetPage(path=(*start, "Review and submit"), fields=_fields(_review(deal)))


def _setup(deal: Deal) -> Iterator[tuple[str, str]]:
    yield "Private offer name", deal.name
    if deal.customer is not None:
        yield "Customer", deal.customer.name
        yield "Billing account ID", deal.customer.billing_account or "ask the customer (aka.ms/poprecheck)"
    for reseller in deal.resellers:
        yield "CSP partner", f"{reseller.name} ({reseller.id})"
    if deal.partner is not None:
        yield "Selling partner", f"{deal.partner.name}, seller ID {deal.partner.seller_id}"
    yield "Start date", _day(deal.billing_starts) if deal.billing_starts else "When the customer accepts"
    yield "End date", _day(deal.ends)
    yield "Accept by", _day(deal.accept_by)
    if deal.replaces is not None:
        yield "Upgrades the private offer", f"{deal.replaces.name} ({deal.replaces.id})"
    yield "Prepared by", deal.prepared_by
    yield "Notification contacts", ", ".join(deal.contacts)
    for document in deal.terms:
        if document.added_by is Side.ORIGINATOR:
            yield "Terms and conditions", _document(document)
    if deal.renewal_attestation is not None:
        says = "Yes, it qualifies" if deal.renewal_attestation.qualifies else "No"
        yield "Renewal (agency fee discount; cannot be changed later)", says


def _plan(deal: Deal, plan: Plan) -> Iterator[tuple[str, str]]:
    yield "Offer", plan.offer
    yield "Base plan" if plan.new_plan else "Plan", plan.plan
    if plan.new_plan:
        yield "New plan ID", plan.new_plan
        yield "New plan name", plan.new_plan_name or plan.new_plan
    if plan.discount is not None:
        yield "Discount", f"{plan.discount} %"
    if plan.term_months:
        years, rest = divmod(plan.term_months, 12)
        months = f"{plan.term_months} months"
        yield "Contract duration", months if rest else f"{years} year{'s' if years > 1 else ''} ({months})"
    if plan.schedule:
        yield "Billing frequency", "Flexible schedule"
    elif plan.billing is not None:
        yield "Billing frequency", _FREQUENCY[plan.billing.frequency]
        yield "Price per payment", _amount(plan.billing.amount)
    if plan.schedule or plan.billing is not None:
        yield "Total", _amount(total_of(plan, deal.currency, deal.starts_on))


def _price_pages(plan: Plan, where: tuple[str, ...]) -> Iterator[SheetPage]:
    if plan.schedule:
        path = (*where, "Billing frequency", "Flexible schedule")
        amounts = [charge.amount for charge in plan.schedule]
        yield _schedule_page(path, plan.schedule, amounts, markets="All other markets" if plan.local_prices else "")
    for price in plan.local_prices:
        path = (*where, "Edit prices by market", f"{price.currency}: {', '.join(price.markets)}")
        charges = plan.schedule or [Charge(on=None, amount=amount) for amount in price.amounts]
        yield _schedule_page(path, charges, price.amounts, markets=", ".join(price.markets))


def _schedule_page(
    path: tuple[str, ...], charges: Sequence[Charge], amounts: Sequence[Money], *, markets: str
) -> SheetPage:
    lines = tuple(
        SheetLine(
            number=number,
            date=_day(charge.on) if charge.on else "Billing starts",
            amount=_amount(amount),
            note=charge.note,
        )
        for number, (charge, amount) in enumerate(zip(charges, amounts, strict=False), 1)
    )
    fields = [("Currency", amounts[0].currency.code), ("Markets", markets)] if amounts else []
    total = _amount(Money.sum(amounts, amounts[0].currency)) if amounts else ""
    return SheetPage(path=path, fields=_fields(fields), lines=lines, total=total)


def _partner_pages(deal: Deal, start: tuple[str, ...]) -> Iterator[SheetPage]:
    setup = [("Private offer", deal.name), ("Customer", deal.customer.name if deal.customer else "")]
    setup += [
        ("Terms and conditions", _document(document))
        for document in deal.terms
        if document.added_by is Side.CHANNEL_PARTNER
    ]
    yield SheetPage(path=(*start, "Offer setup"), fields=_fields(setup))
    for number, plan in enumerate(deal.plans, 1):
        name = f"Plan {number} of {len(deal.plans)}: {plan.new_plan or plan.plan}"
        fields = _fields([("Customer adjustment", f"{adjustment_of(deal, plan)} %"), ("Note", plan.note)])
        prices = price_plan(deal, plan).prices
        lines = tuple(_customer_lines(prices[0])) if prices else ()
        total = _amount(prices[0].lines.customer_total) if prices else ""
        yield SheetPage(path=(*start, "Pricing", name), fields=fields, lines=lines, total=total)


def _customer_lines(price: PriceList) -> Iterator[SheetLine]:
    rows = zip(price.dates, price.lines.customer, price.notes, strict=True)
    for number, (day, amount, note) in enumerate(rows, 1):
        yield SheetLine(number=number, date=_day(day), amount=_amount(amount), note=note)


def _review(deal: Deal) -> Iterator[tuple[str, str]]:
    yield "Plans", str(len(deal.plans))
    total = Money.sum((total_of(plan, deal.currency, deal.starts_on) for plan in deal.plans), deal.currency)
    if total:
        yield "All charges together", _amount(total)
    yield "After submitting", "copy the link to the offer and send it to the customer; Microsoft sends none"


def _fields(pairs: Iterable[tuple[str, str]]) -> tuple[SheetField, ...]:
    return tuple(SheetField(field=field, value=value) for field, value in pairs if value)


def _document(document: TermsDocument) -> str:
    return f"{document.file} ({document.name})" if document.name else document.file


def _day(day: date) -> str:
    return day.isoformat()


def _amount(amount: Money) -> str:
    """Write an amount with groups of three digits, as a person compares it on the screen."""
    whole, point, decimals = amount.to_decimal_text().partition(".")
    return f"{int(whole):,}{point}{decimals} {amount.currency}"
