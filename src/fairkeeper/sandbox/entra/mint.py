"""Tokens as Microsoft Entra writes them: which claims, in which version, signed by which key.

Source: Microsoft Entra, "ID token claims reference", "Access token claims reference" and "Access tokens in the
Microsoft identity platform" (formats, lifetime of 60 to 90 minutes), read 2026-11-22.
"""

from __future__ import annotations

import base64
import hashlib
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fairkeeper.sandbox.directory import Directory, Person, principal_object_id
from fairkeeper.sandbox.entra.grants import Grant
from fairkeeper.sandbox.entra.resources import OIDC_SCOPES, Resource, WantedScopes
from fairkeeper.sandbox.entra.signing import SigningRing, role_of
from fairkeeper.values.clock import Clock

ID_TOKEN_LIFE = timedelta(hours=1)
_BACKDATED = timedelta(minutes=5)
"""Tokens are good from five minutes before they were asked for, as those in Microsoft's samples are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token and when it ends."""

    token: str
    starts_at: datetime
    expires_at: datetime
    expires_in_seconds: int


class TokenMint:
    """Writes tokens for one authority.

    Args:
        directory: Who exists.
        clock: The sandbox's time.
        base_url: The authority's address, without a slash at the end; issuers begin with it.
        ring: The keys.
        chance: Chooses lifetimes.
    """

    def __init__(
        self, directory: Directory, *, clock: Clock, base_url: str, ring: SigningRing, chance: random.Random
    ) -> None:
        self.directory = directory
        self.clock = clock
        self.base_url = base_url
        self.ring = ring
        self._chance = chance

    def issuer(self, tenant: str, version: int) -> str:
        """Return the issuer of a tenant's tokens; `{tenantid}` gives the template."""
        return f"{self.base_url}/{tenant}/" if version == 1 else f"{self.base_url}/{tenant}/v2.0"

    def id_token(self, grant: Grant, person: Person) -> str:
        """Return the version 2.0 ID token of a sign-in; `oid` and names need the scope `profile`."""
        scopes = grant.scope.split()
        claims = {
            "aud": grant.client_id,
            **self._frame(grant.tenant_id, 2, self._lifespan(ID_TOKEN_LIFE)),
            "sub": _pairwise(person, grant.client_id),
        }
        if grant.nonce is not None:
            claims["nonce"] = grant.nonce
        if "profile" in scopes:
            claims |= {"name": person.name, "oid": person.object_id, "preferred_username": person.email}
        if "email" in scopes:
            claims["email"] = person.email
        if person.is_guest:
            claims["acct"] = 1
        if person.app_roles:
            claims["roles"] = list(person.app_roles)
        return self.ring.sign(claims, role=role_of(grant.tenant_id), version=2)

    def access_token_for_person(self, grant: Grant, person: Person, wanted: WantedScopes) -> IssuedToken:
        """Return an access token with which an application acts for a person."""
        resource, version = wanted.resource, wanted.resource.token_version
        permissions = [*wanted.permissions, *sorted(wanted.oidc & OIDC_SCOPES - {"offline_access"})]
        lifespan = self._lifespan(None)
        claims = {
            "aud": resource.audience if version == 1 else resource.app_id,
            **self._frame(grant.tenant_id, version, lifespan),
            **_caller(grant.client_id, version, "1"),
            "name": person.name,
            "oid": person.object_id,
            "scp": " ".join(permissions),
            "sub": _pairwise(person, resource.app_id),
        }
        if version == 1:
            claims |= {"puid": person.puid, "unique_name": person.email, "upn": person.email}
        else:
            claims["preferred_username"] = person.email
        return self._issued(claims, lifespan, grant.tenant_id, version)

    def access_token_for_app(  # noqa: PLR0913 - what a token says
        self,
        *,
        tenant_id: str,
        client_id: str,
        resource: Resource,
        lifetime: timedelta | None = None,
        credential: str = "1",
        roles: frozenset[str] = frozenset(),
        more: Mapping[str, str] | None = None,
    ) -> IssuedToken:
        """Return an access token with which an application acts by itself; it never has `scp`.

        Args:
            tenant_id: Whose token it is.
            client_id: The application that calls.
            resource: The API that is called.
            lifetime: None takes 60 to 90 minutes.
            credential: How the application proved itself: 1 secret, 2 certificate.
            roles: Application permissions; a token without any has no such claim.
            more: Claims that stand beside the others, or instead of them: those of a managed identity.
        """
        version, lifespan = resource.token_version, self._lifespan(lifetime)
        object_id = principal_object_id(client_id, tenant_id)
        frame = self._frame(tenant_id, version, lifespan)
        claims: dict[str, Any] = {
            "aud": resource.audience if version == 1 else resource.app_id,
            **frame,
            **_caller(client_id, version, credential),
            "idp": frame["iss"],
            "oid": object_id,
            "sub": object_id,
            **(more or {}),
        }
        if roles:
            claims["roles"] = sorted(roles)
        return self._issued(claims, lifespan, tenant_id, version)

    def _lifespan(self, lifetime: timedelta | None) -> tuple[datetime, datetime]:
        now = self.clock.now()
        return now, now + (lifetime or timedelta(seconds=self._chance.randint(3_600, 5_399)))

    def _frame(self, tenant_id: str, version: int, lifespan: tuple[datetime, datetime]) -> dict[str, Any]:
        """Return the claims that every token has."""
        now, ends_at = lifespan
        starts = int((now - _BACKDATED).timestamp())
        return {
            "iss": self.issuer(tenant_id, version),
            "iat": starts,
            "nbf": starts,
            "exp": int(ends_at.timestamp()),
            "rh": f"0.{secrets.token_urlsafe(24)}.",
            "tid": tenant_id,
            "uti": secrets.token_urlsafe(16),
            "ver": f"{version}.0",
        }

    def _issued(
        self, claims: dict[str, Any], lifespan: tuple[datetime, datetime], tenant_id: str, version: int
    ) -> IssuedToken:
        now, ends_at = lifespan
        return IssuedToken(
            token=self.ring.sign(claims, role=role_of(tenant_id), version=version),
            starts_at=now - _BACKDATED,
            expires_at=ends_at,
            expires_in_seconds=max(int((ends_at - now).total_seconds()) - 1, 0),
        )


def _caller(client_id: str, version: int, credential: str) -> dict[str, str]:
    if version == 1:
        return {"appid": client_id, "appidacr": credential}
    return {"azp": client_id, "azpacr": credential}


def _pairwise(person: Person, app_id: str) -> str:
    """Return the subject: another one for each application, always the same for one."""
    digest = hashlib.sha256(f"{person.tenant_id}|{person.object_id}|{app_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
