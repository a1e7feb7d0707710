"""An MCP server that is started here: its pipes on the event loop, and its end in every case.

In place of the SDK's transport, which needs two tasks and two queues for a message's way to the server and back. How it
ends is the protocol's: its standard input is closed, then it is asked to end, then it is ended, with its group. On a
system whose pipes the event loop cannot watch it is the SDK's transport.

Source: Model Context Protocol 2025-11-25, "Lifecycle", Shutdown, read 2026-11-28.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TextIO, cast

from mcp.client.stdio import StdioServerParameters, stdio_client

from fairkeeper.gateway.lines import PIECE_BYTES, Incoming, Outgoing

GRACE_SECONDS: Final = 2.0
"""How long a server may take to end, after each way of telling it to."""


@asynccontextmanager
async def started(
    command: Sequence[str], *, environment: Mapping[str, str], folder: str | None, errors: TextIO
) -> AsyncIterator[tuple[Any, Any]]:
    """Start a server; yield what it sends, to be iterated over, and what sends to it.

    Args:
        command: The program and its arguments.
        environment: All of its environment.
        folder: Where it runs; where the gateway does, if left out.
        errors: Its standard error; may be closed once this has yielded.

    Raises:
        OSError: It cannot be started.
    """
    if sys.platform == "win32":
        given = StdioServerParameters(command=command[0], args=list(command[1:]), env=dict(environment), cwd=folder)
        async with stdio_client(given, errlog=errors) as streams:
            yield streams
        return
    loop = asyncio.get_running_loop()
    _, process = await loop.subprocess_exec(
        lambda: _Process(loop), *command, stdin=PIPE, stdout=PIPE, stderr=errors, env=dict(environment), cwd=folder,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield Incoming(process.said), Outgoing(process)
    finally:
        await _end(process)


class _Process(asyncio.SubprocessProtocol):
    """A server's pipes, and what became of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.said = asyncio.StreamReader(limit=PIECE_BYTES, loop=loop)
        self.ended, self.gone = asyncio.Event(), asyncio.Event()
        """The process has ended; nothing of it is left here."""
        self._listens = asyncio.Event()
        self._is_deaf = False
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # As each event loop gives it: uvloop's is no subclass of asyncio's, and does the same.
        self._transport = cast("asyncio.SubprocessTransport", transport)
        output = self._transport.get_pipe_transport(1)
        assert output is not None  # noqa: S101 - a pipe was asked for
        self.said.set_transport(output)
        self._listens.set()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        assert fd == 1  # noqa: S101 - its standard error goes elsewhere
        assert isinstance(data, bytes)  # noqa: S101 - as it was opened
        self.said.feed_data(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        del exc
        if fd == 1:
            self.said.feed_eof()
        else:
            self._is_deaf = True
            self._listens.set()

    def process_exited(self) -> None:
        self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.gone.set()

    def pause_writing(self) -> None:
        self._listens.clear()

    def resume_writing(self) -> None:
        self._listens.set()

    def write(self, data: bytes) -> None:
        """Send bytes; a server that does not listen any more is ended, or its client would wait for ever."""
        pipe = self._input()
        if self._is_deaf or pipe is None or pipe.is_closing():
            self.close()
            raise BrokenPipeError
        pipe.write(data)

    async def drain(self) -> None:
        """Wait until it has read what was sent, as far as that is more than a pipe holds."""
        await self._listens.wait()
        if self._is_deaf:
            self.close()
            raise BrokenPipeError

    def stop_sending(self) -> None:
        """Close its standard input."""
        pipe = self._input()
        if pipe is not None:
            pipe.close()

    def _input(self) -> asyncio.WriteTransport | None:
        found = None if self._transport is None else self._transport.get_pipe_transport(0)
        return cast("asyncio.WriteTransport | None", found)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the server and to what it started itself; it leads a group of its own."""
        if self._transport is not None and not self.ended.is_set():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), number)

    def close(self) -> None:
        """Let go of its pipes, and end it at once if it has not ended."""
        if self._transport is None:
            return
        pipe = self._input()
        if pipe is not None and pipe.get_write_buffer_size():
            pipe.abort()  # or what nobody reads any more keeps it open
        with suppress(PermissionError):
            self._transport.close()


async def _end(process: _Process) -> None:
    """End a server and let go of its pipes, also where this is cut short."""
    # A server that is stuck in writing reads nothing, so that it would not see its standard input end.
    emptying = asyncio.get_running_loop().create_task(_empty(process.said))
    try:
        process.stop_sending()
        for last in (None, signal.SIGTERM, signal.SIGKILL):
            if last is not None:
                process.tell(last)
            if await _within(process.ended):
                break
    finally:
        emptying.cancel()
        process.tell(signal.SIGKILL)
        process.close()
        await _within(process.gone)


async def _within(event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            await event.wait()
    return event.is_set()


async def _empty(reader: asyncio.StreamReader) -> None:
    while await reader.read(PIECE_BYTES):
        pass
