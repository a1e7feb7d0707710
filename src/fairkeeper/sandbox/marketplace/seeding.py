"""Which of the directory's companies plays which part: who publishes, who sees the private plans.

Separate, because the directory knows companies and people only, and the market knows ids only.
"""

from __future__ import annotations

from fairkeeper.sandbox.directory import Directory, Tenant
from fairkeeper.sandbox.marketplace.catalog import FAIRMILE, Catalog, default_catalog
from fairkeeper.sandbox.marketplace.signing import TechnicalConfiguration

_PUBLISHER = "fairmile"
_INVITED = ("contoso", "fabrikam")


def technical_configuration(directory: Directory) -> TechnicalConfiguration:
    """Return the tenant and app that the made-up publisher entered in Partner Center."""
    publisher = _tenant(directory, _PUBLISHER)
    app = next(app for app in directory.apps if app.tenant_id == publisher.id and "fulfil" in app.name.lower())
    return TechnicalConfiguration(
        publisher_id=FAIRMILE,
        tenant_id=publisher.id,
        app_id=app.client_id,
        foreign_tenant_id=_tenant(directory, _INVITED[0]).id,
    )


def catalog_for(directory: Directory) -> Catalog:
    """Return the catalogue with private plans open to the invited companies and a private offer for the first."""
    invited = [_tenant(directory, name).id for name in _INVITED]
    return default_catalog(frozenset(invited), invited[0])


def _tenant(directory: Directory, start: str) -> Tenant:
    return next(tenant for tenant in directory.tenants if tenant.name.lower().startswith(start))
