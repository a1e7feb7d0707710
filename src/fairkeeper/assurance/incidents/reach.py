"""What an incident touched: from an agent and an instant to customers, people, tools, data, tasks and later actions.

A result's labels stay with its task, and delegation hands a task on; so whatever was decided later in a reached task,
by whichever agent, may rest on it. The graph's edges are those two, and each names its reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.governance.tables import AgentTaskRow, DecisionBasisRow, DecisionRow
from fairkeeper.policy.decision.facts import PUBLISHER
from fairkeeper.policy.decision.labels import labels_from_json
from fairkeeper.policy.decision.record import read_basis

MOST: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One decision that another one reached, and by what."""

    from_decision: str
    to_decision: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """What was touched.

    Attributes:
        carried_out: Calls that were let through and not reported as not carried out.
        later: Decisions of other agents in the same tasks.
        untrusted_tasks: Tasks that carried what cannot be trusted.
        is_cut: Whether there were more decisions than are looked at.
    """

    began_at: datetime
    customers: tuple[str, ...]
    agents: tuple[str, ...]
    persons: tuple[str, ...]
    tools: tuple[str, ...]
    data: tuple[str, ...]
    tasks: tuple[str, ...]
    untrusted_tasks: tuple[str, ...]
    decisions: int
    carried_out: int
    refused: int
    later: int
    decision_ids: tuple[str, ...]
    is_cut: bool


def blast_radius(session: Session, agent_id: str, *, began_at: datetime, ended_at: datetime) -> BlastRadius:
    """Return what an agent's decisions in a span touched, and what followed in their tasks."""
    own = list(
        session.scalars(
            select(DecisionRow)
            .where(DecisionRow.agent_id == agent_id, DecisionRow.at >= began_at, DecisionRow.at <= ended_at)
            .order_by(DecisionRow.decision_id)
            .limit(MOST + 1)
        )
    )
    is_cut, own = len(own) > MOST, own[:MOST]
    later = following(session, own, ended_at=ended_at)
    every = [*own, *later]
    done = [row for row in every if row.allowed and row.outcome != "not_executed"]
    data = data_of(session, done)
    tasks = sorted({row.task_id for row in own if row.task_id})
    return BlastRadius(
        began_at=began_at,
        customers=tuple(sorted({row.customer_id for row in every if row.customer_id})),
        agents=tuple(sorted({row.agent_id for row in every})),
        persons=tuple(sorted({row.person_id for row in done if row.person_id})),
        tools=tuple(sorted({row.tool_name for row in done})),
        data=tuple(data),
        tasks=tuple(tasks),
        untrusted_tasks=_untrusted(session, own, tasks),
        decisions=len(own),
        carried_out=len(done),
        refused=sum(not row.allowed for row in own),
        later=len(later),
        decision_ids=tuple(row.decision_id for row in every),
        is_cut=is_cut,
    )


def following(session: Session, decisions: Sequence[DecisionRow], *, ended_at: datetime) -> list[DecisionRow]:
    """Return other agents' decisions in the tasks of these, made after the task was first reached."""
    found: list[DecisionRow] = []
    own_agents = {row.agent_id for row in decisions}
    first: dict[tuple[str | None, str], datetime] = {}
    for row in decisions:
        if row.task_id is not None:
            first.setdefault((row.customer_id, row.task_id), row.at)
    for (customer_id, task_id), since in first.items():
        found += session.scalars(
            select(DecisionRow).where(
                DecisionRow.customer_id.is_not_distinct_from(customer_id),
                DecisionRow.task_id == task_id,
                DecisionRow.at >= since,
                DecisionRow.at <= ended_at,
                DecisionRow.agent_id.not_in(sorted(own_agents)),
            )
        )
    return found


def data_of(session: Session, decisions: Sequence[DecisionRow]) -> list[str]:
    """Return the classes of data that the called tools read and write, as registered when they were called."""
    digests = sorted({row.basis_digest for row in decisions})
    classes: set[str] = set()
    for content in session.scalars(select(DecisionBasisRow.content).where(DecisionBasisRow.digest.in_(digests))):
        tool = read_basis(content).tool
        classes |= {*tool.reads, *tool.writes}
    return sorted(classes)


def _untrusted(session: Session, decisions: Sequence[DecisionRow], tasks: Sequence[str]) -> tuple[str, ...]:
    scopes = {row.customer_id or PUBLISHER for row in decisions}
    rows = session.scalars(
        select(AgentTaskRow).where(AgentTaskRow.scope.in_(sorted(scopes)), AgentTaskRow.task_id.in_(tasks))
    )
    return tuple(sorted(row.task_id for row in rows if not labels_from_json(json.loads(row.labels)).is_trusted))


def reached_by(session: Session, decision: DecisionRow, *, ended_at: datetime) -> list[Edge]:
    """Return the edges from one result to every later decision that its labels reached, in order."""
    if decision.task_id is None:
        return []
    rows = session.scalars(
        select(DecisionRow)
        .where(
            DecisionRow.customer_id.is_not_distinct_from(decision.customer_id),
            DecisionRow.task_id == decision.task_id,
            DecisionRow.decision_id > decision.decision_id,
            DecisionRow.at <= ended_at,
        )
        .order_by(DecisionRow.decision_id)
        .limit(MOST)
    ).all()
    return [
        Edge(
            from_decision=decision.decision_id,
            to_decision=row.decision_id,
            because=f"the task {decision.task_id} carried the result's labels on",
        )
        for row in rows
    ]
