"""Reads a questionnaire, xlsx or CSV, in whatever layout: which column asks, which names, which waits for answers.

A workbook is looked into within bounds before a reader sees it. Nothing in a file is calculated.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from fairkeeper.assurance.errors import QuestionnaireUnreadableError
from fairkeeper.assurance.posture.answers.matching import words_of
from fairkeeper.values.workbooks import WorkbookBounds, WorkbookRefusedError, bounded_workbook

_BOUNDS: Final = WorkbookBounds()
MOST_SHEETS: Final = 40
MOST_QUESTIONS: Final = 3_000
LONGEST_QUESTION: Final = 4_000
_HEADER_ROWS: Final = 30
_QUESTION_HEADS: Final = (
    ("question",), ("control", "question"), ("security", "question"), ("requirement",), ("question", "text"),
    ("question", "description"), ("assessment", "question"), ("question", "requirement"), ("control", "requirement"),
    ("query",), ("control", "description"), ("item", "description"),
)  # fmt: skip
_ID_HEADS: Final = frozenset(
    {"id", "no", "number", "nr", "ref", "reference", "question id", "control id", "item", "question no", "s no",
     "question number", "control", "qid", "item no", "ref no", "section"}
)  # fmt: skip
_ANSWER_HEADS: Final = frozenset(
    {"answer", "respons", "response", "reply", "vendor response", "vendor respons", "supplier response",
     "supplier respons", "vendor answer", "supplier answer", "your answer", "your respons", "provider response"}
)  # fmt: skip
_ID: Final = re.compile(r"(?:[A-Za-z&]{1,8}[-. _]?)?\d{1,4}(?:[.\-]\d{1,4}){0,4}[a-z]?\.?")
_ASKS: Final = re.compile(
    r"^(?:do|does|did|is|are|was|has|have|can|could|will|would|should|how|what|which|who|where|when|why|please|describe|"
    r"explain|provide|list|confirm|specify|state|detail|if|in what|to what|under)\b",
    re.IGNORECASE,
)
_FEWEST_ASKING: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where a sheet asks, counted from 0.

    Attributes:
        header_row: The row of headings; -1 where there is none.
        found_by: `heading` or `content`.
    """

    question: int
    identifier: int | None
    answer: int | None
    header_row: int
    found_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: its row counted from 0, its id as it stands there, its words."""

    row: int
    identifier: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet with what it asks; one without a question column is kept as it is."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    columns: Columns | None
    questions: tuple[Asked, ...]


def read_questionnaire(content: bytes) -> tuple[Sheet, ...]:
    r"""Read a questionnaire's sheets; a CSV file is one sheet.

    Raises:
        QuestionnaireUnreadableError: It is neither, is too large or unpacks to too much, or asks nothing.

    Example:
        >>> (sheet,) = read_questionnaire(b"Ref,Question\nA-1,Do you encrypt data at rest?\n")
        >>> sheet.questions
        (Asked(row=1, identifier='A-1', text='Do you encrypt data at rest?'),)
    """
    tables = _workbook(content) if content[:2] == b"PK" else [("Questions", _csv(content))]
    sheets = tuple(_sheet(name, rows) for name, rows in tables)
    asked = sum(len(each.questions) for each in sheets)
    if not asked:
        raise QuestionnaireUnreadableError(
            "No column of the file asks anything.", remedy="Give the column of questions the heading Question."
        )
    if asked > MOST_QUESTIONS:
        raise QuestionnaireUnreadableError(
            f"The file asks {asked:,} questions, above {MOST_QUESTIONS:,}.", remedy="Split it into several files."
        )
    return sheets


def _sheet(name: str, rows: Sequence[Sequence[str]]) -> Sheet:
    kept = tuple(tuple(cell for cell in row) for row in rows)
    columns = find_columns(kept)
    questions = () if columns is None else tuple(_questions(kept, columns))
    return Sheet(name=name, rows=kept, columns=columns if questions else None, questions=questions)


def find_columns(rows: Sequence[Sequence[str]]) -> Columns | None:
    """Return which columns ask, name and wait for answers: by headings, else by what stands in them.

    Example:
        >>> find_columns([["1.1", "Do you keep logs?"], ["1.2", "Who may read the logs?"]])
        Columns(question=1, identifier=0, answer=None, header_row=-1, found_by='content')
    """
    for number, row in enumerate(rows[:_HEADER_ROWS]):
        heads = [words_of(cell) if len(cell) <= 60 else () for cell in row]
        for wanted in _QUESTION_HEADS:
            if wanted in heads and any(_is_text(row, heads.index(wanted)) for row in rows[number + 1 :]):
                place = heads.index(wanted)
                return Columns(
                    question=place,
                    identifier=_headed(heads, _ID_HEADS, place),
                    answer=_headed(heads, _ANSWER_HEADS, place),
                    header_row=number,
                    found_by="heading",
                )
    return _by_content(rows)


def _headed(heads: Sequence[tuple[str, ...]], names: Iterable[str], other: int) -> int | None:
    known = {words_of(each) for each in names}
    return next((place for place, head in enumerate(heads) if head in known and place != other), None)


def _is_text(row: Sequence[str], place: int) -> bool:
    return place < len(row) and len(row[place].split()) >= 3


def _by_content(rows: Sequence[Sequence[str]]) -> Columns | None:
    width = max((len(row) for row in rows), default=0)
    asking = [sum(asks(row[place]) for row in rows if place < len(row)) for place in range(width)]
    if not asking or max(asking) < _FEWEST_ASKING:
        return None
    question = asking.index(max(asking))
    named = [
        sum(bool(_ID.fullmatch(row[place].strip())) for row in rows if place < len(row)) for place in range(question)
    ]
    identifier = named.index(max(named)) if named and max(named) >= max(asking) / 2 else None
    return Columns(question=question, identifier=identifier, answer=None, header_row=-1, found_by="content")


def asks(text: str) -> bool:
    """Say whether a cell asks something.

    Example:
        >>> asks("Describe your backups."), asks("Section A"), asks("Logging is on?")
        (True, False, True)
    """
    plain = text.strip()
    return len(plain.split()) >= 3 and (plain.endswith("?") or bool(_ASKS.match(plain)))


def _questions(rows: Sequence[Sequence[str]], columns: Columns) -> Iterable[Asked]:
    has_ids = columns.identifier is not None
    for number, row in enumerate(rows):
        if number <= columns.header_row or columns.question >= len(row):
            continue
        text = row[columns.question].strip()
        place = columns.identifier
        named = row[place].strip() if place is not None and place < len(row) else ""
        if columns.found_by == "heading":
            # A heading between questions has no id where questions have one, and does not ask.
            is_question = len(text.split()) >= 3 and (asks(text) or bool(named) or not has_ids)
        else:
            is_question = asks(text)
        if is_question:
            yield Asked(row=number, identifier=named, text=text[:LONGEST_QUESTION])


def _workbook(content: bytes) -> list[tuple[str, list[list[str]]]]:
    import python_calamine  # its import takes long, and only a workbook needs it

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(bounded_workbook(content)))
        names = book.sheet_names
        if len(names) > MOST_SHEETS:
            raise QuestionnaireUnreadableError(f"The workbook has {len(names)} sheets, above {MOST_SHEETS}.")
        return [
            (name, [[_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python(False)])
            for name in names
        ]
    except WorkbookRefusedError as error:
        raise QuestionnaireUnreadableError(str(error)) from error
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        message = f"The workbook cannot be read: {' '.join(str(error).split())[:200]}."
        raise QuestionnaireUnreadableError(message) from error


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return repr(cell).removesuffix(".0")
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def _csv(content: bytes) -> list[list[str]]:
    if len(content) > _BOUNDS.unpacked_bytes:
        raise QuestionnaireUnreadableError(f"The file is larger than {_BOUNDS.unpacked_bytes // 10**6} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QuestionnaireUnreadableError("The file is neither a workbook (xlsx) nor text in UTF-8.") from error
    sample = text[:20_000]
    separator = max(",;\t", key=sample.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise QuestionnaireUnreadableError(f"The text is no table: {error}.") from error
    if sum(len(row) for row in rows) > _BOUNDS.cells:
        raise QuestionnaireUnreadableError(f"The table has more than {_BOUNDS.cells:,} cells.")
    return rows
