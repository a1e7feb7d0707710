"""Placing an agent identity in a customer's tenant: who answers for it, which agent it is, and what came of making it.

Whoever of the customer may decide about consent names the sponsor, or an identity that its own administrators made; the
latter is believed as far as a token proves it, which Microsoft gives to a child of our blueprint alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.consent.actions.probe import plan_probe
from fairkeeper.consent.agents.identities import ANSWER_WITHIN, MAKEABLE, IdentityState, next_try_at
from fairkeeper.consent.errors import AgentIdentityRefusedError
from fairkeeper.consent.evidence_kinds import (
    AGENT_MADE,
    AGENT_PLACED,
    AGENT_REMOVED,
    AGENT_UNMADE,
)
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantState, LinkState
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.ports import KnownAgents, KnownCustomers
from fairkeeper.consent.store import (
    agent_identity_of,
    load_agent_identity,
    load_link,
    load_live_link,
    present_grants,
    wanted_of_row,
)
from fairkeeper.consent.tables import AgentIdentityRow, GrantRow, LinkRow
from fairkeeper.values.ids import new_id, new_ulid

MAKE_AGENT: Final = "consent.make_agent_identity"
_Guid = Annotated[
    str,
    StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
]


class PlaceAgentIdentity(OperationInput):
    """Whose agent, and who answers for it or which identity it has."""

    customer: str = Field(max_length=80, description="The customer's id or readable address.")
    registration: str = Field(max_length=60, description="Key of the blueprint in the consent plan.")
    sponsor_id: _Guid | None = Field(
        None, description="Object id of the person or group of the customer that answers for the agent."
    )
    sponsor_kind: Literal["user", "group"] = Field("user", description="Which of the two.")
    identity_id: _Guid | None = Field(
        None, description="The id of an agent identity that exists in the tenant already; none is made then."
    )
    agent_id: str | None = Field(
        None, max_length=40, description="The registered agent whose calls it makes; it gets no token while held."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPlaced:
    """Where the agent identity stands."""

    placed_id: str
    state: IdentityState
    has_changed: bool = True


@command(
    "consent.place_agent_identity",
    groups=("consent.administer",),
    evidence=(AGENT_PLACED,),
    http="POST /consent/customers/{customer}/agent-identities",
    cli="consent place-agent CUSTOMER",
)
def place_agent_identity(context: CommandContext, request: PlaceAgentIdentity) -> Outcome[AgentPlaced]:
    """Name the sponsor of an agent identity, so that it is made in the customer's tenant; or one that exists there.

    It is made as soon as the blueprint's principal is in the tenant, which needs an administrator's consent. One that
    exists counts when a token proves that it is a child of our blueprint. With neither, only the registered agent is
    noted. Raises `consent.link_not_found`, `consent.link_not_live`, `consent.agent_identity_refused`,
    `governance.agent_not_found`.
    """
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    link = load_live_link(context.session, customer.customer_id, for_change=True)
    row = agent_identity_of(context.session, link, request.registration, for_change=True)
    _refuse(link, row, request)
    if request.agent_id is not None:
        context.ports.of(KnownAgents).find(context.session, request.agent_id, now=context.now)
    if row is None:
        row = _begin(context, link, request, customer.name)
    if request.agent_id is not None:
        row.agent_id = request.agent_id
    if request.identity_id is not None:
        row.identity_id = request.identity_id
        row.sponsor_id = request.sponsor_id
        row.sponsor_kind = None if request.sponsor_id is None else request.sponsor_kind
        _move(row, IdentityState.PRESENT, context.now, "the customer names it; a token has to prove it")
        _probe(context, link, row)
    elif request.sponsor_id is not None:
        row.identity_id, row.sponsor_kind, row.sponsor_id = None, request.sponsor_kind, request.sponsor_id
        _move(row, IdentityState.AWAITING, context.now, None)
        row.placed_at = context.now
        plan_making(context, row, context.now)
    context.session.flush()
    payload: dict[str, Canonical] = {
        "sponsor": request.sponsor_id,
        "identity": request.identity_id,
        "agent": row.agent_id,
        "state": row.state,
    }
    result = AgentPlaced(placed_id=row.placed_id, state=IdentityState(row.state))
    return Outcome(result=result, entry=_entry(AGENT_PLACED, row, payload))


def _refuse(link: LinkRow, row: AgentIdentityRow | None, request: PlaceAgentIdentity) -> None:
    """Refuse what cannot be placed as it stands.

    Raises:
        AgentIdentityRefusedError: It cannot.
    """
    wanted = wanted_of_row(link)
    registration = None if wanted is None else wanted.registration(request.registration)
    if registration is None or registration.tier is not Tier.AGENT:
        raise AgentIdentityRefusedError(f"The tenant is asked for no agent through {request.registration!r}.")
    if LinkState(link.state) is not LinkState.LINKED:
        raise AgentIdentityRefusedError(f"The link is {link.state}; an agent is placed in a tenant that is linked.")
    state = None if row is None else IdentityState(row.state)
    is_new = request.sponsor_id is not None and request.identity_id is None
    if request.sponsor_id is None and request.identity_id is None and (row is None or request.agent_id is None):
        raise AgentIdentityRefusedError("Nothing is named: neither a sponsor, nor an identity, nor an agent.")
    if is_new and state is IdentityState.PRESENT:
        raise AgentIdentityRefusedError("There is an agent identity already; its sponsor is changed in Agent ID.")
    if is_new and state is IdentityState.CREATING:
        raise AgentIdentityRefusedError("Microsoft is being asked to make it at this moment.")


def _begin(context: CommandContext, link: LinkRow, request: PlaceAgentIdentity, customer: str) -> AgentIdentityRow:
    wanted = wanted_of_row(link)
    registration = None if wanted is None else wanted.registration(request.registration)
    row = AgentIdentityRow(
        placed_id=new_id("agi"),
        customer_id=link.customer_id,
        link_id=link.link_id,
        registration=request.registration,
        blueprint_app_id="" if registration is None else registration.app_id,
        name=f"{'' if registration is None else registration.name} for {customer}"[:120],
        state=IdentityState.AWAITING.value,
        since_at=context.now,
        placed_at=context.now,
    )
    context.session.add(row)
    return row


def plan_making(context: CommandContext, row: AgentIdentityRow, due_at: datetime) -> None:
    """Plant an attempt to make an agent identity."""
    row.try_at = due_at
    context.enqueue(
        MAKE_AGENT,
        f"{row.placed_id}:{new_ulid()}",
        {"placed_id": row.placed_id},
        due_at=due_at,
        customer_id=row.customer_id,
    )


class RecordAgentIdentity(OperationInput):
    """What came of making, or of taking away, an agent identity."""

    placed_id: str = Field(max_length=40, description="Which one.")
    state: IdentityState = Field(description="Where it stands now.")
    identity_id: str | None = Field(None, max_length=64, description="Its id, once it was made.")
    note: str = Field("", max_length=400, description="Why, in words.")


@internal_command("consent.record_agent_identity", evidence=(AGENT_MADE, AGENT_UNMADE, AGENT_REMOVED))
def record_agent_identity(context: CommandContext, request: RecordAgentIdentity) -> Outcome[AgentPlaced]:
    """Follow what came of it; what is made after the link has ended is noted, so that it can be taken away again."""
    row = load_agent_identity(context.session, request.placed_id, for_change=True)
    link = load_link(context.session, row.customer_id)
    before = IdentityState(row.state)
    is_late = before not in MAKEABLE and request.state in {*MAKEABLE, IdentityState.UNCLEAR}
    if is_late or (before is IdentityState.CREATING and request.state is IdentityState.CREATING):
        return Outcome(result=AgentPlaced(placed_id=row.placed_id, state=before, has_changed=False), entry=None)
    row.identity_id = request.identity_id or row.identity_id
    if before is not request.state or row.note != (request.note or None):
        _move(row, request.state, context.now, request.note or None)
    row.try_at = None
    is_over = link.link_id != row.link_id or LinkState(link.state) in ENDED_LINKS
    if is_over and request.state is IdentityState.PRESENT and row.identity_id is not None:
        link.remaining = [*link.remaining, remaining_identity(row)]
    elif request.state is IdentityState.AWAITING and not is_over:
        due_at = next_try_at(row.placed_at, context.now)
        if due_at is not None:
            plan_making(context, row, due_at)
    elif request.state is IdentityState.CREATING:
        # Somebody has to find out if whoever asks now is never heard of again.
        plan_making(context, row, context.now + ANSWER_WITHIN + timedelta(minutes=1))
    elif request.state is IdentityState.PRESENT:
        _probe(context, link, row)
    result = AgentPlaced(placed_id=row.placed_id, state=request.state)
    kind = _KINDS.get(request.state)
    if kind is None or before is request.state:
        return Outcome(result=result, entry=None)
    return Outcome(result=result, entry=_entry(kind, row, {"identity": row.identity_id, "note": request.note}))


_KINDS: Final[dict[IdentityState, EvidenceKind]] = {
    IdentityState.PRESENT: AGENT_MADE,
    IdentityState.REFUSED: AGENT_UNMADE,
    IdentityState.UNCLEAR: AGENT_UNMADE,
    IdentityState.REMOVED: AGENT_REMOVED,
}


def remaining_identity(row: AgentIdentityRow) -> dict[str, str | None]:
    """Return an agent identity as something that may be left in a tenant after the end."""
    return {
        "app_id": row.identity_id or "",
        "name": f"agent identity {row.name}",
        "gone_at": None,
        "blueprint": row.blueprint_app_id,
        "placed_id": row.placed_id,
    }


def _probe(context: CommandContext, link: LinkRow, row: AgentIdentityRow) -> None:
    """Look at the grant that the identity is for; it may have been granted before we knew of the identity."""
    for grant in grants_of_agent(context, link, row):
        plan_probe(context, grant, f"agent:{row.placed_id}")


def grants_of_agent(context: CommandContext, link: LinkRow, row: AgentIdentityRow) -> list[GrantRow]:
    """Return the grants that an agent identity holds or is to hold."""
    over = {GrantState.REVOKED, GrantState.DECLINED, GrantState.NOT_NEEDED}
    return [
        grant
        for grant in present_grants(context.session, link)
        if grant.registration == row.registration
        and grant.tier == Tier.AGENT.value
        and GrantState(grant.state) not in over
    ]


def _move(row: AgentIdentityRow, state: IdentityState, now: datetime, note: str | None) -> None:
    row.state, row.since_at, row.note = state.value, now, note


def _entry(kind: EvidenceKind, row: AgentIdentityRow, payload: dict[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="agent_identity",
        subject_id=row.placed_id,
        customer_id=row.customer_id,
        payload={"what": row.name, "blueprint": row.blueprint_app_id, **payload},
    )


OPERATIONS: tuple[Operation, ...] = (place_agent_identity, record_agent_identity)
