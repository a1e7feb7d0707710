"""The connect page, and the way through Microsoft's consent pages and back.

Whoever has the page's address is nobody in particular: everything here runs as Fairkeeper itself, for that page's
tenant. What binds an answer is the state, the browser that began, the tenant and the application; see
`consent.actions.start`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.consent.actions.ask import CONNECT_PATH
from fairkeeper.consent.actions.connect import ask_on_page, decline_on_page, hand_over_on_page, open_page
from fairkeeper.consent.actions.person import PersonStart, begin_person, record_person
from fairkeeper.consent.actions.start import AnswerOutcome, AnswerTaken, Begun, Way, begin_consent, take_answer
from fairkeeper.consent.agents.asking import AgentAsked, begin_agent_consent, look_at_agent
from fairkeeper.consent.queries import show_page
from fairkeeper.consent.views import ConnectView
from fairkeeper.database.secrets import Secret, SecretKeyError
from fairkeeper.errors import FairkeeperError, InvalidError
from fairkeeper.microsoft.entra_codes import error_numbers
from fairkeeper.microsoft.identity import SignInReturn
from fairkeeper.microsoft.tenants.consent import new_state
from fairkeeper.token.expectations import IdTokenExpectation
from fairkeeper.values.ids import TenantId
from fairkeeper.web.routes.entry.connect_page import connect_page
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, get, post
from fairkeeper.web.serving.ways import Way as Route

RETURN_PATH: Final = f"{CONNECT_PATH}/return"
_LONGEST: Final = 200
_HEADERS: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


class WordsMissingError(InvalidError):
    """Nothing was written."""

    code = "web.words_missing"
    remedy = "Write at least a few words, and send the form again."


def page_of(token: str) -> str:
    """Return the digest by which a page is known."""
    return hashlib.sha256(token.encode()).hexdigest()


def show(visit: Visit) -> Response:
    """Show the page, and count that it was opened."""
    token = visit.named("token")[:_LONGEST]
    view: ConnectView = visit.run_as_system("connect", show_page, page=page_of(token))
    visit.run_as_system("connect", open_page, page=page_of(token))
    return visit.show(connect_page(visit, view, token), headers=_HEADERS)


def start(visit: Visit) -> Response:
    """Go to Microsoft's page: the administrator's, or a person's own."""
    token = visit.named("token")[:_LONGEST]
    grant_id = visit.query("grant")[:40]
    features = (visit.query("feature")[:60],) if visit.query("feature") else ()
    if visit.query("way") == Way.USER.value:
        return _start_person(visit, token, grant_id)
    if visit.query("way") == "agent":
        return _start_agent(visit, token, grant_id)
    state = new_state()
    begun: Begun = visit.run_as_system(
        "connect",
        begin_consent,
        page=page_of(token),
        grant_id=grant_id,
        way=Way.ADMIN,
        features=features,
        state_digest=page_of(state),
        browser_digest=page_of(visit.browser),
        sealed=_seal(visit, {"page": token}),
    )
    address = visit.parts.consent.admin_address(
        begun.app_id, begun.tenant_id, begun.scopes, redirect_uri=_return_address(visit), state=state
    )
    return _to_microsoft(visit, address)


def _start_agent(visit: Visit, token: str, grant_id: str) -> Response:
    """Go to Microsoft's page for an agent, which leads back to nobody; what came of it is looked for."""
    asked: AgentAsked = visit.run_as_system("connect", begin_agent_consent, page=page_of(token), grant_id=grant_id)
    address = visit.parts.consent.agent_address(
        asked.client_id, asked.tenant_id, application=asked.application, delegated=asked.delegated
    )
    return _to_microsoft(visit, address)


def look(visit: Visit) -> Response:
    """Look what somebody did on Microsoft's page for an agent."""
    token = visit.named("token")[:_LONGEST]
    grant_id = visit.form.get("grant_id", "")[:40]
    visit.run_as_system("connect", look_at_agent, page=page_of(token), grant_id=grant_id)
    return visit.go(f"{CONNECT_PATH}/{token}?said=looking")


def _start_person(visit: Visit, token: str, grant_id: str) -> Response:
    found: PersonStart = visit.run_as_system("connect", begin_person, page=page_of(token), grant_id=grant_id)
    if not found.scopes:
        # Nothing of it is one person's to allow; the page says so, and an old address of the way still leads here.
        visit.run_as_system("connect", hand_over_on_page, page=page_of(token))
        return visit.go(f"{CONNECT_PATH}/{token}?said=waits_for_admin")
    started = visit.parts.consent.start(
        found.app_id, found.tenant_id, found.scopes, redirect_uri=_return_address(visit)
    )
    kept = {"page": token, "nonce": started.nonce, "verifier": started.code_verifier, "scopes": list(found.scopes)}
    visit.run_as_system(
        "connect",
        begin_consent,
        page=page_of(token),
        grant_id=grant_id,
        way=Way.USER,
        state_digest=page_of(started.state),
        browser_digest=page_of(visit.browser),
        sealed=_seal(visit, kept),
    )
    return _to_microsoft(visit, started.address)


def come_back(visit: Visit) -> Response:
    """Take the answer of Microsoft's page and go on to the connect page, whose address then carries no answer."""
    answer = dict(visit.request.query_params)
    fields: dict[str, Any] = {
        "state_digest": page_of(visit.query("state")[:_LONGEST]),
        "browser_digest": page_of(visit.request.cookies.get(visit.parts.browser_cookie.name, "")),
        "error": visit.query("error")[:_LONGEST],
        "numbers": sorted(error_numbers(answer))[:20],
    }
    if "code" in answer:
        return _redeem(visit, answer, fields)
    taken: AnswerTaken = visit.run_as_system(
        "connect",
        take_answer,
        **fields,
        tenant_id=visit.query("tenant")[:64],
        is_granted=visit.query("admin_consent") == "True",
    )
    return _back(visit, taken)


def _redeem(visit: Visit, answer: dict[str, str], fields: dict[str, Any]) -> Response:
    """Redeem a person's code; the ID token has to be of the tenant that was asked, and answer this very request."""
    taken: AnswerTaken = visit.run_as_system("connect", take_answer, **fields, has_code=True)
    kept = _open(visit, taken.sealed)
    scopes = tuple(str(each) for each in kept.get("scopes", ()))
    granted: tuple[str, ...] = ()
    trouble: FairkeeperError | None = None
    try:
        returned = SignInReturn(
            answer=answer,
            state=answer.get("state", ""),
            code_verifier=str(kept.get("verifier", "")),
            redirect_uri=_return_address(visit),
            tenant=taken.tenant_id,
        )
        consented = visit.parts.consent.redeem(taken.app_id, returned, scopes)
        expected = IdTokenExpectation(
            client_id=taken.app_id.lower(),
            nonce=str(kept.get("nonce", "")),
            tenants=frozenset({TenantId(taken.tenant_id)}),
        )
        visit.parts.validator.validate(consented.id_token, expected)
        granted = tuple(sorted(consented.scopes))
    except FairkeeperError as error:
        trouble = error
    numbers = [] if trouble is None else [int(each) for each in str(trouble.detail.get("numbers", "")).split()]
    visit.run_as_system("connect", record_person, grant_id=taken.grant_id, granted=granted, numbers=numbers)
    if trouble is not None and not numbers:
        raise trouble
    return _back(visit, taken)


def decline(visit: Visit) -> Response:
    """Decline with a reason."""
    token = visit.named("token")[:_LONGEST]
    visit.run_as_system(
        "connect",
        decline_on_page,
        page=page_of(token),
        grant_id=visit.form.get("grant_id", "")[:40],
        reason=_words(visit, "reason"),
    )
    return visit.go(f"{CONNECT_PATH}/{token}?said=declined")


def ask(visit: Visit) -> Response:
    """Ask the publisher a question."""
    token = visit.named("token")[:_LONGEST]
    visit.run_as_system("connect", ask_on_page, page=page_of(token), text=_words(visit, "text"))
    return visit.go(f"{CONNECT_PATH}/{token}?said=asked")


def hand_over(visit: Visit) -> Response:
    """Note that it was passed to the administrator."""
    token = visit.named("token")[:_LONGEST]
    visit.run_as_system("connect", hand_over_on_page, page=page_of(token))
    return visit.go(f"{CONNECT_PATH}/{token}?said=passed")


def _words(visit: Visit, name: str) -> str:
    words = visit.form.get(name, "").strip()
    if len(words) < 3:
        raise WordsMissingError("Nothing was written in the form.")
    return words[:1_000]


def _back(visit: Visit, taken: AnswerTaken) -> Response:
    token = str(_open(visit, taken.sealed).get("page", ""))
    said = "allowed" if taken.outcome is AnswerOutcome.REDEEM else taken.outcome.value
    response = visit.go(f"{CONNECT_PATH}/{token}?said={said}")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _to_microsoft(visit: Visit, address: str) -> Response:
    response = visit.go(address)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _return_address(visit: Visit) -> str:
    return f"{visit.parts.house.address}{RETURN_PATH}"


def _seal(visit: Visit, kept: dict[str, Any]) -> str:
    return visit.parts.secrets.seal(Secret(json.dumps(kept).encode())).decode()


def _open(visit: Visit, sealed: str) -> dict[str, Any]:
    try:
        found = json.loads(visit.parts.secrets.open(sealed.encode()).reveal())
    except (SecretKeyError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


WAYS: Final[tuple[Route, ...]] = (
    get(RETURN_PATH, come_back, Audience.ANYBODY),
    get(f"{CONNECT_PATH}/{{token}}", show, Audience.ANYBODY),
    get(f"{CONNECT_PATH}/{{token}}/start", start, Audience.ANYBODY),
    post(f"{CONNECT_PATH}/{{token}}/decline", decline, Audience.ANYBODY),
    post(f"{CONNECT_PATH}/{{token}}/look", look, Audience.ANYBODY),
    post(f"{CONNECT_PATH}/{{token}}/ask", ask, Audience.ANYBODY),
    post(f"{CONNECT_PATH}/{{token}}/pass-on", hand_over, Audience.ANYBODY),
)
