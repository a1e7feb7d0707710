"""The deals' pages: the board, the list, one deal, its editor, its sheet, its hand-over, two side by side, renewals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from markupsafe import Markup

from fairkeeper.values.money import Money
from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Answer, Deadline, Empty, Fact, Finding, Link, Path, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class DealCard:
    """A deal on the board: whose, how much, and what comes next."""

    deal: Link
    customer: str
    total: Money
    state: StateWord
    next_what: str = ""
    next_on: date | None = None
    note: str = ""
    needs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardColumn:
    """One column of the board.

    Args:
        totals: What its deals are worth, by currency.
        more: The way to those that are not shown.
    """

    title: str
    cards: Sequence[DealCard]
    number: int
    totals: Sequence[Money] = ()
    more: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealBoardPage(Page):
    """All deals by how far they have come."""

    template: ClassVar[str] = "pages/deals/board.html"
    sentence: str
    columns: Sequence[BoardColumn]
    needs: Sequence[Finding | Deadline] = ()
    actions: Sequence[Link] = ()
    empty: Empty | None = None

    @property
    def title(self) -> str:
        """The room's name."""
        return "Deals"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealRow:
    """A line of the deals' list."""

    deal: Link
    customer: str
    state: StateWord
    total: Money
    accept_by: date
    ends_on: date
    owner: str
    crm_id: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealListPage(Page):
    """Deals, filtered and ordered by the address."""

    template: ClassVar[str] = "pages/deals/list.html"
    sentence: str
    deals: Listing[DealRow]

    @property
    def title(self) -> str:
        """What it is a list of."""
        return "All deals"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """One charge: what the customer pays, and what reaches the publisher by when."""

    number: int
    plan: str
    charged_on: date
    customer_pays: Money
    running: Money
    note: str = ""
    partner_pays: Money | None = None
    earning: Money | None = None
    paid_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterRow:
    """One quarter of the money; the other alternative's beside it."""

    quarter: str
    charged: Money
    paid: Money
    other_charged: Money | None = None
    other_paid: Money | None = None
    ahead: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture with what it says, and its table one click away.

    Args:
        id: The element's id.
        title: What it shows, as a finding.
        alt: The same for whoever cannot see it.
        href: Address of the picture; empty where it stands in the page itself.
        drawing: The picture itself.
    """

    id: str
    title: str
    alt: str
    href: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealMoney:
    """What a deal comes to, for the charts and tables of a page.

    Args:
        charts: The pictures.
        schedule: Every charge.
        quarters: The money by quarter; empty where the customer's agreement is not known.
        sentence: What stands above.
    """

    charts: Sequence[Chart] = ()
    schedule: Sequence[ScheduleRow] = ()
    quarters: Sequence[QuarterRow] = ()
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """One approval that a deal needs."""

    reason: str
    sentence: str
    state: StateWord
    who: str = ""
    give: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRow:
    """One subscription that came from a deal, or may have."""

    subscription: Link
    plan: str
    bought_on: date
    how: str
    confirm: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version of a deal's text."""

    number: int
    changed_at: date
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealPage(Page):
    """One deal: what it needs, how far it is, its money, who approved it, what was bought, its record."""

    template: ClassVar[str] = "pages/deals/deal.html"
    name: str
    state: StateWord
    sentence: str
    path: Path
    facts: Sequence[Fact]
    money: DealMoney
    timeline: Timeline
    needs: Sequence[Finding | Deadline] = ()
    findings: Sequence[Finding] = ()
    approvals: Sequence[ApprovalRow] = ()
    purchases: Sequence[PurchaseRow] = ()
    versions: Sequence[VersionRow] = ()
    actions: Sequence[Link] = ()
    questions: Sequence[Question] = ()
    document: str = ""

    @property
    def title(self) -> str:
        """The deal's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class DealEditorPage(Page):
    """A deal's text with what the rules say of it, live where scripts run.

    Args:
        form: The text and its button.
        preview_href: Where the text is sent to be looked at.
        verdict: Whether it could be submitted.
    """

    template: ClassVar[str] = "pages/deals/editor.html"
    name: str
    sentence: str
    form: Form
    preview_href: str
    verdict: Answer
    findings: Sequence[Finding]
    money: DealMoney

    @property
    def title(self) -> str:
        """What is written."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverStep:
    """One step of the customer's: what, who may, and by when."""

    what: str
    who: str
    how: str
    until: date | None = None
    link: Link | None = None
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverPage(Page):
    """What a customer has to do to buy a deal, to be sent or printed."""

    template: ClassVar[str] = "pages/deals/hand_over.html"
    name: str
    publisher: str
    customer: str
    sentence: str
    facts: Sequence[Fact]
    steps: Sequence[HandOverStep]
    schedule: Sequence[ScheduleRow]
    back: Link

    @property
    def title(self) -> str:
        """Whose hand-over it is."""
        return f"{self.name}: what to do"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPart:
    """One page of Partner Center's: the way there, its fields, its lines."""

    path: Sequence[str]
    fields: Sequence[tuple[str, str]]
    lines: Sequence[tuple[int, str, str, str]] = ()
    total: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealSheetPage(Page):
    """What to type into Partner Center, page by page."""

    template: ClassVar[str] = "pages/deals/sheet.html"
    name: str
    sentence: str
    parts: Sequence[SheetPart]
    findings: Sequence[Finding]
    back: Link

    @property
    def title(self) -> str:
        """Whose sheet it is."""
        return f"{self.name}: to enter in Partner Center"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealComparePage(Page):
    """Two deals side by side, quarter by quarter."""

    template: ClassVar[str] = "pages/deals/compare.html"
    first: Link
    second: Link
    sentence: str
    facts: Sequence[tuple[str, str, str]]
    charts: Sequence[Chart]
    quarters: Sequence[QuarterRow]

    @property
    def title(self) -> str:
        """What stands side by side."""
        return "Two deals side by side"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRow:
    """One contract that ends."""

    deal: Link
    customer: str
    total: Money
    ends_on: date
    asked_on: date
    goes_on: str
    answer: str
    fee_at_stake: str
    ask: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalGroup:
    """One month of endings."""

    title: str
    totals: str
    rows: Sequence[RenewalRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalsPage(Page):
    """What ends when, with what is at stake."""

    template: ClassVar[str] = "pages/deals/renewals.html"
    sentence: str
    months: Sequence[RenewalGroup]
    empty: Empty
    exports: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """What it is a calendar of."""
        return "Renewals"
