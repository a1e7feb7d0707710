"""When a status or an operation runs out by itself; pure deadlines, which the shell acts on.

Separate, because each of these is a clock of a document, and a rehearsal moves through them in a moment.
Source: Managing the SaaS subscription life cycle (30 days of grace, 10 seconds to answer, renewal at the end of the
term); SaaS fulfillment Subscription APIs v2 (24 hours of a token, 72 hours of refund); Activate within 30 days:
Managing the SaaS subscription life cycle, newer text; read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fairkeeper.sandbox.marketplace.subscriptions import Status, Subscription
from fairkeeper.sandbox.marketplace.terms import is_paid_in_parts, term_ends_at

LANDING_TOKEN_LIFE = timedelta(hours=24)
ACTIVATION_WINDOW = timedelta(days=30)
SUSPENSION_GRACE = timedelta(days=30)
ANSWER_WINDOW = timedelta(seconds=10)
REFUND_WINDOW = timedelta(hours=72)


class Lapse(StrEnum):
    """What happens when a deadline of a subscription passes."""

    NOT_ACTIVATED = "not-activated"
    TERM_RENEWS = "term-renews"
    TERM_ENDS = "term-ends"
    GRACE_ENDS = "grace-ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The next thing that happens to a subscription by itself."""

    at: datetime
    lapse: Lapse


def next_deadline(subscription: Subscription) -> Deadline | None:
    """Return what happens next if nobody acts; None for an unsubscribed one."""
    if subscription.status is Status.PENDING:
        return Deadline(at=subscription.purchased_at + ACTIVATION_WINDOW, lapse=Lapse.NOT_ACTIVATED)
    if subscription.status is Status.SUSPENDED:
        since = subscription.suspended_at or subscription.modified_at
        return Deadline(at=since + SUSPENSION_GRACE, lapse=Lapse.GRACE_ENDS)
    ends_at = term_ends_at(subscription.term)
    if subscription.status is Status.SUBSCRIBED and ends_at is not None:
        return Deadline(at=ends_at, lapse=Lapse.TERM_RENEWS if subscription.is_auto_renewed else Lapse.TERM_ENDS)
    return None


def is_refundable(subscription: Subscription, at: datetime) -> bool:
    """Say whether a cancellation now costs the customer nothing."""
    return at < subscription.purchased_at + REFUND_WINDOW


def is_bound(subscription: Subscription, at: datetime) -> bool:
    """Say whether the subscription can no longer be cancelled: payments of its term are still due."""
    has_charges_due = any(charge.on is not None and charge.on > at.date() for charge in subscription.charges)
    return (
        subscription.status is not Status.PENDING
        and not is_refundable(subscription, at)
        and (has_charges_due or is_paid_in_parts(subscription.term))
    )
