"""What became of an allowed call: carried out, failed, or not carried out; and what its result carries into the task.

The labels of a result are never below what the tool is registered with: whoever reports may know more, not less. They
are joined into the task's, and only a person's endorsement takes them down again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
)
from fairkeeper.errors import BugError
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.errors import StateRefusedError, TaskNotFoundError
from fairkeeper.governance.evidence_kinds import OUTCOME_RECORDED, TASK_ENDORSED
from fairkeeper.governance.store import load_decision
from fairkeeper.governance.tables import AgentTaskRow, DecisionBasisRow, DecisionRow, LimitUsageRow, MeasuredCallRow
from fairkeeper.policy.decision.facts import PUBLISHER, Basis, MeterSource
from fairkeeper.policy.decision.labels import NO_LABELS, Labels, join, labels_from_json, labels_to_json
from fairkeeper.policy.decision.measuring import measured
from fairkeeper.policy.decision.record import call_of, read_basis
from fairkeeper.values.ids import CustomerId, EntryId


class RecordOutcome(OperationInput):
    """Of which decision, and what happened."""

    decision_id: str = Field(max_length=40, description="The decision that allowed the call.")
    outcome: Literal["ok", "error", "not_executed"] = Field(description="ok, error or not_executed.")
    result_digest: str | None = Field(
        None, min_length=64, max_length=64, pattern="^[0-9a-f]{64}$", description="SHA-256 of the result."
    )
    error: str = Field("", max_length=500, description="What went wrong; no secrets, no personal data.")
    took_milliseconds: int = Field(0, ge=0, le=86_400_000, description="How long the tool took.")
    sources: list[str] = Field([], max_length=50, description="Where the result came from, beyond the tool.")
    sensitivity: int = Field(0, ge=0, le=3, description="How sensitive it is, if more than the tool says.")
    is_trusted: bool = Field(True, description="Whether it can be trusted, as far as the tool's results can.")
    measured: dict[str, Decimal] = Field(
        {}, max_length=20, description="Of a metered tool: by path, the sums of the result's fields that are billed."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecorded:
    """What is known now of the call and its task."""

    decision_id: str
    outcome: str
    labels: dict[str, Any]


@command(
    "governance.record_outcome",
    groups=("governance.report",),
    evidence=(OUTCOME_RECORDED,),
    http="POST /decisions/{decision_id}/outcome",
    cli="governance record-outcome DECISION_ID OUTCOME",
)
def record_outcome(context: CommandContext, request: RecordOutcome) -> Outcome[OutcomeRecorded]:
    """Record what became of an allowed call; of one that was not carried out, limits get back what it took.

    Raises `governance.state_refused` for a call that was not allowed, or that ended in another way already.
    """
    row = load_decision(context.session, request.decision_id, for_change=True)
    if not row.allowed:
        raise StateRefusedError("The call was not allowed, so it has no outcome.", remedy="Do not call the tool.")
    if row.outcome is not None and row.outcome != request.outcome:
        raise StateRefusedError(f"The call ended before: {row.outcome}.", remedy="An outcome is final.")
    basis = _basis(context, row)
    labels = _result_labels(basis, row, request)
    result = OutcomeRecorded(decision_id=row.decision_id, outcome=request.outcome, labels=labels_to_json(labels))
    if row.outcome is not None:
        return Outcome(result=result, entry=None)
    counted = _counted(context, basis, row, request)
    payload: dict[str, Canonical] = {
        "decision": row.decision_id,
        "tool": row.tool_name,
        "outcome": request.outcome,
        "result_digest": request.result_digest,
        "error": request.error,
        "took_milliseconds": request.took_milliseconds,
        "labels": labels_to_json(labels),
        "task": row.task_id,
    }
    if counted:
        payload["metered"] = [[dimension, milli] for dimension, milli in counted]
        payload["by_customer"] = context.principal.customer_id is not None
    draft = EvidenceDraft(
        kind=OUTCOME_RECORDED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        cause=EntryId(row.entry_id),
        payload=payload,
    )
    _keep_counted(context, row, counted, draft)
    row.outcome, row.outcome_at, row.outcome_entry_id = request.outcome, context.now, draft.entry_id
    if request.outcome == "not_executed":
        _give_back(context, row)
    elif row.task_id is not None:
        join_into_task(context, row.customer_id, row.task_id, labels)
    return Outcome(result=result, entry=draft)


def _basis(context: CommandContext, row: DecisionRow) -> Basis:
    kept = context.session.get(DecisionBasisRow, row.basis_digest)
    if kept is None:
        raise BugError(f"The basis of the decision {row.decision_id} is not kept.")
    return read_basis(kept.content)


def _counted(
    context: CommandContext, basis: Basis, row: DecisionRow, request: RecordOutcome
) -> list[tuple[str, int | None]]:
    """Return what the call counts for billing dimensions: of a customer's call that was carried out alone."""
    meters = basis.tool.meters
    if request.outcome != "ok" or row.customer_id is None or not meters:
        return []
    arguments = None
    if any(meter.of is MeterSource.ARGUMENT for meter in meters):
        entry = context.session.scalars(select(EntryRow).where(EntryRow.entry_id == row.entry_id)).first()
        if entry is not None and entry.payload is not None:
            call = call_of(json.loads(entry.payload)["inputs"], basis)
            arguments = None if call is None else call.arguments
    return measured(meters, arguments, request.measured)


def _keep_counted(
    context: CommandContext, row: DecisionRow, counted: list[tuple[str, int | None]], draft: EvidenceDraft
) -> None:
    for position, (dimension, milli) in enumerate(counted):
        if milli != 0 and row.customer_id is not None:
            context.session.add(
                MeasuredCallRow(
                    decision_id=row.decision_id,
                    position=position,
                    customer_id=row.customer_id,
                    dimension=dimension,
                    milli=milli,
                    is_customers=context.principal.customer_id is not None,
                    ended_at=context.now,
                    entry_id=draft.entry_id,
                )
            )


def _result_labels(basis: Basis, row: DecisionRow, request: RecordOutcome) -> Labels:
    if request.outcome == "not_executed":
        return NO_LABELS
    stated = Labels(
        sources=frozenset(request.sources),
        customers=frozenset({row.customer_id or PUBLISHER}),
        sensitivity=request.sensitivity,
        is_trusted=request.is_trusted,
    )
    return join(basis.tool.result_labels, stated)


def _give_back(context: CommandContext, row: DecisionRow) -> None:
    for limit_id, window, taken in json.loads(row.reservations or "[]"):
        usage = context.session.scalars(
            select(LimitUsageRow)
            .where(LimitUsageRow.limit_id == limit_id, LimitUsageRow.window_key == window)
            .with_for_update()
        ).first()
        # A limit that several customers share is not a customer's program to give back to.
        if usage is not None:
            usage.used = max(0, usage.used - int(taken))


def join_into_task(context: CommandContext, customer_id: CustomerId | None, task_id: str, labels: Labels) -> None:
    """Join labels into those of a task, in the caller's transaction."""
    row = _task(context, customer_id, task_id)
    if row is None:
        context.session.add(
            AgentTaskRow(
                scope=customer_id or PUBLISHER,
                task_id=task_id,
                customer_id=customer_id,
                labels=json.dumps(labels_to_json(labels)),
                version=1,
                changed_at=context.now,
            )
        )
        context.session.flush()
        return
    joined = join(labels_from_json(json.loads(row.labels)), labels)
    row.labels, row.version, row.changed_at = json.dumps(labels_to_json(joined)), row.version + 1, context.now


def _task(context: CommandContext, customer_id: CustomerId | None, task_id: str) -> AgentTaskRow | None:
    return context.session.scalars(
        select(AgentTaskRow)
        .where(AgentTaskRow.scope == (customer_id or PUBLISHER), AgentTaskRow.task_id == task_id)
        .with_for_update()
    ).first()


class EndorseTask(OperationInput):
    """Which task, and what is vouched for."""

    task_id: str = Field(max_length=80, description="The task's own name.")
    customer_id: CustomerId | None = Field(None, description="Whose task; empty for the publisher's own agents.")
    sensitivity: int = Field(ge=0, le=3, description="How sensitive what reached it is, as a person looked at it.")
    is_trusted: bool = Field(description="Whether what reached it can be trusted, as a person looked at it.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEndorsed:
    """What the task carries now."""

    task_id: str
    labels: dict[str, Any]


@command(
    "governance.endorse_task",
    groups=("governance.approve",),
    evidence=(TASK_ENDORSED,),
    http="POST /agent-tasks/{task_id}/endorse",
    cli="governance endorse-task TASK_ID",
)
def endorse_task(context: CommandContext, request: EndorseTask) -> Outcome[TaskEndorsed]:
    """Vouch for what has reached a task: the only way in which its labels go down.

    Raises `governance.task_not_found` where nothing has reached it.
    """
    customer_id = context.principal.customer_id or request.customer_id
    row = _task(context, customer_id, request.task_id)
    if row is None:
        raise TaskNotFoundError(f"Nothing has reached a task {request.task_id!r} here.")
    before = labels_from_json(json.loads(row.labels))
    after = Labels(
        sources=before.sources,
        customers=before.customers,
        sensitivity=request.sensitivity,
        is_trusted=request.is_trusted,
    )
    row.labels, row.version, row.changed_at = json.dumps(labels_to_json(after)), row.version + 1, context.now
    row.endorsed_at, row.endorsed_by = context.now, context.principal.id
    entry = EvidenceDraft(
        kind=TASK_ENDORSED.name,
        subject_type="agent_task",
        subject_id=request.task_id,
        customer_id=row.customer_id,
        payload={"before": labels_to_json(before), "after": labels_to_json(after), "why": request.reason},
    )
    return Outcome(result=TaskEndorsed(task_id=row.task_id, labels=labels_to_json(after)), entry=entry)
