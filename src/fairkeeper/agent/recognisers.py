"""Finds sensitive data and planted secrets in text, by pattern and checksum; no model, no network.

A checksum where the kind has one, so that an order number is no card. Separate from `redaction`, which replaces.
Sources: ISO/IEC 7812-1 (cards, Luhn), ISO 13616 (IBAN, modulus 97), RFC 7519 (JSON Web Token), RFC 7468 (PEM).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something sensitive: what kind it is and where it stands."""

    kind: str
    start: int
    end: int


def is_luhn(digits: str) -> bool:
    """Say whether a card number's check digit is right.

    Example:
        >>> is_luhn("4111111111111111"), is_luhn("4111111111111112")
        (True, False)
    """
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Say whether an account number's check digits are right.

    Example:
        >>> is_iban("GB82 WEST 1234 5698 7654 32"), is_iban("GB83WEST12345698765432")
        (True, False)
    """
    plain = text.replace(" ", "").upper()
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def _is_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and is_luhn(digits)


_RULES: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    (
        "private_key",
        re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{1,8000}?-----END [A-Z ]{0,30}PRIVATE KEY-----"),
        bool,
    ),
    ("token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,2000}"), bool),
    ("token", re.compile(r"\bfk_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"), bool),
    ("token", re.compile(r"\b(?:ghp|gho|ghs|github_pat|xox[abp]|sk)[_-][A-Za-z0-9_-]{20,200}"), bool),
    ("token", re.compile(r"\bAKIA[A-Z0-9]{16}\b"), bool),
    ("storage_key", re.compile(r"\bAccountKey=[A-Za-z0-9+/]{40,120}={0,2}"), bool),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), is_iban),
    ("card", re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])"), _is_card),
    ("email", re.compile(r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b"), bool),
)
KINDS: Final = frozenset({*(kind for kind, _, _ in _RULES), "canary"})
"""What can be named in an obligation to redact."""
SECRETS: Final = frozenset({"private_key", "token", "storage_key", "canary"})
"""What never goes into a log or a record, whatever is obliged."""


def find(text: str, kinds: frozenset[str], canaries: Sequence[str] = ()) -> Iterator[Found]:
    """Return what is found of these kinds, in no particular order; places may overlap.

    Args:
        canaries: Planted strings that must never leave the place where they were planted.

    Example:
        >>> [found.kind for found in find("pay 4111 1111 1111 1111", frozenset({"card", "iban"}))]
        ['card']
    """
    if "canary" in kinds:
        for canary in canaries:
            begin = text.find(canary)
            while canary and begin >= 0:
                yield Found(kind="canary", start=begin, end=begin + len(canary))
                begin = text.find(canary, begin + len(canary))
    for kind, pattern, holds in _RULES:
        if kind in kinds:
            for match in pattern.finditer(text):
                if holds(match.group()):
                    yield Found(kind=kind, start=match.start(), end=match.end())
