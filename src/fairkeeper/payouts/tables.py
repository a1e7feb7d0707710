"""Tables of the room: files and what was read from them, findings, evaluations, closed months, saved mappings.

All of them are the publisher's own. Rows of reports stand in Parquet files beside the database and not here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base


class PayoutUploadRow(Base):
    """One file as it was handed over, by its hash."""

    __tablename__ = "payout_upload"
    __table_args__ = (Index("ix_payout_upload_received_at", "received_at"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12))
    """`waiting`, `reading`, `read`, `refused` or `withdrawn`."""
    received_at: Mapped[datetime]
    received_by: Mapped[str] = mapped_column(String(80))
    covers_from: Mapped[date | None] = mapped_column(Date)
    covers_to: Mapped[date | None] = mapped_column(Date)
    findings: Mapped[list[Any]]
    read_at: Mapped[datetime | None]


class PayoutTableRow(Base):
    """One table in a file: which report, how many rows, which time."""

    __tablename__ = "payout_table"

    table_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("payout_upload.sha256"), index=True)
    name: Mapped[str] = mapped_column(String(450))
    kind: Mapped[str] = mapped_column(String(20), index=True)
    rows: Mapped[int] = mapped_column(BigInteger)
    unreadable: Mapped[int] = mapped_column(BigInteger)
    first_on: Mapped[date | None] = mapped_column(Date)
    last_on: Mapped[date | None] = mapped_column(Date)
    headers: Mapped[list[Any]]


class PayoutFindingRow(Base):
    """One finding between order and bank, open until it is closed or its cause is gone."""

    __tablename__ = "payout_finding"
    __table_args__ = (Index("ix_payout_finding_state", "state", "weight_minor"),)

    finding_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), index=True)
    level: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    """`open`, `closed` by a person, or `gone` because its cause is."""
    message: Mapped[str] = mapped_column(Text)
    owner_role: Mapped[str] = mapped_column(String(40))
    amount: Mapped[str | None] = mapped_column(String(60))
    currency: Mapped[str | None] = mapped_column(String(20))
    amount_usd: Mapped[str | None] = mapped_column(String(60))
    weight_minor: Mapped[int] = mapped_column(BigInteger)
    since_on: Mapped[date | None] = mapped_column(Date)
    purchase_record_id: Mapped[str | None] = mapped_column(String(200), index=True)
    line_item_id: Mapped[str | None] = mapped_column(String(200))
    asset_id: Mapped[str | None] = mapped_column(String(200), index=True)
    earning_id: Mapped[str | None] = mapped_column(String(200))
    payment_id: Mapped[str | None] = mapped_column(String(200), index=True)
    customer: Mapped[str | None] = mapped_column(String(300))
    offer: Mapped[str | None] = mapped_column(String(300))
    sources: Mapped[list[Any]]
    evaluation: Mapped[int] = mapped_column(BigInteger)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))
    closed_why: Mapped[str | None] = mapped_column(Text)


class PayoutEvaluationRow(Base):
    """One run of all rules: over what, when, and with what sums."""

    __tablename__ = "payout_evaluation"

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    as_of: Mapped[date] = mapped_column(Date)
    tables: Mapped[int] = mapped_column(Integer)
    summary: Mapped[dict[str, Any]]
    """Counts by code, what is held back, payments with their sums."""
    is_finished: Mapped[bool]


class PayoutMonthRow(Base):
    """One month that a person closed."""

    __tablename__ = "payout_month"

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    closed_at: Mapped[datetime]
    closed_by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    totals: Mapped[dict[str, Any]]
    evaluation: Mapped[int] = mapped_column(BigInteger)
    """The evaluation whose lines it was closed with."""


class PayoutMappingRow(Base):
    """One saved mapping: a bank's columns, or accounts of the ledger."""

    __tablename__ = "payout_mapping"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    mapping: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class PayoutFetchRow(Base):
    """One report of some days that is fetched from Partner Center."""

    __tablename__ = "payout_fetch"
    __table_args__ = (Index("ix_payout_fetch_wanted_at", "wanted_at"),)

    fetch_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    report: Mapped[str] = mapped_column(String(20))
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date] = mapped_column(Date)
    covers_to: Mapped[date] = mapped_column(Date)
    """The last day whose rows are surely in it."""
    state: Mapped[str] = mapped_column(String(12))
    """`wanted`, `asked`, `fetched`, `empty` or `refused`."""
    request_id: Mapped[str | None] = mapped_column(String(200))
    """Its id at Partner Center."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    why: Mapped[str | None] = mapped_column(Text)
    wanted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
