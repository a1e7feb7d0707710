"""Tables of the log.

An entry's header and payload are kept as the exact canonical text that was hashed. A tile is a row; a partial tile
is the full one's prefix, so a row only grows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    bindparam,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base, CustomerOwned
from fairkeeper.values.ids import EntryId

ENTRIES_LEVEL = -1
"""The level under which entry bundles are kept beside the tiles of hashes."""

HEAD_ID = 1
RECEIPT_SUFFIX: Final = "_receipt/1"
"""Kinds of this ending are receipts; their payloads hold no personal data and stay."""
_IS_RECEIPT: Final = text(f"kind LIKE '%{RECEIPT_SUFFIX}'")
_IS_PLACED: Final = text("customer_index IS NOT NULL")


class EntryRow(CustomerOwned, Base):
    """One evidence record; `leaf_index` is empty until the integrator has placed it."""

    __tablename__ = "evidence_entry"
    __table_args__ = (
        Index(
            "ix_evidence_entry_open",
            "id",
            sqlite_where=text("leaf_index IS NULL"),
            postgresql_where=text("leaf_index IS NULL"),
        ),
        Index("ix_evidence_entry_receipt", "id", sqlite_where=_IS_RECEIPT, postgresql_where=_IS_RECEIPT),
        Index("ix_evidence_entry_subject", "subject_type", "subject_id", "id"),
        Index(
            "ix_evidence_entry_place",
            "customer_id",
            "customer_index",
            unique=True,
            sqlite_where=_IS_PLACED,
            postgresql_where=_IS_PLACED,
        ),
    )

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    entry_id: Mapped[EntryId] = mapped_column(unique=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(120))
    operation: Mapped[str] = mapped_column(String(120))
    actor_id: Mapped[str] = mapped_column(String(80))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(120))
    header: Mapped[str] = mapped_column(Text)
    header_salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    payload: Mapped[str | None] = mapped_column(Text)
    payload_salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    erased_at: Mapped[datetime | None]
    leaf_index: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    customer_index: Mapped[int | None] = mapped_column(BigInteger)


def is_receipt() -> ColumnElement[bool]:
    """Return the criterion of receipts, written out: no database uses their index for a pattern that is a parameter."""
    return EntryRow.kind.like(bindparam(None, f"%{RECEIPT_SUFFIX}", type_=String, literal_execute=True))


class CountRow(CustomerOwned, Base):
    """How many entries of one customer (or, under `publisher`, of the publisher) the log holds."""

    __tablename__ = "evidence_count"

    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)


class TileRow(Base):
    """One tile of hashes (level 0 and up) or one bundle of entries (level -1)."""

    __tablename__ = "evidence_tile"

    level: Mapped[int] = mapped_column(Integer, primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    data: Mapped[bytes]


class HeadRow(Base):
    """The one row that says where the log ends; whoever integrates holds its lock."""

    __tablename__ = "evidence_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    frontier: Mapped[bytes]
    checkpoint: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime]


class LogKeyRow(Base):
    """One signing key's public half and the statement by which its predecessor named it."""

    __tablename__ = "evidence_log_key"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    vkey: Mapped[str] = mapped_column(Text)
    statement: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class WitnessRow(Base):
    """A witness whose cosignatures we accept."""

    __tablename__ = "evidence_witness"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    vkey: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class CosignatureRow(Base):
    """The newest cosignature of a witness, with the checkpoint that it signs."""

    __tablename__ = "evidence_cosignature"

    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    checkpoint: Mapped[str] = mapped_column(Text)
    line: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
