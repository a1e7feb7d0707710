"""Pages that anybody may read before they buy: the publisher's agents, what each is for and who answers for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Fact, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutAgentsPage(Page):
    """Every agent that is described."""

    template: ClassVar[str] = "pages/governance/about_agents.html"
    support: Link | None
    agents: Sequence[Fact]

    @property
    def title(self) -> str:
        """What is described."""
        return "Agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutUse:
    """What an agent is for, and what not."""

    title: str
    context: str
    measure: str
    not_for: Sequence[str]
    known_errors: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutAgentPage(Page):
    """One agent: what it is for, what it may do, who answers for what."""

    template: ClassVar[str] = "pages/governance/about_agent.html"
    support: Link | None
    name: str
    sentence: str
    uses: Sequence[AboutUse]
    tools: Sequence[Fact]
    duties: Sequence[Fact]

    @property
    def title(self) -> str:
        """The agent's name."""
        return self.name
