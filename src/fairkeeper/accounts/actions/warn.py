"""Gives the warnings of the day, and deals with a lost verification as an incident."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import Field
from sqlalchemy import select

from fairkeeper.accounts.errors import IncidentNotFoundError
from fairkeeper.accounts.evidence_kinds import INCIDENT_CLOSED, INCIDENT_OPENED, WARNINGS_GIVEN
from fairkeeper.accounts.store import (
    document_of,
    document_rows,
    event_of,
    event_rows,
    load_programme,
    newest_structure,
    structure_of,
)
from fairkeeper.accounts.structure.model import Life
from fairkeeper.accounts.tables import (
    ProgrammeRow,
    VerificationEventRow,
    VerificationIncidentRow,
    VerificationWarningRow,
)
from fairkeeper.accounts.verification.clocks import DueWarning, dues_of, warnings_on
from fairkeeper.accounts.verification.events import STEPS_IN_WORDS, Step
from fairkeeper.accounts.verification.incident import Consequence, ToDo, consequences_of, to_dos_of
from fairkeeper.accounts.verification.standing import stand
from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.values.ids import new_id


class GiveWarnings(OperationInput):
    """Of which programme."""

    programme_id: str = Field(max_length=40, description="The programme's id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningsGiven:
    """How many warnings are new, and how many ended because their clock has stopped."""

    given: int
    ended: int


@internal_command("accounts.give_warnings", evidence=(WARNINGS_GIVEN,))
def give_warnings(context: CommandContext, request: GiveWarnings) -> Outcome[WarningsGiven]:
    """Give each warning of the day that was not given before; end those whose clock has stopped."""
    session, today = context.session, context.now.date()
    programme = load_programme(session, request.programme_id, for_update=True)
    standing = stand(event_of(row) for row in event_rows(session, programme.programme_id))
    documents = [document_of(row) for row in document_rows(session, programme.programme_id)]
    dues = dues_of(standing, documents, programme.closing_days)
    known = session.scalars(
        select(VerificationWarningRow).where(VerificationWarningRow.programme_id == programme.programme_id)
    ).all()
    running = {due.key: due.due_on for due in dues}
    ended = [row for row in known if row.closed_at is None and running.get(row.clock_key) != row.due_on]
    for row in ended:
        row.closed_at = context.now
    given_before = {row.key for row in known}
    new = [warning for warning in warnings_on(today, dues) if warning.key not in given_before]
    session.add_all([_row(context, programme, warning) for warning in new])
    result = WarningsGiven(given=len(new), ended=len(ended))
    if not new:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=WARNINGS_GIVEN.name,
        subject_type="verification",
        subject_id=programme.programme_id,
        payload={"count": len(new), "warnings": [_told(warning) for warning in new]},
    )
    return Outcome(result=result, entry=entry)


class OpenIncident(OperationInput):
    """By which event the verification was lost."""

    event_id: str = Field(max_length=40, description="The event's id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """The incident; the same again where it was open already."""

    incident_id: str


@internal_command("accounts.open_incident", evidence=(INCIDENT_OPENED,))
def open_incident(context: CommandContext, request: OpenIncident) -> Outcome[IncidentOpened]:
    """Open the incident of a lost verification: what stops, what to send, to whom, by when."""
    session = context.session
    event = session.scalars(select(VerificationEventRow).where(VerificationEventRow.event_id == request.event_id)).one()
    known = session.scalars(
        select(VerificationIncidentRow).where(VerificationIncidentRow.event_id == request.event_id)
    ).first()
    if known is not None:
        return Outcome(result=IncidentOpened(incident_id=known.incident_id), entry=None)
    step = Step(event.step or Step.BUSINESS)
    consequences: list[Canonical] = [
        _plain(each) for each in consequences_of(step, has_live_offers=_has_live_offers(context))
    ]
    to_dos: list[Canonical] = [_plain(each) for each in to_dos_of(step, event.happened_on)]
    row = VerificationIncidentRow(
        incident_id=new_id("inc"),
        programme_id=event.programme_id,
        event_id=event.event_id,
        step=step.value,
        lost_on=event.happened_on,
        consequences=consequences,
        to_dos=to_dos,
        opened_at=context.now,
    )
    session.add(row)
    entry = EvidenceDraft(
        kind=INCIDENT_OPENED.name,
        subject_type="verification",
        subject_id=event.programme_id,
        payload={
            "incident_id": row.incident_id,
            "step": STEPS_IN_WORDS[step],
            "lost_on": event.happened_on.isoformat(),
            "to_dos": to_dos,
        },
    )
    return Outcome(result=IncidentOpened(incident_id=row.incident_id), entry=entry)


class CloseIncident(OperationInput):
    """Which incident, and why."""

    incident_id: str = Field(max_length=40, description="The incident's id.")
    why: str = Field(min_length=1, max_length=500, description="How it ended.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed:
    """It is closed."""

    incident_id: str


@command(
    "accounts.close_incident",
    groups=("accounts.change",),
    evidence=(INCIDENT_CLOSED,),
    http="POST /verification/incidents/{incident_id}/close",
    cli="verification close-incident INCIDENT_ID WHY",
)
def close_incident(context: CommandContext, request: CloseIncident) -> Outcome[IncidentClosed]:
    """Close the incident of a lost verification with the reason; being accepted again closes it by itself.

    Raises:
        IncidentNotFoundError: None of this id is open.
    """
    row = context.session.get(VerificationIncidentRow, request.incident_id, with_for_update=True)
    if row is None or row.closed_at is not None:
        raise IncidentNotFoundError(f"There is no open incident {request.incident_id!r}.")
    row.closed_at, row.closed_why = context.now, request.why
    entry = EvidenceDraft(
        kind=INCIDENT_CLOSED.name,
        subject_type="verification",
        subject_id=row.programme_id,
        payload={"incident_id": row.incident_id, "why": request.why},
    )
    return Outcome(result=IncidentClosed(incident_id=row.incident_id), entry=entry)


def _row(context: CommandContext, programme: ProgrammeRow, warning: DueWarning) -> VerificationWarningRow:
    return VerificationWarningRow(
        programme_id=programme.programme_id,
        key=warning.key,
        clock=warning.due.clock.value,
        clock_key=warning.due.key,
        due_on=warning.due.due_on,
        days_ahead=warning.days_ahead,
        what=warning.due.what[:400],
        otherwise=warning.due.otherwise[:400],
        raised_at=context.now,
    )


def _told(warning: DueWarning) -> dict[str, Any]:
    return {
        "clock": warning.due.clock.value,
        "due_on": warning.due.due_on.isoformat(),
        "days_ahead": warning.days_ahead,
        "what": warning.due.what,
    }


def _plain(each: Consequence | ToDo) -> Canonical:
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in asdict(each).items()}


def _has_live_offers(context: CommandContext) -> bool:
    row = newest_structure(context.session)
    return row is not None and any(offer.life is Life.LIVE for _, _, offer in structure_of(row).offers())
