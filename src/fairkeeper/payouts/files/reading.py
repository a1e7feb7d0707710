"""Reads one table into typed rows in Parquet, with what is wrong in it as findings.

A row's number is that of the file as a spreadsheet counts it, header included, so that every number shown later can be
found again. A cell that cannot be read leaves its row in place and the value empty; where the row means nothing without
the value, the row is marked and not counted.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from fairkeeper.payouts.files.engine import engine, quoted
from fairkeeper.payouts.files.kept import kept_rows
from fairkeeper.payouts.files.limits import FileLimits
from fairkeeper.payouts.files.opening import Form, Member
from fairkeeper.payouts.files.rows import Copied, camt_rows, copy_rows, delimited_rows, ofx_rows, workbook_rows
from fairkeeper.payouts.files.text import Look, look_at
from fairkeeper.payouts.files.typing import (
    NULL_TEXTS,
    Habits,
    expression,
    habits_columns,
    plain_expression,
    trimmed,
)
from fairkeeper.payouts.finding_kinds import (
    COLUMN_MISSING,
    COLUMN_REPEATED,
    COLUMNS_ABSENT,
    COLUMNS_UNKNOWN,
    ENCODING_GUESSED,
    FILE_TOO_LARGE,
    FILE_UNREADABLE,
    FORMULA_KEPT,
    REPORT_UNKNOWN,
    ROW_UNREADABLE,
    SUMMARY_REFUSED,
    VALUE_UNREADABLE,
)
from fairkeeper.payouts.reports.columns import Kind, Type
from fairkeeper.payouts.reports.recognition import Recognition, recognise
from fairkeeper.values.findings import Finding, Level

_SAMPLE_ROWS: Final = 20_000
_SHOWN: Final = 20
_LINE_BYTES: Final = 1_000_000
"""The longest line of a text that DuckDB reads as it lies; its buffers are small, so that both threads have some."""
_MONTH_IN_NAME: Final = re.compile(r"(20[0-9]{2})[-_]?(0[1-9]|1[0-2])(?![0-9])")


@dataclass(slots=True, kw_only=True)
class ReadTable:
    """One table as it was read.

    Attributes:
        name: What the person calls it.
        kind: Which report it is; None where nothing was kept.
        parquet: Where its rows are.
        headers: Its header, as it came.
        rows: Rows kept, marked ones included.
        unreadable: Rows that are not counted.
        first_on: Where its period begins, by its rows (or by its name, where it has none).
        last_on: Its last day with a row.
        findings: What is wrong, the first ones of each sort.
    """

    name: str
    kind: Kind | None = None
    parquet: Path | None = None
    headers: tuple[str, ...] = ()
    rows: int = 0
    unreadable: int = 0
    first_on: date | None = None
    last_on: date | None = None
    findings: list[Finding] = field(default_factory=list)


def read_table(  # noqa: PLR0913 - what a table is read with
    member: Member,
    target: Path,
    scratch: Path,
    *,
    file_id: str,
    mapping: dict[str, str] | None = None,
    limits: FileLimits | None = None,
    db: Any = None,
) -> ReadTable:
    """Read one table and write its rows to `target`.

    Args:
        member: The table.
        target: The Parquet file to write.
        scratch: A folder for copies; the caller removes it.
        file_id: What every row is marked with.
        mapping: For a bank's csv: our columns by the file's headers.
        limits: Other bounds than the usual ones.
        db: An engine that reads several tables; one of its own by default.
    """
    reading = _Reading(
        member=member,
        target=target,
        scratch=scratch,
        file_id=file_id,
        mapping=mapping or {},
        limits=limits or FileLimits(),
        db=db,
    )
    return reading.read()


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The steps of reading one table."""

    member: Member
    target: Path
    scratch: Path
    file_id: str
    mapping: dict[str, str]
    limits: FileLimits
    db: Any = None
    table: ReadTable = field(init=False)
    look: Look = field(default_factory=Look)

    def __post_init__(self) -> None:
        self.table = ReadTable(name=self.member.name)

    def read(self) -> ReadTable:
        self.scratch.mkdir(parents=True, exist_ok=True)
        if self.member.form is Form.DELIMITED:
            return self._delimited()
        copied = Copied()
        rows = {
            Form.WORKBOOK: lambda: workbook_rows(self.member.path, self.limits, copied),
            Form.OFX: lambda: ofx_rows(self.member.path, copied),
            Form.CAMT: lambda: camt_rows(self.member.path, copied),
        }[self.member.form]()
        return self._from_copy(rows, copied)

    def _delimited(self) -> ReadTable:
        self.look = look_at(self.member.path, self.limits)
        if self.look.problem:
            kind = FILE_TOO_LARGE if self.look.is_too_large else FILE_UNREADABLE
            return self._refused(kind.found(self.look.problem, file=self.member.name))
        if self.look.is_guessed:
            message = f"The file is not in UTF-8; it was read as {self.look.encoding}."
            self.table.findings.append(ENCODING_GUESSED.found(message, file=self.member.name))
        if self.look.is_plain:
            found = self._recognised(self.look.headers)
            if found is None:
                return self.table
            try:
                self._convert(found, self._plain_source(len(self.look.headers)), None)
            except _not_plain():
                self.target.unlink(missing_ok=True)
                self.table = ReadTable(name=self.member.name)
            else:
                return self.table
        copied = Copied()
        return self._from_copy(delimited_rows(self.member.path, self.look, copied), copied)

    def _plain_source(self, width: int) -> str:
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width))
        delimiter = "\\t" if self.look.delimiter == "\t" else self.look.delimiter
        mark = f"E{quoted(delimiter)}" if delimiter == "\\t" else quoted(delimiter)
        return (
            f"read_csv({quoted(self.member.path)}, columns = {{{columns}}}, header = false, skip = 1, "
            f"auto_detect = false, delim = {mark}, quote = '\"', escape = '\"', null_padding = false, "
            f"strict_mode = true, {NULL_TEXTS}, max_line_size = {_LINE_BYTES}, buffer_size = {2 * _LINE_BYTES})"
        )

    def _from_copy(self, rows: Any, copied: Copied) -> ReadTable:
        copy = self.scratch / "plain.csv"
        copy_rows(rows, copy, self.limits, copied)
        name = self.member.name
        for number, why in copied.rejected[: self.limits.kept_findings]:
            self.table.findings.append(ROW_UNREADABLE.found(f"The row {why}.", file=name, row=number))
        if copied.rejected_count > self.limits.kept_findings:
            message = f"{copied.rejected_count} rows cannot be read; the first ones are listed."
            self.table.findings.append(ROW_UNREADABLE.found(message, file=name))
        if copied.first_formula:
            row, column = copied.first_formula
            message = f"{copied.formulas} cells hold a formula, the first one here. None was computed."
            self.table.findings.append(FORMULA_KEPT.found(message, file=name, row=row, column=column))
        if copied.problem:
            kind = FILE_TOO_LARGE if "above" in copied.problem else FILE_UNREADABLE
            return self._refused(kind.found(copied.problem, file=name))
        if not copied.headers:
            return self._refused(FILE_UNREADABLE.found("The file holds no header.", file=name))
        found = self._recognised(copied.headers)
        if found is None:
            return self.table
        columns = ", ".join(["'n': 'BIGINT'", *(f"'c{place}': 'VARCHAR'" for place in range(len(copied.headers)))])
        source = (
            f"read_csv({quoted(copy)}, columns = {{{columns}}}, header = false, auto_detect = false, delim = ',', "
            f"quote = '\"', escape = '\"', strict_mode = true, {NULL_TEXTS}, max_line_size = 64000000)"
        )
        self._convert(found, source, "n")
        self.table.unreadable += copied.rejected_count
        return self.table

    def _refused(self, finding: Finding) -> ReadTable:
        self.table.findings.append(finding)
        self.target.unlink(missing_ok=True)
        return self.table

    def _recognised(self, headers: tuple[str, ...]) -> Recognition | None:
        """Recognise the report and say what its header lacks."""
        named = tuple(self.mapping.get(header, header) for header in headers)
        found = recognise(named)
        name = self.member.name
        self.table.headers = headers
        if found.report is None:
            shown = ", ".join(header[:40] for header in headers[:8])
            if found.is_summary:
                message = "The earnings are summarised: there is no column earningId."
                self.table.findings.append(SUMMARY_REFUSED.found(message, file=name))
            else:
                self.table.findings.append(REPORT_UNKNOWN.found(f"No report has the columns {shown}.", file=name))
            return None
        for column in found.missing:
            if column.is_needed:
                message = f"The {found.report.kind.value} have no column {column.headers[0]}."
                self.table.findings.append(COLUMN_MISSING.found(message, file=name, column=column.headers[0]))
        if not found.is_whole:
            return None
        self._tell_columns(found)
        return found

    def _tell_columns(self, found: Recognition) -> None:
        name, assumed = self.member.name, found.report
        if assumed is None:
            return
        if found.missing:
            shown = ", ".join(column.name for column in found.missing[:_SHOWN])
            more = f" and {len(found.missing) - _SHOWN} more" if len(found.missing) > _SHOWN else ""
            self.table.findings.append(COLUMNS_ABSENT.found(f"Not in the file: {shown}{more}.", file=name))
        if found.unknown:
            shown = ", ".join(header[:60] or "(no name)" for header in found.unknown[:_SHOWN])
            self.table.findings.append(COLUMNS_UNKNOWN.found(f"Not read: {shown}.", file=name))
        for header in found.repeated:
            self.table.findings.append(
                COLUMN_REPEATED.found(f"{header[:60]} stands there twice.", file=name, column=header[:60])
            )

    def _convert(self, found: Recognition, source: str, number: str | None) -> None:
        """Write typed rows, then look at what could not be read and which time is covered.

        What is written plainly is read plainly; a file with anything else is read once more, carefully.

        Args:
            found: The report, and which of its columns stand where.
            source: SQL of the text.
            number: SQL of a row's number; None where its place tells it.
        """
        if found.report is None:
            return
        with nullcontext(self.db) if self.db is not None else engine(self.scratch) as db:
            self._write_rows(db, found, source, number, {})
            marked = db.execute(f"SELECT bit_or(marks) FROM read_parquet({quoted(self.target)})").fetchone()[0] or 0
            if marked:
                odd = {each.name for bit, each in enumerate(found.report.columns) if marked & (1 << bit)}
                habits = self._habits(db, source, found)
                self._write_rows(db, found, source, number, {name: habits[name] for name in odd})
            self._take_stock(db, found)
        self.table.kind = found.report.kind
        self.table.parquet = self.target

    def _write_rows(
        self, db: Any, found: Recognition, source: str, number: str | None, habits: dict[str, Habits]
    ) -> None:
        """Write every row in its order with its marks; columns without habits are read plainly.

        Columns that the text has not are left out, and so is the number where the place tells it; `kept_rows` adds both.
        """
        if found.report is None:
            return
        values, marks, needed, names = [], [], [], []
        for bit, column in enumerate(found.report.columns):
            place = found.columns.get(column.name)
            if place is None:
                continue
            text = f"r{place}"
            if column.name not in habits:
                read = plain_expression(column.type, text)
            else:
                read = expression(column.type, text, habits[column.name])
            values.append(f"{read} AS {column.name}")
            names.append(column.name)
            if column.type is not Type.TEXT:
                marks.append(f"CASE WHEN {text} IS NOT NULL AND {column.name} IS NULL THEN {1 << bit} ELSE 0 END")
            if column.is_needed:
                needed.append(f"{column.name} IS NULL")
        places = sorted(set(found.columns.values()))
        texts = ", ".join(f"r{place}" for place in places)
        raw = ", ".join(f"{trimmed(f'c{place}')} AS r{place}" for place in places)
        numbered = "" if number is None else f"{number} AS row_no, "
        kept = "" if number is None else "row_no, "
        db.execute(
            f"COPY (SELECT {', '.join(names)}, {kept}{quoted(self.file_id)} AS file_id, "
            f"({' + '.join(marks) or '0'})::BIGINT AS marks, "
            f"CASE WHEN coalesce({texts}) IS NOT NULL THEN ({' OR '.join(needed) or 'false'}) END AS is_unreadable "
            f"FROM (SELECT {', '.join(values)}, {kept}{texts} FROM (SELECT {numbered}{raw} FROM {source}))) "
            f"TO {quoted(self.target)} (FORMAT parquet)"
        )

    def _habits(self, db: Any, source: str, found: Recognition) -> dict[str, Habits]:
        """Find out from the first rows how each column of amounts or days writes."""
        if found.report is None:
            return {}
        types = {column.name: column.type for column in found.report.columns}
        judged = [name for name in found.columns if types[name] in (Type.MONEY, Type.RATE, Type.DATE)]
        parts = [part for name in judged for part in habits_columns(f"c{found.columns[name]}", types[name])]
        habits = dict.fromkeys(found.columns, Habits())
        if parts:
            row = db.execute(f"SELECT {', '.join(parts)} FROM (SELECT * FROM {source} LIMIT {_SAMPLE_ROWS})").fetchone()
            for place, name in enumerate(judged):
                habits[name] = Habits(has_decimal_comma=bool(row[2 * place]), has_day_first=bool(row[2 * place + 1]))
        return habits

    def _take_stock(self, db: Any, found: Recognition) -> None:
        report = found.report
        if report is None:
            return
        rows = f"({kept_rows(db, report.kind, [self.target])})"
        period = f"coalesce({', '.join([*report.period_by, 'NULL'])})"
        self.table.rows, self.table.unreadable, first, last, marked = db.execute(
            f"SELECT count(*), count(*) FILTER (is_unreadable), min({period}) FILTER (NOT is_unreadable), "
            f"max({period}) FILTER (NOT is_unreadable), count(*) FILTER (marks > 0 OR is_unreadable) FROM {rows}"
        ).fetchone()
        self.table.first_on, self.table.last_on = first, last
        if first is None:
            self._period_by_name()
        if marked:
            self._tell_marked(db, found, rows)

    def _period_by_name(self) -> None:
        """Take the month in the name of a file without rows: an empty month is an answer, too."""
        matched = _MONTH_IN_NAME.search(self.member.name)
        if matched:
            self.table.first_on = self.table.last_on = date(int(matched[1]), int(matched[2]), 1)

    def _tell_marked(self, db: Any, found: Recognition, rows: str) -> None:
        """Name the cells that could not be read, the first ones of each column, and count the rest."""
        report = found.report
        if report is None:
            return
        for bit, column in enumerate(report.columns):
            if column.name not in found.columns:
                continue
            header = self.table.headers[found.columns[column.name]]
            is_marked = f"marks & {1 << bit} > 0" + (f" OR {column.name} IS NULL" if column.is_needed else "")
            count = db.execute(f"SELECT count(*) FROM {rows} WHERE {is_marked}").fetchone()[0]
            shown = db.execute(
                f"SELECT row_no, marks & {1 << bit} > 0 FROM {rows} WHERE {is_marked} ORDER BY 1 LIMIT {_SHOWN}"
            )
            for row, is_there in shown.fetchall():
                what = f"cannot be read as {_WORDS[column.type]}" if is_there else "is empty"
                level = Level.ERROR if column.is_needed else None
                self.table.findings.append(
                    VALUE_UNREADABLE.found(
                        f"{header[:60]} {what}" + (", so the row is not counted." if column.is_needed else "."),
                        level=level,
                        file=self.member.name,
                        row=row,
                        column=header[:60],
                    )
                )
            if count > _SHOWN:
                message = f"{header[:60]} cannot be read in {count} rows; the first ones are listed."
                self.table.findings.append(VALUE_UNREADABLE.found(message, file=self.member.name, column=header[:60]))


_WORDS: Final = {
    Type.TEXT: "text",
    Type.MONEY: "an amount",
    Type.DATE: "a date",
    Type.BOOL: "yes or no",
    Type.RATE: "a rate",
}


def _not_plain() -> tuple[type[Exception], ...]:
    """Return what DuckDB raises where a text is not as plain as it looked."""
    import duckdb

    return (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException)
