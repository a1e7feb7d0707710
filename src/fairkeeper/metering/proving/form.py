"""The form of a proof of usage: JSON lines that carry the evidence of an invoice's usage, with every inclusion proof.

Line 1 says what the file is, line 2 holds the log's checkpoint, then one line for each entry in the order of the log.
The last is the proof's own entry: it states what the proof says, and names every entry of the file, so that none can
be left out or put in. Nothing of another customer stands in it: an inclusion proof is made of hashes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec

from fairkeeper.proof.export import CheckpointLine, PlacedRecord, encode_line, proved_line_of
from fairkeeper.proof.record import Name
from fairkeeper.proof.tiles import TiledTree
from fairkeeper.proof.trust import Provenance

PROOF_FORMAT: Final = "fairkeeper-usage-proof/1"


class UsagePreamble(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """Line 1; fields stand in the order of their names, so that plain encoding is canonical."""

    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    customer: Name
    format: Literal["fairkeeper-usage-proof/1"] = PROOF_FORMAT
    keys: list[str]
    origin: str
    witnesses: list[str]


def write_proof(
    provenance: Provenance, customer: str, records: Sequence[PlacedRecord], tree: TiledTree
) -> Iterator[bytes]:
    """Write a proof, line by line.

    Args:
        records: All its entries in the order of the log, the last being the proof's own.
        tree: The tree of the checkpoint's size.
    """
    preamble = UsagePreamble(
        count=len(records),
        customer=customer,
        keys=list(provenance.keys),
        origin=provenance.origin,
        witnesses=list(provenance.witnesses),
    )
    yield encode_line(preamble) + b"\n"
    yield encode_line(CheckpointLine(checkpoint=provenance.checkpoint)) + b"\n"
    for placed in records:
        yield encode_line(proved_line_of(placed, tree)) + b"\n"
