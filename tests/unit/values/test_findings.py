"""Findings are values, and every kind is declared once with an official resource."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.values.errors import FindingKindRefusedError, ResourceUnknownError
from fairkeeper.values.findings import Finding, FindingKind, FindingKindRegistry, Findings, Level

GAP = FindingKind(
    code="deals.schedule_gap",
    level=Level.ERROR,
    title="Charges of a schedule follow each other",
    remedy="Sort the charges by date.",
    resource="learn-flexible-billing",
    example="2027-02-01 before 2027-01-01",
)
LATE = dataclasses.replace(GAP, code="deals.schedule_late", level=Level.WARNING)
NOTE = dataclasses.replace(GAP, code="deals.schedule_note", level=Level.INFO)

findings = st.builds(
    lambda kind, file, row, subject: kind.found("Seen.", file=file, row=row, subject=subject),
    st.sampled_from([GAP, LATE, NOTE]),
    st.none() | st.sampled_from(["a.csv", "b.csv"]),
    st.none() | st.integers(1, 50),
    st.none() | st.text(max_size=3),
)


def test_finding_takes_level_remedy_and_resource_from_its_kind() -> None:
    finding = GAP.found("Row 3 is before row 2.", file="plan.xlsx", row=3, column="date", detail={"days": 31})
    assert (finding.code, finding.level, finding.remedy) == (GAP.code, Level.ERROR, GAP.remedy)
    assert finding.place == "plan.xlsx, row 3, column date"
    assert finding.detail == (("days", 31),)


def test_finding_may_be_milder_than_its_kind_and_name_its_own_remedy() -> None:
    finding = GAP.found("Seen.", level=Level.INFO, remedy="Nothing to do.")
    assert (finding.level, finding.remedy) == (Level.INFO, "Nothing to do.")


def test_adding_leaves_the_original_as_it_was() -> None:
    none = Findings()
    one = none.add(GAP.found("Seen."))
    two = one + Findings.of([LATE.found("Seen.")])
    assert [len(none), len(one), len(two)] == [0, 1, 2]
    assert not none
    assert one
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.items = ()  # type: ignore[misc]


def test_only_errors_count_as_errors() -> None:
    mild = Findings.of([LATE.found("Seen."), NOTE.found("Seen.")])
    assert not mild.has_errors
    assert mild.add(GAP.found("Seen.")).has_errors
    assert [mild.count(level) for level in Level] == [0, 1, 1]
    assert [finding.code for finding in mild.of_level(Level.INFO)] == [NOTE.code]


@given(st.lists(findings, max_size=20))
def test_reading_order_puts_errors_first_and_rows_in_order(items: list[Finding]) -> None:
    ordered = list(Findings.of(items).sorted())
    assert sorted(map(repr, ordered)) == sorted(map(repr, items))
    ranks = [list(Level).index(finding.level) for finding in ordered]
    assert ranks == sorted(ranks)
    for before, after in pairwise(ordered):
        if (before.level, before.file) == (after.level, after.file):
            assert (before.row or 0) <= (after.row or 0)


@given(st.lists(findings, max_size=10))
def test_json_names_the_resource_and_leaves_out_what_is_not_set(items: list[Finding]) -> None:
    document = json.loads(json.dumps(Findings.of(items).to_json()))
    assert sum(document["counts"].values()) == len(items)
    for written, finding in zip(document["findings"], items, strict=True):
        assert written["code"] == finding.code
        assert written["resource"]["address"].startswith("https://learn.microsoft.com/")
        assert ("file" in written) is (finding.file is not None)
        assert ("row" in written) is (finding.row is not None)
        assert "path" not in written


def test_kind_is_declared_once() -> None:
    registry = FindingKindRegistry()
    assert registry.declare(GAP) is GAP
    with pytest.raises(FindingKindRefusedError, match="declared twice"):
        registry.declare(dataclasses.replace(GAP, title="Another rule"))
    assert registry[GAP.code] is GAP
    assert GAP.code in registry


def test_kind_without_an_official_resource_is_refused() -> None:
    registry = FindingKindRegistry()
    for resource in ("", "no-such-page"):
        with pytest.raises(ResourceUnknownError):
            registry.declare(dataclasses.replace(GAP, resource=resource))
    assert len(registry) == 0


@pytest.mark.parametrize("code", ["gap", "Deals.gap", "deals.", "deals.gap-x", "deals gap", ""])
def test_misspelt_code_is_refused(code: str) -> None:
    with pytest.raises(FindingKindRefusedError):
        FindingKindRegistry().declare(dataclasses.replace(GAP, code=code))


@pytest.mark.parametrize("name", ["title", "remedy", "example"])
def test_kind_without_a_text_is_refused(name: str) -> None:
    texts = {"title": GAP.title, "remedy": GAP.remedy, "example": GAP.example, name: " "}
    kind = FindingKind(code=GAP.code, level=GAP.level, resource=GAP.resource, **texts)
    with pytest.raises(FindingKindRefusedError, match=name):
        FindingKindRegistry().declare(kind)


def test_kinds_come_in_the_order_of_their_codes() -> None:
    registry = FindingKindRegistry()
    for kind in (NOTE, GAP, LATE):
        registry.declare(kind)
    assert [kind.code for kind in registry] == [GAP.code, LATE.code, NOTE.code]


def test_undeclared_code_is_refused() -> None:
    with pytest.raises(FindingKindRefusedError):
        FindingKindRegistry()["deals.none"]
