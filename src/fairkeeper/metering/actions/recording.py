"""Usage comes in: the publisher's own events by API and SDK, files, and what is entered by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import Field
from sqlalchemy import insert, select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    TextFile,
    command,
)
from fairkeeper.database.guard import CustomerSession
from fairkeeper.metering.errors import EventDiffersError, EventRefusedError, FileRefusedError
from fairkeeper.metering.evidence_kinds import USAGE_RECORDED
from fairkeeper.metering.rules.quantity import parse_units
from fairkeeper.metering.store import load_resource
from fairkeeper.metering.tables import MeteredResourceRow, UsageEventRow
from fairkeeper.values.clock import format_instant, parse_instant
from fairkeeper.values.csv_text import CsvUnreadableError, read_csv

MOST_EVENTS: Final = 1000
AHEAD: Final = timedelta(minutes=5)
"""How far another machine's clock may be ahead of ours."""
OLDEST: Final = timedelta(days=31)
Source = Literal["customer", "publisher", "hand", "file", "schedule", "action", "customer_action"]
"""Whose word an event is: a governed call's outcome, reported by the publisher's program or by the customer's own, the
customer's or the publisher's own event, a file, a fixed quantity, a person."""
_COLUMNS: Final = ("event_id", "dimension", "quantity", "used_at")


class UsageEvent(OperationInput):
    """One thing that was used."""

    event_id: str = Field(
        min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._:-]+$", description="Your own id; repeated it counts once."
    )
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id as in Partner Center.")
    quantity: str = Field(max_length=24, description="Units, above zero, at most three decimals.")
    used_at: datetime = Field(description="When, with its time zone.")


class RecordUsage(OperationInput):
    """What was used, of one subscription or managed application."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    events: tuple[UsageEvent, ...] = Field(min_length=1, max_length=MOST_EVENTS, description="At most 1,000.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecorded:
    """What was taken.

    Attributes:
        recorded: Events that are new.
        repeated: Events that were known already.
        entry_id: The evidence of the new ones; None if there are none.
    """

    resource_id: str
    recorded: int
    repeated: int
    entry_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as it is kept.

    Attributes:
        cause: The evidence entry it is derived from, if any: of a governed call its outcome.
    """

    event_id: str
    dimension: str
    milli: int
    used_at: datetime
    cause: str | None = None


@command(
    "metering.record_usage",
    groups=("metering.report",),
    evidence=(USAGE_RECORDED,),
    http="POST /usage",
    cli="metering record RESOURCE_ID",
)
def record_usage(context: CommandContext, request: RecordUsage) -> Outcome[UsageRecorded]:
    """Record usage events of the publisher's own program; an event that is repeated counts once.

    All are recorded or none. Raises `metering.event_differs` where an id was used for another event, and
    `metering.event_refused` for one of the future, or older than 31 days.
    """
    row = load_resource(context.session, request.resource_id, now=context.now)
    events = [_read(context, each) for each in request.events]
    return take(context, row, events, source="publisher" if context.principal.customer_id is None else "customer")


class RecordByHand(OperationInput):
    """One quantity that a person enters."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id as in Partner Center.")
    quantity: str = Field(max_length=24, description="Units, above zero, at most three decimals.")
    used_at: datetime = Field(description="When, with its time zone.")
    event_id: str = Field(
        min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._:-]+$", description="An id; repeated it counts once."
    )
    reason: str = Field(min_length=3, max_length=500, description="Where the number is from; recorded and shown.")


@command(
    "metering.record_by_hand",
    groups=("metering.change",),
    evidence=(USAGE_RECORDED,),
    http="POST /usage/by-hand",
    cli="metering record-by-hand RESOURCE_ID DIMENSION QUANTITY",
)
def record_by_hand(context: CommandContext, request: RecordByHand) -> Outcome[UsageRecorded]:
    """Enter usage by hand; its proof says that it was, and where the number is from."""
    row = load_resource(context.session, request.resource_id, now=context.now)
    event = _event(context, request.event_id, request.dimension, request.quantity, request.used_at)
    return take(context, row, [event], source="hand", reason=request.reason)


class ImportUsage(OperationInput):
    """A file of usage of one subscription or managed application."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    file: TextFile = Field(description="CSV with the columns event_id, dimension, quantity, used_at.")


@command(
    "metering.import_usage",
    groups=("metering.change",),
    evidence=(USAGE_RECORDED,),
    http="POST /usage/files",
    cli="metering import RESOURCE_ID FILE",
)
def import_usage(context: CommandContext, request: ImportUsage) -> Outcome[UsageRecorded]:
    """Record the usage events in a file; one that was imported already counts once.

    Raises `metering.file_refused` where it cannot be read, with the row.
    """
    row = load_resource(context.session, request.resource_id, now=context.now)
    return take(context, row, _read_file(context, request.file), source="file")


def take(
    context: CommandContext,
    row: MeteredResourceRow,
    events: list[NewEvent],
    *,
    source: Source,
    reason: str = "",
) -> Outcome[UsageRecorded]:
    """Keep the events that are new, with one entry that names them all.

    Raises:
        EventDiffersError: An id was used for another event.
    """
    new = _new_ones(context, row, events)
    result = UsageRecorded(
        resource_id=row.resource_id, recorded=len(new), repeated=len(events) - len(new), entry_id=None
    )
    if not new:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=USAGE_RECORDED.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={
            "resource": row.resource_id,
            "count": len(new),
            "source": source,
            "reason": reason,
            "events": [_line(each) for each in new],
        },
    )
    values = [
        {
            "customer_id": row.customer_id,
            "resource_id": row.resource_id,
            "event_id": each.event_id,
            "dimension": each.dimension,
            "milli": each.milli,
            "used_at": each.used_at,
            "received_at": context.now,
            "source": source,
            "entry_id": entry.entry_id,
            "count_id": None,
        }
        for each in new
    ]
    if isinstance(context.session, CustomerSession):
        context.session.add_all([UsageEventRow(**each) for each in values])
    else:
        context.session.execute(insert(UsageEventRow), values)
    result = UsageRecorded(
        resource_id=row.resource_id, recorded=len(new), repeated=result.repeated, entry_id=entry.entry_id
    )
    return Outcome(result=result, entry=entry)


def _line(event: NewEvent) -> Canonical:
    return [event.event_id, event.dimension, event.milli, format_instant(event.used_at), event.cause]


def _new_ones(context: CommandContext, row: MeteredResourceRow, events: list[NewEvent]) -> list[NewEvent]:
    known: dict[str, tuple[str, int, datetime]] = {}
    ids = [each.event_id for each in events]
    for start in range(0, len(ids), 500):
        for found in context.session.execute(
            select(UsageEventRow.event_id, UsageEventRow.dimension, UsageEventRow.milli, UsageEventRow.used_at).where(
                UsageEventRow.resource_id == row.resource_id, UsageEventRow.event_id.in_(ids[start : start + 500])
            )
        ):
            known[found[0]] = (found[1], found[2], found[3])
    new = []
    for each in events:
        contents = (each.dimension, each.milli, each.used_at)
        before = known.setdefault(each.event_id, contents)
        if before is contents:
            new.append(each)
        elif before != contents:
            raise EventDiffersError(f"The event {each.event_id!r} was recorded with other contents.")
    return new


def _read(context: CommandContext, event: UsageEvent) -> NewEvent:
    return _event(context, event.event_id, event.dimension, event.quantity, event.used_at)


def _event(context: CommandContext, event_id: str, dimension: str, quantity: str, used_at: datetime) -> NewEvent:
    if used_at.tzinfo is None:
        raise EventRefusedError(f"The time of the event {event_id!r} names no time zone.")
    if not context.now - OLDEST <= used_at <= context.now + AHEAD:
        raise EventRefusedError(f"The event {event_id!r} of {used_at:%d %b %Y %H:%M} is in the future or too old.")
    try:
        milli = parse_units(quantity)
    except ValueError as error:
        raise EventRefusedError(f"The quantity of the event {event_id!r} cannot be taken: {error}.") from error
    return NewEvent(event_id=event_id, dimension=dimension, milli=milli, used_at=used_at.astimezone(context.now.tzinfo))


def _read_file(context: CommandContext, file: TextFile) -> list[NewEvent]:
    try:
        table = read_csv(file.text, most_rows=MOST_EVENTS)
    except CsvUnreadableError as error:
        raise FileRefusedError(f"The file {file.name!r} cannot be read: {error}.") from error
    if table.lacks(*_COLUMNS):
        raise FileRefusedError(f"The file {file.name!r} has not the columns {', '.join(_COLUMNS)}.")
    events: list[NewEvent] = []
    for row in table.rows:
        try:
            event = UsageEvent.model_validate({name: row.cells[name] for name in _COLUMNS})
            parse_instant(event.used_at.isoformat())
        except ValueError as error:
            raise FileRefusedError(f"Row {row.number} of {file.name!r} cannot be read.") from error
        try:
            events.append(_read(context, event))
        except EventRefusedError as error:
            raise FileRefusedError(f"Row {row.number} of {file.name!r}: {error.message}") from error
    if not events:
        raise FileRefusedError(f"The file {file.name!r} has no rows.")
    return events
