"""The record: how the log stands, who vouches for it, the entries, and one entry with its proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.action.registry import Registry
from fairkeeper.database.session import STAFF, Scope
from fairkeeper.errors import FairkeeperError, UnavailableError
from fairkeeper.evidence.actions import erase_payload, request_export
from fairkeeper.evidence.queries import list_entries, show_entry, show_log
from fairkeeper.evidence.views import EntryPage as Entries
from fairkeeper.evidence.views import EntryProof, EntryView, LogView, WitnessView
from fairkeeper.overview.names import Names
from fairkeeper.proof.checkpoint import TreeHead
from fairkeeper.proof.note import VerifierKey
from fairkeeper.proof.receipt import ReceiptReport, verify_receipt
from fairkeeper.web.format import count, state
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages.evidence import (
    Checkpoint,
    EntryPage,
    EvidencePage,
    Inclusion,
    KeyRow,
    WitnessRow,
)
from fairkeeper.web.parts import Check, Empty, Fact, Identifier, Link, TimelineEntry
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import in_words, name_of, names_of, proof_of, tell, who_of
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get, post

_ROWS: Final = 30
_EXPORT_ROWS: Final = 200
_HEADS: Final = (
    *("entry", "at", "kind", "sentence", "who", "on_behalf_of", "subject_type", "subject_id", "customer"),
    *("operation", "leaf_index", "customer_index", "proof", "erased_at"),
)
_FILTERS: Final = ("customer", "kind", "subject_type", "subject_id")
TRAIL: Final = (Link(label="Evidence", href="/evidence"),)


def scope_of(visit: Visit) -> Scope:
    """Return whose rows whoever asks may see."""
    customer_id = visit.principal.customer_id
    return STAFF if customer_id is None else Scope(customer_id)


# -------------------- the log


def show_overview(visit: Visit) -> Response:
    """Show how the log stands, and its entries."""
    log: LogView = visit.run(show_log)
    entries = _entries(visit)
    names = names_of(visit, entries.entries)
    page = EvidencePage(
        frame=frame(visit, "Evidence" if visit.is_staff else "Record"),
        sentence=_sentence(log),
        checkpoint=checkpoint_of(log.checkpoint, log),
        waiting=log.waiting,
        keys=key_rows(log),
        witnesses=tuple(witness_row(each, log) for each in log.witnesses),
        witness_command=f"fairkeeper witness {visit.parts.house.address} --state witness.json",
        verify_command="fairkeeper evidence verify export.jsonl",
        entries=_listing(visit, entries, names),
        actions=(Link(label="Ask for an export", href="/exports/ask"),) if visit.allows(request_export) else (),
    )
    return visit.show(page)


def _entries(visit: Visit) -> Entries:
    if not visit.allows(list_entries):
        return Entries(entries=(), next_before=None)
    return _page_of_entries(visit, visit.query("before"), limit=_ROWS)


def _page_of_entries(visit: Visit, before: str, *, limit: int) -> Entries:
    asked = {name: visit.query(name) for name in _FILTERS if visit.query(name)}
    if "customer" in asked:
        asked["customer_id"] = asked.pop("customer")
    if before:
        asked["before"] = before
    found: Entries = visit.read(list_entries, limit=limit, **asked)
    return found


def sheet_of_entries(visit: Visit) -> Sheet:
    """Return every entry that the address shows as a sheet: a list to read, without the proofs that an export has."""
    return Sheet(name="evidence", heads=_HEADS, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    before: int | None = None
    while True:
        found = _page_of_entries(visit, "" if before is None else str(before), limit=_EXPORT_ROWS)
        names = names_of(visit, found.entries)
        for entry in found.entries:
            named = names.customers.get(entry.customer_id or "")
            customer = entry.customer_id if named is None else named.name
            for_whom = name_of(entry.on_behalf_of, names) if entry.on_behalf_of else None
            yield (
                *(entry.entry_id, entry.at, entry.kind, in_words(entry.sentence, names), who_of(entry, names)),
                *(
                    for_whom,
                    entry.subject_type,
                    entry.subject_id,
                    customer,
                ),
                *(entry.operation, entry.leaf_index, entry.customer_index, entry.proof.value, entry.erased_at),
            )
        before = found.next_before
        if before is None:
            return


def _sentence(log: LogView) -> str:
    told = f"{count(log.size, 'entry', 'entries')} in the log"
    if log.waiting:
        told += f", {count(log.waiting)} waiting for the next checkpoint"
    if not log.witnesses:
        return f"{told}; nobody outside this server watches it."
    return f"{told}; witnessed up to entry {count(log.witnessed_size)}."


def checkpoint_of(note: str, log: LogView | None = None) -> Checkpoint | None:
    """Return a signed head as it is shown; None before the first."""
    if not note:
        return None
    body, _, _ = note.partition("\n\n")
    head = TreeHead.parse(f"{body}\n")
    return Checkpoint(
        origin=head.origin,
        size=head.size,
        root=Identifier(text=head.root.hex(), names="root hash"),
        signed_at=None if log is None else log.signed_at,
        note=note,
    )


def key_rows(log: LogView) -> tuple[KeyRow, ...]:
    """Return the log's keys, the one that signs last."""
    last = len(log.keys) - 1
    return tuple(
        KeyRow(
            name=VerifierKey.parse(key).name,
            verifier=Identifier(text=key, names="verifier key"),
            state=state("active" if number == last else "retired"),
        )
        for number, key in enumerate(log.keys)
    )


def witness_row(witness: WitnessView, log: LogView) -> WitnessRow:
    """Return a witness as it is shown."""
    is_near = witness.size is not None and witness.size >= log.size
    word = "waiting" if witness.size is None else "verified" if is_near else "behind"
    return WitnessRow(name=witness.name, state=state(word), size=witness.size, seen_at=witness.cosigned_at)


def _listing(visit: Visit, entries: Entries, names: Names) -> Listing[TimelineEntry]:
    address = visit.address
    kinds = tuple(Choice(value=kind, label=kind) for kind in sorted(_registry(visit).evidence_kinds()))
    filters = [Filter(name="kind", label="Kind", choices=kinds), Filter(name="subject_id", label="Id of its subject")]
    if visit.is_staff:
        filters.append(Filter(name="customer", label="Customer id", placeholder="cus_…"))
    return Listing(
        id="entries",
        caption="Entries",
        columns=(Column(label="Entry"),),
        rows=tell(entries.entries, names, with_customer=visit.is_staff),
        empty=Empty(
            title="Nothing is recorded for you here",
            text="Each change is recorded in the moment it happens; your role may also be one that reads no evidence.",
        ),
        address=address,
        filters=tuple(filters),
        exports=export_links(address),
        paging=Paging(
            shown=f"{count(len(entries.entries))} shown, newest first",
            previous_href=str(address.without("before")) if visit.query("before") else "",
            next_href=str(address.having(before=str(entries.next_before))) if entries.next_before is not None else "",
        ),
    )


def _registry(visit: Visit) -> Registry:
    return visit.parts.runner.registry


# -------------------- one entry


def show_one(visit: Visit) -> Response:
    """Show an entry with its proof, checked a moment ago with the verifier that everybody has."""
    proof: EntryProof = visit.run(show_entry, entry_id=visit.named("entry_id")[:40])
    entry = proof.entry
    names = names_of(visit, (entry,))
    is_erased = entry.erased_at is not None
    page = EntryPage(
        frame=frame(visit, "Evidence" if visit.is_staff else "Record"),
        trail=TRAIL if visit.is_staff else (Link(label="Record", href="/evidence"),),
        sentence=in_words(entry.sentence, names),
        kind=entry.kind,
        facts=_facts(visit, entry, names),
        proof=proof_of(entry),
        payload=None if entry.payload is None else json.dumps(entry.payload, indent=2, ensure_ascii=False),
        payload_note=f"Erased on {entry.erased_at:%d %b %Y}." if is_erased and entry.erased_at else "",
        inclusion=_inclusion(proof),
        checks=_checks(visit, proof),
        verify_command=proof.verify_command,
        links=_ways_on(entry),
        questions=(_erase(entry.entry_id).question,) if _is_erasable(visit, entry) else (),
    )
    return visit.show(page)


def _facts(visit: Visit, entry: EntryView, names: Names) -> tuple[Fact, ...]:
    facts = [
        Fact(label="Entry", value=Identifier(text=entry.entry_id, names="entry id")),
        Fact(label="Happened", value=entry.at),
        Fact(label="Who", value=who_of(entry, names), note=entry.actor_id),
    ]
    if entry.on_behalf_of:
        facts.append(Fact(label="On behalf of", value=name_of(entry.on_behalf_of, names), note=entry.on_behalf_of))
    customer = names.customers.get(entry.customer_id or "")
    if customer is not None:
        link = Link(label=customer.name, href=f"/customers/{customer.slug}" if visit.is_staff else "/")
        facts.append(Fact(label="Whose record", value=link))
    else:
        facts.append(Fact(label="Whose record", value=entry.customer_id or "the publisher's own"))
    facts += [
        Fact(label="About", value=Identifier(text=entry.subject_id, names=f"{entry.subject_type} id")),
        Fact(label="Operation", value=entry.operation, note="what was run"),
        Fact(label="In that record", value=entry.customer_index),
    ]
    if entry.cause:
        href = f"/evidence/{entry.cause}" if _may_open(visit, entry.cause) else None
        cause = Identifier(text=entry.cause, names="entry id", href=href)
        facts.append(Fact(label="Caused by", value=cause))
    if entry.request_id:
        facts.append(Fact(label="Request", value=Identifier(text=entry.request_id, names="request id")))
    return tuple(facts)


def _may_open(visit: Visit, entry_id: str) -> bool:
    """Say whether whoever asks may see an entry: what caused a customer's may be the publisher's own."""
    if visit.is_staff:
        return True
    try:
        visit.run(show_entry, entry_id=entry_id)
    except FairkeeperError:
        return False
    return True


def _inclusion(proof: EntryProof) -> Inclusion | None:
    checkpoint = checkpoint_of(proof.checkpoint)
    if checkpoint is None or proof.entry.leaf_index is None:
        return None
    return Inclusion(
        index=proof.entry.leaf_index,
        leaf=Identifier(text=proof.leaf_hash, names="leaf hash"),
        siblings=tuple(Identifier(text=each, names=f"hash {n}") for n, each in enumerate(proof.inclusion, start=1)),
        checkpoint=checkpoint,
    )


def receipt_report(visit: Visit, entry_id: str) -> ReceiptReport | None:
    """Verify an entry as anybody could who has its file; None while it has no place in the log."""
    try:
        row = visit.parts.exporter.find_entry(entry_id, scope_of(visit))
        return verify_receipt(visit.parts.exporter.write_receipt(row))
    except UnavailableError:
        return None


def _checks(visit: Visit, proof: EntryProof) -> tuple[Check, ...]:
    if proof.entry.leaf_index is None:
        return ()
    if proof.entry.erased_at is not None:
        note = "The leaf and the hashes beside it are below; what was erased cannot be compared with them."
        return (Check(what="Its place in the log stays", state=state("passed"), note=note),)
    report = receipt_report(visit, proof.entry.entry_id)
    if report is None:
        return ()
    if not report.ok:
        return tuple(Check(what=each.code, state=state("failed"), note=each.message) for each in report.findings)
    names = ", ".join(witness.name for witness in report.witnesses)
    return (
        Check(what="Header and payload are what was committed to", state=state("passed")),
        Check(what="Its leaf leads to the root of the checkpoint", state=state("passed")),
        Check(what="The checkpoint is signed by the log’s key", state=state("passed"), note=report.key or ""),
        Check(
            what="A witness has cosigned the checkpoint",
            state=state("passed" if names else "not_witnessed"),
            note=names or "A rollback by whoever holds the key could not be proved.",
        ),
    )


def _ways_on(entry: EntryView) -> tuple[Link, ...]:
    links = []
    if entry.leaf_index is not None and entry.erased_at is None:
        links.append(Link(label="Download it with its proof", href=f"/evidence/{entry.entry_id}/file"))
    if entry.kind.endswith("_receipt/1"):
        links.append(Link(label="The receipt to print", href=f"/receipts/{entry.entry_id}"))
    if entry.subject_type == "subscription":
        links.append(Link(label="The subscription", href=f"/subscriptions/{entry.subject_id}"))
    about = f"/evidence?subject_type={entry.subject_type}&subject_id={entry.subject_id}"
    links.append(Link(label=f"Everything about this {entry.subject_type.replace('_', ' ')}", href=about))
    return tuple(links)


def send_proof(visit: Visit) -> Response:
    """Send an entry with its proof as a file."""
    proof: EntryProof = visit.run(show_entry, entry_id=visit.named("entry_id")[:40])
    row = visit.parts.exporter.find_entry(proof.entry.entry_id, scope_of(visit))
    return Response(
        visit.parts.exporter.write_receipt(row),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{proof.entry.entry_id}.json"'},
    )


# -------------------- erasing


def _is_erasable(visit: Visit, entry: EntryView) -> bool:
    is_kept = entry.kind.endswith("_receipt/1")
    return entry.erased_at is None and not is_kept and visit.allows(erase_payload)


def _erase(entry_id: str) -> Asking:
    back = f"/evidence/{entry_id}"
    words = Words(
        opener="Erase the contents",
        title="Erase what this entry tells?",
        points=(
            "Its payload and the salt are deleted, so that not even a guess could be confirmed.",
            "Its header and its place stay, and the log still verifies.",
        ),
        fields=(reason_field("It is recorded."),),
        cannot_undo="nobody can bring the contents back.",
        typed_word="erase",
        is_dangerous=True,
    )
    return Asking(
        operation=erase_payload,
        question=question_at(f"{back}/erase", words, back=back),
        back=back,
        room="Evidence",
        fixed={"entry_id": entry_id},
        trail=TRAIL,
    )


def ask_erase(visit: Visit) -> Response:
    """Ask before an entry's contents are erased."""
    proof: EntryProof = visit.run(show_entry, entry_id=visit.named("entry_id")[:40])
    return ask(visit, _erase(proof.entry.entry_id))


def erase(visit: Visit) -> Response:
    """Erase an entry's contents."""
    proof: EntryProof = visit.run(show_entry, entry_id=visit.named("entry_id")[:40])
    return answer_question(visit, _erase(proof.entry.entry_id))


WAYS: Final[tuple[Way, ...]] = (
    get("/evidence", show_overview),
    *export_ways("/evidence", sheet_of_entries),
    get("/evidence/{entry_id}", show_one),
    get("/evidence/{entry_id}/file", send_proof),
    get("/evidence/{entry_id}/erase", ask_erase),
    post("/evidence/{entry_id}/erase", erase),
)
