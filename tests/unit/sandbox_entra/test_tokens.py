"""What tokens say, and that a strict reader takes them.

Sources: Microsoft Entra, "ID token claims reference", "Access token claims reference", "Access tokens in the Microsoft
identity platform"; Microsoft Marketplace, "Implementing a webhook on the SaaS service" (claims of the webhook's token).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    PERSONAL_TENANT_ID,
    PUBLISHER_TENANT_ID,
    AppRegistration,
    SignInAudience,
)
from fairkeeper.sandbox.entra.resources import MARKETPLACE_APP_ID
from fairkeeper.token.errors import SigningKeysUnavailableError, TokenRefusedError
from fairkeeper.token.expectations import ApiTokenExpectation, IdTokenExpectation, WebhookTokenExpectation
from fairkeeper.values.ids import TenantId
from tests.unit.sandbox_entra.desk import BASE, START, Desk, claims_of, header_of

SIGN_IN = IdTokenExpectation(client_id=LANDING_APP_ID, nonce="nonce-of-this-browser")
WEBHOOK = WebhookTokenExpectation(audience=FULFILLMENT_APP_ID, tenant_id=TenantId(PUBLISHER_TENANT_ID))


def id_token(desk: Desk, first_name: str, **changes: str | None) -> str:
    token = desk.redeem(desk.sign_in(first_name, **changes)["code"]).json()["id_token"]
    assert isinstance(token, str)
    return token


def webhook_token(desk: Desk, **changes: Any) -> str:
    arguments = {
        "tenant_id": PUBLISHER_TENANT_ID,
        "audience": FULFILLMENT_APP_ID,
        "client_id": MARKETPLACE_APP_ID,
        **changes,
    }
    return desk.entra.issue_app_token(**arguments)


# "Header claims": x5t only in version 1.0.
@pytest.mark.parametrize(("version", "has_x5t"), [(1, True), (2, False)])
def test_header_names_the_key_and_nothing_else(version: int, has_x5t: bool) -> None:
    header = header_of(webhook_token(Desk.open(), version=version))
    assert (header["typ"], header["alg"]) == ("JWT", "RS256")
    assert ("x5t" in header) is has_x5t
    assert header.keys() - {"x5t"} == {"typ", "alg", "kid"}


# "Payload claims" of ID tokens.
def test_id_token_of_a_work_account() -> None:
    desk = Desk.open()
    cora = desk.person("Cora")
    claims = claims_of(id_token(desk, "Cora"))
    assert claims["iss"] == f"{BASE}/{cora.tenant_id}/v2.0"
    assert (claims["aud"], claims["tid"], claims["oid"]) == (LANDING_APP_ID, cora.tenant_id, cora.object_id)
    assert (claims["name"], claims["preferred_username"], claims["email"]) == (cora.name, cora.email, cora.email)
    assert (claims["nonce"], claims["ver"]) == ("nonce-of-this-browser", "2.0")
    assert claims["nbf"] <= claims["iat"] < START.timestamp() < claims["exp"]
    assert not {"scp", "roles", "azp", "appid"} & claims.keys()


# "The `profile` scope is required to receive this claim"; email has its own scope.
def test_id_token_without_profile_and_email_names_nobody() -> None:
    claims = claims_of(id_token(Desk.open(), "Cora", scope="openid"))
    assert not {"oid", "name", "preferred_username", "email"} & claims.keys()
    assert {"sub", "tid"} <= claims.keys()


# `sub`: "a pairwise identifier and is unique to an application ID".
def test_subject_is_another_for_each_application_and_always_the_same_for_one() -> None:
    desk = Desk.open()
    other = "fa111111-0000-4000-8000-0000000000f5"
    desk.directory.add_app(
        AppRegistration(
            client_id=other,
            tenant_id=PUBLISHER_TENANT_ID,
            name="Second",
            secrets=("second-secret",),
            redirect_uris=("http://127.0.0.1/*",),
            audience=SignInAudience.MULTI,
        )
    )
    first, again = claims_of(id_token(desk, "Cora")), claims_of(id_token(desk, "Cora"))
    code = desk.sign_in("Cora", client_id=other)["code"]
    second = claims_of(desk.redeem(code, client_id=other, client_secret="second-secret").json()["id_token"])
    assert first["sub"] == again["sub"] != second["sub"]
    assert first["oid"] == second["oid"]


# `iss`, `tid`: the GUID of personal accounts.
def test_id_token_of_a_personal_account() -> None:
    desk = Desk.open()
    token = id_token(desk, "Petra")
    claims = claims_of(token)
    assert claims["iss"] == f"{BASE}/{PERSONAL_TENANT_ID}/v2.0"
    scoped = [key["kid"] for key in desk.entra.ring.documents(2, BASE) if PERSONAL_TENANT_ID in key["issuer"]]
    assert header_of(token)["kid"] in scoped


@pytest.mark.parametrize("first_name", ["Olivia", "Cora", "Petra"])
def test_strict_reader_takes_every_id_token(first_name: str) -> None:
    desk = Desk.open()
    verified = desk.validator().validate(id_token(desk, first_name), SIGN_IN)
    person = desk.person(first_name)
    assert (verified.tenant_id, verified.object_id) == (person.tenant_id, person.object_id)


# Webhook claims: aud, tid, appid (1.0) or azp (2.0), no scopes.
@pytest.mark.parametrize("version", [1, 2])
def test_strict_reader_takes_the_webhooks_token(version: int) -> None:
    desk = Desk.open()
    token = webhook_token(desk, version=version)
    claims = claims_of(token)
    assert claims["iss"] == f"{BASE}/{PUBLISHER_TENANT_ID}/{'v2.0' if version == 2 else ''}"
    assert ("appid" in claims, "azp" in claims) == (version == 1, version == 2)
    assert claims["oid"] == claims["sub"]
    verified = desk.validator().validate(token, WEBHOOK)
    assert verified.caller_app_id == MARKETPLACE_APP_ID


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tenant_id": "c0000001-0000-4000-8000-000000000001"}, "token.tenant_unexpected"),
        ({"audience": LANDING_APP_ID}, "token.audience_mismatch"),
        ({"client_id": LANDING_APP_ID}, "token.caller_mismatch"),
        ({"lifetime": timedelta(minutes=-2)}, "token.expired"),
    ],
)
def test_strict_reader_refuses_a_misdirected_token(changes: dict[str, Any], code: str) -> None:
    desk = Desk.open()
    with pytest.raises(TokenRefusedError) as refused:
        desk.validator().validate(webhook_token(desk, **changes), WEBHOOK)
    assert refused.value.code == code


def test_strict_reader_follows_a_rotation_and_waits_out_an_outage() -> None:
    desk = Desk.open()
    validator = desk.validator()
    validator.validate(webhook_token(desk), WEBHOOK)
    desk.entra.ring.rotate(is_dropping_old=True)
    desk.clock.move(timedelta(minutes=1))
    desk.entra.faults.set_metadata_down(is_down=True)
    with pytest.raises(SigningKeysUnavailableError):
        validator.validate(webhook_token(desk), WEBHOOK)
    desk.entra.faults.set_metadata_down(is_down=False)
    desk.clock.move(timedelta(minutes=1))
    assert validator.validate(webhook_token(desk), WEBHOOK).tenant_id == PUBLISHER_TENANT_ID


# "Token formats": the resource decides about the version, whichever endpoint is asked.
@pytest.mark.parametrize("version", [1, 2])
def test_resource_decides_about_the_format(version: int) -> None:
    desk = Desk.open()
    form = {
        "client_id": FULFILLMENT_APP_ID,
        "client_secret": FULFILLMENT_APP_SECRET,
        "grant_type": "client_credentials",
    }
    wanted = {"resource": MARKETPLACE_APP_ID} if version == 1 else {"scope": f"{MARKETPLACE_APP_ID}/.default"}
    claims = claims_of(desk.token("fairmile.example", version, **form, **wanted).json()["access_token"])
    assert (claims["ver"], claims["aud"], claims["appid"]) == ("1.0", MARKETPLACE_APP_ID, FULFILLMENT_APP_ID)
    assert claims["appidacr"] == "1"
    assert "roles" not in claims


# "Access token claims reference": scp for user tokens; azp and azpacr in version 2.0.
def test_user_token_for_an_api_of_ours() -> None:
    desk = Desk.open()
    code = desk.sign_in("Cora", scope=f"openid api://{LANDING_APP_ID}/Customers.Read")["code"]
    token = desk.redeem(code).json()["access_token"]
    expectation = ApiTokenExpectation(
        audience=LANDING_APP_ID, is_app_only=False, permissions=frozenset({"Customers.Read"})
    )
    verified = desk.validator().validate(token, expectation)
    assert verified.caller_app_id == LANDING_APP_ID
    assert claims_of(token)["azpacr"] == "1"


# "Token lifetime": a random value between 60 and 90 minutes.
def test_access_tokens_live_for_sixty_to_ninety_minutes() -> None:
    desk = Desk.open()
    lives = {desk.redeem(desk.sign_in("Cora")["code"]).json()["expires_in"] for _ in range(8)}
    assert all(3_599 <= seconds <= 5_399 for seconds in lives)
    assert len(lives) > 1


def test_marketplace_can_tell_a_genuine_caller() -> None:
    desk = Desk.open()
    token = webhook_token(desk)
    claims = desk.entra.verify_app_token(token)
    assert claims is not None
    assert claims["appid"] == MARKETPLACE_APP_ID
    middle = len(token) - 100
    assert (
        desk.entra.verify_app_token(token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :])
        is None
    )
    assert desk.entra.verify_app_token("no token") is None
    assert desk.entra.verify_app_token(id_token(desk, "Cora")) is None
    assert desk.entra.verify_app_token(desk.redeem(desk.sign_in("Cora")["code"]).json()["access_token"]) is None
    desk.clock.move(timedelta(hours=1))
    assert desk.entra.verify_app_token(token) is None
