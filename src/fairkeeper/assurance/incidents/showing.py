"""Incidents as they are shown: the list, one with everything computed, and the document of its package."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fairkeeper.assurance.incidents.reach import BlastRadius
from fairkeeper.assurance.incidents.runbooks import RUNBOOKS, Category
from fairkeeper.assurance.tables import IncidentNoticeRow, IncidentRow
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.clock import format_instant

MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """An incident in a list."""

    incident_id: str
    title: str
    category: str
    severity: str
    state: str
    customer_id: str | None
    agent_id: str | None
    opened_at: datetime
    is_drill: bool
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """A notice, drafted or settled."""

    notice_id: str
    audience: str
    about_customer_id: str | None
    due_at: datetime
    state: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLine:
    """One entry of the evidence that belongs to the incident."""

    entry_id: str
    at: datetime
    kind: str
    actor_id: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDetail:
    """Everything about one incident."""

    line: IncidentLine
    summary: str
    source: str
    source_id: str | None
    began_at: datetime
    opened_by: str
    contained_at: datetime | None
    closed_at: datetime | None
    runbook: list[str]
    steps: list[dict[str, Any]]
    review: dict[str, Any] | None
    radius: BlastRadius | None
    notices: list[NoticeLine]
    timeline: list[TimelineLine]


def line_of(row: IncidentRow, notices: Sequence[IncidentNoticeRow]) -> IncidentLine:
    """Return an incident as a line."""
    due = [each.due_at for each in notices if each.state == "draft"]
    return IncidentLine(
        incident_id=row.incident_id,
        title=row.title,
        category=row.category,
        severity=row.severity,
        state=row.state,
        customer_id=row.customer_id,
        agent_id=row.agent_id,
        opened_at=row.opened_at,
        is_drill=row.is_drill,
        next_due_at=min(due, default=None),
    )


def detail_of(session: Session, row: IncidentRow, *, now: datetime, radius: BlastRadius | None) -> IncidentDetail:
    """Return an incident with everything."""
    notices = list(
        session.scalars(
            select(IncidentNoticeRow)
            .where(IncidentNoticeRow.incident_id == row.incident_id)
            .order_by(IncidentNoticeRow.due_at, IncidentNoticeRow.notice_id)
        )
    )
    return IncidentDetail(
        line=line_of(row, notices),
        summary=row.summary,
        source=row.source,
        source_id=row.source_id,
        began_at=row.began_at,
        opened_by=row.opened_by,
        contained_at=row.contained_at,
        closed_at=row.closed_at,
        runbook=list(RUNBOOKS[Category(row.category)]),
        steps=list(row.steps),
        review=row.review,
        radius=radius,
        notices=[
            NoticeLine(
                notice_id=each.notice_id,
                audience=each.audience,
                about_customer_id=each.about_customer_id,
                due_at=each.due_at,
                state=each.state,
                text=each.text,
            )
            for each in notices
        ],
        timeline=_timeline(session, row, until=row.closed_at or now),
    )


def _timeline(session: Session, row: IncidentRow, *, until: datetime) -> list[TimelineLine]:
    about = EntryRow.subject_id == row.incident_id
    if row.agent_id is not None:
        about = or_(
            about, (EntryRow.subject_id == row.agent_id) & (EntryRow.at >= row.began_at) & (EntryRow.at <= until)
        )
    statement = (
        select(EntryRow)
        .where(about, EntryRow.customer_id.is_not_distinct_from(row.customer_id))
        .order_by(EntryRow.id.desc())
        .limit(MOST_ENTRIES)
    )
    return [
        TimelineLine(
            entry_id=entry.entry_id, at=entry.at, kind=entry.kind, actor_id=entry.actor_id, what=_what(entry.payload)
        )
        for entry in reversed(session.scalars(statement).all())
    ]


def _what(payload: str | None) -> str:
    told: Mapping[str, Any] = json.loads(payload) if payload else {}
    parts = [str(told[name]) for name in ("tool", "what", "step", "outcome", "reason", "title") if told.get(name)]
    return ": ".join(parts[:2]) if told else "erased"


def package_document(detail: IncidentDetail) -> dict[str, Any]:
    """Return an incident as canonical JSON can hold it."""
    plain: dict[str, Any] = _plain(asdict(detail))
    return {"format": "fairkeeper-incident/1", **plain}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
