"""Reading what happened as events, a page at a time: by a collector that asks, or by whoever wants to see them first.

The log is the outbox. Its entries have a place once they are integrated, and places are given in order without gaps; so
a collector that keeps the last place it has taken loses nothing however long it was away, and takes nothing twice
without the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.assurance.errors import EventInvalidError
from fairkeeper.assurance.forwarding.audit import STREAM as AUDIT_STREAM
from fairkeeper.assurance.forwarding.audit import audit_parser_of, audit_row_of
from fairkeeper.assurance.forwarding.happening import Happening, happening
from fairkeeper.assurance.forwarding.ocsf import event_of, problems_of
from fairkeeper.assurance.forwarding.sentinel import STREAM, parser_of, row_of
from fairkeeper.assurance.forwarding.spans import span_of
from fairkeeper.evidence.tables import EntryRow


class EventFormat(StrEnum):
    """In whose words."""

    OCSF = "ocsf"
    SENTINEL = "sentinel"
    SENTINEL_AUDIT = "audit"
    SPANS = "spans"


SAYS: Final = "ocsf; sentinel (calls of agents alone), audit (the rest, for Sentinel); spans (calls, OpenTelemetry)."


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events in the order of the log.

    Attributes:
        next_after: Ask for what follows with this; the same as before where nothing is new.
    """

    events: list[dict[str, Any]]
    next_after: int


class ExportEvents(OperationInput):
    """Which events."""

    event_format: EventFormat = Field(EventFormat.OCSF, description=SAYS)
    after: int = Field(-1, ge=-1, le=2**62, description="Only what stands after this place in the log.")
    limit: int = Field(100, ge=1, le=500, description="How many entries are looked at, at most.")


@query("assurance.export_events", groups=("evidence.read",), http="GET /events", cli="assurance events")
def export_events(context: QueryContext, request: ExportEvents) -> EventPage:
    """Export what happened as events for a security system, each checked against its schema; go on from `next_after`.

    Arguments, results and prompts are in none of them. Staff see everything, a customer's people their own company's.

    Raises:
        EventInvalidError: An entry cannot be told so that it validates; nothing is left out silently.
    """
    rows = context.session.scalars(
        select(EntryRow)
        .where(EntryRow.leaf_index.is_not(None), EntryRow.leaf_index > request.after)
        .order_by(EntryRow.leaf_index)
        .limit(request.limit)
    ).all()
    told = [happening(row.entry_id, row.at, row.header, row.payload, row.leaf_index or 0) for row in rows]
    return EventPage(
        events=events_of(told, request.event_format),
        next_after=told[-1].leaf_index if told else request.after,
    )


_MADE: Final[Mapping[EventFormat, Callable[[Happening], dict[str, Any] | None]]] = {
    EventFormat.SENTINEL: row_of,
    EventFormat.SENTINEL_AUDIT: audit_row_of,
    EventFormat.SPANS: span_of,
}


def events_of(told: list[Happening], event_format: EventFormat) -> list[dict[str, Any]]:
    """Return what happened in a format.

    Raises:
        EventInvalidError: One of them does not validate.
    """
    made = _MADE.get(event_format)
    if made is not None:
        return [found for each in told if (found := made(each)) is not None]
    events = [event_of(each) for each in told]
    for event in events:
        if problems := problems_of(event):
            raise EventInvalidError(f"The entry {event['metadata']['uid']} is no valid event: {problems[0]}.")
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserText:
    """A function to be saved in the workspace under its name."""

    name: str
    stream: str
    text: str


class ListParsers(OperationInput):
    """Nothing to say."""


@query("assurance.list_parsers", groups=("evidence.read",), http="GET /event-parsers", cli="assurance parsers")
def list_parsers(_context: QueryContext, _request: ListParsers) -> list[ParserText]:
    """List the KQL functions that make ASIM AgentEvent and AuditEvent of the rows in Microsoft Sentinel."""
    made = ((STREAM, parser_of), (AUDIT_STREAM, audit_parser_of))
    return [
        ParserText(name=name, stream=stream, text=text)
        for stream, parser in made
        for name, text in (parser(has_filters=True), parser(has_filters=False))
    ]
