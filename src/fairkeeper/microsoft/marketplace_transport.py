"""One request to Microsoft's marketplace API: token, headers, patience, size and time limits, and nothing of meaning.

Repeated are only requests that were certainly not carried out (429, 503, no connection) and those that change nothing.
Every attempt carries its own request id and all attempts of one call share a correlation id; both are logged and stand
in every error, because Microsoft's support asks for them. Tokens, bodies and queries are never logged.

Source: Microsoft Learn, "SaaS fulfillment Subscription APIs v2" (headers, version). Assumption: no rate limit is
published; 429 and 503 are waited for as their Retry-After says.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import stamina
import structlog

from fairkeeper.customers.errors import FulfillmentFaultError, FulfillmentUnavailableError
from fairkeeper.errors import BugError
from fairkeeper.microsoft.errors import AddressRefusedError, EntraUnavailableError, FulfillmentCode
from fairkeeper.microsoft.identity import TokenSource
from fairkeeper.values.clock import Clock, SystemClock

API_VERSION: Final = "2018-08-31"
_LONGEST_BODY_BYTES: Final = 8_000_000
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SHOWN_CHARACTERS: Final = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, and how often.

    Args:
        attempts: How often one request is sent at most.
        total_seconds: After this long nothing is repeated any more.
        request_seconds: How long one attempt may take.
        longest_wait_seconds: A Retry-After above this is not waited for; the task comes back later instead.
        first_wait_seconds: Wait before the first repetition without a Retry-After; it doubles, with jitter.
    """

    attempts: int = 4
    total_seconds: float = 30
    request_seconds: float = 10
    longest_wait_seconds: float = 15
    first_wait_seconds: float = 0.2


IMPATIENT: Final = Patience(attempts=2, total_seconds=6, request_seconds=4, longest_wait_seconds=2)
"""For a person who waits for a page, and for answers that must arrive within ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the API.

    Args:
        name: What it is, for logs and errors (`activate`).
        path: Below the base, with a leading slash; built from checked ids.
        changes: Whether carrying it out twice would matter.
        lists: Whether the answer is a JSON list; it becomes the field `items` of the document.
    """

    name: str
    method: str
    path: str
    changes: bool
    lists: bool = False
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer with a status below 500 that is not 429.

    Args:
        document: The JSON object of the body; empty for an empty body.
        operation_location: The header of that name.
    """

    status: int
    document: Mapping[str, Any] = field(repr=False)
    operation_location: str | None
    request_id: str
    correlation_id: str


class MarketplaceTransport:
    """Sends requests to one base address as one application.

    Args:
        base_url: Up to and without `/saas`, for Microsoft's own `https://marketplaceapi.microsoft.com/api`.
        token_source: Our application's token for the marketplace.
        http: Sends the requests; closing it is its owner's business.
        patience: How long to wait.
        clock: For a Retry-After that is a date.

    Raises:
        AddressRefusedError: The base is neither https nor this machine.
    """

    def __init__(
        self,
        base_url: str,
        token_source: TokenSource,
        http: httpx.Client,
        *,
        patience: Patience | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._base_url = check_address(base_url)
        self._token_source = token_source
        self._http = http
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()

    def with_patience(self, patience: Patience) -> MarketplaceTransport:
        """Return the same with another patience."""
        return MarketplaceTransport(
            self._base_url, self._token_source, self._http, patience=patience, clock=self._clock
        )

    def send(self, request: Request, correlation_id: str | None = None) -> Response:
        """Send a request, repeat it where that is safe, and return the answer.

        Raises:
            FulfillmentUnavailableError: No answer could be had; `detail["outcome_unknown"]` says whether the request
                may have been carried out.
            FulfillmentFaultError: Microsoft's fault, or an answer that cannot be read.
        """
        correlation = correlation_id or str(uuid.uuid4())
        patience = self._patience
        attempts = stamina.retry_context(
            on=self._backoff(request),
            attempts=patience.attempts,
            timeout=patience.total_seconds,
            wait_initial=patience.first_wait_seconds,
            wait_max=patience.longest_wait_seconds,
            wait_jitter=patience.first_wait_seconds,
        )
        for attempt in attempts:
            with attempt:
                response = self._attempt(request, correlation)
                # An expired token is answered with 403 as well as 401, so that both are worth one new token.
                if response.status in {401, 403}:
                    self._token_source.forget()
                    response = self._attempt(request, correlation)
                return response
        raise BugError("The retries ended without an answer and without an error.")

    def _backoff(self, request: Request) -> Callable[[Exception], bool | float]:
        def decide(error: Exception) -> bool | float:
            if isinstance(error, EntraUnavailableError):
                return True
            if not isinstance(error, FulfillmentUnavailableError):
                return False
            if request.changes and error.detail.get("outcome_unknown"):
                return False
            wait_seconds = error.detail.get("retry_after_seconds")
            if wait_seconds is None:
                return True
            return float(wait_seconds) if float(wait_seconds) <= self._patience.longest_wait_seconds else False

        return decide

    def _attempt(self, request: Request, correlation_id: str) -> Response:
        token = self._token_source.token()
        request_id = str(uuid.uuid4())
        log = _log.bind(call=request.name, request_id=request_id, correlation_id=correlation_id)
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "x-ms-requestid": request_id,
            "x-ms-correlationid": correlation_id,
            **request.headers,
        }
        about: dict[str, str | int | bool] = {"request_id": request_id, "correlation_id": correlation_id}
        try:
            status, answered, body = self._exchange(request, headers)
        except httpx.HTTPError as error:
            log.warning("marketplace_call_failed", error=type(error).__name__)
            raise _not_answered(request, error, about) from None
        log.info("marketplace_call", status=status)
        if status in {429, 502, 503, 504}:
            raise self._unavailable(request, status, answered, about)
        if status >= 500:
            log.warning("marketplace_fault", status=status)
            raise FulfillmentFaultError(
                f"Microsoft answered {request.name} with HTTP {status}: {message_of(_read(body))}",
                code=FulfillmentCode.FAULT,
                detail={**about, "status": status, "outcome_unknown": request.changes},
            )
        return Response(
            status=status,
            document=self._document(request, status, body, about),
            operation_location=answered.get("operation-location"),
            request_id=request_id,
            correlation_id=correlation_id,
        )

    def _exchange(self, request: Request, headers: Mapping[str, str]) -> tuple[int, httpx.Headers, bytes]:
        """Send once and read the body within the limits of size and time."""
        ends_at_seconds = time.monotonic() + self._patience.request_seconds
        body = None if request.body is None else json.dumps(request.body).encode()
        with self._http.stream(
            request.method,
            f"{self._base_url}{request.path}",
            params={**request.query, "api-version": API_VERSION},
            headers=dict(headers),
            content=body,
            timeout=self._patience.request_seconds,
            follow_redirects=False,
        ) as response:
            read = bytearray()
            for chunk in response.iter_bytes():
                read += chunk
                if time.monotonic() > ends_at_seconds:
                    raise httpx.ReadTimeout("The answer took too long.")
                if len(read) > _LONGEST_BODY_BYTES:
                    raise httpx.RemoteProtocolError("The answer is too large.")
            return response.status_code, response.headers, bytes(read)

    def _unavailable(
        self, request: Request, status: int, answered: httpx.Headers, about: dict[str, str | int | bool]
    ) -> FulfillmentUnavailableError:
        detail: dict[str, str | int | bool] = {**about, "status": status}
        wait_seconds = retry_after_seconds(answered.get("retry-after"), self._clock.now())
        if wait_seconds is not None:
            detail["retry_after_seconds"] = wait_seconds
        # A gateway that gave up says nothing about what happened behind it.
        detail["outcome_unknown"] = request.changes and status in {502, 504}
        return FulfillmentUnavailableError(
            f"Microsoft asks to repeat {request.name} later (HTTP {status}).",
            code=FulfillmentCode.THROTTLED,
            detail=detail,
        )

    def _document(
        self, request: Request, status: int, body: bytes, about: dict[str, str | int | bool]
    ) -> Mapping[str, Any]:
        document = _read(body)
        if isinstance(document, dict):
            return document
        if isinstance(document, list) and request.lists:
            return {"items": document}
        # Only an answer we would read has to be readable; what was carried out is carried out, whatever its body says.
        if status >= 300 or request.changes:
            return {}
        raise FulfillmentFaultError(
            f"Microsoft's answer to {request.name} is no JSON object.",
            code=FulfillmentCode.ANSWER_UNREADABLE,
            detail={**about, "status": status},
        )


def check_address(url: str) -> str:
    """Return an address without a slash at the end, if our token may be sent there.

    Raises:
        AddressRefusedError: It is neither https nor this machine, or holds more than host and path.

    Example:
        >>> check_address("https://marketplaceapi.microsoft.com/api/")
        'https://marketplaceapi.microsoft.com/api'
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_safe or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise AddressRefusedError(f"Our token is not sent to {parts.scheme}://{parts.hostname or ''}{parts.path}.")
    return url.rstrip("/")


def retry_after_seconds(text: str | None, now: datetime) -> int | None:
    """Read a Retry-After header: seconds, or a date; None if there is none or it cannot be read.

    Source: RFC 9110, section 10.2.3.

    Example:
        >>> retry_after_seconds("120", datetime(2026, 11, 22, tzinfo=UTC))
        120
        >>> retry_after_seconds("Sun, 22 Nov 2026 00:01:00 GMT", datetime(2026, 11, 22, tzinfo=UTC))
        60
    """
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return int(text.strip()[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0, round((aware - now).total_seconds()))


def message_of(document: object) -> str:
    """Return what Microsoft says in an error body, shortened; its forms differ from call to call.

    Example:
        >>> message_of({"error": {"code": "BadArgument", "message": "planId is missing"}})
        'planId is missing'
    """
    inner = document.get("error", document) if isinstance(document, dict) else document
    said = inner.get("message") or inner.get("Message") if isinstance(inner, dict) else inner
    return said[:_SHOWN_CHARACTERS] if isinstance(said, str) and said else "no message"


def _read(body: bytes) -> object:
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body[:_SHOWN_CHARACTERS].decode("utf-8", "replace")


def _not_answered(
    request: Request, error: httpx.HTTPError, about: dict[str, str | int | bool]
) -> FulfillmentUnavailableError:
    was_not_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    timed_out = isinstance(error, httpx.TimeoutException)
    return FulfillmentUnavailableError(
        f"Microsoft did not answer {request.name} ({type(error).__name__}).",
        code=FulfillmentCode.TIMED_OUT if timed_out else FulfillmentCode.UNREACHABLE,
        detail={**about, "outcome_unknown": request.changes and not was_not_sent},
    )
