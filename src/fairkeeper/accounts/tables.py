"""Tables of the room: the structure as it was stated, what was read of it, and the account's verification.

All rows are the publisher's own; none belongs to a customer.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base


class StructureRow(Base):
    """The structure as somebody stated it; the newest is in force, the others are its history."""

    __tablename__ = "account_structure"

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    document: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    stated_at: Mapped[datetime]
    stated_by: Mapped[str] = mapped_column(String(80))


class ObservationRow(Base):
    """What one source showed when it was last read: an export, an answer of an API."""

    __tablename__ = "account_observation"

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    document: Mapped[dict[str, Any]]
    origin: Mapped[str] = mapped_column(String(300))
    observed_at: Mapped[datetime]


class ProgrammeRow(Base):
    """One programme whose verification is tracked.

    `validity_months` is how old documents may be where that is asked for; 0 asks for nothing.
    """

    __tablename__ = "verification_programme"

    programme_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    publisher_id: Mapped[str | None] = mapped_column(String(60))
    validity_months: Mapped[int] = mapped_column(Integer)
    closing_days: Mapped[int] = mapped_column(Integer)
    opened_at: Mapped[datetime]


class VerificationEventRow(Base):
    """One thing that happened in a verification; never changed."""

    __tablename__ = "verification_event"
    __table_args__ = (Index("ix_verification_event_programme", "programme_id", "id"),)

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(String(40), unique=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("verification_programme.programme_id"))
    kind: Mapped[str] = mapped_column(String(30))
    step: Mapped[str | None] = mapped_column(String(30))
    happened_on: Mapped[date] = mapped_column(Date)
    ticket: Mapped[str] = mapped_column(String(80), default="")
    change: Mapped[str | None] = mapped_column(String(20))
    documents: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(Text, default="")
    entry_id: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))


class VerificationDocumentRow(Base):
    """A document: what it proves and how long; its content is sealed among the secrets, or kept elsewhere."""

    __tablename__ = "verification_document"
    __table_args__ = (Index("ix_verification_document_programme", "programme_id"),)

    document_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("verification_programme.programme_id"))
    title: Mapped[str] = mapped_column(String(200))
    proves: Mapped[str] = mapped_column(String(30))
    issued_on: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    scope: Mapped[str] = mapped_column(String(500), default="")
    reference: Mapped[str] = mapped_column(String(500), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    size_bytes: Mapped[int] = mapped_column(Integer, default=0)
    is_kept: Mapped[bool] = mapped_column(Boolean, default=False)
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class VerificationWarningRow(Base):
    """A warning that was given: once for a clock and so many days ahead; closed when its clock has stopped."""

    __tablename__ = "verification_warning"
    __table_args__ = (UniqueConstraint("programme_id", "key"),)

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("verification_programme.programme_id"))
    key: Mapped[str] = mapped_column(String(120))
    clock: Mapped[str] = mapped_column(String(30))
    clock_key: Mapped[str] = mapped_column(String(110))
    due_on: Mapped[date] = mapped_column(Date)
    days_ahead: Mapped[int] = mapped_column(Integer)
    what: Mapped[str] = mapped_column(String(400))
    otherwise: Mapped[str] = mapped_column(String(400))
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class VerificationIncidentRow(Base):
    """A verification that was lost, from the day it was told to the day it was won back or given up."""

    __tablename__ = "verification_incident"

    incident_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("verification_programme.programme_id"))
    event_id: Mapped[str] = mapped_column(String(40), unique=True)
    step: Mapped[str] = mapped_column(String(30))
    lost_on: Mapped[date] = mapped_column(Date)
    consequences: Mapped[list[Any]]
    to_dos: Mapped[list[Any]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str | None] = mapped_column(String(500))
