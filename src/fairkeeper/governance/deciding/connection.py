"""The hot path's own connections: durable, in a hurry, and made anew after a failure.

SQLite's is used on the event loop, so it never waits for a lock (`busy_timeout` 0): whoever finds the database busy
asks again in a moment. PostgreSQL's is used in one thread beside the loop. Both refuse to work where a commit that was
acknowledged could be lost; PostgreSQL's also keeps a server's changed default from weakening it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import make_url

from fairkeeper.database.engine import SQLITE_FULL, DatabaseAddress, normalise_url
from fairkeeper.database.errors import DatabaseUnavailableError, UnsafeDatabaseError
from fairkeeper.governance.deciding.checkpointing import PAGES_AT_MOST, Checkpointer
from fairkeeper.governance.transaction import spelled, to_database

LOCK_TIMEOUT = "2s"
STATEMENT_TIMEOUT = "5s"


class BusyError(Exception):
    """Somebody else writes now; ask again in a moment."""


class HotConnection(Protocol):
    """Opens transactions of the hot path, one at a time."""

    is_sqlite: bool

    def transaction(self) -> Any:
        """Open a transaction that commits when the block ends and rolls back when it raises.

        Raises:
            BusyError: Somebody else writes now (SQLite).
            DatabaseUnavailableError: It cannot be recorded now.
            UnsafeDatabaseError: It could be recorded, and lost.
        """
        ...

    def close(self) -> None:
        """Let the database go."""
        ...


def connect(address: DatabaseAddress) -> HotConnection:
    """Return a connection that opens itself at its first transaction."""
    return SQLiteConnection(address) if address.is_sqlite else PostgreSQLConnection(address)


class SQLiteConnection:
    """On the event loop; see the module."""

    is_sqlite = True

    def __init__(self, address: DatabaseAddress) -> None:
        self._path = make_url(address.url).database or ""
        self._connection: sqlite3.Connection | None = None
        self._checkpointer = Checkpointer(self._path)

    def close(self) -> None:
        """Let the database go."""
        self._checkpointer.close()
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[SQLiteConnection]:
        """Open a transaction that holds the write lock from its first statement on."""
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise self._translated(error) from error
        try:
            yield self
            connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back(connection)
            if isinstance(error, sqlite3.OperationalError):
                raise self._translated(error) from error
            raise
        self._checkpointer.note(connection.total_changes)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all rows."""
        return self._open().execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        return self._open().execute(sql, values).rowcount

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each set of values."""
        self._open().executemany(sql, values)

    def instant(self, at: datetime | None) -> Any:
        """Return an instant as SQLite keeps it."""
        return to_database(at, is_sqlite=True)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=0, check_same_thread=False)
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "cache_size=-65536",
                "secure_delete=ON",
                f"wal_autocheckpoint={PAGES_AT_MOST}",
            ):
                connection.execute(f"PRAGMA {pragma}")
            self._refuse_weak(connection)
            self._connection = connection
            self._checkpointer.start_anew()
        return self._connection

    @staticmethod
    def _refuse_weak(connection: sqlite3.Connection) -> None:
        (level,) = connection.execute("PRAGMA synchronous").fetchone()
        if int(level) < SQLITE_FULL:
            connection.close()
            msg = f"SQLite's synchronous is {level}: a decision that we acknowledge could be lost."
            raise UnsafeDatabaseError(msg, code="database.not_durable", remedy="Leave it at FULL.")

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        """Roll back; a connection that cannot is thrown away."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()

    def _translated(self, error: sqlite3.OperationalError) -> Exception:
        if (error.sqlite_errorcode & 0xFF) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return BusyError()
        self._drop()
        return DatabaseUnavailableError(f"The decision cannot be recorded: {error}")


class PostgreSQLConnection:
    """In one thread beside the event loop; see the module."""

    is_sqlite = False

    def __init__(self, address: DatabaseAddress) -> None:
        url = make_url(normalise_url(address.url)).set(drivername="postgresql")
        self._conninfo = url.render_as_string(hide_password=False)
        self._connection: Any = None

    def close(self) -> None:
        """Let the database go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[PostgreSQLConnection]:
        """Open a transaction."""
        import psycopg

        try:
            connection = self._open()
            connection.execute("BEGIN")
        except psycopg.OperationalError as error:
            raise self._translated(error) from error
        try:
            yield self
            connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back(connection)
            if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
                raise self._translated(error) from error
            raise

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all rows; instants are in UTC."""
        found = self._open().execute(spelled(sql, is_sqlite=False), values).fetchall()
        return [tuple(_in_utc(value) for value in row) for row in found]

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        return int(self._open().execute(spelled(sql, is_sqlite=False), values).rowcount)

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each set of values."""
        with self._open().cursor() as cursor:
            cursor.executemany(spelled(sql, is_sqlite=False), values)

    def instant(self, at: datetime | None) -> Any:
        """Return an instant as PostgreSQL takes it."""
        return to_database(at, is_sqlite=False)

    def _open(self) -> Any:
        import psycopg

        if self._connection is None or self._connection.closed:
            connection = psycopg.connect(self._conninfo, autocommit=True)
            connection.execute("SET synchronous_commit = on")
            connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            connection.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
            self._refuse_weak(connection)
            self._connection = connection
        return self._connection

    @staticmethod
    def _refuse_weak(connection: Any) -> None:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            row = connection.execute(f"SHOW {setting}").fetchone()
            if row is None or row[0] == "off":
                connection.close()
                msg = f"PostgreSQL's {setting} is off: a decision that we acknowledge could be lost."
                raise UnsafeDatabaseError(msg, code="database.not_durable", remedy=f"Set {setting} to on.")

    def _roll_back(self, connection: Any) -> None:
        import psycopg

        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def _translated(self, error: Exception) -> Exception:
        self.close()
        return DatabaseUnavailableError(f"The decision cannot be recorded: {str(error).strip().splitlines()[0:1]}")


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
