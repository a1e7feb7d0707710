"""Reads a file of insights, whatever it is, into rows of texts with one row of headers.

Excel workbooks and separated texts in the encodings and separators that partners' exports come in. Every cell is a
text here; what it means is decided in `canonical`. A file is read once, and nothing of it is run.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from fairkeeper.opportunities.insights.fields import Matched, Tab, match
from fairkeeper.opportunities.insights.kinds import FILE_DAMAGED, FILE_NOT_RECOGNISED
from fairkeeper.values.findings import Finding
from fairkeeper.values.workbooks import WorkbookBounds, bounded_workbook

LARGEST_FILE_BYTES: Final = 400_000_000
_BOUNDS: Final = WorkbookBounds(unpacked_bytes=2_000_000_000, cells=60_000_000)
_HEADER_SEARCH_ROWS: Final = 12
"""An export may have a title and a note above its headers."""
_SEPARATORS: Final = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """One recognised table.

    Attributes:
        csv_text: The rows below the headers as UTF-8 text separated as `separator` says.
        first_row: The spreadsheet's number of the first of these rows.
    """

    matched: Matched
    csv_text: bytes
    separator: str
    first_row: int


def read_table(name: str, content: bytes, tabs: Sequence[Tab] | None = None) -> TextTable | Finding:
    """Recognise a file's table, or say why it is none.

    Args:
        name: The file's name, for the finding.
        content: What is in it.
        tabs: The known tabs; the shipped ones if left out.
    """
    if len(content) > LARGEST_FILE_BYTES:
        return FILE_DAMAGED.found(f"The file is larger than {LARGEST_FILE_BYTES // 10**6} MB.", file=name)
    if content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
        return _from_workbook(name, content, tabs)
    try:
        text = _decoded(content)
    except UnicodeDecodeError:
        return FILE_DAMAGED.found("The file is neither a workbook nor a text.", file=name)
    return _from_text(name, _in_lines(text), tabs)


def _in_lines(text: str) -> str:
    r"""Return a text whose lines end in one way; a return that ends no line is a blank.

    Example:
        >>> _in_lines("a,b\rc,d"), _in_lines("a,b\r\nc\rd,e\r\n")
        ('a,b\nc,d', 'a,b\nc d,e\n')
    """
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", " ") if "\n" in text else text.replace("\r", "\n")


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    if b"\x00" in content[:4096]:
        raise UnicodeDecodeError("utf-8", content[:1], 0, 1, "holds NUL")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _from_text(name: str, text: str, tabs: Sequence[Tab] | None) -> TextTable | Finding:
    position = 0
    for number in range(_HEADER_SEARCH_ROWS):
        end = text.find("\n", position)
        line = text[position : end if end >= 0 else len(text)]
        for separator in _SEPARATORS:
            headers = _cells_of(line, separator)
            found = match(headers, tabs) if len(headers) > 1 else None
            if found is not None:
                body = text[end + 1 :] if end >= 0 else ""
                return TextTable(matched=found, csv_text=body.encode(), separator=separator, first_row=number + 2)
        if end < 0:
            break
        position = end + 1
    return FILE_NOT_RECOGNISED.found("None of its first rows holds the headers of a tab of the insights.", file=name)


def _cells_of(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []  # such a line holds no headers


def _from_workbook(name: str, content: bytes, tabs: Sequence[Tab] | None) -> TextTable | Finding:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(bounded_workbook(content, _BOUNDS)))
        for sheet_name in book.sheet_names:
            rows = book.get_sheet_by_name(sheet_name).to_python(skip_empty_area=False)
            table = _from_rows(rows, tabs)
            if table is not None:
                return table
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        return FILE_DAMAGED.found(f"The workbook cannot be read: {error}.", file=name)
    return FILE_NOT_RECOGNISED.found("No sheet holds the headers of a tab of the insights.", file=name)


def _from_rows(rows: list[list[Any]], tabs: Sequence[Tab] | None) -> TextTable | None:
    for number, row in enumerate(rows[:_HEADER_SEARCH_ROWS]):
        found = match([str(cell) for cell in row], tabs)
        if found is not None:
            text = io.StringIO()
            csv.writer(text).writerows(_texts(rows[number + 1 :]))
            return TextTable(matched=found, csv_text=text.getvalue().encode(), separator=",", first_row=number + 2)
    return None


def _texts(rows: list[list[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """Write a workbook's cell as a person reads it.

    Example:
        >>> _text(131185.0), _text(date(2027, 3, 31)), _text("84%")
        ('131185', '2027-03-31', '84%')
    """
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
