"""Kept connections over which questions are asked: HTTP/1.1 and nothing more than an answer needs.

A question stands before every call of a tool, and a general HTTP client takes a millisecond of processor time for each
(0.97 ms, here 0.09; 2026-11-28). What is not understood here is no answer, and no answer is a no. Where a proxy stands
between, the general one is used (`may_ask_directly`).

Source: RFC 9112, sections 4, 6, 7.1 and 9.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

IDLE_SECONDS: Final = 4.0
"""After which a connection is not used again: servers let one go after five, and a question must not meet that."""
MOST_CONNECTIONS: Final = 64
MOST_BYTES: Final = 1_048_576
"""Of an answer."""


class NoAnswerError(Exception):
    """There is no answer that can be understood; whether the question was heard is not known."""


def may_ask_directly(url: str) -> bool:
    """Say whether an address is asked without a proxy, as far as the environment says."""
    parts = urlsplit(url)
    proxies = getproxies()
    is_proxied = bool(proxies.get(parts.scheme) or proxies.get("all"))
    return parts.scheme in {"http", "https"} and not (is_proxied and not proxy_bypass(parts.netloc))


class Connections:
    """Connections to one address; each carries one question at a time.

    Args:
        url: Where to ask.
        headers: What each question carries.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_secure else 80)
        lines = [f"POST {parts.path or '/'} HTTP/1.1", f"host: {parts.netloc.rpartition('@')[2]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header holds a line break")
        self._head = "\r\n".join([*lines, "content-type: application/json", "content-length: "]).encode("latin-1")
        self._idle: list[tuple[_Connection, float]] = []
        self._free = asyncio.Semaphore(MOST_CONNECTIONS)
        self._context: ssl.SSLContext | None = None

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Send a question and return status and body of the answer.

        Raises:
            OSError, ssl.SSLError: There is no connection.
            NoAnswerError: It ended, or answers what is not understood.
        """
        async with self._free:
            connection = self._kept() or await self._connect()
            try:
                answer = await connection.ask(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
            except BaseException:
                connection.close()
                raise
            if connection.is_kept:
                self._idle.append((connection, time.monotonic()))
            else:
                connection.close()
            return answer

    def close(self) -> None:
        """Let all go."""
        for connection, _ in self._idle:
            connection.close()
        self._idle.clear()

    def _kept(self) -> _Connection | None:
        oldest = time.monotonic() - IDLE_SECONDS
        while self._idle:
            connection, since = self._idle.pop()
            if since > oldest and connection.is_kept:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        if self._is_secure and self._context is None:
            self._context = ssl.create_default_context()
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._context)
        return connection


class _Connection(asyncio.Protocol):
    """One connection: a request out, its answer in."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._buffer = bytearray()
        self.is_kept = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream
        self._transport = transport

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        if self._transport is None or self._answer is not None:
            raise NoAnswerError("the connection is not free")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Let it go."""
        self.is_kept = False
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.close()  # what nobody asked for
            return
        self._buffer += data
        try:
            found = _read(self._buffer)
        except ValueError as error:
            self._end(str(error))
            return
        if found is None:
            if len(self._buffer) > MOST_BYTES:
                self._end("the answer is too long")
            return
        status, body, is_kept, length = found
        self.is_kept = self.is_kept and is_kept and length == len(self._buffer)
        self._buffer.clear()
        answer, self._answer = self._answer, None
        if not answer.done():
            answer.set_result((status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection ended" if exc is None else type(exc).__name__)

    def _end(self, why: str) -> None:
        self.close()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(NoAnswerError(why))


def _read(data: bytearray) -> tuple[int, bytes, bool, int] | None:
    """Return status, body, whether the connection stays, and the length of it all; None until it is whole.

    Raises:
        ValueError: It is no answer that is understood.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = bytes(data[:end]).decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if version not in {"HTTP/1.1", "HTTP/1.0"} or not (status.isascii() and status.isdigit()) or status < "200":
        raise ValueError("the answer is no HTTP/1.1")
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or (key in {"content-length", "transfer-encoding"} and key in fields):
            raise ValueError("the answer has a header that is none")
        fields[key] = value.strip()
    is_kept = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"
    start = end + 4
    if "content-encoding" in fields:
        raise ValueError("the answer is encoded")
    if "transfer-encoding" in fields:
        if fields["transfer-encoding"].lower() != "chunked" or "content-length" in fields:
            raise ValueError("the answer's length is not understood")
        found = _chunks(data, start)
        return None if found is None else (int(status), found[0], is_kept, found[1])
    length = fields.get("content-length", "0" if status == "204" else "")
    if not (length.isascii() and length.isdigit()):
        raise ValueError("the answer does not say how long it is")
    whole = start + int(length)
    return None if len(data) < whole else (int(status), bytes(data[start:whole]), is_kept, whole)


def _chunks(data: bytearray, place: int) -> tuple[bytes, int] | None:
    """Return a body that comes in chunks, and where it ends; None until it is whole."""
    body = bytearray()
    while True:
        end = data.find(b"\r\n", place)
        if end < 0:
            return None
        size = int(bytes(data[place:end]).partition(b";")[0], 16)
        place = end + 2
        if size < 0:
            raise ValueError("a chunk of no size")
        if size == 0:
            # Trailing fields, which say nothing here, end with an empty line.
            last = data.find(b"\r\n", place)
            if last == place:
                return bytes(body), place + 2
            stop = data.find(b"\r\n\r\n", place)
            return None if stop < 0 else (bytes(body), stop + 4)
        if len(data) < place + size + 2:
            return None
        body += data[place : place + size]
        place += size + 2
