"""Delegations: authority for one task, from a person to an agent or from agent to agent, never more than was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.errors import InvalidError
from fairkeeper.governance.errors import StateRefusedError, WiderThanGivenError
from fairkeeper.governance.evidence_kinds import DELEGATED, DELEGATION_ENDED
from fairkeeper.governance.store import load_agent, load_delegation
from fairkeeper.governance.tables import AgentRow, DelegationRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id


class Delegate(OperationInput):
    """To which agent, for which task, by whom, for what."""

    agent_id: str = Field(max_length=40, description="The agent that receives it.")
    task_id: str = Field(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$", description="The task's own name.")
    parent_id: str | None = Field(None, max_length=40, description="The delegation of the agent that hands it on.")
    person_id: str | None = Field(None, min_length=1, max_length=200, description="The person who gives it.")
    person_issuer: str | None = Field(None, max_length=300, description="Who vouches for that person.")
    tools: list[str] | None = Field(None, max_length=200, description="Names of tools; empty gives all it may use.")
    ends_at: AwareDatetime = Field(description="When it ends.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated:
    """The delegation; the agent names it in each call."""

    delegation_id: str
    depth: int
    ends_at: datetime


@command(
    "governance.delegate",
    groups=("governance.report",),
    evidence=(DELEGATED,),
    http="POST /delegations",
    cli="governance delegate AGENT_ID TASK_ID",
)
def delegate(context: CommandContext, request: Delegate) -> Outcome[Delegated]:
    """Give an agent authority for one task: a person's, or what the calling agent itself was given.

    Raises `governance.wider_than_given` where it exceeds what was given in tools, time or depth.
    """
    agent = load_agent(context.session, request.agent_id)
    parent = None if request.parent_id is None else load_delegation(context.session, request.parent_id)
    _refuse_misfit(context, request, agent, parent)
    row = DelegationRow(
        delegation_id=new_id("dlg"),
        customer_id=agent.customer_id,
        task_id=request.task_id,
        parent_id=request.parent_id,
        to_agent_id=agent.agent_id,
        person_id=request.person_id,
        person_issuer=request.person_issuer,
        tools=request.tools,
        depth=0 if parent is None else parent.depth + 1,
        began_at=context.now,
        began_by=context.principal.id,
        ends_at=request.ends_at,
    )
    context.session.add(row)
    context.session.flush()
    entry = EvidenceDraft(
        kind=DELEGATED.name,
        subject_type="agent",
        subject_id=agent.agent_id,
        customer_id=row.customer_id,
        payload={
            "delegation": row.delegation_id,
            "agent": agent.name,
            "task": row.task_id,
            "parent": row.parent_id,
            "person": row.person_id,
            "issuer": row.person_issuer,
            "tools": row.tools,
            "depth": row.depth,
            "ends_at": format_instant(row.ends_at),
        },
    )
    return Outcome(result=Delegated(delegation_id=row.delegation_id, depth=row.depth, ends_at=row.ends_at), entry=entry)


def _refuse_misfit(context: CommandContext, request: Delegate, agent: AgentRow, parent: DelegationRow | None) -> None:
    if request.ends_at <= context.now:
        raise InvalidError("A delegation ends in the future.", code="governance.delegation_over")
    if parent is None:
        if request.person_id is None:
            raise InvalidError(
                "A delegation comes from a person or from another delegation.", code="governance.delegation_from_nobody"
            )
        return
    if request.person_id is not None or parent.customer_id != agent.customer_id or parent.task_id != request.task_id:
        raise WiderThanGivenError("What is handed on stays with its customer, its task and its person.")
    wider = parent.tools is not None and (request.tools is None or set(request.tools) - set(parent.tools))
    if wider or request.ends_at > parent.ends_at or parent.revoked_at is not None or parent.ends_at <= context.now:
        raise WiderThanGivenError("It gives more tools or more time than was given, or what was given has ended.")
    if parent.depth + 1 > agent.chain_limit:
        raise WiderThanGivenError(f"{agent.name} allows {agent.chain_limit} agents in between.")


class EndDelegation(OperationInput):
    """Which delegation."""

    delegation_id: str = Field(max_length=40, description="The delegation's id.")


@command(
    "governance.end_delegation",
    groups=("governance.report",),
    evidence=(DELEGATION_ENDED,),
    http="POST /delegations/{delegation_id}/end",
    cli="governance end-delegation DELEGATION_ID",
)
def end_delegation(context: CommandContext, request: EndDelegation) -> Outcome[Delegated]:
    """Take a delegation back, and with it everything that was handed on from it.

    Raises `governance.state_refused` where it was taken back already.
    """
    row = load_delegation(context.session, request.delegation_id, for_change=True)
    if row.revoked_at is not None:
        raise StateRefusedError("It was taken back already.", remedy="Nothing is left to do.")
    row.revoked_at, row.revoked_by = context.now, context.principal.id
    handed_on = context.session.scalars(
        select(DelegationRow.delegation_id).where(DelegationRow.parent_id == row.delegation_id)
    ).all()
    entry = EvidenceDraft(
        kind=DELEGATION_ENDED.name,
        subject_type="agent",
        subject_id=row.to_agent_id,
        customer_id=row.customer_id,
        payload={"delegation": row.delegation_id, "task": row.task_id, "handed_on": list(handed_on)},
    )
    return Outcome(result=Delegated(delegation_id=row.delegation_id, depth=row.depth, ends_at=row.ends_at), entry=entry)
