"""Finds what a person types: every command of `fairkeeper` with its options, and every target of the Makefile.

Separate from the writing of pages, because tests compare the commands that pages quote with the same list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import click

from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import root

_MAKEFILE = Path(__file__).parent.parent / "Makefile"
GATEWAY_VARIABLES: Final = {
    "FAIRKEEPER_GATEWAY_KEY": "The key of the vault of tools' credentials: 32 random bytes in base64.",
    "FAIRKEEPER_GATEWAY_KEY_FILE": "A file that holds that key, instead.",
}
"""What the gateway reads from the environment by itself."""

_TARGET = re.compile(r"^(?P<name>[a-z-]+):(?!=)(?P<needs>[^#]*?)(?:## (?P<meaning>.*))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the command line.

    Attributes:
        words: What stands after `fairkeeper`.
    """

    words: tuple[str, ...]
    command: click.Command

    @property
    def line(self) -> str:
        """The command with its positionals: `fairkeeper evidence show ENTRY_ID`."""
        shown = [parameter.make_metavar(_context()) for parameter in self.arguments]
        return " ".join(("fairkeeper", *self.words, *shown))

    @property
    def arguments(self) -> list[click.Parameter]:
        """What it takes by place."""
        return [each for each in self.command.params if isinstance(each, click.Argument)]

    @property
    def options(self) -> list[click.Option]:
        """What it takes by name."""
        return [each for each in self.command.params if isinstance(each, click.Option)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target of the Makefile.

    Attributes:
        meaning: What `make help` says; empty for a part of others.
        needs: The targets it runs first.
    """

    name: str
    meaning: str
    needs: tuple[str, ...]


@cache
def commands() -> tuple[Command, ...]:
    """Return every command that can be run, by its words."""
    return tuple(sorted(_walk((), root), key=lambda each: each.words))


def _walk(words: tuple[str, ...], command: click.Command) -> Iterator[Command]:
    if not isinstance(command, click.Group):
        yield Command(words=words, command=command)
        return
    for name in command.list_commands(_context()):
        found = command.get_command(_context(), name)
        if found is not None:
            yield from _walk((*words, name), found)


@cache
def _context() -> click.Context:
    return click.Context(root, obj=Installed(), info_name="fairkeeper", **root.context_settings)


def command_variables() -> dict[str, str]:
    """Return the environment variables that the command line reads, with what they stand for."""
    found: dict[str, str] = {}
    for command in commands():
        for option in command.options:
            if isinstance(option.envvar, str):
                found.setdefault(option.envvar, option.help or "")
    return dict(sorted(found.items()))


def targets() -> list[Target]:
    """Return the targets of the Makefile, by name."""
    found: dict[str, Target] = {}
    for match in _TARGET.finditer(_MAKEFILE.read_text("utf-8")):
        known = found.get(match["name"], Target(name=match["name"], meaning="", needs=()))
        needs = dict.fromkeys([*known.needs, *match["needs"].split()])
        meaning = (match["meaning"] or known.meaning).strip()
        found[known.name] = Target(name=known.name, meaning=meaning, needs=tuple(needs))
    return sorted(found.values(), key=lambda each: each.name)
