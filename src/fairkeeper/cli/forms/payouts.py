"""Importing reports from the command line: files of this machine, one after the other, then one comparison.

Separate from the derived commands, because only this channel knows of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from fairkeeper.cli.asking import answer, as_json_option, executor_at, place_options, programs
from fairkeeper.cli.files import FileUnreadableError

_LEVELS: Final = {"error": "!", "warning": "?", "info": " "}


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "covers_from", metavar="DATE", help="The first day that the files cover, if rows do not say.")
@click.option("--to", "covers_to", metavar="DATE", help="The last day that they cover.")
@place_options
def import_files(  # noqa: PLR0913 - click hands over each option
    *,
    files: Sequence[Path],
    covers_from: str | None,
    covers_to: str | None,
    url: str | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Hand over reports: orders, usage, customers, revenue, earnings, payments, bank lines.

    csv, tsv, zip, gz and xlsx, for a bank OFX and camt.053 as well. Which report a file is, its columns say. The same
    file twice is one file. Ends with 1 when a file or a row in it cannot be used.
    """
    for path in files:
        if not path.is_file():
            msg = f"{path} is no file that can be read."
            raise FileUnreadableError(msg)
    given = {name: value for name, value in (("covers_from", covers_from), ("covers_to", covers_to)) if value}
    with executor_at(url, token) as executor:
        imported = executor.import_files(files, given)
    findings = [finding for line in imported for finding in line.get("findings", ())]
    answer({"files": imported, "findings": findings}, as_json=as_json, form=_form)


@click.command("sample")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True, help="Draws another made-up publisher.")
@as_json_option
def sample(*, folder: Path, seed: int, as_json: bool) -> None:
    """Write a made-up year's reports to try the room with, and say how much of what is wrong in them is found.

    What is wrong stands beside them in what-is-wrong.txt. Nothing is imported.
    """
    answer(programs().write_reports(folder, seed=seed), as_json=as_json)


def _form(result: Any, *, width: int) -> str:
    del width
    lines = []
    for file in result["files"]:
        known = "" if file["is_new"] else ", known before"
        lines.append(f"{file['name']}: {file['state']}{known}")
        for table in file.get("tables", ()):
            period = f", {table['first_on']} to {table['last_on']}" if table["first_on"] else ""
            lost = f", {table['unreadable']} not counted" if table["unreadable"] else ""
            lines.append(f"  {table['report']}: {table['rows']} rows{lost}{period}")
        for finding in file.get("findings", ()):
            place = ", ".join(
                f"{word} {finding[name]}" for name, word in (("row", "row"), ("column", "column")) if name in finding
            )
            mark = _LEVELS.get(finding["level"], " ")
            lines.append(f"  {mark} {f'{place}: ' if place else ''}{finding['message']} ({finding['code']})")
    return "\n".join(lines)


COMMANDS: Final[dict[str, click.Command]] = {"import": import_files, "sample": sample}
