"""One request to the product ingestion API: token, version, patience, exact numbers, and nothing of meaning.

Beside `marketplace_transport`, because this API has another base, another token, another way to say its version and
other errors; what both share is imported from there. Repeated are only requests that were certainly not carried out and
those that change nothing. Numbers with a point are decimals in both directions, so that no amount ever is a float.

Source: Microsoft Learn, "Private offers submission API overview" (`$version` on every call, token for Microsoft Graph);
"Private offers submission API troubleshooting and resources" (`error`).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import httpx
import msgspec
import stamina
import structlog

from fairkeeper.errors import BugError
from fairkeeper.microsoft.errors import EntraUnavailableError
from fairkeeper.microsoft.identity import TokenSource
from fairkeeper.microsoft.ingestion_errors import IngestionBusyError, IngestionFaultError, IngestionUnavailableError
from fairkeeper.microsoft.marketplace_transport import Patience, check_address, message_of, retry_after_seconds
from fairkeeper.values.clock import Clock, SystemClock

_LONGEST_BODY_BYTES: Final = 16_000_000
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_log = structlog.get_logger(__name__)

Detail = dict[str, str | int | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionRequest:
    """One call of the API.

    Args:
        name: What it is, for logs and errors (`submit`).
        path: Below the base, with a leading slash; built from checked ids.
        version: For `$version`.
        body: Makes it a POST that configures; None reads.
    """

    name: str
    path: str
    version: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def changes(self) -> bool:
        """Whether carrying it out twice would matter."""
        return self.body is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionResponse:
    """An answer with a status below 500 that is not 429.

    Args:
        document: The JSON object of the body; empty where it is none.
        retry_after_seconds: What Retry-After says.
    """

    status: int
    document: dict[str, Any] = field(repr=False)
    request_id: str

    @property
    def about(self) -> Detail:
        """What support asks for."""
        return {"status": self.status, "request_id": self.request_id}


class IngestionTransport:
    """Sends requests to one base address as one application.

    Args:
        base_url: Up to and without `/configure`.
        token_source: Our application's token for Microsoft Graph.
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

    def send(self, request: IngestionRequest) -> IngestionResponse:
        """Send a request, repeat it where that is safe, and return the answer.

        Raises:
            IngestionUnavailableError: No answer could be had.
            IngestionBusyError: Microsoft asks to wait longer than our patience lasts.
            IngestionFaultError: Microsoft's fault, or an answer that cannot be read.
        """
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
                response = self._attempt(request)
                # A token that ended on the way is worth one new one.
                if response.status in {401, 403}:
                    self._token_source.forget()
                    response = self._attempt(request)
                return response
        raise BugError("The retries ended without an answer and without an error.")

    def _backoff(self, request: IngestionRequest) -> Callable[[Exception], bool | float]:
        def decide(error: Exception) -> bool | float:
            if isinstance(error, EntraUnavailableError):
                return True
            if not isinstance(error, IngestionUnavailableError):
                return False
            if request.changes and error.detail.get("outcome_unknown"):
                return False
            wait_seconds = error.detail.get("retry_after_seconds")
            if wait_seconds is None:
                return True
            return float(wait_seconds) if float(wait_seconds) <= self._patience.longest_wait_seconds else False

        return decide

    def _attempt(self, request: IngestionRequest) -> IngestionResponse:
        token, request_id = self._token_source.token(), str(uuid.uuid4())
        log = _log.bind(call=request.name, request_id=request_id)
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "client-request-id": request_id,
        }
        about: Detail = {"request_id": request_id}
        try:
            status, answered, body = self._exchange(request, headers)
        except httpx.HTTPError as error:
            log.warning("ingestion_call_failed", error=type(error).__name__)
            raise _not_answered(request, error, about) from None
        log.info("ingestion_call", status=status)
        if status in {429, 502, 503, 504}:
            raise self._busy(request, status, answered, about)
        document = _read(body)
        if status >= 500:
            raise IngestionFaultError(
                f"Microsoft answered {request.name} with HTTP {status}: {message_of(document)}",
                detail={**about, "status": status, "outcome_unknown": request.changes},
            )
        if not isinstance(document, dict):
            if status < 300:
                raise IngestionFaultError(
                    f"Microsoft's answer to {request.name} is no JSON object.",
                    detail={**about, "status": status, "outcome_unknown": request.changes},
                )
            document = {}
        return IngestionResponse(status=status, document=document, request_id=request_id)

    def _exchange(self, request: IngestionRequest, headers: Mapping[str, str]) -> tuple[int, httpx.Headers, bytes]:
        """Send once and read the body within the limits of size and time."""
        ends_at_seconds = time.monotonic() + self._patience.request_seconds
        with self._http.stream(
            "GET" if request.body is None else "POST",
            f"{self._base_url}{request.path}",
            params={**request.query, "$version": request.version},
            headers=dict(headers),
            content=None if request.body is None else _ENCODER.encode(request.body),
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

    def _busy(
        self, request: IngestionRequest, status: int, answered: httpx.Headers, about: Detail
    ) -> IngestionBusyError:
        detail: Detail = {**about, "status": status}
        wait_seconds = retry_after_seconds(answered.get("retry-after"), self._clock.now())
        if wait_seconds is not None:
            detail["retry_after_seconds"] = wait_seconds
        # A gateway that gave up says nothing about what happened behind it.
        detail["outcome_unknown"] = request.changes and status in {502, 504}
        return IngestionBusyError(f"Microsoft asks to repeat {request.name} later (HTTP {status}).", detail=detail)


def _read(body: bytes) -> object:
    if not body.strip():
        return {}
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body[:200].decode("utf-8", "replace")


def _not_answered(request: IngestionRequest, error: httpx.HTTPError, about: Detail) -> IngestionUnavailableError:
    was_not_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    return IngestionUnavailableError(
        f"Microsoft did not answer {request.name} ({type(error).__name__}).",
        detail={**about, "outcome_unknown": request.changes and not was_not_sent},
    )
