"""Questions to the book: which deals there are, one in full, what is due, what customers will be charged, what ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.deals.actions.views import view_finding
from fairkeeper.deals.book.approvals import approvals_needed
from fairkeeper.deals.book.calendar import RENEWAL_DAYS, needs
from fairkeeper.deals.book.lifecycle import OPEN, TRANSITIONS, DealState
from fairkeeper.deals.book.store import (
    approvals_of,
    charges_of_deals,
    count_by_state,
    deal_of,
    facts_of,
    load_deal,
    load_rules,
    plan_ids_in_use,
    purchases_of,
    total_in,
)
from fairkeeper.deals.book.tables import (
    ApprovalRow,
    DealChargeRow,
    DealPurchaseRow,
    DealReminderRow,
    DealRow,
    DealVersionRow,
)
from fairkeeper.deals.book.views import (
    ApprovalLine,
    ChargeLine,
    DealDetail,
    DealLine,
    DealNeed,
    DealPage,
    PurchaseDetail,
    RenewalLine,
    RenewalMonth,
    SubmissionLine,
    VersionLine,
    purchase_line,
)
from fairkeeper.deals.checks.checking import check_reading
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import Deal
from fairkeeper.deals.errors import PurchaseUnknownError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.prices.expected_cash import RENEWAL_FEE_BPS
from fairkeeper.deals.prices.pricing import counts_towards_commitment
from fairkeeper.values.currencies import currency
from fairkeeper.values.ids import CustomerId
from fairkeeper.values.money import Money, Rounding

_WORDS: Final = {True: "yes", False: "no", None: "unknown"}
_ORDERS: Final[Mapping[str, tuple[Any, ...]]] = {
    "": (DealRow.state_since_at.desc(),),
    "name": (func.lower(DealRow.name),),
    "-name": (func.lower(DealRow.name).desc(),),
    "accept_by": (DealRow.accept_by_on.asc(),),
    "-accept_by": (DealRow.accept_by_on.desc(),),
    "ends": (DealRow.ends_on.asc(),),
    "-ends": (DealRow.ends_on.desc(),),
    "total": (DealRow.currency, DealRow.total_minor.asc()),
    "-total": (DealRow.currency, DealRow.total_minor.desc()),
}


class ListDeals(OperationInput):
    """Which deals."""

    state: DealState | None = Field(None, description="Only in this state.")
    text: str = Field("", max_length=200, description="Part of a name, customer, owner or id.")
    sort: Literal["", "name", "-name", "accept_by", "-accept_by", "ends", "-ends", "total", "-total"] = Field(
        "", description="Order; what moved last if empty."
    )
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")


@query("deals.list_deals", groups=("deals.read",), http="GET /deals", cli="deals list")
def list_deals(context: QueryContext, request: ListDeals) -> DealPage:
    """List deals with how far each has come, what moved last first."""
    wanted = _wanted(request)
    total = context.session.scalars(select(func.count()).select_from(DealRow).where(*wanted)).one()
    rows = context.session.scalars(
        select(DealRow)
        .where(*wanted)
        .order_by(*_ORDERS[request.sort], DealRow.deal_id)
        .offset(request.offset)
        .limit(request.limit)
    ).all()
    return DealPage(deals=lines_of(context.session, rows), total=total, by_state=dict(count_by_state(context.session)))


class ShowDeal(OperationInput):
    """Which deal."""

    deal: str = Field(max_length=80, description="The deal's id or readable address.")


@query("deals.show_deal", groups=("deals.read",), http="GET /deals/{deal}", cli="deals status DEAL")
def show_deal(context: QueryContext, request: ShowDeal) -> DealDetail:
    """Show one deal in full: its text, what the rules find today, approvals, Microsoft's word, purchases and charges.

    Raises `deals.deal_not_found`.
    """
    session = context.session
    row = load_deal(session, request.deal)
    reading = read_deal(row.document)
    basis = Basis(as_of=context.now.date(), plan_ids_in_use=plan_ids_in_use(session, but=row.deal_id))
    is_draft = row.state == DealState.DRAFT.value
    findings = check_reading(reading, basis) if is_draft else reading.findings
    deal = deal_of(row)
    charges = charges_of_deals(session, [row.deal_id]).get(row.deal_id, [])
    approvals = _approvals(session, row, deal)
    return DealDetail(
        line=lines_of(session, [row])[0],
        document=row.document,
        digest=row.digest,
        version=row.version,
        source=row.source,
        findings=tuple(view_finding(each) for each in findings),
        approvals=approvals,
        missing=tuple(each.reason for each in approvals if each.approved_at is None),
        counts_towards_commitment=_WORDS[counts_towards_commitment(deal)],
        submission=_submission(row),
        accept_links=tuple(row.accept_links),
        accepted_at=row.accepted_at,
        read_at=row.read_at,
        differences=tuple(row.differences),
        unread=tuple(row.unread),
        purchases=tuple(purchase_line(each) for each in purchases_of(session, [row.deal_id])),
        charges=tuple(charge_line(each) for each in charges),
        needs=_needs(session, DealReminderRow.deal_id == row.deal_id),
        versions=_versions(session, row),
        renewal={name: str(value) for name, value in (row.renewal or {}).items() if value not in (None, "")},
        steps=tuple(sorted({happened.value for state, happened in TRANSITIONS if state.value == row.state})),
    )


class ShowPurchase(OperationInput):
    """Which purchase."""

    subscription_id: str = Field(max_length=64, description="The subscription.")


@query(
    "deals.show_purchase",
    groups=("deals.read",),
    http="GET /deal-purchases/{subscription_id}",
    cli="deals purchase SUBSCRIPTION_ID",
)
def show_purchase(context: QueryContext, request: ShowPurchase) -> PurchaseDetail:
    """Show which deal a subscription came from, or may have come from. Raises `deals.purchase_not_found`."""
    row = context.session.get(DealPurchaseRow, request.subscription_id.lower())
    if row is None:
        message = f"No purchase {request.subscription_id[:64]!r} was matched to a deal."
        raise PurchaseUnknownError(message)
    names = context.session.execute(select(DealRow.deal_id, DealRow.name).where(DealRow.deal_id.in_(row.candidates)))
    by_id: dict[str, str] = {deal_id: name for deal_id, name in names}  # noqa: C416 - SQLAlchemy types a row
    return PurchaseDetail(purchase=purchase_line(row), candidates=by_id)


class ListCharges(OperationInput):
    """Whose charges, and from when on."""

    customer_id: CustomerId | None = Field(None, max_length=40, description="Only this customer's.")
    subscription_id: str = Field("", max_length=64, description="Only of this subscription.")
    since: date | None = Field(None, description="Only on or after this day.")
    limit: int = Field(200, ge=1, le=1000, description="How many at most.")


@query("deals.list_charges", groups=("customers.read",), http="GET /deal-charges", cli="deals charges")
def list_charges(context: QueryContext, request: ListCharges) -> tuple[ChargeLine, ...]:
    """List what customers will be charged by the deals they bought, by day; a customer's people see their own alone."""
    wanted: list[ColumnElement[bool]] = []
    if request.customer_id is not None:
        wanted.append(DealChargeRow.customer_id == request.customer_id)
    if request.subscription_id:
        wanted.append(DealChargeRow.subscription_id == request.subscription_id)
    if request.since is not None:
        wanted.append(DealChargeRow.charged_on >= request.since)
    rows = context.session.scalars(
        select(DealChargeRow)
        .where(*wanted)
        .order_by(DealChargeRow.charged_on, DealChargeRow.subscription_id, DealChargeRow.number)
        .limit(request.limit)
    )
    return tuple(charge_line(row) for row in rows)


class ListDealNeeds(OperationInput):
    """Which reminders."""

    limit: int = Field(200, ge=1, le=1000, description="How many at most.")


@query("deals.list_needs", groups=("deals.read",), http="GET /deal-needs", cli="deals needs")
def list_deal_needs(context: QueryContext, request: ListDealNeeds) -> tuple[DealNeed, ...]:
    """List what waits for a person about deals, by the day it is due."""
    return _needs(context.session, limit=request.limit)


class ListRenewals(OperationInput):
    """How far ahead."""

    months: int = Field(12, ge=1, le=120, description="How many months ahead.")


@query("deals.list_renewals", groups=("deals.read",), http="GET /deal-renewals", cli="deals renewals")
def list_renewals(context: QueryContext, request: ListRenewals) -> tuple[RenewalMonth, ...]:
    """List the contracts that end, month by month with totals, and what is answered to the agency-fee question.

    What ended within the last month is listed too.
    """
    today = context.now.date()
    until = today + timedelta(days=31 * request.months)
    rows = context.session.scalars(
        select(DealRow)
        .where(
            DealRow.state.in_([DealState.BOUGHT.value, DealState.ACCEPTED.value, DealState.ENDED.value]),
            DealRow.ends_on >= today - timedelta(days=31),
            DealRow.ends_on <= until,
        )
        .order_by(DealRow.ends_on, DealRow.deal_id)
    ).all()
    lines = {line.deal_id: line for line in lines_of(context.session, rows)}
    by_month: dict[str, list[DealRow]] = {}
    for row in rows:
        by_month.setdefault(f"{row.ends_on:%Y-%m}", []).append(row)
    return tuple(
        RenewalMonth(
            month=month,
            totals=_totals(found),
            renewals=tuple(_renewal(row, lines[row.deal_id]) for row in found),
        )
        for month, found in by_month.items()
    )


# -------------------- parts


def lines_of(session: Session, rows: Sequence[DealRow]) -> tuple[DealLine, ...]:
    """Return deals as lines of a list, each with what it asks for next."""
    ids = [row.deal_id for row in rows]
    counted = session.execute(
        select(DealReminderRow.deal_id, func.count())
        .where(DealReminderRow.deal_id.in_(ids), DealReminderRow.closed_at.is_(None))
        .group_by(DealReminderRow.deal_id)
    )
    open_needs: dict[str, int] = {deal_id: number for deal_id, number in counted}  # noqa: C416 - SQLAlchemy types a row
    charges = charges_of_deals(session, ids)
    return tuple(_line(row, open_needs.get(row.deal_id, 0), charges.get(row.deal_id, [])) for row in rows)


def _line(row: DealRow, open_needs: int, charges: Sequence[DealChargeRow]) -> DealLine:
    today = row.state_since_at.date()
    ahead = [need for need in needs(facts_of(row, charges)) if need.due_on >= today and DealState(row.state) in OPEN]
    coming = min(ahead, key=lambda need: need.due_on, default=None)
    total = total_in(row)
    return DealLine(
        deal_id=row.deal_id,
        slug=row.slug,
        name=row.name,
        customer=row.customer_name,
        kind=row.kind,
        state=row.state,
        state_since_at=row.state_since_at,
        total=total.to_decimal_text(),
        currency=row.currency,
        accept_by=row.accept_by_on,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        owner=row.owner,
        crm_id=row.crm_id,
        private_offer_id=row.private_offer_id,
        closed_why=row.closed_why,
        lost_to=row.lost_to,
        needs=open_needs,
        next_on=coming.due_on if coming else None,
        next_what=_WHAT_COMES.get(coming.finding.code, "") if coming else "",
    )


_WHAT_COMES: Final[Mapping[str, str]] = {
    "deals.acceptance_near": "last day to accept",
    "deals.partner_waiting": "last day to accept",
    "deals.purchase_missing": "to be bought",
    "deals.charge_near": "charge",
    "deals.renewal_near": "ends",
    "deals.match_uncertain": "match to confirm",
}


def _wanted(request: ListDeals) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if request.state is not None:
        wanted.append(DealRow.state == request.state.value)
    if request.text:
        text = request.text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        columns = (DealRow.name, DealRow.customer_name, DealRow.owner, DealRow.crm_id, DealRow.private_offer_id)
        parts: list[ColumnElement[bool]] = [func.lower(column).like(f"%{text}%", escape="\\") for column in columns]
        wanted.append(or_(*parts, func.lower(DealRow.deal_id) == request.text.lower()))
    return wanted


def charge_line(row: DealChargeRow) -> ChargeLine:
    """Return a charge for channels."""
    return ChargeLine(
        deal_id=row.deal_id,
        deal_name=row.deal_name,
        subscription_id=row.subscription_id,
        plan=row.plan,
        number=row.number,
        charged_on=row.charged_on,
        amount=Money(row.amount_minor, currency(row.currency)).to_decimal_text(),
        currency=row.currency,
        note=row.note,
    )


def _approvals(session: Session, row: DealRow, deal: Deal) -> tuple[ApprovalLine, ...]:
    given: dict[str, ApprovalRow] = {each.reason: each for each in approvals_of(session, row)}
    return tuple(
        ApprovalLine(
            reason=each.reason.value,
            sentence=each.sentence,
            approved_by=found.approved_by if (found := given.get(each.reason.value)) else None,
            approved_at=found.approved_at if found else None,
            note=found.note if found else "",
        )
        for each in approvals_needed(deal, load_rules(session))
    )


def _submission(row: DealRow) -> SubmissionLine | None:
    if not row.submission:
        return None
    return SubmissionLine(
        wished=str(row.submission.get("state", "")),
        job_id=row.submission.get("job_id"),
        asked_at=str(row.submission.get("asked_at", "")),
        ended_at=row.submission.get("ended_at"),
        errors=tuple(row.submission.get("errors") or ()),
    )


def _needs(session: Session, *wanted: ColumnElement[bool], limit: int = 200) -> tuple[DealNeed, ...]:
    found = session.execute(
        select(DealReminderRow, DealRow)
        .join(DealRow, DealRow.deal_id == DealReminderRow.deal_id)
        .where(DealReminderRow.closed_at.is_(None), *wanted)
        .order_by(DealReminderRow.due_on, DealReminderRow.id)
        .limit(limit)
    )
    return tuple(
        DealNeed(
            deal_reminder_id=row.id,
            deal_id=deal.deal_id,
            deal_slug=deal.slug,
            deal_name=deal.name,
            code=row.code,
            level=row.level,
            message=row.message,
            remedy=row.remedy,
            resource=row.resource,
            owner_role=row.owner_role,
            due_on=row.due_on,
            raised_at=row.raised_at,
        )
        for row, deal in found
    )


def _versions(session: Session, row: DealRow) -> tuple[VersionLine, ...]:
    rows = session.scalars(
        select(DealVersionRow).where(DealVersionRow.deal_id == row.deal_id).order_by(DealVersionRow.version.desc())
    )
    return tuple(
        VersionLine(
            version=each.version,
            digest=each.digest,
            changed_by=each.changed_by,
            changed_at=each.changed_at,
            why=each.why,
        )
        for each in rows
    )


def _totals(rows: Sequence[DealRow]) -> dict[str, str]:
    by_currency: dict[str, list[Money]] = {}
    for row in rows:
        by_currency.setdefault(row.currency, []).append(total_in(row))
    return {code: Money.sum(found, code).to_decimal_text() for code, found in sorted(by_currency.items())}


def _renewal(row: DealRow, line: DealLine) -> RenewalLine:
    deal = deal_of(row)
    at_stake = total_in(row).multiply_rounded(Decimal(RENEWAL_FEE_BPS) / 10_000, Rounding.HALF_UP)
    answer = row.renewal or {}
    goes_on = "ends then"
    if deal.auto_renew:
        has_schedule = any(plan.schedule for plan in deal.plans)
        goes_on = "renews at the public price" + (" without its schedule" if has_schedule else "")
    return RenewalLine(
        deal=line,
        asked_on=row.ends_on - timedelta(days=RENEWAL_DAYS),
        goes_on=goes_on,
        answer=str(answer.get("plan", "")),
        qualifies=_WORDS[answer.get("qualifies")],
        fee_at_stake=str(at_stake),
    )


OPERATIONS = (list_deals, show_deal, show_purchase, list_charges, list_deal_needs, list_renewals)
