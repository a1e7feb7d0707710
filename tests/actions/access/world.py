"""What the tests of access share: the publisher's tenant, two customers, and proved accounts."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from fairkeeper.access.credentials import digest, new_cookie_value
from fairkeeper.access.operations import OPERATIONS
from fairkeeper.access.people import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.access.ports import CustomerOfTenant, NamedByPurchase, PublisherTenant, RolesFromEntra
from fairkeeper.database.session import Database
from fairkeeper.values.ids import CustomerId, TenantId
from tests.actions.house import House

FAIRMILE = TenantId("0a000000-0000-4000-8000-000000000001")
CONTOSO_TENANT = TenantId("0b000000-0000-4000-8000-000000000001")
FABRIKAM_TENANT = TenantId("0b000000-0000-4000-8000-000000000002")
CONTOSO, FABRIKAM, LITWARE = CustomerId("cus_contoso"), CustomerId("cus_fabrikam"), CustomerId("cus_litware")
PERSONAL_BUYER = "0c000000-0000-4000-8000-000000000001"


class Tenants:
    """Contoso and Fabrikam by their tenants; Litware is one person with a personal account."""

    def customer_of(self, session: Session, tenant_id: TenantId, object_id: str) -> CustomerId | None:
        if (tenant_id, object_id) == (PERSONAL_ACCOUNTS_TENANT, PERSONAL_BUYER):
            return LITWARE
        return {CONTOSO_TENANT: CONTOSO, FABRIKAM_TENANT: FABRIKAM}.get(tenant_id)


class Named:
    """Everybody is named by a purchase, but for those whom a test says are not."""

    def __init__(self) -> None:
        self.strangers: set[str] = set()

    def is_named(self, session: Session, customer_id: CustomerId, tenant_id: TenantId, object_id: str) -> bool:
        return object_id not in self.strangers


class Entra:
    """Says whether application roles decide."""

    is_deciding = False


class Publisher:
    """Fairmile Software."""

    tenant_id: TenantId | None = FAIRMILE


def access_house(database: Database) -> House:
    ports: dict[type, object] = {
        CustomerOfTenant: Tenants(),
        PublisherTenant: Publisher(),
        NamedByPurchase: Named(),
        RolesFromEntra: Entra(),
    }
    return House(database, OPERATIONS, ports)


def account(tenant_id: str, object_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """Input fields of a proved account, with the digest of a new cookie."""
    return {
        "tenant_id": tenant_id,
        "object_id": object_id or str(uuid.uuid4()),
        "name": "Kim Lake",
        "email": "kim@contoso.example",
        "cookie_digest": digest(new_cookie_value()).hex(),
        **changes,
    }
