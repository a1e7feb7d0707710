"""What this room asks of others: who the customers are, and tokens of a customer's tenant.

Implementations live above (`customers`, `microsoft`) and are handed in by bootstrap; tests use the sandbox.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

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
