"""The pretend Microsoft's webhooks over real HTTP: content, tokens, retries, answers and faults.

Documents: Implementing a webhook on the SaaS service ("WH"), Securing your SaaS offer webhook ("SEC"), Managing the SaaS
subscription life cycle ("LIFE").
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID
from tests.contracts.sandbox_stage import CORA, Publisher, Stage, publisher_on_loopback, sandbox


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publisher_on_loopback() as listening:
        yield listening


@pytest.fixture
def stage(publisher: Publisher) -> Iterator[Stage]:
    with sandbox(publisher.url) as running:
        yield running


def claims(authorization: str | None) -> dict[str, Any]:
    assert authorization is not None
    middle = authorization.removeprefix("Bearer ").split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def genuine(stage: Stage, authorization: str | None) -> bool:
    entra = stage.client.app.state.entra  # type: ignore[attr-defined]
    return authorization is not None and entra.verify_app_token(authorization.removeprefix("Bearer ")) is not None


# --- what is told ---


def test_every_action_is_told_in_the_course_of_a_life(stage: Stage, publisher: Publisher) -> None:
    """WH, table of actions."""
    bought = stage.buy("team-plus")
    stage.settle()
    path = f"/subscriptions/{bought}"
    stage.control("POST", f"{path}/change-plan", {"plan_id": "team"})
    stage.settle()
    stage.move(seconds=10)
    stage.control("POST", f"{path}/change-quantity", {"quantity": 30})
    stage.settle()
    stage.move(seconds=10)
    for verb in ("renew", "suspend", "reinstate"):
        stage.control("POST", f"{path}/{verb}")
        stage.settle()
    operation = stage.api("GET", f"/{bought}/operations").json()["operations"][0]["id"]
    stage.api("PATCH", f"/{bought}/operations/{operation}", json={"status": "Success"})
    stage.control("POST", f"{path}/cancel")
    stage.settle()
    assert publisher.actions == [
        "Subscribe",
        "ChangePlan",
        "ChangeQuantity",
        "Renew",
        "Suspend",
        "Reinstate",
        "Unsubscribe",
    ]
    statuses = {each["action"]: each["status"] for each in publisher.heard}
    asking = {action for action, status in statuses.items() if status == "InProgress"}
    assert asking == {"ChangePlan", "ChangeQuantity", "Reinstate"}
    assert all(status == "Succeeded" for action, status in statuses.items() if action not in asking)
    for each in publisher.heard:
        known = stage.api("GET", f"/{bought}/operations/{each['id']}").json()
        assert (known["action"], known["planId"]) == (each["action"], each["planId"])


def test_a_change_has_new_values_outside_and_old_inside(stage: Stage, publisher: Publisher) -> None:
    """WH, payload of ChangePlan and ChangeQuantity."""
    bought = stage.buy_active()
    stage.settle()
    operation = stage.control("POST", f"/subscriptions/{bought}/change-quantity", {"quantity": 25})["operation_id"]
    stage.settle()
    payload = publisher.heard[-1]
    inside = payload.pop("subscription")
    assert payload == {
        "id": operation,
        "activityId": operation,
        "publisherId": "fairmile",
        "offerId": "fairmile-assistant",
        "planId": "team",
        "quantity": 25,
        "subscriptionId": bought,
        "timeStamp": "2026-11-22T12:00:00.0000000Z",
        "action": "ChangeQuantity",
        "status": "InProgress",
        "operationRequestSource": "Azure",
        "purchaseToken": None,
    }
    assert inside == stage.api("GET", f"/{bought}").json()
    assert inside["quantity"] == 10


def test_the_publishers_own_change_comes_back_as_partner(stage: Stage, publisher: Publisher) -> None:
    """WH, operationRequestSource; LIFE, Update initiated from the publisher."""
    bought = stage.buy_active()
    stage.api("PATCH", f"/{bought}", json={"planId": "team-plus"})
    stage.settle()
    assert (publisher.heard[-1]["action"], publisher.heard[-1]["operationRequestSource"]) == ("ChangePlan", "Partner")


def test_subscribe_carries_everything_a_publisher_needs_without_a_visit(stage: Stage, publisher: Publisher) -> None:
    """Auto-activation: the details arrive in the Subscribe webhook."""
    stage.buy("starter")
    stage.settle()
    inside = publisher.heard[0]["subscription"]
    assert (inside["saasSubscriptionStatus"], inside["beneficiary"]["emailId"]) == ("Subscribed", CORA)
    assert inside["term"]["startDate"] == "2026-11-22T00:00:00Z"


def test_an_ordinary_purchase_and_another_publishers_tell_nothing(stage: Stage, publisher: Publisher) -> None:
    """LIFE: the publisher is not notified until the customer begins the configuration."""
    stage.buy()
    stage.buy_active("notes")
    stage.settle()
    assert publisher.heard == []


# --- tokens ---


def test_the_token_names_publisher_and_marketplace(stage: Stage, publisher: Publisher) -> None:
    """SEC: aud, tid, appid."""
    stage.buy("starter")
    stage.settle()
    authorization = publisher.authorizations[0]
    found = claims(authorization)
    assert genuine(stage, authorization)
    assert (found["aud"], found["tid"], found["appid"]) == (FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID, MARKETPLACE_APP_ID)


@pytest.mark.parametrize(
    "forgery", ["missing", "garbled", "unsigned", "wrong-audience", "wrong-caller", "wrong-tenant"]
)
def test_a_forged_webhook_comes_first_and_the_genuine_one_after(
    stage: Stage, publisher: Publisher, forgery: str
) -> None:
    stage.control("PUT", "/faults", {"forge_next": 1, "forgery": forgery})
    publisher.answers.append(401)
    bought = stage.buy("starter")
    stage.settle()
    first, second = publisher.authorizations
    right = {"aud": FULFILLMENT_APP_ID, "tid": PUBLISHER_TENANT_ID, "appid": MARKETPLACE_APP_ID}
    wrong = {"wrong-audience": "aud", "wrong-caller": "appid", "wrong-tenant": "tid"}.get(forgery)
    if wrong is None:
        assert not genuine(stage, first)
    else:
        assert genuine(stage, first), "signed well, and still not for us"
        assert {name for name in right if claims(first)[name] != right[name]} == {wrong}
    assert genuine(stage, second)
    assert {name: claims(second)[name] for name in right} == right
    assert publisher.heard[0] == publisher.heard[1]
    [delivery] = stage.deliveries(bought)
    assert [(each["forgery"], each["status_code"]) for each in delivery["attempts"]] == [(forgery, 401), (None, 200)]


# --- answers and retries ---


def test_silence_after_delivery_accepts_and_failure_refuses(stage: Stage) -> None:
    """LIFE: ten seconds; WH."""
    bought = stage.buy_active()
    for quantity, answer in ((20, None), (30, "Failure")):
        operation = stage.control("POST", f"/subscriptions/{bought}/change-quantity", {"quantity": quantity})
        stage.settle()
        if answer:
            stage.api("PATCH", f"/{bought}/operations/{operation['operation_id']}", json={"status": answer})
        stage.move(seconds=10)
        assert stage.api("GET", f"/{bought}").json()["quantity"] == 20


def test_a_client_error_refuses_a_change(stage: Stage, publisher: Publisher) -> None:
    """WH, newer text: HTTP 4xx within ten seconds refuses."""
    bought = stage.buy_active()
    stage.settle()
    publisher.answers.append(400)
    operation = stage.control("POST", f"/subscriptions/{bought}/change-quantity", {"quantity": 20})["operation_id"]
    stage.settle()
    stage.move(seconds=30)
    found = stage.api("GET", f"/{bought}/operations/{operation}").json()
    assert (found["status"], found["errorMessage"]) == ("Failed", "The webhook answered 400.")
    assert stage.api("GET", f"/{bought}").json()["quantity"] == 10
    assert len(publisher.heard) == 2


def test_trouble_at_the_publisher_is_retried_until_it_is_over(stage: Stage, publisher: Publisher) -> None:
    """WH: 500 retries over 8 hours."""
    publisher.answers.extend([500, 503, 404])
    bought = stage.buy("starter")
    stage.settle()
    assert len(publisher.heard) == 1
    stage.move(seconds=57)
    assert len(publisher.heard) == 1, "not before 8 h / 500"
    for _ in range(4):
        stage.move(seconds=58)
    assert publisher.actions == ["Subscribe"] * 4
    [delivery] = stage.deliveries(bought)
    assert (delivery["status"], delivery["tries"]) == ("delivered", 4)


def test_what_is_never_taken_is_given_up_after_eight_hours_and_the_change_fails(
    stage: Stage, publisher: Publisher
) -> None:
    """WH: the operation will eventually fail on the Microsoft side."""
    bought = stage.buy_active()
    stage.settle()
    publisher.answers.extend([500] * 10)
    operation = stage.control("POST", f"/subscriptions/{bought}/change-quantity", {"quantity": 20})["operation_id"]
    stage.settle()
    stage.move(hours=7)
    assert stage.api("GET", f"/{bought}/operations/{operation}").json()["status"] == "InProgress"
    stage.move(hours=1, seconds=1)
    assert stage.deliveries(bought)[-1]["status"] == "given-up"
    assert stage.api("GET", f"/{bought}/operations/{operation}").json()["status"] == "Failed"


def test_an_unreachable_publisher_is_no_error_of_the_sandbox(publisher: Publisher) -> None:
    with sandbox("http://127.0.0.1:9/webhook") as stage:
        bought = stage.buy("starter")
        stage.settle()
        [delivery] = stage.deliveries(bought)
        assert delivery["status"] == "queued"
        assert "ConnectError" in delivery["attempts"][0]["error"]
        stage.control("PUT", "/publisher", {"webhook_url": publisher.url})
        stage.move(seconds=60)
        assert publisher.actions == ["Subscribe"]


def test_webhooks_wait_for_a_publisher_that_has_not_said_where_it_is(publisher: Publisher) -> None:
    with sandbox(None) as stage:
        stage.buy("starter")
        stage.settle()
        stage.control("PUT", "/publisher", {"webhook_url": publisher.url})
        stage.settle()
        assert publisher.actions == ["Subscribe"]


# --- faults ---


def test_a_lost_webhook_never_arrives_and_microsoft_goes_on(stage: Stage, publisher: Publisher) -> None:
    bought = stage.buy_active()
    stage.settle()
    stage.control("PUT", "/faults", {"lose_next": 1})
    stage.control("POST", f"/subscriptions/{bought}/change-quantity", {"quantity": 20})
    stage.settle()
    stage.move(seconds=10)
    assert publisher.actions == ["Subscribe"]
    assert stage.api("GET", f"/{bought}").json()["quantity"] == 20
    assert [each["status"] for each in stage.deliveries(bought)] == ["delivered", "lost"]


def test_a_duplicated_webhook_arrives_twice_alike(stage: Stage, publisher: Publisher) -> None:
    stage.control("PUT", "/faults", {"duplicate_next": 1})
    stage.buy("starter")
    stage.buy("starter")
    stage.settle()
    ids = [each["id"] for each in publisher.heard]
    assert (len(ids), len(set(ids))) == (3, 2)


def test_reordered_webhooks_arrive_backwards(stage: Stage, publisher: Publisher) -> None:
    stage.control("PUT", "/faults", {"reorder_next": 3})
    bought = stage.buy("starter")
    stage.control("POST", f"/subscriptions/{bought}/suspend")
    stage.settle()
    assert publisher.heard == []
    stage.control("POST", f"/subscriptions/{bought}/cancel")
    stage.settle()
    assert publisher.actions == ["Unsubscribe", "Suspend", "Subscribe"]


def test_webhooks_held_for_others_that_never_come_leave_after_a_while(publisher: Publisher) -> None:
    with sandbox(publisher.url, hold_seconds=0.05) as stage:
        stage.control("PUT", "/faults", {"reorder_next": 3})
        bought = stage.buy("starter")
        deadline = time.monotonic() + 10
        while not publisher.heard and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [each["subscriptionId"] for each in publisher.heard] == [bought]


def test_a_delayed_webhook_arrives_when_its_time_has_come(stage: Stage, publisher: Publisher) -> None:
    stage.control("PUT", "/faults", {"delay_next": 1, "delay_seconds": 3600})
    bought = stage.buy("starter")
    stage.control("POST", f"/subscriptions/{bought}/suspend")
    stage.settle()
    assert publisher.actions == ["Suspend"]
    stage.move(hours=1)
    assert publisher.actions == ["Suspend", "Subscribe"]


def test_what_was_not_delivered_is_delivered_after_a_restart(tmp_path: Path, publisher: Publisher) -> None:
    with sandbox(None, tmp_path) as stage:
        bought = stage.buy("starter")
        stage.control("PUT", "/faults", {"fail_percent": 5})
        stage.move(days=2)
    with sandbox(publisher.url, tmp_path) as stage:
        stage.settle()
        assert [each["subscriptionId"] for each in publisher.heard] == [bought]
        assert stage.control("GET", "/faults")["fail_percent"] == 5
        assert stage.control("GET", "/clock")["offset_seconds"] == 2 * 86_400
