"""What a buyer sees: the landing page in each of its branches, and the customer's own home.

Separate from the staff's pages, because another reader sits here, who has never heard of Fairkeeper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.customers import SubscriptionRow
from fairkeeper.web.parts import Deadline, Fact, Finding, Identifier, Link, Logo, Path, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What was bought, as the buyer knows it."""

    name: str
    offer: str
    plan: str
    subscription: Identifier
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """The publisher's look of the landing page.

    Args:
        logo: The picture, if there is one.
        product_name: What the product is called; empty if the publisher has not said it.
        welcome: A sentence of the publisher's.
        links: Terms and privacy.
    """

    logo: Logo | None = None
    product_name: str = ""
    welcome: str = ""
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingPage(Page):
    """What every branch of the landing page has: whom to ask, if the publisher has said it, and its look."""

    support: Link | None
    brand: Brand = field(default_factory=Brand)


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingNew(LandingPage):
    """Bought and not yet activated."""

    template: ClassVar[str] = "pages/landing/new.html"
    purchase: Purchase
    path: Path
    activate: Form
    what_happens: Sequence[str]
    activate_by_at: datetime | None

    @property
    def title(self) -> str:
        """What is to be done."""
        return f"Activate {self.purchase.offer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingWaiting(LandingPage):
    """Nothing is asked of the buyer just now: Microsoft activates, or we hold a state that nobody knows yet.

    Args:
        state: How it stands.
        is_moving: Whether the page looks again by itself.
    """

    template: ClassVar[str] = "pages/landing/waiting.html"
    purchase: Purchase
    path: Path
    state: StateWord
    sentence: str
    is_moving: bool = False

    @property
    def title(self) -> str:
        """What was bought."""
        return self.purchase.offer


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingExisting(LandingPage):
    """Already active; the buyer came back to manage it (or it activated itself).

    Args:
        ask: What the publisher still has to know; None where everything is answered.
    """

    template: ClassVar[str] = "pages/landing/existing.html"
    purchase: Purchase
    path: Path
    sentence: str
    home: Link | None
    next_step: Link | None = None
    is_moving: bool = False
    ask: Form | None = None

    @property
    def title(self) -> str:
        """What was bought."""
        return self.purchase.offer


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingSuspended(LandingPage):
    """Suspended by Microsoft: why, until when, what still works, what lifts it."""

    template: ClassVar[str] = "pages/landing/suspended.html"
    purchase: Purchase
    suspended_at: datetime | None
    ends_at: datetime | None
    still_works: Sequence[Link]
    remedy: str

    @property
    def title(self) -> str:
        """What was bought, and that it is suspended."""
        return f"{self.purchase.offer} is suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingGone(LandingPage):
    """Unsubscribed: what was kept, until when, and the receipts."""

    template: ClassVar[str] = "pages/landing/gone.html"
    purchase: Purchase
    ended_at: datetime | None
    erased_on: date | None
    links: Sequence[Link]

    @property
    def title(self) -> str:
        """What was bought, and that it has ended."""
        return f"{self.purchase.offer} has ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingNotYours(LandingPage):
    """Somebody is signed in whom the purchase names neither as buyer nor as user.

    Args:
        sentence: Who this person is to it, and what can be done.
        claim: The form by which somebody says that it is theirs to set up; None where that waits for an answer.
    """

    template: ClassVar[str] = "pages/landing/not_yours.html"
    signed_in_as: str
    tenant: Identifier
    switch: Link
    sentence: str = ""
    claim: Form | None = None

    @property
    def title(self) -> str:
        """What is the case."""
        return "This purchase belongs to another organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingAsk(LandingPage):
    """A colleague bought it and it is active already: whom to ask, and the way to join.

    Args:
        people: Who administers it, by name.
        join: The way in as a user of the company.
    """

    template: ClassVar[str] = "pages/landing/ask.html"
    people: Sequence[str]
    sentence: str
    join: Link

    @property
    def title(self) -> str:
        """What is the case."""
        return "Already active"


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingTokenExpired(LandingPage):
    """The token that Microsoft sent along is missing, too old or not readable: how to get a new one.

    Args:
        is_missing: Whether the page was opened without any.
        support_id: What support needs about this attempt.
    """

    template: ClassVar[str] = "pages/landing/token_expired.html"
    is_missing: bool
    support_id: str

    @property
    def title(self) -> str:
        """What to do."""
        return "Open this page from Microsoft again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """A receipt in the customer's list."""

    link: Link
    receipt: Identifier
    issued_at: datetime
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(Page):
    """The customer's own home: path, subscriptions, record, receipts, export, and the way out."""

    template: ClassVar[str] = "pages/home.html"
    customer: str
    state: StateWord
    sentence: str
    path: Path
    subscriptions: Sequence[SubscriptionRow]
    timeline: Timeline
    receipts: Sequence[ReceiptRow]
    exports: Sequence[Link]
    verify_command: str
    revoke: Question | None
    needs: Sequence[Deadline | Finding] = ()
    deadlines: Sequence[Deadline] = ()

    @property
    def title(self) -> str:
        """The customer's name."""
        return self.customer
