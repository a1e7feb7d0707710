"""Kept connections over which questions are asked; what an answer of HTTP/1.1 is, llhttp knows (by httptools).

A question stands before every call of a tool. A general HTTP client takes a millisecond of processor time for each, and
a parser in Python a tenth of that (0.97 ms and 0.10 ms; httptools 0.004 ms, 2026-11-28). What is not understood is no
answer, and no answer is a no. Where a proxy stands between, the general client is used (`may_ask_directly`).

Source: RFC 9112, sections 6 and 9.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httptools

IDLE_SECONDS: Final = 4.0
"""After which a connection is not used again: servers let one go after five, and a question must not meet that."""
MOST_CONNECTIONS: Final = 64
MOST_BYTES: Final = 1_048_576
"""Of an answer."""
NO_CONTENT: Final = 204
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET: Final = re.compile(rb"/[\x21-\x7e]*")


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
        ValueError: A header is none, or the address is not one to ask at.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_secure else 80)
        headers = {"host": parts.netloc.rpartition("@")[2], **headers, "content-type": "application/json"}
        self._head = _head_of(parts.path or "/", headers)
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
                answer = await connection.ask(b"%bcontent-length: %d\r\n\r\n%b" % (self._head, len(body), body))
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


def _head_of(path: str, headers: Mapping[str, str]) -> bytes:
    """Return the head of every question, up to its length.

    Raises:
        ValueError: Something would not stay where it belongs.

    Example:
        >>> _head_of("/ask", {"host": "fairkeeper.contoso.example"}).splitlines()
        [b'POST /ask HTTP/1.1', b'host: fairkeeper.contoso.example']
    """
    target = path.encode("ascii")
    pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    if _TARGET.fullmatch(target) is None:
        raise ValueError(f"{path[:80]!r} is no path of an address")
    for name, value in pairs:
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise ValueError(f"the header {name[:80]!r} is none")
    lines = [b"POST %b HTTP/1.1" % target, *(b"%b: %b" % pair for pair in pairs)]
    return b"".join(line + b"\r\n" for line in lines)


class _Connection(asyncio.Protocol):
    """One connection: a request out, its answer in."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[bytes] = []
        self._body = bytearray()
        self._trouble = ""
        self.is_kept = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # of a stream; uvloop's is no subclass of asyncio's

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
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._end(self._trouble or type(error).__name__)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection ended" if exc is None else type(exc).__name__)

    def _end(self, why: str) -> None:
        self.close()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(NoAnswerError(why))

    # --- what the parser calls

    def on_message_begin(self) -> None:
        """Begin an answer; one that nobody asked for ends the connection."""
        self._headers.clear()
        self._body.clear()
        if self._answer is None:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header; one that says of the body what is not understood here stands for itself and its value."""
        name = name.lower()
        is_plain = name != b"transfer-encoding" or value.strip().lower() == b"chunked"
        self._headers.append(name if is_plain else b"content-encoding")

    def on_headers_complete(self) -> None:
        """Refuse an answer of which nobody could say whether it is whole, or what it says."""
        if self._parser.get_status_code() < 200:
            return  # there is more to come
        lengths = sum(name in {b"content-length", b"transfer-encoding"} for name in self._headers)
        if b"content-encoding" in self._headers:
            self._refuse("the answer is encoded")
        elif lengths != 1 and self._parser.get_status_code() != NO_CONTENT:
            self._refuse("the answer does not say how long it is")

    def on_body(self, body: bytes) -> None:
        """Take a piece of it."""
        self._body += body
        if len(self._body) > MOST_BYTES:
            self._refuse("the answer is too long")

    def _refuse(self, why: str) -> None:
        self._trouble = why
        raise ValueError(why)

    def on_message_complete(self) -> None:
        """Give the answer to whoever asked."""
        status = self._parser.get_status_code()
        if status < 200:
            return
        if not self._parser.should_keep_alive():
            self.is_kept = False
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result((status, bytes(self._body)))
