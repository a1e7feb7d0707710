"""Append: an entry in the caller's transaction, so that it exists if and only if what it tells was done.

Nothing here reads the log or its head; so appending costs the same in an empty log and in one with a million entries,
and never waits for another. The place in the tree comes later, from the integrator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from fairkeeper.action.operation import Circumstances, EvidenceDraft
from fairkeeper.database.guard import CustomerSession
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.proof.record import Actor, Header, Subject, make_record, new_salt
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import EntryId


def append(session: Session, draft: EvidenceDraft, circumstances: Circumstances) -> EntryId:
    """Append one entry in the caller's transaction and return its id."""
    values = entry_values(draft, circumstances)
    if isinstance(session, CustomerSession):
        session.add(EntryRow(**values))
    else:
        session.connection().execute(_INSERT, values)
    return EntryId(values["entry_id"])


def append_many(session: Session, drafts: Iterable[EvidenceDraft], circumstances: Circumstances) -> int:
    """Append entries of one act in bulk, as staff; return how many. At most 1,000 a transaction keeps others moving."""
    rows = [entry_values(draft, circumstances) for draft in drafts]
    if rows:
        session.connection().execute(_INSERT, rows)
    return len(rows)


def entry_values(draft: EvidenceDraft, circumstances: Circumstances) -> dict[str, Any]:
    """Return the row of an entry: canonical header and payload, salts and commitment."""
    principal = circumstances.principal
    header = Header(
        id=draft.entry_id,
        at=format_instant(circumstances.at),
        kind=draft.kind,
        customer=draft.customer_id,
        actor=Actor(id=principal.id, kind=principal.kind.value),
        on_behalf_of=Actor(id=draft.on_behalf_of, kind="person") if draft.on_behalf_of else None,
        operation=circumstances.operation,
        subject=Subject(type=draft.subject_type, id=draft.subject_id),
        cause=draft.cause,
        request=circumstances.request_id,
    )
    kept = make_record(header, draft.payload, header_salt=new_salt(), payload_salt=new_salt())
    return {
        "entry_id": header.id,
        "at": circumstances.at,
        "kind": draft.kind,
        "operation": circumstances.operation,
        "actor_id": principal.id,
        "subject_type": draft.subject_type,
        "subject_id": draft.subject_id,
        "customer_id": draft.customer_id,
        "header": kept.header.decode(),
        "header_salt": kept.header_salt,
        "payload": kept.payload.decode() if kept.payload is not None else None,
        "payload_salt": kept.payload_salt,
        "erased_at": None,
        "leaf_index": None,
        "customer_index": None,
    }


_INSERT = insert(EntryRow.__table__)  # type: ignore[arg-type]
