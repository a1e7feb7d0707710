"""A database of every released version becomes this one's, with rows in all of its tables, and nothing is lost.

One database walks through every version: whatever tables a version has get a row before the next migration runs, so that
each migration meets what every version before it may have left. Then every row is read by the declared classes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, insert, select
from sqlalchemy.types import BigInteger, Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String

from fairkeeper.bootstrap.database.migrations import check_schema, migrate, revisions
from fairkeeper.bootstrap.rooms import all_tables
from fairkeeper.database.base import Base
from fairkeeper.database.engine import DatabaseAddress, create_engine
from fairkeeper.database.session import Database
from fairkeeper.database.types import UTCDateTime
from fairkeeper.values.clock import format_instant
from tests.databases import PostgresServer

AT: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_SKIPPED: Final = {"alembic_version", "schema_floor"}
"""What says which version the tables are of, and which code fits them; migrations fill these themselves."""
_TAKEN_AWAY: Final = {"opportunity_approval"}
"""Tables of before the first release that no version has kept: such approvals are Governance's since."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseAddress]:
    if request.param == "sqlite":
        yield DatabaseAddress(url=f"sqlite:///{tmp_path / 'old.db'}")
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    name = f"old_{uuid.uuid4().hex[:12]}"
    server.create(name, template="template1")
    yield server.address(name)
    server.drop(name)


class Filling:
    """Puts one row into every table that has none; a foreign key takes what the row it names holds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.rows: dict[str, dict[str, Any]] = {}

    def fill(self) -> None:
        metadata = MetaData()
        metadata.reflect(self._engine)
        with self._engine.begin() as connection:
            for table in metadata.sorted_tables:
                if table.name in _SKIPPED | _TAKEN_AWAY or table.name in self.rows:
                    continue
                row = self._row(table)
                connection.execute(insert(table).values(row))
                self.rows[table.name] = row

    def _row(self, table: Table) -> dict[str, Any]:
        row = {column.name: _value(column, table.name) for column in table.columns}
        for constraint in table.foreign_key_constraints:
            parent = constraint.referred_table.name
            for element in constraint.elements:
                named = element.column.name
                row[element.parent.name] = None if parent == table.name else self.rows[parent][named]
        return row


_INSTANTS: Final = frozenset(
    (table.name, column.name)
    for table in all_tables().tables.values()
    for column in table.columns
    if isinstance(column.type, UTCDateTime)
)


def _value(column: Column[Any], table: str) -> Any:
    kind = column.type
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer | BigInteger | Numeric):
        return 1
    if isinstance(kind, DateTime):
        return AT
    if isinstance(kind, Date):
        return AT.date()
    if isinstance(kind, LargeBinary):
        return b"\x07" * 32
    if isinstance(kind, String):
        # SQLite keeps instants as text.
        text = format_instant(AT) if (table, column.name) in _INSTANTS else f"{column.name} of {table}"
        return text[: kind.length] if kind.length else text
    return []


GIVEN_UP = {"tool": {"meter"}}
"""Columns whose content stands in another since: a tool's one meter is the first of its meters."""


def test_rows_of_every_version_before_are_there_and_readable_after_the_upgrade(address: DatabaseAddress) -> None:
    engine = create_engine(address.url, writes=True)
    filling = Filling(engine)
    for revision in revisions():
        assert migrate(address, to=revision).after == revision
        filling.fill()
    assert {*filling.rows} == {*all_tables().tables} - _SKIPPED
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.begin() as connection:
        for name, row in filling.rows.items():
            (kept,) = connection.execute(select(metadata.tables[name])).mappings().all()
            changed = {
                column: (row[column], kept[column])
                for column in row
                if column in kept and _differs(row[column], kept[column])
            }
            assert changed == {}, name
            assert set(row) - set(kept) == GIVEN_UP.get(name, set()), f"{name} lost columns"
    engine.dispose()
    database = Database(address)
    check_schema(database)
    with database.read() as session:
        for mapper in Base.registry.mappers:
            assert len(session.scalars(select(mapper.class_)).all()) == 1, mapper.class_.__name__
    database.dispose()


def _differs(put: Any, kept: Any) -> bool:
    if isinstance(put, datetime) and isinstance(kept, datetime):
        return (
            put.replace(tzinfo=None) != kept.astimezone(UTC).replace(tzinfo=None)
            if kept.tzinfo
            else put.replace(tzinfo=None) != kept
        )
    return bool(put != kept)


def test_a_database_of_any_version_is_upgraded_at_once(tmp_path: Path) -> None:
    newest = revisions()[-1]
    for revision in dict.fromkeys((*revisions()[:-1:4], revisions()[-2])):
        old = DatabaseAddress(url=f"sqlite:///{tmp_path / f'{revision}.db'}")
        migrate(old, to=revision)
        engine = create_engine(old.url, writes=True)
        Filling(engine).fill()
        engine.dispose()
        assert migrate(old).after == newest
