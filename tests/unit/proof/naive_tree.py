"""The tree as RFC 6962, section 2.1, defines it, word for word and slowly: what the fast code is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def naive_root(entries: Sequence[bytes]) -> bytes:
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    split = split_point(len(entries))
    return sha256(b"\x01" + naive_root(entries[:split]) + naive_root(entries[split:])).digest()


def naive_path(index: int, entries: Sequence[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    split = split_point(len(entries))
    if index < split:
        return [*naive_path(index, entries[:split]), naive_root(entries[split:])]
    return [*naive_path(index - split, entries[split:]), naive_root(entries[:split])]


def naive_proof(old_size: int, entries: Sequence[bytes]) -> list[bytes]:
    return _subproof(old_size, entries, is_whole=True)


def _subproof(old_size: int, entries: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    if old_size == len(entries):
        return [] if is_whole else [naive_root(entries)]
    split = split_point(len(entries))
    if old_size <= split:
        return [*_subproof(old_size, entries[:split], is_whole=is_whole), naive_root(entries[split:])]
    return [*_subproof(old_size - split, entries[split:], is_whole=False), naive_root(entries[:split])]


def split_point(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power
