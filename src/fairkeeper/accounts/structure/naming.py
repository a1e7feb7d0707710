"""The publisher's own convention for offer and plan ids: does an id follow it, and which id does it propose.

A pattern is a text with parts in braces, `{brand}-{product}`. A part is one word of letters and digits; where the
convention lists words for it, one of these. Separate from Microsoft's own rules for ids, which hold besides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fairkeeper.accounts.errors import NamingRefusedError
from fairkeeper.accounts.structure.model import Naming

_PART: Final = re.compile(r"\{([a-z_]{1,40})\}")
_ID: Final = re.compile(r"[a-z0-9_-]{1,50}")
LONGEST_ID: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedId:
    """An id that follows the convention.

    Args:
        is_taken: Whether the structure has it already.
    """

    id: str
    pattern: str
    is_taken: bool


def parts_of(pattern: str) -> tuple[str, ...]:
    """Return the parts that a pattern has, in order.

    Example:
        >>> parts_of("{brand}-{product}")
        ('brand', 'product')
    """
    return tuple(_PART.findall(pattern))


def follows(text: str, pattern: str, naming: Naming) -> bool:
    """Say whether an id is of a pattern; an empty pattern asks for nothing.

    Example:
        >>> convention = Naming(plan="{tier}-{period}", words={"period": ["monthly", "yearly"]})
        >>> follows("team-monthly", convention.plan, convention), follows("team-weekly", convention.plan, convention)
        (True, False)
    """
    if not pattern:
        return True
    expression, end = "", 0
    for found in _PART.finditer(pattern):
        words = naming.words.get(found[1], [])
        choice = "|".join(re.escape(word) for word in words) if words else "[a-z0-9]+"
        expression += re.escape(pattern[end : found.start()]) + f"(?:{choice})"
        end = found.end()
    return re.fullmatch(expression + re.escape(pattern[end:]), text) is not None


def propose(pattern: str, naming: Naming, words: Mapping[str, str], taken: frozenset[str]) -> ProposedId:
    """Return the id that a pattern makes of words.

    Raises:
        NamingRefusedError: There is no pattern, a part has no word, a word is none of the convention's, or the id
            would break Microsoft's rules for ids.

    Example:
        >>> convention = Naming(offer="{brand}-{product}", words={"brand": ["fairmile"]})
        >>> propose(convention.offer, convention, {"product": "Contract Desk"}, frozenset()).id
        'fairmile-contractdesk'
    """
    if not pattern:
        raise NamingRefusedError("The structure states no pattern for this kind of id.")
    made = pattern
    for part in parts_of(pattern):
        allowed = naming.words.get(part, [])
        given = words.get(part) or (allowed[0] if len(allowed) == 1 else "")
        word = _plain(given)
        if not word:
            said = f"one of {', '.join(allowed)}" if allowed else "a word"
            raise NamingRefusedError(f"The part {part!r} of {pattern} needs {said}.")
        if allowed and word not in allowed:
            raise NamingRefusedError(f"{word!r} is no {part}; the convention lists {', '.join(allowed)}.")
        made = made.replace(f"{{{part}}}", word)
    if not _ID.fullmatch(made):
        raise NamingRefusedError(
            f"{made[:80]!r} breaks the rules for ids: at most {LONGEST_ID} of a-z, 0-9, hyphen and underscore."
        )
    return ProposedId(id=made, pattern=pattern, is_taken=made in taken)


def _plain(text: str) -> str:
    """Return a word of letters and digits alone; accents are taken off."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", bare)
