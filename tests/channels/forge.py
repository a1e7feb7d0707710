"""Tokens as an attacker would like them: genuine in all but one thing.

The keys are the pretend Entra's own, so what is signed here is genuinely signed; an attack changes what it is named
for and nothing else, and a refusal can only come from that.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey

from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    LANDING_APP_ID,
    PERSONAL_TENANT_ID,
    PUBLISHER_TENANT_ID,
    Person,
)
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID
from tests.channels.stage import Stage, entra_state

STRANGERS_APP: Final = "bad00000-0000-4000-8000-000000000001"
NOT_LINKED: Final = "bad00000-0000-4000-8000-000000000002"

Claims = dict[str, Any]


def b64(value: Any) -> str:
    """Return a part of a token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token: str) -> Claims:
    """Return what a token says, unproved."""
    part = token.split(".")[1]
    found: Claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@cache
def key_of(role: str) -> RSAKey:
    """Return a key of the pretend Entra (`work`, `personal`), or one of the attacker's own (`stranger`)."""
    if role == "stranger":
        return RSAKey.generate_key(2048, {"kid": "strangers"})
    key = RSAKey.import_key(entra_state()["keys"][role][-1])
    key.ensure_kid()
    return key


def _private(key: RSAKey) -> RSAPrivateKey:
    private = key.private_key
    assert isinstance(private, RSAPrivateKey)
    return private


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Makes tokens for one stage."""

    stage: Stage

    @property
    def authority(self) -> str:
        return f"{self.stage.sandbox.url}/entra"

    @property
    def now(self) -> int:
        return int(self.stage.clock.now().timestamp())

    def sign(self, claims: Mapping[str, Any], *, role: str = "work", **header: Any) -> str:
        """Sign claims; None takes a member of the header away."""
        key = key_of(role)
        members = {"typ": "JWT", "alg": "RS256", "kid": key.kid, **header}
        protected = {name: value for name, value in members.items() if value is not None}
        signed = f"{b64(protected)}.{b64(dict(claims))}"
        # By hand: a library of good manners refuses to sign what an attacker wants signed.
        signature = _private(key).sign(signed.encode(), PKCS1v15(), SHA256())
        return f"{signed}.{b64(signature)}"

    def frame(self, tenant_id: str, version: str) -> Claims:
        """Return the claims that every token has."""
        issuer = f"{self.authority}/{tenant_id}/" + ("v2.0" if version == "2.0" else "")
        return {
            "iss": issuer,
            "tid": tenant_id,
            "ver": version,
            "iat": self.now - 300,
            "nbf": self.now - 300,
            "exp": self.now + 3600,
        }

    def webhook_claims(self, version: str = "1.0") -> Claims:
        """Return what Microsoft's Marketplace says of itself when it calls a webhook."""
        caller = {"azp": MARKETPLACE_APP_ID, "azpacr": "2"}
        if version == "1.0":
            caller = {"appid": MARKETPLACE_APP_ID, "appidacr": "2"}
        principal = "20e940b3-0000-4000-8000-000000000001"
        frame = self.frame(PUBLISHER_TENANT_ID, version)
        return {"aud": FULFILLMENT_APP_ID, **frame, **caller, "oid": principal, "sub": principal}

    def user_claims(self, person: Person, **changes: Any) -> Claims:
        """Return an access token with which a person's program calls the API."""
        return {
            "aud": LANDING_APP_ID,
            **self.frame(person.tenant_id, "2.0"),
            "azp": LANDING_APP_ID,
            "azpacr": "1",
            "oid": person.object_id,
            "sub": "pairwise",
            "scp": "access_as_user",
            "name": person.name,
            "preferred_username": person.email,
            **changes,
        }

    def id_claims(self, person: Person, nonce: str, **changes: Any) -> Claims:
        """Return an ID token of a sign-in."""
        return {
            "aud": LANDING_APP_ID,
            **self.frame(person.tenant_id, "2.0"),
            "oid": person.object_id,
            "sub": "pairwise",
            "nonce": nonce,
            "name": person.name,
            "preferred_username": person.email,
            "email": person.email,
            **changes,
        }

    def app_claims(self, **changes: Any) -> Claims:
        """Return an access token with which a stranger's application calls the API by itself."""
        return {
            "aud": LANDING_APP_ID,
            **self.frame(PUBLISHER_TENANT_ID, "2.0"),
            "azp": STRANGERS_APP,
            "azpacr": "1",
            "idtyp": "app",
            "oid": STRANGERS_APP,
            "sub": STRANGERS_APP,
            "roles": ["access_as_user"],
            **changes,
        }

    def confused(self, claims: Mapping[str, Any], encoding: str) -> str:
        """Sign by HMAC with the published key's bytes as the secret."""
        key = key_of("work")
        secret = key.as_pem(private=False)
        if encoding == "jwk":
            secret = json.dumps(key.as_dict(private=False)).encode()
        signed = f"{b64({'typ': 'JWT', 'alg': 'HS256', 'kid': key.kid})}.{b64(dict(claims))}"
        return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    def unsigned(self, claims: Mapping[str, Any], alg: str) -> str:
        """Leave the signature out."""
        return f"{b64({'typ': 'JWT', 'alg': alg, 'kid': key_of('work').kid})}.{b64(dict(claims))}."


Attack = Callable[[Forge, Claims], str]


def changed(**changes: Any) -> Attack:
    """Change claims and sign genuinely; None takes a claim away."""

    def attack(forge: Forge, claims: Claims) -> str:
        return forge.sign({name: value for name, value in {**claims, **changes}.items() if value is not None})

    return attack


def headed(*, role: str = "work", **header: Any) -> Attack:
    """Change the header and sign."""
    return lambda forge, claims: forge.sign(claims, role=role, **header)


def late(seconds: int, *names: str) -> Attack:
    """Move instants by seconds from now."""
    return lambda forge, claims: forge.sign({**claims, **dict.fromkeys(names, forge.now + seconds)})


def _other_issuer(forge: Forge, claims: Claims) -> str:
    """Name another tenant than the issuer does."""
    return forge.sign({**claims, "tid": NOT_LINKED})


def _other_version(forge: Forge, claims: Claims) -> str:
    """Name the issuer as the other version spells it."""
    other = "2.0" if claims["ver"] == "1.0" else "1.0"
    return forge.sign({**claims, "iss": forge.frame(claims["tid"], other)["iss"]})


def _tenant_in_capitals(forge: Forge, claims: Claims) -> str:
    tenant = claims["tid"].upper()
    return forge.sign({**claims, "tid": tenant, "iss": claims["iss"].replace(claims["tid"], tenant)})


def _payload_changed(forge: Forge, claims: Claims) -> str:
    first, _, last = forge.sign(claims).split(".")
    return f"{first}.{b64({**claims, 'sub': 'somebody else'})}.{last}"


def _brought_key(**header: Any) -> Attack:
    return headed(role="stranger", kid=None) if not header else headed(role="stranger", **header)


def _own_jwk(forge: Forge, claims: Claims) -> str:
    return forge.sign(claims, role="stranger", jwk=key_of("stranger").as_dict(private=False))


ATTACKS: Final[dict[str, tuple[Attack, str]]] = {
    "alg none": (lambda forge, claims: forge.unsigned(claims, "none"), "algorithm_refused"),
    "alg None": (lambda forge, claims: forge.unsigned(claims, "None"), "algorithm_refused"),
    "no signature": (lambda forge, claims: forge.unsigned(claims, "RS256"), "signature_invalid"),
    "HS256 with the public key as PEM": (lambda forge, claims: forge.confused(claims, "pem"), "algorithm_refused"),
    "HS256 with the public key as JWK": (lambda forge, claims: forge.confused(claims, "jwk"), "algorithm_refused"),
    "unknown kid": (headed(role="stranger"), "key_unknown"),
    "kid a path": (headed(kid="../../keys/work"), "key_unknown"),
    "kid an injection": (headed(kid="' OR '1'='1"), "key_unknown"),
    "kid of another key": (
        lambda forge, claims: forge.sign(claims, role="stranger", kid=key_of("work").kid),
        "signature_invalid",
    ),
    "jku": (_brought_key(jku="https://keys.example/jwks"), "header_refused"),
    "x5u": (_brought_key(x5u="https://keys.example/certificate"), "header_refused"),
    "x5c": (_brought_key(x5c=["MIIB"]), "header_refused"),
    "jwk": (_own_jwk, "header_refused"),
    "crit": (headed(crit=["exp"]), "header_refused"),
    "payload changed": (_payload_changed, "signature_invalid"),
    "key of personal accounts for another tenant": (headed(role="personal"), "key_issuer_mismatch"),
    "tid of another tenant than iss": (_other_issuer, "issuer_mismatch"),
    "issuer of the other version": (_other_version, "issuer_mismatch"),
    "issuer of another host": (changed(iss=f"https://login.example/{PUBLISHER_TENANT_ID}/v2.0"), "issuer_mismatch"),
    "aud a list": (
        lambda forge, claims: forge.sign({**claims, "aud": [claims["aud"], STRANGERS_APP]}),
        "audience_mismatch",
    ),
    "aud another application": (changed(aud=STRANGERS_APP), "audience_mismatch"),
    "no exp": (changed(exp=None), "claim_missing"),
    "no nbf": (changed(nbf=None), "claim_missing"),
    "no tid": (changed(tid=None), "claim_missing"),
    "no iss": (changed(iss=None), "claim_missing"),
    "no aud": (changed(aud=None), "claim_missing"),
    "tid no GUID": (changed(tid="contoso.example"), "tenant_malformed"),
    "tid in capitals": (_tenant_in_capitals, "tenant_malformed"),
    "expired": (late(-61, "exp"), "expired"),
    "not yet good": (late(61, "nbf"), "not_yet_valid"),
    "issued in the future": (late(61, "iat"), "not_yet_valid"),
    "version 3.0": (changed(ver="3.0"), "malformed"),
    "not three parts": (lambda forge, claims: forge.sign(claims).rpartition(".")[0], "malformed"),
    "too large": (changed(groups=["g" * 36] * 330), "too_large"),
}
"""What is wrong with a token at every door, and the code (`token.…`) by which it is refused."""

PERSONAL: Final = PERSONAL_TENANT_ID
