"""The one door for tokens of Microsoft Entra: each is proved in a fixed order and refused for one stated reason.

The order is the documents': what the token is made of, who signed it, for whom that key may speak, whom the token is
for, when it is good, and what kind of token it is. The step that most libraries leave out is the key's own issuer: a
key published for one tenant (the one of personal accounts, say) must not sign for another.

Source: Microsoft Entra, "Access tokens in the Microsoft identity platform" (Validate tokens), "Secure applications and
APIs by validating claims" and "ID token claims reference", read 2026-11-22.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NoReturn

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError

from fairkeeper.token.authority import PERSONAL_ACCOUNTS_TENANT, TokenVersion, is_guid
from fairkeeper.token.errors import TokenPermissionError, TokenRefusal, TokenRefusedError
from fairkeeper.token.expectations import (
    AgentTokenExpectation,
    ApiTokenExpectation,
    Expectation,
    IdTokenExpectation,
    InstanceTokenExpectation,
    WebhookTokenExpectation,
)
from fairkeeper.token.keys import SigningKey, SigningKeys, scoped_issuer
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import TenantId

MAX_TOKEN_CHARACTERS = 16_384
"""Entra caps what it puts into a token so that it fits an HTTP header; those seen are below 6,000 characters."""

MAX_LEEWAY = timedelta(seconds=120)
"""Clocks may differ by this much at most."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_REFUSED_HEADERS = ("crit", "jku", "jwk", "x5u", "x5c", "b64")
AGENT_IDENTITY = "11"
"""In `xms_sub_fct`: the subject is an agent identity. Source: Microsoft Entra Agent ID, "Token claims reference"."""
_SHOWN = ("name", "preferred_username", "email")
_REGISTRY = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)


class TokenKind(StrEnum):
    """What a token is for, told from its claims."""

    ID = "id"
    """Says who signed in; for the client itself."""
    USER = "user"
    """Lets a client call an API for a person (`scp`)."""
    APPLICATION = "application"
    """Lets an application call an API by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """What a token has proved. Key people on (`tenant_id`, `object_id`).

    `name`, `preferred_username` and `email` are for display: a tenant's administrator writes them as he likes, so
    nothing may be decided by them.
    """

    version: TokenVersion
    kind: TokenKind
    tenant_id: TenantId
    audience: str
    subject: str
    object_id: str | None
    """Absent only in application tokens."""
    caller_app_id: str | None
    """`azp` or `appid`; absent in ID tokens."""
    name: str | None = None
    preferred_username: str | None = None
    email: str | None = None
    expires_at: datetime
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def is_guest(self) -> bool:
        """Whether the account is a guest in the tenant, whose people it therefore says nothing about.

        Source: Microsoft Entra, "Optional claims reference" (`acct` is 1 for a guest) and "ID token claims reference"
        (`idp` names who vouched for the account where that is not the tenant itself), read 2026-11-22.
        """
        if self.tenant_id == PERSONAL_ACCOUNTS_TENANT:
            return False
        provider = self.claims.get("idp")
        return str(self.claims.get("acct")) == "1" or (isinstance(provider, str) and self.tenant_id not in provider)


class EntraTokenValidator:
    """Proves tokens against one authority; safe to share between threads.

    Args:
        keys: The authority and its published keys.
        clock: Decides about `exp`, `nbf` and `iat`.
        leeway: How far clocks may differ, at most 120 seconds.
    """

    def __init__(self, keys: SigningKeys, *, clock: Clock, leeway: timedelta = timedelta(seconds=60)) -> None:
        if not timedelta() <= leeway <= MAX_LEEWAY:
            raise ValueError(f"a leeway of {leeway} is more than clocks may differ")
        self._keys = keys
        self._clock = clock
        self._leeway = leeway

    def validate(self, token: str, expectation: Expectation) -> VerifiedToken:
        """Prove a token, or refuse it; may fetch keys, so call it from a thread that may wait.

        Raises:
            TokenRefusedError: It proves nothing here; `code` is one of `TokenRefusal`.
            TokenPermissionError: It is genuine, but lacks a scope or role that was demanded.
            SigningKeysUnavailableError: It cannot be judged now.
        """
        header, claims = _split(token)
        kid = _check_header(header)
        version = _read_version(claims)
        if version not in expectation.versions:
            _refuse(TokenRefusal.WRONG_KIND, f"A version {version.value} token is not taken here.")
        key = self._keys.find(kid, version=version, segment=expectation.key_segment)
        _verify_signature(token, key)
        tenant_id = self._check_issuer(claims, version)
        _check_tenant(tenant_id, expectation)
        self._check_key_issuer(tenant_id, key, version, expectation.key_segment)
        _check_audience(claims, expectation, version)
        expires_at = self._check_times(claims)
        kind = _check_kind(claims, expectation)
        _check_purpose(claims, expectation, version)
        return _verified(claims, version=version, kind=kind, tenant_id=tenant_id, expires_at=expires_at)

    def _check_issuer(self, claims: Mapping[str, Any], version: TokenVersion) -> TenantId:
        """Tie the token's issuer to its tenant."""
        tenant_id, issuer = _text(claims, "tid"), _text(claims, "iss")
        if not is_guid(tenant_id):
            _refuse(TokenRefusal.TENANT_MALFORMED, f"The tenant {_short(tenant_id)} is no GUID in lower case.")
        if issuer != self._keys.authority.issuer(version, tenant_id):
            _refuse(
                TokenRefusal.ISSUER_MISMATCH,
                f"The issuer {_short(issuer)} is not that of tenant {tenant_id} in version {version.value}.",
            )
        return TenantId(tenant_id)

    def _check_key_issuer(self, tenant_id: TenantId, key: SigningKey, version: TokenVersion, segment: str) -> None:
        """Refuse a key that may not speak for the tenant."""
        issuer = self._keys.authority.issuer(version, tenant_id)
        if scoped_issuer(key, tenant_id) != issuer or not self._may_sign_v1(key, tenant_id, version, segment):
            _refuse(
                TokenRefusal.KEY_ISSUER_MISMATCH,
                f"The key that signed is published for {_short(key.issuer)} and may not speak for {_short(issuer)}.",
            )

    def _may_sign_v1(self, key: SigningKey, tenant_id: str, version: TokenVersion, segment: str) -> bool:
        """Hold a version 1.0 key to the scope that the version 2.0 document gives the same key.

        Version 1.0 documents list keys without an issuer, so they alone would let the key of personal accounts speak
        for every tenant. Source: the key-issuer check of Microsoft's own library (Microsoft.IdentityModel.Validators,
        AadTokenValidationParametersExtension), which compares with the version 2.0 issuer for the same reason.
        """
        if version is TokenVersion.V2:
            return True
        try:
            sibling = self._keys.find(key.kid, version=TokenVersion.V2, segment=segment)
        except TokenRefusedError:
            return True  # Published for version 1.0 only: its own document is all there is.
        return scoped_issuer(sibling, tenant_id) == self._keys.authority.issuer(TokenVersion.V2, tenant_id)

    def _check_times(self, claims: Mapping[str, Any]) -> datetime:
        """Return when it ends."""
        expires, begins, issued = (_instant(claims, name) for name in ("exp", "nbf", "iat"))
        now = self._clock.now()
        if now >= expires + self._leeway:
            _refuse(TokenRefusal.EXPIRED, f"The token ended at {expires:%Y-%m-%dT%H:%M:%SZ}.")
        if now + self._leeway < max(begins, issued):
            _refuse(TokenRefusal.NOT_YET_VALID, f"The token begins at {max(begins, issued):%Y-%m-%dT%H:%M:%SZ}.")
        return expires


def _refuse(refusal: TokenRefusal, message: str) -> NoReturn:
    raise TokenRefusedError(refusal, message)


def _short(value: object) -> str:
    """Quote a value that a stranger chose, so that it cannot break a log line or fill it."""
    return repr(value)[:120]


def _split(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, neither proved."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        _refuse(TokenRefusal.TOO_LARGE, f"The token has {len(token)} characters, above {MAX_TOKEN_CHARACTERS}.")
    if _COMPACT.fullmatch(token) is None:
        _refuse(TokenRefusal.MALFORMED, "The token is not three base64url parts.")
    header, payload, _signature = token.split(".")
    return _read_part(header, "header"), _read_part(payload, "payload")


def _read_part(part: str, name: str) -> dict[str, Any]:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        document = json.loads(raw, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (binascii.Error, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        _refuse(TokenRefusal.MALFORMED, f"The token's {name} is no JSON object.")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two members of one name are read differently by different programs."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a member is named twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _check_header(header: Mapping[str, Any]) -> str:
    """Return the key id, which from here on is only looked up in a dictionary."""
    if header.get("alg") != "RS256":
        _refuse(TokenRefusal.ALGORITHM_REFUSED, f"The algorithm {_short(header.get('alg'))} is not RS256.")
    named = [name for name in _REFUSED_HEADERS if name in header]
    if named:
        _refuse(TokenRefusal.HEADER_REFUSED, f"The header brings {', '.join(named)}; keys are not taken from a token.")
    if header.get("typ") != "JWT":
        _refuse(TokenRefusal.HEADER_REFUSED, f"The type {_short(header.get('typ'))} is not JWT.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        _refuse(TokenRefusal.HEADER_REFUSED, "The header names no key (kid).")
    return kid


def _read_version(claims: Mapping[str, Any]) -> TokenVersion:
    """Choose the document of keys; nothing else of an unproved token steers a fetch."""
    version = _text(claims, "ver")
    if version not in frozenset(TokenVersion):
        _refuse(TokenRefusal.MALFORMED, f"The version {_short(version)} is neither 1.0 nor 2.0.")
    return TokenVersion(version)


def _verify_signature(token: str, key: SigningKey) -> None:
    try:
        jws.deserialize_compact(token, key.key, registry=_REGISTRY)
    except BadSignatureError:
        _refuse(TokenRefusal.SIGNATURE_INVALID, "The signature is not that of the key that the token names.")
    except JoseError:
        _refuse(TokenRefusal.MALFORMED, "The token cannot be read as a signed one.")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None:
        _refuse(TokenRefusal.CLAIM_MISSING, f"The token has no {name}.")
    if not isinstance(value, str):
        _refuse(TokenRefusal.MALFORMED, f"The token's {name} is no text.")
    return value


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if value is None:
        _refuse(TokenRefusal.CLAIM_MISSING, f"The token has no {name}.")
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(TokenRefusal.MALFORMED, f"The token's {name} is no whole number.")
    try:
        # Room for the leeway on both sides of the calendar, so that adding it cannot overflow.
        return datetime(1970, 1, 2, tzinfo=UTC) + timedelta(seconds=value) - timedelta(days=1)
    except OverflowError:
        _refuse(TokenRefusal.MALFORMED, f"The token's {name} is no instant.")


def _audiences(expectation: Expectation, version: TokenVersion) -> frozenset[str]:
    """Return for whom it may be; version 1.0 may spell the application by its URI."""
    if isinstance(expectation, IdTokenExpectation):
        return frozenset({expectation.client_id})
    if isinstance(expectation, AgentTokenExpectation) and version is TokenVersion.V1:
        return frozenset({expectation.audience, f"api://{expectation.audience}"})
    return frozenset({expectation.audience})


def _check_audience(claims: Mapping[str, Any], expectation: Expectation, version: TokenVersion) -> None:
    audience = claims.get("aud")
    if audience is None:
        _refuse(TokenRefusal.CLAIM_MISSING, "The token has no aud.")
    if not isinstance(audience, str) or audience not in _audiences(expectation, version):
        _refuse(TokenRefusal.AUDIENCE_MISMATCH, f"The token is for {_short(audience)}, not for this application alone.")


def _kind(claims: Mapping[str, Any]) -> TokenKind:
    """Tell what it is. Access tokens name a caller; among them `scp` or `idtyp` = `user` marks a person's."""
    if "scp" in claims or claims.get("idtyp") == "user":
        return TokenKind.USER
    if any(name in claims for name in ("azp", "azpacr", "appid", "appidacr", "idtyp")) and "nonce" not in claims:
        return TokenKind.APPLICATION
    return TokenKind.ID


def _wanted_kind(expectation: Expectation) -> TokenKind:
    match expectation:
        case IdTokenExpectation():
            return TokenKind.ID
        case WebhookTokenExpectation() | InstanceTokenExpectation() | AgentTokenExpectation():
            return TokenKind.APPLICATION
        case ApiTokenExpectation():
            return TokenKind.APPLICATION if expectation.is_app_only else TokenKind.USER


def _check_kind(claims: Mapping[str, Any], expectation: Expectation) -> TokenKind:
    kind, wanted = _kind(claims), _wanted_kind(expectation)
    by_idtyp = isinstance(expectation, ApiTokenExpectation | InstanceTokenExpectation | AgentTokenExpectation)
    is_proved_app = not by_idtyp or claims.get("idtyp") == "app"
    if isinstance(expectation, AgentTokenExpectation):
        is_proved_app = is_proved_app or (AGENT_IDENTITY in _facets(claims) and "idtyp" not in claims)
    if kind is not wanted or (kind is TokenKind.APPLICATION and not is_proved_app):
        _refuse(TokenRefusal.WRONG_KIND, f"This is a token of kind {kind.value}; {wanted.value} is wanted.")
    return kind


def _facets(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return what the subject is by Entra's numbers; several in one text, of which unknown ones mean nothing here."""
    facets = claims.get("xms_sub_fct")
    return frozenset(facets.split()) if isinstance(facets, str) else frozenset()


def _check_tenant(tenant_id: TenantId, expectation: Expectation) -> None:
    if expectation.tenants is not None and tenant_id not in expectation.tenants:
        _refuse(TokenRefusal.TENANT_UNEXPECTED, f"The tenant {tenant_id} is not one that may come here.")


def _check_purpose(claims: Mapping[str, Any], expectation: Expectation, version: TokenVersion) -> None:
    match expectation:
        case IdTokenExpectation():
            nonce = _text(claims, "nonce")
            if not hmac.compare_digest(nonce.encode(errors="replace"), expectation.nonce.encode()):
                _refuse(TokenRefusal.NONCE_MISMATCH, "The token answers another sign-in than this browser's.")
        case WebhookTokenExpectation():
            _check_caller(claims, frozenset({expectation.caller_app_id}), version)
        case InstanceTokenExpectation():
            if not is_guid(_text(claims, "oid")):
                _refuse(TokenRefusal.MALFORMED, "The token's oid is no GUID in lower case.")
        case AgentTokenExpectation():
            for name in (_caller_claim(version), "oid"):
                if not is_guid(_text(claims, name)):
                    _refuse(TokenRefusal.MALFORMED, f"The token's {name} is no GUID in lower case.")
        case ApiTokenExpectation():
            if expectation.callers is not None:
                _check_caller(claims, expectation.callers, version)
            _check_permissions(claims, expectation)


def _check_caller(claims: Mapping[str, Any], callers: frozenset[str], version: TokenVersion) -> None:
    caller = _text(claims, _caller_claim(version))
    if caller not in callers:
        _refuse(TokenRefusal.CALLER_MISMATCH, f"The application {_short(caller)} is not the one expected here.")


def _caller_claim(version: TokenVersion) -> str:
    return "azp" if version is TokenVersion.V2 else "appid"


def _check_permissions(claims: Mapping[str, Any], expectation: ApiTokenExpectation) -> None:
    if expectation.is_app_only:
        roles = claims.get("roles")
        held = frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset()
    else:
        held = frozenset(_text(claims, "scp").split())
    missing = sorted(expectation.permissions - held)
    if missing:
        raise TokenPermissionError(f"The token lacks {', '.join(missing)}.")


def _verified(
    claims: Mapping[str, Any], *, version: TokenVersion, kind: TokenKind, tenant_id: TenantId, expires_at: datetime
) -> VerifiedToken:
    """Gather what was proved; a person without an object id could not be told from another."""
    if kind is not TokenKind.APPLICATION and not is_guid(_text(claims, "oid")):
        _refuse(TokenRefusal.MALFORMED, "The token's oid is no GUID in lower case.")
    shown = {
        name: claims[name] for name in ("name", "preferred_username", "email") if isinstance(claims.get(name), str)
    }
    object_id, caller = claims.get("oid"), claims.get(_caller_claim(version))
    return VerifiedToken(
        version=version,
        kind=kind,
        tenant_id=tenant_id,
        audience=_text(claims, "aud"),
        subject=_text(claims, "sub"),
        object_id=object_id if is_guid(object_id) else None,
        caller_app_id=caller if kind is not TokenKind.ID and isinstance(caller, str) else None,
        expires_at=expires_at,
        claims=MappingProxyType(dict(claims)),
        **shown,
    )
