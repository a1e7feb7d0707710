"""The first-run guide: where somebody was, what was put off; and which older code still fits these tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairkeeper.database.types import UTCDateTime

revision = "0027_overview"
down_revision = "0026_opportunities"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guide_place",
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_guide_place")),
    )
    op.create_table(
        "guide_skip",
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("skipped_at", UTCDateTime(), nullable=False),
        sa.Column("skipped_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_guide_skip")),
    )

    floor = op.create_table(
        "schema_floor",
        sa.Column("revision", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_floor")),
    )
    op.bulk_insert(floor, [{"revision": revision}])


def downgrade() -> None:
    op.drop_table("schema_floor")
    op.drop_table("guide_skip")
    op.drop_table("guide_place")
