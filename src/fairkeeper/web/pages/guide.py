"""The pages of the first-run guide: one step with its check, and all of them as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Form
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Fact, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideMark:
    """A step in the line of all of them."""

    number: int
    way: Link
    state: StateWord
    is_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidePage(Page):
    """One step: what to do where, the values to copy, and what a look at it has shown.

    Args:
        where: On whose pages it is done.
        does: What to do, a sentence a point.
        values: What is to be copied there.
        told: What the last look has shown.
        todo: What has to be mended, each with its remedy.
        check: Looks now; None for those who may not ask.
        put_off: Puts the step off or takes it up again, where one can.
        is_under_way: Whether a look is under way, so that the page looks again by itself.
    """

    template: ClassVar[str] = "pages/guide.html"
    name: str
    number: int
    of: int
    where: str
    does: Sequence[str]
    settings: Sequence[str]
    state: StateWord
    told: Sequence[str]
    todo: Sequence[str]
    values: Sequence[Fact]
    marks: Sequence[GuideMark]
    is_under_way: bool
    looked: str
    resource: Link | None = None
    check: Form | None = None
    put_off: Form | None = None
    ways: Sequence[Link] = ()
    before: Link | None = None
    after: Link | None = None

    @property
    def title(self) -> str:
        """What is done."""
        return self.name

    @property
    def sentence(self) -> str:
        """Where in the guide one is."""
        return f"Step {self.number} of {self.of}, in {self.where}."
