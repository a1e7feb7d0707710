"""Builds the appeal or support package of a verification: one folder with everything a person at Microsoft needs.

The timeline comes with the receipt of each line, so that whoever doubts a date can check offline that it was recorded
then and not written afterwards.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sqlalchemy import select

from fairkeeper.accounts.ports import DocumentSafe
from fairkeeper.accounts.store import (
    content_name,
    document_of,
    document_rows,
    event_of,
    event_rows,
    newest_structure,
    structure_of,
)
from fairkeeper.accounts.structure.ids import known_ids
from fairkeeper.accounts.tables import ProgrammeRow, VerificationDocumentRow, VerificationEventRow
from fairkeeper.accounts.verification.letter import IN_WORDS, Case, Sender, draft_letter
from fairkeeper.accounts.verification.standing import VerificationStanding, stand
from fairkeeper.accounts.views import AppealPackage, PackageFile
from fairkeeper.action.operation import QueryContext
from fairkeeper.evidence.reader import placed_record, read_proof_base
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.proof.receipt import make_receipt

_SENDERS_IDS: Final = frozenset({"PartnerID (PGA)", "PartnerID (PLA)", "Publisher ID", "Seller ID"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def build_package(context: QueryContext, programme: ProgrammeRow) -> AppealPackage:
    """Return the package of a programme as it stands now."""
    rows = event_rows(context.session, programme.programme_id)
    documents = document_rows(context.session, programme.programme_id)
    events = sorted((event_of(row) for row in rows), key=lambda event: (event.happened_on, event.number))
    case = Case(
        programme=programme.name,
        standing=stand(events),
        events=events,
        documents=[document_of(row) for row in documents],
        closing_days=programme.closing_days,
    )
    letter = draft_letter(_sender(context, programme), case, today=context.now.date())
    receipts = dict(_receipts(context, rows))
    enclosed = list(_enclosed(context, documents))
    missing = tuple(f"{row.title}: {row.reference}" for row in documents if not row.is_kept)
    by_id = {row.event_id: row for row in rows}
    ordered = [by_id[event.event_id] for event in events]
    files = [
        _file("letter-draft.txt", letter.encode()),
        _file("timeline.csv", _timeline(ordered, receipts)),
        _file("tickets.csv", _tickets(case.standing)),
        _file("documents.csv", _documents(documents)),
        *(_file(f"receipts/{name}", content) for name, content in receipts.values()),
        *enclosed,
    ]
    readme = _readme(programme, case.standing, files, missing, waiting=len(rows) - len(receipts))
    folder = f"appeal-{programme.slug}-{context.now.date()}"
    return AppealPackage(folder=folder, files=(_file("README.txt", readme.encode()), *files), missing=missing)


def _sender(context: QueryContext, programme: ProgrammeRow) -> Sender:
    row = newest_structure(context.session)
    if row is None:
        return Sender(company=programme.name, ids=())
    structure = structure_of(row)
    ids = [
        (f"{each.what}, {each.name}", each.id)
        for each in known_ids(structure)
        if each.what in _SENDERS_IDS and (programme.publisher_id in {None, each.id} or not each.what.startswith("Pub"))
    ]
    company = structure.global_account.legal_name if structure.global_account else structure.company
    return Sender(company=company, ids=ids)


def _receipts(context: QueryContext, rows: Sequence[VerificationEventRow]) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Go through the receipts of the events whose entries have their place in the log, by the event's id."""
    wanted = {row.entry_id: row for row in rows}
    entries = context.session.scalars(
        select(EntryRow)
        .where(EntryRow.entry_id.in_(wanted), EntryRow.leaf_index.is_not(None), EntryRow.payload.is_not(None))
        .order_by(EntryRow.leaf_index)
    ).all()
    if not entries:
        return
    keys = context.ports.of(LogKeys)
    last = max(entry.leaf_index or 0 for entry in entries)
    base = read_proof_base(context.session, keys, at_least=last + 1)
    for entry in entries:
        receipt = make_receipt(base.provenance, placed_record(entry), base.tree)
        yield wanted[entry.entry_id].event_id, (f"{entry.entry_id}.json", receipt)


def _enclosed(context: QueryContext, documents: Sequence[VerificationDocumentRow]) -> Iterator[PackageFile]:
    safe = context.ports.of(DocumentSafe)
    for number, row in enumerate(documents, start=1):
        content = safe.get(context.session, content_name(row.document_id)) if row.is_kept else None
        if content is not None:
            yield _file(f"documents/{number:02}-{row.file_name or row.document_id}", content.reveal())


def _timeline(rows: Iterable[VerificationEventRow], receipts: dict[str, tuple[str, bytes]]) -> bytes:
    table = [("day", "what happened", "step", "ticket", "documents", "note", "recorded at (UTC)", "receipt")]
    for row in rows:
        receipt = receipts.get(row.event_id)
        table.append(
            (
                row.happened_on.isoformat(),
                IN_WORDS[event_of(row).kind],
                row.step or "",
                row.ticket,
                " ".join(map(str, row.documents)),
                row.note,
                f"{row.recorded_at:%Y-%m-%d %H:%M}",
                f"receipts/{receipt[0]}" if receipt else "waits for the next checkpoint",
            )
        )
    return _csv(table)


def _tickets(standing: VerificationStanding) -> bytes:
    rows = [("ticket", "opened on", "closed on")]
    rows += [
        (each.number, each.opened_on.isoformat(), each.closed_on.isoformat() if each.closed_on else "")
        for each in standing.tickets
    ]
    return _csv(rows)


def _documents(documents: Iterable[VerificationDocumentRow]) -> bytes:
    rows = [("id", "title", "proves", "issued on", "valid until", "scope", "sha256", "kept at")]
    rows += [
        (
            row.document_id,
            row.title,
            row.proves,
            row.issued_on.isoformat(),
            row.valid_until.isoformat() if row.valid_until else "",
            row.scope,
            row.sha256,
            "in this folder" if row.is_kept else row.reference,
        )
        for row in documents
    ]
    return _csv(rows)


def _readme(
    programme: ProgrammeRow,
    standing: VerificationStanding,
    files: Sequence[PackageFile],
    missing: Sequence[str],
    *,
    waiting: int,
) -> str:
    lines = [
        f"Package for an appeal or a support ticket: {programme.name}",
        f"State: {standing.state}. Tickets: {len(standing.tickets)}. Sent again after a refusal: {standing.appeals}.",
        "",
        "letter-draft.txt  a draft; read it, add what you know, send it",
        "timeline.csv      everything that happened, each line with its receipt",
        "tickets.csv       the support tickets",
        "documents.csv     the documents with dates and checksums",
        "documents/        the documents that are kept here",
        "receipts/         one for each line of the timeline; check one offline with",
        "                  fairkeeper evidence verify receipts/<name>.json",
        "",
    ]
    if missing:
        lines += ["To add by hand, because only their place is known here:", *(f"- {each}" for each in missing), ""]
    if waiting:
        lines += [f"{waiting} entries wait for the next checkpoint; make the package again in a moment.", ""]
    lines += ["Checksums (SHA-256):", *(f"{each.sha256}  {each.name}" for each in files), ""]
    return "\n".join(lines)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _file(name: str, content: bytes) -> PackageFile:
    return PackageFile(
        name=name, content_base64=base64.b64encode(content).decode(), sha256=hashlib.sha256(content).hexdigest()
    )
