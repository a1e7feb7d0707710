"""What queries of this room answer: frozen rows, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentLine:
    """Something is or was held."""

    containment_id: str
    customer_id: str | None
    scope: str
    subject_id: str
    state: str
    profile: str | None
    reason: str
    is_drill: bool
    is_publishers: bool
    began_at: datetime
    began_by: str
    until_at: datetime | None
    lifted_at: datetime | None
    is_held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLine:
    """An agent in a list.

    Attributes:
        held: How it is held now, or `active`.
        allowed, refused, waiting: Decisions of the last 24 hours.
    """

    agent_id: str
    customer_id: str | None
    name: str
    title: str
    environment: str
    version: str
    owner: str
    accountable: str
    held: str
    allowed: int
    refused: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLine:
    """An intended use."""

    use_id: str
    title: str
    owner: str
    business_context: str
    value_measure: str
    known_errors: list[str]
    not_for: list[str]
    state: str
    approved_at: datetime | None
    approved_by: str | None
    withdrawn_at: datetime | None
    withdrawn_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitLine:
    """A tool that is permitted to an agent, and in which lane."""

    permit_id: str
    tool_id: str
    tool_name: str
    tool_title: str
    tool_effect: str
    use_id: str
    lane: str
    review_percent: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLine:
    """Access to a class of data."""

    grant_id: str
    use_id: str
    owner_kind: str
    owner: str
    data_class: str
    sensitivity: int
    quality_note: str
    may_read: bool
    may_write: bool
    ends_at: datetime
    revoked_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A limit and what is used of it in the present window."""

    limit_id: str
    customer_id: str | None
    scope: str
    subject_id: str
    agent_id: str | None
    meter: str
    currency: str | None
    span: str
    maximum: int
    used: int
    dimension: str | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """A decision in a list."""

    decision_id: str
    at: datetime
    customer_id: str | None
    agent_id: str
    agent_name: str
    tool_name: str
    allowed: bool
    lane: str | None
    reason: str
    sentence: str
    detail: str
    outcome: str | None
    entry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """Decisions, the newest first.

    Attributes:
        more_before: The id to ask for older ones by; None where there are none.
    """

    decisions: list[DecisionLine]
    more_before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDetail:
    """Everything about one decision: who, for whom, with what, what was decided, why, and what happened then.

    Attributes:
        record: The payload of its evidence entry; None once it was erased.
        outcome_record: The payload of its outcome's entry.
        reasons: What the policies that determined it are there for, by their ids, in their authors' words.
    """

    line: DecisionLine
    person_id: str | None
    task_id: str | None
    use: UseLine | None
    binding_digest: str
    bundle_digest: str
    basis_digest: str
    record: dict[str, Any] | None
    outcome_at: datetime | None
    outcome_entry_id: str | None
    outcome_record: dict[str, Any] | None
    review: ReviewLine | None
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine:
    """A call in the queue of what a person looks at afterwards."""

    decision_id: str
    agent_id: str
    agent_name: str
    tool_name: str
    queued_at: datetime
    due_at: datetime
    is_late: bool
    verdict: str | None
    note: str | None
    reviewed_at: datetime | None
    reviewed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDetail:
    """An agent with everything that says what it may do."""

    line: AgentLine
    acts_for: str
    publisher_duties: str
    customer_duties: str
    acts_alone: bool
    chain_limit: int
    callers: list[str]
    threat_notes: dict[str, str]
    assessment: str
    promoted_from: str | None
    described_at: datetime | None
    created_at: datetime
    uses: list[UseLine]
    permits: list[PermitLine]
    grants: list[GrantLine]
    limits: list[LimitLine]
    containments: list[ContainmentLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLine:
    """A registered tool."""

    tool_id: str
    customer_id: str | None
    name: str
    title: str
    environment: str
    effect: str
    reads: list[str]
    writes: list[str]
    severity: str
    reversibility: str
    business_impact: str
    response: str
    manifest_digest: str
    open_manifest_digest: str | None
    separates_duties: bool
    is_elevated: bool
    needs_trusted: bool
    most_sensitive: int
    result_sensitivity: int
    result_is_trusted: bool
    meters: list[dict[str, str]]
    held: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDetail:
    """A tool with the schema of its arguments."""

    line: ToolLine
    arguments: dict[str, Any]
    open_arguments: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDetail:
    """What has reached a task of an agent."""

    task_id: str
    customer_id: str | None
    labels: dict[str, Any]
    version: int
    changed_at: datetime
    endorsed_at: datetime | None
    endorsed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """How fast a hold took effect.

    Attributes:
        last_allowed_at: The last call that was let through of what is held, if any, before or after it began.
        first_refused_at: The first call that was refused because of it.
        allowed_after: Calls let through after it began; more than none is a failure.
    """

    containment: ContainmentLine
    last_allowed_at: datetime | None
    first_refused_at: datetime | None
    allowed_after: int
    refused: int
