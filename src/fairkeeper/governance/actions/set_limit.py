"""Ceilings on calls and on money, of a customer, an agent, a tool or an intended use, in a window of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.store import load_customer
from fairkeeper.errors import InvalidError
from fairkeeper.governance.epochs import move
from fairkeeper.governance.evidence_kinds import LIMIT_ENDED, LIMIT_SET
from fairkeeper.governance.store import load_agent, load_limit, load_use, tool_narrowed_by
from fairkeeper.governance.tables import LimitRow
from fairkeeper.policy.decision.facts import PUBLISHER, Meter, Scope, Window
from fairkeeper.values.currencies import CURRENCIES
from fairkeeper.values.ids import CustomerId, new_id


class SetLimit(OperationInput):
    """What is limited, and to what."""

    scope: Scope = Field(description="customer, agent, tool or use.")
    subject_id: str = Field(max_length=40, description="The id of what is limited.")
    agent_id: str | None = Field(None, max_length=40, description="Of a tool: only this agent's calls.")
    meter: Literal[Meter.CALLS, Meter.AMOUNT] = Field(description="calls or amount.")
    window: Window = Field(description="total, minute, hour, day or month; by UTC.")
    maximum: int = Field(ge=0, description="In calls, or in the currency's smallest unit.")
    currency: str | None = Field(None, max_length=3, description="Of a limit on money.")

    @model_validator(mode="after")
    def _fit(self) -> SetLimit:
        if (self.meter is Meter.AMOUNT) != (self.currency is not None):
            raise ValueError("a limit on money, and only one, names its currency")
        if self.currency is not None and self.currency not in CURRENCIES:
            raise ValueError(f"no currency has the code {self.currency!r}")
        if self.agent_id is not None and self.scope is not Scope.TOOL:
            raise ValueError("only a limit on a tool is for one agent")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDecided:
    """The limit."""

    limit_id: str
    maximum: int


@command(
    "governance.set_limit",
    groups=("governance.administer",),
    evidence=(LIMIT_SET,),
    http="POST /limits",
    cli="governance set-limit SCOPE SUBJECT_ID METER WINDOW MAXIMUM",
)
def set_limit(context: CommandContext, request: SetLimit) -> Outcome[LimitDecided]:
    """Set a limit; it counts from now on, and holds from the next decision on.

    A customer's people limit their own agents, uses, themselves, and the tools their agents may call, for these alone.
    """
    owner = _owner(context, request)
    row = LimitRow(
        limit_id=new_id("lim"),
        customer_id=owner,
        scope=request.scope.value,
        subject_id=request.subject_id,
        agent_id=request.agent_id,
        meter=request.meter.value,
        currency=request.currency,
        span=request.window.value,
        maximum=request.maximum,
        set_at=context.now,
        set_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    move(context.session, owner)
    entry = EvidenceDraft(
        kind=LIMIT_SET.name,
        subject_type=row.scope,
        subject_id=row.subject_id,
        customer_id=owner,
        payload={
            "limit": row.limit_id,
            "scope": row.scope,
            "agent": row.agent_id,
            "meter": row.meter,
            "currency": row.currency,
            "span": row.span,
            "maximum": row.maximum,
        },
    )
    return Outcome(result=LimitDecided(limit_id=row.limit_id, maximum=row.maximum), entry=entry)


def _owner(context: CommandContext, request: SetLimit) -> CustomerId | None:
    session = context.session
    if request.scope is Scope.AGENT:
        return load_agent(session, request.subject_id).customer_id
    if request.scope is Scope.USE:
        return load_use(session, request.subject_id).customer_id
    if request.scope is Scope.TOOL:
        owner = tool_narrowed_by(session, request.subject_id, context.principal.customer_id)
        return owner if request.agent_id is None else load_agent(session, request.agent_id).customer_id
    if request.scope is Scope.CUSTOMER:
        if request.subject_id == PUBLISHER and context.principal.customer_id is None:
            return None
        return load_customer(session, request.subject_id).customer_id
    raise InvalidError("A limit is on a customer, an agent, a tool or a use.", code="governance.limit_scope")


class EndLimit(OperationInput):
    """Which limit."""

    limit_id: str = Field(max_length=40, description="The limit's id.")


@command(
    "governance.end_limit",
    groups=("governance.administer",),
    evidence=(LIMIT_ENDED,),
    http="POST /limits/{limit_id}/end",
    cli="governance end-limit LIMIT_ID",
)
def end_limit(context: CommandContext, request: EndLimit) -> Outcome[LimitDecided]:
    """End a limit; what it counted is kept."""
    row = load_limit(context.session, request.limit_id, for_change=True)
    result = LimitDecided(limit_id=row.limit_id, maximum=row.maximum)
    if row.ended_at is not None:
        return Outcome(result=result, entry=None)
    row.ended_at = context.now
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=LIMIT_ENDED.name,
        subject_type=row.scope,
        subject_id=row.subject_id,
        customer_id=row.customer_id,
        payload={"limit": row.limit_id},
    )
    return Outcome(result=result, entry=entry)
