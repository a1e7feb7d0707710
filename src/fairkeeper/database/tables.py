"""What the database says of itself: which versions of the code its tables still fit."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base


class SchemaFloorRow(Base):
    """The oldest revision whose code runs on these tables; one row.

    A migration that only adds leaves it as it is, so that servers of the release before go on while a newer one is
    rolled out. One that takes away or changes sets it to its own revision, and older code refuses to start.
    """

    __tablename__ = "schema_floor"

    revision: Mapped[str] = mapped_column(String(40), primary_key=True)
