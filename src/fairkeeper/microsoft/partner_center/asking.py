"""One request to a report API of Partner Center, and the download it leads to.

What is refused, what comes later and what cannot be read are told apart here, once for both APIs. Nothing is repeated
here: a report takes minutes to a day, so that whoever asks comes back by itself. Tokens go to the API alone and never
with a download, whose address is its own permission and is therefore logged nowhere.

Source: Microsoft Learn, "Programmatic access paradigm" of commercial marketplace analytics and "Partner payouts API"
(copies of October 2023), read 2026-11-22. Neither was called.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import structlog

from fairkeeper.microsoft.errors import AddressRefusedError
from fairkeeper.microsoft.identity import TokenSource
from fairkeeper.microsoft.marketplace_transport import check_address, message_of
from fairkeeper.payouts.errors import ReportRefusedError, ReportsUnavailableError

_LONGEST_ANSWER_BYTES: Final = 4_000_000
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_NAMESPACE: Final = uuid.UUID("7b1f3c57-0a35-4f0d-9f0b-5d8f3a1c2e44")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCenterAPI:
    """One API.

    Attributes:
        base_url: Up to and without the call's own path.
        tokens: Our application's token for it.
        http: Sends the requests.
    """

    base_url: str
    tokens: TokenSource = field(repr=False)
    http: httpx.Client = field(repr=False)

    def call(  # noqa: PLR0913 - a request has these parts
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        may_be_unknown: bool = False,
    ) -> list[Mapping[str, Any]] | None:
        """Send a request and return the rows of its answer, with names in lower case; None where it is unknown.

        Args:
            method: GET, POST, DELETE.
            path: Below the base, with a leading slash.
            query: Parameters.
            body: A JSON body; a POST without one has an empty body.
            key: What makes it one request, however often it is sent.
            may_be_unknown: Whether 404 is an answer.

        Raises:
            ReportRefusedError: It will not be answered.
            ReportsUnavailableError: Later it may be.
        """
        answer = self._exchange(method, path, query or {}, body, key)
        if answer.status_code in (401, 403):
            self.tokens.forget()
            answer = self._exchange(method, path, query or {}, body, key)
        if answer.status_code == httpx.codes.NOT_FOUND and may_be_unknown:
            return None
        document = _read(answer)
        if answer.status_code in _LATER:
            wait = answer.headers.get("retry-after", "")
            more = f"; it asks to wait {wait[:40]} s" if wait else ""
            raise ReportsUnavailableError(f"{path} answered {answer.status_code}{more}.")
        if not answer.is_success:
            raise ReportRefusedError(f"{path} answered {answer.status_code}: {message_of(document)}")
        return _rows(document)

    def _exchange(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None, key: str
    ) -> httpx.Response:
        base = check_address(self.base_url)
        request_id = str(uuid.uuid5(_NAMESPACE, key)) if key else str(uuid.uuid4())
        headers = {
            "authorization": f"Bearer {self.tokens.token()}",
            "accept": "application/json",
            "ms-requestid": request_id,
            "ms-correlationid": request_id,
        }
        if method == "POST" and body is None:
            headers["content-length"] = "0"
        log = _log.bind(call=f"{method} {path.partition('/execution/')[0][:60]}", request_id=request_id)
        try:
            answer = self.http.request(
                method, f"{base}{path}", params=dict(query), json=body, headers=headers, follow_redirects=False
            )
        except httpx.HTTPError as error:
            log.warning("partner_center_call_failed", error=type(error).__name__)
            raise ReportsUnavailableError(f"{path} did not answer ({type(error).__name__}).") from None
        log.info("partner_center_call", status=answer.status_code)
        return answer

    def read(self, address: str) -> Iterator[bytes]:
        """Return a file that was made, in pieces; without our token.

        Raises:
            ReportRefusedError: The address is neither https nor this machine.
            ReportsUnavailableError: It cannot be had now; its address may have ended, and a new one is asked for.
        """
        try:
            parts = urlsplit(address)
            check_address(f"{parts.scheme}://{parts.netloc}")
        except (ValueError, AddressRefusedError):
            raise ReportRefusedError("The file is to be downloaded from an address that is not https.") from None
        try:
            with self.http.stream("GET", address, follow_redirects=False) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise ReportsUnavailableError(f"The download answered {answer.status_code}.")
                yield from answer.iter_bytes()
        except httpx.HTTPError as error:
            raise ReportsUnavailableError(f"The download broke off ({type(error).__name__}).") from None


def _read(answer: httpx.Response) -> Any:
    if len(answer.content) > _LONGEST_ANSWER_BYTES:
        raise ReportRefusedError("The answer is larger than any answer is.")
    try:
        return lowered(answer.json()) if answer.content.strip() else {}
    except (ValueError, RecursionError):
        if answer.is_success:
            raise ReportRefusedError("The answer is no JSON.") from None
        return answer.text[:200]


def lowered(document: Any) -> Any:
    """Return a document with every name in lower case; Microsoft's answers differ in it from call to call.

    Example:
        >>> lowered({"Value": [{"reportId": "r", "ReportStatus": "Active"}]})
        {'value': [{'reportid': 'r', 'reportstatus': 'Active'}]}
    """
    if isinstance(document, Mapping):
        return {str(name).lower(): lowered(value) for name, value in document.items()}
    if isinstance(document, list):
        return [lowered(each) for each in document]
    return document


def _rows(document: Any) -> list[Mapping[str, Any]]:
    """Return what stands in `value`, as a list; an answer without it is one row."""
    if not isinstance(document, Mapping):
        raise ReportRefusedError("The answer is no JSON object.")
    found = document.get("value", [document] if document else [])
    rows = found if isinstance(found, list) else [found]
    return [row for row in rows if isinstance(row, Mapping)]
