"""What the validator takes: the genuine tokens of each road, and what it says about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fairkeeper.token.errors import TokenPermissionError, TokenRefusedError
from fairkeeper.token.expectations import (
    AgentTokenExpectation,
    ApiTokenExpectation,
    IdTokenExpectation,
    WebhookTokenExpectation,
)
from fairkeeper.token.validator import EntraTokenValidator, TokenKind
from fairkeeper.values.ids import TenantId
from tests.unit.token.issuer import (
    AUTHORITY,
    CLERK,
    CONTOSO,
    FULFILLMENT_APP,
    LANDING_APP,
    NONCE,
    OBJECT_ID,
    PERSONAL,
    PUBLISHER,
    Published,
    agent_claims,
    api_claims,
    clock,
    id_claims,
    sign,
    times,
    validator,
    webhook,
    webhook_claims,
)

SIGN_IN = IdTokenExpectation(client_id=LANDING_APP, nonce=NONCE)
API = ApiTokenExpectation(audience=FULFILLMENT_APP, is_app_only=True, permissions=frozenset({"Usage.Write"}))


def test_id_token_of_a_work_account_names_tenant_and_object() -> None:
    verified = validator().validate(sign(id_claims(email="cora@contoso.example")), SIGN_IN)
    assert (verified.tenant_id, verified.object_id, verified.kind) == (CONTOSO, OBJECT_ID, TokenKind.ID)
    assert (verified.name, verified.email) == ("Cora Customer", "cora@contoso.example")
    assert verified.claims["sub"] == "pairwise-subject"
    assert verified.caller_app_id is None


def test_id_token_of_a_personal_account_is_taken_from_the_key_of_personal_accounts() -> None:
    claims = id_claims(tid=PERSONAL, iss=f"{AUTHORITY}/{PERSONAL}/v2.0")
    assert validator().validate(sign(claims, key="personal"), SIGN_IN).tenant_id == PERSONAL


@pytest.mark.parametrize(
    ("claims", "is_guest"),
    [
        ({}, False),
        ({"acct": 0}, False),
        ({"acct": 1}, True),
        ({"acct": "1"}, True),
        ({"idp": f"https://sts.windows.net/{CONTOSO}/"}, False),
        ({"idp": f"https://sts.windows.net/{PUBLISHER}/"}, True),
        ({"idp": "live.com"}, True),
    ],
)
def test_a_guest_is_told_by_acct_or_by_another_provider(claims: dict[str, object], is_guest: bool) -> None:
    assert validator().validate(sign(id_claims(**claims)), SIGN_IN).is_guest is is_guest


def test_a_personal_account_is_no_guest_at_home() -> None:
    claims = id_claims(tid=PERSONAL, iss=f"{AUTHORITY}/{PERSONAL}/v2.0", idp="live.com")
    assert not validator().validate(sign(claims, key="personal"), SIGN_IN).is_guest


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_webhook_token_is_taken_in_both_versions(version: str) -> None:
    verified = validator().validate(sign(webhook_claims(version)), webhook())
    assert (verified.version.value, verified.kind) == (version, TokenKind.APPLICATION)
    assert verified.caller_app_id == "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        ("2.0", {}),
        ("2.0", {"xms_sub_fct": None, "idtyp": "app"}),
        ("1.0", {}),
        ("1.0", {"aud": f"api://{FULFILLMENT_APP}"}),
    ],
)
def test_an_agents_token_names_its_application_and_tenant(version: str, changes: dict[str, object]) -> None:
    expectation = AgentTokenExpectation(audience=FULFILLMENT_APP)
    verified = validator().validate(sign(agent_claims(version, **changes)), expectation)
    assert (verified.kind, verified.tenant_id, verified.caller_app_id) == (TokenKind.APPLICATION, CONTOSO, CLERK)


def test_each_version_reads_its_own_metadata_of_the_publishers_tenant() -> None:
    published = Published()
    validator(published).validate(sign(webhook_claims("1.0")), webhook())
    assert published.asked[0] == f"{AUTHORITY}/{PUBLISHER}/.well-known/openid-configuration"
    validator(published).validate(sign(webhook_claims("2.0")), webhook())
    assert published.asked[-2] == f"{AUTHORITY}/{PUBLISHER}/v2.0/.well-known/openid-configuration"


def test_tenant_of_the_token_never_steers_a_fetch() -> None:
    published = Published()
    validator(published).validate(sign(id_claims()), SIGN_IN)
    assert not any(CONTOSO in url for url in published.asked)


def test_another_caller_can_be_configured() -> None:
    other = "66666666-ffff-4fff-8fff-666666666666"
    expectation = WebhookTokenExpectation(audience=FULFILLMENT_APP, tenant_id=PUBLISHER, caller_app_id=other)
    assert validator().validate(sign(webhook_claims(azp=other)), expectation).caller_app_id == other


def test_key_published_for_version_1_only_is_held_to_its_own_document() -> None:
    published = Published()
    published.v2_keys = [key for key in published.v2_keys if key["kid"] != "work"]
    assert validator(published).validate(sign(webhook_claims("1.0")), webhook()).tenant_id == PUBLISHER


def test_version_1_key_may_state_its_issuer_itself() -> None:
    published = Published()
    published.v1_keys[0]["issuer"] = "https://sts.windows.net/{tenantid}/"
    assert validator(published).validate(sign(webhook_claims("1.0")), webhook()).tenant_id == PUBLISHER


def test_sandbox_authority_derives_both_issuers_from_its_own_address() -> None:
    base = "http://127.0.0.1:1234/entra"
    published = Published(base)
    claims = id_claims(iss=f"{base}/{CONTOSO}/v2.0")
    assert validator(published).validate(sign(claims), SIGN_IN).tenant_id == CONTOSO
    with pytest.raises(TokenRefusedError) as refused:
        validator(published).validate(sign(id_claims()), SIGN_IN)
    assert refused.value.code == "token.issuer_mismatch"


def test_application_token_with_the_demanded_role_may_call_the_api() -> None:
    assert validator().validate(sign(api_claims()), API).kind is TokenKind.APPLICATION


def test_user_token_with_the_demanded_scope_may_call_the_api() -> None:
    expectation = ApiTokenExpectation(
        audience=FULFILLMENT_APP, is_app_only=False, permissions=frozenset({"Customers.Read"})
    )
    claims = api_claims(idtyp=None, roles=None, scp="Customers.Read Customers.Write")
    assert validator().validate(sign(claims), expectation).kind is TokenKind.USER


@pytest.mark.parametrize("roles", [None, [], ["Usage.Read"], "Usage.Write", [1]])
def test_application_token_without_the_role_is_denied_but_not_unauthenticated(roles: object) -> None:
    with pytest.raises(TokenPermissionError) as denied:
        validator().validate(sign(api_claims(roles=roles)), API)
    assert denied.value.code == "token.permission_missing"


def test_api_expectation_demands_a_permission_or_names_callers() -> None:
    with pytest.raises(ValueError, match="permission"):
        ApiTokenExpectation(audience=FULFILLMENT_APP, is_app_only=True)


@pytest.mark.parametrize(
    ("moved_seconds", "is_taken"), [(-70, True), (-71, False), (0, True), (3659, True), (3660, False)]
)
def test_clocks_may_differ_by_the_leeway_and_no_more(moved_seconds: int, is_taken: bool) -> None:
    time = clock()
    time.move(timedelta(seconds=moved_seconds))
    subject = validator(time=time)
    if is_taken:
        subject.validate(sign(id_claims(**times())), SIGN_IN)
    else:
        with pytest.raises(TokenRefusedError) as refused:
            subject.validate(sign(id_claims(**times())), SIGN_IN)
        assert refused.value.code == ("token.not_yet_valid" if moved_seconds < 0 else "token.expired")


@pytest.mark.parametrize("leeway_seconds", [-1, 121])
def test_leeway_beyond_two_minutes_is_refused_at_the_start(leeway_seconds: int) -> None:
    time = clock()
    with pytest.raises(ValueError, match="leeway"):
        EntraTokenValidator(Published().keys(time), clock=time, leeway=timedelta(seconds=leeway_seconds))


def test_nonce_and_token_stay_out_of_representations_and_messages() -> None:
    assert NONCE not in repr(SIGN_IN)
    token = sign(id_claims(nonce="another-browsers-nonce"))
    with pytest.raises(TokenRefusedError) as refused:
        validator().validate(token, SIGN_IN)
    assert NONCE not in refused.value.message
    assert "another-browsers-nonce" not in refused.value.message


@pytest.mark.parametrize("tenant", ["common", "", "../keys", PUBLISHER.upper()])
def test_webhook_expectation_takes_only_a_tenant_guid(tenant: str) -> None:
    with pytest.raises(ValueError, match="GUID"):
        WebhookTokenExpectation(audience=FULFILLMENT_APP, tenant_id=TenantId(tenant))


def test_empty_nonce_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="nonce"):
        IdTokenExpectation(client_id=LANDING_APP, nonce="")
