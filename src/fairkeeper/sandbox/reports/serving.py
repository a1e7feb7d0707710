"""The report APIs of the pretend Partner Center over HTTP: `/insights/…/cmp`, `/v1.0/payouts`, and the files.

Separate from `asking`, which knows no HTTP. Faults that are switched on for the fulfillment API hold here, too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.sandbox.entra.resources import PARTNER_APP_ID, PARTNER_URIS
from fairkeeper.sandbox.marketplace.faults import FaultSwitchboard
from fairkeeper.sandbox.reports.asking import EXPORTS, SYSTEM_QUERIES, AskedWrongError, Desk, Made
from fairkeeper.sandbox.webhooks.ports import TokenAuthority

_DATASETS: Final = {"customers": "ISVCustomer", "orders": "ISVOrder", "usage": "ISVUsage", "revenue": "ISVRevenue"}
_MOST_BODY_BYTES: Final = 100_000


class KnowsApplications(Protocol):
    """Knows which account an application is associated with."""

    def of_application(self, tenant_id: Any, app_id: Any) -> object | None:
        """Return the account, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsApi:
    """What the calls need.

    Attributes:
        base_url: Of the whole sandbox.
    """

    desk: Desk
    accounts: KnowsApplications
    authority: TokenAuthority
    faults: FaultSwitchboard
    base_url: str

    def datasets(self, _request: Request, _body: Mapping[str, Any]) -> Response:
        """List the data sets with their columns."""
        listed = [
            {"datasetName": name, "selectableColumns": sorted({each for row in self.desk.rows(report) for each in row})}
            for report, name in _DATASETS.items()
        ]
        return _value(listed)

    def queries(self, _request: Request, _body: Mapping[str, Any]) -> Response:
        """List the system's queries."""
        return _value(
            [
                {"queryId": query, "name": report, "type": "system", "query": _DATASETS[report]}
                for query, report in SYSTEM_QUERIES.items()
            ]
        )

    def run_report(self, _request: Request, body: Mapping[str, Any]) -> Response:
        """Take a report that is run now."""
        return _value([self._report(self.desk.run_now(body))])

    def reports(self, request: Request, _body: Mapping[str, Any]) -> Response:
        """List reports, by name or id."""
        wanted = request.query_params
        found = [
            self._report(made)
            for made in self.desk.reports.values()
            if wanted.get("reportName") in (None, made.name) and wanted.get("reportId") in (None, made.id)
        ]
        return _value(found) if found else _error(404, "There is no such report.")

    def executions(self, request: Request, _body: Mapping[str, Any]) -> Response:
        """List the finished run of a report; 404 until it has run."""
        made = self.desk.reports.get(request.path_params["id"])
        if made is None:
            return _error(404, "There is no such report.")
        status = "Completed" if self.desk.is_done(made) and not made.fails else "Running"
        if made.fails and self.desk.is_done(made):
            status = "Failed"
        if request.query_params.get("executionStatus", "Completed") != status and status != "Failed":
            return _error(404, "No execution was found.")
        run = {
            "executionId": f"{made.id[:8]}-run",
            "reportId": made.id,
            "recurrenceInterval": None,
            "executionStatus": status,
            "reportAccessSecureLink": self._address(made) if status == "Completed" else None,
            "reportExpiryTime": None,
        }
        return _value([run])

    def delete_report(self, request: Request, _body: Mapping[str, Any]) -> Response:
        """Delete a report."""
        was_there = self.desk.drop(self.desk.reports, request.path_params["id"])
        return _value([]) if was_there else _error(404, "There is no such report.")

    def export(self, request: Request, _body: Mapping[str, Any]) -> Response:
        """Take an export of transactions or payments."""
        request_id = request.headers.get("ms-requestid", "")
        if not request_id:
            return _error(400, "The header ms-requestid is missing.")
        made = self.desk.export(request.path_params["kind"], request.query_params.get("$filter", ""), request_id)
        return _value([self._export(made)], status=202)

    def show_export(self, request: Request, _body: Mapping[str, Any]) -> Response:
        """Tell how far an export is."""
        made = self.desk.exports.get(request.path_params["id"])
        return _error(404, "There is no such request.") if made is None else _value([self._export(made)])

    def delete_export(self, request: Request, _body: Mapping[str, Any]) -> Response:
        """Delete an export; not while it is processed."""
        made = self.desk.exports.get(request.path_params["id"])
        if made is not None and not self.desk.is_done(made):
            return _error(400, "The request is being processed.")
        was_there = self.desk.drop(self.desk.exports, request.path_params["id"])
        return Response(status_code=204) if was_there else _error(404, "There is no such request.")

    def _report(self, made: Made) -> dict[str, Any]:
        return {"reportId": made.id, "reportName": made.name, "reportStatus": "Active", "format": "csv"}

    def _export(self, made: Made) -> dict[str, Any]:
        is_done = self.desk.is_done(made)
        status = "Processing" if not is_done else "Failed" if made.fails else "Completed"
        return {
            "requestId": made.id,
            "requestTime": made.asked_at.isoformat(),
            "reportFormat": "csv",
            "status": status,
            "blobLocation": self._address(made) if status == "Completed" else None,
        }

    def _address(self, made: Made) -> str:
        return f"{self.base_url}/reports/files/{self.desk.link(made)}"

    def refusal(self, authorization: str) -> Response | None:
        """Turn away whoever is not an application of the account."""
        scheme, _, token = authorization.partition(" ")
        claims = self.authority.verify_app_token(token.strip()) if scheme.lower() == "bearer" else None
        audience = str((claims or {}).get("aud", "")).rstrip("/")
        if claims is None or audience not in {*PARTNER_URIS, PARTNER_APP_ID}:
            return _error(401, "The bearer token is missing, not genuine, or for another API.")
        if self.accounts.of_application(claims.get("tid"), claims.get("appid", claims.get("azp"))) is None:
            return _error(403, "The application is not among the account's in Partner Center.")
        return None


Call = Callable[[Request, Mapping[str, Any]], Response]


def reports_app(api: ReportsApi) -> Starlette:
    """Return the ASGI app to mount at `/reports`: the APIs below `/insights` and `/v1.0`, and the files."""
    root = "/insights/{version}/cmp"

    def route(method: str, path: str, call: Call) -> Route:
        return Route(path, _guarded(api, call), methods=[method])

    return Starlette(
        routes=[
            route("GET", f"{root}/ScheduledDataset", api.datasets),
            route("GET", f"{root}/ScheduledQueries", api.queries),
            route("POST", f"{root}/ScheduledReport", api.run_report),
            route("GET", f"{root}/ScheduledReport", api.reports),
            route("GET", f"{root}/ScheduledReport/execution/{{id}}", api.executions),
            route("DELETE", f"{root}/ScheduledReport/{{id}}", api.delete_report),
            route("POST", "/v1.0/payouts/{kind}", api.export),
            route("GET", "/v1.0/payouts/{kind}/{id}", api.show_export),
            route("DELETE", "/v1.0/payouts/{kind}/{id}", api.delete_export),
            Route("/files/{secret}", _file_endpoint(api), methods=["GET"]),
        ]
    )


def _guarded(api: ReportsApi, call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        await asyncio.sleep(api.faults.take_slowness())
        fault = api.faults.take_refusal()
        if fault is not None:
            answer = _error(fault.fail_status, "Turned away on purpose.")
            answer.headers["Retry-After"] = str(fault.retry_after_seconds)
            return answer
        turned_away = api.refusal(request.headers.get("authorization", ""))
        if turned_away is not None:
            return turned_away
        if request.path_params.get("kind", "payments") not in EXPORTS:
            return _error(404, "There is no such export.")
        try:
            raw = await request.body()
            body = json.loads(raw) if raw.strip() and len(raw) <= _MOST_BODY_BYTES else {}
            return await run_in_threadpool(call, request, body if isinstance(body, dict) else {})
        except (AskedWrongError, ValueError, RecursionError) as error:
            return _error(400, str(error)[:200])

    return endpoint


def _file_endpoint(api: ReportsApi) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        content = await run_in_threadpool(api.desk.file, request.path_params["secret"])
        if content is None:
            return Response(status_code=403)
        return Response(content, media_type="application/octet-stream")

    return endpoint


def _value(rows: list[dict[str, Any]], *, status: int = 200) -> Response:
    return JSONResponse(
        {"value": rows, "nextLink": None, "totalCount": len(rows), "message": "", "statusCode": status},
        status_code=status,
    )


def _error(status: int, message: str) -> Response:
    return JSONResponse({"value": None, "message": message, "statusCode": status}, status_code=status)
