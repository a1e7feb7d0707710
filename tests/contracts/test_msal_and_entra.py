"""Microsoft's own library against the pretend Entra, and our validator on what it receives.

MSAL talks to https authorities only, so its HTTP client is given a way to the sandbox: addresses are exchanged on the
way there and back. What MSAL sends and understands is the contract; nothing here knows how the pretend Entra is made.
"""

from __future__ import annotations

import hashlib
import re
from html import unescape
from typing import Any

import pytest
from msal import ConfidentialClientApplication

from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    PUBLISHER_TENANT_ID,
)
from fairkeeper.token.expectations import MARKETPLACE_CALLER_APP_ID, ApiTokenExpectation, IdTokenExpectation
from tests.unit.sandbox_entra.desk import BASE, CALLBACK, Desk

MICROSOFT = "https://login.microsoftonline.com"


class Answer:
    """What MSAL reads of an HTTP response."""

    def __init__(self, status_code: int, text: str, headers: dict[str, str]) -> None:
        self.status_code, self.text, self.headers = status_code, text, headers

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise RuntimeError(self.text)


class SandboxClient:
    """An HTTP client for MSAL that goes to the sandbox."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Answer:
        return self._answer(self._desk.http.get(self._there(url), params=params or {}, headers=headers))

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Answer:
        return self._answer(self._desk.http.post(self._there(url), params=params or {}, data=data, headers=headers))

    def close(self) -> None:
        """Nothing is held open."""

    @staticmethod
    def _there(url: str) -> str:
        assert url.startswith(f"{MICROSOFT}/"), url
        return f"/entra{url.removeprefix(MICROSOFT)}"

    @staticmethod
    def _answer(response: Any) -> Answer:
        return Answer(response.status_code, response.text.replace(BASE, MICROSOFT), dict(response.headers))


def client(desk: Desk, client_id: str, secret: str, tenant: str) -> Any:
    return ConfidentialClientApplication(
        client_id, client_credential=secret, authority=f"{MICROSOFT}/{tenant}", http_client=SandboxClient(desk)
    )


def start(app: Any, scopes: list[str]) -> Any:
    """Begin to sign in, with the answer as a form, which MSAL recommends."""
    return app.initiate_auth_code_flow(scopes, redirect_uri=CALLBACK, response_mode="form_post")


def answer(desk: Desk, flow: Any, form: dict[str, str]) -> dict[str, str]:
    """Play the browser: open MSAL's address at the sandbox, press a button, carry the answer back."""
    path = f"/entra{flow['auth_uri'].removeprefix(MICROSOFT)}"
    assert desk.http.get(path).status_code == 200
    page = desk.http.post(path, data=form).text
    assert f'action="{CALLBACK}"' in page
    return {name: unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', page)}


def choose(desk: Desk, flow: Any, first_name: str) -> dict[str, str]:
    """Choose an account and return what the application is sent."""
    return answer(desk, flow, {"object_id": desk.person(first_name).object_id})


def test_application_gets_a_token_for_the_marketplace() -> None:
    desk = Desk.open()
    app = client(desk, FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, PUBLISHER_TENANT_ID)
    result = app.acquire_token_for_client([f"{MARKETPLACE_CALLER_APP_ID}/.default"])
    claims = desk.entra.verify_app_token(result["access_token"])
    assert claims is not None
    assert (claims["aud"], claims["appid"]) == (MARKETPLACE_CALLER_APP_ID, FULFILLMENT_APP_ID)
    again = app.acquire_token_for_client([f"{MARKETPLACE_CALLER_APP_ID}/.default"])
    assert again["token_source"] == "cache"


# The library itself advises against /common here, as the number does.
@pytest.mark.filterwarnings("ignore:Using /common:DeprecationWarning")
@pytest.mark.parametrize(
    ("secret", "tenant", "code"),
    [
        ("wrong", PUBLISHER_TENANT_ID, 7000215),
        (FULFILLMENT_APP_SECRET, "contoso.example", 700016),
        (FULFILLMENT_APP_SECRET, "common", 9001023),
    ],
)
def test_library_hands_over_the_numbers_of_errors(secret: str, tenant: str, code: int) -> None:
    app = client(Desk.open(), FULFILLMENT_APP_ID, secret, tenant)
    result = app.acquire_token_for_client([f"{MARKETPLACE_CALLER_APP_ID}/.default"])
    assert result["error_codes"] == [code]


def test_library_tells_that_a_tenant_does_not_exist() -> None:
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        client(Desk.open(), FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, "nobody.example")


@pytest.mark.parametrize(
    ("tenant", "first_name"), [("common", "Cora"), ("common", "Petra"), ("contoso.example", "Carl")]
)
def test_person_signs_in_and_the_validator_takes_the_token(tenant: str, first_name: str) -> None:
    desk = Desk.open()
    person = desk.person(first_name)
    app = client(desk, LANDING_APP_ID, LANDING_APP_SECRET, tenant)
    flow = start(app, ["User.Read"])
    result = app.acquire_token_by_auth_code_flow(flow, choose(desk, flow, first_name))
    assert "error" not in result, result
    # MSAL sends the hash of its nonce and keeps the nonce, so the hash is what the token has to bring.
    nonce = hashlib.sha256(flow["nonce"].encode()).hexdigest()
    verified = desk.validator().validate(result["id_token"], IdTokenExpectation(client_id=LANDING_APP_ID, nonce=nonce))
    assert (verified.tenant_id, verified.object_id) == (person.tenant_id, person.object_id)
    assert (verified.name, verified.preferred_username) == (person.name, person.email)
    me = desk.http.get("/entra/graph/v1.0/me", headers={"authorization": f"Bearer {result['access_token']}"})
    assert me.json()["displayName"] == person.name


def test_account_is_remembered_and_renewed_silently() -> None:
    desk = Desk.open()
    app = client(desk, LANDING_APP_ID, LANDING_APP_SECRET, "common")
    flow = start(app, ["User.Read"])
    app.acquire_token_by_auth_code_flow(flow, choose(desk, flow, "Cora"))
    (account,) = app.get_accounts()
    assert account["home_account_id"] == f"{desk.person('Cora').object_id}.{desk.person('Cora').tenant_id}"
    scope = f"api://{LANDING_APP_ID}/Customers.Read"
    result = app.acquire_token_silent([scope], account)
    assert result is not None
    expectation = ApiTokenExpectation(
        audience=LANDING_APP_ID, is_app_only=False, permissions=frozenset({"Customers.Read"})
    )
    assert desk.validator().validate(result["access_token"], expectation).object_id == desk.person("Cora").object_id


def test_answer_of_another_browser_is_refused_by_the_library() -> None:
    desk = Desk.open()
    app = client(desk, LANDING_APP_ID, LANDING_APP_SECRET, "common")
    mine = start(app, ["User.Read"])
    theirs = start(app, ["User.Read"])
    with pytest.raises(ValueError, match="state mismatch"):
        app.acquire_token_by_auth_code_flow(mine, choose(desk, theirs, "Cora"))


def test_person_who_cancels_is_reported() -> None:
    desk = Desk.open()
    app = client(desk, LANDING_APP_ID, LANDING_APP_SECRET, "common")
    flow = start(app, ["User.Read"])
    assert app.acquire_token_by_auth_code_flow(flow, answer(desk, flow, {"cancel": "1"}))["error"] == "access_denied"
