"""The command itself: its names, what it imports, its exit codes on a database of its own, and its help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from fairkeeper.bootstrap.rooms import all_operations
from fairkeeper.cli.derived import derive_commands, words_of
from fairkeeper.cli.root import ALONE, HAND_WRITTEN, ROOMS, WRITTEN_IN_ROOMS
from tests.channels.cli.conftest import Fairkeeper

HEAVY = ("sqlalchemy", "pydantic", "fastapi", "starlette", "uvicorn", "alembic", "mcp", "msal", "structlog", "cedarpy")

WHAT_IS_IMPORTED = """
import sys
sys.argv = ["fairkeeper", *sys.argv[1:]]
from fairkeeper.__main__ import main
try:
    main()
finally:
    print("imported:", *sorted(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


def test_every_operation_has_a_command_that_is_listed() -> None:
    words = [words_of(operation) for operation in all_operations() if not operation.is_internal]
    assert {each[0] for each in words if len(each) > 1} == set(ROOMS)
    assert {each[0] for each in words if len(each) == 1} == set(ALONE)
    assert {len(each) for each in words} <= {1, 2}


def test_hand_written_names_do_not_hide_operations_unawares() -> None:
    derived = set(derive_commands(all_operations()))
    written = {(room, name) for room, load in WRITTEN_IN_ROOMS.items() for name in load()}
    assert written & derived == {("token", "create")}
    assert not {name for name in HAND_WRITTEN if (name,) in derived}


def test_every_command_says_what_it_does() -> None:
    for words, command in derive_commands(all_operations()).items():
        assert command.help, words
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.help:
                raise AssertionError(f"{' '.join(words)}: {parameter.name} has no description")


def imported(*words: str) -> set[str]:
    program = WHAT_IS_IMPORTED.format(heavy=HEAVY)
    ran = subprocess.run(
        [sys.executable, "-c", program, *words], check=True, capture_output=True, text=True, timeout=60
    )
    return set(ran.stderr.splitlines()[-1].removeprefix("imported:").split())


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("serve", "--help"), ("witness", "--help")])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert imported(*words) == set()


def test_deriving_commands_imports_no_server() -> None:
    assert imported("customers", "--help").isdisjoint({"fastapi", "uvicorn", "alembic", "mcp", "msal"})


def test_whoever_sits_at_the_machine_acts_as_owner_and_evidence_says_so(fairkeeper: Fairkeeper) -> None:
    who = fairkeeper("whoami", "--json").json
    assert (who["kind"], who["roles"]) == ("service", ["owner"])
    assert who["id"].startswith("local:")
    made = fairkeeper("token", "create", "the product", "--role", "service", "--json")
    assert made.code == 0
    entries = fairkeeper("evidence", "list", "--json").json["entries"]
    assert [(entry["kind"], entry["actor_id"]) for entry in entries] == [("access.token_created/1", who["id"])]
    assert made.json["secret"].startswith("fk_")
    assert made.json["secret"] not in json.dumps(entries)


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("customers", "list"), 0, None),
        (("customers", "show", "nobody"), 3, "customers.customer_not_found"),
        (("token", "revoke", "tok_nobody"), 3, "access.token_not_found"),
        (("token", "create", "x", "--role", "king"), 2, "access.roles_refused"),
        (("customers", "list", "--limit", "0"), 2, "cli.input_invalid"),
        (("customers", "show"), 2, "cli.usage"),
        (("customers", "dance"), 2, "cli.usage"),
        (("dance",), 2, "cli.usage"),
        (("customers", "list", "--url", "http://127.0.0.1:1"), 4, "cli.server_unreachable"),
        (("evidence", "receipt", "ent_nobody"), 3, "evidence.entry_not_found"),
    ],
)
def test_commands_end_with_their_code(fairkeeper: Fairkeeper, words: tuple[str, ...], code: int, error: str) -> None:
    ran = fairkeeper(*words, "--json")
    assert ran.code == code, ran.err
    assert (ran.error["code"] if ran.err else None) == error
    assert bool(ran.out) is (error is None)


def test_settings_that_cannot_be_used_are_usage(fairkeeper: Fairkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRKEEPER_PORT", "many")
    ran = fairkeeper("whoami", "--json")
    assert (ran.code, ran.error["code"]) == (2, "bootstrap.settings")
    assert "FAIRKEEPER_PORT" in ran.error["message"]


def test_an_export_from_the_database_verifies(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    fairkeeper("token", "create", "one")
    path = tmp_path / "own.jsonl"
    assert fairkeeper("evidence", "export", "-o", str(path)).code == 0
    report = fairkeeper("evidence", "verify", str(path), "--json")
    assert (report.code, report.json["entries"], report.json["customer"]) == (0, 2, None)


def test_the_first_owners_token_is_shown_with_the_page_that_takes_it(fairkeeper: Fairkeeper) -> None:
    made = fairkeeper("token", "create", "--first-owner", "--json").json
    assert made["token"]["first_owner"] is True
    assert made["address"] == "http://127.0.0.1:8700/first-owner"
    assert made["secret"].startswith("fk_")


def test_secrets_are_sealed_anew_under_a_new_master_key(
    fairkeeper: Fairkeeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fairkeeper.database.secrets import MasterKeys

    assert fairkeeper("whoami").code == 0
    old = (tmp_path / "data" / "master.key").read_text().strip()
    new = MasterKeys.new_key()
    monkeypatch.setenv("FAIRKEEPER_MASTER_KEY", f"{new},{old}")
    assert fairkeeper("keys", "rotate", "--json").json == {"resealed": 1}
    monkeypatch.setenv("FAIRKEEPER_MASTER_KEY", new)
    assert fairkeeper("evidence", "rotate-key", "--json").code == 0
    monkeypatch.setenv("FAIRKEEPER_MASTER_KEY", old)
    refused = fairkeeper("evidence", "rotate-key", "--json")
    assert (refused.code, refused.error["code"]) == (2, "database.secret_key")


def test_the_webhooks_secret_is_made_once(fairkeeper: Fairkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fairkeeper("keys", "webhook-secret", "--json").json["secret"]
    assert first.startswith("whsec_")
    assert fairkeeper("keys", "webhook-secret", "--json").json["secret"] == first
    monkeypatch.setenv("FAIRKEEPER_PROVISIONING_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert fairkeeper("keys", "webhook-secret", "--json").json["secret"] == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_preparing_needs_postgresql(fairkeeper: Fairkeeper) -> None:
    ran = fairkeeper("database", "prepare", "--admin-url", "postgresql://127.0.0.1:1/x", "--json")
    assert (ran.code, ran.error["code"]) == (2, "bootstrap.settings")


def test_migrating_says_from_where_to_where(fairkeeper: Fairkeeper) -> None:
    first = fairkeeper("database", "migrate", "--json").json
    again = fairkeeper("database", "migrate", "--json").json
    assert first["before"] is None
    assert first["after"] == again["before"] == again["after"]
