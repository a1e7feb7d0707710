"""Receivers of events of every kind, over real sockets: what arrives, what is refused, and what is tried again."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fairkeeper.assurance.forwarding.destinations import add_destination
from fairkeeper.assurance.forwarding.kinds import SENTINEL_AUDIENCE, DestinationKind, Receiver
from fairkeeper.assurance.forwarding.sentinel import STREAM
from fairkeeper.database.session import Database
from fairkeeper.outbound.addresses import AddressRefusedError
from fairkeeper.outbound.clients import CertificatesUnreadableError, authorities
from fairkeeper.outbound.posting import ReceiverUnavailableError, post
from fairkeeper.outbound.provisioning import CallRules
from fairkeeper.outbound.receivers.every_kind import EventReceivers
from fairkeeper.outbound.receivers.sentinel import MOST_BYTES, pieces
from fairkeeper.outbound.receivers.syslog import SyslogSender
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, PUBLISHER_TENANT_ID
from fairkeeper.sandbox.logs.api import RULE
from fairkeeper.sandbox.marketplace.faults import Faults
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.clock import FixedClock
from tests.actions.assurance.test_forwarding import Delivery
from tests.actions.house import NOW, staff
from tests.contracts.sandbox_stage import entra_state

ROWS = [{"TimeGenerated": "2026-11-22T09:00:00Z", "EventUid": f"ent_{n}", "EventOriginalType": "x"} for n in range(3)]
RULES = CallRules(clock=FixedClock(NOW))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    running = run_in_thread(SandboxConfig(base_url="", entra_state=entra_state()))
    yield running
    running.stop()


@pytest.fixture
def stream(request: pytest.FixtureRequest) -> str:
    """A stream of the test's own."""
    return f"Custom-{request.node.name[:60].replace('[', '_').replace(']', '')}"


def workspace(sandbox: RunningSandbox, stream: str, **changes: str) -> Receiver:
    settings = {
        "rule_id": RULE,
        "stream": stream,
        "tenant_id": PUBLISHER_TENANT_ID,
        "client_id": FULFILLMENT_APP_ID,
        "authority": f"{sandbox.url}/entra",
        "audience": SENTINEL_AUDIENCE,
    }
    secret = changes.pop("secret", FULFILLMENT_APP_SECRET)
    address = f"{sandbox.url}/logs"
    return Receiver(
        kind=DestinationKind.SENTINEL, address=address, settings=settings | changes, secret=secret, is_customers=False
    )


def receivers(tmp_path: Path, rules: CallRules | None = None) -> EventReceivers:
    return EventReceivers(rules or CallRules(), tmp_path / "events")


def taken(sandbox: RunningSandbox, stream: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{sandbox.url}/logs/taken/{stream}").json()
    return found


# --- Sentinel


def test_rows_reach_the_stream_of_the_rule(sandbox: RunningSandbox, stream: str, tmp_path: Path) -> None:
    sends = receivers(tmp_path)
    sends.send(workspace(sandbox, stream), "b1", ROWS[:2])
    sends.send(workspace(sandbox, stream), "b2", ROWS[2:])
    assert taken(sandbox, stream) == ROWS


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"secret": "wrong"}, "gave no token: status 401"),
        ({"rule_id": "dcr-ffffffffffffffff"}, "404: there is no such rule or stream"),
        ({"audience": "https://graph.microsoft.com"}, "401: the token was not accepted"),
    ],
)
def test_what_the_service_refuses_is_said_and_nothing_is_taken(
    sandbox: RunningSandbox, stream: str, tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    with pytest.raises(ReceiverUnavailableError) as refused:
        receivers(tmp_path).send(workspace(sandbox, stream, **changes), "b1", ROWS)
    assert says in refused.value.message
    assert taken(sandbox, stream) == []


def test_what_is_too_large_for_one_call_goes_in_several(sandbox: RunningSandbox, stream: str, tmp_path: Path) -> None:
    rows = [{"EventUid": str(n), "AdditionalFields": "x" * 400_000} for n in range(5)]
    assert [len(each) <= MOST_BYTES for each in pieces(rows)] == [True, True, True]
    receivers(tmp_path).send(workspace(sandbox, stream), "b1", rows)
    assert [row["EventUid"] for row in taken(sandbox, stream)] == ["0", "1", "2", "3", "4"]


def test_a_workspace_that_fails_for_an_hour_loses_nothing(
    sandbox: RunningSandbox, sqlite_database: Database, tmp_path: Path
) -> None:
    delivery = Delivery(sqlite_database, receivers(tmp_path))
    at = workspace(sandbox, STREAM)
    delivery.house.run(
        add_destination,
        staff("owner"),
        name="Sentinel",
        kind="sentinel",
        event_format="audit",
        address=at.address,
        secret=at.secret,
        from_beginning=True,
        **at.settings,
    )
    delivery.tell(1)
    delivery.minute()
    sandbox.controls.faults.set(Faults(fail_next_calls=60))
    for minute in range(60):
        delivery.tell(10 + minute)
        delivery.minute()
    assert delivery.line().failing_since is not None
    delivery.minute()
    uids = [row["EventOriginalUid"] for row in taken(sandbox, STREAM)]
    assert uids == delivery.entries()
    assert (delivery.line().failing_since, delivery.line().behind) == (None, 0)


# --- files and syslog


def test_a_file_gets_one_line_for_each_event_and_is_its_owners_alone(tmp_path: Path) -> None:
    to = Receiver(kind=DestinationKind.FILE, address="siem", settings={}, secret="", is_customers=False)
    sends = receivers(tmp_path, RULES)
    sends.send(to, "b1", ROWS[:2])
    sends.send(to, "b2", ROWS[2:])
    (path,) = (tmp_path / "events").iterdir()
    assert path.name == "siem-2026-11-22.jsonl"
    assert [json.loads(line) for line in path.read_text().splitlines()] == ROWS
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "blocked").write_text("a file where the folder would be")
    with pytest.raises(ReceiverUnavailableError):
        EventReceivers(RULES, tmp_path / "blocked").send(to, "b3", ROWS)


class Syslog:
    """Takes messages, in the clear or with a certificate for `localhost`."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.read = b""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.server.getsockname()[1])
        self.context = context
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def messages(self) -> list[bytes]:
        """Return the frames, by their own lengths; the connection has ended."""
        self.thread.join(timeout=10)
        found, rest = [], self.read
        while rest:
            length, _, rest = rest.partition(b" ")
            found.append(rest[: int(length)])
            rest = rest[int(length) :]
        return found

    def _serve(self) -> None:
        plain, _ = self.server.accept()
        self.server.close()
        with plain, suppress(OSError):
            if self.context is None:
                self._read(plain)
                return
            with self.context.wrap_socket(plain, server_side=True) as stream:
                self._read(stream)
                stream.unwrap()

    def _read(self, stream: socket.socket) -> None:
        while piece := stream.recv(4096):
            self.read += piece


def to_syslog(address: str) -> Receiver:
    return Receiver(kind=DestinationKind.SYSLOG, address=address, settings={}, secret="", is_customers=False)


EVENT = {
    "time": 1_763_802_000_000,
    "severity_id": 4,
    "metadata": {"uid": "ent_1", "event_code": "governance.contained"},
    "message": "Grüße",
}


def test_syslog_messages_are_framed_by_their_length_and_keep_to_rfc_5424() -> None:
    receiver = Syslog()
    SyslogSender(CallRules()).send(to_syslog(f"tcp://127.0.0.1:{receiver.port}"), "b1", [EVENT, *ROWS])
    first, *others = receiver.messages()
    header, _, content = first.partition(b" - \xef\xbb\xbf")
    assert header == b"<107>1 2025-11-22T09:00:00.000000Z - Fairkeeper - governance.contained"
    assert json.loads(content) == EVENT
    assert [json.loads(each.partition(b"\xef\xbb\xbf")[2]) for each in others] == ROWS
    with pytest.raises(ReceiverUnavailableError):
        SyslogSender(CallRules()).send(to_syslog(f"tcp://127.0.0.1:{receiver.port}"), "b2", ROWS)
    with pytest.raises(AddressRefusedError):
        SyslogSender(CallRules()).send(to_syslog("tcp://siem.fairmile.example:514"), "b2", ROWS)


def certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate for `localhost` that nobody vouches for but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_syslog_over_tls_is_sent_to_whoever_proves_to_be_the_host(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    rules = CallRules(lookup=lambda _host, _port: ["127.0.0.1"])
    known = Syslog(server)
    SyslogSender(rules, ssl.create_default_context(cafile=str(path))).send(
        to_syslog(f"tls://localhost:{known.port}"), "b1", [EVENT]
    )
    assert len(known.messages()) == 1
    stranger = Syslog(server)
    with pytest.raises(ReceiverUnavailableError):
        SyslogSender(rules).send(to_syslog(f"tls://localhost:{stranger.port}"), "b2", [EVENT])
    assert stranger.messages() == []


# --- receivers with a certificate of the publisher's own authority


class Https(BaseHTTPRequestHandler):
    """Takes whatever comes."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("is_named", [True, False])
def test_an_authority_of_ones_own_is_believed_where_the_environment_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    if is_named:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    rules = CallRules(allow_private=True, lookup=lambda _host, _port: ["127.0.0.1"])
    authorities.cache_clear()
    with HTTPServer(("127.0.0.1", 0), Https) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        address = f"https://localhost:{server.server_port}/events"
        try:
            if is_named:
                assert post(rules, address, b"{}", {}).is_taken
            else:
                with pytest.raises(ReceiverUnavailableError):
                    post(rules, address, b"{}", {})
        finally:
            authorities.cache_clear()
            thread.join(5)


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    path = tmp_path / "own.pem"
    if text is not None:
        path.write_text(text, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    authorities.cache_clear()
    try:
        with pytest.raises(CertificatesUnreadableError) as raised:
            authorities()
        assert (raised.value.code, "SSL_CERT_FILE" in raised.value.remedy) == ("outbound.certificates", True)
    finally:
        authorities.cache_clear()


# --- a collector of traces


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[dict[str, str], Any]], list[bytes]]]:
    heard: list[tuple[dict[str, str], Any]] = []
    answers: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = answers.pop(0) if answers else b"{}"
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", heard, answers
    server.shutdown()
    server.server_close()
    thread.join()


def test_spans_reach_a_collector_and_partly_refused_ones_are_sent_again(
    collector: tuple[str, list[tuple[dict[str, str], Any]], list[bytes]], tmp_path: Path
) -> None:
    address, heard, answers = collector
    to = Receiver(kind=DestinationKind.OTLP, address=address, settings={}, secret="Api-Token t", is_customers=False)
    span = {"traceId": "0" * 32, "spanId": "1" * 16, "name": "execute_tool pay"}
    receivers(tmp_path).send(to, "b1", [span])
    ((headers, body),) = heard
    assert headers["authorization"] == "Api-Token t"
    (resource,) = body["resourceSpans"]
    assert resource["scopeSpans"][0]["spans"] == [span]
    assert {"key": "service.name", "value": {"stringValue": "fairkeeper"}} in resource["resource"]["attributes"]
    answers.append(b'{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "full"}}')
    with pytest.raises(ReceiverUnavailableError):
        receivers(tmp_path).send(to, "b2", [span])


@pytest.mark.parametrize("kind", [DestinationKind.WEBHOOK, DestinationKind.OTLP, DestinationKind.SYSLOG])
def test_a_customers_receiver_is_never_called_in_the_publishers_network(kind: DestinationKind, tmp_path: Path) -> None:
    rules = CallRules(allow_private=True, lookup=lambda _host, _port: ["10.0.0.7"], timeout_seconds=0.1)
    address = "tls://siem.contoso.example:6514" if kind is DestinationKind.SYSLOG else "https://siem.contoso.example/x"
    to = Receiver(
        kind=kind, address=address, settings={}, secret="whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", is_customers=True
    )
    with pytest.raises(AddressRefusedError):
        receivers(tmp_path, rules).send(to, "b1", ROWS)
