"""Runs a sandbox in a thread of this process, on a port that is known once it is bound.

Separate, because the demo and the tests start it beside the server and need its address first.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace

import uvicorn

from fairkeeper.errors import UnavailableError
from fairkeeper.sandbox.app import create_sandbox
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.control import Controls
from fairkeeper.sandbox.reports.asking import Desk

_START_SECONDS = 20.0
_TICK_SECONDS = 1.0
"""After which uvicorn writes the date of answers anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    """A sandbox that serves.

    Args:
        url: Its address, without a slash at the end.
        controls: The same things the control API controls, for use in this process.
        reports: What makes reports on request.
    """

    url: str
    controls: Controls
    reports: Desk
    _server: _Server
    _thread: threading.Thread

    def stop(self) -> None:
        """Stop serving and wait until it has."""
        self._server.end()
        self._thread.join(timeout=30)


class _Server(uvicorn.Server):
    """Ends at once where nothing is under way: uvicorn looks every tenth of a second, and then waits for another."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Let it end, from another thread."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        """Serve until it is told to end."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let idle connections go; wait, as uvicorn does, where an answer is under way."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(3):  # until the event loop has told of what was closed
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for bound in sockets or []:
            bound.close()
        await self.lifespan.shutdown()


def run_in_thread(config: SandboxConfig, host: str = "127.0.0.1", port: int = 0) -> RunningSandbox:
    """Start a sandbox and return when it answers.

    Args:
        config: How it is set up; an empty `base_url` becomes the bound address.
        host: Address to listen on.
        port: Port to listen on, 0 for any free one.

    Raises:
        UnavailableError: It did not start; the port is taken, for instance.
    """
    bound = _bind(host, port)
    url = f"http://{host}:{bound.getsockname()[1]}"
    app = create_sandbox(config if config.base_url else replace(config, base_url=url))
    server = _Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=3, loop="asyncio"
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="sandbox-server", daemon=True)
    thread.start()
    limit = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > limit:
            raise UnavailableError(f"The sandbox did not start at {url}.", code="sandbox.not_started")
        time.sleep(0.01)
    return RunningSandbox(
        url=url, controls=app.state.controls, reports=app.state.reports.desk, _server=server, _thread=thread
    )


def _bind(host: str, port: int) -> socket.socket:
    # Named TCP, or asyncio leaves Nagle's algorithm on: 40 ms an answer on a kept connection (measured 2026-11-22).
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UnavailableError(
            f"Port {port} of {host} is taken.",
            code="sandbox.port_taken",
            remedy="Choose another port, or 0 for a free one.",
        ) from error
    return bound
