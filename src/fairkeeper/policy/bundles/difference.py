"""What changes between two sets of policies: which ones, and whether the new may allow what the old did not.

That the new only narrow, or allow the same, is proved for every request. Where that cannot be proved, an example is
looked for and tried on both, so that a difference that is shown was seen and not supposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fairkeeper.policy.analysis.conditions import Literal, TooManyWaysError, Way
from fairkeeper.policy.analysis.proving import Possible, widening
from fairkeeper.policy.analysis.reading import Policy, read_policies
from fairkeeper.policy.analysis.vocabulary import Vocabulary, read_vocabulary
from fairkeeper.policy.analysis.wording import explain, way_words
from fairkeeper.policy.bundles.bundle import agents_schema
from fairkeeper.policy.bundles.questions import Question, QuestionRefusedError, Tried, ask
from fairkeeper.policy.engine import EntityUid

_RANK = {"failed": 0, "never": 0, "not permitted": 0, "approval": 1, "automatic": 2}


class Change(StrEnum):
    """What became of a policy."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Reach(StrEnum):
    """What is known of what one set allows against another."""

    NARROWER_OR_SAME = "allows nothing more"
    """Proved for every request."""
    WIDER = "allows more"
    """An example was tried."""
    UNKNOWN = "may allow more"
    """Neither proved nor seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One policy that differs, before and after in words."""

    id: str
    change: Change
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A call that is answered differently.

    Attributes:
        words: What it takes, in words.
    """

    words: str
    question: Question
    before: Tried
    after: Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What two sets of policies differ in.

    Attributes:
        widens: Whether the new may allow what the old did not.
        narrows: The same the other way round: whether the old allowed what the new may not.
    """

    changes: tuple[PolicyChange, ...]
    widens: Reach
    narrows: Reach
    examples: tuple[Example, ...]


def compare(old: str, new: str) -> Difference:
    """Return the difference between two sets of valid policies.

    Raises:
        PolicyRefusedError: One of them cannot be used.

    Example:
        >>> reading = '@id("a") permit (principal, action, resource) when { resource.effect == "read" };'
        >>> compare(reading, reading + '@id("b") forbid (principal, action, resource);').widens.value
        'allows nothing more'
    """
    vocabulary = read_vocabulary(agents_schema())
    before, after = read_policies(old), read_policies(new)
    widens, wider = _reach(before, after, (old, new), vocabulary)
    narrows, narrower = _reach(after, before, (new, old), vocabulary)
    turned = [Example(words=e.words, question=e.question, before=e.after, after=e.before) for e in narrower]
    examples = {(each.words, each.before, each.after): each for each in (*wider, *turned)}
    return Difference(
        changes=_changes(before, after), widens=widens, narrows=narrows, examples=tuple(examples.values())
    )


def _changes(before: Sequence[Policy], after: Sequence[Policy]) -> tuple[PolicyChange, ...]:
    olds, news = {each.id: each for each in before}, {each.id: each for each in after}
    found = []
    for policy_id in dict.fromkeys((*olds, *news)):
        was, now = olds.get(policy_id), news.get(policy_id)
        if was is not None and now is not None and _meaning(was) == _meaning(now):
            continue
        change = Change.ADDED if was is None else Change.REMOVED if now is None else Change.CHANGED
        told = [None if each is None else explain(each) for each in (was, now)]
        found.append(PolicyChange(id=policy_id, change=change, before=told[0], after=told[1]))
    return tuple(found)


def _meaning(policy: Policy) -> dict[str, Any]:
    return {name: value for name, value in policy.body.items() if name != "annotations"}


def _reach(
    before: Sequence[Policy], after: Sequence[Policy], texts: tuple[str, str], vocabulary: Vocabulary
) -> tuple[Reach, list[Example]]:
    try:
        possible = widening(before, after, vocabulary)
    except TooManyWaysError:
        return Reach.UNKNOWN, []
    if not possible:
        return Reach.NARROWER_OR_SAME, []
    seen = [example for each in possible if (example := _tried(each, texts)) is not None]
    return (Reach.WIDER if seen else Reach.UNKNOWN), seen


def _tried(possible: Possible, texts: tuple[str, str]) -> Example | None:
    """Make a call of a way, and keep it if the second set really allows more."""
    question = example_of(possible.way)
    try:
        before, after = (ask(text, question) for text in texts)
    except QuestionRefusedError:
        return None
    if _RANK[after.lane] <= _RANK[before.lane]:
        return None
    return Example(words=way_words(possible.way), question=question, before=before, after=after)


def example_of(way: Way) -> Question:
    """Return a call in which the facts of a way hold, as far as they can be made to.

    Example:
        >>> from fairkeeper.policy.analysis.conditions import Atom
        >>> example_of(frozenset({Literal(Atom("lt", "context.amount", 100), False)})).context
        {'amount': 100}
    """
    parts: dict[str, dict[str, Any]] = {"principal": {}, "resource": {}, "context": {}}
    by_term: dict[str, list[Literal]] = {}
    for literal in sorted(way, key=lambda each: (each.atom.term, each.atom.kind, repr(each.atom.other))):
        by_term.setdefault(literal.atom.term, []).append(literal)
    absent = {f"{each.atom.term}.{each.atom.other}" for each in way if each.atom.kind == "has" and not each.holds}
    for literals in by_term.values():
        for literal in literals:
            _give_what_is_there(parts, literal)
    for term, literals in by_term.items():
        if term not in absent:
            _put(parts, term, literals)
    return Question(agent=parts["principal"], tool=parts["resource"], context=parts["context"])


def _give_what_is_there(parts: dict[str, dict[str, Any]], literal: Literal) -> None:
    """Fill in an optional attribute that must be there, unless something is said of it as well."""
    if literal.atom.kind != "has" or not literal.holds or literal.atom.term != "context":
        return
    ordinary = {"person": "person", "task": "task", "amount": 1, "currency": "EUR"}
    name = literal.atom.other
    if name in ordinary:
        parts["context"].setdefault(name, ordinary[name])


def _put(parts: dict[str, dict[str, Any]], term: str, literals: Sequence[Literal]) -> None:
    tag = _tag_of(term)
    value = _value(literals)
    if tag is not None:
        parts["context"].setdefault(tag[0], {})[tag[1]] = "" if value is None and tag[0] == "texts" else value or 0
        return
    root, _, path = term.partition(".")
    if root not in parts:
        return
    if term == "principal":
        inside = [each.atom.other for each in literals if each.atom.kind == "in" and each.holds]
        parts[root].update(("customer", each.id) for each in inside if each.type == "Customer")
    if term == "context.person":
        parts["context"]["person"] = _person(literals)
        return
    if value is None:
        return
    names = path.split(".") if path else ["id"]
    target = parts[root]
    for name in names[:-1]:
        target = target.setdefault(name, {})
        if not isinstance(target, dict):
            return
    target[names[-1]] = value


def _tag_of(term: str) -> tuple[str, str] | None:
    """Return which argument a term is, as texts or numbers and its name."""
    for kind in ("texts", "numbers", "usage"):
        start = f'context.{kind}.getTag("'
        if term.startswith(start) and term.endswith('")'):
            return kind, term[len(start) : -2]
    return None


def _person(literals: Sequence[Literal]) -> Mapping[str, Any]:
    """Return a person, inside the agent's customer or outside of it."""
    belongs = next((each for each in literals if each.atom.kind in ("in", "in_term")), None)
    if belongs is None:
        return {"id": "person"}
    if belongs.atom.kind == "in" and belongs.holds:
        return {"id": "person", "customer": belongs.atom.other.id}
    return {"id": "person"} if belongs.holds else {"id": "person", "customer": "another"}


def _value(literals: Sequence[Literal]) -> Any:
    """Return a value of which all hold, or None where nothing is known of it."""
    for literal in literals:
        if literal.atom.kind == "eq" and literal.holds:
            other = literal.atom.other
            return other.id if isinstance(other, EntityUid) else other
        if literal.atom.kind == "true":
            return literal.holds
        if literal.atom.kind == "like" and literal.holds:
            return "".join(part or "" for part in literal.atom.other)
    number = _number(literals)
    return number if number is not None else _another(literals) or _members(literals)


def _number(literals: Sequence[Literal]) -> int | None:
    bounds = [each for each in literals if each.atom.kind == "lt"]
    if not bounds:
        return None
    low = max((each.atom.other for each in bounds if not each.holds), default=None)
    high = min((each.atom.other - 1 for each in bounds if each.holds), default=None)
    excluded = {each.atom.other for each in literals if each.atom.kind == "eq" and not each.holds}
    value: int = low if low is not None else high if high is not None else 0
    step = 1 if low is not None else -1
    while value in excluded:
        value += step
    return value


def _another(literals: Sequence[Literal]) -> str | None:
    """Return a text that is none of those it must not be."""
    excluded = [each.atom.other for each in literals if each.atom.kind == "eq" and not each.holds]
    if not excluded:
        return None
    first = excluded[0]
    ids = {each.id if isinstance(each, EntityUid) else each for each in excluded}
    for candidate in _CANDIDATES.get(literals[0].atom.term, ("other", "another", "else")):
        if candidate not in ids:
            return candidate
    return f"{first}-other"


_CANDIDATES = {
    "resource.effect": ("read", "write", "external", "irreversible"),
    "resource.environment": ("live", "test", "dev"),
    "principal.environment": ("live", "test", "dev"),
    "resource.severity": ("low", "medium", "high"),
    "resource.business_impact": ("low", "medium", "high"),
    "resource.reversibility": ("reversible", "costly", "irreversible"),
}


def _members(literals: Sequence[Literal]) -> list[Any] | None:
    found = [each.atom.other for each in literals if each.atom.kind == "member" and each.holds]
    return found or None
