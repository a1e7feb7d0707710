"""Buying. Documents: Managing the SaaS subscription life cycle; Plan a SaaS offer; auto-activation announcement."""

from __future__ import annotations

import pytest

from fairkeeper.sandbox.marketplace.catalog import Catalog
from fairkeeper.sandbox.marketplace.errors import CatalogError, QuantityError
from fairkeeper.sandbox.marketplace.operations import Action, Change
from fairkeeper.sandbox.marketplace.purchases import Order, purchase
from fairkeeper.sandbox.marketplace.subscriptions import Status
from tests.unit.sandbox_marketplace.builders import ADATUM, CONTOSO, NOON, catalog, order, party


def bought(wanted: Order, shop: Catalog | None = None) -> Change:
    return purchase(wanted, shop or catalog(), subscription_id="s", operation_id="o", at=NOON)


def test_an_ordinary_purchase_waits_in_silence() -> None:
    """LIFE, Purchased but not yet activated: the publisher is not notified."""
    change = bought(order("team"))
    assert (change.subscription.status, change.notices) == (Status.PENDING, ())
    assert change.subscription.term.start_on is None


def test_an_auto_activated_purchase_is_subscribed_at_once_and_announced() -> None:
    """Auto-activation: Subscribed and billed at purchase, told by a Subscribe webhook."""
    change = bought(order("starter"))
    assert change.subscription.status is Status.SUBSCRIBED
    assert [notice.operation.action for notice in change.notices] == [Action.SUBSCRIBE]
    assert change.notices[0].subscription == change.subscription


@pytest.mark.parametrize(
    ("plan_id", "wish", "status"), [("team", True, Status.SUBSCRIBED), ("starter", False, Status.PENDING)]
)
def test_a_buyer_may_choose_against_the_plan(plan_id: str, wish: bool, status: Status) -> None:
    assert bought(order(plan_id, auto_activation=wish)).subscription.status is status


@pytest.mark.parametrize(("plan_id", "quantity"), [("team", None), ("team", 0), ("team", 501), ("business", 1)])
def test_seats_must_fit_the_plan(plan_id: str, quantity: int | None) -> None:
    with pytest.raises(QuantityError):
        bought(order(plan_id, quantity=quantity))


def test_a_private_plan_is_closed_to_others() -> None:
    assert bought(order("enterprise")).subscription.plan_id == "enterprise"
    with pytest.raises(CatalogError, match="private"):
        bought(order("enterprise", beneficiary=party(ADATUM)))


def test_a_private_offer_sets_term_and_is_remembered() -> None:
    offer = catalog().private_offers[0]
    change = bought(order("enterprise", private_offer_id=offer.id))
    assert (change.subscription.private_offer_id, change.subscription.term.unit) == (offer.id, "P3Y")
    with pytest.raises(CatalogError, match="another customer"):
        bought(order("enterprise", private_offer_id=offer.id, purchaser=party(ADATUM)))
    with pytest.raises(CatalogError, match="no private offer"):
        bought(order("enterprise", private_offer_id="none"))


def test_a_trial_is_one_month_and_only_where_the_plan_has_one() -> None:
    assert bought(order("trial", is_free_trial=True)).subscription.is_free_trial
    with pytest.raises(CatalogError, match="no free trial"):
        bought(order("team", is_free_trial=True))


def test_an_unknown_plan_or_one_of_another_offer_is_refused() -> None:
    with pytest.raises(CatalogError):
        bought(order("gold"))
    with pytest.raises(CatalogError):
        bought(order("business", offer_id="fairmile-assistant"))


def test_the_catalogue_keeps_partner_centers_rules() -> None:
    """Plan a SaaS offer: one pricing model an offer; no metering on per-seat plans; no trial on metered plans."""
    for offer in catalog().offers:
        assert len({plan.is_per_seat for plan in offer.plans}) == 1, offer.id
        for plan in offer.plans:
            assert not (plan.dimensions and (plan.is_per_seat or plan.has_free_trial)), plan.id
    ids = [plan.id for offer in catalog().offers for plan in offer.plans]
    assert len(ids) == len(set(ids))
    assert {CONTOSO} == {tenant for offer in catalog().offers for plan in offer.plans for tenant in plan.audience}
