"""Deals out of a company's own list: one row for a plan, rows of one name are one deal; what was not read is marked.

A list says less than a deal: seldom a schedule, never the terms. So a deal made of it says in `unread` what it lacks,
and its state is what the list says; nothing of it is submitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from fairkeeper.deals.book.finding_kinds import DEAL_ROW_UNREADABLE
from fairkeeper.deals.book.lifecycle import DealState
from fairkeeper.deals.deal import Agreement, Billing, Customer, Deal, DealKind, Frequency, Plan, PricingKind
from fairkeeper.deals.prices.percentage import Percentage, PercentageRefusedError
from fairkeeper.deals.sheets.mapping import Purpose, headings_of, missing_headings, unread_headings
from fairkeeper.deals.sheets.tables import read_table
from fairkeeper.values.currencies import CURRENCIES, Currency
from fairkeeper.values.errors import ValueRefusedError
from fairkeeper.values.findings import Finding, Findings
from fairkeeper.values.money import Money

_STATES: Final = {
    **{state.value: state for state in DealState},
    "pending acceptance": DealState.OFFERED,
    "pending": DealState.OFFERED,
    "active": DealState.BOUGHT,
    "signed": DealState.ACCEPTED,
    "won": DealState.ACCEPTED,
    "": DealState.DRAFT,
}
"""Words of Partner Center's dashboard and of sales lists."""
_TAKEN: Final = frozenset(
    {DealState.DRAFT, DealState.OFFERED, DealState.ACCEPTED, DealState.BOUGHT, DealState.ENDED, DealState.LOST}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedDeal:
    """One deal that was read.

    Args:
        unread: What it lacks, in words.
    """

    deal: Deal
    state: DealState
    private_offer_id: str
    owner: str
    crm_id: str
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DealsRead:
    """What a list gave."""

    deals: tuple[ImportedDeal, ...]
    findings: Findings
    unread: tuple[str, ...]


class _RowRefusedError(Exception):
    """A row that is no plan of a deal; the message says why."""


def read_deal_rows(content: bytes, columns: Mapping[str, str] | None = None) -> DealsRead:
    """Read the deals of a spreadsheet or CSV file.

    Raises:
        TableUnreadableError: It is no table.
    """
    headings = headings_of(Purpose.DEALS, columns or {})
    table = read_table(content)
    unread = unread_headings(table, headings)
    if lacking := missing_headings(table, Purpose.DEALS, headings):
        found = [DEAL_ROW_UNREADABLE.found(f"The column {name!r} is missing.", row=1) for name in lacking]
        return DealsRead(deals=(), findings=Findings.of(found), unread=unread)
    read: dict[str, list[ImportedDeal]] = {}
    faults: list[Finding] = []
    for number, row in table.rows:
        cells = {name: row.get(heading, "") for name, heading in headings.items()}
        try:
            deal = _deal(cells, unread)
        except (_RowRefusedError, ValueRefusedError) as error:
            faults.append(DEAL_ROW_UNREADABLE.found(str(getattr(error, "message", error)), row=number))
            continue
        read.setdefault(deal.deal.name, []).append(deal)
    return DealsRead(deals=tuple(_joined(each) for each in read.values()), findings=Findings.of(faults), unread=unread)


def _joined(rows: list[ImportedDeal]) -> ImportedDeal:
    first = rows[0]
    plans = tuple(plan for each in rows for plan in each.deal.plans)
    return replace(first, deal=replace(first.deal, plans=plans))


def _deal(cells: Mapping[str, str], unread_columns: tuple[str, ...]) -> ImportedDeal:
    unit = CURRENCIES.get(cells["currency"].upper())
    if unit is None:
        raise _RowRefusedError(f"No currency has the code {cells['currency'][:10]!r}.")
    if not cells["name"]:
        raise _RowRefusedError("The deal has no name.")
    state = _STATES.get(cells["state"].lower())
    if state not in _TAKEN:
        raise _RowRefusedError(
            f"No deal is {cells['state'][:40]!r}; say draft, offered, accepted, bought, ended or lost."
        )
    starts = _day(cells["starts"]) if cells["starts"] else None
    plan, lacks = _plan(cells, unit)
    unread = ["terms and documents", *lacks, *(f"the column {name}" for name in unread_columns)]
    deal = Deal(
        name=cells["name"],
        kind=DealKind.CUSTOMER,
        pricing=PricingKind.EXISTING_PLAN_DISCOUNT if plan.discount else PricingKind.CUSTOMISED_PLAN,
        currency=unit,
        accept_by=_day(cells["accept_by"]),
        billing_starts=starts,
        ends=_day(cells["ends"]),
        plans=(plan,),
        customer=Customer(
            name=cells["customer"],
            billing_account=cells["billing_account"],
            country=cells["country"].upper(),
            tenant_id=cells["tenant"],
            agreement=_agreement(cells["agreement"]),
        ),
    )
    return ImportedDeal(
        deal=deal,
        state=state,
        private_offer_id=cells["private_offer_id"],
        owner=cells["owner"],
        crm_id=cells["crm_id"],
        unread=tuple(unread),
    )


def _plan(cells: Mapping[str, str], unit: Currency) -> tuple[Plan, list[str]]:
    months = int(cells["term_months"]) if cells["term_months"].isdigit() else None
    discount = None
    if cells["discount_percent"]:
        try:
            discount = Percentage.parse(cells["discount_percent"].rstrip("% "))
        except PercentageRefusedError as error:
            raise _RowRefusedError(error.message) from error
    lacks: list[str] = []
    billing = None
    if cells["total"] and discount is None:
        total = Money.from_decimal_text(cells["total"].replace(",", ""), unit)
        billing, more = _billing(cells["frequency"], total, months)
        lacks += more
    elif discount is None:
        lacks.append("the price")
    plan = Plan(
        offer=cells["offer"],
        plan=cells["plan"],
        new_plan=cells["new_plan"] or None,
        term_months=months,
        discount=discount,
        billing=billing,
    )
    return plan, lacks


def _billing(word: str, total: Money, months: int | None) -> tuple[Billing, list[str]]:
    """Return equal payments of a total; a schedule that a list only hints at is one payment, and said to be unread."""
    known = {each.value: each for each in Frequency} | {"annual": Frequency.YEARLY, "upfront": Frequency.ONCE}
    frequency = known.get(word.lower())
    parts = {Frequency.MONTHLY: months or 0, Frequency.YEARLY: (months or 0) // 12}.get(frequency or Frequency.ONCE, 1)
    if frequency is None or parts < 1 or total.minor % parts:
        return Billing(frequency=Frequency.ONCE, amount=total), ["the schedule of its charges"]
    return Billing(frequency=frequency, amount=Money(total.minor // parts, total.currency)), []


def _agreement(word: str) -> Agreement | None:
    return next((each for each in Agreement if each.value == word.lower()), None)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        message = f"{text[:20]!r} is no day like 2027-01-31."
        raise _RowRefusedError(message) from error
