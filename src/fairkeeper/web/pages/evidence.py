"""The evidence: how the log stands, one entry with its proof, and a receipt to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Check, Fact, Finding, Identifier, Link, Proof, TimelineEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The signed head of the log; `note` is the signed note as it is published, to the byte."""

    origin: str
    size: int
    root: Identifier
    signed_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key that signs checkpoints: its name, its verifier key, from when to when."""

    name: str
    verifier: Identifier
    state: StateWord
    since_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessRow:
    """A witness that cosigns: who, the size it has seen, and when."""

    name: str
    state: StateWord
    size: int | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePage(Page):
    """How the log stands, who vouches for it, and the entries.

    Args:
        sentence: The state of the log in words.
        checkpoint: The signed head; None before the first entry.
        waiting: Entries that wait for the next checkpoint.
        keys: Keys that sign.
        witnesses: Who cosigns; none means "not witnessed".
        witness_command: How somebody becomes a witness.
        verify_command: How somebody checks an export offline.
        entries: The entries, newest first.
        needs: What needs a person.
    """

    template: ClassVar[str] = "pages/evidence.html"
    sentence: str
    checkpoint: Checkpoint | None
    waiting: int
    keys: Sequence[KeyRow]
    witnesses: Sequence[WitnessRow]
    witness_command: str
    verify_command: str
    entries: Listing[TimelineEntry]
    needs: Sequence[Finding] = ()
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """The room's name."""
        return "Evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """The proof that an entry is in the log: its leaf, the hashes beside its way up, and the root they lead to."""

    index: int
    leaf: Identifier
    siblings: Sequence[Identifier]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage(Page):
    """One entry with its proof.

    Args:
        sentence: What happened, in words.
        kind: The entry's kind with its version.
        facts: The header: who, for whom, when, under which decision.
        proof: The badge.
        payload: The payload as canonical JSON; None if erased or not for these eyes.
        payload_note: Why there is no payload.
        inclusion: None while it waits for its checkpoint.
        checks: What this server checked just now.
        verify_command: How to check it without this server.
        links: The entries before and after it in the same customer's record, its receipt.
    """

    template: ClassVar[str] = "pages/entry.html"
    sentence: str
    kind: str
    facts: Sequence[Fact]
    proof: Proof
    payload: str | None
    inclusion: Inclusion | None
    checks: Sequence[Check]
    verify_command: str
    payload_note: str = ""
    links: Sequence[Link] = ()
    questions: Sequence[Question] = ()

    @property
    def title(self) -> str:
        """Its index once it has one."""
        return "Entry waiting for its index" if self.proof.index is None else f"Entry {self.proof.index:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPage(Page):
    """An export that was asked for: it is ready once its own entry has its place in the log.

    Args:
        whose: Whose record it is.
        token: Its id.
        download: The way to the file; None while it waits.
        verify_command: How to check it without this server.
    """

    template: ClassVar[str] = "pages/export.html"
    whose: str
    token: Identifier
    download: Link | None
    verify_command: str

    @property
    def title(self) -> str:
        """Whose record it is."""
        return f"Export: {self.whose}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsRow:
    """A receipt in a list."""

    link: Link
    receipt: Identifier
    issued_at: datetime
    state: StateWord
    subscription: Identifier | None
    customer: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsPage(Page):
    """All receipts that were signed, newest first."""

    template: ClassVar[str] = "pages/receipts.html"
    sentence: str
    receipts: Listing[ReceiptsRow]

    @property
    def title(self) -> str:
        """The list's name."""
        return "Receipts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A line of a receipt: what, how it stands, since when, and what to do about it, step by step."""

    what: str
    state: StateWord
    at: datetime | None = None
    note: str = ""
    steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage(Page):
    """A signed statement with its proofs, made to be printed.

    Args:
        receipt: Its id.
        heading: What it states (`Stopped`, `Erased`).
        statement: The same in one sentence.
        issued_at: When it was signed.
        issuer: The publisher that signed it.
        customer: Whom it is for.
        facts: What it is about.
        done: What stopped or was erased.
        remaining: What the customer still has to remove.
        proofs: The entries it rests on.
        signature: Key, algorithm and digest.
        verify_command: How to check it without this server.
        json_href: The same for programs.
    """

    template: ClassVar[str] = "pages/receipt.html"
    receipt: Identifier
    heading: str
    statement: str
    issued_at: datetime
    issuer: str
    customer: str
    facts: Sequence[Fact]
    done: Sequence[ReceiptLine]
    remaining: Sequence[ReceiptLine]
    proofs: Sequence[TimelineEntry]
    signature: Sequence[Fact]
    verify_command: str
    json_href: str
    done_title: str = "What stopped"
    remaining_title: str = "What remains with you"

    @property
    def title(self) -> str:
        """What it states, for whom."""
        return f"Receipt: {self.heading}, {self.customer}"
