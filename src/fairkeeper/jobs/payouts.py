"""The room of payouts as background work: files are read, everything is compared, and reports are fetched.

A fetch asks once, comes back until the report is made, and hands its file over like any other. Each step is recorded
before the next, so that a handler that is repeated goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

from fairkeeper.action.outside import EverythingManaged, ObservedOnlyError, OutsideWrites
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.payouts.actions.receive_file import EVALUATE, READ_FILE
from fairkeeper.payouts.errors import (
    FileTooLargeError,
    ReportNotReadyError,
    ReportRefusedError,
    ReportsUnavailableError,
)
from fairkeeper.payouts.fetching.actions import (
    ENDED,
    FETCH_REPORT,
    RecordFetch,
    WantReports,
    record_fetch,
    want_reports,
)
from fairkeeper.payouts.fetching.ports import ReportSource, Wanted
from fairkeeper.payouts.importing import Importer
from fairkeeper.payouts.tables import PayoutFetchRow

WANT_REPORTS: Final = "payouts.want_reports"
_RETRY = RetryRule(first_seconds=2, factor=3, ceiling_seconds=600, attempts=8)
_PATIENT = RetryRule(first_seconds=60, factor=1.5, ceiling_seconds=900, attempts=140)
"""Microsoft states up to a day for an export: first after a minute, later each quarter of an hour, 34 hours in all."""


class PayoutsWork:
    """The handlers.

    Args:
        importer: Reads and compares.
        sources: Who makes each report, by its name; none where no connection is arranged.
        outside: Whether anything may be asked for outside.
    """

    def __init__(
        self,
        importer: Importer,
        sources: Mapping[str, ReportSource] | None = None,
        outside: OutsideWrites | None = None,
    ) -> None:
        self._importer = importer
        self._sources = dict(sources or {})
        self._outside = outside or EverythingManaged()

    def work(self) -> Work:
        """Return the handlers of this room, and the schedule of what is fetched."""
        return Work(
            handlers=(
                Handler(name=READ_FILE, run=self.read_file, retry=_RETRY),
                Handler(name=EVALUATE, run=self.evaluate, retry=_RETRY),
                Handler(name=WANT_REPORTS, run=self.want_reports, retry=_RETRY),
                Handler(name=FETCH_REPORT, run=self.fetch_report, retry=_PATIENT),
            ),
            schedules=(Schedule(name=WANT_REPORTS, every=timedelta(days=1)),) if self._sources else (),
        )

    def read_file(self, task: Task) -> None:
        """Read one file; one that was read is left alone."""
        self._importer.read(str(task.payload["sha256"]))

    def evaluate(self, _task: Task) -> None:
        """Compare everything, unless files still wait: the last of them asks again."""
        if not self._importer.is_waiting():
            self._importer.evaluate()

    def want_reports(self, _task: Task) -> None:
        """Wish for every report of the connection, each day."""
        self._importer.runner.run(want_reports, WantReports(), _call())

    def fetch_report(self, task: Task) -> None:
        """Ask for a report, or go on where the last attempt ended.

        Raises:
            ReportNotReadyError, ReportsUnavailableError: It comes back later.
        """
        fetch_id = str(task.payload["fetch_id"])
        with self._importer.runner.database.read() as session:
            row = session.get(PayoutFetchRow, fetch_id)
            if row is None or row.state in ENDED:
                return
            wanted = Wanted(fetch_id=fetch_id, report=row.report, from_on=row.from_on, to_on=row.to_on)
            request_id = row.request_id
        try:
            self._fetch(wanted, request_id)
        except (ReportRefusedError, ObservedOnlyError, FileTooLargeError) as error:
            self._record(fetch_id, "refused", why=error.message[:500])

    def _fetch(self, wanted: Wanted, request_id: str | None) -> None:
        source = self._sources.get(wanted.report)
        if source is None:
            raise ReportRefusedError(f"No connection has {wanted.report}.")
        if request_id is None:
            self._outside.allow(f"ask Partner Center for {wanted.report}", key=wanted.fetch_id)
            request_id = source.ask(wanted)
            self._record(wanted.fetch_id, "asked", request_id=request_id)
        address = source.find(request_id, wanted)
        if address is None:
            raise ReportNotReadyError(f"{wanted.report.capitalize()} is still being made.")
        staged = self._importer.library.take(source.read(address))
        if staged.size_bytes:
            self._record(wanted.fetch_id, "fetched", sha256=staged.sha256)
        else:
            self._record(wanted.fetch_id, "empty")
        # What is left there ends by itself; the file is here.
        with suppress(ReportRefusedError, ReportsUnavailableError):
            source.forget(request_id, wanted)

    def _record(
        self, fetch_id: str, state: str, *, request_id: str | None = None, sha256: str | None = None, why: str = ""
    ) -> None:
        given = {"fetch_id": fetch_id, "state": state, "request_id": request_id, "sha256": sha256, "why": why}
        self._importer.runner.run(record_fetch, RecordFetch.model_validate(given), _call())


def _call() -> Call:
    return Call(principal=system("payouts"))
