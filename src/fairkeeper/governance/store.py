"""Finding the room's rows for whoever asks; a customer's session finds that customer's alone."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from fairkeeper.errors import NotFoundError
from fairkeeper.governance.errors import (
    AgentNotFoundError,
    ContainmentNotFoundError,
    DecisionNotFoundError,
    DelegationNotFoundError,
    GrantNotFoundError,
    LimitNotFoundError,
    PermitNotFoundError,
    ToolNotFoundError,
    UseNotFoundError,
)
from fairkeeper.governance.tables import (
    AgentRow,
    ContainmentRow,
    DataGrantRow,
    DecisionRow,
    DelegationRow,
    IntendedUseRow,
    LimitRow,
    PermitRow,
    ToolRow,
)
from fairkeeper.values.ids import CustomerId

_Row = TypeVar("_Row")


def load_agent(session: Session, agent_id: str, *, for_change: bool = False) -> AgentRow:
    """Return an agent, or raise `AgentNotFoundError`."""
    return _load(session, AgentRow, agent_id, AgentNotFoundError, for_change=for_change)


def load_tool(session: Session, tool_id: str, *, for_change: bool = False) -> ToolRow:
    """Return a tool, or raise `ToolNotFoundError`."""
    return _load(session, ToolRow, tool_id, ToolNotFoundError, for_change=for_change)


def tool_narrowed_by(session: Session, tool_id: str, customer_id: CustomerId | None) -> CustomerId | None:
    """Return whose a limit or a hold on a tool is: the tool's owner's, or the customer's who sets it.

    A customer's people narrow what their own agents may do with it, whoever owns the tool, and nobody else's agents.

    Args:
        customer_id: The customer whose person sets it; None is the publisher's staff.

    Raises:
        ToolNotFoundError: There is none here, and no agent of the customer is permitted to call it.
    """
    if customer_id is not None:
        permits = select(PermitRow).where(PermitRow.tool_id == tool_id, PermitRow.ended_at.is_(None))
        if session.scalars(permits.limit(1)).first() is not None:
            return customer_id
    return load_tool(session, tool_id).customer_id


def load_use(session: Session, use_id: str, *, for_change: bool = False) -> IntendedUseRow:
    """Return an intended use, or raise `UseNotFoundError`."""
    return _load(session, IntendedUseRow, use_id, UseNotFoundError, for_change=for_change)


def load_use_of(session: Session, agent: AgentRow, use_id: str) -> IntendedUseRow:
    """Return an intended use of one agent, or raise `UseNotFoundError`."""
    row = load_use(session, use_id)
    if row.agent_id != agent.agent_id:
        raise UseNotFoundError(f"The agent {agent.name} has no intended use {use_id!r}.")
    return row


def load_permit(session: Session, permit_id: str, *, for_change: bool = False) -> PermitRow:
    """Return a permit, or raise `PermitNotFoundError`."""
    return _load(session, PermitRow, permit_id, PermitNotFoundError, for_change=for_change)


def load_grant(session: Session, grant_id: str, *, for_change: bool = False) -> DataGrantRow:
    """Return a grant of data, or raise `GrantNotFoundError`."""
    return _load(session, DataGrantRow, grant_id, GrantNotFoundError, for_change=for_change)


def load_limit(session: Session, limit_id: str, *, for_change: bool = False) -> LimitRow:
    """Return a limit, or raise `LimitNotFoundError`."""
    return _load(session, LimitRow, limit_id, LimitNotFoundError, for_change=for_change)


def load_containment(session: Session, containment_id: str, *, for_change: bool = False) -> ContainmentRow:
    """Return a containment, or raise `ContainmentNotFoundError`."""
    return _load(session, ContainmentRow, containment_id, ContainmentNotFoundError, for_change=for_change)


def load_delegation(session: Session, delegation_id: str, *, for_change: bool = False) -> DelegationRow:
    """Return a delegation, or raise `DelegationNotFoundError`."""
    return _load(session, DelegationRow, delegation_id, DelegationNotFoundError, for_change=for_change)


def load_decision(session: Session, decision_id: str, *, for_change: bool = False) -> DecisionRow:
    """Return a decision, or raise `DecisionNotFoundError`."""
    return _load(session, DecisionRow, decision_id, DecisionNotFoundError, for_change=for_change)


def _load(session: Session, table: type[_Row], key: str, error: type[NotFoundError], *, for_change: bool) -> _Row:
    (primary,) = inspect(table).primary_key
    column: Any = getattr(table, primary.name)
    statement = select(table).where(column == key)
    row = session.scalars(statement.with_for_update() if for_change else statement).first()
    if row is None:
        raise error(f"There is no {error.code.partition('.')[2].removesuffix('_not_found')} {key!r} here.")
    return row
