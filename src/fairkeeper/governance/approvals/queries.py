"""Questions to approvals: what waits, one of them in full, what stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.governance.approvals.answering import is_irreversible
from fairkeeper.governance.approvals.errors import ApprovalNotFoundError
from fairkeeper.governance.approvals.standing import StandingView, view_standing
from fairkeeper.governance.approvals.tables import ApprovalAnswerRow, ApprovalRow, StandingApprovalRow
from fairkeeper.governance.tables import AgentRow, IntendedUseRow

_MOST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """A question in the inbox.

    Attributes:
        state: pending, approved, denied, cancelled, consumed or expired.
        repeats: How often the same was asked for again meanwhile.
    """

    approval_id: str
    customer_id: str | None
    state: str
    agent_id: str
    agent_title: str
    tool_name: str
    tool_title: str
    environment: str
    effect: str
    is_irreversible: bool
    is_publishers: bool
    asked_at: datetime
    ends_at: datetime
    repeats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """What a person answered."""

    person_id: str
    verdict: str
    reason: str
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDetail:
    """Everything about a question: what will happen, to what, why it is asked, where the arguments came from.

    Attributes:
        labels: What reached the call: sources, sensitivity, whether all can be trusted, which decisions it follows.
        policies: Ids of the policies that asked for a person.
        still_needed: How many more people have to approve.
        consumed_by: The decision that used it up.
    """

    line: ApprovalLine
    arguments: dict[str, Any]
    resources: list[list[str]]
    labels: dict[str, Any]
    policies: list[str]
    use_id: str | None
    use_title: str | None
    decision_id: str
    entry_id: str
    binding_digest: str
    bundle_digest: str
    person_id: str | None
    task_id: str | None
    separates_duties: bool
    approvers_needed: int
    still_needed: int
    answers: list[AnswerLine]
    settled_at: datetime | None
    consumed_at: datetime | None
    consumed_by: str | None


class ListApprovals(OperationInput):
    """Which questions."""

    state: Literal["pending", "all"] = Field("pending", description="Those that wait, or all.")
    agent_id: str = Field("", max_length=40, description="Only of this agent.")
    limit: int = Field(50, ge=1, le=_MOST, description="How many at most.")


class ShowApproval(OperationInput):
    """Which question."""

    approval_id: str = Field(max_length=40, description="The id of the question.")


class ListStanding(OperationInput):
    """Whose standing approvals."""

    agent_id: str = Field("", max_length=40, description="Only of this agent.")


@query("governance.list_approvals", groups=("governance.read",), http="GET /approvals", cli="governance approvals")
def list_approvals(context: QueryContext, request: ListApprovals) -> list[ApprovalLine]:
    """List what waits for a person, the soonest to end first; or all questions, the newest first."""
    statement = select(ApprovalRow)
    if request.state == "pending":
        statement = statement.where(ApprovalRow.state == "pending", ApprovalRow.ends_at > context.now)
        statement = statement.order_by(ApprovalRow.ends_at, ApprovalRow.approval_id)
    else:
        statement = statement.order_by(ApprovalRow.approval_id.desc())
    if request.agent_id:
        statement = statement.where(ApprovalRow.agent_id == request.agent_id)
    rows = context.session.scalars(statement.limit(request.limit)).all()
    titles = _titles(context, [row.agent_id for row in rows])
    return [_line(row, titles, context.now) for row in rows]


@query(
    "governance.show_approval",
    groups=("governance.read",),
    http="GET /approvals/{approval_id}",
    cli="governance approval APPROVAL_ID",
)
def show_approval(context: QueryContext, request: ShowApproval) -> ApprovalDetail:
    """Show one question in full, with the answers so far.

    Raises:
        ApprovalNotFoundError: There is none of this id here.
    """
    statement = select(ApprovalRow).where(ApprovalRow.approval_id == request.approval_id)
    row = context.session.scalars(statement).first()
    if row is None:
        raise ApprovalNotFoundError(f"There is no question {request.approval_id!r} here.")
    answers = context.session.scalars(
        select(ApprovalAnswerRow)
        .where(ApprovalAnswerRow.approval_id == row.approval_id)
        .order_by(ApprovalAnswerRow.answered_at)
    ).all()
    use = None
    if row.use_id is not None:
        use = context.session.scalars(select(IntendedUseRow).where(IntendedUseRow.use_id == row.use_id)).first()
    given = sum(answer.verdict == "approve" for answer in answers)
    return ApprovalDetail(
        line=_line(row, _titles(context, [row.agent_id]), context.now),
        arguments=json.loads(row.arguments),
        resources=json.loads(row.resources),
        labels=json.loads(row.labels),
        policies=json.loads(row.policies),
        use_id=row.use_id,
        use_title=None if use is None else use.title,
        decision_id=row.decision_id,
        entry_id=row.entry_id,
        binding_digest=row.binding_digest,
        bundle_digest=row.bundle_digest,
        person_id=row.person_id,
        task_id=row.task_id,
        separates_duties=row.separates_duties,
        approvers_needed=row.approvers_needed,
        still_needed=max(0, row.approvers_needed - given) if row.state == "pending" else 0,
        answers=[
            AnswerLine(person_id=each.person_id, verdict=each.verdict, reason=each.reason, answered_at=each.answered_at)
            for each in answers
        ],
        settled_at=row.settled_at,
        consumed_at=row.consumed_at,
        consumed_by=row.consumed_by,
    )


@query(
    "governance.list_standing",
    groups=("governance.read",),
    http="GET /standing-approvals",
    cli="governance standing",
)
def list_standing(context: QueryContext, request: ListStanding) -> list[StandingView]:
    """List standing approvals with what they were used for today."""
    statement = select(StandingApprovalRow).where(StandingApprovalRow.ends_at > context.now)
    if request.agent_id:
        statement = statement.where(StandingApprovalRow.agent_id == request.agent_id)
    rows = context.session.scalars(statement.order_by(StandingApprovalRow.standing_id).limit(_MOST)).all()
    today = context.now.date().isoformat()
    return [view_standing(row, today=today) for row in rows]


def _titles(context: QueryContext, agent_ids: Sequence[str]) -> dict[str, str]:
    rows = context.session.scalars(select(AgentRow).where(AgentRow.agent_id.in_(sorted(set(agent_ids))))).all()
    return {row.agent_id: row.title for row in rows}


def _line(row: ApprovalRow, titles: dict[str, str], now: datetime) -> ApprovalLine:
    is_over = row.state in ("pending", "approved") and now >= row.ends_at
    return ApprovalLine(
        approval_id=row.approval_id,
        customer_id=row.customer_id,
        state="expired" if is_over else row.state,
        agent_id=row.agent_id,
        agent_title=titles.get(row.agent_id, row.agent_id),
        tool_name=row.tool_name,
        tool_title=row.tool_title,
        environment=row.environment,
        effect=row.effect,
        is_irreversible=is_irreversible(row),
        is_publishers=row.is_publishers,
        asked_at=row.asked_at,
        ends_at=row.ends_at,
        repeats=row.repeats,
    )
