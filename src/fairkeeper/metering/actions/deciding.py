"""A person decides about a held hour: it is sent after all, or it is not reported."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, EvidenceKind, OperationInput, Outcome, command
from fairkeeper.metering.errors import CountUnknownError, NotHeldError
from fairkeeper.metering.evidence_kinds import HOUR_REFUSED, HOUR_RELEASED
from fairkeeper.metering.finding_kinds import HELD
from fairkeeper.metering.rules.statuses import ReportState
from fairkeeper.metering.store import load_resource
from fairkeeper.metering.tables import UsageCountRow
from fairkeeper.metering.telling import close_for, settle_held


class DecideHour(OperationInput):
    """Which held hour, and why."""

    count_id: str = Field(max_length=40, description="The counted hour's id.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HourDecided:
    """Where the hour stands now."""

    count_id: str
    state: str


@command(
    "metering.release_hour",
    groups=("metering.decide",),
    evidence=(HOUR_RELEASED,),
    http="POST /usage/hours/{count_id}/release",
    cli="metering release COUNT_ID",
)
def release_hour(context: CommandContext, request: DecideHour) -> Outcome[HourDecided]:
    """Send a held hour after all. Raises `metering.not_held` for one that does not wait."""
    return _decide(context, request, ReportState.READY, HOUR_RELEASED)


@command(
    "metering.refuse_hour",
    groups=("metering.decide",),
    evidence=(HOUR_REFUSED,),
    http="POST /usage/hours/{count_id}/refuse",
    cli="metering refuse COUNT_ID",
)
def refuse_hour(context: CommandContext, request: DecideHour) -> Outcome[HourDecided]:
    """Do not report a held hour: it is never billed. Raises `metering.not_held` for one that does not wait."""
    return _decide(context, request, ReportState.REFUSED, HOUR_REFUSED)


def _decide(
    context: CommandContext, request: DecideHour, state: ReportState, kind: EvidenceKind
) -> Outcome[HourDecided]:
    found = context.session.get(UsageCountRow, request.count_id)
    if found is None:
        raise CountUnknownError(f"There is no counted hour {request.count_id!r} here.")
    resource = load_resource(context.session, found.resource_id, now=context.now)
    row = context.session.get(UsageCountRow, request.count_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != ReportState.HELD:
        raise NotHeldError(f"The hour is not held; it is {found.state}.")
    row.state, row.next_try_at = state.value, context.now
    why = f"Decided: {request.reason}"
    close_for(context, resource, HELD.code, keys={row.count_id}, why=why)
    settle_held(context, row, why=why)
    entry = EvidenceDraft(
        kind=kind.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={"id": row.count_id, "quantity": row.quantity_milli, "reason": request.reason},
    )
    return Outcome(result=HourDecided(count_id=row.count_id, state=row.state), entry=entry)
