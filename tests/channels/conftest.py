"""The `stage` fixture: one installation with two customers for each database, as it was before each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from fairkeeper.database.engine import DatabaseAddress
from tests.databases import PostgresServer

if TYPE_CHECKING:  # most tests of channels need no whole server, and do not pay for importing one
    from tests.channels.stage import Stage


@pytest.fixture(scope="session")
def stage_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage of a run on SQLite."""
    from tests.channels.stage import open_stage

    folder = tmp_path_factory.mktemp("stage-sqlite")
    with ExitStack() as stack:
        with listening():
            opened = stack.enter_context(
                open_stage(folder, DatabaseAddress(url=f"sqlite:///{folder / 'fairkeeper.db'}"))
            )
        yield opened


@pytest.fixture(scope="session")
def stage_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgresql_server: PostgresServer) -> Iterator[Stage]:
    """The stage of a run on PostgreSQL, with the customer login and row security."""
    from tests.channels.stage import open_stage

    folder = tmp_path_factory.mktemp("stage-postgresql")
    name = f"stage_{folder.parent.name}".replace("-", "_")
    postgresql_server.create(name, template="template1")  # empty: opening migrates it, as an installation does
    with ExitStack() as stack:
        stack.callback(postgresql_server.drop, name)
        with listening():
            opened = stack.enter_context(open_stage(folder, postgresql_server.address(name)))
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stage(request: pytest.FixtureRequest, failures: list[Any]) -> Iterator[Stage]:
    """Two customers of one installation; the test runs once on each database."""
    found: Stage = request.getfixturevalue(f"stage_on_{request.param}")
    with as_it_was(found):
        yield found


@pytest.fixture
def sqlite_stage(stage_on_sqlite: Stage, failures: list[Any]) -> Iterator[Stage]:
    """The same on SQLite alone, for what does not depend on the database."""
    with as_it_was(stage_on_sqlite):
        yield stage_on_sqlite


@contextmanager
def as_it_was(stage: Stage) -> Iterator[None]:
    """Leave a stage as it was before a test: its rows, and its clock."""
    offset = stage.clock.offset
    yield
    stage.clock.set_offset(offset)
    stage.rows.restore()


@pytest.fixture
def failures() -> Iterator[list[Any]]:
    """What was logged as an error while the test ran; the rest of the log is dropped."""
    with listening() as found:
        yield found


@contextmanager
def listening() -> Iterator[list[Any]]:
    """Keep what is logged as an error, and drop the rest."""
    found: list[Any] = []

    def keep(_logger: Any, method: str, event: Any) -> Any:
        if method in {"error", "critical", "exception"}:
            found.append(event)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    try:
        yield found
    finally:
        structlog.configure(**before)
