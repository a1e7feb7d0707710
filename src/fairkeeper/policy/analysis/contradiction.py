"""Say whether facts can hold together, and if not, which two or three of them contradict each other.

Sound and incomplete: an answer is a proof; no answer means only that none was found. Numbers are followed as intervals
with gaps, texts and entities as one value or excluded values, patterns by what is fixed at their ends, and an optional
attribute that is read must be there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Final

from fairkeeper.policy.analysis.conditions import Atom, Literal, Way

_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**63 - 1


def contradiction(way: Way) -> tuple[Literal, ...] | None:
    """Return literals that cannot hold together, or None if none were found.

    Example:
        >>> low, high = Literal(Atom("lt", "context.amount", 50)), Literal(Atom("lt", "context.amount", 101), False)
        >>> contradiction(frozenset({low, high})) is not None
        True
        >>> contradiction(frozenset({low})) is None
        True
    """
    by_term: dict[str, list[Literal]] = defaultdict(list)
    for literal in sorted(way, key=lambda each: (each.atom.kind, each.atom.term, repr(each.atom.other), each.holds)):
        by_term[literal.atom.term].append(literal)
    for literals in by_term.values():
        found = _opposites(literals) or _values(literals) or _numbers(literals) or _sets(literals)
        if found:
            return found
    return _missing(way) or _orders(way)


def _opposites(literals: list[Literal]) -> tuple[Literal, ...] | None:
    seen: dict[Atom, Literal] = {}
    for literal in literals:
        other = seen.setdefault(literal.atom, literal)
        if other.holds != literal.holds:
            return (other, literal)
    return None


def _values(literals: list[Literal]) -> tuple[Literal, ...] | None:
    """Compare what a text or an entity must be with what else is said of it."""
    for one, other in combinations([each for each in literals if each.holds and each.atom.kind == "eq"], 2):
        if one.atom.other != other.atom.other:
            return (one, other)
    for one in (each for each in literals if each.holds and each.atom.kind == "eq"):
        for other in literals:
            if not _agrees(one.atom.other, other):
                return (one, other)
    likes = [each for each in literals if each.holds and each.atom.kind == "like"]
    for one, other in combinations(likes, 2):
        if not _ends_agree(one.atom.other, other.atom.other):
            return (one, other)
    kinds = [each for each in literals if each.holds and each.atom.kind == "is"]
    return next(((one, other) for one, other in combinations(kinds, 2) if one.atom.other != other.atom.other), None)


def _agrees(value: object, literal: Literal) -> bool:
    """Say whether a value can be what a literal says of it."""
    kind, other = literal.atom.kind, literal.atom.other
    if kind == "like" and isinstance(value, str):
        return matches_pattern(value, other) == literal.holds
    if kind == "in" and not literal.holds:
        return bool(value != other)
    if kind == "lt" and isinstance(value, int):
        return bool((value < other) == literal.holds)
    return True


def matches_pattern(text: str, pattern: Iterable[str | None]) -> bool:
    """Say whether a text matches Cedar's `like`.

    Example:
        >>> matches_pattern("read_mail", ("read_", None))
        True
    """
    parts = (".*" if part is None else re.escape(part) for part in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _ends_agree(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> bool:
    first, second = _fixed(one), _fixed(other)
    starts = first.startswith(second) or second.startswith(first)
    last, final = _fixed(one[::-1], backwards=True), _fixed(other[::-1], backwards=True)
    return starts and (last.endswith(final) or final.endswith(last))


def _fixed(pattern: tuple[str | None, ...], *, backwards: bool = False) -> str:
    found = ""
    for part in pattern:
        if part is None:
            return found
        found = part + found if backwards else found + part
    return found


def _numbers(literals: list[Literal]) -> tuple[Literal, ...] | None:
    """Follow a number's interval; `lt` that does not hold is a lower bound."""
    low, high, below, above = _SMALLEST, _LARGEST, None, None
    for literal in literals:
        if literal.atom.kind != "lt":
            continue
        bound = literal.atom.other
        if literal.holds and bound - 1 < high:
            high, below = bound - 1, literal
        if not literal.holds and bound > low:
            low, above = bound, literal
    if low > high:
        return tuple(each for each in (above, below) if each is not None)
    excluded = {each.atom.other: each for each in literals if not each.holds and each.atom.kind == "eq"}
    if high - low < len(excluded) and all(number in excluded for number in range(low, high + 1)):
        ends = tuple(each for each in (above, below) if each is not None)
        return (*ends, *(excluded[number] for number in range(low, high + 1)))
    return None


def _sets(literals: list[Literal]) -> tuple[Literal, ...] | None:
    empty = next((each for each in literals if each.holds and each.atom.kind == "empty"), None)
    member = next((each for each in literals if each.holds and each.atom.kind == "member"), None)
    return (empty, member) if empty and member else None


def _missing(way: Way) -> tuple[Literal, ...] | None:
    """Find what reads an attribute that must be absent."""
    absent = {each.atom: each for each in way if not each.holds and each.atom.kind == "has"}
    for literal in way:
        for read in literal.reads:
            if read in absent:
                return (absent[read], literal)
    return None


def _orders(way: Way) -> tuple[Literal, ...] | None:
    """Compare terms with terms: a < b excludes b < a and a == b."""
    below = {(each.atom.term, each.atom.other): each for each in way if each.holds and each.atom.kind == "lt_term"}
    for (low, high), literal in below.items():
        if low == high:
            return (literal,)
        if (high, low) in below:
            return (literal, below[high, low])
        equal = Atom("eq_term", *sorted((low, high)))
        same = next((each for each in way if each.holds and each.atom == equal), None)
        if same:
            return (literal, same)
    return None
