"""Data access: granted by its owner to one agent for one use until an end, and taken back by its owner at any time."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import AwareDatetime, Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.errors import InvalidError
from fairkeeper.governance.epochs import move
from fairkeeper.governance.errors import StateRefusedError
from fairkeeper.governance.evidence_kinds import DATA_GRANTED, DATA_REVOKED
from fairkeeper.governance.store import load_agent, load_grant, load_use_of
from fairkeeper.governance.tables import DataGrantRow
from fairkeeper.policy.decision.facts import OwnerKind
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id


class GrantData(OperationInput):
    """Which data to which agent, for what, how long."""

    agent_id: str = Field(max_length=40, description="The agent's id.")
    use_id: str = Field(max_length=40, description="The purpose: an intended use of the agent.")
    owner_kind: OwnerKind = Field(description="publisher, customer or third_party.")
    owner: str = Field(min_length=1, max_length=200, description="Who owns the data.")
    data_class: str = Field(
        min_length=1, max_length=80, pattern=r"^[a-z][a-z0-9_.-]*$", description="The class of data."
    )
    sensitivity: int = Field(1, ge=0, le=3, description="0 public, 1 internal, 2 confidential, 3 restricted.")
    quality_note: str = Field("", max_length=2000, description="What is known about its quality.")
    may_read: bool = Field(True, description="Whether it may be read.")
    may_write: bool = Field(False, description="Whether it may be written.")
    ends_at: AwareDatetime = Field(description="When the access ends.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDecided:
    """The grant."""

    grant_id: str
    agent_id: str
    data_class: str


@command(
    "governance.grant_data",
    groups=("governance.administer",),
    evidence=(DATA_GRANTED,),
    http="POST /agents/{agent_id}/grants",
    cli="governance grant-data AGENT_ID USE_ID DATA_CLASS",
)
def grant_data(context: CommandContext, request: GrantData) -> Outcome[GrantDecided]:
    """Grant an agent access to a class of data; it is decided anew at each call until it ends.

    A customer's own people grant their customer's and third parties' data; the publisher's is the publisher's.
    """
    if request.ends_at <= context.now or not (request.may_read or request.may_write):
        raise InvalidError(
            "A grant ends in the future, and lets something be read or written.", code="governance.grant_empty"
        )
    if context.principal.customer_id is not None and request.owner_kind is OwnerKind.PUBLISHER:
        raise InvalidError(
            "The publisher's data is granted by the publisher.",
            code="governance.not_the_owner",
            remedy="Ask the publisher, or name the customer as its owner.",
        )
    agent = load_agent(context.session, request.agent_id)
    load_use_of(context.session, agent, request.use_id)
    row = DataGrantRow(
        grant_id=new_id("gra"),
        customer_id=agent.customer_id,
        **request.model_dump(exclude={"owner_kind"}),
        owner_kind=request.owner_kind.value,
        granted_at=context.now,
        granted_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    move(context.session, row.customer_id)
    told = request.model_dump(mode="json", exclude={"agent_id", "ends_at"})
    entry = EvidenceDraft(
        kind=DATA_GRANTED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        payload={**told, "grant": row.grant_id, "ends_at": format_instant(row.ends_at)},
    )
    return Outcome(result=_decided(row), entry=entry)


class RevokeData(OperationInput):
    """Which grant, and why."""

    grant_id: str = Field(max_length=40, description="The grant's id.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@command(
    "governance.revoke_data",
    groups=("governance.administer",),
    evidence=(DATA_REVOKED,),
    http="POST /grants/{grant_id}/revoke",
    cli="governance revoke-data GRANT_ID",
)
def revoke_data(context: CommandContext, request: RevokeData) -> Outcome[GrantDecided]:
    """Take access to data back; every call that needs it is refused from the next decision on.

    Raises `governance.state_refused` where it was taken back already.
    """
    row = load_grant(context.session, request.grant_id, for_change=True)
    if row.revoked_at is not None:
        raise StateRefusedError("The access was taken back already.", remedy="Nothing is left to do.")
    row.revoked_at, row.revoked_by, row.revoked_why = context.now, context.principal.id, request.reason
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=DATA_REVOKED.name,
        subject_type="agent",
        subject_id=row.agent_id,
        customer_id=row.customer_id,
        payload={"grant": row.grant_id, "data_class": row.data_class, "owner": row.owner, "why": request.reason},
    )
    return Outcome(result=_decided(row), entry=entry)


def _decided(row: DataGrantRow) -> GrantDecided:
    return GrantDecided(grant_id=row.grant_id, agent_id=row.agent_id, data_class=row.data_class)
