"""What may be pushed to the CRM unasked, and how much of it is left today."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.governance.approvals.tables import StandingApprovalRow
from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.deciding.within import SessionTransaction
from fairkeeper.opportunities.agent import AGENT_ID, AgentTool
from fairkeeper.opportunities.ports import RoomSettings


class ShowPushing(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLine:
    """A standing approval in force.

    Attributes:
        is_stale: Whether the policies have changed since; then it lets nothing through.
    """

    id: str
    target: str
    daily_limit: int
    used_today: int
    given_by: str
    given_at: datetime
    until: datetime
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Where cards go, and what the agent may push unasked.

    Attributes:
        target: The configured CRM; empty for none.
        left_today: How many more today without anybody's click.
    """

    target: str
    agent_id: str
    standing: StandingLine | None
    left_today: int


@query(
    "opportunities.show_pushing",
    groups=("opportunities.read",),
    http="GET /opportunities/pushing",
    cli="opportunities pushing",
)
def show_pushing(context: QueryContext, request: ShowPushing) -> Pushing:
    """Show where cards are pushed to, the standing approval in force, and what is left of it today."""
    del request
    target = context.ports.of(RoomSettings).crm
    rows = context.session.scalars(
        select(StandingApprovalRow)
        .where(
            StandingApprovalRow.agent_id == AGENT_ID,
            StandingApprovalRow.tool_id == AgentTool.PUSH.value,
            StandingApprovalRow.revoked_at.is_(None),
            StandingApprovalRow.ends_at > context.now,
        )
        .order_by(StandingApprovalRow.granted_at.desc(), StandingApprovalRow.standing_id)
    ).all()
    row = next((each for each in rows if json.loads(each.where).get("target") == target), None)
    if row is None:
        return Pushing(target=target, agent_id=AGENT_ID, standing=None, left_today=0)
    active = context.ports.of(Questions).policies.active(SessionTransaction(context.session), None)
    used = row.used if row.used_on == context.now.date().isoformat() else 0
    is_stale = row.bundle_digest != active.digest
    line = StandingLine(
        id=row.standing_id,
        target=target,
        daily_limit=row.daily_limit,
        used_today=used,
        given_by=row.granted_by,
        given_at=row.granted_at,
        until=row.ends_at,
        is_stale=is_stale,
    )
    left = 0 if is_stale else max(0, row.daily_limit - used)
    return Pushing(target=target, agent_id=AGENT_ID, standing=line, left_today=left)


OPERATIONS: tuple[Operation, ...] = (show_pushing,)
