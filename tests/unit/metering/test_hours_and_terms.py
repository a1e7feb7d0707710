"""Edges of hours and terms: ends of hours and months, the leap day, daylight saving, anchors on the 29th to 31st."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.metering.rules.forecast import project
from fairkeeper.metering.rules.holding import HoldRule, decided_at, why_held
from fairkeeper.metering.rules.hours import HOUR, HourRule, choose_hour, expires_at, hour_of, newest_closed
from fairkeeper.metering.rules.terms import Counter, Term, counter_at, midnight, term_at

RULE = HourRule()
instants = st.datetimes(datetime(2020, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
anchors = st.dates(date(2019, 1, 1), date(2027, 12, 31))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def counter(anchor: str, months: int, when: str) -> tuple[str, str]:
    anchor_on = date.fromisoformat(anchor)
    term = Term(plan_id="plan", anchor_on=anchor_on, months=months, since_at=midnight(anchor_on))
    found = counter_at([term], at(when))
    return f"{found.starts_at:%Y-%m-%d}", f"{found.ends_at:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("anchor", "months", "when", "expected"),
    [
        ("2026-01-31", 1, "2026-02-27T23:59:59", ("2026-01-31", "2026-02-28")),
        ("2026-01-31", 1, "2026-02-28T00:00:00", ("2026-02-28", "2026-03-31")),
        ("2026-01-31", 1, "2026-03-30T23:59:59", ("2026-02-28", "2026-03-31")),
        ("2026-01-30", 1, "2028-02-29T00:00:00", ("2028-02-29", "2028-03-30")),
        ("2026-01-29", 1, "2026-02-28T12:00:00", ("2026-02-28", "2026-03-29")),
        ("2024-02-29", 12, "2025-02-27T23:00:00", ("2024-02-29", "2025-02-28")),
        ("2024-02-29", 12, "2025-02-28T00:00:00", ("2025-02-28", "2026-02-28")),
        ("2024-02-29", 12, "2028-02-28T23:00:00", ("2027-02-28", "2028-02-29")),
        ("2024-02-29", 12, "2028-02-29T00:00:00", ("2028-02-29", "2029-02-28")),
        ("2025-12-31", 12, "2026-12-31T00:00:00", ("2026-12-31", "2027-12-31")),
        ("2026-11-30", 1, "2026-12-31T23:59:59", ("2026-12-30", "2027-01-30")),
    ],
)
def test_counters_are_anchored(anchor: str, months: int, when: str, expected: tuple[str, str]) -> None:
    assert counter(anchor, months, when) == expected


@given(anchors, st.sampled_from([1, 12]), instants)
def test_every_instant_lies_in_its_counter_and_counters_touch(anchor: date, months: int, when: datetime) -> None:
    term = Term(plan_id="plan", anchor_on=anchor, months=months, since_at=midnight(anchor))
    found = counter_at([term], when)
    assert found.starts_at <= when < found.ends_at
    assert counter_at([term], found.starts_at - timedelta(microseconds=1)).ends_at == found.starts_at
    assert counter_at([term], found.ends_at).starts_at == found.ends_at


def test_change_of_plan_begins_a_counter_of_its_own() -> None:
    old = Term(plan_id="old", anchor_on=date(2026, 1, 31), months=1, since_at=at("2026-01-31"))
    new = Term(plan_id="new", anchor_on=date(2026, 1, 31), months=1, since_at=at("2026-02-10T14:30"))
    before = counter_at([old, new], at("2026-02-10T14:29:59"))
    after = counter_at([old, new], at("2026-02-10T14:30"))
    assert before == Counter(plan_id="old", starts_at=at("2026-01-31"), ends_at=new.since_at, months=1)
    assert after == Counter(plan_id="new", starts_at=new.since_at, ends_at=at("2026-02-28"), months=1)
    assert term_at([old, new], at("2020-01-01")) == old


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_daylight_saving_neither_skips_nor_doubles_an_hour(zone: str) -> None:
    start = at("2026-01-01")
    local = [(start + timedelta(minutes=30 * step)).astimezone(ZoneInfo(zone)) for step in range(2 * 24 * 365)]
    hours = [hour_of(each) for each in local]
    assert hours == sorted(hours)
    assert len(set(hours)) == 24 * 365


def test_hour_ends() -> None:
    assert hour_of(at("2026-11-22T12:59:59.999999")) == at("2026-11-22T12:00")
    assert hour_of(at("2026-11-22T13:00")) == at("2026-11-22T13:00")
    assert newest_closed(at("2027-01-01T00:09:59"), RULE) == at("2026-12-31T22:00")
    assert newest_closed(at("2027-01-01T00:10"), RULE) == at("2026-12-31T23:00")


def test_margin_is_kept_before_expiry() -> None:
    assert expires_at(at("2026-11-22T12:00"), RULE) == at("2026-11-23T11:55")


@given(instants, instants, st.sets(st.integers(0, 40)), st.booleans())
def test_chosen_hour_is_free_closed_and_can_be_sent(
    own: datetime, now: datetime, taken_back: set[int], has_ended: bool
) -> None:
    newest = newest_closed(now, RULE)
    taken = {newest - back * HOUR for back in taken_back}
    last = hour_of(own) if has_ended else None
    chosen = choose_hour(hour_of(own), now=now, rule=RULE, taken=taken, last=last)
    if chosen is None:
        limit = newest if last is None else min(newest, last)
        free = [newest - back * HOUR for back in range(25) if newest - back * HOUR not in taken]
        assert not [hour for hour in free if hour <= limit and now < expires_at(hour, RULE)]
        return
    assert chosen not in taken
    assert chosen <= newest
    assert now < expires_at(chosen, RULE)
    assert last is None or chosen <= last


def test_sudden_hour_is_held() -> None:
    rule = HoldRule()
    assert why_held(100_000, largest_milli=9_999, hours_known=12, rule=rule)
    assert why_held(100_000, largest_milli=10_000, hours_known=12, rule=rule) is None
    assert why_held(100_000, largest_milli=1, hours_known=11, rule=rule) is None
    assert decided_at(at("2026-11-22T12:00"), RULE, rule) == at("2026-11-23T09:55")


def test_projection_follows_the_recent_pace() -> None:
    now, end = at("2026-11-11"), at("2026-12-01")
    slow_then_fast = [0] * 20 + [100] * 7
    assert project(0, slow_then_fast, now=now, ends_at=end, mark_milli=500).reaches_at == at("2026-11-16")
    assert project(0, [], now=now, ends_at=end, mark_milli=500).reaches_at is None
    assert project(600, [1], now=now, ends_at=end, mark_milli=500).reaches_at == now
