"""Compares what Microsoft lists with what it accepted from us, day by day, and settles what was in doubt."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.metering.evidence_kinds import COMPARED, DOUBT_SETTLED
from fairkeeper.metering.finding_kinds import DOUBTFUL, STATED_OTHERWISE
from fairkeeper.metering.rules.quantity import show_units
from fairkeeper.metering.rules.statuses import ReportState
from fairkeeper.metering.rules.terms import midnight
from fairkeeper.metering.store import load_resource
from fairkeeper.metering.tables import MeteredResourceRow, UsageComparisonRow, UsageCountRow
from fairkeeper.metering.telling import FINANCE, close_for, raise_for

_OVER_AFTER: Final = timedelta(hours=25)
"""After this long nothing of an hour can be accepted any more, so that a list is final."""
_NOT_PROCESSED: Final = "Submitted"
_NEVER_BILLED: Final = {
    "TestHeaders": "Sent with test headers: Microsoft bills nothing of it.",
    "DryRun": "The subscription is a test (DryRun): Microsoft bills nothing of it.",
}
Key = tuple[str, str, date]


class StatedDay(OperationInput):
    """One day of a dimension as Microsoft states it."""

    dimension: str = Field(max_length=200, description="The dimension.")
    plan_id: str = Field(max_length=200, description="The plan.")
    day_on: date = Field(description="The day.")
    status: str = Field(max_length=80, description="Microsoft's word, reconStatus.")
    submitted_milli: int = Field(ge=0, description="What it has.")
    processed_milli: int = Field(ge=0, description="What it has processed.")


class RecordComparison(OperationInput):
    """What Microsoft states of one resource."""

    resource_id: str = Field(max_length=64, description="The resource.")
    since_on: date = Field(description="First day that was asked for.")
    until_on: date = Field(description="Last day that was asked for.")
    days: tuple[StatedDay, ...] = Field(max_length=5000, description="Its lines.")


@internal_command("metering.record_comparison", evidence=(COMPARED, DOUBT_SETTLED))
def record_comparison(context: CommandContext, request: RecordComparison) -> Outcome[int]:
    """Compare Microsoft's list of a resource's usage with ours, and return how many days differ."""
    resource = load_resource(context.session, request.resource_id, now=context.now)
    counts = _counts(context, resource, request)
    stated = {(each.dimension, each.plan_id, each.day_on): each for each in request.days}
    settled: list[Canonical] = []
    differing = changed = 0
    for key in sorted({*counts, *stated}):
        theirs = stated.get(key)
        submitted = 0 if theirs is None else theirs.submitted_milli
        settled += _settle(context, resource, counts.get(key, []), submitted)
        ours = _accepted(counts.get(key, []))
        is_open, explanation = _explain(ours, theirs, key[2] >= context.now.date())
        differing += is_open
        changed += _keep(context, resource, key, (ours, theirs, explanation, is_open))
    if not changed and not settled:
        return Outcome(result=differing, entry=None)
    kind = DOUBT_SETTLED if settled else COMPARED
    payload: dict[str, Canonical] = {
        "resource": resource.resource_id,
        "days": len({*counts, *stated}),
        "differences": differing,
        "hours": settled,
        "count": len(settled),
        "summary": f"{request.since_on} to {request.until_on}",
    }
    entry = EvidenceDraft(
        kind=kind.name,
        subject_type="metered_resource",
        subject_id=resource.resource_id,
        customer_id=resource.customer_id,
        payload=payload,
    )
    return Outcome(result=differing, entry=entry)


def _counts(
    context: CommandContext, resource: MeteredResourceRow, request: RecordComparison
) -> dict[Key, list[UsageCountRow]]:
    rows = context.session.scalars(
        select(UsageCountRow)
        .where(
            UsageCountRow.resource_id == resource.resource_id,
            UsageCountRow.hour_at >= midnight(request.since_on),
            UsageCountRow.hour_at < midnight(request.until_on + timedelta(days=1)),
            UsageCountRow.state.in_([ReportState.ACCEPTED, ReportState.DOUBTFUL]),
        )
        .with_for_update()
    )
    found: dict[Key, list[UsageCountRow]] = defaultdict(list)
    for row in rows:
        found[row.dimension, row.plan_id, row.hour_at.date()].append(row)
    return found


def _accepted(rows: list[UsageCountRow]) -> int:
    return sum(row.quantity_milli for row in rows if row.state == ReportState.ACCEPTED)


def _settle(
    context: CommandContext, resource: MeteredResourceRow, rows: list[UsageCountRow], submitted: int
) -> list[Canonical]:
    """Decide about doubtful hours of a day where Microsoft's sum leaves one answer alone."""
    doubtful = [row for row in rows if row.state == ReportState.DOUBTFUL]
    if not doubtful or any(context.now < row.hour_at + _OVER_AFTER for row in doubtful):
        return []
    missing = submitted - _accepted(rows)
    if missing not in {0, sum(row.quantity_milli for row in doubtful)}:
        return []
    state = ReportState.ACCEPTED if missing else ReportState.FOLDED
    for row in doubtful:
        row.state, row.in_flight, row.is_unknown = state.value, False, False
        close_for(context, resource, DOUBTFUL.code, keys={row.count_id}, why=f"Microsoft's list: {state}.")
    return [{"id": row.count_id, "state": row.state} for row in doubtful]


def _explain(ours: int, theirs: StatedDay | None, is_running: bool) -> tuple[bool, str]:  # noqa: FBT001
    submitted = 0 if theirs is None else theirs.submitted_milli
    if ours == submitted:
        if theirs is not None and theirs.status in _NEVER_BILLED:
            return False, _NEVER_BILLED[theirs.status]
        if theirs is not None and theirs.status == "Mismatch":
            return True, "Microsoft took what we sent and processed another quantity; ask its support."
        if theirs is not None and theirs.status == "Rejected":
            return True, "Microsoft rejected it afterwards; ask its support."
        waits = theirs is not None and theirs.status == _NOT_PROCESSED
        return False, "Agrees; Microsoft has not processed it yet." if waits else "Agrees."
    if is_running:
        return False, "The day is not over."
    more = submitted > ours
    by = show_units(abs(submitted - ours))
    if more:
        return True, f"Microsoft has {by} more than we reported: another system reports with the same application."
    return True, f"Microsoft has {by} less than it accepted from us; ask its support with the events' ids."


def _keep(
    context: CommandContext,
    resource: MeteredResourceRow,
    key: Key,
    found: tuple[int, StatedDay | None, str, bool],
) -> bool:
    ours, theirs, explanation, is_open = found
    dimension, plan_id, day_on = key
    row = context.session.get(UsageComparisonRow, (resource.resource_id, dimension, plan_id, day_on))
    if row is None:
        row = UsageComparisonRow(
            resource_id=resource.resource_id,
            customer_id=resource.customer_id,
            dimension=dimension,
            plan_id=plan_id,
            day_on=day_on,
        )
        context.session.add(row)
    values = (
        ours,
        0 if theirs is None else theirs.submitted_milli,
        0 if theirs is None else theirs.processed_milli,
        "" if theirs is None else theirs.status,
        explanation,
    )
    before = (row.ours_milli, row.submitted_milli, row.processed_milli, row.status_text, row.explanation)
    row.ours_milli, row.submitted_milli, row.processed_milli, row.status_text, row.explanation = values
    row.is_open, row.compared_at = is_open, context.now
    where = f"{dimension}:{day_on}"
    if is_open:
        message = f"{dimension} on {day_on:%d %b %Y}: {explanation}"
        raise_for(context, resource, STATED_OTHERWISE.found(message), key=where, owner_role=FINANCE)
    else:
        close_for(context, resource, STATED_OTHERWISE.code, keys={where}, why=explanation)
    return before != values
