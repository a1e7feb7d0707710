"""From what a request carries to a principal: an API token, an access token of Entra, or a session cookie.

An application of Microsoft Entra proves itself with a token for our API, which every application of every tenant can
get. So it is somebody here only if a registered agent names it, tenant and application together, never its parent
blueprint; and it speaks for the agents that name it alone, also where an agent names nobody.

Roles are read from the row at each request, so a change or a removal holds at once. That a credential was used is
written down at most once a minute, and never keeps a request from being answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fairkeeper.access.actions.sign_in import find_person
from fairkeeper.access.credentials import SEEN_PRECISION, digest, form_token, is_token, session_ends_at
from fairkeeper.access.errors import CredentialsRefusedError
from fairkeeper.access.people import PersonKind, PersonState
from fairkeeper.access.tables import ApiTokenRow, PersonRow, WebSessionRow
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.database.session import Database
from fairkeeper.policy.decision.facts import APPLICATION_PREFIX
from fairkeeper.token.validator import TokenKind, VerifiedToken
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import CustomerId, TenantId

_log = structlog.get_logger(__name__)

_GUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CALLER: Final = re.compile(f"{APPLICATION_PREFIX}({_GUID})/({_GUID})")


class AccessTokens(Protocol):
    """Proves an access token of Microsoft Entra that was issued for this API, to a person or to an application."""

    def prove(self, token: str) -> VerifiedToken:
        """Return what the token proves.

        Raises:
            TokenRefusedError: It proves nothing here.
            SigningKeysUnavailableError: It cannot be judged now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedByAgent:
    """One agent that names an application.

    Attributes:
        customer_id: Whose agent it is; None for the publisher's own.
        customer_tenant: That customer's tenant.
    """

    agent_id: str
    customer_id: CustomerId | None = None
    customer_tenant: TenantId | None = None


class ApplicationsOfAgents(Protocol):
    """Knows which registered agents name an application as theirs; implemented by `governance`."""

    def naming(self, session: Session, caller_id: str) -> tuple[NamedByAgent, ...]:
        """Return the agents that name this caller (`caller_of`)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAccess:
    """What is needed to let an agent in by its own token of Microsoft Entra.

    Attributes:
        applications: Knows which agents name an application.
        publisher_tenant: The publisher's own tenant, whose applications may be those of any customer's agents.
    """

    applications: ApplicationsOfAgents
    publisher_tenant: TenantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A signed-in browser.

    Attributes:
        tenant_id: The tenant of the account that the person signs in with.
        object_id: Its object id there.
        form_token: What every form of a page must send back.
        cookie_digest: SHA-256 of the cookie's value in hexadecimal, to sign out or to be replaced.
        expires_at: When the person has to sign in again, unless the session is used.
    """

    principal: Principal
    tenant_id: TenantId
    object_id: str
    form_token: str = field(repr=False)
    cookie_digest: str = field(repr=False)
    expires_at: datetime


def authenticate_bearer(
    database: Database,
    clock: Clock,
    header: str | None,
    *,
    access_tokens: AccessTokens | None = None,
    agents: AgentAccess | None = None,
) -> Principal:
    """Return who sends this Authorization header.

    Args:
        database: Where tokens and people are.
        clock: What has expired.
        header: The header's value, or None.
        access_tokens: Proves access tokens of Microsoft Entra; without it only our own tokens are taken.
        agents: Tells whose agents an application is; without it no application is anybody.

    Raises:
        CredentialsRefusedError: `access.credentials_missing`, `access.credentials_malformed`, `access.token_unknown`,
            `access.token_revoked`, `access.token_expired`, or for a genuine access token `access.person_unknown`,
            `access.application_unknown` or `access.application_of_another_tenant`.
        TokenRefusedError, SigningKeysUnavailableError: by `access_tokens`.
    """
    token = _bearer(header)
    if is_token(token):
        return _principal_of_token(database, clock, token)
    if access_tokens is not None and token.count(".") == 2:
        proved = access_tokens.prove(token)
        if proved.kind is TokenKind.APPLICATION:
            return _principal_of_application(database, proved, agents)
        return _principal_of_access_token(database, proved)
    raise _unknown_token()


def authenticate_cookie(database: Database, clock: Clock, value: str | None) -> WebSession | None:
    """Return the session of a cookie's value, or None when it is nobody's, too old, or its person was removed."""
    if not value:
        return None
    now, key = clock.now(), digest(value)
    with database.read() as session:
        row = session.get(WebSessionRow, key)
        if row is None or now >= row.expires_at:
            return None
        person = session.get(PersonRow, row.person_id)
        if person is None or person.state != PersonState.ACTIVE:
            return None
        ends_at = session_ends_at(row.created_at, now)
        is_stale = now - row.last_seen_at >= SEEN_PRECISION
    if is_stale:
        _note_session(database, key, now=now, ends_at=ends_at)
    return WebSession(
        principal=principal_of_person(person),
        tenant_id=person.tenant_id,
        object_id=person.object_id,
        form_token=form_token(value),
        cookie_digest=key.hex(),
        expires_at=ends_at,
    )


def principal_of_person(row: PersonRow) -> Principal:
    """Return a person as who asks."""
    return Principal(
        id=row.id,
        kind=PrincipalKind.STAFF if row.kind == PersonKind.STAFF else PrincipalKind.CUSTOMER,
        roles=frozenset(row.roles),
        customer_id=row.customer_id,
        display=row.name or row.id,
    )


def forget_expired_sessions(session: Session, clock: Clock) -> None:
    """Delete sessions that have ended."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.expires_at <= clock.now()))


def caller_of(tenant_id: str, app_id: str) -> str:
    """Return how an application is named as a caller: by its tenant and its application (client) id.

    Example:
        >>> tenant, app = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222"
        >>> caller_of(tenant, app)
        'entra:11111111-aaaa-4aaa-8aaa-111111111111/22222222-bbbb-4bbb-8bbb-222222222222'
    """
    return f"{APPLICATION_PREFIX}{tenant_id}/{app_id}"


def is_caller(text: str) -> bool:
    """Say whether a text names an application as a caller.

    Example:
        >>> is_caller("entra:contoso.example/22222222-bbbb-4bbb-8bbb-222222222222")
        False
    """
    return _CALLER.fullmatch(text) is not None


def customer_of_application(
    named: Sequence[NamedByAgent], *, tenant_id: TenantId, publisher_tenant: TenantId | None
) -> CustomerId | None:
    """Return to which customer an application is bound; None for one of the publisher's that serves several.

    Args:
        named: The agents that name it.
        tenant_id: Whose tenant vouches for it.
        publisher_tenant: The publisher's own tenant.

    Raises:
        CredentialsRefusedError: `access.application_unknown`, or `access.application_of_another_tenant` where the
            tenant is neither that of the agents' customer nor the publisher's.

    Example:
        >>> contoso, fabrikam = TenantId("11111111-aaaa-4aaa-8aaa-111111111111"), TenantId("f" * 8)
        >>> agent = NamedByAgent(agent_id="agt_1", customer_id=CustomerId("cus_contoso"), customer_tenant=contoso)
        >>> customer_of_application([agent], tenant_id=contoso, publisher_tenant=None)
        'cus_contoso'
        >>> customer_of_application([agent], tenant_id=fabrikam, publisher_tenant=fabrikam)
        'cus_contoso'
    """
    if not named:
        raise CredentialsRefusedError(
            f"No agent here names this application of tenant {tenant_id}.",
            code="access.application_unknown",
            remedy="Name it among the callers of its agent, as entra:TENANT/APPLICATION.",
        )
    is_publishers = publisher_tenant is not None and tenant_id == publisher_tenant
    believed = {each.customer_id for each in named if is_publishers or each.customer_tenant == tenant_id}
    if not believed or (len(believed) > 1 and not is_publishers):
        raise CredentialsRefusedError(
            f"The tenant {tenant_id} is neither that of the agent's customer nor the publisher's.",
            code="access.application_of_another_tenant",
            remedy="Use an application of the customer's own tenant, or one of the publisher's.",
        )
    return next(iter(believed)) if len(believed) == 1 else None


def _bearer(header: str | None) -> str:
    if not header:
        raise CredentialsRefusedError(
            "The request carries no credentials.",
            code="access.credentials_missing",
            remedy="Send the header Authorization: Bearer followed by an API token (`fairkeeper token create`).",
        )
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise CredentialsRefusedError(
            "The Authorization header is not Bearer and one token.",
            code="access.credentials_malformed",
            remedy="Send the header Authorization: Bearer followed by the token.",
        )
    return token


def _unknown_token() -> CredentialsRefusedError:
    return CredentialsRefusedError(
        "There is no such token.", code="access.token_unknown", remedy="Make a new one: `fairkeeper token create`."
    )


def _principal_of_token(database: Database, clock: Clock, token: str) -> Principal:
    now = clock.now()
    with database.read() as session:
        row = session.scalars(select(ApiTokenRow).where(ApiTokenRow.digest == digest(token))).first()
    if row is None:
        raise _unknown_token()
    if row.revoked_at is not None:
        raise CredentialsRefusedError(
            "The token was revoked.", code="access.token_revoked", remedy="Make a new one: `fairkeeper token create`."
        )
    if row.expires_at is not None and row.expires_at <= now:
        raise CredentialsRefusedError(
            "The token has expired.", code="access.token_expired", remedy="Make a new one: `fairkeeper token create`."
        )
    if row.last_used_at is None or now - row.last_used_at >= SEEN_PRECISION:
        _note_token(database, row, now=now)
    return Principal(
        id=row.id,
        kind=PrincipalKind.SERVICE,
        roles=frozenset(row.roles),
        customer_id=row.customer_id,
        display=row.name,
    )


def _principal_of_access_token(database: Database, proved: VerifiedToken) -> Principal:
    with database.read() as session:
        row = find_person(session, proved.tenant_id, proved.object_id) if proved.object_id else None
    if row is None or row.state != PersonState.ACTIVE:
        raise CredentialsRefusedError(
            f"Nobody here has the account {proved.object_id} of tenant {proved.tenant_id}.",
            code="access.person_unknown",
            remedy="Ask an owner to add this account.",
        )
    return principal_of_person(row)


def _principal_of_application(database: Database, proved: VerifiedToken, agents: AgentAccess | None) -> Principal:
    """Return the application as the program of the customer whose agents name it."""
    app_id = proved.caller_app_id or ""
    caller_id = caller_of(proved.tenant_id, app_id)
    named: tuple[NamedByAgent, ...] = ()
    if agents is not None:
        with database.read() as session:
            named = agents.applications.naming(session, caller_id)
    publisher_tenant = None if agents is None else agents.publisher_tenant
    customer_id = customer_of_application(named, tenant_id=proved.tenant_id, publisher_tenant=publisher_tenant)
    return Principal(
        id=caller_id,
        kind=PrincipalKind.SERVICE,
        roles=frozenset({"service"}),
        customer_id=customer_id,
        display=f"Application {app_id}",
    )


def _note_session(database: Database, key: bytes, *, now: datetime, ends_at: datetime) -> None:
    statement = (
        update(WebSessionRow)
        .where(WebSessionRow.cookie_digest == key, WebSessionRow.last_seen_at < now)
        .values(last_seen_at=now, expires_at=ends_at)
    )
    try:
        with database.write() as session:
            session.execute(statement)
    except DatabaseUnavailableError as error:
        _log.warning("access.use_not_noted", error=error.message)


def _note_token(database: Database, row: ApiTokenRow, *, now: datetime) -> None:
    try:
        with database.write() as session:
            session.execute(update(ApiTokenRow).where(ApiTokenRow.id == row.id).values(last_used_at=now))
    except DatabaseUnavailableError as error:
        _log.warning("access.use_not_noted", error=error.message)
