"""Terms as they come from Microsoft: a change of plan in mid-term, the end of a month, and tests that are never billed."""

from __future__ import annotations

from datetime import timedelta

from fairkeeper.action.outside import EverythingManaged
from fairkeeper.jobs.metering import MeteringWork
from fairkeeper.metering.tables import UsageComparisonRow, UsageCounterRow
from fairkeeper.microsoft.metering import MeteringClient
from fairkeeper.sandbox.metering.api import TEST_HEADER
from tests.actions.customers.world import CORA
from tests.actions.metering.meter import DOCUMENTS, Meter


def compared(meter: Meter) -> list[tuple[str, bool, str]]:
    """Let Microsoft's list be read, and return what is said of each day."""
    meter.work.compare(None)  # type: ignore[arg-type]
    return [(row.status_text, row.is_open, row.explanation) for row in meter.world.rows(UsageComparisonRow)]


def test_change_of_plan_in_mid_term_begins_a_counter_with_the_new_plans_quantity(meter_on_both: Meter) -> None:
    """Both plans' overage is sent under the plan in which it was used, in the same hour of the change too."""
    meter = meter_on_both
    meter.include(monthly="10")
    meter.include(annual="5", monthly="5", plan_id="enterprise")
    bought = meter.buy()
    meter.pass_time(days=3)
    meter.use(bought, 12)
    meter.hours(2)
    meter.world.customer_does(bought, "change-plan", plan_id="enterprise")
    meter.world.work()
    meter.pass_time(minutes=1)
    meter.use(bought, 9)
    meter.hours(2)
    sent = [(event["planId"], event["quantity"]) for event in meter.accepted()]
    assert sent == [("business", 2), ("enterprise", 4)]
    counters = meter.world.rows(UsageCounterRow)
    assert sorted((row.plan_id, row.used_milli) for row in counters) == [("business", 12000), ("enterprise", 9000)]


def test_end_of_the_month_begins_anew_within_one_day(meter: Meter) -> None:
    """The term began on 22 November: what is used until the 22nd at midnight belongs to the month before."""
    meter.include(monthly="10")
    bought = meter.buy()
    meter.pass_time(days=29, hours=11, minutes=30)
    assert meter.now.isoformat().startswith("2026-12-21T23:30")
    meter.use(bought, 13)
    meter.use(bought, 8, at=meter.now + timedelta(minutes=4))
    meter.pass_time(minutes=40)
    meter.use(bought, 11)
    meter.hours(2)
    assert sorted(event["quantity"] for event in meter.accepted()) == [1, 11]


def test_what_is_sent_with_test_headers_is_explained_as_never_billed(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.buy()
    client = MeteringClient(meter.client._transport, test_headers={TEST_HEADER: "1"})  # noqa: SLF001 - the same way
    meter.work = MeteringWork(meter.world.runner, client, EverythingManaged())
    meter.use(bought, 3)
    meter.hours(2)
    assert [event["isTest"] for event in meter.accepted()] == [True]
    ((status, is_open, why),) = compared(meter)
    assert (status, is_open) == ("TestHeaders", False)
    assert "bills nothing" in why


def test_usage_of_a_subscription_in_dry_run_is_explained_as_never_billed(meter: Meter) -> None:
    meter.include(monthly="0")
    bought = meter.world.buy_active("business", purchaser=CORA, dry_run=True)
    meter.use(bought, 3)
    meter.hours(2)
    assert [event["dimension"] for event in meter.accepted()] == [DOCUMENTS]
    ((status, is_open, why),) = compared(meter)
    assert (status, is_open) == ("DryRun", False)
    assert "bills nothing" in why
