"""The part of Microsoft Graph that a landing page needs: who has signed in.

Source: Microsoft Graph, "Get a user" (`/me`, default properties, `$select`) and "Microsoft Graph error responses", read
2026-11-22.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fairkeeper.sandbox.directory import Person
from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.resources import GRAPH_APP_ID, GRAPH_URI

_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
_READS_ME = frozenset({"User.Read", "User.ReadWrite", "User.Read.All", "Directory.Read.All", ".default"})


class GraphError(Exception):
    """Graph refuses a call."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self, now: datetime) -> dict[str, Any]:
        """Return the documented error document."""
        inner = {"date": f"{now:%Y-%m-%dT%H:%M:%S}", "request-id": str(uuid.uuid4())}
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def read_me(mint: TokenMint, authorization: str, select: str) -> dict[str, Any]:
    """Return the signed-in person.

    Args:
        mint: Whose tokens are taken.
        authorization: The header.
        select: Names of properties, separated by commas; empty gives the default ones.

    Raises:
        GraphError: No good token (401), not allowed (403), an unknown property (400).
    """
    claims = _claims(mint, authorization)
    person = mint.directory.person(str(claims.get("oid")))
    if person is None:
        raise GraphError(404, "Request_ResourceNotFound", "The signed-in user does not exist any more.")
    known = _properties(mint, person)
    names = [name.strip() for name in select.split(",") if name.strip()] or list(_DEFAULT)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise GraphError(400, "BadRequest", f"Could not find a property named '{unknown[0]}' on type 'user'.")
    return {"@odata.context": f"{GRAPH_URI}/v1.0/$metadata#users/$entity", **{name: known[name] for name in names}}


def _claims(mint: TokenMint, authorization: str) -> Mapping[str, Any]:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
    claims = mint.ring.verify(token.strip())
    if claims is None or str(claims.get("aud")).rstrip("/") not in {GRAPH_APP_ID, GRAPH_URI}:
        raise GraphError(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    if datetime.fromtimestamp(claims["exp"], UTC) <= mint.clock.now():
        raise GraphError(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    if "scp" not in claims:
        raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    if not _READS_ME & set(str(claims["scp"]).split()):
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return claims


def _properties(mint: TokenMint, person: Person) -> dict[str, Any]:
    given, _, surname = person.name.partition(" ")
    tenant = mint.directory.tenant(person.tenant_id)
    return {
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given,
        "jobTitle": None,
        "mail": person.email,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": "en-US",
        "surname": surname,
        "userPrincipalName": person.email,
        "id": person.object_id,
        "companyName": None if tenant is None or tenant.is_personal else tenant.name,
    }
