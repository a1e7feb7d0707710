"""How requests go to a CRM: with a token, slowly enough, tried again only where that is safe, and understood once.

Every request here may be sent twice: reads, and writes by a key of ours. So what is worth trying again is: with full
jitter, at most a few times, and exactly as long after as the CRM asks. What takes longer is left to background work.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from fairkeeper.opportunities.errors import CRMRefusedError, CRMThrottledError, CRMUnreachableError

_WORTH_IT: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_ATTEMPTS: Final = 4
_LONGEST_WAIT_SECONDS: Final = 20.0
_BREAK_AFTER: Final = 5
_SHOWN: Final = 500


@dataclass(slots=True, kw_only=True)
class CRMTransport:
    """Sends requests to one CRM.

    Attributes:
        base_url: Its address.
        token: Gives the bearer token; asked each time, since tokens end.
        client: The HTTP client.
        per_second: How many requests a second are sent at most.
        sleep, monotonic: Time, for tests.
    """

    base_url: str
    token: Callable[[], str] = field(repr=False)
    client: httpx.Client
    per_second: float = 8.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    _free_at: float = 0.0
    _failures: int = 0

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request and return the answer, whatever its status, once the CRM took it up.

        Raises:
            CRMThrottledError: It asks to wait longer than a request may.
            CRMUnreachableError: It does not answer, or fails again and again.
        """
        if self._failures >= _BREAK_AFTER:
            self._failures = 0
            raise CRMUnreachableError(f"{self.base_url} failed {_BREAK_AFTER} times in a row; it is left alone.")
        last = "no answer"
        for attempt in range(1, _ATTEMPTS + 1):
            self._wait_for_turn()
            try:
                answer = self.client.request(
                    method,
                    f"{self.base_url}{path}",
                    headers={
                        "authorization": f"Bearer {self.token()}",
                        "accept": "application/json",
                        **(headers or {}),
                    },
                    json=json,
                    params=dict(query) if query else None,
                )
            except httpx.HTTPError as error:
                last = type(error).__name__
                self._pause(attempt, None)
                continue
            if answer.status_code not in _WORTH_IT:
                self._failures = 0
                return answer
            last = f"status {answer.status_code}"
            self._pause(attempt, answer)
        self._failures += 1
        raise CRMUnreachableError(f"{self.base_url} did not take the request: {last}.")

    def _wait_for_turn(self) -> None:
        now = self.monotonic()
        if self._free_at > now:
            self.sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + 1 / self.per_second

    def _pause(self, attempt: int, answer: httpx.Response | None) -> None:
        """Wait as the CRM asks, or a random part of a growing time.

        Raises:
            CRMThrottledError: It asks for more than a request may wait.
        """
        asked = None if answer is None else _asked_wait(answer)
        if asked is not None and asked > _LONGEST_WAIT_SECONDS:
            raise CRMThrottledError(f"{self.base_url} asks to wait {asked:.0f} seconds.")
        if attempt == _ATTEMPTS:
            return
        ceiling = min(_LONGEST_WAIT_SECONDS, 0.5 * 2**attempt)
        self.sleep(asked if asked is not None else ceiling * secrets.randbelow(1000) / 1000)


def _asked_wait(answer: httpx.Response) -> float | None:
    """Return how long a CRM asks to wait: a number of seconds, or HubSpot's interval."""
    for name, unit in (("retry-after", 1.0), ("x-hubspot-ratelimit-interval-milliseconds", 0.001)):
        text = answer.headers.get(name, "")
        if text.isdigit():
            return int(text) * unit
    return None


def refused(name: str, answer: httpx.Response) -> CRMRefusedError:
    """Return the refusal in the CRM's own words."""
    return CRMRefusedError(f"{name} refused with {answer.status_code}: {answer.text[:_SHOWN]}")
