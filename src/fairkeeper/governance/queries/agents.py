"""Agents, their uses, permits, grants, limits and what is held; tools beside them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import Field
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.governance.actions.decide_use import state_of
from fairkeeper.governance.store import load_agent, load_tool
from fairkeeper.governance.tables import (
    AgentRow,
    ContainmentRow,
    DataGrantRow,
    DecisionRow,
    IntendedUseRow,
    LimitRow,
    LimitUsageRow,
    PermitRow,
    ToolRow,
)
from fairkeeper.governance.views import (
    AgentDetail,
    AgentLine,
    ContainmentLine,
    GrantLine,
    LimitLine,
    PermitLine,
    ToolDetail,
    ToolLine,
    UseLine,
)
from fairkeeper.policy.decision.facts import PUBLISHER, Environment, Scope, Window
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.decision.response import BusinessImpact, Reversibility, Severity, response
from fairkeeper.policy.decision.windows import window_key
from fairkeeper.values.ids import CustomerId

DAY = timedelta(days=1)
ACTIVE = "active"


class ListAgents(OperationInput):
    """Which agents."""

    customer_id: CustomerId | None = Field(None, description="Only of this customer.")
    environment: Environment | None = Field(None, description="Only of this environment.")
    text: str = Field("", max_length=200, description="Part of a name or title.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query("governance.list_agents", groups=("governance.read",), http="GET /agents", cli="governance agents")
def list_agents(context: QueryContext, request: ListAgents) -> list[AgentLine]:
    """List agents with how they are held and what was decided for them in the last 24 hours."""
    statement = select(AgentRow)
    if request.customer_id is not None:
        statement = statement.where(AgentRow.customer_id == request.customer_id)
    if request.environment is not None:
        statement = statement.where(AgentRow.environment == request.environment.value)
    if request.text:
        pattern = f"%{request.text.lower()}%"
        statement = statement.where(
            or_(func.lower(AgentRow.name).like(pattern), func.lower(AgentRow.title).like(pattern))
        )
    order = (AgentRow.title, AgentRow.environment, AgentRow.agent_id)
    rows = context.session.scalars(statement.order_by(*order).offset(request.offset).limit(request.limit)).all()
    return agent_lines(context.session, rows, context.now)


def agent_lines(session: Session, rows: Sequence[AgentRow], now: datetime) -> list[AgentLine]:
    """Return agents as lines."""
    held = _held(session, now)
    counts = _counts(session, [row.agent_id for row in rows], now)
    return [_agent_line(row, held, counts[row.agent_id]) for row in rows]


def _agent_line(row: AgentRow, held: list[ContainmentRow], counts: Counter[str]) -> AgentLine:
    return AgentLine(
        agent_id=row.agent_id,
        customer_id=row.customer_id,
        name=row.name,
        title=row.title,
        environment=row.environment,
        version=row.version,
        owner=row.owner,
        accountable=row.accountable,
        held=_how_held(held, row),
        allowed=counts["allowed"],
        refused=counts["refused"],
        waiting=counts["waiting"],
    )


def _held(session: Session, now: datetime) -> list[ContainmentRow]:
    statement = select(ContainmentRow).where(
        ContainmentRow.lifted_at.is_(None), or_(ContainmentRow.until_at.is_(None), ContainmentRow.until_at > now)
    )
    return list(session.scalars(statement))


_STRENGTH = ("constrained", "paused", "revoked")


def _how_held(held: list[ContainmentRow], row: AgentRow) -> str:
    """Return the strongest way in which an agent is held, itself or with its customer or everything."""
    states = [
        each.state
        for each in held
        if each.scope == Scope.EVERYTHING
        or (each.scope == Scope.AGENT and each.subject_id == row.agent_id)
        or (each.scope == Scope.CUSTOMER and each.subject_id == (row.customer_id or PUBLISHER))
    ]
    return max(states, key=_STRENGTH.index, default=ACTIVE)


def _counts(session: Session, agent_ids: Sequence[str], now: datetime) -> dict[str, Counter[str]]:
    statement = (
        select(DecisionRow.agent_id, DecisionRow.allowed, DecisionRow.reason, func.count())
        .where(DecisionRow.agent_id.in_(agent_ids), DecisionRow.at > now - DAY)
        .group_by(DecisionRow.agent_id, DecisionRow.allowed, DecisionRow.reason)
    )
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for agent_id, allowed, reason, count in session.execute(statement):
        key = "allowed" if allowed else "waiting" if reason == Reason.APPROVAL_NEEDED else "refused"
        found[agent_id][key] += count
    return found


class ShowAgent(OperationInput):
    """Which agent."""

    agent_id: str = Field(max_length=40, description="The agent's id.")


@query(
    "governance.show_agent", groups=("governance.read",), http="GET /agents/{agent_id}", cli="governance agent AGENT_ID"
)
def show_agent(context: QueryContext, request: ShowAgent) -> AgentDetail:
    """Show an agent: who answers for what, intended uses, tools and lanes, data, limits, and what is held."""
    session, now = context.session, context.now
    row = load_agent(session, request.agent_id)
    (line,) = agent_lines(session, [row], now)
    return AgentDetail(
        line=line,
        acts_for=row.acts_for,
        publisher_duties=row.publisher_duties,
        customer_duties=row.customer_duties,
        acts_alone=row.acts_alone,
        chain_limit=row.chain_limit,
        callers=list(row.callers),
        threat_notes=dict(row.threat_notes),
        assessment=row.assessment,
        promoted_from=row.promoted_from,
        described_at=row.described_at,
        created_at=row.created_at,
        uses=[use_line(use) for use in _uses(session, row)],
        permits=[_permit_line(permit) for permit in _permits(session, row)],
        grants=[_grant_line(grant, now) for grant in _grants(session, row)],
        limits=_limits_of(session, row, now),
        containments=[containment_line(each, now) for each in _containments_of(session, row)],
    )


def _uses(session: Session, row: AgentRow) -> Iterable[IntendedUseRow]:
    return session.scalars(
        select(IntendedUseRow).where(IntendedUseRow.agent_id == row.agent_id).order_by(IntendedUseRow.use_id)
    )


def use_line(use: IntendedUseRow) -> UseLine:
    """Return an intended use as a line."""
    return UseLine(
        use_id=use.use_id,
        title=use.title,
        owner=use.owner,
        business_context=use.business_context,
        value_measure=use.value_measure,
        known_errors=list(use.known_errors),
        not_for=list(use.not_for),
        state=state_of(use),
        approved_at=use.approved_at,
        approved_by=use.approved_by,
        withdrawn_at=use.withdrawn_at,
        withdrawn_why=use.withdrawn_why,
    )


def _permits(session: Session, row: AgentRow) -> Iterable[PermitRow]:
    statement = select(PermitRow).where(PermitRow.agent_id == row.agent_id, PermitRow.ended_at.is_(None))
    return session.scalars(statement.order_by(PermitRow.tool_name, PermitRow.permit_id))


def _permit_line(permit: PermitRow) -> PermitLine:
    return PermitLine(
        permit_id=permit.permit_id,
        tool_id=permit.tool_id,
        tool_name=permit.tool_name,
        tool_title=permit.tool_title,
        tool_effect=permit.tool_effect,
        use_id=permit.use_id,
        lane=permit.lane,
        review_percent=permit.review_percent,
        ends_at=permit.ends_at,
    )


def _grants(session: Session, row: AgentRow) -> Iterable[DataGrantRow]:
    statement = select(DataGrantRow).where(DataGrantRow.agent_id == row.agent_id)
    return session.scalars(statement.order_by(DataGrantRow.data_class, DataGrantRow.grant_id))


def _grant_line(grant: DataGrantRow, now: datetime) -> GrantLine:
    state = "revoked" if grant.revoked_at is not None else "ended" if now >= grant.ends_at else "granted"
    return GrantLine(
        grant_id=grant.grant_id,
        use_id=grant.use_id,
        owner_kind=grant.owner_kind,
        owner=grant.owner,
        data_class=grant.data_class,
        sensitivity=grant.sensitivity,
        quality_note=grant.quality_note,
        may_read=grant.may_read,
        may_write=grant.may_write,
        ends_at=grant.ends_at,
        revoked_at=grant.revoked_at,
        state=state,
    )


def _limits_of(session: Session, row: AgentRow, now: datetime) -> list[LimitLine]:
    uses = select(IntendedUseRow.use_id).where(IntendedUseRow.agent_id == row.agent_id)
    statement = select(LimitRow).where(
        LimitRow.ended_at.is_(None),
        or_(
            and_(LimitRow.scope == Scope.AGENT.value, LimitRow.subject_id == row.agent_id),
            and_(LimitRow.scope == Scope.CUSTOMER.value, LimitRow.subject_id == (row.customer_id or PUBLISHER)),
            and_(LimitRow.scope == Scope.USE.value, LimitRow.subject_id.in_(uses)),
            and_(LimitRow.scope == Scope.TOOL.value, LimitRow.agent_id == row.agent_id),
        ),
    )
    return limit_lines(session, session.scalars(statement.order_by(LimitRow.limit_id)).all(), now)


def limit_lines(session: Session, rows: Sequence[LimitRow], now: datetime) -> list[LimitLine]:
    """Return limits with what is used in their present windows."""
    windows = {row.limit_id: window_key(Window(row.span), now) for row in rows}
    used = {
        (usage.limit_id, usage.window_key): usage.used
        for usage in session.scalars(select(LimitUsageRow).where(LimitUsageRow.limit_id.in_(list(windows))))
    }
    return [
        LimitLine(
            limit_id=row.limit_id,
            customer_id=row.customer_id,
            scope=row.scope,
            subject_id=row.subject_id,
            agent_id=row.agent_id,
            meter=row.meter,
            currency=row.currency,
            span=row.span,
            maximum=row.maximum,
            used=used.get((row.limit_id, windows[row.limit_id]), 0),
            dimension=row.dimension,
            asks=row.asks,
        )
        for row in rows
    ]


def _containments_of(session: Session, row: AgentRow) -> Iterable[ContainmentRow]:
    statement = select(ContainmentRow).where(
        or_(
            and_(ContainmentRow.scope == Scope.AGENT.value, ContainmentRow.subject_id == row.agent_id),
            and_(
                ContainmentRow.scope == Scope.CUSTOMER.value,
                ContainmentRow.subject_id == (row.customer_id or PUBLISHER),
            ),
            ContainmentRow.scope == Scope.EVERYTHING.value,
        )
    )
    return session.scalars(statement.order_by(ContainmentRow.began_at.desc()).limit(50))


def containment_line(row: ContainmentRow, now: datetime) -> ContainmentLine:
    """Return a hold as a line."""
    is_held = row.lifted_at is None and (row.until_at is None or now < row.until_at)
    return ContainmentLine(
        containment_id=row.containment_id,
        customer_id=row.customer_id,
        scope=row.scope,
        subject_id=row.subject_id,
        state=row.state,
        profile=row.profile,
        reason=row.reason,
        is_drill=row.is_drill,
        is_publishers=row.is_publishers,
        began_at=row.began_at,
        began_by=row.began_by,
        until_at=row.until_at,
        lifted_at=row.lifted_at,
        is_held=is_held,
    )


class ListTools(OperationInput):
    """Which tools."""

    environment: Environment | None = Field(None, description="Only of this environment.")
    limit: int = Field(200, ge=1, le=500, description="How many at most.")


@query("governance.list_tools", groups=("governance.read",), http="GET /tools", cli="governance tools")
def list_tools(context: QueryContext, request: ListTools) -> list[ToolLine]:
    """List registered tools; a customer sees its own, and the publisher's by its agents' permits."""
    statement = select(ToolRow)
    if request.environment is not None:
        statement = statement.where(ToolRow.environment == request.environment.value)
    rows = context.session.scalars(statement.order_by(ToolRow.name, ToolRow.environment).limit(request.limit)).all()
    held = _held(context.session, context.now)
    return [_tool_line(row, held) for row in rows]


def _tool_line(row: ToolRow, held: list[ContainmentRow]) -> ToolLine:
    states = [each.state for each in held if each.scope == Scope.TOOL and each.subject_id == row.tool_id]
    wanted = response(Severity(row.severity), Reversibility(row.reversibility), BusinessImpact(row.business_impact))
    return ToolLine(
        tool_id=row.tool_id,
        customer_id=row.customer_id,
        name=row.name,
        title=row.title,
        environment=row.environment,
        effect=row.effect,
        reads=list(row.reads),
        writes=list(row.writes),
        severity=row.severity,
        reversibility=row.reversibility,
        business_impact=row.business_impact,
        response=wanted.name.lower(),
        manifest_digest=row.manifest_digest,
        open_manifest_digest=row.open_manifest_digest,
        separates_duties=row.separates_duties,
        is_elevated=row.is_elevated,
        needs_trusted=row.needs_trusted,
        most_sensitive=row.most_sensitive,
        result_sensitivity=row.result_sensitivity,
        result_is_trusted=row.result_is_trusted,
        meters=[dict(each) for each in row.meters],
        held=max(states, key=_STRENGTH.index, default=ACTIVE),
    )


class ShowTool(OperationInput):
    """Which tool."""

    tool_id: str = Field(max_length=40, description="The tool's id.")


@query("governance.show_tool", groups=("governance.read",), http="GET /tools/{tool_id}", cli="governance tool TOOL_ID")
def show_tool(context: QueryContext, request: ShowTool) -> ToolDetail:
    """Show a tool with the schema of its arguments, and a changed description that waits for approval."""
    row = load_tool(context.session, request.tool_id)
    return ToolDetail(
        line=_tool_line(row, _held(context.session, context.now)),
        arguments=dict(row.arguments),
        open_arguments=None if row.open_arguments is None else dict(row.open_arguments),
    )
