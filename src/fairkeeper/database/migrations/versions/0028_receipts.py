"""An index of the receipts, which are few among a log's entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028_receipts"
down_revision = "0027_overview"
branch_labels = None
depends_on = None

_IS_RECEIPT = sa.text("kind LIKE '%_receipt/1'")


def upgrade() -> None:
    op.create_index(
        "ix_evidence_entry_receipt",
        "evidence_entry",
        ["id"],
        unique=False,
        sqlite_where=_IS_RECEIPT,
        postgresql_where=_IS_RECEIPT,
    )


def downgrade() -> None:
    op.drop_index("ix_evidence_entry_receipt", table_name="evidence_entry")
