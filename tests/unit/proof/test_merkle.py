"""The fast tree equals the definition in RFC 6962, and proofs hold for what they prove and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    root_from_inclusion,
    root_of,
    roots_from_consistency,
)
from tests.unit.proof.naive_tree import naive_path, naive_proof, naive_root

# The eight leaves and the roots over the first one to eight of them are those every implementation of Certificate
# Transparency is checked with.
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def numbered(count: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(count)]


class Nodes:
    """Every perfect subtree over some entries."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries

    def __call__(self, height: int, index: int) -> bytes:
        covered = self.entries[index << height : (index + 1) << height]
        assert len(covered) == 1 << height, "only whole subtrees are nodes"
        return naive_root(covered)


@st.composite
def sizes_and_indexes(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 70))
    return size, draw(st.integers(0, size - 1))


@pytest.mark.parametrize("size", range(1, 9))
def test_reference_roots_of_certificate_transparency(size: int) -> None:
    leaves = [leaf_hash(entry) for entry in REFERENCE_LEAVES[:size]]
    assert root_of(leaves).hex() == REFERENCE_ROOTS[size - 1]


def test_root_of_no_entries_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of([]) == Frontier().root() == EMPTY_ROOT


@given(st.lists(st.binary(max_size=8), max_size=80))
def test_root_equals_the_definition(entries: list[bytes]) -> None:
    assert root_of([leaf_hash(entry) for entry in entries]) == naive_root(entries)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_growing_in_steps_of_any_size_gives_the_same_tree(steps: list[int]) -> None:
    entries = numbered(sum(steps))
    leaves = [leaf_hash(entry) for entry in entries]
    frontier = Frontier()
    seen: dict[tuple[int, int], bytes] = {}
    for step in steps:
        grown = frontier.extend(leaves[frontier.size : frontier.size + step])
        frontier = grown.frontier
        for run in grown.runs:
            for offset, node in enumerate(run.nodes):
                place = (run.height, run.start + offset)
                assert place not in seen, "a node comes into being once"
                seen[place] = node
        assert frontier.root() == naive_root(entries[: frontier.size])
        assert Frontier.from_bytes(frontier.size, frontier.to_bytes()) == frontier
    nodes = Nodes(entries)
    assert seen == {
        (height, index): nodes(height, index)
        for height in range(len(entries).bit_length())
        for index in range(len(entries) >> height)
    }
    assert frontier == Frontier.of_tree(len(entries), nodes)


@pytest.mark.parametrize(("size", "data"), [(1, b""), (0, bytes(32)), (3, bytes(32)), (2, bytes(31)), (-1, b"")])
def test_a_frontier_that_fits_no_tree_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(InvalidError) as caught:
        Frontier.from_bytes(size, data)
    assert caught.value.code == "proof.frontier_malformed"


@given(sizes_and_indexes())
def test_inclusion_proof_equals_the_definition_and_holds(place: tuple[int, int]) -> None:
    size, index = place
    entries = numbered(size)
    proof = inclusion_proof(index, size, Nodes(entries))
    assert proof == naive_path(index, entries)
    assert root_from_inclusion(index, size, leaf_hash(entries[index]), proof) == naive_root(entries)


@given(sizes_and_indexes(), st.data())
def test_a_changed_inclusion_proof_does_not_hold(place: tuple[int, int], data: st.DataObject) -> None:
    size, index = place
    entries = numbered(size)
    root, leaf = naive_root(entries), leaf_hash(entries[index])
    proof = naive_path(index, entries)
    for other in range(size):
        assert (root_from_inclusion(other, size, leaf, proof) == root) == (other == index)
    assert root_from_inclusion(size, size, leaf, proof) is None
    assert root_from_inclusion(-1, size, leaf, proof) is None
    assert root_from_inclusion(index, size, leaf_hash(b"another"), proof) != root
    for changed in damaged(proof, data):
        assert root_from_inclusion(index, size, leaf, changed) != root
        if len(changed) != len(proof):
            assert root_from_inclusion(index, size, leaf, changed) is None, "a proof has one right length"


def test_a_leaf_that_is_no_hash_is_in_no_tree() -> None:
    assert root_from_inclusion(0, 1, b"", []) is None


@given(sizes_and_indexes())
def test_consistency_proof_equals_the_definition_and_holds(place: tuple[int, int]) -> None:
    size, index = place
    entries, old_size = numbered(size), index + 1
    proof = consistency_proof(old_size, size, Nodes(entries))
    assert proof == naive_proof(old_size, entries)
    old, new = naive_root(entries[:old_size]), naive_root(entries)
    assert is_consistent((old_size, old), (size, new), proof)
    assert is_consistent((0, EMPTY_ROOT), (size, new), consistency_proof(0, size, Nodes(entries)))


@given(sizes_and_indexes(), st.data())
def test_a_changed_consistency_proof_does_not_hold(place: tuple[int, int], data: st.DataObject) -> None:
    size, index = place
    entries, old_size = numbered(size), index + 1
    old, new = naive_root(entries[:old_size]), naive_root(entries)
    proof = naive_proof(old_size, entries)
    other = leaf_hash(b"another")
    assert not is_consistent((old_size, other), (size, new), proof)
    assert not is_consistent((old_size, old), (size, other), proof)
    assert not is_consistent((old_size, old), (old_size - 1, new), proof)
    assert not is_consistent((0, other), (size, new), [])
    assert not is_consistent((0, EMPTY_ROOT), (0, new), [])
    assert not is_consistent((0, other), (0, other), [])
    assert not is_consistent((0, EMPTY_ROOT), (-1, new), [])
    for changed in damaged(proof, data):
        assert not is_consistent((old_size, old), (size, new), changed)
        if len(changed) != len(proof):
            assert roots_from_consistency(old_size, size, old, changed) is None, "a proof has one right length"


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 39))
def test_no_proof_makes_a_rewritten_tree_consistent(old_size: int, more: int, changed: int) -> None:
    entries = numbered(old_size + more)
    rewritten = list(entries)
    rewritten[changed % old_size] = b"rewritten"
    old, new = naive_root(entries[:old_size]), naive_root(rewritten)
    for source in (entries, rewritten):
        assert not is_consistent((old_size, old), (len(entries), new), naive_proof(old_size, source))
    assert roots_from_consistency(old_size, len(entries), old, naive_proof(old_size, rewritten)) != (old, new)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_proof_of_a_leaf_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(InvalidError) as caught:
        inclusion_proof(index, size, Nodes([]))
    assert caught.value.code == "proof.index_outside"


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1)])
def test_proof_from_a_larger_tree_is_refused(old: int, new: int) -> None:
    with pytest.raises(InvalidError) as caught:
        consistency_proof(old, new, Nodes([]))
    assert caught.value.code == "proof.index_outside"


def damaged(proof: list[bytes], data: st.DataObject) -> list[list[Any]]:
    """Return proofs that differ: one longer, and if there is a step one shorter, swapped, or with a changed bit."""
    changed: list[list[Any]] = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    if proof:
        position = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[position], "big") ^ 1 << bit).to_bytes(32, "big")
        changed += [
            proof[:position] + proof[position + 1 :],
            [*proof[:position], flipped, *proof[position + 1 :]],
            [*proof[:position], proof[position][:-1], *proof[position + 1 :]],
        ]
    if len(proof) > 1:
        changed.append(proof[::-1])
    return changed
