"""How values read: exact examples, and what holds for every value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from fairkeeper.web.format import (
    NO_BREAK,
    Tone,
    amount,
    count,
    due,
    relative,
    short_id,
    state,
    urgency,
    when,
    when_text,
)

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(), "now"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=59), "in 59 minutes"),
        (timedelta(hours=1), "in 1 hour"),
        (timedelta(hours=47), "in 47 hours"),
        (timedelta(hours=48), "in 2 days"),
        (timedelta(days=-59), "59 days ago"),
        (timedelta(days=-60), "2 months ago"),
        (timedelta(days=800), "in 2 years"),
    ],
)
def test_distance_is_told_in_the_largest_unit_that_still_says_it(distance: timedelta, words: str) -> None:
    assert relative(NOW + distance, NOW) == words


@pytest.mark.parametrize(("days", "words"), [(-1, "yesterday"), (0, "today"), (1, "tomorrow"), (9, "in 9 days")])
def test_a_day_is_told_by_days_alone(days: int, words: str) -> None:
    assert relative(NOW.date() + timedelta(days=days), NOW) == words


@given(INSTANTS, INSTANTS)
def test_what_lies_ahead_never_reads_as_past(at: datetime, now: datetime) -> None:
    words = relative(at, now)
    assert words.startswith("in ") or words == "now" if at >= now else words.endswith(("ago", "just now"))


@given(INSTANTS)
def test_a_deadline_is_bad_exactly_when_it_has_passed(due_at: datetime) -> None:
    assert (urgency(due_at, NOW) is Tone.BAD) == (due_at <= NOW)


def test_a_passed_deadline_says_overdue_and_not_ago() -> None:
    assert due(NOW - timedelta(days=3), NOW) == "3 days overdue"


def test_instants_are_shown_in_utc_whatever_zone_they_came_in() -> None:
    tokyo = datetime(2026, 11, 22, 17, 30, tzinfo=timezone(timedelta(hours=9)))
    assert when_text(tokyo).replace(NO_BREAK, " ") == "22 Nov 2026, 08:30 UTC"
    assert 'datetime="2026-11-22T08:30:00Z"' in when(tokyo)


def test_a_day_carries_no_time_zone() -> None:
    assert when(date(2026, 3, 1)).replace(NO_BREAK, " ") == '<time datetime="2026-03-01">1 Mar 2026</time>'


@pytest.mark.parametrize(
    "show", [when, when_text, lambda value: relative(value, NOW), lambda value: urgency(value, NOW)]
)
def test_an_instant_without_a_zone_is_refused(show: object) -> None:
    assert callable(show)
    with pytest.raises(ValueError, match="time zone"):
        show(datetime(2026, 11, 22, 9, 30))  # noqa: DTZ001


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "USD", "JPY", "KWD"]))
def test_an_amount_loses_nothing(minor: int, code: str) -> None:
    shown = amount(Money(minor, currency(code)))
    text, _, unit = shown.partition(NO_BREAK)
    assert unit == code
    assert Money.from_decimal_text(text.replace(",", "").replace("\N{MINUS SIGN}", "-"), code).minor == minor


@pytest.mark.parametrize(("number", "words"), [(0, "0 entries"), (1, "1 entry"), (1200, "1,200 entries")])
def test_a_count_says_its_unit(number: int, words: str) -> None:
    assert count(number, "entry", "entries").replace(NO_BREAK, " ") == words


@given(st.text(max_size=60))
def test_a_short_id_keeps_both_ends(text: str) -> None:
    short = short_id(text)
    assert short == text or (short.startswith(text[:8]) and short.endswith(text[-4:]) and len(short) == 13)


def test_two_ids_of_one_kind_stay_apart_when_shortened() -> None:
    assert short_id("cus_01JD4Y7M2N8Q5R9S3T6V0WXYZ1") != short_id("cus_01JD4Y7M2N8Q5R9S3T6V0WXYZ2")


@pytest.mark.parametrize(
    ("value", "word", "tone"),
    [
        ("PendingFulfillmentStart", "Pending fulfillment start", Tone.BUSY),
        ("Subscribed", "Subscribed", Tone.GOOD),
        ("Suspended", "Suspended", Tone.CARE),
        ("Unsubscribed", "Unsubscribed", Tone.QUIET),
        (" InProgress ", "In progress", Tone.BUSY),
        ("not_witnessed", "Not witnessed", Tone.CARE),
        ("failed", "Failed", Tone.BAD),
    ],
)
def test_a_state_is_one_word_and_one_tone(value: str, word: str, tone: Tone) -> None:
    assert state(value).word == word
    assert state(value).tone is tone


@given(st.text(min_size=1).filter(str.strip))
def test_a_state_that_nobody_knows_asks_for_care(value: str) -> None:
    shown = state(f"zz {value}")
    assert shown.tone is Tone.CARE
