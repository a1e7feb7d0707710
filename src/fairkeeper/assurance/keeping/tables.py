"""Tables of data governance: how long what is kept, by default and for one customer, and holds that stop erasure."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned
from fairkeeper.values.ids import CustomerId


class RetentionDefaultRow(Base):
    """How many days a class of data is kept where nobody set anything else; everybody may read it."""

    __tablename__ = "retention_default"

    data_class: Mapped[str] = mapped_column(String(24), primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))


class RetentionRuleRow(CustomerOwned, Base):
    """How many days a class of one customer's data is kept."""

    __tablename__ = "retention_rule"

    customer_id: Mapped[CustomerId] = mapped_column(primary_key=True)
    data_class: Mapped[str] = mapped_column(String(24), primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))


class LegalHoldRow(CustomerOwned, Base):
    """While it stands, nothing of a customer's data is erased; without a customer, nothing of the publisher's own."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        Index(
            "ix_legal_hold_standing",
            "customer_id",
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    hold_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime]
    placed_by: Mapped[str] = mapped_column(String(80))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(80))
    lifted_why: Mapped[str | None] = mapped_column(Text)
