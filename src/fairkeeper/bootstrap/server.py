"""Runs the server: binds, tells its address, serves until it is told to stop.

Separate from the application, because the demo and the tests need the address before anything answers there.
"""

from __future__ import annotations

import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fairkeeper.bootstrap.settings import Settings
from fairkeeper.errors import UnavailableError
from fairkeeper.values.ids import new_id

GRACE_SECONDS = 5
"""How long running requests may take to end when the server is told to stop."""


MOST_HEAD_BYTES: Final = 64 * 1024
"""Of a request line and its headers; `RequestLimits` refuses half of it with words."""


class Protocol(HttpToolsProtocol):
    """One connection: HTTP/1.1 as llhttp (httptools) knows it, with a limit for heads.

    The parser in Python that uvicorn has otherwise takes as long as a third of a decision. It has a limit of its own
    for a request's head, and llhttp has none: whoever sends a head without end would fill the memory before anything of
    ours sees the request. Trailers go the same way and mean nothing here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_in_head = True
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that goes on beyond the limit ends the connection."""
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        # Afterwards, because what came in one piece may be a whole request with its body.
        if self._is_in_head and self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, in the words of every other refusal, though nothing of ours has seen it."""
        from fairkeeper.api.errors import NotHTTPError, answer
        from fairkeeper.api.limits import REQUEST_ID_HEADER

        request_id = new_id("req")
        refusal = answer(NotHTTPError(msg), request_id)
        refusal.headers[REQUEST_ID_HEADER] = request_id
        refusal.headers["connection"] = "close"
        head = b"".join(b"%b: %b\r\n" % header for header in refusal.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (head, bytes(refusal.body)))
        self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, and leave trailers out."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Count anew for the next head."""
        self._is_in_head, self._head_bytes = False, 0
        super().on_headers_complete()


UVICORN: Final[dict[str, Any]] = {
    "http": Protocol,
    "loop": "asyncio",
    "log_config": None,
    "access_log": False,
    "lifespan": "on",
    "timeout_graceful_shutdown": GRACE_SECONDS,
    "server_header": False,
    "proxy_headers": False,
}


class PortTakenError(UnavailableError):
    """Somebody else listens there."""

    code = "bootstrap.port_taken"
    remedy = "Choose another port (FAIRKEEPER_PORT), or 0 for a free one."


def bind(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one. Nothing answers there before `serve`.

    Raises:
        PortTakenError: It is taken, or the address is not this machine's.
    """
    # Named TCP, or asyncio leaves Nagle's algorithm on: 40 ms an answer on a kept connection (measured 2026-11-22).
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        msg = f"Port {port} of {host} cannot be had: {error.strerror}."
        raise PortTakenError(msg) from error
    return bound


def address_of(bound: socket.socket, host: str) -> str:
    """Return the http address of a bound socket."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound.getsockname()[1]}"


def serve(settings: Settings, bound: socket.socket, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve an installation on a bound socket until SIGINT or SIGTERM.

    Args:
        settings: Those of the installation, with its address.
        bound: Where it listens.
        ready: Called once it answers.

    Raises:
        FairkeeperError: The installation cannot be opened; nothing was served.
    """
    with _nothing_is_waste():
        from fairkeeper.bootstrap.application import create_app
        from fairkeeper.bootstrap.installation import open_installation

        app = create_app(open_installation(settings))
    run_app(app, bound, ready=ready)


@contextmanager
def _nothing_is_waste() -> Iterator[None]:
    """Keep the collector of unused memory from looking for waste while a start makes what stays until the end.

    Its looking is a fifth of a start's processor time (3.7 s, without it 2.9 s; 2026-11-28).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Stop:
    """Ends a server that runs in another thread."""

    def __init__(self) -> None:
        self._server: uvicorn.Server | None = None
        self._is_asked = False

    def now(self) -> None:
        """Ask it to end; it finishes what it answers."""
        self._is_asked = True
        if self._server is not None:
            self._server.should_exit = True

    def watch(self, server: uvicorn.Server) -> None:
        """Take the server that is to be ended."""
        self._server = server
        server.should_exit = self._is_asked


def run_app(
    app: ASGIApp, bound: socket.socket, *, ready: Callable[[], None] = lambda: None, stop: Stop | None = None
) -> None:
    """Serve an application on a bound socket until SIGINT or SIGTERM, or until it is told to stop."""
    server = _Server(uvicorn.Config(app, **UVICORN), ready=ready)
    if stop is not None:
        stop.watch(server)
    server.run(sockets=[bound])


class _Server(uvicorn.Server):
    """Tells when it answers, and takes SIGINT and SIGTERM for a wish that was fulfilled, not for a failure."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End cleanly on the first signal; the original raises it again after the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if threading.current_thread() is threading.main_thread():
            # What is there now stays until the end; looking through half a million objects for waste takes 0.1 s.
            gc.collect()
            gc.freeze()
        if self.started and not self.should_exit:
            self._ready()
