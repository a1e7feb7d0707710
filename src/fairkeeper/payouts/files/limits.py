"""How large a file may be, packed and unpacked; what is above is refused before it costs memory or disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """Bounds of reading.

    Source: Microsoft Learn, "Export earnings", file sizes (at most 1 GB each, compressed), read 2026-11-22. The other
    bounds are ours: reports have below 100 columns, and text packs about ten to thirty times smaller.

    Attributes:
        packed_bytes: A file as it is handed over.
        unpacked_bytes: What comes out of it, in all.
        ratio: How many times larger it may get where it gets larger than `ratio_from_bytes`.
        members: Files in an archive.
        header_bytes: The first row.
        columns: Columns of a table.
        cell_characters: One cell.
        kept_findings: Findings of one file that are kept one by one; the rest are counted.
    """

    packed_bytes: int = 2048 * MEGABYTE
    unpacked_bytes: int = 16 * 1024 * MEGABYTE
    ratio: int = 200
    ratio_from_bytes: int = 32 * MEGABYTE
    members: int = 200
    header_bytes: int = MEGABYTE
    columns: int = 1000
    cell_characters: int = 100_000
    kept_findings: int = 200
