"""PostgreSQL is prepared from an admin login: three logins that no rule passes by, and a database that the owner owns."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from fairkeeper.bootstrap.database.migrations import migrate
from fairkeeper.bootstrap.database.preparation import PreparationRefusedError, prepare
from fairkeeper.bootstrap.settings import SettingsError
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.database.session import Database
from tests.databases import PostgresServer

pytestmark = pytest.mark.postgresql


@dataclass(frozen=True)
class Wanted:
    """What does not exist yet."""

    address: DatabaseAddress
    logins: tuple[str, str, str]
    database: str
    admin_url: str


@pytest.fixture
def wanted(postgresql_server: PostgresServer) -> Iterator[Wanted]:
    """Addresses of a database and three logins that are not there, and an admin login that is no superuser."""
    tag = uuid.uuid4().hex[:8]
    logins = (f"owner_{tag}", f"staff_{tag}", f"customer_{tag}")
    admin, database = f"admin_{tag}", f"fairkeeper_{tag}"
    postgresql_server.execute(
        sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB NOSUPERUSER").format(sql.Identifier(admin))
    )
    owner, staff, customer = (postgresql_server.url(login, database) for login in logins)
    yield Wanted(
        address=DatabaseAddress(url=staff, customer_url=customer, owner_url=owner),
        logins=logins,
        database=database,
        admin_url=postgresql_server.url(admin, "postgres"),
    )
    postgresql_server.drop(database)
    for login in (*logins, admin):
        with psycopg.connect(postgresql_server.superuser_url, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,)).fetchone():
                connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(login)))
    for login in (*logins, admin):
        postgresql_server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login)))


def test_an_empty_server_becomes_an_installation(wanted: Wanted) -> None:
    done = prepare(wanted.address, admin_url=wanted.admin_url)
    assert done == {
        "owner": wanted.logins[0],
        "staff": wanted.logins[1],
        "customer": wanted.logins[2],
        "database": wanted.database,
        "created_logins": list(wanted.logins),
        "created_database": True,
    }
    migrate(wanted.address)
    database = Database(wanted.address)
    database.check()
    database.dispose()


def test_preparing_again_changes_nothing(wanted: Wanted) -> None:
    prepare(wanted.address, admin_url=wanted.admin_url)
    migrate(wanted.address)
    again = prepare(wanted.address, admin_url=wanted.admin_url)
    assert (again["created_logins"], again["created_database"]) == ([], False)
    assert migrate(wanted.address).before is not None


def test_a_login_that_passes_by_the_rules_is_brought_in_line(wanted: Wanted, postgresql_server: PostgresServer) -> None:
    staff = sql.Identifier(wanted.logins[1])
    postgresql_server.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER BYPASSRLS").format(staff))
    prepare(wanted.address, admin_url=postgresql_server.superuser_url)
    with psycopg.connect(postgresql_server.superuser_url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s",
            (wanted.logins[1],),
        ).fetchone()
    assert row == (False, False, False, False)


def test_an_admin_who_may_not_is_told_so(wanted: Wanted, postgresql_server: PostgresServer) -> None:
    postgresql_server.execute(
        sql.SQL("ALTER ROLE {} NOCREATEROLE").format(sql.Identifier(str(make_url(wanted.admin_url).username)))
    )
    with pytest.raises(PreparationRefusedError, match="permission denied"):
        prepare(wanted.address, admin_url=wanted.admin_url)


def test_a_server_that_does_not_answer_is_unavailable_and_no_password_shows(wanted: Wanted) -> None:
    with pytest.raises(DatabaseUnavailableError) as raised:
        prepare(wanted.address, admin_url="postgresql://admin:hunter2@127.0.0.1:1/postgres")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        DatabaseAddress(url="sqlite:///x.db"),
        DatabaseAddress(url="postgresql://staff@/f"),
        DatabaseAddress(url="postgresql://a@/f", customer_url="postgresql://a@/f", owner_url="postgresql://b@/f"),
        DatabaseAddress(url="postgresql:///f", customer_url="postgresql://a@/f", owner_url="postgresql://b@/f"),
        DatabaseAddress(url="postgresql://a@/f", customer_url="postgresql://b@/g", owner_url="postgresql://c@/f"),
    ],
)
def test_addresses_that_name_no_three_logins_are_refused(address: DatabaseAddress) -> None:
    with pytest.raises(SettingsError):
        prepare(address, admin_url="postgresql://127.0.0.1:1/postgres")
