"""Promotes an agent from dev to test, or from test to live: the same agent, registered in the next environment.

Uses and permits go along where the tool is registered there under the same name and with the same description. Grants
of data do not: whoever owns the data decides for each environment. Nothing of the former environment is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.governance.actions.permit_tool import make_permit
from fairkeeper.governance.epochs import move
from fairkeeper.governance.errors import WrongEnvironmentError
from fairkeeper.governance.evidence_kinds import AGENT_PROMOTED
from fairkeeper.governance.ports import ReleaseGate
from fairkeeper.governance.store import load_agent
from fairkeeper.governance.tables import AgentRow, IntendedUseRow, PermitRow, ToolRow
from fairkeeper.policy.decision.facts import Environment
from fairkeeper.values.ids import new_id

_NEXT = {Environment.DEV: Environment.TEST, Environment.TEST: Environment.LIVE}
_CARRIED = (
    "customer_id",
    "name",
    "version",
    "title",
    "owner",
    "accountable",
    "acts_for",
    "publisher_duties",
    "customer_duties",
    "acts_alone",
    "chain_limit",
    "threat_notes",
    "assessment",
)
_USE_CARRIED = (
    "title",
    "owner",
    "business_context",
    "value_measure",
    "known_errors",
    "not_for",
    "approved_at",
    "approved_by",
)


class PromoteAgent(OperationInput):
    """Which agent."""

    agent_id: str = Field(max_length=40, description="The agent's id in its present environment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPromoted:
    """The agent in the next environment, and what did not go along.

    Attributes:
        missing_tools: Names of permitted tools that are not there, or are described differently.
    """

    agent_id: str
    environment: str
    version: str
    permits: int
    missing_tools: list[str]


@command(
    "governance.promote_agent",
    groups=("governance.change",),
    evidence=(AGENT_PROMOTED,),
    http="POST /agents/{agent_id}/promote",
    cli="governance promote AGENT_ID",
)
def promote_agent(context: CommandContext, request: PromoteAgent) -> Outcome[AgentPromoted]:
    """Promote an agent to the next environment; one that was promoted before gets the new version and permits.

    Raises `governance.wrong_environment` for an agent that is live, and `assurance.release_refused` where a criterion
    of one of its suites is not met.
    """
    source = load_agent(context.session, request.agent_id)
    target_environment = _NEXT.get(Environment(source.environment))
    if target_environment is None:
        raise WrongEnvironmentError(f"{source.name} is {source.environment}; there is nothing after that.")
    if target_environment is Environment.LIVE and (gate := context.ports.by_protocol.get(ReleaseGate)) is not None:
        cast("ReleaseGate", gate).refuse_unready(context.session, source, now=context.now)
    target = _target(context, source, target_environment)
    permits, missing = _carry_permits(context, source, target)
    move(context.session, target.customer_id)
    result = AgentPromoted(
        agent_id=target.agent_id,
        environment=target.environment,
        version=target.version,
        permits=permits,
        missing_tools=missing,
    )
    entry = EvidenceDraft(
        kind=AGENT_PROMOTED.name,
        subject_type="agent",
        subject_id=target.agent_id,
        customer_id=target.customer_id,
        payload={
            "name": target.name,
            "version": target.version,
            "from": source.agent_id,
            "before": source.environment,
            "environment": target.environment,
            "permits": permits,
            "missing_tools": ", ".join(missing),
        },
    )
    return Outcome(result=result, entry=entry)


def _target(context: CommandContext, source: AgentRow, environment: Environment) -> AgentRow:
    found = context.session.scalars(
        select(AgentRow)
        .where(
            AgentRow.name == source.name,
            AgentRow.environment == environment.value,
            AgentRow.customer_id.is_not_distinct_from(source.customer_id),
        )
        .with_for_update()
    ).first()
    carried = {name: getattr(source, name) for name in _CARRIED}
    if found is not None:
        for name, value in carried.items():
            setattr(found, name, value)
        found.promoted_from = source.agent_id
        return found
    row = AgentRow(
        agent_id=new_id("agt"),
        **carried,
        environment=environment.value,
        callers=[],
        promoted_from=source.agent_id,
        created_at=context.now,
        created_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    return row


def _carry_permits(context: CommandContext, source: AgentRow, target: AgentRow) -> tuple[int, list[str]]:
    """Replace the target's permits by the source's; return how many there are, and the tools that are missing."""
    for former in _permits(context, target.agent_id):
        former.ended_at = context.now
    uses = {use.title: use for use in _uses(context, target.agent_id)}
    by_source = {use.use_id: use for use in _uses(context, source.agent_id)}
    count, missing = 0, set()
    for permit in _permits(context, source.agent_id):
        tool = _counterpart(context, permit, target)
        use = by_source[permit.use_id]
        if tool is None:
            missing.add(permit.tool_name)
            continue
        if use.withdrawn_at is not None:
            continue
        if use.title not in uses:
            uses[use.title] = _carry_use(context, use, target)
        row = make_permit(context, target, tool, uses[use.title])
        row.lane, row.review_percent, row.ends_at = permit.lane, permit.review_percent, permit.ends_at
        context.session.add(row)
        count += 1
    context.session.flush()
    return count, sorted(missing)


def _permits(context: CommandContext, agent_id: str) -> list[PermitRow]:
    statement = select(PermitRow).where(PermitRow.agent_id == agent_id, PermitRow.ended_at.is_(None))
    return list(context.session.scalars(statement.order_by(PermitRow.permit_id)))


def _uses(context: CommandContext, agent_id: str) -> list[IntendedUseRow]:
    statement = select(IntendedUseRow).where(IntendedUseRow.agent_id == agent_id)
    rows = context.session.scalars(statement.order_by(IntendedUseRow.use_id))
    # A withdrawn one of the same title stands behind the one that holds.
    return sorted(rows, key=lambda use: use.withdrawn_at is None)


def _counterpart(context: CommandContext, permit: PermitRow, target: AgentRow) -> ToolRow | None:
    tool = context.session.get(ToolRow, permit.tool_id)
    if tool is None:
        return None
    return context.session.scalars(
        select(ToolRow).where(
            ToolRow.name == tool.name,
            ToolRow.environment == target.environment,
            ToolRow.customer_id.is_not_distinct_from(tool.customer_id),
            ToolRow.manifest_digest == tool.manifest_digest,
        )
    ).first()


def _carry_use(context: CommandContext, use: IntendedUseRow, target: AgentRow) -> IntendedUseRow:
    row = IntendedUseRow(
        use_id=new_id("use"),
        customer_id=target.customer_id,
        agent_id=target.agent_id,
        **{name: getattr(use, name) for name in _USE_CARRIED},
        created_at=context.now,
    )
    context.session.add(row)
    context.session.flush()
    return row
