"""The life of one subscription: Microsoft's four statuses, and which event leads from which to which.

A table and pure functions over frozen values; who may ask, when a clock runs out and what is told to the publisher
stand elsewhere. Source: Managing the SaaS subscription life cycle; SaaS fulfillment Subscription APIs v2; read
2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fairkeeper.sandbox.marketplace.errors import StateError
from fairkeeper.sandbox.marketplace.terms import Charge, Term, begin_term


class Status(StrEnum):
    """`saasSubscriptionStatus`."""

    PENDING = "PendingFulfillmentStart"
    SUBSCRIBED = "Subscribed"
    SUSPENDED = "Suspended"
    UNSUBSCRIBED = "Unsubscribed"


class Event(StrEnum):
    """What can happen to a subscription."""

    ACTIVATE = "activate"
    CHANGE_PLAN = "change-plan"
    CHANGE_QUANTITY = "change-quantity"
    RENEW = "renew"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    UNSUBSCRIBE = "cancel"


TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.PENDING, Event.ACTIVATE): Status.SUBSCRIBED,
    (Status.PENDING, Event.UNSUBSCRIBE): Status.UNSUBSCRIBED,
    (Status.SUBSCRIBED, Event.CHANGE_PLAN): Status.SUBSCRIBED,
    (Status.SUBSCRIBED, Event.CHANGE_QUANTITY): Status.SUBSCRIBED,
    (Status.SUBSCRIBED, Event.RENEW): Status.SUBSCRIBED,
    (Status.SUBSCRIBED, Event.SUSPEND): Status.SUSPENDED,
    (Status.SUBSCRIBED, Event.UNSUBSCRIBE): Status.UNSUBSCRIBED,
    (Status.SUSPENDED, Event.REINSTATE): Status.SUBSCRIBED,
    (Status.SUSPENDED, Event.UNSUBSCRIBE): Status.UNSUBSCRIBED,
}
"""Every pair that is not here is refused; Unsubscribed leads nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The purchaser or the beneficiary, as a purchase remembers them."""

    email: str
    object_id: str
    tenant_id: str
    puid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One purchase.

    Args:
        quantity: Seats; None on a flat plan.
        billing_unit: Duration of the next term (the running one may be a free month).
        is_reseller_purchase: Bought by a cloud solution provider; the beneficiary may then only read.
        is_dry_run: A test without money.
        private_offer_id: GUID of the private offer the purchase came through.
        suspended_at: When the running suspension began.
        charges: The running term's flexible schedule; empty where it is charged regularly.
    """

    id: str
    name: str
    publisher_id: str
    offer_id: str
    plan_id: str
    quantity: int | None
    purchaser: Party
    beneficiary: Party
    term: Term
    billing_unit: str
    status: Status
    purchased_at: datetime
    modified_at: datetime
    is_auto_renewed: bool = True
    is_free_trial: bool = False
    is_reseller_purchase: bool = False
    private_offer_id: str | None = None
    suspended_at: datetime | None = None
    charges: tuple[Charge, ...] = ()
    is_dry_run: bool = False

    @property
    def allowed_customer_operations(self) -> tuple[str, ...]:
        """What the beneficiary may do: everything, or only read what a reseller bought."""
        return ("Read",) if self.is_reseller_purchase else ("Delete", "Update", "Read")


def next_status(status: Status, event: Event) -> Status:
    """Return the status an event leads to.

    Raises:
        StateError: The event cannot happen in this status.

    Example:
        >>> next_status(Status.SUBSCRIBED, Event.SUSPEND).value
        'Suspended'
    """
    following = TRANSITIONS.get((status, event))
    if following is None:
        raise StateError(f"A subscription in status {status} cannot {event}.", detail={"status": status.value})
    return following


def activate(subscription: Subscription, at: datetime) -> Subscription:
    """Start the paid (or free) term on the day of activation."""
    status = next_status(subscription.status, Event.ACTIVATE)
    term = begin_term(subscription.term.unit, subscription.term.charge_duration, at.date())
    return replace(subscription, status=status, term=term, modified_at=at)


def change_plan(subscription: Subscription, plan_id: str, billing_unit: str, at: datetime) -> Subscription:
    """Put the subscription on another plan.

    Assumption: the running term keeps its dates and the next one follows the new plan; no document says either.
    """
    status = next_status(subscription.status, Event.CHANGE_PLAN)
    return replace(subscription, status=status, plan_id=plan_id, billing_unit=billing_unit, modified_at=at)


def change_quantity(subscription: Subscription, quantity: int, at: datetime) -> Subscription:
    """Set the number of seats."""
    status = next_status(subscription.status, Event.CHANGE_QUANTITY)
    return replace(subscription, status=status, quantity=quantity, modified_at=at)


def renew(subscription: Subscription, at: datetime) -> Subscription:
    """Begin the next term on the day after the last one; a free trial becomes paid, a flexible schedule is over.

    Source: Flexible billing schedule (a renewal follows the public price and its schedule), read 2026-11-22.
    """
    status = next_status(subscription.status, Event.RENEW)
    last_day = subscription.term.end_on
    if last_day is None:
        raise StateError("A term that has not begun cannot be renewed.")
    start_on = last_day + timedelta(days=1)
    is_same_term = subscription.billing_unit == subscription.term.unit
    charge_duration = subscription.term.charge_duration if is_same_term else None
    following = begin_term(subscription.billing_unit, charge_duration, start_on)
    return replace(subscription, status=status, term=following, is_free_trial=False, charges=(), modified_at=at)


def suspend(subscription: Subscription, at: datetime) -> Subscription:
    """Stop for a missing payment; the 30 days of grace begin."""
    status = next_status(subscription.status, Event.SUSPEND)
    return replace(subscription, status=status, suspended_at=at, modified_at=at)


def reinstate(subscription: Subscription, at: datetime) -> Subscription:
    """Resume after the payment arrived and the publisher is ready."""
    status = next_status(subscription.status, Event.REINSTATE)
    return replace(subscription, status=status, suspended_at=None, modified_at=at)


def unsubscribe(subscription: Subscription, at: datetime) -> Subscription:
    """End for good; a returning buyer gets another subscription."""
    status = next_status(subscription.status, Event.UNSUBSCRIBE)
    return replace(subscription, status=status, suspended_at=None, modified_at=at)


def set_auto_renewal(subscription: Subscription, *, is_on: bool, at: datetime) -> Subscription:
    """Switch renewal at the end of the term on or off.

    Raises:
        StateError: The subscription is gone.
    """
    if subscription.status is Status.UNSUBSCRIBED:
        raise StateError("An unsubscribed subscription has no renewal.")
    return replace(subscription, is_auto_renewed=is_on, modified_at=at)
