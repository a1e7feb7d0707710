"""Read tests of policies from YAML or JSON: each a call, and the lane that the policies must answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fairkeeper.action.document import Document, Place, TextFaults, read_document
from fairkeeper.policy.bundles.questions import Question, TriedLane
from fairkeeper.values.findings import Finding, FindingKind, Findings, Level, finding_kinds

_RESOURCE: Final = "blog-governing-agents"

CASE_FILE_UNREADABLE: Final = finding_kinds.declare(
    FindingKind(
        code="policy.case_file_unreadable",
        level=Level.ERROR,
        title="Tests of policies are YAML or JSON",
        remedy="Correct the line that the message names.",
        resource=_RESOURCE,
        example="tests: [",
    )
)
CASE_TWICE: Final = finding_kinds.declare(
    FindingKind(
        code="policy.case_key_twice",
        level=Level.ERROR,
        title="A name stands once",
        remedy="Keep one of the two.",
        resource=_RESOURCE,
        example="expect: automatic, and expect: never in one test",
    )
)
CASE_REFUSED: Final = finding_kinds.declare(
    FindingKind(
        code="policy.case_refused",
        level=Level.ERROR,
        title="A test names a call and the lane that is expected",
        remedy="Give name, agent, tool, context, expect (automatic, approval, not permitted or never) and by.",
        resource=_RESOURCE,
        example="expect: allowed",
    )
)
CASE_FAILED: Final = finding_kinds.declare(
    FindingKind(
        code="policy.case_failed",
        level=Level.ERROR,
        title="Policies answer as their tests expect",
        remedy="Correct the policy, or the test if the answer is the wanted one.",
        resource=_RESOURCE,
        example="expected approval; the policies answer automatic, by read-mail",
    )
)

_FAULTS: Final = TextFaults(unreadable=CASE_FILE_UNREADABLE, duplicate_key=CASE_TWICE)
_KEYS: Final = frozenset({"name", "agent", "tool", "context", "expect", "by"})
_EXPECTED: Final = {lane.value: lane for lane in TriedLane if lane is not TriedLane.FAILED}
_MOST_CASES: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test.

    Attributes:
        by: Policies that must have made the answer; empty for any.
    """

    name: str
    question: Question
    expect: TriedLane
    by: tuple[str, ...]
    file: str | None
    line: int | None


def read_cases(text: str, file: str | None) -> tuple[tuple[Case, ...], Findings]:
    """Return the tests of a file, and what is wrong with it.

    Example:
        >>> cases, findings = read_cases("tests: [{name: reads, expect: automatic}]", None)
        >>> cases[0].expect.value, len(findings)
        ('automatic', 0)
    """
    document = read_document(text, _FAULTS)
    findings = [replace(each, file=file) for each in document.findings]
    if findings:
        return (), Findings.of(findings)
    tests = document.value.get("tests") if isinstance(document.value, Mapping) else None
    if not isinstance(tests, list) or len(tests) > _MOST_CASES:
        message = f"The file has no list `tests` of up to {_MOST_CASES} tests."
        return (), Findings.of([CASE_REFUSED.found(message, file=file)])
    cases: list[Case] = []
    for number, test in enumerate(tests):
        place: Place = ("tests", number)
        problems = list(_problems(test, place, document, file))
        findings += problems
        if not problems:
            cases.append(_case(test, document.lines.get(place), file))
    return tuple(cases), Findings.of(findings)


def _problems(test: Any, place: Place, document: Document, file: str | None) -> Iterator[Finding]:
    def found(message: str) -> Finding:
        row = document.lines.get(place)
        return CASE_REFUSED.found(message, file=file, row=row, path="/".join(map(str, place)))

    if not isinstance(test, Mapping):
        yield found("A test is a list of names with their values.")
        return
    unknown = sorted(str(name) for name in set(test) - _KEYS)
    if unknown:
        yield found(f"A test has no {', '.join(unknown)}.")
    if not isinstance(test.get("name"), str) or not test["name"]:
        yield found("The test has no name.")
    if not isinstance(test.get("expect"), str) or test["expect"] not in _EXPECTED:
        yield found(f"expect is none of {', '.join(_EXPECTED)}.")
    for part in ("agent", "tool", "context"):
        if not isinstance(test.get(part, {}), Mapping):
            yield found(f"{part} is a list of names with their values.")
    by = test.get("by", [])
    if not isinstance(by, list) or not all(isinstance(each, str) for each in by):
        yield found("by is a list of policies' names.")


def _case(test: Mapping[str, Any], line: int | None, file: str | None) -> Case:
    question = Question(
        agent=dict(test.get("agent", {})), tool=dict(test.get("tool", {})), context=dict(test.get("context", {}))
    )
    return Case(
        name=test["name"],
        question=question,
        expect=_EXPECTED[test["expect"]],
        by=tuple(test.get("by", ())),
        file=file,
        line=line,
    )
