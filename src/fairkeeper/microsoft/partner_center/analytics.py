"""The commercial marketplace analytics API: a report is run once for given days, and its file downloaded.

Each fetch is a report of its own with `ExecuteNow`, under a name made of the fetch, so that asking again finds it; it
is deleted once its file is here, because an account may have fifty.

Source: Microsoft Learn, "Programmatic access paradigm", "APIs for accessing commercial marketplace analytics data" and
"List of system queries" (copies of October 2023, version of the address in newer ones), read 2026-11-22. Not called:
that a system query may be run with days of one's own is taken from the report's fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fairkeeper.microsoft.partner_center.asking import PartnerCenterAPI
from fairkeeper.payouts.errors import ReportRefusedError
from fairkeeper.payouts.fetching.ports import Wanted

BASE_URL: Final = "https://api.partnercenter.microsoft.com/insights/v1.1/cmp"
RESOURCE: Final = "https://api.partnercenter.microsoft.com"
SYSTEM_QUERIES: Final[Mapping[str, str]] = {
    "customers": "b9df4929-073f-4795-b0cb-a2c81b11e28d",
    "orders": "bd1b0cc1-ce45-4578-beba-6fe5a69fd421",
    "usage": "f0c4927f-1f23-4c99-be4a-1371a5a9a086",
    "revenue": "bf54dde4-7dc4-492f-a69a-f45de049bfcb",
}
"""Microsoft's own queries by report; usage is that of custom meters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsReports:
    """Reports of orders, usage, customers and revenue.

    Attributes:
        api: Where.
        queries: The id of the query by report.
    """

    api: PartnerCenterAPI
    queries: Mapping[str, str]

    def ask(self, wanted: Wanted) -> str:
        """Have a report run now and return its id; one of this name is that report."""
        name = f"fairkeeper-{wanted.fetch_id}"
        known = self.api.call("GET", "/ScheduledReport", query={"reportName": name}, may_be_unknown=True) or []
        for report in known:
            if report.get("reportname") == name and report.get("reportid"):
                return str(report["reportid"])
        body = {
            "ReportName": name,
            "Description": "Fetched by Fairkeeper",
            "QueryId": self.queries[wanted.report],
            "ExecuteNow": True,
            "QueryStartTime": f"{wanted.from_on.isoformat()}T00:00:00Z",
            "QueryEndTime": f"{wanted.to_on.isoformat()}T23:59:59Z",
            "Format": "csv",
        }
        made = self.api.call("POST", "/ScheduledReport", body=body, key=wanted.fetch_id) or []
        if not made or not made[0].get("reportid"):
            raise ReportRefusedError("A report was asked for, and the answer names none.")
        return str(made[0]["reportid"])

    def find(self, request_id: str, wanted: Wanted) -> str | None:
        """Return the address of the file; only finished runs are listed, so that none is an answer."""
        del wanted
        runs = self.api.call("GET", f"/ScheduledReport/execution/{_id(request_id)}", may_be_unknown=True) or []
        for run in runs:
            status = str(run.get("executionstatus", "")).lower()
            if status == "completed" and run.get("reportaccesssecurelink"):
                return str(run["reportaccesssecurelink"])
            if status in ("failed", "paused"):
                raise ReportRefusedError(f"The report's run is {run.get('executionstatus')}.")
        return None

    def read(self, address: str) -> Iterator[bytes]:
        """Return the file in pieces."""
        return self.api.read(address)

    def forget(self, request_id: str, wanted: Wanted) -> None:
        """Delete the report."""
        del wanted
        self.api.call("DELETE", f"/ScheduledReport/{_id(request_id)}", may_be_unknown=True)


def _id(request_id: str) -> str:
    """Return an id of theirs as a part of a path.

    Raises:
        ReportRefusedError: It is none.
    """
    if not request_id.replace("-", "").isalnum():
        raise ReportRefusedError("An id of a report holds other signs than letters, digits and hyphens.")
    return request_id
