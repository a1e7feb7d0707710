"""Every part in every state, on one page that only the preview has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from fairkeeper.values.money import Money
from fairkeeper.web.format import Tone, state
from fairkeeper.web.forms import Field, FieldKind, Form, Option, Question, with_answers
from fairkeeper.web.listing import Listing
from fairkeeper.web.pages.base import Environment, Page
from fairkeeper.web.pages.customers import CustomerRow
from fairkeeper.web.parts import Deadline, Empty, Fact, Finding, Link, Notice, Path, Proof, ProofState, Tab
from fairkeeper.web.preview.customers import (
    OPERATING,
    STUCK,
    WAITING,
    customers_listing,
    retry_question,
    revoke_question,
)
from fairkeeper.web.preview.frames import days, digest, frame, guid, proof
from fairkeeper.web.preview.today import DEADLINES, FINDINGS

_STATES = (
    *("PendingFulfillmentStart", "Subscribed", "Suspended", "Unsubscribed", "running", "ready", "failed", "draining"),
    *("stopped", "erased", "held", "expired", "Hibernated"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsPage(Page):
    """Every part in every state."""

    template: ClassVar[str] = "preview/parts.html"
    states: Sequence[str]
    proofs: Sequence[Proof]
    paths: Sequence[Path]
    needs: Sequence[Finding | Deadline]
    facts: Sequence[Fact]
    tabs: Sequence[Tab]
    form: Form
    questions: Sequence[Question]
    empty: Empty
    nothing: Listing[CustomerRow]
    notices: Sequence[Notice]

    @property
    def title(self) -> str:
        """What it shows."""
        return "Parts"


def _form() -> Form:
    form = Form(
        id="every-field",
        action="/nowhere",
        submit="Save",
        idempotency_key="01JDA0000000000000000FIELD",
        cancel=Link(label="Go back", href="/"),
        fields=(
            Field(name="name", label="Name"),
            Field(name="seats", label="Seats", kind=FieldKind.NUMBER, unit="seats", hint="Between 1 and 500."),
            Field(name="note", label="Note", kind=FieldKind.LONG_TEXT, is_required=False),
            Field(
                name="lane",
                label="Lane",
                kind=FieldKind.RADIO,
                options=(
                    Option(value="a", label="Automatic"),
                    Option(value="b", label="Approval", hint="Asks a person."),
                ),
            ),
            Field(name="sure", label="I have read it", kind=FieldKind.CHECKBOX),
        ),
    )
    return with_answers(
        form,
        {"name": "Contoso & <b>Sons</b>", "seats": "5000"},
        {"seats": "5,000 is more than the plan’s 500.", "lane": "Choose one.", "sure": "Tick it to go on."},
    )


def parts_page() -> PartsPage:
    """Return the page of all parts."""
    return PartsPage(
        frame=frame(environment=Environment.OBSERVING),
        states=_STATES,
        proofs=tuple(proof(None if each is ProofState.WAITING else 1_204, each) for each in ProofState),
        paths=(OPERATING, WAITING, STUCK),
        needs=(*DEADLINES[:2], replace(DEADLINES[0], due_at=days(40), action=None, owner=""), *FINDINGS),
        facts=(
            Fact(label="Text", value="Contoso"),
            Fact(label="Number", value=1_284_000),
            Fact(label="Amount", value=Money.from_decimal_text("-1234567.50", "EUR"), note="a credit"),
            Fact(label="Day", value=days(3).date()),
            Fact(label="Instant", value=days(-70)),
            Fact(label="Id", value=guid("contoso", "tenant id", "/customer.html")),
            Fact(label="Hash", value=digest("root", "root hash", is_whole=True)),
            Fact(label="State", value=state("Suspended")),
            Fact(label="Link", value=Link(label="Contoso", href="/customer.html")),
            Fact(label="Nothing", value=None),
        ),
        tabs=(Tab(label="Here", href="#here", is_here=True, count=3), Tab(label="There", href="#there")),
        form=_form(),
        questions=(revoke_question(), retry_question()),
        empty=Empty(title="Nothing here yet", text="What this room does, and the first step."),
        nothing=customers_listing(query=(("text", "wingtip"),), is_empty=True),
        notices=tuple(Notice(text=f"A notice that is {tone.value}.", tone=tone) for tone in Tone),
    )
