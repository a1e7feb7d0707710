"""Periods are half-open and durations follow the calendar."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.values.errors import DurationRefusedError, PeriodRefusedError
from fairkeeper.values.period import Duration, Period

days = st.dates(date(1990, 1, 1), date(2200, 12, 31))
durations = st.builds(
    lambda months, extra: Duration(months=months, days=extra), st.integers(0, 400), st.integers(0, 500)
)
periods = st.builds(lambda start, length: Period(start, start + timedelta(days=length)), days, st.integers(1, 2500))


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2027-01-29", "P1M", "2027-02-28"),
        ("2027-01-30", "P1M", "2027-02-28"),
        ("2027-01-31", "P1M", "2027-02-28"),
        ("2028-01-29", "P1M", "2028-02-29"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2028-02-29", "P4Y", "2032-02-29"),
        ("2096-02-29", "P4Y", "2100-02-28"),
        ("2027-12-31", "P2M", "2028-02-29"),
        ("2027-03-31", "P1M", "2027-04-30"),
        ("2024-12-01", "P3Y", "2027-12-01"),
        ("2024-12-01", "P18M", "2026-06-01"),
        ("2027-01-31", "P1M1D", "2027-03-01"),
        ("2027-02-28", "P2W", "2027-03-14"),
        ("2027-05-05", "P0D", "2027-05-05"),
    ],
)
def test_duration_is_added_by_the_calendar(start: str, text: str, end: str) -> None:
    assert Duration.parse(text).after(date.fromisoformat(start)) == date.fromisoformat(end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "1M",
        "PT1H",
        "P1DT1H",
        "-P1M",
        "P-1M",
        "P1.5Y",
        "P1M2Y",
        "p1m",
        "P1M ",
        "P1M\n",
        "P\u0661M",
        "P9999999M",
    ],
)
def test_text_that_is_no_calendar_duration_is_refused(text: str) -> None:
    with pytest.raises(DurationRefusedError):
        Duration.parse(text)


@given(durations)
def test_written_duration_reads_back(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "written"), [("P12M", "P1Y"), ("P18M", "P18M"), ("P1Y6M", "P18M"), ("P2W", "P14D"), ("P0M", "P0D")]
)
def test_duration_has_one_spelling(text: str, written: str) -> None:
    assert str(Duration.parse(text)) == written


def test_negative_duration_is_refused() -> None:
    with pytest.raises(DurationRefusedError):
        Duration(months=-1)
    with pytest.raises(DurationRefusedError):
        Duration(days=-1)


@given(days, st.integers(0, 400))
def test_months_keep_the_day_or_end_on_the_last_one(start: date, months: int) -> None:
    end = Duration(months=months).after(start)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == min(start.day, calendar.monthrange(end.year, end.month)[1])


@given(days, days, durations)
def test_later_start_never_ends_earlier(one: date, other: date, duration: Duration) -> None:
    earlier, later = sorted((one, other))
    assert duration.after(earlier) <= duration.after(later)


def test_duration_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(PeriodRefusedError):
        Duration.parse("P9999Y").after(date(2027, 1, 1))
    with pytest.raises(PeriodRefusedError):
        Duration(days=999_999).after(date(9000, 1, 1))


def test_start_belongs_to_a_period_and_end_does_not() -> None:
    period = Period(date(2027, 1, 1), date(2027, 2, 1))
    assert date(2027, 1, 1) in period
    assert date(2027, 1, 31) in period
    assert date(2027, 2, 1) not in period
    assert date(2026, 12, 31) not in period
    assert (period.last_on, period.days) == (date(2027, 1, 31), 31)


@pytest.mark.parametrize("end", [date(2027, 1, 1), date(2026, 12, 31)])
def test_period_without_a_day_is_refused(end: date) -> None:
    with pytest.raises(PeriodRefusedError):
        Period(date(2027, 1, 1), end)


def test_terms_that_meet_do_not_overlap() -> None:
    first = Period.lasting(date(2025, 3, 1), Duration.parse("P1Y"))
    second = Period.lasting(first.end_on, Duration.parse("P1Y"))
    assert not first.overlaps(second)
    assert not second.overlaps(first)
    assert first.intersection(second) is None


def test_contract_dates_are_inclusive_in_words_and_half_open_here() -> None:
    term = Period.from_inclusive(date(2024, 12, 1), date(2027, 11, 30))
    assert term == Period.lasting(date(2024, 12, 1), Duration.parse("P3Y"))
    assert term.last_on == date(2027, 11, 30)
    with pytest.raises(PeriodRefusedError):
        Period.from_inclusive(date(2027, 1, 1), date.max)


@given(periods, periods)
def test_overlap_means_a_shared_day(one: Period, other: Period) -> None:
    shared = one.intersection(other)
    assert one.overlaps(other) is other.overlaps(one) is (shared is not None)
    if shared is not None:
        assert one.contains(shared)
        assert other.contains(shared)
        assert shared.start_on in one
        assert shared.last_on in other
        assert shared.start_on - timedelta(days=1) not in one or shared.start_on - timedelta(days=1) not in other


@given(periods)
def test_months_cover_a_period_without_gap_or_overlap(period: Period) -> None:
    parts = period.months()
    assert (parts[0].start_on, parts[-1].end_on) == (period.start_on, period.end_on)
    assert all(before.end_on == after.start_on for before, after in pairwise(parts))
    assert all((part.start_on.year, part.start_on.month) == (part.last_on.year, part.last_on.month) for part in parts)
    assert len({(part.start_on.year, part.start_on.month) for part in parts}) == len(parts)


@given(periods, st.integers(1, 24))
def test_split_counts_from_the_anchor(period: Period, months: int) -> None:
    step = Duration(months=months)
    parts = period.split(step)
    assert (parts[0].start_on, parts[-1].end_on) == (period.start_on, period.end_on)
    assert all(before.end_on == after.start_on for before, after in pairwise(parts))
    assert [part.start_on for part in parts] == [(step * index).after(period.start_on) for index in range(len(parts))]


def test_monthly_parts_from_the_31st_do_not_drift() -> None:
    parts = Period(date(2027, 1, 31), date(2028, 1, 31)).split(Duration(months=1))
    assert [part.start_on.day for part in parts] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_split_into_parts_of_no_length_is_refused() -> None:
    with pytest.raises(PeriodRefusedError):
        Period(date(2027, 1, 1), date(2027, 2, 1)).split(Duration())


@given(periods)
def test_written_period_reads_back(period: Period) -> None:
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize(
    "text", ["", "2027-01-01", "2027-01-01/", "2027-02-30/2027-03-01", "2027-03-01/2027-03-01", "/"]
)
def test_text_that_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(PeriodRefusedError):
        Period.parse(text)


def test_month_of_a_day_is_its_calendar_month() -> None:
    assert str(Period.month_of(date(2028, 2, 29))) == "2028-02-01/2028-03-01"
