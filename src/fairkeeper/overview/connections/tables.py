"""What the last look at each connection has shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base


class LookRow(Base):
    """The last look at one connection: what has to be mended, with its remedy."""

    __tablename__ = "connection_look"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    looked_at: Mapped[datetime]
    is_set: Mapped[bool] = mapped_column(Boolean)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
