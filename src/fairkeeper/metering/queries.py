"""Questions about usage: every customer's dimensions, one subscription by the day and hour, one counted hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import Field
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.metering.errors import CountUnknownError, ResourceUnknownError
from fairkeeper.metering.rules.forecast import project
from fairkeeper.metering.rules.hours import HourRule, expires_at
from fairkeeper.metering.rules.quantity import show_units
from fairkeeper.metering.rules.statuses import OPEN, ReportState
from fairkeeper.metering.store import find_resource
from fairkeeper.metering.tables import (
    MeteredResourceRow,
    UsageComparisonRow,
    UsageCounterRow,
    UsageCountRow,
    UsageEventRow,
    UsageLimitRow,
)
from fairkeeper.metering.views import (
    ComparedDay,
    Standing,
    StandingDay,
    UsageDay,
    UsageDetail,
    UsageHour,
    UsageLine,
    UsagePage,
)

_SHOWN: Final = timedelta(days=31)
_AT_RISK: Final = timedelta(hours=6)
_MOST_HOURS: Final = 200
_HOURS: Final = HourRule()
"""For when an hour expires, which no rule of the publisher's changes; their table is not for customers to read."""
_WAITING: Final = (*OPEN, ReportState.HELD)
_STANDINGS: Final = {
    ReportState.ACCEPTED.value: Standing.ACCEPTED,
    ReportState.DOUBTFUL.value: Standing.SENT,
    ReportState.CONFLICT.value: Standing.REFUSED,
    ReportState.REFUSED.value: Standing.REFUSED,
    ReportState.LOST.value: Standing.LOST,
}
Pair = tuple[str, str]


class ListUsage(OperationInput):
    """Whose."""

    customer: str | None = Field(None, max_length=80, description="Only this customer's, by id or address.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")
    offset: int = Field(0, ge=0, description="How many to pass over.")


@query("metering.list_usage", groups=("metering.read",), http="GET /usage", cli="metering list")
def list_usage(context: QueryContext, request: ListUsage) -> UsagePage:
    """List usage by customer and dimension in the month or year that runs, what waits first.

    Staff see every customer, a customer's people their own company.
    """
    session = context.session
    running = _running(context.now)
    if request.customer is not None:
        running = running.where((CustomerRow.customer_id == request.customer) | (CustomerRow.slug == request.customer))
    # Counted by reading the keys: a customer's session refuses what hides its tables in a part of a statement.
    total = len(session.execute(running.with_only_columns(UsageCounterRow.resource_id)).all())
    found = session.execute(running.offset(request.offset).limit(request.limit)).all()
    counted = select(UsageCountRow.state, func.count(UsageCountRow.number)).where(UsageCountRow.state.in_(_WAITING))
    found_states = session.execute(counted.group_by(UsageCountRow.state)).all()
    waiting: dict[str, int] = {row[0]: row[1] for row in found_states}
    soon = context.now + _AT_RISK + _HOURS.margin - timedelta(hours=24)
    at_risk = session.scalars(
        select(func.count(UsageCountRow.number)).where(UsageCountRow.state.in_(_WAITING), UsageCountRow.hour_at <= soon)
    ).one()
    return UsagePage(
        lines=_lines(context, found, {}),
        total=total,
        held=waiting.get(ReportState.HELD, 0),
        faulty=waiting.get(ReportState.FAULTY, 0),
        at_risk=at_risk,
    )


class ShowUsage(OperationInput):
    """Of what."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    dimension: str | None = Field(None, max_length=120, description="Which dimension; the first if left out.")


@query(
    "metering.show_usage", groups=("metering.read",), http="GET /usage/{resource_id}", cli="metering show RESOURCE_ID"
)
def show_usage(context: QueryContext, request: ShowUsage) -> UsageDetail:
    """Show one subscription's usage: counters and forecast, days, hours with where they stand, the daily comparison."""
    session = context.session
    resource = find_resource(session, request.resource_id) or find_resource(session, request.resource_id.lower())
    if resource is None:
        raise ResourceUnknownError(f"Nothing is metered under {request.resource_id!r} here.")
    found = session.execute(_running(context.now).where(UsageCounterRow.resource_id == resource.resource_id)).all()
    dimensions = [row[0].dimension for row in found]
    dimension = request.dimension or (dimensions[0] if dimensions else "")
    rows = session.scalars(
        select(UsageCountRow)
        .where(
            UsageCountRow.resource_id == resource.resource_id,
            UsageCountRow.dimension == dimension,
            UsageCountRow.hour_at > context.now - _SHOWN,
        )
        .order_by(UsageCountRow.hour_at.desc(), UsageCountRow.number.desc())
    ).all()
    customer = session.get(CustomerRow, resource.customer_id)
    name = "" if customer is None else customer.name
    days = _days(rows)
    paces = {(resource.resource_id, dimension): [used for _, used, _ in days]}
    return UsageDetail(
        resource_id=resource.resource_id,
        customer_id=resource.customer_id,
        customer_name=name,
        dimension=dimension,
        lines=_lines(context, found, paces),
        days=tuple(
            UsageDay(day_on=day, included=show_units(used - over), overage=show_units(over)) for day, used, over in days
        ),
        standing=_standing(rows, context.now),
        hours=tuple(_hour(row, name) for row in rows[:_MOST_HOURS]),
        compared=_compared(session, resource, context.now.date()),
    )


class ShowHour(OperationInput):
    """Which counted hour."""

    count_id: str = Field(max_length=40, description="Its id.")


@query(
    "metering.show_hour", groups=("metering.read",), http="GET /usage/hours/{count_id}", cli="metering hour COUNT_ID"
)
def show_hour(context: QueryContext, request: ShowHour) -> UsageHour:
    """Show one counted hour: its quantity, where it stands, and the evidence behind it."""
    row = context.session.get(UsageCountRow, request.count_id)
    if row is None:
        raise CountUnknownError(f"There is no counted hour {request.count_id!r} here.")
    customer = context.session.get(CustomerRow, row.customer_id)
    return _hour(row, "" if customer is None else customer.name)


class ListHours(OperationInput):
    """In which state."""

    state: ReportState = Field(ReportState.HELD, description="Where they stand.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query("metering.list_hours", groups=("metering.read",), http="GET /usage-hours", cli="metering hours")
def list_hours(context: QueryContext, request: ListHours) -> tuple[UsageHour, ...]:
    """List counted hours that stand in a state, the oldest first: what is held, what Microsoft does not take."""
    rows = context.session.execute(
        select(UsageCountRow, CustomerRow.name)
        .join(CustomerRow, CustomerRow.customer_id == UsageCountRow.customer_id)
        .where(UsageCountRow.state == request.state)
        .order_by(UsageCountRow.hour_at, UsageCountRow.count_id)
        .limit(request.limit)
    )
    return tuple(_hour(row, name) for row, name in rows)


def _running(now: datetime) -> Select[UsageCounterRow, CustomerRow]:
    return (
        select(UsageCounterRow, CustomerRow)
        .join(CustomerRow, CustomerRow.customer_id == UsageCounterRow.customer_id)
        .where(UsageCounterRow.starts_at <= now, UsageCounterRow.ends_at > now)
        .order_by(CustomerRow.name, UsageCounterRow.resource_id, UsageCounterRow.dimension)
    )


def _lines(context: QueryContext, found: Iterable[Any], paces: dict[Pair, list[int]]) -> tuple[UsageLine, ...]:
    rows = list(found)
    ids = sorted({counter.resource_id for counter, _ in rows})
    states, first = _states(context, ids)
    uncounted = _uncounted(context, ids)
    limits = {
        (row.resource_id, row.dimension): row
        for row in context.session.scalars(
            select(UsageLimitRow).where(UsageLimitRow.resource_id.in_(ids), UsageLimitRow.ended_at.is_(None))
        )
    }
    lines = []
    for counter, customer in rows:
        key = (counter.resource_id, counter.dimension)
        hours = first.get(key, [])
        limit = limits.get(key)
        mark = counter.included_milli if limit is None else limit.limit_milli
        projected = project(
            counter.used_milli, paces.get(key, []), now=context.now, ends_at=counter.ends_at, mark_milli=mark
        )
        over = 0 if counter.included_milli is None else max(0, counter.used_milli - counter.included_milli)
        expiries = [expires_at(hour, _HOURS) for hour in hours]
        lines.append(
            UsageLine(
                resource_id=counter.resource_id,
                customer_id=customer.customer_id,
                customer_slug=customer.slug,
                customer_name=customer.name,
                plan_id=counter.plan_id,
                dimension=counter.dimension,
                unit=counter.unit,
                starts_at=counter.starts_at,
                ends_at=counter.ends_at,
                used=show_units(counter.used_milli),
                included=None if counter.included_milli is None else show_units(counter.included_milli),
                overage=show_units(over),
                uncounted=show_units(uncounted.get(key, 0)),
                states={state: show_units(milli) for state, milli in sorted(states.get(key, {}).items())},
                at_risk=sum(expiry <= context.now + _AT_RISK for expiry in expiries),
                expires_at=min(expiries, default=None),
                limit="" if limit is None else show_units(limit.limit_milli),
                limit_asks=limit is not None and limit.asks,
                reaches_at=projected.reaches_at if key in paces else None,
                at_end=show_units(projected.at_end_milli) if key in paces else "",
            )
        )
    return tuple(lines)


def _uncounted(context: QueryContext, ids: Sequence[str]) -> dict[Pair, int]:
    """Return what was used of hours that are not counted yet."""
    rows = context.session.execute(
        select(UsageEventRow.resource_id, UsageEventRow.dimension, func.sum(UsageEventRow.milli))
        .where(UsageEventRow.resource_id.in_(ids), UsageEventRow.count_id.is_(None))
        .group_by(UsageEventRow.resource_id, UsageEventRow.dimension)
    )
    return {(resource_id, dimension): int(milli) for resource_id, dimension, milli in rows}


def _standing(rows: Sequence[UsageCountRow], now: datetime) -> tuple[StandingDay, ...]:
    found: dict[tuple[date, Standing], int] = defaultdict(int)
    for row in rows:
        standing = standing_of(row, now)
        if standing is not None and row.quantity_milli + row.overage_milli:
            lost = standing is Standing.LOST
            found[row.hour_at.date(), standing] += row.overage_milli if lost else row.quantity_milli
    return tuple(
        StandingDay(day_on=day, standing=standing, units=show_units(milli))
        for (day, standing), milli in sorted(found.items())
        if milli
    )


def standing_of(row: UsageCountRow, now: datetime) -> Standing | None:
    """Return where an hour's quantity stands at Microsoft; None for what is not reported, or stands elsewhere."""
    plain = _STANDINGS.get(row.state)
    if plain is not None or row.state not in _WAITING:
        return plain
    if expires_at(row.hour_at, _HOURS) <= now + _AT_RISK:
        return Standing.AT_RISK
    if row.in_flight or row.is_unknown:
        return Standing.SENT
    return Standing.REFUSED if row.state == ReportState.FAULTY else Standing.WAITS


def _states(context: QueryContext, ids: Sequence[str]) -> tuple[dict[Pair, dict[str, int]], dict[Pair, list[datetime]]]:
    """Return the reported units of the last 31 days by state, and the hours that still wait."""
    session = context.session
    states: dict[Pair, dict[str, int]] = defaultdict(dict)
    for resource_id, dimension, state, milli in session.execute(
        select(
            UsageCountRow.resource_id,
            UsageCountRow.dimension,
            UsageCountRow.state,
            func.sum(UsageCountRow.quantity_milli),
        )
        .where(
            UsageCountRow.resource_id.in_(ids),
            UsageCountRow.hour_at > context.now - _SHOWN,
            UsageCountRow.quantity_milli > 0,
        )
        .group_by(UsageCountRow.resource_id, UsageCountRow.dimension, UsageCountRow.state)
    ):
        states[resource_id, dimension][state] = int(milli)
    waiting: dict[Pair, list[datetime]] = defaultdict(list)
    for resource_id, dimension, hour in session.execute(
        select(UsageCountRow.resource_id, UsageCountRow.dimension, UsageCountRow.hour_at).where(
            UsageCountRow.resource_id.in_(ids), UsageCountRow.state.in_(_WAITING)
        )
    ):
        waiting[resource_id, dimension].append(hour)
    return states, waiting


def _days(rows: Sequence[UsageCountRow]) -> list[tuple[date, int, int]]:
    """Return used and overage of each day, oldest first, days without usage among them."""
    used: dict[date, int] = defaultdict(int)
    over: dict[date, int] = defaultdict(int)
    for row in rows:
        used[row.hour_at.date()] += row.units_milli
        over[row.hour_at.date()] += min(row.overage_milli, row.units_milli)
    if not used:
        return []
    first, last = min(used), max(used)
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    return [(day, used[day], over[day]) for day in days]


def _hour(row: UsageCountRow, customer_name: str) -> UsageHour:
    return UsageHour(
        count_id=row.count_id,
        resource_id=row.resource_id,
        customer_name=customer_name,
        dimension=row.dimension,
        plan_id=row.plan_id,
        hour_at=row.hour_at,
        units=show_units(row.units_milli),
        quantity=show_units(row.quantity_milli),
        state=row.state,
        status=row.status_text,
        note=row.note,
        decide_at=row.decide_at,
        expires_at=expires_at(row.hour_at, _HOURS),
        entry_id=row.entry_id,
        answer_entry_id=row.answer_entry_id,
        usage_event_id=row.usage_event_id,
    )


def _compared(session: Session, resource: MeteredResourceRow, today: date) -> tuple[ComparedDay, ...]:
    rows = session.scalars(
        select(UsageComparisonRow)
        .where(
            UsageComparisonRow.resource_id == resource.resource_id,
            UsageComparisonRow.day_on > today - _SHOWN,
        )
        .order_by(UsageComparisonRow.day_on.desc(), UsageComparisonRow.dimension)
        .limit(100)
    )
    return tuple(
        ComparedDay(
            dimension=row.dimension,
            plan_id=row.plan_id,
            day_on=row.day_on,
            ours=show_units(row.ours_milli),
            microsofts=show_units(row.submitted_milli),
            status=row.status_text,
            explanation=row.explanation,
            is_open=row.is_open,
        )
        for row in rows
    )
