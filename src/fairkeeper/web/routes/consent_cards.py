"""One grant and one deployment as the pages of consent show them, in words."""

from __future__ import annotations

from typing import Final

from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.plan.control import ACCESS_TIERS
from fairkeeper.consent.plan.plan import AccessWay
from fairkeeper.consent.views import DeploymentView, GrantView
from fairkeeper.web.format import state
from fairkeeper.web.pages import consent as pages
from fairkeeper.web.parts import Fact, Identifier


def grant_card(grant: GrantView) -> pages.GrantCard:
    """Return one grant as the page shows it."""
    note = f": {grant.note.rstrip('.')}" if grant.note else ""
    is_access = grant.tier in ACCESS_TIERS
    holder = Identifier(text=grant.app_id, names="principal id" if is_access else "application id")
    facts = [
        Fact(label="Held by" if is_access else "Application", value=holder),
        Fact(label="Asked", value=grant.asked_at, note=f"{grant.asked_again + 1} times" if grant.asked_again else ""),
        Fact(label="Last proved", value=grant.proved_at, note=f"by a {grant.can_be_proved_by.replace('_', '-')}"),
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
    )


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
        sentence=f"{note}{heard}".strip() or _HEARD[deployment.state],
        facts=tuple(facts),
    )


_WAYS: Final = {
    AccessWay.STANDING: "held all the time",
    AccessWay.ELEVATED: "held for some hours that you approve",
    AccessWay.OWN_IDENTITY: "held by your own managed identity, and not by us",
}
_HEARD: Final = {
    DeploymentState.HEARD: "Nothing has confirmed it.",
    DeploymentState.FOREIGN: "It is not of this publisher's.",
    DeploymentState.DEPLOYING: "It is being deployed.",
    DeploymentState.RUNNING: "It runs, and was proved to be in this tenant.",
    DeploymentState.FAILED: "Azure says that the deployment failed.",
    DeploymentState.MISSED: "It was not found, and is looked for again.",
    DeploymentState.ENDED: "It has ended, and its access with it.",
}
