"""What checks of policies answer: frozen rows, ready for any channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairkeeper.policy.bundles.difference import Difference, Example
from fairkeeper.policy.bundles.questions import Question, Tried
from fairkeeper.values.findings import Finding, Level
from fairkeeper.values.resources import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFinding:
    """One thing that is wrong with policies, or proved about them.

    Args:
        line: Line of the file, counted from 1.
        policy: Its `@id`, where it concerns one.
    """

    code: str
    level: Level
    message: str
    remedy: str
    file: str | None
    line: int | None
    policy: str | None
    explained_by: str
    address: str | None


def view_finding(finding: Finding) -> PolicyFinding:
    """Return a finding for channels."""
    explained = resource(finding.resource)
    return PolicyFinding(
        code=finding.code,
        level=finding.level,
        message=finding.message,
        remedy=finding.remedy,
        file=finding.file,
        line=finding.row,
        policy=finding.subject,
        explained_by=explained.title,
        address=explained.address,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPolicy:
    """A policy in words.

    Args:
        effect: permit or forbid.
        reason: What its author says it is there for.
        agent, tool, customer: What its head names; None means any.
    """

    policy: str
    file: str | None
    line: int | None
    effect: str
    words: str
    reason: str | None
    agent: str | None = None
    tool: str | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPolicies:
    """The answer to a check: how many policies there are, and what was found."""

    policies: int
    findings: tuple[PolicyFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedCase:
    """One test and how it came out.

    Args:
        answered_by: The policies that made the answer.
    """

    name: str
    passed: bool
    expected: str
    answered: str
    answered_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPolicies:
    """The answer to tests.

    Args:
        never_used: Policies that made none of the answers, so no test would notice their loss.
    """

    cases: tuple[TriedCase, ...]
    passed: int
    failed: int
    never_used: tuple[str, ...]
    findings: tuple[PolicyFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPolicy:
    """A policy that differs; before or after is None where it was added or removed."""

    policy: str
    change: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferentAnswer:
    """A call that is answered differently, as it was tried.

    Args:
        call: What it takes, in words.
        question: The call, as a test would write it.
    """

    call: str
    question: Mapping[str, Any]
    before: str
    after: str
    before_by: tuple[str, ...]
    after_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPolicies:
    """The answer to a comparison.

    Args:
        widens: What is known of the new set against the old: allows nothing more, allows more, may allow more.
        narrows: The same of the old set against the new.
    """

    changes: tuple[ChangedPolicy, ...]
    widens: str
    narrows: str
    examples: tuple[DifferentAnswer, ...]
    findings: tuple[PolicyFinding, ...]


def view_example(example: Example) -> DifferentAnswer:
    """Return an example for channels."""
    return DifferentAnswer(
        call=example.words,
        question=view_question(example.question),
        before=example.before.lane.value,
        after=example.after.lane.value,
        before_by=example.before.policies,
        after_by=example.after.policies,
    )


def view_question(question: Question) -> Mapping[str, Any]:
    """Return a question as a test writes it, without what is filled in anyway."""
    parts = {"agent": question.agent, "tool": question.tool, "context": question.context}
    return {name: dict(part) for name, part in parts.items() if part}


def view_changes(difference: Difference) -> tuple[ChangedPolicy, ...]:
    """Return the policies that differ."""
    return tuple(
        ChangedPolicy(policy=each.id, change=each.change.value, before=each.before, after=each.after)
        for each in difference.changes
    )


def view_tried(tried: Tried) -> str:
    """Return an answer in words."""
    return tried.lane.value


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePlace:
    """One thing to fill in."""

    name: str
    words: str
    kind: str
    example: str
    is_optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateView:
    """A template of policies.

    Args:
        for_customers: Whether a customer may use it, since it only takes away.
    """

    key: str
    title: str
    explains: str
    for_customers: bool
    places: tuple[TemplatePlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledTemplate:
    """Policies that a template became, with their words and what was found."""

    cedar: str
    words: tuple[str, ...]
    findings: tuple[PolicyFinding, ...]
