"""What this room asks of others and cannot know itself; implemented above or by bootstrap."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.orm import Session

from fairkeeper.values.ids import CustomerId, TenantId


class CustomerOfTenant(Protocol):
    """Knows which customer a Microsoft Entra account belongs to; implemented by `customers`."""

    def customer_of(self, session: Session, tenant_id: TenantId, object_id: str) -> CustomerId | None:
        """Return the customer whose tenant it is, or None.

        The tenant of personal accounts is everybody's, so there only the account itself (`object_id`) can belong to
        a customer.
        """
        ...


class NamedByPurchase(Protocol):
    """Knows whom a customer's purchases name, or whose claim of one counts; implemented by `customers`."""

    def is_named(self, session: Session, customer_id: CustomerId, tenant_id: TenantId, object_id: str) -> bool:
        """Say whether an account bought for this customer, or is whom it was bought for, or claimed it and counts."""
        ...


class RolesFromEntra(Protocol):
    """Knows whether staff have the roles that Microsoft Entra gives them; a setting."""

    @property
    def is_deciding(self) -> bool:
        """Whether application roles decide, and not the console."""
        ...


class PublisherTenant(Protocol):
    """Knows the tenant of the company that runs Fairkeeper; a setting."""

    @property
    def tenant_id(self) -> TenantId | None:
        """The publisher's tenant; None while it is not set, and then no staff can sign in."""
        ...
