"""Tables of the room: customers, the mirror of their subscriptions, notices, operations, work of the publisher's code.

A subscription's row is the mirror and the machines' marks together, because they are always changed together. What
hangs on a subscription names its customer too, so that no row can hang on another customer's.

Locks are taken in one order, and so nobody waits in a circle: the subscription first, then its notice, operation or
job, then what belongs to the customer as a whole.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import BIG_KEY, Base, CustomerOwned
from fairkeeper.values.ids import CustomerId, EntryId, OperationId, SubscriptionId, TenantId


def _of_subscription() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["customer_id", "subscription_id"], ["subscription.customer_id", "subscription.subscription_id"]
    )


class CustomerRow(CustomerOwned, Base):
    """A company, or for personal accounts a person, that bought; one for each beneficiary's tenant."""

    __tablename__ = "customer"
    __table_args__ = (UniqueConstraint("tenant_id", "object_id"),)

    customer_id: Mapped[CustomerId] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    tenant_id: Mapped[TenantId]
    object_id: Mapped[str] = mapped_column(String(64), default="")
    """Personal accounts only, whose tenant is everybody's; otherwise empty."""
    created_at: Mapped[datetime]


class SubscriptionRow(CustomerOwned, Base):
    """One subscription: what Microsoft last stated, and where our three machines stand."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("customer_id", "subscription_id"),)

    subscription_id: Mapped[SubscriptionId] = mapped_column(primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(ForeignKey("customer.customer_id"))
    name: Mapped[str] = mapped_column(String(300), default="")
    offer_id: Mapped[str | None] = mapped_column(String(120))
    plan_id: Mapped[str | None] = mapped_column(String(120))
    quantity: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str | None] = mapped_column(String(40), index=True)
    status_text: Mapped[str] = mapped_column(String(200), default="")
    status_since_at: Mapped[datetime | None]
    term_start_on: Mapped[date | None] = mapped_column(Date)
    term_end_on: Mapped[date | None] = mapped_column(Date)
    term_unit: Mapped[str | None] = mapped_column(String(60))
    charge_unit: Mapped[str | None] = mapped_column(String(60))
    auto_renew: Mapped[bool | None]
    beneficiary_tenant_id: Mapped[TenantId | None]
    beneficiary_object_id: Mapped[str | None] = mapped_column(String(64))
    beneficiary_email: Mapped[str | None] = mapped_column(String(320))
    purchaser_tenant_id: Mapped[TenantId | None]
    purchaser_object_id: Mapped[str | None] = mapped_column(String(64))
    purchaser_email: Mapped[str | None] = mapped_column(String(320))
    is_test: Mapped[bool] = mapped_column(default=False)
    is_free_trial: Mapped[bool] = mapped_column(default=False)
    session_mode: Mapped[str | None] = mapped_column(String(40))
    sandbox_type: Mapped[str | None] = mapped_column(String(40))
    allowed_operations: Mapped[list[Any]]
    private_offer_ids: Mapped[list[Any]]
    was_visited: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime]
    readings: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many of Microsoft's statements were written here; a statement asked for before the last of them is old."""

    provisioning: Mapped[str] = mapped_column(String(20))
    provisioning_since_at: Mapped[datetime | None]
    provisioning_note: Mapped[str | None] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(String(20))
    operation_since_at: Mapped[datetime | None]
    operation_note: Mapped[str | None] = mapped_column(Text)

    bought_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
    retention_started_at: Mapped[datetime | None]
    stop_cause: Mapped[str | None] = mapped_column(String(20))
    stop_entry_id: Mapped[str | None] = mapped_column(String(40))
    stopped_at: Mapped[datetime | None]
    stopped_receipt: Mapped[str | None] = mapped_column(String(40))
    erased_at: Mapped[datetime | None]
    erased_receipt: Mapped[str | None] = mapped_column(String(40))

    custody: Mapped[str] = mapped_column(String(10), default="managed", server_default="managed", index=True)
    """`observed` while another system runs it, and nothing outside is done for it; otherwise `managed`."""
    adopted_at: Mapped[datetime | None]
    adopted_from: Mapped[str | None] = mapped_column(String(40))


class NoticeRow(CustomerOwned, Base):
    """One webhook's notice, kept as it came; a repeated one counts up."""

    __tablename__ = "webhook_notice"
    __table_args__ = (UniqueConstraint("operation_id", "digest"), Index("ix_webhook_notice_state", "state", "id"))

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    operation_id: Mapped[OperationId]
    digest: Mapped[str] = mapped_column(String(64))
    subscription_id: Mapped[SubscriptionId | None] = mapped_column(index=True)
    action_text: Mapped[str] = mapped_column(String(200))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    last_received_at: Mapped[datetime]
    deliveries: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12))
    outcome: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None]
    entry_id: Mapped[EntryId | None]
    """The evidence of its arrival, which is the cause of what follows from it."""


class OperationRow(CustomerOwned, Base):
    """One operation at Microsoft: begun there or by us, and what we answered."""

    __tablename__ = "marketplace_operation"
    __table_args__ = (
        _of_subscription(),
        Index(
            "ix_marketplace_operation_open",
            "subscription_id",
            sqlite_where=text("answered_at IS NULL AND answer_by_at IS NOT NULL"),
            postgresql_where=text("answered_at IS NULL AND answer_by_at IS NOT NULL"),
        ),
    )

    operation_id: Mapped[OperationId] = mapped_column(primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    subscription_id: Mapped[SubscriptionId] = mapped_column(index=True)
    action_text: Mapped[str] = mapped_column(String(200))
    is_ours: Mapped[bool]
    answer: Mapped[str | None] = mapped_column(String(12))
    answer_reason: Mapped[str | None] = mapped_column(Text)
    answer_by_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)


class JobRow(CustomerOwned, Base):
    """One wish to the publisher's systems and what became of it."""

    __tablename__ = "provisioning_job"
    __table_args__ = (_of_subscription(), Index("ix_provisioning_job_subscription", "subscription_id", "asked_at"))

    request_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    subscription_id: Mapped[SubscriptionId]
    wish: Mapped[str] = mapped_column(String(20))
    attempt: Mapped[int] = mapped_column(Integer)
    terms: Mapped[dict[str, Any] | None]
    """Plan and seats as the wish was asked for, so that every repetition says the same; empty for older ones."""
    state: Mapped[str] = mapped_column(String(12))
    message: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class ClaimRow(CustomerOwned, Base):
    """A person who said that a subscription is theirs to set up, and who let them."""

    __tablename__ = "subscription_claim"
    __table_args__ = (_of_subscription(),)

    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    subscription_id: Mapped[SubscriptionId] = mapped_column(primary_key=True)
    tenant_id: Mapped[TenantId] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    claimed_at: Mapped[datetime]
    name: Mapped[str | None] = mapped_column(String(200))
    """What the account called itself when it claimed, for the staff who is to recognise it; proves nothing."""
    email: Mapped[str | None] = mapped_column(String(320))
    confirmed_by: Mapped[str | None] = mapped_column(String(80))
    """Our id of the member of staff who confirmed it; None while it waits or where none is needed."""
    is_confirmed: Mapped[bool]


class ReminderRow(CustomerOwned, Base):
    """A reminder or a held thing that a person has not dealt with yet."""

    __tablename__ = "customer_reminder"
    __table_args__ = (
        UniqueConstraint("code", "subject_id", "key"),
        Index("ix_customer_reminder_subject", "subject_id"),
        Index(
            "ix_customer_reminder_open",
            "due_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    code: Mapped[str] = mapped_column(String(80))
    subject_id: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(120))
    level: Mapped[str] = mapped_column(String(12))
    message: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text)
    resource: Mapped[str | None] = mapped_column(String(80))
    owner_role: Mapped[str] = mapped_column(String(40))
    due_at: Mapped[datetime | None]
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str | None] = mapped_column(Text)


class LandingStepRow(CustomerOwned, Base):
    """One step of a browser on the landing page; nobody is named."""

    __tablename__ = "landing_step"

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    visitor: Mapped[str] = mapped_column(String(64))
    step: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(80))
    subscription_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)


class WouldHaveRow(CustomerOwned, Base):
    """Something that was not done outside, because another system runs the subscription or everything is observed."""

    __tablename__ = "would_have"
    __table_args__ = (UniqueConstraint("subscription_id", "key"),)

    note_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subscription_id: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(500))
    key: Mapped[str] = mapped_column(String(200))
    noted_at: Mapped[datetime] = mapped_column(index=True)
    settled_at: Mapped[datetime | None]


class ChangeRuleRow(Base):
    """The publisher's rule for plan and seat changes; one row."""

    __tablename__ = "change_rule"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    rule: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class LandingLookRow(Base):
    """How the landing page looks and what it asks: for everything, for an offer, for a plan (empty ids)."""

    __tablename__ = "landing_look"

    offer_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    look: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class LandingLogoRow(Base):
    """The publisher's logo; one row at most."""

    __tablename__ = "landing_logo"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime]


class LandingAnswerRow(CustomerOwned, Base):
    """One answer that a buyer gave on the landing page."""

    __tablename__ = "landing_answer"
    __table_args__ = (_of_subscription(),)

    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    subscription_id: Mapped[SubscriptionId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    place: Mapped[int] = mapped_column(Integer)
    label: Mapped[str] = mapped_column(String(120))
    value: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime]


class ReconciliationRow(Base):
    """One comparison with Microsoft's list."""

    __tablename__ = "reconciliation"

    id: Mapped[int] = mapped_column(BIG_KEY, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    listed: Mapped[int] = mapped_column(Integer)
    differences: Mapped[int] = mapped_column(Integer)
    is_complete: Mapped[bool]
