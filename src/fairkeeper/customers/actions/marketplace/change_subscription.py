"""Asks Microsoft for another plan, other seats or the end of a subscription; only on the customer's approval.

Source: Microsoft Learn, "SaaS fulfillment Subscription APIs v2": Change plan, Change quantity, Cancel; a change is
only made with the customer's approval, and its end comes by webhook.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
)
from fairkeeper.customers.actions.custody.noting import refuse_observed
from fairkeeper.customers.evidence_kinds import CHANGE_ASKED
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.errors import ConflictError, InvalidError
from fairkeeper.values.ids import SubscriptionId

ASK_MICROSOFT = "customers.ask_microsoft"
"""The task that asks; while it is open, a notice of exactly its change is our own doing."""


class NotChangeableError(ConflictError):
    """Microsoft changes only what is Subscribed."""

    code = "customers.not_changeable"
    remedy = "Wait until the subscription is active again."


class ChangePlan(OperationInput):
    """Which subscription, and the plan it shall have."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    plan_id: str = Field(min_length=1, max_length=120, description="The plan's id.")


class ChangeSeats(OperationInput):
    """Which subscription, and the seats it shall have."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    quantity: int = Field(ge=1, le=1_000_000, description="Seats afterwards.")


class CancelSubscription(OperationInput):
    """Which subscription shall end."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAsked:
    """Microsoft is being asked; the subscription changes when its webhook says so."""

    subscription_id: str
    what: str


@command(
    "customers.change_plan",
    groups=("customers.change",),
    evidence=(CHANGE_ASKED,),
    http="POST /subscriptions/{subscription_id}/change-plan",
    cli="customers change-plan SUBSCRIPTION_ID PLAN_ID",
)
def change_plan(context: CommandContext, request: ChangePlan) -> Outcome[ChangeAsked]:
    """Ask Microsoft to move a subscription to another plan; only with the customer's approval.

    Raises `customers.not_changeable` unless it is Subscribed, `customers.same_plan` for the plan it has.
    """
    row = _changeable(context, request.subscription_id)
    if row.plan_id == request.plan_id:
        msg = f"The subscription has the plan {request.plan_id!r} already."
        raise InvalidError(msg, code="customers.same_plan", remedy="Name another plan.")
    return _ask(context, row, f"the plan {request.plan_id}", {"plan_id": request.plan_id})


@command(
    "customers.change_seats",
    groups=("customers.change",),
    evidence=(CHANGE_ASKED,),
    http="POST /subscriptions/{subscription_id}/change-seats",
    cli="customers change-seats SUBSCRIPTION_ID QUANTITY",
)
def change_seats(context: CommandContext, request: ChangeSeats) -> Outcome[ChangeAsked]:
    """Ask Microsoft for another number of seats; only with the customer's approval.

    Raises `customers.not_changeable` unless it is Subscribed, `customers.not_per_seat` for a flat rate,
    `customers.same_seats` for the number it has.
    """
    row = _changeable(context, request.subscription_id)
    if row.quantity is None:
        msg = f"The plan {row.plan_id} is a flat rate and has no seats."
        raise InvalidError(msg, code="customers.not_per_seat", remedy="Change the plan instead.")
    if row.quantity == request.quantity:
        msg = f"The subscription has {request.quantity} seats already."
        raise InvalidError(msg, code="customers.same_seats", remedy="Name another number.")
    return _ask(context, row, f"{request.quantity} seats", {"quantity": request.quantity})


@command(
    "customers.cancel_subscription",
    groups=("customers.cancel",),
    evidence=(CHANGE_ASKED,),
    http="POST /subscriptions/{subscription_id}/cancel",
    cli="customers cancel SUBSCRIPTION_ID",
)
def cancel_subscription(context: CommandContext, request: CancelSubscription) -> Outcome[ChangeAsked]:
    """Ask Microsoft to end a subscription for good; use stops when Microsoft says that it has ended.

    Raises `customers.not_changeable` for one that has ended.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    refuse_observed(row)
    if row.status == CommercialStatus.UNSUBSCRIBED:
        msg = "The subscription has ended already."
        raise NotChangeableError(msg, remedy="Nothing is left to do.")
    return _ask(context, row, "the end of the subscription", {}, reason=request.reason)


def _changeable(context: CommandContext, subscription_id: SubscriptionId) -> SubscriptionRow:
    row = load_subscription(context.session, subscription_id, for_change=True)
    refuse_observed(row)
    if row.status != CommercialStatus.SUBSCRIBED:
        msg = f"The subscription is {row.status_text or 'held'}; Microsoft changes only what is Subscribed."
        raise NotChangeableError(msg)
    return row


def _ask(
    context: CommandContext, row: SubscriptionRow, what: str, wish: dict[str, str | int], *, reason: str | None = None
) -> Outcome[ChangeAsked]:
    payload: dict[str, Canonical] = {"what": what, **wish}
    if reason is not None:
        payload["reason"] = reason  # in the evidence alone, where it can be erased
    entry = EvidenceDraft(
        kind=CHANGE_ASKED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload=payload,
    )
    context.enqueue(
        ASK_MICROSOFT,
        entry.entry_id,
        {"subscription_id": row.subscription_id, "what": what, **wish},
        customer_id=row.customer_id,
    )
    return Outcome(result=ChangeAsked(subscription_id=row.subscription_id, what=what), entry=entry)


OPERATIONS: tuple[Operation, ...] = (change_plan, change_seats, cancel_subscription)
