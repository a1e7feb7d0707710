"""Counts the hours that are over: what of their usage is overage, and into which hour it is reported.

One command for a resource counts all its hours that wait, in one transaction with one entry. What cannot be counted
yet (an unknown dimension, a term that is not known) stays as it is and is counted later, so that nothing is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import func, literal_column, select, update

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.action.outside import OutsideWrites
from fairkeeper.customers.actions.reminders import close_reminders
from fairkeeper.metering.evidence_kinds import HOURS_COUNTED
from fairkeeper.metering.finding_kinds import DIMENSION_UNKNOWN, HELD, LOST, TERM_UNKNOWN
from fairkeeper.metering.rules.counting import RULE, overage
from fairkeeper.metering.rules.holding import decided_at, why_held
from fairkeeper.metering.rules.hours import HOUR, choose_hour, expires_at, hour_of, newest_closed
from fairkeeper.metering.rules.quantity import LARGEST_MILLI
from fairkeeper.metering.rules.statuses import ReportState
from fairkeeper.metering.rules.terms import ANNUAL, Counter, Term, counter_at, term_at
from fairkeeper.metering.store import Rules, follow, is_elsewhere, load_resource, load_rules
from fairkeeper.metering.tables import (
    MeteredDimensionRow,
    MeteredResourceRow,
    UsageCounterRow,
    UsageCountRow,
    UsageEventRow,
)
from fairkeeper.metering.telling import FINANCE, raise_for, tell_held
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id

AT_ONCE: Final = 5000
"""Events of one command; more are counted by the next one."""
_HISTORY: Final = timedelta(days=14)


class CountHours(OperationInput):
    """Of which resource."""

    resource_id: str = Field(max_length=64, description="Its id.")


@dataclass(frozen=True, slots=True)
class _Event:
    """What counting looks at of an event; a million of them are read, so it is no row of the session's."""

    id: int
    event_id: str
    dimension: str
    milli: int
    used_at: datetime
    entry_id: str


@dataclass(slots=True, kw_only=True)
class _Group:
    """What goes into one reported hour of one dimension."""

    dimension: str
    hour: datetime
    forced: ReportState | None = None
    events: list[_Event] = field(default_factory=list)
    carried: list[UsageCountRow] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Count:
    """Everything one run of the command looks at."""

    context: CommandContext
    row: MeteredResourceRow
    rules: Rules
    terms: list[Term]
    dimensions: dict[tuple[str, str], MeteredDimensionRow]
    taken: dict[str, set[datetime]]
    history: dict[str, tuple[int, int]]
    counters: dict[tuple[str, datetime], UsageCounterRow]
    spans: list[Counter] = field(default_factory=list)
    marks: list[dict[str, int | str]] = field(default_factory=list)
    """Which count each event is part of, written together at the end."""

    @property
    def last(self) -> datetime | None:
        """The hour of the resource's end."""
        return None if self.row.ended_at is None else hour_of(self.row.ended_at)

    def counter_at(self, at: datetime) -> Counter:
        """Return the counter that an instant belongs to; one that was found before is not worked out again."""
        for span in reversed(self.spans):
            if span.starts_at <= at < span.ends_at:
                return span
        found = counter_at(self.terms, at)
        self.spans.append(found)
        return found


@internal_command("metering.count_hours", evidence=(HOURS_COUNTED,))
def count_hours(context: CommandContext, request: CountHours) -> Outcome[int]:
    """Count a resource's hours that are over, and return how many events were counted."""
    session = context.session
    row = load_resource(session, request.resource_id, now=context.now)
    rules = load_rules(session)
    terms = follow(session, row, now=context.now)
    if not terms:
        raise_for(context, row, TERM_UNKNOWN.found("Usage waits for the subscription's plan and term."), key="")
        return Outcome(result=0, entry=None)
    dimensions = {
        (each.plan_id, each.dimension): each
        for each in session.scalars(select(MeteredDimensionRow).where(MeteredDimensionRow.offer_id == row.offer_id))
    }
    events = _open_events(context, row, rules, {dimension for _, dimension in dimensions})
    carried = session.scalars(
        select(UsageCountRow).where(
            UsageCountRow.resource_id == row.resource_id,
            UsageCountRow.state == ReportState.FOLDED,
            UsageCountRow.carried_by.is_(None),
        )
    ).all()
    if not events and not carried:
        return Outcome(result=0, entry=None)
    count = _Count(
        context=context,
        row=row,
        rules=rules,
        terms=terms,
        dimensions=dimensions,
        taken=_taken(context, row),
        history=_history(context, row, {each.dimension for each in events}),
        counters=_counters(context, row, since=min((each.used_at for each in events), default=context.now)),
    )
    groups = _groups(count, events, carried)
    return _write(count, groups)


def _write(count: _Count, groups: Sequence[_Group]) -> Outcome[int]:
    row = count.row
    entry = EvidenceDraft(
        kind=HOURS_COUNTED.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={},
    )
    lines: list[Canonical] = []
    counted = 0
    for group in groups:
        written, line = _write_group(count, group, entry.entry_id)
        lines.append(line)
        counted += len(group.events) + len(group.carried)
        _tell(count, written)
    if count.marks:
        # One statement for every event, because one for each counted hour took half of the whole time.
        count.context.session.execute(update(UsageEventRow), count.marks)
    if not lines:
        return Outcome(result=0, entry=None)
    payload: dict[str, Canonical] = {
        "resource": row.resource_id,
        "count": len(lines),
        "rule": RULE,
        "counts": lines,
    }
    draft = EvidenceDraft(
        kind=entry.kind,
        subject_type=entry.subject_type,
        subject_id=entry.subject_id,
        customer_id=entry.customer_id,
        payload=payload,
        entry_id=entry.entry_id,
    )
    return Outcome(result=counted, entry=draft)


def _open_events(context: CommandContext, row: MeteredResourceRow, rules: Rules, known: set[str]) -> Sequence[_Event]:
    before = newest_closed(context.now, rules.hours) + HOUR
    waiting = select(UsageEventRow).where(
        UsageEventRow.resource_id == row.resource_id,
        UsageEventRow.count_id.is_(None),
        UsageEventRow.used_at < before,
    )
    unknown = context.session.scalars(
        waiting.where(UsageEventRow.dimension.not_in(known)).with_only_columns(UsageEventRow.dimension).distinct()
    ).all()
    for dimension in unknown:
        found = DIMENSION_UNKNOWN.found(f"Usage of {dimension} waits.", subject=row.resource_id)
        raise_for(context, row, found, key=dimension)
    mended = [TERM_UNKNOWN.code] if unknown else [TERM_UNKNOWN.code, DIMENSION_UNKNOWN.code]
    close_reminders(context, row.resource_id, mended, why="The term and every dimension are known.")
    rows = context.session.execute(
        waiting.where(UsageEventRow.dimension.in_(known))
        .order_by(UsageEventRow.used_at, UsageEventRow.id)
        .limit(AT_ONCE)
        .with_only_columns(
            UsageEventRow.id,
            UsageEventRow.event_id,
            UsageEventRow.dimension,
            UsageEventRow.milli,
            UsageEventRow.used_at,
            UsageEventRow.entry_id,
        )
    )
    return [_Event(*each) for each in rows]


def _counters(
    context: CommandContext, row: MeteredResourceRow, *, since: datetime
) -> dict[tuple[str, datetime], UsageCounterRow]:
    found = context.session.scalars(
        select(UsageCounterRow)
        .where(UsageCounterRow.resource_id == row.resource_id, UsageCounterRow.ends_at > since)
        .with_for_update()
    )
    return {(each.dimension, each.starts_at): each for each in found}


def _taken(context: CommandContext, row: MeteredResourceRow) -> dict[str, set[datetime]]:
    found: dict[str, set[datetime]] = defaultdict(set)
    for dimension, hour in context.session.execute(
        select(UsageCountRow.dimension, UsageCountRow.hour_at).where(
            UsageCountRow.resource_id == row.resource_id,
            UsageCountRow.hour_at > context.now - timedelta(hours=26),
            UsageCountRow.quantity_milli > literal_column("0"),  # as the index of sent hours spells it
        )
    ):
        found[dimension].add(hour)
    return found


def _history(context: CommandContext, row: MeteredResourceRow, dimensions: set[str]) -> dict[str, tuple[int, int]]:
    statement = (
        select(UsageCountRow.dimension, func.max(UsageCountRow.units_milli), func.count())
        .where(
            UsageCountRow.resource_id == row.resource_id,
            UsageCountRow.dimension.in_(dimensions),
            UsageCountRow.counted_at > context.now - _HISTORY,
        )
        .group_by(UsageCountRow.dimension)
    )
    return {dimension: (largest, known) for dimension, largest, known in context.session.execute(statement)}


def _groups(count: _Count, events: Sequence[_Event], carried: Sequence[UsageCountRow]) -> list[_Group]:
    """Place events and carried hours: first whoever can have its own hour, then what is folded."""
    by_own: dict[tuple[str, datetime], list[_Event]] = defaultdict(list)
    for event in events:
        if _dimension_of(count, event) is not None:
            by_own[event.dimension, hour_of(event.used_at)].append(event)
    groups: dict[tuple[str, datetime, ReportState | None], _Group] = {}

    def group(dimension: str, hour: datetime, forced: ReportState | None = None) -> _Group:
        fresh = _Group(dimension=dimension, hour=hour, forced=forced)
        return groups.setdefault((dimension, hour, forced), fresh)

    folded: list[tuple[str, datetime, list[_Event]]] = []
    is_elsewhere_now = _is_elsewhere(count)
    for (dimension, own), members in by_own.items():
        if is_elsewhere_now or (count.row.reports_from_at is not None and own < count.row.reports_from_at):
            group(dimension, own, ReportState.ELSEWHERE).events += members
        elif _place(count, dimension, own) == own:
            group(dimension, own).events += members
        else:
            folded.append((dimension, own, members))
    _fold(count, folded, carried, group)
    return sorted(groups.values(), key=lambda each: (each.hour, each.dimension))


def _fold(
    count: _Count,
    folded: Sequence[tuple[str, datetime, list[_Event]]],
    carried: Sequence[UsageCountRow],
    group: Callable[..., _Group],
) -> None:
    """Give what cannot have its own hour a later one, or leave it for the next; after the resource's end it is lost."""
    for dimension, own, members in folded:
        hour = _place(count, dimension, own)
        if hour is not None:
            group(dimension, hour).events += members
        elif _is_over(count):
            group(dimension, own, ReportState.LOST).events += members
    for each in carried:
        hour = _place(count, each.dimension, each.hour_at)
        if hour is not None:
            group(each.dimension, hour).carried.append(each)
        elif _is_over(count):
            group(each.dimension, each.hour_at, ReportState.LOST).carried.append(each)


def _is_elsewhere(count: _Count) -> bool:
    return count.context.ports.of(OutsideWrites).is_observing or is_elsewhere(count.context.session, count.row)


def _place(count: _Count, dimension: str, own: datetime) -> datetime | None:
    found = choose_hour(
        own, now=count.context.now, rule=count.rules.hours, taken=count.taken.get(dimension, ()), last=count.last
    )
    first = count.row.reports_from_at
    return None if found is not None and first is not None and found < first else found


def _is_over(count: _Count) -> bool:
    """Say whether the resource has ended and no hour of it can be sent any more."""
    last = count.last
    return last is not None and count.context.now >= expires_at(last, count.rules.hours)


def _dimension_of(count: _Count, event: _Event) -> MeteredDimensionRow | None:
    plan_id = count.counter_at(event.used_at).plan_id
    found = count.dimensions.get((plan_id, event.dimension))
    if found is None:
        finding = DIMENSION_UNKNOWN.found(f"Usage of {event.dimension} with the plan {plan_id} waits.")
        raise_for(count.context, count.row, finding, key=f"{plan_id}:{event.dimension}")
    return found


def _write_group(count: _Count, group: _Group, entry_id: str) -> tuple[UsageCountRow, Canonical]:
    context, row = count.context, count.row
    by_counter: dict[datetime, tuple[Counter, list[_Event]]] = {}
    for event in group.events:
        counter = count.counter_at(event.used_at)
        by_counter.setdefault(counter.starts_at, (counter, []))[1].append(event)
    count_id = new_id("cnt")
    parts: list[Canonical] = []
    units = over = 0
    for counter, members in by_counter.values():
        part, part_units, part_over = _part(count, group.dimension, counter, members)
        parts.append(part)
        units, over = units + part_units, over + part_over
    carried = sum(each.quantity_milli for each in group.carried)
    lost = group.forced is ReportState.LOST
    quantity = 0 if group.forced is not None else min(over + carried, LARGEST_MILLI)
    state, note = _state(count, group, units=units, quantity=quantity)
    row.last_number += 1
    written = UsageCountRow(
        count_id=count_id,
        customer_id=row.customer_id,
        resource_id=row.resource_id,
        number=row.last_number,
        dimension=group.dimension,
        plan_id=_plan(count, group),
        hour_at=group.hour,
        units_milli=units,
        overage_milli=over + (carried if lost else 0),
        quantity_milli=quantity,
        state=state.value,
        note=note,
        entry_id=entry_id,
        counted_at=context.now,
        decide_at=(
            decided_at(group.hour, count.rules.hours, count.rules.holding) if state is ReportState.HELD else None
        ),
        next_try_at=context.now,
        in_flight=False,
        is_unknown=False,
        attempts=0,
        status_text="",
    )
    context.session.add(written)
    _mark(count, group, count_id)
    line: Canonical = {
        "id": count_id,
        "number": written.number,
        "dimension": group.dimension,
        "plan": written.plan_id,
        "hour": format_instant(group.hour),
        "state": state.value,
        "note": note,
        "parts": parts,
        "carried": [[each.count_id, each.quantity_milli] for each in group.carried],
        "quantity": quantity,
    }
    return written, line


def _part(count: _Count, dimension: str, counter: Counter, members: list[_Event]) -> tuple[Canonical, int, int]:
    kept = _counter_row(count, dimension, counter)
    units = sum(event.milli for event in members)
    over = overage(used_before=kept.used_milli, units=units, included=kept.included_milli)
    by_entry: dict[str, list[Canonical]] = defaultdict(list)
    for event in members:
        by_entry[event.entry_id].append(event.event_id)
    part: Canonical = {
        "plan": counter.plan_id,
        "from": format_instant(counter.starts_at),
        "to": format_instant(counter.ends_at),
        "included": kept.included_milli,
        "before": kept.used_milli,
        "units": units,
        "overage": over,
        "events": {entry_id: by_entry[entry_id] for entry_id in sorted(by_entry)},
    }
    kept.used_milli += units
    return part, units, over


def _counter_row(count: _Count, dimension: str, counter: Counter) -> UsageCounterRow:
    key = (dimension, counter.starts_at)
    if key in count.counters:
        return count.counters[key]
    row, stated = count.row, count.dimensions[counter.plan_id, dimension]
    kept = UsageCounterRow(
        resource_id=row.resource_id,
        customer_id=row.customer_id,
        dimension=dimension,
        starts_at=counter.starts_at,
        ends_at=counter.ends_at,
        plan_id=counter.plan_id,
        unit=stated.unit,
        included_milli=stated.annual_milli if counter.months == ANNUAL else stated.monthly_milli,
        used_milli=0,
    )
    count.context.session.add(kept)
    count.counters[key] = kept
    return kept


def _state(count: _Count, group: _Group, *, units: int, quantity: int) -> tuple[ReportState, str]:
    if group.forced is not None:
        return group.forced, ""
    if quantity == 0:
        return ReportState.NOTHING, ""
    largest, known = count.history.get(group.dimension, (0, 0))
    why = why_held(units, largest_milli=largest, hours_known=known, rule=count.rules.holding)
    return (ReportState.READY, "") if why is None else (ReportState.HELD, why)


def _plan(count: _Count, group: _Group) -> str:
    """The plan of the last thing used in the hour itself; of what is only folded into it, the plan then in force."""
    own = [event.used_at for event in group.events if hour_of(event.used_at) == group.hour]
    return term_at(count.terms, max(own, default=group.hour)).plan_id


def _mark(count: _Count, group: _Group, count_id: str) -> None:
    count.marks += [{"id": event.id, "count_id": count_id} for event in group.events]
    for each in group.carried:
        each.carried_by = count_id


def _tell(count: _Count, written: UsageCountRow) -> None:
    when = f"{written.hour_at:%d %b %Y %H:%M} UTC, {written.dimension}"
    if written.state == ReportState.HELD:
        found = HELD.found(f"{when}: {written.note}", subject=written.count_id)
        raise_for(count.context, count.row, found, key=written.count_id, owner_role=FINANCE)
        tell_held(count.context, count.row, written, rule=count.rules.holding.unattended.value)
    elif written.state == ReportState.LOST and written.overage_milli:
        found = LOST.found(f"{when}: the subscription has ended.", subject=written.count_id)
        raise_for(count.context, count.row, found, key=written.count_id, owner_role=FINANCE)
