"""A person looks at a call that ran and was recorded for review, and says what it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.governance.errors import DecisionNotFoundError, StateRefusedError
from fairkeeper.governance.evidence_kinds import REVIEWED
from fairkeeper.governance.store import load_decision
from fairkeeper.governance.tables import ReviewRow
from fairkeeper.values.ids import EntryId


class ReviewCall(OperationInput):
    """Which call, and what it was."""

    decision_id: str = Field(max_length=40, description="The decision that allowed the call.")
    verdict: Literal["right", "wrong", "unclear"] = Field(description="right, wrong or unclear.")
    note: str = Field("", max_length=2000, description="What was seen.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReviewed:
    """The verdict."""

    decision_id: str
    verdict: str
    was_late: bool


@command(
    "governance.review_call",
    groups=("governance.approve",),
    evidence=(REVIEWED,),
    http="POST /reviews/{decision_id}",
    cli="governance review DECISION_ID VERDICT",
)
def review_call(context: CommandContext, request: ReviewCall) -> Outcome[CallReviewed]:
    """Say what a call was that ran and was queued for review.

    Raises `governance.decision_not_found` for one that is not in the queue, and `governance.state_refused` for one
    that was reviewed already.
    """
    statement = select(ReviewRow).where(ReviewRow.decision_id == request.decision_id).with_for_update()
    row = context.session.scalars(statement).first()
    if row is None:
        raise DecisionNotFoundError(f"No call {request.decision_id!r} waits for review here.")
    if row.reviewed_at is not None:
        raise StateRefusedError(f"It was reviewed already: {row.verdict}.", remedy="A verdict is final.")
    decision = load_decision(context.session, request.decision_id)
    row.verdict, row.note = request.verdict, request.note
    row.reviewed_at, row.reviewed_by = context.now, context.principal.id
    entry = EvidenceDraft(
        kind=REVIEWED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        cause=EntryId(decision.entry_id),
        payload={"decision": row.decision_id, "verdict": request.verdict, "note": request.note},
    )
    was_late = context.now > row.due_at
    return Outcome(
        result=CallReviewed(decision_id=row.decision_id, verdict=request.verdict, was_late=was_late), entry=entry
    )
