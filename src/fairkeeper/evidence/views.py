"""What the log's queries answer: frozen rows for channels to render."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ProofState(StrEnum):
    """How well an entry is proved now; the proof badge's words."""

    WAITING = "waiting for the checkpoint"
    NOT_WITNESSED = "not witnessed"
    WITNESSED = "witnessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry of a timeline.

    Attributes:
        sentence: What happened, in words, from the kind's sentence and the payload.
        payload: None once erased.
        leaf_index: Its place in the log; None until the next checkpoint.
    """

    entry_id: str
    at: datetime
    kind: str
    sentence: str
    operation: str
    customer_id: str | None
    actor_id: str
    actor_kind: str
    on_behalf_of: str | None
    subject_type: str
    subject_id: str
    cause: str | None
    request_id: str | None
    payload: dict[str, Any] | None
    erased_at: datetime | None
    leaf_index: int | None
    customer_index: int | None
    proof: ProofState


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """Entries, newest first, and where the next page begins."""

    entries: tuple[EntryView, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryProof:
    """An entry with everything needed to check it.

    Attributes:
        inclusion: The inclusion proof's hashes, hex, from the leaf up; empty while it waits.
        checkpoint: The checkpoint that it leads to; empty while it waits.
        verify_command: What a person types to check its receipt offline.
    """

    entry: EntryView
    header: str
    header_salt: str
    leaf_hash: str
    inclusion: tuple[str, ...]
    checkpoint: str
    tree_size: int
    verify_command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessView:
    """A witness and how far it has cosigned."""

    name: str
    key: str
    size: int | None
    cosigned_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogView:
    """The log at a glance.

    Attributes:
        size: Placed entries.
        waiting: Entries that wait for the next checkpoint.
        root: Hex.
        keys: The public keys, first to last; the last signs.
        witnessed_size: Up to which size a witness has cosigned; 0 means not witnessed.
    """

    origin: str
    size: int
    waiting: int
    root: str
    checkpoint: str
    signed_at: datetime | None
    keys: tuple[str, ...]
    witnesses: tuple[WitnessView, ...]
    witnessed_size: int
