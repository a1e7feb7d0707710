"""Every item of the OWASP lists names controls, and every control a test that exists and is not switched off."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from fairkeeper.assurance.posture.controls import AGENTIC_2026, CONTROLS, LLM_2025, RISKS

ROOT = Path(__file__).parents[3]
OFF = {"skip", "skipif", "xfail"}


@cache
def marked_in(path: str) -> dict[str, set[str]]:
    """The tests of a module, each with the marks that it and its module have."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    module_marks = {
        node.attr
        for statement in tree.body
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "pytestmark"
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute)
    }
    return {
        node.name: module_marks
        | {part.attr for each in node.decorator_list for part in ast.walk(each) if isinstance(part, ast.Attribute)}
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_the_lists_are_whole() -> None:
    assert [each.id for each in LLM_2025] == [f"LLM{number:02}" for number in range(1, 11)]
    assert [each.id for each in AGENTIC_2026] == [f"ASI{number:02}" for number in range(1, 11)]


@pytest.mark.parametrize("risk", sorted(RISKS))
def test_every_item_names_a_test_and_says_its_gap(risk: str) -> None:
    item = RISKS[risk]
    assert item.gap
    assert [test for control in item.controls for test in CONTROLS[control].tests]


@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_every_named_test_exists_and_runs(control: str) -> None:
    for name in CONTROLS[control].tests:
        path, _, function = name.partition("::")
        assert function.startswith("test_")
        marks = marked_in(path).get(function)
        assert marks is not None, f"{name} does not exist"
        assert not marks & OFF, f"{name} is switched off"


def test_no_page_of_the_posture_promises_what_nobody_can() -> None:
    told = " ".join([*(each.gap for each in RISKS.values()), *(each.says for each in CONTROLS.values())]).lower()
    assert "complian" not in told
    assert "certif" not in told
