"""What Microsoft said to our answers, and to what we asked for ourselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.customers.actions.reminders import raise_reminder
from fairkeeper.customers.evidence_kinds import CHANGE_BEGUN, DEAL_FOUND, OPERATION_ANSWERED, WISH_REFUSED
from fairkeeper.customers.finding_kinds import WISH_REFUSED as WISH_REFUSED_FINDING
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import OperationRow, SubscriptionRow
from fairkeeper.errors import NotFoundError
from fairkeeper.values.ids import OperationId, SubscriptionId, new_id

LOOKS_AFTER_SECONDS = (0, 5, 60)
"""When a subscription is read again after something was asked or answered."""


class RecordAnswer(OperationInput):
    """What became of our answer to an operation."""

    operation_id: OperationId = Field(description="The operation.")
    outcome: str = Field(max_length=2000, description="What Microsoft said to the answer, in words.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """It is recorded."""

    subscription_id: str


@internal_command("customers.record_answer", evidence=(OPERATION_ANSWERED,))
def record_answer(context: CommandContext, request: RecordAnswer) -> Outcome[Recorded]:
    """Record that Microsoft has our answer to an operation, and plant a second look at the subscription."""
    row = context.session.get(OperationRow, request.operation_id, with_for_update=True)
    if row is None:
        msg = f"There is no operation {request.operation_id!r} here."
        raise NotFoundError(msg, code="customers.operation_not_found")
    result = Recorded(subscription_id=row.subscription_id)
    if row.answered_at is not None:
        return Outcome(result=result, entry=None)
    row.answered_at, row.outcome = context.now, request.outcome
    look_again(context, row)
    entry = EvidenceDraft(
        kind=OPERATION_ANSWERED.name,
        subject_type="operation",
        subject_id=row.operation_id,
        customer_id=row.customer_id,
        payload={
            "operation_id": row.operation_id,
            "subscription_id": row.subscription_id,
            "action": row.action_text or "an operation",
            "answer": row.answer or "nothing",
            "reason": row.answer_reason,
            "outcome": request.outcome,
        },
    )
    return Outcome(result=result, entry=entry)


class RecordChangeBegun(OperationInput):
    """An operation that Microsoft began for us."""

    subscription_id: SubscriptionId = Field(description="The subscription.")
    what: str = Field(max_length=200, description="What was asked for, in words.")
    operation_id: OperationId | None = Field(None, description="Microsoft's operation, if it named one.")


@internal_command("customers.record_change_begun", evidence=(CHANGE_BEGUN,))
def record_change_begun(context: CommandContext, request: RecordChangeBegun) -> Outcome[Recorded]:
    """Record that Microsoft took up what we asked for; its end comes by webhook or by looking again."""
    row = load_subscription(context.session, request.subscription_id)
    if request.operation_id is not None:
        known = context.session.get(OperationRow, request.operation_id, with_for_update=True)
        if known is None:
            context.session.add(
                OperationRow(
                    operation_id=request.operation_id,
                    subscription_id=row.subscription_id,
                    customer_id=row.customer_id,
                    action_text=request.what[:200],
                    is_ours=True,
                    asked_at=context.now,
                )
            )
        else:
            known.is_ours = True
    look_again(context, row)
    entry = EvidenceDraft(
        kind=CHANGE_BEGUN.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"what": request.what, "operation_id": request.operation_id},
    )
    return Outcome(result=Recorded(subscription_id=row.subscription_id), entry=entry)


class RecordWishRefused(OperationInput):
    """Something we asked Microsoft for and did not get."""

    subscription_id: SubscriptionId = Field(description="The subscription.")
    what: str = Field(max_length=200, description="What was asked for, in words.")
    message: str = Field(max_length=2000, description="What Microsoft said.")


@internal_command("customers.record_wish_refused", evidence=(WISH_REFUSED,))
def record_wish_refused(context: CommandContext, request: RecordWishRefused) -> Outcome[Recorded]:
    """Record that Microsoft refused what we asked for, and put it before a person; the subscription is as it was."""
    row = load_subscription(context.session, request.subscription_id)
    message = f"Microsoft refused {request.what}: {request.message}"
    raise_reminder(context, WISH_REFUSED_FINDING.found(message), row)
    entry = EvidenceDraft(
        kind=WISH_REFUSED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"what": request.what, "message": request.message},
    )
    return Outcome(result=Recorded(subscription_id=row.subscription_id), entry=entry)


class RecordDeal(OperationInput):
    """The private offers behind a purchase."""

    subscription_id: SubscriptionId = Field(description="The subscription.")
    private_offer_ids: tuple[str, ...] = Field(max_length=50, description="Microsoft's ids of the private offers.")


@internal_command("customers.record_deal", evidence=(DEAL_FOUND,))
def record_deal(context: CommandContext, request: RecordDeal) -> Outcome[Recorded]:
    """Record which private offers a subscription came from; none records nothing."""
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    result = Recorded(subscription_id=row.subscription_id)
    offers = list(request.private_offer_ids)
    if not offers or row.private_offer_ids == offers:
        return Outcome(result=result, entry=None)
    row.private_offer_ids = offers
    entry = EvidenceDraft(
        kind=DEAL_FOUND.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"offers": list(request.private_offer_ids)},
    )
    return Outcome(result=result, entry=entry)


def look_again(context: CommandContext, row: SubscriptionRow | OperationRow) -> None:
    """Plant second looks: at once and, because Microsoft shows a change with a delay, a little later again."""
    for wait_seconds in LOOKS_AFTER_SECONDS:
        context.enqueue(
            "customers.read_subscription",
            new_id("tsk"),
            {"subscription_id": row.subscription_id, "source": "second look"},
            due_at=context.now + timedelta(seconds=wait_seconds),
            customer_id=row.customer_id,
        )
