"""Tables of approvals: what waits for a person, each answer, and standing approvals.

What holds arguments or names people is text that is erased with the customer.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned


class ApprovalRow(CustomerOwned, Base):
    """One call that a person has to approve."""

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("customer_id", "approval_id"),
        Index("ix_approval_binding", "binding_digest", "state"),
        Index(
            "ix_approval_open",
            "agent_id",
            "ends_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    approval_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    agent_id: Mapped[str] = mapped_column(String(40))
    tool_id: Mapped[str] = mapped_column(String(40))
    tool_name: Mapped[str] = mapped_column(String(120))
    tool_title: Mapped[str] = mapped_column(String(200))
    effect: Mapped[str] = mapped_column(String(12))
    reversibility: Mapped[str] = mapped_column(String(12))
    environment: Mapped[str] = mapped_column(String(8))
    use_id: Mapped[str | None] = mapped_column(String(40))
    decision_id: Mapped[str] = mapped_column(String(40))
    """The decision that asked for a person."""
    entry_id: Mapped[str] = mapped_column(String(40))
    binding_digest: Mapped[str] = mapped_column(String(64))
    bundle_digest: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[str] = mapped_column(Text)
    """As JSON, exactly those that were digested."""
    resources: Mapped[str] = mapped_column(Text)
    labels: Mapped[str] = mapped_column(Text)
    """What reached the call: sources, sensitivity, whether all of it can be trusted; and the decisions it follows."""
    policies: Mapped[str] = mapped_column(Text)
    """Ids of the policies that asked for a person, as JSON."""
    person_id: Mapped[str | None] = mapped_column(String(200))
    person_issuer: Mapped[str | None] = mapped_column(String(300))
    task_id: Mapped[str | None] = mapped_column(String(80))
    separates_duties: Mapped[bool]
    approvers_needed: Mapped[int] = mapped_column(Integer)
    is_publishers: Mapped[bool]
    """Whether the publisher's people answer it, and not the customer's."""
    repeats: Mapped[int] = mapped_column(Integer)
    """How often the same call was asked for again while this waited."""
    asked_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    consumed_at: Mapped[datetime | None]
    consumed_by: Mapped[str | None] = mapped_column(String(40))
    """The decision that used it up."""


class ApprovalAnswerRow(CustomerOwned, Base):
    """What one person answered."""

    __tablename__ = "approval_answer"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "approval_id"], ["approval.customer_id", "approval.approval_id"]),
        UniqueConstraint("approval_id", "person_id"),
    )

    answer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    approval_id: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[str] = mapped_column(String(40), index=True)
    verdict: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime]


class StandingApprovalRow(CustomerOwned, Base):
    """A person's approval of calls of one kind, so many a day, until an end."""

    __tablename__ = "standing_approval"
    __table_args__ = (Index("ix_standing_approval_pair", "agent_id", "tool_id"),)

    standing_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40))
    tool_id: Mapped[str] = mapped_column(String(40))
    tool_name: Mapped[str] = mapped_column(String(120))
    use_id: Mapped[str] = mapped_column(String(40))
    bundle_digest: Mapped[str] = mapped_column(String(64))
    where: Mapped[str] = mapped_column("where_arguments", Text)
    """As JSON: arguments that must have exactly these values."""
    daily_limit: Mapped[int] = mapped_column(Integer)
    used_on: Mapped[str | None] = mapped_column(String(10))
    used: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(40))
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(40))
