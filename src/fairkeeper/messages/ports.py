"""What this room asks of others: that a mail leaves, that a card stands in Teams, how the publisher words messages.

Implementations live in `outbound`; both may raise `MessageUnavailableError` (surely not sent, try again),
`MessageRefusedError` (never) and `MessageInDoubtError` (may have left: not to be sent again).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one person.

    Attributes:
        mail_id: Ours; the same mail never leaves under two ids.
        text: Plain text.
    """

    mail_id: str
    to_address: str
    to_name: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSection:
    """One thing on a card: a heading, what is said, and the way to its page."""

    heading: str
    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card in Teams, for whoever reads that channel."""

    title: str
    sections: Sequence[CardSection]


class PublishersWords(Protocol):
    """How the publisher words its messages, for a customer's session, which sees no row of the publisher's."""

    def words(self) -> Mapping[str, tuple[str, str]]:
        """Return subject and text by template, of those that are worded otherwise than Fairkeeper words them."""
        ...


class Mailer(Protocol):
    """Sends mail."""

    @property
    def is_configured(self) -> bool:
        """Whether there is a mail server to hand over to."""
        ...

    def send(self, mail: Mail) -> None:
        """Hand a mail over; returning means that the server has taken it."""
        ...


class TeamsChannel(Protocol):
    """Posts cards into one channel of Microsoft Teams."""

    @property
    def is_configured(self) -> bool:
        """Whether there is a workflow to post to."""
        ...

    def post(self, card: Card) -> None:
        """Post a card; returning means that the workflow has taken it."""
        ...
