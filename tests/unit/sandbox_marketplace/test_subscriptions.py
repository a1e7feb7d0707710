"""What becomes of a subscription.

Documents: Managing the SaaS subscription life cycle ("LIFE"), SaaS fulfillment Subscription APIs v2 ("SUB").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.sandbox.marketplace import subscriptions as life
from fairkeeper.sandbox.marketplace.errors import StateError
from fairkeeper.sandbox.marketplace.subscriptions import TRANSITIONS, Event, Status, Subscription, next_status
from tests.unit.sandbox_marketplace.builders import NOON, subscription

VERBS: dict[Event, Callable[[Subscription], Subscription]] = {
    Event.ACTIVATE: lambda each: life.activate(each, NOON),
    Event.CHANGE_PLAN: lambda each: life.change_plan(each, "team-plus", "P1M", NOON),
    Event.CHANGE_QUANTITY: lambda each: life.change_quantity(each, 20, NOON),
    Event.RENEW: lambda each: life.renew(each, NOON),
    Event.SUSPEND: lambda each: life.suspend(each, NOON),
    Event.REINSTATE: lambda each: life.reinstate(each, NOON),
    Event.UNSUBSCRIBE: lambda each: life.unsubscribe(each, NOON),
}


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_whatever_happens_an_unsubscribed_subscription_stays_so(events: list[Event]) -> None:
    """LIFE, Canceled: after a subscription is canceled it cannot be reactivated."""
    present, was_gone = subscription(Status.PENDING), False
    for event in events:
        try:
            present = VERBS[event](present)
        except StateError:
            continue
        assert not was_gone, f"{event} revived it"
        was_gone = present.status is Status.UNSUBSCRIBED
    assert present.status in Status


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("event", Event)
def test_every_verb_obeys_the_table_and_nothing_else(status: Status, event: Event) -> None:
    before = subscription(status)
    if (status, event) in TRANSITIONS:
        assert VERBS[event](before).status is TRANSITIONS[status, event]
    else:
        with pytest.raises(StateError, match=status.value):
            VERBS[event](before)


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (Status.PENDING, Event.SUSPEND),  # LIFE, Suspended: only active subscriptions can be suspended
        (Status.SUBSCRIBED, Event.REINSTATE),  # LIFE, Reinstated: only a suspended one can be reinstated
        (Status.SUSPENDED, Event.RENEW),  # LIFE, Renewed: only active subscriptions are renewed
        (Status.SUSPENDED, Event.CHANGE_PLAN),  # LIFE, Being updated: only an active one can be updated
        (Status.SUBSCRIBED, Event.ACTIVATE),  # SUB, Activate, 400: already Subscribed or Suspended
        (Status.SUSPENDED, Event.ACTIVATE),
    ],
)
def test_what_the_documents_exclude_is_refused(status: Status, event: Event) -> None:
    with pytest.raises(StateError):
        next_status(status, event)


@pytest.mark.parametrize("status", [Status.PENDING, Status.SUBSCRIBED, Status.SUSPENDED])
def test_it_can_be_cancelled_at_any_point_of_its_life(status: Status) -> None:
    """LIFE, Canceled: at any point in its life cycle."""
    assert life.unsubscribe(subscription(status), NOON).status is Status.UNSUBSCRIBED


def test_the_term_begins_on_the_day_of_activation_not_of_purchase() -> None:
    """SUB, Get subscription: startDate is the date of activation, endDate the last valid day."""
    bought = subscription(Status.PENDING, purchased_at=NOON - timedelta(days=9))
    active = life.activate(bought, NOON)
    assert (active.term.start_on, active.term.end_on) == (date(2026, 11, 22), date(2026, 12, 21))


def test_a_renewed_term_follows_the_last_without_gap() -> None:
    """SUB, Get subscription: automatic renewal happens on the next day."""
    active = life.activate(subscription(Status.PENDING), NOON)
    renewed = life.renew(active, NOON)
    assert (renewed.term.start_on, renewed.term.end_on) == (date(2026, 12, 22), date(2027, 1, 21))


def test_a_free_trial_becomes_paid_at_its_first_renewal() -> None:
    """Plan a SaaS offer, Free trials: converts automatically."""
    trial = life.activate(subscription(Status.PENDING, is_free_trial=True, billing_unit="P1Y"), NOON)
    paid = life.renew(trial, NOON)
    assert (paid.is_free_trial, paid.term.unit) == (False, "P1Y")


def test_what_a_reseller_bought_can_only_be_read_by_its_user() -> None:
    """SUB, allowedCustomerOperations: always Read for CSP purchases."""
    bought = subscription(is_reseller_purchase=True)
    assert bought.allowed_customer_operations == ("Read",)
    assert set(replace(bought, is_reseller_purchase=False).allowed_customer_operations) == {"Read", "Update", "Delete"}


def test_auto_renewal_of_a_gone_subscription_cannot_be_switched() -> None:
    with pytest.raises(StateError):
        life.set_auto_renewal(subscription(Status.UNSUBSCRIBED), is_on=False, at=NOON)
