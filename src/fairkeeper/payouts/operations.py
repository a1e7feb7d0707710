"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.payouts import chain_queries, queries
from fairkeeper.payouts.actions.findings import close_finding, finish_evaluation
from fairkeeper.payouts.actions.months import close_month, save_mapping
from fairkeeper.payouts.actions.receive_file import receive_file, record_reading
from fairkeeper.payouts.actions.withdraw_file import withdraw_file
from fairkeeper.payouts.fetching import queries as fetching

OPERATIONS: Final[tuple[Operation, ...]] = (
    receive_file,
    record_reading,
    withdraw_file,
    finish_evaluation,
    close_finding,
    close_month,
    save_mapping,
    *queries.OPERATIONS,
    *chain_queries.OPERATIONS,
    *fetching.OPERATIONS,
)
