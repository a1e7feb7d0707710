"""Tables of scans: each weakness with when it was first and last seen, and the scans that looked for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base


class WeaknessRow(Base):
    """A weakness of the installation; the publisher's own, whoever's data it may touch."""

    __tablename__ = "weakness"

    weakness_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(400))
    level: Mapped[str] = mapped_column(String(8))
    what: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    """When a scan that looked for it found it no more."""
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None] = mapped_column(String(80))
    accepted_why: Mapped[str | None] = mapped_column(Text)
    accepted_until: Mapped[datetime | None]


class ScanRow(Base):
    """One scan: what was looked at, and what came of it."""

    __tablename__ = "weakness_scan"

    scan_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(index=True)
    sources: Mapped[list[Any]]
    """What was looked at; only of that can a weakness be found to be gone."""
    notes: Mapped[list[Any]]
    """What could not be looked at, and why."""
    found: Mapped[int] = mapped_column(Integer)
    opened: Mapped[int] = mapped_column(Integer)
    gone: Mapped[int] = mapped_column(Integer)
