"""Tables of the room: agents, tools, uses, permits, grants, containment, limits, decisions and what follows them.

An agent belongs to one customer, or to the publisher (no `customer_id`). What hangs on an agent names its customer too.
Whoever changes one of these rows that decisions rest on moves the epoch of its customer in the same transaction, and of
everybody's (`publisher`) where every customer is concerned; a decision is only recorded under the epoch it was made at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned
from fairkeeper.values.ids import CustomerId


def _of_agent(column: str = "agent_id") -> ForeignKeyConstraint:
    """Tie a row to an agent of the same customer; one without a customer, by nothing."""
    return ForeignKeyConstraint(["customer_id", column], ["agent.customer_id", "agent.agent_id"])


def _of_use() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["customer_id", "use_id"], ["intended_use.customer_id", "intended_use.use_id"])


class AgentRow(CustomerOwned, Base):
    """A registered AI app or agent in one environment."""

    __tablename__ = "agent"
    __table_args__ = (
        UniqueConstraint("name", "environment", "customer_id"),
        UniqueConstraint("customer_id", "agent_id"),
    )

    agent_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    environment: Mapped[str] = mapped_column(String(8))
    version: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str] = mapped_column(String(200))
    accountable: Mapped[str] = mapped_column(String(200))
    acts_for: Mapped[str] = mapped_column(Text)
    publisher_duties: Mapped[str] = mapped_column(Text)
    customer_duties: Mapped[str] = mapped_column(Text)
    acts_alone: Mapped[bool]
    chain_limit: Mapped[int] = mapped_column(Integer)
    callers: Mapped[list[Any]]
    """Ids of API tokens that may speak for it; empty for any program of its customer or of the publisher."""
    threat_notes: Mapped[dict[str, Any]]
    """By OWASP item (`ASI01`, `LLM06`): what was decided about it."""
    assessment: Mapped[str] = mapped_column(Text)
    """The additional assessment where the domain asks for one; empty elsewhere."""
    promoted_from: Mapped[str | None] = mapped_column(String(40))
    described_at: Mapped[datetime | None]
    """Since when anybody may read its description; empty while nobody may."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80))


class IntendedUseRow(CustomerOwned, Base):
    """What an agent is for and not for; every permit serves one."""

    __tablename__ = "intended_use"
    __table_args__ = (_of_agent(), UniqueConstraint("customer_id", "use_id"))

    use_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40), index=True)
    title: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str] = mapped_column(String(200))
    business_context: Mapped[str] = mapped_column(Text)
    value_measure: Mapped[str] = mapped_column(Text)
    known_errors: Mapped[list[Any]]
    not_for: Mapped[list[Any]]
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
    withdrawn_why: Mapped[str | None] = mapped_column(Text)


class ToolRow(CustomerOwned, Base):
    """One thing an agent can call, in one environment; the publisher's, or one customer's own."""

    __tablename__ = "tool"
    __table_args__ = (UniqueConstraint("name", "environment", "customer_id"),)

    tool_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    environment: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(200))
    effect: Mapped[str] = mapped_column(String(12))
    reads: Mapped[list[Any]]
    writes: Mapped[list[Any]]
    severity: Mapped[str] = mapped_column(String(8))
    reversibility: Mapped[str] = mapped_column(String(12))
    business_impact: Mapped[str] = mapped_column(String(8))
    arguments: Mapped[dict[str, Any]]
    manifest_digest: Mapped[str] = mapped_column(String(64))
    open_manifest_digest: Mapped[str | None] = mapped_column(String(64))
    """A changed description that waits for approval; until then every call is refused."""
    open_arguments: Mapped[dict[str, Any] | None]
    amount_argument: Mapped[str | None] = mapped_column(String(80))
    currency_argument: Mapped[str | None] = mapped_column(String(80))
    amount_in_minor: Mapped[bool]
    """Whether that argument counts the currency's smallest unit; otherwise whole units with decimals."""
    most_sensitive: Mapped[int] = mapped_column(Integer)
    needs_trusted: Mapped[bool]
    is_elevated: Mapped[bool]
    separates_duties: Mapped[bool]
    """Whether whoever asked may not approve; by default for what is irreversible or crosses people."""
    result_sensitivity: Mapped[int] = mapped_column(Integer)
    result_is_trusted: Mapped[bool]
    meters: Mapped[list[Any]]
    """Which billing dimensions its calls count for, each by calls or by a field's sum."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80))


class PermitRow(CustomerOwned, Base):
    """A tool permitted to an agent, for one use, in one lane; names the tool again for the customer's own people."""

    __tablename__ = "permit"
    __table_args__ = (_of_agent(), _of_use(), Index("ix_permit_pair", "agent_id", "tool_id"))

    permit_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40))
    tool_id: Mapped[str] = mapped_column(String(40))
    """No foreign key: the tool may be the publisher's, and a key between customers' tables carries the customer."""
    use_id: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(16))
    review_percent: Mapped[int] = mapped_column(Integer)
    tool_name: Mapped[str] = mapped_column(String(120))
    tool_title: Mapped[str] = mapped_column(String(200))
    tool_effect: Mapped[str] = mapped_column(String(12))
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(80))
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class DataGrantRow(CustomerOwned, Base):
    """Access to a class of data, granted by its owner to one agent for one use, until an end."""

    __tablename__ = "data_grant"
    __table_args__ = (_of_agent(), _of_use())

    grant_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40), index=True)
    use_id: Mapped[str] = mapped_column(String(40))
    owner_kind: Mapped[str] = mapped_column(String(12))
    owner: Mapped[str] = mapped_column(String(200))
    data_class: Mapped[str] = mapped_column(String(80))
    sensitivity: Mapped[int] = mapped_column(Integer)
    quality_note: Mapped[str] = mapped_column(Text)
    may_read: Mapped[bool]
    may_write: Mapped[bool]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(80))
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(80))
    revoked_why: Mapped[str | None] = mapped_column(Text)


class ContainmentRow(CustomerOwned, Base):
    """Somebody holds an agent, a tool, a customer or everything."""

    __tablename__ = "containment"
    __table_args__ = (
        Index(
            "ix_containment_open",
            "scope",
            "subject_id",
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    containment_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    scope: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(String(40))
    """Of the agent, tool or customer; `everything` for everything."""
    state: Mapped[str] = mapped_column(String(12))
    profile: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    is_drill: Mapped[bool]
    began_at: Mapped[datetime]
    began_by: Mapped[str] = mapped_column(String(80))
    is_publishers: Mapped[bool]
    """Whether the publisher's people began it; the customer's cannot lift that."""
    until_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(80))


class EpochRow(CustomerOwned, Base):
    """Counts what changed for one customer, or for everybody under `publisher`."""

    __tablename__ = "governance_epoch"

    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger)


class LimitRow(CustomerOwned, Base):
    """A ceiling on calls, on money, or on the units of a billing dimension."""

    __tablename__ = "spending_limit"
    __table_args__ = (Index("ix_spending_limit_subject", "scope", "subject_id"),)

    limit_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    scope: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(String(40))
    agent_id: Mapped[str | None] = mapped_column(String(40))
    """Of a limit on a tool: only this agent's calls; None counts every agent of the customer together."""
    meter: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str | None] = mapped_column(String(3))
    span: Mapped[str] = mapped_column(String(8))
    maximum: Mapped[int] = mapped_column(BigInteger)
    dimension: Mapped[str | None] = mapped_column(String(120))
    """Of a limit on units, which Metering sets and whose counter it fills."""
    asks: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a call above it is asked about; otherwise it is refused."""
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]


class LimitUsageRow(CustomerOwned, Base):
    """What was taken from a limit in one window."""

    __tablename__ = "limit_usage"

    limit_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    window_key: Mapped[str] = mapped_column(String(20), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)


class DecisionRow(CustomerOwned, Base):
    """One decision, for lists and for what follows it; the record itself is its evidence entry."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_agent", "agent_id", "decision_id"),
        Index("ix_decision_customer", "customer_id", "decision_id"),
    )

    customer_id: Mapped[CustomerId | None] = mapped_column()
    decision_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    agent_id: Mapped[str] = mapped_column(String(40))
    tool_id: Mapped[str] = mapped_column(String(40))
    tool_name: Mapped[str] = mapped_column(String(120))
    use_id: Mapped[str | None] = mapped_column(String(40))
    task_id: Mapped[str | None] = mapped_column(String(80))
    person_id: Mapped[str | None] = mapped_column(String(200))
    allowed: Mapped[bool]
    lane: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(300))
    binding_digest: Mapped[str] = mapped_column(String(64))
    basis_digest: Mapped[str] = mapped_column(String(64))
    bundle_digest: Mapped[str] = mapped_column(String(64))
    entry_id: Mapped[str] = mapped_column(String(40))
    reservations: Mapped[str | None] = mapped_column(Text)
    """What it took from limits, as JSON, to be given back if nothing was carried out."""
    outcome: Mapped[str | None] = mapped_column(String(16))
    outcome_at: Mapped[datetime | None]
    outcome_entry_id: Mapped[str | None] = mapped_column(String(40))


class MeasuredCallRow(CustomerOwned, Base):
    """What one carried-out call counts for one billing dimension, until Metering has taken it."""

    __tablename__ = "measured_call"
    __table_args__ = (
        Index(
            "ix_measured_call_open",
            "customer_id",
            "dimension",
            sqlite_where=text("taken_at IS NULL"),
            postgresql_where=text("taken_at IS NULL"),
        ),
    )

    decision_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    """Which of the tool's meters."""
    customer_id: Mapped[CustomerId] = mapped_column()
    dimension: Mapped[str] = mapped_column(String(120))
    milli: Mapped[int | None] = mapped_column(BigInteger)
    """Thousandths of a unit; None where the field that says so was not told."""
    is_customers: Mapped[bool]
    """Whether the customer's own program reported the outcome."""
    ended_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(String(40))
    """The evidence of the outcome."""
    taken_at: Mapped[datetime | None]


class DecisionBasisRow(CustomerOwned, Base):
    """What was registered when decisions were made, once under its digest; replay reads it."""

    __tablename__ = "decision_basis"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime]


class ReviewRow(CustomerOwned, Base):
    """A call that ran and that a person looks at afterwards."""

    __tablename__ = "decision_review"
    __table_args__ = (
        Index(
            "ix_decision_review_open",
            "due_at",
            sqlite_where=text("reviewed_at IS NULL"),
            postgresql_where=text("reviewed_at IS NULL"),
        ),
    )

    decision_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40))
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    verdict: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = mapped_column(String(80))


class AgentTaskRow(CustomerOwned, Base):
    """What has reached a task of an agent so far."""

    __tablename__ = "agent_task"

    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The customer's id, or `publisher`: two customers may name a task alike."""
    task_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    labels: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    """Counts joins and endorsements."""
    changed_at: Mapped[datetime]
    endorsed_at: Mapped[datetime | None]
    endorsed_by: Mapped[str | None] = mapped_column(String(80))


class DelegationRow(CustomerOwned, Base):
    """Authority handed to an agent for one task, by a person or by the agent that called it."""

    __tablename__ = "delegation"
    __table_args__ = (_of_agent("to_agent_id"),)

    delegation_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(80), index=True)
    parent_id: Mapped[str | None] = mapped_column(String(40))
    to_agent_id: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[str | None] = mapped_column(String(200))
    person_issuer: Mapped[str | None] = mapped_column(String(300))
    tools: Mapped[list[Any] | None]
    depth: Mapped[int] = mapped_column(Integer)
    began_at: Mapped[datetime]
    began_by: Mapped[str] = mapped_column(String(80))
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(80))
