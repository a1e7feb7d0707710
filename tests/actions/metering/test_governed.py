"""From a decision to the invoice: governed calls by their meters, and the customer's own limit on what they use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fairkeeper.action.principal import Principal
from fairkeeper.database.tasks import TaskRow
from fairkeeper.governance.policies.bundles import PUT_IN_FORCE, activate_policies, put_in_force, save_policies
from fairkeeper.governance.tables import DecisionBasisRow, DecisionRow, LimitRow, LimitUsageRow, MeasuredCallRow
from fairkeeper.metering.actions.limiting import end_usage_limit, set_usage_limit
from fairkeeper.metering.actions.proving import prove_usage, show_proof
from fairkeeper.metering.actions.setting import register_application, set_dimension
from fairkeeper.metering.proving.verification import verify_proof
from fairkeeper.metering.tables import UsageEventRow
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.decision.record import replayed
from fairkeeper.values.ids import CustomerId
from tests.actions.customers.world import FREYA, PRODUCT, payload_of, person_of
from tests.actions.metering.desk import BY_CALLS, Desk, open_desk
from tests.actions.metering.meter import DOCUMENTS, OFFER, PLAN, Meter

BY_PAGES = {"dimension": DOCUMENTS, "of": "argument", "field": "pages"}
BY_TOKENS = {"dimension": "tokens", "of": "result", "field": "usage.tokens"}
ASKS_EARLIER = """@id("ask-at-half") @reason("Half of what we want to spend is used.")
forbid (principal in Customer::"CUSTOMER", action == Action::"call_unattended", resource)
when { context.usage.hasTag("documents") && context.usage.getTag("documents") >= 50 };"""


def program_of(customer_id: str) -> Principal:
    return replace(PRODUCT, id="tok_customers", customer_id=CustomerId(customer_id))


def limited(meter: Meter, units: str, at_limit: str = "stop", *meters: dict[str, str]) -> tuple[str, Desk]:
    """Let Contoso limit its documents; return what it bought, and an agent of its."""
    meter.include(monthly="0")
    bought = meter.buy()
    desk = open_desk(meter, bought, *(meters or (BY_CALLS,)))
    meter.world.run(
        set_usage_limit,
        person_of(desk.customer_id),
        resource_id=bought,
        dimension=DOCUMENTS,
        quantity=units,
        at_limit=at_limit,
    )
    meter.tick()
    return bought, desk


# --- meters


def test_carried_out_calls_are_usage_by_every_meter_of_their_tool(meter_on_both: Meter) -> None:
    meter = meter_on_both
    meter.include(monthly="1")
    bought = meter.buy()
    meter.world.run(set_dimension, offer_id=OFFER, plan_id=PLAN, dimension="tokens", title="Tokens", unit="1000 tokens")
    desk = open_desk(meter, bought, BY_CALLS, BY_PAGES, BY_TOKENS)
    decided = desk.call(arguments={"pages": [2, 5]}, measured={"usage.tokens": "1.25"})
    assert decided.measures == ("usage.tokens",)
    desk.call(arguments={"pages": [0]}, measured={"usage.tokens": "0.0004"})
    (failed,) = desk.decide(arguments={"pages": [9]})
    desk.ran(failed, "error")
    (left,) = desk.decide(arguments={"pages": [9]})
    assert left.verdict.allowed
    meter.tick()
    events = [(row.dimension, row.milli, row.source) for row in meter.world.rows(UsageEventRow)]
    assert sorted(events) == [
        (DOCUMENTS, 1000, "action"),
        (DOCUMENTS, 1000, "action"),
        (DOCUMENTS, 7000, "action"),
        ("tokens", 1250, "action"),
    ]
    assert all(row.taken_at is not None for row in meter.world.rows(MeasuredCallRow))
    meter.hours(2)
    (sent,) = meter.accepted()
    assert (sent["dimension"], sent["quantity"]) == (DOCUMENTS, 8)
    meter.tick()
    assert len(meter.world.rows(UsageEventRow)) == 4


def test_what_a_call_counts_stands_in_its_outcome_and_is_proved(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    desk = open_desk(meter, bought, BY_CALLS, BY_PAGES)
    desk.call(arguments={"pages": [3]})
    desk.call(arguments={"pages": [4]}, by=program_of(desk.customer_id))
    told = [payload_of(entry) for entry in meter.world.entries("outcome_recorded")]
    assert [each["metered"] for each in told] == [
        [[DOCUMENTS, 1000], [DOCUMENTS, 3000]],
        [[DOCUMENTS, 1000], [DOCUMENTS, 4000]],
    ]
    meter.hours(2)
    assert meter.reported() == 9
    meter.world.place_entries()
    made = meter.world.run(prove_usage, resource_id=bought, from_on="2026-11-22", to_on="2026-11-23")
    assert made.problems == ()
    meter.world.place_entries()
    shown = meter.world.run(show_proof, person_of(desk.customer_id), proof_id=made.proof_id)
    report = verify_proof([line.encode() + b"\n" for line in shown.text.splitlines()])
    assert report.findings == ()
    assert report.statement["lines"][0]["sources"] == {"action": 4000, "customer_action": 5000}


def test_call_that_does_not_say_how_much_is_told_and_counts_nothing(meter: Meter) -> None:
    meter.include(monthly="0")
    desk = open_desk(meter, meter.buy(), BY_PAGES)
    desk.call(arguments={"name": "No pages"})
    meter.tick()
    (found,) = meter.world.reminders(code="metering.call_not_measured")
    assert "1 calls for documents" in found.message
    assert meter.world.rows(UsageEventRow) == []


def test_calls_of_an_unknown_dimension_wait_until_a_plan_has_it(meter: Meter) -> None:
    desk = open_desk(meter, meter.buy(), BY_CALLS)
    desk.call()
    meter.tick()
    assert meter.world.reminders(code="metering.call_unplaced")
    assert meter.world.rows(UsageEventRow) == []
    meter.include(monthly="0")
    meter.hours(2)
    assert meter.reported() == 1


def test_calls_count_for_a_managed_application_where_no_subscription_fits(meter: Meter) -> None:
    meter.include(monthly="0", plan_id="managed")
    meter.include(monthly="0", plan_id=PLAN)
    bought = meter.world.buy_active("starter", purchaser=FREYA)
    desk = open_desk(meter, bought, BY_CALLS)
    uri = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/a/providers/Microsoft.Solutions/applications/b"
    made = meter.world.run(
        register_application, customer_id=desk.customer_id, resource_uri=uri, offer_id=OFFER, plan_id="managed",
        began_on="2026-11-01",
    )  # fmt: skip
    desk.call()
    meter.tick()
    assert [row.resource_id for row in meter.world.rows(UsageEventRow)] == [made.resource_id]


# --- the customer's own limit


def test_limit_stops_calls_at_once_and_exactly(meter_on_both: Meter) -> None:
    """Calls of the hour that runs count, also those that have no outcome yet, and several at once."""
    meter = meter_on_both
    bought, desk = limited(meter, "5")
    meter.use(bought, 2)
    meter.tick()
    found = desk.decide(4)
    assert [each.verdict.allowed for each in found] == [True, True, True, False]
    assert found[3].verdict.reason is Reason.LIMIT_REACHED
    meter.tick()  # nothing of it has ended, and it still holds what it took
    assert desk.decide()[0].verdict.reason is Reason.LIMIT_REACHED
    desk.ran(found[0], "not_executed")
    desk.ran(found[1], "error")
    desk.ran(found[2])
    meter.tick()
    (usage,) = meter.world.rows(LimitUsageRow)
    assert usage.used == 3000
    assert [each.verdict.allowed for each in desk.decide(3)] == [True, True, False]


def test_limit_can_ask_a_person_instead(meter: Meter) -> None:
    bought, desk = limited(meter, "1", "ask")
    assert desk.call().verdict.reason is Reason.PERMITTED
    asked = desk.call()
    assert (asked.verdict.reason, asked.verdict.lane) == (Reason.APPROVAL_NEEDED, "approval")
    assert "above 1000" in asked.verdict.detail
    desk.approve(asked)
    approved = desk.call(approval_id=asked.approval_id)
    assert approved.verdict.reason is Reason.APPROVED
    meter.hours(2)
    assert meter.reported() == 2
    assert meter.world.reminders(code="metering.limit_reached")
    meter.world.run(set_usage_limit, person_of(desk.customer_id), resource_id=bought, dimension=DOCUMENTS, quantity="1")
    meter.tick()
    assert desk.call().verdict.reason is Reason.LIMIT_REACHED
    meter.world.run(end_usage_limit, person_of(desk.customer_id), resource_id=bought, dimension=DOCUMENTS)
    assert desk.call().verdict.allowed
    assert not meter.world.reminders(code="metering.limit_reached")


def test_limit_counts_arguments_before_and_results_after_a_call(meter: Meter) -> None:
    _, desk = limited(meter, "10", "stop", BY_PAGES)
    assert not desk.call(arguments={"pages": [6, 5]}).verdict.allowed
    assert desk.call(arguments={"pages": [6, 4]}).verdict.allowed
    assert not desk.call(arguments={"pages": [1]}).verdict.allowed
    assert desk.decide(arguments={"name": "No pages"})[0].verdict.reason is Reason.AMOUNT_UNKNOWN


def test_limit_on_what_only_results_say_is_known_after_them(meter: Meter) -> None:
    _, desk = limited(meter, "10", "stop", {**BY_TOKENS, "dimension": DOCUMENTS})
    assert desk.call(measured={"usage.tokens": "12"}).verdict.allowed
    meter.tick()
    assert desk.call().verdict.reason is Reason.LIMIT_REACHED


def test_policies_read_how_much_of_the_limit_is_used(meter: Meter) -> None:
    """A customer's policy asks a person at half of it; the record computes again to the same answer."""
    _, desk = limited(meter, "4")
    person = person_of(desk.customer_id)
    saved = meter.world.run(
        save_policies, person, text=ASKS_EARLIER.replace("CUSTOMER", desk.customer_id), note="Ask earlier."
    )
    meter.world.run(activate_policies, person, number=saved.number)
    (task,) = meter.world.rows(TaskRow, TaskRow.name == PUT_IN_FORCE)
    meter.world.run(put_in_force, **task.payload)
    assert [desk.call().verdict.reason.value for _ in range(2)] == ["permitted", "permitted"]
    meter.tick()
    asked = desk.call()
    assert asked.verdict.reason is Reason.APPROVAL_NEEDED
    assert "ask-at-half" in asked.verdict.policies
    again(meter)


def again(meter: Meter) -> None:
    """Compute every decision again from its record."""
    bases = {row.digest: row.content for row in meter.world.rows(DecisionBasisRow)}
    entries = {entry.entry_id: entry for entry in meter.world.entries()}
    decisions: list[Any] = meter.world.rows(DecisionRow)
    assert decisions
    for row in decisions:
        payload = payload_of(entries[row.entry_id])
        assert replayed(payload, bases[row.basis_digest], row.at) == payload["answer"]


@pytest.mark.parametrize("at_limit", ["stop", "ask"])
def test_decisions_at_a_limit_compute_again_to_the_same(meter: Meter, at_limit: str) -> None:
    _, desk = limited(meter, "2", at_limit)
    desk.decide(4)
    again(meter)


def test_limit_follows_the_month_of_the_term(meter: Meter) -> None:
    _, desk = limited(meter, "1")
    desk.call()
    assert not desk.call().verdict.allowed
    meter.hours(2)
    meter.pass_time(days=31)
    meter.tick()
    (limit,) = meter.world.rows(LimitRow)
    assert (limit.meter, limit.dimension, limit.maximum, limit.asks) == ("units", DOCUMENTS, 1000, False)
    assert desk.call().verdict.allowed
