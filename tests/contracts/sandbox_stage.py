"""A whole sandbox for a test: an app with a standing clock, a caller with a token, a publisher on loopback."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

from fairkeeper.sandbox.app import create_sandbox
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.control import Controls
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID, default_directory
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.sandbox.webhooks.courier import CourierSettings
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID
from fairkeeper.values.clock import FixedClock, MovableClock, SystemClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CORA = "cora.contoso@contoso.example"
CARL = "carl.contoso@contoso.example"
NORA = "nora.northwind@northwind.example"
ADA = "ada.adatum@adatum.example"
VERSION = {"api-version": "2018-08-31"}
BASE_URL = "http://sandbox.example"


@dataclass
class Publisher:
    """What the publisher's server heard, and what it answers: the listed codes first, then 200."""

    heard: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""

    @property
    def actions(self) -> list[str]:
        return [each["action"] for each in self.heard]


@contextmanager
def publisher_on_loopback() -> Iterator[Publisher]:
    publisher = Publisher()
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                publisher.heard.append(body)
                publisher.authorizations.append(self.headers["authorization"])
                code = publisher.answers.pop(0) if publisher.answers else 200
            self.send_response(code)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    publisher.url = f"http://127.0.0.1:{server.server_port}/marketplace"
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@dataclass
class Stage:
    """The running sandbox."""

    client: TestClient
    clock: MovableClock

    @property
    def token(self) -> str:
        """A fresh token of the publisher's app: it lives an hour, and the clock is moved by days."""
        found: str = self.client.app.state.entra.issue_app_token(  # type: ignore[attr-defined]
            tenant_id=PUBLISHER_TENANT_ID, audience=MARKETPLACE_APP_ID, client_id=FULFILLMENT_APP_ID
        )
        return found

    @property
    def controls(self) -> Controls:
        found: Controls = self.client.app.state.controls  # type: ignore[attr-defined]
        return found

    def api(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Any:
        """Call the fulfillment API as the publisher."""
        headers = {"authorization": f"Bearer {self.token if token is None else token}", **options.pop("headers", {})}
        params = {**VERSION, **options.pop("params", {})}
        return self.client.request(method, f"/api/saas/subscriptions{path}", headers=headers, params=params, **options)

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the control API and expect it to agree."""
        answer = self.client.request(method, f"/sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def buy(self, plan_id: str = "team", **changes: Any) -> str:
        """Buy and return the subscription's id."""
        seats = {"quantity": 10} if plan_id.startswith("team") else {}
        bought = self.control("POST", "/purchases", {"plan_id": plan_id, "purchaser": CORA, **seats, **changes})
        return str(bought["subscription_id"])

    def buy_active(self, plan_id: str = "team", **changes: Any) -> str:
        """Buy with auto-activation."""
        return self.buy(plan_id, auto_activation=True, **changes)

    def status(self, subscription_id: str) -> str:
        """Return the status as Microsoft's API says it."""
        return str(self.api("GET", f"/{subscription_id}").json()["saasSubscriptionStatus"])

    def move(self, **by: float) -> None:
        """Move the sandbox's clock and let webhooks leave."""
        self.control("POST", "/clock/move", dict(by))
        self.settle()

    def settle(self) -> None:
        """Wait until the courier has nothing due."""
        assert self.controls.courier.wait_until_idle(10), "webhooks did not settle"

    def landing_token(self, subscription_id: str) -> str:
        """Open the landing page and return the decoded token."""
        url = self.control("POST", f"/subscriptions/{subscription_id}/manage")["landing_url"]
        return str(parse_qs(urlsplit(url).query)["token"][0])

    def deliveries(self, subscription_id: str) -> list[dict[str, Any]]:
        """Return the webhooks of a subscription, oldest first."""
        found: list[dict[str, Any]] = self.control("GET", f"/deliveries?subscription_id={subscription_id}")[
            "deliveries"
        ]
        return found[::-1]


@functools.cache
def entra_state() -> dict[str, Any]:
    """Return one set of keys for all sandboxes of a test run: making them is slow."""
    return PretendEntra(default_directory(), SystemClock(), f"{BASE_URL}/entra").export_state()


@contextmanager
def sandbox(
    webhook_url: str | None = None, data_dir: Path | None = None, *, hold_seconds: float = 60
) -> Iterator[Stage]:
    """Run a sandbox whose clock stands still between moves."""
    clock = MovableClock(FixedClock(NOON))
    config = SandboxConfig(
        base_url=BASE_URL,
        landing_url="https://publisher.example/landing",
        webhook_url=webhook_url,
        data_dir=data_dir,
        clock=clock,
        courier=CourierSettings(floor_seconds=0, tick_seconds=0.01, hold_seconds=hold_seconds, timeout_seconds=5),
        cancellation_seconds=2,
        entra_state=entra_state(),
        seed=1,
    )
    app = create_sandbox(config)
    with TestClient(app, base_url=BASE_URL, follow_redirects=False) as client:
        yield Stage(client=client, clock=clock)


def later(**by: float) -> datetime:
    """Return an instant after the stage's beginning."""
    return NOON + timedelta(**by)
