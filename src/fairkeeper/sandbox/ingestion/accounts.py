"""Who takes part in private offers: accounts at Partner Center that publish or resell, billing accounts that buy.

Separate from the directory, which knows companies and people only. A billing account is no tenant: the customer reads
its id in Azure's cost management and tells it to the publisher.
Source: "Private offers submission API overview" (the application is associated with the account); Private offers for
customers and its FAQ (billing account ids of both agreements, who accepts and who buys); Multiparty private offers for
ISVs (Marketplace seller id); read 2026-11-22.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    PUBLISHER_TENANT_ID,
    AppRegistration,
    Directory,
    Person,
    Tenant,
)
from fairkeeper.sandbox.marketplace.catalog import FAIRMILE

PARTNER_APP_ID = "fa111111-0000-4000-8000-0000000000f3"
"""The application with which Litware, as a channel partner, calls the product ingestion API."""
PARTNER_APP_SECRET = "sandbox-partner-secret"  # noqa: S105 - a pretend secret of a pretend application
PARTNER_DOMAIN = "litware.example"
"""The company that also sells others' products, as a channel partner."""
_NAMESPACE = uuid.UUID("fa111111-0000-4000-8000-00000000b111")
_COUNTRIES = {
    "contoso.example": ("MCA", "US", "USD"),
    "fabrikam.example": ("EA", "DE", "EUR"),
    "northwind.example": ("MCA", "GB", "GBP"),
    "adatum.example": ("MCA", "JP", "JPY"),
    "litware.example": ("MCA", "US", "USD"),
    "tailspin.example": ("EA", "CA", "CAD"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerAccount:
    """An account at Partner Center.

    Args:
        id: Publisher id.
        seller_id: Marketplace seller id, by which a publisher names a channel partner.
        app_id: The one application that is associated with the account.
    """

    id: str
    name: str
    seller_id: str
    tenant_id: str
    app_id: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingAccount:
    """What a customer has with Microsoft.

    Args:
        id: Billing account id of a Microsoft Customer Agreement, or an enrolment number.
        agreement: MCA or EA.
        currency: What the customer is billed in.
        acceptors: Object ids of those who may accept private offers: enrolment administrators, or owners and
            contributors of the billing account.
        buyers: Object ids of those who may buy: owners and contributors of an Azure subscription under it.
    """

    id: str
    tenant_id: str
    company: str
    agreement: str
    country: str
    currency: str
    acceptors: frozenset[str]
    buyers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """All accounts."""

    sellers: tuple[SellerAccount, ...]
    billing: tuple[BillingAccount, ...]

    def of_application(self, tenant_id: object, app_id: object) -> SellerAccount | None:
        """Return the account with which an application is associated."""
        return next((each for each in self.sellers if (each.tenant_id, each.app_id) == (tenant_id, app_id)), None)

    def seller(self, seller_id: str) -> SellerAccount | None:
        """Return the account of a Marketplace seller id."""
        return next((each for each in self.sellers if each.seller_id == seller_id), None)

    def billing_account(self, account_id: str) -> BillingAccount | None:
        """Return the billing account with this id."""
        return next((each for each in self.billing if each.id == account_id), None)

    def billing_accounts_of(self, tenant_id: str) -> tuple[BillingAccount, ...]:
        """Return the billing accounts of a customer."""
        return tuple(each for each in self.billing if each.tenant_id == tenant_id)


def register_partner(directory: Directory) -> None:
    """Register the channel partner's application in its own tenant."""
    tenant = next(tenant for tenant in directory.tenants if tenant.domain == PARTNER_DOMAIN)
    directory.add_app(
        AppRegistration(
            client_id=PARTNER_APP_ID,
            tenant_id=tenant.id,
            name="Litware partner sales",
            secrets=(PARTNER_APP_SECRET,),
            access_token_version=1,
        )
    )


def default_accounts(directory: Directory) -> Accounts:
    """Return the publisher, one channel partner, and a billing account for every customer.

    The first person of a company may accept and buy, the others only buy.

    Example:
        >>> from fairkeeper.sandbox.directory import default_directory
        >>> accounts = default_accounts(default_directory())
        >>> len(accounts.sellers), len(accounts.billing), accounts.billing[1].agreement
        (2, 6, 'EA')
    """
    partner = next(tenant for tenant in directory.tenants if tenant.domain == PARTNER_DOMAIN)
    sellers = (
        SellerAccount(
            id=FAIRMILE,
            name="Fairmile Software",
            seller_id="61000001",
            tenant_id=PUBLISHER_TENANT_ID,
            app_id=FULFILLMENT_APP_ID,
            location="United States",
        ),
        SellerAccount(
            id="litware",
            name=partner.name,
            seller_id="61000002",
            tenant_id=partner.id,
            app_id=PARTNER_APP_ID,
            location="United States",
        ),
    )
    customers = [tenant for tenant in directory.tenants if tenant.domain in _COUNTRIES]
    billing = [
        _billing_account(number, tenant, [each for each in directory.people if each.tenant_id == tenant.id])
        for number, tenant in enumerate(customers, start=1)
    ]
    return Accounts(sellers=sellers, billing=tuple(billing))


def _billing_account(number: int, tenant: Tenant, people: list[Person]) -> BillingAccount:
    agreement, country, currency = _COUNTRIES[tenant.domain]
    return BillingAccount(
        id=f"8800000{number}" if agreement == "EA" else _customer_agreement_id(tenant),
        tenant_id=tenant.id,
        company=tenant.name,
        agreement=agreement,
        country=country,
        currency=currency,
        acceptors=frozenset(person.object_id for person in people[:1]),
        buyers=frozenset(person.object_id for person in people if not person.is_guest),
    )


def _customer_agreement_id(tenant: Tenant) -> str:
    """Return an id of the form that a Microsoft Customer Agreement's has: two GUIDs and the date of its version."""
    account, profile = (uuid.uuid5(_NAMESPACE, f"{part}/{tenant.domain}") for part in ("account", "profile"))
    return f"{account}:{profile}_2019-05-31"
