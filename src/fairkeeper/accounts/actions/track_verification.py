"""Opens the tracking of a verification and records what happened in it, each thing with its entry in the evidence."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import Field
from sqlalchemy import or_, select

from fairkeeper.accounts.errors import EventRefusedError, ProgrammeExistsError
from fairkeeper.accounts.evidence_kinds import EVENT_RECORDED, PROGRAMME_OPENED
from fairkeeper.accounts.store import document_rows, load_programme
from fairkeeper.accounts.tables import ProgrammeRow, VerificationEventRow, VerificationIncidentRow
from fairkeeper.accounts.verification.clocks import CLOSING_DAYS
from fairkeeper.accounts.verification.events import DECISIONS, STEPS_IN_WORDS, Change, EventKind, Step
from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.values.ids import new_id

LOOK_AHEAD: Final = "accounts.look_ahead"
"""The task that gives the warnings of the day."""
VERIFICATION_LOST: Final = "accounts.verification_lost"
"""The fact that a verification was lost; whoever deals with incidents handles it."""
_NEEDS_STEP: Final = DECISIONS | {EventKind.SUBMITTED}


class OpenProgramme(OperationInput):
    """What is tracked."""

    name: str = Field(min_length=1, max_length=120, description="Its name, as Partner Center's tab says it.")
    publisher_id: str | None = Field(None, max_length=60, description="The publisher it is of, if it is one's alone.")
    validity_months: int = Field(
        12, ge=0, le=120, description="How old documents may be where that is asked for; 0 asks for nothing."
    )
    closing_days: int = Field(CLOSING_DAYS, ge=1, le=365, description="How long a closing notice leaves.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeOpened:
    """It is tracked."""

    programme: str
    programme_id: str


@command(
    "accounts.open_programme",
    groups=("accounts.change",),
    evidence=(PROGRAMME_OPENED,),
    http="POST /verification",
    cli="verification open NAME",
)
def open_programme(context: CommandContext, request: OpenProgramme) -> Outcome[ProgrammeOpened]:
    """Begin to track the verification of a programme: its steps, documents, tickets, clocks.

    Raises:
        ProgrammeExistsError: One of this name is tracked already.
    """
    slug = _slug(request.name)
    taken = select(ProgrammeRow).where(or_(ProgrammeRow.slug == slug, ProgrammeRow.name == request.name))
    if context.session.scalars(taken).first() is not None:
        raise ProgrammeExistsError(f"The verification of {request.name} is tracked already.")
    row = ProgrammeRow(
        programme_id=new_id("ver"),
        slug=slug,
        name=request.name,
        publisher_id=request.publisher_id,
        validity_months=request.validity_months,
        closing_days=request.closing_days,
        opened_at=context.now,
    )
    context.session.add(row)
    entry = EvidenceDraft(
        kind=PROGRAMME_OPENED.name,
        subject_type="verification",
        subject_id=row.programme_id,
        payload={"name": row.name, "publisher_id": row.publisher_id, "validity_months": row.validity_months},
    )
    return Outcome(result=ProgrammeOpened(programme=slug, programme_id=row.programme_id), entry=entry)


class RecordEvent(OperationInput):
    """What happened, to which step, when."""

    programme: str = Field(max_length=80, description="The programme's readable address or id.")
    event: EventKind = Field(description="What happened.")
    step: Step | None = Field(None, description="Which step; the whole programme if left out.")
    happened_on: date | None = Field(None, description="The day; today if left out.")
    ticket: str = Field("", max_length=80, description="Number of the support ticket.")
    change: Change | None = Field(None, description="What was changed, for the event changed.")
    document_ids: list[str] = Field([], max_length=50, description="Documents that went with it.")
    note: str = Field("", max_length=4_000, description="What was said, in the words of whoever said it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecorded:
    """It stands in the record.

    Args:
        opens_incident: Whether a lost verification is dealt with as an incident now.
        closed_incidents: Incidents that it ended.
    """

    event_id: str
    entry_id: str
    opens_incident: bool
    closed_incidents: tuple[str, ...]


@command(
    "accounts.record_event",
    groups=("accounts.change",),
    evidence=(EVENT_RECORDED,),
    http="POST /verification/{programme}/events",
    cli="verification record PROGRAMME EVENT",
)
def record_event(context: CommandContext, request: RecordEvent) -> Outcome[EventRecorded]:
    """Record what happened in a verification: a submission, a decision, a question, an answer, a ticket, a notice.

    A step that is revoked opens an incident; one that is accepted again closes it. Nothing recorded is ever changed: a
    slip is put right by recording what is so.

    Raises:
        ProgrammeNotFoundError: The programme is not tracked.
        EventRefusedError: A decision names no step, a change says not what, a document is not there, or the day has not
            come.
    """
    programme = load_programme(context.session, request.programme, for_update=True)
    happened_on = request.happened_on or context.now.date()
    _check(context, request, programme, happened_on)
    entry = EvidenceDraft(
        kind=EVENT_RECORDED.name,
        subject_type="verification",
        subject_id=programme.programme_id,
        payload={
            "programme": programme.name,
            "kind": request.event.value.replace("_", " "),
            "step": STEPS_IN_WORDS[request.step] if request.step else "the whole",
            "happened_on": happened_on.isoformat(),
            "ticket": request.ticket,
            "change": request.change.value if request.change else None,
            "documents": list(request.document_ids),
            "note": request.note,
        },
    )
    row = VerificationEventRow(
        event_id=new_id("vev"),
        programme_id=programme.programme_id,
        kind=request.event.value,
        step=request.step.value if request.step else None,
        happened_on=happened_on,
        ticket=request.ticket,
        change=request.change.value if request.change else None,
        documents=list(request.document_ids),
        note=request.note,
        entry_id=entry.entry_id,
        recorded_at=context.now,
        recorded_by=context.principal.id,
    )
    context.session.add(row)
    is_lost = request.event is EventKind.REVOKED
    if is_lost:
        context.enqueue(VERIFICATION_LOST, row.event_id, {"event_id": row.event_id})
    closed = _close_incidents(context, programme, request.step) if request.event is EventKind.ACCEPTED else ()
    context.enqueue(LOOK_AHEAD, row.event_id, {"programme_id": programme.programme_id})
    result = EventRecorded(
        event_id=row.event_id, entry_id=entry.entry_id, opens_incident=is_lost, closed_incidents=closed
    )
    return Outcome(result=result, entry=entry)


def _check(context: CommandContext, request: RecordEvent, programme: ProgrammeRow, happened_on: date) -> None:
    if happened_on > context.now.date():
        raise EventRefusedError(f"{happened_on} has not come yet.")
    if request.event in _NEEDS_STEP and request.step is None:
        raise EventRefusedError(f"{request.event.value} is said of a step, and none is named.")
    if (request.event is EventKind.CHANGED) is (request.change is None):
        raise EventRefusedError("A change says what was changed, and nothing else does.")
    if request.event in {EventKind.TICKET_OPENED, EventKind.TICKET_CLOSED} and not request.ticket:
        raise EventRefusedError("The ticket has no number.")
    there = {row.document_id for row in document_rows(context.session, programme.programme_id)}
    for document_id in request.document_ids:
        if document_id not in there:
            raise EventRefusedError(f"There is no document {document_id[:60]!r} in {programme.name}.")


def _close_incidents(context: CommandContext, programme: ProgrammeRow, step: Step | None) -> tuple[str, ...]:
    statement = select(VerificationIncidentRow).where(
        VerificationIncidentRow.programme_id == programme.programme_id,
        VerificationIncidentRow.step == (step.value if step else ""),
        VerificationIncidentRow.closed_at.is_(None),
    )
    rows = context.session.scalars(statement).all()
    for row in rows:
        row.closed_at, row.closed_why = context.now, "The step was accepted again."
    return tuple(row.incident_id for row in rows)


def _slug(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:60] or "programme"
