"""Looks at delimited text before it is read: its encoding, its delimiter, its header, and whether it is plain enough.

Plain text (UTF-8, one kind of line end, no blank lines, no NUL) is read by DuckDB as it lies. Everything else is read
row by row in Python into a plain copy, so that a bad row is named and costs only itself.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fairkeeper.payouts.files.limits import FileLimits

_CHUNK: Final = 4 * 1024 * 1024
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen of a text.

    Attributes:
        encoding: Python's name of it.
        is_guessed: Whether the encoding is a guess.
        delimiter: Between fields.
        headers: The first row; empty where none can be read.
        header_row: Which row of the file the header is, from 1.
        is_plain: Whether DuckDB may read it as it lies.
        problem: Why it cannot be read at all; empty if it can.
        is_too_large: Whether the problem is one of size.
    """

    encoding: str = "utf-8"
    is_guessed: bool = False
    delimiter: str = ","
    headers: tuple[str, ...] = ()
    header_row: int = 1
    is_plain: bool = False
    problem: str = ""
    is_too_large: bool = False


def look_at(path: Path, limits: FileLimits) -> Look:
    """Look at a text: once through its bytes, and at its first lines."""
    with path.open("rb") as stream:
        beginning = stream.read(limits.header_bytes)
    encoding, is_guessed, is_clean = _encoding(path, beginning)
    if encoding is None:
        return Look(problem="The file is neither text nor an archive.")
    try:
        text = beginning.decode(encoding, errors="ignore")
    except LookupError:
        return Look(problem="The file's encoding is not known.")
    lines = text.splitlines(keepends=True)
    row = next((number for number, line in enumerate(lines) if line.strip(' \t\r\n,;|"\ufeff')), None)
    if row is None:
        return Look(problem="The file holds no header.")
    if len(beginning) == limits.header_bytes and row == len(lines) - 1:
        return Look(problem=f"The first row is longer than {limits.header_bytes} bytes.", is_too_large=True)
    delimiter = _delimiter(lines[row])
    headers, is_simple = _header(lines[row:], delimiter)
    if len(headers) > limits.columns:
        return Look(problem=f"There are {len(headers)} columns, above {limits.columns}.", is_too_large=True)
    return Look(
        encoding=encoding,
        is_guessed=is_guessed,
        delimiter=delimiter,
        headers=headers,
        header_row=row + 1,
        is_plain=is_clean and row == 0 and is_simple and len(headers) > 1,
    )


def _header(lines: Sequence[str], delimiter: str) -> tuple[tuple[str, ...], bool]:
    """Return the first row's fields, and whether it is one line."""
    reader = csv.reader(io.StringIO("".join(lines[:50])), delimiter=delimiter)
    try:
        fields = next(reader)
    except (csv.Error, StopIteration):
        return (), False
    return tuple(field.replace("\ufeff", "").replace("\x00", "").strip() for field in fields), reader.line_num == 1


def _delimiter(line: str) -> str:
    """Return the delimiter that cuts the header into most pieces outside of quotes."""
    outside = "".join(part for number, part in enumerate(line.split('"')) if number % 2 == 0)
    return max(_DELIMITERS, key=outside.count)


def _encoding(path: Path, beginning: bytes) -> tuple[str | None, bool, bool]:
    """Return the encoding, whether it was guessed, and whether the bytes are plain."""
    for mark, name in _BOMS:
        if beginning.startswith(mark):
            return name, False, name == "utf-8-sig" and _is_plain_utf8(path)[1]
    if beginning[:2000].count(b"\x00") > len(beginning[:2000]) // 4:
        odd = beginning[1:2000:2].count(b"\x00")
        return ("utf-16-le" if odd > len(beginning[:2000]) // 4 else "utf-16-be"), True, False
    is_utf8, is_plain = _is_plain_utf8(path)
    if is_utf8:
        return "utf-8", False, is_plain
    printable = sum(byte >= 32 or byte in (9, 10, 13) for byte in beginning[:4096])
    if printable < 0.9 * len(beginning[:4096]):
        return None, True, False
    return "cp1252", True, False


def _is_plain_utf8(path: Path) -> tuple[bool, bool]:
    """Go once through the bytes: are they UTF-8, and have they one kind of line end, no NUL and no blank line?"""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_plain, returns, newlines, pairs = True, 0, 0, 0
    last = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            try:
                if decoder.getstate()[0] or not chunk.isascii():
                    decoder.decode(chunk)
            except UnicodeDecodeError:
                return False, False
            edge = last + chunk[:2]
            is_plain = is_plain and not (b"\x00" in chunk or b"\n\n" in chunk or b"\n\n" in edge)
            if b"\r" in chunk or b"\r" in edge:
                is_plain = is_plain and not (b"\n\r\n" in chunk or b"\n\r\n" in edge)
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (last[-1:] == b"\r" and chunk[:1] == b"\n")
            newlines += chunk.count(b"\n")
            last = chunk[-2:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False, False
    is_even = returns == 0 or (returns == newlines == pairs)
    return True, is_plain and is_even
