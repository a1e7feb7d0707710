"""Receipts to read and print, and exports: asked for, awaited, fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from fairkeeper.customers.queries import list_receipts
from fairkeeper.customers.views import ReceiptLine as ReceiptView
from fairkeeper.errors import NotFoundError, UnavailableError
from fairkeeper.evidence.actions import ExportRequested, request_export
from fairkeeper.evidence.queries import show_entry
from fairkeeper.evidence.views import EntryProof, EntryView
from fairkeeper.overview.names import NamedCustomer, Names, name_things
from fairkeeper.values.clock import parse_instant
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.evidence import ExportPage, ReceiptLine, ReceiptPage, ReceiptsPage, ReceiptsRow
from fairkeeper.web.parts import Empty, Fact, Identifier, Link, TimelineEntry
from fairkeeper.web.routes.evidence import receipt_report, scope_of
from fairkeeper.web.serving.asking import Asking, Words, ask, question_at
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import company_of, frame
from fairkeeper.web.serving.telling import NOBODY, names_of, tell, words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get, post

_SUFFIX: Final = "_receipt/1"
_CAUSES: Final = {
    "unsubscribed": "The subscription ended at Microsoft.",
    "decided": "A person decided it here.",
}
_TOLD_BY_NAME: Final = frozenset({"use", "provisioned_system"})


# -------------------- receipts


def show_list(visit: Visit) -> Response:
    """Show the receipts that were signed."""
    found: tuple[ReceiptView, ...] = visit.run(list_receipts)
    names = _names(visit, found)
    page = ReceiptsPage(
        frame=frame(visit, "Customers" if visit.is_staff else "Receipts"),
        sentence=f"{count(len(found), 'receipt')}, each signed and verifiable without this server."
        if found
        else "None was signed yet.",
        receipts=Listing(
            id="receipts",
            caption="Receipts",
            columns=tuple(Column(label=label) for label in ("Receipt", "State", "Issued", "Subscription", "Customer")),
            rows=tuple(_row(line, names) for line in found),
            empty=Empty(
                title="No receipt yet",
                text="When something has stopped or was erased, a signed receipt says what, and what remains.",
            ),
            address=Address("/receipts"),
            exports=export_links(Address("/receipts")),
        ),
    )
    return visit.show(page)


def sheet_of_receipts(visit: Visit) -> Sheet:
    """Return the receipts as a sheet."""
    found: tuple[ReceiptView, ...] = visit.run(list_receipts)
    names = _names(visit, found)
    return sheet_of_rows("receipts", ReceiptsRow, (_row(line, names) for line in found))


def _names(visit: Visit, receipts: tuple[ReceiptView, ...]) -> Names:
    wanted = tuple(sorted({line.customer_id for line in receipts if line.customer_id}))
    found: Names = visit.run(name_things, ids=wanted) if wanted and visit.is_staff else NOBODY
    return found


def _row(line: ReceiptView, names: Names) -> ReceiptsRow:
    customer: NamedCustomer | None = names.customers.get(line.customer_id)
    return ReceiptsRow(
        link=Link(label=words(line.kind), href=f"/receipts/{line.entry_id}"),
        receipt=Identifier(text=line.entry_id, names="receipt id"),
        issued_at=line.at,
        state=state(line.kind),
        subscription=None
        if line.subscription_id is None
        else Identifier(
            text=line.subscription_id, names="subscription id", href=f"/subscriptions/{line.subscription_id}"
        ),
        customer=None if customer is None else Link(label=customer.name, href=f"/customers/{customer.slug}"),
    )


def show_receipt(visit: Visit) -> Response:
    """Show a receipt, made to be printed."""
    proof: EntryProof = visit.run(show_entry, entry_id=visit.named("entry_id")[:40])
    entry = proof.entry
    if not entry.kind.endswith(_SUFFIX) or entry.payload is None:
        raise NotFoundError(f"The entry {entry.entry_id} is no receipt.", code="evidence.entry_not_found")
    statement = entry.payload
    is_stopped = "stopped" in statement
    customer = _customer(visit, entry)
    page = ReceiptPage(
        frame=frame(visit, "Customers" if visit.is_staff else "Receipts"),
        receipt=Identifier(text=entry.entry_id, names="receipt id", is_whole=True),
        heading="Stopped" if is_stopped else "Erased",
        statement=_statement(visit, statement, customer),
        issued_at=entry.at,
        issuer=visit.parts.house.publisher,
        customer=customer,
        facts=_stop_facts(statement) if is_stopped else _erase_facts(statement),
        done=_stopped(statement) if is_stopped else _erased(statement),
        done_title="What stopped" if is_stopped else "What was erased",
        remaining=_remaining(statement) if is_stopped else _kept(statement),
        remaining_title="What remains with you" if is_stopped else "What is kept, and why",
        proofs=_proofs(visit, entry),
        signature=_signature(visit, entry),
        verify_command=proof.verify_command,
        json_href=f"/evidence/{entry.entry_id}/file",
    )
    return visit.show(page)


def _customer(visit: Visit, entry: EntryView) -> str:
    named = visit.run(name_things, ids=(entry.customer_id,)).customers.get(entry.customer_id)
    return named.name if named else entry.customer_id or visit.parts.house.publisher


def _statement(visit: Visit, statement: Mapping[str, Any], customer: str) -> str:
    publisher = visit.parts.house.publisher
    if "stopped" in statement:
        at = when_text(parse_instant(statement["stopped_at"]))
        return f"{publisher} has stopped everything of this subscription of {customer}; it was complete on {at}."
    at = when_text(parse_instant(statement["erased_at"]))
    if "subscription_id" not in statement:
        whose = "what named one person" if statement.get("person_commitment") else "data of agents"
        return f"{publisher} has erased {whose} of {customer}, recorded before {at}."
    return f"{publisher} has erased the data of this subscription of {customer}; it was complete on {at}."


def _stop_facts(statement: Mapping[str, Any]) -> tuple[Fact, ...]:
    retention = statement["retention"]
    return (
        _subscription(statement),
        Fact(label="Why", value=_CAUSES.get(statement["cause"], statement["cause"])),
        Fact(
            label="Data is erased on",
            value=parse_instant(retention["ends_at"]).date(),
            note=f"{retention['days']} days after use ended; a second receipt says so",
        ),
        Fact(
            label="Tokens of Microsoft",
            value=parse_instant(statement["tokens_may_live_until"]),
            note="until then Microsoft's own services may still take tokens that were issued before",
        ),
    )


def _erase_facts(statement: Mapping[str, Any]) -> tuple[Fact, ...]:
    if "subscription_id" not in statement:
        return _data_facts(statement)
    stopped = statement.get("stopped_receipt")
    facts = [
        _subscription(statement),
        Fact(label="Retention ended", value=parse_instant(statement["retention_ended_at"])),
    ]
    if stopped:
        facts.append(Fact(label="Stopped before", value=Link(label="The first receipt", href=f"/receipts/{stopped}")))
    return tuple(facts)


def _data_facts(statement: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Return what a receipt about data of agents says: which classes, from before when, and which entries."""
    facts = [
        Fact(label="Classes of data", value=", ".join(map(words, statement["data_classes"]))),
        Fact(label="Recorded before", value=parse_instant(statement["before_at"])),
        Fact(label="Entries whose contents went", value=count(statement["entries"], "entry", "entries")),
        Fact(
            label="Digest of their ids",
            value=Identifier(text=statement["entry_ids_sha256"], names="digest", is_whole=True),
            note="SHA-256 of the ids in order, one a line; an export shows each of them as erased",
        ),
    ]
    if commitment := statement.get("person_commitment"):
        facts.append(
            Fact(
                label="The person",
                value=Identifier(text=commitment, names="digest", is_whole=True),
                note="SHA-256 of the nonce that whoever asked was given, followed by the person's id",
            )
        )
    return tuple(facts)


def _subscription(statement: Mapping[str, Any]) -> Fact:
    return Fact(label="Subscription", value=Identifier(text=statement["subscription_id"], names="subscription id"))


def _stopped(statement: Mapping[str, Any]) -> tuple[ReceiptLine, ...]:
    return tuple(
        ReceiptLine(
            what=_capital(each["name"]),
            note="" if each["kind"] in _TOLD_BY_NAME else words(each["kind"]),
            state=state("stopped" if each["stopped_at"] else "waiting"),
            at=parse_instant(each["stopped_at"]) if each["stopped_at"] else None,
        )
        for each in statement["stopped"]
    )


def _remaining(statement: Mapping[str, Any]) -> tuple[ReceiptLine, ...]:
    return tuple(
        ReceiptLine(
            what=_capital(each["name"]),
            state=state("to_remove"),
            note=f"{words(each['kind'])}. {each['why']} Who can remove it: {each['who']}.",
            steps=tuple(each["steps"]),
        )
        for each in statement["remaining"]
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _erased(statement: Mapping[str, Any]) -> tuple[ReceiptLine, ...]:
    return tuple(
        ReceiptLine(
            what=words(each["kind"]) if each["count"] is None else f"{words(each['kind'])}: {count(each['count'])}",
            state=state("erased"),
            note=f"by {each['erased_by']}",
        )
        for each in statement["erased"]
    )


def _kept(statement: Mapping[str, Any]) -> tuple[ReceiptLine, ...]:
    return tuple(
        ReceiptLine(what=each["what"].capitalize(), state=state("kept"), note=each["why"]) for each in statement["kept"]
    )


def _proofs(visit: Visit, entry: EntryView) -> tuple[TimelineEntry, ...]:
    """Return the entries that a receipt rests on, and its own."""
    found = [entry]
    for entry_id in (entry.payload or {}).get("proofs", ()):
        before: EntryProof = visit.run(show_entry, entry_id=entry_id)
        found.append(before.entry)
    return tell(found, names_of(visit, found))


def _signature(visit: Visit, entry: EntryView) -> tuple[Fact, ...]:
    if entry.leaf_index is None:
        return (Fact(label="Signature", value="waits for the next checkpoint, about a second"),)
    report = receipt_report(visit, entry.entry_id)
    row = visit.parts.exporter.find_entry(entry.entry_id, scope_of(visit))
    digest = hashlib.sha256(visit.parts.exporter.write_receipt(row)).hexdigest()
    is_whole = report is not None and report.ok
    size = None if report is None else report.checkpoint_size
    key = None if report is None or report.key is None else Identifier(text=report.key, names="verifier key")
    return (
        Fact(label="Checked just now", value=state("verified" if is_whole else "failed")),
        Fact(label="Log", value=None if report is None else report.origin),
        Fact(label="Key", value=key, note="Ed25519"),
        Fact(label="Checkpoint", value=None if size is None else count(size, "entry", "entries")),
        Fact(label="SHA-256 of the file", value=Identifier(text=digest, names="digest", is_whole=True)),
    )


# -------------------- exports


def _export(visit: Visit) -> Asking:
    customer_id = visit.principal.customer_id or visit.query("customer") or visit.form.get("customer_id", "")
    whose = _whose(visit, customer_id)
    back = "/evidence"
    asked = Words(
        opener="Ask for an export",
        title=f"Export the record of {whose}?",
        points=(
            "A file with every entry and its proof, to be checked without this server.",
            "The export is itself recorded; that entry states how many there are, so one left out shows.",
        ),
        submit="Make the export",
    )
    question = question_at("/exports/ask", asked, back=back)
    return Asking(
        operation=request_export,
        question=_with_customer(question, customer_id),
        back=back,
        room="Evidence" if visit.is_staff else "Record",
        fixed={"customer_id": customer_id or None},
    )


def _with_customer(question: Question, customer_id: str) -> Question:
    hidden = (("customer_id", customer_id),) if customer_id else ()
    return replace(question, form=replace(question.form, hidden=hidden))


def _whose(visit: Visit, customer_id: str | None) -> str:
    if not customer_id:
        return company_of(visit)
    found: Names = visit.run(name_things, ids=(customer_id,))
    named = found.customers.get(customer_id)
    if named is None:
        raise NotFoundError(f"There is no customer {customer_id[:40]!r} here.", code="customers.customer_not_found")
    return named.name


def ask_export(visit: Visit) -> Response:
    """Ask before an export is made."""
    return ask(visit, _export(visit))


def make_export(visit: Visit) -> Response:
    """Ask for an export and show how far it is."""
    asking = _export(visit)
    made: ExportRequested = visit.run(request_export, **asking.fixed)
    return visit.go(f"/exports/{made.token}")


def show_export(visit: Visit) -> Response:
    """Show whether an export is ready."""
    token = visit.named("token")[:60]
    if not visit.allows(request_export):
        raise NotFoundError(f"There is no export {token!r} here.", code="evidence.entry_not_found")
    try:
        whose = visit.parts.exporter.find_export(token, scope_of(visit)).customer_id
        is_ready = True
    except UnavailableError:
        whose, is_ready = visit.principal.customer_id, False
    page = ExportPage(
        frame=frame(visit, "Evidence" if visit.is_staff else "Record"),
        whose=_whose(visit, whose) if is_ready or not visit.is_staff else "being made",
        token=Identifier(text=token, names="export id"),
        download=Link(label="Download the export", href=f"/exports/{token}/file") if is_ready else None,
        verify_command=f"fairkeeper evidence verify {token}.jsonl",
    )
    return visit.show(page, headers={} if is_ready else {"Refresh": "1"})


def send_export(visit: Visit) -> Response:
    """Send an export as a file, line by line."""
    token = visit.named("token")[:60]
    if not visit.allows(request_export):
        raise NotFoundError(f"There is no export {token!r} here.", code="evidence.entry_not_found")
    entry = visit.parts.exporter.find_export(token, scope_of(visit))
    lines = visit.parts.exporter.write_export(entry)
    # The first line is read before the answer begins, so that what cannot be written is still a page that says so.
    return StreamingResponse(
        chain([next(lines)], lines),
        media_type="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{entry.subject_id}.jsonl"'},
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/receipts", show_list),
    *export_ways("/receipts", sheet_of_receipts),
    get("/receipts/{entry_id}", show_receipt),
    get("/exports/ask", ask_export),
    post("/exports/ask", make_export),
    get("/exports/{token}", show_export),
    get("/exports/{token}/file", send_export),
)
