"""What several stories ask for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from fairkeeper.database.engine import DatabaseAddress
from tests.databases import PostgresServer

# Their assertions say what they found, as a test module's own do.
pytest.register_assert_rewrite("tests.stories.record_check", "tests.stories.rehearsal")


@pytest.fixture
def postgresql_new(postgresql_server: PostgresServer) -> Iterator[DatabaseAddress]:
    """The addresses of a database without any table, which servers migrate and a test may weaken."""
    name = f"new_{uuid.uuid4().hex[:12]}"
    postgresql_server.create(name, template="template1")
    yield postgresql_server.address(name)
    postgresql_server.drop(name)
