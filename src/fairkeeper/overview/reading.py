"""Whether somebody may read what another room keeps: what the overview gathers must not be a way around its roles."""

from __future__ import annotations

from fairkeeper.access.roles import may
from fairkeeper.action.operation import Operation, QueryContext


def reads(context: QueryContext, door: Operation) -> bool:
    """Say whether whoever asks may run the operation by which the same is read in its own room."""
    principal = context.principal
    return may(principal, door.name, door.groups, principal.customer_id).allowed
