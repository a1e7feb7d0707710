"""Kept connections over which questions are asked; what HTTP/1.1 is, h11 knows, which httpx rests on as well.

A question stands before every call of a tool, and a general HTTP client takes a millisecond of processor time for each
(0.97 ms, 2026-11-28). What is not understood is no answer, and no answer is a no. Where a proxy stands between, the
general one is used (`may_ask_directly`).

Source: RFC 9112, sections 6 and 9.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import h11

IDLE_SECONDS: Final = 4.0
"""After which a connection is not used again: servers let one go after five, and a question must not meet that."""
MOST_CONNECTIONS: Final = 64
MOST_BYTES: Final = 1_048_576
"""Of an answer."""
NO_CONTENT: Final = 204


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

    Raises:
        h11.LocalProtocolError: A header is none.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_secure else 80)
        headers = {"host": parts.netloc.rpartition("@")[2], **headers, "content-type": "application/json"}
        self._target = parts.path or "/"
        self._headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        h11.Request(method="POST", target=self._target, headers=self._headers)  # refuses what is no header
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
                headers = [*self._headers, (b"content-length", b"%d" % len(body))]
                answer = await connection.ask(h11.Request(method="POST", target=self._target, headers=headers), body)
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
    """One connection: a request out, its answer in; what a message is, h11 knows."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._status = 0
        self._body = bytearray()
        self.is_kept = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream
        self._transport = transport

    async def ask(self, request: h11.Request, body: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        if self._transport is None or self._answer is not None:
            raise NoAnswerError("the connection is not free")
        self._answer = asyncio.get_running_loop().create_future()
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))
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
        try:
            self._http.receive_data(data)
            while self._take(self._http.next_event()):
                pass
        except (h11.ProtocolError, ValueError) as error:
            self._end(str(error))

    def _take(self, event: object) -> bool:
        """Take what came; say whether there may be more of it."""
        if isinstance(event, h11.Response):
            _check(event)
            self._status = event.status_code
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MOST_BYTES:
                raise ValueError("the answer is too long")
        elif isinstance(event, h11.EndOfMessage):
            self._done()
            return False
        return isinstance(event, (h11.Response, h11.Data, h11.InformationalResponse))

    def _done(self) -> None:
        answer, self._answer = self._answer, None
        found = self._status, bytes(self._body)
        self._body.clear()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
        else:
            self.is_kept = False
        if answer is not None and not answer.done():
            answer.set_result(found)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection ended" if exc is None else type(exc).__name__)

    def _end(self, why: str) -> None:
        self.close()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(NoAnswerError(why))


def _check(response: h11.Response) -> None:
    """Refuse an answer of which nobody could say whether it is whole, or what it says.

    Raises:
        ValueError: It is encoded, or does not say how long it is, or says so twice.
    """
    names = {name for name, _ in response.headers}
    if b"content-encoding" in names:
        raise ValueError("the answer is encoded")
    if len(names & {b"content-length", b"transfer-encoding"}) != 1 and response.status_code != NO_CONTENT:
        raise ValueError("the answer does not say how long it is")
