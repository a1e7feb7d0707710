"""Loads and saves what this room keeps: the structure in force, what was observed, and programmes with their events."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.accounts.errors import NoStructureError, ProgrammeNotFoundError
from fairkeeper.accounts.observed.sources import Seen, Source
from fairkeeper.accounts.structure.model import Structure
from fairkeeper.accounts.tables import (
    ObservationRow,
    ProgrammeRow,
    StructureRow,
    VerificationDocumentRow,
    VerificationEventRow,
)
from fairkeeper.accounts.verification.events import Change, Document, Event, EventKind, Step


def newest_structure(session: Session) -> StructureRow | None:
    """Return the row of the structure in force."""
    return session.scalars(select(StructureRow).order_by(StructureRow.id.desc()).limit(1)).first()


def structure_of(row: StructureRow) -> Structure:
    """Return the structure that a row holds."""
    return Structure.model_validate(row.document)


def load_structure(session: Session) -> tuple[StructureRow, Structure]:
    """Return the structure in force and its row.

    Raises:
        NoStructureError: None was imported.
    """
    row = newest_structure(session)
    if row is None:
        raise NoStructureError("No account structure was imported yet.")
    return row, structure_of(row)


def load_observations(session: Session) -> dict[Source, tuple[ObservationRow, Seen]]:
    """Return what every source last showed."""
    rows = session.scalars(select(ObservationRow).order_by(ObservationRow.source))
    return {Source(row.source): (row, Seen.model_validate(row.document)) for row in rows}


def load_programme(session: Session, name: str, *, for_update: bool = False) -> ProgrammeRow:
    """Return a programme by its readable address or id.

    Raises:
        ProgrammeNotFoundError: There is none.
    """
    statement = select(ProgrammeRow).where((ProgrammeRow.slug == name) | (ProgrammeRow.programme_id == name))
    row = session.scalars(statement.with_for_update() if for_update else statement).first()
    if row is None:
        raise ProgrammeNotFoundError(f"No verification {name[:80]!r} is tracked here.")
    return row


def event_rows(session: Session, programme_id: str) -> Sequence[VerificationEventRow]:
    """Return what happened in a programme, in the order it was recorded."""
    statement = select(VerificationEventRow).where(VerificationEventRow.programme_id == programme_id)
    return session.scalars(statement.order_by(VerificationEventRow.id)).all()


def document_rows(session: Session, programme_id: str) -> Sequence[VerificationDocumentRow]:
    """Return the documents of a programme that were not removed, oldest first."""
    statement = select(VerificationDocumentRow).where(
        VerificationDocumentRow.programme_id == programme_id, VerificationDocumentRow.removed_at.is_(None)
    )
    return session.scalars(
        statement.order_by(VerificationDocumentRow.issued_on, VerificationDocumentRow.added_at)
    ).all()


def event_of(row: VerificationEventRow) -> Event:
    """Return the event that a row holds."""
    return Event(
        event_id=row.event_id,
        number=row.id,
        kind=EventKind(row.kind),
        happened_on=row.happened_on,
        step=Step(row.step) if row.step else None,
        ticket=row.ticket,
        documents=tuple(str(each) for each in row.documents),
        change=Change(row.change) if row.change else None,
        note=row.note,
    )


def document_of(row: VerificationDocumentRow) -> Document:
    """Return the document that a row holds."""
    return Document(
        document_id=row.document_id,
        title=row.title,
        proves=Step(row.proves),
        issued_on=row.issued_on,
        valid_until=row.valid_until,
        scope=row.scope,
        sha256=row.sha256,
        reference=row.reference,
        is_kept=row.is_kept,
        file_name=row.file_name,
    )


def content_name(document_id: str) -> str:
    """Return under which name the content of a document is sealed."""
    return f"accounts.document:{document_id}"
