"""Every way to reach the publisher's code keeps the port's promises: accepted, answered, asked again, refused for good."""

from __future__ import annotations

import http.server
import json
import sys
import threading
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from fairkeeper.customers.ports import ProvisioningAnswer, ProvisioningRequest, ProvisioningWish
from fairkeeper.errors import InvalidError, UnavailableError
from fairkeeper.outbound.addresses import AddressRefusedError, AddressUnknownError, target_of
from fairkeeper.outbound.provisioning import (
    CallRules,
    EntryPointError,
    NothingToSetUp,
    ProvisioningFunction,
    ProvisioningRefusedError,
    ProvisioningUnavailableError,
    ProvisioningWebhook,
    load_entry_point,
)
from fairkeeper.values.ids import CustomerId, SubscriptionId, TenantId

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WISH = ProvisioningRequest(
    request_id="job_01",
    wish=ProvisioningWish.PROVISION,
    attempt=1,
    customer_id=CustomerId("cus_1"),
    subscription_id=SubscriptionId("5a1e0000-0000-4000-8000-000000000001"),
    tenant_id=TenantId("c0000001-0000-4000-8000-000000000001"),
    offer_id="fairmile-assistant",
    plan_id="team",
    quantity=12,
    requested_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
)


@dataclass
class Receiver:
    """The publisher's own server on loopback."""

    url: str = ""
    status: int = 202
    body: bytes = b""
    location: str | None = None
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            if found.location:
                self.send_header("location", found.location)
            self.send_header("content-length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/provision?v=1"
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)


def webhook(receiver: Receiver, rules: CallRules | None = None) -> ProvisioningWebhook:
    return ProvisioningWebhook(
        receiver.url, secret=SECRET, report_base_url="https://fairkeeper.fairmile.example", rules=rules
    )


def test_the_receiver_can_verify_the_signature(receiver: Receiver) -> None:
    assert webhook(receiver).start(WISH) is None  # type: ignore[func-returns-value]
    ((headers, body),) = receiver.heard
    message = Webhook(SECRET).verify(body, headers)
    assert headers["webhook-id"] == "job_01"
    assert message["type"] == "fairkeeper.provisioning.provision"
    assert message["data"]["subscription_id"] == WISH.subscription_id
    assert message["data"]["quantity"] == 12
    assert message["data"]["report_url"] == "https://fairkeeper.fairmile.example/api/v1/provisioning/job_01/report"


def test_a_changed_body_or_another_secret_does_not_verify(receiver: Receiver) -> None:
    webhook(receiver).start(WISH)
    ((headers, body),) = receiver.heard
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b'"quantity":12', b'"quantity":13'), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(body, headers)


def test_a_repetition_carries_the_same_id(receiver: Receiver) -> None:
    for _ in range(2):
        webhook(receiver).start(WISH)
    assert [headers["webhook-id"] for headers, _ in receiver.heard] == ["job_01", "job_01"]
    assert len({body for _, body in receiver.heard}) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_means_taken_up(receiver: Receiver, status: int) -> None:
    receiver.status = status
    webhook(receiver).start(WISH)
    assert len(receiver.heard) == 1


@pytest.mark.parametrize("status", [301, 307, 408, 425, 429, 500, 502, 503])
def test_trouble_that_may_pass_is_asked_again(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(ProvisioningUnavailableError, match=str(status)) as raised:
        webhook(receiver).start(WISH)
    assert isinstance(raised.value, UnavailableError)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422])
def test_a_refusal_is_for_good(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.body = status, b"no such  plan\x00\n"
    with pytest.raises(ProvisioningRefusedError, match="no such plan") as raised:
        webhook(receiver).start(WISH)
    assert isinstance(raised.value, InvalidError)


def test_a_redirection_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.location = 307, receiver.url
    with pytest.raises(ProvisioningUnavailableError):
        webhook(receiver).start(WISH)
    assert len(receiver.heard) == 1


def test_nobody_there_is_asked_again(receiver: Receiver) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as gone:
        url = f"http://127.0.0.1:{gone.server_port}/"
    receiver.url = url
    with pytest.raises(ProvisioningUnavailableError, match="did not answer"):
        webhook(receiver).start(WISH)


def test_a_slow_receiver_is_asked_again() -> None:
    with http.server.HTTPServer(
        ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler
    ) as silent:  # accepts, says nothing
        url = f"http://127.0.0.1:{silent.server_port}/"
        with pytest.raises(ProvisioningUnavailableError, match="ReadTimeout"):
            webhook(Receiver(url=url), CallRules(timeout_seconds=0.2)).start(WISH)


def test_a_malformed_secret_is_refused_before_any_call(receiver: Receiver) -> None:
    with pytest.raises(InvalidError, match="no Standard Webhooks secret"):
        ProvisioningWebhook(receiver.url, secret="whsec_", report_base_url="https://x.example")


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("http://hooks.fairmile.example/", ["203.0.113.5"]),
        ("https://hooks.fairmile.example/", ["10.0.0.7"]),
        ("https://hooks.fairmile.example/", ["93.184.216.34", "192.168.1.1"]),
        ("https://hooks.fairmile.example/", ["127.0.0.1"]),
        ("https://hooks.fairmile.example/", ["::1"]),
        ("https://hooks.fairmile.example/", ["::ffff:10.0.0.1"]),
        ("https://hooks.fairmile.example/", ["fd00::1"]),
        ("https://hooks.fairmile.example/", ["64:ff9b::a00:1"]),
        ("https://hooks.fairmile.example/", ["2002:a00:1::1"]),
        ("https://169.254.169.254/metadata", ["169.254.169.254"]),
        ("https://100.64.0.1/", ["100.64.0.1"]),
        ("https://0.0.0.0/", ["0.0.0.0"]),
        ("https://user:word@hooks.fairmile.example/", ["93.184.216.34"]),
        ("ftp://hooks.fairmile.example/", ["93.184.216.34"]),
        ("https://hooks.fairmile.example:99999/", ["93.184.216.34"]),
        ("https://", []),
    ],
)
def test_addresses_that_lead_inside_are_refused(url: str, answers: list[str]) -> None:
    with pytest.raises(AddressRefusedError):
        target_of(url, lookup=lambda host, port: answers)


def test_a_public_address_is_called_where_it_was_judged() -> None:
    target = target_of(
        "https://hooks.fairmile.example/a?b=c", lookup=lambda host, port: ["93.184.216.34", "2606:2800::1"]
    )
    assert target.url == "https://93.184.216.34:443/a?b=c"
    assert (target.host, target.server_name) == ("hooks.fairmile.example", "hooks.fairmile.example")


@pytest.mark.parametrize("address", ["::ffff:93.184.216.34", "64:ff9b::5db8:d822", "2002:5db8:d822::1"])
def test_a_public_address_in_another_spelling_is_called(address: str) -> None:
    target = target_of("https://hooks.fairmile.example/", lookup=lambda host, port: [address])
    assert target.url == f"https://[{address}]:443/"


def test_a_private_address_is_called_where_the_settings_allow_it() -> None:
    target = target_of("http://hooks.internal/", allow_private=True, lookup=lambda host, port: ["10.0.0.7"])
    assert target.url == "http://10.0.0.7:80/"


def test_a_name_without_an_address_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError("no such host")

    monkeypatch.setattr("socket.getaddrinfo", fail)
    with pytest.raises(AddressUnknownError):
        target_of("https://hooks.fairmile.example/")


@pytest.mark.parametrize("wish", list(ProvisioningWish))
def test_without_provisioning_every_wish_is_done_and_says_so(wish: ProvisioningWish) -> None:
    answer = NothingToSetUp().start(
        ProvisioningRequest(**{name: getattr(WISH, name) for name in WISH.__slots__} | {"wish": wish})
    )
    assert answer.is_done
    assert "No provisioning is configured" in answer.message


@pytest.fixture
def publishers_module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("fairmile_provisioning")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def run_function(module: types.ModuleType, function: Callable[[ProvisioningRequest], Any]) -> ProvisioningAnswer | None:
    module.__dict__["provision"] = function
    return load_entry_point("fairmile_provisioning:provision").start(WISH)


def test_a_function_answers_at_once_or_later(publishers_module: types.ModuleType) -> None:
    seen: list[ProvisioningRequest] = []
    assert run_function(publishers_module, seen.append) is None
    done = ProvisioningAnswer(is_done=True, message=json.dumps({"workspace": 7}))
    assert run_function(publishers_module, lambda _: done) == done
    assert seen == [WISH]


def test_a_function_that_raises_is_called_again(publishers_module: types.ModuleType) -> None:
    def broken(_request: ProvisioningRequest) -> None:
        raise KeyError("tenant")

    with pytest.raises(ProvisioningUnavailableError, match="KeyError"):
        run_function(publishers_module, broken)


def test_a_function_may_refuse_for_good(publishers_module: types.ModuleType) -> None:
    def refuse(_request: ProvisioningRequest) -> None:
        raise InvalidError("The plan was retired.")

    with pytest.raises(InvalidError, match="retired"):
        run_function(publishers_module, refuse)


def test_a_function_that_answers_nonsense_is_refused(publishers_module: types.ModuleType) -> None:
    with pytest.raises(EntryPointError, match="returned a bool"):
        run_function(publishers_module, lambda _: True)


@pytest.mark.parametrize("text", ["", "nowhere:at_all", "json", "json:", "json:nothing", "json:__doc__", ":x"])
def test_an_entry_point_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(EntryPointError):
        load_entry_point(text)


def test_a_function_keeps_its_name_for_messages() -> None:
    def broken(_request: ProvisioningRequest) -> None:
        raise RuntimeError("no room")

    with pytest.raises(ProvisioningUnavailableError, match=r"fairmile:provision raised RuntimeError: no room"):
        ProvisioningFunction(broken, name="fairmile:provision").start(WISH)
