"""A customer's agent whose calls are metered: registered, decided by the hot path, its outcomes recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as changed

from fairkeeper.action.principal import Principal
from fairkeeper.bootstrap.wiring.governance import Rooms, caller_of, make_questions
from fairkeeper.governance.actions.decide_use import approve_use, propose_use
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.record_outcome import record_outcome
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.governance.actions.register_tool import register_tool
from fairkeeper.governance.approvals.answering import answer_approval
from fairkeeper.governance.approvals.asking import DurableApprovals
from fairkeeper.governance.approvals.queries import show_approval
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.deciding.tickets import Decided
from fairkeeper.governance.policies.in_force import BundlesInForce
from fairkeeper.policy.decision.facts import Call
from tests.actions.customers.world import PRODUCT, person_of, staff
from tests.actions.governance.world import token
from tests.actions.metering.meter import DOCUMENTS, Meter

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 80},
        "pages": {"type": "array", "maxItems": 50, "items": {"type": "integer", "minimum": 0}},
    },
}
BY_CALLS = {"dimension": DOCUMENTS}


@dataclass
class Desk:
    """An agent of one customer with one tool."""

    meter: Meter
    customer_id: str
    agent_id: str
    tool_id: str

    def decide(self, count: int = 1, **changes: Any) -> list[Decided]:
        """Decide some calls together."""
        return asyncio.run(self._decide([self._call(**changes)] * count))

    def call(self, *, measured: dict[str, str] | None = None, by: Principal | None = None, **changes: Any) -> Decided:
        """Decide a call and, where it is allowed, carry it out."""
        (decided,) = self.decide(**changes)
        if decided.verdict.allowed:
            self.ran(decided, by=by, measured=measured or {})
        return decided

    def ran(self, decided: Decided, outcome: str = "ok", by: Principal | None = None, **told: Any) -> None:
        """Record what became of a call."""
        self.meter.world.run(record_outcome, by or PRODUCT, decision_id=decided.decision_id, outcome=outcome, **told)

    def approve(self, decided: Decided) -> None:
        """Let the customer's administrator approve what waits."""
        person = person_of(self.customer_id)
        shown = self.meter.world.run(show_approval, person, approval_id=decided.approval_id)
        self.meter.world.run(
            answer_approval,
            replace(person, id="per_approver"),
            approval_id=decided.approval_id,
            verdict="approve",
            binding_digest=shown.binding_digest,
        )

    def _call(self, **changes: Any) -> Call:
        base = Call(
            agent_id=self.agent_id, tool_id=self.tool_id, arguments={"name": "A letter"}, caller=caller_of(PRODUCT)
        )
        return changed(base, **changes)

    async def _decide(self, calls: Sequence[Call]) -> list[Decided]:
        world = self.meter.world
        questions = make_questions(Rooms(approvals=DurableApprovals(), policies=BundlesInForce()))
        point = DecisionPoint(world.database.address, world.clock, questions)
        try:
            return list(await asyncio.gather(*(point.decide(call) for call in calls)))
        finally:
            point.close()


def open_desk(meter: Meter, resource_id: str, *meters: dict[str, str]) -> Desk:
    """Register a tool with meters, and an agent of the customer's that may call it by itself."""
    world, owner = meter.world, staff("owner")
    customer_id = world.customer_of(resource_id).customer_id
    with world.database.write() as session:
        session.add(token(PRODUCT.id, None))
    tool = world.run(
        register_tool,
        owner,
        name="documents.handle",
        environment="live",
        title="Handle a document",
        effect="write",
        severity="low",
        reversibility="reversible",
        business_impact="low",
        arguments=SCHEMA,
        meters=list(meters),
    )
    agent = world.run(
        register_agent,
        owner,
        customer_id=customer_id,
        name="post-room",
        environment="live",
        version="1",
        title="Post room",
        owner="Contoso Post",
        accountable="Cora Contoso",
        acts_for="The post room.",
        publisher_duties="Runs it and keeps it safe.",
        customer_duties="Says what it may do.",
    )
    use = world.run(
        propose_use,
        owner,
        agent_id=agent.agent_id,
        title="Sort the post",
        owner="Contoso Post",
        business_context="Letters that arrive.",
        value_measure="Hours until a letter is answered.",
    )
    world.run(approve_use, owner, use_id=use.use_id)
    world.run(permit_tool, owner, agent_id=agent.agent_id, tool_id=tool.tool_id, use_id=use.use_id, lane="automatic")
    return Desk(meter=meter, customer_id=customer_id, agent_id=agent.agent_id, tool_id=tool.tool_id)
