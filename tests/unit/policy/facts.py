"""Facts of a call that is permitted; a test changes what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.facts import (
    AgentFacts,
    ApprovalFacts,
    ApprovalState,
    Basis,
    Call,
    Caller,
    Effect,
    Environment,
    GrantFacts,
    Lane,
    Moment,
    OwnerKind,
    PermitFacts,
    PolicyText,
    ToolFacts,
    UseFacts,
    Verdict,
)
from fairkeeper.policy.decision.order import decide
from fairkeeper.policy.decision.record import with_digest
from fairkeeper.policy.decision.response import BusinessImpact, Reversibility, Severity

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CUSTOMER, OTHER = "cus_contoso", "cus_fabrikam"
SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 0},
        "currency": {"type": "string"},
        "to": {"type": "string"},
        "rate": {"type": "number"},
        "note": {"type": "string"},
    },
    "required": ["to"],
}
AGENT = AgentFacts(id="agt_1", customer_id=CUSTOMER, name="clerk", environment=Environment.LIVE, version="1")
TOOL = ToolFacts(
    id="tol_1",
    customer_id=None,
    name="pay",
    environment=Environment.LIVE,
    effect=Effect.WRITE,
    reads=("invoices",),
    writes=(),
    severity=Severity.LOW,
    reversibility=Reversibility.REVERSIBLE,
    business_impact=BusinessImpact.LOW,
    arguments=SCHEMA,
    manifest_digest="a" * 64,
    amount_argument="amount",
    currency_argument="currency",
)
USE = UseFacts(id="use_1", is_approved=True)
PERMIT = PermitFacts(id="pmt_1", use_id="use_1", lane=Lane.AUTOMATIC)
GRANT = GrantFacts(
    id="gra_1",
    owner=OwnerKind.CUSTOMER,
    data_class="invoices",
    use_id="use_1",
    sensitivity=1,
    may_read=True,
    may_write=False,
    ends_at=NOON + timedelta(days=1),
)
BUNDLE = "b" * 64


def basis(**changes: Any) -> Basis:
    """Return a basis under which the call is permitted, changed."""
    known: dict[str, Any] = {
        "agent": AGENT,
        "tool": TOOL,
        "uses": (USE,),
        "permits": (PERMIT,),
        "grants": (GRANT,),
        "containments": (),
        "limits": (),
        "policies": (),
        "bundle_digest": BUNDLE,
    }
    return with_digest(Basis(**(known | changes)))


def tool(**changes: Any) -> ToolFacts:
    return replace(TOOL, **changes)


def agent(**changes: Any) -> AgentFacts:
    return replace(AGENT, **changes)


def policies(*texts: str, by_customer: bool = False) -> tuple[PolicyText, ...]:
    return tuple(
        PolicyText(id=f"p{number}", text=f'@id("p{number}") {text}', is_customers=by_customer)
        for number, text in enumerate(texts)
    )


def call(**changes: Any) -> Call:
    """Return the call, changed."""
    known: dict[str, Any] = {
        "agent_id": AGENT.id,
        "tool_id": TOOL.id,
        "arguments": {"to": "Fabrikam", "amount": 5, "currency": "USD"},
        "caller": Caller(id="tok_1", customer_id=CUSTOMER, may_report=True),
    }
    return Call(**(known | changes))


def verdict(known: Basis | None = None, asked: Call | None = None, moment: Moment | None = None) -> Verdict:
    """Decide."""
    return decide(asked or call(), Compiled(known or basis()), moment or Moment(at=NOON))


def approval(**changes: Any) -> ApprovalFacts:
    """Return an approval of the call as it stands without changes, in the lane of approval."""
    permit = replace(PERMIT, lane=Lane.APPROVAL)
    binding = verdict(basis(permits=(permit,))).binding_digest
    known: dict[str, Any] = {
        "id": "apr_1",
        "state": ApprovalState.APPROVED,
        "binding_digest": binding,
        "bundle_digest": BUNDLE,
        "ends_at": NOON + timedelta(hours=1),
    }
    return ApprovalFacts(**(known | changes))
