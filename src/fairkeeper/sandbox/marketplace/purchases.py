"""A purchase: from what a buyer asks for to a subscription, checked against the catalogue.

Source: Managing the SaaS subscription life cycle, Purchased but not yet activated; Auto-activation announcement of
May 2026 (a plan's own setting; Subscribed and billed at purchase, told by a Subscribe webhook); read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from fairkeeper.sandbox.marketplace import operations
from fairkeeper.sandbox.marketplace import subscriptions as life
from fairkeeper.sandbox.marketplace.catalog import Catalog, Plan, check_quantity
from fairkeeper.sandbox.marketplace.errors import CatalogError
from fairkeeper.sandbox.marketplace.operations import Action, Change
from fairkeeper.sandbox.marketplace.private_offers import PrivateOffer, check_buyer
from fairkeeper.sandbox.marketplace.subscriptions import Party, Status, Subscription
from fairkeeper.sandbox.marketplace.terms import Charge, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a buyer asks for.

    Args:
        name: Of the subscription; made from the offer's and the company's if left out.
        company: What the beneficiary's company is called.
        auto_activation: True or false against the plan's own setting, None to follow it.
        is_reseller_purchase: The purchaser is a cloud solution provider.
        is_dry_run: A test without money: `sessionMode` is DryRun.
    """

    plan_id: str
    purchaser: Party
    beneficiary: Party
    offer_id: str | None = None
    name: str | None = None
    company: str = "a customer"
    quantity: int | None = None
    auto_activation: bool | None = None
    is_reseller_purchase: bool = False
    is_free_trial: bool = False
    is_dry_run: bool = False
    is_auto_renewed: bool = True
    private_offer_id: str | None = None


def purchase(order: Order, catalog: Catalog, *, subscription_id: str, operation_id: str, at: datetime) -> Change:
    """Make the subscription of an order; an auto-activated one is Subscribed at once and announced.

    Raises:
        CatalogError: The plan or private offer does not exist or is not for this customer.
        QuantityError: The seats do not fit the plan.
    """
    offer = catalog.offer_of_plan(order.plan_id, order.offer_id)
    plan = catalog.plan(order.plan_id, offer.id)
    private = _private_offer(order, catalog, at)
    _check_open(order, plan, private)
    check_quantity(plan, order.quantity)
    bought = Subscription(
        id=subscription_id,
        name=order.name or f"{offer.name} for {order.company}",
        publisher_id=offer.publisher_id,
        offer_id=offer.id,
        plan_id=plan.id,
        quantity=order.quantity,
        purchaser=order.purchaser,
        beneficiary=order.beneficiary,
        term=_term(order, plan, private),
        billing_unit=(private.renewal_unit or private.term_unit) if private else plan.term_unit,
        status=Status.PENDING,
        purchased_at=at,
        modified_at=at,
        is_auto_renewed=order.is_auto_renewed,
        is_free_trial=order.is_free_trial,
        is_dry_run=order.is_dry_run,
        is_reseller_purchase=order.is_reseller_purchase,
        private_offer_id=private.id if private else None,
        charges=_charges(private, at),
    )
    is_automatic = plan.is_auto_activated if order.auto_activation is None else order.auto_activation
    if not is_automatic:
        return Change(subscription=bought)
    active = life.activate(bought, at)
    return operations.inform(Action.SUBSCRIBE, active, active, operation_id=operation_id, at=at)


def _private_offer(order: Order, catalog: Catalog, at: datetime) -> PrivateOffer | None:
    if order.private_offer_id is None:
        return None
    plan_ids = {each.plan_id for each in catalog.private_offers if each.id == order.private_offer_id}
    wanted = order.plan_id if order.plan_id in plan_ids else None
    private = catalog.private_offer(order.private_offer_id, wanted)
    check_buyer(private, order.plan_id, order.purchaser, at.date())
    return private


def _charges(private: PrivateOffer | None, at: datetime) -> tuple[Charge, ...]:
    """Return the schedule of a private price with the day of the purchase where it says "at purchase"."""
    charges = private.charges if private else ()
    return tuple(replace(charge, on=charge.on or at.date()) for charge in charges)


def _check_open(order: Order, plan: Plan, private: PrivateOffer | None) -> None:
    if private is None and plan.made_for is not None:
        raise CatalogError(f"Plan {plan.id!r} is sold only through private offer {plan.made_for!r}.")
    if private is None and not plan.is_open_to(order.beneficiary.tenant_id):
        raise CatalogError(f"Plan {plan.id!r} is private and not open to tenant {order.beneficiary.tenant_id}.")
    if order.is_free_trial and not plan.has_free_trial:
        raise CatalogError(f"Plan {plan.id!r} has no free trial.", code="sandbox.no_free_trial")


def _term(order: Order, plan: Plan, private: PrivateOffer | None) -> Term:
    if order.is_free_trial:
        return Term(unit="P1M")
    chosen = private or plan
    return Term(unit=chosen.term_unit, charge_duration=chosen.charge_duration)


def without_announcement(change: Change) -> Change:
    """Return the same purchase as one whose webhook never leaves (to fill a sandbox quickly)."""
    return replace(change, notices=())
