"""Tells whoever may answer that a question waits, once, with the link to its page and nothing to click but that."""

from __future__ import annotations

from pydantic import Field

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, internal_command
from fairkeeper.action.telling import Telling, Urgency, tell
from fairkeeper.governance.approvals.tables import ApprovalRow
from fairkeeper.governance.approvals.wording import APPROVAL_WAITS
from fairkeeper.governance.tables import AgentRow

PUBLISHERS_APPROVERS = "security"
CUSTOMERS_APPROVERS = "customer_approver"


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
    is_new = tell(
        context,
        Telling(
            template=APPROVAL_WAITS,
            key=row.approval_id,
            to=PUBLISHERS_APPROVERS if row.is_publishers else CUSTOMERS_APPROVERS,
            urgency=Urgency.URGENT,
            values={"agent": row.agent_id if agent is None else agent.title, "tool": row.tool_title},
            href=f"/approvals/{row.approval_id}",
            due_at=row.ends_at,
            about_customer_id=row.customer_id,
        ),
    )
    return Outcome(result=is_new, entry=None)
