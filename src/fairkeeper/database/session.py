"""Read and write sessions, for staff and for one customer.

`Database` is the only place that opens a session. A write session takes SQLite's write lock at its first statement,
behind one in-process lock, so threads queue in memory and not in the driver. A customer's session sees and touches
that customer's rows alone: on PostgreSQL by a login of its own under row-level security, and on both databases by the
guard in `guard`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from fairkeeper.database.engine import DatabaseAddress, create_engine, refuse_weak_durability
from fairkeeper.database.errors import DatabaseUnavailableError, ValueRefusedError
from fairkeeper.database.guard import CustomerSession
from fairkeeper.values.ids import CustomerId


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a session may touch: all (`customer_id` None, staff) or one customer's."""

    customer_id: CustomerId | None = None


STAFF = Scope()

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Database:
    """The engines of one database and the sessions on them.

    Args:
        address: Where it is and under which logins.

    Raises:
        UnsafeDatabaseError, DatabaseUnavailableError: by `check`, which a server calls before it serves.
    """

    def __init__(self, address: DatabaseAddress) -> None:
        self.address = address
        self.is_sqlite = address.is_sqlite
        self._writer = create_engine(address.url, writes=True)
        self._reader = create_engine(address.url, writes=False) if self.is_sqlite else self._writer
        self._customer = (
            create_engine(address.customer_url, writes=True)
            if address.customer_url and not self.is_sqlite
            else self._writer
        )
        self._write_lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The staff login's engine for writing."""
        return self._writer

    @property
    def has_customer_login(self) -> bool:
        """Whether row-level security binds customers' sessions (PostgreSQL with a login of their own)."""
        return self._customer is not self._writer

    def check(self) -> None:
        """Refuse to go on with a database that could lose an acknowledged commit."""
        refuse_weak_durability(self._writer)
        if self.has_customer_login:
            refuse_weak_durability(self._customer)

    def check_writable(self) -> None:
        """Refuse to go on with a database that takes no writes now: a full or read-only disk, a replica.

        Raises:
            DatabaseUnavailableError: It does not take one; `database.read_only` when it only reads.
        """
        with self.write() as session:
            if self.is_sqlite:
                session.execute(text("SELECT 1"))  # the write lock was taken for it
            elif session.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
                msg = "The database takes no writes."
                raise DatabaseUnavailableError(msg, code="database.read_only")

    def dispose(self) -> None:
        """Close every connection."""
        for engine in {self._writer, self._reader, self._customer}:
            engine.dispose()

    @contextmanager
    def read(self, scope: Scope = STAFF) -> Iterator[Session]:
        """Open a session that cannot write, on one snapshot; rows that were read can still be used after the block.

        Raises:
            DatabaseUnavailableError: The database does not answer.
        """
        with _translated(), self._open(scope, writes=False) as session:
            self._begin_on_postgresql(session, begin_with=SNAPSHOT)
            try:
                yield session
            finally:
                session.expunge_all()  # a rollback empties the rows that it still knows
                session.rollback()

    @contextmanager
    def write(self, scope: Scope = STAFF) -> Iterator[Session]:
        """Open a session in one transaction that commits when the block ends and rolls back when it raises.

        Raises:
            DatabaseUnavailableError: The database does not answer, is full, or stayed locked.
        """
        with _translated():
            if self.is_sqlite:
                with self._write_lock, self._open(scope, writes=True) as session, session.begin():
                    yield session
            else:
                with self._open(scope, writes=True) as session, session.begin():
                    self._begin_on_postgresql(session, begin_with=None)
                    yield session

    def settle_erasure(self) -> None:
        """Let what was erased leave SQLite's write-ahead log too, as far as no reader still looks at it.

        The pages themselves are overwritten at once (`secure_delete`). PostgreSQL's vacuum does its own.
        """
        if not self.is_sqlite:
            return
        with _translated(), self._write_lock:
            connection = self._writer.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                connection.close()

    def _open(self, scope: Scope, *, writes: bool) -> Session:
        if scope.customer_id is None:
            return Session(self._writer if writes else self._reader, expire_on_commit=False)
        if self.is_sqlite:
            return CustomerSession(self._writer if writes else self._reader, customer_id=scope.customer_id)
        return CustomerSession(self._customer, customer_id=scope.customer_id)

    def _begin_on_postgresql(self, session: Session, *, begin_with: str | None) -> None:
        if self.is_sqlite:
            return
        if isinstance(session, CustomerSession):
            session.bind_row_security(begin_with=begin_with)
        elif begin_with:
            session.execute(text(begin_with))


@contextmanager
def _translated() -> Iterator[None]:
    """Translate the driver's troubles once; a broken rule of a table (IntegrityError) passes through."""
    try:
        yield
    except (OperationalError, PoolTimeoutError) as error:
        reason = getattr(error, "orig", None) or error
        msg = f"The database could not do this now: {str(reason).strip().splitlines()[0]}"
        raise DatabaseUnavailableError(msg) from error
    except DataError as error:
        msg = "A value does not fit its column: it is too long or too large, or holds what the database cannot store."
        raise ValueRefusedError(msg) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            msg = "The connection to the database was lost."
            raise DatabaseUnavailableError(msg) from error
        raise
