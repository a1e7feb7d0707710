"""The pages of payouts: what is wrong, one finding, one transaction, the files, the payments, what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Empty, Fact, Finding, Link, PathPlace, Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A line of what is wrong between order and bank."""

    finding: Link
    what: str
    amount: str
    level: StateWord
    since_on: date | None
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsPage(Page):
    """What is wrong between order and bank, the largest first."""

    template: ClassVar[str] = "pages/payouts/findings.html"
    tabs: Sequence[Tab]
    sentence: str
    findings: Listing[FindingRow]
    needs: Sequence[Finding] = ()
    held_back: Sequence[str] = ()
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The room's name."""
        return "Payouts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStage:
    """One stage of the chain as it is drawn, with its amounts."""

    place: PathPlace
    amounts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One row of a report: what, when, how much, and where it stands."""

    stage: str
    what: str
    on: date | None
    amount: str
    status: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPicture:
    """The chain of one transaction with its rows."""

    stages: Sequence[ChainStage]
    rows: Sequence[ChainRow]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFindingPage(Page):
    """One finding: what, how much, the chain, the rows, the text for support, and closing it."""

    template: ClassVar[str] = "pages/payouts/finding.html"
    heading: str
    state: StateWord
    sentence: str
    facts: Sequence[Fact]
    support_text: str
    sources: Sequence[str]
    chain: ChainPicture | None = None
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """What the rule says."""
        return self.heading


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage(Page):
    """One transaction from order to bank; without an id only the question for one."""

    template: ClassVar[str] = "pages/payouts/trace.html"
    tabs: Sequence[Tab]
    subject: str
    sentence: str
    facts: Sequence[Fact] = ()
    chain: ChainPicture | None = None
    needs: Sequence[Finding] = ()
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """What is traced."""
        return "Trace a transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A line of the files: what was handed over and what was read."""

    name: str
    report: str
    state: StateWord
    rows: int | None
    period: str
    received_at: datetime
    troubles: Sequence[str] = ()
    withdraw: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRow:
    """A line of what is fetched from Partner Center."""

    report: str
    period: str
    state: StateWord
    wanted_at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """A line of what is covered: a report, its months, what is missing."""

    report: str
    where: str
    covered: str
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPage(Page):
    """The files: handing over, what was read, which months are there and what to download."""

    template: ClassVar[str] = "pages/payouts/files.html"
    tabs: Sequence[Tab]
    sentence: str
    is_busy: bool
    may_upload: bool
    upload_key: str
    files: Sequence[FileRow]
    coverage: Sequence[CoverageRow]
    held_back: Sequence[str]
    empty: Empty
    fetches: Sequence[FetchRow] = ()
    is_fetching: bool = False

    @property
    def title(self) -> str:
        """The tab's name."""
        return "Files of reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """A line of the payments: stated, traced and arrived."""

    payment: Link
    payment_date: date
    status: StateWord
    stated: str
    traced: str
    difference: str
    arrived: str
    workpaper: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRow:
    """A line of what is to come."""

    month: str
    sure: str
    likely: str
    possible: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """A line of the months: what was billed, earned and paid, and whether it is closed."""

    month: str
    billed: str
    earned: str
    paid: str
    uncollected: str
    at_risk: str
    fee_saved: str
    state: StateWord
    journal: Link
    close: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsPage(Page):
    """Every payment beside the earnings traced to it, and what arrived."""

    template: ClassVar[str] = "pages/payouts/payments.html"
    tabs: Sequence[Tab]
    sentence: str
    payments: Listing[PaymentRow]

    @property
    def title(self) -> str:
        """The tab's name."""
        return "Payments"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsPage(Page):
    """The months with their sums, and what should arrive in the next ones."""

    template: ClassVar[str] = "pages/payouts/months.html"
    tabs: Sequence[Tab]
    sentence: str
    forecast: Sequence[ForecastRow]
    months: Sequence[MonthRow]

    @property
    def title(self) -> str:
        """The tab's name."""
        return "Months and forecast"
