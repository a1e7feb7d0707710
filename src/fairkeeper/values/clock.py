"""Time as a dependency: nothing in Fairkeeper reads the machine's clock except through a `Clock`.

Separate, because a back office is made of deadlines, and a test or a rehearsal has to move through thirty days in a
moment.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class MovableClock:
    """A clock that runs with another one and can be set ahead; the sandbox's clock, and that of tests.

    Args:
        base: The clock that it runs with. A `MovableClock(FixedClock(...))` stands still between moves.
    """

    def __init__(self, base: Clock | None = None) -> None:
        self._base = base or SystemClock()
        self._offset = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the moved instant, aware, in UTC."""
        with self._lock:
            return self._base.now() + self._offset

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of its base."""
        with self._lock:
            return self._offset

    def move(self, by: timedelta) -> datetime:
        """Move ahead by a duration and return the new instant."""
        with self._lock:
            self._offset += by
        return self.now()

    def set_offset(self, offset: timedelta) -> None:
        """Set how far this clock is ahead of its base (to follow another process's clock)."""
        with self._lock:
            self._offset = offset


class FixedClock:
    """A clock that stands still, for pure tests.

    Example:
        >>> FixedClock(datetime(2026, 11, 22, tzinfo=UTC)).now().isoformat()
        '2026-11-22T00:00:00+00:00'
    """

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            msg = "a clock needs an aware instant"
            raise ValueError(msg)
        self.instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the fixed instant."""
        return self.instant


@lru_cache(maxsize=1024)
def format_instant(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with microseconds, always of one length, so that text order is time order.

    Remembered, because the entries of one act share their instant: 6 µs the first time.

    Example:
        >>> format_instant(datetime(2026, 11, 22, 8, 30, tzinfo=UTC))
        '2026-11-22T08:30:00.000000Z'
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant; one without an offset is refused.

    Raises:
        ValueError: The text is no instant, or names no offset.

    Example:
        >>> parse_instant("2026-11-22T08:30:00Z").hour
        8
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        msg = f"{text!r} names no time zone"
        raise ValueError(msg)
    return instant.astimezone(UTC)
