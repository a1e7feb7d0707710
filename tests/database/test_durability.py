"""A database that could forget what was acknowledged, or that binds nobody, is refused before anything is served."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, event, text

from fairkeeper.database.engine import DatabaseAddress, refuse_weak_durability
from fairkeeper.database.errors import DatabaseUnavailableError, UnsafeDatabaseError
from fairkeeper.database.session import Database
from tests.databases import STAFF, PostgresServer


def test_a_database_as_we_set_it_up_is_taken(database: Database) -> None:
    database.check()


def test_sqlite_writes_through_to_the_disk(sqlite_database: Database) -> None:
    with sqlite_database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


@pytest.mark.parametrize("weak", ["OFF", "NORMAL"])
def test_sqlite_that_does_not_write_through_is_refused(tmp_path: Path, weak: str) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'weak.db'}")

    @event.listens_for(engine, "connect")
    def weaken(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA synchronous={weak}")

    with pytest.raises(UnsafeDatabaseError) as refused:
        refuse_weak_durability(engine)
    assert refused.value.code == "database.not_durable"
    engine.dispose()


@pytest.fixture
def postgres(postgresql_server: PostgresServer, postgresql_address: DatabaseAddress) -> PostgresServer:
    """The server, on which a test may weaken what concerns its own database; gone with the database."""
    return postgresql_server


def _database_name(address: DatabaseAddress) -> str:
    return address.url.partition("@/")[2].partition("?")[0]


@pytest.mark.postgresql
def test_postgresql_that_acknowledges_before_writing_is_refused(
    postgres: PostgresServer, postgresql_address: DatabaseAddress
) -> None:
    name = _database_name(postgresql_address)
    postgres.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    database = Database(postgresql_address)
    with pytest.raises(UnsafeDatabaseError) as refused:
        database.check()
    assert (refused.value.code, "synchronous_commit" in refused.value.message) == ("database.not_durable", True)
    database.dispose()


@pytest.mark.postgresql
@pytest.mark.parametrize("login", ["postgres", "bypasser"])
def test_a_login_that_no_rule_binds_is_refused(
    postgres: PostgresServer, postgresql_address: DatabaseAddress, login: str
) -> None:
    if login == "bypasser":
        with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(7)")
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'bypasser'").fetchone():
                connection.execute("CREATE ROLE bypasser LOGIN BYPASSRLS")
    database = Database(DatabaseAddress(url=postgresql_address.url.replace(STAFF, login)))
    with pytest.raises(UnsafeDatabaseError) as refused:
        database.check()
    assert refused.value.code == "database.superuser"
    database.dispose()


@pytest.mark.postgresql
def test_the_customer_login_is_checked_too(postgres: PostgresServer, postgresql_address: DatabaseAddress) -> None:
    superuser = postgresql_address.url.replace(STAFF, "postgres")
    database = Database(DatabaseAddress(url=postgresql_address.url, customer_url=superuser))
    with pytest.raises(UnsafeDatabaseError):
        database.check()
    database.dispose()


def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    database = Database(DatabaseAddress(url=f"sqlite:///{tmp_path}/none/x.db"))
    with pytest.raises(DatabaseUnavailableError):
        database.check()
    database.dispose()
