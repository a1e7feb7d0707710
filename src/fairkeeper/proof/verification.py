"""Verifying an export: every line, every hash, every signature, with nothing but the file and perhaps a known key.

Apart from the writing, because it must believe nothing that the writer did. Whatever the file holds becomes a finding,
never an exception. Lines are read once, in order; memory stays the same however long the file is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import msgspec

from fairkeeper.errors import InvalidError
from fairkeeper.proof.canonical import read_canonical
from fairkeeper.proof.checkpoint import TreeHead
from fairkeeper.proof.export import (
    COUNT_FIELD,
    EXPORT_KIND,
    LARGEST_LINE_BYTES,
    CheckpointLine,
    EntryLine,
    LogLine,
    Preamble,
    encode_line,
    record_of,
)
from fairkeeper.proof.findings import FindingLog, ProofFinding
from fairkeeper.proof.merkle import Frontier, leaf_hash, root_from_inclusion
from fairkeeper.proof.note import VerifierKey
from fairkeeper.proof.record import Header, Record, leaf_entry, verify_record
from fairkeeper.proof.trust import KeySource, Provenance, Trusted, Witnessed, check_provenance, parse_anchors

_LEAVES_AT_ONCE = 4096
_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What a verifier can say about an export.

    Attributes:
        findings: The first hundred findings, in the order of the file; any of them means that the file is no proof.
        findings_count: How many there were.
        scope: `customer` or `log`; None where the file did not come that far, like the fields below.
        origin: Name of the log.
        customer: Whose entries; None is the publisher's own, or the whole log.
        entries: Entries that verified.
        erased: Those of them whose payload was erased.
        checkpoint_size: Entries of the log at the checkpoint.
        checkpoint_root: Root of the log at the checkpoint, in hex.
        exported_at: When the export was asked for, as its own entry says (scope `customer`).
        key: The log's key that signed.
        key_source: Who vouches for that key.
        witnesses: Who cosigned the checkpoint, with the time and who vouches for their keys.
    """

    findings: tuple[ProofFinding, ...]
    findings_count: int
    scope: str | None = None
    origin: str | None = None
    customer: str | None = None
    entries: int = 0
    erased: int = 0
    checkpoint_size: int | None = None
    checkpoint_root: str | None = None
    exported_at: str | None = None
    key: str | None = None
    key_source: KeySource | None = None
    witnesses: tuple[Witnessed, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.findings_count


def verify_export(lines: Iterable[bytes], anchors: Iterable[str] | None = None) -> ExportReport:
    r"""Verify an export.

    Args:
        lines: The file's lines, each with its newline (`fairkeeper.proof.export.read_lines`).
        anchors: Keys known otherwise, as text: of the log, of witnesses. Without one of the log the file's own is
            taken, and the report says so.

    Raises:
        InvalidError: `proof.key_malformed`, an anchor is no key. Nothing about the file is ever raised.

    Example:
        >>> verify_export([b"{}\n"]).findings[0].code
        'proof.line_malformed'
    """
    given = parse_anchors(anchors)
    log = FindingLog()
    source = iter(lines)
    try:
        preamble = decode_line(_preamble_decoder, next(source, b""))
    except InvalidError as error:
        log.add_error(error, 1)
        return _report(log)
    try:
        trusted = check_checkpoint_line(preamble, next(source, b""), given)
    except InvalidError as error:
        log.add_error(error, 2)
        return _report(log, preamble)
    scope = (
        _LogScope(preamble, trusted.head, log)
        if preamble.scope == "log"
        else _CustomerScope(preamble, trusted.head, log)
    )
    count, erased = _take_all(source, scope, log)
    if count != preamble.count:
        log.add("proof.export_count", f"The file says that it has {preamble.count} entries, and has {count}.")
    scope.finish()
    report = _report(log, preamble, trusted)
    return replace(report, entries=scope.entries, erased=erased, exported_at=scope.exported_at)


class Claimed(Protocol):
    """Where a file says that it comes from: its first line, of whichever kind of file."""

    @property
    def origin(self) -> str:
        """Name of the log."""
        ...

    @property
    def keys(self) -> Sequence[str]:
        """Keys of the log."""
        ...

    @property
    def witnesses(self) -> Sequence[str]:
        """Keys of witnesses."""
        ...


def check_checkpoint_line(claimed: Claimed, raw: bytes, anchors: Sequence[VerifierKey]) -> Trusted:
    """Read a file's second line, its checkpoint, and return what the signatures on it prove.

    Raises:
        InvalidError: The line or its checkpoint cannot be read, or the signatures do not hold.
    """
    return check_provenance(
        Provenance(
            origin=claimed.origin,
            keys=tuple(claimed.keys),
            witnesses=tuple(claimed.witnesses),
            checkpoint=decode_line(_checkpoint_decoder, raw).checkpoint,
        ),
        anchors,
    )


def decode_line(decoder: msgspec.json.Decoder[_T], raw: bytes) -> _T:
    """Read a line strictly: one newline at its end, canonical, no field too many or too few.

    Raises:
        InvalidError: `proof.line_unfinished`, `proof.line_too_long`, `proof.line_malformed`, `proof.not_canonical`.
    """
    if len(raw) > LARGEST_LINE_BYTES:
        raise _line_error("proof.line_too_long", f"The line has more than {LARGEST_LINE_BYTES} bytes.")
    if raw[-1:] != b"\n":
        raise _line_error("proof.line_unfinished", "The line does not end with a newline, or is not there.")
    body = raw[:-1]
    try:
        line = decoder.decode(body)
        encoded = encode_line(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _line_error("proof.line_malformed", f"The line cannot be read: {error}.") from error
    if encoded != body:
        raise _line_error("proof.not_canonical", "The line is not spelled canonically.")
    return line


_preamble_decoder = msgspec.json.Decoder(Preamble)
_checkpoint_decoder = msgspec.json.Decoder(CheckpointLine)
_log_decoder = msgspec.json.Decoder(LogLine)
_entry_decoder = msgspec.json.Decoder(EntryLine)


class _Scope(Protocol):
    """Checks the entries of one scope, one line after the other."""

    entries: int
    exported_at: str | None

    def take(self, raw: bytes, number: int) -> Record:
        """Check one line; raise InvalidError if it cannot be read or does not hold."""
        ...

    def finish(self) -> None:
        """Check what only the whole shows."""
        ...


class _CustomerScope:
    """One customer's entries, each with its proof, the last of them the export's own."""

    def __init__(self, preamble: Preamble, head: TreeHead, log: FindingLog) -> None:
        self.entries = 0
        self.exported_at: str | None = None
        self._customer = preamble.customer
        self._head = head
        self._log = log
        self._next_index = 0
        self._least_leaf = 0
        self._last: tuple[int, int, Header, Record] | None = None

    def take(self, raw: bytes, number: int) -> Record:
        expected, self._next_index = self._next_index, self._next_index + 1
        self._last = None
        line = decode_line(_entry_decoder, raw)
        self._next_index = line.customer_index + 1
        record = record_of(line)
        header = verify_record(record)
        _check_order(expected, line.customer_index, self._log, number)
        if line.leaf_index < self._least_leaf:
            self._log.add("proof.export_order", f"Leaf {line.leaf_index} comes after a later one.", number)
        self._least_leaf = line.leaf_index + 1
        if header.customer != self._customer:
            self._log.add("proof.entry_foreign", f"The entry {header.id} belongs to another customer.", number)
        self._last = (number, line.customer_index, header, record)
        check_inclusion(line, self._head)
        self.entries += 1
        return record

    def finish(self) -> None:
        if self._last is None:
            self._log.add("proof.export_unstated", "The file does not end with the export's own entry.")
            return
        number, index, header, record = self._last
        stated = read_canonical(record.payload).get(COUNT_FIELD) if record.payload is not None else None
        if header.kind != EXPORT_KIND or type(stated) is not int:
            self._log.add(
                "proof.export_unstated", "The last entry is not the export's own that says how many there are.", number
            )
            return
        self.exported_at = header.at
        if not 0 < stated <= index + 1:
            self._log.add(
                "proof.export_count", f"The customer had {stated} entries, and the file has {index + 1}.", number
            )


class _LogScope:
    """All entries of a log; their root is computed again."""

    def __init__(self, preamble: Preamble, head: TreeHead, log: FindingLog) -> None:
        self.entries = 0
        self.exported_at: str | None = None
        self._head = head
        self._log = log
        self._next_leaf = 0
        self._next_indexes: dict[str | None, int] = {}
        self._leaves: list[bytes] = []
        self._frontier = Frontier()
        self._is_whole = True
        if preamble.customer is not None:
            log.add("proof.entry_foreign", "An export of the whole log names a customer.", 1)

    def take(self, raw: bytes, number: int) -> Record:
        expected, self._next_leaf = self._next_leaf, self._next_leaf + 1
        try:
            line = decode_line(_log_decoder, raw)
            record = record_of(line)
            header = verify_record(record)
        except InvalidError:
            self._is_whole = False
            raise
        if line.leaf_index != expected:
            _check_order(expected, line.leaf_index, self._log, number)
            self._next_leaf = line.leaf_index + 1
        customer_index = line.customer_index
        expected = self._next_indexes.get(header.customer, 0)
        if customer_index != expected:
            _check_order(expected, customer_index, self._log, number)
        self._next_indexes[header.customer] = customer_index + 1
        self._leaves.append(leaf_hash(leaf_entry(record.header, customer_index, record.header_salt)))
        if len(self._leaves) == _LEAVES_AT_ONCE:
            self._grow()
        self.entries += 1
        return record

    def finish(self) -> None:
        self._grow()
        if not self._is_whole:
            return  # the lines that cannot be read have their findings, and without them the root says nothing
        if (self._frontier.size, self._frontier.root()) != (self._head.size, self._head.root):
            self._log.add(
                "proof.root_differs",
                f"The {self._frontier.size} entries have the root {self._frontier.root().hex()}, the checkpoint says "
                f"{self._head.size} entries and {self._head.root.hex()}.",
            )

    def _grow(self) -> None:
        self._frontier = self._frontier.extend(self._leaves).frontier
        self._leaves = []


def check_inclusion(line: EntryLine, head: TreeHead) -> None:
    """Check that a log's head covers an entry.

    Raises:
        InvalidError: `proof.inclusion_wrong`.
    """
    leaf = leaf_hash(leaf_entry(bytes(line.header), line.customer_index, line.header_salt))
    if root_from_inclusion(line.leaf_index, head.size, leaf, line.proof) != head.root:
        raise _line_error(
            "proof.inclusion_wrong", f"The log's {head.size} entries do not hold this one at {line.leaf_index}."
        )


def _take_all(source: Iterator[bytes], scope: _Scope, log: FindingLog) -> tuple[int, int]:
    """Go through the entry lines; return how many there were, and how many of the good ones are erased."""
    count = erased = 0
    for raw in source:
        count += 1
        try:
            if scope.take(raw, count + 2).payload is None:
                erased += 1
        except InvalidError as error:
            log.add_error(error, count + 2)
    return count, erased


def _check_order(expected: int, found: int, log: FindingLog, number: int) -> None:
    if found > expected:
        log.add("proof.entry_missing", f"Entries {expected} to {found - 1} are missing.", number)
    elif found < expected:
        log.add("proof.entry_repeated", f"Entry {found} stands where {expected} belongs.", number)


def _line_error(code: str, message: str) -> InvalidError:
    return InvalidError(message, code=code, remedy="Ask for the file again; what stands here is no proof.")


def _report(log: FindingLog, preamble: Preamble | None = None, trusted: Trusted | None = None) -> ExportReport:
    return ExportReport(
        findings=tuple(log.kept),
        findings_count=log.count,
        scope=preamble.scope if preamble else None,
        origin=preamble.origin if preamble else None,
        customer=preamble.customer if preamble else None,
        checkpoint_size=trusted.head.size if trusted else None,
        checkpoint_root=trusted.head.root.hex() if trusted else None,
        key=trusted.key if trusted else None,
        key_source=trusted.key_source if trusted else None,
        witnesses=trusted.witnesses if trusted else (),
    )
