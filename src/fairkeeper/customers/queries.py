"""Questions to the room: who the customers are, where each stands, what is due, what came from Microsoft."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.customers.actions.ring_clock import DEADLINE_CODE
from fairkeeper.customers.actions.set_change_rule import RULE_ID, SetChangeRule
from fairkeeper.customers.errors import NoticeNotFoundError
from fairkeeper.customers.evidence_kinds import STOPPED_RECEIPT
from fairkeeper.customers.path.clocks import CLOCKS, ClockName
from fairkeeper.customers.path.landing import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.path.standing import may_act
from fairkeeper.customers.path.steps import PathStep, Step, StepState
from fairkeeper.customers.reading import (
    CLOCK_COLUMNS,
    deadline_view,
    details_of,
    line_of,
    liveliest_first,
    place_of,
    plain_rows,
    running_of,
    standings_of,
)
from fairkeeper.customers.store import load_customer, load_subscription, open_changes_of
from fairkeeper.customers.tables import (
    ChangeRuleRow,
    CustomerRow,
    NoticeRow,
    ReminderRow,
    SubscriptionRow,
)
from fairkeeper.customers.views import (
    CustomerDetail,
    CustomerLine,
    CustomerPage,
    DeadlineView,
    MayAct,
    NoticeLine,
    ReceiptLine,
    ReminderLine,
    SubscriptionDetail,
    SubscriptionLine,
)
from fairkeeper.evidence.tables import EntryRow, is_receipt
from fairkeeper.values.ids import CustomerId, SubscriptionId

_HAS_CLOCKS = and_(
    SubscriptionRow.provisioning != ProvisioningState.ERASED.value,
    or_(
        SubscriptionRow.status.is_(None),
        SubscriptionRow.status != CommercialStatus.UNSUBSCRIBED.value,
        SubscriptionRow.retention_started_at.is_not(None),
    ),
)
"""Whether anything can still fall due: not for what is erased, nor for what had ended before it was seen."""


_ORDERS: Final[Mapping[str, tuple[ColumnElement[Any], ...]]] = {
    "": (CustomerRow.created_at.desc(),),
    "name": (func.lower(CustomerRow.name),),
    "-name": (func.lower(CustomerRow.name).desc(),),
    "since": (CustomerRow.created_at.asc(),),
    "-since": (CustomerRow.created_at.desc(),),
}


class ListCustomers(OperationInput):
    """Which customers."""

    text: str = Field("", max_length=200, description="Part of a name, address, tenant or subscription id.")
    status: str = Field("", max_length=40, description="With a subscription in this status of Microsoft's.")
    provisioning: ProvisioningState | None = Field(None, description="With a subscription in this state.")
    plan: str = Field("", max_length=120, description="With a subscription to this plan.")
    step: Step | None = Field(None, description="Whose liveliest subscription stands at this step of the path.")
    sort: Literal["", "name", "-name", "since", "-since"] = Field("", description="Order; the newest first if empty.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")


class ShowCustomer(OperationInput):
    """Which customer."""

    customer: str = Field(max_length=80, description="The customer's id or readable address.")


class ShowSubscription(OperationInput):
    """Which subscription."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


class ListDeadlines(OperationInput):
    """Which deadlines."""

    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    within_days: int | None = Field(None, ge=0, le=4_000, description="Only what falls due by then, or is overdue.")


class ListNotices(OperationInput):
    """Which notices."""

    state: str = Field("", max_length=12, description="Only in this state (open, done, held).")
    subscription_id: str = Field("", max_length=64, description="Only of this subscription.")
    before: int | None = Field(None, description="Only older than this number.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")


class ShowNotice(OperationInput):
    """Which notice."""

    notice_id: int = Field(ge=1, description="The notice's number.")


class ListReminders(OperationInput):
    """Which reminders."""

    customer: str = Field("", max_length=80, description="Only of this customer.")
    limit: int = Field(200, ge=1, le=1000, description="How many at most.")


class ListReceipts(OperationInput):
    """Whose receipts."""

    customer: str = Field("", max_length=80, description="Only of this customer.")


class ShowChangeRule(OperationInput):
    """Nothing to say."""


@query("customers.list_customers", groups=("customers.read",), http="GET /customers", cli="customers list")
def list_customers(context: QueryContext, request: ListCustomers) -> CustomerPage:
    """List customers with where each stands, newest first; a customer's people see their own alone."""
    wanted = _wanted(request)
    ordered = select(CustomerRow).where(*wanted).order_by(*_ORDERS[request.sort], CustomerRow.customer_id)
    if request.step is not None:  # derived, never stored: whoever matches the rest is read, and then looked at
        everybody = _lines(context, context.session.scalars(ordered).all())
        there = [line for line in everybody if line.step is request.step]
        return CustomerPage(customers=tuple(there[request.offset : request.offset + request.limit]), total=len(there))
    total = context.session.scalars(select(func.count()).select_from(CustomerRow).where(*wanted)).one()
    rows = context.session.scalars(ordered.offset(request.offset).limit(request.limit)).all()
    return CustomerPage(customers=_lines(context, rows), total=total)


@query(
    "customers.show_customer",
    groups=("customers.read",),
    http="GET /customers/{customer}",
    cli="customers show CUSTOMER",
)
def show_customer(context: QueryContext, request: ShowCustomer) -> CustomerDetail:
    """Show a customer: path, subscriptions, deadlines, work of the publisher's systems.

    Raises `customers.customer_not_found`.
    """
    row = load_customer(context.session, request.customer)
    subscriptions = subscriptions_of(context.session, [row.customer_id])[row.customer_id]
    return CustomerDetail(
        customer_id=row.customer_id,
        slug=row.slug,
        name=row.name,
        tenant_id=row.tenant_id,
        is_personal=row.tenant_id == PERSONAL_ACCOUNTS_TENANT,
        created_at=row.created_at,
        subscriptions=details_of(context, row, subscriptions),
    )


@query(
    "customers.show_subscription",
    groups=("customers.read",),
    http="GET /subscriptions/{subscription_id}",
    cli="customers subscription SUBSCRIPTION_ID",
)
def show_subscription(context: QueryContext, request: ShowSubscription) -> SubscriptionDetail:
    """Show one subscription in full. Raises `customers.subscription_not_found`."""
    row = load_subscription(context.session, request.subscription_id)
    customer = load_customer(context.session, row.customer_id)
    (detail,) = details_of(context, customer, [row])
    return detail


@query(
    "customers.may_act",
    groups=("customers.read",),
    http="GET /subscriptions/{subscription_id}/may-act",
    cli="customers may-act SUBSCRIPTION_ID",
)
def ask_may_act(context: QueryContext, request: ShowSubscription) -> MayAct:
    """Say whether this subscription's app or agent may act now, and if not, why and what to do.

    Allowed only when Microsoft's status is Subscribed, consent is valid, the publisher's systems are ready, and nobody
    paused or blocked use: all four.
    """
    row = load_subscription(context.session, request.subscription_id)
    answer = may_act(standings_of(context, [row])[row.subscription_id])
    return MayAct(
        subscription_id=row.subscription_id, allowed=answer.allowed, reasons=answer.reasons, as_of=context.now
    )


@query("customers.list_deadlines", groups=("customers.read",), http="GET /deadlines", cli="customers deadlines")
def list_deadlines(context: QueryContext, request: ListDeadlines) -> tuple[DeadlineView, ...]:
    """List the deadlines that run for all customers, the nearest first."""
    changes = open_changes_of(context.session)
    until = None if request.within_days is None else context.now + timedelta(days=request.within_days)
    found = [
        (deadline, row)
        for row in plain_rows(context.session, CLOCK_COLUMNS, _HAS_CLOCKS)
        for deadline in running_of(context, row, changes.get(row.subscription_id, ()))
        if until is None or deadline.due_at <= until
    ]
    nearest = sorted(found, key=lambda pair: (pair[0].due_at, pair[1].subscription_id))[: request.limit]
    customers = customers_of(context.session, {row.customer_id for _, row in nearest})
    return tuple(deadline_view(customers[row.customer_id], row, deadline) for deadline, row in nearest)


@query("customers.list_notices", groups=("customers.read_notices",), http="GET /webhooks", cli="customers webhooks")
def list_notices(context: QueryContext, request: ListNotices) -> tuple[NoticeLine, ...]:
    """List the webhooks that came from Microsoft, newest first, those of unknown actions too."""
    statement = select(NoticeRow).order_by(NoticeRow.id.desc()).limit(request.limit)
    if request.state:
        statement = statement.where(NoticeRow.state == request.state)
    if request.subscription_id:
        statement = statement.where(NoticeRow.subscription_id == request.subscription_id)
    if request.before is not None:
        statement = statement.where(NoticeRow.id < request.before)
    return tuple(_notice(row, with_body=False) for row in context.session.scalars(statement))


@query(
    "customers.show_notice",
    groups=("customers.read_notices",),
    http="GET /webhooks/{notice_id}",
    cli="customers webhook NOTICE_ID",
)
def show_notice(context: QueryContext, request: ShowNotice) -> NoticeLine:
    """Show one webhook with its body as it came. Raises `customers.notice_not_found`."""
    row = context.session.get(NoticeRow, request.notice_id)
    if row is None:
        raise NoticeNotFoundError.of(request.notice_id)
    return _notice(row, with_body=True)


@query("customers.list_reminders", groups=("customers.read",), http="GET /reminders", cli="customers reminders")
def list_reminders(context: QueryContext, request: ListReminders) -> tuple[ReminderLine, ...]:
    """List what waits for a person: reminders of deadlines, held notices, differences; the nearest deadline first."""
    statement = select(ReminderRow).where(ReminderRow.closed_at.is_(None))
    if request.customer:
        statement = statement.where(
            ReminderRow.customer_id == load_customer(context.session, request.customer).customer_id
        )
    if context.principal.customer_id is not None:
        # Findings are the publisher's own; a customer's people are told of their deadlines.
        statement = statement.where(ReminderRow.code == DEADLINE_CODE)
    # The databases do not agree on where nulls stand.
    order = (ReminderRow.due_at.is_(None), ReminderRow.due_at, ReminderRow.raised_at, ReminderRow.id)
    rows = context.session.scalars(statement.order_by(*order).limit(request.limit)).all()
    customers = customers_of(context.session, {row.customer_id for row in rows if row.customer_id})
    return tuple(_reminder(row, customers.get(row.customer_id) if row.customer_id else None) for row in rows)


@query("customers.list_receipts", groups=("customers.read",), http="GET /receipts", cli="customers receipts")
def list_receipts(context: QueryContext, request: ListReceipts) -> tuple[ReceiptLine, ...]:
    """List the receipts that were signed, newest first; each is fetched and verified by its entry's id."""
    statement = select(EntryRow).where(is_receipt())
    if request.customer:
        statement = statement.where(
            EntryRow.customer_id == load_customer(context.session, request.customer).customer_id
        )
    return tuple(
        ReceiptLine(
            entry_id=row.entry_id,
            kind="stopped" if row.kind == STOPPED_RECEIPT.name else "erased",
            subscription_id=row.subject_id if row.subject_type == "subscription" else None,
            customer_id=row.customer_id or "",
            at=row.at,
        )
        for row in context.session.scalars(statement.order_by(EntryRow.id.desc()).limit(500))
    )


@query(
    "customers.show_change_rule",
    groups=("customers.read_rules",),
    http="GET /change-rule",
    cli="customers change-rule",
)
def show_change_rule(context: QueryContext, _request: ShowChangeRule) -> SetChangeRule:
    """Show the rule by which plan and seat changes are accepted or refused."""
    row = context.session.get(ChangeRuleRow, RULE_ID)
    return SetChangeRule() if row is None else SetChangeRule.model_validate(row.rule)


def subscriptions_of(session: Session, customer_ids: list[str]) -> defaultdict[str, list[SubscriptionRow]]:
    """Return customers' subscriptions by customer, in one question."""
    found: defaultdict[str, list[SubscriptionRow]] = defaultdict(list)
    for row in session.scalars(select(SubscriptionRow).where(SubscriptionRow.customer_id.in_(customer_ids))):
        found[row.customer_id].append(row)
    return found


def customers_of(session: Session, customer_ids: Collection[CustomerId]) -> dict[CustomerId, CustomerRow]:
    """Return customers by id, in one question."""
    rows = session.scalars(select(CustomerRow).where(CustomerRow.customer_id.in_(customer_ids)))
    return {row.customer_id: row for row in rows}


def _wanted(request: ListCustomers) -> list[ColumnElement[bool]]:
    subscription = select(SubscriptionRow.customer_id)
    wanted: list[ColumnElement[bool]] = []
    for column, value in (
        (SubscriptionRow.status, request.status),
        (SubscriptionRow.provisioning, request.provisioning and request.provisioning.value),
        (SubscriptionRow.plan_id, request.plan),
    ):
        if value:
            wanted.append(CustomerRow.customer_id.in_(subscription.where(column == value)))
    if request.text:
        escaped = request.text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        part = f"%{escaped}%"
        wanted.append(
            or_(
                func.lower(CustomerRow.name).like(part, escape="\\"),
                CustomerRow.slug.like(part, escape="\\"),
                CustomerRow.tenant_id.like(part, escape="\\"),
                CustomerRow.customer_id.in_(
                    subscription.where(SubscriptionRow.subscription_id.like(part, escape="\\"))
                ),
            )
        )
    return wanted


def _lines(context: QueryContext, rows: Sequence[CustomerRow]) -> tuple[CustomerLine, ...]:
    by_customer = subscriptions_of(context.session, [row.customer_id for row in rows])
    main = {
        row.customer_id: liveliest_first(by_customer[row.customer_id])[0]
        for row in rows
        if row.customer_id in by_customer
    }
    standings = standings_of(context, list(main.values()))
    lines = []
    for row in rows:
        told = main.get(row.customer_id)
        line = None if told is None else line_of(context, row, told, standings[told.subscription_id])
        place = None if told is None else place_of(standings[told.subscription_id])
        lines.append(_customer_line(row, len(by_customer[row.customer_id]), line, place))
    return tuple(lines)


def _customer_line(
    row: CustomerRow, subscriptions: int, main: SubscriptionLine | None, place: PathStep | None
) -> CustomerLine:
    return CustomerLine(
        customer_id=row.customer_id,
        slug=row.slug,
        name=row.name,
        tenant_id=row.tenant_id,
        subscriptions=subscriptions,
        created_at=row.created_at,
        main=main,
        step=Step.BUY if place is None else place.step,
        is_stuck=place is not None and place.state is StepState.BROKEN,
    )


def _notice(row: NoticeRow, *, with_body: bool) -> NoticeLine:
    body = row.body.decode("utf-8", errors="replace") if with_body and row.body is not None else None
    return NoticeLine(
        notice_id=row.id,
        operation_id=row.operation_id,
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        action=row.action_text,
        state=row.state,
        outcome=row.outcome,
        deliveries=row.deliveries,
        received_at=row.received_at,
        settled_at=row.settled_at,
        body=body,
    )


def _reminder(row: ReminderRow, customer: CustomerRow | None) -> ReminderLine:
    return ReminderLine(
        reminder_id=row.id,
        code=row.code,
        level=row.level,
        subject_id=row.subject_id,
        customer_id=row.customer_id,
        customer_slug=None if customer is None else customer.slug,
        customer_name=None if customer is None else customer.name,
        message=row.message,
        remedy=row.remedy,
        resource=row.resource,
        owner_role=row.owner_role,
        due_at=row.due_at,
        raised_at=row.raised_at,
        title=_title(row),
    )


def _title(row: ReminderRow) -> str:
    """Return the title of the clock that a reminder of a deadline is about."""
    clock = row.key.partition(":")[0]
    return CLOCKS[ClockName(clock)].title if row.code == DEADLINE_CODE and clock in set(ClockName) else ""


OPERATIONS: tuple[Operation, ...] = (
    list_customers,
    show_customer,
    show_subscription,
    ask_may_act,
    list_deadlines,
    list_notices,
    show_notice,
    list_reminders,
    list_receipts,
    show_change_rule,
)
