"""Verifying a proof of usage with nothing but the file and perhaps a known key.

Apart from the writing, because it must believe nothing that the writer did. Every record, hash and signature is
checked, then usage is counted again from the entries alone and compared with what the proof's own entry states.
Whatever the file holds becomes a finding, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from fairkeeper.errors import InvalidError
from fairkeeper.metering.proving.form import UsagePreamble
from fairkeeper.metering.proving.replay import ISSUED_KIND, Seen, lines_of, replay
from fairkeeper.proof.canonical import read_canonical
from fairkeeper.proof.export import EntryLine, record_of
from fairkeeper.proof.findings import FindingLog, ProofFinding
from fairkeeper.proof.record import Header, verify_record
from fairkeeper.proof.trust import Trusted, parse_anchors
from fairkeeper.proof.verification import check_checkpoint_line, check_inclusion, decode_line

PROVED: Final = (
    "Every entry stands in the publisher's log as it was when the log was signed, and was not changed since.",
    "The stated quantities follow from these entries by the stated rule; no event is counted twice.",
)
NOT_PROVED: Final = (
    "That what an entry tells really happened, except where the customer's own gateway or witness signed it.",
    "That Microsoft accepted what the publisher recorded as accepted; compare the invoice.",
    "That the publisher recorded nothing else; a witness's signature shows that the log was not rewritten.",
)
_preamble_decoder = msgspec.json.Decoder(UsagePreamble)
_entry_decoder = msgspec.json.Decoder(EntryLine)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """What a verifier can say about a proof of usage.

    Attributes:
        findings: The first hundred reasons not to believe it.
        statement: What its own entry states: resource, window, and of each dimension units, sources and states.
        trusted: What the signatures prove; None where the file did not come that far.
    """

    findings: tuple[ProofFinding, ...]
    findings_count: int
    customer: str | None = None
    entries: int = 0
    issued_at: str | None = None
    statement: dict[str, Any] = field(default_factory=dict)
    trusted: Trusted | None = None

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.findings_count


def verify_proof(lines: Iterable[bytes], anchors: Iterable[str] | None = None) -> UsageReport:
    r"""Verify a proof of usage.

    Args:
        lines: The file's lines, each with its newline (`fairkeeper.proof.export.read_lines`).
        anchors: Keys known otherwise, of the log or of witnesses.

    Raises:
        InvalidError: `proof.key_malformed`, an anchor is no key. Nothing about the file is ever raised.

    Example:
        >>> verify_proof([b"{}\n"]).findings[0].code
        'proof.line_malformed'
    """
    given = parse_anchors(anchors)
    log = FindingLog()
    source = iter(lines)
    try:
        preamble = decode_line(_preamble_decoder, next(source, b""))
    except InvalidError as error:
        log.add_error(error, 1)
        return UsageReport(findings=tuple(log.kept), findings_count=log.count)
    try:
        trusted = check_checkpoint_line(preamble, next(source, b""), given)
    except InvalidError as error:
        log.add_error(error, 2)
        return UsageReport(findings=tuple(log.kept), findings_count=log.count)
    entries, headers = _entries(source, preamble, trusted, log)
    statement: dict[str, Any] = {}
    if not log.count:
        statement = _check_statement(entries, preamble, log)
    return UsageReport(
        findings=tuple(log.kept),
        findings_count=log.count,
        customer=preamble.customer,
        entries=len(entries),
        issued_at=headers[-1].at if headers else None,
        statement=statement,
        trusted=trusted,
    )


def _entries(
    source: Iterable[bytes], preamble: UsagePreamble, trusted: Trusted, log: FindingLog
) -> tuple[list[Seen], list[Header]]:
    entries: list[Seen] = []
    headers: list[Header] = []
    least_leaf = 0
    for number, raw in enumerate(source, start=3):
        try:
            line = decode_line(_entry_decoder, raw)
            record = record_of(line)
            header = verify_record(record)
            check_inclusion(line, trusted.head)
        except InvalidError as error:
            log.add_error(error, number)
            continue
        if line.leaf_index < least_leaf:
            log.add("proof.export_order", f"Leaf {line.leaf_index} comes after a later one.", number)
        least_leaf = line.leaf_index + 1
        if header.customer != preamble.customer:
            log.add("proof.entry_foreign", f"The entry {header.id} belongs to another customer.", number)
        if record.payload is None:
            log.add("proof.usage_erased", f"What the entry {header.id} told was erased.", number)
            continue
        entries.append(Seen(id=header.id, kind=header.kind, payload=read_canonical(record.payload)))
        headers.append(header)
    return entries, headers


def _check_statement(entries: list[Seen], preamble: UsagePreamble, log: FindingLog) -> dict[str, Any]:
    if len(entries) != preamble.count:
        log.add("proof.export_count", f"The file says that it has {preamble.count} entries, and has {len(entries)}.")
    if not entries or entries[-1].kind != ISSUED_KIND:
        log.add("proof.export_unstated", "The file does not end with the proof's own entry.")
        return {}
    statement = dict(entries[-1].payload)
    try:
        if sorted(entry.id for entry in entries[:-1]) != statement["entries"]:
            log.add("proof.usage_entries", "The file's entries are not those that the proof names.")
        found = replay(entries[:-1], resource=statement["resource"], first=statement["first"], last=statement["last"])
        for problem in found.problems:
            log.add("proof.usage_differs", problem)
        lines = lines_of(found.hours.values(), from_on=statement["from_on"], to_on=statement["to_on"])
        if lines != statement["lines"]:
            log.add("proof.usage_differs", "The statement's lines do not follow from its entries.")
    except (KeyError, TypeError, ValueError) as error:
        log.add("proof.export_unstated", f"The proof's own entry cannot be read: {error}.")
    return {key: value for key, value in statement.items() if key != "entries"}
