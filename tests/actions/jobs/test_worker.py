"""Workers: each piece of work is done, once if nobody dies, again if somebody does, and given up for a person to see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fairkeeper.database.session import Database
from fairkeeper.database.tasks import NewTask, Task, TaskRow, TaskState, claim, enqueue, finish, retry_later
from fairkeeper.errors import UnavailableError
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.jobs.worker import LONGEST_RUN, Worker
from fairkeeper.values.clock import FixedClock, MovableClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)


class Done:
    """What handlers did, and when they may go on."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.lock = threading.Lock()

    def note(self, task: Task) -> None:
        with self.lock:
            self.keys.append(task.key)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(FixedClock(NOON))


@pytest.fixture
def done() -> Done:
    return Done()


def plant(database: Database, *keys: str, name: str = "test.work", due_at: datetime = NOON) -> None:
    with database.write() as session:
        for key in keys:
            enqueue(session, NewTask(name=name, key=key, due_at=due_at, payload={}), now=NOON)


def row(database: Database, key: str = "a", name: str = "test.work") -> TaskRow:
    with database.read() as session:
        return session.query(TaskRow).filter_by(name=name, key=key).one()


def handler(run: Callable[[Task], None], *, name: str = "test.work", retry: RetryRule | None = None) -> Handler:
    return Handler(name=name, run=run, retry=retry or RetryRule(first_seconds=2, attempts=3))


def worker(database: Database, clock: MovableClock, *handlers: Handler, threads: int = 0, **options: object) -> Worker:
    work = Work(handlers=handlers, schedules=options.pop("schedules", ()))  # type: ignore[arg-type]
    return Worker(database, clock, work=work, threads=threads, lease=LEASE)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 15) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.01)


# --- one after the other


def test_work_is_done_when_it_is_due_the_longest_due_first(database: Database, clock: MovableClock, done: Done) -> None:
    plant(database, "late", due_at=NOON + timedelta(hours=1))
    plant(database, "b", due_at=NOON - timedelta(hours=1))
    plant(database, "a", due_at=NOON - timedelta(hours=2))
    works = worker(database, clock, handler(done.note))

    assert works.run_due() == 2
    assert done.keys == ["a", "b"]
    clock.move(timedelta(hours=1))
    assert works.run_due() == 1
    assert row(database, "late").state == TaskState.DONE


def test_work_that_nobody_here_can_do_is_left_to_others(database: Database, clock: MovableClock, done: Done) -> None:
    plant(database, "a", name="other.work")

    assert worker(database, clock, handler(done.note)).run_due() == 0
    assert row(database, name="other.work").attempts == 0


def test_failed_work_is_tried_again_later_and_later(database: Database, clock: MovableClock) -> None:
    tried: list[datetime] = []

    def fail(_task: Task) -> None:
        tried.append(clock.now())
        raise UnavailableError("It is closed.", code="test.closed")

    plant(database, "a")
    works = worker(database, clock, handler(fail, retry=RetryRule(first_seconds=2, factor=3, attempts=9)))
    for _ in range(30):
        works.run_due()
        clock.move(timedelta(seconds=1))

    assert [(at - NOON).seconds for at in tried] == [0, 2, 8, 26]
    assert row(database).last_error == "test.closed: It is closed."
    assert row(database).leased_until is None


def test_work_is_given_up_after_its_last_attempt_for_a_person_to_see(database: Database, clock: MovableClock) -> None:
    def fail(_task: Task) -> None:
        raise KeyError("ada@contoso.example")

    plant(database, "a", "b")
    works = worker(database, clock, handler(fail))
    for _ in range(10):
        works.run_due()
        clock.move(timedelta(seconds=10))

    given_up = row(database)
    assert (given_up.state, given_up.attempts, given_up.finished_at is not None) == (TaskState.FAILED, 3, True)
    assert "contoso" not in (given_up.last_error or ""), "an unknown error may quote what it could not read"
    assert (given_up.last_error or "").startswith("KeyError")


def test_one_failure_does_not_hold_others_up(database: Database, clock: MovableClock, done: Done) -> None:
    def run(task: Task) -> None:
        if task.key == "bad":
            raise ValueError
        done.note(task)

    plant(database, "bad", "good")
    worker(database, clock, handler(run)).run_due()

    assert done.keys == ["good"]


# --- leases


def test_work_of_a_killed_process_is_taken_over_when_its_lease_has_run_out(
    database: Database, clock: MovableClock, done: Done
) -> None:
    plant(database, "a")
    with database.write() as session:
        (killed,) = claim(session, now=clock.now(), lease=LEASE, names=["test.work"])
    survivor = worker(database, clock, handler(done.note))

    assert survivor.run_due() == 0
    clock.move(LEASE)
    assert survivor.run_due() == 1
    assert (done.keys, row(database).attempts) == (["a"], 2)
    with database.write() as session:
        assert not finish(session, killed, now=clock.now()), "whoever lost the lease has nothing to say any more"


def test_a_late_worker_cannot_reopen_what_another_has_done(database: Database, clock: MovableClock, done: Done) -> None:
    plant(database, "a")
    with database.write() as session:
        (late,) = claim(session, now=clock.now(), lease=LEASE, names=["test.work"])
    clock.move(LEASE)
    worker(database, clock, handler(done.note)).run_due()

    with database.write() as session:
        assert not retry_later(session, late, due_at=clock.now(), error="late")

    assert row(database).state == TaskState.DONE


def test_work_that_takes_longer_than_its_lease_is_done_once(database: Database) -> None:
    # The machine's clock: whether a lease is renewed in time is a matter of real time.
    running, go_on = threading.Event(), threading.Event()
    started: list[str] = []

    def slow(task: Task) -> None:
        started.append(task.key)
        running.set()
        assert go_on.wait(20)

    clock = MovableClock()
    plant(database, "a", due_at=clock.now())
    lease = timedelta(seconds=1)
    pair = [Worker(database, clock, work=Work(handlers=(handler(slow),)), threads=2, lease=lease) for _ in range(2)]
    for each in pair:
        each.start()
    try:
        assert running.wait(10)
        time.sleep(2.5)
        assert started == ["a"], "nobody took it over while it was being done"
    finally:
        go_on.set()
        for each in pair:
            each.stop()

    assert (started, row(database).state, row(database).attempts) == (["a"], TaskState.DONE, 1)


def test_a_hung_handler_loses_its_lease_in_the_end(database: Database, clock: MovableClock, done: Done) -> None:
    running, go_on = threading.Event(), threading.Event()

    def hang(_task: Task) -> None:
        running.set()
        assert go_on.wait(20)

    plant(database, "a")
    hung = worker(database, clock, handler(hang), threads=1)
    hung.start()
    try:
        assert running.wait(10)
        clock.move(LEASE / 2)
        wait_until(lambda: (row(database).leased_until or NOON) > clock.now() + LEASE / 2)
        clock.move(LONGEST_RUN + LEASE)
        assert worker(database, clock, handler(done.note)).run_due() == 1
    finally:
        go_on.set()
        hung.stop()

    assert (done.keys, row(database).attempts) == (["a"], 2)


# --- several workers


def test_two_processes_share_the_work_and_do_nothing_twice(database: Database, done: Done) -> None:
    clock = MovableClock()
    keys = [f"{number:03d}" for number in range(60)]
    plant(database, *keys, due_at=clock.now())
    pair = [worker(database, clock, handler(done.note), threads=3) for _ in range(2)]
    for each in pair:
        each.start()
    try:
        wait_until(lambda: len(done.keys) >= len(keys))
    finally:
        for each in pair:
            each.stop()

    assert sorted(done.keys) == keys
    with database.read() as session:
        assert session.query(TaskRow).filter_by(state=TaskState.DONE, attempts=1).count() == len(keys)


def test_a_schedule_is_planted_once_in_each_slot_whoever_plants_it(
    database: Database, clock: MovableClock, done: Done
) -> None:
    hourly = (Schedule(name="test.work", every=timedelta(hours=1)),)
    pair = [worker(database, clock, handler(done.note), schedules=hourly) for _ in range(2)]
    for _ in range(3):
        for each in pair:
            each.run_due()
        clock.move(timedelta(minutes=40))

    assert done.keys == ["2026-11-22T12:00:00+00:00", "2026-11-22T13:00:00+00:00"]


def test_slots_that_passed_while_nobody_worked_are_not_made_up_for(
    database: Database, clock: MovableClock, done: Done
) -> None:
    hourly = (Schedule(name="test.work", every=timedelta(hours=1)),)
    works = worker(database, clock, handler(done.note), schedules=hourly)
    works.run_due()

    clock.move(timedelta(days=30))

    assert works.run_due() == 1


def test_a_woken_worker_does_not_wait_for_its_next_look(sqlite_database: Database, done: Done) -> None:
    clock = MovableClock()
    works = worker(sqlite_database, clock, handler(done.note), threads=1)
    works.start()
    try:
        time.sleep(0.1)
        took: list[float] = []
        for number in range(5):
            plant(sqlite_database, str(number), due_at=clock.now())
            began = time.monotonic()
            works.wake()
            wait_until(lambda: len(done.keys) > number)  # noqa: B023 - waited for within the turn
            took.append(time.monotonic() - began)
        assert sorted(took)[2] < 0.4, "half of them at least are taken up before the poll of half a second"
    finally:
        works.stop()


def test_a_slow_handler_does_not_hold_a_quick_one_up(sqlite_database: Database, done: Done) -> None:
    go_on = threading.Event()

    def slow(_task: Task) -> None:
        assert go_on.wait(20)

    clock = MovableClock()
    plant(sqlite_database, "slow", name="test.slow", due_at=clock.now())
    works = worker(sqlite_database, clock, handler(slow, name="test.slow"), handler(done.note), threads=2)
    works.start()
    try:
        wait_until(lambda: row(sqlite_database, "slow", "test.slow").attempts == 1)
        plant(sqlite_database, "quick", due_at=clock.now())
        works.wake()
        wait_until(lambda: done.keys == ["quick"])
    finally:
        go_on.set()
        works.stop()


def test_stopping_waits_for_what_runs_and_claims_nothing_more(sqlite_database: Database) -> None:
    running, finished = threading.Event(), threading.Event()

    def slow(_task: Task) -> None:
        running.set()
        time.sleep(0.2)
        finished.set()

    clock = MovableClock()
    plant(sqlite_database, "a", "b", due_at=clock.now())
    works = worker(sqlite_database, clock, handler(slow), threads=1)
    works.start()
    assert works.is_alive
    assert running.wait(10)

    works.stop()

    assert finished.is_set()
    assert not works.is_alive
    assert {row(sqlite_database, key).attempts for key in ("a", "b")} == {0, 1}


def test_a_process_without_threads_leaves_the_work_to_others(sqlite_database: Database, done: Done) -> None:
    clock = MovableClock()
    plant(sqlite_database, "a", due_at=clock.now())
    works = worker(sqlite_database, clock, handler(done.note), threads=0)
    works.start()

    assert works.is_alive
    works.stop()
    assert done.keys == []
