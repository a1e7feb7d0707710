"""What pages quote exists: commands with their options, make targets, settings, codes; and what is marked runs."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import click
import pytest

from docs_build import drawings, inventory, programs
from docs_build.codes import error_codes
from docs_build.quotes import RUNNABLE, Quoted, blocks, inline_code, quoted
from fairkeeper.access.roles import action_groups
from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import root as command_line
from fairkeeper.cli.root import run

SETTING = re.compile(r"\bFAIRKEEPER_[A-Z]+(?:_[A-Z]+)*\b")
NAME = re.compile(r"[a-z]+\.[a-z_]+(?:/[0-9]+)?")


def problem(quote: Quoted) -> str | None:
    """Return what is wrong with a quoted command, or None."""
    command, words = find(list(quote.words))
    if isinstance(command, str):
        return f"{quote}: {command}"
    if isinstance(command, click.Group):
        return None if not words or not quote.is_whole else f"{quote}: {words[0]} is no command"
    if quote.is_whole:
        try:
            command.make_context(command.name, words, obj=Installed(), **command_line.context_settings)
        except click.UsageError as error:
            return f"{quote}: {error.format_message()}"
        except click.exceptions.Exit:  # --help
            return None
        return None
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help", "-h"}
    ours = words[: words.index("--")] if "--" in words else words  # what follows is another program's
    unknown = [word for word in ours if word.startswith("-") and word.partition("=")[0] not in known]
    return f"{quote}: {unknown[0]} is no option" if unknown else None


def find(words: list[str]) -> tuple[click.Command | str, list[str]]:
    """Return the command that words lead to and what is left of them, or what is wrong."""
    context = root_context()
    command: click.Command = command_line
    while isinstance(command, click.Group) and words and not words[0].startswith(("-", "…")):
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no command {words[0]!r}", words
        command, words = found, words[1:]
    return command, words


@cache
def root_context() -> click.Context:
    """Return one context for every quote, as all commands are derived once for each."""
    return click.Context(command_line, obj=Installed(), info_name="fairkeeper", **command_line.context_settings)


def test_every_quoted_command_exists_with_its_options(written: dict[str, str], generated: dict[str, str]) -> None:
    quotes = quoted(written | generated, "fairkeeper")
    assert len(quotes) > 100
    assert [told for quote in quotes if (told := problem(quote))] == []


@pytest.mark.parametrize(
    "text",
    [
        "Run `fairkeeper customers dance`.",
        "Run `fairkeeper evidence verify FILE --lenient`.",
        "```sh\nfairkeeper evidence verify\n```",
        "```sh\nfairkeeper sandbox --port none\n```",
    ],
)
def test_a_command_that_is_not_there_is_found(text: str) -> None:
    assert [problem(quote) for quote in quoted({"page.md": text}, "fairkeeper")] != [None]


def test_every_quoted_make_target_exists(written: dict[str, str]) -> None:
    targets = {target.name for target in programs.targets()}
    quotes = quoted(written, "make")
    named = [(str(quote), word) for quote in quotes for word in quote.words if "=" not in word and word.islower()]
    assert named
    assert [quote for quote, word in named if word not in targets] == []


def test_every_quoted_setting_exists(written: dict[str, str]) -> None:
    known = {setting.name for setting in inventory.settings()} | programs.command_variables().keys()
    known |= programs.GATEWAY_VARIABLES.keys()
    named = {(page, name) for page, text in written.items() for name in SETTING.findall(text)}
    assert named
    assert sorted(page for page, name in named if name not in known) == []


def test_every_quoted_code_and_name_exists(written: dict[str, str]) -> None:
    known = set(names_in_code())
    rooms = {name.partition(".")[0] for name in known} - {"fairkeeper"}  # `fairkeeper.db` is a file
    quotes = [(page, code) for page, code in inline_code(written) if NAME.fullmatch(code)]
    named = [(page, code) for page, code in quotes if code.partition(".")[0] in rooms]
    assert len(named) > 20
    assert [(page, code) for page, code in named if code not in known] == []


def names_in_code() -> Iterable[str]:
    """Yield every name with a room before it that a page may speak of."""
    yield from (each.code for each in error_codes())
    yield from (kind.code for kind in inventory.finding_kinds_declared())
    yield from drawings.reasons()
    yield from action_groups()
    for operation in inventory.operations():
        yield operation.name
        yield from (kind.name for kind in operation.evidence)
    yield from ("integrator.failed", "values.example", "deals.schedule_unsorted")


RUNNABLE_PAGES = sorted(
    path.relative_to(docs).as_posix()
    for docs in [Path(__file__).parents[2] / "docs"]
    for path in docs.rglob("*.md")
    if any(RUNNABLE in block.info for block in blocks({path.name: path.read_text("utf-8")}))
)


FILES: Mapping[str, str] = {
    "deal.yaml": "examples/deals/three-years.yaml",
    "structure.yaml": "examples/accounts/small-company.yaml",
    "plan.yaml": "examples/consent/clean.yaml",
    "mailbox.cedar": "examples/policies/mailbox.cedar",
    "mailbox-tests.yaml": "examples/policies/mailbox-tests.yaml",
    "registry.pdf": "LICENSE",
}
"""What a reader has as a file of their own, and which file of the repository stands for it."""


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNABLE_PAGES)
def test_commands_marked_runnable_run_on_a_new_data_folder(
    root: Path, tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("FAIRKEEPER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FAIRKEEPER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(root / "examples", tmp_path / "examples")
    for name, stands_for in FILES.items():
        shutil.copyfile(root / stands_for, tmp_path / name)
    texts = {page: (root / "docs" / page).read_text("utf-8")}
    marked = {page: "".join(f"```sh\n{b.text}```\n\n" for b in blocks(texts) if RUNNABLE in b.info)}
    quotes = quoted(marked, "fairkeeper")
    assert quotes
    for quote in quotes:
        code = run(Installed(), quote.words)
        told = capsys.readouterr()
        assert code == 0, f"{quote}: {told.out}{told.err}"


def test_every_command_that_is_not_run_is_named_with_how_it_was_checked(
    written: dict[str, str], generated: dict[str, str]
) -> None:
    page = generated["reference/quoted-commands.md"]
    for quote in quoted(written, "fairkeeper"):
        if quote.is_whole:
            assert f"`fairkeeper {' '.join(quote.words)}`".replace("|", "\\|") in page, quote
    assert page.count("| run |") > 40
    assert page.count("| on a server |") > 40
