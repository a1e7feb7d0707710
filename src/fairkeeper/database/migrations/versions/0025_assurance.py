"""Weaknesses with the scans that found them, and drills with their measured steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairkeeper.database.types import UTCDateTime

revision = "0025_assurance"
down_revision = "0024_consent"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "weakness",
        sa.Column("weakness_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=400), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False),
        sa.Column("last_seen_at", UTCDateTime(), nullable=False),
        sa.Column("gone_at", UTCDateTime(), nullable=True),
        sa.Column("accepted_at", UTCDateTime(), nullable=True),
        sa.Column("accepted_by", sa.String(length=80), nullable=True),
        sa.Column("accepted_why", sa.Text(), nullable=True),
        sa.Column("accepted_until", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("weakness_id", name=op.f("pk_weakness")),
    )
    op.create_table(
        "weakness_scan",
        sa.Column("scan_id", sa.String(length=40), nullable=False),
        sa.Column("ran_at", UTCDateTime(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_weakness_scan")),
    )
    with op.batch_alter_table("weakness_scan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_weakness_scan_ran_at"), ["ran_at"], unique=False)
    op.create_table(
        "incident_drill",
        sa.Column("drill_id", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=True),
        sa.Column("incident_id", sa.String(length=40), nullable=True),
        sa.Column("containment_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("is_on_live", sa.Boolean(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("learned", sa.String(length=2000), nullable=True),
        sa.Column("customer_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("drill_id", name=op.f("pk_incident_drill")),
    )
    with op.batch_alter_table("incident_drill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_drill_customer_id"), ["customer_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("incident_drill", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_drill_customer_id"))
    op.drop_table("incident_drill")
    with op.batch_alter_table("weakness_scan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_weakness_scan_ran_at"))
    op.drop_table("weakness_scan")
    op.drop_table("weakness")
