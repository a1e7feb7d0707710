"""The `desk` fixtures: a deal desk on both databases, and on SQLite alone for what no database decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fairkeeper.database.session import Database
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.integrator import Integrator
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.worker import Worker
from fairkeeper.values.clock import FixedClock, MovableClock
from tests.actions.customers.world import NOON, World, open_world, wire
from tests.actions.deals.desk import Desk


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    """A publisher with no deal yet."""
    with open_world(database) as opened:
        yield Desk(world=opened)


@pytest.fixture
def sqlite_desk(sqlite_database: Database) -> Iterator[Desk]:
    """The same on SQLite alone."""
    with open_world(sqlite_database) as opened:
        yield Desk(world=opened)


@pytest.fixture
def quiet_desk(sqlite_database: Database) -> Desk:
    """A deal desk without Microsoft, for what is decided here: it takes a tenth of the time."""
    clock = MovableClock(FixedClock(NOON))
    runner, keys = wire(sqlite_database, clock)
    nobody: Any = None
    work = Work(handlers=())
    world = World(
        database=sqlite_database,
        clock=clock,
        runner=runner,
        all_work=work,
        worker=Worker(sqlite_database, clock, work=work, threads=0),
        fulfillment=nobody,
        microsoft=nobody,
        http=nobody,
        systems=nobody,
        integrator=Integrator(sqlite_database, keys, clock),
        exporter=Exporter(sqlite_database, keys),
        keys=keys,
    )
    return Desk(world=world, is_quiet=True)
