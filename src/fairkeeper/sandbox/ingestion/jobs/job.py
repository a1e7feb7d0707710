"""Jobs: a request's way from not started to completed, and how often its status may be asked for; pure.

Source: "Job status and retrieve private offer detail via API" (statuses, results, once a minute, the samples' fifteen
seconds and the date that stands for no end), read 2026-11-22.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from fairkeeper.sandbox.ingestion.jobs.rules import JobError

TAKES: Final = timedelta(seconds=15)
STARTS_AFTER: Final = timedelta(seconds=2)
POLLED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request on its way.

    Args:
        body: As it was sent.
        ends_at: When it is carried out.
        is_done: Whether it was.
        record_ids: GUIDs of the private offers that came of it.
        has_deleted: Whether it deleted one; it then leads to no resource.
        polled_at: When its status was last asked for.
    """

    id: str
    account_id: str
    body: dict[str, Any]
    submitted_at: datetime
    ends_at: datetime
    is_done: bool = False
    errors: tuple[JobError, ...] = ()
    record_ids: tuple[str, ...] = ()
    has_deleted: bool = False
    polled_at: datetime | None = field(default=None)

    def status(self, now: datetime) -> tuple[str, str]:
        """Return `jobStatus` and `jobResult`."""
        if self.is_done:
            return "completed", "failed" if self.errors else "succeeded"
        return ("notStarted" if now < self.submitted_at + STARTS_AFTER else "running"), "pending"

    def wait_seconds(self, now: datetime) -> int:
        """Return how many seconds are left until the status may be asked for again; 0 for now.

        Example:
            >>> from datetime import UTC
            >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
            >>> job = Job(id="1", account_id="a", body={}, submitted_at=noon, ends_at=noon, polled_at=noon)
            >>> job.wait_seconds(noon + timedelta(seconds=20)), job.wait_seconds(noon + POLLED_EVERY)
            (40, 0)
        """
        if self.polled_at is None:
            return 0
        return max(0, math.ceil((self.polled_at + POLLED_EVERY - now).total_seconds()))
