"""Tables of columns as Parquet bytes, and back: how scores and features are kept."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.opportunities.insights.canonical import connected

if TYPE_CHECKING:
    import duckdb

_ROW_GROUP: Final = 8192
_OF_THREAD = threading.local()


def to_parquet(columns: Mapping[str, Any], query: str = "SELECT * FROM given") -> bytes:
    """Return equally long columns as Parquet.

    Args:
        columns: By name.
        query: What to keep of `given`, which is these columns; texts are better joined here than made one by one.
    """
    with connected() as connection, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        connection.register("given", dict(columns))
        connection.execute(
            f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
        )
        return path.read_bytes()


def read_rows(path: Path, *, where: str = "", values: tuple[Any, ...] = (), order: str = "") -> list[dict[str, Any]]:
    """Return rows of a kept table.

    Args:
        path: The table.
        where: A condition with a question mark for each value; written by this room, never by a person.
        values: What stands for the question marks.
        order: The columns to order by, and a limit.
    """
    condition = f"WHERE {where}" if where else ""
    found = reader().execute(f"SELECT * FROM read_parquet('{path}') {condition} {order}", list(values))
    names = [each[0] for each in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def reader() -> duckdb.DuckDBPyConnection:
    """Return this thread's DuckDB for small reads; opening one for each took longer than the reads themselves."""
    import duckdb

    kept: duckdb.DuckDBPyConnection | None = getattr(_OF_THREAD, "reader", None)
    if kept is None:
        kept = duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})
        kept.execute("SET parquet_metadata_cache = true")  # a kept table never changes under its name
        _OF_THREAD.reader = kept
    return kept
