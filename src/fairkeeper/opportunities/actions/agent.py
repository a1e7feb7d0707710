"""Registers the room's agent under Governance, and asks there before it reads or pushes anything.

Registered once, by Fairkeeper, with fixed ids; from then on it is an agent like any other: people read what it did,
narrow it by policies and limits, pause it, end its permits, withdraw its use. Nothing here gives back what they took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.governance.actions.register_agent import described
from fairkeeper.governance.actions.register_tool import manifest_digest
from fairkeeper.governance.approvals.answering import AnswerVerdict, load_approval, take_answer
from fairkeeper.governance.deciding.tickets import Decided, Questions
from fairkeeper.governance.deciding.within import SessionTransaction, decide_within
from fairkeeper.governance.epochs import move
from fairkeeper.governance.evidence_kinds import AGENT_REGISTERED
from fairkeeper.governance.tables import AgentRow, ContainmentRow, DataGrantRow, IntendedUseRow, PermitRow, ToolRow
from fairkeeper.opportunities.agent import AGENT, AGENT_ID, DATA_CLASSES, TOOLS, USE, USE_ID, AgentTool, ToolPlan
from fairkeeper.opportunities.errors import AgentNotRegisteredError, AgentRefusedError, PersonalDataRefusedError
from fairkeeper.policy.decision.facts import Call, Caller, OwnerKind
from fairkeeper.policy.decision.reasons import SENTENCES, Reason
from fairkeeper.policy.decision.response import BusinessImpact, Reversibility, Severity
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id

_GRANTED_FOR: Final = timedelta(days=3652)
"""Data access has an end in Governance; this one is the publisher's own data and can be taken back at any time."""
_ROOM: Final = Caller(id="system:opportunities", customer_id=None, may_report=True, kind="system")
"""The room itself asks for its agent; on whose wish stands in the arguments."""


class RegisterRoomsAgent(OperationInput):
    """Nothing to say."""


@internal_command("opportunities.register_agent", evidence=(AGENT_REGISTERED,))
def register_agent(context: CommandContext, request: RegisterRoomsAgent) -> Outcome[bool]:
    """Register the agent with its use, tools, permits and data, unless it is there; say whether it is new."""
    del request
    session = context.session
    if session.get(AgentRow, AGENT_ID) is not None:
        return Outcome(result=False, entry=None)
    by = context.principal.id
    agent = AgentRow(agent_id=AGENT_ID, customer_id=None, **AGENT, created_at=context.now, created_by=by)
    session.add(agent)
    session.flush()
    session.add(
        IntendedUseRow(
            use_id=USE_ID,
            agent_id=AGENT_ID,
            customer_id=None,
            **USE,
            created_at=context.now,
            approved_at=context.now,
            approved_by=by,
        )
    )
    session.flush()
    session.add_all(_tool(each, context) for each in TOOLS)
    session.add_all(_permit(each, context) for each in TOOLS if each.lane)
    ends_at = context.now + _GRANTED_FOR
    session.add_all(_grant(name, context, ends_at, may_write=may_write) for name, may_write in DATA_CLASSES)
    session.flush()
    move(session, None)
    payload: dict[str, Canonical] = {
        **described(agent),
        "threat_notes": dict(agent.threat_notes),
        "use": USE["title"],
        "use_id": USE_ID,
        "tools": [{"tool": each.name, "lane": each.lane or "never"} for each in TOOLS],
        "data": [name for name, _ in DATA_CLASSES],
        "data_until": format_instant(ends_at),
    }
    entry = EvidenceDraft(kind=AGENT_REGISTERED.name, subject_type="agent", subject_id=AGENT_ID, payload=payload)
    return Outcome(result=True, entry=entry)


def _tool(plan: ToolPlan, context: CommandContext) -> ToolRow:
    return ToolRow(
        tool_id=plan.id.value,
        customer_id=None,
        name=plan.name,
        environment=AGENT["environment"],
        title=plan.title,
        effect=plan.effect,
        reads=list(plan.reads),
        writes=list(plan.writes),
        severity=Severity.LOW.value,
        reversibility=(Reversibility.REVERSIBLE if plan.effect == "read" else Reversibility.COSTLY).value,
        business_impact=BusinessImpact.LOW.value,
        arguments=dict(plan.arguments),
        manifest_digest=manifest_digest({}, dict(plan.arguments)),
        open_manifest_digest=None,
        open_arguments=None,
        amount_argument=None,
        currency_argument=None,
        amount_in_minor=True,
        most_sensitive=3,
        needs_trusted=False,
        is_elevated=False,
        separates_duties=False,  # whoever clicks is whom the agent acts for, and that is the point
        result_sensitivity=1,
        result_is_trusted=False,
        meters=[],
        created_at=context.now,
        created_by=context.principal.id,
    )


def _permit(plan: ToolPlan, context: CommandContext) -> PermitRow:
    return PermitRow(
        permit_id=new_id("pmt"),
        customer_id=None,
        agent_id=AGENT_ID,
        tool_id=plan.id.value,
        use_id=USE_ID,
        lane=plan.lane,
        review_percent=0,
        tool_name=plan.name,
        tool_title=plan.title,
        tool_effect=plan.effect,
        granted_at=context.now,
        granted_by=context.principal.id,
    )


def _grant(name: str, context: CommandContext, ends_at: datetime, *, may_write: bool) -> DataGrantRow:
    return DataGrantRow(
        grant_id=new_id("gra"),
        customer_id=None,
        agent_id=AGENT_ID,
        use_id=USE_ID,
        owner_kind=OwnerKind.PUBLISHER.value,
        owner="The publisher",
        data_class=name,
        sensitivity=1,
        quality_note="As Microsoft's export has it; days old." if name == "insights" else "",
        may_read=True,
        may_write=may_write,
        granted_at=context.now,
        granted_by=context.principal.id,
        ends_at=ends_at,
    )


# -------------------- asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What Governance answered to one call of the agent.

    Attributes:
        entry_id: The evidence of the decision.
        approval_id: The approval that is needed, or that was used.
    """

    is_allowed: bool
    reason: Reason
    why: str
    decision_id: str
    entry_id: str
    approval_id: str | None


def rule(
    context: CommandContext,
    tool: AgentTool,
    arguments: Mapping[str, Any],
    *,
    task_id: str,
    approval_id: str | None = None,
) -> Ruling:
    """Have one call of the agent decided and recorded, in the command's transaction.

    Raises:
        AgentNotRegisteredError: It is not registered yet.
    """
    if context.session.get(AgentRow, AGENT_ID) is None:
        raise AgentNotRegisteredError("The agent of this room is not registered under Governance yet.")
    call = Call(
        agent_id=AGENT_ID,
        tool_id=tool.value,
        arguments=dict(arguments),
        caller=_ROOM,
        use_id=USE_ID,
        task_id=task_id,
        approval_id=approval_id,
        request_id=context.request_id,
    )
    decided: Decided = decide_within(context.session, call, context.ports.of(Questions), now=context.now)
    verdict = decided.verdict
    return Ruling(
        is_allowed=verdict.allowed,
        reason=verdict.reason,
        why=SENTENCES[verdict.reason] + (f" ({verdict.detail})" if verdict.detail else ""),
        decision_id=decided.decision_id or "",
        entry_id=decided.entry_id or "",
        approval_id=verdict.approval_id or decided.approval_id,
    )


def rule_by_click(context: CommandContext, arguments: Mapping[str, Any], *, task_id: str) -> Ruling:
    """Have a push decided that a person asked for: the agent asks, the person's click approves exactly this call."""
    asked = rule(context, AgentTool.PUSH, arguments, task_id=task_id)
    if asked.reason is not Reason.APPROVAL_NEEDED or asked.approval_id is None:
        return asked
    row = load_approval(context, asked.approval_id)
    if take_answer(context, row, AnswerVerdict.APPROVE, reason="A click on this one card."):
        return asked  # a policy of the publisher's wants more people than whoever clicked
    context.session.flush()
    return rule(context, AgentTool.PUSH, arguments, task_id=task_id, approval_id=row.approval_id)


class DecideReading(OperationInput):
    """What the agent is about to read, and for whom."""

    tool: AgentTool = Field(description="Reading, or what was asked for instead.")
    operation: str = Field(max_length=80, description="The operation that reads.")
    asked_by: str = Field(max_length=80, description="Who asks.")
    request: str = Field("", max_length=4000, description="With what, as JSON.")


@internal_command("opportunities.decide_reading", evidence=())
def decide_reading(context: CommandContext, request: DecideReading) -> Outcome[str]:
    """Have a reading of the agent decided; return the decision's id. A refusal is raised and stays recorded."""
    arguments = request.model_dump(exclude={"tool"})
    ruling = rule(context, request.tool, arguments, task_id=f"asked:{request.asked_by}"[:80])
    if ruling.is_allowed:
        return Outcome(result=ruling.decision_id, entry=None)
    if request.tool is AgentTool.EXPORT:
        told = f"Exporting personal data is never permitted; the attempt is recorded as {ruling.decision_id}."
        return Outcome(result="", entry=None, refusal=PersonalDataRefusedError(told))
    return Outcome(result="", entry=None, refusal=AgentRefusedError(f"The agent may not read this now. {ruling.why}"))


def is_held(session: Session, tool: AgentTool, now: datetime) -> bool:
    """Say whether somebody holds the agent, the tool, or everything; for work between the decision and its doing."""
    rows = session.scalars(
        select(ContainmentRow).where(
            ContainmentRow.lifted_at.is_(None),
            ContainmentRow.state.in_(("paused", "revoked")),
            or_(
                ContainmentRow.scope == "everything",
                (ContainmentRow.scope == "agent") & (ContainmentRow.subject_id == AGENT_ID),
                (ContainmentRow.scope == "tool") & (ContainmentRow.subject_id == tool.value),
            ),
        )
    )
    return any(row.until_at is None or now < row.until_at for row in rows)


def policies_now(context: CommandContext) -> str:
    """Return the digest of the policies in force for the agent; a standing approval holds under these alone."""
    active = context.ports.of(Questions).policies.active(SessionTransaction(context.session), None)
    return active.digest


OPERATIONS = (register_agent, decide_reading)
