"""What a sign-in gave to an application: authorization codes that are good once, and refresh tokens.

Codes live in memory and for ten minutes; a refresh token carries its own grant under the authority's signature, so that
it outlives a restart.

Source: Microsoft Entra, "Microsoft identity platform and OAuth 2.0 authorization code flow" (codes expire after about
10 minutes; the same tenant, redirect URI and verifier redeem them) and "Configurable token lifetimes" (a refresh token
ends after 90 days of inactivity), read 2026-11-22.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fairkeeper.sandbox.entra.errors import StsError
from fairkeeper.sandbox.entra.signing import SigningRing, role_of

CODE_LIFE = timedelta(minutes=10)
REFRESH_LIFE = timedelta(days=90)
_CODE_MEMORY = timedelta(hours=1)
_REFRESH_KIND = "refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Which person let which application act, and for what."""

    client_id: str
    object_id: str
    tenant_id: str
    scope: str
    signed_in_at: datetime
    nonce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTicket:
    """What an authorization code stands for, and what redeems it."""

    grant: Grant
    segment: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    issued_at: datetime

    def check(self, *, client_id: str, segment: str, redirect_uri: str, code_verifier: str) -> None:
        """Check that the one who redeems is the one who asked.

        Raises:
            StsError: 70000 another client, 700005 another tenant, 50011 another address, 501481 another verifier.
        """
        if client_id != self.grant.client_id:
            raise StsError(70000, reason="the code was issued to another client")
        if segment != self.segment:
            raise StsError(700005)
        if redirect_uri != self.redirect_uri:
            raise StsError(50011, uri=redirect_uri, client=client_id)
        if not hmac.compare_digest(self._challenge_of(code_verifier), self.code_challenge.encode()):
            raise StsError(501481)

    def _challenge_of(self, code_verifier: str) -> bytes:
        if self.code_challenge_method == "plain":
            return code_verifier.encode()
        return base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=")


class Codes:
    """Authorization codes; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: dict[str, CodeTicket] = {}
        self._spent: set[str] = set()

    def issue(self, ticket: CodeTicket) -> str:
        """Return a new code for a ticket; long forgotten ones go."""
        code = f"0.{secrets.token_urlsafe(48)}"
        with self._lock:
            for old in [each for each, kept in self._tickets.items() if _age(ticket, kept) > _CODE_MEMORY]:
                del self._tickets[old]
                self._spent.discard(old)
            self._tickets[code] = ticket
        return code

    def find(self, code: str, now: datetime) -> CodeTicket:
        """Return what a code stands for.

        Raises:
            StsError: 9002313 no code of ours, 54005 redeemed already, 70008 too old.
        """
        with self._lock:
            ticket = self._tickets.get(code)
            if ticket is None:
                raise StsError(9002313)
            if code in self._spent:
                raise StsError(54005)
        if now - ticket.issued_at > CODE_LIFE:
            raise StsError(70008)
        return ticket

    def spend(self, code: str) -> None:
        """Use a code up.

        Raises:
            StsError: 54005, another call was faster.
        """
        with self._lock:
            if code in self._spent:
                raise StsError(54005)
            self._spent.add(code)


def _age(newest: CodeTicket, ticket: CodeTicket) -> timedelta:
    return newest.issued_at - ticket.issued_at


def write_refresh_token(ring: SigningRing, grant: Grant, now: datetime) -> str:
    """Return a refresh token for a grant; it begins its 90 days anew."""
    claims = {
        "client_id": grant.client_id,
        "oid": grant.object_id,
        "tid": grant.tenant_id,
        "scope": grant.scope,
        "signed_in_at": int(grant.signed_in_at.timestamp()),
        "iat": int(now.timestamp()),
        "uti": secrets.token_urlsafe(16),
    }
    return ring.sign(claims, role=role_of(grant.tenant_id), version=2, kind=_REFRESH_KIND)


def read_refresh_token(ring: SigningRing, token: str, *, client_id: str, now: datetime) -> Grant:
    """Return the grant of a refresh token; its old nonce is gone.

    Raises:
        StsError: 9002313 no token of ours, 70000 another client's, 700082 too old.
    """
    claims: dict[str, Any] | None = ring.verify(token, kind=_REFRESH_KIND)
    if claims is None:
        raise StsError(9002313)
    if claims["client_id"] != client_id:
        raise StsError(70000, reason="the refresh token was issued to another client")
    if now - datetime.fromtimestamp(claims["iat"], UTC) > REFRESH_LIFE:
        raise StsError(700082)
    return Grant(
        client_id=client_id,
        object_id=claims["oid"],
        tenant_id=claims["tid"],
        scope=claims["scope"],
        signed_in_at=datetime.fromtimestamp(claims["signed_in_at"], UTC),
    )
