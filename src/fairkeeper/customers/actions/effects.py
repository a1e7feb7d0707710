"""Applies what the rules say: writes the mirror, moves the machines, plants the work that follows.

Shared by every action that follows a statement of Microsoft's. Nothing here calls anybody: a wish to Microsoft or to
the publisher's systems becomes a row and a task in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from fairkeeper.action.operation import Canonical, CommandContext, EvidenceDraft
from fairkeeper.customers.evidence_kinds import kind_of
from fairkeeper.customers.following.mirror import Following, Mirror, Use
from fairkeeper.customers.following.webhooks import (
    AnswerOperation,
    Effect,
    FindDeal,
    Hold,
    InviteToConsent,
    UpdateMirror,
)
from fairkeeper.customers.path.lifecycle import (
    PROVISIONING,
    ProvisioningEvent,
    ProvisioningState,
    advance_provisioning,
)
from fairkeeper.customers.path.receipts import StopCause
from fairkeeper.customers.ports import ProvisioningWish
from fairkeeper.customers.store import (
    ensure_customer,
    mirror_of_row,
    new_subscription_row,
    write_reading,
)
from fairkeeper.customers.tables import JobRow, OperationRow, ReminderRow, SubscriptionRow
from fairkeeper.values.findings import Finding
from fairkeeper.values.ids import new_id


@dataclass(slots=True, kw_only=True)
class Applied:
    """What became of the effects.

    Attributes:
        row: The subscription, if there is one.
        mirror: What was known before.
        following: What Microsoft's statement changed, if anything.
        notes: In words, what was done, for the notice's outcome.
        held: What nobody here can judge.
    """

    row: SubscriptionRow | None
    mirror: Mirror | None
    following: Following | None = None
    notes: list[str]
    held: list[Finding]


def apply_effects(context: CommandContext, row: SubscriptionRow | None, effects: Iterable[Effect]) -> Applied:
    """Apply effects in their order, in the command's transaction."""
    applied = Applied(row=row, mirror=None if row is None else mirror_of_row(row), notes=[], held=[])
    for effect in effects:
        if isinstance(effect, UpdateMirror):
            _update_mirror(context, applied, effect.following)
        elif isinstance(effect, AnswerOperation):
            _plan_answer(context, applied, effect)
        elif isinstance(effect, FindDeal):
            context.enqueue("customers.find_deal", effect.subscription_id, {"subscription_id": effect.subscription_id})
        elif isinstance(effect, Hold):
            applied.held.append(effect.finding)
            applied.notes.append(effect.finding.message)
            raise_reminder(context, effect.finding, applied.row)
        elif isinstance(effect, InviteToConsent):
            applied.notes.append("nobody has been on the landing page; consent has to be asked for by link")
        else:
            applied.notes.append(effect.reason.sentence)
    if applied.row is not None and applied.following is not None:
        plant_clocks(context, applied.row)
    return applied


def reading_entry(applied: Applied, *, source: str, operation_id: str | None = None) -> EvidenceDraft | None:
    """Return the entry for what Microsoft's statement changed, or None where it changed nothing."""
    if applied.row is None or applied.following is None:
        return None
    following, row = applied.following, applied.row
    differences: list[Canonical] = [
        {"field": item.field.value, "here": item.here, "there": item.there} for item in following.differences
    ]
    payload: dict[str, Canonical] = {
        "subscription_id": row.subscription_id,
        "offer": row.offer_id,
        "plan": row.plan_id,
        "seats": row.quantity,
        "status": row.status_text,
        "term_end": None if row.term_end_on is None else row.term_end_on.isoformat(),
        "differences": differences,
        "uses": [use.value for use in following.uses],
        "strange": [finding.message for finding in following.findings],
        "source": source,
        "operation_id": operation_id,
    }
    draft = EvidenceDraft(
        kind=kind_of(applied.mirror, following).name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload=payload,
    )
    if Use.DRAIN in following.uses:
        row.stop_entry_id = draft.entry_id
    return draft


def _update_mirror(context: CommandContext, applied: Applied, following: Following) -> None:
    applied.following = following
    if applied.row is None:
        customer = ensure_customer(context.session, following.snapshot, now=context.now)
        applied.row = new_subscription_row(following.snapshot, customer.customer_id, now=context.now)
        context.session.add(applied.row)
        context.session.flush()
    else:
        write_reading(applied.row, following.snapshot, now=context.now)
    for use in following.uses:
        _use(context, applied.row, use)
        applied.notes.append(f"use: {use.value}")
    applied.notes.extend(f"{item.field.value} is {item.there or 'none'}" for item in following.differences)
    for finding in following.findings:
        raise_reminder(context, finding, applied.row)


def _use(context: CommandContext, row: SubscriptionRow, use: Use) -> None:
    if use is Use.START:
        start_provisioning(context, row)
    elif use is Use.DRAIN:
        drain(context, row, StopCause.UNSUBSCRIBED)
    elif row.provisioning in {ProvisioningState.READY, ProvisioningState.RUNNING}:
        wishes = {
            Use.CHANGE: ProvisioningWish.CHANGE,
            Use.STOP: ProvisioningWish.SUSPEND,
            Use.RESUME: ProvisioningWish.RESUME,
        }
        ask(context, row, wishes[use])


def start_provisioning(context: CommandContext, row: SubscriptionRow) -> JobRow:
    """Ask the publisher's systems to set up what was bought.

    Raises:
        TransitionRefusedError: Provisioning cannot start from where it is.
    """
    move(row, ProvisioningEvent.START, context, note=None)
    row.retention_started_at, row.stop_cause, row.stopped_at = None, None, None
    return ask(context, row, ProvisioningWish.PROVISION)


def drain(context: CommandContext, row: SubscriptionRow, cause: StopCause) -> None:
    """Stop use, let running work finish, start the retention clock; nothing where that has begun already."""
    if (ProvisioningState(row.provisioning), ProvisioningEvent.DRAIN) not in PROVISIONING:
        return
    move(row, ProvisioningEvent.DRAIN, context, note=None)
    row.stop_cause = cause.value
    row.retention_started_at = row.retention_started_at or context.now
    if row.provisioning == ProvisioningState.STOPPED:
        finish_stop(context, row)
    else:
        ask(context, row, ProvisioningWish.DRAIN)


def finish_stop(context: CommandContext, row: SubscriptionRow) -> None:
    """Plant what follows once everything has stopped: the receipt, and the end of the retention."""
    key = f"{row.subscription_id}:{row.stop_entry_id or ''}:{context.now.isoformat()}"
    context.enqueue(
        "customers.issue_stopped_receipt",
        key[:200],
        {"subscription_id": row.subscription_id},
        customer_id=row.customer_id,
    )
    plant_clocks(context, row)


def move(row: SubscriptionRow, event: ProvisioningEvent, context: CommandContext, *, note: str | None) -> None:
    """Move the provisioning machine, with when and why.

    Raises:
        TransitionRefusedError: There is no such transition.
    """
    row.provisioning = advance_provisioning(ProvisioningState(row.provisioning), event).value
    row.provisioning_since_at, row.provisioning_note = context.now, note


def ask(context: CommandContext, row: SubscriptionRow, wish: ProvisioningWish) -> JobRow:
    """Write down a wish to the publisher's systems and plant its call."""
    earlier = context.session.scalars(
        select(JobRow.attempt)
        .where(JobRow.subscription_id == row.subscription_id, JobRow.wish == wish.value)
        .order_by(JobRow.attempt.desc())
    ).first()
    job = JobRow(
        request_id=new_id("job"),
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        wish=wish.value,
        attempt=(earlier or 0) + 1,
        state="asked",
        asked_at=context.now,
    )
    context.session.add(job)
    context.session.flush()
    context.enqueue(
        "customers.call_provisioner", job.request_id, {"request_id": job.request_id}, customer_id=row.customer_id
    )
    return job


def _plan_answer(context: CommandContext, applied: Applied, effect: AnswerOperation) -> None:
    row = context.session.get(OperationRow, effect.operation_id, with_for_update=True)
    if row is None:
        if applied.row is None:
            return
        row = OperationRow(
            operation_id=effect.operation_id,
            subscription_id=effect.subscription_id,
            customer_id=applied.row.customer_id,
            action_text="",
            is_ours=False,
            asked_at=context.now,
        )
        context.session.add(row)
    if row.answer is not None:
        return
    row.answer, row.answer_reason, row.answer_by_at = effect.answer.value, effect.reason.sentence, effect.answer_by_at
    context.session.flush()
    context.enqueue(
        "customers.answer_operation",
        effect.operation_id,
        {"operation_id": effect.operation_id},
        customer_id=row.customer_id,
    )
    applied.notes.append(f"answer: {effect.answer.value}, because {effect.reason.sentence}")


def raise_reminder(context: CommandContext, finding: Finding, row: SubscriptionRow | None, *, key: str = "") -> None:
    """Put a finding before a person, once while it is open."""
    subject = (row.subscription_id if row is not None else finding.subject) or "-"
    existing = context.session.scalars(
        select(ReminderRow).where(
            ReminderRow.code == finding.code, ReminderRow.subject_id == subject[:64], ReminderRow.key == key
        )
    ).first()
    if existing is not None:
        if existing.closed_at is not None and existing.message != finding.message:
            existing.closed_at, existing.closed_why = None, None
        existing.message = finding.message
        return
    context.session.add(
        ReminderRow(
            code=finding.code,
            subject_id=subject[:64],
            key=key,
            level=finding.level.value,
            message=finding.message,
            remedy=finding.remedy,
            resource=finding.resource,
            owner_role="platform",
            raised_at=context.now,
            customer_id=None if row is None else row.customer_id,
        )
    )
    context.session.flush()


def plant_clocks(context: CommandContext, row: SubscriptionRow) -> None:
    """Plant a look at this subscription's clocks; the handler reads them anew and plants what they ask for."""
    key = f"{row.subscription_id}:{context.now.isoformat()}"
    context.enqueue(
        "customers.plant_clocks", key, {"subscription_id": row.subscription_id}, customer_id=row.customer_id
    )
