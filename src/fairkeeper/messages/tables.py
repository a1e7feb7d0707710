"""Tables of the room: what was told, each copy on its way to somebody, the publisher's rule and wording.

A message belongs to whoever reads it: `customer_id` is the customer whose people are told, and empty where the
publisher's own are, whomever it is about. What names anybody is in `values` alone and ends with the customer's data.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base, CustomerOwned
from fairkeeper.values.ids import CustomerId, PersonId


class MessageRow(CustomerOwned, Base):
    """One thing that somebody shall hear of, told once for its template and key."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("code", "key"), UniqueConstraint("customer_id", "message_id"))

    message_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(160))
    to: Mapped[str] = mapped_column(String(40))
    urgency: Mapped[str] = mapped_column(String(10))
    values: Mapped[dict[str, Any]]
    href: Mapped[str] = mapped_column(String(500))
    due_at: Mapped[datetime | None]
    about_customer_id: Mapped[CustomerId | None] = mapped_column(index=True)
    told_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_why: Mapped[str | None] = mapped_column(Text)
    escalates: Mapped[str | None] = mapped_column(String(40))
    """The message that nobody read, where this one follows it up."""
    escalated_at: Mapped[datetime | None]


class CopyRow(CustomerOwned, Base):
    """One message on its way to one person by mail, or into the Teams channel."""

    __tablename__ = "message_copy"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "message_id"], ["message.customer_id", "message.message_id"]),
        UniqueConstraint("message_id", "person_id"),
        Index("ix_message_copy_waiting", "person_id", "state"),
    )

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    message_id: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[PersonId]
    """`teams` for the copy that goes to the channel."""
    state: Mapped[str] = mapped_column(String(12))
    leaves_at: Mapped[datetime]
    delivery_id: Mapped[str | None] = mapped_column(String(40), index=True)
    left_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)
    read_at: Mapped[datetime | None]


class MessageRuleRow(Base):
    """The publisher's rule for messages; one row."""

    __tablename__ = "message_rule"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    rule: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class WordingRow(Base):
    """How the publisher words a template."""

    __tablename__ = "message_wording"

    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
