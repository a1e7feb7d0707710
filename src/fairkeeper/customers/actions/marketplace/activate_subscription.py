"""Asks Microsoft to activate a purchase: the wish here, the call in the background."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.actions.custody.noting import refuse_observed
from fairkeeper.customers.evidence_kinds import ACTIVATION_ASKED
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.errors import ConflictError
from fairkeeper.values.ids import SubscriptionId, new_id

ACTIVATE = "customers.activate_at_microsoft"


class NotActivatableError(ConflictError):
    """The subscription does not wait for activation."""

    code = "customers.not_activatable"
    remedy = "Read its present status; an active one needs no activation, an ended one has to be bought again."


class ActivateSubscription(OperationInput):
    """Which subscription."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationAsked:
    """Activation was asked for, or was done already.

    Attributes:
        is_active: Whether Microsoft's status is Subscribed already.
    """

    subscription_id: str
    is_active: bool


@command(
    "customers.activate_subscription",
    groups=("customers.activate",),
    evidence=(ACTIVATION_ASKED,),
    http="POST /subscriptions/{subscription_id}/activate",
    cli="customers activate SUBSCRIPTION_ID",
)
def activate_subscription(context: CommandContext, request: ActivateSubscription) -> Outcome[ActivationAsked]:
    """Activate a purchase at Microsoft; billing begins when Microsoft has taken it up.

    Active or asked for already (auto-activation, another person, a second click) is fine and changes nothing. Raises
    `customers.not_activatable` for a subscription that is suspended, has ended, or is held.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    refuse_observed(row)
    if row.status == CommercialStatus.SUBSCRIBED:
        return Outcome(result=ActivationAsked(subscription_id=row.subscription_id, is_active=True), entry=None)
    if row.status != CommercialStatus.PENDING_FULFILLMENT_START:
        msg = f"The subscription is {row.status_text or 'held'} and does not wait for activation."
        raise NotActivatableError(msg)
    result = ActivationAsked(subscription_id=row.subscription_id, is_active=False)
    if _is_under_way(context, row):
        return Outcome(result=result, entry=None)
    context.enqueue(
        ACTIVATE,
        new_id("tsk"),
        {"subscription_id": row.subscription_id, "plan_id": row.plan_id, "quantity": row.quantity},
        customer_id=row.customer_id,
    )
    entry = EvidenceDraft(
        kind=ACTIVATION_ASKED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"plan": row.plan_id, "seats": row.quantity},
    )
    return Outcome(result=result, entry=entry)


def _is_under_way(context: CommandContext, row: SubscriptionRow) -> bool:
    """Say whether Microsoft is being asked already; the subscription is locked, so nobody else asks meanwhile."""
    payloads = context.session.scalars(
        select(TaskRow.payload).where(
            TaskRow.name == ACTIVATE, TaskRow.state == TaskState.OPEN, TaskRow.customer_id == row.customer_id
        )
    )
    return any(payload.get("subscription_id") == row.subscription_id for payload in payloads)
