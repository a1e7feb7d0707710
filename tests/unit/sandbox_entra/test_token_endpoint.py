"""The token endpoint.

Sources: Microsoft Entra, "Microsoft identity platform and OAuth 2.0 authorization code flow" (Redeem a code, Refresh the
access token), "OAuth 2.0 client credentials flow", "Microsoft Entra authentication and authorization error codes";
Microsoft Marketplace, "Register a SaaS application" (version 1.0 request and answer).
"""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    PUBLISHER_TENANT_ID,
    AppRegistration,
)
from fairkeeper.sandbox.entra.resources import MARKETPLACE_APP_ID
from tests.unit.sandbox_entra.desk import CHALLENGE, VERIFIER, Desk, claims_of, code_of

FULFILLMENT: dict[str, str | None] = {
    "client_id": FULFILLMENT_APP_ID,
    "client_secret": FULFILLMENT_APP_SECRET,
    "grant_type": "client_credentials",
}
V1: dict[str, str | None] = {**FULFILLMENT, "resource": MARKETPLACE_APP_ID}
V2: dict[str, str | None] = {**FULFILLMENT, "scope": f"{MARKETPLACE_APP_ID}/.default"}


# "Get the token with an HTTP POST": version 1.0, numbers are texts, the resource is echoed.
def test_version_1_gives_an_application_token_with_numbers_as_texts() -> None:
    desk = Desk.open()
    answer = desk.token("fairmile.example", 1, **V1).json()
    assert answer["token_type"] == "Bearer"
    assert answer["resource"] == MARKETPLACE_APP_ID
    assert all(answer[name].isdigit() for name in ("expires_in", "ext_expires_in", "expires_on", "not_before"))
    assert claims_of(answer["access_token"])["exp"] == int(answer["expires_on"])


# "First case: Access token request with a shared secret", "Successful response".
def test_version_2_gives_an_application_token_and_no_refresh_token() -> None:
    answer = Desk.open().token(PUBLISHER_TENANT_ID, **V2).json()
    assert answer.keys() == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert 3_599 <= answer["expires_in"] <= 5_398


# "The Basic auth pattern ... is also supported"; each part is form-encoded (RFC 6749, section 2.3.1).
def test_secret_may_come_in_a_basic_header() -> None:
    desk = Desk.open()
    encoded = base64.b64encode(f"{FULFILLMENT_APP_ID}:{FULFILLMENT_APP_SECRET.replace('-', '%2D')}".encode()).decode()
    response = desk.http.post(
        f"/entra/{PUBLISHER_TENANT_ID}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": f"{MARKETPLACE_APP_ID}/.default"},
        headers={"authorization": f"Basic {encoded}"},
    )
    assert response.status_code == 200


# Error codes of the reference page; status and word as in the sections "Error response".
@pytest.mark.parametrize(
    ("tenant", "changes", "status", "error", "code"),
    [
        ("nobody.example", {}, 400, "invalid_tenant", 90002),
        ("common", {}, 400, "invalid_request", 9001023),
        ("consumers", {}, 400, "invalid_request", 9001023),
        ("organizations", {}, 400, "invalid_request", 50059),
        ("contoso.example", {}, 400, "unauthorized_client", 700016),
        ("fairmile.example", {"client_id": "unknown"}, 400, "unauthorized_client", 700016),
        ("fairmile.example", {"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ("fairmile.example", {"client_secret": None}, 401, "invalid_client", 7000218),
        ("fairmile.example", {"client_id": None}, 400, "invalid_request", 900144),
        ("fairmile.example", {"grant_type": None}, 400, "invalid_request", 900144),
        ("fairmile.example", {"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ("fairmile.example", {"scope": None}, 400, "invalid_request", 900144),
        ("fairmile.example", {"scope": "User.Read"}, 400, "invalid_scope", 70011),
        ("fairmile.example", {"scope": f"{MARKETPLACE_APP_ID}/.default openid"}, 400, "invalid_scope", 70011),
        ("fairmile.example", {"scope": "https://a.example/.default"}, 400, "invalid_resource", 500011),
        (
            "fairmile.example",
            {"scope": f"{MARKETPLACE_APP_ID}/.default https://graph.microsoft.com/.default"},
            400,
            "invalid_scope",
            700022,
        ),
        ("fairmile.example", {"resource": MARKETPLACE_APP_ID}, 400, "invalid_request", 901002),
    ],
)
def test_application_is_refused_with_its_number(
    tenant: str, changes: dict[str, str | None], status: int, error: str, code: int
) -> None:
    response = Desk.open().token(tenant, **{**V2, **changes})
    assert (response.status_code, response.json()["error"], code_of(response)) == (status, error, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"resource": None}, 900144), ({"resource": "https://a.example"}, 500011), ({"client_secret": "wrong"}, 7000215)],
)
def test_version_1_is_refused_with_its_number(changes: dict[str, str | None], code: int) -> None:
    assert code_of(Desk.open().token("fairmile.example", 1, **{**V1, **changes})) == code


# 700016: "has not been installed by the administrator of the tenant or consented to by any user in the tenant".
def test_multi_tenant_application_gets_tokens_only_where_it_is_present() -> None:
    desk = Desk.open()
    form: dict[str, str | None] = {
        "client_id": LANDING_APP_ID,
        "client_secret": LANDING_APP_SECRET,
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
    }
    assert code_of(desk.token("contoso.example", **form)) == 700016
    desk.sign_in("Cora")
    assert desk.token("contoso.example", **form).status_code == 200
    desk.directory.remove_service_principal(LANDING_APP_ID, desk.tenant_id("Contoso"))
    assert code_of(desk.token("contoso.example", **form)) == 700016


# 900561: "The endpoint only accepts {valid_verbs} requests."
def test_token_address_takes_post_only() -> None:
    response = Desk.open().http.get("/entra/common/oauth2/v2.0/token")
    assert (response.status_code, code_of(response)) == (405, 900561)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"grant_type":"client_credentials"}', "application/json"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded"),
    ],
)
def test_body_that_is_no_form_is_9002313(body: bytes, kind: str) -> None:
    response = Desk.open().http.post("/entra/common/oauth2/v2.0/token", content=body, headers={"content-type": kind})
    assert (response.status_code, code_of(response)) == (400, 9002313)


def test_broken_basic_header_is_9002313() -> None:
    headers = {"authorization": "Basic ???"}
    response = Desk.open().http.post("/entra/common/oauth2/v2.0/token", data={"a": "b"}, headers=headers)
    assert code_of(response) == 9002313


def test_callers_own_correlation_id_comes_back() -> None:
    desk, own = Desk.open(), "5d5c3a5e-7a3e-4d2f-9d55-0f4c4f1a0000"
    response = desk.http.post("/entra/common/oauth2/v2.0/token", data={"a": "b"}, headers={"client-request-id": own})
    assert response.json()["correlation_id"] == own
    assert response.headers["client-request-id"] == own


# "Successful response" of code redemption.
def test_code_gives_what_its_scopes_say() -> None:
    desk = Desk.open()
    answer = desk.redeem(desk.sign_in("Cora")["code"]).json()
    assert {"access_token", "id_token", "refresh_token"} <= answer.keys()
    assert answer["scope"] == "openid profile email offline_access User.Read"


# Notes of that table: id_token only with openid, refresh_token only with offline_access.
def test_without_openid_and_offline_access_there_is_only_an_access_token() -> None:
    desk = Desk.open()
    answer = desk.redeem(desk.sign_in("Cora", scope="User.Read")["code"]).json()
    assert not {"id_token", "refresh_token"} & answer.keys()


# 54005: "Authorization code was already redeemed".
def test_code_is_good_once() -> None:
    desk = Desk.open()
    code = desk.sign_in("Cora")["code"]
    assert desk.redeem(code).status_code == 200
    again = desk.redeem(code)
    assert (again.status_code, again.json()["error"], code_of(again)) == (400, "invalid_grant", 54005)


def test_code_is_good_once_for_many_at_a_time() -> None:
    desk = Desk.open()
    code = desk.sign_in("Cora")["code"]
    with ThreadPoolExecutor(8) as pool:
        statuses = [future.result().status_code for future in [pool.submit(desk.redeem, code) for _ in range(8)]]
    assert sorted(statuses) == [200] + [400] * 7


# "Authorization codes are short lived. Typically, they expire after about 10 minutes."; 70008.
def test_code_expires_after_ten_minutes() -> None:
    desk = Desk.open()
    code = desk.sign_in("Cora")["code"]
    desk.clock.move(timedelta(minutes=10, seconds=1))
    assert code_of(desk.redeem(code)) == 70008


# 501481 verifier, 50011 address, 700005 tenant, 9002313 malformed.
@pytest.mark.parametrize(
    ("tenant", "changes", "code"),
    [
        ("common", {"code_verifier": "w" * 43}, 501481),
        ("common", {"code_verifier": None}, 501481),
        ("common", {"code_verifier": CHALLENGE}, 501481),
        ("common", {"redirect_uri": "http://127.0.0.1:8700/other"}, 50011),
        ("common", {"redirect_uri": None}, 900144),
        ("organizations", {}, 700005),
        ("contoso.example", {}, 700005),
        ("common", {"code": "0.forged"}, 9002313),
        ("common", {"code": None}, 900144),
        ("common", {"client_secret": "wrong"}, 7000215),
    ],
)
def test_code_is_redeemed_only_by_the_one_who_asked(tenant: str, changes: dict[str, str | None], code: int) -> None:
    desk = Desk.open()
    given = desk.sign_in("Cora")["code"]
    assert code_of(desk.redeem(given, tenant, **changes)) == code
    assert desk.redeem(given).status_code == 200


def test_code_of_one_application_is_not_good_for_another() -> None:
    desk = Desk.open()
    other = "fa111111-0000-4000-8000-0000000000f4"
    desk.directory.add_app(
        AppRegistration(client_id=other, tenant_id=PUBLISHER_TENANT_ID, name="Other", secrets=("other-secret",))
    )
    code = desk.sign_in("Cora")["code"]
    assert code_of(desk.redeem(code, client_id=other, client_secret="other-secret")) == 70000


# "The Microsoft identity platform supports both plain and S256"; plain when the method is left out.
def test_plain_challenge_is_taken() -> None:
    desk = Desk.open()
    code = desk.sign_in("Cora", code_challenge=VERIFIER, code_challenge_method=None)["code"]
    assert desk.redeem(code).status_code == 200


def refresh(desk: Desk, token: str, tenant: str = "common", **changes: str | None) -> Any:
    form: dict[str, str | None] = {
        "client_id": LANDING_APP_ID,
        "client_secret": LANDING_APP_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": token,
        **changes,
    }
    return desk.token(tenant, **form)


# "Refresh the access token": a new refresh token comes with it, the old one is not revoked.
def test_refresh_token_gives_new_tokens_and_stays_good() -> None:
    desk = Desk.open()
    first = desk.redeem(desk.sign_in("Cora")["code"]).json()["refresh_token"]
    desk.clock.move(timedelta(days=80))
    answer = refresh(desk, first).json()
    assert claims_of(answer["id_token"])["oid"] == desk.person("Cora").object_id
    assert "nonce" not in claims_of(answer["id_token"])
    assert refresh(desk, first).status_code == 200
    desk.clock.move(timedelta(days=80))
    assert refresh(desk, answer["refresh_token"]).status_code == 200
    # 700082: inactive for too long.
    assert code_of(refresh(desk, first)) == 700082


def test_refresh_token_outlives_a_restart_and_a_rotation_but_not_the_loss_of_its_key() -> None:
    desk = Desk.open()
    token = desk.redeem(desk.sign_in("Cora")["code"]).json()["refresh_token"]
    again = Desk.open()
    again.directory.add_service_principal(LANDING_APP_ID, desk.tenant_id("Contoso"))
    again.entra.ring.rotate()
    assert refresh(again, token).status_code == 200
    again.entra.ring.rotate(is_dropping_old=True)
    assert code_of(refresh(again, token)) == 9002313


def test_refresh_token_is_good_only_for_its_client_and_its_tenants_addresses() -> None:
    desk = Desk.open()
    other = "fa111111-0000-4000-8000-0000000000f6"
    desk.directory.add_app(
        AppRegistration(client_id=other, tenant_id=PUBLISHER_TENANT_ID, name="Other", secrets=("other-secret",))
    )
    token = desk.redeem(desk.sign_in("Cora")["code"]).json()["refresh_token"]
    assert code_of(refresh(desk, token, client_id=other, client_secret="other-secret")) == 70000
    assert code_of(refresh(desk, token, "fabrikam.example")) == 50020
    assert refresh(desk, token, "contoso.example").status_code == 200


def test_access_token_is_no_refresh_token() -> None:
    desk = Desk.open()
    token = desk.redeem(desk.sign_in("Cora")["code"]).json()["access_token"]
    assert code_of(refresh(desk, token)) == 9002313


# "Refresh tokens are valid for all permissions that your client has already received consent for", one resource a call.
def test_refresh_token_can_ask_for_another_resource() -> None:
    desk = Desk.open()
    token = desk.redeem(desk.sign_in("Cora")["code"]).json()["refresh_token"]
    answer = refresh(desk, token, scope=f"api://{LANDING_APP_ID}/access_as_user").json()
    claims = claims_of(answer["access_token"])
    assert (claims["aud"], claims["scp"], claims["ver"]) == (LANDING_APP_ID, "access_as_user", "2.0")
    both = f"api://{LANDING_APP_ID}/access_as_user https://graph.microsoft.com/User.Read"
    assert code_of(refresh(desk, token, scope=both)) == 700022


def test_grant_ends_when_the_customer_deletes_the_enterprise_application() -> None:
    desk = Desk.open()
    token = desk.redeem(desk.sign_in("Cora")["code"]).json()["refresh_token"]
    desk.directory.remove_service_principal(LANDING_APP_ID, desk.tenant_id("Contoso"))
    assert code_of(refresh(desk, token)) == 700016


@pytest.mark.parametrize("code", [65001, 7000112, 50173, 90033, 123456])
def test_switched_on_error_meets_the_chosen_tenant_as_often_as_said(code: int) -> None:
    desk = Desk.open()
    token = desk.redeem(desk.sign_in("Cora")["code"]).json()["refresh_token"]
    desk.entra.faults.inject(code, count=2, client_id=LANDING_APP_ID, tenant_id=desk.tenant_id("Contoso"))
    assert desk.token("fairmile.example", **V2).status_code == 200
    assert [code_of(refresh(desk, token)) for _ in range(2)] == [code, code]
    assert refresh(desk, token).status_code == 200
