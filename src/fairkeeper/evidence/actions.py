"""What changes the log's surroundings: exports, erasure of payloads, keys and witnesses. The log itself only grows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    command,
)
from fairkeeper.errors import InvalidError
from fairkeeper.evidence.errors import (
    AlreadyErasedError,
    CosignatureRefusedError,
    EntryNotFoundError,
    ReceiptKeptError,
    UnderLegalHoldError,
    WholeLogRefusedError,
)
from fairkeeper.evidence.ports import LegalHolds
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import RECEIPT_SUFFIX, CosignatureRow, EntryRow, WitnessRow
from fairkeeper.proof.checkpoint import open_checkpoint
from fairkeeper.proof.export import COUNT_FIELD, EXPORT_KIND, SCOPE_FIELD
from fairkeeper.proof.keys import read_chain
from fairkeeper.proof.note import SignatureType, VerifierKey
from fairkeeper.values.ids import CustomerId

EXPORTED = EvidenceKind(name=EXPORT_KIND, sentence="The log of {entries} entries was exported.")
PAYLOAD_ERASED = EvidenceKind(
    name="evidence.payload_erased/1", sentence="The contents of entry {entry_id} were erased: {reason}"
)
KEY_ROTATED = EvidenceKind(name="evidence.log_key_rotated/1", sentence="The log has a new signing key, {key}.")
WITNESS_ADDED = EvidenceKind(name="evidence.witness_added/1", sentence="The witness {name} was added.")
WITNESS_REMOVED = EvidenceKind(name="evidence.witness_removed/1", sentence="The witness {name} was removed.")


class RequestExport(OperationInput):
    """Whose log."""

    customer_id: CustomerId | None = Field(
        None, description="The customer's id; left out by staff: the publisher's own."
    )
    whole_log: bool = Field(False, description="Every entry of everybody instead; staff only.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequested:
    """An export to fetch: it ends with this request's own entry.

    Attributes:
        token: Names the export in `GET /api/v1/evidence/exports/{token}`.
    """

    token: str
    customer_id: str | None
    entries: int


@command(
    "evidence.request_export",
    groups=("evidence.export",),
    evidence=(EXPORTED,),
    http="POST /evidence/exports",
    cli="evidence request-export",
)
def request_export(context: CommandContext, request: RequestExport) -> Outcome[ExportRequested]:
    """Ask for the export of a customer's log, of the publisher's own, or of the whole log.

    The export ends with the entry of this request, whose payload states how many entries there were; so one left out
    shows. Fetch it a second later, when the entry has its place, with `evidence export` or from the answer's address.
    Raises `evidence.whole_log_refused` for a customer, and where a customer is named besides.
    """
    customer_id = context.principal.customer_id or request.customer_id
    if request.whole_log and customer_id is not None:
        raise WholeLogRefusedError("The whole log holds the entries of every customer.")
    entries = _count_entries(context.session, customer_id) + 1
    token = f"exp_{secrets.token_hex(12)}"
    entry = EvidenceDraft(
        kind=EXPORTED.name,
        subject_type="export",
        subject_id=token,
        customer_id=customer_id,
        payload={
            COUNT_FIELD: entries,
            "customer": customer_id,
            SCOPE_FIELD: "log" if request.whole_log else "customer",
        },
    )
    return Outcome(result=ExportRequested(token=token, customer_id=customer_id, entries=entries), entry=entry)


class ErasePayload(OperationInput):
    """Which entry's payload, and why."""

    entry_id: str = Field(description="The entry's id, `ent_…`.", max_length=40)
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadErased:
    """A payload that is gone."""

    entry_id: str
    erased_at: datetime


@command(
    "evidence.erase_payload",
    groups=("evidence.erase",),
    evidence=(PAYLOAD_ERASED,),
    http="POST /evidence/entries/{entry_id}/erase",
    cli="evidence erase ENTRY_ID",
)
def erase_payload(context: CommandContext, request: ErasePayload) -> Outcome[PayloadErased]:
    """Erase what an entry tells; its header and its place stay, and the log still verifies.

    Payload and salt are deleted, so that not even its guess could be confirmed. Raises `evidence.already_erased`,
    `evidence.receipt_kept` for receipts, and `evidence.under_legal_hold` where the customer's data is held.
    """
    row = context.session.scalars(
        select(EntryRow).where(EntryRow.entry_id == request.entry_id).with_for_update()
    ).first()
    if row is None:
        msg = f"There is no entry {request.entry_id!r} here."
        raise EntryNotFoundError(msg)
    if row.erased_at is not None:
        msg = f"The contents of {row.entry_id} were erased on {row.erased_at:%d %b %Y}."
        raise AlreadyErasedError(msg)
    if row.kind.endswith(RECEIPT_SUFFIX):
        msg = f"The entry {row.entry_id} is a receipt."
        raise ReceiptKeptError(msg)
    refuse_held(context, row.customer_id)
    erase_row(row, now=context.now)
    entry = EvidenceDraft(
        kind=PAYLOAD_ERASED.name,
        subject_type="entry",
        subject_id=row.entry_id,
        customer_id=row.customer_id,
        payload={"entry_id": row.entry_id, "reason": request.reason},
        cause=row.entry_id,
    )
    return Outcome(result=PayloadErased(entry_id=row.entry_id, erased_at=context.now), entry=entry)


def refuse_held(context: CommandContext, customer_id: CustomerId | None) -> None:
    """Refuse where a customer's data, or the publisher's own, is held.

    Raises:
        UnderLegalHoldError: It is.
    """
    if context.ports.of(LegalHolds).holds(context.session, customer_id):
        raise UnderLegalHoldError("The data is under a legal hold.")


def erase_row(row: EntryRow, *, now: datetime) -> None:
    """Delete an entry's payload and its salt in the caller's transaction."""
    row.payload, row.payload_salt, row.erased_at = None, None, now


def erase_payloads(
    session: Session, customer_id: CustomerId, *, subject_id: str | None, now: datetime, limit: int
) -> int:
    """Erase up to `limit` payloads of a customer's entries in the caller's transaction; return how many.

    Args:
        session: Staff's.
        customer_id: Whose.
        subject_id: Only entries about this thing; None takes all.
        now: When.
        limit: At most so many, so that others are not held up; call again until it returns 0.

    Receipts and the entries of exports stay: they hold no personal data.
    """
    statement = (
        select(EntryRow)
        .where(
            EntryRow.customer_id == customer_id,
            EntryRow.erased_at.is_(None),
            EntryRow.kind.not_like(f"%{RECEIPT_SUFFIX}"),
            EntryRow.kind != EXPORT_KIND,
        )
        .order_by(EntryRow.id)
        .limit(limit)
        .with_for_update()
    )
    if subject_id is not None:
        statement = statement.where(EntryRow.subject_id == subject_id)
    rows = session.scalars(statement).all()
    for row in rows:
        erase_row(row, now=now)
    return len(rows)


class RotateLogKey(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated:
    """The new key's public half."""

    key: str


@command(
    "evidence.rotate_log_key",
    groups=("evidence.manage_keys",),
    evidence=(KEY_ROTATED,),
    http="POST /evidence/keys/rotate",
    cli="evidence rotate-key",
)
def rotate_log_key(context: CommandContext, _request: RotateLogKey) -> Outcome[KeyRotated]:
    """Give the log a new signing key, which the present one vouches for.

    Whoever trusts the old key so trusts the new one; checkpoints carry both signatures until the next rotation.
    """
    key = context.ports.of(LogKeys).rotate(context.session, now=context.now)
    entry = EvidenceDraft(
        kind=KEY_ROTATED.name, subject_type="log", subject_id=key.name[:120], payload={"key": key.text}
    )
    return Outcome(result=KeyRotated(key=key.text), entry=entry)


class AddWitness(OperationInput):
    """A witness's public key."""

    witness_key: str = Field(description="The witness's key as it prints it, `name+hash+base64`.", max_length=500)


class RemoveWitness(OperationInput):
    """Which witness."""

    name: str = Field(description="The witness's name.", max_length=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessChanged:
    """A witness that was added or removed."""

    name: str


@command(
    "evidence.add_witness",
    groups=("evidence.manage_keys",),
    evidence=(WITNESS_ADDED,),
    http="POST /evidence/witnesses",
    cli="evidence add-witness WITNESS_KEY",
)
def add_witness(context: CommandContext, request: AddWitness) -> Outcome[WitnessChanged]:
    """Accept cosignatures of a witness from now on: a customer's, or a second host's.

    Raises `proof.key_malformed` for a text that is no key of a witness.
    """
    key = VerifierKey.parse(request.witness_key)
    if key.type is not SignatureType.COSIGNATURE:
        msg = f"The key {key.name} is a log's, not a witness's."
        raise InvalidError(msg, code="proof.key_malformed", remedy="Copy the key that `fairkeeper witness` prints.")
    row = context.session.get(WitnessRow, key.name, with_for_update=True)
    if row is not None and row.vkey == key.text and row.removed_at is None:
        return Outcome(result=WitnessChanged(name=key.name), entry=None)
    if row is None:
        context.session.add(WitnessRow(name=key.name, vkey=key.text, added_at=context.now))
    else:
        row.vkey, row.added_at, row.removed_at = key.text, context.now, None
    entry = EvidenceDraft(
        kind=WITNESS_ADDED.name,
        subject_type="witness",
        subject_id=key.name[:120],
        payload={"name": key.name, "key": key.text},
    )
    return Outcome(result=WitnessChanged(name=key.name), entry=entry)


@command(
    "evidence.remove_witness",
    groups=("evidence.manage_keys",),
    evidence=(WITNESS_REMOVED,),
    http="POST /evidence/witnesses/{name}/remove",
    cli="evidence remove-witness NAME",
)
def remove_witness(context: CommandContext, request: RemoveWitness) -> Outcome[WitnessChanged]:
    """Count a witness's cosignatures no longer."""
    row = context.session.get(WitnessRow, request.name, with_for_update=True)
    if row is None or row.removed_at is not None:
        msg = f"There is no witness {request.name!r}."
        raise EntryNotFoundError(msg, code="evidence.witness_not_found")
    row.removed_at = context.now
    entry = EvidenceDraft(
        kind=WITNESS_REMOVED.name, subject_type="witness", subject_id=row.name[:120], payload={"name": row.name}
    )
    return Outcome(result=WitnessChanged(name=row.name), entry=entry)


def keep_cosignature(session: Session, note: bytes, reader: LogReader) -> str:
    """Keep a witness's cosignature over a checkpoint of this log, in the caller's transaction; return its name.

    No operation and no entry: a cosignature proves itself, and comes every few seconds.

    Raises:
        CosignatureRefusedError: By no known witness, or not over a checkpoint of this log.
    """
    witnesses = [
        VerifierKey.parse(row.vkey)
        for row in session.scalars(select(WitnessRow).where(WitnessRow.removed_at.is_(None)))
    ]
    chain = read_chain(reader.key_statements())
    try:
        opened = open_checkpoint(note, [*chain, *witnesses])
    except InvalidError as error:
        raise CosignatureRefusedError(error.message) from error
    if not opened.witnesses:
        msg = "No witness that is known here cosigned the checkpoint."
        raise CosignatureRefusedError(msg)
    head = opened.head
    for cosignature in opened.witnesses:
        line = next(line for line in opened.note.signatures if line.is_by(cosignature.key))
        log_lines = "".join(found.text for found in opened.note.signatures if any(map(found.is_by, opened.signed_by)))
        row = session.get(CosignatureRow, cosignature.key.name, with_for_update=True)
        if row is not None and row.size > head.size:
            continue
        if row is None:
            row = CosignatureRow(witness=cosignature.key.name)
            session.add(row)
        row.size, row.root = head.size, head.root
        row.checkpoint, row.line = f"{opened.note.text}\n{log_lines}", line.text
        row.at = datetime.fromtimestamp(cosignature.at_seconds, tz=UTC)
    return opened.witnesses[0].key.name


def _count_entries(session: Session, customer_id: str | None) -> int:
    owner = EntryRow.customer_id.is_(None) if customer_id is None else EntryRow.customer_id == customer_id
    return session.scalars(select(func.count()).select_from(EntryRow).where(owner)).one()


OPERATIONS: tuple[Operation, ...] = (request_export, erase_payload, rotate_log_key, add_witness, remove_witness)
