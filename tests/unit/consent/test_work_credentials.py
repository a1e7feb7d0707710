"""How registrations that work in customers' tenants prove themselves: by secret, certificate, or a platform's token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from fairkeeper.bootstrap.settings import SettingsError, read_settings
from fairkeeper.bootstrap.wiring.consent import make_tenant_tokens, work_credentials
from fairkeeper.microsoft.errors import OwnConfigurationError
from fairkeeper.values.clock import FixedClock
from fairkeeper.values.ids import TenantId

APP_ID = "fa111111-0000-4000-8000-0000000000D4"
TENANT = TenantId("c0000001-0000-4000-8000-000000000001")
LOGIN = "https://login.example"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def asked(tmp_path: Path, credential: object) -> dict[str, str]:
    """Ask for a token with a credential, and return the form that Microsoft Entra gets."""
    forms: list[dict[str, str]] = []

    def entra(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            forms.append(dict(parse_qsl(request.content.decode())))
            return httpx.Response(200, json={"token_type": "Bearer", "expires_in": 3600, "access_token": "e30.e30.x"})
        home = f"{LOGIN}/{TENANT}"
        return httpx.Response(
            200,
            json={
                "issuer": f"{home}/v2.0",
                "authorization_endpoint": f"{home}/oauth2/v2.0/authorize",
                "token_endpoint": f"{home}/oauth2/v2.0/token",
                "jwks_uri": f"{home}/discovery/v2.0/keys",
            },
        )

    settings = read_settings(data_dir=tmp_path, consent_app_secrets=json.dumps({APP_ID: credential}))
    with httpx.Client(transport=httpx.MockTransport(entra)) as http:
        tokens = make_tenant_tokens(work_credentials(settings, LOGIN), http, FixedClock(NOON))
        assert tokens.app_token(APP_ID, TENANT).token == "e30.e30.x"
    (form,) = forms
    return form


@pytest.fixture(scope="module")
def pem() -> Callable[[Path], bytes]:
    """Return what writes a certificate with its private key, and gives the public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fairmile desk")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOON)
        .not_valid_after(NOON + timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    def write(path: Path) -> bytes:
        path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        return key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    return write


def test_a_secret_is_sent_as_it_is(tmp_path: Path) -> None:
    form = asked(tmp_path, "a-secret")
    assert (form["client_secret"], form["grant_type"]) == ("a-secret", "client_credentials")
    assert "client_assertion" not in form


def test_a_certificate_signs_for_the_tenants_own_address_and_no_secret_is_sent(
    tmp_path: Path, pem: Callable[[Path], bytes]
) -> None:
    public = pem(tmp_path / "desk.pem")
    form = asked(tmp_path, {"certificate_file": str(tmp_path / "desk.pem")})
    assert "client_secret" not in form
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    # What is sent beside the signature is the certificate alone, never the key of the same file.
    registry = JWSRegistry(algorithms=["RS256", "PS256"])
    registry.max_header_length = 10_000
    key = RSAKey.import_key(public)
    signed = jwt.decode(form["client_assertion"], key, algorithms=["RS256", "PS256"], registry=registry)
    assert len(signed.header["x5c"]) == 1
    assert x509.load_der_x509_certificate(base64.b64decode(signed.header["x5c"][0])).serial_number == 1
    assert str(TENANT) in signed.claims["aud"]
    assert {signed.claims["iss"], signed.claims["sub"]} == {APP_ID}


def test_a_platforms_token_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("the-first\n")
    named = {"federated_token_file": str(file)}
    assert asked(tmp_path, named)["client_assertion"] == "the-first"
    file.write_text("the-second\n")
    assert asked(tmp_path, named)["client_assertion"] == "the-second"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"a": 1}',
        '{"a": {}}',
        '{"a": {"certificate_file": ""}}',
        '{"a": {"certificate_file": "x", "federated_token_file": "y"}}',
        '{"a": {"password": "a-secret"}}',
        '{"a": {"certificate_file": "/nowhere/desk.pem"}}',
    ],
)
def test_what_cannot_be_read_refuses_the_start_and_shows_no_secret(tmp_path: Path, text: str) -> None:
    settings = read_settings(data_dir=tmp_path, consent_app_secrets=text)
    with pytest.raises(SettingsError) as refusal:
        work_credentials(settings, LOGIN)
    assert "a-secret" not in str(refusal.value)


def test_an_application_without_a_credential_is_a_fault_of_our_own(tmp_path: Path) -> None:
    credentials = work_credentials(read_settings(data_dir=tmp_path), LOGIN)
    with pytest.raises(OwnConfigurationError, match="no credential"):
        credentials.registration(APP_ID)
