"""The insights API (M365 Partner API, version 1.5): the same tabs as the exports, over HTTP, from several connections.

Source: Microsoft Learn, "Migration guide from 1.3 to 1.5" and "API endpoint reference" of the Partner API for AI
Business Solutions & Security Insights, read 2026-11-22: addresses and paths.

What could not be read stays configuration or is
taken as it comes: base address, token address and scope are settings of each connection, since distributors proxy the
API. So are the members of a page that hold its rows and its next page, of which `ASSUMED_ROWS` and `ASSUMED_NEXT` are
assumptions, and the names of properties: they are recognised by the letters of the export's headers, see
`opportunities.insights.fields`, or renamed by the connection. It was never run against the service.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from fairkeeper.opportunities.errors import InsightsRefusedError, InsightsUnreachableError

PATHS: Final[Mapping[str, str]] = {
    "copilot": "opportunities/copilot",
    "e3": "opportunities/secureproductivity?category=E3Opportunities",
    "e5": "opportunities/secureproductivity?category=E5Opportunities",
    "e5_expansion": "opportunities/secureproductivity?category=E5ExpansionOpportunities",
    "cloud_endpoints": "opportunities/cloudEndpoints",
}
"""The grids of version 1.5 by our names; their letters' case matters to distributors' gateways."""

ASSUMED_ROWS: Final = ("value", "items", "data", "results")
"""Assumption: one of these members holds a page's rows. A connection may name its own (`rows_in`)."""
ASSUMED_NEXT: Final = ("@odata.nextLink", "nextLink", "nextPageLink", "next")
"""Assumption: one of these members is the next page's address. A connection may name its own (`next_in`)."""
_MOST_PAGES: Final = 2000
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsAPI:
    """One connection.

    Attributes:
        base_url: `https://m365partner.microsoft.com/abss`, or a distributor's.
        version: `1.5`; 1.3 ended on 30 August 2026.
        token: Gives the bearer token; asked for each page, since tokens end.
        rows_in, next_in: Members of a page: the first that is there is taken.
        properties: The API's names of properties, and the export's headers that they are.
    """

    base_url: str
    version: str
    token: Callable[[], str] = field(repr=False)
    client: httpx.Client
    rows_in: tuple[str, ...] = ASSUMED_ROWS
    next_in: tuple[str, ...] = ASSUMED_NEXT
    properties: Mapping[str, str] = field(default_factory=dict)

    def fetch(self, tab: str) -> bytes:
        """Return a tab's rows as a CSV text with the properties' names as its headers.

        Raises:
            InsightsRefusedError: The API refuses, or answers something else than rows.
            InsightsUnreachableError: It does not answer, or asks to wait.
        """
        address = f"{self.base_url.rstrip('/')}/v{self.version}/api/{PATHS[tab]}"
        rows: list[Mapping[str, Any]] = []
        for _ in range(_MOST_PAGES):
            document = self._page(address)
            found = _rows_of(document, self.rows_in)
            if found is None:
                raise InsightsRefusedError(f"{_plain(address)} answered something else than rows.")
            rows += found
            following = _next_of(document, self.next_in)
            if not following:
                return to_csv([self._renamed(row) for row in rows])
            address = self._same_host(urljoin(address, following), address)
        raise InsightsRefusedError(f"{_plain(address)} has more than {_MOST_PAGES} pages.")

    def _page(self, address: str) -> Any:
        headers = {"authorization": f"Bearer {self.token()}", "accept": "application/json"}
        try:
            answer = self.client.get(address, headers=headers)
        except httpx.HTTPError as error:
            raise InsightsUnreachableError(f"{_plain(address)}: {type(error).__name__}.") from error
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise InsightsUnreachableError(f"{_plain(address)} answered with {answer.status_code}.")
        if answer.status_code != httpx.codes.OK:
            raise InsightsRefusedError(f"{_plain(address)}: {answer.status_code}, {answer.text[:_SHOWN]}")
        try:
            return answer.json()
        except ValueError as error:
            raise InsightsRefusedError(f"{_plain(address)} answered no JSON.") from error

    def _renamed(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {self.properties.get(name, name): value for name, value in row.items()} if self.properties else row

    @staticmethod
    def _same_host(following: str, address: str) -> str:
        """Refuse a next page elsewhere, which would be handed our token."""
        if urlsplit(following)[:2] != urlsplit(address)[:2]:
            raise InsightsRefusedError(f"The next page of {_plain(address)} lies on another host.")
        return following


def to_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    r"""Return rows as a CSV text; a property that some rows lack is empty there, one that is null is Not Available.

    Example:
        >>> to_csv([{"tenantId": "t", "copilotPAU": None}, {"tenantId": "u"}])
        b'tenantId,copilotPAU\nt,Not Available\nu,\n'
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row[name]) if name in row else "" for name in names])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return "Not Available"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _rows_of(document: Any, names: Sequence[str]) -> list[Mapping[str, Any]] | None:
    found = document if isinstance(document, list) else None
    if isinstance(document, Mapping):
        found = next((document[name] for name in names if isinstance(document.get(name), list)), None)
    return found if found is not None and all(isinstance(each, Mapping) for each in found) else None


def _next_of(document: Any, names: Sequence[str]) -> str:
    if not isinstance(document, Mapping):
        return ""
    return next((str(document[name]) for name in names if document.get(name)), "")


def _plain(address: str) -> str:
    """Return an address without its query, which may hold a token of a page."""
    return address.partition("?")[0]
