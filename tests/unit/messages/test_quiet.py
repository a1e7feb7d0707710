"""When a message may leave."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.messages.errors import RuleRefusedError
from fairkeeper.messages.quiet import MessageRule, digest_leaves_at, leaves_at, time_of, zone_of

BERLIN = MessageRule(time_zone="Europe/Berlin", is_quiet_at_weekends=True)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
RULES = st.builds(
    MessageRule,
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
    quiet_from=TIMES,
    quiet_until=TIMES,
    is_quiet_at_weekends=st.booleans(),
    digest_at=TIMES,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-24T12:00", "2026-11-24T12:00"),  # a Tuesday at noon
        ("2026-11-24T19:30", "2026-11-25T06:00"),  # half past eight in Berlin
        ("2026-11-25T05:59", "2026-11-25T06:00"),
        ("2026-11-27T21:00", "2026-11-30T06:00"),  # Friday night: the weekend and Monday's early hours
        ("2026-11-28T12:00", "2026-11-30T06:00"),
        ("2026-03-27T21:00", "2026-03-30T05:00"),  # the clocks are turned on that Sunday
    ],
)
def test_what_is_urgent_leaves_at_once_or_when_the_quiet_hours_end(now: str, leaves: str) -> None:
    assert leaves_at(at(now), BERLIN) == at(leaves)


def test_a_deadline_within_the_quiet_hours_is_told_in_spite_of_them() -> None:
    night = at("2026-11-24T23:00")
    assert leaves_at(night, BERLIN, due_at=at("2026-11-25T03:00")) == night
    assert leaves_at(night, BERLIN, due_at=at("2026-11-25T06:00")) == night
    assert leaves_at(night, BERLIN, due_at=at("2026-11-25T09:00")) == at("2026-11-25T06:00")


def test_hours_that_begin_and_end_at_the_same_time_are_none() -> None:
    rule = MessageRule(quiet_from=time(7), quiet_until=time(7))
    assert leaves_at(at("2026-11-24T07:00"), rule) == at("2026-11-24T07:00")


def test_a_digest_leaves_at_its_hour_of_the_next_day_that_is_not_quiet() -> None:
    assert digest_leaves_at(at("2026-11-24T06:59"), BERLIN) == at("2026-11-24T07:00")
    assert digest_leaves_at(at("2026-11-24T07:00"), BERLIN) == at("2026-11-25T07:00")
    assert digest_leaves_at(at("2026-11-27T08:00"), BERLIN) == at("2026-11-30T06:00"), "Saturday's waits for Monday"


@given(INSTANTS, RULES)
def test_nothing_leaves_before_now_nor_in_quiet_hours_nor_much_later(now: datetime, rule: MessageRule) -> None:
    leaves = leaves_at(now, rule)
    assert now <= leaves <= now + timedelta(days=4)
    assert leaves_at(leaves, rule) == leaves
    digest = digest_leaves_at(now, rule)
    assert now < digest <= now + timedelta(days=6)
    assert leaves_at(digest, rule) == digest


@pytest.mark.parametrize("text", ["7:00", "24:00", "07:60", "", "07:00:00", "٠٧:٠٠"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(RuleRefusedError):
        time_of(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(RuleRefusedError):
        zone_of(name)
