"""Agents of a tenant as pages show them: each blueprint that is asked for, with its identity there if it has one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from fairkeeper.consent.agents.identities import IdentityState
from fairkeeper.consent.asking.wanted import Wanted, WantedRegistration
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.store import agent_identities_of
from fairkeeper.consent.tables import AgentIdentityRow, LinkRow
from fairkeeper.consent.views import AgentView


def agents_shown(session: Session, link: LinkRow, wanted: Wanted | None) -> tuple[AgentView, ...]:
    """Return the agents of a tenant: those that the plan names there, and those that were placed before."""
    rows = {row.registration: row for row in agent_identities_of(session, link)}
    named = {each.key: each for each in (wanted.registrations if wanted else ()) if each.tier is Tier.AGENT}
    return tuple(_view(key, named.get(key), rows.get(key)) for key in dict.fromkeys((*named, *rows)))


def _view(key: str, registration: WantedRegistration | None, row: AgentIdentityRow | None) -> AgentView:
    name = key if registration is None else registration.name
    blueprint = "" if registration is None else registration.app_id
    has_agent_user = registration is not None and registration.has_agent_user
    if row is None:
        return AgentView(registration=key, name=name, blueprint_app_id=blueprint, has_agent_user=has_agent_user)
    return AgentView(
        registration=key,
        name=name,
        blueprint_app_id=row.blueprint_app_id,
        has_agent_user=has_agent_user,
        placed_id=row.placed_id,
        state=IdentityState(row.state),
        since_at=row.since_at,
        note=row.note,
        identity_id=row.identity_id,
        sponsor_kind=row.sponsor_kind,
        sponsor_id=row.sponsor_id,
        agent_id=row.agent_id,
        try_at=row.try_at,
    )
