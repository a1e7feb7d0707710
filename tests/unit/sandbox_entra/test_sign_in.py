"""The authorize endpoint.

Sources: Microsoft Entra, "Microsoft identity platform and OAuth 2.0 authorization code flow" (Request an authorization
code, Error response), "OpenID Connect on the Microsoft identity platform", "Microsoft Entra authentication and
authorization error codes".
"""

from __future__ import annotations

import re

import pytest

from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    LANDING_APP_ID,
    PERSONAL_TENANT_ID,
    PUBLISHER_TENANT_ID,
    AppRegistration,
    SignInAudience,
)
from fairkeeper.sandbox.entra.faults import Endpoint
from tests.unit.sandbox_entra.desk import CALLBACK, Desk

WORK_ONLY_APP_ID = "fa111111-0000-4000-8000-0000000000f3"


def with_work_only_app(desk: Desk) -> str:
    desk.directory.add_app(
        AppRegistration(
            client_id=WORK_ONLY_APP_ID,
            tenant_id=PUBLISHER_TENANT_ID,
            name="Fairmile for work",
            redirect_uris=("http://127.0.0.1/*",),
            audience=SignInAudience.MULTI,
        )
    )
    return WORK_ONLY_APP_ID


def page_code(desk: Desk, path: str, first_name: str | None = None) -> int:
    """Return the number on an error page; such a page sends nobody anywhere."""
    if first_name is None:
        response = desk.http.get(path)
    else:
        response = desk.http.post(path, data={"object_id": desk.person(first_name).object_id})
    assert response.status_code == 400
    assert "location" not in response.headers
    found = re.search(r"AADSTS(\d+)", response.text)
    assert found is not None
    return int(found[1])


# "Successful response": code and the same state come back to the redirect URI.
def test_choosing_an_account_sends_a_code_and_the_state_back() -> None:
    answer = Desk.open().sign_in("Cora")
    assert answer["state"] == "state-of-this-browser"
    assert len(answer["code"]) > 40


def test_page_says_that_it_is_a_sandbox_and_lists_everybody_as_buttons() -> None:
    desk = Desk.open()
    response = desk.http.get(desk.authorize_path())
    assert "Sandbox: pretend Microsoft sign-in" in response.text
    assert "Fairmile sign-in" in response.text
    for person in desk.directory.people:
        assert f'name="object_id" value="{person.object_id}"' in response.text
        assert person.email in response.text


def test_buttons_of_the_page_lead_to_the_same_answer() -> None:
    desk = Desk.open()
    page = desk.http.get(desk.authorize_path(state='"><script>alert(1)</script>')).text
    assert "<script>" not in page
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    assert action is not None
    form = {name: value.replace("&#34;", '"').replace("&gt;", ">").replace("&lt;", "<") for name, value in hidden}
    response = desk.http.post(action[1], data={**form, "object_id": desk.person("Carl").object_id})
    assert desk.answer_of(response.headers["location"])["state"] == '"><script>alert(1)</script>'


# Parameter `login_hint`: pre-fills the account.
def test_login_hint_puts_the_account_first() -> None:
    desk = Desk.open()
    page = desk.http.get(desk.authorize_path(login_hint="Carl.Contoso@contoso.example")).text
    first = re.search(r'name="object_id" value="([^"]+)"', page)
    assert first is not None
    assert first[1] == desk.person("Carl").object_id


# Parameter `response_mode`: query, fragment, form_post.
def test_answer_travels_in_the_fragment_when_asked() -> None:
    desk = Desk.open()
    response = desk.http.post(
        desk.authorize_path(response_mode="fragment"), data={"object_id": desk.person("Cora").object_id}
    )
    assert response.headers["location"].startswith(f"{CALLBACK}#code=")


def test_answer_travels_as_a_form_when_asked() -> None:
    desk = Desk.open()
    response = desk.http.post(
        desk.authorize_path(response_mode="form_post"), data={"object_id": desk.person("Cora").object_id}
    )
    assert response.status_code == 200
    assert f'action="{CALLBACK}"' in response.text
    assert 'name="code"' in response.text
    nonce = re.search(r'<script nonce="([^"]+)"', response.text)
    assert nonce is not None
    assert f"script-src 'nonce-{nonce[1]}'" in response.headers["content-security-policy"]


# "Error response": access_denied when the person cancels.
def test_cancelling_tells_the_application() -> None:
    desk = Desk.open()
    response = desk.http.post(desk.authorize_path(), data={"cancel": "1"})
    assert desk.answer_of(response.headers["location"])["error"] == "access_denied"


# Error codes 90002, 700016, 50194, 9002332, 900971, 50011: shown, because the address cannot be trusted.
@pytest.mark.parametrize(
    ("tenant", "changes", "code"),
    [
        ("nobody.example", {}, 90002),
        ("common", {"client_id": "fa111111-0000-4000-8000-00000000dead"}, 700016),
        ("common", {"client_id": FULFILLMENT_APP_ID}, 50194),
        ("organizations", {"client_id": FULFILLMENT_APP_ID}, 50194),
        ("consumers", {"client_id": FULFILLMENT_APP_ID}, 50194),
        ("contoso.example", {"client_id": FULFILLMENT_APP_ID}, 700016),
        ("common", {"redirect_uri": None}, 900971),
        ("common", {"redirect_uri": "https://elsewhere.example/callback"}, 50011),
        ("common", {"redirect_uri": "http://127.0.0.1.elsewhere.example/"}, 50011),
        ("common", {"client_id": None}, 900144),
    ],
)
def test_request_that_nobody_may_be_told_of_is_shown(tenant: str, changes: dict[str, str | None], code: int) -> None:
    desk = Desk.open()
    assert page_code(desk, desk.authorize_path(tenant, **changes)) == code


def test_work_application_is_not_served_by_consumers() -> None:
    desk = Desk.open()
    assert page_code(desk, desk.authorize_path("consumers", client_id=with_work_only_app(desk))) == 9002332


# Error codes 50020 (account not in the tenant) and 500208 (account of the wrong type).
@pytest.mark.parametrize(
    ("tenant", "first_name", "code"),
    [
        ("contoso.example", "Freya", 50020),
        ("contoso.example", "Petra", 50020),
        ("organizations", "Petra", 500208),
        ("consumers", "Cora", 50020),
        (PERSONAL_TENANT_ID, "Cora", 50020),
    ],
)
def test_account_that_may_not_sign_in_here_is_refused_on_a_page(tenant: str, first_name: str, code: int) -> None:
    desk = Desk.open()
    assert page_code(desk, desk.authorize_path(tenant), first_name) == code


def test_personal_account_is_refused_by_a_work_application() -> None:
    desk = Desk.open()
    path = desk.authorize_path(client_id=with_work_only_app(desk))
    assert page_code(desk, path, "Petra") == 500208
    page = desk.http.get(path).text
    assert page.index("Other accounts") < page.index(desk.person("Petra").object_id)


def test_nobody_is_refused() -> None:
    desk = Desk.open()
    response = desk.http.post(desk.authorize_path(), data={"object_id": "nobody"})
    assert (response.status_code, "AADSTS50034" in response.text) == (400, True)


# "Error codes for authorization endpoint errors": told to the application, with its state.
@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 70005),
        ({"response_type": "code id_token"}, "unsupported_response_type", 700054),
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_mode": "smoke"}, "invalid_request", 70007),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "openid api://unknown/read"}, "invalid_resource", 500011),
        ({"code_challenge": None}, "invalid_request", 50147),
        ({"code_challenge": "short"}, "invalid_request", 50147),
        ({"code_challenge_method": "S512"}, "invalid_request", 90100),
        ({"prompt": "always"}, "invalid_request", 90100),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_request_that_cannot_be_served_is_told_to_the_application(
    changes: dict[str, str | None], error: str, code: int
) -> None:
    desk = Desk.open()
    response = desk.http.get(desk.authorize_path(**changes))
    assert response.status_code == 302
    answer = desk.answer_of(response.headers["location"])
    assert (answer["error"], answer["state"]) == (error, "state-of-this-browser")
    assert answer["error_description"].startswith(f"AADSTS{code}:")


@pytest.mark.parametrize("prompt", ["login", "select_account", "consent"])
def test_every_other_prompt_shows_the_accounts(prompt: str) -> None:
    desk = Desk.open()
    assert desk.http.get(desk.authorize_path(prompt=prompt)).status_code == 200


# "First consent creates the service principal": Microsoft Entra, "Application and service principal objects".
def test_signing_in_makes_the_application_present_in_the_tenant() -> None:
    desk = Desk.open()
    contoso = desk.tenant_id("Contoso")
    assert desk.directory.service_principal(LANDING_APP_ID, contoso) is None
    desk.sign_in("Cora")
    assert desk.directory.service_principal(LANDING_APP_ID, contoso) is not None


def test_switched_on_error_is_told_to_the_application_once() -> None:
    desk = Desk.open()
    desk.entra.faults.inject(90094, endpoint=Endpoint.AUTHORIZE, tenant_id=desk.tenant_id("Contoso"))
    assert "code" in desk.sign_in("Freya")
    assert desk.sign_in("Cora")["error_description"].startswith("AADSTS90094:")
    assert "code" in desk.sign_in("Cora")


# "Send a sign-out request": post_logout_redirect_uri has to be one of the application's.
def test_signing_out_leads_back_only_to_a_registered_address() -> None:
    http = Desk.open().http
    path = "/entra/common/oauth2/v2.0/logout?post_logout_redirect_uri="
    assert http.get(f"{path}http://127.0.0.1:8700/").headers["location"] == "http://127.0.0.1:8700/"
    assert http.get(f"{path}https://elsewhere.example/").status_code == 200


def test_pages_cannot_be_framed_and_run_no_scripts() -> None:
    desk = Desk.open()
    policy = desk.http.get(desk.authorize_path()).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    # Chromium would hold the redirect after the form to a form-action, and the application lies elsewhere.
    assert "form-action" not in policy


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=" + b"x" * 70_000, b"&".join(b"a=b" for _ in range(200))])
def test_form_that_is_none_is_refused_on_a_page(body: bytes) -> None:
    desk = Desk.open()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = desk.http.post(desk.authorize_path(), content=body, headers=headers)
    assert (response.status_code, "AADSTS9002313" in response.text) == (400, True)
