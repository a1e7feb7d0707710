"""Draws the connect page from what is asked: words for permissions, forms for answers, facts for the tenant."""

from __future__ import annotations

from typing import Final

from fairkeeper.consent.actions.ask import CONNECT_PATH
from fairkeeper.consent.agents.identities import IdentityState
from fairkeeper.consent.asking.removal import removal_script
from fairkeeper.consent.catalogue.permissions import Approver, Kind
from fairkeeper.consent.lifecycle import GrantState
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.views import AgentView, AskedApp, AskedFeature, AskedPermission, ConnectView
from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form
from fairkeeper.web.pages import consent as pages
from fairkeeper.web.parts import Fact, Identifier, Link
from fairkeeper.web.serving.asking import new_key
from fairkeeper.web.serving.frames import open_frame
from fairkeeper.web.serving.visit import Visit

_APPROVERS: Final = {
    Approver.ANYBODY: "everybody, by signing in",
    Approver.USER: "you, for yourself, unless your company forbids it",
    Approver.MAYBE_USER: "an administrator, in most companies",
    Approver.ADMIN: "an administrator only",
    Approver.UNKNOWN: "not known here; Microsoft’s page will say",
}
_HOW: Final = {
    "with_person": "when one of you starts it, on what is theirs",
    "across_people": "when one of you starts it, also on what belongs to others",
    "alone": "by itself, with nobody signed in",
    "as_agent": "as an agent with an identity of its own",
}
_SENTENCES: Final = {
    GrantState.REQUESTED: "It is asked for and nobody has answered yet.",
    GrantState.PENDING_ADMIN: "It waits for your administrator, which is quite normal.",
    GrantState.GRANTED_UNVERIFIED: "Microsoft’s page said yes. It counts once a token has proved it.",
    GrantState.VERIFIED: "It is granted, and a token has proved it.",
    GrantState.PARTIAL: "A part of it is granted.",
    GrantState.DRIFTED: "What is granted is not what was asked for any more.",
    GrantState.SUSPECTED_LOST: "It may have been taken back; we look again.",
    GrantState.REVOKED: "It was taken back, and is not used any more.",
    GrantState.DECLINED: "It was declined.",
}
_SAID: Final = {
    "claimed": "Microsoft’s page said yes. We are proving it with a token; load this page again in a moment.",
    "declined": "Your no was recorded, with its reason.",
    "waits_for_admin": "An administrator has to approve it. Send this page’s address on.",
    "allowed": "You allowed it, and the answer proves it.",
    "nothing": "Nothing has changed.",
    "refused": "That answer did not fit what was begun here, so that it changed nothing. Start again from this page.",
    "asked": "Your question was passed to the publisher. The answer will stand on this page.",
    "looking": "We are looking. Load this page again in a moment.",
    "passed": "Noted: it waits for your administrator now.",
}
_OPEN: Final = frozenset({GrantState.REQUESTED, GrantState.PENDING_ADMIN})
_ANSWERABLE: Final = _OPEN | {
    GrantState.GRANTED_UNVERIFIED,
    GrantState.PARTIAL,
    GrantState.DRIFTED,
    GrantState.SUSPECTED_LOST,
}


def connect_page(visit: Visit, view: ConnectView, token: str) -> pages.ConnectPage:
    """Return the page of what is asked of a tenant."""
    here = f"{CONNECT_PATH}/{token}"
    is_waiting = any(app.state is GrantState.REQUESTED and app.own_blocked for app in view.apps)
    principals = [(app.name, app.app_id) for app in view.apps]
    if view.sign_in_app_id is not None and view.sign_in_name is not None:
        principals.insert(0, (view.sign_in_name, view.sign_in_app_id))
    agents = [(f"agent identity of {app.name}", app.agent.identity_id) for app in view.apps if app.agent]
    identities = [(name, identity_id) for name, identity_id in agents if identity_id]
    return pages.ConnectPage(
        frame=open_frame(visit),
        customer=view.customer_name,
        publisher=view.publisher,
        sentence=(
            "Everything that is asked for, why, who can approve it, and how it is taken back. "
            "Reading this grants nothing; you need not sign in."
        ),
        tenant=Identifier(text=view.tenant_id, names="tenant id", is_whole=True),
        apps=tuple(_app(app, here) for app in sorted(view.apps, key=lambda app: not app.needs_admin)),
        principals=tuple(
            Fact(
                label=name,
                value=Identifier(text=app_id, names="application id", is_whole=True),
                note=_PRINCIPAL_OF_AGENT if any(app.agent and app.app_id == app_id for app in view.apps) else "",
            )
            for name, app_id in dict.fromkeys(principals)
        )
        + tuple(fact for app in view.apps if app.agent for fact in _of_agent(app.name, app.agent)),
        has_agents=bool(agents),
        until=view.expires_at,
        address=f"{visit.parts.house.address}{here}",
        ask=_form(here, "ask", "Ask the publisher", _area("text", "Your question")),
        questions=tuple(
            pages.Answered(asked_at=each.asked_at, question=each.text, answer=each.answer or "")
            for each in view.questions
        ),
        hand_over=_form(here, "pass-on", "I have sent it to my administrator") if is_waiting else None,
        script=removal_script(view.publisher, view.tenant_id, principals, identities),
        notice=_SAID.get(visit.query("said"), ""),
        support=visit.parts.house.support,
    )


def _app(app: AskedApp, here: str) -> pages.AskedApp:
    is_open = app.state in _ANSWERABLE
    note = f" {app.note.rstrip('.').capitalize()}." if app.note and app.state is not GrantState.REQUESTED else ""
    return pages.AskedApp(
        name=app.name,
        app_id=Identifier(text=app.app_id, names="application id", is_whole=True),
        state=state(app.state.value),
        sentence=f"{_SENTENCES[app.state]}{note}",
        is_verified=app.is_publisher_verified,
        features=tuple(_feature(each, app) for each in app.features),
        prompt=app.prompt,
        replaced=app.replaced,
        ways=_ways(app, here) if is_open else (),
        decline=_decline(app, here) if app.state in _OPEN else None,
        own=_own(app) if is_open and app.agent is None else "",
        blocked=app.own_blocked,
        agent=None if app.agent is None else _agent(app, app.agent, here),
    )


_PRINCIPAL_OF_AGENT: Final = "the agent's blueprint; it makes the agent identity, and can do nothing else"


def _of_agent(name: str, agent: AgentView) -> tuple[Fact, ...]:
    """Return what appears in the tenant beside an agent's blueprint."""
    identity = "made once its sponsor is named" if agent.identity_id is None else _whole(agent.identity_id)
    note = "what the agent may do is granted to it; its sponsor, one of you, can disable it"
    facts = [Fact(label=f"Agent identity of {name}", value=identity, note=note)]
    if agent.has_agent_user:
        facts.append(Fact(label=f"Agent user of {name}", value="one", note="a user account of the agent’s own"))
    return tuple(facts)


def _whole(text: str) -> Identifier:
    return Identifier(text=text, names="agent identity id", is_whole=True)


def _agent(app: AskedApp, agent: AgentView, here: str) -> pages.AgentSteps:
    """Return what lets an agent in, in order; each step with where it stands."""
    is_named = agent.placed_id is not None and agent.state is not IdentityState.REMOVED
    is_present = agent.state is IdentityState.PRESENT
    trouble = agent.note if agent.state in {IdentityState.REFUSED, IdentityState.UNCLEAR} else None
    made = "The publisher’s blueprint makes it by itself, soon after the first two steps."
    is_granted = app.state in {GrantState.VERIFIED, GrantState.PARTIAL, GrantState.DRIFTED}
    steps = (
        (
            "Name who answers for it",
            state("done" if is_named else "open"),
            "A person or group of yours is its sponsor. Whoever of you decides names them here, under Permissions.",
        ),
        (
            "Let its blueprint in",
            state("done" if is_present else "open"),
            "An administrator approves it. That grants nothing, but to make the agent identity.",
        ),
        (
            "The agent identity is made",
            state("done" if is_present else "failed" if trouble else "waiting"),
            f"{trouble}." if trouble else made,
        ),
        (
            "Approve what it may do",
            state("done" if is_granted else "open" if is_present else "waiting"),
            "An administrator approves it for this agent identity, by name.",
        ),
    )
    hidden = (("grant_id", app.grant_id),)
    look = None
    if is_named and not is_granted and app.state in _ANSWERABLE:
        look = _form(here, "look", "I have approved it; look now", hidden=hidden, name=f"look-{app.grant_id}")
    return pages.AgentSteps(steps=steps, look=look)


def _own(app: AskedApp) -> str:
    """Say what a person may allow for themselves, before they try."""
    if not app.own_features:
        return (
            "You cannot allow this for yourself. Send this page on to your administrator; waiting for them is normal."
        )
    titles = ", ".join(f"“{each.title}”" for each in app.features if each.key in app.own_features)
    if app.own_blocked:
        return f"You may allow {titles} for yourself. The rest waits for your administrator:"
    return (
        f"You may allow {titles} for yourself, unless your company forbids it; nobody else’s data is touched by that."
    )


def _ways(app: AskedApp, here: str) -> tuple[Link, ...]:
    """Return the ways to Microsoft's page; links, because a form may lead to no other site."""
    start = f"{here}/start?grant={app.grant_id}"
    if app.agent is not None:
        is_present = app.agent.state is IdentityState.PRESENT
        label = "Approve what it may do" if is_present else "Let its blueprint in"
        return (Link(label=label, href=f"{start}&way=agent"),)
    everything = Link(label="Approve as administrator", href=f"{start}&way=admin")
    if app.tier != Tier.OPERATIONAL_DELEGATED.value:
        return (everything,)
    some = [
        Link(label=f"Approve only “{each.title}”", href=f"{start}&way=admin&feature={each.key}")
        for each in (app.features if len(app.features) > 1 else ())
    ]
    own = (Link(label="Allow it for myself", href=f"{start}&way=user"),) if app.own_features else ()
    return (*own, everything, *some)


def _decline(app: AskedApp, here: str) -> Form:
    field = _area("reason", "Why not?", "The publisher reads it.")
    hidden = (("grant_id", app.grant_id),)
    return _form(here, "decline", "Decline", field, hidden=hidden, name=f"decline-{app.grant_id}")


def _feature(feature: AskedFeature, app: AskedApp) -> pages.AskedFeature:
    return pages.AskedFeature(
        title=feature.title,
        how=_HOW.get(feature.acts, feature.acts),
        without=feature.without,
        is_required=feature.is_required,
        permissions=tuple(_permission(each, needs_admin=app.needs_admin) for each in feature.permissions),
    )


def _permission(permission: AskedPermission, *, needs_admin: bool) -> pages.AskedPermission:
    is_for_administrators = needs_admin or permission.kind is Kind.APPLICATION
    sentence = permission.for_administrators if is_for_administrators else permission.for_users
    return pages.AskedPermission(
        name=permission.name,
        how="in your name" if permission.kind is Kind.DELEGATED else "with nobody signed in",
        sentence=sentence or "",
        reason=permission.reason,
        approver=_APPROVERS[permission.approver],
        narrower=", ".join(permission.narrower),
        warning="Whoever holds it can gain more." if permission.can_escalate else "",
    )


def _area(name: str, label: str, hint: str = "") -> Field:
    return Field(name=name, label=label, kind=FieldKind.LONG_TEXT, hint=hint)


def _form(
    here: str, verb: str, submit: str, *fields: Field, hidden: tuple[tuple[str, str], ...] = (), name: str = ""
) -> Form:
    return Form(
        id=name or verb,
        action=f"{here}/{verb}",
        submit=submit,
        idempotency_key=new_key(),
        fields=fields,
        hidden=hidden,
    )
