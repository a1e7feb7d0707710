"""What this room answers: frozen rows ready for any channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fairkeeper.values.findings import Finding, Level
from fairkeeper.values.resources import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFinding:
    """One finding of a structure.

    Args:
        line: Line of the file, counted from 1; None where it was not read from one.
        path: Place in the structure (`publishers/0/tax_profile`).
        subject: Id of the thing it is about.
        explained_by: Title of the official resource behind the rule, and its address where it is known.
    """

    code: str
    level: Level
    message: str
    remedy: str
    file: str | None
    line: int | None
    path: str | None
    subject: str | None
    explained_by: str
    address: str | None


def view_finding(finding: Finding) -> AccountFinding:
    """Return a finding for channels."""
    explained = resource(finding.resource)
    return AccountFinding(
        code=finding.code,
        level=finding.level,
        message=finding.message,
        remedy=finding.remedy,
        file=finding.file,
        line=finding.row,
        path=finding.path,
        subject=finding.subject,
        explained_by=explained.title,
        address=explained.address,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How large a structure is."""

    tenants: int
    people: int
    locations: int
    publishers: int
    offers: int
    plans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WayInView:
    """How a person who has no role yet is given access; `way` is None where there is none."""

    person: str
    way: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownId:
    """An id as support asks for it, and where it stands in Partner Center."""

    what: str
    name: str
    id: str
    found_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStructure:
    """The answer to the check of one file; company and counts are None where it could not be read."""

    file: str
    as_of: date
    company: str | None
    counts: Counts | None
    errors: int
    warnings: int
    findings: tuple[AccountFinding, ...]
    ways_in: tuple[WayInView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as SVG text; `folded` says what was left out so that it stays readable."""

    svg: str
    folded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureView:
    """The structure in force.

    Args:
        document: The structure as plain values.
        text: The same as a file.
        differences: How many differences there are to what was read of the account.
    """

    company: str
    stated_at: datetime
    stated_by: str
    counts: Counts
    document: dict[str, Any]
    text: str
    ids: tuple[KnownId, ...]
    findings: tuple[AccountFinding, ...]
    ways_in: tuple[WayInView, ...]
    differences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceView:
    """Where the structure and what was read of the account differ.

    Args:
        kind: `not_stated`, `not_seen` or `differs`.
        may_adopt: Whether it can be taken over into the structure as it is.
    """

    kind: str
    what: str
    subject: str
    stated: str | None
    seen: str | None
    source: str
    observed_at: datetime
    may_adopt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step of a verification and how it stands."""

    step: str
    state: str
    since_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One thing that happened, with its entry in the evidence."""

    event_id: str
    kind: str
    step: str | None
    happened_on: date
    ticket: str
    change: str | None
    documents: tuple[str, ...]
    note: str
    entry_id: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document of a verification; `is_kept` says whether its content is sealed here."""

    document_id: str
    title: str
    proves: str
    issued_on: date
    valid_until: date | None
    scope: str
    reference: str
    file_name: str
    sha256: str
    size_bytes: int
    is_kept: bool
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DueView:
    """One thing that is due in a verification."""

    programme: str
    programme_name: str
    clock: str
    key: str
    due_on: date
    what: str
    otherwise: str
    is_warned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A support ticket."""

    number: str
    opened_on: date
    closed_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """Something asked of Microsoft that no person has answered."""

    kind: str
    asked_on: date
    step: str | None
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """A lost verification: what it stops and what to send, to whom, by when."""

    incident_id: str
    programme: str
    programme_name: str
    step: str
    lost_on: date
    consequences: tuple[dict[str, Any], ...]
    to_dos: tuple[dict[str, Any], ...]
    opened_at: datetime
    closed_at: datetime | None
    closed_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeLine:
    """One programme in the list."""

    programme: str
    name: str
    publisher_id: str | None
    state: str
    open_tickets: int
    next_due_on: date | None
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeDetail:
    """A programme: how it stands, what is due, what happened.

    Args:
        restarts: Which steps a change of the legal name, the address, the contact or the domain starts again.
        hint: What the partner profile API last said; a hint beside what people recorded, never instead of it.
    """

    programme: str
    programme_id: str
    name: str
    publisher_id: str | None
    state: str
    validity_months: int
    closing_days: int
    appeals: int
    automatic_answers: int
    steps: tuple[StepView, ...]
    dues: tuple[DueView, ...]
    questions: tuple[QuestionView, ...]
    tickets: tuple[TicketView, ...]
    documents: tuple[DocumentView, ...]
    events: tuple[EventView, ...]
    incidents: tuple[IncidentView, ...]
    restarts: dict[str, tuple[str, ...]]
    hint: str | None
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """One file of a package: its name and its content in base64."""

    name: str
    content_base64: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealPackage:
    """Everything an appeal needs, as the files of one folder.

    Args:
        missing: Documents that are only referenced and have to be added by hand.
    """

    folder: str
    files: tuple[PackageFile, ...]
    missing: tuple[str, ...]
