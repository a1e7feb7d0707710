"""The room of accounts: the structure as a picture, what was seen of it, the verification, readiness for a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from markupsafe import Markup

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Deadline, Empty, Fact, Finding, Identifier, Link, Proof, Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRow:
    """An id of the account, as support asks for it, and where Partner Center shows it."""

    what: str
    name: str
    id: Identifier
    found_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WayInRow:
    """How a person without a role is given access."""

    person: str
    way: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StructurePage(Page):
    """The structure in force.

    Args:
        picture: The structure as SVG of our own; None while nothing is stated.
        folded: What the picture leaves out.
        files: The picture and the structure as files.
        first_step: What an empty room says instead of all this.
    """

    template: ClassVar[str] = "pages/accounts/structure.html"
    sentence: str
    tabs: Sequence[Tab]
    findings: Sequence[Finding] = ()
    picture: Markup | None = None
    folded: str = ""
    files: Sequence[Link] = ()
    ids: Listing[IdRow] | None = None
    ways_in: Sequence[WayInRow] = ()
    questions: Sequence[Question] = ()
    first_step: Empty | None = None

    @property
    def title(self) -> str:
        """The room's name."""
        return "Accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """Where what was stated and what was seen differ."""

    what: str
    subject: str
    state: StateWord
    stated: str
    seen: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPage(Page):
    """What the account itself shows, beside what was stated."""

    template: ClassVar[str] = "pages/accounts/seen.html"
    sentence: str
    tabs: Sequence[Tab]
    differences: Listing[DifferenceRow]
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The page's name."""
        return "Seen in the account"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeRow:
    """A verification in the list."""

    programme: Link
    state: StateWord
    open_tickets: int
    next_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationsPage(Page):
    """All verifications, with what is due first."""

    template: ClassVar[str] = "pages/accounts/verifications.html"
    sentence: str
    tabs: Sequence[Tab]
    needs: Sequence[Deadline | Finding]
    programmes: Sequence[ProgrammeRow]
    empty: Empty
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The page's name."""
        return "Verification"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step of a verification."""

    step: str
    state: StateWord
    since_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A document, how long it is taken, and where it is."""

    title: str
    proves: str
    issued_on: date
    valid_until: date | None
    kept: str
    checksum: Identifier | None
    remove: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HappenedRow:
    """One thing that happened, with the way to its proof."""

    happened_on: date
    sentence: str
    note: str
    proof: Proof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsequenceRow:
    """What a lost verification stops, or puts at risk."""

    what: str
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPage(Page):
    """One verification: what is due, its steps, documents, tickets, everything that happened."""

    template: ClassVar[str] = "pages/accounts/verification.html"
    name: str
    state: StateWord
    sentence: str
    needs: Sequence[Deadline | Finding]
    consequences: Sequence[ConsequenceRow]
    steps: Sequence[StepRow]
    facts: Sequence[Fact]
    documents: Sequence[DocumentRow]
    happened: Sequence[HappenedRow]
    package: Link | None = None
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The programme's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """An offer and how ready it is."""

    offer: Link
    state: StateWord
    passed: int
    failed: int
    unknown: int
    publisher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsPage(Page):
    """Every offer at a glance."""

    template: ClassVar[str] = "pages/accounts/reviews.html"
    sentence: str
    tabs: Sequence[Tab]
    reviews: Sequence[ReviewRow]
    empty: Empty

    @property
    def title(self) -> str:
        """The page's name."""
        return "Readiness"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItemRow:
    """One thing that a reviewer asks."""

    asks: str
    state: StateWord
    told: str
    remedy: str
    resource: Link | None
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage(Page):
    """One offer, item by item, in the groups a reviewer goes through."""

    template: ClassVar[str] = "pages/accounts/review.html"
    offer: str
    state: StateWord
    sentence: str
    groups: Sequence[tuple[str, Sequence[ReviewItemRow]]]
    package: Link
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The offer's name."""
        return f"Readiness of {self.offer}"
