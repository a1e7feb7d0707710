"""Permits: a tool for an agent, for one intended use, in one lane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import AwareDatetime, Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.governance.epochs import move
from fairkeeper.governance.errors import StateRefusedError, ToolNotFoundError, WrongEnvironmentError
from fairkeeper.governance.evidence_kinds import PERMIT_ENDED, PERMIT_GRANTED
from fairkeeper.governance.store import load_agent, load_permit, load_tool, load_use_of
from fairkeeper.governance.tables import AgentRow, IntendedUseRow, PermitRow, ToolRow
from fairkeeper.policy.decision.facts import Lane
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id


class PermitTool(OperationInput):
    """Which tool for which agent, for what, in which lane."""

    agent_id: str = Field(max_length=40, description="The agent's id.")
    tool_id: str = Field(max_length=40, description="The tool's id.")
    use_id: str = Field(max_length=40, description="The intended use that it serves.")
    lane: Literal["automatic", "approval"] = Field(description="By itself within limits, or approved by a person.")
    review_percent: int = Field(0, ge=0, le=100, description="How many of a hundred calls a person looks at later.")
    ends_at: AwareDatetime | None = Field(None, description="When it ends by itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitDecided:
    """The permit."""

    permit_id: str
    agent_id: str
    tool_id: str


@command(
    "governance.permit_tool",
    groups=("governance.change",),
    evidence=(PERMIT_GRANTED,),
    http="POST /agents/{agent_id}/permits",
    cli="governance permit-tool AGENT_ID TOOL_ID USE_ID LANE",
)
def permit_tool(context: CommandContext, request: PermitTool) -> Outcome[PermitDecided]:
    """Permit a tool to an agent; policies, limits and the response table can still be stricter.

    Raises `governance.wrong_environment` where agent and tool are not of one environment, and
    `governance.state_refused` where this use has the tool already.
    """
    agent = load_agent(context.session, request.agent_id, for_change=True)
    tool = load_tool(context.session, request.tool_id)
    use = load_use_of(context.session, agent, request.use_id)
    refuse_misfit(agent, tool)
    if _is_there(context, request):
        raise StateRefusedError(
            f"{tool.name} is permitted to {agent.name} for this use already.", remedy="End that permit first."
        )
    row = make_permit(context, agent, tool, use)
    row.lane, row.review_percent, row.ends_at = request.lane, request.review_percent, request.ends_at
    context.session.add(row)
    context.session.flush()
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=PERMIT_GRANTED.name,
        subject_type="agent",
        subject_id=agent.agent_id,
        customer_id=row.customer_id,
        payload={
            "permit": row.permit_id,
            "agent": agent.name,
            "tool": tool.name,
            "tool_id": tool.tool_id,
            "use": use.use_id,
            "lane": row.lane,
            "review_percent": row.review_percent,
            "ends_at": None if row.ends_at is None else format_instant(row.ends_at),
        },
    )
    return Outcome(result=_decided(row), entry=entry)


def make_permit(context: CommandContext, agent: AgentRow, tool: ToolRow, use: IntendedUseRow) -> PermitRow:
    """Return a permit in the lane of approval that names the tool as the customer's people will see it."""
    return PermitRow(
        permit_id=new_id("pmt"),
        customer_id=agent.customer_id,
        agent_id=agent.agent_id,
        tool_id=tool.tool_id,
        use_id=use.use_id,
        lane=Lane.APPROVAL.value,
        review_percent=0,
        tool_name=tool.name,
        tool_title=tool.title,
        tool_effect=tool.effect,
        granted_at=context.now,
        granted_by=context.principal.id,
    )


def refuse_misfit(agent: AgentRow, tool: ToolRow) -> None:
    """Refuse a tool of another customer or of another environment.

    Raises:
        ToolNotFoundError: It is another customer's.
        WrongEnvironmentError: It is of another environment.
    """
    if tool.customer_id is not None and tool.customer_id != agent.customer_id:
        raise ToolNotFoundError(f"There is no tool {tool.tool_id!r} here.")
    if tool.environment != agent.environment:
        raise WrongEnvironmentError(f"{agent.name} is of {agent.environment}, {tool.name} of {tool.environment}.")


def _is_there(context: CommandContext, request: PermitTool) -> bool:
    from sqlalchemy import select

    statement = select(PermitRow.permit_id).where(
        PermitRow.agent_id == request.agent_id,
        PermitRow.tool_id == request.tool_id,
        PermitRow.use_id == request.use_id,
        PermitRow.ended_at.is_(None),
    )
    return context.session.scalars(statement).first() is not None


class EndPermit(OperationInput):
    """Which permit."""

    permit_id: str = Field(max_length=40, description="The permit's id.")


@command(
    "governance.end_permit",
    groups=("governance.administer",),
    evidence=(PERMIT_ENDED,),
    http="POST /permits/{permit_id}/end",
    cli="governance end-permit PERMIT_ID",
)
def end_permit(context: CommandContext, request: EndPermit) -> Outcome[PermitDecided]:
    """End a permit; from the next decision on the tool is not permitted, and may be asked for."""
    row = load_permit(context.session, request.permit_id, for_change=True)
    if row.ended_at is not None:
        return Outcome(result=_decided(row), entry=None)
    row.ended_at = context.now
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=PERMIT_ENDED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        payload={"permit": row.permit_id, "tool": row.tool_name, "lane": row.lane},
    )
    return Outcome(result=_decided(row), entry=entry)


def _decided(row: PermitRow) -> PermitDecided:
    return PermitDecided(permit_id=row.permit_id, agent_id=row.agent_id, tool_id=row.tool_id)
