"""The linter on the shipped examples: every finding has one that triggers it, and good policies have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkeeper.policy.analysis import lint_kinds
from fairkeeper.policy.analysis.linting import Author, lint
from fairkeeper.policy.bundles.bundle import agents_schema
from fairkeeper.policy.bundles.templates import TEMPLATES, Template, TemplateRefusedError
from fairkeeper.values.findings import FindingKind, Level

EXAMPLES = Path(__file__).parents[3] / "examples" / "policies"
FAULTS = sorted((EXAMPLES / "faults").glob("*.cedar"))
KINDS = {kind.code: kind for kind in vars(lint_kinds).values() if isinstance(kind, FindingKind)}


def author_of(path: Path) -> Author:
    return Author(customer="contoso") if "customer" in path.stem or path.stem == "contoso" else Author()


def codes(path: Path) -> list[str]:
    return [finding.code for finding in lint(path.read_text("utf-8"), agents_schema(), author_of(path))]


def test_every_finding_has_an_example_and_every_example_a_finding() -> None:
    by_code = {code.removeprefix("policy."): code for code in KINDS}
    by_code["permit_unbounded"] = by_code.pop("permit_unbounded")
    assert sorted(path.stem for path in FAULTS) == sorted(by_code)


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_an_example_triggers_its_finding_at_its_place(path: Path) -> None:
    findings = [
        finding
        for finding in lint(path.read_text("utf-8"), agents_schema(), author_of(path))
        if finding.code == f"policy.{path.stem}"
    ]
    assert findings
    assert all(finding.message.endswith(".") for finding in findings)
    if path.stem not in ("no_permit", "id_missing", "unreadable"):
        assert all(finding.row and finding.subject for finding in findings)


@pytest.mark.parametrize("name", ["mailbox.cedar", "mailbox-next.cedar", "contoso.cedar"])
def test_shipped_policies_have_no_finding(name: str) -> None:
    assert codes(EXAMPLES / name) == []


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.key)
def test_a_filled_template_has_no_finding(template: Template) -> None:
    given = {place.name: place.example for place in template.places}
    required = {place.name: place.example for place in template.places if not place.is_optional}
    own = {**required, "customer": "cus_adatum"}
    author = Author(customer="cus_adatum") if template.narrows else Author()
    for values in (given, own):
        found = [each.code for each in lint(template.fill("tried", values), agents_schema(), author)]
        assert [code for code in found if code != "policy.no_permit"] == []


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("write-below-limit", {"use": "u", "limit": "1.5", "currency": "EUR"}),
        ("write-below-limit", {"use": "u", "limit": "-1", "currency": "EUR"}),
        ("write-below-limit", {"use": 'u" || true', "limit": "1", "currency": "EUR"}),
        ("write-below-limit", {"use": "u", "limit": "1", "currency": 'E\n"'}),
        ("business-hours", {"begins": "17:00", "ends": "08:00"}),
        ("business-hours", {"begins": "8", "ends": "24:00"}),
        ("environment", {"environment": "production", "tool": "t"}),
        ("argument-ends-with", {"argument": "to", "ending": "*", "tool": "t"}),
        ("stop", {"agents": "a"}),
    ],
)
def test_a_place_takes_only_what_belongs_there(key: str, values: dict[str, str]) -> None:
    with pytest.raises(TemplateRefusedError):
        TEMPLATES[key].fill("tried", values)


def test_what_goes_into_a_text_stays_a_text() -> None:
    filled = TEMPLATES["argument-ends-with"].fill(
        "tried", {"argument": 'to" || true || "', "ending": '"\\', "tool": "t"}
    )
    assert [each.code for each in lint(filled, agents_schema()) if each.level is Level.ERROR] == []


def test_refusals_do_not_hide_what_is_proved_of_the_others() -> None:
    text = (EXAMPLES / "faults" / "invalid.cedar").read_text() + (
        EXAMPLES / "faults" / "never_matches.cedar"
    ).read_text()
    found = {(each.code, each.subject) for each in lint(text, agents_schema())}
    assert found == {("policy.invalid", "write"), ("policy.never_matches", "odd-refund")}


def test_contradictions_are_told_in_words() -> None:
    (finding,) = lint((EXAMPLES / "faults" / "never_matches.cedar").read_text(), agents_schema())
    assert finding.message == (
        "It never matches: the amount is above 10000 and the amount is below 5000 cannot hold together."
    )
