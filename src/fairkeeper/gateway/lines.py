"""Messages as MCP's stdio carries them: one JSON document a line, read and written on the event loop.

The SDK's own transports hand each message through two tasks and a queue, and a client's through threads; that was most
of what the gateway itself took. What a message is stays the SDK's to say.

Source: Model Context Protocol 2025-11-25, "Transports", stdio, read 2026-11-28.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Protocol

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter
from pydantic import ValidationError

PIECE_BYTES: Final = 65_536


class Incoming:
    """Messages of the other side; what is none comes as the error that says so."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def __aiter__(self) -> AsyncIterator[SessionMessage | Exception]:
        rest: list[bytes] = []
        while piece := await self._reader.read(PIECE_BYTES):
            *lines, last = piece.split(b"\n")
            for line in lines:
                yield _message(b"".join([*rest, line]))
                rest.clear()
            rest.append(last)


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line.decode(errors="replace"), by_name=False))
    except ValidationError as error:
        return error


class Writes(Protocol):
    """Takes bytes, like a `StreamWriter`."""

    def write(self, data: bytes) -> None:
        """Send bytes."""
        ...

    async def drain(self) -> None:
        """Wait until more may be sent."""
        ...


class Outgoing:
    """Sends messages to the other side."""

    def __init__(self, writer: Writes) -> None:
        self._writer = writer

    async def send(self, item: SessionMessage) -> None:
        """Send a message.

        Raises:
            anyio.BrokenResourceError: The other side has left.
        """
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        try:
            self._writer.write(text.encode() + b"\n")
            await self._writer.drain()
        except (ConnectionError, OSError) as error:
            raise anyio.BrokenResourceError from error
