"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.deals.actions.build_schedule import build_schedule
from fairkeeper.deals.actions.check_file import check_files, list_assumptions
from fairkeeper.deals.actions.price_file import price_file
from fairkeeper.deals.actions.print_sheet import print_sheet

OPERATIONS: tuple[Operation, ...] = (check_files, list_assumptions, price_file, build_schedule, print_sheet)
