"""Tables of the room: what is metered, events as they came, counters of included quantity, counted hours, comparisons.

Events and counted hours are only ever added; a counted hour's row carries besides where it stands at Microsoft.
Quantities are thousandths of a unit. Locks are taken in one order: the resource first, then what hangs on it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text, false, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base, CustomerOwned
from fairkeeper.values.ids import CustomerId


def _of_resource() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["customer_id", "resource_id"], ["metered_resource.customer_id", "metered_resource.resource_id"]
    )


class MeteredResourceRow(CustomerOwned, Base):
    """What usage is reported for: a SaaS subscription by its id, or a managed application by its resource URI."""

    __tablename__ = "metered_resource"
    __table_args__ = (Unique("customer_id", "resource_id"),)

    resource_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The subscription's id; of a managed application an id of ours."""
    customer_id: Mapped[CustomerId] = mapped_column(ForeignKey("customer.customer_id"))
    resource_uri: Mapped[str | None] = mapped_column(String(1000), unique=True)
    offer_id: Mapped[str] = mapped_column(String(120))
    last_number: Mapped[int] = mapped_column(BigInteger)
    """How many hours were counted; orders them."""
    reports_from_at: Mapped[datetime | None]
    """Hours before were another system's to report."""
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MeteredTermRow(CustomerOwned, Base):
    """One stretch of a resource with one plan and one anchor."""

    __tablename__ = "metered_term"
    __table_args__ = (_of_resource(),)

    resource_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[CustomerId]
    since_at: Mapped[datetime] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(120))
    anchor_on: Mapped[date] = mapped_column(Date)
    months: Mapped[int] = mapped_column(Integer)


class MeteredDimensionRow(Base):
    """One dimension of a plan with its included quantities, as in Partner Center."""

    __tablename__ = "metered_dimension"

    offer_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(120), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(80))
    monthly_milli: Mapped[int | None] = mapped_column(BigInteger)
    """None is without end."""
    annual_milli: Mapped[int | None] = mapped_column(BigInteger)
    set_at: Mapped[datetime]


class MeteringRuleRow(Base):
    """The publisher's rules; one row."""

    __tablename__ = "metering_rule"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    rule: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class UsageEventRow(CustomerOwned, Base):
    """One thing that was used, as it came; never changed, only given its count."""

    __tablename__ = "usage_event"
    __table_args__ = (
        _of_resource(),
        Unique("resource_id", "event_id"),
        Index(
            "ix_usage_event_open",
            "resource_id",
            sqlite_where=text("count_id IS NULL"),
            postgresql_where=text("count_id IS NULL"),
        ),
        Index("ix_usage_event_count", "count_id"),
    )

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    customer_id: Mapped[CustomerId]
    resource_id: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[str] = mapped_column(String(80))
    dimension: Mapped[str] = mapped_column(String(120))
    milli: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[datetime]
    received_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(16))
    entry_id: Mapped[str] = mapped_column(String(40))
    """The evidence that it is written in."""
    count_id: Mapped[str | None] = mapped_column(String(40))


class UsageCounterRow(CustomerOwned, Base):
    """What was used of one dimension in one month or year of a term."""

    __tablename__ = "usage_counter"
    __table_args__ = (_of_resource(),)

    resource_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[CustomerId]
    dimension: Mapped[str] = mapped_column(String(120), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    plan_id: Mapped[str] = mapped_column(String(120))
    unit: Mapped[str] = mapped_column(String(80))
    included_milli: Mapped[int | None] = mapped_column(BigInteger)
    """As it was when the counter began; None is without end."""
    used_milli: Mapped[int] = mapped_column(BigInteger)


class UsageCountRow(CustomerOwned, Base):
    """One counted hour of one dimension: what it counts, what is sent for it, and where that stands."""

    __tablename__ = "usage_count"
    __table_args__ = (
        _of_resource(),
        Unique("resource_id", "number"),
        Index(
            "uq_usage_count_hour",
            "resource_id",
            "dimension",
            "hour_at",
            unique=True,
            sqlite_where=text("quantity_milli > 0"),
            postgresql_where=text("quantity_milli > 0"),
        ),
        Index("ix_usage_count_state", "state", "hour_at"),
        Index("ix_usage_count_counted", "resource_id", "dimension", "counted_at"),
        Index("ix_usage_count_entry", "entry_id"),
    )

    count_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId]
    resource_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[int] = mapped_column(BigInteger)
    dimension: Mapped[str] = mapped_column(String(120))
    plan_id: Mapped[str] = mapped_column(String(120))
    hour_at: Mapped[datetime]
    units_milli: Mapped[int] = mapped_column(BigInteger)
    overage_milli: Mapped[int] = mapped_column(BigInteger)
    quantity_milli: Mapped[int] = mapped_column(BigInteger)
    """What is sent: the overage, and what is carried from hours that could not be sent."""
    state: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text)
    entry_id: Mapped[str] = mapped_column(String(40))
    counted_at: Mapped[datetime]
    decide_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    in_flight: Mapped[bool]
    """Whether an attempt was begun and its answer is not written down."""
    is_unknown: Mapped[bool]
    """Whether an earlier attempt may have arrived whose answer was never known."""
    attempts: Mapped[int] = mapped_column(Integer)
    status_text: Mapped[str] = mapped_column(String(200))
    usage_event_id: Mapped[str | None] = mapped_column(String(80))
    answered_at: Mapped[datetime | None]
    answer_entry_id: Mapped[str | None] = mapped_column(String(40))
    carried_by: Mapped[str | None] = mapped_column(String(40))
    """The later hour that carries it, once it is folded."""


class FixedUsageRow(CustomerOwned, Base):
    """A quantity that is entered by itself at regular times."""

    __tablename__ = "fixed_usage"
    __table_args__ = (_of_resource(),)

    schedule_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId]
    resource_id: Mapped[str] = mapped_column(String(64))
    dimension: Mapped[str] = mapped_column(String(120))
    milli: Mapped[int] = mapped_column(BigInteger)
    every_hours: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class UsageLimitRow(CustomerOwned, Base):
    """A customer's own limit on a dimension, for each month or year of its term."""

    __tablename__ = "usage_limit"
    __table_args__ = (_of_resource(),)

    resource_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[CustomerId]
    dimension: Mapped[str] = mapped_column(String(120), primary_key=True)
    limit_milli: Mapped[int] = mapped_column(BigInteger)
    asks: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a governed call above it is asked about; otherwise it is refused."""
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]


class UsageComparisonRow(CustomerOwned, Base):
    """One day of a dimension as Microsoft states it beside ours."""

    __tablename__ = "usage_comparison"
    __table_args__ = (_of_resource(),)

    resource_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[CustomerId]
    dimension: Mapped[str] = mapped_column(String(120), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    day_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ours_milli: Mapped[int] = mapped_column(BigInteger)
    submitted_milli: Mapped[int] = mapped_column(BigInteger)
    processed_milli: Mapped[int] = mapped_column(BigInteger)
    status_text: Mapped[str] = mapped_column(String(80))
    explanation: Mapped[str] = mapped_column(Text)
    is_open: Mapped[bool]
    compared_at: Mapped[datetime]
