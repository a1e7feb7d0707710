"""Which days a fetch asks for, and how many of them count: whole days alone, not those that a report still lacks.

Source: Microsoft Learn, "Orders dashboard", "Usage dashboard", "Revenue dashboard", "Earnings" (copies of October
2023), read 2026-11-22: up to 48 hours for orders and usage, 24 for subscriptions' revenue, one to two days for
earnings, two to three for payments' links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fairkeeper.payouts.chain.payout_calendar import add_months
from fairkeeper.payouts.fetching.ports import FetchPlan

LAG_DAYS: Final[Mapping[str, int]] = {
    "orders": 2,
    "usage": 2,
    "customers": 2,
    "revenue": 1,
    "earnings": 2,
    "payments": 3,
}
"""How long after a day its rows are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What is asked for, and up to when it counts."""

    from_on: date
    to_on: date
    covers_to: date


def days_of(plan: FetchPlan, report: str, today: date) -> Days:
    """Return the days of a report that are fetched today: whole months back, up to yesterday.

    Today is never asked for, since half a day looks like a day on which little was sold.

    Example:
        >>> days = days_of(FetchPlan(look_back_months=2), "orders", date(2026, 11, 22))
        >>> str(days.from_on), str(days.to_on), str(days.covers_to)
        ('2026-09-01', '2026-11-21', '2026-11-19')
    """
    first, last = add_months(today.replace(day=1), -plan.look_back_months), today - timedelta(days=1)
    return days_between(plan, report, min(first, last), last, today)


def days_between(plan: FetchPlan, report: str, first: date, last: date, today: date) -> Days:
    """Return the days that a person named, up to yesterday; those that are surely there count."""
    until = min(last, today - timedelta(days=1))
    sure = today - timedelta(days=1 + plan.lag_days.get(report, LAG_DAYS.get(report, 3)))
    return Days(from_on=min(first, until), to_on=until, covers_to=max(min(until, sure), min(first, until)))
