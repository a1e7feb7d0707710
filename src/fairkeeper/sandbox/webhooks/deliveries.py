"""The rules of delivering one webhook: when it is tried again, what the publisher's answer means, when it is over.

Pure; `courier` sends. Source: Implementing a webhook on the SaaS service (500 retries over 8 hours, HTTP 200
acknowledges); a 4xx within the answer window refuses a plan or seat change (same page, newer text); read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fairkeeper.sandbox.marketplace.faults import Forgery
from fairkeeper.sandbox.marketplace.operations import CHANGES, Action

KEPT_ATTEMPTS = 20
_BUSY = frozenset({408, 429})


class DeliveryStatus(StrEnum):
    """Where a webhook stands."""

    HELD = "held"
    """Waits for others, to be sent after them (a fault)."""
    QUEUED = "queued"
    """Will be tried at `next_attempt_at`."""
    DELIVERED = "delivered"
    """The publisher answered 2xx."""
    REFUSED = "refused"
    """The publisher answered 4xx to a change, which refuses it."""
    LOST = "lost"
    """Never sent (a fault)."""
    GIVEN_UP = "given-up"
    """Tried as often and as long as the document says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """How often and how long is tried."""

    interval: timedelta = timedelta(hours=8) / 500
    attempts: int = 500
    window: timedelta = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try.

    Args:
        at: Instant by the sandbox's clock.
        status_code: The publisher's answer; None when there was none.
        error: Why there was none.
        forgery: What was wrong with the token on purpose.
    """

    at: datetime
    status_code: int | None = None
    error: str | None = None
    milliseconds: int = 0
    forgery: Forgery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook on its way.

    Args:
        sequence: Order of creation, from 1.
        body: The exact bytes sent, as text.
        forgery: What will be wrong with the next attempt's token.
        attempts: The last tries, oldest first; `tries` counts all.
        note: Which fault touched it, in words.
    """

    id: str
    sequence: int
    operation_id: str
    subscription_id: str
    action: Action
    body: str
    created_at: datetime
    next_attempt_at: datetime
    status: DeliveryStatus = DeliveryStatus.QUEUED
    forgery: Forgery | None = None
    first_attempt_at: datetime | None = None
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be sent."""
        return self.status in {DeliveryStatus.HELD, DeliveryStatus.QUEUED}


def after_attempt(delivery: Delivery, attempt: Attempt, rule: RetryRule) -> Delivery:
    """Return the delivery after a try.

    A forged try never counts as the publisher's answer: the genuine webhook follows at once.
    """
    tried = replace(
        delivery,
        tries=delivery.tries + 1,
        first_attempt_at=delivery.first_attempt_at or attempt.at,
        attempts=(*delivery.attempts, attempt)[-KEPT_ATTEMPTS:],
        forgery=None,
    )
    if attempt.forgery is not None:
        return replace(tried, next_attempt_at=attempt.at)
    code = attempt.status_code
    if code is not None and 200 <= code < 300:
        return replace(tried, status=DeliveryStatus.DELIVERED)
    if code is not None and 400 <= code < 500 and code not in _BUSY and delivery.action in CHANGES:
        return replace(tried, status=DeliveryStatus.REFUSED)
    if tried.tries >= rule.attempts or attempt.at >= (tried.first_attempt_at or attempt.at) + rule.window:
        return replace(tried, status=DeliveryStatus.GIVEN_UP)
    return replace(tried, next_attempt_at=attempt.at + rule.interval)
