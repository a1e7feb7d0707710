"""Proofs of usage: made for an invoice's days, shown with how they are checked, sent as a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.metering.actions.proving import ProofFile, find_proof, list_proofs, prove_usage, show_proof
from fairkeeper.metering.proving.replay import SOURCES
from fairkeeper.metering.proving.verification import NOT_PROVED, PROVED
from fairkeeper.metering.rules.quantity import show_units
from fairkeeper.metering.views import (
    ProofLine,
    UsageDetail,
)
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.forms import Field, FieldKind
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.usage import (
    ProofPage,
    ProofRow,
    ProvedRow,
)
from fairkeeper.web.parts import Empty, Fact, Identifier, Link
from fairkeeper.web.routes.usage.reading import ROOM, TRAIL, WORDS, detail_of
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    ask,
    ask_again,
    question_at,
    try_to,
    typed_fields,
)
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get, post

_TAKEN_UP_SECONDS: Final = 3.0
"""How long a new proof is waited for: the log takes up what is recorded once a second."""
_LOOK_SECONDS: Final = 0.1


def proofs_of(visit: Visit, detail: UsageDetail, address: Address) -> Listing[ProofRow]:
    """Return the proofs that were made of a subscription's usage."""
    found: tuple[ProofLine, ...] = visit.run(list_proofs, resource_id=detail.resource_id)
    return Listing(
        id="proofs",
        caption="Proofs",
        columns=(
            Column(label="Days"),
            Column(label="Made"),
            Column(label="Used", is_number=True),
            Column(label="File"),
            Column(label="State"),
        ),
        rows=tuple(_proof_row(each) for each in found),
        empty=Empty(
            title="No proof yet",
            text="Make the proof of an invoice’s days: the customer checks it without asking anybody.",
        ),
        address=address,
        exports=export_links(address),
    )


def _proof_row(each: ProofLine) -> ProofRow:
    here = f"/usage/proofs/{each.proof_id}"
    return ProofRow(
        proof=Link(label=_days_told(each), href=here),
        made_at=each.made_at,
        units="; ".join(f"{show_units(line['units'])} {line['dimension']}" for line in each.lines) or "nothing",
        file=Link(label="Download", href=f"{here}/file") if each.is_placed else None,
        state=state("done" if each.is_placed else "waiting"),
    )


def _days_told(each: ProofLine) -> str:
    last = each.to_on - timedelta(days=1)
    return when_text(each.from_on) if last == each.from_on else f"{when_text(each.from_on)} to {when_text(last)}"


def sheet_of_proofs(visit: Visit) -> Sheet:
    """Return the proofs that were made as a sheet."""
    return sheet_of_rows("proofs", ProofRow, proofs_of(visit, detail_of(visit), visit.address).rows)


def show_proved(visit: Visit) -> Response:
    """Show what a proof states, with its file and how it is checked."""
    found: ProofLine = visit.run(find_proof, proof_id=visit.named("proof_id")[:40])
    here = f"/usage/{found.resource_id}"
    told = "The file holds everything that is needed to check it." if found.is_placed else "The log takes it up now."
    page = ProofPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=found.customer_name, href=here)),
        heading=f"Proof of usage of {found.customer_name}, {_days_told(found)}",
        sentence=told if found.is_placed else f"{told} Look again in a moment.",
        state=state("done" if found.is_placed else "waiting"),
        facts=(
            Fact(label="Proof", value=Identifier(text=found.proof_id, names="proof id")),
            Fact(label="Made", value=found.made_at),
            Fact(label="Entries in it", value=count(found.entries)),
            Fact(label="Its own entry", value=Link(label="The evidence", href=f"/evidence/{found.proof_id}")),
        ),
        rows=tuple(_proved_row(line) for line in found.lines),
        proves=PROVED,
        proves_not=NOT_PROVED,
        verify=f"fairkeeper metering verify usage-{found.proof_id}.jsonl",
        file_href=f"/usage/proofs/{found.proof_id}/file" if found.is_placed else "",
    )
    return visit.show(page)


def _proved_row(line: Mapping[str, Any]) -> ProvedRow:
    return ProvedRow(
        dimension=line["dimension"],
        plan=line["plan"],
        units=show_units(line["units"]),
        sources=tuple(f"{show_units(milli)}: {SOURCES.get(name, name)}" for name, milli in line["sources"].items()),
        reported=tuple(f"{show_units(milli)} {WORDS.get(name, name)}" for name, milli in line["reported"].items()),
    )


def prove_asking(visit: Visit, detail: UsageDetail) -> Asking:
    """Return the question for which days a proof is made; the running month stands there at first."""
    here = f"/usage/{detail.resource_id}"
    until = visit.now.date() + timedelta(days=1)
    days = (("from_on", "From", until.replace(day=1)), ("to_on", "Until the day before", until))
    words = Words(
        opener="Make the proof",
        title="Make the proof of usage for an invoice?",
        points=(
            "It holds every entry that the quantities follow from, and nothing of other customers.",
            "The customer checks it with fairkeeper metering verify.",
        ),
        submit="Make it",
        fields=tuple(
            Field(name=name, label=label, kind=FieldKind.DATE, value=day.isoformat()) for name, label, day in days
        ),
    )
    return Asking(
        operation=prove_usage,
        question=question_at(f"{here}/prove", words, back=here),
        back=here,
        room=ROOM,
        fixed={"resource_id": detail.resource_id},
        trail=(*TRAIL, Link(label=detail.customer_name, href=here)),
    )


def ask_to_prove(visit: Visit) -> Response:
    """Ask for the days of a proof."""
    return ask(visit, prove_asking(visit, detail_of(visit)))


def prove(visit: Visit) -> Response:
    """Make a proof, and show it as soon as the log has taken it up."""
    asking = prove_asking(visit, detail_of(visit))
    made = try_to(visit, prove_usage, **asking.fixed, **typed_fields(visit, asking.question.form))
    if isinstance(made, Refused):
        return ask_again(visit, asking, made)
    until = time.monotonic() + _TAKEN_UP_SECONDS
    while time.monotonic() < until and not visit.run(find_proof, proof_id=made.proof_id).is_placed:
        time.sleep(_LOOK_SECONDS)
    return visit.go(f"/usage/proofs/{made.proof_id}")


def send_proof(visit: Visit) -> Response:
    """Send a proof as a file."""
    made: ProofFile = visit.run(show_proof, proof_id=visit.named("proof_id")[:40])
    return Response(
        made.text,
        media_type="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{made.name}"'},
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/usage/proofs/{proof_id}", show_proved),
    get("/usage/proofs/{proof_id}/file", send_proof),
    *export_ways("/usage/{resource_id}/proofs", sheet_of_proofs),
    get("/usage/{resource_id}/prove", ask_to_prove),
    post("/usage/{resource_id}/prove", prove),
)
