"""The payouts API: exports of earnings (transaction history) and payments, asked for, awaited and downloaded.

Source: Microsoft Learn, "Partner payouts API" (2022, copies of October 2023) and Microsoft's sample for it, read
2026-11-22. Not called, and its sign-in is uncertain: the page knew a user's password alone, other clients use an
application's token, and since April 2026 users need a second factor. So the host, the resource of the token and more
filters are settings, and handing over a file stays the first way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fairkeeper.microsoft.partner_center.asking import PartnerCenterAPI
from fairkeeper.payouts.errors import ReportRefusedError
from fairkeeper.payouts.fetching.ports import Wanted

BASE_URL: Final = "https://api.partnercenter.microsoft.com/v1.0/payouts"
RESOURCE: Final = "https://api.partner.microsoft.com"
_PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "earnings": ("/transactionhistory", "earningForDate"),
    "payments": ("/payments", "payoutStatusUpdateTS"),
}
"""The call of each report, and the day it filters by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReports:
    """Exports of earnings and payments.

    Attributes:
        api: Where.
        more_filters: Added to the filter of every export, as `programName eq 'Commercial Marketplace'`.
    """

    api: PartnerCenterAPI
    more_filters: str = ""

    def ask(self, wanted: Wanted) -> str:
        """Ask for an export and return its id; the id of the request makes it one, however often it is sent."""
        path, day = _PATHS[wanted.report]
        parts = [f"{day} ge {wanted.from_on.isoformat()}", f"{day} le {wanted.to_on.isoformat()}"]
        query = {"$filter": " and ".join([*parts, *filter(None, [self.more_filters])]), "fileformat": "csv"}
        made = self.api.call("POST", path, query=query, key=wanted.fetch_id) or []
        if not made or not made[0].get("requestid"):
            raise ReportRefusedError("An export was asked for, and the answer names none.")
        return str(made[0]["requestid"])

    def find(self, request_id: str, wanted: Wanted) -> str | None:
        """Return the address of the file; None while it is queued or processed, which may take a day."""
        rows = self.api.call("GET", self._place(request_id, wanted), may_be_unknown=True)
        if not rows:
            raise ReportRefusedError("The export is no longer known.")
        status = str(rows[0].get("status", "")).lower()
        if status == "completed" and rows[0].get("bloblocation"):
            return str(rows[0]["bloblocation"])
        if status == "failed":
            raise ReportRefusedError("The export failed.")
        return None

    def read(self, address: str) -> Iterator[bytes]:
        """Return the file in pieces."""
        return self.api.read(address)

    def forget(self, request_id: str, wanted: Wanted) -> None:
        """Delete the export."""
        self.api.call("DELETE", self._place(request_id, wanted), may_be_unknown=True)

    @staticmethod
    def _place(request_id: str, wanted: Wanted) -> str:
        if not request_id.replace("-", "").isalnum():
            raise ReportRefusedError("An id of an export holds other signs than letters, digits and hyphens.")
        return f"{_PATHS[wanted.report][0]}/{request_id}"
