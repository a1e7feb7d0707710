"""Webhooks acknowledged per second, durably, against an endpoint that only commits one row.

Both endpoints are in one server process, behind the same layers and the same write session, and are measured in turn
in short rounds, so that whoever else uses the machine slows both. The callers are in this process, with one keep-alive
connection each. Every webhook is another operation's, with its own id, under a token whose signature and claims are
checked each time. No background work runs in the server (FAIRKEEPER_WORKERS=0), because what follows a notice is paid
for later; the log's integrator does run.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.databases import postgresql_address, sqlite_address
from bench.load import request_bytes, send_all
from bench.report import Report
from bench.webhook_server import BARE_PATH
from fairkeeper.api.webhook import WEBHOOK_PATH
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID, default_directory
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.sandbox.runner import run_in_thread
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID
from fairkeeper.values.clock import MovableClock

CALLERS = 16
ROUNDS = 7
REQUESTS = 400
TARGET = 0.4


def run(report: Report) -> None:
    """Measure on both databases."""
    with sqlite_address() as address:
        _measure(report, address, "SQLite FULL")
    with postgresql_address() as address:
        _measure(report, address, "PostgreSQL")


def _measure(report: Report, address: DatabaseAddress, name: str) -> None:
    with pretend_microsoft() as (sandbox_url, token), _server(address, sandbox_url) as port:
        for count in (2 * CALLERS, 2 * CALLERS):
            _rate(port, notices(token, count))
            _rate(port, _rows(token, count))
        rounds = [(_rate(port, notices(token, REQUESTS)), _rate(port, _rows(token, REQUESTS))) for _ in range(ROUNDS)]
    conditions = f"{name}, {CALLERS} callers, median of {ROUNDS} rounds of {REQUESTS}"
    webhooks = statistics.median(webhook for webhook, _ in rounds)
    rows = statistics.median(row for _, row in rounds)
    report.plain("webhooks acknowledged", webhooks, unit="/s", conditions=conditions)
    report.plain("bare endpoint, one row", rows, unit="/s", conditions=conditions)
    ratio = statistics.median(webhook / row for webhook, row in rounds)
    report.at_least("webhooks over bare endpoint", ratio, unit="×", target=TARGET, conditions=conditions)


def _rate(port: int, requests: Sequence[bytes]) -> float:
    return len(requests) / send_all(port, requests, callers=CALLERS)


def _rows(token: str, count: int) -> list[bytes]:
    """Return requests to the bare endpoint, of the same size as a webhook's."""
    return [request_bytes(BARE_PATH, _headers(token), _notice()) for _ in range(count)]


def notices(token: str, count: int) -> list[bytes]:
    """Return requests with one notice each, all of other operations."""
    return [request_bytes(WEBHOOK_PATH, _headers(token), _notice()) for _ in range(count)]


def _headers(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def _notice() -> bytes:
    operation_id, subscription_id = str(uuid.uuid4()), str(uuid.uuid4())
    notice = {
        "id": operation_id,
        "activityId": operation_id,
        "publisherId": "fairmile",
        "offerId": "fairmile-assistant",
        "planId": "team",
        "quantity": 20,
        "subscriptionId": subscription_id,
        "timeStamp": datetime.now(UTC).isoformat(),
        "action": "ChangeQuantity",
        "status": "InProgress",
        "operationRequestSource": "Azure",
        "subscription": {
            "id": subscription_id,
            "name": "Fairmile Assistant for Contoso",
            "publisherId": "fairmile",
            "offerId": "fairmile-assistant",
            "planId": "team",
            "quantity": 10,
            "beneficiary": {"emailId": "cora.contoso@contoso.example", "objectId": str(uuid.uuid4())},
            "saasSubscriptionStatus": "Subscribed",
        },
        "purchaseToken": None,
    }
    return json.dumps(notice).encode()


@contextmanager
def pretend_microsoft() -> Iterator[tuple[str, str]]:
    """Run a sandbox; yields its address and a webhook's token, good for an hour."""
    clock = MovableClock()
    state = PretendEntra(default_directory(), clock, "http://127.0.0.1/entra", None).export_state()
    sandbox = run_in_thread(SandboxConfig(base_url="", clock=clock, entra_state=state))
    try:
        same_keys = PretendEntra(default_directory(), clock, f"{sandbox.url}/entra", state)
        token = same_keys.issue_app_token(
            tenant_id=PUBLISHER_TENANT_ID, audience=FULFILLMENT_APP_ID, client_id=MARKETPLACE_APP_ID
        )
        yield sandbox.url, token
    finally:
        sandbox.stop()


@contextmanager
def _server(address: DatabaseAddress, sandbox_url: str) -> Iterator[int]:
    """Run the measured server; yields its port."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "DATA_DIR": folder,
            "PORT": "0",
            "DATABASE_URL": address.url,
            "DATABASE_CUSTOMER_URL": address.customer_url,
            "DATABASE_OWNER_URL": address.owner_url,
            "ENTRA_AUTHORITY": f"{sandbox_url}/entra",
            "ENTRA_TENANT_ID": PUBLISHER_TENANT_ID,
            "FULFILLMENT_BASE_URL": f"{sandbox_url}/api",
            "FULFILLMENT_APP_ID": FULFILLMENT_APP_ID,
            "FULFILLMENT_APP_SECRET": "not used here",
            "WORKERS": "0",
        }
        told = {f"FAIRKEEPER_{name}": value for name, value in settings.items() if value is not None}
        with (Path(folder) / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.webhook_server"],
                env={**os.environ, **told},
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError((Path(folder) / "server.log").read_text()[-2000:])
            yield int(json.loads(line)["port"])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            if process.stdout is not None:
                process.stdout.close()
