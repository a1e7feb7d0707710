"""The clocks of a subscription as background work: planted when something changes, read anew when they ring.

A clock that rings is never believed: whether it still runs is derived again from the present facts. So a reminder
planted a month ago for something that has been done says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.customers.evidence_kinds import REMINDED, REMINDER_CLOSED
from fairkeeper.customers.path.clocks import ClockName, Deadline, deadlines
from fairkeeper.customers.ports import Retention
from fairkeeper.customers.store import clock_facts_of_row, load_subscription, open_changes_of
from fairkeeper.customers.tables import ReminderRow, SubscriptionRow
from fairkeeper.errors import NotFoundError
from fairkeeper.values.clock import format_instant
from fairkeeper.values.findings import Level
from fairkeeper.values.ids import SubscriptionId

DEADLINE_CODE = "customers.deadline_near"
_LOOK_WHEN_DUE = {ClockName.ACTIVATION, ClockName.SUSPENSION_GRACE, ClockName.TERM_END}


class PlantClocks(OperationInput):
    """Which subscription's clocks."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksPlanted:
    """How many rings are planted that were not before."""

    planted: int


@internal_command("customers.plant_clocks", evidence=())
def plant(context: CommandContext, request: PlantClocks) -> Outcome[ClocksPlanted]:
    """Plant a ring for each reminder and each end of the clocks that run; close reminders of those that do not."""
    row = load_subscription(context.session, request.subscription_id)
    running = running_deadlines(context, row)
    planted = 0
    for deadline in running:
        for at in (*deadline.reminder_ats, deadline.due_at):
            if at < context.now and at != deadline.due_at:
                continue
            payload = {
                "subscription_id": row.subscription_id,
                "clock": deadline.name.value,
                "due_at": format_instant(deadline.due_at),
                "is_end": at == deadline.due_at,
            }
            key = f"{row.subscription_id}:{deadline.name}:{deadline.due_at.isoformat()}:{at.isoformat()}"
            planted += context.enqueue(
                "customers.ring_clock", key[:200], payload, due_at=at, customer_id=row.customer_id
            )
    _close_finished(context, row, running)
    return Outcome(result=ClocksPlanted(planted=planted), entry=None)


class RingClock(OperationInput):
    """Which clock rings."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    clock: ClockName = Field(description="The clock.")
    due_at: AwareDatetime = Field(description="When it ends.")
    is_end: bool = Field(description="Whether this is its end, not a reminder.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRung:
    """What came of it, in a word."""

    outcome: str


@internal_command("customers.ring_clock", evidence=(REMINDED,))
def ring(context: CommandContext, request: RingClock) -> Outcome[ClockRung]:
    """Remind somebody of a deadline, or do what its end asks for; nothing if it does not run any more."""
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    deadline = next(
        (d for d in running_deadlines(context, row) if d.name is request.clock and d.due_at == request.due_at), None
    )
    if deadline is None:
        return Outcome(result=ClockRung(outcome="no longer runs"), entry=None)
    if request.is_end:
        _at_end(context, row, deadline)
    message = f"{deadline.title}: {deadline.due_at:%d %b %Y %H:%M} UTC. {deadline.consequence}"
    is_new = _remind(context, row, deadline, message)
    if not is_new:
        return Outcome(result=ClockRung(outcome="reminded again"), entry=None)
    entry = EvidenceDraft(
        kind=REMINDED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"message": message, "clock": deadline.name.value, "due_at": format_instant(deadline.due_at)},
    )
    return Outcome(result=ClockRung(outcome="reminded"), entry=entry)


class CloseReminder(OperationInput):
    """Which reminder, and what was done."""

    reminder_id: int = Field(ge=1, description="The reminder's number.")
    why: str = Field(min_length=3, max_length=500, description="What was done about it; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderClosed:
    """It is closed."""

    reminder_id: int


@command(
    "customers.close_reminder",
    groups=("customers.change",),
    evidence=(REMINDER_CLOSED,),
    http="POST /reminders/{reminder_id}/close",
    cli="customers close-reminder REMINDER_ID",
)
def close_reminder(context: CommandContext, request: CloseReminder) -> Outcome[ReminderClosed]:
    """Close a reminder or finding with what was done about it; it comes back if its cause does."""
    row = context.session.get(ReminderRow, request.reminder_id, with_for_update=True)
    if row is None:
        msg = f"There is no reminder {request.reminder_id} here."
        raise NotFoundError(msg, code="customers.reminder_not_found")
    result = ReminderClosed(reminder_id=row.id)
    if row.closed_at is not None:
        return Outcome(result=result, entry=None)
    row.closed_at, row.closed_why = context.now, request.why
    entry = EvidenceDraft(
        kind=REMINDER_CLOSED.name,
        subject_type="reminder",
        subject_id=str(row.id),
        customer_id=row.customer_id,
        payload={"code": row.code, "subject": row.subject_id, "why": request.why},
    )
    return Outcome(result=result, entry=entry)


def running_deadlines(context: CommandContext, row: SubscriptionRow) -> tuple[Deadline, ...]:
    """Return the deadlines that run for a subscription now."""
    changes = open_changes_of(context.session, [row.subscription_id]).get(row.subscription_id, ())
    facts = clock_facts_of_row(row, changes, retention_days=context.ports.of(Retention).days)
    return deadlines(facts, context.now)


def _at_end(context: CommandContext, row: SubscriptionRow, deadline: Deadline) -> None:
    if deadline.name is ClockName.RETENTION:
        context.enqueue(
            "customers.end_retention",
            f"{row.subscription_id}:{deadline.due_at.isoformat()}",
            {"subscription_id": row.subscription_id},
            customer_id=row.customer_id,
        )
    elif deadline.name in _LOOK_WHEN_DUE:
        context.enqueue(
            "customers.read_subscription",
            f"{row.subscription_id}:{deadline.name}:{deadline.due_at.isoformat()}"[:200],
            {"subscription_id": row.subscription_id, "source": "clock"},
            customer_id=row.customer_id,
        )


def _remind(context: CommandContext, row: SubscriptionRow, deadline: Deadline, message: str) -> bool:
    key = _key(deadline.name, deadline.due_at)
    existing = context.session.scalars(
        select(ReminderRow).where(
            ReminderRow.code == DEADLINE_CODE, ReminderRow.subject_id == row.subscription_id, ReminderRow.key == key
        )
    ).first()
    if existing is not None:
        return False
    context.session.add(
        ReminderRow(
            code=DEADLINE_CODE,
            subject_id=row.subscription_id,
            key=key,
            level=Level.WARNING.value,
            message=message,
            remedy=_REMEDIES.get(deadline.name, "Act before the date, or let it pass knowingly."),
            resource=deadline.resource,
            owner_role=deadline.owner_role,
            due_at=deadline.due_at,
            raised_at=context.now,
            customer_id=row.customer_id,
        )
    )
    context.session.flush()
    return True


_REMEDIES = {
    ClockName.ACTIVATION: "Ask the buyer to choose Configure account, or activate it for them.",
    ClockName.SUSPENSION_GRACE: "Ask the customer to settle the payment with Microsoft.",
    ClockName.RETENTION: "Tell the customer to export what it still needs; afterwards it is gone.",
    ClockName.TERM_END: "Talk to the customer about the renewal, and prepare the private offer if there was one.",
    ClockName.RENEWAL_NOTICE: "Tell the customer before Microsoft does.",
}


def _key(name: ClockName, due_at: datetime) -> str:
    return f"{name.value}:{due_at.isoformat()}"


def _close_finished(context: CommandContext, row: SubscriptionRow, running: tuple[Deadline, ...]) -> None:
    alive = {_key(deadline.name, deadline.due_at) for deadline in running}
    open_rows = context.session.scalars(
        select(ReminderRow).where(
            ReminderRow.code == DEADLINE_CODE,
            ReminderRow.subject_id == row.subscription_id,
            ReminderRow.closed_at.is_(None),
        )
    )
    for reminder in open_rows:
        if reminder.key not in alive:
            reminder.closed_at, reminder.closed_why = context.now, "The deadline no longer runs."


OPERATIONS: tuple[Operation, ...] = (plant, ring, close_reminder)
