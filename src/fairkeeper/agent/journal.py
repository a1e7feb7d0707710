"""Keeps outcomes on disk until the server has them, in one SQLite file beside the agent.

What is told twice is taken once: the server knows each outcome by its decision.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Journal:
    """Outcomes that wait.

    Args:
        path: The file; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        # The decision is durable at the server before anything runs; of an outcome, the last moments before a loss of
        # power may be missing, and the record then says that none is known.
        self._database.execute("PRAGMA synchronous=NORMAL")
        # What the server has is overwritten, and not only left out.
        self._database.execute("PRAGMA secure_delete=ON")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS came (decision_id TEXT PRIMARY KEY, agent_id TEXT, document TEXT)"
        )
        path.chmod(0o600)

    def keep(self, decision_id: str, agent_id: str, document: dict[str, Any]) -> None:
        """Keep an outcome, until whoever may speak for this agent has told it."""
        self._database.execute(
            "INSERT OR REPLACE INTO came VALUES (?, ?, ?)", (decision_id, agent_id, json.dumps(document))
        )

    def forget(self, decision_ids: Iterable[str]) -> None:
        """Forget what the server has."""
        self._database.execute("BEGIN")
        self._database.executemany("DELETE FROM came WHERE decision_id = ?", [(each,) for each in decision_ids])
        self._database.execute("COMMIT")

    def kept(self, agent_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what waits of one agent."""
        rows = self._database.execute(
            "SELECT decision_id, document FROM came WHERE agent_id = ? ORDER BY rowid", (agent_id,)
        ).fetchall()
        return [(decision_id, json.loads(document)) for decision_id, document in rows]

    def close(self) -> None:
        """Close the file."""
        self._database.close()
