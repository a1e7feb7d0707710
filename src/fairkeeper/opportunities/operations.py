"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.opportunities import queries
from fairkeeper.opportunities.accountability import queries as accountability
from fairkeeper.opportunities.actions import accounts, agent, alerting, cards, pushes, runs, snapshots
from fairkeeper.opportunities.asking import answering
from fairkeeper.opportunities.crm import queries as pushing
from fairkeeper.opportunities.insights import queries as comparison

OPERATIONS: tuple[Operation, ...] = (
    *snapshots.OPERATIONS,
    *runs.OPERATIONS,
    *agent.OPERATIONS,
    *alerting.OPERATIONS,
    *accounts.OPERATIONS,
    *cards.OPERATIONS,
    *pushes.OPERATIONS,
    *pushing.OPERATIONS,
    *queries.OPERATIONS,
    *comparison.OPERATIONS,
    *accountability.OPERATIONS,
    *answering.OPERATIONS,
)
