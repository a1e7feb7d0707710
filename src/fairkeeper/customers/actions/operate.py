"""Pausing, blocking and resuming a customer's use: what people here decide, apart from what Microsoft states."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    command,
)
from fairkeeper.customers.evidence_kinds import BLOCKED, PAUSED, RESUMED, UNBLOCKED
from fairkeeper.customers.path.lifecycle import OperationEvent, OperationState, advance_operation
from fairkeeper.customers.store import load_subscription
from fairkeeper.values.ids import SubscriptionId


class DecideUse(OperationInput):
    """Which subscription, and why."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UseDecided:
    """Where the operation machine stands now."""

    subscription_id: str
    operation: str


def _decide(
    context: CommandContext, request: DecideUse, event: OperationEvent, kind: EvidenceKind
) -> Outcome[UseDecided]:
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    row.operation = advance_operation(OperationState(row.operation), event).value
    row.operation_since_at = context.now
    row.operation_note = None if row.operation == OperationState.ENABLED else request.reason
    entry = EvidenceDraft(
        kind=kind.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"reason": request.reason, "operation": row.operation},
    )
    return Outcome(result=UseDecided(subscription_id=row.subscription_id, operation=row.operation), entry=entry)


@command(
    "customers.pause_use",
    groups=("customers.pause",),
    evidence=(PAUSED,),
    http="POST /subscriptions/{subscription_id}/pause",
    cli="customers pause SUBSCRIPTION_ID",
)
def pause_use(context: CommandContext, request: DecideUse) -> Outcome[UseDecided]:
    """Pause a customer's use at once, until somebody resumes it; data and grants stay.

    Raises `customers.transition_refused` where it is paused or blocked already.
    """
    return _decide(context, request, OperationEvent.PAUSE, PAUSED)


@command(
    "customers.resume_use",
    groups=("customers.pause",),
    evidence=(RESUMED,),
    http="POST /subscriptions/{subscription_id}/resume",
    cli="customers resume SUBSCRIPTION_ID",
)
def resume_use(context: CommandContext, request: DecideUse) -> Outcome[UseDecided]:
    """Resume a paused customer's use.

    Raises `customers.transition_refused` where it is not paused; a block has to be lifted first.
    """
    return _decide(context, request, OperationEvent.RESUME, RESUMED)


@command(
    "customers.block_use",
    groups=("customers.block",),
    evidence=(BLOCKED,),
    http="POST /subscriptions/{subscription_id}/block",
    cli="customers block SUBSCRIPTION_ID",
)
def block_use(context: CommandContext, request: DecideUse) -> Outcome[UseDecided]:
    """Block a customer's use; the customer's own people cannot lift it.

    Raises `customers.transition_refused` where it is blocked already.
    """
    return _decide(context, request, OperationEvent.BLOCK, BLOCKED)


@command(
    "customers.unblock_use",
    groups=("customers.block",),
    evidence=(UNBLOCKED,),
    http="POST /subscriptions/{subscription_id}/unblock",
    cli="customers unblock SUBSCRIPTION_ID",
)
def unblock_use(context: CommandContext, request: DecideUse) -> Outcome[UseDecided]:
    """Lift a block; use stays paused until somebody resumes it.

    Raises `customers.transition_refused` where nothing is blocked.
    """
    return _decide(context, request, OperationEvent.UNBLOCK, UNBLOCKED)


OPERATIONS: tuple[Operation, ...] = (pause_use, resume_use, block_use, unblock_use)
