"""The installation's clock: the machine's, or in a rehearsal the sandbox's, which somebody moves.

Separate, because everything else takes a clock and must not care which.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import structlog

from fairkeeper.outbound.clients import authorities
from fairkeeper.values.clock import MovableClock

_log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 1.0
_TIMEOUT_SECONDS = 5.0


class FollowedClock:
    """Keeps a movable clock as far ahead as the sandbox's, by asking it once a second.

    Args:
        clock: The clock to set.
        sandbox_url: Where the sandbox is.
        moved: Called after each move, so that what fell due is begun at once.
        interval_seconds: Time between two questions.
    """

    def __init__(
        self,
        clock: MovableClock,
        sandbox_url: str,
        *,
        moved: Callable[[], None] = lambda: None,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._clock = clock
        self._address = f"{sandbox_url}/sandbox/clock"
        self._moved = moved
        self._interval_seconds = interval_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sandbox-clock", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following; the clock stays as far ahead as it is."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT_SECONDS + 1)

    def follow_once(self) -> bool:
        """Ask and set once; return whether the sandbox answered."""
        try:
            with httpx.Client(verify=authorities(), timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
                return self._ask(client)
        except httpx.HTTPError:
            return False

    def _loop(self) -> None:
        with httpx.Client(verify=authorities(), timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            was_there = True
            while not self._stop.wait(self._interval_seconds):
                try:
                    is_there = self._ask(client)
                except httpx.HTTPError:
                    is_there = False
                if was_there and not is_there:
                    _log.warning("sandbox.clock_lost", address=self._address)
                was_there = is_there

    def _ask(self, client: httpx.Client) -> bool:
        answer = client.get(self._address)
        offset_seconds = _offset_seconds(answer)
        if offset_seconds is None:
            return False
        offset = timedelta(seconds=offset_seconds)
        if offset != self._clock.offset:
            self._clock.set_offset(offset)
            self._moved()
        return True


def _offset_seconds(answer: httpx.Response) -> float | None:
    try:
        document: Any = answer.json()
    except ValueError:
        return None
    found = document.get("offset_seconds") if isinstance(document, dict) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
