"""Webhooks: kept before anything else, read back before anything is done, held where nobody can judge."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fairkeeper.customers.actions.marketplace.follow_notice import follow_notice, retry_notice
from fairkeeper.customers.actions.marketplace.receive_webhook import receive_webhook
from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.customers.queries import ask_may_act, list_notices, show_notice
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.sandbox.marketplace.faults import Quirk
from tests.actions.customers.world import World, payload_of, person_of, refused, staff

OPERATION = "20000000-0000-4000-8000-000000000001"
NOBODY = "10000000-0000-4000-8000-00000000dead"


def notice(subscription_id: str | None, action: str, *, operation_id: str = OPERATION, **fields: Any) -> dict[str, Any]:
    return {"id": operation_id, "subscriptionId": subscription_id, "action": action, "status": "Succeeded", **fields}


def test_a_notice_is_kept_as_it_came_and_answered_before_it_is_worked_on(world: World) -> None:
    subscription_id = world.buy_active()
    body = notice(subscription_id, "Suspend", unexpected={"field": [1, 2.5, None]})

    with world.one_entry("webhook_received") as told:
        received = world.send_webhook(**body)

    assert (received.is_new, received.operation_id, received.action) == (True, OPERATION, "Suspend")
    assert told["action"] == "Suspend"
    kept = world.notices()[-1]
    assert json.loads(kept.body or b"") == body
    assert (kept.state, kept.deliveries) == ("open", 1)
    assert world.run(show_notice, staff(), notice_id=kept.id).body == json.dumps(body)


def test_a_repeated_notice_is_counted_and_worked_on_once(world: World) -> None:
    subscription_id = world.buy_active()
    world.faults(duplicate_next=1)
    world.customer_does(subscription_id, "suspend")
    world.work()
    with world.no_entry():
        world.send_webhook(**world.heard[-1])
        world.work()

    assert world.notices()[-1].deliveries == 3
    assert world.kinds().count("subscription_suspended") == 1
    assert world.systems.wishes == ["provision", "suspend"]


def test_following_a_notice_again_changes_and_records_nothing(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "suspend")
    world.work()
    done = world.notices()[-1]
    there = world.there(subscription_id)

    with world.no_entry():
        world.run(follow_notice, notice_id=done.id, operation=None, subscription=json.dumps(there.raw))

    assert (world.notices()[-1].outcome, world.notices()[-1].settled_at) == (done.outcome, done.settled_at)


def test_reordered_notices_end_where_microsoft_stands(world: World) -> None:
    subscription_id = world.buy_active()
    world.faults(reorder_next=2)
    world.customer_does(subscription_id, "suspend")
    world.customer_does(subscription_id, "cancel")
    world.work()

    assert [body["action"] for body in world.heard[-2:]] == ["Unsubscribe", "Suspend"]
    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning) == ("Unsubscribed", "stopped")
    assert [line.state for line in world.run(list_notices, staff(), subscription_id=subscription_id)] == ["done"] * 3


def test_a_late_notice_changes_nothing_any_more(world: World) -> None:
    subscription_id = world.buy_active()
    world.faults(delay_next=1, delay_seconds=3600)
    world.customer_does(subscription_id, "suspend")
    world.customer_does(subscription_id, "cancel")
    world.work()
    world.faults()

    world.move(hours=1)

    assert world.heard[-1]["action"] == "Suspend"
    assert world.subscription(subscription_id).status == "Unsubscribed"
    assert "changes nothing" in (world.notices()[-1].outcome or "")


def test_an_operation_that_microsoft_does_not_know_is_held_and_nothing_is_done(world: World) -> None:
    subscription_id = world.buy_active()
    world.send_webhook(**notice(subscription_id, "ChangePlan", status="InProgress", planId="team-plus"))

    world.work()

    forged = world.notices()[-1]
    assert forged.state == "held"
    assert world.subscription(subscription_id).plan_id == "team"
    (reminder,) = world.reminders()
    assert (reminder.code, reminder.key) == ("customers.notice_disagrees", OPERATION)
    assert world.entries("notice_settled")[-1].subject_id == OPERATION


@pytest.mark.parametrize("action", ["Suspend", "Unsubscribe", "Renew"])
def test_a_forged_telling_does_nothing_because_microsoft_is_asked(world: World, action: str) -> None:
    subscription_id = world.buy_active()
    world.send_webhook(**notice(subscription_id, action))

    world.work()

    assert world.subscription(subscription_id).status == "Subscribed"
    assert world.run(ask_may_act, staff(), subscription_id=subscription_id).allowed
    assert world.systems.wishes == ["provision"]


def test_a_notice_about_a_subscription_that_nobody_knows_makes_no_customer(world: World) -> None:
    world.send_webhook(**notice(NOBODY, "Unsubscribe"))

    world.work()

    assert (world.count(CustomerRow), world.count(SubscriptionRow)) == (0, 0)
    assert world.notices()[0].state == "done"


def test_the_end_of_a_subscription_that_was_never_seen_is_mirrored_and_names_nobody(world: World) -> None:
    subscription_id = world.buy(auto_activation=True)
    world.faults(lose_next=0)
    world.is_deaf = True
    world.customer_does(subscription_id, "cancel")
    world.work()
    world.is_deaf = False
    world.move(minutes=10)

    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning) == ("Unsubscribed", "none")
    assert (row.beneficiary_email, row.beneficiary_object_id, row.purchaser_email) == (None, None, None)
    assert world.systems.asked == []
    assert world.entries("stopped_receipt") == []


def test_an_unknown_action_is_held_shown_and_still_followed(world: World) -> None:
    subscription_id = world.buy_active()
    world.faults(lose_next=1)
    world.customer_does(subscription_id, "suspend")
    world.send_webhook(**notice(subscription_id, "Transfer"))

    world.work()

    (line,) = world.run(list_notices, staff(), state="held")
    assert (line.action, line.state) == ("Transfer", "held")
    assert [reminder.code for reminder in world.reminders()] == ["customers.action_unknown"]
    assert world.subscription(subscription_id).status == "Suspended", "the present state is followed all the same"


def test_the_same_unknown_action_is_told_again_when_it_comes_again(world: World) -> None:
    subscription_id = world.buy_active()
    world.send_webhook(**notice(subscription_id, "Transfer"))
    world.work()
    (first,) = world.reminders()
    world.run(close_reminder, staff(), reminder_id=first.id, why="Microsoft says it is harmless.")

    world.send_webhook(**notice(subscription_id, "Transfer", operation_id=OPERATION.replace("1", "2")))
    world.work()

    assert len(world.reminders(code="customers.action_unknown")) == 1


def test_a_held_notice_is_worked_on_again_when_a_person_says_so(world: World) -> None:
    subscription_id = world.buy_active()
    world.send_webhook(**notice(subscription_id, "Transfer"))
    world.work()
    held = world.notices()[-1]

    with world.one_entry("notice_reopened"):
        world.run(retry_notice, staff("support"), notice_id=held.id)
    assert world.notices()[-1].state == "open"
    world.work()

    assert world.notices()[-1].state == "held", "nothing has been learnt meanwhile"
    with refused("access.not_permitted"):
        world.run(retry_notice, person_of(world.subscription(subscription_id).customer_id), notice_id=held.id)
    with refused("customers.notice_not_held"):
        world.run(retry_notice, staff(), notice_id=world.notices()[0].id)
    with refused("customers.notice_not_found"):
        world.run(retry_notice, staff(), notice_id=999)


def test_a_notice_that_disagreed_is_settled_once_microsoft_agrees(world: World) -> None:
    subscription_id = world.buy_active()
    world.send_webhook(**notice(subscription_id, "ChangePlan", status="InProgress"))
    world.work()
    held = world.notices()[-1]
    there = world.there(subscription_id)
    known = notice(subscription_id, "ChangePlan", status="Failed")

    with world.one_entry("notice_settled"):
        world.run(follow_notice, notice_id=held.id, operation=json.dumps(known), subscription=json.dumps(there.raw))

    assert world.notices()[-1].state == "done"
    assert world.reminders() == []


def test_a_status_nobody_knows_holds_use_until_microsoft_states_another(world: World) -> None:
    subscription_id = world.buy_active()
    there = world.there(subscription_id)
    world.send_webhook(**notice(subscription_id, "Suspend"))
    dormant = json.dumps({**there.raw, "saasSubscriptionStatus": "Dormant"})
    kept = world.notices()[-1]

    with world.one_entry("status_held") as told:
        world.run(follow_notice, notice_id=kept.id, operation=None, subscription=dormant)

    assert told["status"] == "Dormant"
    answer = world.run(ask_may_act, staff(), subscription_id=subscription_id)
    assert [reason.code for reason in answer.reasons] == ["customers.status_unknown"]
    assert "Dormant" in answer.reasons[0].sentence
    assert [reminder.code for reminder in world.reminders()] == ["customers.status_unknown"]

    world.work()
    world.move(hours=1)

    assert world.run(ask_may_act, staff(), subscription_id=subscription_id).allowed
    assert world.reminders() == []
    assert world.systems.wishes == ["provision", "suspend", "resume"]


def test_the_live_services_own_ways_are_understood(world: World) -> None:
    world.faults(quirks=[Quirk.LOOSE_VALUES.value, Quirk.UNKNOWN_OPERATION_IS_BAD_REQUEST.value])
    subscription_id = world.buy_active(quantity=3)
    world.customer_does(subscription_id, "change-quantity", quantity=4)
    world.work()

    row = world.subscription(subscription_id)
    assert (row.status, row.quantity, row.provisioning) == ("Subscribed", 4, "ready")
    assert world.reminders() == []


NO_NOTICES = [
    b"",
    b"no json",
    b"[]",
    b'"text"',
    b"null",
    b"{}",
    b'{"id": "no-guid"}',
    b'{"id": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"id": ' + b"9" * 5000 + b"}",
    b'\xff\xfe{"id": 1}',
]


def test_what_is_no_notice_is_refused_and_not_kept(world: World) -> None:
    for body in NO_NOTICES:
        with refused("customers.webhook_unreadable"), world.no_entry():
            world.run(receive_webhook, body=base64.b64encode(body))
    assert world.notices() == []


STRANGE: list[dict[str, Any]] = [
    {"action": "Sus\x00pend"},
    {"action": "\ud800Suspend"},
    {"action": "x" * 5000},
    {"quantity": 10**400},
    {"quantity": 1e308, "planId": {"a": 1}},
    {"timeStamp": "9999-12-31T23:59:59Z", "status": "\x00"},
    {"subscription": {"id": OPERATION, "name": "\x00" * 10}},
    {"subscription": [1, 2, 3], "operationRequestSource": 7},
    {"ключ": "значение", "padding": "é" * 30_000},
]


def test_whatever_a_notice_holds_it_is_kept_and_worked_on(world: World) -> None:
    subscription_id = world.buy_active()

    for number, fields in enumerate(STRANGE):
        known = notice(subscription_id, "Suspend", operation_id=OPERATION.replace("1", str(number + 1)))
        world.send_webhook(**{**known, **fields})
    world.work()

    assert {kept.state for kept in world.notices()} == {"done", "held"}
    assert len(world.notices()) == len(STRANGE) + 1
    assert world.failed_tasks() == []
    assert world.subscription(subscription_id).status == "Subscribed"


def test_a_notice_of_256_kilobytes_is_kept_whole(world: World) -> None:
    subscription_id = world.buy_active()
    body = json.dumps({**notice(subscription_id, "Suspend"), "padding": ""}).encode()
    body = body[:-2] + b"x" * (256 * 1024 - len(body)) + body[-2:]

    world.run(receive_webhook, body=base64.b64encode(body))
    world.work()

    kept = world.notices()[-1]
    assert (kept.body, kept.state) == (body, "done")


def test_only_staff_read_notices_and_nobody_but_fairkeeper_keeps_them(world: World) -> None:
    subscription_id = world.buy_active()
    admin = person_of(world.subscription(subscription_id).customer_id)

    with refused("access.not_permitted"):
        world.run(list_notices, admin)
    with refused("access.not_permitted"):
        world.run(show_notice, admin, notice_id=1)
    with refused("access.not_permitted"):
        world.run(receive_webhook, staff("owner"), body=base64.b64encode(b"{}"))
    with refused("customers.notice_not_found"):
        world.run(show_notice, staff(), notice_id=999)


def test_the_entry_of_an_overlong_action_stays_small(world: World) -> None:
    subscription_id = world.buy_active()
    world.send_webhook(**notice(subscription_id, "x" * 100_000))

    assert len(payload_of(world.entries("webhook_received")[-1])["action"]) == 200
