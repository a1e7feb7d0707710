"""Checks of policies in files or from forms: no database, no sign-in, the same answers as when they are saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pydantic import Field

from fairkeeper.action.operation import OperationInput, TextFile, check
from fairkeeper.governance.policies.cases import CASE_FAILED, CASE_REFUSED, Case, read_cases
from fairkeeper.governance.policies.views import (
    CheckedPolicies,
    ComparedPolicies,
    ExplainedPolicy,
    FilledTemplate,
    TemplatePlace,
    TemplateView,
    TriedCase,
    TriedPolicies,
    view_changes,
    view_example,
    view_finding,
    view_tried,
)
from fairkeeper.policy.analysis.lint_kinds import UNREADABLE
from fairkeeper.policy.analysis.linting import Author, lint
from fairkeeper.policy.analysis.reading import read_policies
from fairkeeper.policy.analysis.wording import explain
from fairkeeper.policy.bundles.bundle import agents_schema, linked
from fairkeeper.policy.bundles.difference import Difference, Reach, compare
from fairkeeper.policy.bundles.questions import QuestionRefusedError, Tried, TriedLane, ask
from fairkeeper.policy.bundles.templates import TEMPLATES, Template, TemplateRefusedError
from fairkeeper.policy.errors import PolicyRefusedError
from fairkeeper.values.findings import Finding, FindingKind, Findings, Level, finding_kinds

WIDENS: Final = finding_kinds.declare(
    FindingKind(
        code="policy.widens",
        level=Level.WARNING,
        title="A change of policies allows nothing more than before",
        remedy="Look at the examples; activate it only if that is what is wanted.",
        resource="blog-governing-agents",
        example="a limit raised from 1000 to 5000",
    )
)

_CASE_ENDINGS: Final = (".yaml", ".yml", ".json")


class CheckPolicies(OperationInput):
    """Which policies, and whose."""

    files: list[TextFile] = Field(min_length=1, max_length=100, description="Policies in Cedar.")
    customer: str | None = Field(
        None, max_length=80, description="Check them as this customer's own policies, which only narrow."
    )


class ExplainPolicies(OperationInput):
    """Which policies."""

    files: list[TextFile] = Field(min_length=1, max_length=100, description="Policies in Cedar.")


class TestPolicies(OperationInput):
    """Which policies and tests."""

    files: list[TextFile] = Field(
        min_length=1, max_length=100, description="Policies in Cedar and tests in YAML or JSON, in any order."
    )


class ComparePolicies(OperationInput):
    """Which two sets."""

    old: TextFile = Field(description="Policies in Cedar as they are.")
    new: TextFile = Field(description="Policies in Cedar as they are to be.")
    must_narrow: bool = Field(False, description="Make it an error if the new may allow more.")


class ListTemplates(OperationInput):
    """Which templates."""

    for_customers: bool = Field(False, description="Only those that a customer may use.")


class FillTemplate(OperationInput):
    """Which template, and what goes into its places."""

    template: str = Field(max_length=60, description="The template's key.")
    name: str = Field(max_length=80, description="The policy's name, which decisions show.")
    values: dict[str, str] = Field({}, max_length=20, description="What goes into its places, by name.")


@check("governance.check_policies", http="POST /policies/check", cli="policy check FILES")
def check_policies(request: CheckPolicies) -> CheckedPolicies:
    """Check policies in files: whether they are valid, and what can be proved about them, each with its line.

    The files are one set: a forbid in one covers permits in another.
    """
    whole, count = _Whole(request.files), 0
    findings: list[Finding] = []
    unreadable = [each for file in request.files for each in _unreadable(file)]
    if unreadable:
        findings += unreadable
    else:
        count = len(read_policies(whole.text))
        findings += [
            whole.placed(each) for each in lint(whole.text, agents_schema(), Author(customer=request.customer))
        ]
    shown = Findings.of(findings).sorted()
    return CheckedPolicies(policies=count, findings=tuple(view_finding(each) for each in shown))


@check("governance.explain_policies", http="POST /policies/explain", cli="policy explain FILES")
def explain_policies(request: ExplainPolicies) -> list[ExplainedPolicy]:
    """Say policies in plain words: which lane each makes, for whom, for what, under which conditions.

    Raises:
        PolicyRefusedError: A file is no Cedar.
    """
    return [each for file in request.files for each in explained(file.text, file.name or None)]


def explained(text: str, file: str | None = None) -> tuple[ExplainedPolicy, ...]:
    """Return policies in words."""
    return tuple(
        ExplainedPolicy(
            policy=policy.id,
            file=file,
            line=policy.line,
            effect=policy.effect,
            words=explain(policy),
            reason=policy.annotations.get("reason"),
            agent=link.agent_id,
            tool=link.tool_id,
            customer=link.customer_id,
        )
        for policy, link in zip(read_policies(text), linked(text), strict=True)
    )


@check("governance.test_policies", http="POST /policies/test", cli="policy test FILES")
def test_policies(request: TestPolicies) -> TriedPolicies:
    """Try policies with the tests that stand beside them: each a call, and the lane that must come out.

    Raises:
        PolicyRefusedError: The policies cannot be used.
    """
    policies = [file for file in request.files if not file.name.endswith(_CASE_ENDINGS)]
    text = "\n".join(file.text for file in policies)
    cases: list[Case] = []
    findings: list[Finding] = []
    for file in request.files:
        if file not in policies:
            read, wrong = read_cases(file.text, file.name or None)
            cases += read
            findings += wrong
    return try_cases(text, cases, findings)


def try_cases(text: str, cases: Sequence[Case], findings: Sequence[Finding] = ()) -> TriedPolicies:
    """Return how tests come out under policies."""
    found = list(findings)
    rows: list[TriedCase] = []
    used: set[str] = set()
    for case in cases:
        try:
            tried = ask(text, case.question)
        except QuestionRefusedError as refused:
            found.append(CASE_REFUSED.found(refused.message, file=case.file, row=case.line, subject=case.name))
            continue
        used.update(tried.policies)
        problem = _difference(case, tried)
        if problem:
            found.append(CASE_FAILED.found(problem, file=case.file, row=case.line, subject=case.name))
        rows.append(
            TriedCase(
                name=case.name,
                passed=not problem,
                expected=case.expect.value,
                answered=view_tried(tried),
                answered_by=tried.policies,
            )
        )
    return TriedPolicies(
        cases=tuple(rows),
        passed=sum(row.passed for row in rows),
        failed=sum(not row.passed for row in rows),
        never_used=tuple(each.id for each in read_policies(text) if each.id not in used),
        findings=tuple(view_finding(each) for each in found),
    )


def _difference(case: Case, tried: Tried) -> str | None:
    by = f", by {', '.join(tried.policies)}" if tried.policies else ""
    if tried.lane is TriedLane.FAILED:
        return f"Expected {case.expect.value}; the policies fail: {'; '.join(tried.errors) or 'no decision'}."
    if tried.lane is not case.expect:
        return f"Expected {case.expect.value}; the policies answer {tried.lane.value}{by}."
    missing = [each for each in case.by if each not in tried.policies]
    if missing:
        return f"Expected {case.expect.value} by {', '.join(missing)}; it is {tried.lane.value}{by}."
    return None


@check("governance.compare_policies", http="POST /policies/diff", cli="policy diff OLD NEW")
def compare_policies(request: ComparePolicies) -> ComparedPolicies:
    """Compare two sets of policies: what changed in words, and whether the new may allow what the old did not.

    "Allows nothing more" is proved for every call; "allows more" comes with a call that was tried on both.

    Raises:
        PolicyRefusedError: One of them cannot be used.
    """
    return compared(request.old.text, request.new.text, must_narrow=request.must_narrow)


def compared(old: str, new: str, *, must_narrow: bool = False) -> ComparedPolicies:
    """Return two sets compared."""
    difference = compare(old, new)
    level = Level.ERROR if must_narrow else None
    found = [WIDENS.found(_told(difference), level=level)] if difference.widens is not Reach.NARROWER_OR_SAME else []
    return ComparedPolicies(
        changes=view_changes(difference),
        widens=difference.widens.value,
        narrows=difference.narrows.value,
        examples=tuple(view_example(each) for each in difference.examples),
        findings=tuple(view_finding(each) for each in found),
    )


def _told(difference: Difference) -> str:
    if difference.widens is Reach.WIDER:
        return "The new policies allow calls that the old ones did not."
    return "It could not be proved that the new policies allow nothing more."


@check("governance.list_policy_templates", http="GET /policies/templates", cli="policy templates")
def list_templates(request: ListTemplates) -> list[TemplateView]:
    """List the templates of policies for the common cases, with what each asks for."""
    return [_template(each) for each in TEMPLATES.values() if each.narrows or not request.for_customers]


def _template(template: Template) -> TemplateView:
    places = tuple(
        TemplatePlace(
            name=place.name,
            words=place.words,
            kind=place.kind.value,
            example=place.example,
            is_optional=place.is_optional,
        )
        for place in template.places
    )
    return TemplateView(
        key=template.key,
        title=template.title,
        explains=template.explains,
        for_customers=template.narrows,
        places=places,
    )


@check("governance.fill_policy_template", http="POST /policies/fill", cli="policy fill TEMPLATE NAME")
def fill_template(request: FillTemplate) -> FilledTemplate:
    """Fill in a template and show the policies that it becomes, in Cedar and in words.

    Raises:
        TemplateRefusedError: There is no such template, or a place cannot be filled in so.
    """
    template = TEMPLATES.get(request.template)
    if template is None:
        msg = f"There is no template {request.template!r}; there are {', '.join(TEMPLATES)}."
        raise TemplateRefusedError(msg)
    cedar = template.fill(request.name, request.values)
    return FilledTemplate(
        cedar=cedar,
        words=tuple(explain(each) for each in read_policies(cedar)),
        findings=tuple(view_finding(each) for each in lint(cedar, agents_schema()) if each.code != "policy.no_permit"),
    )


class _Whole:
    """Several files as one text, which knows where each line came from."""

    def __init__(self, files: Sequence[TextFile]) -> None:
        self.text = "\n".join(file.text for file in files)
        self._starts: list[tuple[int, str]] = []
        line = 0
        for file in files:
            self._starts.append((line, file.name))
            line += file.text.count("\n") + 1

    def placed(self, finding: Finding) -> Finding:
        """Return a finding with the file and the line in it."""
        if finding.row is None:
            name = self._starts[0][1] if len(self._starts) == 1 else ""
            return replace(finding, file=name or None)
        start, name = [each for each in self._starts if each[0] < finding.row][-1]
        return replace(finding, file=name or None, row=finding.row - start)


def _unreadable(file: TextFile) -> Iterator[Finding]:
    try:
        read_policies(file.text)
    except PolicyRefusedError as refused:
        for problem in refused.problems:
            yield UNREADABLE.found(problem.message, file=file.name or None)
