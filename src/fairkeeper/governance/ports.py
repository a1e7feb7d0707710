"""What the hot path asks of others, inside its own transaction: approvals, policies, the customer's standing.

Every question is asked for a whole batch at once, on the transaction in which the decisions are recorded; so an answer
cannot be older than the decision that rests on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from sqlalchemy.orm import Session

from fairkeeper.governance.tables import AgentRow
from fairkeeper.governance.transaction import Transaction
from fairkeeper.policy.decision.facts import ApprovalFacts, Basis, Call, Caller, PolicyText, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalQuestion:
    """Is there an approval for exactly this call.

    Attributes:
        approval_id: The one that the caller holds; None asks for a standing one.
        customer_id: Whose; an approval of another customer is not found.
        binding_digest: Tool, arguments, customer, environment, policies, agent and person, digested.
    """

    approval_id: str | None
    customer_id: str | None
    binding_digest: str
    call: Call
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededApproval:
    """A call that waits for a person, to be written down in the decision's own transaction.

    Attributes:
        decision_id: The decision that said so.
        entry_id: Its evidence entry.
        question: What has to be approved.
        verdict: Why it was asked for: lane, response, policies, labels.
    """

    decision_id: str
    entry_id: str
    question: ApprovalQuestion
    verdict: Verdict
    at: datetime


class Approvals(Protocol):
    """The room of approvals, as decisions need it."""

    def find(
        self, transaction: Transaction, questions: Sequence[ApprovalQuestion], *, now: datetime
    ) -> Sequence[ApprovalFacts | None]:
        """Return what is there for each question, in order; rows read to be consumed are locked."""
        ...

    def consume(self, transaction: Transaction, approval_id: str, decision_id: str, *, now: datetime) -> bool:
        """Use an approval up for a decision (of a standing one: count the use); False if it was used up already."""
        ...

    def ask(self, transaction: Transaction, needed: Sequence[NeededApproval]) -> Mapping[str, str]:
        """Write down what waits for a person; return the approval's id by decision's id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePolicies:
    """The bundles in force for one customer: the publisher's frame, and what the customer narrowed.

    Attributes:
        digest: SHA-256 of both bundles; a decision names it, approvals are bound to it.
        policies: By scope, see `ScopedPolicy`.
    """

    digest: str
    policies: tuple[ScopedPolicy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedPolicy:
    """One policy and what it was linked to; None means every agent, or every tool.

    Attributes:
        policy: Validated against `agents.cedarschema`.
    """

    policy: PolicyText
    agent_id: str | None = None
    tool_id: str | None = None


class Policies(Protocol):
    """The bundles in force. Whoever activates one moves the epoch (`governance.epochs.move`)."""

    def active(self, transaction: Transaction, customer_id: str | None) -> ActivePolicies:
        """Return what is in force for a customer; None is the publisher's own agents."""
        ...


class Shadow(Protocol):
    """Sees decisions after they were recorded, to compare them with a bundle that is only tried."""

    def compare(  # noqa: PLR0913 - everything that an answer rested on, by name
        self, call: Call, basis: Basis, verdict: Verdict, *, at: datetime, decision_id: str, usage: Mapping[str, int]
    ) -> None:
        """Look at one decision, with the usage that policies read; must return at once and raise nothing."""
        ...


class Standing(Protocol):
    """Whether customers may act now."""

    def reasons(self, transaction: Transaction, customer_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return why each customer may not act, as codes; an empty tuple means that it may."""
        ...


_NO_POLICIES = sha256(b"").hexdigest()


class Credentials(Protocol):
    """Whether whoever asks still may."""

    def callers(
        self, transaction: Transaction, caller_ids: Sequence[str], *, now: datetime
    ) -> Mapping[str, Caller | None]:
        """Return each caller as its credentials stand now; None for one that was revoked, nothing for nobody's."""
        ...


class ReleaseGate(Protocol):
    """Whoever knows what an agent has to have shown before it goes live."""

    def refuse_unready(self, session: Session, agent: AgentRow, *, now: datetime) -> None:
        """Raise a conflict with every reason, where the agent may not be promoted to live as it stands."""
        ...
