"""The files under examples/accounts: a small company, a group with three divisions, and one file for each fault."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from fairkeeper.accounts.checks.checking import check_reading
from fairkeeper.accounts.checks.declaring import Basis
from fairkeeper.accounts.files.reading import Reading, read_structure
from fairkeeper.accounts.files.writing import write_structure
from fairkeeper.values.findings import Findings, finding_kinds

EXAMPLES = Path(__file__).parents[3] / "examples" / "accounts"
FAULTS = sorted((EXAMPLES / "faults").glob("*.yaml"))
WHOLE = ("small-company", "three-divisions")


def reading_of(path: Path) -> Reading:
    return read_structure(path.read_text("utf-8"), file=path.name)


def found_in(path: Path) -> Findings:
    day = re.search(r"^# Checked as of (\S+)$", path.read_text("utf-8"), re.MULTILINE)
    assert day, f"{path.name} does not say for which day it is checked"
    return check_reading(reading_of(path), Basis(as_of=date.fromisoformat(day[1])), file=path.name)


def test_the_small_company_is_in_order() -> None:
    path = EXAMPLES / "small-company.yaml"
    structure = reading_of(path).structure
    assert structure is not None
    assert [len(structure.locations), len(structure.publishers), len(structure.people)] == [1, 1, 3]
    assert list(found_in(path)) == []


def test_the_group_has_five_things_for_a_person() -> None:
    path = EXAMPLES / "three-divisions.yaml"
    structure = reading_of(path).structure
    assert structure is not None
    assert [publisher.id for publisher in structure.publishers] == [
        "northwind-energy",
        "northwind-care",
        "northwind-labs",
    ]
    assert [(each.level.value, each.code, each.path) for each in found_in(path)] == [
        ("warning", "accounts.role_does_nothing", "people/3"),
        ("warning", "accounts.profile_expires", "publishers/1/tax_profile"),
        ("warning", "accounts.app_not_verified", "app_registrations/1/is_publisher_verified"),
        ("info", "accounts.becomes_permanent", "publishers/2/offers/0/id"),
        ("info", "accounts.becomes_permanent", "publishers/2/offers/0/plans/0/id"),
    ]


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_seeded_mistake_is_found_and_nothing_else(path: Path) -> None:
    found = found_in(path)
    assert [each.code for each in found] == [f"accounts.{path.stem}"]
    assert f"# Finds accounts.{path.stem}" in path.read_text("utf-8")
    (finding,) = found
    assert finding.remedy
    assert finding.resource
    if path.stem != "no_global_account":  # what is not there has no line
        assert finding.row is not None
        assert finding.row > 3


def test_every_rule_has_its_seeded_mistake() -> None:
    assert len(FAULTS) >= 30
    rules = {kind.code for kind in finding_kinds if kind.code.startswith("accounts.")}
    assert {f"accounts.{path.stem}" for path in FAULTS} >= {code for code in rules if code not in NOT_IN_FILES}


NOT_IN_FILES: frozenset[str] = frozenset()
"""What is found in the verification's clocks or in what was read from Microsoft, not in a structure's file."""


@pytest.mark.parametrize("name", WHOLE)
def test_a_structure_is_written_as_it_was_read(name: str) -> None:
    structure = reading_of(EXAMPLES / f"{name}.yaml").structure
    assert structure is not None
    assert read_structure(write_structure(structure)).structure == structure
