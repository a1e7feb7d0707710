"""What is done with incidents: opened, steps taken, notices settled, closed with a review, packed for whoever asks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.assurance.errors import IncidentNotFoundError, IncidentStateError, NoticeNotFoundError
from fairkeeper.assurance.evidence_kinds import (
    INCIDENT_CLOSED,
    INCIDENT_OPENED,
    INCIDENT_STEP,
    NOTICE_SETTLED,
    PACKAGED,
)
from fairkeeper.assurance.incidents.reach import BlastRadius, blast_radius
from fairkeeper.assurance.incidents.runbooks import Category, Severity, Told, draft_notices
from fairkeeper.assurance.incidents.showing import detail_of, package_document
from fairkeeper.assurance.tables import IncidentNoticeRow, IncidentRow
from fairkeeper.governance.store import load_agent
from fairkeeper.governance.tables import ContainmentRow
from fairkeeper.proof.canonical import canonical_bytes
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId, new_id

DRILL_WORDS: Final = "DRILL. This is an exercise: nothing has happened, and this is sent to nobody."


class OpenIncident(OperationInput):
    """What is believed to have happened."""

    title: str = Field(min_length=3, max_length=200, description="What it is, in a few words.")
    category: Category = Field(description="What kind of incident it is; names the runbook.")
    severity: Severity = Field(description="How bad it is.")
    summary: str = Field(min_length=3, max_length=4000, description="What happened, as far as it is known.")
    agent_id: str | None = Field(None, max_length=40, description="The agent, if one is known.")
    customer_id: CustomerId | None = Field(None, description="Whose incident; that of the agent's customer if empty.")
    began_at: AwareDatetime | None = Field(None, description="Since when it goes on; a day before now if empty.")
    is_drill: bool = Field(False, description="Whether it is an exercise.")


class OpenByFact(OpenIncident):
    """What a part of Fairkeeper found."""

    source: Literal["signal", "evaluation", "check", "drill"] = Field(description="What found it.")
    source_id: str = Field(max_length=120, description="Its id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """The incident."""

    incident_id: str
    state: str
    notices: int


@command(
    "assurance.open_incident",
    groups=("assurance.change",),
    evidence=(INCIDENT_OPENED,),
    http="POST /incidents",
    cli="assurance open-incident TITLE",
)
def open_incident(context: CommandContext, request: OpenIncident) -> Outcome[IncidentOpened]:
    """Open an incident; what it touched is computed, and notices to whoever is affected are drafted."""
    return _open(context, request, source="person", source_id=None)


@internal_command("assurance.open_incident_by_fact", evidence=(INCIDENT_OPENED,))
def open_incident_by_fact(context: CommandContext, request: OpenByFact) -> Outcome[IncidentOpened]:
    """Open an incident for something that was found; once for each thing."""
    found = context.session.scalars(
        select(IncidentRow).where(IncidentRow.source == request.source, IncidentRow.source_id == request.source_id)
    ).first()
    if found is not None:
        result = IncidentOpened(incident_id=found.incident_id, state=found.state, notices=0)
        return Outcome(result=result, entry=None)
    return _open(context, request, source=request.source, source_id=request.source_id)


def _open(
    context: CommandContext, request: OpenIncident, *, source: str, source_id: str | None
) -> Outcome[IncidentOpened]:
    from datetime import timedelta

    agent = None if request.agent_id is None else load_agent(context.session, request.agent_id)
    row = IncidentRow(
        incident_id=new_id("inc"),
        customer_id=agent.customer_id if agent is not None else request.customer_id,
        title=request.title,
        category=request.category.value,
        severity=request.severity.value,
        state="open",
        source=source,
        source_id=source_id,
        agent_id=None if agent is None else agent.agent_id,
        summary=request.summary,
        began_at=request.began_at or context.now - timedelta(days=1),
        opened_at=context.now,
        opened_by=context.principal.id,
        is_drill=request.is_drill,
        steps=[],
    )
    if row.began_at > context.now:
        raise IncidentStateError("An incident does not begin in the future.", remedy="Correct the instant.")
    context.session.add(row)
    context.session.flush()
    radius = radius_of(context.session, row)
    notices = _draft(context, row, "no agent that is known" if agent is None else agent.title, radius)
    entry = _entry(
        row,
        INCIDENT_OPENED.name,
        title=row.title,
        severity=row.severity,
        category=row.category,
        source=source,
        source_id=source_id,
        drill=row.is_drill,
        summary=row.summary,
    )
    return Outcome(result=IncidentOpened(incident_id=row.incident_id, state=row.state, notices=notices), entry=entry)


def radius_of(session: Session, row: IncidentRow) -> BlastRadius | None:
    """Return what an incident touched until it was closed, or so far; None without an agent."""
    from datetime import UTC, datetime

    if row.agent_id is None:
        return None
    ended_at = row.closed_at or datetime.max.replace(tzinfo=UTC)
    return blast_radius(session, row.agent_id, began_at=row.began_at, ended_at=ended_at)


def _draft(context: CommandContext, row: IncidentRow, agent: str, radius: BlastRadius | None) -> int:
    affected = tuple(radius.customers) if radius is not None else ()
    if row.customer_id is not None and row.customer_id not in affected:
        affected = (*affected, row.customer_id)
    told = Told(
        title=row.title,
        summary=row.summary,
        agent=agent,
        began_at=row.began_at,
        opened_at=row.opened_at,
        calls=0 if radius is None else radius.carried_out,
        tools=() if radius is None else radius.tools,
        data=() if radius is None else radius.data,
        is_held=row.agent_id is not None and is_held(context.session, row.agent_id),
    )
    drafts = draft_notices(Category(row.category), affected, told)
    for each in drafts:
        context.session.add(
            IncidentNoticeRow(
                notice_id=new_id("ntc"),
                incident_id=row.incident_id,
                customer_id=row.customer_id,
                audience=each.audience.value,
                about_customer_id=each.about_customer_id,
                due_at=each.due_at,
                text=f"{DRILL_WORDS}\n\n{each.text}" if row.is_drill else each.text,
                state="draft",
            )
        )
    context.session.flush()
    return len(drafts)


def is_held(session: Session, agent_id: str) -> bool:
    """Say whether somebody holds the agent."""
    statement = select(ContainmentRow.containment_id).where(
        ContainmentRow.scope == "agent", ContainmentRow.subject_id == agent_id, ContainmentRow.lifted_at.is_(None)
    )
    return session.scalars(statement.limit(1)).first() is not None


def load_incident(session: Session, incident_id: str, *, for_change: bool = False) -> IncidentRow:
    """Return an incident, or raise `IncidentNotFoundError`."""
    statement = select(IncidentRow).where(IncidentRow.incident_id == incident_id)
    row = session.scalars(statement.with_for_update() if for_change else statement).first()
    if row is None:
        raise IncidentNotFoundError(f"There is no incident {incident_id!r} here.")
    return row


class TakeStep(OperationInput):
    """Which incident, and what was done."""

    incident_id: str = Field(max_length=40, description="The incident's id.")
    step: str = Field(min_length=3, max_length=1000, description="What was done; recorded and shown.")
    is_contained: bool = Field(False, description="Whether nothing more can happen from now on.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChanged:
    """Where the incident stands."""

    incident_id: str
    state: str


@command(
    "assurance.take_step",
    groups=("assurance.change",),
    evidence=(INCIDENT_STEP,),
    http="POST /incidents/{incident_id}/steps",
    cli="assurance take-step INCIDENT_ID STEP",
)
def take_step(context: CommandContext, request: TakeStep) -> Outcome[IncidentChanged]:
    """Write down what was done in an incident; raises `assurance.incident_state` for a closed one."""
    row = _open_one(context, request.incident_id)
    step = {"at": format_instant(context.now), "by": context.principal.id, "text": request.step}
    row.steps = [*row.steps, step]
    if request.is_contained and row.contained_at is None:
        row.contained_at, row.state = context.now, "contained"
    entry = _entry(row, INCIDENT_STEP.name, title=row.title, step=request.step, state=row.state)
    return Outcome(result=IncidentChanged(incident_id=row.incident_id, state=row.state), entry=entry)


class SettleNotice(OperationInput):
    """Which notice, and what became of it."""

    incident_id: str = Field(max_length=40, description="The incident's id.")
    notice_id: str = Field(max_length=40, description="The notice's id.")
    state: Literal["sent", "not_due"] = Field(description="sent, or not_due.")
    why: str = Field(min_length=3, max_length=500, description="How it was sent, or why it is not due; recorded.")


@command(
    "assurance.settle_notice",
    groups=("assurance.change",),
    evidence=(NOTICE_SETTLED,),
    http="POST /incidents/{incident_id}/notices/{notice_id}",
    cli="assurance settle-notice INCIDENT_ID NOTICE_ID STATE",
)
def settle_notice(context: CommandContext, request: SettleNotice) -> Outcome[IncidentChanged]:
    """Say that a drafted notice was sent, or why it is not due.

    Raises `assurance.notice_not_found`, and `assurance.incident_state` where that was said already.
    """
    row = load_incident(context.session, request.incident_id)
    notice = context.session.scalars(
        select(IncidentNoticeRow)
        .where(IncidentNoticeRow.notice_id == request.notice_id, IncidentNoticeRow.incident_id == row.incident_id)
        .with_for_update()
    ).first()
    if notice is None:
        raise NoticeNotFoundError(f"The incident has no notice {request.notice_id!r}.")
    if notice.state != "draft":
        raise IncidentStateError(f"The notice is {notice.state.replace('_', ' ')} already.")
    if row.is_drill and request.state == "sent":
        raise IncidentStateError("The incident is a drill: its notices are sent to nobody.", remedy="Mark it not due.")
    notice.state, notice.settled_at, notice.settled_by = request.state, context.now, context.principal.id
    entry = _entry(
        row,
        NOTICE_SETTLED.name,
        audience=notice.audience,
        state=request.state,
        why=request.why,
        notice=notice.notice_id,
    )
    return Outcome(result=IncidentChanged(incident_id=row.incident_id, state=row.state), entry=entry)


class CloseIncident(OperationInput):
    """The review after an incident."""

    incident_id: str = Field(max_length=40, description="The incident's id.")
    cause: str = Field(min_length=3, max_length=2000, description="Why it could happen.")
    limited_by: str = Field(min_length=3, max_length=2000, description="What kept it from being worse.")
    changes: str = Field(min_length=3, max_length=2000, description="What changes, by whom and when.")


@command(
    "assurance.close_incident",
    groups=("assurance.change",),
    evidence=(INCIDENT_CLOSED,),
    http="POST /incidents/{incident_id}/close",
    cli="assurance close-incident INCIDENT_ID",
)
def close_incident(context: CommandContext, request: CloseIncident) -> Outcome[IncidentChanged]:
    """Close an incident with its review.

    Raises `assurance.incident_state` while a drafted notice is neither sent nor found not to be due.
    """
    row = _open_one(context, request.incident_id)
    drafts = context.session.scalars(
        select(IncidentNoticeRow.notice_id).where(
            IncidentNoticeRow.incident_id == row.incident_id, IncidentNoticeRow.state == "draft"
        )
    ).all()
    if drafts:
        raise IncidentStateError(
            f"{len(drafts)} of its notices wait.", remedy="Say of each that it was sent, or why it is not due."
        )
    review = request.model_dump(exclude={"incident_id"})
    row.review, row.closed_at, row.state = review, context.now, "closed"
    row.contained_at = row.contained_at or context.now
    entry = _entry(row, INCIDENT_CLOSED.name, title=row.title, **review)
    return Outcome(result=IncidentChanged(incident_id=row.incident_id, state=row.state), entry=entry)


class PackageIncident(OperationInput):
    """Which incident."""

    incident_id: str = Field(max_length=40, description="The incident's id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPackaged:
    """The package's document, its digest, and the entries whose receipts belong to it.

    Attributes:
        custody_entry: The entry that says who packed it when, with the digest.
    """

    incident_id: str
    document: dict[str, Any]
    sha256: str
    entry_ids: list[str]
    custody_entry: str


@command(
    "assurance.package_incident",
    groups=("assurance.change",),
    evidence=(PACKAGED,),
    http="POST /incidents/{incident_id}/package",
    cli="assurance package INCIDENT_ID",
)
def package_incident(context: CommandContext, request: PackageIncident) -> Outcome[IncidentPackaged]:
    """Pack an incident: everything known of it as one document, its digest in the evidence, and every entry's id.

    In the console the package is a file with each entry's proof, which anybody can verify offline.
    """
    row = load_incident(context.session, request.incident_id)
    detail = detail_of(context.session, row, now=context.now, radius=radius_of(context.session, row))
    document = package_document(detail)
    sha256 = hashlib.sha256(canonical_bytes(document)).hexdigest()
    entry_ids = [each.entry_id for each in detail.timeline]
    entry = _entry(row, PACKAGED.name, title=row.title, entries=len(entry_ids), sha256=sha256)
    result = IncidentPackaged(
        incident_id=row.incident_id,
        document=document,
        sha256=sha256,
        entry_ids=entry_ids,
        custody_entry=entry.entry_id,
    )
    return Outcome(result=result, entry=entry)


def _open_one(context: CommandContext, incident_id: str) -> IncidentRow:
    row = load_incident(context.session, incident_id, for_change=True)
    if row.state == "closed":
        raise IncidentStateError("The incident is closed.", remedy="Open another one, and name this one in it.")
    return row


def _entry(row: IncidentRow, kind: str, **payload: Any) -> EvidenceDraft:
    told: Mapping[str, Any] = payload
    return EvidenceDraft(
        kind=kind,
        subject_type="incident",
        subject_id=row.incident_id,
        customer_id=row.customer_id,
        payload=dict(told),
    )
