"""Asking for reports, and recording what became of each: asked, fetched, empty or refused.

The wish is a row and a task; the task speaks with Partner Center and records each answer here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.payouts.actions.receive_file import take_in
from fairkeeper.payouts.errors import FetchingRefusedError, FileNotHandedOverError
from fairkeeper.payouts.evidence_kinds import REPORT_ASKED, REPORT_FETCHED, REPORT_REFUSED, REPORTS_WANTED
from fairkeeper.payouts.fetching.plan import days_between, days_of
from fairkeeper.payouts.fetching.ports import FetchPlan
from fairkeeper.payouts.tables import PayoutFetchRow, PayoutUploadRow

FETCH_REPORT: Final = "payouts.fetch_report"
ENDED: Final = frozenset({"fetched", "empty", "refused"})
_LONGEST_DAYS: Final = 3 * 366


class FetchReports(OperationInput):
    """Which reports, and of which days."""

    reports: tuple[Annotated[str, StringConstraints(max_length=20)], ...] = Field(
        (), max_length=10, description="Only these: orders, usage, customers, revenue, earnings, payments."
    )
    covers_from: date | None = Field(None, description="From this day on, instead of some months back.")
    covers_to: date | None = Field(None, description="Up to this day, instead of yesterday.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsWanted:
    """What is fetched now, and whether somebody had asked for the same today."""

    fetch_ids: tuple[str, ...]
    new: int


@command(
    "payouts.fetch_reports",
    groups=("payouts.change",),
    evidence=(REPORTS_WANTED,),
    http="POST /payouts/fetches",
    cli="payouts fetch",
)
def fetch_reports(context: CommandContext, request: FetchReports) -> Outcome[ReportsWanted]:
    """Have reports fetched from Partner Center; asked for twice on a day, the same days are fetched once.

    Raises:
        FetchingRefusedError: No connection is arranged, a report is not among those it has, or the days are none.
    """
    plan = context.ports.of(FetchPlan)
    today = context.now.date()
    if not plan.reports:
        raise FetchingRefusedError("No connection to Partner Center is arranged.")
    unknown = [name for name in request.reports if name not in plan.reports]
    if unknown:
        message = f"{unknown[0]!r} is not fetched; the connection has {', '.join(plan.reports)}."
        raise FetchingRefusedError(message)
    first, last = request.covers_from, request.covers_to or today
    if first is not None and (first > last or first >= today or (last - first).days > _LONGEST_DAYS):
        message = f"From {first} to {last} there is no day to fetch, or there are more than three years."
        raise FetchingRefusedError(message)
    wanted = dict.fromkeys(request.reports or plan.reports)
    return _wanted(context, [_wish(context, plan, each, first, request.covers_to) for each in wanted])


class WantReports(OperationInput):
    """Nothing to say."""


@internal_command("payouts.want_reports", evidence=(REPORTS_WANTED,))
def want_reports(context: CommandContext, request: WantReports) -> Outcome[ReportsWanted]:
    """Have every report of the connection fetched, as each day; without a connection none."""
    del request
    plan = context.ports.of(FetchPlan)
    return _wanted(context, [_wish(context, plan, each, None, None) for each in plan.reports])


def _wanted(context: CommandContext, wishes: list[PayoutFetchRow]) -> Outcome[ReportsWanted]:
    ids = tuple(row.fetch_id for row in wishes)
    new = [row.report for row in wishes if _write(context, row)]
    entry = EvidenceDraft(
        kind=REPORTS_WANTED.name,
        subject_type="payout_fetch",
        subject_id=str(context.now.date()),
        payload={"reports": list(new), "count": len(new)},
    )
    return Outcome(result=ReportsWanted(fetch_ids=ids, new=len(new)), entry=entry if new else None)


def _wish(
    context: CommandContext, plan: FetchPlan, report: str, first: date | None, last: date | None
) -> PayoutFetchRow:
    """Return what is wished; the days of the plan, where none are named."""
    today = context.now.date()
    days = days_of(plan, report, today)
    if first is not None or last is not None:
        days = days_between(plan, report, first or days.from_on, last or days.to_on, today)
    return PayoutFetchRow(
        fetch_id=f"{report}-{days.from_on:%Y%m%d}-{days.to_on:%Y%m%d}-{today:%Y%m%d}",
        report=report,
        from_on=days.from_on,
        to_on=days.to_on,
        covers_to=days.covers_to,
        state="wanted",
        wanted_at=context.now,
    )


def _write(context: CommandContext, wish: PayoutFetchRow) -> bool:
    """Write a wish down with its task, unless it stands there."""
    if context.session.get(PayoutFetchRow, wish.fetch_id) is not None:
        return False
    context.session.add(wish)
    context.enqueue(FETCH_REPORT, wish.fetch_id, {"fetch_id": wish.fetch_id})
    return True


class RecordFetch(OperationInput):
    """What became of a fetch."""

    fetch_id: str = Field(max_length=80)
    state: Literal["asked", "fetched", "empty", "refused"]
    request_id: str | None = Field(None, max_length=200)
    sha256: str | None = Field(None, max_length=64)
    why: str = Field("", max_length=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRecorded:
    """How far it is."""

    fetch_id: str
    state: str


@internal_command("payouts.record_fetch", evidence=(REPORT_ASKED, REPORT_FETCHED, REPORT_REFUSED))
def record_fetch(context: CommandContext, request: RecordFetch) -> Outcome[FetchRecorded]:
    """Record how far a fetch is, and take its file into the list; what has ended stays as it is."""
    row = context.session.get(PayoutFetchRow, request.fetch_id, with_for_update=True)
    if row is None:
        message = f"There is no fetch {request.fetch_id!r}."
        raise FileNotHandedOverError(message)
    if row.state in ENDED:
        return Outcome(result=FetchRecorded(fetch_id=row.fetch_id, state=row.state), entry=None)
    row.state, row.why = request.state, request.why or None
    row.request_id = request.request_id or row.request_id
    if request.state in ENDED:
        row.ended_at = context.now
    if request.state == "fetched" and request.sha256:
        row.sha256 = request.sha256
        name = f"{row.report} {row.from_on} to {row.to_on}, fetched {context.now:%Y-%m-%d}"
        take_in(context, request.sha256, name, _covers(context, request.sha256, row))
    kinds = {"asked": REPORT_ASKED, "refused": REPORT_REFUSED}
    entry = EvidenceDraft(
        kind=kinds.get(request.state, REPORT_FETCHED).name,
        subject_type="payout_fetch",
        subject_id=row.fetch_id,
        payload={
            "report": row.report,
            "from_on": str(row.from_on),
            "to_on": str(row.to_on),
            "request_id": row.request_id or "",
            "sha256": row.sha256 or "",
            "why": request.why or ("no rows" if request.state == "empty" else "as a file"),
        },
    )
    return Outcome(result=FetchRecorded(fetch_id=row.fetch_id, state=row.state), entry=entry)


def _covers(context: CommandContext, sha256: str, row: PayoutFetchRow) -> tuple[date, date]:
    """Return which days a fetched file covers; the same bytes for days that adjoin are an answer for both."""
    known = context.session.get(PayoutUploadRow, sha256)
    if known is None or known.state == "withdrawn" or known.covers_from is None or known.covers_to is None:
        return row.from_on, row.covers_to
    is_apart = row.from_on > known.covers_to + timedelta(days=1) or known.covers_from > row.covers_to + timedelta(
        days=1
    )
    if is_apart:
        return row.from_on, row.covers_to
    return min(row.from_on, known.covers_from), max(row.covers_to, known.covers_to)
