"""Money: a whole number of minor units and a currency; exact, or refused.

Decides how amounts are read, added, shared and rounded, so that no room rounds on its own. A float is never accepted
and never arises; every rounding is named by its caller. Negative amounts are credits and refunds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, Self

from fairkeeper.values.currencies import Currency, currency
from fairkeeper.values.errors import AmountRefusedError, CurrencyMismatchError, WeightsRefusedError

_AMOUNT: Final = re.compile(r"(-?)([0-9]{1,24})(?:\.([0-9]{1,24}))?")

_NOT_EXACT: Final = "amounts are whole numbers of minor units, never floats or booleans"

Number = int | Decimal | Fraction
"""What an amount may be multiplied with or shared out by; all three are exact."""


class Rounding(StrEnum):
    """Which neighbour an amount between two minor units goes to."""

    HALF_UP = "half_up"
    """The nearer one; a half goes away from zero (invoices, price lists)."""
    HALF_EVEN = "half_even"
    """The nearer one; a half goes to the even one (bankers' rounding)."""
    TOWARDS_ZERO = "towards_zero"
    """Cut off."""
    AWAY_FROM_ZERO = "away_from_zero"
    """Any rest counts as a whole unit."""
    FLOOR = "floor"
    """The lower one, also below zero."""
    CEILING = "ceiling"
    """The higher one, also below zero."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency.

    Args:
        minor: Whole minor units: cents of USD, yen of JPY, fils of BHD.
        currency: Its currency.

    Example:
        >>> Money.from_decimal_text("80000000.00", "USD").minor
        8000000000
        >>> [str(part) for part in Money(100, currency("EUR")).allocate([1, 1, 1])]
        ['0.34 EUR', '0.33 EUR', '0.33 EUR']
    """

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        """Refuse what is not a whole number (a programming error, hence TypeError)."""
        if type(self.minor) is not int:
            raise TypeError(_NOT_EXACT)

    @classmethod
    def zero(cls, of: Currency | str) -> Self:
        """Return nothing at all, in a currency."""
        return cls(0, _as_currency(of))

    @classmethod
    def from_decimal_text(cls, text: str, of: Currency | str) -> Self:
        """Read an amount of major units: digits, an optional minus, a point before the decimals; nothing else.

        Decimals beyond the currency's are accepted only when they are zeros, since those lose nothing.

        Raises:
            AmountRefusedError: The text is no such number, or has more decimals than the currency.

        Example:
            >>> Money.from_decimal_text("-12.5", "USD").to_decimal_text()
            '-12.50'
        """
        unit = _as_currency(of)
        match = _AMOUNT.fullmatch(text)
        if match is None:
            message = f"{text[:60]!r} is not an amount of {unit}."
            raise AmountRefusedError(message)
        sign, whole, decimals = match[1], match[2], match[3] or ""
        kept, excess = decimals[: unit.exponent], decimals[unit.exponent :]
        if excess.strip("0"):
            message = f"{text} has {len(decimals)} decimals, but {unit} has {unit.exponent}."
            raise AmountRefusedError(message)
        minor = int(whole + kept.ljust(unit.exponent, "0"))
        return cls(-minor if sign else minor, unit)

    @classmethod
    def from_decimal(cls, amount: Decimal, of: Currency | str) -> Self:
        """Take an exact Decimal of major units.

        Raises:
            AmountRefusedError: It is not finite, or has more decimals than the currency.
        """
        if not isinstance(amount, Decimal):
            raise TypeError(_NOT_EXACT)
        if not amount.is_finite() or abs(amount.adjusted()) > 24:
            message = f"{amount} is not an amount."
            raise AmountRefusedError(message)
        return cls.from_decimal_text(f"{amount:f}", of)

    @classmethod
    def sum(cls, amounts: Iterable[Money], of: Currency | str) -> Self:
        """Add amounts up; the currency is named, so that a sum of nothing has one too.

        Raises:
            CurrencyMismatchError: One of them is of another currency.
        """
        unit = _as_currency(of)
        return cls(sum(_minor_in(unit, amount) for amount in amounts), unit)

    def to_decimal(self) -> Decimal:
        """Return the major units as an exact Decimal."""
        return Decimal(self.to_decimal_text())

    def to_decimal_text(self) -> str:
        """Write the major units without grouping, with all decimals of the currency (`"80000000.00"`)."""
        digits = str(abs(self.minor)).rjust(self.currency.exponent + 1, "0")
        sign = "-" if self.minor < 0 else ""
        if not self.currency.exponent:
            return sign + digits
        return f"{sign}{digits[: -self.currency.exponent]}.{digits[-self.currency.exponent :]}"

    def __str__(self) -> str:
        """Write amount and code, neutral of language: `80000000.00 USD`."""
        return f"{self.to_decimal_text()} {self.currency.code}"

    def __add__(self, other: Money) -> Self:
        """Add an amount of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return type(self)(self.minor + _minor_in(self.currency, other), self.currency)

    def __sub__(self, other: Money) -> Self:
        """Take away an amount of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return type(self)(self.minor - _minor_in(self.currency, other), self.currency)

    def __mul__(self, count: int) -> Self:
        """Multiply by a whole number; for anything else name a rounding, see `multiply_rounded`."""
        if type(count) is not int:
            return NotImplemented
        return type(self)(self.minor * count, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Self:
        """Turn a charge into a credit."""
        return type(self)(-self.minor, self.currency)

    def __abs__(self) -> Self:
        """Return the amount without its sign."""
        return type(self)(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        """Say whether it is other than zero."""
        return self.minor != 0

    def __lt__(self, other: Money) -> bool:
        """Compare within one currency."""
        return self.minor < _minor_in(self.currency, other)

    def __le__(self, other: Money) -> bool:
        """Compare within one currency."""
        return self.minor <= _minor_in(self.currency, other)

    def __gt__(self, other: Money) -> bool:
        """Compare within one currency."""
        return self.minor > _minor_in(self.currency, other)

    def __ge__(self, other: Money) -> bool:
        """Compare within one currency."""
        return self.minor >= _minor_in(self.currency, other)

    def multiply_rounded(self, factor: Number, rounding: Rounding) -> Self:
        """Multiply by an exact factor and round once, to a whole minor unit.

        Example:
            >>> Money(1005, currency("USD")).multiply_rounded(Decimal("1.10"), Rounding.HALF_UP).minor
            1106
        """
        exact = Fraction(self.minor) * _as_fraction(factor)
        return type(self)(round_fraction(exact, rounding), self.currency)

    def allocate(self, weights: Sequence[Number]) -> tuple[Self, ...]:
        """Share the amount out in proportion to weights, in whole minor units that add up to it exactly.

        By the largest remainder; of equal remainders the earlier weight gets the unit, so that the same input always
        gives the same shares. A weight of zero gets nothing. A credit is shared as its charge would be.

        Raises:
            WeightsRefusedError: There is no weight above zero, or one below.
        """
        parts = [_as_fraction(weight) for weight in weights]
        total = sum(parts, Fraction(0))
        if total <= 0 or any(part < 0 for part in parts):
            message = f"{self} cannot be shared out by the weights {[str(part) for part in parts]}."
            raise WeightsRefusedError(message)
        exact = [abs(self.minor) * part / total for part in parts]
        shares = [share.numerator // share.denominator for share in exact]
        left = abs(self.minor) - sum(shares)
        by_remainder = sorted(range(len(shares)), key=lambda index: (shares[index] - exact[index], index))
        for index in by_remainder[:left]:
            shares[index] += 1
        sign = -1 if self.minor < 0 else 1
        return tuple(type(self)(sign * share, self.currency) for share in shares)


def round_fraction(exact: Fraction, rounding: Rounding) -> int:
    """Round an exact number to a whole one.

    Example:
        >>> [round_fraction(Fraction(-5, 2), way) for way in (Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.CEILING)]
        [-3, -2, -2]
    """
    lower, rest = divmod(exact.numerator, exact.denominator)
    if rest == 0:
        return lower
    is_negative = exact < 0
    to_upper = {
        Rounding.FLOOR: False,
        Rounding.CEILING: True,
        Rounding.TOWARDS_ZERO: is_negative,
        Rounding.AWAY_FROM_ZERO: not is_negative,
    }.get(rounding)
    if to_upper is None:
        twice = 2 * rest - exact.denominator
        at_half = not is_negative if rounding is Rounding.HALF_UP else lower % 2 == 1
        to_upper = at_half if twice == 0 else twice > 0
    return lower + 1 if to_upper else lower


def _as_currency(of: Currency | str) -> Currency:
    return currency(of) if isinstance(of, str) else of


def _minor_in(unit: Currency, amount: Money) -> int:
    if amount.currency != unit:
        message = f"{amount} is not an amount of {unit}."
        raise CurrencyMismatchError(message)
    return amount.minor


def _as_fraction(number: Number) -> Fraction:
    """Return an exact number as a fraction; floats and booleans are refused because they were never exact."""
    if isinstance(number, bool) or not isinstance(number, (int, Decimal, Fraction)):
        raise TypeError(_NOT_EXACT)
    if isinstance(number, Decimal) and not number.is_finite():
        message = f"{number} is not a number to calculate with."
        raise AmountRefusedError(message)
    return Fraction(number)
