"""Old code on a newer database, as far as it is promised: the release before goes on where tables were only added to.

What a migration may do without saying so is decided by comparing the tables before and after it; that older code really
goes on is shown by this code on tables that have more than it knows of.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.schema import CreateTable

from fairkeeper.access.actions.people import add_person
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.database.migrations import check_schema, ensure_schema, migrate, read_floor, revisions
from fairkeeper.bootstrap.installation import open_installation
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.settings import read_settings
from fairkeeper.customers.actions.marketplace.follow_reading import ReadingSource, follow_reading
from fairkeeper.customers.queries import list_customers
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.errors import SchemaBehindError
from fairkeeper.overview.queries import show_today
from fairkeeper.overview.searching.looking import search
from tests.database.test_migrations import as_owner, opened
from tests.databases import PostgresServer

TOMORROW = "9999_tomorrow"
PUBLISHER = "0d000001-0000-4000-8000-000000000001"
PROMISED_SINCE = "0027_overview"
"""The first revision that says which older code fits; every later one keeps the promise or says that it does not."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseAddress]:
    if request.param == "sqlite":
        yield DatabaseAddress(url=f"sqlite:///{tmp_path / 'rolling.db'}")
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    name = f"rolling_{uuid.uuid4().hex[:12]}"
    server.create(name, template="template1")
    yield server.address(name)
    server.drop(name)


def reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata


def breaks(before: MetaData, after: MetaData) -> list[str]:
    """Return what older code would stumble over: anything taken away, narrowed, or asked of rows that it writes."""
    found = [f"{name} is gone" for name in before.tables if name not in after.tables]
    for name, old in before.tables.items():
        new = after.tables.get(name)
        if new is None:
            continue
        for column in old.columns:
            kept = new.columns.get(column.name)
            if kept is None:
                found.append(f"{name}.{column.name} is gone")
            elif str(kept.type) != str(column.type):
                found.append(f"{name}.{column.name} is of another type")
            elif column.nullable and not kept.nullable:
                found.append(f"{name}.{column.name} has to be filled now")
        found += [
            f"{name}.{column.name} is new and has to be filled"
            for column in new.columns
            if column.name not in old.columns and not column.nullable and column.server_default is None
        ]
        uniques = {frozenset(column.name for column in index.columns) for index in old.indexes if index.unique}
        uniques |= {
            frozenset(column.name for column in constraint.columns)
            for constraint in old.constraints
            if isinstance(constraint, sa.UniqueConstraint)
        }
        found += [
            f"{name} has a new rule of one row each"
            for index in new.indexes
            if index.unique and frozenset(column.name for column in index.columns) not in uniques
        ]
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("CREATE TABLE more (id INTEGER PRIMARY KEY)", []),
        ("ALTER TABLE task ADD COLUMN hint TEXT", []),
        ("ALTER TABLE task ADD COLUMN weight INTEGER NOT NULL DEFAULT 1", []),
        ("CREATE INDEX ix_more ON task (name)", []),
        ("ALTER TABLE task DROP COLUMN last_error", ["task.last_error is gone"]),
        ("DROP TABLE idempotency", ["idempotency is gone"]),
        ("CREATE UNIQUE INDEX uq_more ON task (name)", ["task has a new rule of one row each"]),
        ("CREATE UNIQUE INDEX uq_more ON evidence_entry (leaf_index)", []),
        ("ALTER TABLE task RENAME COLUMN last_error TO error", ["task.last_error is gone"]),
    ],
)
def test_what_older_code_would_stumble_over_is_noticed(tmp_path: Path, change: str, expected: list[str]) -> None:
    address = DatabaseAddress(url=f"sqlite:///{tmp_path / 'change.db'}")
    migrate(address)
    with as_owner(address) as connection:
        before = reflected(connection)
        connection.execute(text(change))
        assert breaks(before, reflected(connection)) == expected


def test_every_migration_only_adds_or_says_that_older_code_does_not_fit(tmp_path: Path) -> None:
    address = DatabaseAddress(url=f"sqlite:///{tmp_path / 'walk.db'}")
    first = revisions().index(PROMISED_SINCE)
    migrate(address, to=revisions()[first - 1])
    unsaid = []
    for revision in revisions()[first:]:
        with as_owner(address) as connection:
            before = reflected(connection)
        migrate(address, to=revision)
        with as_owner(address) as connection:
            found = breaks(before, reflected(connection))
        with opened(address) as database:
            if found and read_floor(database) != revision:
                unsaid.append((revision, found))
    assert unsaid == []


def add_to(connection: Connection) -> None:
    """Do what a migration of tomorrow may do to tables in use: columns, a table, an index, a new revision."""
    for name in sorted(inspect(connection).get_table_names()):
        if name != "alembic_version":
            connection.execute(text(f'ALTER TABLE "{name}" ADD COLUMN tomorrow TEXT'))
            connection.execute(text(f'ALTER TABLE "{name}" ADD COLUMN counted INTEGER NOT NULL DEFAULT 0'))
    more = sa.Table("of_tomorrow", MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    connection.execute(CreateTable(more))
    connection.execute(text("CREATE INDEX ix_of_tomorrow ON customer (name)"))
    connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": TOMORROW})


def bought(number: int) -> dict[str, Any]:
    party = {
        "tenantId": f"0a00000{number}-0000-4000-8000-000000000001",
        "objectId": f"0b00000{number}-0000-4000-8000-000000000001",
        "emailId": "ada@contoso.example",
    }
    return {
        "id": f"0c00000{number}-0000-4000-8000-000000000001",
        "name": f"Purchase {number}",
        "offerId": "fairmile-assist",
        "planId": "team",
        "quantity": 10,
        "beneficiary": party,
        "purchaser": party,
        "term": {"startDate": "2026-06-01", "endDate": "2027-05-31", "termUnit": "P1Y"},
        "autoRenew": True,
        "saasSubscriptionStatus": "Subscribed",
        "created": "2026-06-01T08:00:00Z",
    }


def test_a_running_server_and_one_that_starts_go_on_with_tables_that_were_added_to(
    address: DatabaseAddress, tmp_path: Path
) -> None:
    settings = read_settings(
        data_dir=tmp_path / "data",
        database_url=address.url,
        database_customer_url=None if address.customer_url is None else SecretStr(address.customer_url),
        database_owner_url=None if address.owner_url is None else SecretStr(address.owner_url),
        base_url="http://127.0.0.1:8700",
        entra_tenant_id=PUBLISHER,
        mode="manage",
        workers=0,
        log_level="error",
    )
    running = open_installation(settings)

    def run(house: Any, operation: Any, by: Any, **fields: Any) -> Any:
        return house.runner.run(operation, operation.input.model_validate(fields), Call(principal=by))

    person = {"name": "Olivia", "roles": ["owner"], "tenant_id": PUBLISHER}
    run(running, add_person, local_principal(), object_id=bought(8)["id"], **person)
    with as_owner(address) as connection:
        add_to(connection)
    migrated = [running]
    try:
        check_schema(running.database)
        migrated.append(open_installation(settings))
        for number, house in enumerate(migrated, 1):
            stated = json.dumps(bought(number))
            run(house, follow_reading, system("test"), subscription=stated, source=ReadingSource.CLOCK)
            house.worker.run_due()
            house.integrator.run_until_current()
            assert run(house, list_customers, local_principal()).total == number
            assert run(house, show_today, local_principal()).customers == number
            hits = run(house, search, local_principal(), text=bought(number)["id"])
            assert "subscription" in {hit.kind for hit in hits}
    finally:
        for house in migrated:
            house.close()


def test_tables_that_older_code_does_not_fit_are_refused_and_are_never_migrated_back(address: DatabaseAddress) -> None:
    migrate(address)
    with as_owner(address) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": TOMORROW})
    with opened(address) as database:
        ensure_schema(database)  # only added to: nothing to do, and nothing is done
        with pytest.raises(SchemaBehindError) as raised:
            migrate(address)
        assert raised.value.code == "database.schema_ahead"
    with as_owner(address) as connection:
        connection.execute(text("UPDATE schema_floor SET revision = :to"), {"to": TOMORROW})
    with opened(address) as database, pytest.raises(SchemaBehindError) as raised:
        ensure_schema(database)
    assert raised.value.code == "database.schema_ahead"
    assert "newer" in raised.value.remedy
