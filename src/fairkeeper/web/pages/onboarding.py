"""The onboarding page: how far buyers come on the landing page, and where they stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step of the landing page, how many browsers reached it, and of those before it what share."""

    step: str
    reached: int
    share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRow:
    """Where browsers stopped, why, and how many."""

    after: str
    reason: str
    browsers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingPage(Page):
    """The funnel."""

    template: ClassVar[str] = "pages/onboarding.html"
    sentence: str
    steps: Sequence[StepRow]
    stops: Listing[StopRow]

    @property
    def title(self) -> str:
        """What it is about."""
        return "Onboarding"
