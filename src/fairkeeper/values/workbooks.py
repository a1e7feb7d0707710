"""Looks through a workbook (xlsx) before a reader opens it: what it unpacks to, and how far its sheets reach.

An archive of a few kilobytes may unpack to gigabytes, and a sheet whose single cell stands in the last column and row
makes a reader allocate every cell up to there. So everything is unpacked once, counting what comes and believing no
size that the archive states, and each cell of a sheet is placed as a reader places it. The reader gets what was looked
through and nothing else, packed anew: where two readers of archives would see two things, it sees the same one.

Source: ECMA-376 part 1, 18.3.1.4 (cells) and 18.3.1.73 (rows), for the references that tell the corner; a row or cell
without one stands behind the one before.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Final
from xml.parsers import expat

_MOST_PARTS: Final = 2_000
_CHUNK: Final = 256 * 1024
_READ: Final = (".xml", ".rels")
_CELL: Final = re.compile(r"([A-Z]{1,7})([1-9][0-9]{0,9})")
_ROW: Final = re.compile(r"[1-9][0-9]{0,9}")
_DEEPEST: Final = 200


class WorkbookRefusedError(ValueError):
    """A file is no workbook, or a reader must not open it; the message says why, for whoever made the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookBounds:
    """How much may come out of a workbook.

    Attributes:
        unpacked_bytes: Of all its parts together.
        cells: Of one sheet, from its first cell to its corner.
    """

    unpacked_bytes: int = 60_000_000
    cells: int = 400_000


def bounded_workbook(content: bytes, bounds: WorkbookBounds = WorkbookBounds()) -> bytes:
    """Return a workbook that a reader may open: the parts of this one that are XML, looked through and packed anew.

    Raises:
        WorkbookRefusedError: It is no workbook of the form xlsx, cannot be unpacked, or is beyond the bounds.

    Example:
        >>> bounded_workbook(b"PK")
        Traceback (most recent call last):
        ...
        fairkeeper.values.workbooks.WorkbookRefusedError: The workbook cannot be unpacked (BadZipFile); it may be cut \
off or have a password.
    """
    left = bounds.unpacked_bytes
    kept = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(io.BytesIO(content)) as archive,
            zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        ):
            infos = archive.infolist()
            names = [each.filename.lower() for each in infos]
            if "xl/workbook.xml" not in names or "xl/workbook.bin" in names or len(infos) > _MOST_PARTS:
                raise WorkbookRefusedError("The archive is no workbook of the form xlsx.")
            if len(set(names)) < len(names):
                raise WorkbookRefusedError("The workbook has two parts of one name.")
            for info in infos:
                with archive.open(info) as part:
                    if info.filename.lower().endswith(_READ):
                        with packed.open(info.filename, "w", force_zip64=True) as copy:
                            left -= _unpacked(part, left, bounds, copy)
                    else:
                        left -= _unpacked(part, left, bounds)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        message = f"The workbook cannot be unpacked ({type(error).__name__}); it may be cut off or have a password."
        raise WorkbookRefusedError(message) from error
    return kept.getvalue()


def _unpacked(part: IO[bytes], left: int, bounds: WorkbookBounds, copy: IO[bytes] | None = None) -> int:
    size = 0
    sheet = _Sheet(bounds.cells)
    while chunk := part.read(_CHUNK):
        size += len(chunk)
        if size > left:
            raise WorkbookRefusedError(f"The workbook unpacks to more than {bounds.unpacked_bytes // 10**6} MB.")
        if copy is not None:
            sheet.look(chunk, is_last=False)
            copy.write(chunk)
    if copy is not None:
        sheet.look(b"", is_last=True)
    return size


class _Sheet:
    """A part in XML, of which it is followed how far its cells reach, if it has any."""

    def __init__(self, most_cells: int) -> None:
        self._most_cells = most_cells
        self._row = self._column = 0  # where the newest cell stands; its row and itself may say two things, both count
        self._rows = self._columns = 0  # how far all reach
        self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._entity

    def look(self, chunk: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(chunk, is_last)
        except WorkbookRefusedError:
            raise
        except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that nobody knows
            raise WorkbookRefusedError(f"A part of the workbook is no XML: {error}.") from error

    def _entity(self, *_declared: object) -> None:
        raise WorkbookRefusedError("A part of the workbook declares entities, which no workbook needs.")

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise WorkbookRefusedError(f"A part of the workbook is nested more than {_DEEPEST} deep.")
        local = name.rpartition(":")[2]
        if local == "row":  # reaches nowhere as long as no cell stands in it
            self._place_row(attributes.get("r"))
        if local != "c":
            return
        self._place_cell(attributes.get("r"))
        self._rows, self._columns = max(self._rows, self._row), max(self._columns, self._column)
        if self._rows * max(self._columns, 1) > self._most_cells:
            raise WorkbookRefusedError(
                f"A sheet reaches to row {self._rows:,} and column {self._columns:,}, above {self._most_cells:,} cells."
                " Delete what stands far below or beside the table, and save it again."
            )

    def _place_cell(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
        elif match := _CELL.fullmatch(reference):
            self._column, self._row = column_number(match[1]), max(self._row, int(match[2]))
        else:
            raise WorkbookRefusedError(f"A cell of the workbook stands at {reference[:40]!r}, which is no place.")

    def _place_row(self, number: str | None) -> None:
        if number is not None and not _ROW.fullmatch(number):
            raise WorkbookRefusedError(f"A row of the workbook has the number {number[:40]!r}, which is none.")
        self._row, self._column = self._row + 1 if number is None else int(number), 0


def column_number(letters: str) -> int:
    """Return a column's number, counted from 1, from its letters.

    Example:
        >>> column_number("A"), column_number("AA")
        (1, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
