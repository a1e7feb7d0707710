"""Governance: since when the description of an agent is public."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairkeeper.database.types import UTCDateTime

revision = "0010_governance"
down_revision = "0009_opportunities"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("agent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("described_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("agent", schema=None) as batch_op:
        batch_op.drop_column("described_at")
