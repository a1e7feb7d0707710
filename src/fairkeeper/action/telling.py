"""Telling somebody: a wish that a person or a role hears of something, planted by any room in its own transaction.

Separate from the room that delivers (`messages`), so that every room can tell without importing it: the wish is a task,
committed together with what it tells of, or not at all. It is told once for its key, however often it is wished.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from fairkeeper.action.operation import Canonical, CommandContext
from fairkeeper.errors import BugError
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId, new_id

TAKE_UP: Final = "messages.take_up"
SETTLE: Final = "messages.settle"
_LONGEST_KEY: Final = 120
_FIELD: Final = re.compile(r"\{(\w+)\}")


class Urgency(StrEnum):
    """How soon somebody has to hear of it."""

    URGENT = "urgent"
    """At once, or when the quiet hours end, if that is before its deadline; told again to somebody else if unread."""
    DIGEST = "digest"
    """Together with others, once a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """What is said on an occasion; the publisher may word it otherwise.

    Attributes:
        code: Its stable name, `customers.deadline`.
        title: What it is about, for the list of templates.
        subject: One line; `{field}` stands for a value.
        text: What is said, with the same fields; the link to the page is added below it.
    """

    code: str
    title: str
    subject: str
    text: str

    @property
    def fields(self) -> frozenset[str]:
        """The values that it is given.

        Example:
            >>> sorted(MessageTemplate(code="a.b", title="T", subject="{what}", text="{what} by {by}").fields)
            ['by', 'what']
        """
        return frozenset(_FIELD.findall(f"{self.subject}\n{self.text}"))


class MessageTemplates:
    """Every declared template by its code; rooms declare theirs when they are imported."""

    def __init__(self) -> None:
        self._by_code: dict[str, MessageTemplate] = {}

    def declare(self, template: MessageTemplate) -> MessageTemplate:
        """Add a template and return it.

        Raises:
            BugError: The code is taken.
        """
        if self._by_code.setdefault(template.code, template) != template:
            raise BugError(f"Two message templates are called {template.code}.")
        return template

    def get(self, code: str) -> MessageTemplate | None:
        """Return a template, or None."""
        return self._by_code.get(code)

    def all(self) -> tuple[MessageTemplate, ...]:
        """Return every template, by code."""
        return tuple(self._by_code[code] for code in sorted(self._by_code))


message_templates: Final = MessageTemplates()


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What shall be told.

    Attributes:
        template: The occasion.
        key: What makes it one thing: the same template and key are told once, whoever wishes it how often.
        to: A staff role (`finance`), a person (`per_…`), or with a customer a role of that customer's people
            (`customer_admin`). Where nobody has the role, owners hear of it (a customer's administrators there).
        values: What the template's fields stand for; names of people and companies belong here and nowhere else,
            because they are erased with the customer.
        href: The console's page about it, `/customers/contoso`.
        due_at: The deadline, if there is one.
        about_customer_id: Whom it is about; with a customer role in `to`, whose people hear of it.
    """

    template: MessageTemplate
    key: str
    to: str
    urgency: Urgency = Urgency.DIGEST
    values: Mapping[str, str] = field(default_factory=dict)
    href: str = "/"
    due_at: datetime | None = None
    about_customer_id: CustomerId | None = None


def tell(context: CommandContext, telling: Telling) -> bool:
    """Plant a wish to tell somebody, in the command's transaction; return whether it is new.

    Raises:
        BugError: The template is not declared, or a field of it has no value.
    """
    template = telling.template
    missing = template.fields - telling.values.keys()
    if message_templates.get(template.code) != template or missing:
        raise BugError(f"{template.code} cannot be told: not declared, or without {', '.join(sorted(missing))}.")
    payload: dict[str, Canonical] = {
        "code": template.code,
        "key": short_key(telling.key),
        "to": telling.to,
        "urgency": telling.urgency.value,
        "values": {name: str(value)[:2000] for name, value in telling.values.items()},
        "href": telling.href,
        "due_at": None if telling.due_at is None else format_instant(telling.due_at),
        "about_customer_id": telling.about_customer_id,
    }
    key = f"{template.code}:{short_key(telling.key)}"
    return context.enqueue(TAKE_UP, key, payload, customer_id=telling.about_customer_id)


def settle(
    context: CommandContext,
    template: MessageTemplate,
    key: str,
    *,
    why: str,
    about_customer_id: CustomerId | None = None,
) -> None:
    """Say that the cause is gone: what has not left stays here, and nobody else is told because it is unread."""
    payload = {"code": template.code, "key": short_key(key), "why": why[:500]}
    context.enqueue(SETTLE, new_id("tsk"), payload, customer_id=about_customer_id)


def short_key(key: str) -> str:
    """Return a key that every column takes: a long one ends in its digest.

    Example:
        >>> short_key("a"), len(short_key("a" * 500))
        ('a', 120)
    """
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[: _LONGEST_KEY - 33]}~{hashlib.sha256(key.encode()).hexdigest()[:32]}"
