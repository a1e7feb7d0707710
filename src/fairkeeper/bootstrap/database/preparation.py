"""Prepares a PostgreSQL server: the three logins that the addresses name, and the database that the owner login owns.

None of them is a superuser or passes by row security; staff and customers own nothing. Passwords are those of the
addresses and are never shown.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from fairkeeper.bootstrap.settings import SettingsError
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.errors import DatabaseUnavailableError
from fairkeeper.errors import InvalidError


class PreparationRefusedError(InvalidError):
    """PostgreSQL did not do it."""

    code = "bootstrap.preparation_refused"
    remedy = "Use an admin login that may create roles and databases."


def prepare(address: DatabaseAddress, *, admin_url: str) -> dict[str, Any]:
    """Create the logins and the database that an installation's addresses name; what is there is brought in line.

    Args:
        address: Of the installation; each of its three addresses has to name a login of its own.
        admin_url: Under a login that may create roles and databases.

    Raises:
        SettingsError: The addresses are SQLite's, lack a login or name one twice, or name several databases.
        PreparationRefusedError: PostgreSQL refused.
        DatabaseUnavailableError: It does not answer.
    """
    owner, staff, customer = _urls(address)
    logins = {"owner": owner, "staff": staff, "customer": customer}
    name = str(owner.database)
    admin = make_url(admin_url).set(drivername="postgresql")
    try:
        with psycopg.connect(admin.render_as_string(hide_password=False), autocommit=True) as connection:
            made = [str(url.username) for url in logins.values() if _ensure_login(connection, url)]
            has_made_database = _ensure_database(connection, name, str(owner.username), admin)
    except psycopg.OperationalError as error:
        msg = f"PostgreSQL does not answer: {str(error).strip().splitlines()[0]}"
        raise DatabaseUnavailableError(msg) from None
    except psycopg.Error as error:
        msg = f"PostgreSQL refused: {str(error).strip().splitlines()[0]}"
        raise PreparationRefusedError(msg) from None
    return {
        **{role: str(url.username) for role, url in logins.items()},
        "database": name,
        "created_logins": made,
        "created_database": has_made_database,
    }


def _urls(address: DatabaseAddress) -> tuple[URL, URL, URL]:
    if address.is_sqlite:
        msg = "FAIRKEEPER_DATABASE_URL is SQLite's, which needs no logins."
        raise SettingsError(msg, remedy="Set it to the PostgreSQL address of the staff login.")
    if address.owner_url is None or address.customer_url is None:
        msg = "FAIRKEEPER_DATABASE_OWNER_URL and FAIRKEEPER_DATABASE_CUSTOMER_URL are needed, with a login each."
        raise SettingsError(msg)
    urls = (make_url(address.owner_url), make_url(address.url), make_url(address.customer_url))
    names = [url.username for url in urls]
    if None in names or len(set(names)) < len(names):
        msg = f"The three addresses name the logins {', '.join(map(str, names))}; they have to be three."
        raise SettingsError(msg)
    if len({url.database for url in urls}) > 1 or not urls[0].database:
        msg = "The three addresses have to name one database."
        raise SettingsError(msg)
    return urls


_FORBIDDEN: Final = {
    "rolsuper": "NOSUPERUSER",
    "rolbypassrls": "NOBYPASSRLS",
    "rolcreatedb": "NOCREATEDB",
    "rolcreaterole": "NOCREATEROLE",
}
"""What none of our logins may be, and how that is taken away."""


def _ensure_login(connection: psycopg.Connection[Any], url: URL) -> bool:
    """Create a login or bring it in line; return whether it is new.

    Only what is wrong is altered: PostgreSQL lets a superuser alone touch some of these, even to take them away.
    """
    login = sql.Identifier(str(url.username))
    found = connection.execute(
        sql.SQL("SELECT rolcanlogin, {} FROM pg_roles WHERE rolname = %s").format(
            sql.SQL(", ").join(map(sql.Identifier, _FORBIDDEN))
        ),
        (url.username,),
    ).fetchone()
    if found is None:
        changes = ["LOGIN", *_FORBIDDEN.values()]
    else:
        changes = [change for has, change in zip(found[1:], _FORBIDDEN.values(), strict=True) if has]
        changes += [] if found[0] else ["LOGIN"]
    parts = [sql.SQL(change) for change in changes]
    if url.password:
        parts.append(sql.SQL("PASSWORD {}").format(sql.Literal(str(url.password))))  # type: ignore[arg-type]
    if found is None or parts:
        verb = sql.SQL("ALTER" if found else "CREATE")
        connection.execute(sql.SQL("{} ROLE {} {}").format(verb, login, sql.SQL(" ").join(parts)))
    return found is None


def _ensure_database(connection: psycopg.Connection[Any], name: str, owner: str, admin: URL) -> bool:
    """Create the database or hand it to its owner; return whether it is new."""
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    # Whoever gives a database away has to be a member of the role that gets it, unless it is a superuser.
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
    statement = "ALTER DATABASE {} OWNER TO {}" if found else "CREATE DATABASE {} OWNER {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(owner)))
    inside = admin.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(inside, autocommit=True) as within:
        within.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        within.execute(sql.SQL("GRANT CREATE, USAGE ON SCHEMA public TO {}").format(sql.Identifier(owner)))
    return found is None
