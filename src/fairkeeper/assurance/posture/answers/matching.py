"""Which statement answers a question: by counted terms, with the score shown, and never by a guess.

A question is cut into words without case, accents and common endings; phrases of the data file's synonyms become one
word; each term of a statement that stands in the question adds its weight. The best statement answers where it leads;
where another is as near, or answers the other half of a double question, both are named and a person looks; where none
reaches the least score, it is not covered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEAST_SCORE: Final = 4
"""Below it a question is not covered."""
LEAD: Final = 2
"""A runner-up nearer than this makes it a matter for a person."""
SURE_SCORE, SURE_SHARE = 6, 0.4
"""A sure answer has this score, and terms that explain this share of the question's own words."""
MOST_CANDIDATES: Final = 3
_WORD: Final = re.compile(r"[a-z0-9]+")
_IDLE: Final = frozenset(
    [
        "a",
        "about",
        "all",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "can",
        "company",
        "could",
        "data",
        "describe",
        "did",
        "do",
        "does",
        "done",
        "during",
        "each",
        "etc",
        "ever",
        "every",
        "explain",
        "for",
        "from",
        "has",
        "have",
        "having",
        "how",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "list",
        "may",
        "must",
        "not",
        "of",
        "on",
        "only",
        "or",
        "organisation",
        "organization",
        "our",
        "please",
        "product",
        "provide",
        "service",
        "should",
        "so",
        "solution",
        "such",
        "system",
        "than",
        "that",
        "the",
        "their",
        "them",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "under",
        "up",
        "use",
        "used",
        "uses",
        "using",
        "was",
        "we",
        "what",
        "when",
        "where",
        "whether",
        "which",
        "who",
        "will",
        "with",
        "within",
        "would",
        "you",
        "your",
        "yes",
        "no",
    ]
)


class Verdict(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    LOOK = "look"
    NOT_COVERED = "not covered"


class Sureness(StrEnum):
    """How sure an answer is."""

    SURE = "sure"
    LIKELY = "likely"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What is looked for in a question: one phrase, or several that all have to be there.

    Attributes:
        text: As it stands in the data file.
        parts: The words of each phrase, as `words_of` gives them.
        weight: What it adds; 0 where it rules the statement out.
    """

    text: str
    parts: tuple[tuple[str, ...], ...]
    weight: int
    rules_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Something a question is answered with.

    Attributes:
        control: The control that it rests on; empty for what nothing here covers.
        answer: In words; empty for what nothing here covers.
        limit: What the answer does not reach, or why nothing covers it.
    """

    id: str
    title: str
    control: str
    answer: str
    limit: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A statement with its score and the terms that gave it."""

    statement: Statement
    score: int
    terms: tuple[str, ...]
    share: float
    """Of the question's own words, those that its terms explain."""
    reasons: tuple[tuple[int, tuple[frozenset[int], ...]], ...] = ()
    """Each found term's weight, with the places of each of its phrases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What becomes of one question.

    Attributes:
        matches: The best first; those between which a person chooses where the verdict is `look`.
    """

    verdict: Verdict
    sureness: Sureness
    matches: tuple[Match, ...]


Phrases = Mapping[tuple[str, ...], str]
"""Words of a phrase, with the one word that stands for it."""


def stem(word: str) -> str:
    """Return a word without its common English endings.

    Example:
        >>> [stem(each) for each in ("encrypted", "encrypts", "encrypting", "policies", "store", "access")]
        ['encrypt', 'encrypt', 'encrypt', 'policy', 'stor', 'access']
    """
    if len(word) > 4 and word.endswith("ies"):
        word = f"{word[:-3]}y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending, least in (("ing", 6), ("ed", 5)):
        if len(word) >= least and word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def words_of(text: str) -> tuple[str, ...]:
    """Return a text's words, stemmed.

    Example:
        >>> words_of("Do you encrypt customers’ données?")
        ('do', 'you', 'encrypt', 'customer', 'donne')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return tuple(stem(each) for each in _WORD.findall(plain.replace("'s ", " ")))


def replace_phrases(words: Sequence[str], phrases: Phrases) -> tuple[str, ...]:
    """Return words with each phrase replaced by the word that stands for it, the longest first.

    Example:
        >>> replace_phrases(("two", "factor", "login"), {("two", "factor"): "mfa"})
        ('mfa', 'login')
    """
    longest = max((len(each) for each in phrases), default=0)
    found: list[str] = []
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            name = phrases.get(tuple(words[place : place + length]))
            if name is not None:
                found.append(name)
                place += length
                break
        else:
            found.append(words[place])
            place += 1
    return tuple(found)


def answer_to(question: str, statements: Sequence[Statement], phrases: Phrases) -> Answered:
    """Return what becomes of a question; the same question has the same answer.

    Args:
        question: In words.
        statements: Those that cover something and those that say what nothing covers.
        phrases: Synonyms.
    """
    words = replace_phrases(words_of(question), phrases)
    matches = sorted(
        (found for each in statements if (found := _match(words, each)) is not None and found.score >= LEAST_SCORE),
        key=lambda each: (-each.score, each.statement.id),
    )
    if not matches:
        return Answered(verdict=Verdict.NOT_COVERED, sureness=Sureness.NONE, matches=())
    best = matches[0]
    near = tuple(each for each in matches if best.score - each.score < LEAD or _beside(each, best) >= LEAST_SCORE)[
        :MOST_CANDIDATES
    ]
    if not any(each.statement.answer for each in near):
        return Answered(verdict=Verdict.NOT_COVERED, sureness=Sureness.NONE, matches=near)
    if len(near) > 1:
        return Answered(verdict=Verdict.LOOK, sureness=Sureness.NONE, matches=near)
    is_sure = best.score >= SURE_SCORE and best.share >= SURE_SHARE
    sureness = Sureness.SURE if is_sure else Sureness.LIKELY
    return Answered(verdict=Verdict.ANSWERED, sureness=sureness, matches=(best,))


def _match(words: tuple[str, ...], statement: Statement) -> Match | None:
    known = frozenset(words)
    found = [
        term for term in statement.terms if all(known.issuperset(part) and _places(words, part) for part in term.parts)
    ]
    if not found or any(term.rules_out for term in found):
        return None
    reasons = tuple((term.weight, tuple(frozenset(_places(words, part)) for part in term.parts)) for term in found)
    explained = {place for _, parts in reasons for part in parts for place in part}
    own = {place for place, word in enumerate(words) if word not in _IDLE} | explained
    return Match(
        statement=statement,
        score=sum(term.weight for term in found),
        terms=tuple(term.text for term in found),
        share=len(explained) / len(own),
        reasons=reasons,
    )


def _beside(match: Match, best: Match) -> int:
    """Return the score of what a match finds where the best one finds nothing: the other half of a double question."""
    taken = {place for _, parts in best.reasons for part in parts for place in part}
    return sum(weight for weight, parts in match.reasons if any(not part & taken for part in parts))


def _places(words: tuple[str, ...], part: tuple[str, ...]) -> tuple[int, ...]:
    length = len(part)
    return tuple(
        each
        for start in range(len(words) - length + 1)
        if words[start : start + length] == part
        for each in range(start, start + length)
    )
