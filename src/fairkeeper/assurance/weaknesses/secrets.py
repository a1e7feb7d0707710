"""Looks for secrets in texts: by the form that their issuers give them, by checksum where there is one, by entropy.

What was found is told by its kind, its place and a fingerprint, never by itself. A generic assignment counts only
where its value is as irregular as a made secret is, so that words and placeholders do not.

Sources: GitHub, "Behind GitHub's new authentication token formats" (CRC-32 in base 62, last six characters); Microsoft
Learn, "Storage account keys" (64 bytes in base64); AWS, "IAM identifiers" (AKIA); read 2026-11-28. The pattern of
Microsoft Entra's client secrets (`8Q~` in it) is observed and documented nowhere; where it changes, such a secret is
found by its irregularity alone.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fairkeeper.assurance.weaknesses.model import Found, Level, Source

LEAST_ENTROPY: Final = 3.6
"""Bits a character of a generic secret; English words have about 2.5 to 3.3, a placeholder less."""
LONGEST_TEXT: Final = 2_000_000
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PATTERNS: Final = (
    ("private_key", re.compile(r"-----BEGIN (?:[A-Z]{2,9} )?PRIVATE KEY-----\s*[A-Za-z0-9+/]{16}")),
    ("fairkeeper_token", re.compile(r"\bfk_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")),
    ("entra_client_secret", re.compile(r"(?<![\w~.-])[\w~.-]{3}8Q~[\w~.-]{31,34}(?![\w~.-])", re.ASCII)),
    ("azure_storage_key", re.compile(r"\bAccountKey=([A-Za-z0-9+/]{86}==)")),
    ("github_token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b")),
    ("aws_access_key", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("slack_token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}")),
    ("webhook_secret", re.compile(r"\bwhsec_[A-Za-z0-9+/]{32,}={0,2}")),
    ("signed_token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}")),
    ("password_in_address", re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{1,80}:([^\s/@\"'*<>{}$]{8,80})@")),
)  # fmt: skip
_ASSIGNED: Final = re.compile(
    r"(?i)\b[a-z0-9_.-]{0,40}(?:secret|passwd|password|api[_-]?key|access[_-]?key|token|private[_-]?key)[a-z0-9_]{0,20}"
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?([A-Za-z0-9+/_~.!@#%^&*=-]{16,200})[\"']?"
)
_OWN_ID: Final = re.compile(r"[a-z]{2,8}_[0-9A-Z]{26}")
"""Ids that Fairkeeper gives; they name things and open nothing."""
_PLACEHOLDERS: Final = frozenset({"password", "passwort", "your-password", "yourpassword", "the-password", "postgres"})
"""What examples write where a password goes."""
_WORDS: Final = {
    "private_key": "a private key",
    "fairkeeper_token": "an API token of Fairkeeper",
    "entra_client_secret": "a client secret of Microsoft Entra",
    "azure_storage_key": "a key of an Azure storage account",
    "github_token": "a token of GitHub",
    "aws_access_key": "an access key of AWS",
    "slack_token": "a token of Slack",
    "webhook_secret": "a webhook's signing secret",
    "signed_token": "a signed token (JWT)",
    "password_in_address": "a password in an address",
    "assigned": "a value that looks like a secret",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A secret in a text: its kind, the line counted from 1, and a fingerprint that tells it from others."""

    kind: str
    line: int
    fingerprint: str


def entropy(text: str) -> float:
    """Return the bits a character carries, by how often each stands in the text.

    Example:
        >>> entropy("aaaaaaaa"), round(entropy("abcdefgh"), 1)
        (0.0, 3.0)
    """
    if not text:
        return 0.0
    count = len(text)
    return -sum(each / count * math.log2(each / count) for each in Counter(text).values()) + 0.0


def has_github_checksum(token: str) -> bool:
    """Say whether a token's last six characters are the checksum of what stands before them.

    Example:
        >>> has_github_checksum("ghp_" + "0" * 36)
        False
    """
    body, told = token.partition("_")[2][:-6], token[-6:]
    number, written = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        written = _BASE62[digit] + written
    return written.rjust(6, "0") == told


def find_secrets(text: str) -> Iterator[Hit]:
    """Yield each secret in a text, once for each place."""
    text = text[:LONGEST_TEXT]
    taken: list[tuple[int, int]] = []
    for kind, pattern in _PATTERNS:
        for found in pattern.finditer(text):
            if kind == "github_token" and not has_github_checksum(found.group()):
                continue
            if kind == "fairkeeper_token" and not _is_irregular(found.group()):
                continue  # a foreign key of the database is named so too
            if kind == "password_in_address" and found.group(1).strip("{}<>").lower() in _PLACEHOLDERS:
                continue
            if any(start < found.end() and found.start() < end for start, end in taken):
                continue
            taken.append(found.span())
            yield _hit(kind, text, found.start(), found.group(found.lastindex or 0))
    for found in _ASSIGNED.finditer(text):
        value = found.group(1)
        is_known = any(start < found.end() and found.start() < end for start, end in taken)
        if not is_known and _is_irregular(value):
            yield _hit("assigned", text, found.start(), value)


def _is_irregular(value: str) -> bool:
    if _OWN_ID.fullmatch(value):
        return False
    kinds = sum(bool(re.search(pattern, value)) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))
    return kinds == 3 and entropy(value) >= LEAST_ENTROPY


def _hit(kind: str, text: str, start: int, value: str) -> Hit:
    return Hit(
        kind=kind,
        line=text.count("\n", 0, start) + 1,
        fingerprint=hashlib.sha256(value.encode()).hexdigest()[:12],
    )


def secrets_in(places: Iterable[tuple[str, str]]) -> list[Found]:
    """Return the secrets in texts, each with its place; the same secret at one place once."""
    found: dict[str, Found] = {}
    for place, text in places:
        for hit in find_secrets(text):
            one = Found(
                source=Source.SECRET,
                code=hit.kind,
                place=f"{place}, fingerprint {hit.fingerprint}"[:400],
                level=Level.ERROR if hit.kind != "assigned" else Level.WARNING,
                what=f"{_capital(_WORDS[hit.kind])} stands in plain text in {place}, line {hit.line}.",
                remedy="Replace it at its issuer, then take it out: whoever could read this has it.",
            )
            found.setdefault(one.key, one)
    return list(found.values())


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
