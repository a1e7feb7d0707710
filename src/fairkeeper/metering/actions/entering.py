"""Usage that comes by itself: governed calls of metered tools, and fixed quantities at regular times.

A governed call counts once its outcome is recorded as carried out, for every meter of its tool; its event names the
outcome's evidence. A fixed quantity is entered for every time since the last one, however long nothing ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import Select, select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.customers.actions.reminders import Raising, raise_reminder
from fairkeeper.governance.tables import MeasuredCallRow
from fairkeeper.metering.actions.recording import MOST_EVENTS, NewEvent, Source, UsageRecorded, take
from fairkeeper.metering.errors import EventRefusedError, ScheduleUnknownError
from fairkeeper.metering.evidence_kinds import FIXED_USAGE_ENDED, FIXED_USAGE_SET, USAGE_RECORDED
from fairkeeper.metering.finding_kinds import CALL_NOT_MEASURED, CALL_UNPLACED
from fairkeeper.metering.rules.quantity import parse_units, show_units
from fairkeeper.metering.store import load_resource
from fairkeeper.metering.tables import FixedUsageRow, MeteredResourceRow
from fairkeeper.metering.telling import raise_for
from fairkeeper.values.ids import CustomerId, new_id


class MeterActions(OperationInput):
    """Calls of which customer count for which resource, and of which dimension."""

    resource_id: str = Field(max_length=64, description="The resource.")
    dimension: str = Field(max_length=120, description="The dimension.")


@internal_command("metering.meter_actions", evidence=(USAGE_RECORDED,))
def meter_actions(context: CommandContext, request: MeterActions) -> Outcome[UsageRecorded]:
    """Meter governed calls that were carried out; each counts once for each meter of its tool.

    Calls that the customer's own program reported stand in an entry of their own, because their proof says so. One of
    which the counted field was not told is put before a person, and counts nothing.
    """
    resource = load_resource(context.session, request.resource_id, now=context.now)
    waiting = _waiting(context, resource, request.dimension)
    rows = [row for row in waiting if row.is_customers == waiting[0].is_customers]
    events = [
        NewEvent(
            event_id=event_id_of(row.decision_id, row.position),
            dimension=row.dimension,
            milli=row.milli,
            used_at=row.ended_at,
            cause=row.entry_id,
        )
        for row in rows
        if row.milli is not None
    ]
    for row in rows:
        row.taken_at = context.now
    untold = [row for row in rows if row.milli is None]
    if untold:
        message = f"{len(untold)} calls for {request.dimension} were carried out and did not say how much."
        found = CALL_NOT_MEASURED.found(message, subject=untold[0].decision_id)
        raise_for(context, resource, found, key=f"{request.dimension}:{context.now:%Y-%m-%d}")
    source: Source = "customer_action" if rows and rows[0].is_customers else "action"
    return take(context, resource, events, source=source)


def _waiting(context: CommandContext, resource: MeteredResourceRow, dimension: str) -> Sequence[MeasuredCallRow]:
    return context.session.scalars(
        select(MeasuredCallRow)
        .where(
            MeasuredCallRow.customer_id == resource.customer_id,
            MeasuredCallRow.dimension == dimension,
            MeasuredCallRow.taken_at.is_(None),
        )
        .order_by(MeasuredCallRow.decision_id, MeasuredCallRow.position)
        .limit(MOST_EVENTS)
        .with_for_update()
    ).all()


_OF_CALLS: Final = "call:"


def event_id_of(decision_id: str, position: int) -> str:
    """Return the id of the usage event of a governed call, for one meter of its tool."""
    return f"{_OF_CALLS}{decision_id}:{position}"


def decision_of(event_id: str) -> str | None:
    """Return the decision whose call a usage event counts, or None where it counts something else.

    Example:
        >>> decision_of(event_id_of("dec_1", 0)), decision_of("meeting 7")
        ('dec_1', None)
    """
    if not event_id.startswith(_OF_CALLS):
        return None
    return event_id.removeprefix(_OF_CALLS).rpartition(":")[0]


def open_calls() -> Select[CustomerId, str]:
    """Return the statement that finds whose carried-out calls are not metered yet, and for which dimensions."""
    return (
        select(MeasuredCallRow.customer_id, MeasuredCallRow.dimension)
        .where(MeasuredCallRow.taken_at.is_(None))
        .distinct()
    )


class TellUnplaced(OperationInput):
    """Whose calls count for nothing."""

    customer_id: CustomerId = Field(max_length=40, description="The customer.")
    dimension: str = Field(max_length=120, description="The dimension.")


@internal_command("metering.tell_unplaced", evidence=())
def tell_unplaced(context: CommandContext, request: TellUnplaced) -> Outcome[bool]:
    """Put before a person that a customer's calls count for a dimension that none of its plans has."""
    found = CALL_UNPLACED.found(
        f"Calls of {request.customer_id} count for {request.dimension}, which no plan of theirs has.",
        subject=request.customer_id,
    )
    raised = raise_reminder(context, found, None, Raising(key=request.dimension, comes_back=False))
    return Outcome(result=raised, entry=None)


class SetFixedUsage(OperationInput):
    """A quantity at regular times."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id as in Partner Center.")
    quantity: str = Field(max_length=24, description="Units each time, above zero, at most three decimals.")
    every_hours: int = Field(24, ge=1, le=8784, description="How often.")
    first_at: datetime = Field(description="The first time, with its time zone.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedUsage:
    """A fixed usage as it stands."""

    schedule_id: str
    resource_id: str
    dimension: str
    quantity: str
    every_hours: int
    next_at: datetime


@command(
    "metering.set_fixed_usage",
    groups=("metering.change",),
    evidence=(FIXED_USAGE_SET,),
    http="POST /usage/fixed",
    cli="metering set-fixed RESOURCE_ID DIMENSION QUANTITY",
)
def set_fixed_usage(context: CommandContext, request: SetFixedUsage) -> Outcome[FixedUsage]:
    """Enter a fixed quantity at regular times; runs that were missed are made up for."""
    if request.first_at.tzinfo is None:
        raise EventRefusedError("The first time names no time zone.")
    if request.first_at < context.now - timedelta(days=31):
        raise EventRefusedError("The first time is more than 31 days ago.")
    try:
        milli = parse_units(request.quantity)
    except ValueError as error:
        raise EventRefusedError(f"The quantity cannot be taken: {error}.") from error
    resource = load_resource(context.session, request.resource_id, now=context.now)
    row = FixedUsageRow(
        schedule_id=new_id("fix"),
        customer_id=resource.customer_id,
        resource_id=resource.resource_id,
        dimension=request.dimension,
        milli=milli,
        every_hours=request.every_hours,
        next_at=request.first_at,
    )
    context.session.add(row)
    context.session.flush()
    payload: dict[str, Canonical] = {
        "dimension": row.dimension,
        "units": show_units(milli),
        "hours": row.every_hours,
        "id": row.schedule_id,
    }
    entry = EvidenceDraft(
        kind=FIXED_USAGE_SET.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload=payload,
    )
    return Outcome(result=fixed_view(row), entry=entry)


class OneFixedUsage(OperationInput):
    """Which fixed usage."""

    schedule_id: str = Field(max_length=40, description="Its id, fix_….")


@command(
    "metering.end_fixed_usage",
    groups=("metering.change",),
    evidence=(FIXED_USAGE_ENDED,),
    http="POST /usage/fixed/{schedule_id}/end",
    cli="metering end-fixed SCHEDULE_ID",
)
def end_fixed_usage(context: CommandContext, request: OneFixedUsage) -> Outcome[FixedUsage]:
    """Enter a fixed quantity no longer."""
    row = _load(context, request.schedule_id)
    if row.ended_at is not None:
        return Outcome(result=fixed_view(row), entry=None)
    row.ended_at = context.now
    entry = EvidenceDraft(
        kind=FIXED_USAGE_ENDED.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={"dimension": row.dimension, "id": row.schedule_id},
    )
    return Outcome(result=fixed_view(row), entry=entry)


@internal_command("metering.enter_fixed_usage", evidence=(USAGE_RECORDED,))
def enter_fixed_usage(context: CommandContext, request: OneFixedUsage) -> Outcome[UsageRecorded]:
    """Enter a fixed quantity for every time that has passed since the last."""
    found = _load(context, request.schedule_id)
    resource = load_resource(context.session, found.resource_id, now=context.now)
    row = _load(context, request.schedule_id)
    events: list[NewEvent] = []
    while row.next_at <= context.now and row.ended_at is None and len(events) < MOST_EVENTS:
        events.append(
            NewEvent(
                event_id=f"{row.schedule_id}:{row.next_at:%Y%m%dT%H%M%S}",
                dimension=row.dimension,
                milli=row.milli,
                used_at=row.next_at,
            )
        )
        row.next_at += timedelta(hours=row.every_hours)
    return take(context, resource, events, source="schedule")


def fixed_view(row: FixedUsageRow) -> FixedUsage:
    """Return a fixed usage as it stands."""
    return FixedUsage(
        schedule_id=row.schedule_id,
        resource_id=row.resource_id,
        dimension=row.dimension,
        quantity=show_units(row.milli),
        every_hours=row.every_hours,
        next_at=row.next_at,
    )


def _load(context: CommandContext, schedule_id: str) -> FixedUsageRow:
    row = context.session.get(FixedUsageRow, schedule_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise ScheduleUnknownError(f"There is no fixed usage {schedule_id!r} here.")
    return row
