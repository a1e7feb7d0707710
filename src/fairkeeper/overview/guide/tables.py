"""Where somebody was in the guide, and which steps were put off."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base
from fairkeeper.values.ids import PersonId


class GuidePlaceRow(Base):
    """The step that a person looked at last."""

    __tablename__ = "guide_place"

    person_id: Mapped[PersonId] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class GuideSkipRow(Base):
    """A step that was put off, and by whom."""

    __tablename__ = "guide_skip"

    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    skipped_at: Mapped[datetime]
    skipped_by: Mapped[str] = mapped_column(String(80))
