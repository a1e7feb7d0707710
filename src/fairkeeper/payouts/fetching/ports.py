"""What the room asks of whoever speaks with Partner Center, and what it is told of the arrangement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One report of some days.

    Attributes:
        fetch_id: Ours, the same for each attempt: what makes asking twice one request.
        report: `orders`, `usage`, `customers`, `revenue`, `earnings` or `payments`.
        from_on: The first day.
        to_on: The last day, included.
    """

    fetch_id: str
    report: str
    from_on: date
    to_on: date


class ReportSource(Protocol):
    """Makes reports on request, which takes minutes to a day, and hands them out.

    Raises:
        ReportRefusedError: By each call; it will not be made, and asking again changes nothing.
        ReportsUnavailableError: By each call; later it may.
    """

    def ask(self, wanted: Wanted) -> str:
        """Ask for a report and return its id there; asked again, the same report is meant."""
        ...

    def find(self, request_id: str, wanted: Wanted) -> str | None:
        """Return the address of the finished file; None while it is being made."""
        ...

    def read(self, address: str) -> Iterator[bytes]:
        """Return the file in pieces."""
        ...

    def forget(self, request_id: str, wanted: Wanted) -> None:
        """Let go of what was made."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPlan:
    """Which reports are fetched, and of which days.

    Attributes:
        reports: Their names; empty where nothing is arranged.
        look_back_months: How many months before the present one are fetched again each day: their rows still change.
        lag_days: How many of the last days a report may still lack; they are fetched and not counted as covered.
    """

    reports: tuple[str, ...] = ()
    look_back_months: int = 5
    lag_days: Mapping[str, int] = field(default_factory=dict)
