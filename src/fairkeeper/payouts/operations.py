"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.payouts import chain_queries, month_queries, queries
from fairkeeper.payouts.actions.findings import close_finding, finish_evaluation
from fairkeeper.payouts.actions.months import close_month, save_mapping
from fairkeeper.payouts.actions.receive_file import receive_file, record_reading

OPERATIONS: Final[tuple[Operation, ...]] = (
    receive_file,
    record_reading,
    finish_evaluation,
    close_finding,
    close_month,
    save_mapping,
    *queries.OPERATIONS,
    *chain_queries.OPERATIONS,
    *month_queries.OPERATIONS,
)
