"""The connection to one MCP server: for one session, opened again where it broke, refused where it keeps breaking.

Every session has its own, so that a server which crashes or hangs disturbs nobody else, and what one agent made a
server remember is nowhere near another's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final

import anyio
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from fairkeeper.agent.content import safe_line
from fairkeeper.agent.errors import ConfigurationRefusedError
from fairkeeper.gateway.configuration import ServerPart
from fairkeeper.gateway.processes import started
from fairkeeper.gateway.session import Session
from fairkeeper.gateway.vault import Vault
from fairkeeper.gateway.wire import ServerGoneError

_log = logging.getLogger(__name__)
MOST_STARTS: Final = 4
"""Within `WITHIN_SECONDS`; a server that ends more often is refused until they are over."""
WITHIN_SECONDS: Final = 60.0
_READY_SECONDS: Final = 30.0
_LONGEST_LINE: Final = 10_000
"""Of what a server writes to its standard error, in characters; the rest counts as the next line."""
_INITIALIZE: Final = "fairkeeper-initialize"


class Upstream:
    """One connection; give it a session with `serve`, then send."""

    def __init__(self, server: ServerPart, vault: Vault | None, canaries: tuple[str, ...] = ()) -> None:
        self._server, self._vault, self._canaries = server, vault, canaries
        self._session: Session | None = None
        self._write: Any = None
        self._task: asyncio.Task[None] | None = None
        self._starts: list[float] = []
        self._initialize: JSONRPCRequest | None = None
        self._initialized: JSONRPCNotification | None = None
        self._replayed: asyncio.Future[None] | None = None
        self._lock = asyncio.Lock()

    def serve(self, session: Session) -> None:
        """Hand messages of the server to this session."""
        self._session = session

    async def send(self, message: JSONRPCMessage) -> None:
        """Send a message, with the connection opened first where there is none.

        Raises:
            ServerGoneError: It cannot be sent; nothing was.
        """
        if isinstance(message, JSONRPCRequest) and message.method == "initialize":
            self._initialize = message
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/initialized":
            self._initialized = message
        async with self._lock:
            if self._write is None:
                await self._open(is_first=message is self._initialize)
        try:
            await self._write.send(SessionMessage(message))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, AttributeError) as error:
            raise ServerGoneError(f"{self._server.name} is not there; nothing was sent to it.") from error

    async def _open(self, *, is_first: bool) -> None:
        now = time.monotonic()
        self._starts = [at for at in self._starts if now - at < WITHIN_SECONDS]
        if len(self._starts) >= MOST_STARTS:
            raise ServerGoneError(
                f"{self._server.name} ended {len(self._starts)} times within {WITHIN_SECONDS:g} s and is not started "
                "again for now; nothing was sent to it."
            )
        self._starts.append(now)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.get_running_loop().create_task(self._run(ready))
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await ready
        except (TimeoutError, OSError, ConfigurationRefusedError) as error:
            self._task.cancel()
            raise ServerGoneError(f"{self._server.name} cannot be started ({type(error).__name__}).") from error
        if not is_first and self._initialize is not None:
            await self._replay()

    async def _replay(self) -> None:
        """Greet a server that was started anew as the client greeted the first one."""
        assert self._initialize is not None  # noqa: S101 - by the caller
        self._replayed = asyncio.get_running_loop().create_future()
        await self._write.send(SessionMessage(self._initialize.model_copy(update={"id": _INITIALIZE})))
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._replayed
        except (TimeoutError, ConnectionError) as error:
            raise ServerGoneError(f"{self._server.name} does not answer after it was started anew.") from error
        if self._initialized is not None:
            await self._write.send(SessionMessage(self._initialized))

    async def _run(self, ready: asyncio.Future[None]) -> None:
        why = "its connection was closed"
        try:
            async with self._transport() as (read, write):
                self._write = write
                ready.set_result(None)
                async for item in read:
                    if isinstance(item, Exception):
                        _log.warning("%s sent what is no message: %s", self._server.name, type(item).__name__)
                        continue
                    await self._take(item.message)
        except Exception as error:  # noqa: BLE001 - the boundary to somebody else's program: it is gone, say so, go on
            why = type(error).__name__
            if not ready.done():
                ready.set_exception(OSError(str(error)))
        finally:
            self._write = None
            if self._replayed is not None and not self._replayed.done():
                self._replayed.set_exception(ConnectionError(why))
        if self._session is not None:
            await self._session.server_gone(why)

    async def _take(self, message: JSONRPCMessage) -> None:
        if isinstance(message, JSONRPCResponse) and message.id == _INITIALIZE:
            if self._replayed is not None and not self._replayed.done():
                self._replayed.set_result(None)
            return
        if self._session is not None:
            await self._session.from_server(message)

    def _transport(self) -> AbstractAsyncContextManager[Any]:
        opened = {
            name: self._vault.open(kept) if self._vault is not None else ""
            for name, kept in self._server.credentials.items()
        }
        if self._server.url is None:
            return self._started(get_default_environment() | dict(self._server.environment) | opened)
        return _connected(self._server.url, opened)

    @asynccontextmanager
    async def _started(self, environment: dict[str, str]) -> AsyncIterator[Any]:
        """Start a server; what it writes to its standard error comes out at ours, without secrets."""
        reading, writing = os.pipe()
        threading.Thread(target=self._pass_errors_on, args=(reading,), name=self._server.name, daemon=True).start()
        async with AsyncExitStack() as stack:
            with os.fdopen(writing, "w") as errors:
                starting = started(
                    self._server.command, environment=environment, folder=self._server.folder, errors=errors
                )
                streams = await stack.enter_async_context(starting)
            yield streams

    def _pass_errors_on(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            while line := lines.readline(_LONGEST_LINE):
                sys.stderr.write(f"{self._server.name}: {safe_line(line.rstrip(), self._canaries)}\n")

    async def close(self) -> None:
        """End the connection and whatever was started for it."""
        self._session = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=10)


@asynccontextmanager
async def _connected(url: str, headers: Mapping[str, str]) -> AsyncIterator[Any]:
    """Connect to a server that listens; the library leaves connections that it was given to whoever gave them."""
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    async with (
        create_mcp_http_client(headers=dict(headers)) as http,
        streamable_http_client(url, http_client=http) as streams,
    ):
        yield streams
