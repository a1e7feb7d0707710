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


class TenantTokens(Protocol):
    """Gets tokens of customers' tenants, with nothing cached in between."""

    def app_token(self, app_id: str, tenant_id: TenantId) -> TokenAnswer:
        """Ask for an application's own token of Graph in a tenant.

        Raises:
            UnavailableError: Microsoft Entra cannot be reached, or the application has no credential here.
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

    def read_elevation(self, resource_id: str, name: str) -> ElevationReading:
        """Read a just-in-time request.

        Raises:
            UnavailableError: As `read_application` says.
        """
        ...
