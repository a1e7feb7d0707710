"""What is kept of scans: weaknesses with first and last seen, those that are gone, and those that somebody accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    internal_command,
    query,
)
from fairkeeper.assurance.errors import WeaknessNotFoundError
from fairkeeper.assurance.evidence_kinds import SCAN_WISHED, SCANNED, WEAKNESS_ACCEPTED
from fairkeeper.assurance.weaknesses.model import Found, Level, Source
from fairkeeper.assurance.weaknesses.tables import ScanRow, WeaknessRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id

SCAN: Final = "assurance.scan"
OPEN_FOR: Final = "assurance.open_for_weakness"
MOST_KEPT: Final = 2_000
"""Weaknesses of one scan; more are counted and not listed."""


class FoundInput(OperationInput):
    """A weakness, as a scan hands it over."""

    source: Source
    code: str = Field(max_length=60)
    place: str = Field(max_length=400)
    level: Level
    what: str = Field(max_length=4_000)
    remedy: str = Field(max_length=1_000)


class RecordScan(OperationInput):
    """What a scan found."""

    sources: list[Source] = Field(max_length=8, description="What was looked at.")
    notes: list[str] = Field(max_length=50, description="What could not be looked at, and why.")
    found: list[FoundInput] = Field(max_length=MOST_KEPT, description="The weaknesses.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecorded:
    """What came of it."""

    scan_id: str
    found: int
    opened: int
    gone: int


@internal_command("assurance.record_scan", evidence=(SCANNED,))
def record_scan(context: CommandContext, request: RecordScan) -> Outcome[ScanRecorded]:
    """Write down a scan: new weaknesses open, known ones were seen again, and what was looked for in vain is gone."""
    session, now = context.session, context.now
    kept = {row.weakness_id: row for row in session.scalars(select(WeaknessRow).with_for_update())}
    found = {one.key: one for one in (Found(**each.model_dump()) for each in request.found)}
    opened = [key for key in found if key not in kept or kept[key].gone_at is not None]
    for key, one in found.items():
        row = kept.get(key)
        if row is None:
            row = WeaknessRow(weakness_id=key, source=one.source.value, code=one.code, place=one.place)
            row.first_seen_at = now
            session.add(row)
        row.level, row.what, row.remedy = one.level.value, one.what, one.remedy
        row.last_seen_at, row.gone_at = now, None
    looked = {each.value for each in request.sources}
    gone = [row for key, row in kept.items() if key not in found and row.source in looked and row.gone_at is None]
    for row in gone:
        row.gone_at = now
    for key in opened:
        if found[key].level is Level.ERROR:
            context.enqueue(OPEN_FOR, f"{key}:{format_instant(now)}", {"weakness_id": key})
    scan = ScanRow(
        scan_id=new_id("scn"),
        ran_at=now,
        sources=sorted(looked),
        notes=list(request.notes),
        found=len(found),
        opened=len(opened),
        gone=len(gone),
    )
    session.add(scan)
    session.flush()
    result = ScanRecorded(scan_id=scan.scan_id, found=scan.found, opened=scan.opened, gone=scan.gone)
    entry = EvidenceDraft(
        kind=SCANNED.name,
        subject_type="scan",
        subject_id=scan.scan_id,
        payload={
            "found": scan.found,
            "opened": scan.opened,
            "gone": scan.gone,
            "sources": [*scan.sources],
            "new": [*opened[:100]],
        },
    )
    return Outcome(result=result, entry=entry)


class AskForScan(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanAsked:
    """The scan that was asked for; it runs in the background."""

    is_new: bool


@command(
    "assurance.ask_for_scan",
    groups=("assurance.change",),
    evidence=(SCAN_WISHED,),
    http="POST /weaknesses/scans",
    cli="posture scan",
)
def ask_for_scan(context: CommandContext, _request: AskForScan) -> Outcome[ScanAsked]:
    """Ask for a scan now: interfaces, configuration, dependencies against the feed, secrets; it runs in the background.

    Several in one minute are one.
    """
    slot = f"asked:{context.now:%Y-%m-%dT%H:%M}"
    is_new = context.enqueue(SCAN, slot, {})
    if not is_new:
        return Outcome(result=ScanAsked(is_new=False), entry=None)
    entry = EvidenceDraft(kind=SCAN_WISHED.name, subject_type="scan", subject_id="scan", payload={})
    return Outcome(result=ScanAsked(is_new=True), entry=entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeaknessLine:
    """A weakness.

    Attributes:
        state: open, accepted or gone.
    """

    weakness_id: str
    source: str
    code: str
    place: str
    level: str
    what: str
    remedy: str
    state: str
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None
    accepted_until: datetime | None
    accepted_why: str | None


class ListWeaknesses(OperationInput):
    """Which."""

    only_open: bool = Field(False, description="Only those that are neither gone nor accepted.")
    limit: int = Field(200, ge=1, le=500, description="How many at most.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to leave out before them.")


@query(
    "assurance.list_weaknesses",
    groups=("assurance.inspect",),
    http="GET /weaknesses",
    cli="posture weaknesses",
    mcp=False,
)
def list_weaknesses(context: QueryContext, request: ListWeaknesses) -> list[WeaknessLine]:
    """List weaknesses of the installation with first and last seen: errors first, gone ones last."""
    rows = context.session.scalars(
        select(WeaknessRow).order_by(
            WeaknessRow.gone_at.is_not(None),
            WeaknessRow.level,
            WeaknessRow.first_seen_at.desc(),
            WeaknessRow.weakness_id,
        )
    ).all()
    lines = [_line(row, context.now) for row in rows]
    chosen = [line for line in lines if line.state == "open" or not request.only_open]
    return chosen[request.offset : request.offset + request.limit]


def _line(row: WeaknessRow, now: datetime) -> WeaknessLine:
    is_accepted = row.accepted_until is not None and row.accepted_until > now
    return WeaknessLine(
        weakness_id=row.weakness_id,
        source=row.source,
        code=row.code,
        place=row.place,
        level=row.level,
        what=row.what,
        remedy=row.remedy,
        state="gone" if row.gone_at is not None else "accepted" if is_accepted else "open",
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        gone_at=row.gone_at,
        accepted_until=row.accepted_until,
        accepted_why=row.accepted_why,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLine:
    """A scan."""

    scan_id: str
    ran_at: datetime
    sources: list[str]
    notes: list[str]
    found: int
    opened: int
    gone: int


class ListScans(OperationInput):
    """How many."""

    limit: int = Field(20, ge=1, le=200, description="How many at most.")


@query(
    "assurance.list_scans", groups=("assurance.inspect",), http="GET /weaknesses/scans", cli="posture scans", mcp=False
)
def list_scans(context: QueryContext, request: ListScans) -> list[ScanLine]:
    """List scans, the newest first, with what they could not look at."""
    rows: Sequence[ScanRow] = context.session.scalars(
        select(ScanRow).order_by(ScanRow.ran_at.desc(), ScanRow.scan_id).limit(request.limit)
    ).all()
    return [
        ScanLine(
            scan_id=row.scan_id,
            ran_at=row.ran_at,
            sources=list(row.sources),
            notes=list(row.notes),
            found=row.found,
            opened=row.opened,
            gone=row.gone,
        )
        for row in rows
    ]


class AcceptWeakness(OperationInput):
    """Which, until when and why."""

    weakness_id: str = Field(max_length=40, description="The weakness's id.")
    days: int = Field(90, ge=1, le=365, description="For how many days; then it is open again.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded.")


@command(
    "assurance.accept_weakness",
    groups=("assurance.change",),
    evidence=(WEAKNESS_ACCEPTED,),
    http="POST /weaknesses/{weakness_id}/accept",
    cli="posture accept WEAKNESS_ID",
)
def accept_weakness(context: CommandContext, request: AcceptWeakness) -> Outcome[WeaknessLine]:
    """Accept a weakness for some time, with a reason; then it is open again.

    Raises `assurance.weakness_not_found`.
    """
    row = context.session.scalars(
        select(WeaknessRow).where(WeaknessRow.weakness_id == request.weakness_id).with_for_update()
    ).first()
    if row is None:
        raise WeaknessNotFoundError(f"There is no weakness {request.weakness_id!r} here.")
    row.accepted_at, row.accepted_by = context.now, context.principal.id
    row.accepted_why, row.accepted_until = request.reason, context.now + timedelta(days=request.days)
    context.session.flush()
    entry = EvidenceDraft(
        kind=WEAKNESS_ACCEPTED.name,
        subject_type="weakness",
        subject_id=row.weakness_id,
        payload={"code": row.code, "until": format_instant(row.accepted_until), "reason": request.reason},
    )
    return Outcome(result=_line(row, context.now), entry=entry)
