"""What requests change in a database, seen from outside and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, insert, select, update

from fairkeeper.bootstrap.rooms import all_tables

Row = dict[str, Any]
Kept = dict[str, dict[tuple[Any, ...], Row]]


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

    Args:
        engine: The staff login's, which sees every row.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables: list[Table] = list(all_tables().sorted_tables)
        self.kept = self.read()

    def read(self) -> Kept:
        """Return every row of every table by its key."""
        with self._engine.connect() as connection:
            return {table.name: _rows_of(connection, table) for table in self._tables}

    def changes(self) -> list[Change]:
        """Return what is not as it was; empty when nothing changed."""
        found, now = [], self.read()
        for name, kept in self.kept.items():
            for key in sorted(kept.keys() | now[name].keys(), key=repr):
                before, after = kept.get(key), now[name].get(key)
                if before != after:
                    found.append(Change(table=name, key=key, before=before, after=after))
        return found

    def restore(self) -> None:
        """Bring every row back."""
        now = self.read()
        with self._engine.begin() as connection:
            for table in reversed(self._tables):
                for key in now[table.name].keys() - self.kept[table.name].keys():
                    connection.execute(delete(table).where(_is(table, key)))
            for table in self._tables:
                for key, row in self.kept[table.name].items():
                    there = now[table.name].get(key)
                    if there is None:
                        connection.execute(insert(table).values(row))
                    elif there != row:
                        connection.execute(update(table).where(_is(table, key)).values(row))


def _rows_of(connection: Connection, table: Table) -> dict[tuple[Any, ...], Row]:
    keys = [column.name for column in table.primary_key]
    rows = connection.execute(select(table)).mappings()
    return {tuple(row[name] for name in keys): dict(row) for row in rows}


def _is(table: Table, key: tuple[Any, ...]) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))
