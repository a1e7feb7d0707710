"""Tables of policies: bundles as they were saved, which one is in force or only tried, and what trying showed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned


class PolicyBundleRow(CustomerOwned, Base):
    """Policies that were saved together; never changed afterwards."""

    __tablename__ = "policy_bundle"
    __table_args__ = (UniqueConstraint("owner", "number"),)

    bundle_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(40))
    """`publisher`, or the customer's id."""
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    tests: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(Text)
    """The signed statement of owner, number and digest; made when it first takes effect."""
    note: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(80))


class PolicyInForceRow(CustomerOwned, Base):
    """Which bundle of an owner is in force, wanted, or tried beside it."""

    __tablename__ = "policy_in_force"

    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    active_number: Mapped[int | None] = mapped_column(Integer)
    wanted_number: Mapped[int | None] = mapped_column(Integer)
    shadow_number: Mapped[int | None] = mapped_column(Integer)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(80))


class PolicyDifferenceRow(CustomerOwned, Base):
    """Calls that a tried bundle would have answered otherwise, counted by agent, tool and both answers."""

    __tablename__ = "policy_difference"
    __table_args__ = (UniqueConstraint("owner", "number", "agent_id", "tool_name", "active_lane", "shadow_lane"),)

    difference_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column(Integer)
    agent_id: Mapped[str] = mapped_column(String(40))
    tool_name: Mapped[str] = mapped_column(String(120))
    active_lane: Mapped[str] = mapped_column(String(16))
    shadow_lane: Mapped[str] = mapped_column(String(16))
    policies: Mapped[str] = mapped_column(Text)
    """Ids of the policies that made the tried answer, the last time, as JSON."""
    times: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime]
    last_decision_id: Mapped[str] = mapped_column(String(40))
