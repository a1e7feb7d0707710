"""Makes a proof of usage: for an invoice's days, everything that its quantities follow from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    query,
)
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.evidence.reader import LogReader, placed_record
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.metering.errors import ProofUnknownError, ResourceUnknownError, WindowRefusedError
from fairkeeper.metering.evidence_kinds import PROOF_ISSUED
from fairkeeper.metering.proving.form import write_proof
from fairkeeper.metering.proving.replay import (
    ANSWER_KIND,
    COUNT_KIND,
    DECIDED,
    GIVEN_UP_KIND,
    OPENING_KIND,
    SETTLED_KIND,
    USAGE_KINDS,
    Seen,
    lines_of,
    replay,
)
from fairkeeper.metering.rules.terms import midnight
from fairkeeper.metering.store import find_resource
from fairkeeper.metering.tables import UsageCountRow
from fairkeeper.metering.views import ProofLine
from fairkeeper.proof.canonical import read_canonical

MOST_DAYS: Final = 400
MOST_ENTRIES: Final = 20_000
_FOLLOWING: Final = (ANSWER_KIND, GIVEN_UP_KIND, SETTLED_KIND, OPENING_KIND, COUNT_KIND, *DECIDED)
_AT_ONCE: Final = 500


class ProveUsage(OperationInput):
    """Of what, and for which days."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    from_on: date = Field(description="First day, by UTC.")
    to_on: date = Field(description="The day after the last.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofIssued:
    """A proof to fetch in a second, when its entry has its place.

    Attributes:
        proof_id: The id of its own entry.
        problems: What does not hold in it; empty, unless the record itself is damaged.
    """

    proof_id: str
    entries: int
    problems: tuple[str, ...]


@command(
    "metering.prove_usage",
    groups=("metering.read",),
    evidence=(PROOF_ISSUED,),
    http="POST /usage/proofs",
    cli="metering prove RESOURCE_ID FROM_ON TO_ON",
)
def prove_usage(context: CommandContext, request: ProveUsage) -> Outcome[ProofIssued]:
    """Make the proof of the usage reported for some days; fetch it a second later with `metering proof`.

    It holds every entry that the quantities follow from, back to where the counters of these days began. The customer
    checks it with `fairkeeper metering verify`. Raises `metering.window_refused` for days that are none.
    """
    if not 0 < (request.to_on - request.from_on).days <= MOST_DAYS:
        raise WindowRefusedError(f"{request.from_on} to {request.to_on} is no window of 1 to {MOST_DAYS} days.")
    row = find_resource(context.session, request.resource_id.lower()) or find_resource(
        context.session, request.resource_id
    )
    if row is None:
        raise ResourceUnknownError(f"Nothing is metered under {request.resource_id!r} here.")
    span = _numbers(context.session, row.resource_id, request)
    entries = [] if span is None else _needed(context.session, row.resource_id, *span)
    first, last = span or (1, 0)
    found = replay([_seen(each) for each in entries], resource=row.resource_id, first=first, last=last)
    days = {"from_on": request.from_on.isoformat(), "to_on": request.to_on.isoformat()}
    draft = EvidenceDraft(
        kind=PROOF_ISSUED.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={
            "resource": row.resource_id,
            **days,
            "first": first,
            "last": last,
            "lines": lines_of(found.hours.values(), **days),  # type: ignore[dict-item]
            "entries": [*sorted(str(each.entry_id) for each in entries)],
        },
    )
    result = ProofIssued(proof_id=draft.entry_id, entries=len(entries), problems=tuple(found.problems[:20]))
    return Outcome(result=result, entry=draft)


def _numbers(session: Session, resource_id: str, request: ProveUsage) -> tuple[int, int] | None:
    """Return the hours needed: those of the window, and all since the counters they touch began."""
    since, until = midnight(request.from_on), midnight(request.to_on)
    first, last = session.execute(
        select(func.min(UsageCountRow.number), func.max(UsageCountRow.number)).where(
            UsageCountRow.resource_id == resource_id, UsageCountRow.hour_at >= since, UsageCountRow.hour_at < until
        )
    ).one()
    if first is None:
        return None
    while True:
        earlier = _earlier(session, resource_id, first, last)
        if earlier >= first:
            return first, last
        first = earlier


def _earlier(session: Session, resource_id: str, first: int, last: int) -> int:
    """Return the first hour of any counter, and the first carried hour, of hours in a span."""
    counters: set[tuple[str, str]] = set()
    carried: set[str] = set()
    lines = [
        line
        for entry in _count_entries(session, resource_id)
        for line in entry.payload["counts"]
        if isinstance(line["number"], int)
    ]
    for line in lines:
        if first <= line["number"] <= last:
            counters |= {(line["dimension"], part["from"]) for part in line["parts"]}
            carried |= {count_id for count_id, _ in line["carried"]}
    needed: list[int] = [
        line["number"]
        for line in lines
        if line["id"] in carried or any((line["dimension"], part["from"]) in counters for part in line["parts"])
    ]
    return min(first, *needed) if needed else first


def _count_entries(session: Session, resource_id: str) -> list[Seen]:
    rows = session.scalars(
        select(EntryRow)
        .where(
            EntryRow.subject_type == "metered_resource",
            EntryRow.subject_id == resource_id,
            EntryRow.kind == COUNT_KIND,
            EntryRow.payload.is_not(None),
        )
        .order_by(EntryRow.id)
    )
    return [_seen(row) for row in rows]


def _needed(session: Session, resource_id: str, first: int, last: int) -> list[EntryRow]:
    """Return the entries of a proof as they were recorded: what is counted, and what became of it."""
    about = session.scalars(
        select(EntryRow)
        .where(
            EntryRow.subject_type == "metered_resource",
            EntryRow.subject_id == resource_id,
            EntryRow.kind.in_(_FOLLOWING),
        )
        .order_by(EntryRow.id)
    ).all()
    kept: dict[str, EntryRow] = {}
    hours: set[str] = set()
    events: set[str] = set()
    for row in about:
        seen = _seen(row)
        if row.kind == COUNT_KIND:
            lines = [line for line in seen.payload.get("counts", []) if first <= line["number"] <= last]
            hours |= {line["id"] for line in lines}
            events |= {entry_id for line in lines for part in line["parts"] for entry_id in part["events"]}
            if not lines:
                continue
        elif row.kind != OPENING_KIND and not hours & _ids_in(seen):
            continue
        kept[row.entry_id] = row
    for row in _by_ids(session, events):
        kept[row.entry_id] = row
    causes = {
        line[4] for row in kept.values() if row.kind in USAGE_KINDS for line in _seen(row).payload["events"] if line[4]
    }
    for row in _by_ids(session, causes):
        kept[row.entry_id] = row
    if len(kept) > MOST_ENTRIES:
        raise WindowRefusedError(f"The proof would have {len(kept)} entries, above {MOST_ENTRIES}.")
    return sorted(kept.values(), key=lambda row: row.id)


def _ids_in(seen: Seen) -> set[str]:
    if seen.kind in DECIDED:
        return {seen.payload["id"]} if "id" in seen.payload else set()
    lines = seen.payload.get("answers") or seen.payload.get("hours") or []
    return {line["id"] for line in lines}


def _by_ids(session: Session, ids: Iterable[str]) -> Sequence[EntryRow]:
    wanted = sorted(ids)
    found: list[EntryRow] = []
    for start in range(0, len(wanted), _AT_ONCE):
        found += session.scalars(select(EntryRow).where(EntryRow.entry_id.in_(wanted[start : start + _AT_ONCE])))
    return found


def _seen(row: EntryRow) -> Seen:
    payload = {} if row.payload is None else read_canonical(row.payload.encode())
    return Seen(id=row.entry_id, kind=row.kind, payload=payload)


class ListProofs(OperationInput):
    """Of what."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    limit: int = Field(20, ge=1, le=100, description="How many at most.")


@query(
    "metering.list_proofs",
    groups=("metering.read",),
    http="GET /usage/{resource_id}/proofs",
    cli="metering proofs RESOURCE_ID",
)
def list_proofs(context: QueryContext, request: ListProofs) -> tuple[ProofLine, ...]:
    """List the proofs that were made of a subscription's usage, the newest first."""
    row = find_resource(context.session, request.resource_id) or find_resource(
        context.session, request.resource_id.lower()
    )
    if row is None:
        raise ResourceUnknownError(f"Nothing is metered under {request.resource_id!r} here.")
    entries = context.session.scalars(
        select(EntryRow)
        .where(
            EntryRow.subject_type == "metered_resource",
            EntryRow.subject_id == row.resource_id,
            EntryRow.kind == PROOF_ISSUED.name,
            EntryRow.payload.is_not(None),
        )
        .order_by(EntryRow.id.desc())
        .limit(request.limit)
    )
    return tuple(_proof_line(context.session, entry) for entry in entries)


class FindProof(OperationInput):
    """Which proof."""

    proof_id: str = Field(max_length=40, description="Its id, as `metering prove` named it.")


@query(
    "metering.find_proof",
    groups=("metering.read",),
    http="GET /usage/proofs/{proof_id}/statement",
    cli="metering statement PROOF_ID",
)
def find_proof(context: QueryContext, request: FindProof) -> ProofLine:
    """Return what a proof states: days, quantities, their kinds of source, and what became of them."""
    return _proof_line(context.session, _issued(context.session, request.proof_id))


def _issued(session: Session, proof_id: str) -> EntryRow:
    entry = session.scalars(
        select(EntryRow).where(EntryRow.entry_id == proof_id, EntryRow.kind == PROOF_ISSUED.name)
    ).first()
    if entry is None or entry.customer_id is None or entry.payload is None:
        raise ProofUnknownError(f"There is no proof {proof_id!r} here.")
    return entry


def _proof_line(session: Session, entry: EntryRow) -> ProofLine:
    payload = _seen(entry).payload
    customer = None if entry.customer_id is None else session.get(CustomerRow, entry.customer_id)
    return ProofLine(
        proof_id=entry.entry_id,
        resource_id=entry.subject_id,
        customer_name="" if customer is None else customer.name,
        made_at=entry.at,
        from_on=date.fromisoformat(payload["from_on"]),
        to_on=date.fromisoformat(payload["to_on"]),
        lines=tuple(payload["lines"]),
        entries=len(payload["entries"]),
        is_placed=entry.leaf_index is not None,
    )


class ShowProof(OperationInput):
    """Which proof."""

    proof_id: str = Field(max_length=40, description="Its id, as `metering prove` named it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFile:
    """The file that a customer checks.

    Attributes:
        text: JSON lines.
        verify: What a person types.
    """

    name: str
    text: str
    verify: str


@query(
    "metering.show_proof",
    groups=("metering.read",),
    http="GET /usage/proofs/{proof_id}",
    cli="metering show-proof PROOF_ID",
    mcp=False,
)
def show_proof(context: QueryContext, request: ShowProof) -> ProofFile:
    """Return the file of a proof. Raises `evidence.not_integrated` in its first second."""
    entry = _issued(context.session, request.proof_id)
    assert entry.customer_id is not None  # noqa: S101 - asked above
    ids = _seen(entry).payload["entries"]
    rows = sorted(_by_ids(context.session, ids), key=lambda row: row.leaf_index or 0)
    records = [placed_record(row) for row in (*rows, entry)]
    with context.ports.of(LogReader).proofs(at_least=(entry.leaf_index or 0) + 1) as base:
        text = b"".join(write_proof(base.provenance, entry.customer_id, records, base.tree)).decode()
    name = f"usage-{entry.entry_id}.jsonl"
    return ProofFile(name=name, text=text, verify=f"fairkeeper metering verify {name}")
