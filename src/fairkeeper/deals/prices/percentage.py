"""Percentages with eight decimals, exact.

Separate from money, because Partner Center takes a discount and a customer adjustment as a percentage with up to eight
decimals, and a float would lose the last of them.

Source: Microsoft Learn, "Multiparty private offers FAQ" (October 2023): the customer adjustment has up to eight
decimals; to reach 105 from 95 one enters 10.52631579 %.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

from fairkeeper.values.errors import ValueRefusedError
from fairkeeper.values.money import Money, Rounding, round_fraction

DECIMALS: Final = 8
UNITS_PER_PERCENT: Final = 10**DECIMALS
UNITS_PER_ONE: Final = 100 * UNITS_PER_PERCENT
_TEXT: Final = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,24}))?")


class PercentageRefusedError(ValueRefusedError):
    """A text is no percentage, or has more decimals than Partner Center takes."""

    code = "deals.percentage_refused"
    remedy = "Write digits with a point before at most eight decimals, for example 10.52631579."


@dataclass(frozen=True, slots=True, order=True)
class Percentage:
    """A percentage that is not negative, in hundred-millionths of a percent.

    Args:
        units: How many of them: 10 % is 1,000,000,000.

    Example:
        >>> str(Percentage.parse("10.50")), Percentage.parse("10").factor_above_one
        ('10.5', Fraction(11, 10))
    """

    units: int

    def __post_init__(self) -> None:
        """Refuse what is below zero or was never exact."""
        if type(self.units) is not int or self.units < 0:
            message = f"{self.units!r} is no percentage in hundred-millionths."
            raise PercentageRefusedError(message)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a percentage: digits, and a point before at most eight decimals that are not zero.

        Raises:
            PercentageRefusedError: The text is none.
        """
        match = _TEXT.fullmatch(text)
        if match is None or (match[2] or "")[DECIMALS:].strip("0"):
            message = f"{text[:60]!r} is not a percentage with at most {DECIMALS} decimals."
            raise PercentageRefusedError(message)
        return cls(int(match[1] + (match[2] or "")[:DECIMALS].ljust(DECIMALS, "0")))

    @property
    def factor_above_one(self) -> Fraction:
        """What a price is multiplied with when this is added to it."""
        return Fraction(UNITS_PER_ONE + self.units, UNITS_PER_ONE)

    def __str__(self) -> str:
        """Write it without a sign for percent and without closing zeros."""
        whole, decimals = divmod(self.units, UNITS_PER_PERCENT)
        return f"{whole}.{decimals:0{DECIMALS}d}".rstrip("0").rstrip(".")


def added_to(amount: Money, percentage: Percentage) -> Money:
    """Return an amount with a percentage added, rounded to the nearest minor unit, a half away from zero.

    In whole numbers throughout: the fastest exact way, which matters for 70 lines in sixteen currencies.

    Example:
        >>> str(added_to(Money.from_decimal_text("95.00", "USD"), Percentage.parse("10.52631579")))
        '105.00 USD'
    """
    numerator = abs(amount.minor) * (UNITS_PER_ONE + percentage.units)
    rounded = (2 * numerator + UNITS_PER_ONE) // (2 * UNITS_PER_ONE)
    return Money(-rounded if amount.minor < 0 else rounded, amount.currency)


def percentage_between(base: Money, target: Money) -> Percentage:
    """Return the percentage with eight decimals that brings one amount closest to another.

    Raises:
        PercentageRefusedError: The base is not above zero, or the target is below it.

    Example:
        >>> usd = lambda text: Money.from_decimal_text(text, "USD")
        >>> str(percentage_between(usd("95"), usd("105")))
        '10.52631579'
    """
    if base.minor <= 0 or target < base:
        message = f"No percentage that can be added leads from {base} to {target}."
        raise PercentageRefusedError(message)
    exact = Fraction((target.minor - base.minor) * UNITS_PER_ONE, base.minor)
    return Percentage(round_fraction(exact, Rounding.HALF_UP))
