"""Idempotency keys: a repeated request gets the first one's answer and changes nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned


class IdempotencyRow(CustomerOwned, Base):
    """One remembered answer, per principal and key."""

    __tablename__ = "idempotency"
    __table_args__ = (PrimaryKeyConstraint("principal_id", "key"),)

    principal_id: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(200))
    operation: Mapped[str] = mapped_column(String(120))
    request_digest: Mapped[str] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(index=True)
