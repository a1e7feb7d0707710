"""What each storefront page shows: one frozen dataclass a page, made from the market.

Separate from `pages`, which speaks HTTP, so that a page's content can be read and tested without a browser.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fairkeeper.sandbox.control import Controls
from fairkeeper.sandbox.directory import Directory, Person, Tenant
from fairkeeper.sandbox.marketplace.catalog import FAIRMILE, Catalog, Offer, Plan
from fairkeeper.sandbox.marketplace.clocks import Deadline, is_bound, is_refundable, next_deadline
from fairkeeper.sandbox.marketplace.faults import Faults
from fairkeeper.sandbox.marketplace.operations import Operation
from fairkeeper.sandbox.marketplace.private_offers import PrivateOffer
from fairkeeper.sandbox.marketplace.seeding import buying_companies
from fairkeeper.sandbox.marketplace.subscriptions import Status, Subscription
from fairkeeper.sandbox.marketplace.terms import Charge
from fairkeeper.sandbox.storefront.private_offer_views import PrivateOfferRow, private_offer_rows
from fairkeeper.sandbox.webhooks.deliveries import Delivery
from fairkeeper.sandbox.webhooks.publisher import PublisherAddresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page."""

    now: datetime
    clock_words: str
    has_landing_page: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A made-up company with its people."""

    tenant: Tenant
    people: tuple[Person, ...]
    subscription_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersPage:
    """The front page."""

    offers: tuple[Offer, ...]
    companies: tuple[Company, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyPage:
    """The purchase form."""

    offer: Offer
    plan: Plan
    companies: tuple[Company, ...]
    audience: tuple[str, ...]
    private_offers: tuple[PrivateOffer, ...]
    typed: dict[str, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One subscription in a list."""

    subscription: Subscription
    company: str
    plan: Plan
    next: Deadline | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyPage:
    """A company's subscriptions and the private offers made to it."""

    company: Company
    private_offers: tuple[PrivateOfferRow, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPage:
    """One subscription as its customer sees it.

    Args:
        priced: What sets the price: the plan, or the private offer it was bought through.
        is_reader_only: The acting company is only the beneficiary of what a reseller bought.
        other_plans: Plans to change to.
        pending: What locks it.
        is_new: It was bought a moment ago.
    """

    subscription: Subscription
    offer: Offer
    plan: Plan
    priced: Plan | PrivateOffer
    company: str
    buyer: str
    charges: tuple[Charge, ...]
    other_plans: tuple[Plan, ...]
    operations: tuple[Operation, ...]
    pending: Operation | None
    next: Deadline | None
    acting_tenant_id: str
    is_reader_only: bool
    is_refundable: bool
    is_bound: bool
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPage:
    """What Microsoft does."""

    addresses: PublisherAddresses
    faults: Faults
    rows: tuple[Row, ...]
    subscription_count: int
    deliveries: tuple[Delivery, ...]
    delivery_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TroublePage:
    """Something was refused."""

    title: str
    message: str
    remedy: str


def companies(directory: Directory, subscriptions: list[Subscription] | None = None) -> tuple[Company, ...]:
    """Return the companies that buy, in the directory's order."""
    counts: dict[str, int] = {}
    for each in subscriptions or []:
        for tenant_id in {each.beneficiary.tenant_id, each.purchaser.tenant_id}:
            counts[tenant_id] = counts.get(tenant_id, 0) + 1
    found = [
        Company(
            tenant=tenant,
            people=tuple(person for person in directory.people if person.tenant_id == tenant.id),
            subscription_count=counts.get(tenant.id, 0),
        )
        for tenant in buying_companies(directory)
    ]
    return tuple(company for company in found if company.people)


def company_name(directory: Directory, tenant_id: str) -> str:
    """Return the name of a tenant, its id when the directory does not know it."""
    return next((tenant.name for tenant in directory.tenants if tenant.id == tenant_id), tenant_id)


def offers_page(controls: Controls) -> OffersPage:
    """Gather the front page: the offers of the made-up publisher."""
    offers = tuple(offer for offer in controls.market.catalog.offers if offer.publisher_id == FAIRMILE)
    return OffersPage(offers=offers, companies=companies(controls.directory, controls.market.subscriptions()))


def buy_page(
    controls: Controls, plan_id: str, typed: dict[str, str] | None = None, error: str | None = None
) -> BuyPage:
    """Gather the purchase form, with what was typed and why it was refused."""
    catalog = controls.market.catalog
    plan = catalog.plan(plan_id)
    return BuyPage(
        offer=catalog.offer_of_plan(plan_id),
        plan=plan,
        companies=companies(controls.directory),
        audience=tuple(sorted(company_name(controls.directory, each) for each in plan.audience)),
        private_offers=tuple(each for each in catalog.private_offers if each.plan_id == plan_id),
        typed=typed or {},
        error=error,
    )


def row(controls: Controls, subscription: Subscription) -> Row:
    """Gather one line of a list."""
    return Row(
        subscription=subscription,
        company=company_name(controls.directory, subscription.beneficiary.tenant_id),
        plan=controls.market.catalog.plan(subscription.plan_id),
        next=next_deadline(subscription),
    )


def company_page(controls: Controls, tenant_id: str) -> CompanyPage | None:
    """Gather a company's subscriptions, newest first; None for an unknown company."""
    everything = controls.market.subscriptions()
    company = next((each for each in companies(controls.directory, everything) if each.tenant.id == tenant_id), None)
    if company is None:
        return None
    own = [each for each in everything if tenant_id in {each.beneficiary.tenant_id, each.purchaser.tenant_id}]
    return CompanyPage(
        company=company,
        private_offers=private_offer_rows(controls, tenant_id),
        rows=tuple(row(controls, each) for each in own[::-1][:200]),
    )


def subscription_page(
    controls: Controls, subscription_id: str, *, acting_tenant_id: str | None, is_new: bool = False
) -> SubscriptionPage:
    """Gather one subscription's page, as the acting company may see it."""
    market, now = controls.market, controls.clock.now()
    subscription = market.subscription(subscription_id)
    acting = acting_tenant_id or subscription.purchaser.tenant_id
    is_purchaser = acting == subscription.purchaser.tenant_id
    operations = market.operations_of(subscription_id)
    return SubscriptionPage(
        subscription=subscription,
        offer=market.catalog.offer_of_plan(subscription.plan_id),
        plan=market.catalog.plan(subscription.plan_id),
        priced=_priced(market.catalog, subscription),
        charges=subscription.charges,
        company=company_name(controls.directory, subscription.beneficiary.tenant_id),
        buyer=company_name(controls.directory, subscription.purchaser.tenant_id),
        other_plans=tuple(each for each in market.plans_for(subscription) if each.id != subscription.plan_id),
        operations=tuple(operations[::-1]),
        pending=next((each for each in operations if each.is_pending), None),
        next=next_deadline(subscription),
        acting_tenant_id=acting,
        is_reader_only=subscription.is_reseller_purchase and not is_purchaser,
        is_refundable=is_refundable(subscription, now),
        is_bound=is_bound(subscription, now),
        is_new=is_new and subscription.status is not Status.UNSUBSCRIBED,
    )


def _priced(catalog: Catalog, subscription: Subscription) -> Plan | PrivateOffer:
    """Return what sets the price: the private offer, as long as the plan is the one it was for."""
    for each in catalog.private_offers:
        if (each.id, each.plan_id) == (subscription.private_offer_id, subscription.plan_id):
            return each
    return catalog.plan(subscription.plan_id)


def operator_page(controls: Controls) -> OperatorPage:
    """Gather what Microsoft's side sees: the newest purchases and webhooks."""
    everything, deliveries = controls.market.subscriptions(), controls.courier.deliveries()
    return OperatorPage(
        addresses=controls.publisher.addresses,
        faults=controls.faults.now,
        rows=tuple(row(controls, each) for each in everything[::-1][:50]),
        subscription_count=len(everything),
        deliveries=tuple(deliveries[::-1][:50]),
        delivery_count=len(deliveries),
    )
