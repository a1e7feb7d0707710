"""The pages of usage: every customer's dimensions, one subscription with its chart and hours, one counted hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.deals import Chart
from fairkeeper.web.parts import Deadline, Fact, Finding, Link, Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One dimension of one subscription."""

    customer: str
    dimension: Link
    used: str
    included: str
    overage: str
    standing: Sequence[str]
    ends_at: datetime
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageListPage(Page):
    """Usage of everybody, or of one's own company."""

    template: ClassVar[str] = "pages/usage/list.html"
    sentence: str
    lines: Listing[UsageRow]
    needs: Sequence[Finding | Deadline] = ()

    @property
    def title(self) -> str:
        """The room's name."""
        return "Usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRow:
    """One counted hour in the list."""

    hour: Link
    units: str
    quantity: str
    state: StateWord
    status: str
    evidence: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRow:
    """One day beside Microsoft's."""

    day_on: date
    dimension: str
    ours: str
    microsofts: str
    explanation: str
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """One proof of usage that was made."""

    proof: Link
    made_at: datetime
    units: str
    file: Link | None
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage(Page):
    """One subscription's usage."""

    template: ClassVar[str] = "pages/usage/one.html"
    heading: str
    sentence: str
    tabs: Sequence[Tab]
    facts: Sequence[Fact]
    hours: Listing[HourRow]
    compared: Listing[ComparedRow]
    proofs: Listing[ProofRow]
    charts: Sequence[Chart] = ()
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The customer and the dimension."""
        return self.heading


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedRow:
    """What a proof states of one dimension and plan."""

    dimension: str
    plan: str
    units: str
    sources: Sequence[str]
    reported: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofPage(Page):
    """One proof of usage: what it states, its file, and how to check it."""

    template: ClassVar[str] = "pages/usage/proof.html"
    heading: str
    sentence: str
    state: StateWord
    facts: Sequence[Fact]
    rows: Sequence[ProvedRow]
    proves: Sequence[str]
    proves_not: Sequence[str]
    verify: str
    file_href: str = ""

    @property
    def title(self) -> str:
        """The days and whose."""
        return self.heading


@dataclass(frozen=True, slots=True, kw_only=True)
class HourPage(Page):
    """One counted hour, and what a person may decide about it."""

    template: ClassVar[str] = "pages/usage/hour.html"
    heading: str
    sentence: str
    state: StateWord
    facts: Sequence[Fact]
    needs: Sequence[Finding | Deadline] = ()
    questions: Sequence[Question] = ()
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The hour."""
        return self.heading
