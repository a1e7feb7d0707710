"""Turns a recognised table of texts into the canonical table: one row for each key, typed, kept as Parquet.

DuckDB does the work: 100,000 rows of 60 columns took 1.3 seconds on two cores (measured 2026-11-27). The Parquet bytes
are sorted by tenant, so that one tenant is found in a large snapshot without reading it all.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.errors import InvalidError
from fairkeeper.opportunities.insights.cells import ABSENT, MACROS, SQL_TYPES, UNREADABLE, VALUE
from fairkeeper.opportunities.insights.fields import Field, FieldType, Tab
from fairkeeper.opportunities.insights.reading import TextTable

if TYPE_CHECKING:
    import duckdb

_ROW_GROUP: Final = 8192
"""Small, so that one tenant is found by reading little (half the time of 20,480, measured 2026-11-28)."""
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Cells of one column that are not of its type."""

    field: Field
    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Rows of one key that say different things."""

    key: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalTable:
    """The canonical table of one file, and what was noticed while it was made.

    Attributes:
        parquet: The table: the tab's fields, `marks`, and `associations`, sorted by key.
        rows: Rows that are in it.
        keyless: Rows without a key, by the spreadsheet's number; those shown, and how many there are.
        merged: Rows that were a second row of a key.
        known_values: How many rows have a value, by field.
    """

    tab: Tab
    parquet: bytes
    rows: int
    keyless: tuple[tuple[int, ...], int]
    merged: int
    unreadable: tuple[Unreadable, ...]
    disagreements: tuple[Disagreement, ...]
    users_above_seats: int
    vendor_disagrees: tuple[tuple[str, int], ...]
    known_values: dict[str, int]


class TableUnreadableError(InvalidError):
    """A table whose headers are known and whose rows are none."""

    code = "opportunities.table_unreadable"
    remedy = "Export the file again; in a spreadsheet, save it as CSV (UTF-8)."


def canonical_of(table: TextTable) -> CanonicalTable:
    """Return the canonical table of a recognised table.

    Raises:
        TableUnreadableError: Its rows cannot be told apart (one of many megabytes, or what is no text).
    """
    import duckdb

    with connected() as connection, tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rows.csv"
        source.write_bytes(table.csv_text)
        try:
            _load(connection, table, source)
        except duckdb.InvalidInputException as error:
            line = re.search(r"Line: ([0-9]+)", str(error))  # of the rows alone
            where = f" from row {table.first_row + int(line[1]) - 1} on" if line else ""
            raise TableUnreadableError(f"Its rows cannot be read{where}.") from error
        return _Making(connection, table.matched.tab, Path(folder)).make()


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty DuckDB in memory that reads nothing from the network and installs nothing."""
    import duckdb

    options: dict[str, Any] = {"threads": 2, "autoinstall_known_extensions": False}
    connection = duckdb.connect(":memory:", config=options)
    try:
        yield connection
    finally:
        connection.close()


def _load(connection: duckdb.DuckDBPyConnection, table: TextTable, source: Path) -> None:
    """Read the texts into `typed`: row number, values, marks."""
    for macro in MACROS:
        connection.execute(macro)
    matched = table.matched
    found = [(field, place) for field in matched.tab.fields if (place := matched.columns.get(field.name)) is not None]
    # Step by step, so that each text is trimmed once and turned into a value once; in one pass over the file.
    trimmed = ", ".join(f"trim(c{place}) AS t_{field.name}" for field, place in found)
    read = ", ".join(f"t_{field.name}, fk_{field.type.value}(t_{field.name}) AS {field.name}" for field, _ in found)
    names = {field.name for field, _ in found}
    values = ", ".join(
        field.name if field.name in names else f"CAST(NULL AS {SQL_TYPES[field.type]}) AS {field.name}"
        for field in matched.tab.fields
    )
    marks = ", ".join(
        f"fk_mark(t_{field.name}, {field.name} IS NOT NULL)" if field.name in names else f"'{ABSENT}'"
        for field in matched.tab.fields
    )
    connection.execute(
        f"CREATE TEMP TABLE typed AS SELECT row_no, {values}, concat({marks}) AS marks FROM (SELECT row_no, {read} "
        f"FROM (SELECT row_number() OVER () + {table.first_row - 1} AS row_no, {trimmed} "
        f"FROM {_rows_of(table, source)}))"
    )
    if matched.tab.leave_out:
        connection.execute(f"DELETE FROM typed WHERE {matched.tab.leave_out} > 0")


def _rows_of(table: TextTable, source: Path) -> str:
    """Return the expression that reads the file; a row that is too long or too short is read as far as it fits."""
    if not table.csv_text.strip():
        names = ", ".join(f"CAST(NULL AS VARCHAR) AS c{n}" for n in range(1 + max(table.matched.columns.values())))
        return f"(SELECT {names} WHERE false)"
    first = table.csv_text.split(b"\n", 1)[0].count(table.separator.encode())
    width = max(1 + max(table.matched.columns.values()), first + 1)
    columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(width))
    return (
        f"read_csv('{source}', header=false, auto_detect=false, delim='{table.separator}', quote='\"', escape='\"', "
        f"columns={{{columns}}}, null_padding=true, strict_mode=false, parallel=false, max_line_size=4000000)"
    )


@dataclass(slots=True)
class _Making:
    """Makes the canonical table of what was loaded."""

    connection: duckdb.DuckDBPyConnection
    tab: Tab
    folder: Path

    def make(self) -> CanonicalTable:
        has_key = " AND ".join(f"{name} IS NOT NULL" for name in self.tab.key)
        keyless = self._numbers(f"SELECT row_no FROM typed WHERE NOT ({has_key}) ORDER BY row_no LIMIT {_SHOWN}")
        keyless_count = self._one(f"SELECT count(*) FROM typed WHERE NOT ({has_key})")
        unreadable = tuple(self._unreadable())
        before = self._one(f"SELECT count(*) FROM typed WHERE {has_key}")
        disagreements = self._merge(has_key)
        rows = self._one("SELECT count(*) FROM merged")
        path = self.folder / "table.parquet"
        self.connection.execute(
            f"COPY (SELECT * FROM merged ORDER BY {', '.join(self.tab.key)}) TO '{path}' "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
        )
        return CanonicalTable(
            tab=self.tab,
            parquet=path.read_bytes(),
            rows=rows,
            keyless=(keyless, keyless_count),
            merged=before - rows,
            unreadable=unreadable,
            disagreements=disagreements,
            users_above_seats=self._users_above_seats(),
            vendor_disagrees=tuple(self._vendor_disagrees()),
            known_values=self._known_values(),
        )

    def _unreadable(self) -> Iterator[Unreadable]:
        counts = ", ".join(
            f"count(*) FILTER (substr(marks, {place}, 1) = '{UNREADABLE}')"
            for place in range(1, len(self.tab.fields) + 1)
        )
        self.connection.execute(
            f"CREATE TEMP TABLE odd AS SELECT row_no, marks FROM typed WHERE contains(marks, '{UNREADABLE}')"
        )
        found = self.connection.execute(f"SELECT {counts} FROM odd").fetchone() or ()
        for place, (field, count) in enumerate(zip(self.tab.fields, found, strict=True), 1):
            if count and field.name not in self.tab.key:
                rows = self._numbers(
                    f"SELECT row_no FROM odd WHERE substr(marks, {place}, 1) = '{UNREADABLE}' "
                    f"ORDER BY row_no LIMIT {_SHOWN}"
                )
                yield Unreadable(field=field, count=count, rows=rows)

    def _merge(self, has_key: str) -> tuple[Disagreement, ...]:
        """Make one row of each key: the largest count, the first text; partners' ids are kept together."""
        keys = ", ".join(self.tab.key)
        doubled = self._one(
            f"SELECT count(*) FROM (SELECT 1 FROM typed WHERE {has_key} GROUP BY {keys} HAVING count(*) > 1)"
        )
        association = self._associations()
        if not doubled:
            self.connection.execute(
                f"CREATE TEMP VIEW merged AS SELECT * EXCLUDE (row_no), {association[0]} AS associations "
                f"FROM typed WHERE {has_key}"
            )
            return ()
        counts = [field for field in self.tab.fields if field.type is FieldType.COUNT]
        differing: list[Disagreement] = []
        for field in counts[:20]:
            found = self.connection.execute(
                f"SELECT {self.tab.key[0]} FROM typed WHERE {has_key} GROUP BY {keys} "
                f"HAVING count(DISTINCT {field.name}) > 1 ORDER BY 1 LIMIT {_SHOWN}"
            ).fetchall()
            differing += [Disagreement(key=str(key), column=field.header) for (key,) in found]
        columns = [
            f"max({f.name}) AS {f.name}"
            if f.type is FieldType.COUNT
            else f"arg_min({f.name}, row_no) FILTER ({f.name} IS NOT NULL) AS {f.name}"
            for f in self.tab.fields
            if f.name not in self.tab.key
        ]
        ordered = ", ".join(field.name for field in self.tab.fields)
        marks = " || ".join(
            f"CASE WHEN {f.name} IS NOT NULL THEN '{VALUE}' ELSE substr(first_marks, {n}, 1) END"
            for n, f in enumerate(self.tab.fields, 1)
        )
        self.connection.execute(
            f"CREATE TEMP TABLE merged AS SELECT {ordered}, {marks} AS marks, associations FROM ("
            f"SELECT {keys}, {', '.join(columns)}, arg_min(marks, row_no) AS first_marks, "
            f"{association[1]} AS associations FROM typed WHERE {has_key} GROUP BY {keys})"
        )
        return tuple(differing[:_SHOWN])

    def _associations(self) -> tuple[str, str]:
        """Return the expressions of the partners' ids, of one row and of several."""
        if not any(field.name == "partner_id" for field in self.tab.fields):
            return "CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)"
        return "partner_id", "string_agg(DISTINCT partner_id, ' ' ORDER BY partner_id)"

    def _users_above_seats(self) -> int:
        if self.tab.name != "copilot":
            return 0
        return self._one("SELECT count(*) FROM merged WHERE paid_mau > paid_seats")

    def _vendor_disagrees(self) -> Iterator[tuple[str, int]]:
        """Compare Microsoft's derived figures with what follows from the base counts."""
        if self.tab.name != "copilot":
            return
        checks = (
            (
                "vendor_utilization",
                "abs(vendor_utilization - least(paid_mau / paid_seats, 1)) > 0.015",
                "paid_seats > 0 AND paid_mau >= 0",
            ),
            ("vendor_whitespace", "abs(vendor_whitespace - (eligible_seats - paid_seats)) > 1", "true"),
            ("vendor_all_mau", "abs(vendor_all_mau - (paid_mau + chat_mau)) > 1", "true"),
            (
                "vendor_free_to_paid",
                "abs(vendor_free_to_paid - chat_mau / (chat_mau + paid_seats)) > 0.015",
                "chat_mau + paid_seats > 0",
            ),
        )
        counts = ", ".join(f"count(*) FILTER (({where}) AND ({differs}))" for _, differs, where in checks)
        found = self.connection.execute(f"SELECT {counts} FROM merged").fetchone() or ()
        for (name, _, _), count in zip(checks, found, strict=True):
            if count:
                yield self.tab.field(name).header, int(count)

    def _known_values(self) -> dict[str, int]:
        names = [field.name for field in self.tab.fields]
        counted = self.connection.execute(f"SELECT {', '.join(f'count({name})' for name in names)} FROM merged")
        return dict(zip(names, counted.fetchone() or (), strict=True))

    def _one(self, statement: str) -> int:
        found = self.connection.execute(statement).fetchone()
        return int(found[0]) if found else 0

    def _numbers(self, statement: str) -> tuple[int, ...]:
        return tuple(int(number) for (number,) in self.connection.execute(statement).fetchall())
