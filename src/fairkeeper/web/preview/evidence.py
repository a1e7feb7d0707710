"""The evidence pages, made up: a log that is witnessed, one that is not, entries and a receipt."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.evidence import (
    Checkpoint,
    EntryPage,
    EvidencePage,
    ExportPage,
    Inclusion,
    KeyRow,
    ReceiptLine,
    ReceiptPage,
    ReceiptsPage,
    ReceiptsRow,
    WitnessRow,
)
from fairkeeper.web.parts import Check, Empty, Fact, Finding, Identifier, Level, Link, ProofState, TimelineEntry
from fairkeeper.web.preview.customers import TIMELINE
from fairkeeper.web.preview.frames import days, digest, entry, frame, guid, hours, proof, ulid
from fairkeeper.web.preview.today import RECENT

_ROOT = digest("root", "root hash", is_whole=True)
CHECKPOINT = Checkpoint(
    origin="fairmile.example/log",
    size=1_284,
    root=_ROOT,
    signed_at=hours(-0.001),
    note=f"fairmile.example/log\n1284\n{_ROOT.text}\n\n— fairmile.example/log kQ9sYw{digest('sig', '').text}\n",
)


def _listing() -> Listing[TimelineEntry]:
    return Listing(
        id="entries",
        caption="Entries",
        columns=(Column(label="When"),),
        rows=(*RECENT, *TIMELINE.entries[2:]),
        empty=Empty(title="The log is empty", text="The first thing that happens becomes its first entry."),
        address=Address("/evidence"),
        filters=(
            Filter(name="customer", label="Customer", choices=(Choice(value="contoso", label="Contoso"),)),
            Filter(name="kind", label="Kind", placeholder="customers.seats_changed"),
        ),
        exports=(Link(label="CSV", href="/evidence.csv"), Link(label="JSON with proofs", href="/evidence.json")),
        paging=Paging(shown="Newest 6 of 1,285", next_href="/evidence?before=14"),
    )


def _keys() -> tuple[KeyRow, ...]:
    text = "fairmile.example/log+1f2e3d4c+AZk3" + digest("key", "").text
    return (
        KeyRow(
            name="fairmile.example/log",
            verifier=Identifier(text=text, names="verifier key"),
            state=state("active"),
            since_at=days(-40),
        ),
        KeyRow(
            name="fairmile.example/log",
            verifier=Identifier(
                text="fairmile.example/log+9a8b7c6d+AXp1" + digest("old", "").text, names="verifier key"
            ),
            state=state("retired"),
            since_at=days(-300),
            until_at=days(-40),
        ),
    )


def evidence_page(*, is_witnessed: bool) -> EvidencePage:
    """Return the overview of a log with or without a witness."""
    finding = Finding(
        level=Level.WARNING,
        what="Nobody outside this server watches the log",
        remedy="Ask a customer, or start a witness on a second host; it takes one command and a file.",
        at_stake="a rollback of the log could not be proved",
        owner="Dana Keller",
    )
    witnesses = (WitnessRow(name="contoso.example/witness", state=state("active"), size=1_284, seen_at=hours(-0.02)),)
    return EvidencePage(
        frame=frame("Evidence"),
        sentence="1,284 entries; the newest checkpoint was signed a moment ago and a witness has seen it."
        if is_witnessed
        else "1,284 entries; the newest checkpoint was signed a moment ago. No witness has seen it.",
        checkpoint=CHECKPOINT,
        waiting=1,
        keys=_keys(),
        witnesses=witnesses if is_witnessed else (),
        witness_command="fairkeeper witness https://fairmile.example/log --state witness.json",
        verify_command="fairkeeper evidence verify contoso.export",
        entries=_listing(),
        needs=() if is_witnessed else (finding,),
    )


def _entry_page(proof_state: ProofState, *, index: int | None) -> EntryPage:
    inclusion = Inclusion(
        index=index or 0,
        leaf=digest("leaf", "leaf hash"),
        siblings=tuple(digest(f"sibling {level}", f"hash {level}") for level in range(1, 11)),
        checkpoint=CHECKPOINT,
    )
    payload = '{\n  "from": 250,\n  "operation": "' + guid("ChangeQuantity-0", "").text + '",\n  "to": 300\n}'
    return EntryPage(
        frame=frame("Evidence"),
        trail=(Link(label="Evidence", href="/evidence.html"),),
        sentence="Seats of Contoso Agents changed from 250 to 300.",
        kind="customers.seats_changed/1",
        facts=(
            Fact(label="Entry", value=ulid("ent", 1, "entry id")),
            Fact(label="Happened", value=hours(-0.01)),
            Fact(label="Who", value="Microsoft", note="by webhook, both checks passed"),
            Fact(label="For whom", value=Link(label="Contoso", href="/customer.html")),
            Fact(label="Why allowed", value="Rule “up to 500 seats”", note="decided in 41 ms"),
            Fact(label="In the customer’s record", value=28),
        ),
        proof=proof(index, proof_state),
        payload=None if proof_state is ProofState.ERASED else payload,
        payload_note="Erased on 1 Nov 2026, when the retention clock ended" if proof_state is ProofState.ERASED else "",
        inclusion=None if index is None else inclusion,
        checks=(
            Check(what="The entry’s bytes hash to its leaf", state=state("passed")),
            Check(what="The leaf leads to the root of the checkpoint", state=state("passed")),
            Check(what="The checkpoint is signed by the log’s key", state=state("passed")),
            Check(
                what="A witness has cosigned the checkpoint",
                state=state("not_witnessed" if proof_state is ProofState.NOT_WITNESSED else "passed"),
                note="" if proof_state is not ProofState.NOT_WITNESSED else "A rollback could not be proved.",
            ),
        ),
        verify_command=f"fairkeeper evidence verify --entry {index or 0} https://fairmile.example/log",
        links=(
            Link(label="Entry before, of Contoso", href="/entry.html"),
            Link(label="All of Contoso", href="/customer.html"),
        ),
    )


def _receipt() -> ReceiptPage:
    stopped = datetime(2026, 11, 1, 8, 12, tzinfo=UTC)
    return ReceiptPage(
        frame=frame("Customers"),
        receipt=ulid("rcp", 3, "receipt id"),
        heading="Stopped",
        statement="Fairmile Software has stopped every use of Adatum’s subscription “Adatum Agents” "
        "since 1 Nov 2026, 08:12 UTC.",
        issued_at=stopped + timedelta(minutes=3),
        issuer="Fairmile Software",
        customer="Adatum",
        facts=(
            Fact(label="Subscription", value=guid("adatum-sub", "subscription id")),
            Fact(label="Reason", value="Unsubscribed by the customer"),
            Fact(label="Data is erased on", value=date(2026, 12, 4), note="a second receipt will say so"),
        ),
        done=(
            ReceiptLine(what="Calls of agents", state=state("stopped"), at=stopped, note="12 refused since"),
            ReceiptLine(what="Provisioned workspace", state=state("stopped"), at=stopped + timedelta(minutes=2)),
            ReceiptLine(what="Sign-in of 14 people", state=state("off"), at=stopped),
        ),
        remaining=(
            ReceiptLine(
                what="Enterprise application “Fairmile Agent” in your tenant",
                state=state("to_remove"),
                note="Microsoft Entra admin center, Enterprise applications, Delete. Only you can do this.",
            ),
        ),
        proofs=(
            entry(
                stopped,
                "customers.use_stopped/1",
                "Every use was stopped.",
                parties=("Microsoft", "Adatum"),
                index=1_201,
            ),
            entry(
                stopped + timedelta(minutes=3),
                "customers.receipt_signed/1",
                "This receipt was signed.",
                parties=("Fairkeeper", "Adatum"),
                index=1_204,
            ),
        ),
        signature=(
            Fact(label="Key", value="fairmile.example/log"),
            Fact(label="Algorithm", value="Ed25519"),
            Fact(label="Digest", value=digest("receipt", "digest", is_whole=True)),
        ),
        verify_command="fairkeeper evidence verify receipt.json",
        json_href="/receipts/receipt.json",
    )


def _receipts() -> ReceiptsPage:
    return ReceiptsPage(
        frame=frame("Customers"),
        sentence="2 receipts, each signed and verifiable without this server.",
        receipts=Listing(
            id="receipts",
            caption="Receipts",
            columns=tuple(Column(label=each) for each in ("Receipt", "State", "Issued", "Subscription", "Customer")),
            rows=tuple(
                ReceiptsRow(
                    link=Link(label=word, href="/receipt.html"),
                    receipt=ulid("ent", number, "receipt id"),
                    issued_at=days(-number),
                    state=state(word),
                    subscription=guid("adatum-sub", "subscription id", "/subscription.html"),
                    customer=Link(label="Adatum", href="/customer.html"),
                )
                for number, word in ((3, "Erased"), (33, "Stopped"))
            ),
            empty=Empty(title="No receipt yet", text="A signed receipt says what has stopped, and what remains."),
            address=Address("/receipts"),
        ),
    )


def _export(*, is_ready: bool) -> ExportPage:
    return ExportPage(
        frame=frame("Evidence"),
        whose="Contoso",
        token=ulid("exp", 4, "export id"),
        download=Link(label="Download the export", href="/export.jsonl") if is_ready else None,
        verify_command="fairkeeper evidence verify export.jsonl",
    )


def evidence_pages() -> dict[str, Page]:
    """Return the overview with and without a witness, an entry in each state, and a receipt."""
    return {
        "evidence": evidence_page(is_witnessed=False),
        "evidence-witnessed": evidence_page(is_witnessed=True),
        "entry": _entry_page(ProofState.VERIFIED, index=1_281),
        "entry-not-witnessed": _entry_page(ProofState.NOT_WITNESSED, index=1_281),
        "entry-waiting": _entry_page(ProofState.WAITING, index=None),
        "entry-erased": _entry_page(ProofState.ERASED, index=204),
        "receipt": _receipt(),
        "receipts": _receipts(),
        "export": _export(is_ready=True),
        "export-waiting": _export(is_ready=False),
    }
