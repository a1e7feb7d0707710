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
from typing import Any, Final, cast

from sqlalchemy import Index, Integer, String, Table, Text, UniqueConstraint, bindparam, or_, select, update
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
    given = {"names": list(names), "now": now, "until": now + lease, "most": limit}
    claimed = [
        Task(
            id=row.id,
            name=row.name,
            key=row.key,
            payload=row.payload,
            attempts=row.attempts,
            customer_id=row.customer_id,
            due_at=row.due_at,
        )
        for row in session.connection().execute(_CLAIM, given)
    ]
    return sorted(claimed, key=lambda task: (task.due_at, task.id))


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
    found: datetime | None = session.connection().execute(_NEXT, {"names": list(names), "now": now}).scalar()
    return found


# Made once and executed on the connection, because every worker runs them all day. Rows are locked in a common table
# expression: PostgreSQL evaluates one that locks once, while a subquery could be run again and take more than `most`.
_TASKS: Final = cast("Table", TaskRow.__table__)
_NOW: Final = bindparam("now", type_=_TASKS.c.due_at.type)
_CLAIMABLE: Final = (
    _TASKS.c.state == TaskState.OPEN.value,
    _TASKS.c.name.in_(bindparam("names", expanding=True)),
    or_(_TASKS.c.leased_until.is_(None), _TASKS.c.leased_until <= _NOW),
)
_NEXT: Final = select(_TASKS.c.due_at).where(*_CLAIMABLE).order_by(_TASKS.c.due_at).limit(1)
_DUE: Final = (
    select(_TASKS.c.id)
    .where(*_CLAIMABLE, _TASKS.c.due_at <= _NOW)
    .order_by(_TASKS.c.due_at, _TASKS.c.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM: Final = (
    update(_TASKS)
    .where(_TASKS.c.id.in_(select(_DUE.c.id)))
    .values(attempts=_TASKS.c.attempts + 1, leased_until=bindparam("until", type_=_TASKS.c.due_at.type))
    .returning(*_TASKS.c["id", "name", "key", "payload", "attempts", "customer_id", "due_at"])
)
