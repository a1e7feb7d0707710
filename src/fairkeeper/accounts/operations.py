"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.accounts.actions.check_file import check_file, draw_file, propose_id
from fairkeeper.action.operation import Operation

OPERATIONS: tuple[Operation, ...] = (check_file, draw_file, propose_id)
