"""What Microsoft told us: the webhooks received, also the ones we do not understand and therefore hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Check, Fact, Finding, Identifier, Link, Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRow:
    """A line of the webhooks: what arrived for whom, how it stands, and how long the answer took.

    Args:
        link: Its action, leading to its page.
        operation: Microsoft's id of the operation.
        received_at: When it arrived.
        state: How it stands.
        outcome: What came of it, in words.
        customer: Whose it is; None while unknown.
        answered_in_ms: How long the decision took where one is awaited within 10 seconds.
    """

    link: Link
    operation: Identifier
    received_at: datetime
    state: StateWord
    outcome: str
    customer: Link | None = None
    answered_in_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksPage(Page):
    """All webhooks received, newest first; those held stand above."""

    template: ClassVar[str] = "pages/webhooks.html"
    sentence: str
    webhooks: Listing[WebhookRow]
    held: Sequence[Finding] = ()
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The list's name."""
        return "Webhooks received"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPage(Page):
    """One webhook: both checks, what was decided and why, and the body as it came."""

    template: ClassVar[str] = "pages/webhook.html"
    action: str
    state: StateWord
    sentence: str
    facts: Sequence[Fact]
    checks: Sequence[Check]
    body: str
    proof: Proof | None = None
    needs: Sequence[Finding] = ()
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """The action that it tells of."""
        return self.action
