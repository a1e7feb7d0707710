"""What a message says: a template with its values, one mail of it or a digest of several, a card for Teams.

Pure. Values are put in as they are and never read as a template; a subject is one line whatever a value holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fairkeeper.action.telling import MessageTemplate
from fairkeeper.messages.errors import TemplateRefusedError
from fairkeeper.messages.ports import Card, CardSection

_FIELD: Final = re.compile(r"\{(\w+)\}")
LONGEST_SUBJECT: Final = 160
LONGEST_TEXT: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message in words."""

    subject: str
    text: str
    address: str
    due_at: datetime | None


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """Put values in the place of their fields; what is in a value stays as it is.

    Example:
        >>> fill("{what} of {who}", {"what": "{who}", "who": "Contoso"})
        '{who} of Contoso'
    """
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), pattern)


def one_line(text: str) -> str:
    r"""Return a text as one line of at most 160 characters.

    Example:
        >>> one_line("Act now\r\nBcc: everybody")
        'Act now Bcc: everybody'
    """
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:LONGEST_SUBJECT]


def refuse_wording(template: MessageTemplate, subject: str, text: str) -> None:
    """Refuse a wording that names fields which its template is not given, or says nothing.

    Raises:
        TemplateRefusedError: It does.
    """
    if not one_line(subject) or "\n" in subject or not text.strip():
        raise TemplateRefusedError("A subject is one line, and neither it nor the text is empty.")
    strange = set(_FIELD.findall(f"{subject}\n{text}")) - template.fields
    if strange:
        known = ", ".join(f"{{{name}}}" for name in sorted(template.fields)) or "none"
        raise TemplateRefusedError(
            f"{template.code} knows nothing of {', '.join(f'{{{name}}}' for name in sorted(strange))}.",
            remedy=f"Its fields are {known}.",
        )


def mail_of(told: Sequence[Told]) -> tuple[str, str]:
    """Return subject and text of the mail that says these things: one by itself, several as a digest."""
    if len(told) == 1:
        return told[0].subject, f"{_said(told[0])}\n"
    parts = [f"{number}. {each.subject}\n\n{_said(each)}" for number, each in enumerate(told, start=1)]
    return f"{len(told)} things for you in Fairkeeper", "\n\n\n".join(parts) + "\n"


def card_of(told: Sequence[Told]) -> Card:
    """Return the card for Teams that says these things."""
    title = told[0].subject if len(told) == 1 else f"{len(told)} things wait in Fairkeeper"
    sections = tuple(
        CardSection(heading=each.subject, text=f"{each.text}{_by(each)}", href=each.address) for each in told
    )
    return Card(title=title, sections=sections)


def _said(told: Told) -> str:
    return f"{told.text.strip()}{_by(told)}\n\n{told.address}"


def _by(told: Told) -> str:
    return "" if told.due_at is None else f"\n\nBy {told.due_at:%d %b %Y %H:%M} UTC."
