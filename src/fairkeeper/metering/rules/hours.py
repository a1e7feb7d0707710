"""Clock hours: when one is closed, until when it can be sent, and which one a late quantity goes into.

All by UTC, so that no hour is missing or doubled when a country changes its clocks.

Source: Microsoft Learn, "Marketplace metered billing APIs" and its FAQ: one event for each resource, dimension and
clock hour, the first one counts, and at most 24 hours back. Assumption: a margin of five minutes is kept before the
24 hours are over, because Microsoft's clock decides (`test_margin_is_kept_before_expiry`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
WINDOW: Final = timedelta(hours=24)
"""How far back an event's time may lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRule:
    """The publisher's waiting times.

    Attributes:
        grace: How long after its end an hour waits for late usage before it is closed.
        margin: How long before the 24 hours are over an hour counts as expired.
    """

    grace: timedelta = timedelta(minutes=10)
    margin: timedelta = timedelta(minutes=5)


def hour_of(instant: datetime) -> datetime:
    """Return the beginning of the clock hour by UTC.

    Example:
        >>> hour_of(datetime.fromisoformat("2026-03-29T03:30:00+02:00")).isoformat()
        '2026-03-29T01:00:00+00:00'
    """
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def newest_closed(now: datetime, rule: HourRule) -> datetime:
    """Return the beginning of the newest hour that is over, its grace included.

    Example:
        >>> newest_closed(datetime(2026, 11, 22, 12, 9, tzinfo=UTC), HourRule()).hour
        10
        >>> newest_closed(datetime(2026, 11, 22, 12, 10, tzinfo=UTC), HourRule()).hour
        11
    """
    return hour_of(now - rule.grace) - HOUR


def expires_at(hour: datetime, rule: HourRule) -> datetime:
    """Return until when an hour can be sent.

    Example:
        >>> expires_at(datetime(2026, 11, 22, 12, tzinfo=UTC), HourRule()).isoformat()
        '2026-11-23T11:55:00+00:00'
    """
    return hour + WINDOW - rule.margin


def choose_hour(
    own: datetime, *, now: datetime, rule: HourRule, taken: Collection[datetime], last: datetime | None = None
) -> datetime | None:
    """Return into which hour a quantity is reported: its own if that is free and can be sent; else the newest.

    The stated rule of folding: what can no longer be sent for its own hour, because that was sent already or lies too
    far back, goes into the newest closed hour for which nothing was sent; None if there is none, until the next hour
    closes. Nothing is reported for an hour after the subscription's end.

    Args:
        own: Beginning of the hour in which it was used.
        taken: Hours for which something was reported already.
        last: The hour of the subscription's end.

    Example:
        >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
        >>> late = noon + timedelta(hours=3)
        >>> choose_hour(noon, now=late, rule=HourRule(), taken=()) == noon
        True
        >>> choose_hour(noon, now=late, rule=HourRule(), taken={noon}).hour
        13
    """
    newest = newest_closed(now, rule)
    if last is not None:
        newest = min(newest, last)
    if own <= newest and own not in taken and now < expires_at(own, rule):
        return own
    hour = newest
    while now < expires_at(hour, rule):
        if hour not in taken:
            return hour
        hour -= HOUR
    return None
