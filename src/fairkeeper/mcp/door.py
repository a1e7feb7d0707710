"""The door to the MCP server: it is imported and begun when the first client comes.

Its library takes a quarter of the server's start (0.5 of 1.8 seconds, measured 2026-11-22), and most installations have
no such client on most days.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio.to_thread
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fairkeeper.mcp.server import MCPChannel

MCP_PATH: Final = "/mcp"


class MCPDoor:
    """Answers as the MCP server does, once somebody asks.

    Args:
        make: Imports and makes the server; called once, in a thread.
    """

    def __init__(self, make: Callable[[], MCPChannel]) -> None:
        self._make = make
        self._lock = asyncio.Lock()
        self._ending = asyncio.Event()
        self._channel: MCPChannel | None = None
        self._keeper: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the block lasts; the application's lifespan holds it."""
        try:
            yield
        finally:
            self._ending.set()
            if self._keeper is not None:
                await self._keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        channel = await self._open()
        await channel(scope, receive, send)

    async def _open(self) -> MCPChannel:
        async with self._lock:
            if self._channel is None:
                channel = await anyio.to_thread.run_sync(self._make)
                begun = asyncio.get_running_loop().create_future()
                self._keeper = asyncio.create_task(self._keep(channel, begun))
                await begun
                self._channel = channel
            return self._channel

    async def _keep(self, channel: MCPChannel, begun: asyncio.Future[None]) -> None:
        """Hold the server open in a task of its own: it has to be ended by whoever began it."""
        try:
            async with channel.running():
                begun.set_result(None)
                await self._ending.wait()
        except BaseException as error:
            if not begun.done():
                begun.set_exception(error)
                return
            raise
