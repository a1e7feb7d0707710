"""Moves SQLite's write-ahead log into the database file, in a thread beside the decisions.

SQLite does that by itself, within whichever commit made the log long; on the event loop every call would wait for it
(a few milliseconds every sixth commit, half a second at worst; measured 2026-11-28). What a commit acknowledged is
durable in the log already, so when it moves is of no consequence to it.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

ROWS_BETWEEN: Final = 600
"""Written rows after which the log is moved; about as many pages of it."""
PAGES_AT_MOST: Final = 8_000
"""Pages in the log after which a decision's commit moves the rest itself, so that it starts anew; other commits do so
at `database.engine.WAL_PAGES_AT_MOST`."""


class Checkpointer:
    """Moves the log of one database file whenever enough was written; close it when done.

    Args:
        path: The database file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._moved_at_rows = 0
        self._is_wanted = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def note(self, rows: int) -> None:
        """Note how many rows a connection has written since it was opened."""
        if rows - self._moved_at_rows < ROWS_BETWEEN:
            return
        self._moved_at_rows = rows
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="decisions-checkpoint", daemon=True)
            self._thread.start()
        self._is_wanted.set()

    def start_anew(self) -> None:
        """Count from nought again: the connection was opened again."""
        self._moved_at_rows = 0

    def close(self) -> None:
        """Let it move the log once more, and end the thread."""
        self._is_ending = True
        self._is_wanted.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while not self._is_ending:
            self._is_wanted.wait()
            self._is_wanted.clear()
            try:
                connection = connection or sqlite3.connect(self._path, isolation_level=None, timeout=0)
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.Error as error:
                # The commits move the log themselves once it is long.
                _log.warning("governance.log_not_moved", error=str(error)[:300])
        if connection is not None:
            connection.close()
