"""Writes a questionnaire back with its answers: every cell as the text it was, and columns for ours behind them.

What somebody else typed stays text: a spreadsheet takes nothing in it for a formula. Looks are not kept, cells are.

Source: OWASP, "CSV Injection", read 2026-11-22.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fairkeeper.assurance.posture.answers.questionnaire import Sheet

HEADS: Final = ("Answer", "Evidence", "Control", "How sure", "Why")
_LONGEST_CELL: Final = 32_767
_FORMULA: Final = re.compile("[\\s\\x00]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")
"""What a spreadsheet may take for a formula; the last four are the full-width forms of the first."""
_WIDTHS: Final = (70, 40, 34, 16, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is written beside one question, a cell for each of `HEADS`."""

    cells: tuple[str, str, str, str, str]


Answers = Mapping[tuple[int, int], Written]
"""By the number of the sheet and of the row, both from 0."""


def with_answers(sheet: Sheet, number: int, answers: Answers) -> list[list[str]]:
    """Return a sheet's rows with ours: an answer goes where one is waited for, if nothing stands there yet."""
    columns = sheet.columns
    if columns is None:
        return [list(row) for row in sheet.rows]
    width = max(len(row) for row in sheet.rows)
    waits = columns.answer
    rows = []
    for place, cells_there in enumerate(sheet.rows):
        row = [*cells_there, *[""] * (width - len(cells_there))]
        rows.append(row)
        written = answers.get((number, place))
        cells: Sequence[str] = written.cells if written else ("",) * len(HEADS)
        if columns.header_row == place:
            cells = HEADS
        if waits is None:
            row.extend(cells)
            continue
        answer, *rest = cells
        if written and row[waits].strip():
            rest[-1] = f"It was answered already; from here it would be: {answer} {rest[-1]}".strip()
        elif written:
            row[waits] = answer
        row.extend(rest)
    return rows


def write_workbook(sheets: Sequence[Sheet], answers: Answers) -> bytes:
    """Return the questionnaire as xlsx, each sheet under its name."""
    import xlsxwriter  # its import takes long, and only a workbook needs it

    content = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(content, plain)
    text = book.add_format({"quote_prefix": True, "text_wrap": True, "valign": "top"})
    bold = book.add_format({"quote_prefix": True, "bold": True, "text_wrap": True, "valign": "top"})
    taken: set[str] = set()
    for number, sheet in enumerate(sheets):
        page = book.add_worksheet(_name(sheet.name, taken))
        rows = with_answers(sheet, number, answers)
        for place, row in enumerate(rows):
            look = bold if sheet.columns is not None and place == sheet.columns.header_row else text
            for column, cell in enumerate(row):
                if cell:
                    page.write_string(place, column, cell[:_LONGEST_CELL], look)
        if sheet.columns is not None:
            page.set_column(sheet.columns.question, sheet.columns.question, 60)
            width = max(len(row) for row in sheet.rows)
            for column, wide in enumerate(_WIDTHS[1:] if sheet.columns.answer is not None else _WIDTHS, width):
                page.set_column(column, column, wide)
            if sheet.columns.answer is not None:
                page.set_column(sheet.columns.answer, sheet.columns.answer, _WIDTHS[0])
    book.close()
    return content.getvalue()


def _name(name: str, taken: set[str]) -> str:
    """Return a name that a workbook takes, once."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", name)[:28].strip() or "Sheet"
    found, number = plain, 2
    while found.lower() in taken or found.lower() == "history":
        found, number = f"{plain} {number}"[:31], number + 1
    taken.add(found.lower())
    return found


def write_csv(sheet: Sheet, answers: Answers) -> bytes:
    """Return the questionnaire as CSV in UTF-8; a cell that could be taken for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_safe(cell) for cell in row] for row in with_answers(sheet, 0, answers))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _safe(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
