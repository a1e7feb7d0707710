"""A publisher's products and plans as this API lists them, and the terms and prices each public plan has.

Separate from the marketplace's catalogue, which knows one term a plan: a private offer may be made for any term that
the base plan lists. Two products more are listed than the storefront sells, a virtual machine and a service, because
private offers can be made for them although no SaaS subscription ever comes of it.
Source: "Private offers submission API overview" (lists of products and plans, `identity.externalId`); Plans and pricing
(one payment option a term: a month once, a year once or monthly, longer terms once, monthly or yearly; terms of four
and five years since 2025); read 2026-11-22. What a longer term costs is made up: as many months as it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fairkeeper.sandbox.ingestion.identifiers import durable_plan_id, guid_of, product_id
from fairkeeper.sandbox.marketplace.catalog import Catalog, Dimension, Offer, Plan
from fairkeeper.sandbox.marketplace.terms import months_and_days

SAAS: Final = "softwareAsAService"
VIRTUAL_MACHINE: Final = "azureVirtualMachine"
SERVICE: Final = "professionalService"
_YEARS_LISTED: Final = (12, 24, 36, 48, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTerm:
    """One term that a plan lists.

    Args:
        payment_months: How many months one payment is for.
        price: One payment in US dollars; of a per-seat plan, for one seat.
    """

    months: int
    payment_months: int
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPlan:
    """A public plan.

    Args:
        plan: The storefront's plan; None for what the storefront does not sell.
    """

    external_id: str
    durable_id: str
    name: str
    is_per_user: bool = False
    has_trial: bool = False
    terms: tuple[ListedTerm, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    plan: Plan | None = None

    def term(self, months: int) -> ListedTerm | None:
        """Return the listed term of so many months."""
        return next((each for each in self.terms if each.months == months), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a publisher offers, with its public plans."""

    external_id: str
    durable_id: str
    name: str
    kind: str
    account_id: str
    plans: tuple[ListedPlan, ...]

    def plan(self, durable_id: str) -> ListedPlan | None:
        """Return the plan of a durable id, `plan/{product}/{plan}` or `plan/{plan}`."""
        return next((each for each in self.plans if durable_id.lower() in _spellings(each.durable_id)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """All products of all publishers."""

    products: tuple[Product, ...]

    def of(self, account_id: str) -> tuple[Product, ...]:
        """Return the products of one account."""
        return tuple(each for each in self.products if each.account_id == account_id)

    def find(self, account_id: str, durable_id: str) -> Product | None:
        """Return an account's product by its durable id, with or without `product/`."""
        guid = guid_of(durable_id, "product")
        return next((each for each in self.of(account_id) if each.durable_id == f"product/{guid}"), None)


def products_of(catalog: Catalog) -> Products:
    """Return the products behind a catalogue.

    Example:
        >>> from fairkeeper.sandbox.marketplace.catalog import default_catalog
        >>> [each.external_id for each in products_of(default_catalog(frozenset(), "t")).of("fairmile")]
        ['fairmile-assistant', 'fairmile-desk', 'fairmile-appliance', 'fairmile-onboarding']
    """
    listed = [_product(offer) for offer in catalog.offers]
    publisher = catalog.offers[0].publisher_id
    appliance = _unsold("fairmile-appliance", "Fairmile Appliance", VIRTUAL_MACHINE, publisher)
    onboarding = _unsold("fairmile-onboarding", "Fairmile Onboarding", SERVICE, publisher)
    return Products(products=(*listed, appliance, onboarding))


def listed_terms(plan: Plan) -> tuple[ListedTerm, ...]:
    """Return the terms that a plan lists: its own, and on a flat plan one to five years paid yearly.

    Example:
        >>> plan = Plan(id="p", name="P", description="", price_minor=79_900, term_unit="P1M")
        >>> [(each.months, str(each.price)) for each in listed_terms(plan)][:2]
        [(1, '799'), (12, '9588')]
    """
    months, _ = months_and_days(plan.term_unit)
    payment_months, _ = months_and_days(plan.charge_duration or plan.term_unit)
    price = Decimal(plan.price_minor) / 100
    own = ListedTerm(months=months, payment_months=payment_months, price=price)
    if plan.is_per_seat or plan.has_free_trial:
        return (own,)
    yearly = price * 12 / payment_months
    longer = (ListedTerm(months=each, payment_months=12, price=yearly) for each in _YEARS_LISTED if each > months)
    return (own, *longer)


def _product(offer: Offer) -> Product:
    return Product(
        external_id=offer.id,
        durable_id=product_id(offer.id),
        name=offer.name,
        kind=SAAS,
        account_id=offer.publisher_id,
        plans=tuple(
            ListedPlan(
                external_id=plan.id,
                durable_id=durable_plan_id(offer.id, plan.id),
                name=plan.name,
                is_per_user=plan.is_per_seat,
                has_trial=plan.has_free_trial,
                terms=listed_terms(plan),
                dimensions=plan.dimensions,
                plan=plan,
            )
            for plan in offer.listed_plans
        ),
    )


def _unsold(offer_id: str, name: str, kind: str, account_id: str) -> Product:
    terms = tuple(ListedTerm(months=each, payment_months=12, price=Decimal(12_000)) for each in _YEARS_LISTED)
    plan = ListedPlan(
        external_id="standard", durable_id=durable_plan_id(offer_id, "standard"), name="Standard", terms=terms
    )
    return Product(
        external_id=offer_id,
        durable_id=product_id(offer_id),
        name=name,
        kind=kind,
        account_id=account_id,
        plans=(plan,),
    )


def _spellings(durable_id: str) -> set[str]:
    _, _, rest = durable_id.partition("/")
    plan = rest.rpartition("/")[2]
    return {durable_id, f"plan/{plan}", plan}
