"""The server and the sandbox as two processes, and a witness beside them: as an installation and a rehearsal run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import run
from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    PUBLISHER_TENANT_ID,
)
from tests.stories.demo_process import read_line, started

pytestmark = pytest.mark.slow


def until(question: Callable[[], Any], *, seconds: float = 40) -> Any:
    """Ask until the answer is one, or fail."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        answer = question()
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"it did not come about in {seconds} seconds")


def test_a_server_without_microsoft_serves_and_says_what_is_missing(tmp_path: Path) -> None:
    with started("serve", "--json", settings={"PORT": "0", "DATA_DIR": str(tmp_path)}) as server:
        url = json.loads(read_line(server))["url"]
        assert httpx.get(f"{url}/healthz", timeout=30).status_code == 200
        webhook = httpx.post(
            f"{url}/marketplace/webhook", json={"id": "x"}, headers={"authorization": "Bearer x"}, timeout=30
        )
        assert webhook.status_code == 503
        assert webhook.json()["error"]["code"] == "api.webhook_not_configured"
        assert httpx.get(f"{url}/openapi.json", timeout=30).json()["info"]["title"] == "Fairkeeper"
        server.terminate()
        assert server.wait(timeout=30) == 0
        assert server.stderr is not None
        lines = server.stderr.read().splitlines()
    assert lines
    assert all("event" in json.loads(line) for line in lines)


def test_settings_that_do_not_fit_keep_the_server_from_starting(tmp_path: Path) -> None:
    wrong = {"PORT": "0", "DATA_DIR": str(tmp_path), "ENTRA_AUTHORITY": "http://login.example"}
    with started("serve", "--json", settings=wrong) as server:
        _, errors = server.communicate(timeout=60)
        assert server.returncode == 2
        assert json.loads(errors.splitlines()[-1])["error"]["code"] == "bootstrap.settings"


def test_a_server_follows_a_sandbox_in_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started("sandbox", "--json", "--port", "0", "--data", str(tmp_path / "sandbox")) as sandbox:
        microsoft = json.loads(read_line(sandbox))["sandbox_url"]
        settings = {
            "PORT": "0",
            "DATA_DIR": str(tmp_path / "server"),
            "SANDBOX_URL": microsoft,
            "ENTRA_AUTHORITY": f"{microsoft}/entra",
            "ENTRA_TENANT_ID": PUBLISHER_TENANT_ID,
            "FULFILLMENT_BASE_URL": f"{microsoft}/api",
            "INGESTION_BASE_URL": f"{microsoft}/ingestion/rp/product-ingestion",
            "FULFILLMENT_APP_ID": FULFILLMENT_APP_ID,
            "FULFILLMENT_APP_SECRET": FULFILLMENT_APP_SECRET,
            "SIGN_IN_APP_ID": LANDING_APP_ID,
            "SIGN_IN_APP_SECRET": LANDING_APP_SECRET,
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"FAIRKEEPER_{name}", value)
        with started("serve", "--json", settings=settings) as server:
            url = json.loads(read_line(server))["url"]
            told = {"landing_url": f"{url}/marketplace/landing", "webhook_url": f"{url}/marketplace/webhook"}
            assert httpx.put(f"{microsoft}/sandbox/publisher", json=told, timeout=30).status_code == 200
            order = {"plan_id": "team-plus", "purchaser": "freya.fabrikam@fabrikam.example", "quantity": 9}
            bought = httpx.post(f"{microsoft}/sandbox/purchases", json=order, timeout=30).json()
            token = local_token(tmp_path / "token.json", monkeypatch)
            client = httpx.Client(base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=30)
            path = f"/subscriptions/{bought['subscription_id']}"
            until(lambda: client.get(path).json().get("line", {}).get("provisioning") == "ready")
            httpx.post(f"{microsoft}/sandbox/clock/move", json={"days": 2}, timeout=30)
            before = client.get(f"{path}/may-act").json()["as_of"]
            until(lambda: client.get(f"{path}/may-act").json()["as_of"][:10] > before[:10] or None, seconds=20)
            watch(url, client, tmp_path / "witness.json")
            client.close()
            server.terminate()
            assert server.wait(timeout=30) == 0
        sandbox.terminate()
        assert sandbox.wait(timeout=30) == 0


def local_token(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a token at the machine, beside the running server."""
    with path.open("w") as file:
        monkeypatch.setattr("sys.stdout", file)
        assert run(Installed(), ("token", "create", "test", "--json")) == 0
    monkeypatch.undo()
    return str(json.loads(path.read_text())["secret"])


def watch(url: str, client: httpx.Client, state: Path) -> None:
    """Let a witness in, and see its cosignature count."""
    with started("witness", url, "--state", str(state), "--interval", "0.2", "--json") as witness:
        key = json.loads(read_line(witness))["witness"]
        assert client.get("/evidence/log").json()["witnessed_size"] == 0
        added = client.post("/evidence/witnesses", json={"witness_key": key})
        assert added.status_code == 200, added.text
        until(lambda: client.get("/evidence/log").json()["witnessed_size"])
        (seen,) = client.get("/evidence/log").json()["witnesses"]
        assert seen["key"] == key
