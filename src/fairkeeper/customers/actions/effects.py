"""Applies what the rules say: writes the mirror, moves the machines, plants the work that follows.

Shared by every action that follows a statement of Microsoft's. Nothing here calls anybody: a wish to Microsoft or to
the publisher's systems becomes a row and a task in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fairkeeper.action.operation import Canonical, CommandContext, EvidenceDraft
from fairkeeper.action.outside import OutsideWrites
from fairkeeper.customers.actions.custody.noting import (
    begin_observed,
    follow_observed,
    is_observed,
    note_would_have,
)
from fairkeeper.customers.actions.marketplace.tell_consent import tell_consent
from fairkeeper.customers.actions.reminders import Raising, close_reminders, plant_clocks, raise_reminder
from fairkeeper.customers.actions.wishes import ask, drain, start_provisioning
from fairkeeper.customers.evidence_kinds import kind_of
from fairkeeper.customers.finding_kinds import BENEFICIARY_UNKNOWN, MISSING_THERE, STATUS_UNKNOWN
from fairkeeper.customers.following.mirror import Field, Following, Mirror, Use
from fairkeeper.customers.following.webhooks import (
    AnswerOperation,
    Effect,
    FindDeal,
    Hold,
    InviteToConsent,
    UpdateMirror,
)
from fairkeeper.customers.path.lifecycle import ProvisioningState
from fairkeeper.customers.path.receipts import StopCause
from fairkeeper.customers.ports import ProvisioningWish
from fairkeeper.customers.store import (
    adopt_account,
    ensure_customer,
    mirror_of_row,
    new_subscription_row,
    write_reading,
)
from fairkeeper.customers.tables import OperationRow, SubscriptionRow
from fairkeeper.values.findings import Finding
from fairkeeper.values.ids import EntryId, OperationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What made somebody look at a subscription.

    Attributes:
        source: In a word, for the record.
        operation_id: The operation that a notice spoke of; None for a reading without any notice.
        action_text: What that operation does, in Microsoft's word.
        received_at: When the notice came.
        entry_id: The evidence of its arrival.
    """

    source: str
    operation_id: OperationId | None = None
    action_text: str = ""
    received_at: datetime | None = None
    entry_id: EntryId | None = None


@dataclass(slots=True, kw_only=True)
class Applied:
    """What became of the effects.

    Attributes:
        row: The subscription, if there is one.
        mirror: What was known before.
        following: What Microsoft's statement changed, if anything.
        has_answer: Whether an answer to Microsoft was decided.
        notes: In words, what was done, for the notice's outcome.
        held: What nobody here can judge.
    """

    occasion: Occasion
    row: SubscriptionRow | None
    mirror: Mirror | None
    following: Following | None = None
    has_answer: bool = False
    notes: list[str] = field(default_factory=list)
    held: list[Finding] = field(default_factory=list)


def apply_effects(
    context: CommandContext, row: SubscriptionRow | None, effects: Iterable[Effect], occasion: Occasion
) -> Applied:
    """Apply effects in their order, in the command's transaction."""
    applied = Applied(occasion=occasion, row=row, mirror=None if row is None else mirror_of_row(row))
    for effect in effects:
        if isinstance(effect, UpdateMirror):
            _update_mirror(context, applied, effect.following)
        elif isinstance(effect, AnswerOperation):
            _plan_answer(context, applied, effect)
        elif isinstance(effect, FindDeal):
            _find_deal(context, applied)
        elif isinstance(effect, Hold):
            applied.held.append(effect.finding)
            applied.notes.append(effect.finding.message)
            raise_reminder(context, effect.finding, applied.row, Raising(key=occasion.operation_id or ""))
        elif isinstance(effect, InviteToConsent):
            applied.notes.append("nobody has been on the landing page; consent has to be asked for by link")
        else:
            applied.notes.append(effect.reason.sentence)
    if applied.row is not None and (applied.following is not None or applied.has_answer):
        plant_clocks(context, applied.row)
    if applied.row is not None and applied.following is not None and _concerns_trust(applied.following, applied.mirror):
        tell_consent(context, applied.row)
    return applied


def _concerns_trust(following: Following, mirror: Mirror | None) -> bool:
    """Say whether what was bought, or whether it holds, has changed."""
    changed = {difference.field for difference in following.differences}
    return mirror is None or bool(changed & {Field.STATUS, Field.PLAN})


def known_there(context: CommandContext, row: SubscriptionRow | None) -> None:
    """Close what was said about a subscription that Microsoft did not list: it has just been read there."""
    if row is not None:
        close_reminders(context, row.subscription_id, {MISSING_THERE.code}, why="Microsoft knows it again.")


def reading_entry(applied: Applied) -> EvidenceDraft | None:
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
        "source": applied.occasion.source,
        "operation_id": applied.occasion.operation_id,
    }
    draft = EvidenceDraft(
        kind=kind_of(applied.mirror, following).name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload=payload,
        cause=applied.occasion.entry_id,
    )
    if Use.DRAIN in following.uses:
        row.stop_entry_id = draft.entry_id
    return draft


def _update_mirror(context: CommandContext, applied: Applied, following: Following) -> None:
    applied.following = following
    if applied.row is None:
        customer = ensure_customer(context.session, following.snapshot, now=context.now)
        applied.row = new_subscription_row(following.snapshot, customer.customer_id, now=context.now)
        if context.ports.of(OutsideWrites).is_observing:
            begin_observed(applied.row, now=context.now)
        context.session.add(applied.row)
        context.session.flush()
    else:
        write_reading(applied.row, following.snapshot, now=context.now)
    _look_at_account(context, applied.row, following)
    _look_at_status(context, applied.row, following)
    if is_observed(applied.row):
        _observe(context, applied, following)
        return
    for use in following.uses:
        _use(context, applied.row, use)
        applied.notes.append(f"use: {use.value}")
    applied.notes.extend(f"{item.field.value} is {item.there or 'none'}" for item in following.differences)
    for finding in following.findings:
        raise_reminder(context, finding, applied.row)


def _observe(context: CommandContext, applied: Applied, following: Following) -> None:
    """Keep the books of a subscription that another system runs, and note what would have been done for it.

    What was there when it was first listed is the baseline: nothing would have been done about that.
    """
    row = applied.row
    assert row is not None  # noqa: S101 - it was read or made a moment ago
    is_baseline = following.is_new and applied.occasion.operation_id is None
    for use in () if is_baseline else following.uses:
        key = f"use:{use.value}:{applied.occasion.operation_id or row.status}"
        note_would_have(context.session, row, _WOULD_HAVE[use], key=key, now=context.now)
        applied.notes.append(f"observed: would have {_WOULD_HAVE[use]}")
    follow_observed(row, now=context.now)
    applied.notes.extend(f"{item.field.value} is {item.there or 'none'}" for item in following.differences)


_WOULD_HAVE = {
    Use.START: "asked your systems to set it up",
    Use.CHANGE: "told your systems of the new plan or seats",
    Use.STOP: "asked your systems to suspend use",
    Use.RESUME: "asked your systems to resume use",
    Use.DRAIN: "stopped use, and kept the data until the retention ends",
}


def _look_at_account(context: CommandContext, row: SubscriptionRow, following: Following) -> None:
    """Say so while nobody knows whose a subscription is."""
    if adopt_account(context.session, row, following.snapshot):
        close_reminders(context, row.subscription_id, {BENEFICIARY_UNKNOWN.code}, why="Microsoft states it now.")
    else:
        message = "Microsoft names neither beneficiary nor purchaser in a way that tells whose it is."
        raise_reminder(context, BENEFICIARY_UNKNOWN.found(message), row, Raising(comes_back=False))


def _look_at_status(context: CommandContext, row: SubscriptionRow, following: Following) -> None:
    """Say so while Microsoft's status is one that nobody here knows."""
    if following.snapshot.status is not None:
        close_reminders(context, row.subscription_id, {STATUS_UNKNOWN.code}, why=f"It is {row.status_text} now.")
    else:
        message = f"Microsoft reports the status {row.status_text[:60]!r}; use is held."
        raise_reminder(context, STATUS_UNKNOWN.found(message), row, Raising(comes_back=False))


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


def _find_deal(context: CommandContext, applied: Applied) -> None:
    row = applied.row
    if row is not None:
        context.enqueue(
            "customers.find_deal",
            row.subscription_id,
            {"subscription_id": row.subscription_id},
            customer_id=row.customer_id,
        )


def _plan_answer(context: CommandContext, applied: Applied, effect: AnswerOperation) -> None:
    occasion = applied.occasion
    if applied.row is not None and is_observed(applied.row):
        what = f"answered {effect.answer.value} to {occasion.action_text or 'an operation'}: {effect.reason.sentence}"
        note_would_have(context.session, applied.row, what, key=f"answer:{effect.operation_id}", now=context.now)
        applied.notes.append(f"observed: would have {what}")
        return
    row = context.session.get(OperationRow, effect.operation_id, with_for_update=True, populate_existing=True)
    if row is None:
        if applied.row is None:
            return
        row = OperationRow(
            operation_id=effect.operation_id,
            subscription_id=applied.row.subscription_id,
            customer_id=applied.row.customer_id,
            action_text="",
            is_ours=False,
            asked_at=occasion.received_at or context.now,
        )
        context.session.add(row)
    if row.answer is not None:
        return
    row.action_text = row.action_text or occasion.action_text[:200]
    row.answer, row.answer_reason, row.answer_by_at = effect.answer.value, effect.reason.sentence, effect.answer_by_at
    context.session.flush()
    context.enqueue(
        "customers.answer_operation",
        effect.operation_id,
        {"operation_id": effect.operation_id},
        customer_id=row.customer_id,
    )
    applied.has_answer = True
    applied.notes.append(f"answer: {effect.answer.value}, because {effect.reason.sentence}")
