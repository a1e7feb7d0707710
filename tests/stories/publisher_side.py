"""Around the servers: a front door to whichever of them lives, and the publisher's own systems behind a webhook.

The front door stands for the platform's load balancer: it hands a request to one living server, and where that dies on
the way it answers 502, so that the sandbox calls again as Microsoft would. It remembers which notices were
acknowledged, because these are what a server must never lose.
"""

from __future__ import annotations

import http.server
import json
import queue
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook, WebhookVerificationError

WEBHOOK_PATH = "/marketplace/webhook"
_FORWARDED = ("authorization", "content-type", "idempotency-key")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def listening(handler: type[_Handler]) -> Iterator[str]:
    """Serve on a free port of loopback; yields the address."""
    server = _Listener(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class FrontDoor:
    """Hands requests to living servers, at random.

    Args:
        chance: Which server gets a request.

    Attributes:
        acknowledged: How often each operation's notice was answered 200.
        cut_off: Notices whose server died before it answered.
        put_off: Notices that were answered otherwise, by status.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self._servers: list[str] = []
        self.acknowledged: Counter[str] = Counter()
        self.cut_off = 0
        self.put_off: Counter[int] = Counter()

    def open_to(self, url: str) -> None:
        """Say that a server lives."""
        with self._lock:
            self._servers.append(url)

    def close_to(self, url: str) -> None:
        """Say that a server is gone."""
        with self._lock:
            self._servers.remove(url)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve while the block lasts; yields the address that never changes."""
        door = self

        class Handler(_Handler):
            def do_POST(self) -> None:
                status, body = door.forward(self.path, dict(self.headers), self.body())
                self.answer(status, body)

        with listening(Handler) as url:
            yield url

    def forward(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Hand one request over and note what became of it."""
        with self._lock:
            server = self._chance.choice(self._servers) if self._servers else None
        if server is None:
            return 503, b""
        sent = {name: value for name, value in headers.items() if name.lower() in _FORWARDED}
        connection = HTTPConnection(urlsplit(server).netloc, timeout=20)
        try:
            connection.request("POST", path, body, sent)
            answer = connection.getresponse()
            status, told = answer.status, answer.read()
        except (OSError, HTTPException):
            status, told = 502, b""
        finally:
            connection.close()
        if path == WEBHOOK_PATH:
            self._note(status, told)
        return status, told

    def _note(self, status: int, told: bytes) -> None:
        with self._lock:
            if status == 200:
                self.acknowledged[json.loads(told)["operation_id"]] += 1
            elif status == 502:
                self.cut_off += 1
            else:
                self.put_off[status] += 1


class PublishersSystems:
    """Carries out wishes, each once, and reports back, as Standard Webhooks asks of a receiver.

    Args:
        secret: The webhook's secret.
        door: By which it reports.

    Attributes:
        calls: How often each wish was handed over, by its id.
        wishes: What each wish is about, by its id.
        complaints: What came that should never come.
    """

    def __init__(self, secret: str, door: FrontDoor) -> None:
        self._webhook = Webhook(secret)
        self._door = door
        self._lock = threading.Lock()
        self._unreported: queue.Queue[str] = queue.Queue()
        self.calls: Counter[str] = Counter()
        self.wishes: dict[str, dict[str, Any]] = {}
        self.complaints: list[str] = []

    @property
    def is_idle(self) -> bool:
        """Whether everything was reported."""
        return not self._unreported.unfinished_tasks

    @contextmanager
    def serving(self, token: str) -> Iterator[str]:
        """Serve while the block lasts; yields the address.

        Args:
            token: With which it may report.
        """
        systems = self
        ended = threading.Event()

        class Handler(_Handler):
            def do_POST(self) -> None:
                body = self.body()
                systems.take(body, {name.lower(): value for name, value in self.headers.items()})
                self.answer(202)

        reporters = [threading.Thread(target=self._report, args=(token, ended), daemon=True) for _ in range(2)]
        with listening(Handler) as url:
            for reporter in reporters:
                reporter.start()
            try:
                yield url
            finally:
                ended.set()
                for reporter in reporters:
                    reporter.join(timeout=5)

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        """Take a wish up; one that came before is only counted."""
        request_id = headers["webhook-id"]
        try:
            wish = self._webhook.verify(body, headers)["data"]
        except WebhookVerificationError as error:
            self.complaints.append(f"{request_id}: {error}")
            return
        with self._lock:
            self.calls[request_id] += 1
            known = self.wishes.setdefault(request_id, wish)
            if known != wish or wish["request_id"] != request_id:
                self.complaints.append(f"{request_id} came as {known} and as {wish}")
            if self.calls[request_id] == 1:
                self._unreported.put(request_id)

    def _report(self, token: str, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                request_id = self._unreported.get(timeout=0.1)
            except queue.Empty:
                continue
            while not ended.is_set() and not self._has_reported(token, request_id):
                ended.wait(0.1)
            self._unreported.task_done()

    def _has_reported(self, token: str, request_id: str) -> bool:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        body = json.dumps({"result": "succeeded"}).encode()
        status, told = self._door.forward(f"/api/v1/provisioning/{request_id}/report", headers, body)
        if status not in {200, 502, 503}:
            self.complaints.append(f"the report of {request_id} was answered {status}: {told.decode()}")
        return status not in {502, 503}
