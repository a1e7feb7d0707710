"""The one trace as a page, for staff and for a customer's people, who see their own stretch of it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.errors import NotFoundError
from fairkeeper.overview.tracing.tracing import trace_anything
from fairkeeper.overview.tracing.views import MOST, ChainLink, LinkState, Traced, WholeTrace
from fairkeeper.web.format import StateWord, Tone
from fairkeeper.web.pages.trace import ChainPlace, TracedThing, WholeTracePage
from fairkeeper.web.parts import Identifier, Link
from fairkeeper.web.routes.payouts.shared import money
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.tracing import trace_address
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get

_SHORTEST: Final = 2
_NAMES: Final = {
    "bank": "Bank",
    "paid": "Payment",
    "earned": "Earning",
    "billed": "Revenue line",
    "usage": "Usage at Microsoft",
    "order": "Order",
    "deal": "Deal",
    "metered": "Metered hour",
    "action": "Agent’s action",
    "decision": "Decision",
    "policy": "Policy",
    "grant": "Grant",
    "link": "Tenant link",
}
_STATES: Final = {
    LinkState.FOUND: StateWord(tone=Tone.GOOD, word="Found"),
    LinkState.MISSING: StateWord(tone=Tone.CARE, word="Missing"),
    LinkState.HIDDEN: StateWord(tone=Tone.QUIET, word="Not shown"),
}


def show_trace(visit: Visit) -> Response:
    """Show the chain of whatever id somebody has."""
    subject = visit.query("id")[:300]
    sentence = "Follow one id from the payment back to the tenant that was trusted, or the other way."
    places: tuple[ChainPlace, ...] = ()
    if len(subject) >= _SHORTEST:
        try:
            found: WholeTrace = visit.read(trace_anything, id=subject)
        except NotFoundError as error:
            sentence = f"{error.message} {error.remedy}".replace("`", "“", 1).replace("`", "”", 1)
        else:
            sentence = _sentence(found)
            places = tuple(_place(link) for link in found.chain)
    return visit.show(WholeTracePage(frame=frame(visit), subject=subject, sentence=sentence, places=places))


def _sentence(found: WholeTrace) -> str:
    there = sum(link.state is LinkState.FOUND for link in found.chain)
    shown = sum(link.state is not LinkState.HIDDEN for link in found.chain)
    return f"{found.subject}, the id of a {found.named}: {there} of {shown} links are there."


def _place(link: ChainLink) -> ChainPlace:
    return ChainPlace(
        name=_NAMES[link.name],
        state=_STATES[link.state],
        why=link.why,
        things=tuple(_thing(each) for each in link.things),
        more=f"The newest {MOST}; there are more." if link.has_more else "",
    )


def _thing(each: Traced) -> TracedThing:
    return TracedThing(
        kind=each.kind,
        link=Link(label=each.label, href=each.page),
        identifier=Identifier(text=each.id, names=f"id of the {each.kind}"),
        trace=Link(label="Trace from here", href=trace_address(each.id)),
        at=each.at or each.on,
        amount=money(each.amount, each.currency),
        note=each.note,
    )


WAYS: Final[tuple[Way, ...]] = (get("/trace", show_trace),)
