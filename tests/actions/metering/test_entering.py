"""What comes by itself and what is compared: fixed usage, doubt that Microsoft's list settles, openings, files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fairkeeper.metering.actions.entering import end_fixed_usage, set_fixed_usage
from fairkeeper.metering.actions.limiting import set_usage_limit
from fairkeeper.metering.actions.recording import import_usage
from fairkeeper.metering.actions.setting import set_opening
from fairkeeper.metering.queries import list_hours, list_usage, show_hour, show_usage
from fairkeeper.metering.tables import UsageComparisonRow
from tests.actions.customers.world import FREYA, payload_of, person_of, refused
from tests.actions.metering.meter import DOCUMENTS, Meter

LIMIT: dict[str, Any] = {"dimension": DOCUMENTS, "quantity": "20"}


def test_fixed_usage_makes_up_for_missed_runs(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    fields: dict[str, Any] = {"resource_id": bought, "dimension": DOCUMENTS, "quantity": "3", "every_hours": 1}
    made = meter.world.run(set_fixed_usage, first_at=(meter.now + timedelta(minutes=5)).isoformat(), **fields)
    meter.pass_time(hours=5)
    meter.tick()
    meter.hours(2)
    assert meter.reported() == 18
    meter.world.run(end_fixed_usage, schedule_id=made.schedule_id)
    meter.hours(3)
    assert meter.reported() == 21


def test_microsofts_list_settles_doubt(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    meter.use(bought, 3)
    meter.world.faults(lose_usage_answers_next=1)
    meter.hours(2)
    meter.world.faults(fail_percent=100)
    meter.hours(25)
    assert meter.states() == ["doubtful"]
    meter.world.faults()
    meter.work.compare(None)  # type: ignore[arg-type]
    assert meter.states() == ["accepted"]
    (row,) = meter.world.rows(UsageComparisonRow)
    assert (row.is_open, row.submitted_milli) == (False, 3000)
    assert meter.world.entries("doubt_settled")
    assert not meter.world.reminders(code="metering.outcome_unknown")


def test_more_at_microsoft_than_ours_is_explained(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    meter.use(bought, 1)
    meter.hours(2)
    event = {"resourceId": bought, "quantity": 4, "dimension": DOCUMENTS, "planId": "business"}
    meter.world.controls.metering.take({**event, "effectiveStartTime": meter.now.isoformat()})
    meter.hours(14)
    meter.work.compare(None)  # type: ignore[arg-type]
    (found,) = meter.world.reminders(code="metering.stated_otherwise")
    assert "Microsoft has 4 more" in found.message


def test_opening_counts_before_the_first_hour(meter: Meter) -> None:
    meter.include(monthly="10")
    bought = meter.buy()
    meter.world.run(set_opening, resource_id=bought, dimension=DOCUMENTS, quantity="9", at=meter.now.isoformat())
    meter.use(bought, 4)
    meter.hours(2)
    assert meter.reported() == 3
    with refused("metering.rule_refused"):
        meter.world.run(set_opening, resource_id=bought, dimension=DOCUMENTS, quantity="9", at=meter.now.isoformat())


def test_both_sides_see_usage_and_only_their_own(meter_on_both: Meter) -> None:
    meter = meter_on_both
    meter.include(monthly="10")
    bought, other = meter.buy(), meter.world.buy_active("business", purchaser=FREYA)
    for resource in (bought, other):
        meter.use(resource, 25)
    meter.hours(2)
    own = person_of(meter.world.customer_of(bought).customer_id)
    (line,) = meter.world.run(list_usage, own).lines
    assert (line.resource_id, line.used, line.included, line.overage, line.states) == (
        *(bought, "25", "10", "15"),
        {"accepted": "15"},
    )
    assert meter.world.run(list_usage).total == 2
    detail = meter.world.run(show_usage, own, resource_id=bought)
    assert [(day.included, day.overage) for day in detail.days] == [("10", "15")]
    hour = meter.world.run(show_hour, own, count_id=detail.hours[0].count_id)
    assert hour.usage_event_id
    assert meter.world.run(list_hours, own, state="accepted") == (hour,)
    with refused("metering.resource_not_found"):
        meter.world.run(show_usage, own, resource_id=other)
    with refused("metering.resource_not_found"):
        meter.world.run(set_usage_limit, own, resource_id=other, **LIMIT)
    meter.world.run(set_usage_limit, own, resource_id=bought, **LIMIT)
    meter.tick()
    assert meter.world.reminders(code="metering.limit_reached")
    assert meter.world.run(list_usage, own).lines[0].limit == "20"


def test_file_is_recorded_once_and_says_which_row_is_wrong(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    text = f"event_id,dimension,quantity,used_at\na,documents,2,{meter.now.isoformat()}\nb,documents,3,{meter.now.isoformat()}\n"
    taken = meter.world.run(import_usage, resource_id=bought, file={"name": "u.csv", "text": text})
    again = meter.world.run(import_usage, resource_id=bought, file={"name": "u.csv", "text": text})
    assert (taken.recorded, again.recorded, again.repeated) == (2, 0, 2)
    (entry,) = meter.world.entries("usage_recorded")
    assert payload_of(entry)["source"] == "file"
    with refused("metering.file_refused"):
        meter.world.run(import_usage, resource_id=bought, file={"name": "u.csv", "text": text.replace(",3,", ",x,")})
    with refused("metering.event_refused"):
        meter.use(bought, 1, at=meter.now + timedelta(hours=1))
