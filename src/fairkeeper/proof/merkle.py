"""The Merkle tree of the log: hashes, the incremental frontier, inclusion and consistency proofs.

Source: RFC 6962, section 2.1 (hashes and what a proof consists of); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (how to
verify one), read 2026-11-22. Nodes are named by height (leaves are 0) and index within that height, and only perfect
subtrees are nodes; the ragged right side is always put together from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from fairkeeper.errors import InvalidError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""Gives the hash of the perfect subtree of a height and index."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry as a leaf.

    Example:
        >>> leaf_hash(b"").hex()[:16]
        '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    r"""Return the hash of a node over its two children.

    Example:
        >>> node_hash(leaf_hash(b""), leaf_hash(b"\x00")).hex()[:16]
        'fac54203e7cc696c'
    """
    return sha256(b"\x01" + left + right).digest()


def parents(nodes: Sequence[bytes]) -> list[bytes]:
    """Return the parents of an even number of neighbouring nodes (a last odd one is left out)."""
    hash_of = sha256
    return [hash_of(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=False)]


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over all leaf hashes; that of no leaves is the hash of nothing.

    Example:
        >>> root_of([]) == EMPTY_ROOT
        True
    """
    return Frontier().extend(leaf_hashes).frontier.root()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Neighbouring new nodes of one height; the first has the index `start`."""

    height: int
    start: int
    nodes: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What growing a tree brings: its new frontier, and at every height the perfect nodes that came into being."""

    frontier: Frontier
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: enough to append and to know the root, never more than 63 hashes.

    Attributes:
        size: Number of leaves.
        peaks: The roots of the perfect subtrees that make up the tree, the widest (leftmost) first; one for each bit
            that is set in the size.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count() or any(len(p) != HASH_BYTES for p in self.peaks):
            raise InvalidError(
                f"A tree of {self.size} leaves has no edge of {len(self.peaks)} such hashes.",
                code="proof.frontier_malformed",
                remedy="Rebuild the frontier from the tiles.",
            )

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Read what `to_bytes` wrote.

        Raises:
            InvalidError: `proof.frontier_malformed`, the bytes are not those of a tree of this size.
        """
        return cls(size, tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))

    @classmethod
    def of_tree(cls, size: int, node: NodeReader) -> Frontier:
        """Read the edge of a stored tree."""
        peaks = []
        start = 0
        for height in range(size.bit_length() - 1, -1, -1):
            if size >> height & 1:
                peaks.append(node(height, start >> height))
                start += 1 << height
        return cls(size, tuple(peaks))

    def to_bytes(self) -> bytes:
        """Return the peaks, one after the other."""
        return b"".join(self.peaks)

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            root = node_hash(peak, root)
        return root

    def extend(self, leaf_hashes: Iterable[bytes]) -> Extension:
        """Append leaves, given by their leaf hashes; one hash a leaf on average, whatever the size.

        Example:
            >>> grown = Frontier().extend([leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")])
            >>> grown.frontier.size, [(run.height, run.start, len(run.nodes)) for run in grown.runs]
            (3, [(0, 0, 3), (1, 0, 1)])
        """
        nodes = list(leaf_hashes)
        new_size = self.size + len(nodes)
        old_peaks = dict(zip(_set_bits(self.size), reversed(self.peaks), strict=True))
        new_peaks: dict[int, bytes] = {}
        runs = []
        start = self.size
        height = 0
        while nodes:
            runs.append(Run(height=height, start=start, nodes=nodes))
            row = nodes
            if start & 1:  # the first new node closes a pair whose left half stood alone until now
                row = [old_peaks.pop(height), *nodes]
                start -= 1
            if len(row) & 1:
                new_peaks[height] = row[-1]
            nodes = parents(row)
            start >>= 1
            height += 1
        new_peaks |= old_peaks
        edge = tuple(new_peaks[height] for height in reversed(_set_bits(new_size)))
        return Extension(frontier=Frontier(new_size, edge), runs=tuple(runs))


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Return the proof that the leaf of an index is in the tree of a size.

    Raises:
        InvalidError: `proof.index_outside`, the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise _outside(f"A tree of {size} leaves has none with the index {index}.")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, node: NodeReader) -> list[bytes]:
    """Return the proof that the tree of the new size begins with the tree of the old size.

    Empty for an empty old tree and for equal sizes, where there is nothing to prove.

    Raises:
        InvalidError: `proof.index_outside`, the old tree is larger than the new one.
    """
    if not 0 <= old_size <= new_size:
        raise _outside(f"A tree of {new_size} leaves cannot begin with {old_size}.")
    if old_size in {0, new_size}:
        return []
    proof = []
    start, end = 0, new_size
    while old_size != end:  # walk down the right edge of the old tree
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    if start:  # else the old root is a node of the new tree, and the verifier has it
        proof.append(_range_root(start, end, node))
    return proof[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to, or None if it is not of the form such a proof has.

    Args:
        index: Index of the leaf.
        size: Number of leaves of the tree.
        leaf: The leaf's hash.
        proof: The hashes beside the path, lowest first.
    """
    if not 0 <= index < size or not _are_hashes([leaf, *proof]):
        return None
    position, last = index, size - 1
    root = leaf
    steps = iter(proof)
    for sibling in steps:
        if not last:
            return None
        if position & 1 or position == last:
            root = node_hash(sibling, root)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        position >>= 1
        last >>= 1
    return None if last else root


def roots_from_consistency(
    old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    """Return the old and the new root that a consistency proof leads to, or None if it is of the wrong form.

    Both have to be compared with the roots that were signed: the second says whether the proof belongs to the new
    tree at all, and then the first what that tree's beginning really is.

    Args:
        old_size: Leaves of the old tree, more than none and fewer than the new one has.
        new_size: Leaves of the new tree.
        old_root: The signed old root; where the old tree is one perfect subtree, the proof starts from it.
        proof: The hashes, lowest first.
    """
    if not 0 < old_size < new_size:
        return None
    steps = list(proof)
    if not old_size & (old_size - 1):
        steps.insert(0, old_root)
    if not steps or not _are_hashes(steps):
        return None
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = steps[0]
    for sibling in steps[1:]:
        if not last:
            return None
        if position & 1 or position == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    return None if last else (old, new)


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Say whether the tree `new` (size, root) begins with the tree `old` (size, root).

    Example:
        >>> is_consistent((0, EMPTY_ROOT), (5, b"any"), [])
        True
    """
    old_size, old_root = old
    new_size, new_root = new
    if old_size == 0 and old_root != EMPTY_ROOT:
        return False
    if old_size == new_size:
        return old_root == new_root and not proof
    if old_size == 0:
        return not proof and new_size > 0
    return roots_from_consistency(old_size, new_size, old_root, proof) == (old_root, new_root)


def _split(width: int) -> int:
    """Return the largest power of two below a width: where RFC 6962 divides a range of leaves."""
    return 1 << (width - 1).bit_length() - 1


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _set_bits(number: int) -> list[int]:
    return [bit for bit in range(number.bit_length()) if number >> bit & 1]


def _range_root(start: int, end: int, node: NodeReader) -> bytes:
    """Return the root over the leaves start..end; the start is always aligned to the width's power of two."""
    width = end - start
    if not width & (width - 1):
        height = width.bit_length() - 1
        return node(height, start >> height)
    middle = start + _split(width)
    return node_hash(_range_root(start, middle, node), _range_root(middle, end, node))


def _outside(message: str) -> InvalidError:
    return InvalidError(message, code="proof.index_outside", remedy="Ask for an index or size that the log has.")
