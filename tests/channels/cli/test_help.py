"""The help of every command, held to a file that is read in review (write it anew with FAIRKEEPER_TEST_UPDATE=1)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fairkeeper.bootstrap.rooms import all_operations
from fairkeeper.cli.derived import derive_commands
from fairkeeper.cli.root import HAND_WRITTEN, ROOMS, WRITTEN_IN_ROOMS
from tests.channels.cli.conftest import Fairkeeper

SNAPSHOT = Path(__file__).parent / "help.txt"

WRITTEN: list[tuple[str, ...]] = [
    (),
    *((name,) for name in sorted(HAND_WRITTEN)),
    ("database", "migrate"),
    ("database", "prepare"),
    ("keys", "rotate"),
    ("keys", "webhook-secret"),
    *((room, name) for room, load in sorted(WRITTEN_IN_ROOMS.items()) for name in sorted(load())),
]


def test_the_help_of_written_commands_is_as_reviewed(fairkeeper: Fairkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    pages = []
    for words in WRITTEN:
        ran = fairkeeper(*words, "--help")
        assert (ran.code, ran.err) == (0, "")
        pages.append(f"$ {' '.join(('fairkeeper', *words, '--help'))}\n{ran.out}")
    found = "\n".join(pages)
    if os.environ.get("FAIRKEEPER_TEST_UPDATE"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8")


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_rooms_help_names_each_of_its_commands(fairkeeper: Fairkeeper, room: str) -> None:
    shown = fairkeeper(room, "--help").out.split("Commands:")[1]
    listed = {line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line[2] != " "}
    load = WRITTEN_IN_ROOMS.get(room)
    derived = {words[1] for words in derive_commands(all_operations()) if words[0] == room and len(words) > 1}
    assert listed == derived | set(load() if load else ())


def test_every_derived_command_can_be_asked_for_help(fairkeeper: Fairkeeper) -> None:
    for words in derive_commands(all_operations()):
        ran = fairkeeper(*words, "--help")
        assert (ran.code, ran.err) == (0, ""), words
        assert "--json" in ran.out
