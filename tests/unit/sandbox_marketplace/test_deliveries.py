"""Retries and answers. Document: Implementing a webhook on the SaaS service ("WH"): 500 retries over 8 hours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fairkeeper.sandbox.marketplace.faults import Forgery
from fairkeeper.sandbox.marketplace.operations import Action
from fairkeeper.sandbox.webhooks.deliveries import Attempt, Delivery, DeliveryStatus, RetryRule, after_attempt
from tests.unit.sandbox_marketplace.builders import NOON


def delivery(action: Action = Action.SUSPEND) -> Delivery:
    return Delivery(
        id="d",
        sequence=1,
        operation_id="o",
        subscription_id="s",
        action=action,
        body="{}",
        created_at=NOON,
        next_attempt_at=NOON,
    )


def tried(each: Delivery, code: int | None, rule: RetryRule | None = None, **changes: object) -> Delivery:
    values: dict[str, object] = {"at": NOON, "status_code": code, **changes}
    return after_attempt(each, Attempt(**values), rule or RetryRule())  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [200, 202, 204])
def test_any_success_acknowledges(code: int) -> None:
    assert tried(delivery(), code).status is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("code", [None, 301, 408, 429, 500, 503])
@pytest.mark.parametrize("action", [Action.CHANGE_PLAN, Action.SUSPEND])
def test_trouble_is_tried_again_after_the_interval(code: int | None, action: Action) -> None:
    again = tried(delivery(action), code)
    assert (again.status, again.next_attempt_at) == (DeliveryStatus.QUEUED, NOON + timedelta(hours=8) / 500)


@pytest.mark.parametrize("code", [400, 403, 404, 422])
def test_a_client_error_refuses_a_change_and_nothing_else(code: int) -> None:
    """WH, newer text: a 4xx within the window refuses a plan or seat change; other notices cannot be refused."""
    assert tried(delivery(Action.CHANGE_QUANTITY), code).status is DeliveryStatus.REFUSED
    assert tried(delivery(Action.REINSTATE), code).status is DeliveryStatus.QUEUED


def test_it_is_given_up_after_500_tries() -> None:
    each = delivery()
    for _ in range(499):
        each = tried(each, 500)
    assert each.status is DeliveryStatus.QUEUED
    assert tried(each, 500).status is DeliveryStatus.GIVEN_UP


def test_it_is_given_up_after_eight_hours() -> None:
    each = tried(delivery(), 500)
    assert tried(each, 500, at=NOON + timedelta(hours=7, minutes=59)).status is DeliveryStatus.QUEUED
    assert tried(each, 500, at=NOON + timedelta(hours=8)).status is DeliveryStatus.GIVEN_UP


@pytest.mark.parametrize("code", [200, 403])
def test_the_answer_to_a_forged_try_decides_nothing_and_the_genuine_one_follows(code: int) -> None:
    forged = tried(delivery(Action.CHANGE_PLAN), code, forgery=Forgery.GARBLED)
    assert (forged.status, forged.next_attempt_at, forged.forgery) == (DeliveryStatus.QUEUED, NOON, None)
    assert tried(forged, 200).status is DeliveryStatus.DELIVERED


def test_only_the_last_tries_are_kept_but_all_are_counted() -> None:
    each = delivery()
    for _ in range(50):
        each = tried(each, 500)
    assert (each.tries, len(each.attempts)) == (50, 20)
