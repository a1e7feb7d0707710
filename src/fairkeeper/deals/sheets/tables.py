"""Reads and writes tables, xlsx and CSV alike, with exact amounts: a row of headings and rows of texts below it.

Separate from what the columns mean. A spreadsheet holds a number as a float; its shortest decimal is what was typed,
and that is what is read, so that no cent is invented. Nothing in a file is calculated.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from fairkeeper.deals.errors import TableUnreadableError
from fairkeeper.values.workbooks import bounded_workbook

MOST_ROWS: Final = 20_000
_XLSX: Final = b"PK"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Args:
        rows: The cells by heading, as texts; the number of the row in the file, counted from 1, stands beside it.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def read_table(content: bytes) -> Table:
    r"""Read a table from a spreadsheet or CSV file; empty rows are left out.

    Raises:
        TableUnreadableError: It is neither, has no headings, or is too long.

    Example:
        >>> read_table(b"Deal;Total\r\nContoso;1000.50\r\n").rows
        ((2, {'Deal': 'Contoso', 'Total': '1000.50'}),)
    """
    cells = _spreadsheet(content) if content[:2] == _XLSX else _csv(content)
    filled = [(number, row) for number, row in enumerate(cells, 1) if any(cell.strip() for cell in row)]
    if not filled:
        raise TableUnreadableError("The file holds no table.")
    if len(filled) > MOST_ROWS:
        message = f"The table has {len(filled):,} rows, above {MOST_ROWS:,}."
        raise TableUnreadableError(message, remedy="Split it into several files.")
    headings = tuple(cell.strip() for cell in filled[0][1])
    named = [name for name in headings if name]
    if len(set(named)) != len(named):
        raise TableUnreadableError(
            "Two columns have the same heading.", remedy="Give every column a heading of its own."
        )
    return Table(
        headings=tuple(named),
        rows=tuple(
            (number, {name: cell.strip() for name, cell in zip(headings, row, strict=False) if name})
            for number, row in filled[1:]
        ),
    )


def decode(text: str) -> bytes:
    """Return a file that was handed over in base64.

    Raises:
        TableUnreadableError: It is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TableUnreadableError("The file is no base64.") from error


def write_spreadsheet(name: str, headings: Sequence[str], rows: Iterable[Sequence[str | date | Decimal]]) -> bytes:
    """Write a table as xlsx: dates as dates, amounts as numbers where a spreadsheet holds them exactly."""
    import xlsxwriter  # its import takes long, and only a spreadsheet needs it

    content = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(content, plain)
    day, bold = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True})
    page = book.add_worksheet(name[:31])
    for column, heading in enumerate(headings):
        page.write_string(0, column, heading, bold)
        page.set_column(column, column, max(14, len(heading) + 2))
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                page.write_datetime(number, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001 - a day
            elif isinstance(cell, Decimal) and len(cell.as_tuple().digits) <= 15:
                page.write_number(number, column, cell)
            else:
                page.write_string(number, column, str(cell))
    book.close()
    return content.getvalue()


def _spreadsheet(content: bytes) -> list[list[str]]:
    import python_calamine  # as above

    try:
        book = python_calamine.load_workbook(io.BytesIO(bounded_workbook(content)))
        return [[_text(cell) for cell in row] for row in book.get_sheet_by_index(0).to_python()]
    except Exception as error:  # the reader has an error of its own for each way to be broken
        message = f"The spreadsheet cannot be read: {str(error)[:200]}."
        raise TableUnreadableError(message) from error


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)):f}".removesuffix(".0")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute or cell.second) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def _csv(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableUnreadableError("The file is neither a spreadsheet nor text in UTF-8.") from error
    head = text.partition("\n")[0]
    separator = max(";\t,", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        message = f"The text is no table: {error}."
        raise TableUnreadableError(message) from error
    return [[_unmarked(cell) for cell in row] for row in rows]


def _unmarked(cell: str) -> str:
    """Take the mark away that our own exports put before what a spreadsheet would take for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell
