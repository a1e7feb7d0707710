"""The pretend Logs Ingestion API: takes rows for a stream of a data collection rule, as Microsoft's documents say.

It knows the streams it was told of with their columns; of others it says 404. Rows are kept in memory, where a
rehearsal can look at them: `GET /logs/taken/{stream}`.

Source: Microsoft Learn, "Logs Ingestion API in Azure Monitor" (path, headers, size, answers), "Azure Monitor service
limits" (1 MB a call, 429 with Retry-After), "Data collection rules" (a column that the stream does not declare is
dropped), read 2026-11-22 and 2026-11-28. What the error bodies hold is an assumption.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.sandbox.entra.resources import MONITOR_URI
from fairkeeper.sandbox.marketplace.faults import FaultSwitchboard

API_VERSION: Final = "2023-01-01"
MOST_BYTES: Final = 1_048_576
RULE: Final = "dcr-00000000000000000000000000000001"
"""The rule that exists."""
_RULE: Final = re.compile(r"dcr-[0-9a-f]{8,64}")


@dataclass(slots=True, kw_only=True)
class LogsApi:
    """What the calls need.

    Attributes:
        verify: Returns a token's claims; None for one that is not good.
        streams: Columns by the stream's name; None takes any stream that begins with `Custom-`, and any column.
        taken: Rows by stream, in order.
    """

    verify: Callable[[str], Mapping[str, Any] | None]
    faults: FaultSwitchboard
    streams: Mapping[str, Collection[str]] | None = None
    taken: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: int = 0

    async def ingest(self, request: Request) -> Response:
        """Take rows: 204, or the documented refusal."""
        refusal = self.faults.take_refusal()
        if refusal is not None:
            answer = _error(refusal.fail_status, "ServiceUnavailable", "Pretended trouble.")
            answer.headers["retry-after"] = str(refusal.retry_after_seconds)
            return answer
        body = await request.body()
        return await run_in_threadpool(self._ingest, request, body)

    def _ingest(self, request: Request, body: bytes) -> Response:
        self.calls += 1
        refused = self._refused(request)
        if refused is not None:
            return refused
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if len(body) > MOST_BYTES:
            return _error(413, "ContentLengthLimitExceeded", "Maximum allowed content length: 1048576 bytes.")
        try:
            rows = json.loads(body)
        except ValueError:
            rows = None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return _error(400, "InvalidPayload", "The body is no JSON array of objects.")
        stream = request.path_params["stream"]
        columns = None if self.streams is None else self.streams[stream]
        kept = self.taken.setdefault(stream, [])
        kept += [{name: value for name, value in row.items() if columns is None or name in columns} for row in rows]
        return Response(status_code=204)

    def _refused(self, request: Request) -> Response | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        claims = self.verify(token) if kind.lower() == "bearer" else None
        if claims is None or str(claims.get("aud", "")).rstrip("/") != MONITOR_URI:
            return _error(401, "InvalidToken", "The token is not good for this service.")
        if request.query_params.get("api-version") != API_VERSION:
            return _error(400, "InvalidApiVersion", "api-version is missing or not known.")
        rule, stream = request.path_params["rule"], request.path_params["stream"]
        if rule != RULE or not _RULE.fullmatch(rule):
            return _error(404, "RecordNotFound", f"Data collection rule with immutable Id '{rule}' not found.")
        known = stream.startswith("Custom-") if self.streams is None else stream in self.streams
        if not known:
            return _error(404, "InvalidStream", f"Data collection endpoint does not have stream '{stream}'.")
        return None

    async def shown(self, request: Request) -> Response:
        """Show what was taken of a stream; no part of Microsoft's API."""
        return JSONResponse(self.taken.get(request.path_params["stream"], []))


def logs_app(api: LogsApi) -> Starlette:
    """Return the API as an app."""
    return Starlette(
        routes=[
            Route("/dataCollectionRules/{rule}/streams/{stream}", api.ingest, methods=["POST"]),
            Route("/taken/{stream}", api.shown, methods=["GET"]),
        ]
    )


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
