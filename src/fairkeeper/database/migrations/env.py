"""Alembic's environment: runs migrations on the connection that it is handed, in one transaction.

Who opens the connection, under which login and lock, and which tables there are, is decided by the caller
(`fairkeeper.bootstrap.migrations`), since only it knows every room.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    # SQLite can roll back a change of tables; Alembic supposes otherwise, because the driver's default cannot.
    transactional_ddl=True,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
