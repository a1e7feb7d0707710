"""Receipts: one statement with everything needed to check it, in one small file.

A receipt is an evidence record whose payload is the statement, its inclusion proof, the signed checkpoint and the
log's keys; it is signed by way of the checkpoint. As in an export, the file is canonical bytes and a newline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from fairkeeper.errors import InvalidError
from fairkeeper.proof.canonical import read_canonical
from fairkeeper.proof.export import EntryLine, PlacedRecord, encode_line, proved_line_of, record_of
from fairkeeper.proof.findings import FindingLog, ProofFinding
from fairkeeper.proof.record import Header, verify_record
from fairkeeper.proof.tiles import TiledTree
from fairkeeper.proof.trust import KeySource, Provenance, Trusted, Witnessed, check_provenance, parse_anchors
from fairkeeper.proof.verification import check_inclusion, decode_line

RECEIPT_FORMAT: Final = "fairkeeper-receipt/1"


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file; fields stand in the order of their names, so that plain encoding is canonical."""

    checkpoint: str
    format: Literal["fairkeeper-receipt/1"] = RECEIPT_FORMAT
    keys: list[str]
    origin: str
    record: EntryLine
    witnesses: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReport:
    """What a verifier can say about a receipt; fields are None where the file did not come that far.

    Attributes:
        findings: Any of them means that the receipt proves nothing.
        header: Who recorded the statement, when, about what.
        statement: The statement itself.
        origin: Name of the log.
        leaf_index: Index of the record in the log.
        checkpoint_size: Entries of the log at the checkpoint.
        checkpoint_root: Root of the log at the checkpoint, in hex.
        key: The log's key that signed.
        key_source: Who vouches for that key.
        witnesses: Who cosigned the checkpoint.
    """

    findings: tuple[ProofFinding, ...]
    header: Header | None = None
    statement: dict[str, Any] | None = None
    origin: str | None = None
    leaf_index: int | None = None
    checkpoint_size: int | None = None
    checkpoint_root: str | None = None
    key: str | None = None
    key_source: KeySource | None = None
    witnesses: tuple[Witnessed, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.findings


_decoder = msgspec.json.Decoder(Receipt)


def make_receipt(provenance: Provenance, placed: PlacedRecord, tree: TiledTree) -> bytes:
    """Return a receipt.

    Args:
        provenance: Of the checkpoint.
        placed: The record whose payload is the statement.
        tree: The tree of the checkpoint's size.

    Raises:
        InvalidError: `proof.receipt_erased`, the statement was erased; `proof.index_outside`, the checkpoint does not
            reach the record.
    """
    if placed.record.is_erased:
        raise _erased()
    receipt = Receipt(
        checkpoint=provenance.checkpoint,
        keys=list(provenance.keys),
        origin=provenance.origin,
        record=proved_line_of(placed, tree),
        witnesses=list(provenance.witnesses),
    )
    return encode_line(receipt) + b"\n"


def verify_receipt(data: bytes, anchors: Iterable[str] | None = None) -> ReceiptReport:
    r"""Verify a receipt; whatever the file holds becomes a finding.

    Args:
        data: The file.
        anchors: Keys known otherwise, as text: of the log, of witnesses. Without one of the log the file's own is
            taken, and the report says so.

    Raises:
        InvalidError: `proof.key_malformed`, an anchor is no key. Nothing about the file is ever raised.

    Example:
        >>> verify_receipt(b"{}\n").findings[0].code
        'proof.line_malformed'
    """
    given = parse_anchors(anchors)
    log = FindingLog()
    try:
        receipt = decode_line(_decoder, data)
        provenance = Provenance(
            origin=receipt.origin,
            keys=tuple(receipt.keys),
            witnesses=tuple(receipt.witnesses),
            checkpoint=receipt.checkpoint,
        )
        trusted = check_provenance(provenance, given)
        record = record_of(receipt.record)
        header = verify_record(record)
        if record.payload is None:
            raise _erased()
        check_inclusion(receipt.record, trusted.head)
    except InvalidError as error:
        log.add_error(error)
        return ReceiptReport(findings=tuple(log.kept))
    return _report(receipt, trusted, header, read_canonical(record.payload))


def _report(receipt: Receipt, trusted: Trusted, header: Header, statement: dict[str, Any]) -> ReceiptReport:
    return ReceiptReport(
        findings=(),
        header=header,
        statement=statement,
        origin=receipt.origin,
        leaf_index=receipt.record.leaf_index,
        checkpoint_size=trusted.head.size,
        checkpoint_root=trusted.head.root.hex(),
        key=trusted.key,
        key_source=trusted.key_source,
        witnesses=trusted.witnesses,
    )


def _erased() -> InvalidError:
    return InvalidError(
        "The receipt's statement was erased.",
        code="proof.receipt_erased",
        remedy="Keep receipts where they were sent; an erased one cannot be made again.",
    )
