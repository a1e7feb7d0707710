"""Descriptions of the publisher's agents for whoever thinks of buying: no ids, no customers, nothing that was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.governance.errors import AgentNotFoundError
from fairkeeper.governance.tables import AgentRow, IntendedUseRow, PermitRow, ToolRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedUse:
    """What it is for, and what not."""

    title: str
    business_context: str
    value_measure: str
    known_errors: list[str]
    not_for: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedTool:
    """What it may do.

    Attributes:
        asks: Whether a person approves each call.
    """

    title: str
    effect: str
    asks: bool
    reads: list[str]
    writes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDescription:
    """An agent as anybody may read about it before they buy."""

    name: str
    title: str
    version: str
    owner: str
    acts_for: str
    acts_alone: bool
    publisher_duties: str
    customer_duties: str
    is_assessed: bool
    described_at: datetime
    uses: list[DescribedUse]
    tools: list[DescribedTool]


class ListDescriptions(OperationInput):
    """Which descriptions."""

    name: str = Field("", max_length=80, description="Only of the agent with this name.")


@query(
    "governance.list_descriptions",
    groups=("governance.read",),
    http="GET /agent-descriptions",
    cli="governance descriptions",
)
def list_descriptions(context: QueryContext, request: ListDescriptions) -> list[AgentDescription]:
    """List the agents whose description is public, with what anybody may read about each.

    Raises:
        AgentNotFoundError: None of this name is described.
    """
    statement = select(AgentRow).where(AgentRow.described_at.is_not(None), AgentRow.customer_id.is_(None))
    if request.name:
        statement = statement.where(AgentRow.name == request.name)
    rows = context.session.scalars(statement.order_by(AgentRow.title, AgentRow.agent_id)).all()
    if request.name and not rows:
        raise AgentNotFoundError(f"No agent named {request.name!r} is described here.")
    return [_description(context, row) for row in rows]


def _description(context: QueryContext, row: AgentRow) -> AgentDescription:
    assert row.described_at is not None  # noqa: S101 - asked for above
    uses = context.session.scalars(
        select(IntendedUseRow)
        .where(
            IntendedUseRow.agent_id == row.agent_id,
            IntendedUseRow.approved_at.is_not(None),
            IntendedUseRow.withdrawn_at.is_(None),
        )
        .order_by(IntendedUseRow.use_id)
    ).all()
    return AgentDescription(
        name=row.name,
        title=row.title,
        version=row.version,
        owner=row.owner,
        acts_for=row.acts_for,
        acts_alone=row.acts_alone,
        publisher_duties=row.publisher_duties,
        customer_duties=row.customer_duties,
        is_assessed=bool(row.assessment),
        described_at=row.described_at,
        uses=[
            DescribedUse(
                title=each.title,
                business_context=each.business_context,
                value_measure=each.value_measure,
                known_errors=list(each.known_errors),
                not_for=list(each.not_for),
            )
            for each in uses
        ],
        tools=_tools(context, row, {each.use_id for each in uses}),
    )


def _tools(context: QueryContext, row: AgentRow, use_ids: set[str]) -> list[DescribedTool]:
    permits = context.session.scalars(
        select(PermitRow)
        .where(PermitRow.agent_id == row.agent_id, PermitRow.ended_at.is_(None), PermitRow.use_id.in_(use_ids))
        .order_by(PermitRow.tool_title, PermitRow.permit_id)
    ).all()
    alive = [each for each in permits if each.ends_at is None or context.now < each.ends_at]
    tools = context.session.scalars(select(ToolRow).where(ToolRow.tool_id.in_({each.tool_id for each in alive}))).all()
    known = {tool.tool_id: tool for tool in tools}
    return [
        DescribedTool(
            title=each.tool_title,
            effect=each.tool_effect,
            asks=each.lane == "approval",
            reads=list(known[each.tool_id].reads) if each.tool_id in known else [],
            writes=list(known[each.tool_id].writes) if each.tool_id in known else [],
        )
        for each in alive
    ]
