"""A file that was handed over: recorded by its hash, read by background work, and what was read recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.payouts.errors import FileNotHandedOverError
from fairkeeper.payouts.evidence_kinds import FILE_READ, FILE_RECEIVED
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.tables import PayoutTableRow, PayoutUploadRow

READ_FILE = "payouts.read_file"
EVALUATE = "payouts.evaluate"


class ReceiveFile(OperationInput):
    """Which file, by the hash of its bytes, and what it is called."""

    sha256: str = Field(min_length=64, max_length=64, description="SHA-256 of the bytes that were uploaded, in hex.")
    name: str = Field(min_length=1, max_length=300, description="What the person calls it.")
    covers_from: date | None = Field(None, description="The first day that it covers, if its rows do not say.")
    covers_to: date | None = Field(None, description="The last day that it covers, if its rows do not say.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReceived:
    """Whether it is new, and how far it is."""

    sha256: str
    name: str
    state: str
    is_new: bool


@command(
    "payouts.receive_file",
    groups=("payouts.change",),
    evidence=(FILE_RECEIVED,),
    http="POST /payouts/received",
    cli="payouts receive SHA256 NAME",
)
def receive_file(context: CommandContext, request: ReceiveFile) -> Outcome[FileReceived]:
    """Take a file that was uploaded into the list and have it read; the same bytes are taken once.

    Raises:
        FileNotHandedOverError: No file with this hash was uploaded.
    """
    row, is_new, is_changed = take_in(context, request.sha256, request.name, (request.covers_from, request.covers_to))
    return Outcome(result=_received(row, is_new=is_new), entry=_entry(row) if is_changed else None)


def take_in(
    context: CommandContext, sha256: str, name: str, covers: tuple[date | None, date | None]
) -> tuple[PayoutUploadRow, bool, bool]:
    """Take a file into the list and have it read; the same bytes once, and again after they were withdrawn.

    Returns:
        Its row, whether it is new, and whether anything changed.
    """
    path = context.ports.of(Library).found(sha256)
    known = context.session.get(PayoutUploadRow, sha256, with_for_update=True)
    if known is not None and known.state != "withdrawn":
        if covers in ((None, None), (known.covers_from, known.covers_to)):
            return known, False, False
        known.covers_from, known.covers_to = covers
        context.enqueue(EVALUATE, f"{sha256}-{context.now.isoformat()}")
        return known, False, True
    row = known or PayoutUploadRow(sha256=sha256)
    row.name, row.size_bytes, row.state = name, path.stat().st_size, "waiting"
    row.received_at, row.received_by = context.now, context.principal.id[:80]
    row.covers_from, row.covers_to = covers
    row.findings, row.read_at = [], None
    context.session.add(row)
    key = sha256 if known is None else f"{sha256}-{context.now.isoformat()}"
    context.enqueue(READ_FILE, key, {"sha256": sha256})
    return row, True, True


def _received(row: PayoutUploadRow, *, is_new: bool) -> FileReceived:
    return FileReceived(sha256=row.sha256, name=row.name, state=row.state, is_new=is_new)


def _entry(row: PayoutUploadRow) -> EvidenceDraft:
    return EvidenceDraft(
        kind=FILE_RECEIVED.name,
        subject_type="payout_file",
        subject_id=row.sha256[:40],
        payload={"sha256": row.sha256, "name": row.name, "size_bytes": row.size_bytes},
    )


class TableRead(OperationInput):
    """One table as it was read."""

    table_id: str = Field(max_length=40)
    name: Annotated[str, StringConstraints(max_length=450)]
    kind: str = Field(max_length=20)
    rows: int = Field(ge=0)
    unreadable: int = Field(ge=0)
    first_on: date | None = None
    last_on: date | None = None
    headers: list[str]


class RecordReading(OperationInput):
    """What was read from a file."""

    sha256: str = Field(max_length=64)
    tables: list[TableRead]
    findings: list[dict[str, Any]]


@internal_command("payouts.record_reading", evidence=(FILE_READ,))
def record_reading(context: CommandContext, request: RecordReading) -> Outcome[FileReceived]:
    """Record what was read from a file; reading it again gives the same."""
    row = context.session.get(PayoutUploadRow, request.sha256)
    if row is None:
        message = f"The file {request.sha256[:12]} is not in the list."
        raise FileNotHandedOverError(message)
    if row.state not in ("waiting", "reading"):
        return Outcome(result=_received(row, is_new=False), entry=None)
    for table in request.tables:
        context.session.add(PayoutTableRow(sha256=row.sha256, **table.model_dump()))
    row.state = "read" if request.tables else "refused"
    row.findings = request.findings
    row.read_at = context.now
    if request.tables:
        context.enqueue(EVALUATE, f"{row.sha256}-{context.now.isoformat()}")
    entry = EvidenceDraft(
        kind=FILE_READ.name,
        subject_type="payout_file",
        subject_id=row.sha256[:40],
        payload={
            "name": row.name,
            "tables": len(request.tables),
            "rows": sum(table.rows for table in request.tables),
            "unreadable": sum(table.unreadable for table in request.tables),
            "findings": len(request.findings),
        },
    )
    return Outcome(result=_received(row, is_new=False), entry=entry)
