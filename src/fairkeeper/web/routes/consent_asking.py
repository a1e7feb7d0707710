"""What is asked about one customer's consent on a page of its own: who answers for an agent, ending an elevation early.

The publisher's people come from the customer's page and its own people from theirs; the questions are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.consent.agents.identities import IdentityState
from fairkeeper.consent.agents.placing import place_agent_identity
from fairkeeper.consent.deployments.calling import make_claim_code
from fairkeeper.consent.deployments.elevating import end_elevation
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantState, LinkState
from fairkeeper.consent.plan.plan import AccessWay
from fairkeeper.consent.queries import show_customer
from fairkeeper.consent.views import AgentView, ClaimCodeView, CustomerConsent, GrantView
from fairkeeper.errors import NotFoundError
from fairkeeper.web.format import state, when_text
from fairkeeper.web.forms import Field, FieldKind, Form, Option
from fairkeeper.web.parts import Fact, Link
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, new_key, question_at, reason_field
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

RUNNING: Final = frozenset({GrantState.REQUESTED, GrantState.PENDING_ADMIN, GrantState.VERIFIED, GrantState.PARTIAL})
"""The states of an elevation that can be ended early."""
_STAFF: Final = "/customers/{customer}/consent"
_OWN: Final = "/permissions"
_AskingOf = Callable[[Visit, CustomerConsent], Asking]


def home_of(visit: Visit, found: CustomerConsent) -> str:
    """Return the page of a customer's consent, as whoever asks reaches it."""
    return f"/customers/{found.slug}/consent" if visit.is_staff else _OWN


def _placing(visit: Visit, found: CustomerConsent) -> Asking:
    key = visit.named("registration")[:60]
    agent = next((each for each in found.agents if each.registration == key), None)
    if agent is None:
        raise NotFoundError(f"There is no agent {key[:40]!r} here.", code="consent.agent_identity_not_found")
    home = home_of(visit, found)
    words = Words(
        opener="Change it" if agent.placed_id else "Name who answers for it",
        title=f"Who answers for {agent.name} in the tenant of {found.name}?",
        points=_points(agent),
        fields=_fields(agent),
        submit="Save",
    )
    return Asking(
        operation=place_agent_identity,
        question=question_at(f"{home}/agents/{key}", words, back=home),
        back=home,
        room="Customers" if visit.is_staff else "Permissions",
        fixed={"customer": found.customer_id, "registration": key},
        trail=(Link(label=found.name, href=home),) if visit.is_staff else (),
        read=_placed,
    )


def _points(agent: AgentView) -> tuple[str, ...]:
    if agent.state is IdentityState.PRESENT:
        return (
            "There is an agent identity already; its sponsor is changed in Microsoft Entra, under Agent ID.",
            "Note here which registered agent acts under it. While that agent is held, it gets no token.",
        )
    return (
        "A person or group of the customer’s tenant is its sponsor, and can disable it there.",
        "The agent identity is made by itself, once an administrator has let the blueprint in.",
        "Or name an agent identity that exists in the tenant: it counts when a token proves whose child it is.",
    )


def _fields(agent: AgentView) -> tuple[Field, ...]:
    agent_field = Field(
        name="agent_id",
        label="Registered agent",
        value=agent.agent_id or "",
        hint="Its id, if it is registered here.",
        is_required=False,
    )
    identity = Field(
        name="identity_id",
        label="Or: id of an agent identity that exists",
        is_required=False,
        hint="Leave it empty to have one made.",
    )
    if agent.state is IdentityState.PRESENT:
        return (agent_field,)
    sponsor = Field(
        name="sponsor_id",
        label="Object id of the sponsor",
        value=agent.sponsor_id or "",
        hint="In Microsoft Entra, on the page of the person or group.",
        is_required=False,
    )
    kind = Field(
        name="sponsor_kind",
        label="The sponsor is",
        kind=FieldKind.SELECT,
        value=agent.sponsor_kind or "user",
        options=(Option(value="user", label="a person"), Option(value="group", label="a group")),
    )
    return (sponsor, kind, identity, agent_field)


def _placed(form: Mapping[str, str]) -> Mapping[str, Any]:
    names = ("sponsor_id", "sponsor_kind", "identity_id", "agent_id")
    return {name: value for name in names if (value := form.get(name, "").strip())}


def _giving_back(visit: Visit, found: CustomerConsent) -> Asking:
    grant_id = visit.named("grant_id")[:40]
    grant = next((each for each in found.grants if each.grant_id == grant_id and can_be_ended(each)), None)
    if grant is None:
        raise NotFoundError(f"There is no running elevation {grant_id!r} here.", code="consent.grant_not_found")
    home = home_of(visit, found)
    words = Words(
        opener="End it now",
        title=f"End “{', '.join(grant.what)}” before its time?",
        points=(
            "Nothing here uses it any more, from this moment, and Azure is told to take the request back.",
            "Whether Azure takes the role away at once is not documented; the customer can remove it in the portal.",
            "Another elevation can be asked for afterwards.",
        ),
        fields=(reason_field(),),
    )
    return Asking(
        operation=end_elevation,
        question=question_at(f"{home}/elevations/{grant_id}", words, back=home),
        back=home,
        room="Customers" if visit.is_staff else "Permissions",
        fixed={"grant_id": grant_id},
        trail=(Link(label=found.name, href=home),) if visit.is_staff else (),
    )


def can_be_ended(grant: GrantView) -> bool:
    """Say whether a grant is an elevation that runs, or waits."""
    return grant.tier == AccessWay.ELEVATED.value and grant.state in RUNNING


def _found(visit: Visit, *, is_own: bool) -> CustomerConsent:
    if is_own and visit.is_staff:
        raise NotFoundError("There is no such page for you.", code="web.no_such_page")
    customer = str(visit.principal.customer_id) if is_own else visit.named("customer")[:80]
    found: CustomerConsent = visit.run(show_customer, customer=customer)
    return found


def _ways(path: str, asking: _AskingOf) -> tuple[Way, ...]:
    """Return the pages of one question, for staff and for the customer's own people."""

    def asked(*, is_own: bool) -> Callable[[Visit], Response]:
        return lambda visit: ask(visit, asking(visit, _found(visit, is_own=is_own)))

    def answered(*, is_own: bool) -> Callable[[Visit], Response]:
        return lambda visit: answer_question(visit, asking(visit, _found(visit, is_own=is_own)))

    return (
        get(f"{_STAFF}{path}", asked(is_own=False), Audience.STAFF),
        post(f"{_STAFF}{path}", answered(is_own=False), Audience.STAFF),
        get(f"{_OWN}{path}", asked(is_own=True)),
        post(f"{_OWN}{path}", answered(is_own=True)),
    )


# -------------------- what stands on the page of a customer's consent


REMAINING_NAMES: Final = {
    (False, False): "application id",
    (True, False): "deployment id",
    (False, True): "agent identity id",
}


def grant_ways(visit: Visit, found: CustomerConsent, grant: GrantView) -> tuple[Link, ...]:
    """Return what can be done about a grant by whoever looks."""
    if not can_be_ended(grant) or not visit.allows(end_elevation):
        return ()
    return (Link(label="End it now", href=f"{home_of(visit, found)}/elevations/{grant.grant_id}"),)


def place_of(visit: Visit, found: CustomerConsent, agent: AgentView) -> Link | None:
    """Return the way to say who answers for an agent, for those who may."""
    if found.state is not LinkState.LINKED or not visit.allows(place_agent_identity):
        return None
    label = "Change it" if agent.placed_id else "Name who answers for it"
    return Link(label=label, href=f"{home_of(visit, found)}/agents/{agent.registration}")


def times(number: int) -> str:
    """Return how often, in words.

    Example:
        >>> times(0), times(1), times(8)
        ('never', 'once', '8 times')
    """
    return {0: "never", 1: "once"}.get(number, f"{number} times")


def code_fact(code: ClaimCodeView) -> Fact:
    """Return a claim code that was made, without the code."""
    where, note = "open", f"good until {when_text(code.expires_at.date())}"
    if code.used_at is not None:
        where, note = "used", f"used {when_text(code.used_at)}"
    elif code.withdrawn_at is not None:
        where, note = "removed", "withdrawn"
    return Fact(label=f"{code.offer_id}, made {when_text(code.made_at.date())}", value=state(where), note=note)


def code_form(visit: Visit, found: CustomerConsent, trouble: tuple[str, str]) -> Form | None:
    """Return the form that makes a claim code, where an offer calls home and whoever looks may make one."""
    if found.state in ENDED_LINKS or not found.calling or not visit.allows(make_claim_code):
        return None
    return Form(
        id="claim-code",
        action=f"{home_of(visit, found)}/claim-codes",
        submit="Make a claim code",
        idempotency_key=new_key(),
        error=trouble[1] if trouble[0] == "code" else "",
        fields=(
            Field(
                name="offer_id",
                label="For an installation of",
                kind=FieldKind.SELECT,
                options=tuple(Option(value=each, label=each) for each in found.calling),
            ),
        ),
    )


WAYS: Final[tuple[Way, ...]] = (
    *_ways("/agents/{registration}", _placing),
    *_ways("/elevations/{grant_id}", _giving_back),
)
