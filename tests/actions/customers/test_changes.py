"""Plans, seats and the end: asked for by the customer and answered by the rule, or asked for by the publisher."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.action.operation import Operation
from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.marketplace.answer_operation import record_answer
from fairkeeper.customers.actions.marketplace.change_subscription import cancel_subscription, change_plan, change_seats
from fairkeeper.customers.actions.operate import block_use
from fairkeeper.customers.actions.set_change_rule import set_change_rule
from fairkeeper.customers.queries import list_deadlines, show_change_rule
from fairkeeper.database.tasks import TaskRow
from fairkeeper.sandbox.marketplace.faults import Quirk
from tests.actions.customers.world import CORA, FREYA, NOON, PERCY, World, payload_of, person_of, refused, staff

# --- what a customer asks for


def test_without_a_rule_a_change_is_accepted_and_the_publishers_systems_are_told(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "change-plan", plan_id="team-plus")

    world.work()

    (operation,) = world.operations()
    assert (operation.action_text, operation.answer, operation.is_ours) == ("ChangePlan", "Success", False)
    assert operation.answered_at == NOON, "within the ten seconds"
    assert operation.outcome == "taken"
    assert world.subscription(subscription_id).plan_id == "team-plus"
    assert (world.systems.wishes, world.systems.asked[-1].plan_id) == (["provision", "change"], "team-plus")
    answered = payload_of(world.entries("operation_answered")[0])
    assert (answered["answer"], answered["action"]) == ("Success", "ChangePlan")
    assert payload_of(world.entries("plan_changed")[0])["plan"] == "team-plus"


def test_a_plan_move_that_the_rule_does_not_list_is_refused_in_time(world: World) -> None:
    world.run(set_change_rule, staff(), allowed_moves=[{"from_plan": "team-plus", "to_plan": "team"}])
    subscription_id = world.buy_active()
    begun = world.customer_does(subscription_id, "change-plan", plan_id="team-plus")["operation_id"]

    world.work()

    assert world.controls.market.operation(subscription_id, begun).status == "Failed"
    assert world.subscription(subscription_id).plan_id == "team"
    (operation,) = world.operations()
    assert operation.answer == "Failure"
    assert "does not accept the move" in (operation.answer_reason or "")
    assert world.systems.wishes == ["provision"]


@pytest.mark.parametrize(("seats", "ends_with"), [(2, 10), (5, 5), (30, 30), (31, 10)])
def test_seats_are_decided_by_the_rules_limits(world: World, seats: int, ends_with: int) -> None:
    world.run(set_change_rule, staff(), minimum_seats=5, maximum_seats=30)
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "change-quantity", quantity=seats)

    world.work()

    assert world.subscription(subscription_id).quantity == ends_with


def test_a_revert_notice_after_a_refusal_is_taken_as_it_is(world: World) -> None:
    world.run(set_change_rule, staff(), maximum_seats=10)
    world.faults(revert_notices=True)
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "change-quantity", quantity=20)

    world.work()

    assert [body["quantity"] for body in world.heard[1:]] == [20, 10]
    assert [kept.state for kept in world.notices()] == ["done"] * 3
    assert [operation.answer for operation in world.operations()] == ["Failure"]
    assert world.subscription(subscription_id).quantity == 10


def test_a_change_is_refused_while_the_customer_is_blocked_if_the_rule_says_so(world: World) -> None:
    world.run(set_change_rule, staff(), refuse_while_blocked=True)
    subscription_id = world.buy_active()
    world.run(block_use, staff("security"), subscription_id=subscription_id, reason="Unpaid invoices.")
    world.customer_does(subscription_id, "change-quantity", quantity=20)

    world.work()

    assert world.subscription(subscription_id).quantity == 10


def test_an_answer_that_comes_too_late_is_recorded_and_the_present_state_followed(world: World) -> None:
    world.run(set_change_rule, staff(), maximum_seats=10)
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "change-quantity", quantity=20)
    world.arrive()
    world.do_only("customers.follow_notice")

    world.move(seconds=11)

    (operation,) = world.operations()
    assert operation.answer == "Failure"
    assert "409" in (operation.outcome or "")
    assert world.subscription(subscription_id).quantity == 20, "Microsoft has taken silence for yes"


def test_recording_an_answer_again_changes_nothing(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "change-plan", plan_id="team-plus")
    world.work()

    with world.no_entry():
        world.run(record_answer, operation_id=world.operations()[0].operation_id, outcome="again")

    assert world.operations()[0].outcome == "taken"
    with refused("customers.operation_not_found"):
        world.run(record_answer, operation_id="20000000-0000-4000-8000-00000000dead", outcome="x")
    assert subscription_id == world.operations()[0].subscription_id


def test_a_change_whose_answer_is_awaited_is_shown_with_its_ten_seconds(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "change-plan", plan_id="team-plus")
    world.arrive()
    world.do_only("customers.follow_notice")

    deadlines = world.run(list_deadlines, staff())

    assert (deadlines[0].clock, deadlines[0].due_at) == ("change_answer", NOON + timedelta(seconds=10))
    world.faults(fail_percent=100, fail_status=500)
    world.move(seconds=10)
    (reminder,) = world.reminders()
    assert "Microsoft takes silence for yes" in reminder.message
    world.faults()
    world.move(minutes=5)
    assert world.reminders() == []


# --- the rule


def test_the_rule_is_set_by_who_may_and_recorded_once(world: World) -> None:
    assert world.run(show_change_rule, staff()).maximum_seats is None

    with world.one_entry("change_rule_set") as told:
        world.run(set_change_rule, staff(), maximum_seats=30)
    with world.no_entry():
        world.run(set_change_rule, staff(), maximum_seats=30)

    assert told["maximum_seats"] == 30
    assert world.run(show_change_rule, staff("auditor")).maximum_seats == 30
    with refused("access.not_permitted"):
        world.run(set_change_rule, staff("support"), maximum_seats=1)
    with refused("customers.change_rule_refused"), world.no_entry():
        world.run(set_change_rule, staff(), minimum_seats=9, maximum_seats=8)


# --- what the publisher asks for


def test_the_publisher_changes_the_plan_on_the_customers_approval(world: World) -> None:
    # Our own rule must not refuse what we asked for ourselves.
    world.run(set_change_rule, staff(), allowed_moves=[])
    subscription_id = world.buy_active()

    with world.one_entry("change_asked") as told:
        world.run(change_plan, staff(), subscription_id=subscription_id, plan_id="team-plus")
    world.work()

    assert (told["what"], told["plan_id"]) == ("the plan team-plus", "team-plus")
    assert world.heard[-1]["operationRequestSource"] == "Partner"
    assert world.subscription(subscription_id).plan_id == "team-plus"
    (operation,) = world.operations()
    assert (operation.is_ours, operation.answer) == (True, "Success")
    assert world.kinds().count("change_begun") == 1


def test_a_notice_that_is_quicker_than_our_own_record_is_still_ours(world: World) -> None:
    world.run(set_change_rule, staff(), maximum_seats=10)
    subscription_id = world.buy_active()
    world.run(change_seats, staff(), subscription_id=subscription_id, quantity=20)
    # Microsoft has begun it and tells; the task that asked has not written down yet that it did.
    world.fulfillment.change_quantity(subscription_id, 20)
    world.arrive()
    world.do_only("customers.follow_notice")

    world.work()

    (operation,) = world.operations()
    assert (operation.is_ours, operation.answer) == (True, "Success")
    assert world.subscription(subscription_id).quantity == 20


def test_a_customers_change_is_not_taken_for_ours_because_we_ask_for_another(world: World) -> None:
    world.run(set_change_rule, staff(), maximum_seats=10)
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "change-quantity", quantity=30)
    world.run(change_seats, staff(), subscription_id=subscription_id, quantity=20)

    world.work()
    world.move(minutes=1)

    answers = {operation.is_ours: operation.answer for operation in world.operations()}
    assert answers == {False: "Failure", True: "Success"}
    assert world.subscription(subscription_id).quantity == 20


def test_the_live_services_fault_on_answering_our_own_operation_is_outlived(world: World) -> None:
    world.faults(quirks=[Quirk.OWN_OPERATION_PATCH_FAILS.value])
    subscription_id = world.buy_active()
    world.run(change_seats, staff(), subscription_id=subscription_id, quantity=20)
    world.work()
    assert world.operations()[0].answered_at is None

    world.move(seconds=11)

    (operation,) = world.operations()
    assert operation.answered_at is not None
    assert "Succeeded" in (operation.outcome or "")
    assert world.subscription(subscription_id).quantity == 20


def test_the_publisher_ends_a_subscription(world: World) -> None:
    subscription_id = world.buy_active()

    with world.one_entry("change_asked") as told:
        world.run(cancel_subscription, staff(), subscription_id=subscription_id, reason="The customer asked Ada to.")
    world.work()
    world.move(seconds=5)

    assert told["reason"] == "The customer asked Ada to."
    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning, row.stop_cause) == ("Unsubscribed", "stopped", "unsubscribed")
    assert world.operations()[0].outcome == "Succeeded"
    assert not any("Ada" in str(task.payload) for task in world.rows(TaskRow))
    with refused("customers.not_changeable"):
        world.run(cancel_subscription, staff(), subscription_id=subscription_id, reason="Again.")


def test_a_wish_that_microsoft_refuses_is_recorded_and_put_before_a_person(world: World) -> None:
    subscription_id = world.buy_active()

    world.run(change_plan, staff(), subscription_id=subscription_id, plan_id="no-such-plan")
    world.work()

    told = payload_of(world.entries("wish_refused")[0])
    assert "no-such-plan" in told["message"]
    assert [reminder.code for reminder in world.reminders()] == ["customers.wish_refused"]
    assert world.subscription(subscription_id).plan_id == "team"


def test_what_a_reseller_bought_is_not_changed_by_the_publisher(world: World) -> None:
    subscription_id = world.buy_active(purchaser=PERCY, beneficiary=FREYA, reseller=True)

    world.run(change_seats, staff(), subscription_id=subscription_id, quantity=20)
    world.work()

    assert len(world.entries("wish_refused")) == 1


def test_a_change_that_was_begun_and_not_written_down_is_no_refusal(world: World) -> None:
    subscription_id = world.buy_active()
    world.run(change_plan, staff(), subscription_id=subscription_id, plan_id="team-plus")
    # The first attempt reached Microsoft and its process died; the second finds the subscription locked, then changed.
    world.fulfillment.change_plan(subscription_id, "team-plus")

    world.work()
    world.move(minutes=1)

    assert world.subscription(subscription_id).plan_id == "team-plus"
    assert world.entries("wish_refused") == []
    assert world.reminders() == []


def test_what_cannot_be_asked_for_is_refused_before_microsoft_hears_of_it(world: World) -> None:
    subscription_id, flat = world.buy_active(), world.buy_active("business", purchaser=FREYA)
    waiting = world.buy()
    world.land(waiting)
    asked: list[tuple[Operation, str, dict[str, Any], str]] = [
        (change_plan, subscription_id, {"plan_id": "team"}, "customers.same_plan"),
        (change_seats, subscription_id, {"quantity": 10}, "customers.same_seats"),
        (change_seats, flat, {"quantity": 10}, "customers.not_per_seat"),
        (change_seats, waiting, {"quantity": 20}, "customers.not_changeable"),
        (change_plan, "10000000-0000-4000-8000-00000000dead", {"plan_id": "x"}, "customers.subscription_not_found"),
    ]
    for operation, about, fields, code in asked:
        with refused(code), world.no_entry():
            world.run(operation, staff(), subscription_id=about, **fields)


def test_who_may_change_and_cancel(world: World) -> None:
    mine, other = world.buy_active(), world.buy_active(purchaser=FREYA)
    admin = person_of(world.subscription(mine).customer_id)

    for operation, fields in ((change_plan, {"plan_id": "team-plus"}), (change_seats, {"quantity": 2})):
        with refused("access.not_permitted"):
            world.run(operation, admin, subscription_id=mine, **fields)
    with refused("customers.subscription_not_found"):
        world.run(cancel_subscription, admin, subscription_id=other, reason="Not mine.")
    with refused("access.not_permitted"):
        world.run(cancel_subscription, staff("support"), subscription_id=mine, reason="May not.")
    world.run(cancel_subscription, admin, subscription_id=mine, reason="We leave.")
    world.work()
    world.move(seconds=5)

    assert world.subscription(mine).status == "Unsubscribed"
    assert world.subscription(other).status == "Subscribed"


# --- activation


def test_activation_is_asked_for_once_and_found_done(world: World) -> None:
    subscription_id = world.buy()
    visit = world.land(subscription_id)
    user = person_of(visit.customer_id, "customer_user")

    with world.one_entry("activation_asked") as told:
        asked = world.run(activate_subscription, user, subscription_id=subscription_id)
    with world.no_entry():
        world.run(activate_subscription, staff(), subscription_id=subscription_id)
    assert not asked.is_active
    assert (told["plan"], told["seats"]) == ("team", 10)
    world.work()

    with world.no_entry():
        assert world.run(activate_subscription, user, subscription_id=subscription_id).is_active
    assert world.kinds().count("subscription_activated") == 1
    assert world.systems.wishes == ["provision"]


def test_activation_that_races_with_auto_activation_is_fine(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    world.run(activate_subscription, staff(), subscription_id=subscription_id)
    world.fulfillment.activate(subscription_id, "team", 10)

    world.work()

    assert world.subscription(subscription_id).provisioning == "ready"
    assert world.entries("wish_refused") == []
    assert world.reminders() == []


def test_activation_of_what_is_gone_meanwhile_is_told(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    world.run(activate_subscription, staff(), subscription_id=subscription_id)
    world.customer_does(subscription_id, "expire")

    world.work()

    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning) == ("Unsubscribed", "stopped")
    assert payload_of(world.entries("wish_refused")[0])["what"] == "activation"
    with refused("customers.not_activatable"), world.no_entry():
        world.run(activate_subscription, staff(), subscription_id=subscription_id)


def test_activation_outlives_a_microsoft_that_is_down(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    world.run(activate_subscription, staff(), subscription_id=subscription_id)
    world.faults(fail_percent=100)
    world.work()
    world.move(seconds=2)
    assert world.subscription(subscription_id).status == "PendingFulfillmentStart"
    (waiting,) = world.rows(TaskRow, TaskRow.name == "customers.activate_at_microsoft")
    assert waiting.last_error.startswith("microsoft.")

    world.faults()
    world.move(minutes=10)

    assert world.subscription(subscription_id).provisioning == "ready"


def test_who_may_activate(world: World) -> None:
    mine, other = world.buy(), world.buy(purchaser=FREYA)
    world.land(mine)
    world.land(other)
    me = person_of(world.subscription(mine).customer_id, "customer_user")

    with refused("customers.subscription_not_found"), world.no_entry():
        world.run(activate_subscription, me, subscription_id=other)
    with refused("access.not_permitted"), world.no_entry():
        world.run(activate_subscription, person_of(me.customer_id or "", "customer_auditor"), subscription_id=mine)
    with refused("access.not_permitted"), world.no_entry():
        world.run(activate_subscription, staff("seller"), subscription_id=mine)


# --- which deal it came from


def test_the_private_offer_behind_a_purchase_is_found(world: World) -> None:
    (private,) = world.controls.market.catalog.private_offers
    buyer = next(p for p in world.controls.directory.people if p.tenant_id == private.tenant_id)
    bought = world.buy(private.plan_id, purchaser=buyer.email, private_offer_id=private.id, auto_activation=True)
    world.work()

    assert world.subscription(bought).private_offer_ids == [private.id]
    assert payload_of(world.entries("deal_found")[0])["offers"] == [private.id]


def test_a_purchase_without_a_private_offer_records_nothing_of_one(world: World) -> None:
    subscription_id = world.buy_active(purchaser=CORA)

    assert world.subscription(subscription_id).private_offer_ids == []
    assert world.entries("deal_found") == []
    assert world.failed_tasks() == []
