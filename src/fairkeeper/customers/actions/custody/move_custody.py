"""Takes a subscription over from the system that ran it, and hands it back; and shows what would have been done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import func, select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    query,
)
from fairkeeper.action.outside import ObservedOnlyError, OutsideWrites
from fairkeeper.customers.actions.custody.noting import Custody, is_observed, settle_notes
from fairkeeper.customers.actions.reminders import plant_clocks
from fairkeeper.customers.evidence_kinds import HANDED_BACK, TAKEN_OVER
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow, WouldHaveRow
from fairkeeper.values.ids import SubscriptionId


class OneSubscription(OperationInput):
    """Which subscription."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyMoved:
    """Who runs the subscription now.

    Attributes:
        is_moved: Whether that is new.
    """

    subscription_id: str
    custody: str
    is_moved: bool


@command(
    "customers.take_over",
    groups=("customers.configure",),
    evidence=(TAKEN_OVER,),
    http="POST /subscriptions/{subscription_id}/take-over",
    cli="customers take-over SUBSCRIPTION_ID",
)
def take_over(context: CommandContext, request: OneSubscription) -> Outcome[CustodyMoved]:
    """Run a subscription from now on: activation, answers, provisioning, messages. What is set up stays as it is.

    Nothing that happened before is done again. Raises `action.observed_only` while the whole installation observes.
    """
    if context.ports.of(OutsideWrites).is_observing:
        raise ObservedOnlyError(
            "This installation observes alone, so it can take nothing over.",
            remedy="Set FAIRKEEPER_MODE=manage and start the server again; what is observed stays so until taken over.",
        )
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    if not is_observed(row):
        return Outcome(result=_moved(row, is_moved=False), entry=None)
    row.custody = Custody.MANAGED.value
    settle_notes(context.session, row.subscription_id, now=context.now)
    plant_clocks(context, row)
    return Outcome(result=_moved(row, is_moved=True), entry=_entry(TAKEN_OVER.name, row))


@command(
    "customers.hand_back",
    groups=("customers.configure",),
    evidence=(HANDED_BACK,),
    http="POST /subscriptions/{subscription_id}/hand-back",
    cli="customers hand-back SUBSCRIPTION_ID",
)
def hand_back(context: CommandContext, request: OneSubscription) -> Outcome[CustodyMoved]:
    """Leave a subscription to the other system again; from now on it is observed and nothing is done for it."""
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    if is_observed(row):
        return Outcome(result=_moved(row, is_moved=False), entry=None)
    row.custody = Custody.OBSERVED.value
    row.adopted_at = row.adopted_at or context.now
    return Outcome(result=_moved(row, is_moved=True), entry=_entry(HANDED_BACK.name, row))


class ListWouldHave(OperationInput):
    """Of which subscription."""

    subscription_id: SubscriptionId | None = Field(None, max_length=64, description="Only for this subscription.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")
    offset: int = Field(0, ge=0, description="How many to pass over.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHave:
    """Something that was not done, because another system runs the subscription or the installation observes."""

    note_id: str
    subscription_id: str
    customer_id: str | None
    customer_slug: str | None
    customer_name: str | None
    what: str
    noted_at: datetime


@query(
    "customers.list_would_have",
    groups=("customers.inspect",),
    http="GET /custody/would-have",
    cli="customers would-have",
)
def list_would_have(context: QueryContext, request: ListWouldHave) -> tuple[WouldHave, ...]:
    """List what would have been done outside and was not, newest first."""
    statement = (
        select(WouldHaveRow, CustomerRow)
        .outerjoin(CustomerRow, CustomerRow.customer_id == WouldHaveRow.customer_id)
        .where(WouldHaveRow.settled_at.is_(None))
        .order_by(WouldHaveRow.noted_at.desc(), WouldHaveRow.note_id.desc())
        .offset(request.offset)
        .limit(request.limit)
    )
    if request.subscription_id is not None:
        statement = statement.where(WouldHaveRow.subscription_id == request.subscription_id.lower())
    return tuple(_line(note, customer) for note, customer in context.session.execute(statement))


def _line(note: WouldHaveRow, customer: CustomerRow | None) -> WouldHave:
    return WouldHave(
        note_id=note.note_id,
        subscription_id=note.subscription_id,
        customer_id=note.customer_id,
        customer_slug=None if customer is None else customer.slug,
        customer_name=None if customer is None else customer.name,
        what=note.what,
        noted_at=note.noted_at,
    )


class ListCustody(OperationInput):
    """Which subscriptions."""

    custody: Custody = Field(Custody.OBSERVED, description="Those that are observed, or those that were taken over.")
    text: str = Field("", max_length=200, description="Part of the customer's name.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyLine:
    """A subscription that another system ran when it was first seen.

    Attributes:
        would_have: How much would have been done for it and was not.
    """

    subscription_id: str
    customer_id: str
    customer_slug: str
    customer_name: str
    plan_id: str | None
    status: str
    adopted_at: datetime | None
    custody: str
    would_have: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyPage:
    """Some of them, and how many there are in all."""

    subscriptions: tuple[CustodyLine, ...]
    total: int


@query(
    "customers.list_custody",
    groups=("customers.inspect",),
    http="GET /custody/subscriptions",
    cli="customers observed",
)
def list_custody(context: QueryContext, request: ListCustody) -> CustodyPage:
    """List the subscriptions that another system runs, or that were taken over from it, by the customer's name."""
    wanted = [
        SubscriptionRow.custody == request.custody.value,
        (SubscriptionRow.status != CommercialStatus.UNSUBSCRIBED.value) | SubscriptionRow.status.is_(None),
    ]
    if request.custody is Custody.MANAGED:
        wanted.append(SubscriptionRow.adopted_at.is_not(None))
    if request.text:
        escaped = request.text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        wanted.append(func.lower(CustomerRow.name).like(f"%{escaped}%", escape="\\"))
    joined = select(SubscriptionRow, CustomerRow).join(
        CustomerRow, CustomerRow.customer_id == SubscriptionRow.customer_id
    )
    rows = context.session.execute(
        joined.where(*wanted)
        .order_by(func.lower(CustomerRow.name), SubscriptionRow.subscription_id)
        .offset(request.offset)
        .limit(request.limit)
    ).all()
    counting = (
        select(func.count())
        .select_from(SubscriptionRow)
        .join(CustomerRow, CustomerRow.customer_id == SubscriptionRow.customer_id)
    )
    notes = context.session.execute(
        select(WouldHaveRow.subscription_id, func.count())
        .where(
            WouldHaveRow.settled_at.is_(None),
            WouldHaveRow.subscription_id.in_([row.subscription_id for row, _ in rows]),
        )
        .group_by(WouldHaveRow.subscription_id)
    )
    would_have: dict[str, int] = {each: number for each, number in notes}  # noqa: C416 - a row is no pair to mypy
    return CustodyPage(
        subscriptions=tuple(
            CustodyLine(
                subscription_id=row.subscription_id,
                customer_id=row.customer_id,
                customer_slug=customer.slug,
                customer_name=customer.name,
                plan_id=row.plan_id,
                status=row.status_text or "held",
                adopted_at=row.adopted_at,
                custody=row.custody,
                would_have=would_have.get(row.subscription_id, 0),
            )
            for row, customer in rows
        ),
        total=context.session.scalar(counting.where(*wanted)) or 0,
    )


class ShowCustody(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyView:
    """How far a running business has been taken over.

    Attributes:
        is_observing: Whether the whole installation changes nothing outside.
        observed: Subscriptions that another system runs, and that have not ended.
        managed: Those that Fairkeeper runs.
        would_have: What would have been done and was not.
    """

    is_observing: bool
    observed: int
    managed: int
    would_have: int


@query("customers.show_custody", groups=("customers.inspect",), http="GET /custody", cli="customers custody")
def show_custody(context: QueryContext, _request: ShowCustody) -> CustodyView:
    """Say how many subscriptions are observed and managed, and how much would have been done."""
    living = select(SubscriptionRow.custody, func.count()).where(
        (SubscriptionRow.status != CommercialStatus.UNSUBSCRIBED.value) | SubscriptionRow.status.is_(None)
    )
    found = context.session.execute(living.group_by(SubscriptionRow.custody))
    counts: dict[str, int] = {custody: number for custody, number in found}  # noqa: C416 - a row is no pair to mypy
    notes = select(func.count()).select_from(WouldHaveRow).where(WouldHaveRow.settled_at.is_(None))
    return CustodyView(
        is_observing=context.ports.of(OutsideWrites).is_observing,
        observed=counts.get(Custody.OBSERVED.value, 0),
        managed=counts.get(Custody.MANAGED.value, 0),
        would_have=context.session.scalar(notes) or 0,
    )


def _moved(row: SubscriptionRow, *, is_moved: bool) -> CustodyMoved:
    return CustodyMoved(subscription_id=row.subscription_id, custody=row.custody, is_moved=is_moved)


def _entry(kind: str, row: SubscriptionRow) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"plan": row.plan_id, "status": row.status_text, "provisioning": row.provisioning},
    )


OPERATIONS: tuple[Operation, ...] = (take_over, hand_back, list_would_have, list_custody, show_custody)
