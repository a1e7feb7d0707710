"""Find what is wrong with policies, or can be proved to have no effect, and say it in words.

Whatever Cedar's validator refuses is an error. What comes after is proved (see `proving`), so it is never a guess; what
is too large to be followed is said to be unproven.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fairkeeper.policy.analysis import lint_kinds
from fairkeeper.policy.analysis.conditions import (
    NEVER,
    Expression,
    Literal,
    Setting,
    TooManyWaysError,
    constant,
    text_of,
    ways,
)
from fairkeeper.policy.analysis.proving import consistent, covering, matching, settings_of, why_never
from fairkeeper.policy.analysis.reading import Policy, read_policies
from fairkeeper.policy.analysis.vocabulary import Attribute, Vocabulary, read_vocabulary
from fairkeeper.policy.analysis.wording import condition_words, literal_words
from fairkeeper.policy.engine import validate
from fairkeeper.policy.errors import PolicyProblem, PolicyRefusedError
from fairkeeper.values.findings import Finding, FindingKind, Findings

_OF_ACTION: Final = re.compile(r' for Action::"\w+"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Whose policies are checked.

    Attributes:
        customer: The customer's id; None for the publisher's own.
        file: Name of the file, for findings.
    """

    customer: str | None = None
    file: str | None = None


PUBLISHER = Author()


def lint(text: str, schema: str, author: Author = PUBLISHER) -> Findings:
    """Return everything that is wrong with policies, and everything that was proved to have no effect.

    Example:
        >>> schema = 'entity Agent; action "call" appliesTo { principal: Agent, resource: Agent };'
        >>> [each.code for each in lint('@id("a") @reason("b") permit (principal, action, resource) where {};', schema)]
        ['policy.unreadable']
    """
    try:
        policies = read_policies(text)
    except PolicyRefusedError as refused:
        return Findings.of(
            lint_kinds.UNREADABLE.found(each.message, file=author.file, row=_row(each.message))
            for each in refused.problems
        )
    linter = _Linter(policies, read_vocabulary(schema), author)
    refusals = list(dict.fromkeys(linter.refusal(problem) for problem in validate(text, schema)))
    found = [*refusals, *linter.findings({each.subject for each in refusals})]
    return Findings.of(found).sorted()


def _row(message: str) -> int | None:
    """Return the line that Cedar's parser names, where it does."""
    found = re.search(r"line (\d+)", message)
    return int(found.group(1)) if found else None


class _Linter:
    """One run over one set of policies."""

    def __init__(self, policies: Sequence[Policy], vocabulary: Vocabulary, author: Author) -> None:
        self._policies, self._vocabulary, self._author = policies, vocabulary, author
        self._sound: Sequence[Policy] = ()

    def _found(self, kind: FindingKind, policy: Policy | None, message: str) -> Finding:
        subject = None if policy is None else policy.id
        line = None if policy is None else policy.line
        return kind.found(message, file=self._author.file, row=line, subject=subject)

    def refusal(self, problem: PolicyProblem) -> Finding:
        """Return what Cedar's validator refuses as a finding of its kind."""
        policy = next((each for each in self._policies if each.id == problem.policy_id), None)
        message = _OF_ACTION.sub("", problem.message)
        if "@id" in message:
            return self._found(lint_kinds.ID_MISSING, policy, message)
        unguarded = re.search(r"unable to guarantee safety of access to (?:optional attribute|tag) (.+)$", message)
        if unguarded:
            term = unguarded.group(1).replace("`", "")
            said = f"{term} may be absent where it is read, and the policy then fails."
            return self._found(lint_kinds.ATTRIBUTE_UNGUARDED, policy, said)
        unknown = re.search(r"attribute `([\w.]+)`.*not found", message)
        if unknown:
            return self._found(lint_kinds.ATTRIBUTE_UNKNOWN, policy, self._unknown(unknown.group(1)))
        return self._found(lint_kinds.INVALID, policy, _sentence(message))

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name.rpartition(".")[2], sorted(set(self._names())), n=3, cutoff=0.5)
        told = f" Near it are: {', '.join(near)}." if near else ""
        return f"There is no attribute {name!r} where it is read.{told}"

    def _names(self) -> Iterator[str]:
        for entity in self._vocabulary.entities.values():
            yield from _names_in(entity.attributes)
        for action in self._vocabulary.actions.values():
            yield from _names_in(action.context.members)

    def findings(self, refused: Collection[str | None]) -> Iterator[Finding]:
        """Return what can be said of each policy, and of all of them together; nothing is proved of refused ones."""
        self._sound = [each for each in self._policies if each.id not in refused and each.id in self._unique()]
        permits = [each for each in self._policies if each.is_permit]
        if self._policies and not permits and self._author.customer is None:
            yield self._found(lint_kinds.NO_PERMIT, None, "None of the policies permits anything.")
        for policy in self._policies:
            yield from self._about_text(policy)
            if policy in self._sound:
                yield from self._about_meaning(policy)

    def _unique(self) -> set[str]:
        ids = [each.id for each in self._policies]
        return {each for each in ids if ids.count(each) == 1}

    def _about_text(self, policy: Policy) -> Iterator[Finding]:
        if "reason" not in policy.annotations:
            yield self._found(lint_kinds.REASON_MISSING, policy, "It has no @reason for whoever it concerns.")
        if policy.is_permit and self._author.customer is not None:
            yield self._found(lint_kinds.CUSTOMER_PERMITS, policy, "It permits, and a customer's policies only forbid.")
        for term, text in _starred(policy.body["conditions"]):
            message = f'{term} is compared with "{text}", in which the star is a star.'
            yield self._found(lint_kinds.WILDCARD_LITERAL, policy, message)
        asked = (_undeclared(policy.body["conditions"], setting) for setting in settings_of(self._vocabulary))
        for _, name in dict.fromkeys(pair for pairs in asked for pair in pairs):
            yield self._found(lint_kinds.ATTRIBUTE_UNKNOWN, policy, self._unknown(name))
        scope = policy.body["action"]
        if not policy.is_permit and scope["op"] == "==" and scope["entity"]["id"] == "call":
            message = 'It forbids action == Action::"call" alone, so the same call still runs unattended.'
            yield self._found(lint_kinds.HALF_FORBIDDEN, policy, message)

    def _about_meaning(self, policy: Policy) -> Iterator[Finding]:
        try:
            possible = matching(policy, self._vocabulary)
            if not possible:
                yield self._found(lint_kinds.NEVER_MATCHES, policy, self._why_never(policy))
                return
            yield from self._idle_conditions(policy)
            yield from self._about_place(policy, [each.way for each in possible])
            yield from self._covered(policy)
        except TooManyWaysError:
            message = "It branches too often to be followed, so nothing was proved about it."
            yield self._found(lint_kinds.UNPROVEN, policy, message)

    def _why_never(self, policy: Policy) -> str:
        reasons = why_never(policy, self._vocabulary)
        if not reasons:
            return "No kind of request fits its head and conditions, so it never matches."
        told = " and ".join(sorted(dict.fromkeys(literal_words(each) for each in reasons)))
        return f"It never matches: {told} cannot hold together."

    def _idle_conditions(self, policy: Policy) -> Iterator[Finding]:
        for condition in policy.body["conditions"]:
            if self._is_idle(condition):
                told = condition_words(condition["body"], holds=condition["kind"] == "when")
                message = f"Its condition holds for every request: {told}."
                yield self._found(lint_kinds.CONDITION_IDLE, policy, message)

    def _is_idle(self, condition: Expression) -> bool:
        is_when = condition["kind"] == "when"
        return all(
            consistent(ways(condition["body"], setting, holds=not is_when)) == NEVER
            for setting in settings_of(self._vocabulary)
        )

    def _about_place(self, policy: Policy, found: Sequence[frozenset[Literal]]) -> Iterator[Finding]:
        customer = self._author.customer
        if policy.is_permit:
            if "IntendedUse" in self._vocabulary.entities and not all(_names_use(way) for way in found):
                yield self._found(lint_kinds.USE_UNNAMED, policy, "It may match without naming an intended use.")
            if not any(_says_more(way) for way in found):
                message = "It permits every agent every tool, those of tomorrow too."
                yield self._found(lint_kinds.UNBOUNDED, policy, message)
        elif customer is not None and not all(_is_for_customer(way, customer) for way in found):
            message = f"It may match agents of another customer than {customer}."
            yield self._found(lint_kinds.CUSTOMER_ELSEWHERE, policy, message)

    def _covered(self, policy: Policy) -> Iterator[Finding]:
        forbids = [each for each in self._sound if not each.is_permit and each is not policy]
        if policy.is_permit:
            by = covering(policy, forbids, self._vocabulary)
            if by:
                message = f"Wherever it applies, {_names(by)} {'forbids' if len(by) == 1 else 'forbid'} it."
                yield self._found(lint_kinds.ALWAYS_FORBIDDEN, policy, message)
                return
        same = [each for each in self._sound if each.is_permit == policy.is_permit and each is not policy]
        by = covering(policy, same, self._vocabulary)
        if by and not self._is_said_of_the_other(policy, by):
            message = f"{_names(by)} {'does' if len(by) == 1 else 'do'} the same wherever it applies."
            yield self._found(lint_kinds.REDUNDANT, policy, message)

    def _is_said_of_the_other(self, policy: Policy, by: Sequence[Policy]) -> bool:
        """Say it once of two policies that cover each other: of the later one."""
        position = self._policies.index(policy)
        return (
            len(by) == 1
            and self._policies.index(by[0]) > position
            and bool(covering(by[0], [policy], self._vocabulary))
        )


def _names_in(members: Mapping[str, Attribute]) -> Iterator[str]:
    for name, attribute in members.items():
        yield name
        yield from _names_in(attribute.members)


def _undeclared(expression: object, setting: Setting) -> Iterator[tuple[str, str]]:
    """Find questions whether something has an attribute that nothing like it can have."""
    if isinstance(expression, list | tuple):
        for each in expression:
            yield from _undeclared(each, setting)
    elif isinstance(expression, dict):
        operand = expression.get("has")
        if operand is not None and ways(expression, setting, holds=True) == NEVER:
            yield text_of(operand["left"]), operand["attr"]
        for each in expression.values():
            yield from _undeclared(each, setting)


def _names_use(way: frozenset[Literal]) -> bool:
    return any(each.holds and each.atom.term == "context.use" and each.atom.kind in ("eq", "in") for each in way)


def _says_more(way: frozenset[Literal]) -> bool:
    return any(each.atom.term != "context.use" for each in way)


def _is_for_customer(way: frozenset[Literal], customer: str) -> bool:
    return any(
        each.holds
        and (each.atom.kind, each.atom.term) in _OF_CUSTOMER
        and getattr(each.atom.other, "type", None) == "Customer"
        and each.atom.other.id == customer
        for each in way
    )


_OF_CUSTOMER: Final = {("in", "principal"), ("eq", "principal.customer")}


def _starred(expression: object) -> Iterator[tuple[str, str]]:
    """Find comparisons with a text that has a star."""
    if isinstance(expression, list | tuple):
        for each in expression:
            yield from _starred(each)
    elif isinstance(expression, dict):
        for operator, operand in expression.items():
            if operator in ("==", "!=") and isinstance(operand, dict):
                value = constant(operand["right"])
                if isinstance(value, str) and "*" in value:
                    yield text_of(operand["left"]), value
            yield from _starred(operand)


def _names(policies: Sequence[Policy]) -> str:
    return " and ".join(policy.id for policy in policies)


def _sentence(message: str) -> str:
    text = " ".join(message.split())
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
