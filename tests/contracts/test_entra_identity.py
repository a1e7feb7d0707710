"""Tokens from the pretend Entra, over real HTTP on loopback: our application's own, and a person's ID token.

Source: Microsoft Learn, Microsoft identity platform and OAuth 2.0 authorization code flow; client credentials flow;
Register a SaaS application. None of it has been run against the live service.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import (
    EntraUnavailableError,
    OwnConfigurationError,
    OwnCredentialError,
    SignInAnswerError,
    SignInDeclinedError,
    SignInNeedsAdminError,
    SignInRefusedError,
)
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource, SignInFlow, SignInReturn, SignInStart
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    PUBLISHER_TENANT_ID,
    Person,
)
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread

REDIRECT_URI = "http://127.0.0.1:8700/auth/callback"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    running = run_in_thread(SandboxConfig(base_url=""))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as shared:  # one for the module: loading the certificates takes a third of a second
        yield shared


@pytest.fixture
def http(sandbox: RunningSandbox, client: httpx.Client) -> Iterator[httpx.Client]:
    yield client
    client.delete(f"{sandbox.url}/entra/control/faults", headers={"content-type": "application/json"})


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def landing_registration(sandbox: RunningSandbox) -> AppRegistration:
    return AppRegistration(authority=f"{sandbox.url}/entra", client_id=LANDING_APP_ID, credential=LANDING_APP_SECRET)


def fulfillment_registration(sandbox: RunningSandbox) -> AppRegistration:
    return AppRegistration(
        authority=f"{sandbox.url}/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
    )


def inject(http: httpx.Client, sandbox: RunningSandbox, code: int, endpoint: str = "token") -> None:
    answer = http.post(f"{sandbox.url}/entra/control/faults", json={"code": code, "endpoint": endpoint})
    assert answer.is_success, answer.text


# ---------------------------------------------------------------------------------------------- the application's own


def test_application_gets_a_token_for_the_marketplace_and_keeps_it(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sent: list[httpx.Request] = []
    with httpx.Client(event_hooks={"request": [sent.append]}) as counted:
        source = AppTokenSource(fulfillment_registration(sandbox), tenant_id=PUBLISHER_TENANT_ID, http=counted)
        first, second = source.token(), source.token()
        posts = [request for request in sent if request.method == "POST"]

        assert first == second
        assert len(posts) == 1
        assert claims_of(first)["aud"] == "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
        assert claims_of(first)["tid"] == PUBLISHER_TENANT_ID
        source.forget()
        source.token()
        assert len([request for request in sent if request.method == "POST"]) == 2


@pytest.mark.parametrize("code", [7000215, 7000222, 700027])
def test_fault_of_our_credential_is_an_error_of_its_own(sandbox: RunningSandbox, http: httpx.Client, code: int) -> None:
    inject(http, sandbox, code)
    source = AppTokenSource(fulfillment_registration(sandbox), tenant_id=PUBLISHER_TENANT_ID, http=http)

    with pytest.raises(OwnCredentialError) as refused:
        source.token()
    assert refused.value.detail["numbers"] == str(code)


def test_unknown_tenant_and_unknown_application_are_our_configuration(
    sandbox: RunningSandbox, http: httpx.Client
) -> None:
    nowhere = AppTokenSource(
        fulfillment_registration(sandbox), tenant_id="fa111111-0000-4000-8000-00000000dead", http=http
    )
    unknown_app = replace(fulfillment_registration(sandbox), client_id="fa111111-0000-4000-8000-00000000dead")
    nobody = AppTokenSource(unknown_app, tenant_id=PUBLISHER_TENANT_ID, http=http)

    for source in (nowhere, nobody):
        with pytest.raises(OwnConfigurationError) as refused:
            source.token()
        assert FULFILLMENT_APP_SECRET not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_entra_that_is_down_is_unavailable_and_comes_back(sandbox: RunningSandbox, http: httpx.Client) -> None:
    source = AppTokenSource(fulfillment_registration(sandbox), tenant_id=PUBLISHER_TENANT_ID, http=http)
    http.post(f"{sandbox.url}/entra/control/metadata", json={"is_down": True})
    with pytest.raises(EntraUnavailableError):
        source.token()

    http.post(f"{sandbox.url}/entra/control/metadata", json={"is_down": False})
    assert source.token()


def test_nobody_listening_is_unavailable_without_our_secret_in_the_message(http: httpx.Client) -> None:
    registration = AppRegistration(
        authority="http://127.0.0.1:9/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
    )
    with pytest.raises(EntraUnavailableError) as refused:
        AppTokenSource(registration, tenant_id=PUBLISHER_TENANT_ID, http=http).token()

    assert FULFILLMENT_APP_SECRET not in f"{refused.value!r} {refused.value.__cause__!r} {registration!r}"


# -------------------------------------------------------------------------------------------------- a person signs in


def choose(http: httpx.Client, start: SignInStart, **form: str) -> dict[str, str]:
    """Do what a person does on Microsoft's page, and return the query the browser brings back."""
    answer = http.post(start.address, data=form)
    assert answer.is_redirect, answer.text
    location = answer.headers["location"]
    assert location.startswith(REDIRECT_URI)
    return dict(parse_qsl(urlsplit(location).query))


def returned(start: SignInStart, answer: dict[str, str], tenant: str = "common") -> SignInReturn:
    return SignInReturn(
        answer=answer,
        state=start.state,
        code_verifier=start.code_verifier,
        redirect_uri=REDIRECT_URI,
        tenant=tenant,
    )


def somebody(sandbox: RunningSandbox, company: str) -> Person:
    people = sandbox.controls.directory.people
    return next(person for person in people if person.email.endswith(f"@{company}.example"))


def test_browser_is_sent_to_the_configured_authority_with_code_pkce_state_and_nonce(
    sandbox: RunningSandbox, http: httpx.Client
) -> None:
    start = SignInFlow(landing_registration(sandbox), http=http).start(redirect_uri=REDIRECT_URI, tenant="common")
    query = {name: values[0] for name, values in parse_qs(urlsplit(start.address).query).items()}

    assert start.address.startswith(f"{sandbox.url}/entra/common/oauth2/v2.0/authorize?")
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert (query["state"], query["nonce"]) == (start.state, start.nonce)
    assert set(query["scope"].split()) == {"openid", "profile", "email"}
    assert len(start.code_verifier) <= 200
    assert start.code_verifier not in start.address
    assert start.state not in repr(start)


@pytest.mark.parametrize("company", ["contoso", "outlook"])
def test_work_and_personal_accounts_sign_in_and_the_raw_token_comes_back(
    sandbox: RunningSandbox, http: httpx.Client, company: str
) -> None:
    flow, person = SignInFlow(landing_registration(sandbox), http=http), somebody(sandbox, company)
    start = flow.start(redirect_uri=REDIRECT_URI, tenant="common")
    claims = claims_of(flow.redeem(returned(start, choose(http, start, object_id=person.object_id))))

    assert (claims["tid"], claims["oid"], claims["aud"]) == (person.tenant_id, person.object_id, LANDING_APP_ID)
    assert claims["nonce"] == start.nonce


def test_two_sign_ins_share_nothing(sandbox: RunningSandbox, http: httpx.Client) -> None:
    flow = SignInFlow(landing_registration(sandbox), http=http)
    starts = [flow.start(redirect_uri=REDIRECT_URI, tenant="common") for _ in range(2)]

    for name in ("state", "nonce", "code_verifier"):
        assert getattr(starts[0], name) != getattr(starts[1], name)


def test_answer_of_another_sign_in_is_refused(sandbox: RunningSandbox, http: httpx.Client) -> None:
    flow, person = SignInFlow(landing_registration(sandbox), http=http), somebody(sandbox, "contoso")
    mine = flow.start(redirect_uri=REDIRECT_URI, tenant="common")
    theirs = flow.start(redirect_uri=REDIRECT_URI, tenant="common")
    answer = choose(http, theirs, object_id=person.object_id)

    with pytest.raises(SignInAnswerError):
        flow.redeem(returned(mine, answer))
    with pytest.raises(SignInAnswerError):
        flow.redeem(returned(mine, {"state": mine.state}))
    # The state forged to fit: the code is bound to the other sign-in's verifier.
    with pytest.raises(FairkeeperError) as refused:
        flow.redeem(returned(mine, {**answer, "state": mine.state}))
    assert refused.value.code == "microsoft.sign_in_refused"


def test_token_with_another_nonce_is_refused(sandbox: RunningSandbox, http: httpx.Client) -> None:
    flow, person = SignInFlow(landing_registration(sandbox), http=http), somebody(sandbox, "contoso")
    start = flow.start(redirect_uri=REDIRECT_URI, tenant="common")
    answer = choose(http, start, object_id=person.object_id)
    verifier = start.code_verifier.partition("|")[0]

    with pytest.raises(SignInAnswerError) as refused:
        flow.redeem(replace(returned(start, answer), code_verifier=f"{verifier}|another"))
    assert start.nonce not in f"{refused.value!r}{refused.value.__cause__!r}"


def test_person_who_cancels_has_declined(sandbox: RunningSandbox, http: httpx.Client) -> None:
    flow = SignInFlow(landing_registration(sandbox), http=http)
    start = flow.start(redirect_uri=REDIRECT_URI, tenant="common")

    with pytest.raises(SignInDeclinedError):
        flow.redeem(returned(start, choose(http, start, cancel="1")))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (65004, SignInDeclinedError),
        (90094, SignInNeedsAdminError),
        (53003, SignInRefusedError),
        (7000222, OwnCredentialError),
        (700016, OwnConfigurationError),
    ],
)
@pytest.mark.parametrize("endpoint", ["authorize", "token"])
def test_refusals_say_who_can_do_something_about_them(
    sandbox: RunningSandbox, http: httpx.Client, code: int, error: type[FairkeeperError], endpoint: str
) -> None:
    flow, person = SignInFlow(landing_registration(sandbox), http=http), somebody(sandbox, "contoso")
    start = flow.start(redirect_uri=REDIRECT_URI, tenant="common")
    inject(http, sandbox, code, endpoint)
    answer = choose(http, start, object_id=person.object_id)

    with pytest.raises(error) as refused:
        flow.redeem(returned(start, answer))
    assert type(refused.value) is error
    assert refused.value.detail["numbers"] == str(code)


def test_code_is_good_once(sandbox: RunningSandbox, http: httpx.Client) -> None:
    flow, person = SignInFlow(landing_registration(sandbox), http=http), somebody(sandbox, "contoso")
    start = flow.start(redirect_uri=REDIRECT_URI, tenant="common")
    answer = choose(http, start, object_id=person.object_id)
    flow.redeem(returned(start, answer))

    with pytest.raises(SignInRefusedError):
        flow.redeem(returned(start, answer))
