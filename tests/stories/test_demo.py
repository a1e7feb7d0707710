"""The demo starts with one line, serves until it is told to end, and goes on where it was."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.stories.demo_process import RunningDemo, demo, forked_demo, read_line, started

pytestmark = pytest.mark.slow


def get(running: RunningDemo, path: str) -> httpx.Response:
    return httpx.get(running.url + path, headers=running.headers, timeout=30)


def await_customer(running: RunningDemo) -> dict[str, object]:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        found = get(running, "/api/v1/customers").json()["customers"]
        if found and found[0]["main"]["provisioning"] == "ready":
            customer: dict[str, object] = found[0]
            return customer
        time.sleep(0.2)
    raise AssertionError("nobody became ready")


def test_a_demo_serves_and_goes_on_with_the_same_folder(tmp_path: Path) -> None:
    with demo(tmp_path, end_with=signal.SIGINT) as first:
        assert httpx.get(f"{first.url}/healthz", timeout=30).json() == {"status": "ok"}
        assert httpx.get(f"{first.url}/readyz", timeout=30).status_code == 200
        assert get(first, "/api/v1/access/me").json()["roles"] == ["owner"]
        people = get(first, "/api/v1/access/people").json()
        assert {person["name"] for person in people} >= {"Olivia Owner", "Audrey Auditor"}
        bought = httpx.post(
            f"{first.sandbox_url}/sandbox/purchases",
            json={"plan_id": "team-plus", "purchaser": "freya.fabrikam@fabrikam.example", "quantity": 9},
            timeout=30,
        )
        assert bought.status_code == 201
        customer = await_customer(first)
        httpx.post(f"{first.sandbox_url}/sandbox/clock/move", json={"days": 3}, timeout=30)
        moved = httpx.get(f"{first.sandbox_url}/sandbox/clock", timeout=30).json()["offset_seconds"]
        log = get(first, "/api/v1/evidence/log").json()
    with forked_demo(tmp_path) as second:
        assert second.owner_token == first.owner_token
        assert get(second, "/api/v1/customers").json()["customers"][0]["customer_id"] == customer["customer_id"]
        assert len(get(second, "/api/v1/access/people").json()) == len(people)
        now = get(second, "/api/v1/evidence/log").json()
        assert (now["origin"], now["keys"]) == (log["origin"], log["keys"])
        assert now["size"] >= log["size"]
        clock = httpx.get(f"{second.sandbox_url}/sandbox/clock", timeout=30).json()
        assert clock["offset_seconds"] == moved
        known = httpx.get(f"{second.sandbox_url}/sandbox/subscriptions", timeout=30).json()
        assert known["total"] == 1


def test_a_demo_for_people_says_where_and_as_whom(tmp_path: Path) -> None:
    with started("demo", "--port", "0", "--data", str(tmp_path)) as process:
        assert process.stdout is not None
        text = read_line(process) + "".join(process.stdout.readline() for _ in range(4))
        assert "Fairkeeper is at       http://127.0.0.1:" in text
        assert "Sign in as Olivia Owner (olivia.owner@fairmile.example)" in text
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_a_taken_port_is_said_so(tmp_path: Path) -> None:
    with forked_demo(tmp_path / "first") as running:
        port = running.url.rpartition(":")[2]
        with started("demo", "--json", "--port", port, "--data", str(tmp_path / "second")) as process:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 4
            assert '"code": "bootstrap.port_taken"' in errors
