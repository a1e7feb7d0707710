"""Workers: claim what is due, run its handler, and say what became of it.

One dispatcher thread claims for as many workers as are idle; so a claim never waits behind a slow handler. It also
renews the leases of what is still being worked on: otherwise work that takes longer than a lease would be taken up by
one worker after the other and never be done. A process that dies renews nothing; its leases run out, and another
process takes the work up.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task, claim, enqueue, finish, give_up, next_due_at, renew, retry_later
from fairkeeper.jobs.failures import describe
from fairkeeper.jobs.handler import Handler, Work
from fairkeeper.values.clock import Clock

_log = structlog.get_logger(__name__)

LONGEST_RUN = timedelta(hours=1)
"""After this a handler is taken for hung: its lease runs out, and somebody else tries."""

POLL_SECONDS = 0.5
"""How long the dispatcher sleeps when nothing is due and nobody wakes it: another process may have enqueued."""


@dataclass(slots=True, kw_only=True)
class _Running:
    """Work that a thread of this process is doing."""

    task: Task
    since_at: datetime
    renewed_at: datetime


class Worker:
    """Runs background work in threads of this process.

    Args:
        database: Where tasks are.
        clock: What is due.
        work: The handlers and schedules that this process does.
        threads: How many handlers run at once.
        lease: How long claimed work is this process's alone.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        work: Work,
        threads: int = 4,
        lease: timedelta = timedelta(seconds=30),
    ) -> None:
        self._database = database
        self._clock = clock
        self._handlers = {handler.name: handler for handler in work.handlers}
        self._schedules = work.schedules
        self._lease = lease
        self._threads = threads
        self._planted: dict[str, str] = {}
        self._running: dict[int, _Running] = {}
        self._running_lock = threading.Lock()
        self._idle = threading.Semaphore(threads)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="worker") if threads else None
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        if self._pool is not None:
            self._dispatcher.start()

    def wake(self) -> None:
        """Look at once whether something is due; called after a commit."""
        self._wake.set()

    def stop(self, timeout_seconds: float = 10) -> None:
        """Claim nothing more and wait for what runs."""
        self._stop.set()
        self._wake.set()
        if self._dispatcher.is_alive():
            self._dispatcher.join(timeout_seconds)
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def is_alive(self) -> bool:
        """Whether it works (or was told to have no threads)."""
        return self._pool is None or (self._dispatcher.is_alive() and not self._stop.is_set())

    def run_due(self) -> int:
        """Run everything that is due now in this thread, and return how many tasks were run (for tests and the CLI)."""
        self._plant()
        count = 0
        while tasks := self._claim(1):
            for task in tasks:
                self._run(task)
                count += 1
        return count

    def _dispatch(self) -> None:
        while not self._stop.is_set():
            try:
                self._plant()
                self._renew()
                busy = self._hand_out()
            except Exception as error:  # noqa: BLE001 - boundary of the dispatcher: it outlives whatever the database does
                _log.warning("worker.dispatch_failed", error=describe(error))
                busy = False
            if not busy:
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()

    def _hand_out(self) -> bool:
        """Claim for every idle thread; return whether there may be more to claim."""
        if self._pool is None:
            return False
        free = 0
        while free < self._threads and self._idle.acquire(blocking=False):
            free += 1
        tasks: list[Task] = []
        try:
            if free:
                tasks = self._claim(free)
        finally:
            for _ in range(free - len(tasks)):
                self._idle.release()
        for task in tasks:
            with self._running_lock:
                self._running[task.id] = _Running(task=task, since_at=self._clock.now(), renewed_at=self._clock.now())
            self._pool.submit(self._run_and_release, task)
        return bool(tasks)

    def _renew(self) -> None:
        """Renew the leases that have run for a third of their time."""
        now = self._clock.now()
        with self._running_lock:
            due = [
                running
                for running in self._running.values()
                if now - running.renewed_at >= self._lease / 3 and now - running.since_at < LONGEST_RUN
            ]
        if not due:
            return
        with self._database.write() as session:
            for running in due:
                renew(session, running.task, until=now + self._lease)
        for running in due:
            running.renewed_at = now

    def _plant(self) -> None:
        """Insert the tasks of the present slots that are not there yet."""
        now = self._clock.now()
        for schedule in self._schedules:
            task = schedule.task_at(now)
            if self._planted.get(schedule.name) == task.key:
                continue
            with self._database.write() as session:
                enqueue(session, task, now=now)
            self._planted[schedule.name] = task.key

    def _claim(self, limit: int) -> list[Task]:
        names = list(self._handlers)
        now = self._clock.now()
        with self._database.read() as session:
            due_at = next_due_at(session, names=names, now=now)
        if due_at is None or due_at > now:
            return []
        with self._database.write() as session:
            return claim(session, now=now, lease=self._lease, names=names, limit=limit)

    def _run_and_release(self, task: Task) -> None:
        try:
            self._run(task)
        finally:
            with self._running_lock:
                self._running.pop(task.id, None)
            self._idle.release()
            self._wake.set()

    def _run(self, task: Task) -> None:
        handler = self._handlers[task.name]
        try:
            handler.run(task)
        except Exception as error:  # noqa: BLE001 - boundary of background work: whatever failed is kept and tried again
            self._failed(handler, task, error)
            return
        with self._database.write() as session:
            finish(session, task, now=self._clock.now())

    def _failed(self, handler: Handler, task: Task, error: Exception) -> None:
        text = describe(error)
        now = self._clock.now()
        is_last = task.attempts >= handler.retry.attempts
        _log.warning("worker.task_failed", task=task.name, key=task.key, attempt=task.attempts, error=text)
        try:
            with self._database.write() as session:
                if is_last:
                    give_up(session, task, now=now, error=text)
                else:
                    due_at = now + handler.retry.delay_after(task.attempts)
                    retry_later(session, task, due_at=due_at, error=text)
        except DatabaseUnavailableError:
            _log.warning("worker.outcome_not_recorded", task=task.name, key=task.key)  # the lease will run out
