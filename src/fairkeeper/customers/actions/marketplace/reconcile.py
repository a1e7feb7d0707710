"""The record of a comparison with Microsoft's list of subscriptions, and asking for one."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.customers.actions.reminders import Raising, raise_reminder
from fairkeeper.customers.evidence_kinds import RECONCILED
from fairkeeper.customers.finding_kinds import MISSING_THERE, STATUS_UNKNOWN
from fairkeeper.customers.following.reconciliation import DifferenceKind, Repair
from fairkeeper.customers.tables import ReconciliationRow, SubscriptionRow
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import SubscriptionId, new_id

RECONCILE = "customers.reconcile"


class FoundDifference(OperationInput):
    """One subscription on which the two sides disagree."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription.")
    kind: DifferenceKind = Field(description="What disagrees.")
    repair: Repair = Field(description="What is done about it.")
    message: str = Field(max_length=2000, description="In words.")


class RecordReconciliation(OperationInput):
    """What a comparison found."""

    listed: int = Field(ge=0, description="Subscriptions that Microsoft listed.")
    is_complete: bool = Field(description="Whether the list was read to its end.")
    differences: tuple[FoundDifference, ...] = Field(max_length=1000, description="Where the sides disagree.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The comparison is recorded."""

    listed: int
    differences: int


@internal_command("customers.record_reconciliation", evidence=(RECONCILED,))
def record_reconciliation(context: CommandContext, request: RecordReconciliation) -> Outcome[Reconciled]:
    """Record a comparison and plant each repair; no entry where nothing new has to be done."""
    context.session.add(
        ReconciliationRow(
            at=context.now,
            listed=request.listed,
            differences=len(request.differences),
            is_complete=request.is_complete,
        )
    )
    acted = [difference for difference in request.differences if _repair(context, difference)]
    result = Reconciled(listed=request.listed, differences=len(request.differences))
    if not acted:
        return Outcome(result=result, entry=None)
    found: list[Canonical] = [
        {"subscription_id": d.subscription_id, "kind": d.kind.value, "repair": d.repair.value, "message": d.message}
        for d in acted
    ]
    entry = EvidenceDraft(
        kind=RECONCILED.name,
        subject_type="reconciliation",
        subject_id=format_instant(context.now),
        payload={
            "listed": request.listed,
            "differences": len(acted),
            "is_complete": request.is_complete,
            "found": found,
        },
    )
    return Outcome(result=result, entry=entry)


def _repair(context: CommandContext, difference: FoundDifference) -> bool:
    """Plant what is done about a difference; return whether anything is that was not known before."""
    row = context.session.get(SubscriptionRow, difference.subscription_id)
    acts = False
    if difference.repair in {Repair.READ_AND_FOLLOW, Repair.READ_AND_ASK}:
        acts = context.enqueue(
            "customers.read_subscription",
            new_id("tsk"),
            {"subscription_id": difference.subscription_id, "source": "reconciliation"},
            customer_id=None if row is None else row.customer_id,
        )
    if difference.repair in {Repair.ASK, Repair.READ_AND_ASK}:
        kind = STATUS_UNKNOWN if difference.kind is DifferenceKind.STATUS_HELD else MISSING_THERE
        finding = kind.found(difference.message, subject=difference.subscription_id)
        acts = raise_reminder(context, finding, row, Raising(comes_back=False))
    return acts


class Reconcile(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationAsked:
    """A comparison will run now.

    Attributes:
        is_new: Whether none was waiting to run already.
    """

    is_new: bool


@command("customers.reconcile", groups=("customers.change",), evidence=(), http="POST /customers/reconcile")
def reconcile(context: CommandContext, _request: Reconcile) -> Outcome[ReconciliationAsked]:
    """Compare with Microsoft's list of subscriptions now, instead of at the next full hour.

    What it finds is recorded when it has run. One that waits to run already is enough.
    """
    waiting = context.session.scalars(
        select(TaskRow.id).where(
            TaskRow.name == RECONCILE,
            TaskRow.state == TaskState.OPEN,
            TaskRow.due_at <= context.now,
            TaskRow.leased_until.is_(None),
        )
    ).first()
    if waiting is not None:
        return Outcome(result=ReconciliationAsked(is_new=False), entry=None)
    context.enqueue(RECONCILE, new_id("tsk"))
    return Outcome(result=ReconciliationAsked(is_new=True), entry=None)


OPERATIONS: tuple[Operation, ...] = (record_reconciliation, reconcile)
