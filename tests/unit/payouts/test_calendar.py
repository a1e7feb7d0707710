"""When money is expected, against the table of Microsoft's payout policy."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.payouts.chain.payout_calendar import (
    Agreement,
    add_business_days,
    add_months,
    expected_dates,
)

BOUGHT = date(2026, 1, 20)


@pytest.mark.parametrize(
    ("agreement", "is_usage", "is_card", "paid_by"),
    [
        (Agreement.ENTERPRISE, False, False, date(2026, 2, 15)),
        (Agreement.ENTERPRISE, True, False, date(2026, 3, 15)),
        (Agreement.MICROSOFT_CUSTOMER, False, False, date(2026, 4, 15)),
        (Agreement.CSP, True, False, date(2026, 4, 15)),
        (Agreement.MICROSOFT_CUSTOMER, False, True, date(2026, 5, 15)),
    ],
)
def test_payments_come_in_the_month_of_the_policy(
    agreement: Agreement, is_usage: bool, is_card: bool, paid_by: date
) -> None:
    assert expected_dates(BOUGHT, agreement, is_usage=is_usage, is_card=is_card).paid_by == paid_by


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.sampled_from(Agreement), st.booleans(), st.booleans())
def test_stages_follow_each_other(on: date, agreement: Agreement, is_usage: bool, is_card: bool) -> None:
    dates = expected_dates(on, agreement, is_usage=is_usage, is_card=is_card)
    assert on < dates.billed_by <= dates.earned_by < dates.paid_by < dates.in_bank_by


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 30))
def test_business_days_end_on_a_weekday_and_never_before(start: date, days: int) -> None:
    end = add_business_days(start, days)
    assert end >= start
    assert days == 0 or end.weekday() < 5


@given(st.dates(date(2001, 1, 1), date(2050, 1, 1)), st.integers(-200, 200))
def test_months_away_and_back(day: date, months: int) -> None:
    first = day.replace(day=1)
    assert add_months(add_months(first, months), -months) == first
