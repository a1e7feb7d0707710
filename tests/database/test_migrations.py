"""Migrated tables are the declared ones on both databases; starts at once migrate once; other versions are refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

import fairkeeper.database
from fairkeeper.bootstrap.database.migrations import check_schema, ensure_schema, migrate, read_revision, revisions
from fairkeeper.bootstrap.rooms import TABLE_MODULES, all_tables
from fairkeeper.database.engine import DatabaseAddress, create_engine
from fairkeeper.database.errors import DatabaseUnavailableError, SchemaBehindError
from fairkeeper.database.row_security import POLICY_CUSTOMER, POLICY_STAFF, guarded_tables
from fairkeeper.database.session import Database, Scope
from fairkeeper.database.tasks import TaskRow
from fairkeeper.values.ids import CustomerId
from tests.databases import PostgresServer


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseAddress]:
    """The addresses of a database without any table."""
    if request.param == "sqlite":
        yield DatabaseAddress(url=f"sqlite:///{tmp_path / 'empty.db'}")
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    name = f"empty_{uuid.uuid4().hex[:12]}"
    server.create(name, template="template1")
    yield server.address(name)
    server.drop(name)


@contextmanager
def as_owner(address: DatabaseAddress) -> Iterator[Connection]:
    engine = create_engine(address.owner_url or address.url, writes=True)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@contextmanager
def opened(address: DatabaseAddress) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), all_tables()))


def test_migrated_tables_are_the_declared_ones(empty: DatabaseAddress) -> None:
    done = migrate(empty)
    assert (done.before, done.after is None) == (None, False)
    with as_owner(empty) as connection:
        assert differences(connection) == []
        names = set(inspect(connection).get_table_names())
    assert names == {*all_tables().tables, "alembic_version"}


def test_a_difference_would_be_noticed(empty: DatabaseAddress) -> None:
    migrate(empty)
    with as_owner(empty) as connection:
        connection.execute(text("DROP TABLE idempotency"))
        connection.execute(text("ALTER TABLE task DROP COLUMN last_error"))
        assert {difference[0] for difference in differences(connection)} >= {"add_table", "add_column"}


def test_migrating_again_changes_nothing(empty: DatabaseAddress) -> None:
    first = migrate(empty)
    second = migrate(empty)
    assert (second.before, second.after) == (first.after, first.after)
    with opened(empty) as database:
        check_schema(database)


def test_a_start_migrates_where_it_may(empty: DatabaseAddress) -> None:
    with opened(empty) as database:
        ensure_schema(database)
        assert read_revision(database) == revisions()[-1]


@pytest.mark.postgresql
def test_a_start_without_the_owners_address_waits_for_somebody_who_has_it(postgresql_server: PostgresServer) -> None:
    name = f"empty_{uuid.uuid4().hex[:12]}"
    postgresql_server.create(name, template="template1")
    whole = postgresql_server.address(name)
    bare = DatabaseAddress(url=whole.url, customer_url=whole.customer_url)
    with opened(bare) as database:
        with pytest.raises(SchemaBehindError):
            ensure_schema(database)
        migrate(whole)
        ensure_schema(database)
    postgresql_server.drop(name)


def test_revisions_are_known_without_the_library_as_it_knows_them() -> None:
    folder = Path(fairkeeper.database.__file__).parent / "migrations"
    known = ScriptDirectory(str(folder)).walk_revisions()
    assert revisions() == tuple(reversed([script.revision for script in known]))


def test_starts_at_once_migrate_once(empty: DatabaseAddress) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(migrate, [empty] * 4))
    assert sorted(each.before is None for each in done) == [False, False, False, True]
    assert len({each.after for each in done}) == 1


def test_tables_of_an_older_version_are_refused(empty: DatabaseAddress) -> None:
    with opened(empty) as database, pytest.raises(SchemaBehindError, match="revision none") as raised:
        check_schema(database)
    assert raised.value.code == "database.schema_behind"


def test_tables_of_a_newer_version_are_refused(empty: DatabaseAddress) -> None:
    migrate(empty)
    with as_owner(empty) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_tomorrow'"))
        connection.execute(text("UPDATE schema_floor SET revision = '9999_tomorrow'"))
    with opened(empty) as database:
        for refuse in (check_schema, ensure_schema):
            with pytest.raises(SchemaBehindError) as raised:
                refuse(database)
            assert raised.value.code == "database.schema_ahead"
    with pytest.raises(SchemaBehindError):
        migrate(empty)


def test_a_failed_migration_leaves_nothing_behind(empty: DatabaseAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the machine was switched off")

    monkeypatch.setattr("fairkeeper.bootstrap.database.migrations._secure", fail)
    with pytest.raises(RuntimeError):
        migrate(empty)
    with as_owner(empty) as connection:
        assert inspect(connection).get_table_names() == []


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError):
        migrate(DatabaseAddress(url=f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"))


def test_every_module_with_a_table_is_listed() -> None:
    source = Path(__file__).resolve().parents[2] / "src"
    found = {
        ".".join(path.relative_to(source).with_suffix("").parts)
        for path in source.rglob("*.py")
        if "migrations" not in path.parts and "__tablename__" in path.read_text("utf-8")
    }
    assert found == set(TABLE_MODULES)


@pytest.mark.postgresql
def test_row_security_is_made_for_the_logins_of_the_addresses(postgresql_server: PostgresServer) -> None:
    name = f"empty_{uuid.uuid4().hex[:12]}"
    postgresql_server.create(name, template="template1")
    address = postgresql_server.address(name)
    migrate(address)
    with as_owner(address) as connection:
        found = {
            (row.tablename, row.policyname)
            for row in connection.execute(text("SELECT tablename, policyname FROM pg_policies"))
        }
    guarded = {table.name for table in guarded_tables(all_tables())}
    assert found == {(table, policy) for table in guarded for policy in (POLICY_STAFF, POLICY_CUSTOMER)}
    database = Database(address)
    database.check()
    with database.read(Scope(CustomerId("cus_1"))) as session:
        assert session.scalars(select(TaskRow)).all() == []
    database.dispose()
    postgresql_server.drop(name)
