"""Works on a notice once its operation and subscription were read back from Microsoft."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.customers.actions.effects import Applied, Occasion, apply_effects, known_there, reading_entry
from fairkeeper.customers.actions.marketplace.change_subscription import ASK_MICROSOFT
from fairkeeper.customers.actions.marketplace.receive_webhook import NoticeState, plant_work, read_body
from fairkeeper.customers.actions.reminders import find_reminder
from fairkeeper.customers.actions.set_change_rule import load_change_rule
from fairkeeper.customers.errors import NoticeNotFoundError, NoticeNotHeldError
from fairkeeper.customers.evidence_kinds import NOTICE_REOPENED, NOTICE_SETTLED, SUBSCRIPTION_KINDS
from fairkeeper.customers.finding_kinds import ACTION_UNKNOWN, NOTICE_DISAGREES, STATUS_UNKNOWN
from fairkeeper.customers.following.webhooks import ReadBack, Situation, work_out
from fairkeeper.customers.marketplace.operation import (
    Action,
    OperationSnapshot,
    OperationStatus,
    WebhookNotice,
    read_operation,
)
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, read_subscription
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.ports import ConsentStanding
from fairkeeper.customers.store import mirror_of_row, refuse_overtaken, standing_of_row
from fairkeeper.customers.tables import NoticeRow, OperationRow, SubscriptionRow
from fairkeeper.database.tasks import TaskRow, TaskState

LARGEST_JSON = 8_000_000
"""Characters of an answer of Microsoft's; the connector reads no larger ones."""
_HOLDS = (ACTION_UNKNOWN.code, NOTICE_DISAGREES.code, STATUS_UNKNOWN.code)
_FINAL = {OperationStatus.SUCCEEDED, OperationStatus.FAILED, OperationStatus.CONFLICT}


class FollowNotice(OperationInput):
    """A notice and what Microsoft returned for its ids."""

    notice_id: int = Field(description="The kept notice.")
    operation: str | None = Field(
        max_length=LARGEST_JSON, description="Microsoft's operation, JSON; none: unknown there."
    )
    subscription: str | None = Field(
        max_length=LARGEST_JSON, description="Microsoft's subscription, JSON; none: unknown there."
    )
    asked_after: int | None = Field(
        None,
        description="How many statements were written when Microsoft was asked; left out, its age does not matter.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFollowed:
    """What became of a notice."""

    state: str
    outcome: str


@internal_command("customers.follow_notice", evidence=(*SUBSCRIPTION_KINDS, NOTICE_SETTLED))
def follow_notice(context: CommandContext, request: FollowNotice) -> Outcome[NoticeFollowed]:
    """Do what follows from a notice, by what Microsoft states now; again changes nothing.

    What nobody here can judge is held and put before a person; the notice is never dropped. Raises
    `customers.notice_not_found` for one whose contents were erased, `customers.reading_overtaken` where what Microsoft
    stated is older than what is known.
    """
    notice = read_body(_body_of(context.session, request.notice_id))
    read_back = ReadBack(operation=_operation(request.operation), subscription=snapshot_of(request.subscription))
    row, kept = _lock(context.session, request.notice_id, notice, read_back)
    refuse_overtaken(row, request.asked_after)
    situation = _situation(context, row, kept, notice, read_back)
    occasion = Occasion(
        source="webhook",
        operation_id=notice.operation.id,
        action_text=notice.operation.action_text,
        received_at=kept.received_at,
        entry_id=kept.entry_id,
    )
    applied = apply_effects(context, row, work_out(notice, situation, read_back), occasion)
    if read_back.subscription is not None:
        known_there(context, applied.row)
    _note_end(context, read_back.operation)
    state = NoticeState.HELD if applied.held else NoticeState.DONE
    is_told_before = kept.state == state and applied.following is None and not applied.has_answer
    if not is_told_before:
        _settle(context, kept, applied, state)
    _forget_if_over(kept, applied.row)
    result = NoticeFollowed(state=kept.state, outcome=kept.outcome or "")
    if is_told_before:
        return Outcome(result=result, entry=None)
    return Outcome(result=result, entry=reading_entry(applied) or _settled(kept, notice.operation))


class RetryNotice(OperationInput):
    """Which notice."""

    notice_id: int = Field(ge=1, description="The notice's number.")


@command(
    "customers.retry_notice",
    groups=("customers.change",),
    evidence=(NOTICE_REOPENED,),
    http="POST /webhooks/{notice_id}/retry",
    cli="customers retry-webhook NOTICE_ID",
)
def retry_notice(context: CommandContext, request: RetryNotice) -> Outcome[NoticeFollowed]:
    """Work on a held webhook again: after an update of Fairkeeper, or once Microsoft answers otherwise.

    Raises `customers.notice_not_found`, and `customers.notice_not_held` for one that is open or done.
    """
    row = context.session.get(NoticeRow, request.notice_id, with_for_update=True)
    if row is None or row.body is None:
        raise NoticeNotFoundError.of(request.notice_id)
    if row.state != NoticeState.HELD:
        msg = f"The webhook {row.id} is {row.state}, not held."
        raise NoticeNotHeldError(msg)
    row.state, row.settled_at = NoticeState.OPEN.value, None
    plant_work(context, row, again=True)
    entry = EvidenceDraft(
        kind=NOTICE_REOPENED.name,
        subject_type="operation",
        subject_id=row.operation_id,
        customer_id=row.customer_id,
        payload={"operation_id": row.operation_id, "action": row.action_text or "nothing"},
        cause=row.entry_id,
    )
    return Outcome(result=NoticeFollowed(state=row.state, outcome=row.outcome or ""), entry=entry)


def _body_of(session: Session, notice_id: int) -> bytes:
    row = session.get(NoticeRow, notice_id)
    if row is None or row.body is None:
        raise NoticeNotFoundError.of(notice_id)
    return row.body


def _lock(
    session: Session, notice_id: int, notice: WebhookNotice, read_back: ReadBack
) -> tuple[SubscriptionRow | None, NoticeRow]:
    """Lock the subscription, then the notice: the order in which whoever erases takes them, too."""
    subscription_id = notice.operation.subscription_id or (read_back.subscription and read_back.subscription.id)
    row = None if subscription_id is None else session.get(SubscriptionRow, subscription_id, with_for_update=True)
    kept = session.get(NoticeRow, notice_id, with_for_update=True, populate_existing=True)
    if kept is None or kept.body is None:
        raise NoticeNotFoundError.of(notice_id)
    return row, kept


def _situation(
    context: CommandContext,
    row: SubscriptionRow | None,
    kept: NoticeRow,
    notice: WebhookNotice,
    read_back: ReadBack,
) -> Situation:
    session = context.session
    known = session.get(OperationRow, notice.operation.id)
    standing = None
    if row is not None:
        marks = context.ports.of(ConsentStanding).standings_of(session, [row.subscription_id])
        standing = standing_of_row(row, marks[row.subscription_id])
    is_ours = known is not None and known.is_ours
    if known is None and row is not None and _is_our_wish(session, row, read_back.operation):
        # Microsoft's notice was quicker than the record of its answer to us.
        session.add(
            OperationRow(
                operation_id=notice.operation.id,
                subscription_id=row.subscription_id,
                customer_id=row.customer_id,
                action_text=notice.operation.action_text[:200],
                is_ours=True,
                asked_at=context.now,
            )
        )
        session.flush()
        is_ours = True
    return Situation(
        mirror=None if row is None else mirror_of_row(row),
        standing=standing,
        rule=load_change_rule(session),
        received_at=kept.received_at,
        is_own_operation=is_ours,
        was_answered=known is not None and known.answer is not None,
    )


def _is_our_wish(session: Session, row: SubscriptionRow, operation: OperationSnapshot | None) -> bool:
    """Say whether we are asking Microsoft for exactly this change right now, by our own record alone."""
    if operation is None or operation.action not in {Action.CHANGE_PLAN, Action.CHANGE_QUANTITY}:
        return False
    is_plan = operation.action is Action.CHANGE_PLAN
    wish = {"plan_id": operation.plan_id} if is_plan else {"quantity": operation.quantity}
    open_wishes = session.scalars(
        select(TaskRow.payload).where(
            TaskRow.name == ASK_MICROSOFT,
            TaskRow.state == TaskState.OPEN,
            TaskRow.customer_id == row.customer_id,
        )
    )
    return any(
        payload.get("subscription_id") == row.subscription_id and wish.items() <= payload.items()
        for payload in open_wishes
    )


def _note_end(context: CommandContext, operation: OperationSnapshot | None) -> None:
    """Keep how an operation ended that we began; one that a customer began is told by our answer to it."""
    if operation is None or operation.status not in _FINAL:
        return
    row = context.session.get(OperationRow, operation.id)
    if row is not None and row.outcome is None and row.answer is None:
        row.outcome = operation.status.value


def _settle(context: CommandContext, kept: NoticeRow, applied: Applied, state: NoticeState) -> None:
    kept.state, kept.settled_at = state.value, context.now
    kept.outcome = "; ".join(applied.notes)[:2000]
    if applied.row is not None:
        kept.customer_id, kept.subscription_id = applied.row.customer_id, applied.row.subscription_id
    if state is NoticeState.DONE:
        _close_holds(context, kept)


def _close_holds(context: CommandContext, kept: NoticeRow) -> None:
    """Close what was said while the notice was held."""
    for code in _HOLDS:
        for subject in {kept.subscription_id or "-", kept.operation_id}:
            reminder = find_reminder(context, code, subject, kept.operation_id)
            if reminder is not None and reminder.closed_at is None:
                reminder.closed_at, reminder.closed_why = context.now, "The notice could be worked on."


def _forget_if_over(kept: NoticeRow, row: SubscriptionRow | None) -> None:
    """Keep no body that names people of a subscription that no retention runs for: nobody would take it away.

    Such are what is erased, and what had ended before it was seen here.
    """
    if row is None or kept.state != NoticeState.DONE:
        return
    never_seen = row.provisioning == ProvisioningState.NONE and row.status == CommercialStatus.UNSUBSCRIBED
    if row.provisioning == ProvisioningState.ERASED or never_seen:
        kept.body = None


def _settled(row: NoticeRow, operation: OperationSnapshot) -> EvidenceDraft:
    return EvidenceDraft(
        kind=NOTICE_SETTLED.name,
        subject_type="operation",
        subject_id=operation.id,
        customer_id=row.customer_id,
        payload={
            "operation_id": operation.id,
            "subscription_id": row.subscription_id,
            "action": row.action_text or "nothing",
            "state": row.state,
            "outcome": row.outcome,
        },
        cause=row.entry_id,
    )


def snapshot_of(text: str | None) -> SubscriptionSnapshot | None:
    """Read Microsoft's subscription from its JSON; None where there is none or it names no id."""
    raw = _object(text)
    return None if raw is None else read_subscription(raw).value


def _operation(text: str | None) -> OperationSnapshot | None:
    raw = _object(text)
    return None if raw is None else read_operation(raw).value


def _object(text: str | None) -> dict[str, Any] | None:
    raw = None if text is None else json.loads(text)
    return raw if isinstance(raw, dict) else None


OPERATIONS: tuple[Operation, ...] = (follow_notice, retry_notice)
