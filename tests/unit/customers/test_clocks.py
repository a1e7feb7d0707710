"""Every clock. Source: Microsoft Learn, life cycle, webhook, subscription API and metering FAQ pages."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.errors import RetentionTooShortError
from fairkeeper.customers.path.clocks import CLOCKS, ClockFacts, ClockName, Deadline, OpenChange, deadlines
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.values.ids import OperationId
from fairkeeper.values.resources import resource
from tests.unit.customers.builders import NOON, instants, statuses

DAY = timedelta(days=1)


def running(facts: ClockFacts, now: datetime = NOON) -> dict[ClockName, Deadline]:
    return {deadline.name: deadline for deadline in deadlines(facts, now)}


def test_every_clock_is_in_the_table_with_a_resource_that_exists() -> None:
    assert set(CLOCKS) == set(ClockName)
    for rule in CLOCKS.values():
        assert resource(rule.resource).title
        assert rule.title
        assert rule.consequence
        assert rule.starts_at


@pytest.mark.parametrize(
    ("name", "length"),
    [
        (ClockName.LANDING_TOKEN, timedelta(hours=24)),
        (ClockName.ACTIVATION, timedelta(days=30)),
        (ClockName.OFFER_TO_SUBSCRIPTION, timedelta(days=30)),
        (ClockName.CHANGE_ANSWER, timedelta(seconds=10)),
        (ClockName.WEBHOOK_RETRY, timedelta(hours=8)),
        (ClockName.SUSPENSION_GRACE, timedelta(days=30)),
        (ClockName.REFUND_WINDOW, timedelta(hours=72)),
        (ClockName.USAGE_EVENT, timedelta(hours=24)),
        (ClockName.FINAL_USAGE, timedelta(hours=24)),
    ],
)
def test_documented_lengths(name: ClockName, length: timedelta) -> None:
    assert CLOCKS[name].length == length


def test_activation_reminds_on_days_1_7_20_and_28_and_stays_when_overdue() -> None:
    facts = ClockFacts(status=CommercialStatus.PENDING_FULFILLMENT_START, bought_at=NOON)
    deadline = running(facts, NOON + 8 * DAY)[ClockName.ACTIVATION]

    assert deadline.due_at == NOON + 30 * DAY
    assert [(at - NOON).days for at in deadline.reminder_ats] == [1, 7, 20, 28]
    assert deadline.next_reminder_at == NOON + 20 * DAY
    late = running(facts, NOON + 31 * DAY)[ClockName.ACTIVATION]
    assert late.is_overdue
    assert late.next_reminder_at is None


def test_activation_ends_with_activation() -> None:
    assert ClockName.ACTIVATION not in running(ClockFacts(status=CommercialStatus.SUBSCRIBED, bought_at=NOON))


def test_change_waits_ten_seconds_and_names_its_operation() -> None:
    change = OpenChange(operation_id=OperationId("op"), received_at=NOON)
    deadline = running(ClockFacts(open_changes=(change,)))[ClockName.CHANGE_ANSWER]

    assert (deadline.due_at - NOON, deadline.subject) == (timedelta(seconds=10), "op")


def test_suspension_runs_only_while_suspended() -> None:
    suspended = ClockFacts(status=CommercialStatus.SUSPENDED, suspended_at=NOON)

    assert running(suspended)[ClockName.SUSPENSION_GRACE].due_at == NOON + 30 * DAY
    assert not running(ClockFacts(status=CommercialStatus.SUBSCRIBED, suspended_at=NOON))


def test_retention_is_the_publishers_and_ends_with_erasure() -> None:
    facts = ClockFacts(status=CommercialStatus.UNSUBSCRIBED, retention_started_at=NOON, retention_days=9)
    deadline = running(facts)[ClockName.RETENTION]

    assert deadline.due_at == NOON + 9 * DAY
    assert [(deadline.due_at - at).days for at in deadline.reminder_ats] == [7, 1]
    assert not running(ClockFacts(retention_started_at=NOON, is_erased=True))


@pytest.mark.parametrize("days", [6, 0, -1])
def test_retention_below_a_week_is_refused(days: int) -> None:
    with pytest.raises(RetentionTooShortError) as refused:
        ClockFacts(retention_days=days)

    assert refused.value.code == "customers.retention_too_short"


def test_shortest_retention_reminds_no_earlier_than_it_starts() -> None:
    facts = ClockFacts(retention_started_at=NOON, retention_days=7)

    assert all(at >= NOON for at in running(facts)[ClockName.RETENTION].reminder_ats)


def test_refund_window_goes_quietly() -> None:
    facts = ClockFacts(status=CommercialStatus.SUBSCRIBED, bought_at=NOON)

    assert running(facts, NOON + 71 * timedelta(hours=1))[ClockName.REFUND_WINDOW].due_at == NOON + 3 * DAY
    assert not running(facts, NOON + 3 * DAY)


def test_landing_token_lasts_a_day_and_goes_quietly() -> None:
    facts = ClockFacts(status=CommercialStatus.PENDING_FULFILLMENT_START, landing_token_received_at=NOON)

    assert running(facts)[ClockName.LANDING_TOKEN].due_at == NOON + DAY
    assert not running(facts, NOON + DAY)


def test_accepted_offer_waits_for_the_purchase() -> None:
    assert running(ClockFacts(offer_accepted_at=NOON))[ClockName.OFFER_TO_SUBSCRIPTION].owner_role == "deal_desk"
    assert ClockName.OFFER_TO_SUBSCRIPTION not in running(ClockFacts(offer_accepted_at=NOON, bought_at=NOON))


def test_usage_is_lost_after_a_day() -> None:
    facts = ClockFacts(unreported_usage_at=NOON, unsubscribed_at=NOON, has_final_usage=True)

    assert {running(facts)[name].due_at for name in (ClockName.USAGE_EVENT, ClockName.FINAL_USAGE)} == {NOON + DAY}
    assert ClockName.FINAL_USAGE not in running(ClockFacts(unsubscribed_at=NOON))


def test_annual_renewal_is_announced_30_days_before_the_term_ends() -> None:
    facts = ClockFacts(
        status=CommercialStatus.SUBSCRIBED, term_end_on=date(2027, 1, 31), term_months=12, auto_renew=True
    )
    found = running(facts)

    assert found[ClockName.RENEWAL_NOTICE].due_at.date() == date(2027, 1, 1)
    assert found[ClockName.TERM_END].due_at.date() == date(2027, 1, 31)
    assert "public price" in found[ClockName.TERM_END].consequence


@pytest.mark.parametrize(("months", "auto_renew"), [(1, True), (None, True), (12, False)])
def test_short_terms_and_terms_that_do_not_renew_are_not_announced(months: int | None, *, auto_renew: bool) -> None:
    facts = ClockFacts(
        status=CommercialStatus.SUBSCRIBED, term_end_on=date(2027, 1, 31), term_months=months, auto_renew=auto_renew
    )
    found = running(facts)

    assert ClockName.RENEWAL_NOTICE not in found
    assert ("switched off" in found[ClockName.TERM_END].consequence) is not auto_renew


facts_strategy = st.builds(
    ClockFacts,
    status=statuses,
    bought_at=st.none() | instants,
    landing_token_received_at=st.none() | instants,
    offer_accepted_at=st.none() | instants,
    open_changes=st.lists(
        st.builds(OpenChange, operation_id=st.sampled_from([OperationId("a"), OperationId("b")]), received_at=instants),
        max_size=2,
    ).map(tuple),
    webhooks_failing_since_at=st.none() | instants,
    suspended_at=st.none() | instants,
    unsubscribed_at=st.none() | instants,
    retention_started_at=st.none() | instants,
    is_erased=st.booleans(),
    unreported_usage_at=st.none() | instants,
    has_final_usage=st.booleans(),
    term_end_on=st.none() | st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    term_months=st.none() | st.integers(1, 60),
    auto_renew=st.none() | st.booleans(),
    retention_days=st.integers(7, 400),
)


@given(facts_strategy, instants)
def test_deadlines_are_in_order_and_reminders_lie_within_them(facts: ClockFacts, now: datetime) -> None:
    found = deadlines(facts, now)

    assert [item.due_at for item in found] == sorted(item.due_at for item in found)
    for item in found:
        assert item.starts_at < item.due_at
        assert item.is_overdue is (item.due_at <= now)
        assert list(item.reminder_ats) == sorted(set(item.reminder_ats))
        assert all(item.starts_at <= at < item.due_at for at in item.reminder_ats)
        assert item.next_reminder_at == min((at for at in item.reminder_ats if at > now), default=None)


@given(facts_strategy, instants, st.timedeltas(timedelta(), 60 * DAY))
def test_time_alone_never_brings_a_new_deadline(facts: ClockFacts, now: datetime, wait: timedelta) -> None:
    before = {(item.name, item.subject, item.due_at) for item in deadlines(facts, now)}
    after = {(item.name, item.subject, item.due_at) for item in deadlines(facts, now + wait)}

    assert after <= before
