"""Today and search, over every room."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from pydantic import Field
from sqlalchemy import func, or_, select

from fairkeeper.accounts.verification.tracking import ListDues, ListIncidents, list_dues, list_incidents
from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.customers.path.clocks import ASKS_NOTHING
from fairkeeper.customers.path.steps import StepState
from fairkeeper.customers.queries import ListDeadlines, ListReminders, list_deadlines, list_reminders
from fairkeeper.customers.reading import STANDING_COLUMNS, liveliest_first, place_of, plain_rows, standings_of
from fairkeeper.customers.tables import CustomerRow, OperationRow, SubscriptionRow
from fairkeeper.customers.views import ReminderLine
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.evidence.queries import ListEntries, list_entries
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.overview.views import FailedTask, Hit, StepCount, Today

COMING = timedelta(days=14)
"""How far ahead Today looks for deadlines nobody has been reminded of yet."""

_SEES_EVERYTHING = frozenset({"owner", "operations", "leader", "auditor"})
_MENDS_TASKS = frozenset({"owner", "operations", "platform", "support"})


class ShowToday(OperationInput):
    """Nothing to say."""


class Search(OperationInput):
    """What is looked for."""

    text: str = Field(min_length=2, max_length=200, description="Part of a name, or an id.")
    limit: int = Field(20, ge=1, le=100, description="How many of each kind at most.")


@query("overview.show_today", groups=("overview.read",), http="GET /today", cli="today")
def show_today(context: QueryContext, _request: ShowToday) -> Today:
    """Show what needs this person today, by deadline, and where the customers stand.

    A person sees what their roles own; owners, operations, leaders and auditors see everything.
    """
    reminders = _own(context.principal, list_reminders.function(context, ListReminders(customer="", limit=500)))
    due = tuple(line for line in reminders if line.due_at is not None)
    reminded = {(line.subject_id, line.due_at) for line in due}
    coming = tuple(
        deadline
        for deadline in list_deadlines.function(context, ListDeadlines(limit=1000, within_days=COMING.days))
        if deadline.clock not in ASKS_NOTHING and (deadline.subscription_id, deadline.due_at) not in reminded
    )
    steps, customers = _steps(context)
    sees_account = context.principal.customer_id is None and (
        context.principal.kind is not PrincipalKind.STAFF or bool(context.principal.roles & _SEES_EVERYTHING)
    )
    return Today(
        deadlines=due,
        findings=tuple(line for line in reminders if line.due_at is None),
        failed_tasks=_failed_tasks(context),
        coming=coming[:50],
        steps=steps,
        recent=list_entries.function(context, ListEntries(limit=12)).entries,
        customers=customers,
        account_dues=list_dues.function(context, ListDues(is_warned=True)) if sees_account else (),
        lost_verifications=list_incidents.function(context, ListIncidents()) if sees_account else (),
    )


@query("overview.search", groups=("overview.read",), http="GET /search", cli="search TEXT")
def search(context: QueryContext, request: Search) -> tuple[Hit, ...]:
    """Find customers, subscriptions, operations and entries by part of a name or an id, best first."""
    text = request.text.lower()
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    part, start = f"%{escaped}%", f"{escaped}%"
    session, limit = context.session, request.limit
    customers = session.scalars(
        select(CustomerRow)
        .where(
            or_(
                func.lower(CustomerRow.name).like(part, escape="\\"),
                CustomerRow.slug.like(part, escape="\\"),
                func.lower(CustomerRow.customer_id) == text,
                CustomerRow.tenant_id.like(start, escape="\\"),
            )
        )
        .order_by(CustomerRow.name)
        .limit(limit)
    )
    hits = [Hit(kind="customer", id=c.slug, label=c.name, line=f"tenant {c.tenant_id}") for c in customers]
    subscriptions = session.scalars(
        select(SubscriptionRow)
        .where(
            or_(
                SubscriptionRow.subscription_id.like(start, escape="\\"),
                func.lower(SubscriptionRow.name).like(part, escape="\\"),
            )
        )
        .limit(limit)
    )
    hits += [
        Hit(
            kind="subscription",
            id=s.subscription_id,
            label=s.name or s.plan_id or s.subscription_id,
            line=f"{s.plan_id or 'no plan'}, {s.status_text or 'held'}",
        )
        for s in subscriptions
    ]
    operations = session.scalars(
        select(OperationRow).where(OperationRow.operation_id.like(start, escape="\\")).limit(limit)
    )
    hits += [
        Hit(kind="operation", id=o.operation_id, label=o.action_text or "operation", line=o.subscription_id)
        for o in operations
    ]
    entries = session.scalars(
        select(EntryRow)
        .where(or_(func.lower(EntryRow.entry_id) == text, EntryRow.subject_id == request.text))
        .order_by(EntryRow.id.desc())
        .limit(limit)
    )
    hits += [Hit(kind="entry", id=e.entry_id, label=e.kind, line=f"{e.at:%d %b %Y %H:%M} UTC") for e in entries]
    return tuple(hits)


def _own(principal: Principal, reminders: tuple[ReminderLine, ...]) -> tuple[ReminderLine, ...]:
    """Return what this person is asked to look at."""
    if principal.kind is not PrincipalKind.STAFF or principal.roles & _SEES_EVERYTHING:
        return reminders
    return tuple(line for line in reminders if line.owner_role in principal.roles)


def _steps(context: QueryContext) -> tuple[tuple[StepCount, ...], int]:
    """Count the customers at the step where their liveliest subscription stands."""
    by_customer: dict[str, list[SubscriptionRow]] = {}
    for row in plain_rows(context.session, STANDING_COLUMNS):
        by_customer.setdefault(row.customer_id, []).append(row)
    standing: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    liveliest = [liveliest_first(rows)[0] for rows in by_customer.values()]
    for where in standings_of(context, liveliest).values():
        here = place_of(where)
        standing[here.step.value] += 1
        broken[here.step.value] += here.state is StepState.BROKEN
    counts = tuple(
        StepCount(step=name, customers=standing[name], broken=broken[name])
        for name in ("buy", "activate", "consent", "provision", "operate", "revoke")
    )
    return counts, len(by_customer)


def _failed_tasks(context: QueryContext) -> tuple[FailedTask, ...]:
    """Return given-up work, for those who can do something about it."""
    if context.principal.kind is PrincipalKind.STAFF and not context.principal.roles & _MENDS_TASKS:
        return ()
    if context.principal.customer_id is not None:
        return ()
    rows = context.session.scalars(
        select(TaskRow).where(TaskRow.state == TaskState.FAILED).order_by(TaskRow.finished_at.desc()).limit(50)
    )
    return tuple(
        FailedTask(
            task_id=row.id,
            name=row.name,
            key=row.key,
            attempts=row.attempts,
            last_error=row.last_error or "",
            failed_at=row.finished_at,
        )
        for row in rows
    )


OPERATIONS: tuple[Operation, ...] = (show_today, search)
