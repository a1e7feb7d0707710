"""Tables of the room: deals with their versions and approvals, purchases with their charges, reminders, what is saved.

A deal is the publisher's own, so most tables have no customer; what a customer bought and will be charged is that
customer's, and hangs on its subscription. A deal's text is kept as somebody wrote it; everything beside it is derived
from the text in the same transaction, so that lists need not read it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base, CustomerOwned
from fairkeeper.values.ids import CustomerId, SubscriptionId


class DealRow(Base):
    """One deal: its text, and how far it has come."""

    __tablename__ = "deal"

    deal_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]

    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    pricing: Mapped[str] = mapped_column(String(40))
    customer_name: Mapped[str] = mapped_column(Text)
    tenant: Mapped[str] = mapped_column(String(64), default="")
    """Tenant of the customer as the deal says, or empty; no owner of this row."""
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    accept_by_on: Mapped[date] = mapped_column(Date)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)

    owner: Mapped[str] = mapped_column(String(200), default="")
    crm_id: Mapped[str] = mapped_column(String(120), default="")
    source: Mapped[str] = mapped_column(String(20))
    unread: Mapped[list[Any]]
    """What an import left out, in words; empty for a deal that was written here."""

    state: Mapped[str] = mapped_column(String(20), index=True)
    state_since_at: Mapped[datetime]
    closed_why: Mapped[str | None] = mapped_column(Text)
    lost_to: Mapped[str | None] = mapped_column(String(20))
    private_offer_id: Mapped[str | None] = mapped_column(String(80), index=True)
    submission: Mapped[dict[str, Any]]
    """The submission under way or the last one: wish, documents, job, what Microsoft answered."""
    accept_links: Mapped[list[Any]]
    accepted_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    differences: Mapped[list[Any]]
    """Where Microsoft's copy is not what was submitted, in words."""
    renewal: Mapped[dict[str, Any] | None]
    """What somebody said about the time after the end."""


class DealVersionRow(Base):
    """A deal's text as it was, one row for each change of its content."""

    __tablename__ = "deal_version"

    deal_id: Mapped[str] = mapped_column(ForeignKey("deal.deal_id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text, default="")


class ApprovalRow(Base):
    """A person's yes to one reason, for one content."""

    __tablename__ = "deal_approval"
    __table_args__ = (UniqueConstraint("deal_id", "digest", "reason"),)

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    deal_id: Mapped[str] = mapped_column(ForeignKey("deal.deal_id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(20))
    approved_by: Mapped[str] = mapped_column(String(80))
    approved_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    voided_at: Mapped[datetime | None]


class DealReminderRow(Base):
    """Something of a deal's that a person has not dealt with yet."""

    __tablename__ = "deal_reminder"
    __table_args__ = (
        UniqueConstraint("deal_id", "code", "key"),
        Index(
            "ix_deal_reminder_open",
            "due_on",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    deal_id: Mapped[str] = mapped_column(ForeignKey("deal.deal_id"))
    code: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(120))
    level: Mapped[str] = mapped_column(String(12))
    message: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text)
    resource: Mapped[str | None] = mapped_column(String(80))
    owner_role: Mapped[str] = mapped_column(String(40))
    due_on: Mapped[date | None] = mapped_column(Date)
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str | None] = mapped_column(Text)


class DealPurchaseRow(CustomerOwned, Base):
    """One subscription and the deal it came from; until a person has confirmed an uncertain match, those it may be."""

    __tablename__ = "deal_purchase"

    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    subscription_id: Mapped[SubscriptionId] = mapped_column(primary_key=True)
    deal_id: Mapped[str | None] = mapped_column(String(40), index=True)
    candidates: Mapped[list[Any]]
    offer_id: Mapped[str] = mapped_column(String(120))
    plan_id: Mapped[str] = mapped_column(String(120))
    bought_on: Mapped[date] = mapped_column(Date)
    matched_by: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    needs_person: Mapped[bool]
    matched_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(String(80))


class DealChargeRow(CustomerOwned, Base):
    """One charge that a customer's contract expects."""

    __tablename__ = "deal_charge"
    __table_args__ = (UniqueConstraint("subscription_id", "number"), Index("ix_deal_charge_day", "charged_on"))

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    subscription_id: Mapped[SubscriptionId]
    deal_id: Mapped[str] = mapped_column(String(40), index=True)
    deal_name: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(String(120))
    number: Mapped[int] = mapped_column(Integer)
    charged_on: Mapped[date] = mapped_column(Date)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    note: Mapped[str] = mapped_column(Text)


class ApprovalRuleRow(Base):
    """The publisher's rules for approvals; one row."""

    __tablename__ = "deal_approval_rule"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    rules: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class ColumnMappingRow(Base):
    """What the columns of somebody's spreadsheet mean, saved under a name."""

    __tablename__ = "deal_column_mapping"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    columns: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class DealImportRow(Base):
    """One import: what was to be read, and what became of each part."""

    __tablename__ = "deal_import"

    import_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    file_name: Mapped[str] = mapped_column(String(300), default="")
    file: Mapped[bytes | None] = mapped_column(LargeBinary)
    columns: Mapped[dict[str, Any]]
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    results: Mapped[list[Any]]
