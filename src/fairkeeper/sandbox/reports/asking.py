"""The pretend Partner Center that makes reports on request: analytics reports that are run now, and payouts exports.

Both take their time by the sandbox's clock, hand a file out at an address that ends, and know who asks. Written from
the documents: "Programmatic access paradigm" and "APIs for accessing commercial marketplace analytics data"; "Partner
payouts API" (copies of October 2023), read 2026-11-22. Assumptions: how long a run takes (the documents say minutes,
and up to a day), and that an export is a zip for transactions and a csv with a byte order mark for payments, since the
sample and the public clients differ in it.
"""

from __future__ import annotations

import io
import re
import secrets
import threading
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from fairkeeper.sandbox.reports.book import Book, Row
from fairkeeper.sandbox.reports.exporting import DAY_COLUMNS, text_of
from fairkeeper.sandbox.reports.year import Year
from fairkeeper.values.clock import Clock

SYSTEM_QUERIES: Final[Mapping[str, str]] = {
    "b9df4929-073f-4795-b0cb-a2c81b11e28d": "customers",
    "bd1b0cc1-ce45-4578-beba-6fe5a69fd421": "orders",
    "f0c4927f-1f23-4c99-be4a-1371a5a9a086": "usage",
    "bf54dde4-7dc4-492f-a69a-f45de049bfcb": "revenue",
}
"""Source: "List of system queries"; the data set of each is ISVCustomer, ISVOrder, ISVUsage, ISVRevenue."""
EXPORTS: Final[Mapping[str, str]] = {"transactionhistory": "earnings", "payments": "payments"}
RUN_TAKES: Final = timedelta(minutes=3)
EXPORT_TAKES: Final = timedelta(minutes=20)
LINK_LASTS: Final = timedelta(hours=1)
ACTIVE_REPORTS: Final = 50
RUNS_AN_HOUR: Final = 5
_DAYS: Final = re.compile(r"(?P<field>[A-Za-z]+) (?P<how>ge|le|eq) (?P<day>\d{4}-\d{2}-\d{2})")


class AskedWrongError(Exception):
    """A request that the service answers with 400."""


@dataclass(slots=True, kw_only=True)
class Made:
    """One report or export.

    Attributes:
        id: Its id.
        name: Of a report.
        report: Which rows.
        asked_at: When.
        takes: How long it takes.
    """

    id: str
    name: str
    report: str
    first: date
    last: date
    asked_at: datetime
    takes: timedelta
    fails: bool = False


@dataclass(slots=True, kw_only=True)
class Desk:
    """Makes reports from a made-up year.

    Attributes:
        clock: By which they take their time.
        seed: Draws the publisher.
    """

    clock: Clock
    seed: int = 1
    fail_next: int = 0
    reports: dict[str, Made] = field(default_factory=dict)
    exports: dict[str, Made] = field(default_factory=dict)
    runs_at: list[datetime] = field(default_factory=list)
    _links: dict[str, tuple[Made, datetime]] = field(default_factory=dict)
    _books: dict[date, Book] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def run_now(self, body: Mapping[str, object]) -> Made:
        """Take a report that is run now.

        Raises:
            AskedWrongError: A field is missing or wrong, or a quota is used up.
        """
        name = str(body.get("ReportName") or "")
        report = SYSTEM_QUERIES.get(str(body.get("QueryId")))
        if not name or len(name) > 256 or ";" in name:
            raise AskedWrongError("ReportName is missing, too long or holds a semicolon.")
        if report is None:
            raise AskedWrongError("There is no such query.")
        if body.get("ExecuteNow") is not True:
            raise AskedWrongError("QueryStartTime and QueryEndTime need ExecuteNow.")
        first, last = _time(body.get("QueryStartTime")), _time(body.get("QueryEndTime"))
        with self._lock:
            now = self.clock.now()
            self.runs_at = [at for at in self.runs_at if at > now - timedelta(hours=1)]
            if len(self.reports) >= ACTIVE_REPORTS:
                raise AskedWrongError(f"There are {ACTIVE_REPORTS} active reports.")
            if len(self.runs_at) >= RUNS_AN_HOUR:
                raise AskedWrongError(f"{RUNS_AN_HOUR} reports were run in this hour.")
            self.runs_at.append(now)
            made = self._made(name, report, (first, last), RUN_TAKES)
            self.reports[made.id] = made
            return made

    def export(self, kind: str, wanted: str, request_id: str) -> Made:
        """Take an export; the same request id is the same export.

        Raises:
            AskedWrongError: The filter cannot be read.
        """
        days = {found["how"]: date.fromisoformat(found["day"]) for found in _DAYS.finditer(wanted)}
        if wanted and not days:
            raise AskedWrongError("The filter cannot be read.")
        with self._lock:
            known = self.exports.get(request_id)
            if known is not None:
                return known
            today = self.clock.now().date()
            span = (days.get("ge", today - timedelta(days=3 * 365)), days.get("le", today))
            made = self._made(request_id, EXPORTS[kind], span, EXPORT_TAKES)
            self.exports[request_id] = self.exports[made.id] = made
            return made

    def _made(self, name: str, report: str, span: tuple[date, date], takes: timedelta) -> Made:
        fails, self.fail_next = self.fail_next > 0, max(0, self.fail_next - 1)
        return Made(
            id=str(uuid.uuid4()),
            name=name,
            report=report,
            first=span[0],
            last=span[1],
            asked_at=self.clock.now(),
            takes=takes,
            fails=fails,
        )

    def is_done(self, made: Made) -> bool:
        """Say whether it has taken its time."""
        return self.clock.now() >= made.asked_at + made.takes

    def link(self, made: Made) -> str:
        """Return the secret of an address that lasts an hour."""
        secret = secrets.token_urlsafe(24)
        with self._lock:
            self._links[secret] = (made, self.clock.now() + LINK_LASTS)
        return secret

    def file(self, secret: str) -> bytes | None:
        """Return the file of an address, or None where it has ended."""
        with self._lock:
            made, until = self._links.get(secret, (None, self.clock.now()))
            if made is None or self.clock.now() >= until:
                return None
            return self._written(made)

    def drop(self, kept: dict[str, Made], made_id: str) -> bool:
        """Delete a report or an export; say whether there was one."""
        with self._lock:
            made = kept.pop(made_id, None)
            if made is not None:
                kept.pop(made.name, None)
            return made is not None

    def _written(self, made: Made) -> bytes:
        rows = self.rows(made.report)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        day = DAY_COLUMNS[made.report]
        part = [row for row in rows if str(made.first) <= row[day][:10] <= str(made.last)]
        text = text_of(part, columns)
        if made.report == "earnings":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("TransactionHistory.csv", text)
            return packed.getvalue()
        return (("\ufeff" if made.report == "payments" else "") + text).encode()

    def rows(self, report: str) -> list[Row]:
        """Return all rows of a report as of today, made when first asked for."""
        today = self.clock.now().date()
        with self._lock:
            if today not in self._books:
                self._books = {today: Year(seed=self.seed, as_of=today, buyers=24).book()}
            return self._books[today].reports()[report]


def _time(value: object) -> date:
    try:
        return datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%SZ").date()  # noqa: DTZ007 - the text names UTC
    except ValueError:
        raise AskedWrongError(f"{str(value)[:40]!r} is no time as yyyy-MM-ddTHH:mm:ssZ.") from None
