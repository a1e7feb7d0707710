"""Where tables of columns are kept: in the database by digest, with copies on this machine to read from.

A copy is only a copy: it is made from the database when it is not there, and may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.database.insertion import insert_unless_there
from fairkeeper.errors import BugError
from fairkeeper.opportunities.tables import BlobRow


class ColumnFiles:
    """Copies of kept tables, in a folder of this machine.

    Args:
        folder: Where the copies lie; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, session: Session, digest: str) -> Path:
        """Return the copy of a kept table, made from the database if it is not there.

        Raises:
            BugError: The database holds no such table.
        """
        path = self._folder / f"{digest}.parquet"
        if not path.exists():
            content = session.scalars(select(BlobRow.content).where(BlobRow.digest == digest)).first()
            if content is None:
                raise BugError(f"No table {digest} is kept.")
            self._write(path, content)
        return path

    def put(self, digest: str, content: bytes) -> Path:
        """Write a copy of what is about to be kept."""
        path = self._folder / f"{digest}.parquet"
        if not path.exists():
            self._write(path, content)
        return path

    def forget_others(self, digests: Iterable[str]) -> None:
        """Delete the copies of tables that are not kept any more."""
        kept = {f"{digest}.parquet" for digest in digests}
        if self._folder.is_dir():
            for path in self._folder.glob("*.parquet"):
                if path.name not in kept:
                    path.unlink(missing_ok=True)

    def _write(self, path: Path, content: bytes) -> None:
        """Write whole or not at all, since another process may read it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)


def digest_of(content: bytes) -> str:
    """Return the name of some bytes."""
    return hashlib.sha256(content).hexdigest()


def keep_blob(session: Session, content: bytes, *, now: datetime, digest: str | None = None) -> str:
    """Keep bytes under their digest, once; return it.

    Args:
        session: A write session.
        content: What to keep.
        now: When.
        digest: The name, if it is not that of these bytes (of a file that is kept compressed).
    """
    name = digest or digest_of(content)
    values = {"digest": name, "content": content, "size_bytes": len(content), "created_at": now}
    insert_unless_there(session, BlobRow, values, key=("digest",))
    return name


def compressed(content: bytes) -> bytes:
    """Return a raw file as it is kept."""
    return zlib.compress(content, 1)
