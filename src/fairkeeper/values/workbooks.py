"""Looks into a workbook (xlsx) before a reader opens it: what it unpacks to, and how far its sheets reach.

An archive of a few kilobytes may unpack to gigabytes, and a sheet whose single cell stands in the last column and row
makes a reader allocate every cell up to there. So everything is unpacked once, counting what comes and believing no
size that the archive states, and the corner of each sheet is read from its references.

Source: ECMA-376 part 1, 18.3.1.4 (cells) and 18.3.1.73 (rows), for the references that tell the corner.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Final

_MOST_PARTS: Final = 2_000
_CHUNK: Final = 256 * 1024
_REFERENCE: Final = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,3})(\d{1,8})["']""")
_LONGEST_REFERENCE: Final = 40


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


def refuse_oversized(content: bytes, bounds: WorkbookBounds = WorkbookBounds()) -> None:
    """Unpack a workbook once within bounds, keeping nothing.

    Raises:
        WorkbookRefusedError: It is no workbook of the form xlsx, cannot be unpacked, or is beyond the bounds.

    Example:
        >>> refuse_oversized(b"PK")
        Traceback (most recent call last):
        ...
        fairkeeper.values.workbooks.WorkbookRefusedError: The workbook cannot be unpacked (BadZipFile); it may be cut \
off or have a password.
    """
    left = bounds.unpacked_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = {each.filename for each in infos}
            if "xl/workbook.xml" not in names or "xl/workbook.bin" in names or len(infos) > _MOST_PARTS:
                raise WorkbookRefusedError("The archive is no workbook of the form xlsx.")
            for info in infos:
                with archive.open(info) as part:
                    left -= _unpacked(part, left, bounds, is_sheet=info.filename.endswith(".xml"))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        message = f"The workbook cannot be unpacked ({type(error).__name__}); it may be cut off or have a password."
        raise WorkbookRefusedError(message) from error


def _unpacked(part: IO[bytes], left: int, bounds: WorkbookBounds, *, is_sheet: bool) -> int:
    size, rows, columns, tail = 0, 0, 0, b""
    while chunk := part.read(_CHUNK):
        size += len(chunk)
        if size > left:
            raise WorkbookRefusedError(f"The workbook unpacks to more than {bounds.unpacked_bytes // 10**6} MB.")
        if is_sheet:
            for letters, digits in _REFERENCE.findall(tail + chunk):
                rows, columns = max(rows, int(digits)), max(columns, column_number(letters))
            if rows * max(columns, 1) > bounds.cells:
                raise WorkbookRefusedError(
                    f"A sheet reaches to row {rows:,} and column {columns:,}, above {bounds.cells:,} cells. Delete what"
                    " stands far below or beside the table, and save it again."
                )
            tail = chunk[-_LONGEST_REFERENCE:]
    return size


def column_number(letters: bytes) -> int:
    """Return a column's number from its letters; 0 for none.

    Example:
        >>> column_number(b"A"), column_number(b"AA"), column_number(b"")
        (1, 27, 0)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
