"""Lets a customer of the stage have agents, so that it has a row in every table of governance: real operations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.customers.path.lifecycle import OperationState
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.database.tasks import TaskRow
from fairkeeper.governance.actions.contain import contain, lift_containment
from fairkeeper.governance.actions.decide import CallDecided, decide
from fairkeeper.governance.actions.decide_use import approve_use, propose_use
from fairkeeper.governance.actions.delegate import delegate
from fairkeeper.governance.actions.grant_data import grant_data
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.record_outcome import record_outcome
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.governance.actions.register_tool import register_tool
from fairkeeper.governance.actions.set_limit import set_limit
from fairkeeper.governance.approvals.answering import answer_approval
from fairkeeper.governance.approvals.asking import TELL
from fairkeeper.governance.approvals.standing import grant_standing
from fairkeeper.governance.policies.bundles import PUT_IN_FORCE, activate_policies, put_in_force, save_policies
from fairkeeper.governance.policies.tables import PolicyDifferenceRow
from fairkeeper.values.ids import CustomerId
from tests.channels.assuring import assure

if TYPE_CHECKING:
    from tests.channels.stage import Stage

OWNER = Principal(id="per_test", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
NARROWING = (
    '@id("own-mail") @reason("Not by itself.") forbid (principal in Customer::"{customer}", '
    'action == Action::"call_unattended", resource) when {{ context.depth > 2 }};'
)
METERS = [{"dimension": "documents"}]
TOOL = {
    "environment": "live",
    "effect": "write",
    "severity": "low",
    "reversibility": "reversible",
    "business_impact": "low",
    "arguments": {"type": "object", "properties": {"to": {"type": "string", "maxLength": 100}}},
}


def govern(stage: Stage, name: str, customer_id: str, subscription_id: str) -> None:
    """Give a customer an agent that did something, asked for something, was held, and lives under its own policies."""
    before = let_act(stage, subscription_id, OperationState.ENABLED)
    _Governed(stage, name, customer_id).live()
    with stage.installation.database.write() as session:  # nobody is told, and nothing is done again
        session.execute(delete(TaskRow).where(TaskRow.name.in_((TELL, PUT_IN_FORCE))))
    let_act(stage, subscription_id, before)


def let_act(stage: Stage, subscription_id: str, operation: str) -> str:
    """Put a subscription into an operation, since a customer that is held may not act; return what it was."""
    with stage.installation.database.write() as session:
        row = session.get_one(SubscriptionRow, subscription_id)
        before, row.operation = row.operation, operation
        return before


class _Governed:
    def __init__(self, stage: Stage, name: str, customer_id: str) -> None:
        self._stage, self._name, self._customer_id = stage, name, customer_id
        self._ends_at = stage.clock.now() + timedelta(days=30)
        self._admin = Principal(
            id=f"per_{name.lower()}",
            kind=PrincipalKind.CUSTOMER,
            roles=frozenset({"customer_admin"}),
            customer_id=CustomerId(customer_id),
        )

    def live(self) -> None:
        run, own = self._stage.run, {"customer_id": self._customer_id}
        tool = run(
            register_tool, OWNER, name="write", title=f"Write for {self._name}", **TOOL, **own, meters=METERS
        ).tool_id
        asked = run(register_tool, OWNER, name="send", title=f"Send for {self._name}", **TOOL, **own).tool_id
        agent = run(
            register_agent,
            OWNER,
            name="assistant",
            environment="live",
            version="1.0",
            title=f"Assistant of {self._name}",
            owner=self._name,
            accountable=f"Somebody of {self._name}",
            acts_for="Everybody.",
            publisher_duties="Runs it.",
            customer_duties="Says what it may do.",
            **own,
        ).agent_id
        use = run(
            propose_use,
            OWNER,
            agent_id=agent,
            title=f"Write for {self._name}",
            owner=self._name,
            business_context="Letters.",
            value_measure="Letters a day.",
        ).use_id
        run(approve_use, OWNER, use_id=use)
        link = {"agent_id": agent, "use_id": use}
        run(permit_tool, OWNER, tool_id=tool, lane="automatic", review_percent=100, **link)
        run(permit_tool, OWNER, tool_id=asked, lane="approval", **link)
        data = {"owner_kind": "customer", "owner": self._name, "data_class": "letters", "ends_at": self._ends_at}
        run(grant_data, OWNER, **link, **data)
        run(set_limit, OWNER, scope="agent", subject_id=agent, meter="calls", window="day", maximum=1000)
        run(delegate, OWNER, agent_id=agent, task_id="t1", person_id=f"one@{self._name}", ends_at=self._ends_at)
        allowed = self._decide(agent, use, tool)
        assert allowed.allowed, allowed
        run(record_outcome, OWNER, decision_id=allowed.decision_id, outcome="ok", sources=[f"mail of {self._name}"])
        named = self._decide(agent, use, tool, task=f"task-of-{self._name.lower()}")
        run(record_outcome, OWNER, decision_id=named.decision_id, outcome="ok", sources=[f"post of {self._name}"])
        assure(self._stage, OWNER, self._name, customer=self._customer_id, agent=agent, use=use)
        held = run(contain, OWNER, scope="tool", subject_id=tool, state="paused", reason="A look at it.")
        run(lift_containment, OWNER, containment_id=held.containment_id, reason="It is fine.")
        self._write_policies(agent, str(allowed.decision_id))
        self._approve(self._decide(agent, use, asked), self._decide(agent, use, asked, task="t3"))
        run(contain, self._admin, scope="tool", subject_id=asked, state="paused", reason="For a while.")

    def _decide(self, agent: str, use: str, tool: str, task: str = "t2") -> CallDecided:
        arguments = {"to": self._name}
        decided: CallDecided = self._stage.run(
            decide, agent_id=agent, tool=tool, use_id=use, task_id=task, arguments=arguments
        )
        return decided

    def _approve(self, answered: CallDecided, standing: CallDecided) -> None:
        run, admin = self._stage.run, self._admin
        reason = f"{self._name} wants it so."
        run(
            grant_standing,
            admin,
            approval_id=standing.approval_id,
            daily_limit=1,
            ends_at=self._ends_at,
            reason=reason,
        )
        run(answer_approval, admin, approval_id=answered.approval_id, verdict="approve", reason=reason)

    def _write_policies(self, agent: str, decision: str) -> None:
        text = NARROWING.format(customer=self._customer_id)
        saved: Any = self._stage.run(save_policies, self._admin, text=text, note=f"For {self._name}.")
        self._stage.run(activate_policies, self._admin, number=saved.number)
        wanted = {"owner": self._customer_id, "number": saved.number, "wanted_by": self._admin.id}
        self._stage.run(put_in_force, **wanted)
        self._stage.run(save_policies, self._admin, text=text, note=f"The next for {self._name}.")
        with self._stage.installation.database.write() as session:
            session.add(
                PolicyDifferenceRow(
                    difference_id=f"dif_{self._name.lower()}00000000",
                    customer_id=CustomerId(self._customer_id),
                    owner=self._customer_id,
                    number=saved.number,
                    agent_id=agent,
                    tool_name="write",
                    active_lane="automatic",
                    shadow_lane="approval",
                    policies="[]",
                    times=1,
                    last_at=self._stage.clock.now(),
                    last_decision_id=decision,
                )
            )
