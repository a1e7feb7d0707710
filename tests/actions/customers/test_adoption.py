"""A running business is adopted: 200 subscriptions are observed, some taken over, one handed back, nothing done twice.

The installation is a whole one, as a server opens it; only what it sends is watched on its way out.
"""

from __future__ import annotations

import csv
import http.server
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairkeeper.action.outside import ObservedOnlyError
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.application import create_app
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.server import bind
from fairkeeper.customers.actions.custody import move_custody
from fairkeeper.customers.actions.custody.adopt import adopt
from fairkeeper.customers.actions.custody.noting import Custody
from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.errors import AdoptionFileError
from fairkeeper.customers.ports import ProvisioningAnswer, ProvisioningRequest
from fairkeeper.customers.queries import list_notices, show_subscription
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.sandbox.webhooks.courier import CourierSettings
from fairkeeper.values.clock import FixedClock, MovableClock
from tests.actions.customers.world import CORA
from tests.channels.stage import HOST, NOON, _serving, entra_state, settings_for

OWNER = Principal(id="per_owner", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
ASKED: list[ProvisioningRequest] = []


def systems(request: ProvisioningRequest) -> ProvisioningAnswer:
    """Take a wish as the publisher's own code does."""
    ASKED.append(request)
    return ProvisioningAnswer(is_done=True)


@dataclass
class Business:
    """A publisher's business at Microsoft, and one way to open Fairkeeper on it."""

    microsoft: RunningSandbox
    folder: Path
    address: DatabaseAddress
    bound: socket.socket
    clock: MovableClock
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))
    sent: list[str] = field(default_factory=list)

    def control(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.microsoft.url}/sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def buy(self, count: int, **order: Any) -> list[str]:
        found = self.control(
            "/bulk", subscriptions=count, announced=False, plan_id="team", quantity=10, purchaser=CORA, **order
        )
        return list(found["subscription_ids"])

    def operations(self, subscription_id: str) -> list[dict[str, Any]]:
        answer = self.http.get(f"{self.microsoft.url}/sandbox/subscriptions/{subscription_id}")
        return list(answer.json()["operations"])

    @contextmanager
    def open(self, mode: str, **more: Any) -> Iterator[Installation]:
        url = f"http://{HOST}:{self.bound.getsockname()[1]}"
        settings = settings_for(self.folder, self.address, url, self.microsoft.url).model_copy(
            update={
                "mode": mode,
                "mcp_writes": "",
                "provisioning_entry_point": "tests.actions.customers.test_adoption:systems",
                **more,
            }
        )
        installation = open_installation(settings, self.clock)
        installation.http.event_hooks["request"].append(lambda request: self.sent.append(_told(request)))
        try:
            with _serving(create_app(installation), self.bound.dup()):
                yield installation
        finally:
            installation.close()

    def work(self, installation: Installation) -> None:
        while True:
            assert self.microsoft.controls.courier.wait_until_idle(20)
            if not installation.worker.run_due():
                return


def _told(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def _writes(sent: list[str]) -> list[str]:
    reads = ("GET ", "HEAD ")
    return [
        each for each in sent if not each.startswith(reads) and not each.endswith(("/oauth2/v2.0/token", "/resolve"))
    ]


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    ASKED.clear()
    clock = MovableClock(FixedClock(NOON))
    bound = bind(HOST, 0)
    url = f"http://{HOST}:{bound.getsockname()[1]}"
    config = SandboxConfig(
        base_url="",
        landing_url=f"{url}/marketplace/landing",
        webhook_url=f"{url}/marketplace/webhook",
        clock=clock,
        courier=CourierSettings(floor_seconds=0, tick_seconds=0.01, hold_seconds=0.05, timeout_seconds=5),
        entra_state=entra_state(),
        seed=1,
    )
    address = DatabaseAddress(url=f"sqlite:///{tmp_path / 'fairkeeper.db'}")
    microsoft = run_in_thread(config)
    try:
        yield Business(microsoft=microsoft, folder=tmp_path, address=address, bound=bound, clock=clock)
    finally:
        microsoft.stop()
        bound.close()


@pytest.fixture
def old_system() -> Iterator[Callable[[int], tuple[str, list[dict[str, Any]]]]]:
    """A webhook of an older system, which answers with the status it is told to."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(status: int) -> tuple[str, list[dict[str, Any]]]:
        heard: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                assert self.headers["authorization"].startswith("Bearer ")
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://{HOST}:{server.server_port}/api/AzureWebhook", heard

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def run(installation: Installation, operation: Any, **fields: Any) -> Any:
    return installation.runner.run(operation, operation.input.model_validate(fields), Call(principal=OWNER))


def export(rows: list[tuple[str, str, str, str]]) -> dict[str, str]:
    text = io.StringIO()
    csv.writer(text).writerows([("AMPSubscriptionId", "SubscriptionStatus", "AMPPlanId", "AMPQuantity"), *rows])
    return {"name": "subscriptions.csv", "text": text.getvalue()}


def test_a_running_business_is_adopted_taken_over_and_handed_back(business: Business) -> None:
    active = business.buy(190, auto_activation=True)
    pending = business.buy(10, auto_activation=False)
    with business.open("observe") as observing:
        _observe(business, observing, active, pending)
    assert _writes(business.sent) == []
    assert ASKED == []

    with business.open("manage") as managing:
        _take_over(business, managing, active, pending)


def _observe(business: Business, observing: Installation, active: list[str], pending: list[str]) -> None:
    business.work(observing)
    business.control(f"/subscriptions/{active[0]}/suspend")
    business.control(f"/subscriptions/{active[1]}/cancel")
    business.work(observing)
    counted = run(observing, move_custody.show_custody)
    assert (counted.observed, counted.managed, counted.would_have, counted.is_observing) == (199, 0, 2, True)
    shown = run(observing, show_subscription, subscription_id=active[5])
    assert (shown.line.provisioning, shown.jobs, shown.line.allowed) == ("ready", (), True)
    file = export([(each, "Subscribed", "team", "10") for each in active[2:]] + [("0" * 36, "x", "", "")])
    adopted = run(observing, adopt, file=file)
    assert adopted.adopted == 188
    assert [finding.code for finding in adopted.findings] == ["customers.adoption_row_unreadable"]
    assert run(observing, adopt, file=file).adopted == 0
    business.control(f"/subscriptions/{active[7]}/change-quantity", quantity=11)
    business.work(observing)
    (note,) = run(observing, move_custody.list_would_have, subscription_id=active[7])[:1]
    assert "would" not in note.what
    with pytest.raises(ObservedOnlyError):
        run(observing, activate_subscription, subscription_id=pending[0])
    with pytest.raises(ObservedOnlyError):
        observing.fulfillment.activate(pending[0], "team", 10)  # type: ignore[arg-type]
    with pytest.raises(ObservedOnlyError):
        observing.http.post(f"{business.microsoft.url}/api/saas/subscriptions/{pending[0]}/activate", json={})
    business.sent.clear()
    with pytest.raises(ObservedOnlyError):
        run(observing, move_custody.take_over, subscription_id=active[8])


def _take_over(business: Business, managing: Installation, active: list[str], pending: list[str]) -> None:
    business.work(managing)
    assert run(managing, move_custody.show_custody).managed == 0, "a restart takes nothing over"
    taken = active[10:20]
    for each in taken:
        assert run(managing, move_custody.take_over, subscription_id=each).is_moved
    assert not run(managing, move_custody.take_over, subscription_id=taken[0]).is_moved
    run(managing, move_custody.hand_back, subscription_id=taken[9])
    business.work(managing)
    assert ASKED == [], "what is set up is not set up again"
    assert _writes(business.sent) == []
    counted = run(managing, move_custody.show_custody)
    assert (counted.managed, counted.observed) == (9, 190)

    for each in (taken[0], taken[9], active[30]):
        business.control(f"/subscriptions/{each}/change-quantity", quantity=12)
    business.work(managing)
    assert [request.subscription_id for request in ASKED] == [taken[0]]
    assert [request.wish.value for request in ASKED] == ["change"]
    patched = [each for each in business.sent if each.startswith("PATCH")]
    assert len(patched) == 1, patched
    assert taken[0] in patched[0]
    for each in (taken[9], active[30]):
        notes = run(managing, move_custody.list_would_have, subscription_id=each)
        assert any(note.what.startswith("answered Success to ChangeQuantity") for note in notes), notes
    kinds = [custody for (custody,) in _custodies(managing, taken)]
    assert kinds.count(Custody.MANAGED) == 9


def _custodies(installation: Installation, ids: list[str]) -> list[tuple[str]]:
    with installation.database.read() as session:
        return [(session.get_one(SubscriptionRow, each).custody,) for each in ids]


def test_what_is_observed_is_handed_on_to_the_older_system_whose_answer_is_returned(
    business: Business, old_system: Callable[[int], tuple[str, list[dict[str, Any]]]]
) -> None:
    url, heard = old_system(409)
    mine, theirs = business.buy(2, auto_activation=True)
    with business.open("manage", webhook_forward_url=url) as managing:
        business.work(managing)
        run(managing, move_custody.hand_back, subscription_id=theirs)
        for each in (mine, theirs):
            business.control(f"/subscriptions/{each}/change-quantity", quantity=12)
        business.work(managing)
    assert {notice["subscriptionId"] for notice in heard} == {theirs}
    assert business.operations(theirs)[-1]["status"] == "Failed", "the older system's refusal is the answer"
    assert business.operations(mine)[-1]["status"] == "Succeeded"


def test_while_the_older_system_is_down_nobody_answers_for_it_and_the_notice_is_kept(business: Business) -> None:
    """Microsoft is told to come again; neither we nor silence decide what the older system has to decide."""
    mine, theirs = business.buy(2, auto_activation=True)
    with business.open("manage", webhook_forward_url=f"http://{HOST}:1/api/AzureWebhook") as managing:
        business.work(managing)
        run(managing, move_custody.hand_back, subscription_id=theirs)
        for each in (mine, theirs):
            business.control(f"/subscriptions/{each}/change-quantity", quantity=12)
        business.work(managing)
        notices = {each.subscription_id: each for each in run(managing, list_notices)}
    assert business.operations(mine)[-1]["status"] == "Succeeded", "what is ours does not wait for it"
    assert business.operations(theirs)[-1]["status"] == "InProgress"
    assert {mine, theirs} <= notices.keys()
    assert not any(each.startswith("PATCH") and theirs in each for each in business.sent)


@pytest.mark.parametrize("text", ["", "id,status\n1,2", "AMPSubscriptionId\nx", '"AMPSubscriptionId'])
def test_a_file_that_is_no_export_is_refused(text: str) -> None:
    from fairkeeper.customers.actions.custody.adopt import read_file

    with pytest.raises(AdoptionFileError):
        list(read_file(text))
