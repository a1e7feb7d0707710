"""Where files and their rows are kept: every file as it came, by its hash, and its rows in Parquet beside it.

Nothing is deleted here. With several processes the folder has to be one that all of them reach.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fairkeeper.payouts.errors import FileNotHandedOverError, FileTooLargeError
from fairkeeper.payouts.files.limits import FileLimits
from fairkeeper.payouts.files.results import Results

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A file that was taken in."""

    sha256: str
    size_bytes: int


class Library:
    """The files of this room.

    Args:
        root: Its folder, made when something is first kept.
        limits: How large files may be.
    """

    def __init__(self, root: Path, limits: FileLimits | None = None) -> None:
        self.root = root
        self.limits = limits or FileLimits()
        self.results = Results()

    def take(self, chunks: Iterable[bytes]) -> Staged:
        """Keep what comes as a file; the same bytes are kept once.

        Raises:
            FileTooLargeError: It is larger than `FileLimits.packed_bytes`.
        """
        waiting = self._made("incoming")
        handle, name = tempfile.mkstemp(dir=waiting)
        draft = Path(name)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > self.limits.packed_bytes:
                        message = f"The file is larger than {self.limits.packed_bytes // _CHUNK} MB."
                        raise FileTooLargeError(message)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            kept = self.raw(digest.hexdigest())
            kept.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(kept)
        finally:
            draft.unlink(missing_ok=True)
        return Staged(sha256=digest.hexdigest(), size_bytes=size)

    def take_file(self, path: Path) -> Staged:
        """Keep a copy of a file of this machine."""
        with path.open("rb") as stream:
            return self.take(iter(lambda: stream.read(_CHUNK), b""))

    def raw(self, sha256: str) -> Path:
        """Return where a file is kept as it came."""
        if not _HASH.fullmatch(sha256):
            message = f"{sha256[:70]!r} is the hash of no file."
            raise FileNotHandedOverError(message)
        return self.root / "files" / sha256[:2] / sha256

    def found(self, sha256: str) -> Path:
        """Return where a file is kept.

        Raises:
            FileNotHandedOverError: It is not here.
        """
        path = self.raw(sha256)
        if not path.is_file():
            message = f"The file {sha256[:12]} is not here."
            raise FileNotHandedOverError(message)
        return path

    def rows(self, table_id: str) -> Path:
        """Return where the rows of a table are kept."""
        folder = self._made("rows")
        return folder / f"{table_id}.parquet"

    def lines(self, evaluation: int) -> Path:
        """Return where the lines of every month are kept as an evaluation saw them."""
        return self._made("lines") / f"{evaluation}.parquet"

    def forget_lines(self, kept: Iterable[int]) -> None:
        """Remove lines that neither a closed month nor the newest evaluation rests on."""
        names = {f"{number}.parquet" for number in kept}
        for path in self._made("lines").glob("*.parquet"):
            if path.name not in names:
                path.unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Return an empty folder that is removed afterwards."""
        folder = Path(tempfile.mkdtemp(dir=self._made("scratch")))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _made(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder
