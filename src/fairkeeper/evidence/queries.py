"""Questions to the log: its head, its entries, one entry with its proof."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import EvidenceKind, Operation, OperationInput, QueryContext, query
from fairkeeper.action.registry import Registry
from fairkeeper.evidence.errors import EntryNotFoundError
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.evidence.views import EntryPage, EntryProof, EntryView, LogView, ProofState
from fairkeeper.proof.merkle import leaf_hash
from fairkeeper.proof.record import leaf_entry
from fairkeeper.values.clock import parse_instant
from fairkeeper.values.ids import CustomerId

_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


class ListEntries(OperationInput):
    """Which entries."""

    customer_id: CustomerId | None = Field(None, description="Only this customer's.")
    subject_type: str | None = Field(None, description="Only about a thing of this type, with `subject_id`.")
    subject_id: str | None = Field(None, description="Only about the thing of this id.")
    kind: str | None = Field(None, description="Only of this kind.")
    before: int | None = Field(None, description="Only older than this position (`next_before` of a page).")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")


class ShowEntry(OperationInput):
    """Which entry."""

    entry_id: str = Field(description="The entry's id, `ent_…`.", max_length=40)


class ShowLog(OperationInput):
    """Nothing to say."""


@query("evidence.list_entries", groups=("evidence.read",), http="GET /evidence/entries", cli="evidence list")
def list_entries(context: QueryContext, request: ListEntries) -> EntryPage:
    """List entries of the log, newest first.

    Staff see every entry, a customer's people those of their own company. The position is no index in the log: an
    entry has one from the moment it is committed.
    """
    statement = select(EntryRow).order_by(EntryRow.id.desc()).limit(request.limit + 1)
    wanted = {
        EntryRow.customer_id: request.customer_id,
        EntryRow.subject_type: request.subject_type,
        EntryRow.subject_id: request.subject_id,
        EntryRow.kind: request.kind,
    }
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == value)
    if request.before is not None:
        statement = statement.where(EntryRow.id < request.before)
    rows = context.session.scalars(statement).all()
    shown = rows[: request.limit]
    telling = _telling(context)
    return EntryPage(
        entries=tuple(view_of(row, telling) for row in shown),
        next_before=shown[-1].id if len(rows) > request.limit else None,
    )


@query(
    "evidence.show_entry",
    groups=("evidence.read",),
    http="GET /evidence/entries/{entry_id}",
    cli="evidence show ENTRY_ID",
)
def show_entry(context: QueryContext, request: ShowEntry) -> EntryProof:
    """Show one entry with its place in the log and its inclusion proof.

    Raises `evidence.entry_not_found` when there is no such entry for this principal.
    """
    row = context.session.scalars(select(EntryRow).where(EntryRow.entry_id == request.entry_id)).first()
    if row is None:
        msg = f"There is no entry {request.entry_id!r} here."
        raise EntryNotFoundError(msg)
    view = view_of(row, _telling(context))
    leaf = b"" if row.customer_index is None else leaf_entry(row.header.encode(), row.customer_index, row.header_salt)
    inclusion: tuple[str, ...] = ()
    checkpoint, tree_size = "", 0
    if row.leaf_index is not None:
        with context.ports.of(LogReader).proofs(at_least=row.leaf_index + 1) as base:
            inclusion = tuple(sibling.hex() for sibling in base.tree.inclusion_proof(row.leaf_index))
            checkpoint, tree_size = base.provenance.checkpoint, base.size
    return EntryProof(
        entry=view,
        header=row.header,
        header_salt=row.header_salt.hex(),
        leaf_hash=leaf_hash(leaf).hex() if leaf else "",
        inclusion=inclusion,
        checkpoint=checkpoint,
        tree_size=tree_size,
        verify_command=f"fairkeeper evidence verify {row.entry_id}.json",
    )


@query("evidence.show_log", groups=("evidence.read_log",), http="GET /evidence/log", cli="evidence checkpoint")
def show_log(context: QueryContext, _request: ShowLog) -> LogView:
    """Show the log's head: size, root, checkpoint, keys and witnesses."""
    return context.ports.of(LogReader).view()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """What is needed to tell entries in words and to say how well they are proved."""

    kinds: Mapping[str, EvidenceKind]
    witnessed_size: int


def _telling(context: QueryContext) -> _Telling:
    return _Telling(
        kinds=context.ports.of(Registry).evidence_kinds(),
        witnessed_size=context.ports.of(LogReader).witnessed_size(),
    )


def view_of(row: EntryRow, telling: _Telling) -> EntryView:
    """Return an entry as a person reads it."""
    header = json.loads(row.header)
    payload = None if row.payload is None else json.loads(row.payload)
    return EntryView(
        entry_id=row.entry_id,
        at=row.at,
        kind=row.kind,
        sentence=sentence_of(telling.kinds.get(row.kind), row.kind, payload),
        operation=row.operation,
        customer_id=row.customer_id,
        actor_id=row.actor_id,
        actor_kind=header["actor"]["kind"],
        on_behalf_of=header["on_behalf_of"]["id"] if header["on_behalf_of"] else None,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        cause=header["cause"],
        request_id=header["request"],
        payload=payload,
        erased_at=row.erased_at,
        leaf_index=row.leaf_index,
        customer_index=row.customer_index,
        proof=_proof_state(row.leaf_index, telling.witnessed_size),
    )


def sentence_of(kind: EvidenceKind | None, name: str, payload: Mapping[str, Any] | None) -> str:
    """Tell an entry in words; what was erased, or is of a kind no longer known, is told by its name.

    Example:
        >>> kind = EvidenceKind(name="x.done/1", sentence="Plan {plan} is active.")
        >>> sentence_of(kind, kind.name, {"plan": "team"}), sentence_of(kind, kind.name, None)
        ('Plan team is active.', 'x: done (contents erased)')
    """
    room, _, rest = name.partition(".")
    plain = f"{room}: {rest.partition('/')[0].replace('_', ' ')}"
    if payload is None:
        return f"{plain} (contents erased)"
    if kind is None:
        return plain
    fields = {field for _, field, _, _ in string.Formatter().parse(kind.sentence) if field}
    return kind.sentence.format_map({field: _word(payload.get(field)) for field in fields})


def _word(value: Any) -> str:
    """Return a value as it stands in a sentence; an instant as a person writes it.

    Example:
        >>> _word("2026-12-05T13:52:39.492639Z"), _word(["a", "b"]), _word(None)
        ('5 Dec 2026, 13:52 UTC', 'a, b', '–')
    """
    if value is None or value == "":
        return "–"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        at = parse_instant(value)
        return f"{at.day} {at:%b %Y, %H:%M} UTC"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _proof_state(leaf_index: int | None, witnessed: int) -> ProofState:
    if leaf_index is None:
        return ProofState.WAITING
    return ProofState.WITNESSED if leaf_index < witnessed else ProofState.NOT_WITNESSED


OPERATIONS: tuple[Operation, ...] = (list_entries, show_entry, show_log)
