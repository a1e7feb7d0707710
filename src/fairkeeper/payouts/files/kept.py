"""The SQL that reads rows that were kept, from any number of Parquet files of one report.

A file holds the columns its source had and no others, in the order of the source: what is left out is null, and the row
number of a text that was read as it lies is its place. A row of nothing keeps its place with `is_unreadable` null and
is passed over here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from fairkeeper.payouts.files.engine import quoted
from fairkeeper.payouts.files.typing import SQL_TYPES
from fairkeeper.payouts.reports.columns import REPORTS, Kind

HEADER_AND_ONE: Final = 2
"""The number of a text's first row below its header, as a spreadsheet counts."""


def kept_rows(db: Any, kind: Kind, paths: Iterable[Path]) -> str:
    """Return SQL of every row: the report's columns, `row_no`, `file_id`, `marks`, `is_unreadable`, `digest`.

    Args:
        db: The engine, which looks at what columns the files have.
        kind: The report.
        paths: Its files; where there are none, so are no rows.
    """
    listed = ", ".join(quoted(path) for path in sorted(set(paths)))
    columns = REPORTS[kind].columns
    names = ", ".join(column.name for column in columns)
    if not listed:
        nothing = ", ".join(f"NULL::{SQL_TYPES[column.type]} AS {column.name}" for column in columns)
        return (
            f"SELECT {nothing}, NULL::BIGINT AS row_no, NULL::VARCHAR AS file_id, NULL::BIGINT AS marks, "
            f"false AS is_unreadable, NULL::UBIGINT AS digest WHERE false"
        )
    source = f"read_parquet([{listed}], union_by_name = true)"
    there = {row[0] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    absent = "".join(
        f", NULL::{SQL_TYPES[column.type]} AS {column.name}" for column in columns if column.name not in there
    )
    place = f"file_row_number + {HEADER_AND_ONE}"
    number = f"coalesce(row_no, {place})" if "row_no" in there else place
    return (
        f"SELECT {names}, {number} AS row_no, file_id, marks, is_unreadable, hash({names}) AS digest "
        f"FROM (SELECT *{absent}, file_row_number FROM {source}) WHERE is_unreadable IS NOT NULL"
    )
