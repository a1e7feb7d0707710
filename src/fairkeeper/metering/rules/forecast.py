"""Forecast: when a counter reaches its included quantity or a customer's own limit, at the pace of late.

Assumption: the pace is the mean of the last seven days, or of all days if there are fewer
(`test_projection_follows_the_recent_pace`); it is a straight line and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Where a counter is going.

    Attributes:
        a_day_milli: The pace.
        at_end_milli: What the counter holds at its end.
        reaches_at: When it reaches the mark; None: not before the counter ends, or there is no mark.
    """

    a_day_milli: int
    at_end_milli: int
    reaches_at: datetime | None


def project(
    used_milli: int, days_milli: Sequence[int], *, now: datetime, ends_at: datetime, mark_milli: int | None
) -> Projection:
    """Project a counter.

    Args:
        days_milli: Usage of the days before now, oldest first, the running one last.
        mark_milli: The included quantity or limit.

    Example:
        >>> from datetime import UTC
        >>> now = datetime(2026, 11, 11, tzinfo=UTC)
        >>> found = project(500, [50] * 10, now=now, ends_at=datetime(2026, 12, 1, tzinfo=UTC), mark_milli=1000)
        >>> found.at_end_milli, found.reaches_at.day
        (1500, 21)
    """
    recent = days_milli[-7:]
    pace = sum(recent) // len(recent) if recent else 0
    left_seconds = max(0.0, (ends_at - now).total_seconds())
    at_end = used_milli + int(pace * left_seconds / 86_400)
    reaches_at = None
    if mark_milli is not None and used_milli >= mark_milli:
        reaches_at = now
    elif mark_milli is not None and pace > 0:
        at = now + timedelta(days=min((mark_milli - used_milli) / pace, 36_500))
        reaches_at = at if at < ends_at else None
    return Projection(a_day_milli=pace, at_end_milli=at_end, reaches_at=reaches_at)
