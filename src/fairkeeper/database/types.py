"""Exact column types: what goes in comes out, on SQLite as on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from fairkeeper.values.clock import format_instant, parse_instant


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC with microseconds.

    PostgreSQL has `timestamptz`. SQLite has no such type, and its driver drops the zone in silence, so there it is
    text of one fixed length whose order is the order of time. A naive value is refused, not guessed.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose text on SQLite and `timestamptz` elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive instants; write SQLite's as text."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"{value!r} has no time zone; instants are aware"
            raise ValueError(msg)
        return format_instant(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware instant in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return parse_instant(value)
        return value.astimezone(UTC)  # type: ignore[no-any-return]
