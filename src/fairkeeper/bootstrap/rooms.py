"""Which rooms there are: every operation for the registry, every table for the metadata.

The one list that a new room adds itself to.
"""

from __future__ import annotations

import importlib
from typing import Final

from sqlalchemy import MetaData

import fairkeeper.access.operations
import fairkeeper.accounts.operations
import fairkeeper.assurance.operations
import fairkeeper.consent.operations
import fairkeeper.customers.operations
import fairkeeper.deals.operations
import fairkeeper.evidence.actions
import fairkeeper.evidence.queries
import fairkeeper.governance.approvals.operations
import fairkeeper.governance.operations
import fairkeeper.governance.policies.operations
import fairkeeper.messages.operations
import fairkeeper.metering.operations
import fairkeeper.opportunities.operations
import fairkeeper.overview.actions
import fairkeeper.overview.connections.announcing
import fairkeeper.overview.connections.looking
import fairkeeper.overview.guide.guiding
import fairkeeper.overview.names
import fairkeeper.overview.onboarding
import fairkeeper.overview.queries
import fairkeeper.overview.readiness.reviewing
import fairkeeper.overview.searching.looking
import fairkeeper.overview.tracing.tracing
import fairkeeper.payouts.operations
from fairkeeper.action.operation import Operation
from fairkeeper.action.registry import Registry
from fairkeeper.database.base import Base

TABLE_MODULES: Final = (
    "fairkeeper.database.tables",
    "fairkeeper.database.secrets",
    "fairkeeper.database.tasks",
    "fairkeeper.action.tables",
    "fairkeeper.evidence.tables",
    "fairkeeper.access.tables",
    "fairkeeper.messages.tables",
    "fairkeeper.accounts.tables",
    "fairkeeper.customers.tables",
    "fairkeeper.overview.tables",
    "fairkeeper.overview.guide.tables",
    "fairkeeper.overview.connections.tables",
    "fairkeeper.consent.tables",
    "fairkeeper.governance.tables",
    "fairkeeper.deals.book.tables",
    "fairkeeper.governance.approvals.tables",
    "fairkeeper.governance.policies.tables",
    "fairkeeper.assurance.tables",
    "fairkeeper.assurance.incidents.drill_tables",
    "fairkeeper.assurance.keeping.tables",
    "fairkeeper.assurance.weaknesses.tables",
    "fairkeeper.payouts.tables",
    "fairkeeper.opportunities.tables",
    "fairkeeper.metering.tables",
)
"""Every module that declares a table."""


def all_operations() -> tuple[Operation, ...]:
    """Return every operation of every room."""
    return (
        *fairkeeper.access.operations.OPERATIONS,
        *fairkeeper.accounts.operations.OPERATIONS,
        *fairkeeper.evidence.actions.OPERATIONS,
        *fairkeeper.evidence.queries.OPERATIONS,
        *fairkeeper.messages.operations.OPERATIONS,
        *fairkeeper.deals.operations.OPERATIONS,
        *fairkeeper.consent.operations.OPERATIONS,
        *fairkeeper.customers.operations.OPERATIONS,
        *fairkeeper.governance.policies.operations.OPERATIONS,
        *fairkeeper.governance.operations.OPERATIONS,
        *fairkeeper.governance.approvals.operations.OPERATIONS,
        *fairkeeper.assurance.operations.OPERATIONS,
        *fairkeeper.payouts.operations.OPERATIONS,
        *fairkeeper.metering.operations.OPERATIONS,
        *fairkeeper.opportunities.operations.OPERATIONS,
        *fairkeeper.overview.actions.OPERATIONS,
        *fairkeeper.overview.connections.announcing.OPERATIONS,
        *fairkeeper.overview.connections.looking.OPERATIONS,
        *fairkeeper.overview.guide.guiding.OPERATIONS,
        *fairkeeper.overview.queries.OPERATIONS,
        *fairkeeper.overview.searching.looking.OPERATIONS,
        *fairkeeper.overview.tracing.tracing.OPERATIONS,
        *fairkeeper.overview.readiness.reviewing.OPERATIONS,
        *fairkeeper.overview.onboarding.OPERATIONS,
        *fairkeeper.overview.names.OPERATIONS,
    )


def make_registry() -> Registry:
    """Return the list of everything Fairkeeper can do.

    Raises:
        BugError: Two operations claim one name, route or command line.
    """
    return Registry(all_operations())


def all_tables() -> MetaData:
    """Return the metadata with every room's tables."""
    for name in TABLE_MODULES:
        importlib.import_module(name)
    return Base.metadata
