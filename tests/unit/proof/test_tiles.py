"""Tiles: their paths, what growth adds to them, and proofs made from them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.merkle import HASH_BYTES, Frontier, consistency_proof, inclusion_proof, leaf_hash, root_of
from fairkeeper.proof.tiles import (
    BundleAddress,
    TileAddress,
    TiledTree,
    bundle_appends,
    changed_tiles,
    decode_bundle,
    encode_bundle,
    parse_path,
    tile_appends,
    tile_width,
)

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]


class Store:
    """Tiles as the server keeps them: rows that only grow."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self.rows: dict[tuple[int, int], bytes] = {}

    def grow(self, count: int) -> set[tuple[int, int, int]]:
        grown = self.frontier.extend(LEAVES[self.frontier.size : self.frontier.size + count])
        self.frontier = grown.frontier
        touched = set()
        for append in tile_appends(grown):
            row = self.rows.get((append.level, append.index), b"")
            assert len(row) == append.start * HASH_BYTES
            self.rows[append.level, append.index] = row + append.data
            touched.add((append.level, append.index, append.width))
        return touched

    def read(self, level: int, index: int, width: int) -> bytes:
        return self.rows[level, index][: width * HASH_BYTES]


@pytest.fixture(scope="module")
def large() -> Store:
    store = Store()
    store.grow(len(LEAVES))
    return store


def naive_tile(level: int, index: int, size: int) -> bytes:
    """A tile as C2SP tlog-tiles defines it: the roots over its ranges of leaves that are complete."""
    span = 256**level
    starts = range(index * 256 * span, (index + 1) * 256 * span, span)
    return b"".join(root_of(LEAVES[start : start + span]) for start in starts if start + span <= size)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (TileAddress(level=0, index=0, width=1), "/log/tile/0/000.p/1"),
        (TileAddress(level=0, index=0), "/log/tile/0/000"),
        (TileAddress(level=1, index=999, width=255), "/log/tile/1/999.p/255"),
        (TileAddress(level=2, index=1000), "/log/tile/2/x001/000"),
        (TileAddress(level=63, index=1234067), "/log/tile/63/x001/x234/067"),
        (BundleAddress(index=1234067, width=17), "/log/tile/entries/x001/x234/067.p/17"),
        (BundleAddress(index=7), "/log/tile/entries/007"),
    ],
)
def test_path_of_a_tile_both_ways(address: TileAddress | BundleAddress, path: str) -> None:
    assert address.path == path
    assert parse_path(path) == address


@given(st.integers(0, 63), st.integers(0, 2**55), st.integers(1, 256))
def test_every_address_has_one_path(level: int, index: int, width: int) -> None:
    tile, bundle = TileAddress(level=level, index=index, width=width), BundleAddress(index=index, width=width)
    assert parse_path(tile.path) == tile
    assert parse_path(bundle.path) == bundle


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/log/checkpoint",
        "/log/tile/0",
        "/log/tile/0/",
        "/log/tile/0/0",
        "/log/tile/0/00",
        "/log/tile/0/0000",
        "/log/tile/0/x000/001",
        "/log/tile/0/x001",
        "/log/tile/0/001/000",
        "/log/tile/0/x001/x000",
        "/log/tile/0/000.p",
        "/log/tile/0/000.p/",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/01",
        "/log/tile/0/000.p/256",
        "/log/tile/0/000.p/1/",
        "/log/tile/0/000/",
        "/log/tile/0/000\n",
        "/log/tile/00/000",
        "/log/tile/64/000",
        "/log/tile/-1/000",
        "/log/tile/0/-01",
        "/log/tile/0/+01",
        "/log/tile/0/00a",
        "/log/tile/0/٠٠٠",
        "/log/tile/entries/0",
        "/log/tile/Entries/000",
        "/log//tile/0/000",
        "log/tile/0/000",
        "/log/tile/0/../0/000",
        "/log/tile/0/" + "x001/" * 50 + "000",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse_path(path)
    assert caught.value.code == "proof.path_malformed"


def test_a_tree_of_70000_leaves_has_the_tiles_of_the_specification(large: Store) -> None:
    # Source: C2SP tlog-tiles, section "Partial Tiles", read 2026-11-22.
    widths = {place: len(row) // HASH_BYTES for place, row in large.rows.items()}
    assert [width for (level, _), width in sorted(widths.items()) if level == 0] == [256] * 273 + [112]
    assert [width for (level, _), width in sorted(widths.items()) if level == 1] == [256, 17]
    assert [width for (level, _), width in sorted(widths.items()) if level == 2] == [1]
    assert all(tile_width(level, index, 70_000) == width for (level, index), width in widths.items())
    assert tile_width(0, 274, 70_000) == tile_width(3, 0, 70_000) == 0


@pytest.mark.parametrize("place", [(0, 0), (0, 272), (0, 273), (1, 0), (1, 1), (2, 0)])
def test_tiles_hold_the_hashes_of_the_definition(large: Store, place: tuple[int, int]) -> None:
    assert large.rows[place] == naive_tile(*place, 70_000)


@given(st.lists(st.integers(0, 700), max_size=4))
@example([255, 1, 1])
@example([256, 0, 256])
@example([300, 65_300])
def test_growth_touches_exactly_the_tiles_that_change(steps: list[int]) -> None:
    store = Store()
    for step in steps:
        old_size = store.frontier.size
        before = dict(store.rows)
        touched = store.grow(step)
        assert touched == {(tile.level, tile.index, tile.width) for tile in changed_tiles(old_size, old_size + step)}
        assert touched == {
            (*place, len(row) // HASH_BYTES) for place, row in store.rows.items() if before.get(place) != row
        }
    size = store.frontier.size
    assert all(row == naive_tile(level, index, size) for (level, index), row in store.rows.items() if level)


@given(st.integers(0, 69_999), st.integers(0, 70_000))
def test_proofs_from_tiles_equal_those_from_leaves(large: Store, index: int, old_size: int) -> None:
    size = max(index + 1, old_size)
    tree = TiledTree(large, size, kept_tiles=3)

    def node(height: int, position: int) -> bytes:
        return root_of(LEAVES[position << height : (position + 1) << height])

    small = min(size, 2_000)  # the definition is slow
    assert TiledTree(large, small).root() == root_of(LEAVES[:small])
    low = min(index, small - 1)
    assert TiledTree(large, small).inclusion_proof(low) == inclusion_proof(low, small, node)
    old = min(old_size, small)
    assert TiledTree(large, small).consistency_proof(old) == consistency_proof(old, small, node)
    assert len(tree.inclusion_proof(index)) <= size.bit_length()


def test_a_full_tree_is_proved_from_its_tiles(large: Store) -> None:
    tree = TiledTree(large, 70_000)
    assert tree.root() == root_of(LEAVES) == large.frontier.root()


@pytest.mark.parametrize("change", [b"", b"x", bytes(HASH_BYTES)])
def test_a_tile_of_another_length_is_refused(large: Store, change: bytes) -> None:
    class Wrong:
        def read(self, level: int, index: int, width: int) -> bytes:
            return large.read(level, index, width) + change if change else b""

    with pytest.raises(InvalidError) as caught:
        TiledTree(Wrong(), 300).root()
    assert caught.value.code == "proof.tile_malformed"


@given(st.integers(0, 600), st.integers(0, 600))
def test_entry_bundles_grow_by_their_ends(old_size: int, more: int) -> None:
    entries = [number.to_bytes(32, "big") for number in range(old_size + more)]
    rows: dict[int, bytes] = {}
    for first, last in ((0, old_size), (old_size, old_size + more)):
        for append in bundle_appends(first, entries[first:last]):
            row = rows.get(append.index, b"")
            assert len(row) == append.start * 34
            rows[append.index] = row + append.data
            assert len(rows[append.index]) == append.width * 34
    assert [entry for index in sorted(rows) for entry in decode_bundle(rows[index], len(rows[index]) // 34)] == entries


def test_a_bundle_has_each_length_with_the_high_byte_first() -> None:
    assert encode_bundle([b"a" * 32, b"b" * 32]) == b"\x00\x20" + b"a" * 32 + b"\x00\x20" + b"b" * 32


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (b"", 1),
        (encode_bundle([bytes(32)]), 2),
        (encode_bundle([bytes(32)]) + b"\x00", 1),
        (encode_bundle([bytes(32)])[:-1], 1),
        (b"\x00\x1f" + bytes(32), 1),
        (b"\x20\x00" + bytes(32), 1),
    ],
)
def test_a_bundle_of_another_form_is_refused(data: bytes, width: int) -> None:
    with pytest.raises(InvalidError) as caught:
        decode_bundle(data, width)
    assert caught.value.code == "proof.bundle_malformed"
