"""Alembic's environment: runs migrations on the connection that it is handed, in one transaction.

Who opens the connection, under which login and lock, and which tables there are, is decided by the caller
(`fairkeeper.bootstrap.database.migrations`), since only it knows every room.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from fairkeeper.database.types import UTCDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our own column type by its short name in a migration that is drafted."""
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen_context.imports.add("from fairkeeper.database.types import UTCDateTime")
        return "UTCDateTime()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    # SQLite can roll back a change of tables; Alembic supposes otherwise, because the driver's default cannot.
    transactional_ddl=True,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
