"""The ten calls of the pretend fulfillment API, each as its document says.

Documents: SaaS fulfillment Subscription APIs v2 ("SUB"), SaaS fulfillment operations APIs v2 ("OPS"), Managing the SaaS
subscription life cycle ("LIFE"), commercial-marketplace-openapi ("OAPI").
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, LANDING_APP_ID, PUBLISHER_TENANT_ID
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID
from tests.contracts.sandbox_stage import ADA, BASE_URL, CORA, NORA, Stage, sandbox

UNKNOWN = "99999999-0000-4000-8000-000000000009"
CALLS = [
    ("POST", "/resolve"),
    ("POST", "/{id}/activate"),
    ("GET", ""),
    ("GET", "/{id}"),
    ("GET", "/{id}/listAvailablePlans"),
    ("PATCH", "/{id}"),
    ("DELETE", "/{id}"),
    ("GET", "/{id}/operations"),
    ("GET", "/{id}/operations/{op}"),
    ("PATCH", "/{id}/operations/{op}"),
]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    """One sandbox for tests that look only at what they bought themselves and move neither clock nor faults."""
    with sandbox() as running:
        yield running


def change_begun(stage: Stage, subscription_id: str, **wanted: Any) -> str:
    answer = stage.api("PATCH", f"/{subscription_id}", json=wanted or {"quantity": 25})
    assert answer.status_code == 202, answer.text
    return str(urlsplit(answer.headers["Operation-Location"]).path.rpartition("/")[2])


# --- what all calls share ---


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_without_a_good_token_is_forbidden(shared: Stage, method: str, path: str) -> None:
    """SUB and OPS, 403 everywhere: the token is invalid, expired or was not provided."""
    named = path.format(id=shared.buy(), op=UNKNOWN)
    for token in ("", "nonsense", f"{shared.token[:-9]}abcdefghi"):
        assert shared.api(method, named, token=token).status_code == 403, token


def test_a_token_of_another_app_tenant_or_api_is_forbidden(stage: Stage) -> None:
    """SUB, 403: another app than the one of the offer's technical configuration."""
    entra = stage.client.app.state.entra  # type: ignore[attr-defined]
    right = {"tenant_id": PUBLISHER_TENANT_ID, "audience": MARKETPLACE_APP_ID, "client_id": FULFILLMENT_APP_ID}
    contoso = stage.controls.directory.tenants[1].id
    for wrong in ({"client_id": LANDING_APP_ID}, {"tenant_id": contoso}, {"audience": LANDING_APP_ID}):
        token = entra.issue_app_token(**{**right, **wrong})
        assert stage.api("GET", "", token=token).status_code == 403, wrong
    for version in (1, 2):
        assert stage.api("GET", "", token=entra.issue_app_token(**right, version=version)).status_code == 200


def test_an_expired_token_is_forbidden(stage: Stage) -> None:
    stage.buy()
    token = stage.token
    assert stage.api("GET", "", token=token).status_code == 200
    stage.clock.move(timedelta(hours=3))
    assert stage.api("GET", "", token=token).status_code == 403


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("version", ["2017-04-15", ""])
def test_another_api_version_is_a_bad_request(shared: Stage, method: str, path: str, version: str) -> None:
    """SUB: use 2018-08-31."""
    named = path.format(id=shared.buy(), op=UNKNOWN)
    assert shared.api(method, named, params={"api-version": version}).status_code == 400


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_request_ids_are_echoed_or_made(shared: Stage, method: str, path: str) -> None:
    """SUB, request headers: if not provided, one is generated and given in the response."""
    named = path.format(id=shared.buy(), op=UNKNOWN)
    echoed = shared.api(method, named, headers={"x-ms-requestid": "r-1", "x-ms-correlationid": "c-1"})
    assert (echoed.headers["x-ms-requestid"], echoed.headers["x-ms-correlationid"]) == ("r-1", "c-1")
    made = shared.api(method, named)
    assert len(made.headers["x-ms-requestid"]) == len(made.headers["x-ms-correlationid"]) == 36


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if "{id}" in call[1]])
def test_an_unknown_subscription_is_not_found(shared: Stage, method: str, path: str) -> None:
    """OAPI, 404."""
    body = {"planId": "team", "quantity": 10, "status": "Success"}
    options: dict[str, Any] = {"json": body} if method in {"POST", "PATCH"} else {}
    assert shared.api(method, path.format(id=UNKNOWN, op=UNKNOWN), **options).status_code == 404


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if "{id}" in call[1]])
def test_a_subscription_of_another_publisher_is_forbidden(shared: Stage, method: str, path: str) -> None:
    """SUB, 403: an offer published with another app id."""
    foreign = shared.buy("notes")
    body = {"planId": "notes", "status": "Success"}
    options: dict[str, Any] = {"json": body} if method in {"POST", "PATCH"} else {}
    assert shared.api(method, path.format(id=foreign, op=UNKNOWN), **options).status_code == 403


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'"x"', b"\xff", b'{"planId":' + b"[" * 60_000, b"x" * 70_000])
def test_a_body_that_is_no_json_object_is_a_bad_request(shared: Stage, body: bytes) -> None:
    bought = shared.buy()
    for method, path in (("POST", f"/{bought}/activate"), ("PATCH", f"/{bought}")):
        assert shared.api(method, path, content=body).status_code == 400


def test_a_wrong_method_or_path_is_told_in_json(shared: Stage) -> None:
    wrong = shared.api("PUT", f"/{UNKNOWN}")
    assert (wrong.status_code, wrong.json()["message"]) == (405, "Method Not Allowed")
    assert shared.api("GET", "/a/b/c/d").json()["code"] == "EntityNotFound"


# --- 1 resolve ---


def test_resolve_gives_the_purchase_in_short_and_in_full(stage: Stage) -> None:
    """SUB, Resolve, response body example."""
    bought = stage.buy("team", quantity=20, beneficiary=NORA, name="Assistant of Nora")
    answer = stage.api("POST", "/resolve", headers={"x-ms-marketplace-token": stage.landing_token(bought)}).json()
    short = {key: answer[key] for key in ("id", "subscriptionName", "offerId", "planId", "quantity")}
    assert short == {
        "id": bought,
        "subscriptionName": "Assistant of Nora",
        "offerId": "fairmile-assistant",
        "planId": "team",
        "quantity": 20,
    }
    full = answer["subscription"]
    assert full == stage.api("GET", f"/{bought}").json()
    assert full["saasSubscriptionStatus"] == "PendingFulfillmentStart"
    assert (full["beneficiary"]["emailId"], full["purchaser"]["emailId"]) == (NORA, CORA)
    assert full["beneficiary"]["tenantId"] != full["purchaser"]["tenantId"]
    assert full["term"] == {"startDate": None, "endDate": None, "termUnit": "P1M", "chargeDuration": None}


@pytest.mark.parametrize("token", [None, "", "nonsense"])
def test_resolve_refuses_a_missing_or_malformed_token(shared: Stage, token: str | None) -> None:
    """SUB, Resolve, 400."""
    headers = {} if token is None else {"x-ms-marketplace-token": token}
    assert shared.api("POST", "/resolve", headers=headers).status_code == 400


def test_resolve_refuses_a_token_that_was_not_decoded(stage: Stage) -> None:
    """SUB, Resolve: the token in the URL is encoded and has to be decoded first."""
    url = stage.control("POST", f"/subscriptions/{stage.buy()}/manage")["landing_url"]
    encoded = urlsplit(url).query.removeprefix("token=")
    assert "%" in encoded
    assert stage.api("POST", "/resolve", headers={"x-ms-marketplace-token": encoded}).status_code == 400


# --- 2 activate ---


@pytest.mark.parametrize("quantity", [10, "10"])
def test_activate_starts_the_term(shared: Stage, quantity: object) -> None:
    """SUB, Activate, 200 without body; the documented sample sends the seats as text."""
    bought = shared.buy()
    answer = shared.api("POST", f"/{bought}/activate", json={"planId": "team", "quantity": quantity})
    assert (answer.status_code, answer.content) == (200, b"")
    found = shared.api("GET", f"/{bought}").json()
    assert found["saasSubscriptionStatus"] == "Subscribed"
    assert (found["term"]["startDate"], found["term"]["endDate"]) == ("2026-11-22T00:00:00Z", "2026-12-21T00:00:00Z")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"planId": ""},
        {"planId": 7},
        {"planId": "team-plus", "quantity": 10},
        {"planId": "team", "quantity": 11},
        {"planId": "team"},
        {"planId": "team", "quantity": "ten"},
        {"planId": "team", "quantity": True},
        {"planId": "team", "quantity": 1.5},
    ],
)
def test_activate_refuses_another_plan_or_quantity(shared: Stage, body: dict[str, Any]) -> None:
    """SUB, Activate, 400."""
    bought = shared.buy()
    assert shared.api("POST", f"/{bought}/activate", json=body).status_code == 400
    assert shared.status(bought) == "PendingFulfillmentStart"


def test_activate_refuses_what_is_active_or_gone(stage: Stage) -> None:
    """SUB, Activate, 400 for Subscribed or Suspended, 404 for Unsubscribed."""
    bought, body = stage.buy_active(), {"planId": "team", "quantity": 10}
    assert stage.api("POST", f"/{bought}/activate", json=body).status_code == 400
    stage.control("POST", f"/subscriptions/{bought}/suspend")
    assert stage.api("POST", f"/{bought}/activate", json=body).status_code == 400
    stage.control("POST", f"/subscriptions/{bought}/cancel")
    assert stage.api("POST", f"/{bought}/activate", json=body).status_code == 404


def test_activate_of_a_flat_plan_needs_no_quantity(stage: Stage) -> None:
    bought = stage.buy("business")
    assert stage.api("POST", f"/{bought}/activate", json={"planId": "business", "quantity": ""}).status_code == 200


# --- 3 and 4 reading ---


def test_the_list_has_100_a_page_and_follows_by_link_or_token(stage: Stage) -> None:
    """SUB, Get list: paginated, 100 per page; the link can be used as is, or its token extracted; all statuses."""
    body = {"plan_id": "starter", "purchaser": CORA, "subscriptions": 205, "announced": False}
    made = stage.control("POST", "/bulk", body)["subscription_ids"]
    stage.control("POST", f"/subscriptions/{made[3]}/cancel")
    first = stage.api("GET", "").json()
    assert len(first["subscriptions"]) == 100
    assert first["@nextLink"].startswith(f"{BASE_URL}/api/saas/subscriptions/?continuationToken=")
    headers = {"authorization": f"Bearer {stage.token}"}
    second = stage.client.get(first["@nextLink"], headers=headers).json()
    token = parse_qs(urlsplit(second["@nextLink"]).query)["continuationToken"][0]
    third = stage.api("GET", "", params={"continuationToken": token}).json()
    assert not third.get("@nextLink")
    pages = first["subscriptions"] + second["subscriptions"] + third["subscriptions"]
    assert [each["id"] for each in pages] == made
    assert pages[3]["saasSubscriptionStatus"] == "Unsubscribed"


def test_the_list_leaves_out_other_publishers_and_is_empty_without_purchases(stage: Stage) -> None:
    """SUB, Get list: if no purchases are found, an empty response body is returned."""
    stage.buy("notes")
    answer = stage.api("GET", "")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("token", ["x", "e30=", "bnVsbA==", "%F6"])
def test_a_continuation_token_of_somebody_else_is_refused(shared: Stage, token: str) -> None:
    shared.buy()
    assert shared.api("GET", "", params={"continuationToken": token}).status_code == 400


def test_a_resellers_purchase_is_read_only_for_its_user(stage: Stage) -> None:
    """SUB, allowedCustomerOperations: always Read for CSP purchases."""
    bought = stage.buy(purchaser=ADA, beneficiary=CORA, reseller=True)
    found = stage.api("GET", f"/{bought}").json()
    assert (found["allowedCustomerOperations"], found["sandboxType"]) == (["Read"], "Csp")


# --- 5 plans ---


def plans_of(stage: Stage, subscription_id: str, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.api("GET", f"/{subscription_id}/listAvailablePlans", params=params).json()[
        "plans"
    ]
    return found


def test_available_plans_are_the_public_ones_the_own_private_ones_and_the_present_one(stage: Stage) -> None:
    """SUB, List available plans."""
    own, other = stage.buy(), stage.buy(beneficiary=NORA)
    assert {plan["planId"] for plan in plans_of(stage, own)} == {"team", "team-plus", "team-annual"}
    assert {plan["planId"] for plan in plans_of(stage, other)} == {"team", "team-plus"}
    team = plans_of(stage, own, planId="team")
    assert [plan["planId"] for plan in team] == ["team"]
    assert (team[0]["isPricePerSeat"], team[0]["minQuantity"], team[0]["maxQuantity"]) == (True, 1, 500)
    assert plans_of(stage, own, planId="nothing") == []


def test_the_private_offer_shows_only_when_the_bought_plan_is_asked_for(stage: Stage) -> None:
    """SUB and the MPO FAQ: sourceOffers[].externalId with planId = the purchased plan."""
    offer_id = stage.control("GET", "/catalog")["private_offers"][0]["id"]
    bought = stage.buy("enterprise", private_offer_id=offer_id)
    assert plans_of(stage, bought, planId="enterprise")[0]["sourceOffers"] == [{"externalId": offer_id}]
    assert all(plan["sourceOffers"] == [] for plan in plans_of(stage, bought))
    assert plans_of(stage, stage.buy("enterprise"), planId="enterprise")[0]["sourceOffers"] == []


def test_a_metered_plan_lists_its_dimensions(stage: Stage) -> None:
    components = plans_of(stage, stage.buy("business"), planId="business")[0]["planComponents"]
    assert components["meteringDimensions"][0]["id"] == "documents"
    included = components["recurrentBillingTerms"][0]["meteredQuantityIncluded"]
    assert included == [{"dimensionId": "documents", "units": "1000"}]


# --- 6 change, 9 operation, 10 answer ---


def test_a_publishers_change_is_accepted_polled_and_answered(stage: Stage) -> None:
    """SUB, Change plan, 202 with Operation-Location; OPS, Get operation; OPS, Update the status."""
    bought = stage.buy_active()
    answer = stage.api("PATCH", f"/{bought}", json={"planId": "team-plus"})
    location = answer.headers["Operation-Location"]
    assert answer.status_code == 202
    assert location.startswith(f"{BASE_URL}/api/saas/subscriptions/{bought}/operations/")
    assert location.endswith("?api-version=2018-08-31")
    headers = {"authorization": f"Bearer {stage.token}"}
    operation = stage.client.get(location, headers=headers).json()
    assert operation == {
        "id": operation["id"],
        "activityId": operation["id"],
        "subscriptionId": bought,
        "offerId": "fairmile-assistant",
        "publisherId": "fairmile",
        "planId": "team-plus",
        "quantity": 10,
        "action": "ChangePlan",
        "timeStamp": "2026-11-22T12:00:00.0000000Z",
        "status": "InProgress",
        "errorStatusCode": "",
        "errorMessage": "",
    }
    assert stage.api("GET", f"/{bought}").json()["planId"] == "team"
    assert stage.client.patch(location, headers=headers, json={"status": "Success"}).status_code == 200
    assert stage.client.get(location, headers=headers).json()["status"] == "Succeeded"
    assert stage.api("GET", f"/{bought}").json()["planId"] == "team-plus"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"planId": "team"},
        {"planId": "gold"},
        {"planId": "business"},
        {"planId": 7},
        {"quantity": 10},
        {"quantity": 501},
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": "many"},
        {"planId": "team-plus", "quantity": 20},
    ],
)
def test_an_impossible_change_is_a_bad_request(shared: Stage, body: dict[str, Any]) -> None:
    """SUB, Change plan and Change quantity, 400."""
    bought = shared.buy_active()
    assert shared.api("PATCH", f"/{bought}", json=body).status_code == 400
    assert shared.api("GET", f"/{bought}/operations").json() == {}


def test_only_a_subscribed_one_can_be_changed(shared: Stage) -> None:
    """SUB, 400: the status is not Subscribed."""
    bought = shared.buy()
    assert shared.api("PATCH", f"/{bought}", json={"quantity": 11}).status_code == 400
    active = shared.buy_active()
    shared.control("POST", f"/subscriptions/{active}/suspend")
    assert shared.api("PATCH", f"/{active}", json={"quantity": 11}).status_code == 400


def test_a_resellers_purchase_cannot_be_changed_or_cancelled_by_the_publisher(stage: Stage) -> None:
    """SUB, 400: Update and Delete are not among allowedCustomerOperations."""
    bought = stage.buy_active(purchaser=ADA, beneficiary=CORA, reseller=True)
    assert stage.api("PATCH", f"/{bought}", json={"quantity": 11}).status_code == 400
    assert stage.api("DELETE", f"/{bought}").status_code == 400


def test_a_second_change_while_one_is_pending_finds_the_subscription_locked(stage: Stage) -> None:
    """SUB, Change plan, names no 409; the live service answers 400."""
    bought = stage.buy_active()
    change_begun(stage, bought)
    again = stage.api("PATCH", f"/{bought}", json={"quantity": 30})
    assert again.status_code == 400
    assert "locked" in again.json()["message"]


def test_failure_keeps_the_old_values_and_the_opposite_answer_conflicts(stage: Stage) -> None:
    """LIFE, Update initiated: fail status; OPS, 409."""
    bought = stage.buy_active()
    operation = change_begun(stage, bought)
    path = f"/{bought}/operations/{operation}"
    assert stage.api("PATCH", path, json={"status": "Failure"}).status_code == 200
    assert stage.api("GET", f"/{bought}").json()["quantity"] == 10
    assert stage.api("GET", path).json()["status"] == "Failed"
    assert stage.api("PATCH", path, json={"status": "Success"}).status_code == 409


def test_an_answer_after_a_newer_update_conflicts(stage: Stage) -> None:
    """OPS, 409: a newer update is already fulfilled."""
    bought = stage.buy_active()
    operation = change_begun(stage, bought)
    stage.control("POST", f"/subscriptions/{bought}/suspend")
    path = f"/{bought}/operations/{operation}"
    assert stage.api("PATCH", path, json={"status": "Success"}).status_code == 409
    assert stage.api("GET", path).json()["status"] == "Conflict"


@pytest.mark.parametrize("status", [None, "success", "Succeeded", 1])
def test_an_answer_other_than_success_or_failure_is_a_bad_request(shared: Stage, status: object) -> None:
    """OPS, allowed values: Success, Failure."""
    bought = shared.buy_active()
    path = f"/{bought}/operations/{change_begun(shared, bought)}"
    assert shared.api("PATCH", path, json={"status": status}).status_code == 400
    assert shared.api("GET", path).json()["status"] == "InProgress"


def test_an_operation_of_another_subscription_is_not_found(shared: Stage) -> None:
    """OPS, 404."""
    bought, other = shared.buy_active(), shared.buy_active()
    operation = change_begun(shared, bought)
    assert shared.api("GET", f"/{other}/operations/{operation}").status_code == 404
    assert shared.api("GET", f"/{bought}/operations/{UNKNOWN}").status_code == 404


# --- 7 cancel ---


def test_a_publishers_cancellation_is_accepted_and_done_a_little_later(stage: Stage) -> None:
    """SUB, Cancel, 202; afterwards the status becomes Unsubscribed."""
    bought = stage.buy_active()
    answer = stage.api("DELETE", f"/{bought}")
    operation = urlsplit(answer.headers["Operation-Location"]).path.rpartition("/")[2]
    assert (answer.status_code, stage.status(bought)) == (202, "Subscribed")
    stage.move(seconds=2)
    assert stage.status(bought) == "Unsubscribed"
    assert stage.api("GET", f"/{bought}/operations/{operation}").json()["status"] == "Succeeded"
    assert stage.api("DELETE", f"/{bought}").status_code == 400


def test_a_cancellation_during_a_pending_operation_is_locked_out(stage: Stage) -> None:
    """SUB, Cancel, 409."""
    bought = stage.buy_active()
    change_begun(stage, bought)
    assert stage.api("DELETE", f"/{bought}").status_code == 409


# --- 8 pending operations ---


def test_only_operations_that_need_an_answer_are_listed(stage: Stage) -> None:
    """OPS, List outstanding operations; an empty JSON when there are none."""
    bought = stage.buy_active()
    stage.control("POST", f"/subscriptions/{bought}/suspend")
    assert stage.api("GET", f"/{bought}/operations").json() == {}
    operation = stage.control("POST", f"/subscriptions/{bought}/reinstate")["operation_id"]
    listed = stage.api("GET", f"/{bought}/operations").json()["operations"]
    assert [(each["id"], each["action"], each["status"]) for each in listed] == [(operation, "Reinstate", "InProgress")]
    stage.api("PATCH", f"/{bought}/operations/{operation}", json={"status": "Success"})
    assert stage.api("GET", f"/{bought}/operations").json() == {}
    assert stage.status(bought) == "Subscribed"


# --- the live service's own ways, and trouble on request ---


def test_the_live_services_ways_can_be_switched_on(stage: Stage) -> None:
    """Accelerator issues and other publishers' notes."""
    bought = stage.buy_active()
    pending = stage.buy()
    operation = change_begun(stage, bought)
    stage.control("PUT", "/faults", {"quirks": "all"})
    assert stage.api("GET", f"/{UNKNOWN}/operations").json() == {"operations": []}
    assert stage.api("GET", f"/{bought}/operations/{UNKNOWN}").status_code == 400
    assert stage.api("PATCH", f"/{bought}/operations/{operation}", json={"status": "Banana"}).status_code == 200
    assert stage.api("PATCH", f"/{bought}/operations/{operation}", json={"status": "Success"}).status_code == 500
    plans = stage.api("GET", f"/{UNKNOWN}/listAvailablePlans")
    assert (plans.status_code, plans.content) == (200, b"")
    assert stage.api("POST", f"/{pending}/activate", json={"planId": "wrong", "quantity": 10}).status_code == 200
    assert stage.api("GET", f"/{bought}/operations").json() == {}
    stage.move(seconds=5)
    assert len(stage.api("GET", f"/{bought}/operations").json()["operations"]) == 1


def test_values_can_be_written_as_loosely_as_the_live_service_does(stage: Stage) -> None:
    bought, flat = stage.buy_active(), stage.buy("business")
    stage.control("PUT", "/faults", {"quirks": ["loose-values"]})
    found = stage.api("GET", f"/{bought}").json()
    assert (found["quantity"], found["saasSubscriptionStatus"]) == ("10", " Subscribed ")
    assert (found["lastModified"], "isFreeTrial" in found, "puid" in found["beneficiary"]) == (
        "0001-01-01T00:00:00",
        False,
        False,
    )
    assert stage.api("GET", f"/{flat}").json()["quantity"] == ""


@pytest.mark.parametrize("status", [429, 503])
def test_calls_can_be_turned_away_with_retry_after(stage: Stage, status: int) -> None:
    stage.buy()
    stage.control("PUT", "/faults", {"fail_next_calls": 2, "fail_status": status, "retry_after_seconds": 7})
    answers = [stage.api("GET", "") for _ in range(3)]
    assert [each.status_code for each in answers] == [status, status, 200]
    assert [each.headers.get("Retry-After") for each in answers] == ["7", "7", None]


def test_a_call_that_is_turned_away_changes_nothing(stage: Stage) -> None:
    bought = stage.buy()
    stage.control("PUT", "/faults", {"fail_percent": 100, "fail_status": 500})
    assert stage.api("POST", f"/{bought}/activate", json={"planId": "team", "quantity": 10}).status_code == 500
    stage.control("PUT", "/faults", {})
    assert stage.status(bought) == "PendingFulfillmentStart"


def test_calls_can_be_answered_slowly(stage: Stage) -> None:
    stage.buy()
    stage.control("PUT", "/faults", {"slow_next_calls": 1, "slow_seconds": 0.2})
    assert stage.api("GET", "").elapsed.total_seconds() >= 0.2
    assert stage.control("GET", "/faults")["slow_next_calls"] == 0
