"""Decides one call at the pace of an ordinary command, for Fairkeeper's own agents; see `deciding` for the hot path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, internal_command
from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.deciding.within import decide_within
from fairkeeper.governance.evidence_kinds import DECISIONS
from fairkeeper.policy.decision.facts import Call, Caller


class DecideCall(OperationInput):
    """Which agent wants to call which tool with what."""

    agent_id: str = Field(max_length=40, description="The agent's id.")
    tool: str = Field(max_length=120, description="The tool's id or name.")
    arguments: dict[str, Any] = Field({}, description="The arguments of the call.")
    use_id: str | None = Field(None, max_length=40, description="The intended use; empty where there is only one.")
    task_id: str | None = Field(None, max_length=80, description="The task's own name.")
    approval_id: str | None = Field(None, max_length=40, description="The approval that is held.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDecided:
    """The answer; nothing but `allowed` lets the call through, once the transaction has committed."""

    decision_id: str | None
    allowed: bool
    reason: str
    lane: str | None
    approval_id: str | None


@internal_command("governance.decide", evidence=DECISIONS)
def decide(context: CommandContext, request: DecideCall) -> Outcome[CallDecided]:
    """Decide one call of an agent that Fairkeeper runs itself; its entry is written as on the hot path."""
    call = Call(
        agent_id=request.agent_id,
        tool_id=request.tool,
        arguments=request.arguments,
        caller=Caller(id=context.principal.id, customer_id=context.principal.customer_id, may_report=True),
        use_id=request.use_id,
        task_id=request.task_id,
        approval_id=request.approval_id,
        request_id=context.request_id,
    )
    decided = decide_within(context.session, call, context.ports.of(Questions), now=context.now)
    verdict = decided.verdict
    result = CallDecided(
        decision_id=decided.decision_id,
        allowed=verdict.allowed,
        reason=verdict.reason.value,
        lane=None if verdict.lane is None else verdict.lane.value,
        approval_id=decided.approval_id,
    )
    return Outcome(result=result, entry=None)
