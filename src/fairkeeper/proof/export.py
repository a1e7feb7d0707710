"""The form of an export: JSON lines that carry a customer's whole log, or the publisher's, with every proof.

Each line is canonical bytes and a newline. Line 1 says what the file is, line 2 holds the checkpoint, then follows one
line for each entry. Two scopes:

* `customer`: the entries of one customer (or the publisher's own), each with an inclusion proof. Their
  `customer_index` is dense from 0, and the last is the export's own entry, whose payload states how many of the
  customer's entries there were when the export was asked for. So an entry left out shows. An older export stays true
  of its own time: its report says when it was made.
* `log`: all entries of the log, up to the checkpoint. The root is computed again, so nothing can be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Final, Literal

import msgspec

from fairkeeper.errors import InvalidError
from fairkeeper.proof.canonical import LARGEST_INTEGER
from fairkeeper.proof.record import Name, Record
from fairkeeper.proof.tiles import TiledTree
from fairkeeper.proof.trust import Provenance

EXPORT_FORMAT: Final = "fairkeeper-export/1"
EXPORT_KIND: Final = "evidence.exported/1"
"""Kind of the entry that an export ends with."""
COUNT_FIELD: Final = "entries"
SCOPE_FIELD: Final = "scope"
"""Field of that entry's payload: how many entries the customer had, this one included, when it was recorded."""
LARGEST_LINE_BYTES: Final = 4 * 1024 * 1024

_Index = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_INTEGER)]
_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Proof = Annotated[list[_Hash], msgspec.Meta(max_length=64)]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A line; fields stand in the order of their names, so that plain encoding is canonical."""


class Preamble(_Line, frozen=True, kw_only=True):
    """Line 1: what the file is."""

    count: _Index
    customer: Name | None
    format: Literal["fairkeeper-export/1"] = EXPORT_FORMAT
    keys: list[str]
    origin: str
    scope: Literal["customer", "log"]
    witnesses: list[str]


class CheckpointLine(_Line, frozen=True, kw_only=True):
    """Line 2: the head of the log that everything is proved against."""

    checkpoint: str


class LogLine(_Line, frozen=True, kw_only=True):
    """An entry in an export of the whole log; its proof is the whole."""

    customer_index: _Index
    header: msgspec.Raw
    header_salt: _Hash
    leaf_index: _Index
    payload: msgspec.Raw
    payload_salt: _Hash | None


class EntryLine(_Line, frozen=True, kw_only=True):
    """An entry with its own proof."""

    customer_index: _Index
    header: msgspec.Raw
    header_salt: _Hash
    leaf_index: _Index
    payload: msgspec.Raw
    payload_salt: _Hash | None
    proof: _Proof


encode_line = msgspec.json.Encoder().encode
_NULL = b"null"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRecord:
    """A record with its place: in its customer's count and in the log."""

    record: Record
    customer_index: int
    leaf_index: int


def line_of(placed: PlacedRecord) -> LogLine:
    """Return the line of an entry without a proof."""
    record = placed.record
    return LogLine(
        customer_index=placed.customer_index,
        header=msgspec.Raw(record.header),
        header_salt=record.header_salt,
        leaf_index=placed.leaf_index,
        payload=msgspec.Raw(_NULL if record.payload is None else record.payload),
        payload_salt=record.payload_salt,
    )


def proved_line_of(placed: PlacedRecord, tree: TiledTree) -> EntryLine:
    """Return the line of an entry with its inclusion proof in a tree.

    Raises:
        InvalidError: `proof.index_outside`, the tree does not reach that far; `proof.tile_malformed`.
    """
    line = line_of(placed)
    return EntryLine(
        customer_index=line.customer_index,
        header=line.header,
        header_salt=line.header_salt,
        leaf_index=line.leaf_index,
        payload=line.payload,
        payload_salt=line.payload_salt,
        proof=tree.inclusion_proof(placed.leaf_index),
    )


def record_of(line: EntryLine | LogLine) -> Record:
    """Return the record that a line carries."""
    payload = bytes(line.payload)
    return Record(
        header=bytes(line.header),
        header_salt=line.header_salt,
        payload=None if payload == _NULL else payload,
        payload_salt=line.payload_salt,
    )


def write_customer_export(
    provenance: Provenance,
    customer: str | None,
    records: Iterable[PlacedRecord],
    *,
    count: int,
    tree: TiledTree,
) -> Iterator[bytes]:
    """Write the export of one customer's log, line by line.

    Args:
        provenance: Of the checkpoint, which must reach the export's own entry.
        customer: Whose; None is the publisher's own.
        records: All of the customer's entries in their order, the last being the export's own.
        count: How many they are.
        tree: The tree of the checkpoint's size.

    Raises:
        InvalidError: `proof.export_count`, there were not that many; `proof.index_outside`.
    """
    yield from _head(provenance, scope="customer", customer=customer, count=count)
    yield from _counted((encode_line(proved_line_of(placed, tree)) for placed in records), count)


def write_log_export(provenance: Provenance, records: Iterable[PlacedRecord], *, count: int) -> Iterator[bytes]:
    """Write the export of a whole log, line by line.

    Args:
        provenance: Of the checkpoint.
        records: All entries in the order of the log.
        count: How many they are: the checkpoint's size.

    Raises:
        InvalidError: `proof.export_count`, there were not that many.
    """
    yield from _head(provenance, scope="log", customer=None, count=count)
    yield from _counted((encode_line(line_of(placed)) for placed in records), count)


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Return the lines of a file; one longer than a line may be is cut, which the verifier reports."""
    while line := stream.readline(LARGEST_LINE_BYTES + 2):
        yield line


def _head(
    provenance: Provenance, *, scope: Literal["customer", "log"], customer: str | None, count: int
) -> Iterator[bytes]:
    preamble = Preamble(
        count=count,
        customer=customer,
        keys=list(provenance.keys),
        origin=provenance.origin,
        scope=scope,
        witnesses=list(provenance.witnesses),
    )
    yield encode_line(preamble) + b"\n"
    yield encode_line(CheckpointLine(checkpoint=provenance.checkpoint)) + b"\n"


def _counted(lines: Iterable[bytes], count: int) -> Iterator[bytes]:
    written = 0
    for line in lines:
        written += 1
        yield line + b"\n"
    if written != count:
        raise InvalidError(
            f"The export was to have {count} entries and has {written}.",
            code="proof.export_count",
            remedy="Read the entries and their number in one transaction.",
        )
