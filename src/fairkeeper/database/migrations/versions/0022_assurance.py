"""Retention, legal holds, and destinations of other kinds than webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairkeeper.database.types import UTCDateTime

revision = "0022_assurance"
down_revision = "0021_metering"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_default",
        sa.Column("data_class", sa.String(length=24), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("data_class", name=op.f("pk_retention_default")),
    )
    op.create_table(
        "retention_rule",
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("data_class", sa.String(length=24), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "data_class", name=op.f("pk_retention_rule")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("hold_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", UTCDateTime(), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("lifted_at", UTCDateTime(), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_legal_hold_standing",
            ["customer_id"],
            unique=False,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )
    with op.batch_alter_table("event_destination", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=12), nullable=False, server_default="webhook"))
        batch_op.add_column(sa.Column("settings", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("event_destination", schema=None) as batch_op:
        batch_op.drop_column("settings")
        batch_op.drop_column("kind")
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.drop_index("ix_legal_hold_standing")
        batch_op.drop_index(batch_op.f("ix_legal_hold_customer_id"))
    op.drop_table("legal_hold")
    op.drop_table("retention_rule")
    op.drop_table("retention_default")
