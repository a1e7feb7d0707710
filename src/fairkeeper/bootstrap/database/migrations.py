"""Brings a database to the tables of this version, once, whoever starts first.

SQLite is migrated by whoever starts (the file is one machine's); PostgreSQL by whoever has the owner's address, and
every other start checks that it was done. The lock is the database's own: SQLite's write transaction, an advisory lock
on PostgreSQL. Row security is made anew afterwards, from the tables as they then are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, MetaData, inspect, make_url, select, text
from sqlalchemy.exc import OperationalError

from fairkeeper.bootstrap.rooms import all_tables
from fairkeeper.database.engine import DatabaseAddress, create_engine
from fairkeeper.database.errors import DatabaseUnavailableError, SchemaBehindError
from fairkeeper.database.row_security import apply_row_security
from fairkeeper.database.session import Database
from fairkeeper.database.tables import SchemaFloorRow
from fairkeeper.errors import BugError

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK_NUMBER: Final = 7_232_419_205_418_600_311
"""Ours among advisory locks; any number that nobody else takes."""
_VERSION_TABLE: Final = "alembic_version"
_FLOOR_TABLE: Final = "schema_floor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What a migration did.

    Attributes:
        before: The revision found; None for an empty database.
        after: The revision now.
    """

    before: str | None
    after: str | None


def migrate(address: DatabaseAddress, *, to: str = "head") -> Migrated:
    """Bring a database to the newest tables, and make PostgreSQL's row security anew.

    Args:
        address: The database.
        to: The revision to stop at, for whoever needs an older version's tables.

    Raises:
        DatabaseUnavailableError: It does not answer.
        SchemaBehindError: `database.schema_ahead`, a newer version of Fairkeeper was here.
    """
    from alembic import command

    with _owner_connection(address) as connection, _configured(connection) as config:
        before = _revision(connection)
        _refuse_newer(before)
        command.upgrade(config, to)
        _secure(connection, address)
        return Migrated(before=before, after=_revision(connection))


def ensure_schema(database: Database) -> None:
    """Migrate where this start may: on SQLite, and on PostgreSQL with the owner's address; elsewhere check.

    Raises:
        DatabaseUnavailableError: It does not answer.
        SchemaBehindError: The tables are older and may not be migrated from here, or newer (`database.schema_ahead`).
    """
    address = database.address
    may_migrate = address.is_sqlite or address.owner_url is not None
    found = read_revision(database)
    if may_migrate and found != revisions()[-1] and not _is_newer(found):
        migrate(address)
    check_schema(database)


def check_schema(database: Database) -> None:
    """Refuse to go on with tables of another version; newer ones that were only added to since this one are taken.

    Raises:
        SchemaBehindError: The tables are older (`database.schema_behind`) or newer (`database.schema_ahead`).
        DatabaseUnavailableError: It does not answer.
    """
    found, wanted = read_revision(database), revisions()[-1]
    if _is_newer(found) and read_floor(database) in revisions():
        return
    _refuse_newer(found)
    if found != wanted:
        msg = f"The database's tables are those of revision {found or 'none'}, this version needs {wanted}."
        raise SchemaBehindError(msg)


def read_revision(database: Database) -> str | None:
    """Return the revision of a database's tables, or None where nobody has migrated it."""
    with database.read() as session:
        if not inspect(session.connection()).has_table(_VERSION_TABLE):
            return None
        found = session.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
        return None if found is None else str(found)


def read_floor(database: Database) -> str | None:
    """Return the oldest revision whose code still runs on these tables, as the newest migration states it."""
    with database.read() as session:
        if not inspect(session.connection()).has_table(_FLOOR_TABLE):
            return None
        return session.scalars(select(SchemaFloorRow.revision)).first()


@cache
def revisions() -> tuple[str, ...]:
    """Return every revision this version knows, oldest first: a migration's file is named by its revision.

    Alembic would tell the same, and takes half a second to be imported.
    """
    folder = files("fairkeeper.database").joinpath("migrations", "versions")
    names = [entry.name.removesuffix(".py") for entry in folder.iterdir() if entry.name.endswith(".py")]
    return tuple(sorted(name for name in names if not name.startswith("_")))


def draft_revision(message: str, revision: str) -> str:
    """Write the migration from the newest tables to those that the code declares; for whoever changes a table.

    It is made against an empty SQLite database; read it before it is committed, a rename looks like a
    removal. Returns the file's path.

    Args:
        message: What changes, in a few words.
        revision: Its number and name, `0002_deals`.
    """
    from alembic import command
    from alembic.script import Script

    with (
        tempfile.TemporaryDirectory() as folder,
        _connection(f"sqlite:///{folder}/draft.db") as connection,
        _configured(connection) as config,
    ):
        command.upgrade(config, "head")
        made = command.revision(config, message, autogenerate=True, rev_id=revision)
        if not isinstance(made, Script):
            msg = f"no migration was written for {revision}"
            raise BugError(msg)
        return made.path


@contextmanager
def _configured(connection: Connection) -> Iterator[Config]:
    from alembic.config import Config

    with as_file(files("fairkeeper.database").joinpath("migrations")) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.set_main_option("file_template", "%%(rev)s")
        config.attributes["connection"] = connection
        config.attributes["metadata"] = all_tables()
        yield config


@contextmanager
def _owner_connection(address: DatabaseAddress) -> Iterator[Connection]:
    with _connection(address.owner_url or address.url) as connection:
        if not address.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
        yield connection


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url, writes=True)
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        msg = f"The database does not answer: {str(error.orig).strip().splitlines()[0]}"
        raise DatabaseUnavailableError(msg) from error
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _is_newer(found: str | None) -> bool:
    return found is not None and found not in revisions()


def _refuse_newer(found: str | None) -> None:
    if _is_newer(found):
        msg = f"The database's tables are of revision {found}, which this version does not know."
        raise SchemaBehindError(
            msg,
            code="database.schema_ahead",
            remedy="Start the version of Fairkeeper that migrated this database, or a newer one.",
        )


def _secure(connection: Connection, address: DatabaseAddress) -> None:
    if address.is_sqlite:
        return
    staff = make_url(address.url).username
    customer = make_url(address.customer_url).username if address.customer_url else None
    if staff is None:
        return
    apply_row_security(connection, _existing(connection), staff=staff, customer=customer)
    if inspect(connection).has_table(_VERSION_TABLE):  # what a server reads to know whether it fits
        quoted = connection.dialect.identifier_preparer.quote(staff)
        connection.execute(text(f"GRANT SELECT ON {_VERSION_TABLE} TO {quoted}"))


def _existing(connection: Connection) -> MetaData:
    """Return the declared tables that are there; rows of a table that is still to come need no guard."""
    metadata = MetaData()
    present = set(inspect(connection).get_table_names())
    for table in all_tables().sorted_tables:
        if table.name in present:
            table.to_metadata(metadata)
    return metadata
