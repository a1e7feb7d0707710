"""Text that would end the process in Cedar's parser is refused before it gets there."""

from __future__ import annotations

import pytest

from fairkeeper.policy import limits
from fairkeeper.policy.engine import validate
from fairkeeper.policy.limits import problems_of_shape

SCHEMA = 'entity A; action "x" appliesTo { principal: A, resource: A, context: {} };'


def policy(body: str) -> str:
    return f'@id("a") permit (principal, action, resource) when {{ {body} }};'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("(" * 6_000 + "true" + ")" * 6_000, "nest deeper"),
        ("[" * 6_000 + "]" * 6_000 + " == []", "nest deeper"),
        ("{a:" * 6_000 + "1" + "}" * 6_000 + " == {}", "nest deeper"),
        ("([{a: " * 40, "nest deeper"),
        ("if true then true else " * 6_000 + "true", "conditionals"),
        ("if true then " * 6_000 + "true" + " else true" * 6_000, "conditionals"),
        ("context has " + ".".join(["a"] * 6_000), "path"),
        ("context has " + " . // comment\n".join(["a"] * 30), "path"),
        ("true" + " && true" * 10_000, "statement"),
        ('"' + "x" * 30_000 + '" == ""', "statement"),
    ],
    ids=["parentheses", "sets", "records", "mixed", "else-if", "then-if", "has", "spaced has", "and", "string"],
)
def test_dangerous_shape_is_refused_without_being_parsed(body: str, message: str) -> None:
    problems = validate(policy(body), SCHEMA)
    assert message in " ".join(problem.message for problem in problems)


@pytest.mark.parametrize("chain", [" && true", " || true", '["a"]', ".contains(1)", " + 1", " - 1", " * 1"])
def test_a_chain_longer_than_can_be_read_again_is_refused_in_words(chain: str) -> None:
    """Cedar's text takes as many as fit into a policy; its JSON form does not, nor who walks through it in Python."""
    for count in (61, 1_000, 15_000 // len(chain)):
        problems = validate(policy("true" + chain * count), SCHEMA)
        assert [problem.message for problem in problems if "chains more than about 55" in problem.message], count
    assert not [each for each in validate(policy("true" + chain * 56), SCHEMA) if "cannot be read" in each.message]


@pytest.mark.parametrize(
    "declaration",
    [
        "{a: " * 6_000 + "Long" + "}" * 6_000,
        "Set<" * 6_000 + "Long" + ">" * 6_000,
        "Set<{a: " * 50 + "Long" + "}>" * 50,
    ],
    ids=["records", "sets", "mixed"],
)
def test_dangerous_schema_is_refused_without_being_parsed(declaration: str) -> None:
    assert "nest deeper" in validate("", f"type T = {declaration};")[0].message


def test_semicolon_inside_brackets_does_not_start_counting_anew() -> None:
    assert problems_of_shape("((((((;" * 12)


def test_huge_text_is_refused() -> None:
    assert problems_of_shape(" " * (limits.MAX_TEXT_LENGTH + 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        policy("(" * 60 + "true" + ")" * 60),
        policy('"((((' + "(" * 100 + '" == "\\"((("'),
        "// " + "(" * 200 + "\n" + policy("true"),
        policy("true") * 200,
        policy("(true) && if true then true else false") * 100,
        policy("principal.a.b.c.d.e.f == principal.a.b.c.d.e.f"),
    ],
    ids=["empty", "bounded", "brackets in a string", "brackets in a comment", "many", "many conditionals", "paths"],
)
def test_ordinary_shape_is_accepted(text: str) -> None:
    assert problems_of_shape(text) == ()
