"""Limits: which window an instant falls into, and what a call takes from a limit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from fairkeeper.policy.decision.facts import ToolFacts, Window
from fairkeeper.values.currencies import CURRENCIES

_FORMATS: Final = {
    Window.MINUTE: "%Y-%m-%dT%H:%M",
    Window.HOUR: "%Y-%m-%dT%H",
    Window.DAY: "%Y-%m-%d",
    Window.MONTH: "%Y-%m",
}


@lru_cache(maxsize=64)
def window_key(window: Window, at: datetime) -> str:
    """Return the name of the window that an instant (in UTC) falls into.

    Example:
        >>> from datetime import UTC
        >>> window_key(Window.DAY, datetime(2026, 11, 22, 8, tzinfo=UTC))
        '2026-11-22'
    """
    pattern = _FORMATS.get(window)
    return at.strftime(pattern) if pattern else window.value


def worth(tool: ToolFacts, arguments: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Return what a call is worth in the currency's smallest unit, and the currency; None for what it does not say.

    An amount with more decimals than the currency has is not rounded but unknown, and so is a negative one: a limit
    must not be passed under by a rounding or a sign.
    """
    code = arguments.get(tool.currency_argument) if tool.currency_argument else None
    found = code if isinstance(code, str) and code in CURRENCIES else None
    value = arguments.get(tool.amount_argument) if tool.amount_argument else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        return None, found
    if tool.amount_in_minor:
        return (value if isinstance(value, int) else None), found
    if found is None:
        return None, None
    minor = Decimal(repr(value)).scaleb(CURRENCIES[found].exponent)
    return (int(minor), found) if minor == minor.to_integral_value() else (None, found)
