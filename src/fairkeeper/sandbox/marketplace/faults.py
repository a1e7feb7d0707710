"""What goes wrong on purpose: webhooks lost or forged, calls refused or slow, and the live service's own quirks.

Separate, because a receiver is only trusted after it met all of these. Counters count down to zero and stop by
themselves; rates and switches stay until they are set again.
Source of the quirks: issues of the public SaaS Accelerator and other publishers' notes (what the live service does
although its document says otherwise), read 2026-11-22.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Quirk(StrEnum):
    """One way in which the live service differs from its documents."""

    UNKNOWN_SUBSCRIPTION_HAS_NO_OPERATIONS = "unknown-subscription-has-no-operations"
    """Listing the operations of an unknown subscription answers an empty list instead of 404."""
    UNKNOWN_OPERATION_IS_BAD_REQUEST = "unknown-operation-is-bad-request"
    """An unknown operation answers 400 instead of 404."""
    NONSENSE_STATUS_IS_ACCEPTED = "nonsense-status-is-accepted"
    """PATCH of an operation with an unknown status answers 200 and changes nothing."""
    OWN_OPERATION_PATCH_FAILS = "own-operation-patch-fails"
    """PATCH of an operation that the publisher began answers 500; it is settled by silence."""
    OPERATIONS_LISTED_LATE = "operations-listed-late"
    """A pending operation appears in the list five seconds after it began."""
    ACTIVATE_IGNORES_PLAN = "activate-ignores-plan"
    """Activate accepts a wrong planId."""
    UNKNOWN_SUBSCRIPTION_HAS_EMPTY_PLANS = "unknown-subscription-has-empty-plans"
    """listAvailablePlans of an unknown subscription answers 200 with an empty body."""
    LOOSE_VALUES = "loose-values"
    """Seats as text, padded statuses, `lastModified` in the year 1, fields no document names."""


class Forgery(StrEnum):
    """What is wrong with the bearer token of a forged webhook."""

    MISSING = "missing"
    GARBLED = "garbled"
    UNSIGNED = "unsigned"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_CALLER = "wrong-caller"
    WRONG_TENANT = "wrong-tenant"


def _every_quirk(value: Any) -> Any:
    return [quirk.value for quirk in Quirk] if value == "all" else value


_Count = Annotated[int, Field(ge=0, le=100_000)]
_Percent = Annotated[int, Field(ge=0, le=100)]


class Faults(BaseModel):
    """The switches, as the control API takes and shows them. What is left out is off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lose_next: _Count = Field(default=0, description="Webhooks that never arrive; Microsoft believes they did.")
    duplicate_next: _Count = Field(default=0, description="Webhooks that arrive twice.")
    reorder_next: _Count = Field(default=0, description="Webhooks that are held and then sent in reverse order.")
    delay_next: _Count = Field(default=0, description="Webhooks that are sent late.")
    delay_seconds: float = Field(default=30, ge=0, le=2_592_000, description="How late, by the sandbox's clock.")
    forge_next: _Count = Field(default=0, description="Webhooks that are preceded by one with a bad token.")
    forgery: Forgery = Field(default=Forgery.GARBLED, description="What is wrong with that token.")
    fail_next_calls: _Count = Field(default=0, description="API calls that are turned away.")
    fail_percent: _Percent = Field(default=0, description="Share of API calls that are turned away at random.")
    fail_status: Literal[429, 500, 503] = Field(default=503, description="With which status.")
    retry_after_seconds: int = Field(default=1, ge=0, le=3_600, description="Retry-After of these answers.")
    slow_next_calls: _Count = Field(default=0, description="API calls that are answered slowly.")
    slow_percent: _Percent = Field(default=0, description="Share of API calls that are answered slowly.")
    slow_seconds: float = Field(default=5, ge=0, le=60, description="How slowly, in real seconds.")
    lose_usage_answers_next: _Count = Field(default=0, description="Usage that is taken and never answered.")
    fail_usage_events_next: _Count = Field(default=0, description="Usage events answered with Error.")
    revert_notices: bool = Field(
        default=False, description="A failed change is followed by a notice of the old values."
    )
    quirks: Annotated[frozenset[Quirk], BeforeValidator(_every_quirk)] = Field(
        default=frozenset(), description='Ways of the live service; "all" means every one.'
    )


Counter = Literal[
    "lose_next",
    "duplicate_next",
    "reorder_next",
    "delay_next",
    "forge_next",
    "lose_usage_answers_next",
    "fail_usage_events_next",
]


class FaultSwitchboard:
    """Holds the switches and counts them down, safely from several threads.

    Args:
        faults: The switches at the start.
        chance: Random numbers for the rates.
        on_change: Called with the new switches after each change, to keep them.
    """

    def __init__(self, faults: Faults, chance: random.Random, on_change: Callable[[Faults], None]) -> None:
        self._faults = faults
        self._chance = chance
        self._on_change = on_change
        self._lock = threading.Lock()

    @property
    def now(self) -> Faults:
        """The switches as they stand."""
        with self._lock:
            return self._faults

    def set(self, faults: Faults) -> None:
        """Replace all switches."""
        with self._lock:
            self._faults = faults
            self._on_change(faults)

    def has(self, quirk: Quirk) -> bool:
        """Say whether a quirk is on."""
        return quirk in self.now.quirks

    def take(self, counter: Counter) -> bool:
        """Use up one of a counter; False when it stands at zero."""
        with self._lock:
            return self._take(counter)

    def take_refusal(self) -> Faults | None:
        """Decide whether this API call is turned away; returns the switches that say how."""
        with self._lock:
            hit = self._take("fail_next_calls") or self._chance.random() * 100 < self._faults.fail_percent
            return self._faults if hit else None

    def take_slowness(self) -> float:
        """Decide how many real seconds this API call waits."""
        with self._lock:
            hit = self._take("slow_next_calls") or self._chance.random() * 100 < self._faults.slow_percent
            return self._faults.slow_seconds if hit else 0.0

    def _take(self, counter: str) -> bool:
        left: int = getattr(self._faults, counter)
        if not left:
            return False
        self._faults = self._faults.model_copy(update={counter: left - 1})
        self._on_change(self._faults)
        return True
