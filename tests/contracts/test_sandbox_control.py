"""The control API: what rehearsals and tests rely on, and how it refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fairkeeper.errors import UnavailableError
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.runner import run_in_thread
from tests.contracts.sandbox_stage import BASE_URL, CORA, Stage, publisher_on_loopback, sandbox

UNKNOWN = "99999999-0000-4000-8000-000000000009"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    """One sandbox for tests that look only at what they bought themselves and move neither clock nor faults."""
    with sandbox() as running:
        yield running


def refused(stage: Stage, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = stage.client.request(method, f"/sandbox{path}", json=body)
    told = answer.json()
    assert {"code", "message", "remedy"} <= set(told), told
    assert all(told[key] for key in ("code", "message", "remedy"))
    return answer.status_code, told["code"]


def test_it_says_that_it_is_up(shared: Stage) -> None:
    assert shared.client.get("/healthz").json() == {"status": "ok"}


def test_a_purchase_returns_a_link_whose_token_resolves(stage: Stage) -> None:
    bought = stage.control("POST", "/purchases", {"plan_id": "team", "purchaser": CORA, "quantity": 3})
    link = urlsplit(bought["landing_url"])
    assert (link.hostname, link.path, bought["status"]) == ("publisher.example", "/landing", "PendingFulfillmentStart")
    token = parse_qs(link.query)["token"][0]
    resolved = stage.api("POST", "/resolve", headers={"x-ms-marketplace-token": token}).json()
    assert resolved["id"] == bought["subscription_id"]


def test_a_link_keeps_the_query_of_the_landing_page(stage: Stage) -> None:
    stage.control("PUT", "/publisher", {"landing_url": "https://publisher.example/landing?from=marketplace"})
    link = stage.control("POST", f"/subscriptions/{stage.buy()}/manage")["landing_url"]
    assert set(parse_qs(urlsplit(link).query)) == {"from", "token"}


def test_without_a_landing_page_there_is_no_link(stage: Stage) -> None:
    stage.control("PUT", "/publisher", {})
    bought = stage.control("POST", "/purchases", {"plan_id": "business", "purchaser": CORA})
    assert bought["landing_url"] is None
    path = f"/subscriptions/{bought['subscription_id']}/manage"
    assert refused(stage, "POST", path) == (409, "sandbox.publisher_unset")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "sandbox.request_invalid"),
        ({"plan_id": "team", "purchaser": CORA, "quantity": 3, "surprise": 1}, "sandbox.request_invalid"),
        ({"plan_id": "team", "purchaser": CORA, "quantity": "3"}, "sandbox.request_invalid"),
        ({"plan_id": "team", "purchaser": CORA, "quantity": True}, "sandbox.request_invalid"),
        ({"plan_id": "team", "purchaser": CORA}, "sandbox.quantity_invalid"),
        ({"plan_id": "gold", "purchaser": CORA}, "sandbox.plan_unavailable"),
        ({"plan_id": "business", "purchaser": "nobody@contoso.example"}, "sandbox.person_unknown"),
        ({"plan_id": "business", "purchaser": CORA, "free_trial": True}, "sandbox.no_free_trial"),
    ],
)
def test_a_purchase_that_cannot_be_is_refused_with_its_reason(shared: Stage, body: dict[str, Any], code: str) -> None:
    before = shared.control("GET", "/subscriptions")["total"]
    assert refused(shared, "POST", "/purchases", body) == (422, code)
    assert shared.control("GET", "/subscriptions")["total"] == before


@pytest.mark.parametrize("verb", ["suspend", "reinstate", "renew", "cancel", "expire", "manage"])
def test_an_unknown_subscription_is_not_found(shared: Stage, verb: str) -> None:
    assert refused(shared, "POST", f"/subscriptions/{UNKNOWN}/{verb}") == (404, "sandbox.subscription_not_found")


@pytest.mark.parametrize("verb", ["suspend", "reinstate", "renew", "cancel", "expire"])
def test_what_the_status_forbids_is_a_conflict(shared: Stage, verb: str) -> None:
    bought = shared.buy()
    shared.control("POST", f"/subscriptions/{bought}/cancel")
    assert refused(shared, "POST", f"/subscriptions/{bought}/{verb}") == (409, "sandbox.status_conflict")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/clock/move", {"days": -1}, 422),
        ("POST", "/clock/move", {"days": 1e9}, 422),
        ("POST", "/clock/move", {"weeks": 1}, 422),
        ("POST", "/clock/move", [], 422),
        ("PUT", "/faults", {"lose_next": -1}, 422),
        ("PUT", "/faults", {"fail_status": 418}, 422),
        ("PUT", "/faults", {"quirks": ["nothing"]}, 422),
        ("PUT", "/publisher", {"landing_url": "https://publisher.example/#landing"}, 422),
        ("PUT", "/publisher", {"webhook_url": "ftp://publisher.example"}, 422),
        ("PUT", "/publisher", {"webhook_url": "nonsense"}, 422),
        ("POST", "/bulk", {"plan_id": "business", "purchaser": CORA, "subscriptions": 0}, 422),
        ("POST", "/subscriptions/x/dance", None, 422),
        ("GET", "/deliveries?limit=0", None, 422),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/clock", None, 405),
    ],
)
def test_what_it_does_not_understand_is_refused_in_its_own_words(
    shared: Stage, method: str, path: str, body: Any, status: int
) -> None:
    assert refused(shared, method, path, body)[0] == status


def test_broken_json_is_refused_in_its_own_words(shared: Stage) -> None:
    answer = shared.client.post("/sandbox/purchases", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "sandbox.request_invalid")


def test_faults_are_replaced_as_a_whole(stage: Stage) -> None:
    stage.control("PUT", "/faults", {"lose_next": 3, "revert_notices": True})
    set_again = stage.control("PUT", "/faults", {"duplicate_next": 1})
    assert (set_again["lose_next"], set_again["revert_notices"], set_again["duplicate_next"]) == (0, False, 1)
    assert stage.control("GET", "/faults") == set_again


def test_moving_the_clock_lets_deadlines_pass(stage: Stage) -> None:
    bought = stage.buy()
    shown = stage.control("GET", f"/subscriptions/{bought}")
    assert shown["next"] == {"at": "2026-12-22T12:00:00.000000Z", "what": "not-activated"}
    moved = stage.control("POST", "/clock/move", {"days": 29, "hours": 23, "seconds": 3600})
    assert moved == {"now": "2026-12-22T12:00:00.000000Z", "offset_seconds": 30 * 86_400}
    assert stage.control("GET", f"/subscriptions/{bought}")["saasSubscriptionStatus"] == "Unsubscribed"


def test_a_page_of_another_site_cannot_change_anything(stage: Stage) -> None:
    evil = {"origin": "https://evil.example"}
    assert stage.client.put("/sandbox/faults", json={"lose_next": 1}, headers=evil).status_code == 403
    assert stage.client.post("/operator/clock", data={"days": "3"}, headers=evil).status_code == 403
    assert stage.client.put("/sandbox/faults", json={}, headers={"origin": BASE_URL}).status_code == 200
    assert stage.control("GET", "/clock")["offset_seconds"] == 0


def test_it_can_be_run_in_a_thread_on_a_free_port() -> None:
    with publisher_on_loopback() as publisher:
        running = run_in_thread(SandboxConfig(base_url="", webhook_url=publisher.url))
        try:
            with httpx.Client(base_url=running.url, trust_env=False) as client:
                assert client.get("/healthz").json() == {"status": "ok"}
                threads = [threading.Thread(target=_buy, args=(client,)) for _ in range(8)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(timeout=20)
                assert client.get("/sandbox/subscriptions").json()["total"] == 40
            assert running.controls.courier.wait_until_idle(20)
            assert len({each["id"] for each in publisher.heard}) == 40
            with pytest.raises(UnavailableError, match="taken"):
                run_in_thread(SandboxConfig(base_url=""), port=int(running.url.rpartition(":")[2]))
        finally:
            running.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{running.url}/healthz", trust_env=False)


def _buy(client: httpx.Client) -> None:
    for _ in range(5):
        client.post("/sandbox/purchases", json={"plan_id": "starter", "purchaser": CORA}).raise_for_status()


def test_a_publisher_that_hears_nothing_is_seen_in_the_list(stage: Stage) -> None:
    stage.buy("starter")
    listed = stage.control("GET", "/deliveries?status=queued")
    assert (listed["total"], listed["deliveries"][0]["tries"]) == (1, 0)
    assert stage.control("GET", "/deliveries?status=delivered") == {"total": 0, "deliveries": []}
