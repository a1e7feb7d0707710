"""Read and write sessions: what commits, what rolls back, and that no update is lost."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.database.secrets import SecretRow
from fairkeeper.database.session import Database
from fairkeeper.errors import InvalidError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _put(database: Database, name: str, value: bytes) -> None:
    with database.write() as session:
        session.merge(SecretRow(name=name, sealed=value, changed_at=NOW))


def _read(database: Database, name: str) -> bytes | None:
    with database.read() as session:
        return session.scalars(select(SecretRow.sealed).where(SecretRow.name == name)).one_or_none()


def test_write_commits_when_the_block_ends(database: Database) -> None:
    _put(database, "a", b"1")
    assert _read(database, "a") == b"1"


def test_write_rolls_back_when_the_block_raises(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:  # noqa: PT012 - the block is the transaction
        session.add(SecretRow(name="a", sealed=b"1", changed_at=NOW))
        session.flush()
        raise RuntimeError
    assert _read(database, "a") is None


def test_instants_come_back_aware_and_exact(database: Database) -> None:
    instant = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)
    with database.write() as session:
        session.add(SecretRow(name="a", sealed=b"1", changed_at=instant))
    with database.read() as session:
        assert session.get_one(SecretRow, "a").changed_at == instant


def test_a_read_session_cannot_write(database: Database) -> None:
    refusals = (DatabaseUnavailableError, DBAPIError)
    with pytest.raises(refusals, match=r"readonly|read-only"), database.read() as session:  # noqa: PT012 - as above
        session.add(SecretRow(name="a", sealed=b"1", changed_at=NOW))
        session.flush()
    assert _read(database, "a") is None


def test_rows_that_were_read_can_be_used_after_the_session(database: Database) -> None:
    _put(database, "a", b"1")
    with database.read() as session:
        row = session.get_one(SecretRow, "a")
    assert row.sealed == b"1"


def test_a_read_sees_one_snapshot(database: Database) -> None:
    _put(database, "a", b"1")
    with database.read() as session:
        assert session.scalars(select(SecretRow.sealed)).one() == b"1"
        _put(database, "a", b"2")
        assert session.scalars(select(SecretRow.sealed)).one() == b"1"


def test_no_update_is_lost_between_threads(database: Database) -> None:
    """The driver's default lost 418 of 480; rows read to be changed are read FOR UPDATE."""
    _put(database, "counter", b"0")
    threads, rounds = 8, 25
    failures: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(rounds):
                with database.write() as session:
                    row = session.get_one(SecretRow, "counter", with_for_update=True)
                    row.sealed = str(int(row.sealed) + 1).encode()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    running = [threading.Thread(target=count) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert not failures
    assert _read(database, "counter") == str(threads * rounds).encode()


def test_an_unreachable_database_is_unavailable_and_no_bug() -> None:
    from fairkeeper.database.engine import DatabaseAddress

    database = Database(DatabaseAddress(url="postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"))
    with pytest.raises(DatabaseUnavailableError) as refused, database.read() as session:
        session.execute(select(SecretRow))
    assert refused.value.code == "database.unavailable"
    database.dispose()


@pytest.mark.postgresql
@pytest.mark.parametrize("name", ["x" * 121, "a\x00b"])
def test_a_value_that_fits_no_column_is_refused_and_no_bug(postgresql_database: Database, name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        _put(postgresql_database, name, b"1")
    assert refused.value.code == "database.value_refused"
    assert name not in refused.value.message
