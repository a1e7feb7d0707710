"""One grant and one deployment as the pages of consent show them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fairkeeper.consent.agents.identities import IdentityState
from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.plan.control import ACCESS_TIERS
from fairkeeper.consent.plan.plan import AccessWay
from fairkeeper.consent.views import AgentView, DeploymentView, GrantView
from fairkeeper.web.format import state
from fairkeeper.web.pages import consent as pages
from fairkeeper.web.parts import Fact, Identifier, Link


def grant_card(grant: GrantView, *, ways: Sequence[Link] = ()) -> pages.GrantCard:
    """Return one grant as the page shows it, with what can be done about it."""
    note = f": {grant.note.rstrip('.')}" if grant.note else ""
    is_access = grant.tier in ACCESS_TIERS
    proof = _PROOFS[grant.can_be_proved_by] if grant.proved_at else ""
    holder = Identifier(text=grant.app_id, names="principal id" if is_access else "application id")
    facts = [
        Fact(label="Held by" if is_access else "Application", value=holder),
        Fact(label="Asked", value=grant.asked_at, note=f"{grant.asked_again + 1} times" if grant.asked_again else ""),
        Fact(label="Last proved", value=grant.proved_at, note=proof),
        Fact(label="Looked at", value=grant.probed_at),
        Fact(label="Next look", value=grant.probe_at),
    ]
    if grant.until_at is not None:
        facts.append(Fact(label="Ends by itself", value=grant.until_at))
    if grant.own_fault is not None:
        facts.append(Fact(label="Our own fault", value=grant.own_fault))
    return pages.GrantCard(
        name=grant.name,
        state=state(grant.state.value),
        sentence=f"{', '.join(grant.what)}{note}.",
        facts=tuple(facts),
        places=tuple(
            pages.PlaceRow(
                name=line.name,
                requested=line.is_requested,
                registered=line.is_registered,
                granted=line.is_granted,
                effective=line.is_effective,
                state=state(line.difference.value),
            )
            for line in grant.lines
        ),
        ways=ways,
    )


def agent_card(agent: AgentView, *, place: Link | None) -> pages.AgentCard:
    """Return one agent of the plan as the page shows it."""
    identity = agent.identity_id
    facts = [
        Fact(label="Blueprint", value=Identifier(text=agent.blueprint_app_id, names="application id")),
        Fact(
            label="Agent identity",
            value="none yet" if identity is None else Identifier(text=identity, names="agent identity id"),
        ),
    ]
    if agent.sponsor_id is not None:
        sponsor = Identifier(text=agent.sponsor_id, names="object id")
        facts.append(Fact(label="Sponsor", value=sponsor, note=f"a {agent.sponsor_kind} of the tenant"))
    if agent.agent_id is not None:
        link = Link(label=agent.agent_id, href=f"/agents/{agent.agent_id}")
        facts.append(Fact(label="Registered agent", value=link, note="while it is held, it gets no token"))
    if agent.has_agent_user:
        facts.append(Fact(label="Agent user", value="one", note="not used by Fairkeeper; Agent ID lists it"))
    if agent.try_at is not None:
        facts.append(Fact(label="Tried again", value=agent.try_at))
    note = f" {agent.note[:1].upper()}{agent.note[1:].rstrip('.')}." if agent.note else ""
    return pages.AgentCard(
        name=f"Agent identity of {agent.name}",
        state=state("not_started" if agent.state is None else agent.state.value),
        sentence=f"{_AGENT[agent.state]}{note}",
        facts=tuple(facts),
        place=place,
    )


_PROOFS: Final = {
    "token": "by a token",
    "exchanged_token": "by a token that was exchanged for the agent identity",
    "sign_in": "by a sign-in",
    "reading": "by what Azure shows",
    "call_home": "by a call of the instance",
}
_AGENT: Final = {
    None: "Nobody has named who answers for it in the tenant.",
    IdentityState.AWAITING: "It is made as soon as an administrator has let its blueprint in.",
    IdentityState.CREATING: "Microsoft is being asked to make it.",
    IdentityState.UNCLEAR: "Whether it was made is not known: look in the tenant, then name its id or a sponsor again.",
    IdentityState.REFUSED: "Microsoft refused to make it.",
    IdentityState.PRESENT: "It is in the tenant. What it may do, its grant says.",
    IdentityState.REMOVED: "It is gone from the tenant.",
}


def deployment_card(deployment: DeploymentView) -> pages.DeploymentCard:
    """Return one deployment as the page shows it."""
    facts = [
        Fact(label="In Azure", value=Identifier(text=deployment.resource_id, names="resource id")),
        Fact(label="Offer and plan", value=" ".join(filter(None, (deployment.offer_id, deployment.plan_id)))),
        Fact(label="Last proved", value=deployment.read_at),
        Fact(label="Next look", value=deployment.look_at),
    ]
    for access in deployment.access:
        roles = f"{', '.join(access.roles)}, {_WAYS[access.way]}"
        facts.append(Fact(label=access.title, value=roles, note=access.reason))
    note = f"{deployment.note.capitalize()}. " if deployment.note else ""
    kind = deployment.offer_type.value.replace("_", " ")
    heard = f"Azure said {deployment.last_notice}." if deployment.last_notice else ""
    return pages.DeploymentCard(
        name=f"{kind.capitalize()} {deployment.resource_id.rpartition('/')[2]}",
        state=state(deployment.state.value),
        sentence=f"{note}{heard}".strip() or HEARD[deployment.state],
        facts=tuple(facts),
    )


_WAYS: Final = {
    AccessWay.STANDING: "held all the time",
    AccessWay.ELEVATED: "held for some hours that you approve",
    AccessWay.OWN_IDENTITY: "held by your own managed identity, and not by us",
}
HEARD: Final = {
    DeploymentState.HEARD: "Nothing has confirmed it.",
    DeploymentState.FOREIGN: "It is not of this publisher's.",
    DeploymentState.DEPLOYING: "It is being deployed.",
    DeploymentState.RUNNING: "It runs, and was proved to be in this tenant.",
    DeploymentState.FAILED: "Azure says that the deployment failed.",
    DeploymentState.MISSED: "It was not found, and is looked for again.",
    DeploymentState.ENDED: "It has ended, and its access with it.",
}
