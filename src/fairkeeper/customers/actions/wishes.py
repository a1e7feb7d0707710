"""Wishes to the publisher's systems, and the machine that they move: set up, change, suspend, resume, drain, erase.

Shared by the actions. Nothing here calls anybody: a wish becomes a row and a task in the caller's transaction.
"""

from __future__ import annotations

from sqlalchemy import select

from fairkeeper.action.operation import CommandContext
from fairkeeper.customers.actions.reminders import close_reminders, plant_clocks
from fairkeeper.customers.finding_kinds import PROVISIONING_FAILED
from fairkeeper.customers.path.lifecycle import (
    PROVISIONING,
    ProvisioningEvent,
    ProvisioningState,
    advance_provisioning,
)
from fairkeeper.customers.path.receipts import StopCause
from fairkeeper.customers.ports import ProvisioningWish
from fairkeeper.customers.tables import JobRow, SubscriptionRow
from fairkeeper.values.ids import new_id

CALL_PROVISIONER = "customers.call_provisioner"


def start_provisioning(context: CommandContext, row: SubscriptionRow) -> JobRow:
    """Ask the publisher's systems to set up what was bought; what an earlier stop began is over.

    Raises:
        TransitionRefusedError: Provisioning cannot start from where it is.
    """
    was_stopped = row.provisioning == ProvisioningState.STOPPED
    move(context, row, ProvisioningEvent.START, note=None)
    row.retention_started_at, row.stop_cause, row.stop_entry_id = None, None, None
    row.stopped_at, row.stopped_receipt = None, None
    if was_stopped:
        plant_clocks(context, row)
    return ask(context, row, ProvisioningWish.PROVISION)


def drain(context: CommandContext, row: SubscriptionRow, cause: StopCause) -> None:
    """Stop use, let running work finish, start the retention clock; nothing where that has begun already."""
    if (ProvisioningState(row.provisioning), ProvisioningEvent.DRAIN) not in PROVISIONING:
        return
    move(context, row, ProvisioningEvent.DRAIN, note=None)
    row.stop_cause = cause.value
    row.retention_started_at = row.retention_started_at or context.now
    if row.provisioning == ProvisioningState.STOPPED:
        finish_stop(context, row)
    else:
        ask(context, row, ProvisioningWish.DRAIN)


def finish_stop(context: CommandContext, row: SubscriptionRow) -> None:
    """Plant what follows once everything has stopped: the receipt, and the end of the retention."""
    context.enqueue(
        "customers.issue_stopped_receipt",
        new_id("tsk"),
        {"subscription_id": row.subscription_id},
        customer_id=row.customer_id,
    )
    plant_clocks(context, row)


def move(context: CommandContext, row: SubscriptionRow, event: ProvisioningEvent, *, note: str | None) -> None:
    """Move the provisioning machine, with when and why.

    Raises:
        TransitionRefusedError: There is no such transition.
    """
    row.provisioning = advance_provisioning(ProvisioningState(row.provisioning), event).value
    row.provisioning_since_at, row.provisioning_note = context.now, note


def ask(context: CommandContext, row: SubscriptionRow, wish: ProvisioningWish) -> JobRow:
    """Write down a wish to the publisher's systems and plant its call."""
    earlier = newest_job(context, row, wish)
    job = JobRow(
        request_id=new_id("job"),
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        wish=wish.value,
        attempt=1 if earlier is None else earlier.attempt + 1,
        terms={"plan_id": row.plan_id, "quantity": row.quantity},
        state="asked",
        asked_at=context.now,
    )
    context.session.add(job)
    context.session.flush()
    close_reminders(context, row.subscription_id, {PROVISIONING_FAILED.code}, why=f"{wish.value} was asked for anew.")
    hand_over(context, job)
    return job


def hand_over(context: CommandContext, job: JobRow) -> None:
    """Plant the call that hands a wish over; the same wish keeps its id, however often that is done."""
    context.enqueue(CALL_PROVISIONER, new_id("tsk"), {"request_id": job.request_id}, customer_id=job.customer_id)


def newest_job(context: CommandContext, row: SubscriptionRow, wish: ProvisioningWish) -> JobRow | None:
    """Return the last wish of a kind for a subscription."""
    return context.session.scalars(
        select(JobRow)
        .where(JobRow.subscription_id == row.subscription_id, JobRow.wish == wish.value)
        .order_by(JobRow.attempt.desc())
        .limit(1)
    ).first()
