"""Files that a person names on the command line, handed to operations as texts or imported whole.

Separate, because an operation takes a text wherever it runs, and only this channel knows of files.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import click

from fairkeeper.cli.asking import answer, as_json_option, programs
from fairkeeper.cli.forms.opportunities import imported_text, opened_text
from fairkeeper.cli.rendering import render_json
from fairkeeper.errors import InvalidError

STANDARD_INPUT: Final = "-"


class FileUnreadableError(InvalidError):
    """The file cannot be read or written."""

    code = "cli.file"
    remedy = "Check the path and that you may read and write there."


def read_text_file(path: str) -> dict[str, str]:
    """Return a file's name and text as the input model `TextFile` takes them; `-` is standard input.

    Raises:
        FileUnreadableError: It is not there, is a folder, or is no text in UTF-8.
    """
    try:
        content = sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
        return {"name": path, "text": content.decode("utf-8-sig")}
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is no text in UTF-8 (byte {error.start})."
        raise FileUnreadableError(msg, remedy="Save it as UTF-8.") from error


class Importer(Protocol):
    """Imports insights where the database is."""

    def import_insights(
        self, files: Sequence[tuple[str, bytes]], *, taken_on: str | None, connection: str | None, rank: bool
    ) -> dict[str, Any]:
        """Import files and rank what is there; return what became of each file, and of the ranking."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


def read_files(paths: Iterable[str]) -> list[tuple[str, bytes]]:
    """Read files as they are.

    Raises:
        FileUnreadableError: One is not there, or is a folder.
    """
    files = []
    for path in paths:
        try:
            files.append((path, Path(path).read_bytes()))
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror or error}."
            raise FileUnreadableError(msg) from error
    return files


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--taken-on", metavar="DATE", help="The day of the export. [the day in the file's name, or today]")
@click.option("--connection", metavar="TEXT", help="The source, where there are several. [files]")
@click.option("--rank/--no-rank", default=True, help="Rank at once what was imported.")
@as_json_option
def import_files(
    *, files: tuple[str, ...], taken_on: str | None, connection: str | None, rank: bool, as_json: bool
) -> None:
    """Import exports of the insights (xlsx, csv), the older API's files, CloudAscent lists; then rank the accounts.

    The same file again changes nothing; another file of the same day is a revision of it.
    """
    importer: Any = programs().open_local()
    found: Importer = importer
    try:
        result = found.import_insights(read_files(files), taken_on=taken_on, connection=connection, rank=rank)
    finally:
        found.close()
    answer(result, as_json=as_json, form=imported_text)


@click.command(name="copilot-package")
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--mcp-url", required=True, metavar="URL", help="The MCP endpoint, as Microsoft's cloud reaches it.")
@click.option("--publisher", default="The publisher", show_default=True, help="The company's name.")
@click.option("--reference-id", default="", help="Of the sign-in registered for it in the Teams developer portal.")
@click.option(
    "--schema", "schemas", multiple=True, metavar="NAME=FILE", help="A schema of Microsoft's to hold it against."
)
@as_json_option
def copilot_package(  # noqa: PLR0913 - its options
    *, out: Path, mcp_url: str, publisher: str, reference_id: str, schemas: tuple[str, ...], as_json: bool
) -> None:
    """Write the declarative agent's app package for Microsoft 365 Copilot, held against its schemas."""
    from fairkeeper.opportunities.asking.copilot import make_package, validate

    package = make_package(mcp_url, publisher=publisher, reference_id=reference_id)
    for each in schemas:
        name, _, path = each.partition("=")
        validate(package.documents[name], json.loads(read_text_file(path)["text"]))
    try:
        out.write_bytes(package.content)
    except OSError as error:
        msg = f"{out} cannot be written: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    answer({"written": str(out), "documents": list(package.documents)}, as_json=as_json)


IMPORTING: Final[dict[str, click.Command]] = {"import": import_files, "copilot-package": copilot_package}


@click.command(name="open")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for everything. [a new one]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the console. [a free one]")
@click.option("--lens", default="expansion", show_default=True, help="Through which lens the accounts are ranked.")
@click.option("--top", type=click.IntRange(1, 500), default=10, show_default=True, help="How many accounts.")
@click.option("--serve/--no-serve", "is_served", default=None, help="Open the console. [unless --json]")
@as_json_option
def open_files(  # noqa: PLR0913 - its options
    *,
    files: tuple[str, ...],
    data: Path | None,
    port: int,
    lens: str,
    top: int,
    is_served: bool | None,
    as_json: bool,
) -> None:
    """Open files on this machine: exports of the insights, reports of payouts, deals.

    Says what is in them, ranks the accounts with reasons, and opens the room they belong to, for one person on the
    loopback address, without Microsoft Entra. Nothing leaves this machine.
    """
    opened = programs().open_files(read_files(files), data_dir=data, port=port, lens=lens, top=top)
    try:
        serves = not as_json if is_served is None else is_served
        if serves and opened.room:
            click.echo(render_json(opened.result) if as_json else opened_text(opened.result, width=_width()))
            opened.serve(_say)
            return
        answer(opened.result, as_json=as_json, form=opened_text)
    finally:
        opened.close()


def _width() -> int:
    return min(shutil.get_terminal_size((120, 40)).columns, 160)


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()


OPENING: Final[dict[str, click.Command]] = {"open": open_files}
