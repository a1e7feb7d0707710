"""PostgreSQL's own wall: what the customer login reaches with plain SQL, without any of our code in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from fairkeeper.database.base import Base, CustomerOwned
from fairkeeper.database.row_security import POLICY_CUSTOMER, POLICY_STAFF, guarded_tables
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow
from fairkeeper.values.ids import CustomerId
from tests.databases import CUSTOMER, OWNER, STAFF, import_all_tables

pytestmark = pytest.mark.postgresql

import_all_tables()
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GUARDED = [table.name for table in guarded_tables(Base.metadata)]
UNGUARDED = sorted(table.name for table in Base.metadata.sorted_tables if table.name not in GUARDED)
INSERT = (
    "INSERT INTO task (name, key, payload, state, due_at, attempts, created_at, customer_id)"
    " VALUES ('t', 'x', '{{}}', 'open', now(), 0, now(), {})"
)
BIND = text("SELECT set_config('fairkeeper.customer_id', :customer, true)")


@pytest.fixture
def as_customer(postgresql_database: Database) -> Iterator[Engine]:
    """The customer login's own engine, with a row of Contoso, of Fabrikam and of the publisher in the table task."""
    with postgresql_database.write() as session:
        for key, customer_id in (("contoso", "cus_contoso"), ("fabrikam", "cus_fabrikam"), ("publisher", None)):
            owner = None if customer_id is None else CustomerId(customer_id)
            session.add(TaskRow(name="t", key=key, payload={}, due_at=NOW, created_at=NOW, customer_id=owner))
    url = postgresql_database.address.customer_url
    assert url is not None
    engine = create_engine(url)
    yield engine
    engine.dispose()


def _catalogue(database: Database, statement: str, **values: Any) -> list[Any]:
    with database.engine.connect() as connection:
        return list(connection.execute(text(statement), values))


def _keys(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT key FROM task ORDER BY id")).scalars())


@pytest.mark.parametrize("name", GUARDED)
def test_every_table_of_customers_is_guarded_and_binds_its_owner_too(postgresql_database: Database, name: str) -> None:
    ((enabled, forced),) = _catalogue(
        postgresql_database, "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = :name", name=name
    )
    assert (enabled, forced) == (True, True)
    policies = {
        row.policyname: (row.roles, row.cmd, row.qual, row.with_check)
        for row in _catalogue(
            postgresql_database,
            "SELECT policyname, roles::text, cmd, qual, with_check FROM pg_policies WHERE tablename = :name",
            name=name,
        )
    }
    own = "((customer_id)::text = NULLIF(current_setting('fairkeeper.customer_id'::text, true), ''::text))"
    assert policies == {
        POLICY_STAFF: (f"{{{STAFF}}}", "ALL", "true", "true"),
        POLICY_CUSTOMER: (f"{{{CUSTOMER}}}", "ALL", own, own),
    }


@pytest.mark.parametrize("name", UNGUARDED)
def test_the_customer_login_cannot_touch_other_tables(as_customer: Engine, name: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), as_customer.connect() as connection:
        connection.execute(text(f'SELECT 1 FROM "{name}"'))


def test_every_class_of_customers_rows_is_guarded_and_no_other_table_names_a_customer() -> None:
    owners = [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, CustomerOwned)]
    assert {mapper.local_table.description for mapper in owners} == set(GUARDED)


def test_foreign_keys_between_customers_tables_carry_the_customer() -> None:
    """A plain foreign key bypasses row security: a row could name another customer's hidden row."""
    missing = [
        f"{table.name} -> {constraint.referred_table.name}"
        for table in guarded_tables(Base.metadata)
        for constraint in table.foreign_key_constraints
        if constraint.referred_table.name in GUARDED and "customer_id" not in constraint.column_keys
    ]
    assert missing == []


def test_no_login_is_a_superuser_or_bypasses_row_security(postgresql_database: Database) -> None:
    rows = _catalogue(
        postgresql_database,
        "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname LIKE 'fairkeeper%'",
    )
    assert {tuple(row) for row in rows} == {(OWNER, False), (STAFF, False), (CUSTOMER, False)}


def test_without_a_customer_no_row_is_seen(as_customer: Engine) -> None:
    with as_customer.connect() as connection:
        assert _keys(connection) == []


def test_a_customer_sees_its_rows_and_after_the_transaction_none(as_customer: Engine) -> None:
    with as_customer.connect() as connection:
        with connection.begin():
            connection.execute(BIND, {"customer": "cus_contoso"})
            assert _keys(connection) == ["contoso"]
        with connection.begin():
            assert _keys(connection) == []


@pytest.mark.parametrize("customer", ["", "cus_x", "%", "' OR true --"])
def test_strange_customers_see_nothing(as_customer: Engine, customer: str) -> None:
    with as_customer.begin() as connection:
        connection.execute(BIND, {"customer": customer})
        assert _keys(connection) == []


@pytest.mark.parametrize(
    "statement",
    [
        INSERT.format("'cus_fabrikam'"),
        INSERT.format("NULL"),
        "UPDATE task SET customer_id = 'cus_fabrikam'",
        "UPDATE task SET customer_id = NULL",
    ],
)
def test_a_customer_writes_no_row_of_another(as_customer: Engine, statement: str) -> None:
    with as_customer.begin() as connection:
        connection.execute(BIND, {"customer": "cus_contoso"})
        with pytest.raises(DBAPIError, match="row-level security"):
            connection.execute(text(statement))


def test_a_customer_changes_and_deletes_own_rows_alone(as_customer: Engine, postgresql_database: Database) -> None:
    with as_customer.begin() as connection:
        connection.execute(BIND, {"customer": "cus_contoso"})
        assert connection.execute(text("UPDATE task SET last_error = 'x'")).rowcount == 1
        assert connection.execute(text("DELETE FROM task")).rowcount == 1
    assert [row.key for row in _catalogue(postgresql_database, "SELECT key FROM task ORDER BY id")] == [
        "fabrikam",
        "publisher",
    ]


def test_a_customer_cannot_lift_the_guard(as_customer: Engine) -> None:
    for statement in ("ALTER TABLE task DISABLE ROW LEVEL SECURITY", f"SET ROLE {STAFF}", f"SET ROLE {OWNER}"):
        with pytest.raises(DBAPIError), as_customer.begin() as connection:
            connection.execute(text(statement))
