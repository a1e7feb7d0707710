"""The log as static files: where a tile or an entry bundle stands, which ones growth touches, proofs from tiles.

Source: C2SP tlog-tiles, read 2026-11-22. A tile is 256 neighbouring hashes of the heights 0, 8, 16 …; the rightmost
one of a level may be partial, and a partial tile is a prefix of the full one. So a store keeps one growing row a tile,
appends to it, and never reads it back in order to write.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from fairkeeper.errors import InvalidError
from fairkeeper.proof.merkle import (
    HASH_BYTES,
    Extension,
    Frontier,
    consistency_proof,
    inclusion_proof,
    parents,
)

TILE_HEIGHT = 8
TILE_WIDTH = 256
LOG_PREFIX = "/log"
CHECKPOINT_PATH = f"{LOG_PREFIX}/checkpoint"
ENTRY_BYTES = 32
"""Every entry of our logs is one commitment of this length."""

_PATH = re.compile(
    LOG_PREFIX + r"/tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_LARGEST_LEVEL = 63
_LARGEST_INDEX = 2**63 >> TILE_HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class TileAddress:
    """Where one tile of hashes stands: level, index within the level, and how many hashes of it there are."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The tile's path.

        Example:
            >>> TileAddress(level=0, index=1234067, width=9).path
            '/log/tile/0/x001/x234/067.p/9'
        """
        return f"{LOG_PREFIX}/tile/{self.level}/{_number(self.index)}{_suffix(self.width)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleAddress:
    """Where one bundle of entries stands: its index and how many entries of it there are."""

    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The bundle's path.

        Example:
            >>> BundleAddress(index=5).path
            '/log/tile/entries/005'
        """
        return f"{LOG_PREFIX}/tile/entries/{_number(self.index)}{_suffix(self.width)}"


def parse_path(path: str) -> TileAddress | BundleAddress:
    """Return what a path under the log's prefix names; only the one right spelling is understood.

    Raises:
        InvalidError: `proof.path_malformed`.

    Example:
        >>> parse_path("/log/tile/1/x001/000.p/12")
        TileAddress(level=1, index=1000, width=12)
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise _malformed_path(path)
    digits = match["number"].replace("/", "").replace("x", "")
    index = int(digits)
    width = int(match["width"] or TILE_WIDTH)
    if _number(index) != match["number"] or index > _LARGEST_INDEX or (match["width"] and width >= TILE_WIDTH):
        raise _malformed_path(path)
    if match["level"] == "entries":
        return BundleAddress(index=index, width=width)
    level = int(match["level"])
    if level > _LARGEST_LEVEL:
        raise _malformed_path(path)
    return TileAddress(level=level, index=index, width=width)


def tile_width(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile has in a tree of a size: 256 if full, 0 if it does not exist.

    Example:
        >>> [tile_width(level, index, 70_000) for level, index in [(0, 272), (0, 273), (1, 1), (2, 0), (2, 1)]]
        [256, 112, 17, 1, 0]
    """
    hashes = size >> (TILE_HEIGHT * level)
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def changed_tiles(old_size: int, new_size: int) -> list[TileAddress]:
    """Return the tiles that are new or wider once the tree has grown, lowest level first.

    Example:
        >>> [tile.path for tile in changed_tiles(255, 257)]
        ['/log/tile/0/000', '/log/tile/0/001.p/1', '/log/tile/1/000.p/1']
    """
    changed = []
    level = 0
    while new_size >> (TILE_HEIGHT * level):
        old_hashes, new_hashes = old_size >> (TILE_HEIGHT * level), new_size >> (TILE_HEIGHT * level)
        changed += [
            TileAddress(level=level, index=index, width=tile_width(level, index, new_size))
            for index in range(old_hashes // TILE_WIDTH, -(-new_hashes // TILE_WIDTH))
            if new_hashes > old_hashes
        ]
        level += 1
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class TileAppend:
    """Bytes to put at the end of a stored tile.

    Attributes:
        level: Level of the tile.
        index: Index within the level.
        start: How many hashes the tile must have before; 0 means that the tile is new.
        data: The hashes that follow.
    """

    level: int
    index: int
    start: int
    data: bytes

    @property
    def width(self) -> int:
        """How many hashes the tile has afterwards."""
        return self.start + len(self.data) // HASH_BYTES


def tile_appends(extension: Extension) -> list[TileAppend]:
    """Return what the growth of a tree adds to its tiles, lowest level first.

    Example:
        >>> grown = Frontier().extend([bytes([n]) * 32 for n in range(3)])
        >>> [(tile.level, tile.index, tile.start, tile.width) for tile in tile_appends(grown)]
        [(0, 0, 0, 3)]
    """
    appends = []
    for run in extension.runs:
        level, within = divmod(run.height, TILE_HEIGHT)
        if not within:
            appends += [
                TileAppend(level=level, index=index, start=start, data=b"".join(run.nodes[first:last]))
                for index, start, first, last in _pieces(run.start, len(run.nodes))
            ]
    return appends


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleAppend:
    """Bytes to put at the end of a stored bundle, which must have `start` entries before."""

    index: int
    start: int
    data: bytes

    @property
    def width(self) -> int:
        """How many entries the bundle has afterwards."""
        return self.start + len(self.data) // (2 + ENTRY_BYTES)


def bundle_appends(old_size: int, entries: Sequence[bytes]) -> list[BundleAppend]:
    """Return what new entries, each of 32 bytes, add to the entry bundles.

    Example:
        >>> [(piece.index, piece.start, piece.width) for piece in bundle_appends(255, [bytes(32)] * 2)]
        [(0, 255, 256), (1, 0, 1)]
    """
    return [
        BundleAppend(index=index, start=start, data=encode_bundle(entries[first:last]))
        for index, start, first, last in _pieces(old_size, len(entries))
    ]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries of 32 bytes as a bundle: each behind its length in two bytes, the high one first."""
    return b"".join(b"\x00\x20" + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """Return the entries of a bundle of a width.

    Raises:
        InvalidError: `proof.bundle_malformed`, there are not that many entries of 32 bytes.
    """
    step = 2 + ENTRY_BYTES
    entries = [data[at + 2 : at + step] for at in range(0, len(data), step)]
    if len(entries) != width or encode_bundle(entries) != data or len(data) != width * step:
        raise InvalidError(
            f"The bundle's {len(data)} bytes are not {width} entries of {ENTRY_BYTES} bytes.",
            code="proof.bundle_malformed",
            remedy="Fetch the bundle again, or ask the log's operator.",
        )
    return entries


class TileReader(Protocol):
    """Gives stored tiles: rows of the database, files, or what an address on the web answers."""

    def read(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile, 32 bytes each."""
        ...


class TiledTree:
    """Nodes and proofs of a tree of one size, read from its tiles.

    Keeps the last tiles in memory with the nodes inside them, so that the proofs of neighbouring leaves cost a few
    look-ups. What a reader gives is not trusted for anything: proofs are checked against a signed root.

    Args:
        reader: Where the tiles are.
        size: Leaves of the tree.
        kept_tiles: How many tiles are kept at once, about 40 kB each.
    """

    def __init__(self, reader: TileReader, size: int, *, kept_tiles: int = 64) -> None:
        self.size = size
        self._reader = reader
        self._kept_tiles = kept_tiles
        self._tiles: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a perfect subtree.

        Raises:
            InvalidError: `proof.tile_malformed`, the reader gave another number of bytes than the tile has.
        """
        level, within = divmod(height, TILE_HEIGHT)
        tile_index, position = divmod(index, TILE_WIDTH >> within)
        return self._tile(level, tile_index)[within][position]

    def root(self) -> bytes:
        """Return the root that the tiles lead to."""
        return Frontier.of_tree(self.size, self.node).root()

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the proof that the leaf of an index is in this tree."""
        return inclusion_proof(index, self.size, self.node)

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """Return the proof that this tree begins with the tree of an older size."""
        return consistency_proof(old_size, self.size, self.node)

    def _tile(self, level: int, index: int) -> list[list[bytes]]:
        """Return the nodes inside a tile, by height within it; the ragged right side has no nodes of its own."""
        kept = self._tiles.get((level, index))
        if kept is not None:
            self._tiles.move_to_end((level, index))
            return kept
        width = tile_width(level, index, self.size)
        data = self._reader.read(level, index, width)
        if len(data) != width * HASH_BYTES:
            raise InvalidError(
                f"The tile {TileAddress(level=level, index=index, width=width).path} has {len(data)} bytes instead of "
                f"{width * HASH_BYTES}.",
                code="proof.tile_malformed",
                remedy="Fetch the tile again, or ask the log's operator.",
            )
        rows = [[data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]]
        while len(rows[-1]) > 1 and len(rows) < TILE_HEIGHT:
            rows.append(parents(rows[-1]))
        self._tiles[level, index] = rows
        if len(self._tiles) > self._kept_tiles:
            self._tiles.popitem(last=False)
        return rows


def _pieces(start: int, count: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut `count` items from position `start` at tile borders: (tile index, start within it, first item, end item)."""
    done = 0
    while done < count:
        index, within = divmod(start + done, TILE_WIDTH)
        taken = min(TILE_WIDTH - within, count - done)
        yield index, within, done, done + taken
        done += taken


def _number(index: int) -> str:
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups)


def _suffix(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"


def _malformed_path(path: str) -> InvalidError:
    return InvalidError(
        f"{path!r} is no path of a tile.",
        code="proof.path_malformed",
        remedy="Ask for /log/tile/<level>/<number> or /log/tile/entries/<number>, .p/<width> for a partial tile.",
    )
