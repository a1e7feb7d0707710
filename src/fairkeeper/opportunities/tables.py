"""Tables of the room: snapshots and what was made of them, accounts, cards and their outcomes, alerts, what is pushed.

Everything here is the publisher's own: a customer never sees how it is ranked, so that no table has a `customer_id`
and no customer's session reads one. The canonical tables themselves are Parquet files in `insights_blob`, by digest: a
snapshot of 100,000 tenants is then one row written in one transaction, backed up and shared like all others.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base


class BlobRow(Base):
    """Bytes by their SHA-256: an imported file (compressed) or a table of columns."""

    __tablename__ = "insights_blob"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class SnapshotRow(Base):
    """One imported file: where it came from, the day it was taken, and where its table lies."""

    __tablename__ = "insights_snapshot"
    __table_args__ = (Index("ix_insights_snapshot_place", "connection", "tab", "taken_on"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection: Mapped[str] = mapped_column(String(80))
    tab: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(String(300))
    file_digest: Mapped[str] = mapped_column(String(64), index=True)
    table_digest: Mapped[str] = mapped_column(String(64))
    taken_on: Mapped[date] = mapped_column(Date)
    as_of: Mapped[date] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12), index=True)
    """`staged`, `kept`, `replaced` by a later revision, or `dropped` with the days that are not kept."""
    rows: Mapped[int] = mapped_column(BigInteger)
    findings: Mapped[list[Any]]
    known_values: Mapped[dict[str, Any]]
    imported_at: Mapped[datetime]


class RunRow(Base):
    """One ranking of one connection's accounts: what went in, by which definitions, and where the scores lie."""

    __tablename__ = "opportunity_run"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection: Mapped[str] = mapped_column(String(80), index=True)
    as_of: Mapped[date] = mapped_column(Date)
    scored_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    """`staged`, or `adopted`; the newest adopted one is what lists show."""
    inputs: Mapped[list[Any]]
    input_digest: Mapped[str] = mapped_column(String(64), index=True)
    lenses: Mapped[dict[str, Any]]
    """Each lens's definition as it was, with its digest."""
    model_version: Mapped[int] = mapped_column(Integer)
    scores_digest: Mapped[str] = mapped_column(String(64))
    features_digest: Mapped[str] = mapped_column(String(64))
    tenants: Mapped[int] = mapped_column(BigInteger)
    summary: Mapped[dict[str, Any]]
    drafts: Mapped[list[Any]]
    """Cards and alerts that the run proposes."""


class AccountRow(Base):
    """What we know of an account beyond the insights: whose it is here, at the CRM, and with whom."""

    __tablename__ = "opportunity_account"

    tenant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    domain: Mapped[str] = mapped_column(String(255), default="")
    owner: Mapped[str] = mapped_column(String(320), default="")
    our_customer: Mapped[str | None] = mapped_column(String(40))
    crm_account: Mapped[str | None] = mapped_column(String(80))
    match_state: Mapped[str] = mapped_column(String(12))
    """`matched`, `ambiguous` (a person decides), or `unmatched`."""
    matched_by: Mapped[str] = mapped_column(String(20), default="")
    candidates: Mapped[list[Any]]
    is_held_out: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]


class CRMAccountRow(Base):
    """An account as the publisher's CRM knows it, from the publisher's own list."""

    __tablename__ = "opportunity_crm_account"

    crm_account: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    domain: Mapped[str] = mapped_column(String(255), default="", index=True)
    tenant_id: Mapped[str] = mapped_column(String(64), default="", index=True)
    owner: Mapped[str] = mapped_column(String(320), default="")


class CardRow(Base):
    """One episode of one lens for one account, from opening to closing."""

    __tablename__ = "opportunity_card"
    __table_args__ = (
        UniqueConstraint("connection", "tenant_id", "lens", "cycle"),
        Index(
            "ix_opportunity_card_open",
            "connection",
            "tenant_id",
            "lens",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_opportunity_card_state", "state", "lens"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection: Mapped[str] = mapped_column(String(80))
    tenant_id: Mapped[str] = mapped_column(String(64), index=True)
    tenant_name: Mapped[str] = mapped_column(String(400))
    lens: Mapped[str] = mapped_column(String(60))
    cycle: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12))
    motion: Mapped[str] = mapped_column(String(12))
    owner: Mapped[str] = mapped_column(String(320), default="")
    likelihood_ppm: Mapped[int] = mapped_column(Integer)
    confidence_ppm: Mapped[int] = mapped_column(Integer)
    seats_milli: Mapped[int] = mapped_column(BigInteger)
    rank: Mapped[int] = mapped_column(Integer)
    card: Mapped[dict[str, Any]]
    first_likelihood_ppm: Mapped[int] = mapped_column(Integer)
    """As it was when the card was opened; what was promised is judged by it."""
    run_id: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    opened_as_of: Mapped[date] = mapped_column(Date)
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str] = mapped_column(String(200), default="")
    snoozed_until: Mapped[date | None] = mapped_column(Date)
    below: Mapped[int] = mapped_column(Integer, default=0)
    """How many runs in a row found it below the line at which it is closed."""


class ShowingRow(Base):
    """A card that was shown to somebody: without it nobody could say what a ranking did."""

    __tablename__ = "opportunity_showing"
    __table_args__ = (UniqueConstraint("card_id", "principal_id", "run_id"),)

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    card_id: Mapped[str] = mapped_column(String(40))
    principal_id: Mapped[str] = mapped_column(String(80))
    run_id: Mapped[str] = mapped_column(String(40))
    rank: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(12))
    shown_at: Mapped[datetime]


class OutcomeRow(Base):
    """What became of a card, as a person entered it or a CRM said."""

    __tablename__ = "opportunity_outcome"

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    card_id: Mapped[str] = mapped_column(String(40), index=True)
    outcome: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    seats: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(12))
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]


class AlertRow(Base):
    """Something that changed so much that a person should know, from opening to closing."""

    __tablename__ = "opportunity_alert"
    __table_args__ = (Index("ix_opportunity_alert_open", "connection", "kind", "tenant_id", "closed_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    connection: Mapped[str] = mapped_column(String(80))
    tenant_id: Mapped[str] = mapped_column(String(64), index=True)
    tenant_name: Mapped[str] = mapped_column(String(400))
    kind: Mapped[str] = mapped_column(String(20))
    sentence: Mapped[str] = mapped_column(Text)
    before: Mapped[int] = mapped_column(BigInteger)
    after: Mapped[int] = mapped_column(BigInteger)
    surprise_milli: Mapped[int] = mapped_column(BigInteger)
    """Minus the logarithm of the chance, in thousandths of a power of ten."""
    is_urgent: Mapped[bool]
    as_of: Mapped[date] = mapped_column(Date)
    run_id: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class PriceRow(Base):
    """A price of the partner's own list, from a day on."""

    __tablename__ = "opportunity_price"

    product: Mapped[str] = mapped_column(String(40), primary_key=True)
    from_on: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    """For one seat and month."""
    source: Mapped[str] = mapped_column(String(300))


class PushRow(Base):
    """What a CRM is to hold about a card, and what it holds as far as we know: outbox and memory in one."""

    __tablename__ = "opportunity_push"

    external_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    target: Mapped[str] = mapped_column(String(20))
    record: Mapped[str] = mapped_column(String(20))
    """`opportunity`, `task` or `insight`."""
    card_id: Mapped[str] = mapped_column(String(40), index=True)
    wanted: Mapped[dict[str, Any]]
    sent: Mapped[dict[str, Any]]
    """The fields as the CRM last took them from us; a field that differs there was changed by a person."""
    offered: Mapped[dict[str, Any]]
    """Digests of all that was ever wanted of each field, so that a lost answer makes nothing of ours look theirs."""
    remote_id: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12), index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    kept_fields: Mapped[list[Any]]
    """Fields that a person changed at the CRM, and that we leave alone since."""
    is_unasked: Mapped[bool]
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    decision_id: Mapped[str | None] = mapped_column(String(40))
    """Of Governance, for the newest wish; empty for what was pushed before the agent was registered there."""
