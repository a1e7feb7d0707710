"""Today: what needs this person, by deadline, and where the customers stand; and what a search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from fairkeeper.web.format import count, relative
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Deadline, Empty, Finding, Link, TimelineEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How many customers stand at a step of the path, how many of them are stuck there, and the list of them."""

    step: str
    customers: int
    broken: int
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayPage(Page):
    """What needs this person today.

    Args:
        deadlines: What is due, earliest first.
        findings: What needs a person and has no date.
        steps: Where the customers stand; empty hides the picture.
        recent: The newest entries.
        first_step: What an empty house says instead of all this; None once there is a customer.
    """

    template: ClassVar[str] = "pages/today.html"
    deadlines: Sequence[Deadline] = ()
    findings: Sequence[Finding] = ()
    steps: Sequence[StepCount] = ()
    recent: Sequence[TimelineEntry] = ()
    first_step: Empty | None = None

    @property
    def title(self) -> str:
        """The room's name."""
        return "Today"

    @property
    def sentence(self) -> str:
        """The state of the day in words."""
        number = len(self.deadlines) + len(self.findings)
        if not number:
            stuck = sum(step.broken for step in self.steps)
            return f"Nothing is due; {count(stuck, 'customer')} cannot go on." if stuck else "Nothing needs you."
        needs = f"{count(number, 'thing')} {'needs' if number == 1 else 'need'} you"
        if not self.deadlines:
            return f"{needs}; nothing has a date."
        first = self.deadlines[0].due_at
        if first <= self.frame.now:
            late = sum(deadline.due_at <= self.frame.now for deadline in self.deadlines)
            return f"{needs}; {count(late)} {'is' if late == 1 else 'are'} overdue."
        return f"{needs}; the first is due {relative(first, self.frame.now)}."

    @property
    def groups(self) -> Sequence[tuple[str, Sequence[Deadline]]]:
        """The deadlines under Overdue, Next 24 hours, This week and Later; empty groups are left out."""
        bounds = (
            ("Overdue", timedelta()),
            ("In the next 24 hours", timedelta(hours=24)),
            ("Within a week", timedelta(days=7)),
            ("Later", timedelta.max),
        )
        groups: dict[str, list[Deadline]] = {name: [] for name, _ in bounds}
        for deadline in self.deadlines:
            left = deadline.due_at - self.frame.now
            groups[next(name for name, bound in bounds if left <= bound)].append(deadline)
        return tuple((name, found) for name, found in groups.items() if found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that a search found: what it is, its name, and a line that tells it from others."""

    kind: str
    link: Link
    line: str


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
