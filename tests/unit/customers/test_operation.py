"""Reading operations, webhooks and plans. Source: Microsoft Learn, SaaS fulfillment Operations APIs v2; webhook page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from fairkeeper.customers.marketplace.operation import (
    Action,
    OperationStatus,
    RequestSource,
    read_operation,
    read_webhook,
)
from fairkeeper.customers.marketplace.plans import read_plans
from tests.unit.customers.builders import (
    OPERATION,
    SUBSCRIPTION,
    an_operation,
    json_objects,
    json_values,
    operation_document,
    subscription_document,
)


def test_documented_operation_is_read_whole() -> None:
    operation = an_operation()

    assert (operation.id, operation.subscription_id) == (OPERATION, SUBSCRIPTION)
    assert (operation.action, operation.status) == (Action.CHANGE_PLAN, OperationStatus.IN_PROGRESS)
    assert (operation.plan_id, operation.quantity) == ("enterprise", 5)
    assert operation.occurred_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert (operation.error_status_code, operation.error_message) == (None, None)


@pytest.mark.parametrize(
    ("action", "status", "awaited"),
    [
        ("ChangePlan", "InProgress", True),
        ("ChangeQuantity", "NotStarted", True),
        ("Reinstate", "InProgress", True),
        ("Suspend", "InProgress", False),
        ("ChangePlan", "Succeeded", False),
        ("ChangePlan", "Success", False),
        ("ChangePlan", "Conflict", False),
        ("Transfer", "InProgress", False),
        ("ChangePlan", "Thinking", False),
    ],
)
def test_answer_is_awaited_only_for_changes_in_progress(action: str, status: str, *, awaited: bool) -> None:
    assert an_operation(action=action, status=status).awaits_answer is awaited


def test_unknown_action_is_kept_with_its_text() -> None:
    parsed = read_operation(operation_document(action="Transfer", quantity=""))

    assert parsed.value is not None
    assert (parsed.value.action, parsed.value.action_text) == (None, "Transfer")
    assert [finding.code for finding in parsed.findings] == ["customers.action_unknown"]


def test_webhook_keeps_who_began_it_and_the_old_subscription() -> None:
    body = operation_document(operationRequestSource="Azure", subscription=subscription_document(), purchaseToken=None)
    parsed = read_webhook(body)

    assert parsed.value is not None
    assert parsed.value.source is RequestSource.AZURE
    assert parsed.value.operation.plan_id == "enterprise"
    assert parsed.value.subscription is not None
    assert parsed.value.subscription.plan_id == "team"
    assert not parsed.findings


def test_webhook_without_subscription_id_takes_that_of_the_object_inside() -> None:
    parsed = read_webhook(operation_document(subscriptionId=..., subscription=subscription_document()))

    assert parsed.value is not None
    assert parsed.value.operation.subscription_id == SUBSCRIPTION


def test_webhook_without_an_id_is_not_acted_on() -> None:
    parsed = read_webhook(operation_document(id=..., activityId=...))

    assert parsed.value is None
    assert parsed.findings.has_errors


def test_plans_name_the_private_offers_behind_a_purchase() -> None:
    parsed = read_plans(
        {
            "plans": [
                {"planId": "team", "minQuantity": "", "maxQuantity": "10", "isPrivate": "true"},
                {"planId": "deal", "sourceOffers": [{"externalId": OPERATION.upper()}, {"externalId": None}]},
                {"displayName": "nameless"},
            ]
        }
    )

    assert parsed.value is not None
    team, deal = parsed.value
    assert (team.minimum_quantity, team.maximum_quantity, team.is_private) == (None, 10, True)
    assert deal.source_offer_ids == (OPERATION,)
    assert [(finding.code, finding.path) for finding in parsed.findings] == [("customers.id_missing", "plans/2/planId")]


def test_empty_body_is_an_empty_list_of_plans() -> None:
    assert read_plans({}).value == ()


FIELDS = ("id", "activityId", "subscriptionId", "planId", "quantity", "action", "timeStamp", "status", "subscription")


@given(json_objects(*FIELDS, "operationRequestSource", "purchaseToken"))
def test_nothing_makes_reading_an_operation_or_webhook_raise(raw: dict[str, Any]) -> None:
    for document in (raw, {**raw, "id": OPERATION}):
        for parsed in (read_operation(document), read_webhook(document)):
            assert parsed.value is not None or parsed.findings.has_errors


@given(json_values, json_objects("planId", "sourceOffers", "minQuantity", "isPrivate"))
def test_nothing_makes_reading_plans_raise(plans: object, plan: dict[str, Any]) -> None:
    assert read_plans({"plans": plans}).value is not None
    assert read_plans({"plans": [plan, plans]}).value is not None
