"""Background work as one table that is outbox, queue and schedule.

To enqueue is to insert in the caller's transaction, once per (name, key); so a wish and the change that caused it
commit together or not at all. A worker claims by a lease; `attempts` is the fencing token: whoever finishes with an
older number has lost the lease and changes nothing. Work is done at least once, so handlers are idempotent by key.
A schedule is a task whose key is its name and slot. Nobody reads by "id greater than the last": on PostgreSQL that
skips rows that commit late; a claim takes rows that are still open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column

from fairkeeper.database.base import BIG_KEY, Base, CustomerOwned
from fairkeeper.database.guard import CustomerSession
from fairkeeper.database.insertion import insert_unless_there
from fairkeeper.values.ids import CustomerId


class TaskState(StrEnum):
    """Where a piece of work is."""

    OPEN = "open"
    """Waiting for its time or for a worker, or leased to one."""
    DONE = "done"
    FAILED = "failed"
    """Given up after the last attempt; a person can open it again."""
    CANCELLED = "cancelled"


class TaskRow(CustomerOwned, Base):
    """One piece of background work."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("name", "key"),
        Index("ix_task_claim", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), default=TaskState.OPEN)
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A claimed piece of work, as its handler sees it.

    Attributes:
        attempts: How often it has been claimed, this time included; the fencing token.
    """

    id: int
    name: str
    key: str
    payload: dict[str, Any]
    attempts: int
    customer_id: CustomerId | None
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A wish for background work.

    Attributes:
        name: Handler's name, `room.verb_noun`.
        key: What makes it unique among those of its name; enqueuing it again changes nothing.
        due_at: Not before this instant.
    """

    name: str
    key: str
    due_at: datetime
    payload: dict[str, Any]
    customer_id: CustomerId | None = None


def enqueue(session: Session, task: NewTask, *, now: datetime) -> bool:
    """Insert a task in the caller's transaction; return whether it is new."""
    values = {
        "name": task.name,
        "key": task.key,
        "payload": task.payload,
        "state": TaskState.OPEN.value,
        "due_at": task.due_at,
        "attempts": 0,
        "created_at": now,
        "customer_id": task.customer_id,
    }
    if isinstance(session, CustomerSession):
        return _enqueue_as_customer(session, values)
    return insert_unless_there(session, TaskRow, values, key=("name", "key")) is not None


def _enqueue_as_customer(session: CustomerSession, values: dict[str, Any]) -> bool:
    found = session.scalars(
        select(TaskRow.id).where(TaskRow.name == values["name"], TaskRow.key == values["key"])
    ).first()
    if found is not None:
        return False
    session.add(TaskRow(**values))
    session.flush()
    return True


def claim(session: Session, *, now: datetime, lease: timedelta, names: Sequence[str], limit: int = 1) -> list[Task]:
    """Lease open tasks that are due, the longest due first.

    Rows another worker holds are passed over (SKIP LOCKED on PostgreSQL; on SQLite the write lock is exclusive).
    A lease that has run out is open again: its worker is dead or late, and its attempt number is outdated.
    """
    statement = (
        select(TaskRow)
        .where(
            TaskRow.state == TaskState.OPEN,
            TaskRow.name.in_(names),
            TaskRow.due_at <= now,
            or_(TaskRow.leased_until.is_(None), TaskRow.leased_until <= now),
        )
        .order_by(TaskRow.due_at, TaskRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for row in session.scalars(statement):
        row.attempts += 1
        row.leased_until = now + lease
        claimed.append(
            Task(
                id=row.id,
                name=row.name,
                key=row.key,
                payload=row.payload,
                attempts=row.attempts,
                customer_id=row.customer_id,
                due_at=row.due_at,
            )
        )
    return claimed


def _change_leased(session: Session, task: Task, **values: Any) -> bool:
    result = session.execute(
        update(TaskRow)
        .where(TaskRow.id == task.id, TaskRow.attempts == task.attempts, TaskRow.state == TaskState.OPEN)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - a statement about SQLAlchemy's types only
    return result.rowcount == 1


def finish(session: Session, task: Task, *, now: datetime) -> bool:
    """Mark a leased task done; return False when the lease was lost to another worker."""
    return _change_leased(session, task, state=TaskState.DONE.value, leased_until=None, finished_at=now)


def renew(session: Session, task: Task, *, until: datetime) -> bool:
    """Keep a leased task that is still being worked on; return False when the lease was lost to another worker."""
    return _change_leased(session, task, leased_until=until)


def retry_later(session: Session, task: Task, *, due_at: datetime, error: str) -> bool:
    """Give a leased task back, to be tried again at an instant; return False when the lease was lost."""
    return _change_leased(session, task, leased_until=None, due_at=due_at, last_error=error[:2000])


def give_up(session: Session, task: Task, *, now: datetime, error: str) -> bool:
    """Mark a leased task failed, for a person to see; return False when the lease was lost."""
    return _change_leased(
        session, task, state=TaskState.FAILED.value, leased_until=None, finished_at=now, last_error=error[:2000]
    )


def cancel(session: Session, *, name: str, key: str, now: datetime) -> bool:
    """Cancel an open task by name and key; return whether one was open."""
    result = session.execute(
        update(TaskRow)
        .where(TaskRow.name == name, TaskRow.key == key, TaskRow.state == TaskState.OPEN)
        .values(state=TaskState.CANCELLED.value, leased_until=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - a statement about SQLAlchemy's types only
    return result.rowcount == 1


def next_due_at(session: Session, *, names: Sequence[str], now: datetime) -> datetime | None:
    """Return when the first task that a worker could claim is due: unleased, or its lease has run out by now."""
    return session.scalars(
        select(TaskRow.due_at)
        .where(
            TaskRow.state == TaskState.OPEN,
            TaskRow.name.in_(names),
            or_(TaskRow.leased_until.is_(None), TaskRow.leased_until <= now),
        )
        .order_by(TaskRow.due_at)
        .limit(1)
    ).first()
