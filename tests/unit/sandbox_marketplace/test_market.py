"""The market's verbs and clocks.

Documents: Managing the SaaS subscription life cycle ("LIFE"), SaaS fulfillment Subscription APIs v2 ("SUB"), SaaS
fulfillment operations APIs v2 ("OPS"), Implementing a webhook on the SaaS service ("WH").
"""

from __future__ import annotations

import pathlib
import random
from datetime import date

import pytest

from fairkeeper.sandbox.marketplace.errors import (
    CatalogError,
    LandingTokenError,
    LockedError,
    NotAllowedError,
    QuantityError,
    RequestError,
    StateError,
)
from fairkeeper.sandbox.marketplace.faults import Faults
from fairkeeper.sandbox.marketplace.operations import Action, OperationStatus, Source, Wanted
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.sandbox.marketplace.subscriptions import Status
from tests.unit.sandbox_marketplace.builders import ADATUM, Rehearsal, order, party


def status(stage: Rehearsal, subscription_id: str) -> Status:
    return stage.market.subscription(subscription_id).status


def test_a_purchase_that_nobody_activates_is_dropped_in_silence_after_30_days() -> None:
    stage = Rehearsal()
    bought = stage.buy()
    stage.move(days=30, seconds=-1)
    assert status(stage, bought.id) is Status.PENDING
    stage.move(seconds=1)
    assert (status(stage, bought.id), stage.sent) == (Status.UNSUBSCRIBED, [])


def test_a_suspended_subscription_ends_with_a_webhook_after_30_days() -> None:
    """LIFE, Suspended: after the 30-day grace period the webhook receives Unsubscribe."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.market.suspend(bought.id)
    stage.move(days=29, hours=23)
    assert (status(stage, bought.id), stage.told()) == (Status.SUSPENDED, [Action.SUSPEND])
    stage.move(hours=1)
    assert (status(stage, bought.id), stage.told()) == (Status.UNSUBSCRIBED, [Action.SUSPEND, Action.UNSUBSCRIBE])


def test_terms_renew_one_by_one_when_much_time_passes() -> None:
    """LIFE, Renewed."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.move(days=100)
    assert stage.told() == [Action.RENEW] * 3
    assert [notice.subscription.term.start_on for notice in stage.sent] == [
        date(2026, 12, 22),
        date(2027, 1, 22),
        date(2027, 2, 22),
    ]
    assert stage.market.subscription(bought.id).term.end_on == date(2027, 3, 21)


def test_a_term_without_auto_renewal_ends_the_subscription() -> None:
    """LIFE, Renewed: canceled at the end of the current billing term."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.market.set_auto_renewal(bought.id, is_on=False)
    stage.move(days=31)
    assert (status(stage, bought.id), stage.told()) == (Status.UNSUBSCRIBED, [Action.UNSUBSCRIBE])


def test_a_landing_token_lives_24_hours_and_is_good_in_any_status() -> None:
    """SUB, Resolve: valid for 24 hours; details for subscriptions in all statuses."""
    stage = Rehearsal()
    bought = stage.buy()
    token = stage.market.mint_landing_token(bought.id)
    stage.market.cancel(bought.id)
    assert stage.market.resolve(token).status is Status.UNSUBSCRIBED
    stage.move(hours=24, seconds=-1)
    stage.market.resolve(token)
    stage.move(seconds=1)
    with pytest.raises(LandingTokenError, match="expired"):
        stage.market.resolve(token)
    with pytest.raises(LandingTokenError, match="unknown"):
        stage.market.resolve(token[:-1])


def test_a_landing_token_needs_encoding() -> None:
    """SUB, Resolve: the example decodes to a token with + and /."""
    stage = Rehearsal()
    token = stage.market.mint_landing_token(stage.buy().id)
    assert {"+", "/"} <= set(token)


def test_silence_for_ten_seconds_after_delivery_accepts_a_change() -> None:
    """LIFE, Update initiated from the commercial marketplace: automatically patched as Success."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    operation = stage.market.request_change(bought.id, Wanted(quantity=25), source=Source.AZURE)
    stage.move(minutes=5)
    assert stage.market.operation(bought.id, operation.id).is_pending, "nobody was told yet"
    stage.market.webhook_delivered(operation.id, stage.clock.now())
    stage.move(seconds=9.9)
    assert stage.market.subscription(bought.id).quantity == 10
    stage.move(seconds=0.1)
    assert stage.market.subscription(bought.id).quantity == 25
    assert stage.market.operation(bought.id, operation.id).status is OperationStatus.SUCCEEDED


def test_failure_keeps_the_old_values() -> None:
    """LIFE: with fail status the subscription keeps the existing plan and quantity."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    operation = stage.market.request_change(bought.id, Wanted(plan_id="team-plus"), source=Source.AZURE)
    stage.market.answer(bought.id, operation.id, is_success=False)
    stage.move(minutes=1)
    assert stage.market.subscription(bought.id).plan_id == "team"
    assert stage.market.operation(bought.id, operation.id).status is OperationStatus.FAILED


def test_a_failed_change_can_be_followed_by_a_revert_notice() -> None:
    stage = Rehearsal()
    stage.faults.set(Faults(revert_notices=True))
    bought = stage.bought_and_active()
    operation = stage.market.request_change(bought.id, Wanted(plan_id="team-plus"), source=Source.AZURE)
    stage.market.answer(bought.id, operation.id, is_success=False)
    notice = stage.sent[-1]
    assert notice.operation.id != operation.id
    assert (notice.operation.plan_id, notice.subscription.plan_id) == ("team", "team")


def test_a_change_webhook_carries_new_values_outside_and_old_inside() -> None:
    """WH: payload."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.market.request_change(bought.id, Wanted(plan_id="team-plus"), source=Source.AZURE)
    notice = stage.sent[-1]
    assert (notice.operation.plan_id, notice.subscription.plan_id) == ("team-plus", "team")
    assert notice.operation.status is OperationStatus.IN_PROGRESS


def test_a_pending_operation_locks_the_subscription() -> None:
    """SUB, Cancel, 409."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.market.request_change(bought.id, Wanted(quantity=25), source=Source.AZURE)
    with pytest.raises(LockedError):
        stage.market.request_change(bought.id, Wanted(quantity=26), source=Source.PARTNER)
    with pytest.raises(LockedError):
        stage.market.request_cancellation(bought.id)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Wanted(plan_id="team"), CatalogError),  # SUB, Change plan, 400: same as the current plan
        (Wanted(plan_id="gold"), CatalogError),  # does not exist
        (Wanted(plan_id="business"), CatalogError),  # of another offer
        (Wanted(quantity=10), QuantityError),  # SUB, Change quantity, 400: same as the current quantity
        (Wanted(quantity=501), QuantityError),  # greater than the plan's limit
        (Wanted(quantity=0), QuantityError),
        (Wanted(), RequestError),  # missing
        (Wanted(plan_id="team-plus", quantity=5), RequestError),  # not both
    ],
)
def test_impossible_changes_are_refused(wanted: Wanted, error: type[Exception]) -> None:
    stage = Rehearsal()
    bought = stage.bought_and_active()
    with pytest.raises(error):
        stage.market.request_change(bought.id, wanted, source=Source.AZURE)
    assert stage.sent == []


def test_a_private_plan_is_offered_only_to_its_audience() -> None:
    """SUB, Change plan: for private plans the customer's tenant must be in the audience."""
    stage = Rehearsal()
    own, other = stage.bought_and_active(), stage.bought_and_active(beneficiary=party(ADATUM))
    assert "team-annual" in [plan.id for plan in stage.market.plans_for(own)]
    assert "team-annual" not in [plan.id for plan in stage.market.plans_for(other)]
    with pytest.raises(CatalogError):
        stage.market.request_change(other.id, Wanted(plan_id="team-annual"), source=Source.AZURE)


def test_a_resellers_purchase_is_changed_by_the_reseller_not_the_publisher() -> None:
    """SUB, 400: Update (Delete) is not among allowedCustomerOperations; the purchaser can do everything."""
    stage = Rehearsal()
    bought = stage.bought_and_active(is_reseller_purchase=True, purchaser=party(ADATUM))
    with pytest.raises(NotAllowedError):
        stage.market.request_change(bought.id, Wanted(quantity=25), source=Source.PARTNER)
    with pytest.raises(NotAllowedError):
        stage.market.request_cancellation(bought.id)
    stage.market.request_change(bought.id, Wanted(quantity=25), source=Source.AZURE)


def test_the_publishers_cancellation_is_told_when_it_is_done() -> None:
    """SUB, Cancel: 202; the webhook follows."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    operation = stage.market.request_cancellation(bought.id)
    assert (status(stage, bought.id), stage.sent) == (Status.SUBSCRIBED, [])
    stage.move(seconds=1)
    assert status(stage, bought.id) is Status.UNSUBSCRIBED
    assert [(notice.operation.id, notice.operation.status) for notice in stage.sent] == [
        (operation.id, OperationStatus.SUCCEEDED)
    ]


def test_a_reinstatement_waits_for_the_publisher_without_limit_of_ten_seconds() -> None:
    """LIFE, Reinstated: stays Suspended until the publisher patches with success."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.market.suspend(bought.id)
    operation = stage.market.request_reinstatement(bought.id)
    stage.market.webhook_delivered(operation.id, stage.clock.now())
    stage.move(days=3)
    assert status(stage, bought.id) is Status.SUSPENDED
    stage.market.answer(bought.id, operation.id, is_success=True)
    assert status(stage, bought.id) is Status.SUBSCRIBED
    assert stage.market.subscription(bought.id).suspended_at is None


def test_a_refused_reinstatement_leaves_it_suspended() -> None:
    """LIFE, Reinstated: with fail status it remains Suspended."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.market.suspend(bought.id)
    operation = stage.market.request_reinstatement(bought.id)
    stage.market.answer(bought.id, operation.id, is_success=False)
    assert status(stage, bought.id) is Status.SUSPENDED
    stage.market.request_reinstatement(bought.id)


def test_a_term_that_ended_during_suspension_renews_at_reinstatement() -> None:
    """LIFE, Renewed: only active subscriptions are renewed."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    stage.move(days=28)
    stage.market.suspend(bought.id)
    stage.move(days=5)
    assert Action.RENEW not in stage.told()
    operation = stage.market.request_reinstatement(bought.id)
    stage.market.answer(bought.id, operation.id, is_success=True)
    stage.market.catch_up()
    assert stage.told()[-1] is Action.RENEW


def test_an_answer_after_something_newer_is_a_conflict() -> None:
    """OPS, Update the status, 409: a newer update is already fulfilled."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    operation = stage.market.request_change(bought.id, Wanted(quantity=25), source=Source.AZURE)
    stage.market.suspend(bought.id)
    with pytest.raises(StateError, match="Conflict"):
        stage.market.answer(bought.id, operation.id, is_success=True)
    assert stage.market.subscription(bought.id).quantity == 10


def test_the_same_answer_twice_is_fine_and_the_opposite_is_not() -> None:
    stage = Rehearsal()
    bought = stage.bought_and_active()
    operation = stage.market.request_change(bought.id, Wanted(quantity=25), source=Source.AZURE)
    stage.market.answer(bought.id, operation.id, is_success=True)
    stage.market.answer(bought.id, operation.id, is_success=True)
    with pytest.raises(StateError):
        stage.market.answer(bought.id, operation.id, is_success=False)


def test_a_change_whose_webhook_was_refused_or_never_taken_fails() -> None:
    """WH: the operation will eventually fail on the Microsoft side."""
    stage = Rehearsal()
    bought = stage.bought_and_active()
    operation = stage.market.request_change(bought.id, Wanted(quantity=25), source=Source.AZURE)
    stage.market.webhook_failed(operation.id, "The webhook answered 400.")
    settled = stage.market.operation(bought.id, operation.id)
    assert (settled.status, settled.error_message) == (OperationStatus.FAILED, "The webhook answered 400.")


def test_a_bound_subscription_cannot_be_cancelled_by_anyone() -> None:
    stage = Rehearsal()
    offer = stage.market.catalog.private_offers[0]
    bought = stage.bought_and_active("enterprise", private_offer_id=offer.id)
    stage.move(hours=73)
    with pytest.raises(StateError, match="payments"):
        stage.market.cancel(bought.id)
    with pytest.raises(StateError, match="payments"):
        stage.market.request_cancellation(bought.id)
    stage.move(days=3 * 366)
    assert status(stage, bought.id) is Status.SUBSCRIBED


def test_everything_outlives_a_restart(tmp_path: pathlib.Path) -> None:
    first = Rehearsal(storage=Storage(tmp_path))
    bought = [first.buy() for _ in range(3)]
    active = first.bought_and_active()
    operation = first.market.request_change(active.id, Wanted(quantity=25), source=Source.AZURE)
    token = first.market.mint_landing_token(bought[0].id)
    first.market.cancel(bought[1].id)
    before = first.market.subscriptions()
    first.storage.close()

    second = Rehearsal(storage=Storage(tmp_path))
    assert second.market.subscriptions() == before
    assert second.market.resolve(token).id == bought[0].id
    assert second.market.operation(active.id, operation.id) == operation
    second.move(days=30)
    assert status(second, bought[2].id) is Status.UNSUBSCRIBED
    second.storage.close()


def test_deadlines_fall_due_in_order_of_time_over_all_subscriptions() -> None:
    stage = Rehearsal()
    for _ in range(20):
        stage.bought_and_active()
        stage.move(days=random.Random(7).random())
    stage.sent.clear()
    stage.move(days=70)
    instants = [notice.operation.started_at for notice in stage.sent]
    assert len(instants) == 40
    assert instants == sorted(instants)


def test_many_purchases_can_be_made_without_announcement() -> None:
    stage = Rehearsal()
    made = stage.market.purchase_many([order("starter")] * 50, announced=False)
    assert len({each.id for each in made}) == 50
    assert stage.sent == []
