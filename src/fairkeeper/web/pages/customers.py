"""The customers' pages: the list, one customer, one subscription."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from fairkeeper.values.money import Money
from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.webhooks import WebhookRow
from fairkeeper.web.parts import Answer, Deadline, Fact, Finding, Identifier, Link, Path, Tab, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """A line of the customers' list: who, where on the path, what next and by when."""

    customer: Link
    tenant: Identifier
    step: str
    state: StateWord
    subscriptions: int
    next_what: str = ""
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersPage(Page):
    """All customers, filtered and ordered by the address."""

    template: ClassVar[str] = "pages/customers.html"
    sentence: str
    customers: Listing[CustomerRow]
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The room's name."""
        return "Customers"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRow:
    """A subscription that another system ran when it was first seen.

    Args:
        subscription_id: What the box of the row stands for.
        would_have: How much would have been done for it.
    """

    subscription_id: str
    customer: Link
    plan: str
    state: StateWord
    adopted_at: datetime | None
    would_have: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """Something that would have been done, and for whom."""

    customer: Link
    what: str
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyPage(Page):
    """What another system runs, what was taken over, and what would have been done.

    Args:
        tabs: Observed, taken over, would have.
        picks: Where the ticked rows go to be asked about; empty for those who may not move any.
        pick: What the button says.
    """

    template: ClassVar[str] = "pages/custody.html"
    sentence: str
    tabs: Sequence[Tab]
    subscriptions: Listing[CustodyRow] | None
    notes: Listing[NoteRow] | None
    picks: str = ""
    pick: str = ""

    @property
    def title(self) -> str:
        """What it is about."""
        return "Observed and managed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """A line of a customer's subscriptions; a None quantity is a flat rate."""

    subscription: Link
    offer: str
    plan: str
    quantity: int | None
    state: StateWord
    term_ends_on: date | None = None
    may_act: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningAttempt:
    """One call of the publisher's own code: when, what it was asked, how it ended, in its own words."""

    started_at: datetime
    wish: str
    attempt: int
    state: StateWord
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioning:
    """How the publisher's own code stands with a customer."""

    state: StateWord
    sentence: str
    attempts: Sequence[ProvisioningAttempt] = ()
    retry: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRow:
    """One charge that a deal expects, past or to come."""

    charged_on: date
    amount: Money
    plan: str
    deal: Link
    note: str
    is_past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage(Page):
    """One customer: what needs a person, the path, what comes next, what they bought, and the record."""

    template: ClassVar[str] = "pages/customer.html"
    name: str
    state: StateWord
    sentence: str
    facts: Sequence[Fact]
    path: Path
    subscriptions: Sequence[SubscriptionRow]
    provisioning: Provisioning
    timeline: Timeline
    needs: Sequence[Finding] = ()
    deadlines: Sequence[Deadline] = ()
    charges: Sequence[ChargeRow] = ()
    actions: Sequence[Link] = ()
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The customer's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One of the four lifecycles of a subscription: commercial, consent, provisioning, operation."""

    name: str
    state: StateWord
    meaning: str
    since_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPage(Page):
    """One subscription: whether it may act now and why, its four lifecycles, what Microsoft says, and the record."""

    template: ClassVar[str] = "pages/subscription.html"
    name: str
    state: StateWord
    sentence: str
    answer: Answer
    machines: Sequence[Machine]
    facts: Sequence[Fact]
    operations: Listing[WebhookRow]
    timeline: Timeline
    needs: Sequence[Finding] = ()
    deadlines: Sequence[Deadline] = ()
    actions: Sequence[Link] = ()
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The subscription's name."""
        return self.name
