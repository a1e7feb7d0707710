"""Standing approvals: so many calls of one kind a day without being asked, until an end, under the same policies.

For what can be undone alone. It names the policies it was given under: when they change it is stale, and people are
asked again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import AwareDatetime, Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.governance.approvals.answering import is_irreversible, is_same_person, load_approval
from fairkeeper.governance.approvals.errors import (
    ApprovalNotFoundError,
    ApprovalNotYoursError,
    StandingRefusedError,
)
from fairkeeper.governance.approvals.evidence_kinds import STANDING_GRANTED, STANDING_REVOKED
from fairkeeper.governance.approvals.tables import StandingApprovalRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id

LONGEST: Final = timedelta(days=90)


class GrantStanding(OperationInput):
    """Like which question, how often a day, and until when."""

    approval_id: str = Field(max_length=40, description="A question whose kind is approved: its agent, tool and use.")
    same: list[str] = Field([], max_length=20, description="Arguments that must have the same value as there.")
    daily_limit: int = Field(ge=1, le=1000, description="How many calls a day, by UTC.")
    ends_at: AwareDatetime = Field(description="When it ends, within 90 days.")
    reason: str = Field(min_length=10, max_length=500, description="Why nobody needs to look at each.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """A standing approval."""

    standing_id: str
    agent_id: str
    tool_name: str
    where: dict[str, Any]
    daily_limit: int
    used_today: int
    granted_by: str
    ends_at: str
    is_revoked: bool


@command(
    "governance.grant_standing",
    groups=("governance.approve",),
    evidence=(STANDING_GRANTED,),
    http="POST /standing-approvals",
    cli="governance grant-standing APPROVAL_ID",
)
def grant_standing(context: CommandContext, request: GrantStanding) -> Outcome[StandingView]:
    """Approve calls like one that was asked about, so many a day, while the policies stay as they are.

    Raises:
        ApprovalNotFoundError, ApprovalNotYoursError: It is not this person's to answer.
        StandingRefusedError: It cannot be undone, needs several people, or an argument was not in it.
    """
    asked = load_approval(context, request.approval_id)
    if asked.is_publishers != (context.principal.customer_id is None):
        raise ApprovalNotYoursError("It is for other people to answer.")
    if asked.separates_duties and asked.person_id is not None and is_same_person(context, asked.person_id):
        raise ApprovalNotYoursError("The agent acts for you, and this tool needs somebody else's approval.")
    if is_irreversible(asked) or asked.approvers_needed > 1:
        raise StandingRefusedError("What cannot be undone, or needs several people, is approved one by one.")
    if not context.now < request.ends_at <= context.now + LONGEST:
        raise StandingRefusedError("It ends in the future, within 90 days.")
    arguments = json.loads(asked.arguments)
    unknown = [name for name in request.same if name not in arguments]
    if unknown:
        raise StandingRefusedError(f"The call has no argument {', '.join(unknown)}.")
    row = StandingApprovalRow(
        standing_id=new_id("sta"),
        customer_id=asked.customer_id,
        agent_id=asked.agent_id,
        tool_id=asked.tool_id,
        tool_name=asked.tool_name,
        use_id=asked.use_id or "",
        bundle_digest=asked.bundle_digest,
        where=json.dumps({name: arguments[name] for name in request.same}, sort_keys=True),
        daily_limit=request.daily_limit,
        used_on=None,
        used=0,
        reason=request.reason,
        granted_at=context.now,
        granted_by=context.principal.id,
        ends_at=request.ends_at,
    )
    context.session.add(row)
    context.session.flush()
    entry = EvidenceDraft(
        kind=STANDING_GRANTED.name,
        subject_type="standing_approval",
        subject_id=row.standing_id,
        customer_id=row.customer_id,
        payload={
            "agent": row.agent_id,
            "tool": row.tool_name,
            "use": row.use_id,
            "bundle": row.bundle_digest,
            "where": row.where,
            "daily_limit": row.daily_limit,
            "ends_at": format_instant(row.ends_at),
            "reason": row.reason,
        },
    )
    return Outcome(result=view_standing(row, today=context.now.date().isoformat()), entry=entry)


class RevokeStanding(OperationInput):
    """Which standing approval."""

    standing_id: str = Field(max_length=40, description="The id of the standing approval.")


@command(
    "governance.revoke_standing",
    groups=("governance.approve",),
    evidence=(STANDING_REVOKED,),
    http="POST /standing-approvals/{standing_id}/revoke",
    cli="governance revoke-standing STANDING_ID",
)
def revoke_standing(context: CommandContext, request: RevokeStanding) -> Outcome[StandingView]:
    """Take a standing approval back; the next call asks a person again.

    Raises:
        ApprovalNotFoundError: There is none of this id here.
    """
    statement = (
        select(StandingApprovalRow).where(StandingApprovalRow.standing_id == request.standing_id).with_for_update()
    )
    row = context.session.scalars(statement).first()
    if row is None:
        raise ApprovalNotFoundError(f"There is no standing approval {request.standing_id!r} here.")
    today = context.now.date().isoformat()
    if row.revoked_at is not None:
        return Outcome(result=view_standing(row, today=today), entry=None)
    row.revoked_at, row.revoked_by = context.now, context.principal.id
    entry = EvidenceDraft(
        kind=STANDING_REVOKED.name,
        subject_type="standing_approval",
        subject_id=row.standing_id,
        customer_id=row.customer_id,
        payload={"agent": row.agent_id, "tool": row.tool_name},
    )
    return Outcome(result=view_standing(row, today=today), entry=entry)


def view_standing(row: StandingApprovalRow, *, today: str) -> StandingView:
    """Return a standing approval as it is shown."""
    return StandingView(
        standing_id=row.standing_id,
        agent_id=row.agent_id,
        tool_name=row.tool_name,
        where=json.loads(row.where),
        daily_limit=row.daily_limit,
        used_today=row.used if row.used_on == today else 0,
        granted_by=row.granted_by,
        ends_at=format_instant(row.ends_at),
        is_revoked=row.revoked_at is not None,
    )
