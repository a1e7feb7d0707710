"""Quantities: whole thousandths of a unit, so that sums are exact and fit into canonical JSON and every column.

Microsoft takes a double above zero. A double holds any whole number of thousandths below 2^53 exactly enough that it
is read back as the same number of thousandths, so that nothing is lost on the way.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

LARGEST_MILLI: Final = 9_000_000_000_000_000
"""Nine trillion units: below 2^53 thousandths."""


def parse_units(text: str) -> int:
    """Read a quantity of units with at most three decimals as thousandths.

    Raises:
        ValueError: It is no number above zero, has more than three decimals, or is too large.

    Example:
        >>> parse_units("1.25")
        1250
    """
    try:
        units = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
    if not units.is_finite() or not 0 < units <= Decimal(LARGEST_MILLI) / 1000:
        raise ValueError(f"{text!r} is not above zero, or larger than any quantity")
    milli = units * 1000
    if milli != int(milli):
        raise ValueError(f"{text!r} has more than three decimals")
    return int(milli)


def show_units(milli: int) -> str:
    """Write thousandths as units, without zeros that say nothing.

    Example:
        >>> show_units(1250), show_units(3000)
        ('1.25', '3')
    """
    whole, rest = divmod(abs(milli), 1000)
    sign = "-" if milli < 0 else ""
    return f"{sign}{whole}.{rest:03d}".rstrip("0") if rest else f"{sign}{whole}"


def to_wire(milli: int) -> float:
    """Return what Microsoft is sent.

    Example:
        >>> to_wire(1250)
        1.25
    """
    return milli / 1000


def from_wire(value: object) -> int | None:
    """Read a quantity of Microsoft's as thousandths; None if it is none.

    Example:
        >>> from_wire(0.1), from_wire("12"), from_wire("many")
        (100, 12000, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
        return int((number * 1000).to_integral_value()) if number.is_finite() else None
    except (InvalidOperation, ValueError):
        return None
