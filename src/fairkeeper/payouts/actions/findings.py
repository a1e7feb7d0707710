"""What becomes of findings: an evaluation is finished, a person closes one with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import Field
from sqlalchemy import func, select, update

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.payouts.errors import FindingNotFoundError, FindingNotOpenError
from fairkeeper.payouts.evidence_kinds import EVALUATED, FINDING_CLOSED
from fairkeeper.payouts.tables import PayoutEvaluationRow, PayoutFindingRow


class FinishEvaluation(OperationInput):
    """Which evaluation, and its sums."""

    evaluation: int = Field(ge=1)
    as_of: date
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFinished:
    """How many findings are open, and how many went away."""

    evaluation: int
    open: int
    gone: int


@internal_command("payouts.finish_evaluation", evidence=(EVALUATED,))
def finish_evaluation(context: CommandContext, request: FinishEvaluation) -> Outcome[EvaluationFinished]:
    """Finish an evaluation whose findings were written: what it did not see again is gone."""
    row = context.session.get(PayoutEvaluationRow, request.evaluation)
    newest = context.session.scalar(select(func.max(PayoutEvaluationRow.id)))
    if row is None or row.is_finished or row.id != newest:
        return Outcome(result=EvaluationFinished(evaluation=request.evaluation, open=0, gone=0), entry=None)
    gone = context.session.execute(
        update(PayoutFindingRow)
        .where(PayoutFindingRow.evaluation != row.id, PayoutFindingRow.state != "gone")
        .values(state="gone", last_seen_at=context.now)
    )
    row.is_finished, row.summary = True, request.summary
    count = context.session.scalar(
        select(func.count()).select_from(PayoutFindingRow).where(PayoutFindingRow.state == "open")
    )
    result = EvaluationFinished(evaluation=row.id, open=int(count or 0), gone=int(getattr(gone, "rowcount", 0)))
    entry = EvidenceDraft(
        kind=EVALUATED.name,
        subject_type="payout_evaluation",
        subject_id=str(row.id),
        payload={"as_of": str(row.as_of), "tables": row.tables, "open": result.open, "gone": result.gone},
    )
    return Outcome(result=result, entry=entry)


class CloseFinding(OperationInput):
    """Which finding, and why it is closed."""

    finding_id: str = Field(max_length=40, description="The finding's id.")
    reason: str = Field(min_length=3, max_length=1000, description="Why; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingClosed:
    """The finding and its state."""

    finding_id: str
    state: str


@command(
    "payouts.close_finding",
    groups=("payouts.change",),
    evidence=(FINDING_CLOSED,),
    http="POST /payouts/findings/{finding_id}/close",
    cli="payouts close-finding FINDING_ID",
)
def close_finding(context: CommandContext, request: CloseFinding) -> Outcome[FindingClosed]:
    """Close a finding with a reason; it opens again if its amount changes.

    Raises:
        FindingNotFoundError: There is none with this id.
        FindingNotOpenError: It is not open.
    """
    row = context.session.get(PayoutFindingRow, request.finding_id, with_for_update=True)
    if row is None or row.state == "gone":
        message = f"There is no finding {request.finding_id!r}."
        raise FindingNotFoundError(message)
    if row.state != "open":
        message = "The finding was closed before."
        raise FindingNotOpenError(message)
    row.state, row.closed_at, row.closed_by = "closed", context.now, context.principal.id[:80]
    row.closed_why = request.reason
    entry = EvidenceDraft(
        kind=FINDING_CLOSED.name,
        subject_type="payout_finding",
        subject_id=row.finding_id,
        payload={"code": row.code, "reason": request.reason, "message": row.message},
    )
    return Outcome(result=FindingClosed(finding_id=row.finding_id, state=row.state), entry=entry)
