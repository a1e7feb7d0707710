"""Published documents.

Sources: Microsoft Entra, "Access tokens in the Microsoft identity platform" (sections "v1.0 and v2.0 tokens", "Validate
the issuer"), "OpenID Connect on the Microsoft identity platform" (table of tenants, sample response).
"""

from __future__ import annotations

import pytest

from fairkeeper.sandbox.directory import PERSONAL_TENANT_ID
from tests.unit.sandbox_entra.desk import BASE, Desk, code_of

CONTOSO = "c0000001-0000-4000-8000-000000000001"


# "Fetch the OpenID configuration document": GUID, domain, common, organizations and consumers are all values of {tenant};
# tenant-independent ones return a template.
@pytest.mark.parametrize(
    ("tenant", "issuer_tenant"),
    [
        (CONTOSO, CONTOSO),
        ("contoso.example", CONTOSO),
        ("common", "{tenantid}"),
        ("organizations", "{tenantid}"),
        ("consumers", PERSONAL_TENANT_ID),
        (PERSONAL_TENANT_ID, PERSONAL_TENANT_ID),
    ],
)
def test_each_version_has_its_issuer(tenant: str, issuer_tenant: str) -> None:
    http = Desk.open().http
    v2 = http.get(f"/entra/{tenant}/v2.0/.well-known/openid-configuration").json()
    v1 = http.get(f"/entra/{tenant}/.well-known/openid-configuration").json()
    assert v2["issuer"] == f"{BASE}/{issuer_tenant}/v2.0"
    assert v1["issuer"] == f"{BASE}/{issuer_tenant}/"


# Sample response of the same page.
def test_metadata_name_addresses_that_answer() -> None:
    desk = Desk.open()
    for version in ("v2.0/", ""):
        document = desk.http.get(f"/entra/contoso.example/{version}.well-known/openid-configuration").json()
        assert document["id_token_signing_alg_values_supported"] == ["RS256"]
        assert desk.http.get(document["jwks_uri"]).status_code == 200
        assert code_of(desk.http.post(document["token_endpoint"], data={"x": "y"})) == 900144
    v1 = desk.http.get("/entra/contoso.example/.well-known/openid-configuration").json()
    assert v1["token_endpoint"] == f"{BASE}/{CONTOSO}/oauth2/token"
    v2 = desk.http.get("/entra/contoso.example/v2.0/.well-known/openid-configuration").json()
    assert v2["jwks_uri"] == f"{BASE}/{CONTOSO}/discovery/v2.0/keys"
    assert v2["authorization_endpoint"] == f"{BASE}/{CONTOSO}/oauth2/v2.0/authorize"
    assert desk.http.get(v2["end_session_endpoint"]).status_code == 200


# "Validate the issuer", sample of the keys document: a template for organisations, a fixed one for personal accounts.
def test_version_2_keys_carry_issuers() -> None:
    keys = Desk.open().http.get("/entra/common/discovery/v2.0/keys").json()["keys"]
    assert [key["issuer"] for key in keys] == [f"{BASE}/{{tenantid}}/v2.0", f"{BASE}/{PERSONAL_TENANT_ID}/v2.0"]
    assert all((key["kty"], key["use"]) == ("RSA", "sig") for key in keys)
    assert all({"n", "e", "kid"} <= key.keys() and "d" not in key for key in keys)


# Microsoft.IdentityModel.Validators, AadTokenValidationParametersExtension: version 1.0 keys have no issuers attached.
def test_version_1_keys_are_the_same_without_issuers() -> None:
    http = Desk.open().http
    v2 = http.get("/entra/common/discovery/v2.0/keys").json()["keys"]
    v1 = http.get("/entra/common/discovery/keys").json()["keys"]
    assert [key["kid"] for key in v1] == [key["kid"] for key in v2]
    assert not any("issuer" in key for key in v1)


# "Microsoft Entra authentication and authorization error codes": AADSTS90002.
@pytest.mark.parametrize("path", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys", "discovery/keys"])
def test_unknown_tenant_is_90002(path: str) -> None:
    response = Desk.open().http.get(f"/entra/nobody.example/{path}")
    assert (response.status_code, code_of(response)) == (400, 90002)


# "Signing key rollover": keys may roll at any time, and old ones stay published for a while or go at once.
def test_rotation_publishes_new_keys_beside_the_old() -> None:
    desk = Desk.open()
    before = [key["kid"] for key in desk.entra.ring.documents(2, BASE)]
    desk.entra.ring.rotate()
    after = [key["kid"] for key in desk.entra.ring.documents(2, BASE)]
    assert len(after) == 4
    assert set(before) < set(after)
    desk.entra.ring.rotate(is_dropping_old=True)
    assert not set(after) & {key["kid"] for key in desk.entra.ring.documents(2, BASE)}


def test_outage_takes_metadata_and_keys_away_and_nothing_else() -> None:
    desk = Desk.open()
    desk.entra.faults.set_metadata_down(is_down=True)
    assert desk.http.get("/entra/common/v2.0/.well-known/openid-configuration").status_code == 503
    assert desk.http.get("/entra/common/discovery/v2.0/keys").status_code == 503
    assert desk.http.get(desk.authorize_path()).status_code == 200


def test_number_can_be_looked_up() -> None:
    http = Desk.open().http
    assert "AADSTS700016" in http.get("/entra/error?code=700016").text
    assert http.get("/entra/error?code=<script>").status_code == 200
    assert "<script>" not in http.get("/entra/error?code=<script>").text
