"""Background work: enqueued once, claimed by one, fenced by its attempt, taken over when a worker dies."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from fairkeeper.database.session import Database
from fairkeeper.database.tasks import (
    NewTask,
    Task,
    TaskRow,
    cancel,
    claim,
    enqueue,
    finish,
    give_up,
    next_due_at,
    retry_later,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)


def _enqueue(database: Database, key: str, *, name: str = "t", due_at: datetime = NOW) -> bool:
    with database.write() as session:
        return enqueue(session, NewTask(name=name, key=key, due_at=due_at, payload={"key": key}), now=NOW)


def _claim(database: Database, now: datetime = NOW, *, limit: int = 1, name: str = "t") -> list[Task]:
    with database.write() as session:
        return claim(session, now=now, lease=LEASE, names=[name], limit=limit)


def _row(database: Database, key: str) -> TaskRow:
    with database.read() as session:
        return session.scalars(select(TaskRow).where(TaskRow.key == key)).one()


def test_a_task_is_enqueued_once_for_each_name_and_key(database: Database) -> None:
    assert [_enqueue(database, "a"), _enqueue(database, "a"), _enqueue(database, "a", name="u")] == [True, False, True]
    with database.read() as session:
        assert len(session.scalars(select(TaskRow)).all()) == 2


def test_a_task_of_a_transaction_that_failed_does_not_exist(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:  # noqa: PT012 - the block is the transaction
        enqueue(session, NewTask(name="t", key="a", due_at=NOW, payload={}), now=NOW)
        raise RuntimeError
    assert _claim(database) == []


def test_the_same_key_enqueued_by_many_at_once_is_one_task(database: Database) -> None:
    together = threading.Barrier(6, timeout=30)
    new: list[bool] = []

    def add() -> None:
        together.wait()
        new.append(_enqueue(database, "a"))

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(new) == {True: 1, False: 5}


def test_due_tasks_are_claimed_longest_due_first_and_others_wait(database: Database) -> None:
    _enqueue(database, "later", due_at=NOW + timedelta(seconds=1))
    _enqueue(database, "now")
    _enqueue(database, "long due", due_at=NOW - timedelta(hours=1))
    _enqueue(database, "other name", name="u", due_at=NOW - timedelta(hours=2))
    assert [task.key for task in _claim(database, limit=10)] == ["long due", "now"]
    assert [task.key for task in _claim(database, NOW + timedelta(seconds=1), limit=10)] == ["later"]


def test_a_claimed_task_is_left_alone_until_its_lease_runs_out(database: Database) -> None:
    _enqueue(database, "a")
    (first,) = _claim(database)
    assert (first.attempts, first.payload) == (1, {"key": "a"})
    assert _claim(database, NOW + LEASE - timedelta(microseconds=1)) == []
    (second,) = _claim(database, NOW + LEASE)
    assert (second.id, second.attempts) == (first.id, 2)


def test_a_worker_that_lost_its_lease_changes_nothing(database: Database) -> None:
    _enqueue(database, "a")
    (late,) = _claim(database)
    (current,) = _claim(database, NOW + LEASE)
    after = NOW + LEASE
    with database.write() as session:
        assert not finish(session, late, now=after)
        assert not retry_later(session, late, due_at=after, error="late")
        assert not give_up(session, late, now=after, error="late")
    assert (_row(database, "a").state, _row(database, "a").last_error) == ("open", None)
    with database.write() as session:
        assert finish(session, current, now=after)
        assert not finish(session, current, now=after)
    assert (_row(database, "a").state, _row(database, "a").finished_at) == ("done", after)


def test_a_task_given_back_returns_at_its_time(database: Database) -> None:
    _enqueue(database, "a")
    (task,) = _claim(database)
    with database.write() as session:
        assert retry_later(session, task, due_at=NOW + timedelta(minutes=5), error="x" * 3000)
    assert _claim(database, NOW + timedelta(minutes=4)) == []
    assert len(_row(database, "a").last_error or "") == 2000
    (again,) = _claim(database, NOW + timedelta(minutes=5))
    assert again.attempts == 2


def test_a_task_given_up_is_kept_and_never_claimed(database: Database) -> None:
    _enqueue(database, "a")
    (task,) = _claim(database)
    with database.write() as session:
        assert give_up(session, task, now=NOW, error="no such customer")
    assert _claim(database, NOW + timedelta(days=1)) == []
    assert (_row(database, "a").state, _row(database, "a").last_error) == ("failed", "no such customer")


def test_a_cancelled_task_is_not_claimed_and_a_running_one_cannot_finish(database: Database) -> None:
    _enqueue(database, "a")
    (task,) = _claim(database)
    with database.write() as session:
        assert cancel(session, name="t", key="a", now=NOW)
        assert not cancel(session, name="t", key="a", now=NOW)
        assert not finish(session, task, now=NOW)
    assert _claim(database, NOW + LEASE) == []


def test_the_next_due_instant_counts_what_could_be_claimed(database: Database) -> None:
    def next_at(now: datetime) -> datetime | None:
        with database.read() as session:
            return next_due_at(session, names=["t"], now=now)

    assert next_at(NOW) is None
    _enqueue(database, "a")
    _enqueue(database, "b", due_at=NOW + timedelta(hours=1))
    assert next_at(NOW) == NOW
    _claim(database)
    assert next_at(NOW) == NOW + timedelta(hours=1)
    assert next_at(NOW + LEASE) == NOW


def test_many_workers_claim_every_task_once(database: Database) -> None:
    for number in range(40):
        _enqueue(database, f"k{number:02}")
    claimed: list[str] = []
    together = threading.Barrier(4, timeout=30)

    def work() -> None:
        together.wait()
        while tasks := _claim(database, limit=3):
            for task in tasks:
                claimed.append(task.key)
                with database.write() as session:
                    assert finish(session, task, now=NOW)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [f"k{number:02}" for number in range(40)]


@pytest.mark.postgresql
def test_a_claim_passes_over_rows_that_another_holds(postgresql_database: Database) -> None:
    """SKIP LOCKED: the second worker gets the next task at once instead of waiting for the first one's commit."""
    database = postgresql_database
    _enqueue(database, "a", due_at=NOW - timedelta(hours=1))
    _enqueue(database, "b")
    with database.write() as session:
        (held,) = claim(session, now=NOW, lease=LEASE, names=["t"])
        assert [task.key for task in _claim(database)] == ["b"]
        assert _claim(database) == []
    assert held.key == "a"
