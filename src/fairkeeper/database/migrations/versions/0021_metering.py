"""Several meters on a tool, what carried-out calls count, and customers' own limits as limits on units that may ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairkeeper.database.types import UTCDateTime

revision = "0021_metering"
down_revision = "0020_consent"
branch_labels = None
depends_on = None

_TABLES = ("tool", "spending_limit")


def upgrade() -> None:
    _lift()
    with op.batch_alter_table("tool", schema=None) as batch_op:
        batch_op.add_column(sa.Column("meters", sa.JSON(), nullable=True))
    _keep_meters()
    with op.batch_alter_table("tool", schema=None) as batch_op:
        batch_op.alter_column("meters", existing_type=sa.JSON(), nullable=False)
        batch_op.drop_column("meter")
    with op.batch_alter_table("spending_limit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dimension", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("asks", sa.Boolean(), server_default=sa.false(), nullable=False))
    _end_filled_limits()
    with op.batch_alter_table("usage_limit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asks", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "measured_call",
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("dimension", sa.String(length=120), nullable=False),
        sa.Column("milli", sa.BigInteger(), nullable=True),
        sa.Column("is_customers", sa.Boolean(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=False),
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.Column("taken_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("decision_id", "position", name=op.f("pk_measured_call")),
    )
    with op.batch_alter_table("measured_call", schema=None) as batch_op:
        batch_op.create_index(
            "ix_measured_call_open",
            ["customer_id", "dimension"],
            unique=False,
            sqlite_where=sa.text("taken_at IS NULL"),
            postgresql_where=sa.text("taken_at IS NULL"),
        )


def _lift() -> None:
    """Let the owner see the rows: their policies are made anew after every migration."""
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")


def _keep_meters() -> None:
    connection = op.get_bind()
    tool = sa.table(
        "tool", sa.column("tool_id", sa.String), sa.column("meter", sa.String), sa.column("meters", sa.JSON)
    )
    known = connection.execute(sa.select(tool.c.tool_id, tool.c.meter)).all()
    for tool_id, meter in known:
        meters = [] if meter is None else [{"dimension": meter, "of": "calls", "field": ""}]
        done = connection.execute(sa.update(tool).where(tool.c.tool_id == tool_id).values(meters=meters))
        if done.rowcount != 1:
            msg = f"the meter of the tool {tool_id} was not kept"
            raise RuntimeError(msg)


def _end_filled_limits() -> None:
    """End the limits of single tools that Metering filled until now; their ids are digests, in small letters."""
    limit = sa.table(
        "spending_limit",
        sa.column("limit_id", sa.String),
        sa.column("span", sa.String),
        sa.column("set_at", UTCDateTime()),
        sa.column("ended_at", UTCDateTime()),
    )
    # An id of any other limit begins with the same small letters and goes on in capitals.
    is_digest = limit.c.limit_id == sa.func.lower(limit.c.limit_id)
    op.get_bind().execute(
        sa.update(limit)
        .where(limit.c.span == "total", is_digest, limit.c.ended_at.is_(None))
        .values(ended_at=limit.c.set_at)
    )


def downgrade() -> None:
    _lift()
    op.drop_table("measured_call")
    with op.batch_alter_table("usage_limit", schema=None) as batch_op:
        batch_op.drop_column("asks")
    with op.batch_alter_table("spending_limit", schema=None) as batch_op:
        batch_op.drop_column("asks")
        batch_op.drop_column("dimension")
    with op.batch_alter_table("tool", schema=None) as batch_op:
        batch_op.add_column(sa.Column("meter", sa.String(length=80), nullable=True))
        batch_op.drop_column("meters")
