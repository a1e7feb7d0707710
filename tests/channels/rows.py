"""What requests change in a database, seen from outside and taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, insert, select, text, update

from fairkeeper.bootstrap.rooms import all_tables

Row = dict[str, Any]
Kept = dict[str, dict[tuple[Any, ...], Row]]
Marks = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that is not as it was; `before` is None for a new one, `after` for one that is gone."""

    table: str
    key: tuple[Any, ...]
    before: Row | None
    after: Row | None

    def __str__(self) -> str:
        if self.before is None or self.after is None:
            return f"{self.table} {self.key} was {'added' if self.before is None else 'deleted'}"
        columns = [name for name in self.before if self.before[name] != self.after[name]]
        return f"{self.table} {self.key} changed in {', '.join(columns)}"

    @property
    def owners(self) -> set[str | None]:
        """Whose row it was and is; None is the publisher's."""
        return {row.get("customer_id") for row in (self.before, self.after) if row is not None}


class Rows:
    """The rows of every table at one instant, to compare with and to come back to.

    Thousands of requests are followed by a look, so a look reads whole only the tables that bear another mark.

    Args:
        engine: The staff login's, which sees every row.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables: list[Table] = list(all_tables().sorted_tables)
        self.kept = self.read()
        with engine.connect() as connection:
            self._marks = _marks_of(connection, self._tables)
        self._unchanged_at: str | None = None
        # SQLite tells a connection whether others have written since it was asked, so it is always the same one.
        self._watch = sqlite3.connect(engine.url.database or "") if engine.dialect.name == "sqlite" else None

    def close(self) -> None:
        """Let go of the database."""
        if self._watch is not None:
            self._watch.close()

    def changes(self) -> list[Change]:
        """Return what is not as it was; empty when nothing changed."""
        with self._engine.connect() as connection:
            return list(self._changes(connection))

    def restore(self, changes: Sequence[Change] | None = None) -> None:
        """Bring every row back; who has just asked for the changes may hand them over."""
        with self._engine.begin() as connection:
            changes = list(self._changes(connection)) if changes is None else changes
            tables = {table.name: table for table in self._tables}
            for change in reversed(changes):
                table = tables[change.table]
                if change.before is None:
                    connection.execute(delete(table).where(_is(table, change.key)))
            for change in changes:
                table = tables[change.table]
                if change.before is not None and change.after is None:
                    connection.execute(insert(table).values(change.before))
                elif change.before is not None:
                    connection.execute(update(table).where(_is(table, change.key)).values(change.before))
            self._marks |= _marks_of(connection, [tables[name] for name in {change.table for change in changes}])

    def read(self) -> Kept:
        """Return every row of every table by its key, as they are now."""
        with self._engine.connect() as connection:
            return {table.name: _rows_of(connection, table) for table in self._tables}

    def _changes(self, connection: Connection) -> Iterator[Change]:
        written = self._written(connection)
        if written == self._unchanged_at:
            return
        marks = _marks_of(connection, self._tables)
        is_changed = False
        for table in self._tables:
            if marks[table.name] == self._marks[table.name]:
                continue
            kept, now = self.kept[table.name], _rows_of(connection, table)
            for key in sorted(kept.keys() | now.keys(), key=repr):
                before, after = kept.get(key), now.get(key)
                if before != after:
                    is_changed = True
                    yield Change(table=table.name, key=key, before=before, after=after)
        if not is_changed:
            self._unchanged_at = written

    def _written(self, connection: Connection) -> str:
        """Return which transactions have ended, so that the same answer means no write since."""
        if self._watch is not None:
            return str(self._watch.execute("PRAGMA data_version").fetchone()[0])
        return str(connection.execute(text("SELECT pg_current_snapshot()::text")).scalar_one())


def _marks_of(connection: Connection, tables: Iterable[Table]) -> Marks:
    """Return of each table what cannot stay the same when a row of it is added, changed or deleted.

    On PostgreSQL the number of rows and the newest transaction that wrote one; on SQLite the rows themselves, as they
    are stored.
    """
    if connection.dialect.name == "sqlite":
        raw = connection.connection.cursor()
        return {table.name: raw.execute(f'SELECT * FROM "{table.name}"').fetchall() for table in tables}
    parts = [f"SELECT '{t.name}', count(*), max(xmin::text::bigint) FROM \"{t.name}\"" for t in tables]
    if not parts:
        return {}
    return {name: (count, newest) for name, count, newest in connection.execute(text(" UNION ALL ".join(parts)))}


def _rows_of(connection: Connection, table: Table) -> dict[tuple[Any, ...], Row]:
    keys = [column.name for column in table.primary_key]
    rows = connection.execute(select(table)).mappings()
    return {tuple(row[name] for name in keys): dict(row) for row in rows}


def _is(table: Table, key: tuple[Any, ...]) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))
