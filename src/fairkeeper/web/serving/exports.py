"""Any list as a file, CSV or a spreadsheet, with the filter and order that its address says.

Separate from the lists' pages, because every list does it the same way: a page names its sheet, the two files and the
links to them follow. What somebody else typed stays text in the file: a cell that a spreadsheet would take for a
formula is marked as text, and a number is a number.

Source: OWASP, "CSV Injection", read 2026-11-22 (a leading quotation mark, fields in quotes).
"""

from __future__ import annotations

import csv
import io
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.errors import InvalidError
from fairkeeper.values.money import Money
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord
from fairkeeper.web.parts import Identifier, Link
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

Cell = str | int | Decimal | bool | date | None
"""What a file's cell holds; a datetime is a date too. An amount of money is two cells: the number, the currency."""

SheetOf = Callable[[Visit], "Sheet"]

MOST_ROWS: Final = 100_000
"""More than this is refused with the advice to filter: the whole file is made in memory, about 60 MB at this size."""

_LONGEST_CELL: Final = 32_767
"""Characters in a cell of a spreadsheet. Source: Microsoft Support, "Excel specifications and limits", 2026-11-22."""
_FORMULA: Final = re.compile("[\\s\\x00]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")
"""What a spreadsheet may take for a formula; the last four are the full-width forms of the first."""
_ADDRESSES: Final = ("page", "before", "after", "recorded")
_ENDINGS: Final = (("CSV", ".csv"), ("Excel", ".xlsx"))
_SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooManyRowsError(InvalidError):
    """The list is longer than a file of it may be."""

    code = "web.export_too_long"
    remedy = "Set a filter, and export the parts one after the other."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A list as a file.

    Args:
        name: The file's name without its ending.
        heads: The columns' names, left to right.
        rows: The cells of each row, as many as there are heads; read once.
    """

    name: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def export_links(address: Address) -> tuple[Link, ...]:
    """Return the links to both files of the list at an address, with its filters and order.

    Example:
        >>> [link.href for link in export_links(Address("/webhooks", (("state", "held"), ("before", "7"))))]
        ['/webhooks.csv?state=held', '/webhooks.xlsx?state=held']
    """
    plain = address.without(*_ADDRESSES)
    return tuple(Link(label=label, href=str(Address(f"{plain.path}{end}", plain.query))) for label, end in _ENDINGS)


def export_ways(path: str, sheet_of: SheetOf, audience: Audience = Audience.PERSON) -> tuple[Way, ...]:
    """Return the ways to both files of the list at a path.

    Args:
        path: The list's path, `/customers`; the files are `/customers.csv` and `/customers.xlsx`.
        sheet_of: Makes the sheet from what the address says; every page of it.
        audience: Whom the list is for.
    """

    def csv_file(visit: Visit) -> Response:
        return csv_answer(sheet_of(visit))

    def spreadsheet(visit: Visit) -> Response:
        return xlsx_answer(sheet_of(visit))

    return (get(f"{path}.csv", csv_file, audience), get(f"{path}.xlsx", spreadsheet, audience))


def sheet_of_rows(name: str, kind: type[Any], rows: Iterable[Any]) -> Sheet:
    """Return a sheet of a page's own rows: a column for each of their fields that a file can hold.

    A link is its label, an id itself, a state its word, an amount two columns; what a person could press is left out.

    Args:
        name: The file's name.
        kind: The rows' dataclass, which names the columns even where there is no row.
        rows: All rows of the list.

    Example:
        >>> @dataclass(frozen=True)
        ... class Line:
        ...     customer: Link
        ...     seats: int | None
        >>> sheet = sheet_of_rows("lines", Line, [Line(Link(label="Contoso", href="/customers/contoso"), 5)])
        >>> sheet.heads, list(sheet.rows)
        (('customer', 'seats'), [('Contoso', 5)])
    """
    hints = typing.get_type_hints(kind, include_extras=False)
    shown = [(each.name, _has_money(hints[each.name])) for each in fields(kind) if _is_shown(hints[each.name])]
    heads = [head for field, money in shown for head in ((field, f"{field}_currency") if money else (field,))]
    return Sheet(name=name, heads=tuple(heads), rows=(_cells(row, shown) for row in rows))


def csv_answer(sheet: Sheet) -> Response:
    """Return a sheet as CSV: UTF-8 with a mark that spreadsheets know, instants in UTC as ISO 8601 writes them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(sheet.heads)
    writer.writerows([_written(cell) for cell in row] for row in _bounded(sheet))
    return _answer(sheet, ".csv", "text/csv; charset=utf-8", b"\xef\xbb\xbf" + text.getvalue().encode())


def xlsx_answer(sheet: Sheet) -> Response:
    """Return a sheet as a spreadsheet: numbers and dates as such, instants in UTC, every text as text."""
    import xlsxwriter

    content = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(content, plain)
    looks = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        str: book.add_format({"quote_prefix": True}),
    }
    page = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", sheet.name)[:31] or "List")
    page.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, head in enumerate(sheet.heads):
        page.write_string(0, column, head, bold)
        page.set_column(column, column, min(48, max(12, len(head) + 2)))
    number = 0
    for number, row in enumerate(_bounded(sheet), start=1):
        for column, cell in enumerate(row):
            _write(page, number, column, cell, looks)
    page.autofilter(0, 0, max(number, 1), max(len(sheet.heads) - 1, 0))
    book.close()
    return _answer(sheet, ".xlsx", _SPREADSHEET, content.getvalue())


def _bounded(sheet: Sheet) -> Iterator[Sequence[Cell]]:
    rows = iter(sheet.rows)
    yield from islice(rows, MOST_ROWS)
    if next(rows, None) is not None:
        raise TooManyRowsError(f"The list has more than {MOST_ROWS:,} rows.")


def _answer(sheet: Sheet, ending: str, media_type: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{sheet.name}{ending}"'}
    return Response(content, media_type=media_type, headers=headers)


def _written(cell: Cell) -> str:
    """Return a cell of a CSV file; a text that would be taken for a formula begins with a quotation mark.

    Example:
        >>> [_written(cell) for cell in ("=1+1", " @SUM(A1)", "Contoso", -5, None, True)]
        ["'=1+1", "' @SUM(A1)", 'Contoso', '-5', '', 'yes']
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | Decimal):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _write(page: Any, row: int, column: int, cell: Cell, looks: dict[type, Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        page.write_string(row, column, "yes" if cell else "no")
    elif isinstance(cell, datetime):
        page.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None), looks[datetime])
    elif isinstance(cell, date):
        page.write_datetime(row, column, cell, looks[date])
    elif isinstance(cell, int | Decimal):
        # A spreadsheet keeps fifteen digits of a number; longer ones stay whole as text.
        is_kept = -(10**15) < cell < 10**15
        (page.write_number if is_kept else page.write_string)(row, column, cell if is_kept else str(cell))
    elif _FORMULA.match(cell):
        # Marked as text for whoever edits the cell or saves the sheet as CSV afterwards.
        page.write_string(row, column, cell[:_LONGEST_CELL], looks[str])
    else:
        page.write_string(row, column, cell[:_LONGEST_CELL])


def _parts_of(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(part for each in typing.get_args(hint) for part in _parts_of(each) if part is not type(None))
    return (hint,)


_SHOWN: Final = (str, int, Decimal, date, Money, Link, Identifier, StateWord)


def _is_shown(hint: Any) -> bool:
    """Say whether a field of this type is a cell: all that it may be is, or it is several texts."""
    return all((isinstance(part, type) and issubclass(part, _SHOWN)) or _is_texts(part) for part in _parts_of(hint))


def _is_texts(part: Any) -> bool:
    origin = typing.get_origin(part)
    return isinstance(origin, type) and issubclass(origin, Sequence) and typing.get_args(part)[:1] == (str,)


def _has_money(hint: Any) -> bool:
    return any(part is Money for part in _parts_of(hint))


def _cells(row: Any, shown: Sequence[tuple[str, bool]]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for name, money in shown:
        value = getattr(row, name)
        if not money:
            cells.append(_cell(value))
        elif isinstance(value, Money):
            cells += [value.to_decimal(), value.currency.code]
        else:
            cells += [_cell(value), None]
    return tuple(cells)


def _cell(value: Any) -> Cell:
    if isinstance(value, Link):
        return value.label
    if isinstance(value, Identifier):
        return value.text
    if isinstance(value, StateWord):
        return value.word
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(value)
    known: Cell = value
    return known
