"""How the landing page looks and what it asks: the publisher's words, links and fields, by offer and plan.

Pure. What is said for everything holds unless it is said for the offer, and that unless it is said for the plan; fields
add up, and one of the same name replaces. Answers are held against the fields before anything is kept.

Source: Microsoft Learn, "Build the landing page for your transactable SaaS offer" (the publisher asks there for what it
needs before activation), read 2026-11-22. That a field asking for a password or a card is refused is our own rule.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

MOST_FIELDS: Final = 20
LONGEST_ANSWER: Final = 1_000
LARGEST_LOGO_BYTES: Final = 200_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER: Final = re.compile(r"-?\d{1,15}")
_SECRETS: Final = re.compile(r"pass(word|wort|phrase)|kennwort|credit.?card|card.?number|cvc|secret", re.IGNORECASE)
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"RIFF", "image/webp"),
)
_OWN_NAMES: Final = frozenset({"csrf_token", "idempotency_key", "typed_word"})


class FieldType(StrEnum):
    """What is answered."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookField:
    """A field of the landing page.

    Attributes:
        name: By which the answer is known to programs.
        label: What the buyer reads.
        choices: What may be chosen, where the type is a choice.
    """

    name: str
    label: str
    type: FieldType = FieldType.TEXT
    is_required: bool = True
    hint: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingLook:
    """What is said on one level: for everything, for an offer, for a plan. What is empty is said by a level above."""

    product_name: str = ""
    welcome: str = ""
    support_url: str = ""
    terms_url: str = ""
    privacy_url: str = ""
    fields: tuple[LookField, ...] = ()


Level = tuple[str, str]
"""Offer and plan; both empty for everything, the plan empty for a whole offer."""


def look_for(levels: Mapping[Level, LandingLook], offer_id: str | None, plan_id: str | None) -> LandingLook:
    """Return what holds for a plan of an offer.

    Example:
        >>> levels = {
        ...     ("", ""): LandingLook(support_url="https://a.example"),
        ...     ("o", "p"): LandingLook(product_name="P"),
        ... }
        >>> found = look_for(levels, "o", "p")
        >>> found.product_name, found.support_url, look_for(levels, "o", "q").product_name
        ('P', 'https://a.example', '')
    """
    found = levels.get(("", ""), LandingLook())
    for level in ((offer_id or "", ""), (offer_id or "", plan_id or "")):
        if level[0] and level in levels:
            found = _over(found, levels[level])
    return found


def _over(general: LandingLook, special: LandingLook) -> LandingLook:
    fields = {field.name: field for field in (*general.fields, *special.fields)}
    return replace(
        general,
        product_name=special.product_name or general.product_name,
        welcome=special.welcome or general.welcome,
        support_url=special.support_url or general.support_url,
        terms_url=special.terms_url or general.terms_url,
        privacy_url=special.privacy_url or general.privacy_url,
        fields=tuple(fields.values()),
    )


def problems_of(look: LandingLook) -> Mapping[str, str]:
    """Return what is wrong with a level, by the name of the part; empty is well.

    Example:
        >>> dict(problems_of(LandingLook(terms_url="http://a.example")))
        {'terms_url': 'needs an https address'}
    """
    wrong: dict[str, str] = {}
    for part in ("support_url", "terms_url", "privacy_url"):
        if not _is_link(getattr(look, part), may_mail=part == "support_url"):
            wrong[part] = "needs an https address" + (" or mailto:" if part == "support_url" else "")
    names = [field.name for field in look.fields]
    if len(names) > MOST_FIELDS:
        wrong["fields"] = f"are more than {MOST_FIELDS}"
    for number, field in enumerate(look.fields, 1):
        problem = _problem_of(field) or ("is there twice" if names.count(field.name) > 1 else "")
        if problem:
            wrong.setdefault("fields", f"field {number} ({field.label or field.name}) {problem}")
    return MappingProxyType(wrong)


def _is_link(text: str, *, may_mail: bool) -> bool:
    if not text:
        return True
    if may_mail and text.startswith("mailto:"):
        return bool(_EMAIL.fullmatch(text.removeprefix("mailto:")))
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not any(c.isspace() for c in text)


def _problem_of(field: LookField) -> str:
    if not _NAME.fullmatch(field.name) or field.name in _OWN_NAMES:
        return "needs a name of small letters, digits and underscores, at most 40, that begins with a letter"
    if not field.label.strip():
        return "needs a label"
    if _SECRETS.search(field.name) or _SECRETS.search(field.label):
        return "asks for a secret, which a landing page never does"
    if field.type is FieldType.CHOICE and len(set(field.choices)) < 2:
        return "is a choice, and needs at least two different ones"
    if field.type is not FieldType.CHOICE and field.choices:
        return "has choices, and is none"
    return ""


def wrong_answers(fields: Sequence[LookField], answers: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is wrong with each answer, by the field's name; empty is well.

    Example:
        >>> field = LookField(name="seats", label="Seats", type=FieldType.NUMBER)
        >>> dict(wrong_answers([field], {"seats": "ten"})), dict(wrong_answers([field], {}))
        ({'seats': 'Write a whole number.'}, {'seats': 'Please answer this.'})
    """
    wrong: dict[str, str] = {}
    for field in fields:
        answer = answers.get(field.name, "").strip()
        problem = _wrong(field, answer) if answer else "Please answer this." if field.is_required else ""
        if problem:
            wrong[field.name] = problem
    return MappingProxyType(wrong)


def _wrong(field: LookField, answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        return f"At most {LONGEST_ANSWER} characters."
    if field.type is FieldType.NUMBER and not _NUMBER.fullmatch(answer):
        return "Write a whole number."
    if field.type is FieldType.EMAIL and not _EMAIL.fullmatch(answer):
        return "Write an e-mail address."
    if field.type is FieldType.CHOICE and answer not in field.choices:
        return "Choose one of these."
    if field.type is not FieldType.LONG_TEXT and "\n" in answer:
        return "One line, please."
    return ""


def media_type_of(content: bytes) -> str | None:
    r"""Return the kind of picture by its first bytes: PNG, JPEG or WebP; None for anything else.

    Example:
        >>> media_type_of(b"\x89PNG\r\n\x1a\n..."), media_type_of(b"<svg onload=...")
        ('image/png', None)
    """
    found = next((kind for magic, kind in _MAGIC if content.startswith(magic)), None)
    return None if found == "image/webp" and content[8:12] != b"WEBP" else found


def read_logo(text: str) -> bytes | None:
    r"""Return a picture from its base64, with or without `data:…;base64,` before it; None if it is none.

    Example:
        >>> read_logo("data:image/png;base64,AAEC"), read_logo("*")
        (b'\x00\x01\x02', None)
    """
    plain = text.partition(";base64,")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode("".join(plain.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def written_field(field: LookField) -> str:
    """Write a field as a line of the console's form; `read_fields` reads it.

    Example:
        >>> written_field(LookField(name="region", label="Region", type=FieldType.CHOICE, choices=("EU", "US")))
        'region | Region | choice | required | EU, US'
    """
    must = "required" if field.is_required else "optional"
    more = [", ".join(field.choices)] if field.choices else [""] if field.hint else []
    return " | ".join([field.name, field.label, field.type.value, must, *more, *([field.hint] if field.hint else [])])


def read_fields(text: str) -> tuple[LookField, ...]:
    """Read fields as they are typed, one a line: name | label | type | required or optional | choices | hint.

    Raises:
        ValueError: A line cannot be read; it says which and why.

    Example:
        >>> read_fields("company | Company")[0].is_required, read_fields("n | N | number | optional")[0].type.value
        (True, 'number')
    """
    return tuple(_read_line(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())


def _read_line(number: int, line: str) -> LookField:
    parts = [part.strip() for part in line.split("|")]
    if not 2 <= len(parts) <= 6:
        raise ValueError(f"Line {number} needs: name | label | type | required or optional | choices | hint.")
    name, label, kind, must, choices, hint = (*parts, *([""] * (6 - len(parts))))
    if kind and kind not in set(FieldType):
        raise ValueError(f"Line {number} has the type {kind!r}; there are {', '.join(FieldType)}.")
    if must not in {"", "required", "optional"}:
        raise ValueError(f"Line {number} says {must!r} where required or optional stands.")
    return LookField(
        name=name,
        label=label,
        type=FieldType(kind) if kind else FieldType.TEXT,
        is_required=must != "optional",
        hint=hint,
        choices=tuple(choice.strip() for choice in choices.split(",") if choice.strip()),
    )
