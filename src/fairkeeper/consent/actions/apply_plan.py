"""Applies a consent plan: a version is kept as it was given, and every link follows it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    TextFile,
    command,
)
from fairkeeper.consent.actions.check_plan import judge
from fairkeeper.consent.catalogue.held import catalogue_in
from fairkeeper.consent.errors import PlanRefusedError
from fairkeeper.consent.evidence_kinds import PLAN_APPLIED
from fairkeeper.consent.store import newest_plan_row
from fairkeeper.consent.tables import PlanRow
from fairkeeper.values.findings import Level

FOLLOW_PLAN = "consent.follow_plan"


class ApplyPlan(OperationInput):
    """Which plan."""

    file: TextFile = Field(description="The consent plan, in YAML or JSON.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanApplied:
    """Which version holds now, and whether that is new."""

    version: int
    is_new: bool


@command(
    "consent.apply_plan",
    groups=("consent.change",),
    evidence=(PLAN_APPLIED,),
    http="POST /consent/plan",
    cli="consent apply FILE",
)
def apply_plan(context: CommandContext, request: ApplyPlan) -> Outcome[PlanApplied]:
    """Apply a consent plan: from now on tenants are asked for what it says; what they granted goes on.

    A plan with a finding of level error is refused, and so is a version that is not above the one that holds. The same
    file again changes nothing.

    Raises `consent.plan_refused`.
    """
    reading, findings = judge(request.file, catalogue_in(context.session))
    errors = [finding for finding in findings if finding.level is Level.ERROR]
    if reading.plan is None or errors:
        first = errors[0]
        raise PlanRefusedError(f"{first.message} ({first.code}; {len(errors)} in all)")
    plan, digest = reading.plan, hashlib.sha256(request.file.text.encode()).hexdigest()
    newest = newest_plan_row(context.session)
    if newest is not None and newest.digest == digest:
        return Outcome(result=PlanApplied(version=newest.version, is_new=False), entry=None)
    if newest is not None and plan.version <= newest.version:
        msg = f"Version {plan.version} is not above version {newest.version}, which holds."
        raise PlanRefusedError(msg, remedy="Raise the version whenever the file changes.")
    row = PlanRow(version=plan.version, text=request.file.text, digest=digest, applied_at=context.now)
    context.session.add(row)
    context.session.flush()
    context.enqueue(FOLLOW_PLAN, str(plan.version), {"version": plan.version})
    entry = EvidenceDraft(
        kind=PLAN_APPLIED.name,
        subject_type="consent_plan",
        subject_id=str(plan.version),
        payload={
            "version": plan.version,
            "digest": digest,
            "publisher": plan.publisher,
            "features": [feature.key for feature in plan.features],
        },
    )
    return Outcome(result=PlanApplied(version=plan.version, is_new=True), entry=entry)


OPERATIONS: tuple[Operation, ...] = (apply_plan,)
