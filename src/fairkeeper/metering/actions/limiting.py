"""A customer's own limit on usage, and the counter of it that Governance reads.

The limit stands at Governance too, as one on units of the dimension: its counter holds what was used in the running
month or year, whoever used it, what is not counted yet and what runs among it. Calls of tools that count for the
dimension take from it as from any limit; once a minute it is put right. A call above it is refused, or asked about; and
policies read how much of it is used (`context.usage`), so that a customer can be asked earlier.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field
from sqlalchemy import func, select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.governance.epochs import move
from fairkeeper.governance.tables import DecisionRow, LimitRow, LimitUsageRow, MeasuredCallRow
from fairkeeper.metering.errors import EventRefusedError
from fairkeeper.metering.evidence_kinds import LIMIT_ENDED, LIMIT_SET
from fairkeeper.metering.finding_kinds import LIMIT_REACHED
from fairkeeper.metering.rules.quantity import parse_units, show_units
from fairkeeper.metering.rules.terms import counter_at
from fairkeeper.metering.store import follow, load_resource, resource_for
from fairkeeper.metering.tables import MeteredResourceRow, UsageCounterRow, UsageEventRow, UsageLimitRow
from fairkeeper.metering.telling import close_for, raise_for
from fairkeeper.policy.decision.facts import Meter, Scope, Window
from fairkeeper.policy.decision.windows import window_key
from fairkeeper.values.ids import new_id

FOLLOW: Final = "metering.follow_limits"
"""The background work that fills the counters."""
_RUNS_AT_MOST: Final = timedelta(hours=1)
"""How long a call that was allowed may run before it no longer holds what it took."""


class AtLimit(StrEnum):
    """What becomes of a governed call above a customer's limit."""

    STOP = "stop"
    ASK = "ask"


class SetUsageLimit(OperationInput):
    """How much at most."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id.")
    quantity: str = Field(max_length=24, description="Units in each month or year of the term.")
    at_limit: AtLimit = Field(
        AtLimit.STOP, description="What becomes of a governed call above it: stop, or ask a person."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLimit:
    """The limit."""

    resource_id: str
    dimension: str
    quantity: str
    at_limit: str


@command(
    "metering.set_usage_limit",
    groups=("governance.administer",),
    evidence=(LIMIT_SET,),
    http="POST /usage/limits",
    cli="metering set-limit RESOURCE_ID DIMENSION QUANTITY",
)
def set_usage_limit(context: CommandContext, request: SetUsageLimit) -> Outcome[UsageLimit]:
    """Limit a dimension for each month or year of the term; governed calls above it are refused, or ask a person."""
    try:
        milli = parse_units(request.quantity)
    except ValueError as error:
        raise EventRefusedError(f"The limit cannot be taken: {error}.") from error
    resource = load_resource(context.session, request.resource_id, now=context.now)
    row = context.session.get(UsageLimitRow, (resource.resource_id, request.dimension), with_for_update=True)
    asks = request.at_limit is AtLimit.ASK
    result = UsageLimit(
        resource_id=resource.resource_id,
        dimension=request.dimension,
        quantity=show_units(milli),
        at_limit=request.at_limit.value,
    )
    if row is not None and row.ended_at is None and (row.limit_milli, row.asks) == (milli, asks):
        return Outcome(result=result, entry=None)
    if row is None:
        row = UsageLimitRow(
            resource_id=resource.resource_id, customer_id=resource.customer_id, dimension=request.dimension
        )
        context.session.add(row)
    row.asks = asks
    row.limit_milli, row.set_at, row.set_by, row.ended_at = milli, context.now, context.principal.id, None
    context.session.flush()
    # Dimensions of plans are not a customer's to read, so the counter is filled in the background, at once.
    payload: dict[str, Canonical] = {"resource_id": row.resource_id}
    context.enqueue(FOLLOW, new_id("tsk"), payload, customer_id=row.customer_id)
    return Outcome(result=result, entry=_entry(LIMIT_SET.name, row))


class EndUsageLimit(OperationInput):
    """Which limit."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id.")


@command(
    "metering.end_usage_limit",
    groups=("governance.administer",),
    evidence=(LIMIT_ENDED,),
    http="POST /usage/limits/end",
    cli="metering end-limit RESOURCE_ID DIMENSION",
)
def end_usage_limit(context: CommandContext, request: EndUsageLimit) -> Outcome[UsageLimit]:
    """End a customer's limit on a dimension; calls are let through again from the next decision on."""
    resource = load_resource(context.session, request.resource_id, now=context.now)
    row = context.session.get(UsageLimitRow, (resource.resource_id, request.dimension), with_for_update=True)
    quantity = "" if row is None else show_units(row.limit_milli)
    at_limit = AtLimit.ASK if row is not None and row.asks else AtLimit.STOP
    result = UsageLimit(
        resource_id=resource.resource_id, dimension=request.dimension, quantity=quantity, at_limit=at_limit.value
    )
    if row is None or row.ended_at is not None:
        return Outcome(result=result, entry=None)
    row.ended_at = context.now
    _end(context, row)
    close_for(context, resource, LIMIT_REACHED.code, keys={row.dimension}, why="The limit has ended.")
    return Outcome(result=result, entry=_entry(LIMIT_ENDED.name, row))


class FollowLimits(OperationInput):
    """Of which resource."""

    resource_id: str = Field(max_length=64, description="The resource.")


@internal_command("metering.follow_limits", evidence=())
def follow_limits(context: CommandContext, request: FollowLimits) -> Outcome[int]:
    """Fill the counters that Governance reads with what was used; return how many limits are reached."""
    resource = load_resource(context.session, request.resource_id, now=context.now)
    rows = context.session.scalars(
        select(UsageLimitRow).where(UsageLimitRow.resource_id == resource.resource_id, UsageLimitRow.ended_at.is_(None))
    ).all()
    return Outcome(result=sum(_follow(context, resource, row) for row in rows), entry=None)


def _follow(context: CommandContext, resource: MeteredResourceRow, row: UsageLimitRow) -> bool:
    used = _used(context, resource, row.dimension)
    if resource_for(context.session, resource.customer_id, row.dimension) == row.resource_id:
        _fill(context, row, used)
    else:
        _end(context, row)  # governed calls count for something else of the customer's
    is_reached = used >= row.limit_milli
    if is_reached:
        message = f"{row.dimension}: {show_units(used)} of {show_units(row.limit_milli)} are used."
        raise_for(context, resource, LIMIT_REACHED.found(message), key=row.dimension)
    else:
        close_for(context, resource, LIMIT_REACHED.code, keys={row.dimension}, why="Below the limit.")
    return is_reached


def _used(context: CommandContext, resource: MeteredResourceRow, dimension: str) -> int:
    """Return what was used in the running month or year: counted, still to be counted, and running right now."""
    session, now = context.session, context.now
    terms = follow(session, resource, now=now)
    if not terms:
        return 0
    counter = counter_at(terms, now)
    kept = session.get(UsageCounterRow, (resource.resource_id, dimension, counter.starts_at))
    events = session.scalars(
        select(func.sum(UsageEventRow.milli)).where(
            UsageEventRow.resource_id == resource.resource_id,
            UsageEventRow.dimension == dimension,
            UsageEventRow.count_id.is_(None),
            UsageEventRow.used_at >= counter.starts_at,
            UsageEventRow.used_at < counter.ends_at,
        )
    ).one()
    calls = session.scalars(
        select(func.sum(MeasuredCallRow.milli)).where(
            MeasuredCallRow.customer_id == resource.customer_id,
            MeasuredCallRow.dimension == dimension,
            MeasuredCallRow.taken_at.is_(None),
        )
    ).one()
    counted = 0 if kept is None else kept.used_milli
    return counted + int(events or 0) + int(calls or 0)


def _running(context: CommandContext, customer_id: str, limit_id: str) -> int:
    """Return what calls have taken from a limit that were allowed lately and have no outcome yet."""
    rows = context.session.scalars(
        select(DecisionRow.reservations).where(
            DecisionRow.customer_id == customer_id,
            DecisionRow.outcome.is_(None),
            DecisionRow.allowed.is_(True),
            DecisionRow.at > context.now - _RUNS_AT_MOST,
            DecisionRow.reservations.contains(limit_id),
        )
    )
    return sum(taken for row in rows for limit, _, taken in json.loads(row or "[]") if limit == limit_id)


def _fill(context: CommandContext, row: UsageLimitRow, used_milli: int) -> None:
    limit_id = _limit_id(row)
    limit = context.session.get(LimitRow, limit_id, with_for_update=True)
    if limit is None:
        limit = LimitRow(
            limit_id=limit_id,
            customer_id=row.customer_id,
            scope=Scope.CUSTOMER.value,
            subject_id=row.customer_id,
            meter=Meter.UNITS.value,
            dimension=row.dimension,
            span=Window.TOTAL.value,
            set_at=context.now,
            set_by=row.set_by,
            maximum=-1,
        )
        context.session.add(limit)
    if (limit.maximum, limit.asks) != (row.limit_milli, row.asks) or limit.ended_at is not None:
        limit.maximum, limit.asks, limit.ended_at = row.limit_milli, row.asks, None
        context.session.flush()
        move(context.session, row.customer_id)
    running = _running(context, row.customer_id, limit_id)
    window = window_key(Window.TOTAL, context.now)
    usage = context.session.get(LimitUsageRow, (limit_id, window), with_for_update=True)
    if usage is None:
        usage = LimitUsageRow(limit_id=limit_id, window_key=window, customer_id=row.customer_id)
        context.session.add(usage)
    usage.used = used_milli + running
    context.session.flush()


def _end(context: CommandContext, row: UsageLimitRow) -> None:
    limit = context.session.get(LimitRow, _limit_id(row), with_for_update=True)
    if limit is not None and limit.ended_at is None:
        limit.ended_at = context.now
        move(context.session, row.customer_id)


def _limit_id(row: UsageLimitRow) -> str:
    named = f"{row.resource_id}/{row.dimension}"
    return f"lim_{hashlib.sha256(named.encode()).hexdigest()[:26]}"


def _entry(kind: str, row: UsageLimitRow) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={
            "dimension": row.dimension,
            "units": show_units(row.limit_milli),
            "at_limit": (AtLimit.ASK if row.asks else AtLimit.STOP).value,
        },
    )
