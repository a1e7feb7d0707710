"""Trouble on request: the next calls answer with a chosen number, metadata are down, everything is slow.

Separate, because a rehearsal of what happens when consent is withdrawn or Microsoft is ill needs nothing else.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_SLOW_SECONDS = 60.0


class Endpoint(StrEnum):
    """Where a fault waits."""

    AUTHORIZE = "authorize"
    TOKEN = "token"  # noqa: S105 - the name of an endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error that the next matching calls get.

    Args:
        code: The number behind `AADSTS`.
        endpoint: Where.
        remaining: How many calls still get it.
        client_id: Only calls of this application; None takes all.
        tenant_id: Only calls for this tenant; None takes all.
    """

    id: int
    code: int
    endpoint: Endpoint
    remaining: int
    client_id: str | None = None
    tenant_id: str | None = None


class Faults:
    """What is switched on; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: list[Fault] = []
        self._is_metadata_down = False
        self._slow_seconds = 0.0

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """The errors that calls will get, first come first served."""
        with self._lock:
            return tuple(self._waiting)

    @property
    def is_metadata_down(self) -> bool:
        """Whether metadata and keys answer 503."""
        return self._is_metadata_down

    @property
    def slow_seconds(self) -> float:
        """How long every answer waits."""
        return self._slow_seconds

    def inject(
        self,
        code: int,
        *,
        endpoint: Endpoint = Endpoint.TOKEN,
        count: int = 1,
        client_id: str | None = None,
        tenant_id: str | None = None,
    ) -> Fault:
        """Let the next calls fail."""
        with self._lock:
            fault = Fault(
                id=next(self._numbers),
                code=code,
                endpoint=endpoint,
                remaining=count,
                client_id=client_id,
                tenant_id=tenant_id,
            )
            self._waiting.append(fault)
            return fault

    def take(self, endpoint: Endpoint, *, client_id: str, tenant_id: str | None) -> int | None:
        """Return the number that this call gets, and count it; None when nothing waits for it."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                is_for_client = fault.client_id in {None, client_id}
                if fault.endpoint is endpoint and is_for_client and fault.tenant_id in {None, tenant_id}:
                    if fault.remaining == 1:
                        del self._waiting[index]
                    else:
                        self._waiting[index] = replace(fault, remaining=fault.remaining - 1)
                    return fault.code
        return None

    def set_metadata_down(self, *, is_down: bool) -> None:
        """Take metadata and keys away, or bring them back."""
        self._is_metadata_down = is_down

    def set_slow(self, seconds: float) -> None:
        """Let every answer wait, up to a minute."""
        self._slow_seconds = min(max(seconds, 0.0), MAX_SLOW_SECONDS)

    def clear(self) -> None:
        """Switch everything off."""
        with self._lock:
            self._waiting.clear()
        self._is_metadata_down = False
        self._slow_seconds = 0.0
