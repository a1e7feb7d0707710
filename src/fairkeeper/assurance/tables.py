"""Tables of the room: what is usual for agents, signals, incidents with their notices, suites and their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fairkeeper.database.base import Base, CustomerOwned


def _of_agent() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["customer_id", "agent_id"], ["agent.customer_id", "agent.agent_id"])


class BehaviourRow(CustomerOwned, Base):
    """What monitoring remembers of one agent; it names people, so it goes when its customer's data go."""

    __tablename__ = "agent_behaviour"
    __table_args__ = (_of_agent(),)

    agent_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    through_at: Mapped[datetime]
    """The end of the last hour that was judged."""


class SignalRuleRow(Base):
    """How a kind of signal is heard: active, only written down (shadow) or not at all; and what follows by itself."""

    __tablename__ = "signal_rule"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    mode: Mapped[str] = mapped_column(String(8))
    response: Mapped[str] = mapped_column(String(12))
    profile: Mapped[str | None] = mapped_column(String(40))
    opens_incident: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(80))


class SignalRow(CustomerOwned, Base):
    """Something unusual that an agent did."""

    __tablename__ = "behaviour_signal"
    __table_args__ = (_of_agent(), UniqueConstraint("agent_id", "kind", "at"))

    signal_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(index=True)
    """The beginning of the hour that was judged."""
    mode: Mapped[str] = mapped_column(String(8))
    rings: Mapped[bool]
    """Whether it begins an episode; what comes with another signal of the agent is told beside it."""
    sentence: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]]
    """Observed, expected, chance, baseline, tools, data, people and decisions."""
    response: Mapped[str] = mapped_column(String(12))
    incident_id: Mapped[str | None] = mapped_column(String(40))
    verdict: Mapped[str | None] = mapped_column(String(12))
    verdict_why: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))


class IncidentRow(CustomerOwned, Base):
    """Something that went wrong, from opening to review."""

    __tablename__ = "incident"
    __table_args__ = (UniqueConstraint("customer_id", "incident_id"), Index("ix_incident_state", "state", "opened_at"))

    incident_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(24))
    severity: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(12))
    source_id: Mapped[str | None] = mapped_column(String(120))
    agent_id: Mapped[str | None] = mapped_column(String(40))
    summary: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime]
    """Since when it is believed to have gone on; the blast radius starts there."""
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))
    contained_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    is_drill: Mapped[bool]
    steps: Mapped[list[Any]]
    """Of the runbook and beyond: what was done, by whom, when."""
    review: Mapped[dict[str, Any] | None]


class IncidentNoticeRow(CustomerOwned, Base):
    """A notice that the incident may call for, drafted; a person sends it."""

    __tablename__ = "incident_notice"
    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "incident_id"], ["incident.customer_id", "incident.incident_id"]),
    )

    notice_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    incident_id: Mapped[str] = mapped_column(String(40), index=True)
    audience: Mapped[str] = mapped_column(String(12))
    about_customer_id: Mapped[str | None] = mapped_column(String(40))
    due_at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))


class SuiteRow(CustomerOwned, Base):
    """Scenarios, criteria and triggers of one intended use; data, so that they change without a release of ours."""

    __tablename__ = "evaluation_suite"
    __table_args__ = (
        _of_agent(),
        UniqueConstraint("customer_id", "suite_id"),
        UniqueConstraint("agent_id", "use_title", "name"),
    )

    suite_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(40), index=True)
    use_id: Mapped[str] = mapped_column(String(40))
    use_title: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(80))
    content: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(80))


class SuiteRunRow(CustomerOwned, Base):
    """One run of a suite for one version of an agent, with every result."""

    __tablename__ = "evaluation_run"
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "suite_id"], ["evaluation_suite.customer_id", "evaluation_suite.suite_id"]
        ),
        Index("ix_evaluation_run_suite", "suite_id", "ran_at"),
    )

    run_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    suite_id: Mapped[str] = mapped_column(String(40))
    agent_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(40))
    environment: Mapped[str] = mapped_column(String(8))
    has_passed: Mapped[bool]
    results: Mapped[list[Any]]
    measures: Mapped[list[Any]]
    scenarios: Mapped[int] = mapped_column(Integer)
    bundle_digest: Mapped[str] = mapped_column(String(64))
    ran_at: Mapped[datetime]
    ran_by: Mapped[str] = mapped_column(String(80))


class EventDestinationRow(CustomerOwned, Base):
    """Where events are delivered: a customer's own receiver, or the publisher's, which hears of everything."""

    __tablename__ = "event_destination"

    destination_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    event_format: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(12), server_default="webhook")
    """webhook, file, syslog, sentinel or otlp."""
    settings: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What its kind needs beside the address; no secrets."""
    address: Mapped[str] = mapped_column(String(500))
    after: Mapped[int] = mapped_column(BigInteger)
    """The last place in the log that the receiver has taken."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(300))
