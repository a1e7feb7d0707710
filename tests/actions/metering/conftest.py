"""A metering publisher: `meter` on SQLite, `meter_on_both` on each of the two databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fairkeeper.database.session import Database
from tests.actions.metering.meter import Meter, open_meter


@pytest.fixture
def meter(sqlite_database: Database) -> Iterator[Meter]:
    """A metering publisher with nothing sold yet."""
    with open_meter(sqlite_database) as opened:
        yield opened


@pytest.fixture
def meter_on_both(database: Database) -> Iterator[Meter]:
    """A metering publisher with nothing sold yet."""
    with open_meter(database) as opened:
        yield opened
