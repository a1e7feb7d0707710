"""What follows from a webhook once its operation and its subscription were read back from Microsoft.

A webhook is a hint to look, never an order. What is done comes from Microsoft's present state (`mirror.follow`); the
operation adds one thing only: whether an answer is awaited, and which. So a repeated, late or reordered notice does
nothing twice, and a forged one does nothing.

Source: Microsoft Learn, "Implementing a webhook on the SaaS service" (Get Operation before acting; plan and seat
changes and Reinstate are answered; Reinstate cannot be refused; a revert notice is accepted).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fairkeeper.customers.finding_kinds import ACTION_UNKNOWN, NOTICE_DISAGREES, STATUS_UNKNOWN
from fairkeeper.customers.following.changes import Change, ChangeKind, ChangeRule, Verdict, decide_change
from fairkeeper.customers.following.mirror import Following, Mirror, Use, follow
from fairkeeper.customers.marketplace.operation import Action, OperationSnapshot, WebhookNotice
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.path.clocks import CLOCKS, ClockName
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.path.standing import Reason, Standing
from fairkeeper.values.findings import Finding
from fairkeeper.values.ids import OperationId, SubscriptionId


class OperationAnswer(StrEnum):
    """What Microsoft is told about an operation, in Microsoft's spelling."""

    SUCCESS = "Success"
    FAILURE = "Failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What Microsoft returned for the ids of a notice.

    Args:
        operation: None if Microsoft knows no such operation.
        subscription: None if Microsoft knows no such subscription.
    """

    operation: OperationSnapshot | None
    subscription: SubscriptionSnapshot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known here when a notice is worked on.

    Args:
        mirror: None if the subscription is not known here.
        standing: None if the subscription is not known here.
        rule: The publisher's rule for plan and seat changes.
        received_at: When the notice arrived; the ten seconds run from here.
        is_own_operation: We began this operation ourselves (by our own record; a notice's word is not enough).
        was_answered: This operation has been answered from here before.
    """

    mirror: Mirror | None
    standing: Standing | None
    rule: ChangeRule
    received_at: datetime
    is_own_operation: bool = False
    was_answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateMirror:
    """Record Microsoft's present statement, and do to the customer's use what follows from it."""

    following: Following


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDeal:
    """Ask for the plan's `sourceOffers`, to find the private offer behind a subscription that is new here."""

    subscription_id: SubscriptionId
    plan_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteToConsent:
    """Nobody came to the landing page: the consent link has to be sent."""

    subscription_id: SubscriptionId


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOperation:
    """Tell Microsoft Success or Failure, then read the subscription again.

    Args:
        answer_by_at: After this instant Microsoft has taken silence for yes; None if it waits without limit.
    """

    subscription_id: SubscriptionId
    operation_id: OperationId
    answer: OperationAnswer
    reason: Reason
    answer_by_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Keep the notice for a person; it is not acted on."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Nothing has to be done, and why."""

    reason: Reason


Effect = UpdateMirror | FindDeal | InviteToConsent | AnswerOperation | Hold | Nothing


def work_out(notice: WebhookNotice, situation: Situation, read_back: ReadBack) -> tuple[Effect, ...]:
    """Say what follows from a notice, in order; never empty.

    Applying the effects and asking again gives `Nothing`, whatever came in between; a hold stays until a person has
    looked or Microsoft answers otherwise.
    """
    claimed = notice.operation
    disagreement = _disagreement(claimed, read_back)
    if disagreement is not None:
        return (Hold(finding=disagreement),)
    effects: list[Effect] = []
    if read_back.subscription is not None:
        effects += _follow(situation.mirror, read_back.subscription)
    if read_back.operation is not None and read_back.operation.awaits_answer:
        effects += _answer(situation, read_back.operation, read_back.subscription)
    held = _unjudged(claimed, situation, read_back)
    if held is not None:
        effects.append(Hold(finding=held))
    return tuple(effects) or (_nothing(claimed.action_text or "The notice"),)


def follow_present_state(mirror: Mirror | None, subscription: SubscriptionSnapshot) -> tuple[Effect, ...]:
    """Say what follows from a subscription read without any notice: reconciliation, activation, a second reading."""
    return tuple(_follow(mirror, subscription)) or (_nothing("Reading the subscription"),)


def _follow(mirror: Mirror | None, subscription: SubscriptionSnapshot) -> list[Effect]:
    following = follow(mirror, subscription)
    if following.is_nothing:
        return []
    effects: list[Effect] = [UpdateMirror(following=following)]
    if following.is_new and subscription.status is not CommercialStatus.UNSUBSCRIBED:
        effects.append(FindDeal(subscription_id=subscription.id, plan_id=subscription.plan_id))
    if Use.START in following.uses and not (mirror is not None and mirror.was_visited):
        effects.append(InviteToConsent(subscription_id=subscription.id))
    return effects


def _disagreement(claimed: OperationSnapshot, read_back: ReadBack) -> Finding | None:
    """Return a finding if what Microsoft returned is not what the notice spoke of."""
    operation, subscription = read_back.operation, read_back.subscription
    known = {item for item in (operation and operation.subscription_id, subscription and subscription.id) if item}
    if claimed.subscription_id is not None:
        known.add(claimed.subscription_id)
    if len(known) > 1:
        return NOTICE_DISAGREES.found(
            f"The notice and Microsoft's answers name {len(known)} different subscriptions.", subject=claimed.id
        )
    if operation is not None and operation.id != claimed.id:
        return NOTICE_DISAGREES.found(
            f"Microsoft returned the operation {operation.id} for {claimed.id}.", subject=claimed.id
        )
    return None


def _unjudged(claimed: OperationSnapshot, situation: Situation, read_back: ReadBack) -> Finding | None:
    """Return a finding about what nobody here can judge, beside whatever the present state already asked for."""
    operation = read_back.operation
    stated = claimed if operation is None else operation
    if claimed.action is None or stated.action is None:
        text = claimed.action_text if claimed.action is None else stated.action_text
        return ACTION_UNKNOWN.found(f"A webhook names the action {text[:60]!r}.", subject=claimed.id)
    if operation is None and claimed.awaits_answer:
        return NOTICE_DISAGREES.found(
            f"The notice asks for an answer to a {claimed.action} that Microsoft does not know.", subject=claimed.id
        )
    if stated.status is None:
        text = stated.status_text
        return STATUS_UNKNOWN.found(f"The operation's status is {text[:60]!r}; it is not answered.", subject=claimed.id)
    if read_back.subscription is None and situation.mirror is not None:
        return NOTICE_DISAGREES.found(
            "Microsoft does not know the subscription any more that is known here; nothing is deleted for that.",
            subject=situation.mirror.subscription_id,
        )
    return None


def _answer(
    situation: Situation, operation: OperationSnapshot, subscription: SubscriptionSnapshot | None
) -> list[Effect]:
    subscription_id = operation.subscription_id or (subscription.id if subscription is not None else None)
    if situation.was_answered or subscription_id is None:
        return []
    answer, reason = _judge(situation, operation, subscription)
    window = CLOCKS[ClockName.CHANGE_ANSWER].length
    is_change = operation.action is not Action.REINSTATE
    return [
        AnswerOperation(
            subscription_id=subscription_id,
            operation_id=operation.id,
            answer=answer,
            reason=reason,
            answer_by_at=situation.received_at + window if is_change and window is not None else None,
        )
    ]


def _judge(
    situation: Situation, operation: OperationSnapshot, subscription: SubscriptionSnapshot | None
) -> tuple[OperationAnswer, Reason]:
    if operation.action is Action.REINSTATE:
        return OperationAnswer.SUCCESS, _fine("reinstate_accepted", "A reinstatement cannot be refused.")
    if situation.is_own_operation:
        return OperationAnswer.SUCCESS, _fine("change_is_ours", "The publisher asked for this change.")
    if situation.standing is None:
        # Silence would be taken for yes, and a refusal to a customer nobody here knows could not be explained.
        return OperationAnswer.SUCCESS, _fine("change_of_new_subscription", "The subscription was not known here yet.")
    decision = decide_change(situation.rule, situation.standing, _change(operation, subscription))
    answer = OperationAnswer.SUCCESS if decision.verdict is Verdict.ACCEPT else OperationAnswer.FAILURE
    return answer, decision.reason


def _change(operation: OperationSnapshot, subscription: SubscriptionSnapshot | None) -> Change:
    return Change(
        kind=ChangeKind.SEATS if operation.action is Action.CHANGE_QUANTITY else ChangeKind.PLAN,
        from_plan_id=subscription.plan_id if subscription is not None else None,
        to_plan_id=operation.plan_id,
        from_quantity=subscription.quantity if subscription is not None else None,
        to_quantity=operation.quantity,
    )


def _fine(code: str, sentence: str) -> Reason:
    return Reason(code=f"customers.{code}", sentence=sentence, remedy="Nothing has to be done.")


def _nothing(what: str) -> Nothing:
    return Nothing(reason=_fine("already_applied", f"{what} changes nothing: Microsoft's state is known here."))
