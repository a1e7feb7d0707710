"""Today: what needs this person, by deadline, and where the customers stand; and what a search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from fairkeeper.web.format import StateWord, count, relative
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Deadline, Empty, Finding, Level, Link, TimelineEntry

_BROKEN, _UNDATED = "Broken, without a date", "Without a date"
_BOUNDS: Final = (
    ("Overdue", timedelta()),
    ("In the next 24 hours", timedelta(hours=24)),
    ("Within a week", timedelta(days=7)),
    ("Later", timedelta.max),
)
_GROUPS: Final = ("Overdue", "In the next 24 hours", _BROKEN, "Within a week", "Later", _UNDATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How many customers stand at a step of the path, how many of them are stuck there, and the list of them."""

    step: str
    customers: int
    broken: int
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """A step of the guide, and how it stands."""

    way: Link
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideSummary:
    """How far the guide is, and where it goes on."""

    way: Link
    finished: int
    steps: Sequence[GuideStep]


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayPage(Page):
    """What needs this person today.

    Args:
        deadlines: What is due, in the order in which it is worth doing.
        findings: What needs a person and has no date, in the order in which it is worth doing.
        steps: Where the customers stand; empty hides the picture.
        recent: The newest entries.
        first_step: What an empty house says before all this; None once there is a customer.
        guide: How far the guide is that connects a publisher; None once it is connected.
    """

    template: ClassVar[str] = "pages/today.html"
    deadlines: Sequence[Deadline] = ()
    findings: Sequence[Finding] = ()
    steps: Sequence[StepCount] = ()
    recent: Sequence[TimelineEntry] = ()
    first_step: Empty | None = None
    guide: GuideSummary | None = None

    @property
    def title(self) -> str:
        """The room's name."""
        return "Today"

    @property
    def sentence(self) -> str:
        """The state of the day in words."""
        number = len(self.deadlines) + len(self.findings)
        if not number and self.guide is not None:
            return "Nothing is connected yet."
        if not number:
            stuck = sum(step.broken for step in self.steps)
            return f"Nothing is due; {count(stuck, 'customer')} cannot go on." if stuck else "Nothing needs you."
        needs = f"{count(number, 'thing')} {'needs' if number == 1 else 'need'} you"
        if not self.deadlines:
            return f"{needs}; nothing has a date."
        first = min(deadline.due_at for deadline in self.deadlines)
        if first <= self.frame.now:
            late = sum(deadline.due_at <= self.frame.now for deadline in self.deadlines)
            return f"{needs}; {count(late)} {'is' if late == 1 else 'are'} overdue."
        return f"{needs}; the first is due {relative(first, self.frame.now)}."

    @property
    def groups(self) -> Sequence[tuple[str, Sequence[Deadline | Finding]]]:
        """What needs this person, by how soon; empty groups are left out, and the order within them is kept."""
        groups: dict[str, list[Deadline | Finding]] = {name: [] for name in _GROUPS}
        for deadline in self.deadlines:
            left = deadline.due_at - self.frame.now
            groups[next(name for name, bound in _BOUNDS if left <= bound)].append(deadline)
        for finding in self.findings:
            groups[_BROKEN if finding.level is Level.ERROR else _UNDATED].append(finding)
        return tuple((name, found) for name, found in groups.items() if found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that a search found: what it is, its name, and a line that tells it from others."""

    kind: str
    link: Link
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteGroup:
    """Ways of one sort: pages, actions, or things that were found."""

    name: str
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True, kw_only=True)
class PalettePage(Page):
    """Every page and action that this person can reach, or those that a text means, and what a search found.

    The palette of every page shows the same lists; without scripts this page is the way to them.
    """

    template: ClassVar[str] = "pages/palette.html"
    query: str
    groups: Sequence[PaletteGroup] = ()

    @property
    def title(self) -> str:
        """What it is."""
        return "Go to"

    @property
    def sentence(self) -> str:
        """How much there is."""
        number = sum(len(group.hits) for group in self.groups)
        if not number:
            return f"Nothing here is called “{self.query}”, and no id or amount is like it."
        return f"{count(number, 'way')}."


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage(Page):
    """What a search found, best first."""

    template: ClassVar[str] = "pages/search.html"
    query: str
    hits: Sequence[Hit] = ()
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """What was looked for."""
        return f"Search: {self.query}" if self.query else "Search"
