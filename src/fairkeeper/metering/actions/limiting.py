"""A customer's own limit on usage, and the counter by which Governance stops calls when it is reached.

For each agent that may use a tool of the limited dimension there is a limit of Governance's, whose counter is what was
used of the dimension, whoever used it. Between two counts every call takes one from it, as from any limit; each count
puts it right again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.governance.epochs import move
from fairkeeper.governance.tables import AgentRow, LimitRow, LimitUsageRow, PermitRow, ToolRow
from fairkeeper.metering.errors import EventRefusedError
from fairkeeper.metering.evidence_kinds import LIMIT_ENDED, LIMIT_SET
from fairkeeper.metering.finding_kinds import LIMIT_REACHED
from fairkeeper.metering.rules.quantity import parse_units, show_units
from fairkeeper.metering.store import load_resource
from fairkeeper.metering.tables import MeteredResourceRow, UsageCounterRow, UsageLimitRow
from fairkeeper.metering.telling import close_for, raise_for
from fairkeeper.policy.decision.facts import Meter, Scope, Window
from fairkeeper.policy.decision.windows import window_key


class SetUsageLimit(OperationInput):
    """How much at most."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id.")
    quantity: str = Field(max_length=24, description="Units in each month or year of the term.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLimit:
    """The limit."""

    resource_id: str
    dimension: str
    quantity: str


@command(
    "metering.set_usage_limit",
    groups=("governance.administer",),
    evidence=(LIMIT_SET,),
    http="POST /usage/limits",
    cli="metering set-limit RESOURCE_ID DIMENSION QUANTITY",
)
def set_usage_limit(context: CommandContext, request: SetUsageLimit) -> Outcome[UsageLimit]:
    """Limit a dimension for each month or year of the term; governed calls of it are refused once it is reached."""
    try:
        milli = parse_units(request.quantity)
    except ValueError as error:
        raise EventRefusedError(f"The limit cannot be taken: {error}.") from error
    resource = load_resource(context.session, request.resource_id, now=context.now)
    row = context.session.get(UsageLimitRow, (resource.resource_id, request.dimension), with_for_update=True)
    result = UsageLimit(resource_id=resource.resource_id, dimension=request.dimension, quantity=show_units(milli))
    if row is not None and row.ended_at is None and row.limit_milli == milli:
        return Outcome(result=result, entry=None)
    if row is None:
        row = UsageLimitRow(
            resource_id=resource.resource_id, customer_id=resource.customer_id, dimension=request.dimension
        )
        context.session.add(row)
    row.limit_milli, row.set_at, row.set_by, row.ended_at = milli, context.now, context.principal.id, None
    context.session.flush()
    _follow(context, resource, row)
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
    result = UsageLimit(resource_id=resource.resource_id, dimension=request.dimension, quantity=quantity)
    if row is None or row.ended_at is not None:
        return Outcome(result=result, entry=None)
    row.ended_at = context.now
    for agent_id, tool_id in _pairs(context, resource, row.dimension):
        limit = context.session.get(LimitRow, _limit_id(row, agent_id, tool_id))
        if limit is not None and limit.ended_at is None:
            limit.ended_at = context.now
    move(context.session, resource.customer_id)
    close_for(context, resource, LIMIT_REACHED.code, key=row.dimension, why="The limit has ended.")
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
    used = (
        context.session.scalars(
            select(UsageCounterRow.used_milli).where(
                UsageCounterRow.resource_id == row.resource_id,
                UsageCounterRow.dimension == row.dimension,
                UsageCounterRow.starts_at <= context.now,
                UsageCounterRow.ends_at > context.now,
            )
        ).first()
        or 0
    )
    for agent_id, tool_id in _pairs(context, resource, row.dimension):
        _fill(context, row, (agent_id, tool_id), used_units=-(-used // 1000))
    is_reached = used >= row.limit_milli
    if is_reached:
        message = f"{row.dimension}: {show_units(used)} of {show_units(row.limit_milli)} are used."
        raise_for(context, resource, LIMIT_REACHED.found(message), key=row.dimension)
    else:
        close_for(context, resource, LIMIT_REACHED.code, key=row.dimension, why="Below the limit.")
    return is_reached


def _fill(context: CommandContext, row: UsageLimitRow, pair: tuple[str, str], *, used_units: int) -> None:
    agent_id, tool_id = pair
    limit_id = _limit_id(row, agent_id, tool_id)
    limit = context.session.get(LimitRow, limit_id, with_for_update=True)
    if limit is None:
        limit = LimitRow(
            limit_id=limit_id,
            customer_id=row.customer_id,
            scope=Scope.TOOL.value,
            subject_id=tool_id,
            agent_id=agent_id,
            meter=Meter.CALLS.value,
            span=Window.TOTAL.value,
            set_at=context.now,
            set_by=row.set_by,
            maximum=-1,
        )
        context.session.add(limit)
    maximum = row.limit_milli // 1000
    if limit.maximum != maximum or limit.ended_at is not None:
        limit.maximum, limit.ended_at = maximum, None
        context.session.flush()
        move(context.session, row.customer_id)
    window = window_key(Window.TOTAL, context.now)
    usage = context.session.get(LimitUsageRow, (limit_id, window), with_for_update=True)
    if usage is None:
        usage = LimitUsageRow(limit_id=limit_id, window_key=window, customer_id=row.customer_id)
        context.session.add(usage)
    usage.used = used_units
    context.session.flush()


def _pairs(context: CommandContext, resource: MeteredResourceRow, dimension: str) -> list[tuple[str, str]]:
    """Return the customer's agents with the tools of a dimension that they may use."""
    found = context.session.execute(
        select(PermitRow.agent_id, PermitRow.tool_id)
        .join(AgentRow, AgentRow.agent_id == PermitRow.agent_id)
        .join(ToolRow, ToolRow.tool_id == PermitRow.tool_id)
        .where(AgentRow.customer_id == resource.customer_id, ToolRow.meter == dimension, PermitRow.ended_at.is_(None))
        .distinct()
    )
    return [(agent_id, tool_id) for agent_id, tool_id in found]


def _limit_id(row: UsageLimitRow, agent_id: str, tool_id: str) -> str:
    named = f"{row.resource_id}/{row.dimension}/{agent_id}/{tool_id}"
    return f"lim_{hashlib.sha256(named.encode()).hexdigest()[:26]}"


def _entry(kind: str, row: UsageLimitRow) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={"dimension": row.dimension, "units": show_units(row.limit_milli)},
    )
