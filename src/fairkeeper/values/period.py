"""Periods of dates and calendar durations.

A period is half-open: it holds its start date and not its end date, so that two terms meet without a gap or a shared
day. A duration is added to a date by the calendar: years and months first, the day kept or moved back to the last day
of a shorter month, then days. Steps are always counted from the anchor (`anchor + duration * 3`), never from the step
before, because 31 January would otherwise drift to the 28th for ever.

Source: ISO 8601-1:2019, sections on durations and time intervals. Source: Microsoft Learn, SaaS fulfillment
Subscription APIs v2, `termUnit` (P1M, P1Y, P2Y, P3Y). Assumption: Marketplace terms end by the same clamping; the
connector reads Microsoft's own start and end dates and never replaces them by ours.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

from fairkeeper.values.errors import DurationRefusedError, PeriodRefusedError

_DURATION: Final = re.compile(r"P(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,5})W)?(?:([0-9]{1,6})D)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A length of calendar time that is not negative.

    Args:
        months: Whole months; a year is twelve.
        days: Whole days, added after the months; a week is seven.

    Example:
        >>> Duration.parse("P3Y") == Duration(months=36), str(Duration.parse("P18M"))
        (True, 'P18M')
        >>> Duration.parse("P1M").after(date(2027, 1, 31)).isoformat()
        '2027-02-28'
    """

    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        """Refuse lengths below zero."""
        if self.months < 0 or self.days < 0:
            message = f"A duration of {self.months} months and {self.days} days would run backwards."
            raise DurationRefusedError(message)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an ISO 8601 duration of years, months, weeks and days.

        Raises:
            DurationRefusedError: The text is none; hours, fractions and signs are refused too.
        """
        match = _DURATION.fullmatch(text)
        if match is None or not any(match.groups()):
            message = f"{text[:40]!r} is not a duration in years, months, weeks and days."
            raise DurationRefusedError(message)
        years, months, weeks, days = (int(group or 0) for group in match.groups())
        return cls(months=12 * years + months, days=7 * weeks + days)

    def after(self, start_on: date) -> date:
        """Return the date this long after another, by the calendar.

        Raises:
            PeriodRefusedError: The calendar ends before it (year 9999).
        """
        year, month_index = divmod(start_on.year * 12 + start_on.month - 1 + self.months, 12)
        try:
            last_day = calendar.monthrange(year, month_index + 1)[1]
            moved = date(year, month_index + 1, min(start_on.day, last_day))
            return moved + timedelta(days=self.days)
        except (ValueError, OverflowError):
            message = f"{self} after {start_on} is outside the calendar."
            raise PeriodRefusedError(message) from None

    def __mul__(self, count: int) -> Self:
        """Return this duration a number of times over."""
        return type(self)(months=self.months * count, days=self.days * count)

    def __bool__(self) -> bool:
        """Say whether it lasts at all."""
        return bool(self.months or self.days)

    def __str__(self) -> str:
        """Write it as ISO 8601; twelve months are a year only when no months remain (P3Y, but P18M)."""
        whole_years = self.months and self.months % 12 == 0
        months = f"{self.months // 12}Y" if whole_years else f"{self.months}M"
        return f"P{months if self.months else ''}{f'{self.days}D' if self.days or not self.months else ''}"


@dataclass(frozen=True, slots=True)
class Period:
    """The days from a start date to before an end date; never empty.

    Args:
        start_on: First day of it.
        end_on: First day after it.

    Example:
        >>> term = Period.from_inclusive(date(2024, 12, 1), date(2027, 11, 30))
        >>> str(term), term.days
        ('2024-12-01/2027-12-01', 1095)
    """

    start_on: date
    end_on: date

    def __post_init__(self) -> None:
        """Refuse an empty period and one that runs backwards."""
        if self.end_on <= self.start_on:
            message = f"A period from {self.start_on} to before {self.end_on} holds no day."
            raise PeriodRefusedError(message)

    @classmethod
    def from_inclusive(cls, first_on: date, last_on: date) -> Self:
        """Make a period of its first and its last day, as contracts state them."""
        if last_on == date.max:
            message = f"A period cannot include {last_on}, the calendar's last day."
            raise PeriodRefusedError(message)
        return cls(first_on, last_on + timedelta(days=1))

    @classmethod
    def lasting(cls, start_on: date, duration: Duration) -> Self:
        """Make the period that begins on a date and lasts a duration."""
        return cls(start_on, duration.after(start_on))

    @classmethod
    def month_of(cls, day: date) -> Self:
        """Return the calendar month a date belongs to."""
        return cls.lasting(day.replace(day=1), Duration(months=1))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `start/end` as written by `str()`: two ISO dates, the end exclusive.

        Raises:
            PeriodRefusedError: The text is no such pair.
        """
        start, slash, end = text.partition("/")
        try:
            if not slash:
                raise ValueError(text)
            days = date.fromisoformat(start), date.fromisoformat(end)
        except ValueError:
            message = f"{text[:40]!r} is not a period."
            raise PeriodRefusedError(message) from None
        return cls(*days)

    def __str__(self) -> str:
        """Write both dates in ISO form, the end exclusive."""
        return f"{self.start_on.isoformat()}/{self.end_on.isoformat()}"

    @property
    def last_on(self) -> date:
        """The last day that belongs to it."""
        return self.end_on - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days belong to it."""
        return (self.end_on - self.start_on).days

    def __contains__(self, day: date) -> bool:
        """Say whether a day belongs to it."""
        return self.start_on <= day < self.end_on

    def contains(self, other: Period) -> bool:
        """Say whether all days of another period belong to this one."""
        return self.start_on <= other.start_on and other.end_on <= self.end_on

    def overlaps(self, other: Period) -> bool:
        """Say whether some day belongs to both."""
        return self.start_on < other.end_on and other.start_on < self.end_on

    def intersection(self, other: Period) -> Period | None:
        """Return the days that belong to both, None if there are none."""
        if not self.overlaps(other):
            return None
        return Period(max(self.start_on, other.start_on), min(self.end_on, other.end_on))

    def months(self) -> tuple[Period, ...]:
        """Return its parts by calendar month, in order; the first and last may be parts of a month."""
        return tuple(self._calendar_months())

    def _calendar_months(self) -> Iterator[Period]:
        start = self.start_on
        while start < self.end_on:
            end = min(Period.month_of(start).end_on, self.end_on)
            yield Period(start, end)
            start = end

    def split(self, step: Duration) -> tuple[Period, ...]:
        """Return its parts of one duration each, counted from its start; the last one may be shorter.

        Raises:
            PeriodRefusedError: The step does not last.

        Example:
            >>> [str(part.start_on) for part in Period.parse("2027-01-31/2027-05-01").split(Duration(months=1))]
            ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30']
        """
        if not step:
            message = f"{self} cannot be split into parts of no length."
            raise PeriodRefusedError(message)
        cuts = [self.start_on]
        while (cut := (step * len(cuts)).after(self.start_on)) < self.end_on:
            cuts.append(cut)
        return tuple(Period(start, end) for start, end in zip(cuts, [*cuts[1:], self.end_on], strict=True))
