r"""A table in CSV as people hand it over: one line of column names, then rows.

Column names are compared without regard to case, spaces and the mark that some programs put at the beginning of a
file; cells are stripped; whatever ends lines elsewhere (LF, CRLF, CR) ends them here.

Source: RFC 4180, sections 2.1 to 2.7.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_ROWS: Final = 100_000
_BYTE_ORDER_MARK: Final = "\ufeff"


class CsvUnreadableError(ValueError):
    """A text is no such table; the message says why, for whoever made the file."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row.

    Attributes:
        number: Which line of the table it is; the names of columns are line 1.
        cells: By column, stripped; a cell that is not there is empty, and one beyond the columns is left out.
    """

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table.

    Attributes:
        columns: As named in the first line, in lower case with `_` for spaces.
        rows: Those that are not empty.
    """

    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]

    def lacks(self, *needed: str) -> list[str]:
        """Return which of these columns are missing, in their order."""
        return [name for name in needed if name not in self.columns]


def read_csv(text: str, *, most_rows: int = MOST_ROWS) -> CsvTable:
    r"""Read a table.

    Args:
        text: The file.
        most_rows: Rows beyond which it is refused.

    Raises:
        CsvUnreadableError: A cell is larger than 128 KiB, a quote is not closed, a column stands twice, or there are
            too many rows.

    Example:
        >>> table = read_csv("\ufeffTenant ID,Owner\r\nt1, Cora \r\n")
        >>> table.columns, table.rows[0].cells
        (('tenant_id', 'owner'), {'tenant_id': 't1', 'owner': 'Cora'})
    """
    try:
        lines = csv.reader(io.StringIO(text.removeprefix(_BYTE_ORDER_MARK), newline=None), strict=True)
        columns = tuple(head.strip().lower().replace(" ", "_") for head in next(lines, []))
        named = [name for name in columns if name]
        if len(set(named)) != len(named):
            raise CsvUnreadableError("a column stands twice")
        return CsvTable(columns=columns, rows=tuple(_rows(lines, columns, most_rows)))
    except csv.Error as error:
        raise CsvUnreadableError(str(error)) from error


def _rows(lines: Iterator[list[str]], columns: tuple[str, ...], most_rows: int) -> Iterator[CsvRow]:
    for number, line in enumerate(lines, start=2):
        if number > most_rows + 1:
            raise CsvUnreadableError(f"it has more than {most_rows:,} rows")
        cells = [cell.strip() for cell in line]
        if any(cells):
            cells += [""] * (len(columns) - len(cells))
            yield CsvRow(number, dict(zip(columns, cells, strict=False)))
