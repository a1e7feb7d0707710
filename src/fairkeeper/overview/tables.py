"""What the overview itself keeps: the last probes of addresses that Microsoft and buyers call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base


class ProbeRow(Base):
    """The last probe of one address of one offer."""

    __tablename__ = "readiness_probe"

    offer_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    target: Mapped[str] = mapped_column(String(20), primary_key=True)
    address: Mapped[str] = mapped_column(String(2_000))
    is_fine: Mapped[bool] = mapped_column(Boolean)
    told: Mapped[str] = mapped_column(String(1_000))
    status: Mapped[int | None] = mapped_column(Integer)
    milliseconds: Mapped[int] = mapped_column(Integer)
    probed_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(String(40))
