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
from fairkeeper.customers.actions.reminders import find_reminder, plant_clocks
from fairkeeper.customers.evidence_kinds import REMINDED, REMINDER_CLOSED
from fairkeeper.customers.path.clocks import ClockName, Deadline, deadlines
from fairkeeper.customers.ports import Retention
from fairkeeper.customers.store import clock_facts_of_row, load_subscription, open_changes_of
from fairkeeper.customers.tables import ReminderRow, SubscriptionRow
from fairkeeper.customers.tellings import settle_reminder, tell_deadline
from fairkeeper.errors import NotFoundError
from fairkeeper.values.clock import format_instant
from fairkeeper.values.findings import Level
from fairkeeper.values.ids import SubscriptionId

DEADLINE_CODE = "customers.deadline_near"
RING_CLOCK = "customers.ring_clock"
_LOOK_WHEN_DUE = {ClockName.ACTIVATION, ClockName.SUSPENSION_GRACE, ClockName.TERM_END}


class PlantClocks(OperationInput):
    """Which subscription's clocks."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksPlanted:
    """How many rings are planted that were not before."""

    planted: int


@internal_command("customers.plant_clocks", evidence=(REMINDER_CLOSED,))
def plant(context: CommandContext, request: PlantClocks) -> Outcome[ClocksPlanted]:
    """Plant a ring for each reminder and each end of the clocks that run; close reminders of those that do not."""
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    running = running_deadlines(context, row)
    planted = 0
    for deadline in running:
        for at in (*deadline.reminder_ats, deadline.due_at):
            is_end = at == deadline.due_at
            if at < context.now and not is_end:
                continue
            payload = {
                "subscription_id": row.subscription_id,
                "clock": deadline.name.value,
                "due_at": format_instant(deadline.due_at),
                "rings_at": format_instant(at),
            }
            key = f"{row.subscription_id}:{deadline.name}:{format_instant(deadline.due_at)}:{format_instant(at)}"
            planted += context.enqueue(RING_CLOCK, key[:200], payload, due_at=at, customer_id=row.customer_id)
    return Outcome(result=ClocksPlanted(planted=planted), entry=_close_finished(context, row, running))


class RingClock(OperationInput):
    """Which clock rings."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    clock: ClockName = Field(description="The clock.")
    due_at: AwareDatetime = Field(description="When it ends.")
    rings_at: AwareDatetime = Field(description="When it was to ring; its end, or a reminder before that.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRung:
    """What came of it, in a word."""

    outcome: str


@internal_command("customers.ring_clock", evidence=(REMINDED, REMINDER_CLOSED))
def ring(context: CommandContext, request: RingClock) -> Outcome[ClockRung]:
    """Remind somebody of a deadline, or do what its end asks for; again changes nothing.

    A clock that does not run any more says nothing; its reminder is closed. It may run to another date now (the
    publisher changed the retention, Microsoft the term), so that the clocks are read anew.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    running = running_deadlines(context, row)
    deadline = next((d for d in running if d.name is request.clock and d.due_at == request.due_at), None)
    if deadline is None:
        plant_clocks(context, row)
        return Outcome(result=ClockRung(outcome="no longer runs"), entry=_close_finished(context, row, running))
    if request.rings_at == request.due_at:
        _at_end(context, row, deadline)
    message = f"{deadline.title}: {deadline.due_at:%d %b %Y %H:%M} UTC. {deadline.consequence}"
    if not _remind(context, row, deadline, message, rings_at=request.rings_at):
        return Outcome(result=ClockRung(outcome="reminded before"), entry=None)
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
    settle_reminder(context, row, request.why)
    entry = EvidenceDraft(
        kind=REMINDER_CLOSED.name,
        subject_type="subscription" if row.customer_id else "operation",
        subject_id=row.subject_id,
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
            f"{row.subscription_id}:{format_instant(deadline.due_at)}",
            {"subscription_id": row.subscription_id},
            customer_id=row.customer_id,
        )
    elif deadline.name in _LOOK_WHEN_DUE:
        context.enqueue(
            "customers.read_subscription",
            f"{row.subscription_id}:{deadline.name}:{format_instant(deadline.due_at)}"[:200],
            {"subscription_id": row.subscription_id, "source": "clock"},
            customer_id=row.customer_id,
        )


def _remind(
    context: CommandContext, row: SubscriptionRow, deadline: Deadline, message: str, *, rings_at: datetime
) -> bool:
    """Put a deadline before somebody, again on each of its days even if it was closed; return whether that is new."""
    key = _key(deadline)
    known = find_reminder(context, DEADLINE_CODE, row.subscription_id, key)
    if known is None:
        known = ReminderRow(code=DEADLINE_CODE, subject_id=row.subscription_id, key=key)
        context.session.add(known)
    elif known.raised_at >= rings_at:
        return False
    known.level, known.message = Level.WARNING.value, message
    known.remedy = _REMEDIES.get(deadline.name, "Act before the date, or let it pass knowingly.")
    known.resource, known.owner_role, known.due_at = deadline.resource, deadline.owner_role, deadline.due_at
    known.raised_at, known.closed_at, known.closed_why = context.now, None, None
    known.customer_id = row.customer_id
    context.session.flush()
    tell_deadline(context, row, known, deadline, format_instant(context.now))
    return True


_REMEDIES = {
    ClockName.ACTIVATION: "Ask the buyer to choose Configure account, or activate it for them.",
    ClockName.CHANGE_ANSWER: "Read the subscription at Microsoft: the change may have been made without our answer.",
    ClockName.SUSPENSION_GRACE: "Ask the customer to settle the payment with Microsoft.",
    ClockName.RETENTION: "Tell the customer to export what it still needs; afterwards it is gone.",
    ClockName.TERM_END: "Talk to the customer about the renewal, and prepare the private offer if there was one.",
    ClockName.RENEWAL_NOTICE: "Tell the customer before Microsoft does.",
}


def _key(deadline: Deadline) -> str:
    return f"{deadline.name.value}:{format_instant(deadline.due_at)}"


def _close_finished(
    context: CommandContext, row: SubscriptionRow, running: tuple[Deadline, ...]
) -> EvidenceDraft | None:
    """Close the reminders of clocks that do not run any more; return the entry that says so, if there were any."""
    alive = {_key(deadline) for deadline in running}
    open_rows = context.session.scalars(
        select(ReminderRow).where(
            ReminderRow.code == DEADLINE_CODE,
            ReminderRow.subject_id == row.subscription_id,
            ReminderRow.closed_at.is_(None),
        )
    )
    finished = [reminder for reminder in open_rows if reminder.key not in alive]
    why = "the deadline no longer runs."
    for reminder in finished:
        reminder.closed_at, reminder.closed_why = context.now, why
        settle_reminder(context, reminder, why)
    if not finished:
        return None
    clocks = sorted(reminder.key.partition(":")[0] for reminder in finished)
    return EvidenceDraft(
        kind=REMINDER_CLOSED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"code": DEADLINE_CODE, "subject": row.subscription_id, "clocks": list(clocks), "why": why},
    )


OPERATIONS: tuple[Operation, ...] = (plant, ring, close_reminder)
