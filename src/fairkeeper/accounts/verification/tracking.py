"""Questions to the room about verifications: where each stands, what is due, what happened, and the appeal package."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field
from sqlalchemy import select

from fairkeeper.accounts.errors import DocumentNotFoundError
from fairkeeper.accounts.observed.sources import Source
from fairkeeper.accounts.ports import DocumentSafe
from fairkeeper.accounts.store import (
    content_name,
    document_of,
    document_rows,
    event_of,
    event_rows,
    load_observations,
    load_programme,
)
from fairkeeper.accounts.tables import (
    ProgrammeRow,
    VerificationDocumentRow,
    VerificationEventRow,
    VerificationIncidentRow,
    VerificationWarningRow,
)
from fairkeeper.accounts.verification.appeal import build_package
from fairkeeper.accounts.verification.clocks import WARNED_AHEAD, Due, dues_of
from fairkeeper.accounts.verification.events import RESTARTED_BY, EventKind
from fairkeeper.accounts.verification.standing import VerificationStanding, stand
from fairkeeper.accounts.views import (
    AppealPackage,
    DocumentView,
    DueView,
    EventView,
    IncidentView,
    PackageFile,
    ProgrammeDetail,
    ProgrammeLine,
    QuestionView,
    StepView,
    TicketView,
)
from fairkeeper.action.operation import OperationInput, QueryContext, query


class ListProgrammes(OperationInput):
    """Nothing to say."""


@query("accounts.list_programmes", groups=("accounts.read",), http="GET /verification", cli="verification list")
def list_programmes(context: QueryContext, _request: ListProgrammes) -> tuple[ProgrammeLine, ...]:
    """List the verifications that are tracked, with where each stands and what is due next."""
    lines = []
    for row in context.session.scalars(select(ProgrammeRow).order_by(ProgrammeRow.name)):
        standing, dues = _standing(context, row)
        lines.append(
            ProgrammeLine(
                programme=row.slug,
                name=row.name,
                publisher_id=row.publisher_id,
                state=standing.state,
                open_tickets=sum(ticket.closed_on is None for ticket in standing.tickets),
                next_due_on=dues[0].due_on if dues else None,
                opened_at=row.opened_at,
            )
        )
    return tuple(lines)


class ShowProgramme(OperationInput):
    """Which programme."""

    programme: str = Field(max_length=80, description="The programme's readable address or id.")


@query(
    "accounts.show_programme",
    groups=("accounts.read",),
    http="GET /verification/{programme}",
    cli="verification show PROGRAMME",
)
def show_programme(context: QueryContext, request: ShowProgramme) -> ProgrammeDetail:
    """Show a verification: steps, what is due, unanswered questions, tickets, documents, everything that happened.

    Raises:
        ProgrammeNotFoundError: It is not tracked.
    """
    row = load_programme(context.session, request.programme)
    standing, dues = _standing(context, row)
    events = event_rows(context.session, row.programme_id)
    return ProgrammeDetail(
        programme=row.slug,
        programme_id=row.programme_id,
        name=row.name,
        publisher_id=row.publisher_id,
        state=standing.state,
        validity_months=row.validity_months,
        closing_days=row.closing_days,
        appeals=standing.appeals,
        automatic_answers=standing.automatic_answers,
        steps=tuple(StepView(step=s.step.value, state=s.state.value, since_on=s.since_on) for s in standing.steps),
        dues=tuple(_due(context, row, due) for due in dues),
        questions=tuple(
            QuestionView(
                kind=each.kind.value,
                asked_on=each.asked_on,
                step=each.step.value if each.step else None,
                ticket=each.ticket,
            )
            for each in standing.questions
        ),
        tickets=tuple(
            TicketView(number=each.number, opened_on=each.opened_on, closed_on=each.closed_on)
            for each in standing.tickets
        ),
        documents=tuple(_document(each) for each in document_rows(context.session, row.programme_id)),
        events=tuple(_event(each) for each in reversed(events)),
        incidents=_incidents(context, row),
        restarts={change.value: tuple(step.value for step in steps) for change, steps in RESTARTED_BY.items()},
        hint=_hint(context, events),
        opened_at=row.opened_at,
    )


class ListDues(OperationInput):
    """How far ahead."""

    ahead_days: int = Field(60, ge=0, le=730, description="How many days ahead.")
    is_warned: bool = Field(False, description="Only what a warning was given of.")


@query("accounts.list_dues", groups=("accounts.read",), http="GET /verification/dues", cli="verification deadlines")
def list_dues(context: QueryContext, request: ListDues) -> tuple[DueView, ...]:
    """List what is due in all verifications, nearest first: documents, notices, refusals, unanswered questions."""
    until = context.now.date() + timedelta(days=request.ahead_days)
    found = [
        view
        for row in context.session.scalars(select(ProgrammeRow).order_by(ProgrammeRow.name))
        for due in _standing(context, row)[1]
        if due.due_on <= until and ((view := _due(context, row, due)).is_warned or not request.is_warned)
    ]
    return tuple(sorted(found, key=lambda due: (due.due_on, due.programme, due.key)))


class ListIncidents(OperationInput):
    """Nothing to say."""


@query(
    "accounts.list_incidents",
    groups=("accounts.read",),
    http="GET /verification/incidents",
    cli="verification incidents",
)
def list_incidents(context: QueryContext, _request: ListIncidents) -> tuple[IncidentView, ...]:
    """List the incidents of lost verifications that are open: what stops, what to send, to whom, by when."""
    programmes = {row.programme_id: row for row in context.session.scalars(select(ProgrammeRow))}
    rows = context.session.scalars(
        select(VerificationIncidentRow)
        .where(VerificationIncidentRow.closed_at.is_(None))
        .order_by(VerificationIncidentRow.lost_on)
    )
    return tuple(_incident(row, programmes[row.programme_id]) for row in rows)


class FetchDocument(OperationInput):
    """Which document of which programme."""

    programme: str = Field(max_length=80, description="The programme's readable address or id.")
    document_id: str = Field(max_length=40, description="The document's id.")


@query(
    "accounts.fetch_document",
    groups=("accounts.inspect",),
    http="GET /verification/{programme}/documents/{document_id}",
    cli="verification fetch-document PROGRAMME DOCUMENT_ID",
    mcp=False,
)
def fetch_document(context: QueryContext, request: FetchDocument) -> PackageFile:
    """Fetch the content of a document that is kept here, opened, in base64.

    Raises:
        ProgrammeNotFoundError, DocumentNotFoundError: There is none such, or its content is kept elsewhere.
    """
    row = load_programme(context.session, request.programme)
    found = [d for d in document_rows(context.session, row.programme_id) if d.document_id == request.document_id]
    content = context.ports.of(DocumentSafe).get(context.session, content_name(request.document_id)) if found else None
    if content is None:
        raise DocumentNotFoundError(f"The content of {request.document_id!r} is not kept in {row.name}.")
    return PackageFile(
        name=found[0].file_name or f"{found[0].document_id}.bin",
        content_base64=base64.b64encode(content.reveal()).decode(),
        sha256=found[0].sha256,
    )


@query(
    "accounts.fetch_appeal",
    groups=("accounts.inspect",),
    http="GET /verification/{programme}/appeal",
    cli="verification fetch-appeal PROGRAMME",
    mcp=False,
)
def fetch_appeal(context: QueryContext, request: ShowProgramme) -> AppealPackage:
    """Fetch the appeal or support package: letter, timeline with its receipts, tickets, documents; files of one folder.

    Raises:
        ProgrammeNotFoundError: It is not tracked.
    """
    return build_package(context, load_programme(context.session, request.programme))


def _hint(context: QueryContext, events: Sequence[VerificationEventRow]) -> str | None:
    """Return what the partner profile API last said: as somebody recorded it, or as its answer was handed over."""
    told = [event.note for event in events if event.kind == EventKind.HINT.value]
    if told:
        return told[-1]
    row, seen = load_observations(context.session).get(Source.LEGAL_BUSINESS, (None, None))
    if row is None or seen is None or seen.vetting_status is None:
        return None
    sub_status = f", {seen.vetting_sub_status}" if seen.vetting_sub_status else ""
    return f"{seen.vetting_status}{sub_status}, read {row.observed_at.date()}"


def _standing(context: QueryContext, row: ProgrammeRow) -> tuple[VerificationStanding, Sequence[Due]]:
    standing = stand(event_of(each) for each in event_rows(context.session, row.programme_id))
    documents = [document_of(each) for each in document_rows(context.session, row.programme_id)]
    return standing, dues_of(standing, documents, row.closing_days)


def _due(context: QueryContext, row: ProgrammeRow, due: Due) -> DueView:
    first = due.due_on - timedelta(days=max(WARNED_AHEAD[due.clock]))
    is_warned = (
        first <= context.now.date()
        and context.session.scalars(
            select(VerificationWarningRow.id)
            .where(
                VerificationWarningRow.programme_id == row.programme_id,
                VerificationWarningRow.clock_key == due.key,
                VerificationWarningRow.closed_at.is_(None),
            )
            .limit(1)
        ).first()
    )
    return DueView(
        programme=row.slug,
        programme_name=row.name,
        clock=due.clock.value,
        key=due.key,
        due_on=due.due_on,
        what=due.what,
        otherwise=due.otherwise,
        is_warned=bool(is_warned),
    )


def _incidents(context: QueryContext, row: ProgrammeRow) -> tuple[IncidentView, ...]:
    rows = context.session.scalars(
        select(VerificationIncidentRow)
        .where(VerificationIncidentRow.programme_id == row.programme_id)
        .order_by(VerificationIncidentRow.opened_at.desc())
    )
    return tuple(_incident(each, row) for each in rows)


def _incident(row: VerificationIncidentRow, programme: ProgrammeRow) -> IncidentView:
    consequences: list[dict[str, Any]] = list(row.consequences)
    to_dos: list[dict[str, Any]] = list(row.to_dos)
    return IncidentView(
        incident_id=row.incident_id,
        programme=programme.slug,
        programme_name=programme.name,
        step=row.step,
        lost_on=row.lost_on,
        consequences=tuple(consequences),
        to_dos=tuple(to_dos),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_why=row.closed_why,
    )


def _document(row: VerificationDocumentRow) -> DocumentView:
    return DocumentView(
        document_id=row.document_id,
        title=row.title,
        proves=row.proves,
        issued_on=row.issued_on,
        valid_until=row.valid_until,
        scope=row.scope,
        reference=row.reference,
        file_name=row.file_name,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        is_kept=row.is_kept,
        added_at=row.added_at,
    )


def _event(row: VerificationEventRow) -> EventView:
    return EventView(
        event_id=row.event_id,
        kind=row.kind,
        step=row.step,
        happened_on=row.happened_on,
        ticket=row.ticket,
        change=row.change,
        documents=tuple(str(each) for each in row.documents),
        note=row.note,
        entry_id=row.entry_id,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )
