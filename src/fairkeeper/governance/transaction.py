"""The hot path's transaction: plain SQL on one connection of its own, the same text on both databases.

No ORM here: at five thousand decisions a second its sessions alone would take the time. SQL is written with `?`
for values; PostgreSQL's spelling is made from it once for each text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from fairkeeper.values.clock import format_instant, parse_instant


class Transaction(Protocol):
    """An open transaction of the hot path; whatever is done with it commits with the decisions, or not at all."""

    is_sqlite: bool

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all rows."""
        ...

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        ...

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each set of values."""
        ...

    def instant(self, at: datetime | None) -> Any:
        """Return an instant as this database takes it."""
        ...


@lru_cache(maxsize=512)
def spelled(sql: str, *, is_sqlite: bool) -> str:
    """Return a text of ours as a driver takes it; ours hold no `?` and no `%` of another meaning.

    Example:
        >>> spelled("SELECT ? WHERE x = ?", is_sqlite=False)
        'SELECT %s WHERE x = %s'
    """
    return sql if is_sqlite else sql.replace("?", "%s")


def marks(count: int) -> str:
    """Return placeholders for a list.

    Example:
        >>> marks(3)
        '?, ?, ?'
    """
    return ", ".join("?" * count)


def to_database(at: datetime | None, *, is_sqlite: bool) -> Any:
    """Return an instant as a driver takes it."""
    return format_instant(at) if is_sqlite and at is not None else at


def from_database(value: Any) -> datetime | None:
    """Return an instant that a driver gave."""
    return parse_instant(value) if isinstance(value, str) else value
