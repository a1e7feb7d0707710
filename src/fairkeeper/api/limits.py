"""The outermost layer of every request: its id, how much it may send, safe headers, a line in the log, no bare crash.

Plain ASGI, because it stands around streams and server-sent events and must not buffer them. The log line has method,
path, status and time; never the query, a header or a body, since tokens travel in those.

Source: OWASP REST Security cheat sheet, "Security headers", read 2026-11-22.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairkeeper.api.errors import (
    AddressTooLongError,
    BodyTooLargeError,
    HeadersTooLargeError,
    answer,
    log_failure,
)
from fairkeeper.errors import BugError, InvalidError
from fairkeeper.values.ids import new_id

_log = structlog.get_logger("fairkeeper.http")

MAX_BODY_BYTES = 1024 * 1024
MAX_ADDRESS_BYTES = 16 * 1024
"""Path and query; Microsoft's landing tokens, the longest seen, are below 2,000."""
MAX_HEADER_BYTES = 32 * 1024
"""All headers together; an access token takes up to 16,000."""
MAX_HEADERS = 100
REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_QUIET_PATHS = frozenset({"/healthz", "/readyz"})

SAFE_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-frame-options": "DENY",
}
"""What every answer has unless its route says otherwise."""
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""The content security policy of answers that are no page; pages bring their own."""


class RequestLimits:
    """Wraps an ASGI application.

    Args:
        app: What it wraps.
        max_body_bytes: How much a request may send.
        max_body_bytes_by_path: Another limit for one path (an upload, the webhook).
        is_https: Whether people come by https; then browsers are told to stay with it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_body_bytes_by_path: Mapping[str, int] | None = None,
        is_https: bool = False,
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._by_path = dict(max_body_bytes_by_path or {})
        self._headers = dict(SAFE_HEADERS)
        if is_https:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of scope pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Exchange(
            scope=scope,
            receive_inner=receive,
            send_inner=send,
            request_id=_request_id(scope),
            max_body_bytes=self._by_path.get(scope["path"], self._max_body_bytes),
            safe_headers=self._headers,
        )
        scope.setdefault("state", {})["request_id"] = request.request_id
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request.request_id):
            await self._serve(request)
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            log = _log.debug if scope["path"] in _QUIET_PATHS else _log.info
            log(
                "http.request",
                method=scope["method"],
                path=scope["path"],
                status=request.status,
                milliseconds=milliseconds,
            )

    async def _serve(self, request: _Exchange) -> None:
        refusal = _refuse_head(request.scope)
        if refusal is not None:
            await request.answer(answer(refusal, request.request_id))
            return
        if request.declares_too_much():
            await request.refuse_size()
            return
        try:
            await self._app(request.scope, request.receive, request.send)
        except ClientDisconnect:
            # Its body did not end: either the client left, to whom nothing can be said, or it is past the limit.
            if request.is_too_large:
                await request.refuse_size()
        except Exception as error:  # outermost boundary: logged, answered with an id and nothing of the inside
            if request.is_too_large:
                await request.refuse_size()
                return
            log_failure(error, request.request_id)
            if request.status:
                raise  # an answer has begun; only cutting the connection can still say that it failed
            await request.answer(answer(BugError("unexpected"), request.request_id))
        else:
            if request.is_too_large:
                await request.refuse_size()


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """One request and its answer on their way through."""

    scope: Scope
    receive_inner: Receive
    send_inner: Send
    request_id: str
    max_body_bytes: int
    safe_headers: Mapping[str, str]
    received_bytes: int = 0
    is_too_large: bool = False
    status: int = 0
    sent_size_refusal: bool = field(default=False)

    def declares_too_much(self) -> bool:
        """Whether the request says itself that it is too large."""
        declared = _header(self.scope, b"content-length")
        return declared is not None and declared.isdigit() and int(declared[:20]) > self.max_body_bytes

    async def receive(self) -> Message:
        """Count what comes in; past the limit the application sees a client that went away."""
        message = await self.receive_inner()
        if message["type"] == "http.request":
            self.received_bytes += len(message.get("body", b""))
            if self.received_bytes > self.max_body_bytes:
                self.is_too_large = True
        return {"type": "http.disconnect"} if self.is_too_large else message

    async def send(self, message: Message) -> None:
        """Add what every answer has; swallow an answer to a request that was too large."""
        if self.is_too_large and not self.status:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._with_safe_headers(message.get("headers", ()))
        await self.send_inner(message)

    async def refuse_size(self) -> None:
        """Answer 413, unless an answer has begun."""
        if self.status or self.sent_size_refusal:
            return
        self.sent_size_refusal = True
        error = BodyTooLargeError(
            f"The body is larger than the {self.max_body_bytes} bytes that this address takes.",
            detail={"max_body_bytes": self.max_body_bytes},
        )
        response = answer(error, self.request_id)
        response.headers["Connection"] = "close"
        await self.answer(response)

    async def answer(self, response: Response) -> None:
        """Send an answer of our own."""
        self.is_too_large = False
        await response(self.scope, self.receive_inner, self.send)

    def _with_safe_headers(self, headers: Any) -> list[tuple[bytes, bytes]]:
        found = list(headers)
        present = {name.lower() for name, _ in found}
        content_type = next((value for name, value in found if name.lower() == b"content-type"), b"")
        added: MutableMapping[str, str] = {REQUEST_ID_HEADER.lower(): self.request_id, **self.safe_headers}
        if not content_type.startswith(b"text/html"):
            added["content-security-policy"] = DATA_POLICY
        for name, value in added.items():
            if name.encode() not in present:
                found.append((name.encode(), value.encode("latin-1")))
        return found


def _refuse_head(scope: Scope) -> InvalidError | None:
    """Return why a request is refused before its body is looked at, if it is."""
    address_bytes = len(scope.get("raw_path") or scope["path"].encode()) + len(scope.get("query_string", b""))
    if address_bytes > MAX_ADDRESS_BYTES:
        return AddressTooLongError(f"The address has {address_bytes} bytes, above {MAX_ADDRESS_BYTES}.")
    headers = scope["headers"]
    header_bytes = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or header_bytes > MAX_HEADER_BYTES:
        return HeadersTooLargeError(
            f"There are {len(headers)} headers of {header_bytes} bytes, above {MAX_HEADERS} of {MAX_HEADER_BYTES}."
        )
    return None


def _header(scope: Scope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


def _request_id(scope: Scope) -> str:
    """Take the caller's id if it is a plain word, so that two logs can be laid side by side; else a new one."""
    sent = _header(scope, REQUEST_ID_HEADER.lower().encode())
    text = sent.decode("latin-1") if sent is not None else ""
    return text if _REQUEST_ID.fullmatch(text) else new_id("req")
