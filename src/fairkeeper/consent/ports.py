"""What this room asks of others: who the customers are, and tokens of a customer's tenant.

Implementations live above (`customers`, `microsoft`) and are handed in by bootstrap; tests use the sandbox.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from fairkeeper.consent.deployments.elevation import ElevationReading
from fairkeeper.consent.deployments.reading import ApplicationReading
from fairkeeper.values.ids import CustomerId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """One subscription, as far as consent goes.

    Args:
        is_active: Microsoft says Subscribed.
        is_suspended, has_ended: Microsoft says so.
    """

    offer_id: str | None
    plan_id: str | None
    is_active: bool
    is_suspended: bool
    has_ended: bool
    purchaser_tenant_id: TenantId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomer:
    """A customer, as far as consent goes."""

    customer_id: CustomerId
    slug: str
    name: str
    tenant_id: TenantId
    is_personal: bool
    bought: tuple[Bought, ...] = ()


class KnownCustomers(Protocol):
    """Says who the customers are."""

    def find(self, session: Session, customer: str) -> KnownCustomer:
        """Return a customer by id or readable address, read in the caller's session.

        Raises:
            NotFoundError: There is none for this session.
        """
        ...

    def admit(self, session: Session, tenant_id: TenantId, *, now: datetime) -> KnownCustomer:
        """Return the customer of a tenant, made where there is none: it was confirmed to have bought."""
        ...

    def names(self, session: Session, customer_ids: Collection[CustomerId]) -> Mapping[CustomerId, tuple[str, str]]:
        """Return readable address and name of customers, by id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """What Microsoft Entra answered when a tenant's token was asked for.

    Args:
        token: The token, if one was given.
        carried: Permissions that it names; for a token of Graph a diagnostic, never an authorisation.
        numbers: AADSTS numbers of a refusal.
    """

    token: str | None = field(default=None, repr=False)
    carried: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    numbers: tuple[int, ...] = ()
    is_blueprints: bool = False
    """Whether the refusal is of an agent's blueprint, and not of its identity."""


class TenantTokens(Protocol):
    """Gets tokens of customers' tenants, with nothing cached in between."""

    def app_token(self, app_id: str, tenant_id: TenantId) -> TokenAnswer:
        """Ask for an application's own token of Graph in a tenant.

        Raises:
            UnavailableError: Microsoft Entra cannot be reached, or the application has no credential here.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentWish:
    """An agent identity that a blueprint is to make.

    Args:
        sponsor_kind: `user` or `group`.
    """

    blueprint_app_id: str
    tenant_id: TenantId
    name: str
    sponsor_kind: str
    sponsor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMaking:
    """What Microsoft answered.

    Args:
        identity_id: Of the identity that was made.
        is_waiting: The blueprint's principal is not in the tenant.
        trouble: Otherwise why it was refused.
    """

    identity_id: str | None = None
    is_waiting: bool = False
    trouble: str = ""


class AgentIdentities(Protocol):
    """Makes and removes agent identities of our blueprints, and gets tokens for them with nothing cached in between."""

    def make(self, wish: AgentWish) -> AgentMaking:
        """Make an identity, by the blueprint's own token.

        Raises:
            UnavailableError: Microsoft cannot be reached, and nothing was made.
            AgentMakingUnclearError: The answer was lost.
            ObservedOnlyError: Nothing outside may be changed.
        """
        ...

    def remove(self, blueprint_app_id: str, tenant_id: TenantId, identity_id: str) -> bool:
        """Remove an identity; return whether it is gone by that, or was before.

        Raises:
            UnavailableError: Microsoft cannot be reached.
            ObservedOnlyError: Nothing outside may be changed.
        """
        ...

    def token(self, blueprint_app_id: str, tenant_id: TenantId, identity_id: str) -> TokenAnswer:
        """Ask for an identity's own token of Graph, exchanged for what its blueprint vouches.

        Raises:
            UnavailableError: As `make` says.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent:
    """A registered agent, as far as consent goes.

    Args:
        held: How it is held now; empty while it may act.
    """

    agent_id: str
    title: str
    held: str


class KnownAgents(Protocol):
    """Says which agents are registered, and which are held."""

    def find(self, session: Session, agent_id: str, *, now: datetime) -> KnownAgent:
        """Return a registered agent.

        Raises:
            NotFoundError: There is none for this session.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevationWish:
    """What a just-in-time request asks for.

    Args:
        name: Of the request; the same again is the same request.
        roles: Names of built-in roles, or role ids.
        starts_at: From when.
    """

    name: str
    principal_id: str
    roles: tuple[str, ...]
    hours: int
    starts_at: datetime


class ResourceManager(Protocol):
    """Azure Resource Manager, as far as managed applications go; asked as the publisher's own application."""

    def read_application(self, resource_id: str) -> ApplicationReading:
        """Read a managed application with the tenant of its subscription.

        Raises:
            UnavailableError: Azure cannot be reached, or our own application is not configured or not taken.
        """
        ...

    def ask_elevation(self, resource_id: str, wish: ElevationWish) -> None:
        """Ask the customer for just-in-time access; the same again changes nothing.

        Raises:
            UnavailableError: As `read_application` says.
            ObservedOnlyError: Nothing outside may be changed.
        """
        ...

    def end_elevation(self, resource_id: str, name: str) -> None:
        """Take a just-in-time request back; one that is not there any more is no error.

        Raises:
            UnavailableError: As `read_application` says.
            ObservedOnlyError: Nothing outside may be changed.
        """
        ...

    def read_elevation(self, resource_id: str, name: str) -> ElevationReading:
        """Read a just-in-time request.

        Raises:
            UnavailableError: As `read_application` says.
        """
        ...
