"""A private price that a customer accepted, as the marketplace sells it: for whom, which plan, when, and who may buy.

Separate from the catalogue, because a public plan is for everybody and at any time, and this is neither. How such a
price comes about is told in `fairkeeper.sandbox.ingestion`.
Source: Private offers for customers and its FAQ (buy under the billing account that accepted; from the start date on;
an Azure subscription's owner or contributor buys); read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fairkeeper.sandbox.marketplace.errors import CatalogError
from fairkeeper.sandbox.marketplace.subscriptions import Party
from fairkeeper.sandbox.marketplace.terms import Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateOffer:
    """A private price for one customer on one plan, accepted and ready to buy; an offer of many plans is many of these.

    Args:
        id: GUID of the private offer, the same for all its plans.
        tenant_id: The customer's.
        price_minor: Price of a charge, in hundredths of the currency; of a flexible schedule, all charges together.
        charges: Its flexible schedule, in order; empty where it is charged regularly.
        renewal_unit: Duration of the term after this one; None for as long again.
        starts_on: First day to buy; None for any.
        ends_on: Last day to buy; None for any.
        buyers: Object ids of those who may buy; empty for everybody of the tenant.
    """

    id: str
    name: str
    plan_id: str
    tenant_id: str
    price_minor: int
    term_unit: str
    charge_duration: str | None = None
    currency: str = "USD"
    charges: tuple[Charge, ...] = ()
    renewal_unit: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    buyers: frozenset[str] = frozenset()


def check_buyer(private: PrivateOffer, plan_id: str, purchaser: Party, on: date) -> None:
    """Check that somebody may buy a plan through a private offer today.

    Raises:
        CatalogError: It is for another customer, plan or person, or for another time.

    Example:
        >>> offer = PrivateOffer(id="1", name="N", plan_id="p", tenant_id="t", price_minor=1, term_unit="P1Y")
        >>> check_buyer(offer, "p", Party(email="a@b.example", object_id="o", tenant_id="t"), date(2026, 11, 22))
    """
    if private.plan_id != plan_id or private.tenant_id != purchaser.tenant_id:
        raise CatalogError(
            f"Private offer {private.id!r} is for another customer or plan.", code="sandbox.private_offer_not_for_buyer"
        )
    if private.buyers and purchaser.object_id not in private.buyers:
        raise CatalogError(
            f"{purchaser.email} is no owner or contributor of a subscription under the billing account.",
            code="sandbox.private_offer_not_for_buyer",
            remedy="Let an owner or contributor of an Azure subscription under the accepting billing account buy.",
        )
    if private.starts_on is not None and on < private.starts_on:
        raise CatalogError(
            f"The private price of {private.name!r} begins on {private.starts_on}; today is {on}.",
            code="sandbox.private_offer_not_running",
            remedy="Buy on or after its start date.",
        )
    if private.ends_on is not None and on > private.ends_on:
        raise CatalogError(
            f"The private offer {private.name!r} ended on {private.ends_on}; today is {on}.",
            code="sandbox.private_offer_not_running",
            remedy="Ask the publisher for another private offer.",
        )
