"""The authority's public keys: fetched rarely, kept through an outage, never steered by a token.

What this module decides: where keys may come from (the configured authority and no other host), how old they may be,
and how often a token that names an unknown key may cost a fetch. The address of a fetch is made of the configuration
and of the expectation; a token chooses only between the two formats, and its `kid` is looked up in a dictionary.

Ages are measured with the injected clock, so that a rehearsal can move through an outage; only the time cap of one
download uses the machine's monotonic clock.

Source: Microsoft Entra, "Access tokens in the Microsoft identity platform", sections "Validate the issuer" and
"Validate the signature" (keys roll at any time; a refresh each day is reasonable), read 2026-11-22.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from fairkeeper.token.authority import TENANT_TEMPLATE, EntraAuthority, TokenVersion
from fairkeeper.token.errors import SigningKeysUnavailableError, TokenRefusal, TokenRefusedError
from fairkeeper.values.clock import Clock

ClientFactory = Callable[[], httpx.Client]
"""Makes the client of one refresh; it is closed afterwards."""

_MAX_KID_CHARACTERS = 256
_MIN_MODULUS_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCachePolicy:
    """How long keys are kept and how often they are asked for.

    Args:
        refresh_after: Age at which a lookup fetches again; keys in use stay usable meanwhile. 6 to 24 hours.
        stale_limit: Age at which keys that could not be refreshed are no longer trusted.
        unknown_key_cool_down: Between two fetches caused by keys we do not know.
        unknown_key_memory: For how long one unknown `kid` is not looked for again.
        failure_cool_down: After a failed fetch, before the next attempt.
        timeout_seconds: For metadata and keys together.
        max_response_bytes: For each document; Microsoft's are below 20 kB.
        max_unknown_keys: How many unknown `kid`s are remembered.
    """

    refresh_after: timedelta = timedelta(hours=12)
    stale_limit: timedelta = timedelta(hours=48)
    unknown_key_cool_down: timedelta = timedelta(seconds=30)
    unknown_key_memory: timedelta = timedelta(minutes=5)
    failure_cool_down: timedelta = timedelta(seconds=5)
    timeout_seconds: float = 5.0
    max_response_bytes: int = 262_144
    max_unknown_keys: int = 1_000

    def __post_init__(self) -> None:
        if not timedelta(hours=6) <= self.refresh_after <= timedelta(hours=24):
            raise ValueError("keys are refreshed every 6 to 24 hours")
        if self.stale_limit < self.refresh_after:
            raise ValueError("the stale limit lies before the refresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One published key: what it verifies, and for whom it may speak."""

    kid: str
    key: RSAKey = field(repr=False)
    issuer: str | None
    """Issuer or template with `{tenantid}`; version 1.0 documents leave it out, then the metadata's counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeySet:
    """The keys of one fetch."""

    keys: Mapping[str, SigningKey]
    fetched_at: datetime


@dataclass(slots=True)
class _Slot:
    """What is known about one metadata address; `flight` is held by whoever is fetching."""

    flight: threading.Lock = field(default_factory=threading.Lock)
    current: _KeySet | None = None
    attempted_at: datetime | None = None
    has_failed: bool = False
    unknown: OrderedDict[str, datetime] = field(default_factory=OrderedDict)


class SigningKeys:
    """Finds the key that a token names; safe to share between threads.

    Args:
        authority: The only host that is asked.
        client_factory: Makes the HTTP client of one refresh (a test gives one with its own transport).
        clock: Measures ages.
        policy: Ages and caps.
        monotonic: Seconds that never go back, for the time cap.
    """

    def __init__(
        self,
        authority: EntraAuthority,
        *,
        client_factory: ClientFactory,
        clock: Clock,
        policy: KeyCachePolicy | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.authority = authority
        self._client_factory = client_factory
        self._clock = clock
        self._policy = policy or KeyCachePolicy()
        self._monotonic = monotonic
        self._slots: dict[tuple[TokenVersion, str], _Slot] = {}
        self._slots_lock = threading.Lock()

    def find(self, kid: str, *, version: TokenVersion, segment: str) -> SigningKey:
        """Return the key of this id among those published for a tenant (GUID, or `common`) and token format.

        Raises:
            TokenRefusedError: No such key is published (`token.key_unknown`).
            SigningKeysUnavailableError: The keys could not be read and none young enough are kept.
        """
        slot = self._slot(version, segment)
        known = slot.current
        if known is None or self._age(known.fetched_at) >= self._policy.stale_limit:
            known = self._fetch_first(slot, version, segment)
        elif self._age(known.fetched_at) >= self._policy.refresh_after:
            known = self._refresh_in_passing(slot, version, segment, known)
        found = known.keys.get(kid)
        return found if found is not None else self._look_again(slot, kid, version, segment)

    def refresh_due(self) -> int:
        """Fetch again every set that is due, for a periodic task, and return how many were replaced."""
        with self._slots_lock:
            slots = list(self._slots.items())
        replaced = 0
        for (version, segment), slot in slots:
            before = slot.current
            if before is not None and self._age(before.fetched_at) >= self._policy.refresh_after:
                replaced += self._refresh_in_passing(slot, version, segment, before) is not before
        return replaced

    def _slot(self, version: TokenVersion, segment: str) -> _Slot:
        with self._slots_lock:
            return self._slots.setdefault((version, segment), _Slot())

    def _age(self, instant: datetime) -> timedelta:
        """Return how long ago it was; a clock that went back makes everything old, not everlasting."""
        age = self._clock.now() - instant
        return age if age >= timedelta() else timedelta.max

    def _is_resting(self, slot: _Slot, cool_down: timedelta) -> bool:
        return slot.attempted_at is not None and self._age(slot.attempted_at) < cool_down

    def _fetch_first(self, slot: _Slot, version: TokenVersion, segment: str) -> _KeySet:
        """Fetch because there is nothing to use; all who wait share one fetch and its outcome."""
        with slot.flight:
            known = slot.current
            if known is not None and self._age(known.fetched_at) < self._policy.stale_limit:
                return known
            if not (slot.has_failed and self._is_resting(slot, self._policy.failure_cool_down)):
                fetched = self._fetch(slot, version, segment)
                if fetched is not None:
                    return fetched
        raise SigningKeysUnavailableError(f"The signing keys of {self.authority.base} cannot be read now.")

    def _refresh_in_passing(self, slot: _Slot, version: TokenVersion, segment: str, known: _KeySet) -> _KeySet:
        """Fetch in one thread while the others go on with what is known; a failure changes nothing yet."""
        if slot.has_failed and self._is_resting(slot, self._policy.failure_cool_down):
            return known
        if not slot.flight.acquire(blocking=False):
            return known
        try:
            if slot.current is not known:
                return slot.current or known
            return self._fetch(slot, version, segment) or known
        finally:
            slot.flight.release()

    def _look_again(self, slot: _Slot, kid: str, version: TokenVersion, segment: str) -> SigningKey:
        """Fetch because of an unknown key, unless that was tried lately; a key may be minutes old."""
        with slot.flight:
            found = slot.current.keys.get(kid) if slot.current is not None else None
            if found is None and not self._is_known_unknown(slot, kid):
                if not self._is_resting(slot, self._policy.unknown_key_cool_down):
                    fetched = self._fetch(slot, version, segment)
                    found = fetched.keys.get(kid) if fetched is not None else None
                    if fetched is not None and found is None:
                        self._remember_unknown(slot, kid)
                if found is None and slot.has_failed:
                    raise SigningKeysUnavailableError(
                        f"The token names a key that is not known yet, and {self.authority.base} cannot be asked now."
                    )
        if found is None:
            raise TokenRefusedError(TokenRefusal.KEY_UNKNOWN, "The authority publishes no key of the token's kid.")
        return found

    def _is_known_unknown(self, slot: _Slot, kid: str) -> bool:
        if len(kid) > _MAX_KID_CHARACTERS:
            return True
        noted_at = slot.unknown.get(kid)
        return noted_at is not None and self._age(noted_at) < self._policy.unknown_key_memory

    def _remember_unknown(self, slot: _Slot, kid: str) -> None:
        slot.unknown[kid] = self._clock.now()
        slot.unknown.move_to_end(kid)
        while len(slot.unknown) > self._policy.max_unknown_keys:
            slot.unknown.popitem(last=False)

    def _fetch(self, slot: _Slot, version: TokenVersion, segment: str) -> _KeySet | None:
        """Fetch and keep; the caller holds `flight`. None says that it did not succeed."""
        slot.attempted_at = self._clock.now()
        try:
            keys = self._download(version, segment)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
            slot.has_failed = True
            return None
        slot.has_failed = False
        slot.current = _KeySet(keys=keys, fetched_at=self._clock.now())
        return slot.current

    def _download(self, version: TokenVersion, segment: str) -> dict[str, SigningKey]:
        """Read metadata and keys. Raises: ValueError when a document is not what it should be."""
        ends_at = self._monotonic() + self._policy.timeout_seconds
        with self._client_factory() as client:
            metadata = self._read_json(client, self.authority.metadata_url(version, segment), ends_at)
            jwks_uri, issuer = metadata.get("jwks_uri"), metadata.get("issuer")
            if not isinstance(jwks_uri, str) or not self.authority.serves(jwks_uri):
                raise ValueError("the metadata name keys on another host")
            document = self._read_json(client, jwks_uri, ends_at)
        fallback = issuer if version is TokenVersion.V1 and isinstance(issuer, str) else None
        keys = _read_keys(document, fallback_issuer=fallback)
        if not keys:
            raise ValueError("the key document holds no usable key")
        return keys

    def _read_json(self, client: httpx.Client, url: str, ends_at: float) -> dict[str, Any]:
        """Read one small JSON object, without following a redirect, within bytes and time."""
        left_seconds = ends_at - self._monotonic()
        if left_seconds <= 0:
            raise ValueError("the time is over")
        body = bytearray()
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        with client.stream("GET", url, headers=headers, follow_redirects=False, timeout=left_seconds) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"{url} answered {response.status_code}")
            for part in response.iter_bytes():
                body += part
                if len(body) > self._policy.max_response_bytes or self._monotonic() > ends_at:
                    raise ValueError(f"{url} answers with too much or too slowly")
        document = json.loads(body)
        if not isinstance(document, dict):
            raise ValueError(f"{url} is no JSON object")  # noqa: TRY004 - the data are wrong, not the program
        return document


def _read_keys(document: Mapping[str, Any], *, fallback_issuer: str | None) -> dict[str, SigningKey]:
    """Return the usable keys by their id; what is not an RSA signing key is passed over.

    One id with two different contents is ambiguous, so neither is used.
    """
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise ValueError("the key document has no list of keys")  # noqa: TRY004 - the data are wrong
    keys: dict[str, SigningKey] = {}
    contents: dict[str, tuple[object, ...]] = {}
    for entry in entries:
        key = _read_key(entry, fallback_issuer) if isinstance(entry, dict) else None
        if key is None:
            continue
        content = (entry.get("n"), entry.get("e"), key.issuer)
        if contents.setdefault(key.kid, content) != content:
            keys.pop(key.kid, None)
        else:
            keys[key.kid] = key
    return keys


def _read_key(entry: Mapping[str, Any], fallback_issuer: str | None) -> SigningKey | None:
    kid, issuer = entry.get("kid"), entry.get("issuer", fallback_issuer)
    modulus, exponent = entry.get("n"), entry.get("e")
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or not isinstance(kid, str):
        return None
    if not isinstance(modulus, str) or not isinstance(exponent, str) or not isinstance(issuer, str | None):
        return None
    if len(modulus) * 6 < _MIN_MODULUS_BITS:
        return None
    try:
        # Only the numbers are taken: certificates, key operations and other members decide nothing here.
        key = RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent})
    except (JoseError, ValueError):
        return None
    return SigningKey(kid=kid, key=key, issuer=issuer)


def scoped_issuer(key: SigningKey, tenant_id: str) -> str | None:
    """Return the one issuer for which a key may speak in this tenant; None if it names none.

    Example:
        >>> template = "https://login.microsoftonline.com/{tenantid}/v2.0"
        >>> rsa = RSAKey.generate_key(2048)
        >>> scoped_issuer(SigningKey(kid="1", key=rsa, issuer=template), "9188040d-6c67-4c5b-b112-36a304b66dad")
        'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0'
    """
    return None if key.issuer is None else key.issuer.replace(TENANT_TEMPLATE, tenant_id)
