"""What somebody was told: the list of one's own messages, and one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A line of one's own messages."""

    message: Link
    told_at: datetime
    due_at: datetime | None
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesPage(Page):
    """One's own messages, newest first."""

    template: ClassVar[str] = "pages/messages.html"
    sentence: str
    messages: Listing[MessageRow]

    @property
    def title(self) -> str:
        """What it is."""
        return "Messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage(Page):
    """One message, as it was mailed; to open it is to have read it."""

    template: ClassVar[str] = "pages/message.html"
    subject: str
    sentence: str
    paragraphs: Sequence[str]
    way: Link

    @property
    def title(self) -> str:
        """Its subject."""
        return self.subject
