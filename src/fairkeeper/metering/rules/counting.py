"""Counting: what of a quantity is overage, whatever order usage arrives in.

Source: Microsoft Learn, "Metered billing for SaaS": only what is above the included quantity is sent; Microsoft does
not subtract it.
"""

from __future__ import annotations

from typing import Final

RULE: Final = "fairkeeper-usage/1"
"""Name of the rule that a count states: hours of `hours`, counters of `terms`, overage of this module."""


def overage(*, used_before: int, units: int, included: int | None) -> int:
    """Return which part of some units lies above the included quantity.

    Args:
        used_before: What the counter had already.
        included: None means without end.

    Example:
        >>> overage(used_before=900, units=300, included=1000)
        200
        >>> overage(used_before=900, units=300, included=None)
        0
    """
    if included is None:
        return 0
    return max(0, used_before + units - included) - max(0, used_before - included)
