"""What happens to a customer's agents when the customer leaves: they are revoked, and what names people is erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fairkeeper.governance.actions.forget import forget_approvals_of
from fairkeeper.governance.epochs import move
from fairkeeper.governance.tables import AgentRow, AgentTaskRow, ContainmentRow, DecisionRow, DelegationRow, ReviewRow
from fairkeeper.policy.decision.facts import ContainmentState, Scope
from fairkeeper.values.ids import CustomerId, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedAgent:
    """An agent that may not act any more, and since when; by its id, since a receipt stays for ever."""

    agent_id: str
    since_at: datetime


def revoke_agents(session: Session, customer_id: CustomerId, *, by: str, now: datetime) -> tuple[RevokedAgent, ...]:
    """Revoke every agent of a customer in the caller's transaction; name those that were revoked before, too."""
    agents = session.scalars(
        select(AgentRow.agent_id).where(AgentRow.customer_id == customer_id).order_by(AgentRow.agent_id)
    ).all()
    held = {
        row.subject_id: row.began_at
        for row in session.scalars(
            select(ContainmentRow).where(
                ContainmentRow.customer_id == customer_id,
                ContainmentRow.scope == Scope.AGENT.value,
                ContainmentRow.state == ContainmentState.REVOKED.value,
            )
        )
    }
    for agent_id in agents:
        if agent_id not in held:
            session.add(_revocation(customer_id, agent_id, by=by, now=now))
    if set(agents) - set(held):
        session.flush()
        move(session, customer_id)
    return tuple(RevokedAgent(agent_id=agent_id, since_at=held.get(agent_id, now)) for agent_id in agents)


def _revocation(customer_id: CustomerId, agent_id: str, *, by: str, now: datetime) -> ContainmentRow:
    return ContainmentRow(
        containment_id=new_id("con"),
        customer_id=customer_id,
        scope=Scope.AGENT.value,
        subject_id=agent_id,
        state=ContainmentState.REVOKED.value,
        reason="The customer's use was stopped.",
        is_drill=False,
        began_at=now,
        began_by=by,
        is_publishers=True,
    )


def forget_people(session: Session, customer_id: CustomerId) -> int:
    """Erase what names people, or was carried, in rows of decisions, delegations, reviews and approvals.

    Returns how many rows it touched.

    What the evidence tells is erased where evidence is.
    """
    count = 0
    for table, values in (
        (DecisionRow, {"person_id": None, "task_id": None, "detail": ""}),
        (DelegationRow, {"person_id": None, "person_issuer": None}),
        (ReviewRow, {"note": None}),
    ):
        statement = update(table).where(table.customer_id == customer_id).values(**values)
        count += session.execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    count += forget_approvals_of(session, customer_id)
    forgotten = delete(AgentTaskRow).where(AgentTaskRow.customer_id == customer_id)
    return count + int(session.execute(forgotten.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
