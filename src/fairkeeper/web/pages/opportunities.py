"""The opportunities' pages: the seller's list, one card, the chat, alerts, the book for leaders, the track record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Empty, Fact, Finding, Link, Tab, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """A line of the seller's list: who, through which lens, how likely, how much, why now, what to do."""

    account: Link
    lens: str
    likelihood: str
    band: StateWord
    seats: str
    worth: str
    motion: StateWord
    why_now: str
    why_now_on: date
    reason: str
    owner: str
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunitiesPage(Page):
    """The cards, those first with most seats expected."""

    template: ClassVar[str] = "pages/opportunities/list.html"
    sentence: str
    tabs: Sequence[Tab]
    needs: Sequence[Finding]
    cards: Listing[CardRow]

    @property
    def title(self) -> str:
        """The room's name."""
        return "Opportunities"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """A sentence of evidence, what it adds to the log odds, and whether it is Microsoft's own label."""

    text: str
    adds: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """One snapshot's figures of the account; empty where they are not known."""

    as_of: date
    paid_seats: str
    paid_users: str
    chat_users: str
    agent_users: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLens:
    """How the account stands under another lens."""

    title: str
    likelihood: str
    rank: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage(Page):
    """One card: who, why now, what to do, the evidence for and against, and what became of it."""

    template: ClassVar[str] = "pages/opportunities/card.html"
    name: str
    state: StateWord
    sentence: str
    why_now: str
    why_now_on: date
    first: str
    facts: Sequence[Fact]
    reasons: Sequence[EvidenceLine]
    against: Sequence[EvidenceLine]
    missing: Sequence[str]
    changes: Sequence[str]
    past: Sequence[MonthRow]
    others: Sequence[OtherLens]
    pushes: Sequence[Fact]
    timeline: Timeline
    questions: Sequence[Question] = ()
    needs: Sequence[Finding] = ()
    note: str = ""
    deal: Link | None = None

    @property
    def title(self) -> str:
        """The account's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """One line of an answer, with the day its figures are of and the way to what it is about."""

    text: str
    as_of: date | None
    where: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question and its answer."""

    question: str
    heading: str
    lines: Sequence[AnswerLine]
    note: str
    source: str
    narration: str
    is_answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage(Page):
    """The chat: questions asked so far, their answers, and what can be asked."""

    template: ClassVar[str] = "pages/opportunities/ask.html"
    tabs: Sequence[Tab]
    exchanges: Sequence[Exchange]
    earlier: Sequence[str]
    suggestions: Sequence[Link]
    sentence: str

    @property
    def title(self) -> str:
        """What the page is for."""
        return "Ask about accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert."""

    account: str
    sentence: str
    kind: StateWord
    before: int
    after: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage(Page):
    """What changed so much that it is believed."""

    template: ClassVar[str] = "pages/opportunities/alerts.html"
    sentence: str
    tabs: Sequence[Tab]
    alerts: Listing[AlertRow]

    @property
    def title(self) -> str:
        """What the page is for."""
        return "Alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart: its finding as a title, its file, and the words for whoever cannot see it."""

    title: str
    href: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A plain table; the columns that are numbers stand to the right."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPage(Page):
    """The book for leaders: by lens, motion, segment and month."""

    template: ClassVar[str] = "pages/opportunities/portfolio.html"
    sentence: str
    tabs: Sequence[Tab]
    pictures: Sequence[Picture]
    tables: Sequence[Table]

    @property
    def title(self) -> str:
        """What the page is for."""
        return "Portfolio"


@dataclass(frozen=True, slots=True, kw_only=True)
class LensSection:
    """How one lens did: its sentence, its figures against the baselines, its reliability."""

    id: str
    title: str
    sentence: str
    table: Table | None
    picture: Picture | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecordPage(Page):
    """The account that the rankings give of themselves."""

    template: ClassVar[str] = "pages/opportunities/report.html"
    sentence: str
    tabs: Sequence[Tab]
    lenses: Sequence[LensSection]
    cards: Table
    note: str

    @property
    def title(self) -> str:
        """What the page is for."""
        return "Track record"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFile:
    """A file that was just handed over, what became of it, and what was found in it."""

    name: str
    sentence: str
    is_used: bool
    troubles: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRow:
    """One imported file."""

    file: str
    tab: str
    rows: int
    as_of: date
    taken_on: date
    revision: str
    state: StateWord
    troubles: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPage(Page):
    """Handing files over, and what was imported."""

    template: ClassVar[str] = "pages/opportunities/files.html"
    sentence: str
    tabs: Sequence[Tab]
    may_upload: bool
    upload_key: str
    taken: Sequence[TakenFile]
    snapshots: Sequence[SnapshotRow]
    empty: Empty
    sample: Form | None = None

    @property
    def title(self) -> str:
        """What the page is for."""
        return "Files"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRow:
    """One record at the CRM, who let it through, and the decision about it."""

    what: Link
    record: str
    how: str
    state: StateWord
    asked_at: datetime
    note: str
    decision: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedPage(Page):
    """What goes to the CRM, by a click and unasked."""

    template: ClassVar[str] = "pages/opportunities/crm.html"
    sentence: str
    tabs: Sequence[Tab]
    facts: Sequence[Fact]
    questions: Sequence[Question]
    agent: Link
    pushes: Sequence[PushRow]

    @property
    def title(self) -> str:
        """What the page is for."""
        return "CRM"
