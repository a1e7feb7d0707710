"""What the made-up publisher sells: offers, plans, metered dimensions and private offers. Data and its own rules only.

One pricing model (flat or per seat) an offer, and metered dimensions only on flat plans, as Partner Center demands;
hence two offers. A third belongs to another publisher, so that a call can meet somebody else's subscription.
Source: Plan a SaaS offer; Plans and pricing; SaaS fulfillment Subscription APIs v2, List available plans; read
2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fairkeeper.sandbox.marketplace.errors import CatalogError, QuantityError
from fairkeeper.sandbox.marketplace.private_offers import PrivateOffer

FAIRMILE = "fairmile"
TAILSPIN = "tailspin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One metered dimension of a plan.

    Args:
        price_minor: Price of one unit over the included ones, in hundredths of the plan's currency.
        included_units: Units in each term that cost nothing more.
    """

    id: str
    name: str
    unit_of_measure: str
    price_minor: int
    included_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One way to buy an offer.

    Args:
        price_minor: Price of a charge (of a seat, on a per-seat plan), in hundredths of the currency.
        max_quantity: Most seats; None on a flat plan.
        audience: Tenants that see a private plan.
        made_for: GUID of the private offer that this plan was made for; it is sold through that one only.
    """

    id: str
    name: str
    description: str
    price_minor: int
    term_unit: str
    charge_duration: str | None = None
    currency: str = "USD"
    min_quantity: int | None = None
    max_quantity: int | None = None
    is_auto_activated: bool = False
    has_free_trial: bool = False
    is_private: bool = False
    audience: frozenset[str] = frozenset()
    dimensions: tuple[Dimension, ...] = ()
    made_for: str | None = None

    @property
    def is_per_seat(self) -> bool:
        """Whether a number of seats is bought."""
        return self.max_quantity is not None

    def is_open_to(self, tenant_id: str) -> bool:
        """Say whether a customer of this tenant may buy the plan."""
        return not self.is_private or tenant_id in self.audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product of one publisher with its plans."""

    id: str
    name: str
    summary: str
    publisher_id: str
    publisher_name: str
    plans: tuple[Plan, ...]

    @property
    def listed_plans(self) -> tuple[Plan, ...]:
        """The plans that stand in the publisher's listing: all but those made for one private offer."""
        return tuple(plan for plan in self.plans if plan.made_for is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All that can be bought. Plan ids are unique over all offers, so a plan id alone names its offer."""

    offers: tuple[Offer, ...]
    private_offers: tuple[PrivateOffer, ...] = ()

    def offer_of_plan(self, plan_id: str, offer_id: str | None = None) -> Offer:
        """Return the offer that has the plan.

        Raises:
            CatalogError: No offer (or not the one named) has it.
        """
        for offer in self.offers:
            if offer_id in {None, offer.id} and any(plan.id == plan_id for plan in offer.plans):
                return offer
        where = f"offer {offer_id!r}" if offer_id else "the catalogue"
        raise CatalogError(f"There is no plan {plan_id!r} in {where}.")

    def plan(self, plan_id: str, offer_id: str | None = None) -> Plan:
        """Return a plan by its id.

        Raises:
            CatalogError: There is none.
        """
        offer = self.offer_of_plan(plan_id, offer_id)
        return next(plan for plan in offer.plans if plan.id == plan_id)

    def plans_open_to(self, offer_id: str, tenant_id: str) -> tuple[Plan, ...]:
        """Return the plans of an offer that a customer may change to, public ones and its private ones."""
        plans = next(offer.listed_plans for offer in self.offers if offer.id == offer_id)
        return tuple(plan for plan in plans if plan.is_open_to(tenant_id))

    def private_offer(self, private_offer_id: str, plan_id: str | None = None) -> PrivateOffer:
        """Return a private offer's price by its GUID and plan; without a plan, the first of its prices.

        Raises:
            CatalogError: There is none.
        """
        for offer in self.private_offers:
            if offer.id == private_offer_id and plan_id in {None, offer.plan_id}:
                return offer
        wanted = f"{private_offer_id!r}" if plan_id is None else f"{private_offer_id!r} for plan {plan_id!r}"
        raise CatalogError(f"There is no private offer {wanted}.", code="sandbox.private_offer_unknown")

    def selling(self, offer_id: str, plan: Plan | None, private: PrivateOffer) -> Catalog:
        """Return a catalogue that sells one private price more, with the plan that was made for it."""
        offers = self.offers
        if plan is not None:
            offers = tuple(
                replace(offer, plans=(*(each for each in offer.plans if each.id != plan.id), plan))
                if offer.id == offer_id
                else offer
                for offer in offers
            )
        others = (each for each in self.private_offers if (each.id, each.plan_id) != (private.id, private.plan_id))
        return replace(self, offers=offers, private_offers=(*others, private))


def check_quantity(plan: Plan, quantity: int | None) -> None:
    """Check that a number of seats fits a plan.

    Raises:
        QuantityError: A flat plan with seats, a per-seat plan without, or outside the plan's limits.

    Example:
        >>> check_quantity(Plan(id="p", name="P", description="", price_minor=0, term_unit="P1M"), None)
    """
    if not plan.is_per_seat:
        if quantity is not None:
            raise QuantityError(f"Plan {plan.id!r} is flat rate and takes no seats, got {quantity}.")
        return
    low, high = plan.min_quantity or 1, plan.max_quantity or 1
    if quantity is None:
        raise QuantityError(f"Plan {plan.id!r} is priced per seat and needs a number of seats ({low} to {high}).")
    if not low <= quantity <= high:
        raise QuantityError(f"Plan {plan.id!r} takes {low} to {high} seats, got {quantity}.")


_DOCUMENTS = Dimension(
    id="documents", name="Documents handled", unit_of_measure="document", price_minor=12, included_units=1_000
)


def default_catalog(private_audience: frozenset[str], private_buyer: str) -> Catalog:
    """Return the sandbox's catalogue.

    Args:
        private_audience: Tenants that see the private plans.
        private_buyer: Tenant that holds an accepted private offer.
    """
    assistant = Offer(
        id="fairmile-assistant",
        name="Fairmile Assistant",
        summary="An assistant beside everyone who answers customers. Priced per seat.",
        publisher_id=FAIRMILE,
        publisher_name="Fairmile Software",
        plans=_assistant_plans(private_audience),
    )
    desk = Offer(
        id="fairmile-desk",
        name="Fairmile Desk",
        summary="Agents that read, sort and answer the post of a whole company. Flat rate, documents metered.",
        publisher_id=FAIRMILE,
        publisher_name="Fairmile Software",
        plans=_desk_plans(private_audience),
    )
    three_years = PrivateOffer(
        id="5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a01",
        name="Three years of Enterprise",
        plan_id="enterprise",
        tenant_id=private_buyer,
        price_minor=9_000_000,
        term_unit="P3Y",
        charge_duration="P1Y",
    )
    return Catalog(offers=(assistant, desk, _other_publisher()), private_offers=(three_years,))


def _assistant_plans(audience: frozenset[str]) -> tuple[Plan, ...]:
    return (
        Plan(
            id="team",
            name="Team",
            description="For a team of up to 500 people, month by month.",
            price_minor=1_900,
            term_unit="P1M",
            min_quantity=1,
            max_quantity=500,
        ),
        Plan(
            id="team-plus",
            name="Team Plus",
            description="More seats and an hour's answer time. Starts at purchase, without a visit to the publisher.",
            price_minor=2_900,
            term_unit="P1M",
            min_quantity=5,
            max_quantity=5_000,
            is_auto_activated=True,
        ),
        Plan(
            id="team-annual",
            name="Team Annual",
            description="For invited customers: a year at a time, charged monthly.",
            price_minor=1_500,
            term_unit="P1Y",
            charge_duration="P1M",
            min_quantity=10,
            max_quantity=10_000,
            is_private=True,
            audience=audience,
        ),
    )


def _desk_plans(audience: frozenset[str]) -> tuple[Plan, ...]:
    return (
        Plan(
            id="starter",
            name="Starter",
            description="One mailbox. Starts at purchase, without a visit to the publisher.",
            price_minor=9_900,
            term_unit="P1M",
            is_auto_activated=True,
        ),
        Plan(
            id="trial",
            name="Try it",
            description="One mailbox, the first month free.",
            price_minor=9_900,
            term_unit="P1M",
            has_free_trial=True,
        ),
        Plan(
            id="business",
            name="Business",
            description="All mailboxes of a company, 1,000 documents a month included.",
            price_minor=79_900,
            term_unit="P1M",
            dimensions=(_DOCUMENTS,),
        ),
        Plan(
            id="enterprise",
            name="Enterprise",
            description="For invited customers: a year at a time, 1,000 documents included.",
            price_minor=2_400_000,
            term_unit="P1Y",
            is_private=True,
            audience=audience,
            dimensions=(_DOCUMENTS,),
        ),
    )


def _other_publisher() -> Offer:
    plan = Plan(id="notes", name="Notes", description="Another publisher's plan.", price_minor=500, term_unit="P1M")
    return Offer(
        id="tailspin-notes",
        name="Tailspin Notes",
        summary="Of another publisher, whose subscriptions Fairmile Software may not read.",
        publisher_id=TAILSPIN,
        publisher_name="Tailspin",
        plans=(plan,),
    )
