"""The client on stdin and stdout, read and written on the event loop.

Pipes and sockets, which clients use, need no thread (`lines`). For anything else (a terminal, a file, a system whose
pipes the event loop cannot watch) it is the SDK's transport, and the messages are the SDK's in any case.

As there, what stands at descriptors 0 and 1 meanwhile is the null device and stderr: nothing that this process or its
children print or read by accident comes between two messages.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.stdio import stdio_server

from fairkeeper.gateway.lines import Incoming, Outgoing


@asynccontextmanager
async def serve_pipes() -> AsyncIterator[tuple[Any, Any]]:
    """Yield what the client sends, to be iterated over, and what sends to it."""
    if sys.platform == "win32" or not (_is_pipe(0) and _is_pipe(1)):
        async with stdio_server() as (read, write):
            try:
                yield read, write
            finally:
                await write.aclose()  # or it waits for more to send, for ever
        return
    sys.stdout.flush()
    incoming, outgoing = os.dup(0), os.dup(1)
    try:
        _divert()
        reader, writer, reading = await _open(incoming, outgoing)
        try:
            yield Incoming(reader), Outgoing(writer)
        finally:
            reading.close()
            writer.close()
    finally:
        for kept, descriptor in ((incoming, 0), (outgoing, 1)):
            os.set_blocking(kept, True)
            os.dup2(kept, descriptor)
            os.close(kept)


def _is_pipe(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _divert() -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)


async def _open(
    incoming: int, outgoing: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, asyncio.BaseTransport]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    # Descriptors of their own again, because a transport closes its when it ends.
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(incoming), "rb")
    )
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(os.dup(outgoing), "wb")
    )
    return reader, asyncio.StreamWriter(transport, protocol, None, loop), reading
