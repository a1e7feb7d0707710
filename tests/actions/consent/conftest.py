"""Each test gets a world of its own: on both databases where a test asks for it, on SQLite elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fairkeeper.database.engine import DatabaseAddress
from tests.actions.consent.world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An installation on SQLite beside a pretend Microsoft."""
    with open_world(tmp_path, DatabaseAddress(url=f"sqlite:///{tmp_path / 'fairkeeper.db'}")) as opened:
        yield opened
