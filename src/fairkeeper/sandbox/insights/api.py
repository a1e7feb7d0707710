"""The pretend insights API, version 1.5: one month of the made-up market in pages, as JSON.

Paths as Microsoft's migration guide states them (read 2026-11-22). Its properties could not be read: here they are the
export's headers in camel case, which is an assumption of the sandbox, and pages hold `value` and `nextLink`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from fairkeeper.sandbox.insights.export import export_rows
from fairkeeper.sandbox.insights.market import Market

_PATH: Final = re.compile(r"/abss/v(?P<version>\d\.\d)/api/opportunities/copilot")


class InsightsDouble:
    """Answers for the newest month of a market."""

    def __init__(self, market: Market, *, page_rows: int = 500) -> None:
        heads, self._rows = export_rows(market, market.plan.months - 1)
        self._names = [_property(head) for head in heads]
        self._page_rows = page_rows

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def answer(self, url: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Return the status and the document of a request."""
        parts = urlsplit(url)
        found = _PATH.fullmatch(parts.path)
        if found is None:
            return 404, {"message": "Resource not found"}
        if headers.get("authorization", "").removeprefix("Bearer").strip() == "":
            return 401, {"message": "Unauthorized"}
        if found["version"] != "1.5":
            return 410, {"message": "This version is no longer supported"}
        start = int(parse_qs(parts.query).get("skip", ["0"])[0])
        page = self._rows[start : start + self._page_rows]
        document: dict[str, Any] = {"value": [self._row(cells) for cells in page]}
        if start + self._page_rows < len(self._rows):
            document["nextLink"] = f"{parts.path}?skip={start + self._page_rows}"
        return 200, document

    def _row(self, cells: list[str]) -> dict[str, Any]:
        named = dict(zip(self._names, cells, strict=True))
        return {name: None if text == "Not Available" else text for name, text in named.items() if text != ""}


def _property(head: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", head)
    return str(words[0]).lower() + "".join(word[:1].upper() + word[1:] for word in words[1:])
