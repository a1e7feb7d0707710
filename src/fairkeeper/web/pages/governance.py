"""The pages of governance: agents, decisions, approvals and policies, each as a list and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Empty, Fact, Finding, Identifier, Link, Notice, Proof, Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """A line of the agents' list."""

    agent: Link
    whose: str
    environment: str
    state: StateWord
    accountable: str
    allowed: int
    waiting: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsPage(Page):
    """All agents that whoever asks may see."""

    template: ClassVar[str] = "pages/governance/agents.html"
    sentence: str
    tabs: Sequence[Tab]
    agents: Listing[AgentRow]

    @property
    def title(self) -> str:
        """The room's name."""
        return "Agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCard:
    """What an agent is for, and what it is not for."""

    title: str
    state: StateWord
    context: str
    measure: str
    owner: str
    not_for: Sequence[str]
    known_errors: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRow:
    """A tool that an agent may call: its effect, the lane, the use it serves and what limits it."""

    tool: str
    effect: str
    lane: StateWord
    use: str
    limit: str
    review: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """A limit with what is used of it."""

    what: str
    used: int
    maximum: int

    @property
    def percent(self) -> int:
        """How much is used, in percent."""
        return min(100, 100 * self.used // self.maximum) if self.maximum else 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """A decision in a list or in the stream: when, which tool, how it came out and why."""

    id: str
    at: datetime
    agent: Link
    tool: str
    state: StateWord
    why: str
    href: str
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """A question that waits for a person."""

    href: str
    what: str
    agent: str
    asked_at: datetime
    ends_at: datetime
    state: StateWord
    note: str = ""
    is_irreversible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """Something that is held: how, why, until when, and the way to let it go."""

    what: str
    state: StateWord
    reason: str
    since_at: datetime
    until_at: datetime | None = None
    lift: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPage(Page):
    """One agent: what it is for, what it may do, what it did, what waits, and how it is stopped."""

    template: ClassVar[str] = "pages/governance/agent.html"
    name: str
    state: StateWord
    sentence: str
    needs: Sequence[Finding]
    uses: Sequence[UseCard]
    tools: Sequence[ToolRow]
    decisions: Sequence[DecisionRow]
    live_href: str
    more_href: str
    limits: Sequence[LimitRow]
    approvals: Sequence[ApprovalRow]
    holds: Sequence[HoldRow]
    facts: Sequence[Fact]
    duties: Sequence[Fact]
    threats: Sequence[Fact]
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The agent's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsPage(Page):
    """Decisions, newest first."""

    template: ClassVar[str] = "pages/governance/decisions.html"
    sentence: str
    tabs: Sequence[Tab]
    decisions: Listing[DecisionRow]

    @property
    def title(self) -> str:
        """What they are."""
        return "Decisions"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage(Page):
    """One decision: who started it, for whom, on what data, what was decided, by which policies, why, what then."""

    template: ClassVar[str] = "pages/governance/decision.html"
    name: str
    state: StateWord
    sentence: str
    who: Sequence[Fact]
    what: Sequence[Fact]
    arguments: str
    data: Sequence[Fact]
    policies: Sequence[Fact]
    then: Sequence[Fact]
    record: Sequence[Fact]
    proof: Proof | None = None
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """What was decided."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsPage(Page):
    """What waits for a person; made for the phone first."""

    template: ClassVar[str] = "pages/governance/approvals.html"
    sentence: str
    tabs: Sequence[Tab]
    waiting: Sequence[ApprovalRow]
    settled: Sequence[ApprovalRow]
    standing: Sequence[StandingRow]
    empty: Empty

    @property
    def title(self) -> str:
        """What they are."""
        return "Approvals"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """A standing approval, and the way to take it back."""

    what: str
    used: str
    where: str
    ends_at: str
    revoke: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a call, as it will be sent."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage(Page):
    """One question: what will happen, to what, why it is asked, where it came from, what cannot be undone; two answers.

    Args:
        will_happen: In one sentence.
        cannot_undo: What cannot be undone; empty if everything can.
        cue: What to check before answering, so that nobody clicks through.
        why: Why a person is asked, one reason a line.
        origins: Where the arguments came from.
        warning: What makes this one more doubtful than others; empty if nothing.
        approve, refuse: The two answers, equally easy; none once it is settled.
        standing: How calls like this one are approved for a while; none where each has to be looked at.
    """

    template: ClassVar[str] = "pages/governance/approval.html"
    name: str
    state: StateWord
    sentence: str
    will_happen: str
    arguments: Sequence[Argument]
    touches: Sequence[str]
    why: Sequence[str]
    origins: Sequence[str]
    warning: str
    cannot_undo: str
    cue: str
    facts: Sequence[Fact]
    answers: Sequence[Fact]
    approve: Form | None = None
    refuse: Form | None = None
    standing: Question | None = None
    blocked: Notice | None = None

    @property
    def title(self) -> str:
        """What is asked."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRow:
    """A bundle in the list."""

    bundle: Link
    state: StateWord
    note: str
    policies: int
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """A template and the way to fill it in."""

    title: str
    explains: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesPage(Page):
    """Bundles of policies: which is in force, which are kept, and the templates for the next."""

    template: ClassVar[str] = "pages/governance/policies.html"
    sentence: str
    tabs: Sequence[Tab]
    bundles: Listing[BundleRow]
    templates: Sequence[TemplateRow]
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """What they are."""
        return "Policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWords:
    """A policy in words."""

    id: str
    lane: StateWord
    words: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRow:
    """A test of policies and how it came out."""

    name: str
    state: StateWord
    answered: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """A call that is answered otherwise: as it was tried, or as it was seen."""

    call: str
    before: StateWord
    after: StateWord
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """Calls of real agents that a tried bundle would have answered otherwise."""

    agent: Link
    tool: str
    before: StateWord
    after: StateWord
    times: int
    last: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class BundlePage(Page):
    """One bundle: in words, with its tests, what it changes, and what trying it showed."""

    template: ClassVar[str] = "pages/governance/bundle.html"
    name: str
    state: StateWord
    sentence: str
    needs: Sequence[Finding]
    policies: Sequence[PolicyWords]
    tests: Sequence[TestRow]
    tests_note: str
    changes_note: str
    changes: Sequence[Fact]
    examples: Sequence[DifferenceRow]
    seen: Sequence[SeenRow]
    seen_note: str
    text: str
    digest: Identifier
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """Which bundle it is."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFormPage(Page):
    """A form for policies: a new bundle, or a template to fill in."""

    template: ClassVar[str] = "pages/governance/policy_form.html"
    name: str
    sentence: str
    form: Form
    shown: str = ""
    words: Sequence[str] = ()

    @property
    def title(self) -> str:
        """What is filled in."""
        return self.name
