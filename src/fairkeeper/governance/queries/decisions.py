"""Decisions as they were made, what waits for review, what is limited and held, and what reached a task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any

from pydantic import Field
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.errors import TaskNotFoundError
from fairkeeper.governance.policies.house import HOUSE_POLICIES
from fairkeeper.governance.policies.tables import PolicyBundleRow
from fairkeeper.governance.queries.agents import containment_line, limit_lines, use_line
from fairkeeper.governance.store import load_containment, load_decision
from fairkeeper.governance.tables import (
    AgentRow,
    AgentTaskRow,
    ContainmentRow,
    DecisionRow,
    IntendedUseRow,
    LimitRow,
    ReviewRow,
)
from fairkeeper.governance.views import (
    ContainmentLine,
    DecisionDetail,
    DecisionLine,
    DecisionPage,
    DrillReport,
    LimitLine,
    ReviewLine,
    TaskDetail,
)
from fairkeeper.policy.analysis.reading import read_policies
from fairkeeper.policy.bundles.bundle import Bundle, digest_in_force
from fairkeeper.policy.decision.facts import PUBLISHER, Scope
from fairkeeper.policy.decision.reasons import SENTENCES, Reason
from fairkeeper.values.ids import CustomerId


class ListDecisions(OperationInput):
    """Which decisions."""

    agent_id: str = Field("", max_length=40, description="Only of this agent.")
    customer_id: CustomerId | None = Field(None, description="Only of this customer.")
    reason: Reason | None = Field(None, description="Only with this reason.")
    allowed: bool | None = Field(None, description="Only allowed ones, or only refused ones.")
    before: str = Field("", max_length=40, description="Only older than this decision.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")


@query("governance.list_decisions", groups=("governance.read",), http="GET /decisions", cli="governance decisions")
def list_decisions(context: QueryContext, request: ListDecisions) -> DecisionPage:
    """List decisions, the newest first."""
    statement = select(DecisionRow)
    if request.agent_id:
        statement = statement.where(DecisionRow.agent_id == request.agent_id)
    if request.customer_id is not None:
        statement = statement.where(DecisionRow.customer_id == request.customer_id)
    if request.reason is not None:
        statement = statement.where(DecisionRow.reason == request.reason.value)
    if request.allowed is not None:
        statement = statement.where(DecisionRow.allowed.is_(request.allowed))
    if request.before:
        statement = statement.where(DecisionRow.decision_id < request.before)
    newest = statement.order_by(DecisionRow.decision_id.desc()).limit(request.limit + 1)
    rows = context.session.scalars(newest).all()
    shown = rows[: request.limit]
    more = shown[-1].decision_id if len(rows) > request.limit else None
    return DecisionPage(decisions=decision_lines(context.session, shown), more_before=more)


def decision_lines(session: Session, rows: Sequence[DecisionRow]) -> list[DecisionLine]:
    """Return decisions as lines, with their agents' names."""
    names = _agent_names(session, {row.agent_id for row in rows})
    return [
        DecisionLine(
            decision_id=row.decision_id,
            at=row.at,
            customer_id=row.customer_id,
            agent_id=row.agent_id,
            agent_name=names.get(row.agent_id, row.agent_id),
            tool_name=row.tool_name,
            allowed=row.allowed,
            lane=row.lane,
            reason=row.reason,
            sentence=SENTENCES[Reason(row.reason)],
            detail=row.detail,
            outcome=row.outcome,
            entry_id=row.entry_id,
        )
        for row in rows
    ]


def _agent_names(session: Session, agent_ids: set[str]) -> dict[str, str]:
    rows = session.execute(
        select(AgentRow.agent_id, AgentRow.title).where(AgentRow.agent_id.in_(sorted(agent_ids)))
    ).all()
    return {row.agent_id: row.title for row in rows}


class ShowDecision(OperationInput):
    """Which decision."""

    decision_id: str = Field(max_length=40, description="The decision's id.")


@query(
    "governance.show_decision",
    groups=("governance.read",),
    http="GET /decisions/{decision_id}",
    cli="governance decision DECISION_ID",
)
def show_decision(context: QueryContext, request: ShowDecision) -> DecisionDetail:
    """Show a decision: who asked for whom, with what, what was decided by which policies, why, and what happened."""
    session = context.session
    row = load_decision(session, request.decision_id)
    (line,) = decision_lines(session, [row])
    use = None
    if row.use_id is not None:
        use = session.scalars(select(IntendedUseRow).where(IntendedUseRow.use_id == row.use_id)).first()
    review = session.scalars(select(ReviewRow).where(ReviewRow.decision_id == row.decision_id)).first()
    return DecisionDetail(
        line=line,
        person_id=row.person_id,
        task_id=row.task_id,
        use=None if use is None else use_line(use),
        binding_digest=row.binding_digest,
        bundle_digest=row.bundle_digest,
        basis_digest=row.basis_digest,
        record=_payload(session, row.entry_id),
        outcome_at=row.outcome_at,
        outcome_entry_id=row.outcome_entry_id,
        outcome_record=_payload(session, row.outcome_entry_id) if row.outcome_entry_id else None,
        review=None if review is None else _review_lines(context, [review])[0],
        reasons=_reasons(session, row),
    )


_BUNDLES_LOOKED_AT = 50


def _reasons(session: Session, row: DecisionRow) -> dict[str, str]:
    """Return what the policies in force then say they are there for; nothing where their bundle is not found."""
    house = {
        policy.id: policy.annotations["reason"]
        for each in HOUSE_POLICIES
        for policy in read_policies(each.policy.text)
        if each.agent_id == row.agent_id
    }
    owners = {PUBLISHER, row.customer_id or PUBLISHER}
    statement = select(PolicyBundleRow).where(PolicyBundleRow.owner.in_(owners), PolicyBundleRow.saved_at <= row.at)
    found = session.scalars(statement.order_by(PolicyBundleRow.number.desc()).limit(_BUNDLES_LOOKED_AT)).all()
    bundles = [Bundle(owner=each.owner, number=each.number, text=each.text) for each in found]
    publishers = [None, *(each for each in bundles if each.owner == PUBLISHER)]
    customers = [None, *(each for each in bundles if each.owner != PUBLISHER)]
    for pair in product(publishers, customers):
        in_force = [each for each in pair if each is not None]
        if in_force and digest_in_force(in_force) == row.bundle_digest:
            texts = [policy for bundle in in_force for policy in read_policies(bundle.text)]
            return house | {each.id: each.annotations["reason"] for each in texts if "reason" in each.annotations}
    return house


def _payload(session: Session, entry_id: str) -> dict[str, Any] | None:
    text = session.scalars(select(EntryRow.payload).where(EntryRow.entry_id == entry_id)).first()
    return None if text is None else json.loads(text)


class ListReviews(OperationInput):
    """Which calls."""

    is_open: bool = Field(True, description="Only those that wait; otherwise only those that were looked at.")
    customer_id: CustomerId | None = Field(None, description="Only of this customer.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query("governance.list_reviews", groups=("governance.read",), http="GET /reviews", cli="governance reviews")
def list_reviews(context: QueryContext, request: ListReviews) -> list[ReviewLine]:
    """List calls that ran and were recorded for review, the longest due first."""
    is_open = ReviewRow.reviewed_at.is_(None)
    statement = select(ReviewRow).where(is_open if request.is_open else ~is_open)
    if request.customer_id is not None:
        statement = statement.where(ReviewRow.customer_id == request.customer_id)
    rows = context.session.scalars(statement.order_by(ReviewRow.due_at, ReviewRow.decision_id).limit(request.limit))
    return _review_lines(context, rows.all())


def _review_lines(context: QueryContext, rows: Sequence[ReviewRow]) -> list[ReviewLine]:
    session = context.session
    names = _agent_names(session, {row.agent_id for row in rows})
    ids = [row.decision_id for row in rows]
    found = session.execute(
        select(DecisionRow.decision_id, DecisionRow.tool_name).where(DecisionRow.decision_id.in_(ids))
    ).all()
    tools = {row.decision_id: row.tool_name for row in found}
    return [
        ReviewLine(
            decision_id=row.decision_id,
            agent_id=row.agent_id,
            agent_name=names.get(row.agent_id, row.agent_id),
            tool_name=tools.get(row.decision_id, ""),
            queued_at=row.queued_at,
            due_at=row.due_at,
            is_late=(row.reviewed_at or context.now) > row.due_at,
            verdict=row.verdict,
            note=row.note,
            reviewed_at=row.reviewed_at,
            reviewed_by=row.reviewed_by,
        )
        for row in rows
    ]


class ListLimits(OperationInput):
    """Which limits."""

    customer_id: CustomerId | None = Field(None, description="Only of this customer.")
    limit: int = Field(200, ge=1, le=500, description="How many at most.")


@query("governance.list_limits", groups=("governance.read",), http="GET /limits", cli="governance limits")
def list_limits(context: QueryContext, request: ListLimits) -> list[LimitLine]:
    """List limits with what is used of them in the present window."""
    statement = select(LimitRow).where(LimitRow.ended_at.is_(None))
    if request.customer_id is not None:
        statement = statement.where(LimitRow.customer_id == request.customer_id)
    rows = context.session.scalars(statement.order_by(LimitRow.limit_id).limit(request.limit)).all()
    return limit_lines(context.session, rows, context.now)


class ListContainments(OperationInput):
    """Which holds."""

    is_held: bool = Field(True, description="Only what is held now.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query(
    "governance.list_containments", groups=("governance.read",), http="GET /containments", cli="governance containments"
)
def list_containments(context: QueryContext, request: ListContainments) -> list[ContainmentLine]:
    """List what is held, or what ever was, the newest first."""
    statement = select(ContainmentRow)
    if request.is_held:
        statement = statement.where(
            ContainmentRow.lifted_at.is_(None),
            or_(ContainmentRow.until_at.is_(None), ContainmentRow.until_at > context.now),
        )
    rows = context.session.scalars(statement.order_by(ContainmentRow.began_at.desc()).limit(request.limit))
    return [containment_line(row, context.now) for row in rows]


class ShowEffect(OperationInput):
    """Which hold."""

    containment_id: str = Field(max_length=40, description="The id of the hold.")


_REASONS = {
    Scope.AGENT: (Reason.AGENT_CONTAINED, Reason.OUTSIDE_PROFILE),
    Scope.TOOL: (Reason.TOOL_CONTAINED, Reason.OUTSIDE_PROFILE),
    Scope.CUSTOMER: (Reason.CUSTOMER_CONTAINED, Reason.OUTSIDE_PROFILE),
    Scope.EVERYTHING: (Reason.EVERYTHING_CONTAINED, Reason.OUTSIDE_PROFILE),
}


@query(
    "governance.show_effect",
    groups=("governance.read",),
    http="GET /containments/{containment_id}/effect",
    cli="governance effect CONTAINMENT_ID",
)
def show_effect(context: QueryContext, request: ShowEffect) -> DrillReport:
    """Show how fast a hold took effect: the last call let through, and the first one refused because of it."""
    row = load_containment(context.session, request.containment_id)
    scope = Scope(row.scope)
    of_it = {
        Scope.AGENT: DecisionRow.agent_id == row.subject_id,
        Scope.TOOL: DecisionRow.tool_id == row.subject_id,
        Scope.CUSTOMER: DecisionRow.customer_id.is_not_distinct_from(
            None if row.subject_id == PUBLISHER else row.subject_id
        ),
    }.get(scope, DecisionRow.decision_id != "")
    refused = (of_it, DecisionRow.at >= row.began_at, DecisionRow.reason.in_([each.value for each in _REASONS[scope]]))
    allowed = (of_it, DecisionRow.allowed.is_(True))
    ends_at = row.lifted_at or row.until_at or context.now
    after = (*allowed, DecisionRow.at > row.began_at, DecisionRow.at < ends_at)
    session = context.session
    first_refused, count = session.execute(select(func.min(DecisionRow.at), func.count()).where(*refused)).one()
    return DrillReport(
        containment=containment_line(row, context.now),
        last_allowed_at=session.scalar(select(func.max(DecisionRow.at)).where(*allowed, DecisionRow.at < ends_at)),
        first_refused_at=first_refused,
        allowed_after=session.scalar(select(func.count()).select_from(DecisionRow).where(*after)) or 0,
        refused=count,
    )


class ShowTask(OperationInput):
    """Which task."""

    task_id: str = Field(max_length=80, description="The task's own name.")
    customer_id: CustomerId | None = Field(None, description="Whose task; empty for the publisher's own agents.")


@query(
    "governance.show_task",
    groups=("governance.read",),
    http="GET /agent-tasks/{task_id}",
    cli="governance task TASK_ID",
)
def show_task(context: QueryContext, request: ShowTask) -> TaskDetail:
    """Show what has reached a task: its sources, how sensitive, and whether it can be trusted."""
    scope = context.principal.customer_id or request.customer_id or PUBLISHER
    statement = select(AgentTaskRow).where(AgentTaskRow.scope == scope, AgentTaskRow.task_id == request.task_id)
    row = context.session.scalars(statement).first()
    if row is None:
        raise TaskNotFoundError(f"Nothing has reached a task {request.task_id!r} here.")
    return TaskDetail(
        task_id=row.task_id,
        customer_id=row.customer_id,
        labels=json.loads(row.labels),
        version=row.version,
        changed_at=row.changed_at,
        endorsed_at=row.endorsed_at,
        endorsed_by=row.endorsed_by,
    )
