"""Runs operations on a server, over its HTTP API.

Separate from the commands, which do not know where an operation runs.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import httpx

from fairkeeper.cli.outcome import RemoteError
from fairkeeper.errors import InvalidError, UnavailableError, UpstreamError

if TYPE_CHECKING:
    from fairkeeper.action.operation import Operation

API: Final = "/api/v1"
_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})
_PATH_FIELD: Final = re.compile(r"{([a-z][a-z0-9_]*)}")
_PIECE: Final = 1024 * 1024
_IMPORT_PATIENCE_SECONDS: Final = 3600.0
_TIMEOUT_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 20.0


class ServerUnreachableError(UnavailableError):
    """Nobody answers at the server's address."""

    code = "cli.server_unreachable"
    remedy = "Check the address (--url, FAIRKEEPER_URL) and that the server runs."


class RemoteExecutor:
    """Speaks to one server with one token.

    Args:
        url: Its address.
        token: An API token, or None for what needs none.
        transport: How requests are sent; the network if left out.
        sleep: Waits between two looks at something that is not ready yet.

    Raises:
        InvalidError: The address is no http or https address.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"{url!r} is no http or https address."
            raise InvalidError(msg, code="cli.url", remedy="Give the server's address, such as https://host:8700.")
        headers = {"accept": "application/json", "user-agent": "fairkeeper-cli"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
            follow_redirects=False,
            transport=transport,
        )
        self._sleep = sleep

    def run(self, operation: Operation, given: Mapping[str, Any], *, key: str | None = None) -> Any:
        """Run an operation on the server."""
        path, rest = _fill(operation.path, given)
        headers = {"idempotency-key": key} if key else {}
        if operation.method in _BODY_METHODS:
            return self._json(operation.method, path, headers=headers, json=rest)
        return self._json(operation.method, path, headers=headers, params=rest)

    def export(self, customer_id: str | None, *, whole_log: bool = False) -> Iterator[bytes]:
        """Ask for an export, wait for its place in the log, and return its pieces."""
        wanted: dict[str, Any] = {"customer_id": customer_id} if customer_id else {}
        if whole_log:
            wanted["whole_log"] = True
        asked = self._json("POST", f"{API}/evidence/exports", json=wanted)
        path = f"{API}/evidence/exports/{quote(str(asked['token']), safe='')}"
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with self._stream(path) as answer:
                if answer.is_success:
                    yield from answer.iter_bytes()
                    return
                answer.read()
                error = _error_of(answer)
            if error.code != "evidence.not_integrated" or time.monotonic() > deadline:
                raise error
            self._sleep(0.3)

    def receipt(self, entry_id: str) -> bytes:
        """Return the receipt of an entry."""
        with self._stream(f"{API}/evidence/entries/{quote(entry_id, safe='')}/receipt") as answer:
            content: bytes = answer.read()
            if not answer.is_success:
                raise _error_of(answer)
            return content

    def import_files(self, files: Sequence[Path], given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Send files to the server, which reads them in the background; wait until it has."""
        received = []
        for path in files:
            with path.open("rb") as stream:
                parts = {
                    "params": {"name": path.name[:300], **given},
                    "content": iter(lambda: stream.read(_PIECE), b""),
                }
                received.append(self._json("POST", f"{API}/payouts/uploads", timeout=None, **parts))
        deadline = time.monotonic() + _IMPORT_PATIENCE_SECONDS
        while True:
            page = self._json("GET", f"{API}/payouts/files", params={"limit": 500})
            if not page["is_busy"] or time.monotonic() > deadline:
                break
            self._sleep(0.5)
        by_hash = {line["sha256"]: line for line in page["files"]}
        return [{**by_hash.get(each["sha256"], each), "is_new": each["is_new"]} for each in received]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _json(self, method: str, path: str, **parts: Any) -> Any:
        try:
            answer = self._client.request(method, path, **parts)
        except httpx.HTTPError as error:
            raise _unreachable(self._client, error) from error
        if not answer.is_success:
            raise _error_of(answer)
        return _document(answer)

    def _stream(self, path: str) -> _Stream:
        return _Stream(self._client, path)


class _Stream:
    """An answer that is read in pieces, with the network's troubles translated."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        self._client = client
        self._context = client.stream("GET", path)

    def __enter__(self) -> httpx.Response:
        try:
            return self._context.__enter__()
        except httpx.HTTPError as error:
            raise _unreachable(self._client, error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, trace)
        if isinstance(error, httpx.HTTPError):
            raise _unreachable(self._client, error) from error


def _fill(path: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Put the fields that a path names into it, and return what is left."""
    rest = dict(given)
    filled = _PATH_FIELD.sub(lambda found: quote(str(rest.pop(found.group(1), "")), safe=""), path)
    return f"{API}{filled}", rest


def _document(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        msg = f"{answer.request.url.host} answered {answer.status_code} with something that is not JSON."
        raise UpstreamError(
            msg, code="cli.answer_unreadable", remedy="Check that the address is Fairkeeper's."
        ) from error


def _error_of(answer: httpx.Response) -> RemoteError | UpstreamError:
    try:
        document = json.loads(answer.content)
        body = document["error"]
        if isinstance(body, dict) and {"code", "kind", "message"} <= body.keys():
            return RemoteError(body)
    except (ValueError, KeyError, TypeError):
        pass
    msg = f"{answer.request.url.host} answered {answer.status_code}, and not as Fairkeeper does."
    return UpstreamError(msg, code="cli.answer_unreadable", remedy="Check that the address is Fairkeeper's.")


def _unreachable(client: httpx.Client, error: httpx.HTTPError) -> ServerUnreachableError:
    msg = f"The server at {client.base_url} does not answer ({type(error).__name__})."
    return ServerUnreachableError(msg)
