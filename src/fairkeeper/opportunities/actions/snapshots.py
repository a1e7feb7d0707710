"""Keeps what was imported: a file once, a corrected one as a revision, months for good and days for ninety days.

The file is read and turned into columns before any transaction (`stage`); the command only says that it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.opportunities.actions.evidence_kinds import OLD_DROPPED, SNAPSHOT_IMPORTED
from fairkeeper.opportunities.errors import NoSnapshotError
from fairkeeper.opportunities.insights.importing import Prepared
from fairkeeper.opportunities.insights.keeping import compressed, keep_blob
from fairkeeper.opportunities.insights.kinds import SNAPSHOT_SHRANK
from fairkeeper.opportunities.tables import BlobRow, RunRow, SnapshotRow
from fairkeeper.values.ids import new_id

DAILY_DAYS: Final = 90
_SHRANK_TO: Final = 0.8
_STAGED_HOURS: Final = 24


class ImportSnapshot(OperationInput):
    """Which staged file."""

    snapshot_id: str = Field(max_length=40, description="The staged file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSnapshot:
    """What became of a file; `is_new` is false where the same file was imported before."""

    snapshot_id: str
    file: str
    tab: str
    connection: str
    taken_on: date
    as_of: date
    revision: int
    rows: int
    is_new: bool
    findings: tuple[dict[str, Any], ...]


def stage(session: Session, prepared: Prepared, connection: str, *, now: datetime) -> str:
    """Put a prepared file where the command finds it; return its id. Staged files are thrown away after a day."""
    keep_blob(session, compressed(prepared.content), now=now, digest=prepared.file_digest)
    keep_blob(session, prepared.table, now=now, digest=prepared.table_digest)
    row = SnapshotRow(
        id=new_id("snp"),
        connection=connection,
        tab=prepared.tab,
        file_name=prepared.name[-300:],
        file_digest=prepared.file_digest,
        table_digest=prepared.table_digest,
        taken_on=prepared.taken_on,
        as_of=prepared.as_of,
        revision=0,
        state="staged",
        rows=prepared.rows,
        findings=prepared.findings.to_json()["findings"],
        known_values=prepared.known_values,
        imported_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


@command(
    "opportunities.import_snapshot",
    groups=("opportunities.change",),
    evidence=(SNAPSHOT_IMPORTED,),
    http="POST /opportunities/snapshots/{snapshot_id}/import",
    cli="opportunities keep-snapshot SNAPSHOT_ID",
)
def import_snapshot(context: CommandContext, request: ImportSnapshot) -> Outcome[ImportedSnapshot]:
    """Count a staged file as a snapshot of its day.

    The same file of the same day again changes nothing; another file of that day is a revision, and the one before is
    kept beside it. Raises `opportunities.no_snapshot` when nothing of that id is staged.
    """
    session = context.session
    row = session.get(SnapshotRow, request.snapshot_id, with_for_update=True)
    if row is None:
        raise NoSnapshotError(f"Nothing is staged under {request.snapshot_id}.")
    if row.state != "staged":
        return Outcome(result=_told(row, is_new=False), entry=None)
    same_day = session.scalars(
        select(SnapshotRow)
        .where(
            SnapshotRow.connection == row.connection,
            SnapshotRow.tab == row.tab,
            SnapshotRow.taken_on == row.taken_on,
            SnapshotRow.state == "kept",
        )
        .with_for_update()
    ).all()
    for kept in same_day:
        if kept.file_digest == row.file_digest and kept.table_digest == row.table_digest:
            session.delete(row)
            return Outcome(result=_told(kept, is_new=False), entry=None)
    before = _before(session, row)
    if before is not None and row.rows < _SHRANK_TO * before.rows:
        shrank = SNAPSHOT_SHRANK.found(
            f"{row.rows:,} tenants, and {before.rows:,} the time before.", file=row.file_name
        )
        row.findings = [*row.findings, shrank.to_json()]
    for kept in same_day:
        kept.state = "replaced"
    row.revision = 1 + max((kept.revision for kept in same_day), default=0)
    row.state = "kept"
    context.enqueue("opportunities.rank", f"{row.connection}:{row.id}", {"connection": row.connection})
    entry = EvidenceDraft(
        kind=SNAPSHOT_IMPORTED.name,
        subject_type="snapshot",
        subject_id=row.id,
        payload={
            "tab": row.tab,
            "connection": row.connection,
            "taken_on": row.taken_on.isoformat(),
            "as_of": row.as_of.isoformat(),
            "rows": row.rows,
            "revision": row.revision,
            "file_sha256": row.file_digest,
            "table_sha256": row.table_digest,
        },
    )
    return Outcome(result=_told(row, is_new=True), entry=entry)


class DropOldSnapshots(OperationInput):
    """Nothing to say."""


@internal_command("opportunities.drop_old_snapshots", evidence=(OLD_DROPPED,))
def drop_old_snapshots(context: CommandContext, request: DropOldSnapshots) -> Outcome[int]:
    """Drop the tables of days that are older than ninety days, but for the last of each month; and what was staged."""
    del request
    session = context.session
    limit = (context.now - timedelta(days=DAILY_DAYS)).date()
    rows = session.scalars(
        select(SnapshotRow).where(SnapshotRow.state == "kept").order_by(SnapshotRow.as_of, SnapshotRow.id)
    ).all()
    last = {(row.connection, row.tab, row.as_of.year, row.as_of.month): row.id for row in rows}
    dropped = [row for row in rows if row.as_of < limit and row.id not in set(last.values())]
    for row in dropped:
        row.state = "dropped"
    session.execute(
        delete(SnapshotRow).where(
            SnapshotRow.state == "staged", SnapshotRow.imported_at < context.now - timedelta(hours=_STAGED_HOURS)
        )
    )
    session.flush()
    forget_unused_blobs(session, context.now)
    if not dropped:
        return Outcome(result=0, entry=None)
    entry = EvidenceDraft(
        kind=OLD_DROPPED.name,
        subject_type="snapshot",
        subject_id="old",
        payload={"count": len(dropped), "snapshots": [str(row.id) for row in dropped[:200]]},
    )
    return Outcome(result=len(dropped), entry=entry)


def forget_unused_blobs(session: Session, now: datetime) -> None:
    """Delete bytes that no snapshot and none of the newest rankings needs; a ranking's table is made anew from them."""
    kept = select(SnapshotRow).where(SnapshotRow.state.in_(("kept", "replaced", "staged"))).subquery()
    newest = session.scalars(select(RunRow).order_by(RunRow.scored_at.desc()).limit(26)).all()
    used = {digest for run in newest for digest in (run.scores_digest, run.features_digest)}
    session.execute(
        delete(BlobRow).where(
            BlobRow.created_at < now - timedelta(hours=_STAGED_HOURS),
            BlobRow.digest.not_in(select(kept.c.file_digest)),
            BlobRow.digest.not_in(select(kept.c.table_digest)),
            BlobRow.digest.not_in(used),
        )
    )


def _before(session: Session, row: SnapshotRow) -> SnapshotRow | None:
    return session.scalars(
        select(SnapshotRow)
        .where(
            SnapshotRow.connection == row.connection,
            SnapshotRow.tab == row.tab,
            SnapshotRow.taken_on < row.taken_on,
            SnapshotRow.state == "kept",
        )
        .order_by(SnapshotRow.taken_on.desc())
        .limit(1)
    ).first()


def _told(row: SnapshotRow, *, is_new: bool) -> ImportedSnapshot:
    return ImportedSnapshot(
        snapshot_id=row.id,
        file=row.file_name,
        tab=row.tab,
        connection=row.connection,
        taken_on=row.taken_on,
        as_of=row.as_of,
        revision=row.revision,
        rows=row.rows,
        is_new=is_new,
        findings=tuple(row.findings),
    )


OPERATIONS = (import_snapshot, drop_old_snapshots)
