"""Which of the directory's companies plays which part: who publishes, who sees the private plans.

Separate, because the directory knows companies and people only, and the market knows ids only.
"""

from __future__ import annotations

from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID, Directory, Tenant
from fairkeeper.sandbox.marketplace.catalog import FAIRMILE, Catalog, default_catalog
from fairkeeper.sandbox.webhooks.signing import TechnicalConfiguration

_INVITED = ("contoso.example", "fabrikam.example")


def technical_configuration(directory: Directory) -> TechnicalConfiguration:
    """Return the tenant and app that the made-up publisher entered in Partner Center."""
    return TechnicalConfiguration(
        publisher_id=FAIRMILE,
        tenant_id=PUBLISHER_TENANT_ID,
        app_id=FULFILLMENT_APP_ID,
        foreign_tenant_id=buying_companies(directory)[0].id,
    )


def catalog_for(directory: Directory) -> Catalog:
    """Return the catalogue with private plans open to the invited companies and a private offer for the first."""
    invited = [tenant.id for tenant in directory.tenants if tenant.domain in _INVITED]
    return default_catalog(frozenset(invited), invited[0])


def buying_companies(directory: Directory) -> tuple[Tenant, ...]:
    """Return the tenants whose people buy in the storefront: all but the publisher's own."""
    return tuple(tenant for tenant in directory.tenants if tenant.id != PUBLISHER_TENANT_ID)
