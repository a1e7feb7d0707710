"""Revocation by a person's decision: use stops at once, whatever Microsoft's status is."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.actions.custody.noting import is_observed
from fairkeeper.customers.actions.wishes import drain
from fairkeeper.customers.evidence_kinds import REVOKED
from fairkeeper.customers.path.lifecycle import ProvisioningState
from fairkeeper.customers.path.receipts import StopCause
from fairkeeper.customers.ports import SystemsToStop
from fairkeeper.customers.store import load_customer
from fairkeeper.customers.tables import SubscriptionRow

_ENDED = {ProvisioningState.DRAINING, ProvisioningState.STOPPED, ProvisioningState.ERASED}


class RevokeCustomer(OperationInput):
    """Whom, and why."""

    customer: str = Field(max_length=80, description="The customer's id or readable address.")
    reason: str = Field("Revoked by a person's decision.", min_length=3, max_length=500, description="Why; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRevoked:
    """What is being stopped; the receipt follows when it has.

    Attributes:
        stopping: Subscriptions whose use has just been stopped.
        stopped_things: What else was stopped, in words.
    """

    customer_id: str
    stopping: tuple[str, ...]
    stopped_things: tuple[str, ...]


@command(
    "customers.revoke_customer",
    groups=("customers.revoke",),
    evidence=(REVOKED,),
    http="POST /customers/{customer}/revoke",
    cli="customers revoke",
)
def revoke_customer(context: CommandContext, request: RevokeCustomer) -> Outcome[CustomerRevoked]:
    """Stop everything for a customer now: use, tokens, running work; then keep the data until the retention ends.

    A signed receipt follows for each subscription, with what only the customer can remove. The subscription at
    Microsoft is not cancelled by this; that is another command. What another system runs is left to it. Again changes
    nothing.
    """
    customer = load_customer(context.session, request.customer)
    rows = context.session.scalars(
        select(SubscriptionRow)
        .where(SubscriptionRow.customer_id == customer.customer_id)
        .order_by(SubscriptionRow.subscription_id)  # two who revoke at once wait for each other, not in a circle
        .with_for_update()
    ).all()
    live = [row for row in rows if row.provisioning not in _ENDED and not is_observed(row)]
    stopped = context.ports.of(SystemsToStop).stop(context.session, customer.customer_id, now=context.now)
    result = CustomerRevoked(
        customer_id=customer.customer_id,
        stopping=tuple(row.subscription_id for row in live),
        stopped_things=tuple(f"{thing.kind} {thing.name}" for thing in stopped),
    )
    if not live:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=REVOKED.name,
        subject_type="customer",
        subject_id=customer.customer_id,
        customer_id=customer.customer_id,
        payload={
            "reason": request.reason,
            "subscriptions": list(result.stopping),
            "stopped": list(result.stopped_things),
        },
    )
    for row in live:
        row.stop_entry_id = entry.entry_id
        drain(context, row, StopCause.DECIDED)
    return Outcome(result=result, entry=entry)
