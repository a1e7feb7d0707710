"""The metering service's three calls with their documented answers, errors and faults.

Source: Marketplace metered billing APIs; commercial-marketplace-openapi; read 2026-11-22. The names of the test headers
are not documented; whoever rehearses says which one counts (`x-ms-test` here).
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.errors import FairkeeperError
from fairkeeper.sandbox.marketplace.faults import FaultSwitchboard
from fairkeeper.sandbox.metering.intake import MeteringService, Told

API_VERSION: Final = "2018-08-31"
MOST_IN_BATCH: Final = 25
TEST_HEADER: Final = "x-ms-test"
_MOST_BODY_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringApi:
    """What the calls need.

    Args:
        check_caller: Raises for a token that is not the publisher's.
    """

    service: MeteringService
    faults: FaultSwitchboard
    check_caller: Callable[[str], None]

    def routes(self) -> list[Route]:
        """Return the three calls, to stand beside the fulfillment API's."""
        return [
            Route("/usageEvent", self.one, methods=["POST"]),
            Route("/batchUsageEvent", self.batch, methods=["POST"]),
            Route("/usageEvents", self.listed, methods=["GET"]),
        ]

    async def one(self, request: Request) -> Response:
        """Take one event: 200, 400, or 409 with the earlier event that won."""
        return await self._guarded(request, self._one)

    async def batch(self, request: Request) -> Response:
        """Take up to 25 events: 200 even if all of them failed."""
        return await self._guarded(request, self._batch)

    async def listed(self, request: Request) -> Response:
        """List what was taken."""
        return await self._guarded(request, self._listed)

    async def _guarded(self, request: Request, call: Callable[[Request, Any], Response]) -> Response:
        await asyncio.sleep(self.faults.take_slowness())
        refusal = self.faults.take_refusal()
        answer: Response
        if refusal is not None:
            answer = _error(refusal.fail_status, "Pretended trouble.")
            answer.headers["retry-after"] = str(refusal.retry_after_seconds)
        else:
            answer = await self._answered(request, call)
        if request.method == "POST" and self.faults.take("lose_usage_answers_next"):
            answer = _error(504, "The gateway gave up; what was sent has been taken.")
        for header in ("x-ms-requestid", "x-ms-correlationid"):
            answer.headers[header] = request.headers.get(header) or str(uuid.uuid4())
        return answer

    async def _answered(self, request: Request, call: Callable[[Request, Any], Response]) -> Response:
        try:
            self.check_caller(request.headers.get("authorization", ""))
        except FairkeeperError as error:
            return _error(403, error.message)
        if request.query_params.get("api-version") != API_VERSION:
            return _error(400, "The api-version is missing or unknown.")
        raw = b""
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > _MOST_BODY_BYTES:
                return _error(400, "The body is too large.")
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            return _error(400, "The body is no JSON.")
        return await run_in_threadpool(call, request, body)

    def _one(self, request: Request, body: Any) -> Response:
        if not isinstance(body, dict):
            return _error(400, "The body is no event.")
        told = self._take(request, body)
        if told.status == "Accepted":
            return JSONResponse(_public(told.event))
        if told.status == "Duplicate":
            accepted = {**_public(told.event), "status": "Duplicate"}
            return JSONResponse(
                {"code": "Conflict", "message": told.message, "additionalInfo": {"acceptedMessage": accepted}},
                status_code=409,
            )
        detail = {"code": told.status, "message": told.message, "target": "usageEventRequest"}
        return JSONResponse(
            {"code": "BadArgument", "message": told.message, "target": "usageEventRequest", "details": [detail]},
            status_code=403 if told.status == "ResourceNotAuthorized" else 400,
        )

    def _batch(self, request: Request, body: Any) -> Response:
        events = body.get("request") if isinstance(body, dict) else None
        if not isinstance(events, list) or not 1 <= len(events) <= MOST_IN_BATCH:
            return _error(400, f"A batch holds 1 to {MOST_IN_BATCH} events.")
        result = [_in_batch(self._take(request, event if isinstance(event, dict) else {})) for event in events]
        return JSONResponse({"count": len(result), "result": result})

    def _take(self, request: Request, event: dict[str, Any]) -> Told:
        if self.faults.take("fail_usage_events_next"):
            return Told(status="Error", event=dict(event), message="Pretended trouble with one event.")
        return self.service.take(event, is_test=TEST_HEADER in request.headers)

    def _listed(self, request: Request, _body: Any) -> Response:
        since = _day(request.query_params.get("usageStartDate"))
        if since is None:
            return _error(400, "usageStartDate is missing or unreadable.")
        lines = self.service.usage(since, _day(request.query_params.get("UsageEndDate")))
        wanted = {"offerId", "planId", "dimension", "reconStatus"} & set(request.query_params)
        return JSONResponse([line for line in lines if all(line[key] == request.query_params[key] for key in wanted)])


def _public(event: dict[str, Any]) -> dict[str, Any]:
    names = ("usageEventId", "status", "messageTime", "resourceId", "resourceUri", "quantity", "dimension")
    more = ("effectiveStartTime", "planId")
    return {name: event[name] for name in (*names, *more) if event.get(name) is not None}


def _in_batch(told: Told) -> dict[str, Any]:
    line = {**_public(told.event), "status": told.status}
    if told.status == "Duplicate":
        line["error"] = {
            "code": "Conflict",
            "message": told.message,
            "additionalInfo": {"acceptedMessage": {**_public(told.event), "status": "Duplicate"}},
        }
    elif told.status != "Accepted":
        line["error"] = {"code": told.status, "message": told.message}
    return line


def _error(status: int, message: str) -> JSONResponse:
    names = {400: "BadArgument", 403: "Forbidden"}
    return JSONResponse({"code": names.get(status, "ServiceUnavailable"), "message": message}, status_code=status)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else datetime.fromisoformat(text).date()
    except ValueError:
        return None
