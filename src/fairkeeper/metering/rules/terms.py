"""Terms and anchors: which counter of included quantity an instant belongs to.

A counter runs for a month or a year from the term's own first day; where that day does not exist (the 31st in June,
29 February in most years) it begins on the month's last day, and returns to the anchor afterwards.

Source: Microsoft Learn, "Metered billing for SaaS": included quantities are monthly or annual. Assumption: the anchor
is `term.startDate` at midnight UTC; a term of twelve months or more has annual counters, a shorter one monthly ones;
a change of plan in mid-term begins counters of its own, with the new plan's whole included quantity
(`test_change_of_plan_begins_a_counter_of_its_own`).
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

MONTHLY: Final = 1
ANNUAL: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One stretch of a subscription with one plan and one anchor.

    Attributes:
        plan_id: The plan in force.
        anchor_on: The day from which counters run.
        months: Length of a counter: 1 or 12.
        since_at: From when this holds; the first one holds before that too.
    """

    plan_id: str
    anchor_on: date
    months: int
    since_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One counter of included quantity: half open."""

    plan_id: str
    starts_at: datetime
    ends_at: datetime
    months: int


def add_months(anchor: date, months: int) -> date:
    """Return the anchor's day some months on, or the last day of that month.

    Example:
        >>> add_months(date(2026, 1, 31), 1).isoformat(), add_months(date(2026, 1, 31), 2).isoformat()
        ('2026-02-28', '2026-03-31')
        >>> add_months(date(2024, 2, 29), 12).isoformat(), add_months(date(2024, 2, 29), 48).isoformat()
        ('2025-02-28', '2028-02-29')
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def midnight(day: date) -> datetime:
    """Return the beginning of a day by UTC."""
    return datetime.combine(day, time(), tzinfo=UTC)


def term_at(terms: Sequence[Term], at: datetime) -> Term:
    """Return the term in force at an instant; before the first one, the first.

    Args:
        terms: In the order of `since_at`; at least one.
    """
    found = terms[0]
    for term in terms[1:]:
        if term.since_at > at:
            break
        found = term
    return found


def counter_at(terms: Sequence[Term], at: datetime) -> Counter:
    """Return the counter that an instant belongs to.

    Example:
        >>> term = Term(plan_id="gold", anchor_on=date(2026, 1, 31), months=1, since_at=midnight(date(2026, 1, 31)))
        >>> counter = counter_at([term], datetime(2026, 2, 28, tzinfo=UTC))
        >>> counter.starts_at.date().isoformat(), counter.ends_at.date().isoformat()
        ('2026-02-28', '2026-03-31')
    """
    term = term_at(terms, at)
    position = terms.index(term)
    day = at.astimezone(UTC).date()
    step = ((day.year - term.anchor_on.year) * 12 + day.month - term.anchor_on.month) // term.months
    while add_months(term.anchor_on, step * term.months) > day:
        step -= 1
    while add_months(term.anchor_on, (step + 1) * term.months) <= day:
        step += 1
    starts_at = midnight(add_months(term.anchor_on, step * term.months))
    ends_at = midnight(add_months(term.anchor_on, (step + 1) * term.months))
    if position:
        starts_at = max(starts_at, term.since_at)
    if position + 1 < len(terms):
        ends_at = min(ends_at, terms[position + 1].since_at)
    return Counter(plan_id=term.plan_id, starts_at=starts_at, ends_at=ends_at, months=term.months)
