"""What comes from outside, made ready for an agent: hidden text taken out, sensitive data replaced, attempts named.

The naming of attempts is for the record alone: nothing is decided by it, because whoever writes the text can write it
differently. What stops an instruction that came with a result is the label of the result, and a policy about labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fairkeeper.agent.recognisers import SECRETS, Found, find

_HIDDEN: Final = re.compile(
    "["
    "\U000e0000-\U000e007f"  # tag characters: ASCII that nobody sees
    "\U000e0100-\U000e01ef"  # variation selectors, in which bytes are hidden
    "\u200b\u2060-\u2064\u180e\ufeff\u00ad"  # of no width
    "\u202a-\u202e\u2066-\u2069"  # turn the direction of reading
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f"  # control characters, of terminals among others
    "]"
)
_COMMENT: Final = re.compile(r"<!--[\s\S]{0,20000}?-->")
_INVISIBLE: Final = re.compile(
    r"<(\w+)\b[^>]*style\s*=\s*[\"'][^\"']*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0)"
    r"[^\"']*[\"'][^>]*>[\s\S]{0,20000}?</\1\s*>",
    re.IGNORECASE,
)
_OVERRIDES: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|system|all)\b.{0,40}"
    r"\b(?:instruction|prompt|rule|message|polic)"
    r"|\b(?:new|updated)\s+(?:system\s+)?instructions?\s*:|<\s*/?\s*(?:system|instructions?)\s*>",
    re.IGNORECASE | re.DOTALL,
)
_WIDENS: Final = re.compile(
    r"\b(?:enable|add|grant|give|unlock|register)\b.{0,40}\b(?:tool|permission|access|admin|scope)s?\b.{0,60}"
    r"\b(?:yourself|the agent|this agent|assistant)\b|\b(?:without|skip|bypass)\b.{0,30}\b(?:approval|confirmation)",
    re.IGNORECASE | re.DOTALL,
)
MOST_CHARACTERS: Final = 2_000_000
"""Of text that is looked at for attempts; the rest is still cleaned and redacted."""


Finds = Callable[[str], Iterable[Found]]
"""Finds sensitive data in a text, beside our own recognisers."""


@dataclass(slots=True)
class Seen:
    """What was seen in content: how often each kind was replaced, and what it attempted."""

    replaced: dict[str, int] = field(default_factory=dict)
    hidden: int = 0
    attempts: set[str] = field(default_factory=set)

    def sources(self) -> list[str]:
        """Return it in the words that labels carry, so that it stands in the record."""
        named = {f"attempt:{name}" for name in self.attempts} | {f"redacted:{kind}" for kind in self.replaced}
        return sorted(named | ({"hidden-text"} if self.hidden else set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What is done with content.

    Attributes:
        redact: Kinds of sensitive data that are replaced (`recognisers.KINDS`).
        canaries: Planted strings; replaced always.
        takes_hidden_out: Whether hidden text is taken out; off where answers must be the same, byte for byte.
        also: Finds more that is replaced (`presidio`).
    """

    redact: frozenset[str] = frozenset()
    canaries: tuple[str, ...] = ()
    takes_hidden_out: bool = True
    also: Finds | None = None

    def with_kinds(self, kinds: Iterable[str]) -> Treatment:
        """Return the treatment that also replaces these kinds."""
        return replace(self, redact=self.redact | frozenset(kinds))


def treat_text(text: str, treatment: Treatment, seen: Seen) -> str:
    """Return a text as an agent may have it, and note what was seen.

    Example:
        >>> seen = Seen()
        >>> treat_text("card 4111 1111 1111 1111", Treatment(redact=frozenset({"card"})), seen)
        'card [card]'
    """
    looked_at = text[:MOST_CHARACTERS]
    revealed = _reveal(looked_at)
    if _OVERRIDES.search(revealed):
        seen.attempts.add("override_instructions")
    if _WIDENS.search(revealed):
        seen.attempts.add("widen_tools")
    if treatment.takes_hidden_out:
        text = _without_hidden(text, seen)
    text = redact(text, treatment.redact | {"canary"}, treatment.canaries, seen)
    return text if treatment.also is None else _without(text, treatment.also(text), seen)


def _reveal(text: str) -> str:
    """Return a text with what tag characters say written out behind it, so that it is seen for the record."""
    if text.isascii():
        return text
    return f"{text} {''.join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)}"


def _without_hidden(text: str, seen: Seen) -> str:
    before = len(text)
    if not text.isascii() or not text.isprintable():
        text = _HIDDEN.sub("", text)
    if "<" in text:
        text = _INVISIBLE.sub("", _COMMENT.sub("", text))
    seen.hidden += before - len(text)
    return text


def redact(text: str, kinds: frozenset[str], canaries: Sequence[str] = (), seen: Seen | None = None) -> str:
    """Return a text in which what is found of these kinds is replaced by the kind's name.

    Example:
        >>> redact("the key is zebra-7", frozenset({"canary"}), ["zebra-7"])
        'the key is [canary]'
    """
    return _without(text, find(text, kinds, canaries), seen)


def _without(text: str, found_places: Iterable[Found], seen: Seen | None) -> str:
    """Return a text with what was found replaced; of places that overlap the first."""
    places = sorted(found_places, key=lambda found: (found.start, -found.end))
    parts, reached = [], 0
    for found in places:
        if found.start < reached:
            continue
        parts += [text[reached : found.start], f"[{found.kind}]"]
        reached = found.end
        if seen is not None:
            seen.replaced[found.kind] = seen.replaced.get(found.kind, 0) + 1
    return "".join([*parts, text[reached:]]) if parts else text


def treat(value: Any, treatment: Treatment, seen: Seen) -> Any:
    """Return a JSON value with every text in it treated, names of members too."""
    if isinstance(value, str):
        return treat_text(value, treatment, seen)
    if isinstance(value, dict):
        return {redact(name, frozenset({"canary"}), treatment.canaries): treat(member, treatment, seen)
                for name, member in value.items()}  # fmt: skip
    if isinstance(value, list):
        return [treat(member, treatment, seen) for member in value]
    return value


def holds_any(value: Any, words: Sequence[str]) -> bool:
    """Say whether a text anywhere in a JSON value, names of members too, holds one of these words.

    Example:
        >>> holds_any({"to": ["ada", "the key is zebra-7"]}, ["zebra-7"])
        True
    """
    if isinstance(value, str):
        return any(word in value for word in words if word)
    if isinstance(value, dict):
        return any(holds_any(each, words) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(holds_any(each, words) for each in value)


def safe_line(text: str, canaries: Sequence[str] = (), longest: int = 500) -> str:
    """Return a text that may stand in a log or a record: without secrets, in one line, not too long.

    Example:
        >>> safe_line("failed with fk_" + 43 * "a")
        'failed with [token]'
    """
    return _HIDDEN.sub("", redact(text, SECRETS, canaries).replace("\n", " "))[:longest]
