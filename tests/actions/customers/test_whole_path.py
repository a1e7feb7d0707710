"""From purchase to erasure: the path on both roads in, with the receipts that end it."""

from __future__ import annotations

import json

from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.queries import ask_may_act, list_receipts, list_reminders, show_customer, show_subscription
from fairkeeper.database.session import STAFF
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.evidence.actions import request_export
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.proof.export import EXPORT_KIND
from fairkeeper.proof.keys import read_chain
from fairkeeper.proof.receipt import ReceiptReport, verify_receipt
from fairkeeper.proof.verification import verify_export
from tests.actions.customers.world import World, payload_of, person_of, staff


def receipt(world: World, entry_id: str | None) -> ReceiptReport:
    """Fetch a receipt and verify it as its holder would: with the log's key and nothing else of ours."""
    assert entry_id is not None
    world.place_entries()
    with world.database.read() as session:
        first_key = read_chain(world.keys.chain(session))[0]
    data = world.exporter.write_receipt(world.exporter.find_entry(entry_id, STAFF))
    report = verify_receipt(data, [first_key.text])
    assert report.ok, report.findings
    return report


def test_one_customer_from_the_landing_page_to_the_erased_receipt(world: World) -> None:
    subscription_id = world.buy()
    visit = world.land(subscription_id)
    assert (visit.view.branch, visit.view.can_activate) == ("new", True)
    admin = person_of(visit.customer_id)
    world.run(activate_subscription, admin, subscription_id=subscription_id)
    world.work()

    assert world.there(subscription_id).status_text == "Subscribed"
    assert world.run(ask_may_act, admin, subscription_id=subscription_id).allowed
    assert [request.wish.value for request in world.systems.asked] == ["provision"]
    assert world.land(subscription_id).view.branch == "existing"

    world.move(days=1)
    world.customer_does(subscription_id, "change-plan", plan_id="team-plus")
    world.work()
    world.customer_does(subscription_id, "change-quantity", quantity=25)
    world.work()
    row = world.subscription(subscription_id)
    assert (row.plan_id, row.quantity) == ("team-plus", 25)

    world.customer_does(subscription_id, "suspend")
    world.work()
    answer = world.run(ask_may_act, admin, subscription_id=subscription_id)
    assert [reason.code for reason in answer.reasons] == ["customers.suspended"]
    assert world.land(subscription_id).view.branch == "suspended"

    world.customer_does(subscription_id, "reinstate")
    world.work()
    assert world.there(subscription_id).status_text == "Subscribed"
    assert world.run(ask_may_act, admin, subscription_id=subscription_id).allowed

    world.move(days=2)
    world.customer_does(subscription_id, "cancel")
    world.work()
    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning) == ("Unsubscribed", "stopped")
    assert world.land(subscription_id).view.branch == "gone"
    stopped = receipt(world, row.stopped_receipt).statement
    assert stopped is not None
    assert (stopped["cause"], stopped["unconfirmed"]) == ("unsubscribed", 0)
    assert [thing["kind"] for thing in stopped["stopped"]] == ["use", "provisioned_system"]
    assert stopped["retention"]["ends_at"] == "2026-12-25T12:00:00.000000Z"
    assert {thing["kind"] for thing in stopped["remaining"]} >= {"enterprise_application", "portal_entry"}
    (ended,) = world.entries("subscription_unsubscribed")
    assert stopped["proofs"] == [ended.entry_id]

    world.move(days=29, hours=23)
    assert world.subscription(subscription_id).provisioning == "stopped"
    world.move(hours=1)
    row = world.subscription(subscription_id)
    assert row.provisioning == "erased"
    erased = receipt(world, row.erased_receipt).statement
    assert erased is not None
    assert erased["stopped_receipt"] == row.stopped_receipt
    assert {"evidence_payload", "webhook_body", "buyer_contact"} <= {thing["kind"] for thing in erased["erased"]}
    assert receipt(world, row.stopped_receipt).ok, "the first receipt outlives the erasure"

    assert [request.wish.value for request in world.systems.asked] == [
        "provision", "change", "change", "suspend", "resume", "drain", "erase",
    ]  # fmt: skip
    assert not [task for task in world.failed_tasks() if task.last_error]
    assert world.run(list_reminders, staff()) == ()
    receipts = world.run(list_receipts, staff(), customer=visit.customer_id)
    assert [line.kind for line in receipts] == ["erased", "stopped"]


def test_the_log_verifies_after_the_erasure_and_the_export_says_erased(world: World) -> None:
    subscription_id = world.buy_active()
    customer_id = world.subscription(subscription_id).customer_id
    world.customer_does(subscription_id, "cancel")
    world.work()
    world.move(days=31)
    world.place_entries()
    export = world.run(request_export, person_of(customer_id))
    world.place_entries()

    lines = list(world.exporter.write_export(world.exporter.find_export(export.token, STAFF)))
    report = verify_export(lines)

    assert not report.findings
    own = world.rows(EntryRow, EntryRow.customer_id == customer_id)
    kept = {entry.kind for entry in own if entry.payload is not None}
    assert kept == {"customers.stopped_receipt/1", "customers.erased_receipt/1", EXPORT_KIND}
    assert sum(b'"payload":null' in line for line in lines) == len(own) - 3
    whole = list(world.exporter.write_log())
    assert not verify_export(whole).findings


def test_auto_activation_needs_no_landing_page(world: World) -> None:
    subscription_id = world.buy("business", auto_activation=True)

    world.work()

    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning, row.was_visited) == ("Subscribed", "ready", False)
    assert world.kinds() == ["webhook_received", "subscription_recorded", "provisioning_answered"]
    recorded = world.entries("subscription_recorded")[0]
    assert payload_of(recorded)["uses"] == ["start"]
    (notice,) = world.notices()
    assert "consent has to be asked for by link" in (notice.outcome or "")
    assert world.run(ask_may_act, staff(), subscription_id=subscription_id).allowed


def test_every_entry_that_follows_from_a_notice_names_it_as_its_cause(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "suspend")
    world.work()

    arrived = world.entries("webhook_received")
    followed = [*world.entries("subscription_recorded"), *world.entries("subscription_suspended")]

    causes = [json.loads(entry.header)["cause"] for entry in followed]
    assert causes == [entry.entry_id for entry in arrived]


def test_what_is_shown_agrees_with_what_may_be_done(world: World) -> None:
    subscription_id = world.buy_active()
    customer = world.run(show_customer, staff("auditor"), customer="contoso")
    detail = world.run(show_subscription, staff("auditor"), subscription_id=subscription_id)

    assert customer.subscriptions == (detail,)
    assert [step.state.value for step in detail.path] == ["done", "done", "done", "done", "now", "next"]
    assert detail.line.allowed
    assert detail.reasons == ()
    assert [(job.wish, job.state, job.attempt) for job in detail.jobs] == [("provision", "succeeded", 1)]
    assert {deadline.clock for deadline in detail.deadlines} == {"refund_window", "term_end"}


def test_nothing_is_left_open_once_everything_is_done(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "cancel")
    world.work()
    world.move(days=31)

    # What tells the room of consent waits for its handlers, which this world leaves out.
    is_left = (TaskRow.state == TaskState.OPEN, TaskRow.name.not_like("consent.%"))
    left = world.rows(TaskRow, *is_left)

    assert [task for task in left if task.due_at <= world.clock.now()] == []
    # What is planted for later finds, when it rings, that it is not asked for any more.
    world.move(days=400)
    assert world.rows(TaskRow, *is_left) == []
    assert world.subscription(subscription_id).provisioning == "erased"
