"""The table of drills: which runbook was practised on what, each step with its time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned


class DrillRow(CustomerOwned, Base):
    """A drill, from its start to its end."""

    __tablename__ = "incident_drill"

    drill_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    category: Mapped[str] = mapped_column(String(24))
    agent_id: Mapped[str | None] = mapped_column(String(40))
    incident_id: Mapped[str | None] = mapped_column(String(40))
    containment_id: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    """running, ended or failed."""
    is_on_live: Mapped[bool]
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    steps: Mapped[list[Any]]
    """Each with its name, who took it, when it was done, and the milliseconds since the one before."""
    learned: Mapped[str | None] = mapped_column(String(2000))
