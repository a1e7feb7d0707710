"""From an event to Microsoft: once, only the overage, in time, whatever goes wrong on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.customers.actions.custody.move_custody import hand_back, take_over
from fairkeeper.metering.actions.deciding import refuse_hour, release_hour
from fairkeeper.metering.actions.recording import record_usage
from fairkeeper.metering.actions.setting import register_application, set_dimension, set_rule
from fairkeeper.metering.errors import MeteringUnavailableError
from tests.actions.customers.world import payload_of, refused
from tests.actions.metering.meter import DOCUMENTS, OFFER, PLAN, Meter


def test_only_the_overage_is_reported_and_once(meter_on_both: Meter) -> None:
    meter = meter_on_both
    meter.include(monthly="100")
    bought = meter.buy()
    assert meter.use(bought, 90).recorded == 1
    meter.hours(2)
    assert (meter.states(), meter.reported()) == (["nothing"], 0)
    meter.use(bought, "30.5")
    assert meter.use(bought, "30.5", event_id=f"event-{meter.events}", at=meter.now).repeated == 1
    with refused("metering.event_differs"):
        meter.use(bought, 31, event_id=f"event-{meter.events - 1}", at=meter.now)
    meter.hours(3)
    assert (meter.states(), meter.reported()) == (["nothing", "accepted"], 20.5)
    (sent,) = meter.accepted()
    assert (sent["planId"], sent["dimension"]) == (PLAN, DOCUMENTS)
    (answered,) = meter.world.entries("usage_answered")
    assert payload_of(answered)["answers"][0]["event"] == sent["usageEventId"]


def test_what_comes_late_goes_into_a_later_hour(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    meter.pass_time(hours=40)
    used_at = meter.now
    meter.use(bought, 5)
    meter.hours(2)
    meter.use(bought, 7, at=used_at)
    meter.use(bought, 11, at=used_at - timedelta(hours=30))
    meter.hours(2)
    assert meter.reported() == 23
    assert set(meter.states()) == {"accepted"}
    assert len({event["effectiveStartTime"] for event in meter.accepted()}) == len(meter.accepted())


def test_outage_beyond_a_day_delays_and_loses_nothing(meter_on_both: Meter) -> None:
    meter = meter_on_both
    meter.include(monthly="0")
    bought = meter.buy()
    meter.world.faults(fail_percent=100)
    for _ in range(27):
        meter.use(bought, 2)
        meter.hours()
    assert meter.reported() == 0
    assert "folded" in meter.states()
    meter.world.faults()
    meter.hours(2)
    assert meter.reported() == 54
    assert set(meter.states()) <= {"accepted", "folded"}


def test_answer_that_is_lost_is_a_duplicate_of_ours(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    meter.use(bought, 3)
    meter.world.faults(lose_usage_answers_next=1)
    meter.hours(2)
    assert (meter.states(), meter.reported()) == (["ready"], 3)
    meter.tick()
    assert (meter.states(), meter.counts()[0].status_text) == (["accepted"], "Duplicate")


def test_lost_answer_and_a_day_of_outage_never_report_twice(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    meter.use(bought, 3)
    meter.world.faults(lose_usage_answers_next=1)
    meter.hours(2)
    meter.world.faults(fail_percent=100)
    meter.hours(24)
    assert meter.states() == ["doubtful"]
    assert meter.world.reminders(code="metering.outcome_unknown")


def test_another_quantity_than_ours_is_an_incident(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    meter.use(bought, 3)
    meter.world.controls.metering.take(
        {
            "resourceId": bought,
            "quantity": 4,
            "dimension": DOCUMENTS,
            "planId": PLAN,
            "effectiveStartTime": meter.now.isoformat(),
        }
    )
    meter.hours(2)
    assert meter.states() == ["conflict"]
    (found,) = meter.world.reminders(code="metering.quantity_differs")
    assert "ours is 3, Microsoft accepted 4" in found.message


def test_what_microsoft_does_not_take_is_told_and_folded(meter: Meter) -> None:
    bought = meter.buy()
    meter.world.run(set_dimension, offer_id=OFFER, plan_id=PLAN, dimension="pages", title="Pages", unit="page")
    event = {"event_id": "p", "dimension": "pages", "quantity": "1", "used_at": meter.now.isoformat()}
    meter.world.run(record_usage, resource_id=bought, events=[event])
    meter.hours(2)
    assert (meter.states(), meter.counts()[0].status_text) == (["faulty"], "InvalidDimension")
    assert meter.world.reminders(code="metering.not_taken")
    meter.hours(23)
    assert meter.states() == ["folded", "faulty"]


def test_final_usage_is_reported_inside_its_window(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    meter.hours(2)
    used_at = meter.now
    meter.pass_time(minutes=10)
    meter.world.customer_does(bought, "cancel")
    meter.world.work()
    meter.hours(2)
    meter.use(bought, 9, at=used_at)
    meter.hours(1)
    assert (meter.states(), meter.reported()) == (["accepted"], 9)
    meter.hours(30)
    meter.use(bought, 4, at=used_at)
    meter.hours(1)
    assert (meter.states()[-1], meter.reported()) == ("lost", 9)
    assert meter.world.reminders(code="metering.usage_lost")


def test_managed_application_is_reported_by_its_uri(meter: Meter) -> None:
    meter.include(monthly="0")
    customer = meter.world.customer_of(meter.buy())
    uri = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/a/providers/Microsoft.Solutions/applications/b"
    fields = {"offer_id": OFFER, "plan_id": PLAN, "began_on": "2026-11-01", "resource_uri": uri}
    made = meter.world.run(register_application, customer_id=customer.customer_id, **fields)
    meter.use(made.resource_id, 6)
    meter.hours(2)
    (event,) = meter.accepted()
    assert (event["resourceUri"], event["quantity"], event.get("resourceId")) == (uri, 6, None)


def test_taking_over_never_meters_an_hour_twice(meter: Meter) -> None:
    meter.include(monthly="10")
    bought = meter.buy()
    meter.world.run(hand_back, subscription_id=bought)
    meter.use(bought, 15)
    meter.hours(3)
    assert (meter.states(), meter.reported()) == (["elsewhere"], 0)
    meter.world.run(take_over, subscription_id=bought)
    meter.use(bought, 1)
    meter.pass_time(minutes=70)
    meter.use(bought, 2)
    meter.hours(3)
    assert meter.states() == ["elsewhere", "elsewhere", "accepted"]
    assert meter.reported() == 2


@pytest.mark.parametrize(("unattended", "state", "units"), [("send", "accepted", 500.0), ("refuse", "refused", 0.0)])
def test_held_hour_nobody_looks_at_follows_the_rule(meter: Meter, unattended: str, state: str, units: float) -> None:
    held_hour(meter, unattended=unattended)
    assert meter.states()[-1] == "held"
    (found,) = meter.world.reminders(code="metering.hour_held")
    before = meter.reported()
    meter.hours(19)
    assert meter.states()[-1] == "held"
    meter.hours(2)
    assert (meter.states()[-1], meter.reported() - before) == (state, units)
    assert not meter.world.reminders(code="metering.hour_held")
    assert found.owner_role == "finance"
    (entry,) = meter.world.entries("hours_given_up")
    assert payload_of(entry)["rule"] == unattended


@pytest.mark.parametrize(("decide", "state"), [(release_hour, "accepted"), (refuse_hour, "refused")])
def test_person_decides_about_a_held_hour(meter: Meter, decide: object, state: str) -> None:
    held_hour(meter, unattended="refuse")
    held = meter.counts()[-1]
    meter.world.run(decide, count_id=held.count_id, reason="The customer confirmed it.")  # type: ignore[arg-type]
    meter.tick()
    assert meter.states()[-1] == state
    with refused("metering.not_held"):
        meter.world.run(decide, count_id=held.count_id, reason="Again.")  # type: ignore[arg-type]


def held_hour(meter: Meter, *, unattended: str) -> None:
    """Use a little for hours, then very much."""
    meter.include(monthly="0")
    meter.world.run(set_rule, hold_hours_known=3, unattended=unattended)
    bought = meter.buy()
    for _ in range(4):
        meter.use(bought, 2)
        meter.hours()
    meter.use(bought, 500)
    meter.hours(2)


def test_service_that_is_away_says_so(meter: Meter) -> None:
    meter.include(monthly="0")
    meter.use(meter.buy(), 1)
    meter.world.faults(fail_percent=100)
    meter.pass_time(hours=2)
    meter.work.count(None)  # type: ignore[arg-type]
    with pytest.raises(MeteringUnavailableError):
        meter.work.send(None)  # type: ignore[arg-type]


def test_a_page_of_reports_is_sent_in_batches_and_goes_on_where_the_service_left(meter: Meter) -> None:
    """The service goes away in the middle: what was answered is written down, what was not sent is not in doubt."""
    meter.include(monthly="0")
    bought = meter.buy()
    start = meter.now
    for hour in range(60):
        meter.world.run(
            set_dimension, offer_id=OFFER, plan_id=PLAN, dimension=f"d{hour}", title="D", unit="d", included_monthly="0"
        )
        event = {"event_id": f"d{hour}", "dimension": f"d{hour}", "quantity": "1", "used_at": start.isoformat()}
        meter.world.run(record_usage, resource_id=bought, events=[event])
    meter.use(bought, 1)
    sent: list[int] = []
    whole = meter.client.send

    def goes_away(reports: Any) -> Any:
        sent.append(len(reports))
        if len(sent) == 2:
            meter.world.faults(fail_percent=100)
        return whole(reports)

    meter.client.send = goes_away  # type: ignore[method-assign]
    meter.hours(2)
    assert sent[:2] == [25, 25]
    waiting = [row for row in meter.counts() if row.state == "ready"]
    assert len(waiting) == 36
    assert not any(row.in_flight or row.is_unknown for row in waiting)
    meter.world.faults()
    meter.tick()
    assert "ready" not in meter.states()
