"""The `world` fixture: a publisher on each of the two databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fairkeeper.database.session import Database
from tests.actions.customers.world import World, open_world


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A publisher with nothing sold yet."""
    with open_world(database) as opened:
        yield opened
