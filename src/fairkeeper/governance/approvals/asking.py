"""Approvals inside the transaction of a decision: found, used up once, and written down where one is needed.

An approval is consumed by an update that only one transaction can make, in the transaction that records the decision
it lets through; so it is used once or not at all, whatever is killed in between. The same call asked for again while
it waits joins the question that is there, and an agent that asks too much is not asked for any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from fairkeeper.governance.approvals.rules import MOST_OPEN, demand_of, is_covered
from fairkeeper.governance.ports import ApprovalQuestion, NeededApproval
from fairkeeper.governance.transaction import Transaction, from_database, marks
from fairkeeper.policy.decision.facts import ApprovalFacts, ApprovalState
from fairkeeper.policy.decision.labels import labels_to_json
from fairkeeper.policy.decision.record import recorded_arguments
from fairkeeper.values.ids import new_id

TELL: Final = "governance.tell_approval"
"""The background work that tells whoever may answer."""

_BY_ID: Final = (
    "SELECT approval_id, customer_id, state, binding_digest, bundle_digest, ends_at FROM approval"
    " WHERE approval_id IN ({marks}) ORDER BY approval_id"
)
_ANSWERS: Final = (
    "SELECT approval_id, person_id FROM approval_answer WHERE approval_id IN ({marks}) AND verdict = 'approve'"
)
_STANDING: Final = (
    "SELECT standing_id, customer_id, agent_id, tool_id, use_id, bundle_digest, where_arguments, daily_limit, used_on,"
    " used, ends_at, granted_by FROM standing_approval WHERE revoked_at IS NULL AND agent_id IN ({marks})"
    " ORDER BY standing_id"
)
_CONSUME: Final = (
    "UPDATE approval SET state = 'consumed', consumed_at = ?, consumed_by = ?"
    " WHERE approval_id = ? AND state = 'approved' AND ends_at > ?"
)
_USE: Final = (
    "UPDATE standing_approval SET used = CASE WHEN used_on = ? THEN used + 1 ELSE 1 END, used_on = ?"
    " WHERE standing_id = ? AND revoked_at IS NULL AND ends_at > ?"
    " AND (used_on IS NULL OR used_on <> ? OR used < daily_limit)"
)
_OPEN: Final = (
    "SELECT approval_id, binding_digest, bundle_digest FROM approval"
    " WHERE agent_id = ? AND state = 'pending' AND ends_at > ?"
)
_REPEAT: Final = "UPDATE approval SET repeats = repeats + 1 WHERE approval_id = ?"
_TOOL: Final = "SELECT title, separates_duties FROM tool WHERE tool_id = ?"
_LINK: Final = "SELECT parent_id, person_id, person_issuer FROM delegation WHERE delegation_id = ?"
_INSERT: Final = (
    "INSERT INTO approval (approval_id, customer_id, state, agent_id, tool_id, tool_name, tool_title, effect,"
    " reversibility, environment, use_id, decision_id, entry_id, binding_digest, bundle_digest, arguments, resources,"
    " labels, policies, person_id, person_issuer, task_id, separates_duties, approvers_needed, is_publishers, repeats,"
    " asked_at, ends_at) VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0,"
    " ?, ?)"
)
_TASK: Final = (
    "INSERT INTO task (name, key, payload, state, due_at, attempts, created_at, customer_id)"
    " VALUES (?, ?, ?, 'open', ?, 0, ?, ?) ON CONFLICT (name, key) DO NOTHING"
)
_LONGEST_CHAIN: Final = 12
STANDING_PREFIX: Final = "sta_"


class DurableApprovals:
    """`Approvals` in the tables of this room."""

    def find(
        self, transaction: Transaction, questions: Sequence[ApprovalQuestion], *, now: datetime
    ) -> Sequence[ApprovalFacts | None]:
        """Return what is there for each question; on PostgreSQL the rows stay ours until the commit."""
        named = self._named(transaction, questions)
        standing = self._standing(transaction, [each for each in questions if each.approval_id is None])
        left: dict[str, int] = {}
        return [
            _own(named.get(question.approval_id), question)
            if question.approval_id is not None
            else _covering(standing, question, now, left)
            for question in questions
        ]

    def _named(
        self, transaction: Transaction, questions: Sequence[ApprovalQuestion]
    ) -> dict[str, tuple[str | None, ApprovalFacts]]:
        ids = sorted({each.approval_id for each in questions if each.approval_id is not None})
        if not ids:
            return {}
        sql = _BY_ID.format(marks=marks(len(ids)))
        rows = transaction.rows(sql if transaction.is_sqlite else f"{sql} FOR UPDATE", ids)
        approvers: dict[str, list[str]] = {}
        for approval_id, person_id in transaction.rows(_ANSWERS.format(marks=marks(len(ids))), ids):
            approvers.setdefault(approval_id, []).append(person_id)
        return {row[0]: (row[1], _facts(row, tuple(sorted(approvers.get(row[0], ()))))) for row in rows}

    @staticmethod
    def _standing(transaction: Transaction, questions: Sequence[ApprovalQuestion]) -> list[tuple[Any, ...]]:
        agents = sorted({each.basis.agent.id for each in questions})
        if not agents:
            return []
        sql = _STANDING.format(marks=marks(len(agents)))
        return transaction.rows(sql if transaction.is_sqlite else f"{sql} FOR UPDATE", agents)

    def consume(self, transaction: Transaction, approval_id: str, decision_id: str, *, now: datetime) -> bool:
        """Use an approval up, or count the use of a standing one; False if it cannot be used now."""
        at = transaction.instant(now)
        if approval_id.startswith(STANDING_PREFIX):
            today = now.date().isoformat()
            return transaction.run(_USE, (today, today, approval_id, at, today)) == 1
        return transaction.run(_CONSUME, (at, decision_id, approval_id, at)) == 1

    def ask(self, transaction: Transaction, needed: Sequence[NeededApproval]) -> Mapping[str, str]:
        """Write down what waits for a person; the same call again joins the question that waits."""
        found: dict[str, str] = {}
        for each in needed:
            approval_id = self._ask(transaction, each)
            if approval_id is not None:
                found[each.decision_id] = approval_id
        return found

    def _ask(self, transaction: Transaction, needed: NeededApproval) -> str | None:
        question = needed.question
        basis = question.basis
        waiting = transaction.rows(_OPEN, (basis.agent.id, transaction.instant(needed.at)))
        for approval_id, binding, bundle in waiting:
            if binding == question.binding_digest and bundle == basis.bundle_digest:
                transaction.run(_REPEAT, (approval_id,))
                return str(approval_id)
        if len(waiting) >= MOST_OPEN:
            return None
        approval_id = new_id("apr")
        transaction.run(_INSERT, _values(transaction, needed, approval_id))
        at = transaction.instant(needed.at)
        payload = json.dumps({"approval_id": approval_id})
        transaction.run(_TASK, (TELL, approval_id, payload, at, at, question.customer_id))
        return approval_id


def _values(transaction: Transaction, needed: NeededApproval, approval_id: str) -> tuple[Any, ...]:
    question, verdict = needed.question, needed.verdict
    basis, call = question.basis, question.call
    demand = demand_of(basis.policies, verdict.policies)
    (tool,) = transaction.rows(_TOOL, (basis.tool.id,)) or [(basis.tool.name, True)]
    person_id, issuer = _person(transaction, question)
    labels = {**labels_to_json(verdict.labels), "follows": list(call.inputs)}
    return (
        approval_id,
        question.customer_id,
        basis.agent.id,
        basis.tool.id,
        basis.tool.name,
        tool[0],
        basis.tool.effect.value,
        basis.tool.reversibility.value,
        basis.agent.environment.value,
        verdict.use_id,
        needed.decision_id,
        needed.entry_id,
        question.binding_digest,
        basis.bundle_digest,
        json.dumps(recorded_arguments(call.arguments), sort_keys=True),
        json.dumps([[each.type, each.id] for each in call.resources]),
        json.dumps(labels, sort_keys=True),
        json.dumps(list(verdict.policies)),
        person_id,
        issuer,
        call.task_id,
        bool(tool[1]),
        demand.approvers,
        question.customer_id is None,
        transaction.instant(needed.at),
        transaction.instant(needed.at + timedelta(hours=demand.hours)),
    )


def _person(transaction: Transaction, question: ApprovalQuestion) -> tuple[str | None, str | None]:
    """Return for whom the agent acts: the person of the call, or whoever began the chain of delegations."""
    call = question.call
    if call.person is not None:
        return call.person.id, call.person.issuer
    at = call.delegation_id
    for _ in range(_LONGEST_CHAIN):
        rows = transaction.rows(_LINK, (at,)) if at is not None else []
        if not rows:
            return None, None
        at, person_id, issuer = rows[0]
        if person_id is not None:
            return person_id, issuer
    return None, None


def _own(found: tuple[str | None, ApprovalFacts] | None, question: ApprovalQuestion) -> ApprovalFacts | None:
    """Return an approval of the customer that asks; another's is not there."""
    if found is None or found[0] != question.customer_id:
        return None
    return found[1]


def _facts(row: tuple[Any, ...], approvers: tuple[str, ...]) -> ApprovalFacts:
    ends_at = from_database(row[5])
    assert ends_at is not None  # noqa: S101 - the column is not null
    return ApprovalFacts(
        id=row[0],
        state=ApprovalState(row[2]),
        binding_digest=row[3],
        bundle_digest=row[4],
        ends_at=ends_at,
        approvers=approvers,
    )


def _covering(
    rows: Sequence[tuple[Any, ...]], question: ApprovalQuestion, now: datetime, left: dict[str, int]
) -> ApprovalFacts | None:
    """Return a standing approval that covers a call and has something left today.

    Args:
        left: What the questions of this batch have left of each; counted down here.
    """
    today = now.date().isoformat()
    for row in rows:
        standing_id, customer_id, agent_id, tool_id, use_id = row[:5]
        own = (customer_id, agent_id, tool_id) == (
            question.customer_id,
            question.basis.agent.id,
            question.basis.tool.id,
        )
        ends_at = from_database(row[10])
        if not own or ends_at is None or ends_at <= now or use_id not in (question.call.use_id, *_uses(question)):
            continue
        if row[5] != question.basis.bundle_digest or not is_covered(json.loads(row[6]), question.call.arguments):
            continue
        remaining = left.setdefault(standing_id, int(row[7]) - (int(row[9]) if row[8] == today else 0))
        if remaining <= 0:
            continue
        left[standing_id] = remaining - 1
        return ApprovalFacts(
            id=standing_id,
            state=ApprovalState.APPROVED,
            binding_digest=question.binding_digest,
            bundle_digest=row[5],
            ends_at=ends_at,
            approvers=(row[11],),
            is_standing=True,
        )
    return None


def _uses(question: ApprovalQuestion) -> tuple[str, ...]:
    """Return the one use that a call without a named one serves, as the order of deciding finds it."""
    basis = question.basis
    candidates = {permit.use_id for permit in basis.permits} or {use.id for use in basis.uses}
    return tuple(candidates) if question.call.use_id is None and len(candidates) == 1 else ()
