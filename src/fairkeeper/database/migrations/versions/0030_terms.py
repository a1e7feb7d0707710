"""A wish to the publisher's systems keeps the plan and the seats that it was asked for with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030_terms"
down_revision = "0029_places"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provisioning_job", sa.Column("terms", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("provisioning_job", schema=None) as batch_op:
        batch_op.drop_column("terms")
