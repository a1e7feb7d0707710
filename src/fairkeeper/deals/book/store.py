"""Between rows and rules: loads a deal with what is kept beside it, writes a changed one back, and gathers its facts.

Separate from the actions, because every one of them begins with these and ends with these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import EvidenceDraft, EvidenceKind
from fairkeeper.deals.book.approvals import ApprovalRules, Needed, Reason, approvals_needed, missing
from fairkeeper.deals.book.calendar import DealFacts
from fairkeeper.deals.book.charges import ExpectedCharge
from fairkeeper.deals.book.contents import Contents, contents_of, slug_of
from fairkeeper.deals.book.lifecycle import GONE, DealState
from fairkeeper.deals.book.tables import (
    ApprovalRow,
    ApprovalRuleRow,
    DealChargeRow,
    DealPurchaseRow,
    DealRow,
    DealVersionRow,
)
from fairkeeper.deals.deal import Deal
from fairkeeper.deals.errors import DealUnknownError, DealUnreadableError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.matching import DealMarks
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.currencies import currency
from fairkeeper.values.ids import new_id
from fairkeeper.values.money import Money

RULES_ID: Final = 1
_TOLD_FAULTS: Final = 5


def load_deal(session: Session, named: str, *, for_change: bool = False) -> DealRow:
    """Return a deal by its id or readable address, locked if it will be changed.

    Raises:
        DealUnknownError: There is none.
    """
    wanted = select(DealRow).where(or_(DealRow.deal_id == named, DealRow.slug == named))
    if for_change:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(wanted).first()
    if row is None:
        message = f"There is no deal {named[:80]!r} here."
        raise DealUnknownError(message)
    return row


def deal_in(text: str, *, name: str = "") -> Deal:
    """Return the deal of a text.

    Raises:
        DealUnreadableError: It holds none, or one that cannot be read as a whole.
    """
    reading = read_deal(text, file=name or None)
    if reading.deal is not None and reading.is_whole:
        return reading.deal
    told = [f"{f'line {each.row}: ' if each.row else ''}{each.message}" for each in reading.findings][:_TOLD_FAULTS]
    message = f"{name or 'The text'} is no deal that can be read. {' '.join(told)}"
    raise DealUnreadableError(message)


def deal_of(row: DealRow) -> Deal:
    """Return the deal that a row holds."""
    return deal_in(row.document, name=row.name)


def new_deal(  # noqa: PLR0913 - what a new row begins with
    session: Session, deal: Deal, text: str, *, source: str, by: str, now: datetime, state: DealState = DealState.DRAFT
) -> DealRow:
    """Add a deal with its first version; the caller says more where it has more to say."""
    taken = frozenset(session.scalars(select(DealRow.slug).where(DealRow.slug.like(f"{slug_of(deal.name)}%"))))
    row = DealRow(
        deal_id=new_id("dea"),
        slug=slug_of(deal.name, taken),
        version=0,
        created_at=now,
        source=source,
        unread=[],
        state=state.value,
        state_since_at=now,
        submission={},
        accept_links=[],
        differences=[],
        renewal=None,
    )
    write_text(row, deal, text, by=by, now=now)
    session.add(row)
    session.flush()
    keep_version(session, row, why="")
    return row


def write_text(row: DealRow, deal: Deal, text: str, *, by: str, now: datetime) -> Contents:
    """Put a text into a row, with everything that lists and calendars need of it."""
    contents = contents_of(deal)
    row.document, row.digest, row.version = text, contents.digest, row.version + 1
    row.changed_by, row.changed_at = by, now
    row.name, row.kind, row.pricing = contents.name, deal.kind.value, deal.pricing.value
    row.customer_name = contents.customer
    row.tenant = deal.customer.tenant_id.lower() if deal.customer else ""
    row.currency, row.total_minor = contents.total.currency.code, contents.total.minor
    row.accept_by_on, row.starts_on, row.ends_on = contents.accept_by, contents.starts_on, contents.ends_on
    return contents


def keep_version(session: Session, row: DealRow, *, why: str) -> None:
    """Keep the text that a row has now as a version of its own."""
    session.add(
        DealVersionRow(
            deal_id=row.deal_id,
            version=row.version,
            document=row.document,
            digest=row.digest,
            changed_by=row.changed_by,
            changed_at=row.changed_at,
            why=why,
        )
    )


def total_in(row: DealRow) -> Money:
    """Return what a deal is worth."""
    return Money(row.total_minor, currency(row.currency))


# -------------------- approvals


def load_rules(session: Session) -> ApprovalRules:
    """Return the rules for approvals; without any, nothing asks for one."""
    row = session.get(ApprovalRuleRow, RULES_ID)
    if row is None:
        return ApprovalRules()
    kept = row.rules
    limit = kept.get("discount_above")
    return ApprovalRules(
        discount_above=None if limit is None else Percentage.parse(limit),
        standard_terms=tuple(kept.get("standard_terms") or ()),
        term_above_months=kept.get("term_above_months"),
        usd_above=kept.get("usd_above"),
        may_approve_own=bool(kept.get("may_approve_own")),
    )


def approvals_of(session: Session, row: DealRow) -> list[ApprovalRow]:
    """Return the approvals of a deal's present content."""
    return list(
        session.scalars(
            select(ApprovalRow)
            .where(ApprovalRow.deal_id == row.deal_id, ApprovalRow.digest == row.digest)
            .order_by(ApprovalRow.id)
        )
    )


def approvals_missing(session: Session, row: DealRow, deal: Deal) -> tuple[Needed, ...]:
    """Return what still has to be approved of a deal as it stands."""
    given = [Reason(each.reason) for each in approvals_of(session, row)]
    return missing(approvals_needed(deal, load_rules(session)), given)


def void_approvals(session: Session, row: DealRow, *, now: datetime) -> int:
    """Mark approvals of an earlier content; return how many there were. They hold again if the content comes back."""
    rows = session.scalars(
        select(ApprovalRow).where(
            ApprovalRow.deal_id == row.deal_id, ApprovalRow.digest != row.digest, ApprovalRow.voided_at.is_(None)
        )
    ).all()
    for each in rows:
        each.voided_at = now
    return len(rows)


# -------------------- purchases and the calendar


def purchases_of(session: Session, deal_ids: Collection[str]) -> list[DealPurchaseRow]:
    """Return the purchases that came from some deals, or may have."""
    return [
        each
        for each in session.scalars(select(DealPurchaseRow).order_by(DealPurchaseRow.subscription_id))
        if each.deal_id in deal_ids or set(each.candidates) & set(deal_ids)
    ]


def charges_of_deals(session: Session, deal_ids: Collection[str]) -> dict[str, list[DealChargeRow]]:
    """Return the charges that are expected from each of some deals."""
    found: dict[str, list[DealChargeRow]] = {}
    rows = session.scalars(
        select(DealChargeRow)
        .where(DealChargeRow.deal_id.in_(deal_ids))
        .order_by(DealChargeRow.charged_on, DealChargeRow.plan, DealChargeRow.number)
    )
    for row in rows:
        found.setdefault(row.deal_id, []).append(row)
    return found


def facts_of(
    row: DealRow, charges: Iterable[DealChargeRow] = (), *, is_match_uncertain: bool = False, deal: Deal | None = None
) -> DealFacts:
    """Return what the calendar looks at."""
    return DealFacts(
        name=row.name,
        customer=row.customer_name,
        state=DealState(row.state),
        state_since=row.state_since_at.date(),
        accept_by=row.accept_by_on,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        total=str(total_in(row)),
        auto_renew=deal.auto_renew if deal else False,
        has_flexible_schedule=any(plan.schedule for plan in deal.plans) if deal else False,
        charges=tuple((each.plan, _charge(each)) for each in charges),
        is_match_uncertain=is_match_uncertain,
        has_renewal_answer=row.renewal is not None,
    )


def _charge(row: DealChargeRow) -> ExpectedCharge:
    amount = Money(row.amount_minor, currency(row.currency))
    return ExpectedCharge(number=row.number, on=row.charged_on, amount=amount, note=row.note)


def marks_of(row: DealRow) -> DealMarks:
    """Return by what a deal is known again in a purchase."""
    deal = deal_of(row)
    made = frozenset((plan.offer, plan.new_plan) for plan in deal.plans if plan.new_plan)
    return DealMarks(
        deal_id=row.deal_id,
        plans=frozenset((plan.offer, plan.new_plan or plan.plan) for plan in deal.plans),
        open_from=_open_from(row, deal),
        accept_by=deal.accept_by,
        private_offer_id=row.private_offer_id,
        customised_plans=made,
        tenant_id=row.tenant or None,
    )


def matchable(session: Session) -> list[DealRow]:
    """Return the deals that a purchase can have come from: those that a customer has or had before it."""
    never = {DealState.DRAFT.value, DealState.SUBMITTING.value, *(each.value for each in GONE - {DealState.EXPIRED})}
    return list(session.scalars(select(DealRow).where(DealRow.state.not_in(never)).order_by(DealRow.deal_id)))


def _open_from(row: DealRow, deal: Deal) -> date:
    accepted_on = row.accepted_at.date() if row.accepted_at else row.state_since_at.date()
    return max(accepted_on, deal.billing_starts) if deal.billing_starts else accepted_on


# -------------------- evidence


def entry_about(kind: EvidenceKind, row: DealRow, **payload: Any) -> EvidenceDraft:
    """Return the draft of an entry about a deal, with its name, worth and content in it."""
    return EvidenceDraft(
        kind=kind.name,
        subject_type="deal",
        subject_id=row.deal_id,
        payload={
            "name": row.name,
            "total": str(total_in(row)),
            "digest": row.digest,
            "version": row.version,
            **payload,
        },
    )


def plan_ids_in_use(session: Session, *, but: str = "") -> frozenset[str]:
    """Return the ids of customised plans that other deals have made or will make."""
    found: set[str] = set()
    gone = {each.value for each in GONE}
    for row in session.scalars(select(DealRow).where(DealRow.deal_id != but, DealRow.state.not_in(gone))):
        reading = read_deal(row.document)
        found.update(plan.new_plan for plan in (reading.deal.plans if reading.deal else ()) if plan.new_plan)
    return frozenset(found)


def count_by_state(session: Session) -> Mapping[str, int]:
    """Return how many deals there are in each state."""
    counted = session.execute(select(DealRow.state, func.count()).group_by(DealRow.state))
    return {state: number for state, number in counted}  # noqa: C416 - SQLAlchemy types a row, not a pair
