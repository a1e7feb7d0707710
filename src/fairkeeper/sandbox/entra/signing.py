"""The pretend Entra's signing keys: made when first needed, published with their issuers, rotated on request.

Two keys sign at any time, as the documents show it: one that speaks for every tenant of an organisation, and one that
speaks for personal accounts alone. Version 2.0 documents publish each with its `issuer`; version 1.0 documents publish
the same keys without one.

Source: Microsoft Entra, "Access tokens in the Microsoft identity platform", section "Validate the issuer" (the keys
document with `issuer`) and "Signing key rollover", read 2026-11-22; that version 1.0 documents name no issuers is said
in Microsoft.IdentityModel.Validators, AadTokenValidationParametersExtension.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from fairkeeper.sandbox.directory import PERSONAL_TENANT_ID

_KEY_BITS = 2_048
_REGISTRY = jws.JWSRegistry(algorithms=["RS256"])


class KeyRole(StrEnum):
    """For whom a key speaks."""

    WORK = "work"
    """Every organisation's tenant."""
    PERSONAL = "personal"
    """The tenant of personal accounts, and no other."""


def role_of(tenant_id: str) -> KeyRole:
    """Return which key signs for a tenant.

    Example:
        >>> role_of("9188040d-6c67-4c5b-b112-36a304b66dad").value
        'personal'
    """
    return KeyRole.PERSONAL if tenant_id == PERSONAL_TENANT_ID else KeyRole.WORK


class SigningRing:
    """The keys in use and those still published; safe to share between threads.

    Args:
        state: What `export_state` gave before; None makes new keys when they are needed.
        on_change: Called after keys were made or rotated, outside the lock.
    """

    def __init__(self, state: Mapping[str, Any] | None = None, on_change: Callable[[], None] | None = None) -> None:
        self._lock = threading.RLock()
        self._on_change = on_change
        # The last key of a role signs; those before it are published still.
        self._keys: dict[KeyRole, list[RSAKey]] = {role: [] for role in KeyRole}
        for role in KeyRole:
            for document in (state or {}).get(role.value, []):
                self._keys[role].append(_kept_key(json.dumps(document, sort_keys=True)))

    def export_state(self) -> dict[str, Any]:
        """Return all keys, private parts included, as JSON values; makes missing ones first."""
        with self._lock:
            self._make_missing(is_quiet=True)
            return {role.value: [key.as_dict(private=True) for key in keys] for role, keys in self._keys.items()}

    def rotate(self, *, is_dropping_old: bool = False) -> None:
        """Sign with new keys from now on; the old ones stay published unless they are dropped."""
        fresh = {role: _new_key() for role in KeyRole}
        with self._lock:
            for role, key in fresh.items():
                self._keys[role] = [key] if is_dropping_old else [*self._keys[role], key]
        self._changed()

    def documents(self, version: int, base_url: str) -> list[dict[str, Any]]:
        """Return the published keys of a version, of each role the newest last."""
        self._make_missing()
        with self._lock:
            published = [(role, key) for role in KeyRole for key in self._keys[role]]
        documents = []
        for role, key in published:
            document = {"kty": "RSA", "use": "sig", "kid": key.kid, **_numbers(key)}
            if version == 1:
                document["x5t"] = key.kid
            else:
                tenant = PERSONAL_TENANT_ID if role is KeyRole.PERSONAL else "{tenantid}"
                document["issuer"] = f"{base_url}/{tenant}/v2.0"
            documents.append(document)
        return documents

    def sign(self, claims: Mapping[str, Any], *, role: KeyRole, version: int, kind: str = "JWT") -> str:
        """Return claims as a signed token; version 1.0 headers name the key a second time, as `x5t`."""
        self._make_missing()
        with self._lock:
            key = self._keys[role][-1]
        header = {"typ": kind, "alg": "RS256", "kid": key.kid}
        if version == 1:
            header["x5t"] = key.kid
        return jws.serialize_compact(header, json.dumps(dict(claims)).encode(), key, registry=_REGISTRY)

    def verify(self, token: str, *, kind: str = "JWT") -> dict[str, Any] | None:
        """Return the claims of a token that a published key signed; None for any other text."""
        with self._lock:
            keys = {key.kid: key for keys in self._keys.values() for key in keys}
        try:
            header = jws.extract_compact(token.encode(), registry=_REGISTRY).headers()
            key = keys.get(header.get("kid"))
            if key is None or header.get("typ") != kind:
                return None
            payload = jws.deserialize_compact(token, key, registry=_REGISTRY).payload
            claims = json.loads(payload or b"null")
        except (JoseError, ValueError, RecursionError):
            return None
        return claims if isinstance(claims, dict) else None

    def _make_missing(self, *, is_quiet: bool = False) -> None:
        """Make the keys that are not there yet; each takes a tenth of a second, so it waits until one is needed."""
        with self._lock:
            missing = [role for role in KeyRole if not self._keys[role]]
            for role in missing:
                self._keys[role].append(_new_key())
        if missing and not is_quiet:
            self._changed()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()


def _new_key() -> RSAKey:
    return _with_kid(RSAKey.generate_key(_KEY_BITS))


@lru_cache(maxsize=32)
def _kept_key(document: str) -> RSAKey:
    """Return a kept key; checking its numbers takes a tenth of a second, so it is done once in a process."""
    return _with_kid(RSAKey.import_key(json.loads(document)))


def _with_kid(key: RSAKey) -> RSAKey:
    key.ensure_kid()
    return key


def _numbers(key: RSAKey) -> dict[str, Any]:
    document = key.as_dict(private=False)
    return {name: document[name] for name in ("n", "e")}
