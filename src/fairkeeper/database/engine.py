"""Engines for the two databases, and the refusal to start on a weak one.

The dialect seam is here and in `row_security`: everything else is written once.

SQLite's driver begins transactions late and so loses updates in silence (measured 2026-11-22: 8 threads reported 480
commits and the counter said 62). Hence the driver's own transaction control is off: a write begins with
`BEGIN IMMEDIATE`, a read with a deferred `BEGIN` on a connection that is `query_only`.

Errors of the driver never quote parameters: a log would then hold digests, names and addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event, make_url, text
from sqlalchemy import create_engine as create_sqlalchemy_engine
from sqlalchemy.exc import OperationalError

from fairkeeper.database.errors import DatabaseUnavailableError, UnsafeDatabaseError

BUSY_TIMEOUT_MILLISECONDS = 10_000
POOL_SIZE = 48
"""At least the number of threads that serve requests (40) plus the background workers."""

WAL_PAGES_AT_MOST = 16_000
"""Pages in SQLite's write-ahead log after which a commit moves them into the file: it stays near 64 MB.

With SQLite's own thousand, whatever writes more than that in a commit pays for every page twice in each.
"""

SQLITE_FULL = 2
"""What `PRAGMA synchronous` answers for FULL; 3 (EXTRA) is stronger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """Where the database is and under which logins.

    Attributes:
        url: The staff login's address (SQLAlchemy form, `sqlite:///…` or `postgresql://…`).
        customer_url: PostgreSQL only: the login that row-level security binds to one customer. Without it customer
            sessions use the staff login and are guarded in the application alone, as on SQLite.
        owner_url: PostgreSQL only: the login that owns the tables and runs migrations. Without it, `url`.
    """

    url: str
    customer_url: str | None = None
    owner_url: str | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return make_url(self.url).get_backend_name() == "sqlite"


def normalise_url(url: str) -> str:
    """Name our driver for a PostgreSQL address that names none.

    Example:
        >>> normalise_url("postgresql://u@h/d")
        'postgresql+psycopg://u@h/d'
    """
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def create_engine(url: str, *, writes: bool) -> Engine:
    """Create an engine for reading or for writing.

    Args:
        url: SQLAlchemy address.
        writes: Whether its transactions take the write lock at once (SQLite) or may write (PostgreSQL).
    """
    address = make_url(normalise_url(url))
    if address.get_backend_name() == "sqlite":
        return _create_sqlite_engine(str(address), writes=writes)
    engine = create_sqlalchemy_engine(
        address, pool_size=POOL_SIZE, max_overflow=0, pool_pre_ping=True, hide_parameters=True
    )
    if not writes:
        return engine.execution_options(postgresql_readonly=True)
    return engine


def _create_sqlite_engine(url: str, *, writes: bool) -> Engine:
    engine = create_sqlalchemy_engine(
        url, pool_size=1 if writes else POOL_SIZE, max_overflow=0, pool_timeout=30, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES_AT_MOST}")
        # What is erased is overwritten, and not only left out.
        cursor.execute("PRAGMA secure_delete=ON")
        if not writes:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def refuse_weak_durability(engine: Engine) -> None:
    """Refuse a database that could forget what it acknowledged, or a login that no rule binds.

    Raises:
        UnsafeDatabaseError: `database.not_durable` when `synchronous` (SQLite) is below FULL, or `fsync` or
            `synchronous_commit` (PostgreSQL) is off; `database.superuser` for a login that bypasses row security.
        DatabaseUnavailableError: It does not answer.
    """
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                _refuse_weak_sqlite(int(connection.execute(text("PRAGMA synchronous")).scalar_one()))
                return
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                value = str(connection.execute(text(f"SHOW {setting}")).scalar_one())
                if value == "off":
                    msg = f"PostgreSQL's {setting} is {value}: a commit that we acknowledge could be lost."
                    raise UnsafeDatabaseError(msg, code="database.not_durable", remedy=f"Set {setting} to on.")
            row = connection.execute(
                text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            ).scalar_one()
            if row:
                msg = "The database login is a superuser or bypasses row security, so no rule would bind it."
                raise UnsafeDatabaseError(
                    msg, code="database.superuser", remedy="Create the logins with `fairkeeper database prepare`."
                )
    except OperationalError as error:
        msg = f"The database does not answer: {error.orig}"
        raise DatabaseUnavailableError(msg) from error


def _refuse_weak_sqlite(synchronous: int) -> None:
    if synchronous < SQLITE_FULL:
        msg = f"SQLite's synchronous is {synchronous}, below FULL: a commit that we acknowledge could be lost."
        raise UnsafeDatabaseError(msg, code="database.not_durable", remedy="Leave PRAGMA synchronous at FULL.")
