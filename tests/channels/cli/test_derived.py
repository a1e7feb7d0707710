"""Commands are what their operations say: words, positionals, options, results, errors and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from fairkeeper.cli.derived import derive_commands
from tests.channels.cli.conftest import Fairkeeper
from tests.channels.cli.desk import OPERATIONS, Desk


def typed(fairkeeper: Fairkeeper, *words: str) -> dict[str, Any]:
    ran = fairkeeper("evidence", "echo", *words, "--json", programs=Desk())
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.json["given"]
    return found


def test_internal_operations_have_no_command() -> None:
    assert set(derive_commands(OPERATIONS)) == {
        ("evidence", "echo"),
        ("evidence", "look"),
        ("evidence", "fail"),
        ("evidence", "file"),
    }


def test_what_is_left_out_takes_the_models_default(fairkeeper: Fairkeeper) -> None:
    assert typed(fairkeeper, "Ann") == {
        "name": "Ann",
        "count": 3,
        "is_quick": False,
        "colour": None,
        "size": "small",
        "tags": [],
        "stops": [],
        "due_at": None,
        "url": None,
    }


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (("--count", "7"), "count", 7),
        (("--is-quick",), "is_quick", True),
        (("--no-is-quick",), "is_quick", False),
        (("--colour", "green"), "colour", "green"),
        (("--size", "large"), "size", "large"),
        (("--tag", "a", "--tags", "b"), "tags", ["a", "b"]),
        (("--stops", '[{"place": "x", "minutes": 2}]'), "stops", [{"place": "x", "minutes": 2}]),
        (("--due-at", "2026-11-22T08:30:00Z"), "due_at", "2026-11-22T08:30:00Z"),
        (("--input-url", "here"), "url", "here"),
    ],
)
def test_options_reach_the_operation(fairkeeper: Fairkeeper, words: tuple[str, ...], field: str, value: object) -> None:
    assert typed(fairkeeper, "Ann", *words)[field] == value


def test_text_that_looks_like_a_number_stays_text(fairkeeper: Fairkeeper) -> None:
    assert typed(fairkeeper, "007")["name"] == "007"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--count", "x"), "count"),
        (("--count", "0"), "count"),
        (("--stops", "[{]"), "stops: give a list of objects in JSON"),
        (("--stops", '[{"place": "x"}]'), "stops.0.minutes"),
        (("--colour", "blue"), "colour"),
        (("--nothing",), "nothing"),
        (("--due-at", "tomorrow"), "due_at"),
    ],
)
def test_input_that_does_not_fit_is_usage(fairkeeper: Fairkeeper, words: tuple[str, ...], told: str) -> None:
    plain = fairkeeper("evidence", "echo", "Ann", *words, programs=Desk())
    as_json = fairkeeper("evidence", "echo", "Ann", *words, "--json", programs=Desk())
    assert (plain.code, as_json.code, plain.out, as_json.out) == (2, 2, "", "")
    assert told in plain.err
    assert as_json.error["kind"] == "invalid"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("invalid", 2),
        ("not_found", 3),
        ("conflict", 3),
        ("denied", 3),
        ("unauthenticated", 3),
        ("unavailable", 4),
        ("upstream", 4),
        ("bug", 70),
    ],
)
def test_every_kind_of_error_has_its_exit_code(fairkeeper: Fairkeeper, kind: str, code: int) -> None:
    plain = fairkeeper("evidence", "fail", kind, programs=Desk())
    as_json = fairkeeper("evidence", "fail", kind, "--json", programs=Desk())
    assert (plain.code, as_json.code) == (code, code)
    assert plain.err.startswith("It failed.\n")
    assert f"(desk.{kind})" in plain.err
    assert (as_json.error["code"], as_json.error["detail"]) == (f"desk.{kind}", {"times": 1})
    assert {"code", "kind", "message", "remedy", "resource", "detail", "request_id"} == as_json.error.keys()


@pytest.mark.parametrize(("level", "code"), [("error", 1), ("warning", 0), ("info", 0)])
def test_a_finding_of_level_error_ends_with_1(fairkeeper: Fairkeeper, level: str, code: int) -> None:
    ran = fairkeeper("evidence", "look", "--level", level, "--json", programs=Desk())
    assert (ran.code, ran.json["findings"][0]["level"]) == (code, level)
    assert fairkeeper("evidence", "look", "--level", level, programs=Desk()).code == code


def test_a_commands_key_is_handed_on(fairkeeper: Fairkeeper) -> None:
    desk = Desk()
    assert fairkeeper("evidence", "file", "cus_1", "--idempotency-key", "k1", programs=desk).code == 0
    assert desk.executor.keys == ["k1"]
    assert desk.executor.is_closed


def test_reads_and_checks_take_no_key(fairkeeper: Fairkeeper) -> None:
    assert fairkeeper("evidence", "echo", "x", "--idempotency-key", "k1", programs=Desk()).code == 2


def test_help_shows_the_fields_words(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("evidence", "echo", "--help", programs=Desk())
    assert "Return what was given. It computes only." in ran.out
    assert "A number. [default: 3]" in " ".join(ran.out.split())
    assert "--tag, --tags TEXT" in ran.out


def test_every_command_takes_json() -> None:
    for command in derive_commands(OPERATIONS).values():
        assert isinstance(command, click.Command)
        assert "--json" in {name for parameter in command.params for name in parameter.opts}


def test_an_export_is_written_whole_or_not_at_all(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    fine = fairkeeper("evidence", "export", "-o", str(path), "--json", programs=Desk())
    assert (fine.code, fine.json["bytes"], path.read_bytes()) == (0, 5, b"line\n")
    path.write_bytes(b"older")
    broken = fairkeeper("evidence", "export", "--customer", "cus_broken", "-o", str(path), "--json", programs=Desk())
    assert (broken.code, path.read_bytes()) == (4, b"older")
    assert sorted(found.name for found in tmp_path.glob("x*")) == ["x.jsonl"]


def test_json_output_is_one_line(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("evidence", "echo", "two\nlines ö", "--json", programs=Desk())
    assert ran.out.count("\n") == 1
    assert json.loads(ran.out)["given"]["name"] == "two\nlines ö"
