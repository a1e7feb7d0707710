"""A push names its decision; standing approvals to push are Governance's own from now on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fairkeeper.database.types import UTCDateTime

revision = "0026_opportunities"
down_revision = "0025_assurance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("opportunity_push", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decision_id", sa.String(length=40), nullable=True))
    # What was given here holds no longer: an approval under Governance names its agent, its tool and the policies, and
    # none of these were known when it was given. A person gives it again.
    op.drop_table("opportunity_approval")


def downgrade() -> None:
    op.create_table(
        "opportunity_approval",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.String(length=80), nullable=False),
        sa.Column("given_at", UTCDateTime(), nullable=False),
        sa.Column("until_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity_approval")),
    )
    with op.batch_alter_table("opportunity_push", schema=None) as batch_op:
        batch_op.drop_column("decision_id")
