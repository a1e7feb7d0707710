"""Operations: what is asked of or told to the publisher about one subscription, from beginning to a final status.

Pure. Changes and reinstatements wait for an answer, cancellations by the publisher settle by themselves, all others
only inform. A result is a `Change`: the subscription afterwards, the operations that moved, the notices to send.
Source: Implementing a webhook on the SaaS service; SaaS fulfillment operations APIs v2; read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fairkeeper.sandbox.marketplace import subscriptions as life
from fairkeeper.sandbox.marketplace.clocks import ANSWER_WINDOW
from fairkeeper.sandbox.marketplace.errors import StateError
from fairkeeper.sandbox.marketplace.subscriptions import Event, Subscription, next_status


class Action(StrEnum):
    """`action` of an operation and of a webhook."""

    SUBSCRIBE = "Subscribe"
    CHANGE_PLAN = "ChangePlan"
    CHANGE_QUANTITY = "ChangeQuantity"
    RENEW = "Renew"
    SUSPEND = "Suspend"
    REINSTATE = "Reinstate"
    UNSUBSCRIBE = "Unsubscribe"


class OperationStatus(StrEnum):
    """`status` of an operation."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CONFLICT = "Conflict"


class Source(StrEnum):
    """`operationRequestSource`: who began it."""

    AZURE = "Azure"
    PARTNER = "Partner"


CHANGES = frozenset({Action.CHANGE_PLAN, Action.CHANGE_QUANTITY})
ANSWERABLE = CHANGES | {Action.REINSTATE}
"""Actions whose operation the publisher answers with PATCH; only these are listed as pending."""
EVENT_OF_CHANGE = {Action.CHANGE_PLAN: Event.CHANGE_PLAN, Action.CHANGE_QUANTITY: Event.CHANGE_QUANTITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    Args:
        plan_id: The plan after success.
        quantity: The seats after success.
        billing_unit: Duration of the new plan's term.
        answer_due_at: When silence becomes consent; None until the webhook was delivered.
        settles_at: When Microsoft finishes it without the publisher (a cancellation by the publisher).
    """

    id: str
    subscription_id: str
    action: Action
    source: Source
    plan_id: str
    quantity: int | None
    status: OperationStatus
    started_at: datetime
    billing_unit: str = ""
    answer_due_at: datetime | None = None
    settles_at: datetime | None = None
    settled_at: datetime | None = None
    error_status_code: str = ""
    error_message: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether it still locks the subscription."""
        return self.status is OperationStatus.IN_PROGRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A change of plan or of seats; exactly one of the two.

    Args:
        billing_unit: Duration of the wanted plan's term, where the plan changes.
    """

    plan_id: str | None = None
    quantity: int | None = None
    billing_unit: str | None = None

    @property
    def action(self) -> Action:
        """What a change to this is called."""
        return Action.CHANGE_QUANTITY if self.plan_id is None else Action.CHANGE_PLAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One webhook to send: the operation as it stands and the subscription as the payload shows it."""

    operation: Operation
    subscription: Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one event did."""

    subscription: Subscription
    operations: tuple[Operation, ...] = ()
    notices: tuple[Notice, ...] = ()


def _told(before: Subscription, after: Subscription, operation: Operation, *, shows_old: bool) -> Change:
    shown = before if shows_old else after
    notices = (Notice(operation=operation, subscription=shown),)
    return Change(subscription=after, operations=(operation,), notices=notices)


def inform(
    action: Action, subscription: Subscription, after: Subscription, *, operation_id: str, at: datetime
) -> Change:
    """Record something that has happened and is only told: Subscribe, Renew, Suspend, Unsubscribe.

    The published Suspend sample carries the subscription as it was before, the others as it is after.
    """
    operation = Operation(
        id=operation_id,
        subscription_id=after.id,
        action=action,
        source=Source.AZURE,
        plan_id=after.plan_id,
        quantity=after.quantity,
        status=OperationStatus.SUCCEEDED,
        started_at=at,
        settled_at=at,
    )
    return _told(subscription, after, operation, shows_old=action is Action.SUSPEND)


def begin_change(
    subscription: Subscription, wanted: Wanted, *, source: Source, operation_id: str, at: datetime
) -> Change:
    """Begin a plan or seat change that waits for the publisher's answer; the status stays Subscribed.

    Raises:
        StateError: The subscription is not Subscribed.
    """
    next_status(subscription.status, EVENT_OF_CHANGE[wanted.action])
    operation = Operation(
        id=operation_id,
        subscription_id=subscription.id,
        action=wanted.action,
        source=source,
        plan_id=wanted.plan_id or subscription.plan_id,
        quantity=subscription.quantity if wanted.quantity is None else wanted.quantity,
        billing_unit=wanted.billing_unit or subscription.billing_unit,
        status=OperationStatus.IN_PROGRESS,
        started_at=at,
    )
    return _told(subscription, subscription, operation, shows_old=True)


def begin_reinstatement(subscription: Subscription, *, operation_id: str, at: datetime) -> Change:
    """Begin a reinstatement; the subscription stays Suspended until the publisher says Success.

    Raises:
        StateError: The subscription is not Suspended.
    """
    next_status(subscription.status, Event.REINSTATE)
    operation = Operation(
        id=operation_id,
        subscription_id=subscription.id,
        action=Action.REINSTATE,
        source=Source.AZURE,
        plan_id=subscription.plan_id,
        quantity=subscription.quantity,
        status=OperationStatus.IN_PROGRESS,
        started_at=at,
    )
    return _told(subscription, subscription, operation, shows_old=True)


def begin_cancellation(subscription: Subscription, *, operation_id: str, at: datetime, takes: timedelta) -> Change:
    """Accept the publisher's cancellation, which Microsoft finishes a little later and then tells.

    Raises:
        StateError: The subscription is gone already.
    """
    next_status(subscription.status, Event.UNSUBSCRIBE)
    operation = Operation(
        id=operation_id,
        subscription_id=subscription.id,
        action=Action.UNSUBSCRIBE,
        source=Source.PARTNER,
        plan_id=subscription.plan_id,
        quantity=subscription.quantity,
        status=OperationStatus.IN_PROGRESS,
        started_at=at,
        settles_at=at + takes,
    )
    return Change(subscription=subscription, operations=(operation,))


def start_answer_window(operation: Operation, at: datetime) -> Operation:
    """Let the 10 seconds run from the delivery of the webhook; a reinstatement waits without limit."""
    if operation.action not in CHANGES or not operation.is_pending or operation.answer_due_at is not None:
        return operation
    return replace(operation, answer_due_at=at + ANSWER_WINDOW)


def finish(operation: Operation, subscription: Subscription, at: datetime) -> Change:
    """Carry out a pending operation: the publisher agreed, kept silent, or had no say.

    Raises:
        StateError: It was settled before.
    """
    _require_pending(operation)
    done = replace(operation, status=OperationStatus.SUCCEEDED, settled_at=at)
    if operation.action is Action.UNSUBSCRIBE:
        return _told(subscription, life.unsubscribe(subscription, at), done, shows_old=False)
    if operation.action is Action.CHANGE_PLAN:
        after = life.change_plan(subscription, operation.plan_id, operation.billing_unit, at)
    elif operation.action is Action.CHANGE_QUANTITY and operation.quantity is not None:
        after = life.change_quantity(subscription, operation.quantity, at)
    else:
        after = life.reinstate(subscription, at)
    return Change(subscription=after, operations=(done,))


def fail(operation: Operation, subscription: Subscription, *, at: datetime, reason: str, code: str = "400") -> Change:
    """End a pending operation without effect: refused by the publisher, or never delivered.

    Raises:
        StateError: It was settled before.
    """
    _require_pending(operation)
    failed = replace(
        operation, status=OperationStatus.FAILED, settled_at=at, error_status_code=code, error_message=reason
    )
    return Change(subscription=subscription, operations=(failed,))


def supersede(operation: Operation, at: datetime) -> Operation:
    """End a pending operation because something newer was fulfilled first."""
    _require_pending(operation)
    return replace(
        operation,
        status=OperationStatus.CONFLICT,
        settled_at=at,
        error_status_code="409",
        error_message="A newer update was fulfilled first.",
    )


def revert_notice(failed: Operation, subscription: Subscription, *, operation_id: str, at: datetime) -> Change:
    """Tell the publisher that a failed change was undone: a notice whose new values are the present ones."""
    operation = replace(
        failed,
        id=operation_id,
        source=Source.AZURE,
        plan_id=subscription.plan_id,
        quantity=subscription.quantity,
        status=OperationStatus.SUCCEEDED,
        started_at=at,
        settled_at=at,
        answer_due_at=None,
        error_status_code="",
        error_message="",
    )
    return _told(subscription, subscription, operation, shows_old=False)


def _require_pending(operation: Operation) -> None:
    if not operation.is_pending:
        raise StateError(
            f"Operation {operation.id} was settled as {operation.status} before.",
            code="sandbox.operation_settled",
            remedy="Read the operation and the subscription again.",
            detail={"status": operation.status.value},
        )
