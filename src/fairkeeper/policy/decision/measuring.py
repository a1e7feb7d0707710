"""Meters: what a call counts for a billing dimension, by itself or by a field of its arguments or of its result.

In thousandths of a unit. A field is named by its path, `usage.tokens`; where a list lies on the way, each of its
members is followed and what is found is added up. What is no number, or below zero, is not known, and never counted as
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from fairkeeper.policy.decision.facts import Basis, LimitFacts, Meter, MeterFacts, MeterSource, ToolFacts

CALL_MILLI: Final = 1000
"""One unit for one call."""
LARGEST_MILLI: Final = 9_000_000_000_000_000
"""Nine trillion units; more is no quantity."""


def sum_at(value: Any, path: str) -> Decimal | None:
    """Return the sum of the numbers at a path; None where there is nothing, or something that is no number.

    Example:
        >>> sum_at({"pages": [{"count": 2}, {"count": 3}]}, "pages.count")
        Decimal('5')
        >>> sum_at({"pages": "two"}, "pages") is None
        True
    """
    found = list(_at(value, path.split(".") if path else []))
    if not found or any(isinstance(each, bool) or not isinstance(each, (int, float)) for each in found):
        return None
    numbers = [Decimal(repr(each)) for each in found]
    if not all(each.is_finite() and each >= 0 for each in numbers):
        return None
    return sum(numbers, Decimal())


def _at(value: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _at(each, names)
    elif not names:
        yield value
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _at(value[names[0]], names[1:])


def to_milli(units: Decimal | None) -> int | None:
    """Return units as thousandths, rounded to the nearest one; None for what is no quantity.

    Example:
        >>> to_milli(Decimal("0.0126")), to_milli(Decimal("-1")) is None
        (13, True)
    """
    if units is None or not units.is_finite() or units < 0 or units * 1000 > LARGEST_MILLI:
        return None
    return int((units * 1000).to_integral_value(ROUND_HALF_EVEN))


def measured(
    meters: tuple[MeterFacts, ...], arguments: Mapping[str, Any] | None, results: Mapping[str, Any]
) -> list[tuple[str, int | None]]:
    """Return what a call that was carried out counts: of each meter the dimension, and thousandths if they are known.

    Args:
        meters: The tool's, in their order.
        arguments: Those of the call; None where they were not kept.
        results: By path, the sums that were found in the result.
    """
    counted: list[tuple[str, int | None]] = []
    for meter in meters:
        if meter.of is MeterSource.CALLS:
            milli: int | None = CALL_MILLI
        elif meter.of is MeterSource.ARGUMENT:
            milli = None if arguments is None else to_milli(sum_at(arguments, meter.field))
        else:
            stated = results.get(meter.field)
            milli = None if stated is None else to_milli(Decimal(str(stated)))
        counted.append((meter.dimension, milli))
    return counted


def taken_before(tool: ToolFacts, dimension: str | None, arguments: Mapping[str, Any]) -> int | None:
    """Return what a call takes of a dimension as far as it is known before it runs; None where an argument hides it.

    What its result will say is not known yet; it counts from then on.
    """
    total = 0
    for meter in tool.meters:
        if meter.dimension != dimension or meter.of is MeterSource.RESULT:
            continue
        milli = CALL_MILLI if meter.of is MeterSource.CALLS else to_milli(sum_at(arguments, meter.field))
        if milli is None:
            return None
        total += milli
    return total


def result_fields(tool: ToolFacts) -> tuple[str, ...]:
    """Return the fields of a tool's result whose sums have to be told with its outcome."""
    return tuple(sorted({meter.field for meter in tool.meters if meter.of is MeterSource.RESULT}))


def unit_limits(basis: Basis) -> tuple[LimitFacts, ...]:
    """Return the customer's limits on dimensions that the tool counts for."""
    return tuple(limit for limit in basis.limits if limit.meter is Meter.UNITS)


def usage_of(basis: Basis, used: Mapping[str, int]) -> dict[str, int]:
    """Return what policies read: by dimension, how much of the customer's own limit is used, in whole percent.

    Args:
        used: Thousandths by limit.
    """
    found: dict[str, int] = {}
    for limit in unit_limits(basis):
        percent = used.get(limit.id, 0) * 100 // max(1, limit.maximum)
        found[limit.dimension or ""] = max(percent, found.get(limit.dimension or "", 0))
    return found
