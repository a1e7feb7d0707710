"""The installation's clock follows the sandbox's, and keeps its last offset when the sandbox goes away."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from fairkeeper.bootstrap.wiring.clocks import FollowedClock
from fairkeeper.values.clock import MovableClock


class SandboxClock:
    """Stands for the sandbox's clock; says what it is told to say."""

    def __init__(self) -> None:
        self.body: bytes = b'{"offset_seconds": 0}'
        self.url = ""


@pytest.fixture
def sandbox() -> Iterator[SandboxClock]:
    shown = SandboxClock()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/sandbox/clock"
            self.send_response(200)
            self.send_header("content-length", str(len(shown.body)))
            self.end_headers()
            self.wfile.write(shown.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    shown.url = f"http://127.0.0.1:{server.server_port}"
    yield shown
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_offset_is_taken_over_and_the_work_is_woken(sandbox: SandboxClock) -> None:
    clock, moved = MovableClock(), []
    followed = FollowedClock(clock, sandbox.url, moved=lambda: moved.append(clock.offset))
    sandbox.body = json.dumps({"offset_seconds": 86400.5}).encode()
    assert followed.follow_once()
    assert followed.follow_once()
    assert clock.offset == timedelta(days=1, seconds=0.5)
    assert moved == [clock.offset]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"offset_seconds": "7"}', b'{"offset_seconds": true}'])
def test_an_answer_that_is_no_clock_changes_nothing(sandbox: SandboxClock, body: bytes) -> None:
    clock = MovableClock()
    clock.set_offset(timedelta(days=3))
    sandbox.body = body
    assert not FollowedClock(clock, sandbox.url).follow_once()
    assert clock.offset == timedelta(days=3)


def test_a_sandbox_that_is_gone_changes_nothing() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as gone:
        url = f"http://127.0.0.1:{gone.server_port}"
    clock = MovableClock()
    clock.set_offset(timedelta(days=3))
    assert not FollowedClock(clock, url).follow_once()
    assert clock.offset == timedelta(days=3)


def test_following_goes_on_until_it_is_stopped(sandbox: SandboxClock) -> None:
    clock, moved = MovableClock(), threading.Event()
    followed = FollowedClock(clock, sandbox.url, moved=moved.set, interval_seconds=0.02)
    followed.start()
    sandbox.body = b'{"offset_seconds": 60}'
    assert moved.wait(10)
    followed.stop()
    sandbox.body = b'{"offset_seconds": 90}'
    time.sleep(0.1)
    assert clock.offset == timedelta(seconds=60)
