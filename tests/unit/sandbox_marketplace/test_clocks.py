"""What runs out by itself. Document: Managing the SaaS subscription life cycle ("LIFE")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fairkeeper.sandbox.marketplace.clocks import Lapse, is_bound, is_refundable, next_deadline
from fairkeeper.sandbox.marketplace.subscriptions import Status
from fairkeeper.sandbox.marketplace.terms import begin_term
from tests.unit.sandbox_marketplace.builders import NOON, subscription


@pytest.mark.parametrize(
    ("status", "auto", "lapse", "at"),
    [
        (Status.PENDING, True, Lapse.NOT_ACTIVATED, NOON + timedelta(days=30)),
        (Status.SUSPENDED, True, Lapse.GRACE_ENDS, NOON + timedelta(days=30)),
        (Status.SUBSCRIBED, True, Lapse.TERM_RENEWS, datetime(2026, 12, 22, tzinfo=UTC)),
        (Status.SUBSCRIBED, False, Lapse.TERM_ENDS, datetime(2026, 12, 22, tzinfo=UTC)),
    ],
)
def test_each_status_has_its_own_clock(status: Status, auto: bool, lapse: Lapse, at: datetime) -> None:
    deadline = next_deadline(subscription(status, is_auto_renewed=auto))
    assert deadline is not None
    assert (deadline.lapse, deadline.at) == (lapse, at)


def test_nothing_happens_to_an_unsubscribed_one() -> None:
    assert next_deadline(subscription(Status.UNSUBSCRIBED)) is None


def test_the_refund_window_is_72_hours_from_purchase() -> None:
    """SUB, Cancel a subscription."""
    bought = subscription()
    assert is_refundable(bought, NOON + timedelta(hours=72, seconds=-1))
    assert not is_refundable(bought, NOON + timedelta(hours=72))


def test_a_multi_year_term_with_payments_due_binds_after_the_refund_window() -> None:
    bought = subscription(term=begin_term("P3Y", "P1Y", NOON.date()))
    assert not is_bound(bought, NOON + timedelta(hours=71))
    assert is_bound(bought, NOON + timedelta(hours=73))
    assert not is_bound(subscription(), NOON + timedelta(hours=73))
