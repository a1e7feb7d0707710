"""Reads tables row by row into a plain copy: text that is not plain, workbooks, OFX and camt.053.

The copy is UTF-8 with a row number in front, so that what is read from it afterwards still names the row of the file as
the person sees it. Nothing is computed: a formula is the text that stands there, or the value a workbook kept of it.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from fairkeeper.payouts.files.limits import FileLimits
from fairkeeper.payouts.files.text import Look
from fairkeeper.values.workbooks import column_number

Row = tuple[int, Sequence[str]]
"""A row as a spreadsheet counts it, the header being row 1, and its fields."""

_SPREADSHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT: Final = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_REFERENCE: Final = re.compile(r"([A-Z]{1,4})([0-9]{1,7})")
_FORMULA: Final = re.compile(r"[=@]\s*[A-Za-z]|[+-][A-Za-z]+\(")


@dataclass(slots=True, kw_only=True)
class Copied:
    """What became of the rows.

    Attributes:
        headers: The first row that holds anything.
        rows: How many rows were copied.
        rejected: Rows that could not be, with the reason; the first ones.
        rejected_count: How many there were.
        formulas: How many cells held a formula, and where the first was.
    """

    headers: tuple[str, ...] = ()
    rows: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    rejected_count: int = 0
    formulas: int = 0
    first_formula: tuple[int, str] | None = None
    problem: str = ""

    def reject(self, row: int, why: str) -> None:
        """Note a row that cannot be copied."""
        self.rejected_count += 1
        if len(self.rejected) < 1000:
            self.rejected.append((row, why))


def copy_rows(rows: Iterable[Row], target: Path, limits: FileLimits, copied: Copied) -> Copied:
    """Write rows to a plain copy; the first that holds anything is the header.

    Rows of another width than the header are rejected, except that empty fields at the end may be missing or too many.
    """
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, fields in rows:
            if not any(map(str.strip, fields)):
                continue
            if not copied.headers:
                copied.headers = tuple(cell.replace("\ufeff", "").strip() for cell in fields)
                if len(copied.headers) > limits.columns:
                    copied.problem = f"There are {len(copied.headers)} columns, above {limits.columns}."
                    break
                continue
            width = len(copied.headers)
            if len(fields) < width:
                copied.reject(number, f"has {len(fields)} fields, the header {width}")
                continue
            if len(fields) > width and any(map(str.strip, fields[width:])):
                copied.reject(number, f"has {len(fields)} fields, the header {width}")
                continue
            if max(map(len, fields)) > limits.cell_characters:
                copied.reject(number, f"has a cell of more than {limits.cell_characters} characters")
                continue
            writer.writerow([number, *(_cleaned(cell) for cell in fields[:width])])
            copied.rows += 1
            _watch(copied, number, fields[:width])
    return copied


def _cleaned(cell: str) -> str:
    """Take out what no column holds, and line ends, which would count as rows."""
    if "\x00" in cell or "\n" in cell or "\r" in cell:
        cell = cell.replace("\x00", "").replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
    return cell


def _watch(copied: Copied, number: int, fields: Sequence[str]) -> None:
    for place, cell in enumerate(fields):
        if cell[:1] in "=@+-" and cell and _FORMULA.match(cell):
            copied.formulas += 1
            copied.first_formula = copied.first_formula or (number, copied.headers[place])


def delimited_rows(path: Path, look: Look, copied: Copied) -> Iterator[Row]:
    """Read delimited text; a row that breaks the reader is rejected and the next is read.

    The reader's own limit of a field (131,072 characters) is one of the whole process and left as it is: it lies above
    `FileLimits.cell_characters`, which rejects such rows anyway.
    """
    with path.open("r", encoding=look.encoding, errors="replace", newline="") as file:
        reader = csv.reader(_bounded(file), delimiter=look.delimiter)
        number = 0
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                copied.reject(
                    number, "has a cell without end" if "limit" in str(error) else f"cannot be read ({error})"
                )
                continue
            number += 1
            yield number, fields


def _bounded(file: Any) -> Iterator[str]:
    """Return lines, cutting those that no table has, so that a file of one line takes no memory."""
    while line := file.readline(8 * 1024 * 1024):
        yield line


# -------------------- workbooks


def workbook_rows(path: Path, limits: FileLimits, copied: Copied) -> Iterator[Row]:
    """Read the first sheet of a workbook that holds a table, as a stream; a formula gives the value kept of it.

    Cells are placed by their reference within `limits.columns`; what lies beyond is not read. Dates are numbers there
    and are told by their column later.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename for info in archive.infolist()}
            texts = _shared_texts(archive, names, limits)
            sheets = sorted(
                (name for name in names if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", name)),
                key=lambda name: (len(name), name),
            )
            for sheet in sheets:
                found = False
                for row in _sheet_rows(archive, sheet, texts, limits, copied):
                    found = True
                    yield row
                if found:
                    return
    except (zipfile.BadZipFile, ParseError, OSError, ValueError, RuntimeError) as error:
        copied.problem = f"The workbook cannot be read ({type(error).__name__})."


def _iterate(stream: Any, events: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Go through XML without entities, references outside and growth."""
    from defusedxml.ElementTree import iterparse

    try:
        yield from iterparse(stream, events=events, forbid_dtd=True)
    except LookupError as error:  # an encoding that does not exist
        raise ParseError(str(error)) from error


def _shared_texts(archive: zipfile.ZipFile, names: set[str], limits: FileLimits) -> list[str]:
    if "xl/sharedStrings.xml" not in names:
        return []
    texts: list[str] = []
    with archive.open("xl/sharedStrings.xml") as stream:
        for _, element in _iterate(stream, ("end",)):
            if element.tag in (f"{_SPREADSHEET}si", f"{_STRICT}si"):
                parts = [part.text or "" for part in element.iter() if part.tag.endswith("}t")]
                texts.append("".join(parts)[: limits.cell_characters + 1])
                element.clear()
    return texts


def _sheet_rows(
    archive: zipfile.ZipFile, sheet: str, texts: Sequence[str], limits: FileLimits, copied: Copied
) -> Iterator[Row]:
    number = 0
    width = 0
    with archive.open(sheet) as stream:
        rows: Any = None
        for event, element in _iterate(stream, ("start", "end")):
            if event == "start":
                rows = element if element.tag.endswith("}sheetData") else rows
                continue
            if not element.tag.endswith("}row"):
                continue
            given = element.get("r", "")
            number = int(given) if given.isdigit() and int(given) > number else number + 1
            cells = _cells(element, texts, limits, copied, number)
            if cells:
                width = max(width, len(cells)) if not copied.headers else len(copied.headers)
                yield number, cells + [""] * (width - len(cells))
            if rows is not None:
                rows.clear()


def _cells(row: Any, texts: Sequence[str], limits: FileLimits, copied: Copied, number: int) -> list[str]:
    cells: list[str] = []
    for cell in row:
        matched = _REFERENCE.fullmatch(cell.get("r", ""))
        place = column_number(matched[1]) - 1 if matched else len(cells)
        if place > limits.columns:
            continue
        value, has_formula = _cell_text(cell, texts)
        if has_formula:
            copied.formulas += 1
            copied.first_formula = copied.first_formula or (number, cell.get("r", ""))
        if place >= len(cells):
            cells += [""] * (place + 1 - len(cells))
        cells[place] = value
    return cells


def _cell_text(cell: Any, texts: Sequence[str]) -> tuple[str, bool]:
    value, has_formula = "", False
    for part in cell:
        if part.tag.endswith("}v"):
            value = part.text or ""
        elif part.tag.endswith("}is"):
            value = "".join(piece.text or "" for piece in part.iter() if piece.tag.endswith("}t"))
        elif part.tag.endswith("}f"):
            has_formula = True
    if cell.get("t") == "s":
        value = texts[int(value)] if value.isdigit() and int(value) < len(texts) else ""
    elif cell.get("t") == "b":
        value = {"1": "TRUE", "0": "FALSE"}.get(value, value)
    return value, has_formula


# -------------------- bank lines

_BANK_HEADER: Final = ("booked_on", "amount", "currency", "reference", "description", "counterparty", "line_id")
_OFX_LINE: Final = re.compile(r"<STMTTRN>(.*?)(?=<STMTTRN>|</STMTTRN>|</BANKTRANLIST>|\Z)", re.IGNORECASE | re.DOTALL)
_OFX_FIELD: Final = re.compile(r"<([A-Z0-9.]{1,32})>([^<\r\n]*)", re.IGNORECASE)


def ofx_rows(path: Path, copied: Copied) -> Iterator[Row]:
    """Read the lines of an OFX statement, in its older form without closing tags or its newer one in XML.

    Source: OFX Banking Specification 2.3, section 11.4 (STMTTRN); BANKTRANLIST and CURDEF, read 2026-11-22.
    """
    text = path.read_bytes()[: 64 * 1024 * 1024].decode("cp1252", errors="replace").replace("\x00", "")
    currency = (re.search(r"<CURDEF>([A-Za-z]{3})", text) or [None, ""])[1]
    yield 1, _BANK_HEADER
    found = 0
    for number, line in enumerate(_OFX_LINE.finditer(text), 2):
        fields = {name.upper(): value.strip() for name, value in _OFX_FIELD.findall(line[1])}
        on = fields.get("DTPOSTED", "")[:8]
        day = f"{on[:4]}-{on[4:6]}-{on[6:8]}" if len(on) == 8 and on.isdigit() else on
        reference = fields.get("REFNUM") or fields.get("CHECKNUM") or ""
        words = " ".join(filter(None, (fields.get("MEMO"), fields.get("NAME"))))
        amount = fields.get("TRNAMT", "")
        own = fields.get("CURSYM") or currency
        found += 1
        yield number, (day, amount, own or "", reference, words, fields.get("NAME", ""), fields.get("FITID", ""))
    if not found:
        copied.problem = "The statement holds no lines (STMTTRN)."


def camt_rows(path: Path, copied: Copied) -> Iterator[Row]:
    """Read the entries of a camt.053 statement: booked ones, debits negative.

    Source: ISO 20022, BankToCustomerStatement (camt.053.001), Ntry with Amt, CdtDbtInd, BookgDt, NtryDtls,
    read 2026-11-22.
    """
    if path.stat().st_size > 256 * 1024 * 1024:
        copied.problem = "The statement is larger than 256 MB."
        return
    number = 1
    yield number, _BANK_HEADER
    try:
        with path.open("rb") as stream:
            for _, element in _iterate(stream, ("end",)):
                if element.tag.rpartition("}")[2] == "Ntry":
                    number += 1
                    yield number, _entry(element)
                    element.clear()
    except (ParseError, ValueError) as error:
        copied.problem = f"The statement is no XML that can be read ({type(error).__name__})."
        return
    if number == 1:
        copied.problem = "The statement holds no entries (Ntry)."


def _entry(entry: Any) -> tuple[str, ...]:
    def first(*names: str) -> str:
        for name in names:
            for element in entry.iter():
                if element.tag.rpartition("}")[2] == name and (element.text or "").strip():
                    return (element.text or "").strip()
        return ""

    amount, currency = "", ""
    for child in entry:
        if child.tag.rpartition("}")[2] == "Amt":
            amount, currency = (child.text or "").strip(), child.get("Ccy", "")
    sign = "-" if first("CdtDbtInd") == "DBIT" else ""
    day = ""
    for name in ("BookgDt", "ValDt"):
        for child in entry:
            if child.tag.rpartition("}")[2] == name and not day:
                day = "".join((part.text or "").strip() for part in child.iter())[:10]
    words = " ".join(
        (element.text or "").strip()
        for element in entry.iter()
        if element.tag.rpartition("}")[2] in ("Ustrd", "AddtlNtryInf")
    )
    reference = first("EndToEndId", "Ref", "AcctSvcrRef")
    return (day, f"{sign}{amount}", currency, reference, words, first("Nm"), first("AcctSvcrRef", "NtryRef"))
