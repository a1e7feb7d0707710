"""Registers an agent and changes it: owner, accountable person, whom it acts for, what was thought of its threats.

An agent is registered for one customer, or for the publisher itself, in one environment. What it may do comes apart:
intended uses, permits and grants of data.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.access.authentication import is_caller
from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.store import load_customer
from fairkeeper.governance.epochs import move
from fairkeeper.governance.errors import NameTakenError
from fairkeeper.governance.evidence_kinds import AGENT_CHANGED, AGENT_REGISTERED
from fairkeeper.governance.store import load_agent
from fairkeeper.governance.tables import AgentRow
from fairkeeper.policy.decision.facts import APPLICATION_PREFIX, Environment
from fairkeeper.values.ids import CustomerId, new_id

OWASP_ITEMS = frozenset(
    {*(f"ASI{number:02}" for number in range(1, 11)), *(f"LLM{number:02}" for number in range(1, 11))}
)
"""Items a threat note can speak of: OWASP Top 10 for Agentic Applications 2026, and for LLM Applications 2025."""


class RegisterAgent(OperationInput):
    """The agent."""

    customer_id: CustomerId | None = Field(None, description="Whose it is; empty for the publisher's own.")
    name: str = Field(min_length=1, max_length=80, pattern=r"^[a-z0-9][a-z0-9-]*$", description="Its short name.")
    environment: Environment = Field(description="dev, test or live.")
    version: str = Field(min_length=1, max_length=40, description="Its version.")
    title: str = Field(min_length=1, max_length=200, description="What people call it.")
    owner: str = Field(min_length=1, max_length=200, description="Who owns it: a team or a company.")
    accountable: str = Field(min_length=1, max_length=200, description="The person accountable when it deviates.")
    acts_for: str = Field(min_length=1, max_length=2000, description="On whose behalf it acts.")
    publisher_duties: str = Field(min_length=1, max_length=4000, description="What the publisher answers for.")
    customer_duties: str = Field(min_length=1, max_length=4000, description="What the customer answers for.")
    acts_alone: bool = Field(True, description="Whether it may act without a person's delegation.")
    chain_limit: int = Field(3, ge=0, le=10, description="How many agents may stand between a person and its call.")
    callers: list[str] = Field(
        [],
        max_length=50,
        description="Who may speak for it: API tokens (tok_…) and applications of Microsoft Entra "
        "(entra:TENANT/APPLICATION); empty for any API token of its customer or the publisher.",
    )
    threat_notes: dict[str, str] = Field({}, description="By OWASP item (ASI01, LLM06): what was decided about it.")
    assessment: str = Field(
        "", max_length=20_000, description="The additional assessment where the domain asks for one."
    )

    @field_validator("callers")
    @classmethod
    def _know_callers(cls, callers: list[str]) -> list[str]:
        return known_callers(callers)

    @field_validator("threat_notes")
    @classmethod
    def _know_items(cls, notes: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(notes) - OWASP_ITEMS)
        if unknown:
            raise ValueError(f"no OWASP item is called {', '.join(unknown)[:80]}")
        if any(len(note) > 4000 for note in notes.values()):
            raise ValueError("a note is longer than 4,000 characters")
        return notes


def known_callers(callers: list[str]) -> list[str]:
    """Return callers as they were given; an application is named by two GUIDs in lower case, or it is nobody.

    Raises:
        ValueError: One is not.
    """
    for caller in callers:
        if caller.startswith(APPLICATION_PREFIX) and not is_caller(caller):
            raise ValueError(f"{caller[:90]!r} is no entra:TENANT/APPLICATION, two GUIDs in lower case")
    return callers


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRegistered:
    """Its id."""

    agent_id: str
    environment: str


@command(
    "governance.register_agent",
    groups=("governance.change",),
    evidence=(AGENT_REGISTERED,),
    http="POST /agents",
    cli="governance register-agent NAME ENVIRONMENT",
)
def register_agent(context: CommandContext, request: RegisterAgent) -> Outcome[AgentRegistered]:
    """Register an agent; it may do nothing yet.

    Raises `governance.name_taken` where this customer has one of the name in this environment.
    """
    if request.customer_id is not None:
        load_customer(context.session, request.customer_id)
    refuse_taken(context.session, request.name, request.environment, request.customer_id)
    row = AgentRow(
        agent_id=new_id("agt"),
        **request.model_dump(mode="python") | {"environment": request.environment.value},
        created_at=context.now,
        created_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=AGENT_REGISTERED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        payload={**described(row), "assessment": row.assessment, "threat_notes": dict(row.threat_notes)},
    )
    return Outcome(result=AgentRegistered(agent_id=row.agent_id, environment=row.environment), entry=entry)


def refuse_taken(session: Session, name: str, environment: Environment, customer_id: CustomerId | None) -> None:
    """Refuse a second agent of one name; the database alone would let the publisher have two.

    Raises:
        NameTakenError: There is one.
    """
    statement = select(AgentRow.agent_id).where(
        AgentRow.name == name,
        AgentRow.environment == environment.value,
        AgentRow.customer_id.is_not_distinct_from(customer_id),
    )
    found = session.scalars(statement).first()
    if found is not None:
        raise NameTakenError(f"There is an agent {name!r} in {environment.value} already ({found}).")


def described(row: AgentRow) -> dict[str, str | int | bool | None]:
    """Return what an entry tells about an agent."""
    return {
        "name": row.name,
        "title": row.title,
        "environment": row.environment,
        "version": row.version,
        "owner": row.owner,
        "accountable": row.accountable,
        "acts_for": row.acts_for,
        "publisher_duties": row.publisher_duties,
        "customer_duties": row.customer_duties,
        "acts_alone": row.acts_alone,
        "chain_limit": row.chain_limit,
    }


class ChangeAgent(OperationInput):
    """Which agent, and what changes; what is left out stays."""

    agent_id: str = Field(max_length=40, description="The agent's id.")
    version: str | None = Field(None, min_length=1, max_length=40, description="Its new version.")
    title: str | None = Field(None, min_length=1, max_length=200, description="What people call it.")
    owner: str | None = Field(None, min_length=1, max_length=200, description="Who owns it.")
    accountable: str | None = Field(None, min_length=1, max_length=200, description="The accountable person.")
    publisher_duties: str | None = Field(None, min_length=1, max_length=4000, description="The publisher's part.")
    customer_duties: str | None = Field(None, min_length=1, max_length=4000, description="The customer's part.")
    acts_alone: bool | None = Field(None, description="Whether it may act without a person's delegation.")
    chain_limit: int | None = Field(None, ge=0, le=10, description="How many agents may stand in between.")
    callers: list[str] | None = Field(
        None, max_length=50, description="Who may speak for it: API tokens and applications of Microsoft Entra."
    )
    assessment: str | None = Field(None, max_length=20_000, description="The additional assessment.")

    @field_validator("callers")
    @classmethod
    def _know_callers(cls, callers: list[str] | None) -> list[str] | None:
        return None if callers is None else known_callers(callers)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged:
    """What changed."""

    agent_id: str
    fields: list[str]


@command(
    "governance.change_agent",
    groups=("governance.change",),
    evidence=(AGENT_CHANGED,),
    http="POST /agents/{agent_id}/change",
    cli="governance change-agent AGENT_ID",
)
def change_agent(context: CommandContext, request: ChangeAgent) -> Outcome[AgentChanged]:
    """Change an agent's description or who may speak for it; what it may do stays."""
    row = load_agent(context.session, request.agent_id, for_change=True)
    wanted = request.model_dump(exclude={"agent_id"}, exclude_none=True)
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    result = AgentChanged(agent_id=row.agent_id, fields=sorted(changed))
    if not changed:
        return Outcome(result=result, entry=None)
    for name, value in changed.items():
        setattr(row, name, value)
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=AGENT_CHANGED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        payload={"name": row.name, "fields": ", ".join(sorted(changed)), "now": changed},
    )
    return Outcome(result=result, entry=entry)
