"""Rows that outlive a restart: one small SQLite file of (kind, id, JSON), or nothing at all.

Separate, so that the market thinks in memory and only writes through. Losing the last moment in a power cut is fine
for a pretend Microsoft, hence `synchronous = OFF`; it survives the end of its process.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_UPSERT = "INSERT INTO kept (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body"


class Storage:
    """Keeps rows by kind and id; without a folder it forgets everything.

    Args:
        folder: Where `sandbox.sqlite3` lies; None for memory only.
    """

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(folder / "sandbox.sqlite3", check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (kind TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, id))"
        )
        self._connection = connection

    def put(self, kind: str, rows: Iterable[tuple[str, Any]]) -> None:
        """Write rows, replacing those of the same kind and id, all or none."""
        if self._connection is None:
            return
        encoded = [(kind, key, msgspec.json.encode(value)) for key, value in rows]
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany(_UPSERT, encoded)

    def load(self, kind: str, shape: type[T]) -> Iterator[tuple[str, T]]:
        """Yield the rows of a kind in the order they were first written."""
        if self._connection is None:
            return
        with (
            self._lock,
            closing(
                self._connection.execute("SELECT id, body FROM kept WHERE kind = ? ORDER BY rowid", (kind,))
            ) as cursor,
        ):
            rows = cursor.fetchall()
        for key, body in rows:
            yield key, msgspec.json.decode(body, type=shape)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
