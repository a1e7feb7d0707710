"""What this room shows of people and tokens: frozen values without any secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fairkeeper.access.people import PersonKind, PersonState
from fairkeeper.access.tables import ApiTokenRow, PersonRow
from fairkeeper.action.operation import ShownOnce
from fairkeeper.values.ids import CustomerId, PersonId, TenantId, TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in; `name` and `email` are absent once erased."""

    id: PersonId
    kind: PersonKind
    state: PersonState
    customer_id: CustomerId | None
    tenant_id: TenantId
    object_id: str
    name: str | None
    email: str | None
    roles: list[str]
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, and whether for the first time."""

    person: Person
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A program's token, without its secret."""

    id: TokenId
    name: str
    roles: list[str]
    customer_id: CustomerId | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    first_owner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiToken:
    """A token just made; `secret` is shown in the first answer and never again."""

    token: ApiToken
    secret: ShownOnce


def person_of(row: PersonRow) -> Person:
    """Return what a row says."""
    return Person(
        id=row.id,
        kind=PersonKind(row.kind),
        state=PersonState(row.state),
        customer_id=row.customer_id,
        tenant_id=row.tenant_id,
        object_id=row.object_id,
        name=row.name,
        email=row.email,
        roles=list(row.roles),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )


def token_of(row: ApiTokenRow) -> ApiToken:
    """Return what a row says, but its digest."""
    return ApiToken(
        id=row.id,
        name=row.name,
        roles=list(row.roles),
        customer_id=row.customer_id,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        first_owner=row.signs_in_once,
    )
