"""Every threat of the threat model names tests that exist and have something to run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


@pytest.fixture(scope="module")
def threats(root: Path) -> dict[str, list[tuple[str, str]]]:
    """The table: each threat with the tests it names."""
    text = (root / "docs/explanation/threat-model.md").read_text(encoding="utf-8")
    table = text.partition("## Threats")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
    return {threat: _TEST.findall(shown) for _, threat, shown in rows}


def _runs(tree: ast.Module, name: str) -> bool:
    """Whether a module has that test, or any, and does not always skip it."""
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and (each.name == name if name else each.name.startswith("test_"))
    ]
    skips = {"pytest.mark.skip", "pytest.mark.xfail"}
    return any(not any(ast.unparse(mark).split("(")[0] in skips for mark in each.decorator_list) for each in found)


def test_every_threat_names_a_test(threats: dict[str, list[tuple[str, str]]]) -> None:
    assert [threat for threat, tests in threats.items() if not tests] == []
    assert len(threats) > 20


def test_every_named_test_exists_and_is_not_skipped(threats: dict[str, list[tuple[str, str]]], root: Path) -> None:
    missing = [
        f"{path}::{name}"
        for tests in threats.values()
        for path, name in tests
        if not (root / path).is_file() or not _runs(ast.parse((root / path).read_text(encoding="utf-8")), name)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("code", "name", "runs"),
    [
        ("def test_a(): ...", "test_a", True),
        ("def test_a(): ...", "test_b", False),
        ("import pytest\n@pytest.mark.skip(reason='x')\ndef test_a(): ...", "test_a", False),
        ("def helper(): ...", "", False),
    ],
)
def test_a_test_that_does_not_run_is_noticed(code: str, name: str, runs: bool) -> None:
    assert _runs(ast.parse(code), name) is runs
