"""What this room asks of Microsoft's metering service; implemented in `microsoft`, and by nothing else of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from fairkeeper.metering.rules.statuses import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One hour of one dimension, as it is sent.

    Attributes:
        resource_id: The subscription's id; None for a managed application.
        resource_uri: The managed application's resource URI; None for a subscription.
    """

    resource_id: str | None
    resource_uri: str | None
    dimension: str
    plan_id: str
    hour: datetime
    quantity_milli: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAnswer:
    """Microsoft's answer to one report.

    Attributes:
        usage_event_id: Microsoft's id of the accepted event, its own or the earlier one's.
        message: What it says of an error.
    """

    answer: Answer
    usage_event_id: str | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedUsage:
    """One day of a dimension as Microsoft lists it."""

    day: date
    resource: str
    dimension: str
    plan_id: str
    status: str
    submitted_milli: int
    processed_milli: int


class Metering(Protocol):
    """Microsoft's metering service.

    Every call may raise `MeteringUnavailableError`, whose `detail["outcome_unknown"]` says whether what was sent may
    have arrived, and `MeteringRefusedError`.
    """

    def send(self, reports: Sequence[Report]) -> Sequence[EventAnswer]:
        """Send at most 25 reports and return an answer for each, in their order."""
        ...

    def send_one(self, report: Report) -> EventAnswer:
        """Send one report by itself; a duplicate's answer names what was accepted before."""
        ...

    def list_usage(self, since: date, until: date) -> Sequence[StatedUsage]:
        """Read what Microsoft has of the days from `since` to `until`, both included."""
        ...
