"""Lost webhooks: whatever was not told is found by comparing with Microsoft's list."""

from __future__ import annotations

import pytest

from fairkeeper.customers.actions.marketplace.reconcile import reconcile, record_reconciliation
from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.customers.tables import ReconciliationRow, SubscriptionRow
from fairkeeper.database.tasks import TaskRow
from fairkeeper.sandbox.marketplace.faults import Quirk
from tests.actions.customers.world import FREYA, World, payload_of, person_of, refused, staff


def test_a_purchase_that_nobody_told_of_is_found(world: World) -> None:
    silent = world.buy()

    world.move(hours=1)

    row = world.subscription(silent)
    assert (row.status, row.provisioning) == ("PendingFulfillmentStart", "none")
    assert payload_of(world.entries("subscription_recorded")[0])["source"] == "reconciliation"
    found = payload_of(world.entries("reconciled")[0])
    assert (found["differences"], found["found"][0]["kind"]) == (1, "missing_here")


def test_a_lost_subscribe_is_repaired(world: World) -> None:
    world.faults(lose_next=1)
    subscription_id = world.buy(auto_activation=True)

    world.move(hours=1)

    assert world.heard == []
    assert world.subscription(subscription_id).provisioning == "ready"


@pytest.mark.parametrize(
    ("verb", "fields", "status", "wishes"),
    [
        ("suspend", {}, "Suspended", ["provision", "suspend"]),
        ("cancel", {}, "Unsubscribed", ["provision", "drain"]),
        ("change-plan", {"plan_id": "team-plus"}, "Subscribed", ["provision", "change"]),
        ("change-quantity", {"quantity": 25}, "Subscribed", ["provision", "change"]),
        ("renew", {}, "Subscribed", ["provision"]),
    ],
)
def test_what_a_lost_webhook_would_have_told_is_done(
    world: World, verb: str, fields: dict[str, object], status: str, wishes: list[str]
) -> None:
    subscription_id = world.buy_active()
    before = world.subscription(subscription_id).term_end_on
    world.faults(lose_next=1)
    world.customer_does(subscription_id, verb, **fields)

    world.move(hours=1)

    row = world.subscription(subscription_id)
    assert (row.status, world.systems.wishes) == (status, wishes)
    assert row.plan_id == fields.get("plan_id", "team")
    assert row.quantity == fields.get("quantity", 10)
    assert (row.term_end_on != before) == (verb == "renew")
    assert len(world.notices()) == 1


def test_a_reinstatement_whose_webhook_was_lost_is_answered(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "suspend")
    world.work()
    world.faults(lose_next=1)
    world.customer_does(subscription_id, "reinstate")
    world.work()
    assert world.there(subscription_id).status_text == "Suspended"

    world.move(hours=1)

    assert world.there(subscription_id).status_text == "Subscribed"
    assert world.subscription(subscription_id).status == "Subscribed"
    assert world.systems.wishes == ["provision", "suspend", "resume"]


def test_nothing_is_recorded_while_both_sides_agree(world: World) -> None:
    world.buy_active()
    world.move(hours=1)

    with world.no_entry():
        for _ in range(3):
            world.move(hours=1)

    runs = world.rows(ReconciliationRow)
    assert len(runs) == 5
    assert [(run.listed, run.differences, run.is_complete) for run in runs[1:]] == [(1, 0, True)] * 4


def test_a_difference_that_stays_is_told_once(world: World) -> None:
    subscription_id = world.buy_active()
    with world.database.write() as session:
        gone = session.get(SubscriptionRow, subscription_id)
        assert gone is not None
        copy = {column.key: getattr(gone, column.key) for column in SubscriptionRow.__table__.columns}
        session.add(SubscriptionRow(**{**copy, "subscription_id": "10000000-0000-4000-8000-00000000dead"}))

    world.move(hours=1)
    (reminder,) = world.reminders(code="customers.missing_there")
    told = len(world.entries("reconciled"))
    world.move(hours=1)
    world.run(close_reminder, staff(), reminder_id=reminder.id, why="Microsoft says it was a test purchase.")
    world.move(hours=1)

    assert told == len(world.entries("reconciled")) == 1
    assert world.reminders(code="customers.missing_there") == [], "what a person has judged stays judged"
    assert world.rows(SubscriptionRow)[0].provisioning == "ready", "and nothing is stopped for it"


def test_what_microsoft_lists_again_is_no_finding_any_more(world: World) -> None:
    subscription_id = world.buy_active()
    difference = {"subscription_id": subscription_id, "kind": "missing_there", "repair": "read_and_ask", "message": "-"}
    world.run(record_reconciliation, listed=0, is_complete=True, differences=[difference])
    assert len(world.reminders(code="customers.missing_there")) == 1

    world.work()

    assert world.reminders() == []


def test_a_person_asks_for_a_comparison_now(world: World) -> None:
    world.work()
    silent = world.buy()

    with world.no_entry():
        assert world.run(reconcile, staff("support")).is_new
    world.work()

    assert world.subscription(silent).status == "PendingFulfillmentStart"
    with refused("access.not_permitted"):
        world.run(reconcile, staff("seller"))
    with refused("access.not_permitted"):
        world.run(reconcile, person_of(world.subscription(silent).customer_id))


def test_one_comparison_that_waits_is_enough_and_one_that_ran_is_not(world: World) -> None:
    assert world.run(reconcile, staff()).is_new
    assert not world.run(reconcile, staff()).is_new
    world.work()
    silent = world.buy()

    assert world.run(reconcile, staff()).is_new
    world.work()

    assert world.subscription(silent).status == "PendingFulfillmentStart"


def test_a_microsoft_that_is_down_is_asked_again(world: World) -> None:
    world.faults(fail_percent=100)
    silent = world.buy()
    world.move(hours=1)
    assert world.count(SubscriptionRow) == 0

    world.faults()
    world.move(minutes=10)

    assert world.subscription(silent).status == "PendingFulfillmentStart"


def test_many_subscriptions_are_taken_over_in_pieces(world: World) -> None:
    bought = world.control(
        "/bulk", plan_id="business", purchaser=FREYA, auto_activation=True, subscriptions=1050, announced=False
    )["subscription_ids"]

    world.do_only("customers.reconcile")
    world.run(reconcile, staff())
    world.do_only("customers.reconcile")

    planted = world.rows(TaskRow, TaskRow.name == "customers.read_subscription")
    assert {task.payload["subscription_id"] for task in planted} == set(bought)
    pieces = [payload_of(entry) for entry in world.entries("reconciled")]
    assert [piece["differences"] for piece in pieces] == [500, 500, 50]


def test_the_list_of_operations_may_lag_and_lack(world: World) -> None:
    world.faults(quirks=[Quirk.OPERATIONS_LISTED_LATE.value, Quirk.UNKNOWN_SUBSCRIPTION_HAS_NO_OPERATIONS.value])
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "suspend")
    world.work()

    world.move(hours=1)

    assert world.failed_tasks() == []
    assert world.subscription(subscription_id).status == "Suspended"
