"""Deals from and to spreadsheets: a company's own list taken over, prices by market out and back."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Final

import click
from pydantic import TypeAdapter

from fairkeeper.action.operation import Operation
from fairkeeper.cli.asking import answer, executor_at, place_options
from fairkeeper.cli.derived import check_input
from fairkeeper.cli.files import FileUnreadableError, read_text_file
from fairkeeper.cli.rooms.evidence import write_whole

_FILE = click.Path(dir_okay=False, path_type=Path)
_AT_ONCE: Final = 100
_COLUMN = click.option(
    "--column", "columns", multiple=True, metavar="OURS=THEIRS", help="Heading of one of our columns. [may be repeated]"
)


@click.command(name="import")
@click.argument("file", type=_FILE)
@click.option("--mapping", metavar="NAME", help="A saved mapping of its columns.")
@_COLUMN
@click.option("--look/--take", "only_look", default=False, help="Only say what would be taken over.")
@place_options
def import_list(
    *, file: Path, only_look: bool, url: str | None, token: str | None, as_json: bool, **typed: Any
) -> None:
    """Take deals over from a spreadsheet or CSV file, one row a plan; `import-offers` reads them from Microsoft."""
    from fairkeeper.deals.actions.import_deals import import_deals, read_deal_list
    from fairkeeper.deals.actions.market_prices import list_mappings

    mapping, columns = typed["mapping"], typed["columns"]
    table = base64.b64encode(_content(file)).decode()
    with executor_at(url, token) as executor:
        saved = executor.run(list_mappings, {}) if mapping else []
        meaning = next((each["columns"] for each in saved if each["name"] == mapping), None)
        if mapping and meaning is None:
            msg = f"No column mapping is called {mapping!r}."
            raise FileUnreadableError(msg, remedy="`fairkeeper deals mappings` lists them.")
        read = _computed(read_deal_list, {"table_base64": table, "columns": {**(meaning or {}), **_pairs(columns)}})
        told: dict[str, Any] = {
            "unread_columns": read["unread"],
            "findings": read["findings"],
            "read": len(read["deals"]),
        }
        taken: dict[str, list[str]] = {"saved": [], "known": [], "refused": []}
        for start in range(0, 0 if only_look else len(read["deals"]), _AT_ONCE):
            part = {"source": "list", "deals": read["deals"][start : start + _AT_ONCE]}
            check_input(import_deals, part)
            found = executor.run(import_deals, part)
            for name in taken:
                taken[name] += found[name]
    answer({**told, **taken}, as_json=as_json)


@click.command(name="write-prices")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("-o", "--output", type=_FILE, required=True, help="The spreadsheet to write.")
@click.option("--market", "markets", multiple=True, metavar="DE:EUR", help="A further market. [may be repeated]")
@_COLUMN
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON on one line, errors too.")
def write_prices(*, file: str, output: Path, markets: tuple[str, ...], columns: tuple[str, ...], as_json: bool) -> None:
    """Write a deal's prices by market as a spreadsheet, to be filled in and read back with `read-prices`."""
    from fairkeeper.deals.actions.market_prices import write_markets

    given = {"file": read_text_file(file), "markets": list(markets), "columns": _pairs(columns)}
    made = _computed(write_markets, given)
    size = write_whole(output, [base64.b64decode(made["content_base64"])])
    answer({"file": str(output), "bytes": size}, as_json=as_json)


@click.command(name="read-prices")
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("workbook", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Where to write the deal with its new prices. [shown]")
@_COLUMN
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON on one line, errors too.")
def read_prices(*, file: str, workbook: Path, output: Path | None, columns: tuple[str, ...], as_json: bool) -> None:
    """Read a spreadsheet of prices by market back into a deal; any fault leaves the deal as it was."""
    from fairkeeper.deals.actions.market_prices import read_markets

    content = base64.b64encode(_content(workbook)).decode()
    read = _computed(
        read_markets, {"file": read_text_file(file), "workbook_base64": content, "columns": _pairs(columns)}
    )
    if output is not None and not read["findings"]:
        write_whole(output, [read.pop("yaml").encode()])
        read["file"] = str(output)
    answer(read, as_json=as_json)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}."
        raise FileUnreadableError(msg) from error


def _pairs(columns: tuple[str, ...]) -> dict[str, str]:
    return {name: heading for name, _, heading in (each.partition("=") for each in columns)}


def _computed(operation: Operation, given: dict[str, Any]) -> Any:
    check_input(operation, given)
    result = operation.function(operation.input.model_validate(given))
    return TypeAdapter(operation.result).dump_python(result, mode="json")


COMMANDS: Final[dict[str, click.Command]] = {
    "import": import_list,
    "write-prices": write_prices,
    "read-prices": read_prices,
}
