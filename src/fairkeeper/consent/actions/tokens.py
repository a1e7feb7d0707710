"""Serving a tenant's token to the publisher's product, while its grant is verified and its link lives, and never after.

The check and the reading are one transaction, which a revocation waits for or comes before; so no token leaves after a
revocation was committed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    ShownOnce,
    command,
)
from fairkeeper.consent.actions.probe import plan_probe
from fairkeeper.consent.agents.identities import IdentityState
from fairkeeper.consent.errors import AgentIdentityRefusedError, GrantNotVerifiedError
from fairkeeper.consent.evidence_kinds import TOKEN_SERVED
from fairkeeper.consent.lifecycle import UNLOCKS, GrantState, LinkState
from fairkeeper.consent.plan.control import ACCESS_TIERS
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.ports import KnownAgents, KnownCustomers
from fairkeeper.consent.store import agent_identity_of, load_live_link, present_grants, wanted_of_row, what_of
from fairkeeper.consent.tables import LinkRow, TenantTokenRow
from fairkeeper.database.secrets import SecretStore

_SHORTEST: Final = timedelta(minutes=5)


class TakeToken(OperationInput):
    """Whose tenant, and through which registration."""

    customer: str = Field(max_length=80, description="The customer's id or readable address.")
    registration: str = Field(max_length=60, description="Key of the app registration in the consent plan.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenServed:
    """A token of Microsoft Graph for the customer's tenant.

    Attributes:
        token: The bearer token; None while it is being fetched, and then the same call answers in a few seconds.
    """

    grant_id: str
    tenant_id: str
    token: ShownOnce
    expires_at: datetime | None


@command(
    "consent.take_token",
    groups=("consent.serve",),
    evidence=(TOKEN_SERVED,),
    http="POST /consent/customers/{customer}/tokens",
    cli="consent token CUSTOMER",
)
def take_token(context: CommandContext, request: TakeToken) -> Outcome[TokenServed]:
    """Take a token of a customer's tenant, for your own product; served only while the grant is verified.

    An agent's token is that of its agent identity, and none is served while the agent is held here. Raises
    `consent.link_not_found`, `consent.link_not_live`, `consent.grant_not_verified`, `consent.agent_identity_refused`.
    """
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    link = load_live_link(context.session, customer.customer_id, for_change=True)
    row = next(
        (
            each
            for each in present_grants(context.session, link, for_change=True)
            if each.registration == request.registration
            and GrantState(each.state) in UNLOCKS
            and each.tier not in ACCESS_TIERS
        ),
        None,
    )
    if row is None or LinkState(link.state) is not LinkState.LINKED:
        msg = f"No grant of {request.registration!r} is verified for {customer.name}, or the link is {link.state}."
        raise GrantNotVerifiedError(msg)
    if row.tier == Tier.AGENT.value:
        _refuse_held_agent(context, link, row.registration)
    kept = context.session.get(TenantTokenRow, row.grant_id)
    if kept is None or kept.expires_at - context.now < _SHORTEST:
        plan_probe(context, row, "token")
        result = TokenServed(grant_id=row.grant_id, tenant_id=link.tenant_id, token=None, expires_at=None)
        return Outcome(result=result, entry=None)
    token = context.ports.of(SecretStore).open(kept.sealed).reveal().decode()
    entry = EvidenceDraft(
        kind=TOKEN_SERVED.name,
        subject_type="grant",
        subject_id=row.grant_id,
        customer_id=link.customer_id,
        payload={"what": what_of(row, wanted_of_row(link)), "grant_id": row.grant_id},
    )
    result = TokenServed(grant_id=row.grant_id, tenant_id=link.tenant_id, token=token, expires_at=kept.expires_at)
    return Outcome(result=result, entry=entry)


def _refuse_held_agent(context: CommandContext, link: LinkRow, registration: str) -> None:
    """Refuse while the registered agent is held here, whatever its identity was granted.

    Raises:
        AgentIdentityRefusedError: It is held, or it has no agent identity any more.
    """
    identity = agent_identity_of(context.session, link, registration)
    if identity is None or IdentityState(identity.state) is not IdentityState.PRESENT:
        raise AgentIdentityRefusedError("No agent identity stands for it in the tenant.")
    if identity.agent_id is None:
        return
    agent = context.ports.of(KnownAgents).find(context.session, identity.agent_id, now=context.now)
    if agent.held:
        raise AgentIdentityRefusedError(f"The agent {agent.title} is {agent.held}; it gets no token.")


OPERATIONS: tuple[Operation, ...] = (take_token,)
