"""What a schedule says once it stands: its dates, its running total, its quarters.

Separate from building, because every page and report asks these of schedules that came from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from fairkeeper.deals.deal import Charge
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a calendar year.

    Args:
        number: 1 to 4.
    """

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter a date lies in.

        Example:
            >>> str(Quarter.of(date(2027, 5, 31)))
            '2027 Q2'
        """
        return cls(day.year, (day.month + 2) // 3)

    def next(self) -> Quarter:
        """Return the quarter after it."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def __str__(self) -> str:
        """Write it like `2027 Q2`."""
        return f"{self.year} Q{self.number}"


def dates_of(charges: Iterable[Charge], starts_on: date) -> tuple[date, ...]:
    """Return the day of each charge; the one at the start falls on the contract's first day."""
    return tuple(charge.on or starts_on for charge in charges)


def running_totals(charges: Sequence[Charge]) -> tuple[Money, ...]:
    """Return what has been charged after each line."""
    return tuple(accumulate(charge.amount for charge in charges))


def by_quarter(dated: Iterable[tuple[date, Money]], currency: Currency) -> dict[Quarter, Money]:
    """Add amounts up by quarter, from the first to the last one without a gap.

    Example:
        >>> from fairkeeper.values.currencies import currency
        >>> eur = currency("EUR")
        >>> sums = by_quarter([(date(2027, 1, 1), Money(5, eur)), (date(2027, 8, 1), Money(7, eur))], eur)
        >>> {str(quarter): amount.minor for quarter, amount in sums.items()}
        {'2027 Q1': 5, '2027 Q2': 0, '2027 Q3': 7}
    """
    found: dict[Quarter, int] = {}
    for day, amount in dated:
        quarter = Quarter.of(day)
        found[quarter] = found.get(quarter, 0) + amount.minor
    if not found:
        return {}
    quarter, last = min(found), max(found)
    filled = {quarter: found[quarter]}
    while quarter < last:
        quarter = quarter.next()
        filled[quarter] = found.get(quarter, 0)
    return {quarter: Money(minor, currency) for quarter, minor in filled.items()}
