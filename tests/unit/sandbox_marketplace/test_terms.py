"""Durations and terms. Document: SaaS fulfillment Subscription APIs v2, Get subscription."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.sandbox.marketplace.terms import (
    Term,
    add_duration,
    begin_term,
    is_paid_in_parts,
    months_and_days,
    term_ends_at,
)


def test_the_documented_example_lasts_from_the_seventh_to_the_sixth() -> None:
    """Resolve sample: 2022-03-07 to 2022-04-06 with P1M."""
    term = begin_term("P1M", None, date(2022, 3, 7))
    assert term.end_on == date(2022, 4, 6)
    assert term_ends_at(term) == datetime(2022, 4, 7, tzinfo=UTC)


def test_a_day_that_the_month_lacks_becomes_its_last() -> None:
    assert add_duration(date(2028, 1, 31), "P1M") == date(2028, 2, 29)
    assert add_duration(date(2028, 2, 29), "P1Y") == date(2029, 2, 28)


@pytest.mark.parametrize("unit", ["", "P", "PT5M", "1M", "P1M2Y", "P0M", "P1.5M", "p1m", "P1M "])
def test_what_is_no_duration_of_days_is_refused(unit: str) -> None:
    with pytest.raises(ValueError, match=r"duration|no time"):
        months_and_days(unit)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_a_term_of_months_is_never_longer_than_its_calendar_months(start_on: date, months: int) -> None:
    term = begin_term(f"P{months}M", None, start_on)
    assert term.end_on is not None
    following = add_duration(start_on, f"P{months}M")
    assert (following - term.end_on).days == 1
    assert (following.year - start_on.year) * 12 + following.month - start_on.month == months


@pytest.mark.parametrize(
    ("unit", "charged", "expected"),
    [("P3Y", "P1Y", True), ("P3Y", None, False), ("P1Y", "P1M", False), ("P18M", "P1M", True)],
)
def test_only_terms_over_a_year_with_several_payments_are_paid_in_parts(
    unit: str, charged: str | None, expected: bool
) -> None:
    assert is_paid_in_parts(Term(unit=unit, charge_duration=charged)) is expected
