"""The whole chain, made up: a payment with everything behind it, and one that breaks off."""

from __future__ import annotations

from fairkeeper.web.format import StateWord, Tone
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.trace import ChainPlace, TracedThing, WholeTracePage
from fairkeeper.web.parts import Identifier, Link
from fairkeeper.web.preview.frames import days, frame

_FOUND = StateWord(tone=Tone.GOOD, word="Found")
_MISSING = StateWord(tone=Tone.CARE, word="Missing")
_HIDDEN = StateWord(tone=Tone.QUIET, word="Not shown")


def _thing(kind: str, label: str, subject: str, *, amount: str = "", note: str = "") -> TracedThing:
    return TracedThing(
        kind=kind,
        link=Link(label=label, href="/decision.html"),
        identifier=Identifier(text=subject, names=f"id of the {kind}"),
        trace=Link(label="Trace from here", href="/trace.html"),
        at=days(-3),
        amount=amount,
        note=note,
    )


def tracing_pages() -> dict[str, Page]:
    """Return the trace's page without an id, and with one."""
    places = (
        ChainPlace(
            name="Payment",
            state=_FOUND,
            things=(_thing("payment", "Payment 2026100010042", "2026100010042", amount="64,289.58 EUR", note="Sent"),),
            why="Of the whole order: no row of a report names a single call.",
        ),
        ChainPlace(
            name="Deal", state=_MISSING, why="No deal: no private offer was named, and no deal fits this purchase."
        ),
        ChainPlace(
            name="Decision",
            state=_FOUND,
            things=(
                _thing(
                    "decision", "letters.answer: allowed", "dec_01JD4Y7M2N8Q5R9S3T6V0WXYZ4", note="It is permitted."
                ),
                _thing(
                    "decision", "letters.answer: allowed", "dec_01JD4Y7M2N8Q5R9S3T6V0WXYZ5", note="It is permitted."
                ),
            ),
            more="The newest 20; there are more.",
        ),
        ChainPlace(name="Tenant link", state=_HIDDEN, why="None of your roles reads consent."),
    )
    return {
        "trace": WholeTracePage(
            frame=frame(),
            subject="2026100010042",
            sentence="2026100010042, the id of a payment: 11 of 12 links are there.",
            places=places,
        ),
        "trace-empty": WholeTracePage(
            frame=frame(),
            subject="",
            sentence="Follow one id from the payment back to the tenant that was trusted, or the other way.",
        ),
    }
