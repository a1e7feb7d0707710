"""The administrator's way through Microsoft's pages for an agent: first to its blueprint, then to its identity.

Unlike other consents these lead to no answer: a blueprint and its identities have no return address, and Microsoft's
page ends on a blank one. So nothing is bound to a browser, nothing that comes back is believed, and what was granted is
asked for with a token, soon after somebody went there and then ever more rarely.

Source: Microsoft Entra Agent ID, "Grant application permissions to an autonomous agent" (`role`, the one return
address, no notice).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    Outcome,
    internal_command,
)
from fairkeeper.consent.actions.connect import OnPage, load_page
from fairkeeper.consent.actions.probe import plan_probe
from fairkeeper.consent.agents.identities import MAKEABLE, IdentityState
from fairkeeper.consent.agents.placing import plan_making
from fairkeeper.consent.errors import GrantNotFoundError
from fairkeeper.consent.evidence_kinds import STARTED
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.store import agent_identity_of, present_grants, wanted_of_row, what_of
from fairkeeper.consent.tables import AgentIdentityRow, GrantRow
from fairkeeper.values.ids import new_ulid

_LOOKS: Final = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""When it is looked what somebody did on Microsoft's page."""


class OfAgent(OnPage):
    """On which page, and for which grant."""

    grant_id: str = Field(max_length=40, description="The grant.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAsked:
    """Where the browser goes.

    Attributes:
        client_id: The agent identity; the blueprint while there is none.
        application, delegated: What is asked for; nothing while it is the blueprint that is to be let in.
    """

    tenant_id: str
    client_id: str
    application: tuple[str, ...]
    delegated: tuple[str, ...]


@internal_command("consent.begin_agent_consent", evidence=(STARTED,))
def begin_agent_consent(context: CommandContext, request: OfAgent) -> Outcome[AgentAsked]:
    """Send an administrator to Microsoft's page for an agent, and plan to look what came of it."""
    page, link = load_page(context, request.page)
    grant, row = _of_page(context, request)
    identity_id = row.identity_id if row is not None and IdentityState(row.state) is IdentityState.PRESENT else None
    for wait in _LOOKS:
        _look(context, grant, row, wait)
    result = AgentAsked(
        tenant_id=link.tenant_id,
        client_id=identity_id or grant.app_id,
        application=tuple(grant.application) if identity_id else (),
        delegated=tuple(grant.delegated) if identity_id else (),
    )
    entry = EvidenceDraft(
        kind=STARTED.name,
        subject_type="grant",
        subject_id=grant.grant_id,
        customer_id=link.customer_id,
        payload={
            "what": what_of(grant, wanted_of_row(link)),
            "way": "agent identity" if identity_id else "blueprint",
            "page": page.connect_id,
            "scopes": [*result.application, *result.delegated],
        },
    )
    return Outcome(result=result, entry=entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLooked:
    """That it is being looked at."""

    grant_id: str


@internal_command("consent.look_at_agent", evidence=())
def look_at_agent(context: CommandContext, request: OfAgent) -> Outcome[AgentLooked]:
    """Look now what somebody did on Microsoft's page, since it does not tell us."""
    grant, row = _of_page(context, request)
    _look(context, grant, row, timedelta())
    return Outcome(result=AgentLooked(grant_id=grant.grant_id), entry=None)


def _of_page(context: CommandContext, request: OfAgent) -> tuple[GrantRow, AgentIdentityRow | None]:
    _, link = load_page(context, request.page)
    for grant in present_grants(context.session, link, for_change=True):
        if grant.grant_id == request.grant_id and grant.tier == Tier.AGENT.value:
            return grant, agent_identity_of(context.session, link, grant.registration, for_change=True)
    msg = f"No agent of the id {request.grant_id!r} is asked for on this page."
    raise GrantNotFoundError(msg)


def _look(context: CommandContext, grant: GrantRow, row: AgentIdentityRow | None, wait: timedelta) -> None:
    due_at = context.now + wait
    if row is not None and IdentityState(row.state) in MAKEABLE:
        plan_making(context, row, due_at)
    elif row is not None and IdentityState(row.state) is IdentityState.PRESENT:
        plan_probe(context, grant, f"look:{new_ulid()}", due_at=due_at)


OPERATIONS: tuple[Operation, ...] = (begin_agent_consent, look_at_agent)
