"""The facts of one decision: what is asked, what is registered, what is only true now, and the answer.

Everything an answer rests on stands in these four; nothing else is looked up while deciding. `Basis` changes seldom and
is kept once under its digest; `Moment` is recorded with each decision. So any past decision can be computed again.

What is made anew for each decision (call, moment, answer) is a struct and no dataclass: a frozen dataclass of a dozen
fields takes 3 µs to make, a struct 0.3 (2026-11-28), and a decision has several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from fairkeeper.policy.decision.labels import NO_LABELS, Labels
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.decision.response import BusinessImpact, Response, Reversibility, Severity

APPLICATION_PREFIX: Final = "entra:"  # of a caller that is an application of Microsoft Entra: TENANT/APPLICATION
PUBLISHER = "publisher"
"""Whose things are when they are no customer's."""
LATER: Final = {"later": True}
"""Of a field that came after the first release: left out of a record where it is empty, so that digests stay."""


class Environment(StrEnum):
    """Where an agent or a tool lives; nothing of one can touch another."""

    DEV = "dev"
    TEST = "test"
    LIVE = "live"


class Effect(StrEnum):
    """What a tool does at worst."""

    READ = "read"
    WRITE = "write"
    EXTERNAL = "external"
    """Sends something to a party outside the customer."""
    IRREVERSIBLE = "irreversible"


class Lane(StrEnum):
    """The four answers of policy."""

    AUTOMATIC = "automatic"
    """Runs by itself, within its limits."""
    APPROVAL = "approval"
    """Runs when a person has approved exactly this call."""
    NOT_PERMITTED = "not_permitted"
    """Nobody has permitted it yet; it may be asked for."""
    NEVER = "never"
    """A forbid; no customer's policy, approval or role lifts it."""


class ContainmentState(StrEnum):
    """How somebody holds an agent, a tool, a customer or everything."""

    CONSTRAINED = "constrained"
    """Only what a named narrower profile leaves."""
    PAUSED = "paused"
    REVOKED = "revoked"
    """For good; only a new registration leads back."""


class Scope(StrEnum):
    """What a containment or a limit speaks of."""

    EVERYTHING = "everything"
    CUSTOMER = "customer"
    AGENT = "agent"
    TOOL = "tool"
    USE = "use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The program that asks on an agent's behalf, proved by its credentials.

    Attributes:
        id: Our id of its token or person.
        customer_id: The one customer it is bound to; None for the publisher's own product.
        may_report: Whether its roles let it ask for decisions.
        kind: What sort of principal it is; a program, unless a person asks.
    """

    id: str
    customer_id: str | None
    may_report: bool
    kind: str = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The person for whom an agent acts, as its identity provider names it."""

    id: str
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A thing that a call touches.

    Attributes:
        customer_id: Whose it is; None means the agent's own customer.
        data_class: The class of data it holds, where the caller knows.
    """

    type: str
    id: str
    customer_id: str | None = None
    data_class: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: may this agent call this tool with these arguments.

    Attributes:
        customer_id, environment, use_id: What the caller says about them; a contradiction is a denial.
        manifest_digest: Digest of the tool's description as the caller sees it now.
        person: For whom, if for somebody.
        delegation_id: What lets the agent act for that person, or for the agent that called it.
        labels: What the caller knows about the values it passes; joined with the task's own.
        inputs: Decisions whose results flow into this call.
        approval_id: The approval that the caller holds.
        instance: Which running copy of the agent.
        action: What is asked to be done with the tool; only calling is known.
    """

    agent_id: str
    tool_id: str
    arguments: Mapping[str, Any]
    caller: Caller
    customer_id: str | None = None
    environment: str | None = None
    use_id: str | None = None
    manifest_digest: str | None = None
    person: Person | None = None
    delegation_id: str | None = None
    task_id: str | None = None
    session_id: str | None = None
    resources: tuple[Resource, ...] = ()
    labels: Labels = NO_LABELS
    inputs: tuple[str, ...] = ()
    approval_id: str | None = None
    instance: str | None = None
    request_id: str | None = None
    action: str = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """A registered agent.

    Attributes:
        customer_id: Whose it is; None for the publisher's own.
        callers: Ids of tokens and applications that may speak for it; empty means any token of its customer or ours.
        chain_limit: How many delegations may stand behind it.
        acts_alone: Whether it may act without a person's delegation.
    """

    id: str
    customer_id: str | None
    name: str
    environment: Environment
    version: str
    callers: tuple[str, ...] = ()
    chain_limit: int = 3
    acts_alone: bool = True


class MeterSource(StrEnum):
    """What a tool's meter counts."""

    CALLS = "calls"
    """One unit for each call that was carried out."""
    ARGUMENT = "argument"
    """The sum of a field of the arguments."""
    RESULT = "result"
    """The sum of a field of the result, as whoever ran the tool tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """What a tool's calls count for one billing dimension.

    Attributes:
        field: The path of the field; empty where calls are counted.
    """

    dimension: str
    of: MeterSource = MeterSource.CALLS
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFacts:
    """A registered tool.

    Attributes:
        customer_id: Whose it is; None for the publisher's own, which every customer's agents may be permitted.
        reads, writes: Classes of data.
        arguments: The schema of its arguments, a subset of JSON Schema (`arguments`).
        manifest_digest: Digest of the description that was approved.
        is_manifest_open: Whether a changed description waits for approval.
        amount_argument, currency_argument: Which arguments say what a call is worth.
        most_sensitive: The highest sensitivity that may flow into it.
        needs_trusted: Whether only trusted values may flow into it.
        is_elevated: Whether it acts with more rights than the person has.
        result_labels: What its results carry unless the caller says more.
        meters: Which billing dimensions its calls count for.
    """

    id: str
    customer_id: str | None
    name: str
    environment: Environment
    effect: Effect
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    severity: Severity
    reversibility: Reversibility
    business_impact: BusinessImpact
    arguments: Mapping[str, Any]
    manifest_digest: str
    is_manifest_open: bool = False
    amount_argument: str | None = None
    currency_argument: str | None = None
    amount_in_minor: bool = True
    most_sensitive: int = 3
    needs_trusted: bool = False
    is_elevated: bool = False
    result_labels: Labels = NO_LABELS
    meters: tuple[MeterFacts, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseFacts:
    """An intended use of the agent."""

    id: str
    is_approved: bool
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitFacts:
    """Who permitted the tool to the agent, for which use, in which lane.

    Attributes:
        review_percent: How many of a hundred calls are queued for review.
    """

    id: str
    use_id: str
    lane: Lane
    review_percent: int = 0
    ends_at: datetime | None = None


class OwnerKind(StrEnum):
    """Who owns data."""

    PUBLISHER = "publisher"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """Access to a class of data that its owner granted to the agent.

    Attributes:
        use_id: The purpose.
        may_read, may_write: The scope.
    """

    id: str
    owner: OwnerKind
    data_class: str
    use_id: str
    sensitivity: int
    may_read: bool
    may_write: bool
    ends_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentFacts:
    """Somebody holds the agent, the tool, the customer or everything.

    Attributes:
        profile: Of a constraint, the name of what is left.
        until_at: When it ends by itself; None means when somebody lifts it.
    """

    id: str
    scope: Scope
    state: ContainmentState
    profile: str | None = None
    until_at: datetime | None = None
    is_drill: bool = False


class Meter(StrEnum):
    """What a limit counts."""

    CALLS = "calls"
    AMOUNT = "amount"
    UNITS = "units"
    """Thousandths of a unit of a billing dimension: a customer's own limit, whose counter Metering fills."""


class Window(StrEnum):
    """Over which time a limit counts; all by UTC."""

    TOTAL = "total"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitFacts:
    """A ceiling on calls, on money, or on the units of a billing dimension.

    Attributes:
        maximum: In calls, in the smallest unit of the currency, or in thousandths of a unit.
        is_shared: Whether several customers' calls count together.
        dimension: Of a limit on units: which.
        asks: Whether a call above it is asked about; otherwise it is refused.
    """

    id: str
    scope: Scope
    meter: Meter
    window: Window
    maximum: int
    currency: str | None = None
    is_shared: bool = False
    dimension: str | None = field(default=None, metadata=LATER)
    asks: bool = field(default=False, metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """One validated Cedar policy that applies to this agent and tool.

    Attributes:
        id: Its `@id`.
        is_customers: Whether the customer wrote it; then it is a forbid, which only narrows.
    """

    id: str
    text: str
    is_customers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What is registered about one agent and one tool, at one epoch.

    Attributes:
        bundle_digest: SHA-256 of the policy bundles in force, publisher's and customer's.
        digest: SHA-256 of everything here; a decision names it, and replay finds it by it.
    """

    agent: AgentFacts
    tool: ToolFacts
    uses: tuple[UseFacts, ...]
    permits: tuple[PermitFacts, ...]
    grants: tuple[GrantFacts, ...]
    containments: tuple[ContainmentFacts, ...]
    limits: tuple[LimitFacts, ...]
    policies: tuple[PolicyText, ...]
    bundle_digest: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationFacts:
    """One link of the chain from a person to the agent that asks.

    Attributes:
        tools: Names of tools; None means all that the giver may use.
        to_agent_id: Who received it.
        person: Who gave it, where a person did.
    """

    id: str
    task_id: str
    to_agent_id: str
    tools: tuple[str, ...] | None
    ends_at: datetime
    revoked_at: datetime | None = None
    person: Person | None = None


class ApprovalState(StrEnum):
    """Where an approval stands, as far as a decision must know."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    CONSUMED = "consumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFacts:
    """A person's answer, as it is found in the transaction of the decision.

    Attributes:
        binding_digest: The exact action it was given for (`binding.binding_digest`); for a standing approval, the one
            of the call now decided, since the approvals' room has matched it.
        bundle_digest: The policies under which it was asked for.
        is_standing: Whether it covers calls of its kind, within daily limits of its own.
    """

    id: str
    state: ApprovalState
    binding_digest: str
    bundle_digest: str
    ends_at: datetime
    approvers: tuple[str, ...] = ()
    is_standing: bool = False


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What is only true at the instant of the decision.

    Attributes:
        standing: Why the customer may not act now, as codes; empty means that it may.
        chain: Delegations, the person's first; empty where none was named or found.
        task_labels: What has reached the task so far.
        approval: The approval that was named, or a standing one that fits; None where there is none.
        used: What has been used of each limit in its present window.
        usage: By billing dimension, how much of the customer's own limit is used, in whole percent; policies read it.
    """

    at: datetime
    standing: tuple[str, ...] = ()
    chain: tuple[DelegationFacts, ...] = ()
    task_labels: Labels = NO_LABELS
    approval: ApprovalFacts | None = None
    used: Mapping[str, int] = msgspec.field(default_factory=dict)
    usage: Mapping[str, int] = msgspec.field(default_factory=dict)


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What an allowed call took from a limit."""

    limit_id: str
    window: str
    taken: int
    before: int
    after: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one call.

    Attributes:
        allowed: The only thing to act on.
        lane: Where policy put it; None where it was refused before policy was asked.
        response: What severity, reversibility and impact ask for.
        reason: Why, exactly one.
        detail: Of the reason: which containment, limit, argument, data class.
        policies: Ids of the policies that determined it.
        use_id: The intended use it was decided under.
        binding_digest: What an approval has to be bound to.
        labels: What reached the call.
        is_reviewed: Whether it is queued for a person to look at afterwards.
        reservations: What it took from limits; empty unless allowed.
        approval_id: The approval that it consumed.
        errors: What could not be evaluated; for operators, never for whoever asked.
    """

    allowed: bool
    reason: Reason
    lane: Lane | None = None
    response: Response | None = None
    detail: str = ""
    policies: tuple[str, ...] = ()
    use_id: str | None = None
    binding_digest: str = ""
    labels: Labels = NO_LABELS
    is_reviewed: bool = False
    reservations: tuple[Reservation, ...] = ()
    approval_id: str | None = None
    errors: tuple[str, ...] = ()
