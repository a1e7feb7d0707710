"""Tells whoever may answer that a question waits, once, with the link to its page and nothing to click but that.

The first few that wait are told of one by one. Of more, one message an hour says how many there are, because whoever
gets fifty messages reads none.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, internal_command
from fairkeeper.action.telling import Telling, Urgency, tell
from fairkeeper.governance.approvals.tables import ApprovalRow
from fairkeeper.governance.approvals.wording import APPROVAL_WAITS, APPROVALS_WAIT
from fairkeeper.governance.tables import AgentRow

PUBLISHERS_APPROVERS = "security"
CUSTOMERS_APPROVERS = "customer_approver"
TOLD_ONE_BY_ONE: Final = 3
"""Questions that wait for the same people and are told of each by itself."""


class TellApproval(OperationInput):
    """Which question."""

    approval_id: str = Field(max_length=40, description="The id of the question.")


@internal_command("governance.tell_approval", evidence=())
def tell_approval(context: CommandContext, request: TellApproval) -> Outcome[bool]:
    """Wish that whoever may answer hears of a question that waits; say whether that is new."""
    row = context.session.get(ApprovalRow, request.approval_id)
    if row is None or row.state != "pending" or context.now >= row.ends_at:
        return Outcome(result=False, entry=None)
    agent = context.session.get(AgentRow, row.agent_id)
    name = row.agent_id if agent is None else agent.title
    waiting = _waiting(context, row)
    if len(waiting) > TOLD_ONE_BY_ONE and row not in waiting[:TOLD_ONE_BY_ONE]:
        telling = Telling(
            template=APPROVALS_WAIT,
            key=f"{row.customer_id or PUBLISHERS_APPROVERS}:{context.now:%Y-%m-%dT%H}",
            to=PUBLISHERS_APPROVERS if row.is_publishers else CUSTOMERS_APPROVERS,
            urgency=Urgency.URGENT,
            values={"count": str(len(waiting)), "agent": name},
            href="/approvals",
            due_at=min(each.ends_at for each in waiting),
            about_customer_id=row.customer_id,
        )
    else:
        telling = Telling(
            template=APPROVAL_WAITS,
            key=row.approval_id,
            to=PUBLISHERS_APPROVERS if row.is_publishers else CUSTOMERS_APPROVERS,
            urgency=Urgency.URGENT,
            values={"agent": name, "tool": row.tool_title},
            href=f"/approvals/{row.approval_id}",
            due_at=row.ends_at,
            about_customer_id=row.customer_id,
        )
    return Outcome(result=tell(context, telling), entry=None)


def _waiting(context: CommandContext, row: ApprovalRow) -> list[ApprovalRow]:
    """Return what waits for the same people, the first that was asked first."""
    statement = select(ApprovalRow).where(
        ApprovalRow.state == "pending",
        ApprovalRow.ends_at > context.now,
        ApprovalRow.is_publishers.is_(row.is_publishers),
        ApprovalRow.customer_id.is_not_distinct_from(row.customer_id),
    )
    return list(context.session.scalars(statement.order_by(ApprovalRow.asked_at, ApprovalRow.approval_id)))
