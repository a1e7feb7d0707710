"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.consent.actions import check_plan

OPERATIONS: tuple[Operation, ...] = (*check_plan.OPERATIONS,)
