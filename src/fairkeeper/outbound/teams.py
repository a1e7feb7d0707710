"""Cards in Microsoft Teams, by a workflow that posts whatever adaptive card it is sent.

A `fairkeeper.messages.ports.TeamsChannel`. The workflow's address holds its own signature, so it is kept and shown as
a secret. The connector "incoming webhook" that Teams had before is being retired and is not used.

Source: Microsoft Learn, "Create incoming webhooks with Workflows for Microsoft Teams" (the body is a message with one
attachment, contentType application/vnd.microsoft.card.adaptive; answered 202), and Adaptive Cards schema 1.5
(TextBlock, Action.OpenUrl), read 2026-11-22. Never tried against the live service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import httpx

from fairkeeper.messages.errors import MessageInDoubtError, MessageRefusedError, MessageUnavailableError
from fairkeeper.messages.ports import Card
from fairkeeper.outbound.addresses import Lookup, look_up, target_of
from fairkeeper.outbound.clients import make_client

TIMEOUT_SECONDS: Final = 15.0
LARGEST_BYTES: Final = 28_000
"""A message in Teams holds about 28 kB. Source: Microsoft Learn, "Limits and specifications for Teams", 2026-11-22."""
_MOST_SECTIONS: Final = 10
_LONGEST: Final = 600
_LONGEST_OF_ALL: Final = 6000
"""Where a card says few things, each may be longer."""
_TRY_LATER: Final = frozenset({408, 425, 429})
_BEFORE_SENDING: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class NoTeams:
    """For a publisher without a workflow in Teams."""

    is_configured = False

    def post(self, card: Card) -> None:
        """Refuse.

        Raises:
            MessageRefusedError: Always.
        """
        raise MessageRefusedError(f"No workflow in Teams is set, so {card.title[:80]!r} stays here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsWorkflow:
    """Posts cards to a workflow's address.

    Args:
        url: The workflow's address, with its signature.
        allow_private: Whether it may lead into a private network.
        lookup: How host names become addresses.
    """

    url: str
    allow_private: bool = False
    lookup: Lookup = look_up

    is_configured = True

    def __repr__(self) -> str:
        """Say nothing of the address."""
        return "TeamsWorkflow(…)"

    def post(self, card: Card) -> None:
        """Post a card.

        Raises:
            MessageUnavailableError: It was not taken: no connection, 408, 425, 429, or 500 and above.
            MessageRefusedError: The workflow refuses it.
            MessageInDoubtError: The connection broke after it had been sent.
        """
        target = target_of(self.url, allow_private=self.allow_private, lookup=self.lookup)
        try:
            with make_client(TIMEOUT_SECONDS) as client:
                answer = client.post(
                    target.url,
                    json=body_of(card),
                    headers={"host": target.host, "user-agent": "Fairkeeper"},
                    extensions={"sni_hostname": target.server_name},
                )
        except _BEFORE_SENDING as error:
            msg = f"The workflow at {target.host} does not answer: {type(error).__name__}."
            raise MessageUnavailableError(msg) from error
        except httpx.HTTPError as error:
            msg = f"The connection to the workflow at {target.host} broke: {type(error).__name__}."
            raise MessageInDoubtError(msg) from error
        if answer.is_success:
            return
        msg = f"The workflow at {target.host} answered {answer.status_code}."
        if answer.status_code in _TRY_LATER or answer.status_code >= 500:
            raise MessageUnavailableError(msg)
        raise MessageRefusedError(msg)


def body_of(card: Card) -> dict[str, Any]:
    """Return what is posted for a card: an adaptive card as the one attachment of a message.

    What does not fit into a message of Teams is left to the console.
    """
    shown = list(card.sections[:_MOST_SECTIONS])
    longest = max(_LONGEST, _LONGEST_OF_ALL // max(1, len(shown)))
    body: list[dict[str, Any]] = [_text(card.title, weight="Bolder", size="Medium")]
    for section in shown:
        if len(card.sections) > 1:
            body.append(_text(section.heading, weight="Bolder", separator=True))
        body.append(_text(section.text[:longest]))
    if len(card.sections) > len(shown):
        body.append(_text(f"And {len(card.sections) - len(shown)} more in Fairkeeper.", isSubtle=True))
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": _title(section.heading), "url": section.href} for section in shown[:5]
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _title(heading: str) -> str:
    return heading if len(heading) <= 40 else f"{heading[:39]}…"


def _text(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _escaped(text), "wrap": True, **looks}


def _escaped(text: str) -> str:
    r"""Keep what somebody typed from becoming a link or a heading: a text block reads Markdown.

    Example:
        >>> _escaped("[pay](https://x.example) *now*")
        '\\[pay\\](https://x.example) \\*now\\*'
    """
    return "".join(f"\\{c}" if c in "\\`*_[]#~|<>" else c for c in text)
