"""Asking for an erasure, and the signed receipt that proves it: an entry whose statement says what went and what stays.

The receipt names the erased entries by their random ids and by one digest over them; an export from afterwards shows
each of them as erased, in a log that still verifies. It never names a person: whoever asked gets a nonce, and can show
with it that a receipt is about the person they name.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import AwareDatetime, Field
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    ShownOnce,
    command,
    internal_command,
)
from fairkeeper.assurance.evidence_kinds import DATA_ERASED, ERASURE_WISHED
from fairkeeper.assurance.forwarding.happening import CALLS, OUTCOME
from fairkeeper.assurance.keeping.classes import DataClass
from fairkeeper.assurance.keeping.erasing import Erasing
from fairkeeper.customers.store import load_customer
from fairkeeper.database.tasks import TaskRow
from fairkeeper.evidence.actions import refuse_held
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId, EntryId, new_id

ERASE: Final = "assurance.erase"
STATEMENT: Final = "fairkeeper.data_erased/1"
_NAMED: Final = 1_000
"""So many ids stand in a receipt; of more, their digest alone."""
_KEPT: Final = (
    ("headers of evidence entries", "so that the log still verifies; they name people by random ids alone"),
    ("that there was a call, of which tool, when and what was decided", "for the audit of decisions"),
    ("receipts", "so that they can be verified; they hold no personal data"),
)
_ACCOUNT: Final = ("the account to sign in with, if there is one", "it is ended by removing the person")


class EraseData(OperationInput):
    """Whose data, which of it, and why."""

    customer_id: CustomerId | None = Field(
        None, description="The customer's id; left out by staff: the publisher's own agents."
    )
    data_classes: list[DataClass] = Field(
        [], max_length=len(DataClass), description="Which classes; none named: all of them."
    )
    before_at: AwareDatetime | None = Field(None, description="Only what was recorded before; left out: until now.")
    person: str = Field("", max_length=200, description="Only what names this person, by the id that calls carry.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded. Do not name the person here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureWished:
    """The erasure that was asked for.

    Attributes:
        nonce: With it, `sha256(nonce + person)` is the receipt's `person_commitment`; shown once, empty for no person.
    """

    erasure_id: str
    nonce: ShownOnce


@command(
    "assurance.erase_data",
    groups=("evidence.erase", "assurance.administer"),
    evidence=(ERASURE_WISHED,),
    http="POST /erasures",
    cli="assurance erase-data",
)
def erase_data(context: CommandContext, request: EraseData) -> Outcome[ErasureWished]:
    """Erase what is kept of agents' calls and results, by class or by person; a signed receipt follows in a moment.

    Payloads go from the log, from lists, from what is searched, exported and forwarded; the log still verifies.
    Raises `evidence.under_legal_hold` where the data is held.
    """
    customer_id = context.principal.customer_id or request.customer_id
    if customer_id is not None:
        load_customer(context.session, customer_id)
    refuse_held(context, customer_id)
    erasure_id, nonce = new_id("era"), f"non_{secrets.token_hex(16)}" if request.person else None
    # What carries this very instant goes too.
    until = context.now + timedelta(microseconds=1)
    before = format_instant(min(request.before_at or until, until))
    classes = [each.value for each in request.data_classes or DataClass]
    about = "everything that names one person" if request.person else ", ".join(classes).replace("_", " ")
    entry = EvidenceDraft(
        kind=ERASURE_WISHED.name,
        subject_type="erasure",
        subject_id=erasure_id,
        customer_id=customer_id,
        payload={
            "what": about,
            "before_at": before,
            "reason": request.reason,
        },
    )
    payload: dict[str, Any] = {
        "classes": classes,
        "before_at": before,
        "at": format_instant(context.now),
        "person": request.person or None,
        "commitment": commitment_of(nonce, request.person) if nonce else None,
        "wish": entry.entry_id,
    }
    context.enqueue(ERASE, erasure_id, payload, customer_id=customer_id)
    return Outcome(result=ErasureWished(erasure_id=erasure_id, nonce=nonce), entry=entry)


def commitment_of(nonce: str, person: str) -> str:
    """Return what a receipt says of a person.

    Example:
        >>> commitment_of("00", "Ada")[:12]
        '0533f6f3f29f'
    """
    return hashlib.sha256(f"{nonce}{person}".encode()).hexdigest()


class ProveErasure(OperationInput):
    """What was erased."""

    erasure_id: str = Field(max_length=40, description="The erasure's id.")
    customer_id: CustomerId | None = Field(None, description="Whose data.")
    data_classes: list[DataClass] = Field(max_length=len(DataClass), description="Which classes.")
    before_at: AwareDatetime = Field(description="What was recorded before went.")
    erased_at: AwareDatetime = Field(description="The instant that the erased entries carry.")
    commitment: str | None = Field(None, max_length=64, description="Of the person it was about.")
    wish: str | None = Field(None, max_length=40, description="The entry by which it was asked for.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureProved:
    """The receipt; none where nothing was there to erase and nobody had asked."""

    receipt: str | None
    entries: int


@internal_command("assurance.prove_erasure", evidence=(DATA_ERASED,))
def prove_erasure(context: CommandContext, request: ProveErasure) -> Outcome[ErasureProved]:
    """Sign what was erased, once; and forget by which words it was asked for."""
    session = context.session
    session.execute(
        update(TaskRow)
        .where(TaskRow.name == ERASE, TaskRow.key == request.erasure_id)
        .values(payload={})
        .execution_options(synchronize_session=False)
    )
    known = session.scalars(
        select(EntryRow.entry_id).where(
            EntryRow.subject_type == "erasure",
            EntryRow.subject_id == request.erasure_id,
            EntryRow.kind == DATA_ERASED.name,
        )
    ).first()
    erased = _erased_in(session, request)
    if known is not None or (not erased and request.wish is None):
        return Outcome(result=ErasureProved(receipt=known, entries=len(erased)), entry=None)
    entry = EvidenceDraft(
        kind=DATA_ERASED.name,
        subject_type="erasure",
        subject_id=request.erasure_id,
        customer_id=request.customer_id,
        payload=statement_of(request, erased),
        cause=EntryId(request.wish) if request.wish else None,
    )
    return Outcome(result=ErasureProved(receipt=entry.entry_id, entries=len(erased)), entry=entry)


def _erased_in(session: Session, request: ProveErasure) -> list[tuple[str, str]]:
    rows = session.execute(
        select(EntryRow.entry_id, EntryRow.kind)
        .where(EntryRow.customer_id.is_not_distinct_from(request.customer_id), EntryRow.erased_at == request.erased_at)
        .order_by(EntryRow.entry_id)
    ).all()
    return [(entry_id, kind) for entry_id, kind in rows]


def statement_of(request: ProveErasure, erased: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the receipt's statement, ready for canonical bytes."""
    ids = [entry_id for entry_id, _ in erased]
    counts = Counter(_thing(kind) for _, kind in erased)
    kept = (*_KEPT, *([_ACCOUNT] if request.commitment else []))
    return {
        "statement": STATEMENT,
        "customer_id": request.customer_id,
        "erasure_id": request.erasure_id,
        "data_classes": [each.value for each in request.data_classes],
        "person_commitment": request.commitment,
        "before_at": format_instant(request.before_at),
        "erased_at": format_instant(request.erased_at),
        "erased": [{"kind": kind, "count": counts[kind], "erased_by": "fairkeeper"} for kind in sorted(counts)],
        "entries": len(ids),
        "entry_ids": ids[:_NAMED],
        "entry_ids_sha256": hashlib.sha256("\n".join(ids).encode()).hexdigest(),
        "kept": [{"what": what, "why": why} for what, why in kept],
        "proofs": [request.wish] if request.wish else [],
    }


def _thing(kind: str) -> str:
    name = kind.partition("/")[0]
    if name in CALLS:
        return "call_payload"
    if name == OUTCOME:
        return "outcome_payload"
    if name.startswith("governance.authority_delegated"):
        return "delegation_payload"
    return "approval_payload" if name.startswith("governance.approval_") else "other_payload"


def erasing_of(request: ProveErasure, person: str | None) -> Erasing:
    """Return what is to be erased before it can be proved."""
    return Erasing(
        customer_id=request.customer_id,
        classes=frozenset(request.data_classes),
        before=request.before_at,
        at=request.erased_at,
        person=person,
    )
