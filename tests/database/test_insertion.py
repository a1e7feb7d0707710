"""A row is inserted unless its key is there: once, whoever comes, and without an error for who comes second."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from fairkeeper.database.insertion import insert_unless_there
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = ("name", "key")


def values(key: str) -> dict[str, Any]:
    task = {"name": "room.do_thing", "key": key, "payload": {"key": key}, "state": "open", "attempts": 0}
    return {**task, "due_at": NOON, "created_at": NOON}


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(TaskRow)).one()


def test_a_new_row_has_its_key_and_keeps_what_was_given(database: Database) -> None:
    with database.write() as session:
        first = insert_unless_there(session, TaskRow, values("a"), key=KEY)
        second = insert_unless_there(session, TaskRow, values("b"), key=KEY)
    with database.read() as session:
        rows = {row.id: row for row in session.scalars(select(TaskRow))}
    assert [rows[each].key for each in (first, second)] == ["a", "b"]
    assert (rows[first].payload, rows[first].due_at) == ({"key": "a"}, NOON)


def test_a_row_that_is_there_stays_as_it_is(database: Database) -> None:
    found: int | None = 0
    for payload in ({"first": True}, {"first": False}):
        with database.write() as session:
            found = insert_unless_there(session, TaskRow, values("a") | {"payload": payload}, key=KEY)
    assert found is None
    with database.read() as session:
        assert session.scalars(select(TaskRow.payload)).all() == [{"first": True}]


def test_what_was_inserted_goes_with_its_transaction(database: Database) -> None:
    class AnythingError(Exception):
        pass

    try:
        with database.write() as session:
            insert_unless_there(session, TaskRow, values("a"), key=KEY)
            raise AnythingError
    except AnythingError:
        pass
    assert count(database) == 0


def test_of_many_at_once_one_inserts_and_none_fails(database: Database) -> None:
    together = threading.Barrier(8)
    found: list[int | None] = []

    def insert() -> None:
        together.wait(10)
        with database.write() as session:
            found.append(insert_unless_there(session, TaskRow, values("a"), key=KEY))

    threads = [threading.Thread(target=insert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(each is not None for each in found) == [False] * 7 + [True]
    assert count(database) == 1
