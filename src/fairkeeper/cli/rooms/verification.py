"""Documents of the account's verification from and to files: handed over, taken out, the appeal package as a zip."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any, Final

import click

from fairkeeper.cli.asking import answer, executor_at, place_options
from fairkeeper.cli.derived import check_input
from fairkeeper.cli.files import FileUnreadableError
from fairkeeper.cli.rooms.evidence import write_whole

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("programme")
@click.argument("file", type=_FILE)
@click.option("--title", required=True, metavar="TEXT", help="What it is, such as a domain registry confirmation.")
@click.option("--proves", required=True, metavar="STEP", help="The step it is for, such as domain_ownership.")
@click.option("--issued-on", required=True, metavar="DAY", help="Its date of issue, year-month-day.")
@click.option("--expires-on", metavar="DAY", help="The last day on which it is taken, if that is known.")
@click.option("--scope", metavar="TEXT", help="Whom and what it shows: entity, contact, domain as written.")
@place_options
def attach(*, programme: str, file: Path, url: str | None, token: str | None, as_json: bool, **typed: Any) -> None:
    """Hand a document over to a verification; it is sealed in the database and its checksum is recorded."""
    from fairkeeper.accounts.actions.keep_documents import add_document

    try:
        content = file.read_bytes()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    given = {name: value for name, value in typed.items() if value}
    given |= {
        "programme": programme,
        "file_name": file.name,
        "content_base64": base64.b64encode(content).decode(),
    }
    check_input(add_document, given)
    with executor_at(url, token) as executor:
        answer(executor.run(add_document, given), as_json=as_json)


@click.command()
@click.argument("programme")
@click.option("-o", "--output", type=_FILE, help="The zip to write. [the package's name]")
@place_options
def package(*, programme: str, output: Path | None, url: str | None, token: str | None, as_json: bool) -> None:
    """Write the appeal or support package: letter draft, timeline with receipts, tickets, documents, in one folder."""
    from fairkeeper.accounts.verification.tracking import fetch_appeal

    with executor_at(url, token) as executor:
        made = executor.run(fetch_appeal, {"programme": programme})
    path = output or Path(f"{made['folder']}.zip")
    size = write_whole(path, [zipped(made["folder"], made["files"])])
    told = {"file": str(path), "bytes": size, "files": len(made["files"]), "add_by_hand": list(made["missing"])}
    answer(told, as_json=as_json)


def zipped(folder: str, files: list[dict[str, Any]]) -> bytes:
    """Return files, in the JSON form in which packages have them, as a zip with one folder."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in files:
            archive.writestr(f"{folder}/{each['name']}", base64.b64decode(each["content_base64"]))
    return made.getvalue()


COMMANDS: Final[dict[str, click.Command]] = {"attach": attach, "package": package}
