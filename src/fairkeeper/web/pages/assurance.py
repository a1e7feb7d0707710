"""The pages of assurance: reports of sections, each with facts, sentences or a table, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Fact, Finding, Identifier, Link, Tab

Cell = str | int | datetime | StateWord | Link | Identifier | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A section of a report.

    Attributes:
        lines: Sentences, as a list.
        heads, rows: A table; the first column leads.
        exports: The files of the table, where it is a list that grows.
        document: A text as it stands.
        empty: What is said where there is nothing.
    """

    id: str
    heading: str
    note: str = ""
    facts: Sequence[Fact] = ()
    lines: Sequence[str] = ()
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    exports: Sequence[Link] = ()
    document: str = ""
    empty: str = ""
    questions: Sequence[Question] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage(Page):
    """A report: a state in words, what needs a person, and its sections."""

    template: ClassVar[str] = "pages/report.html"
    name: str
    sentence: str
    state: StateWord | None = None
    tabs: Sequence[Tab] = ()
    tabs_label: str = "Assurance"
    needs: Sequence[Finding] = ()
    questions: Sequence[Question] = ()
    blocks: Sequence[Block] = ()
    form: Form | None = None
    form_heading: str = ""
    form_note: str = ""

    @property
    def title(self) -> str:
        """What it reports on."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRow:
    """A receiver of events: where, whose events, how it keeps up."""

    name: str
    destination: Identifier
    address: str
    whose: str
    how: str
    state: StateWord
    note: str
    failing_since: datetime | None
    taken_at: datetime | None
    end: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationsPage(Page):
    """Receivers of events; `secret` is shown once, on the page that answers that one was added.

    Attributes:
        kinds: The ways to add one; none for those who may not.
    """

    template: ClassVar[str] = "pages/destinations.html"
    title: ClassVar[str] = "Destinations"
    sentence: str
    tabs: Sequence[Tab]
    destinations: Listing[DestinationRow]
    kinds: Sequence[Tab] = ()
    create: Form | None = None
    secret: str = ""
