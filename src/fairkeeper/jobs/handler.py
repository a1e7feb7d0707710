"""What a handler of background work is: a name, a function, and how to try again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fairkeeper.database.tasks import NewTask, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """When failed work is tried again: after `first_seconds`, growing by `factor` up to `ceiling_seconds`.

    Example:
        >>> [RetryRule(first_seconds=2).delay_after(attempt).total_seconds() for attempt in (1, 2, 3)]
        [2.0, 4.0, 8.0]
    """

    first_seconds: float = 2
    factor: float = 2
    ceiling_seconds: float = 3600
    attempts: int = 24

    def delay_after(self, attempt: int) -> timedelta:
        """Return how long to wait after the attempt of that number (from 1)."""
        exponent = min(attempt - 1, 40)
        return timedelta(seconds=min(self.ceiling_seconds, self.first_seconds * self.factor**exponent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """One kind of background work.

    Attributes:
        name: The task's name.
        run: Does the work; called at least once for each task, so idempotent by its key. A raise is tried again.
        retry: When it is tried again.
    """

    name: str
    run: Callable[[Task], None]
    retry: RetryRule = field(default_factory=RetryRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Work that returns: a task of this name in each slot, whose key is the slot's start.

    Example:
        >>> hourly = Schedule(name="customers.reconcile", every=timedelta(hours=1))
        >>> hourly.task_at(datetime(2026, 11, 22, 8, 30, tzinfo=UTC)).key
        '2026-11-22T08:00:00+00:00'
    """

    name: str
    every: timedelta

    def task_at(self, now: datetime) -> NewTask:
        """Return the task of the slot that an instant lies in."""
        seconds = self.every.total_seconds()
        start = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=UTC)
        return NewTask(name=self.name, key=start.isoformat(), due_at=start, payload={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker can do."""

    handlers: tuple[Handler, ...]
    schedules: tuple[Schedule, ...] = ()
