"""DuckDB as this room uses it: bounded memory, two threads, scratch on disk, no network, no extensions.

Imported inside functions, because it takes a quarter of a second that a server's start does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

MEMORY_LIMIT: Final = "2500MB"
THREADS: Final = 2
_AT_ONCE: Final = 200


@contextmanager
def engine(scratch: Path, *, memory: str = MEMORY_LIMIT) -> Iterator[Any]:
    """Open an engine of one's own in memory; what does not fit goes to the scratch folder.

    Args:
        scratch: Where it may write what does not fit.
        memory: How much it may take.
    """
    import duckdb

    scratch.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": THREADS,
            "memory_limit": memory,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    try:
        yield connection
    finally:
        connection.close()


def insert(db: Any, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, many in one statement: one statement a row takes longer than a small file to read."""
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in part)
        db.execute(f"INSERT INTO {table} VALUES {marks}", [value for row in part for value in row])


def quoted(text: str | Path) -> str:
    """Return a text as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"
