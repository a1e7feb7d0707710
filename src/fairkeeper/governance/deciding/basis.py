"""Loads what is registered about one agent and one tool, on the hot path's own transaction.

Rows of another customer are not found here, so that a request that names them is answered as one that names nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from fairkeeper.governance.ports import ActivePolicies, Policies
from fairkeeper.governance.transaction import Transaction, from_database, marks
from fairkeeper.policy.decision.facts import (
    PUBLISHER,
    AgentFacts,
    Basis,
    ContainmentFacts,
    ContainmentState,
    Effect,
    Environment,
    GrantFacts,
    Lane,
    LimitFacts,
    Meter,
    MeterFacts,
    MeterSource,
    OwnerKind,
    PermitFacts,
    PolicyText,
    Scope,
    ToolFacts,
    UseFacts,
    Window,
)
from fairkeeper.policy.decision.labels import Labels
from fairkeeper.policy.decision.record import with_digest
from fairkeeper.policy.decision.response import BusinessImpact, Reversibility, Severity

TOOL_PREFIX: Final = "tol_"

_AGENT: Final = (
    "SELECT agent_id, customer_id, name, environment, version, callers, chain_limit, acts_alone FROM agent"
    " WHERE agent_id = ?"
)
_TOOL: Final = (
    "SELECT tool_id, customer_id, name, environment, effect, reads, writes, severity, reversibility, business_impact,"
    " arguments, manifest_digest, open_manifest_digest, amount_argument, currency_argument, amount_in_minor,"
    " most_sensitive, needs_trusted, is_elevated, result_sensitivity, result_is_trusted, meters FROM tool"
    " WHERE (customer_id IS NULL OR customer_id = ?)"
)
_USES: Final = "SELECT use_id, approved_at, withdrawn_at FROM intended_use WHERE agent_id = ? ORDER BY use_id"
_PERMITS: Final = (
    "SELECT permit_id, use_id, lane, review_percent, ends_at FROM permit"
    " WHERE agent_id = ? AND tool_id = ? AND ended_at IS NULL ORDER BY permit_id"
)
_GRANTS: Final = (
    "SELECT grant_id, owner_kind, data_class, use_id, sensitivity, may_read, may_write, ends_at, revoked_at"
    " FROM data_grant WHERE agent_id = ? ORDER BY grant_id"
)
_CONTAINMENTS: Final = (
    "SELECT containment_id, scope, state, profile, until_at, is_drill FROM containment WHERE lifted_at IS NULL AND"
    " ((scope = 'everything') OR (scope = 'customer' AND subject_id = ?) OR (scope = 'agent' AND subject_id = ?)"
    " OR (scope = 'tool' AND subject_id = ? AND (customer_id IS NULL OR customer_id = ?))) ORDER BY containment_id"
)
_LIMITS: Final = (
    "SELECT limit_id, scope, meter, span, maximum, currency, customer_id, dimension, asks FROM spending_limit"
    " WHERE ended_at IS NULL AND (customer_id IS NULL OR customer_id = ?) AND ((scope = 'everything')"
    " OR (scope = 'customer' AND subject_id = ?) OR (scope = 'agent' AND subject_id = ?)"
    " OR (scope = 'tool' AND subject_id = ? AND (agent_id IS NULL OR agent_id = ?)){uses}) ORDER BY limit_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Which agent and tool a request names, as they are registered."""

    agent: AgentFacts
    tool: ToolFacts | None


def find(transaction: Transaction, agent_id: str, tool: str) -> Named | None:
    """Return agent and tool, None where there is no such agent; a tool is named by its id or by its name.

    By name, a customer's own tool stands before the publisher's of the same name.
    """
    agents = transaction.rows(_AGENT, (agent_id,))
    if not agents:
        return None
    agent = _agent(agents[0])
    if tool.startswith(TOOL_PREFIX):
        rows = transaction.rows(f"{_TOOL} AND tool_id = ?", (agent.customer_id, tool))
    else:
        rows = transaction.rows(
            f"{_TOOL} AND name = ? AND environment = ? ORDER BY customer_id IS NULL",
            (agent.customer_id, tool, agent.environment.value),
        )
    return Named(agent=agent, tool=_tool(tuple(map(_spelled, rows[0]))) if rows else None)


def load(transaction: Transaction, named: Named, policies: Policies) -> Basis:
    """Return the basis of an agent and a tool as it is now."""
    agent, tool = named.agent, named.tool
    assert tool is not None  # noqa: S101 - callers answer TOOL_UNKNOWN before they load
    own = agent.customer_id or PUBLISHER
    active = policies.active(transaction, agent.customer_id)
    uses = transaction.rows(_USES, (agent.id,))
    return with_digest(
        Basis(
            agent=agent,
            tool=tool,
            uses=tuple(
                UseFacts(id=use_id, is_approved=approved_at is not None, withdrawn_at=from_database(withdrawn_at))
                for use_id, approved_at, withdrawn_at in uses
            ),
            permits=tuple(_permit(row) for row in transaction.rows(_PERMITS, (agent.id, tool.id))),
            grants=tuple(_grant(row) for row in transaction.rows(_GRANTS, (agent.id,)) if _concerns(row, tool)),
            containments=tuple(
                _containment(row)
                for row in transaction.rows(_CONTAINMENTS, (own, agent.id, tool.id, agent.customer_id))
            ),
            limits=_limits(transaction, agent, tool, [row[0] for row in uses]),
            policies=tuple(_applying(active, agent, tool)),
            bundle_digest=active.digest,
        )
    )


def _limits(
    transaction: Transaction, agent: AgentFacts, tool: ToolFacts, uses: Sequence[str]
) -> tuple[LimitFacts, ...]:
    own = agent.customer_id or PUBLISHER
    by_use = f" OR (scope = 'use' AND subject_id IN ({marks(len(uses))}))" if uses else ""
    values = (agent.customer_id, own, agent.id, tool.id, agent.id, *uses)
    counted = {meter.dimension for meter in tool.meters}
    return tuple(
        LimitFacts(
            id=row[0],
            scope=Scope(row[1]),
            meter=Meter(row[2]),
            window=Window(row[3]),
            maximum=row[4],
            currency=row[5],
            is_shared=row[6] is None and agent.customer_id is not None,
            dimension=row[7],
            asks=bool(row[8]),
        )
        for row in transaction.rows(_LIMITS.format(uses=by_use), values)
        if row[7] is None or row[7] in counted
    )


def _applying(active: ActivePolicies, agent: AgentFacts, tool: ToolFacts) -> list[PolicyText]:
    return [
        scoped.policy
        for scoped in active.policies
        if scoped.agent_id in {None, agent.id} and scoped.tool_id in {None, tool.id}
    ]


def _agent(row: tuple[Any, ...]) -> AgentFacts:
    return AgentFacts(
        id=row[0],
        customer_id=row[1],
        name=row[2],
        environment=Environment(row[3]),
        version=row[4],
        callers=tuple(_json(row[5])),
        chain_limit=row[6],
        acts_alone=bool(row[7]),
    )


@lru_cache(maxsize=1_024)
def _tool(row: tuple[Any, ...]) -> ToolFacts:
    """Return the tool of a row; one for all agents, so that what a decision looks at is near at hand."""
    return ToolFacts(
        id=row[0],
        customer_id=row[1],
        name=row[2],
        environment=Environment(row[3]),
        effect=Effect(row[4]),
        reads=tuple(_json(row[5])),
        writes=tuple(_json(row[6])),
        severity=Severity(row[7]),
        reversibility=Reversibility(row[8]),
        business_impact=BusinessImpact(row[9]),
        arguments=_json(row[10]),
        manifest_digest=row[11],
        is_manifest_open=row[12] is not None,
        amount_argument=row[13],
        currency_argument=row[14],
        amount_in_minor=bool(row[15]),
        most_sensitive=row[16],
        needs_trusted=bool(row[17]),
        is_elevated=bool(row[18]),
        result_labels=Labels(sources=frozenset({row[2]}), sensitivity=row[19], is_trusted=bool(row[20])),
        meters=tuple(
            MeterFacts(dimension=each["dimension"], of=MeterSource(each["of"]), field=each["field"])
            for each in _json(row[21])
        ),
    )


def _permit(row: tuple[Any, ...]) -> PermitFacts:
    return PermitFacts(
        id=row[0], use_id=row[1], lane=Lane(row[2]), review_percent=row[3], ends_at=from_database(row[4])
    )


def _concerns(row: tuple[Any, ...], tool: ToolFacts) -> bool:
    return row[2] in tool.reads or row[2] in tool.writes


def _grant(row: tuple[Any, ...]) -> GrantFacts:
    return GrantFacts(
        id=row[0],
        owner=OwnerKind(row[1]),
        data_class=row[2],
        use_id=row[3],
        sensitivity=row[4],
        may_read=bool(row[5]),
        may_write=bool(row[6]),
        ends_at=_instant(row[7]),
        revoked_at=from_database(row[8]),
    )


def _containment(row: tuple[Any, ...]) -> ContainmentFacts:
    return ContainmentFacts(
        id=row[0],
        scope=Scope(row[1]),
        state=ContainmentState(row[2]),
        profile=row[3],
        until_at=from_database(row[4]),
        is_drill=bool(row[5]),
    )


def _instant(value: Any) -> datetime:
    found = from_database(value)
    assert found is not None  # noqa: S101 - the column is not null
    return found


def _spelled(value: Any) -> Any:
    """Return a column as something to look up by: JSON that PostgreSQL's driver has read is spelled again."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _json(value: Any) -> Any:
    """Return a JSON column: PostgreSQL's driver has read it already."""
    return json.loads(value) if isinstance(value, str) else value
