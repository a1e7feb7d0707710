"""How far buyers come on the landing page, where they stop, and why."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.overview.onboarding import Funnel, show_funnel
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count
from fairkeeper.web.listing import Choice, Column, Filter, Listing
from fairkeeper.web.pages.onboarding import OnboardingPage, StepRow, StopRow
from fairkeeper.web.parts import Empty, Link
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

_HERE: Final = "/onboarding"
_STEPS: Final = {
    "opened": "Opened the page from Microsoft",
    "signed_in": "Signed in",
    "let_in": "Let in: it is theirs",
    "asked": "Activated",
}


def show(visit: Visit) -> Response:
    """Show the funnel."""
    funnel = _funnel(visit)
    opened = funnel.steps[0].reached
    page = OnboardingPage(
        frame=frame(visit, "Customers"),
        trail=(Link(label="Customers", href="/customers"),),
        sentence=f"{count(opened, 'browser')} came with a new purchase in {funnel.days} days, "
        f"{count(funnel.steps[-1].reached)} activated it; {count(funnel.managing)} came to manage one.",
        steps=_steps(funnel),
        stops=_stops(visit, funnel),
    )
    return visit.show(page)


def sheet_of_stops(visit: Visit) -> Sheet:
    """Return where they stop as a sheet."""
    return sheet_of_rows("onboarding", StopRow, _rows(_funnel(visit)))


def _funnel(visit: Visit) -> Funnel:
    asked = {"days": visit.query("days")} if visit.query("days") else {}
    found: Funnel = visit.read(show_funnel, **asked)
    return found


def _steps(funnel: Funnel) -> tuple[StepRow, ...]:
    rows, before = [], 0
    for number, step in enumerate(funnel.steps):
        share = "" if number == 0 else "none came" if before == 0 else f"{step.reached * 100 // before} %"
        rows.append(StepRow(step=_STEPS[step.step], reached=step.reached, share=share))
        before = step.reached
    return tuple(rows)


def _rows(funnel: Funnel) -> tuple[StopRow, ...]:
    return tuple(StopRow(after=_STEPS[stop.after], reason=stop.reason, browsers=stop.count) for stop in funnel.stops)


def _stops(visit: Visit, funnel: Funnel) -> Listing[StopRow]:
    address = Address.of(_HERE, visit.request.query_params.multi_items())
    return Listing(
        id="stops",
        caption="Where they stop",
        columns=(Column(label="After"), Column(label="Why"), Column(label="Browsers", is_number=True)),
        rows=_rows(funnel),
        empty=Empty(title="Nobody has stopped", text="Whoever came with a purchase in these days has activated it."),
        address=address,
        filters=(
            Filter(
                name="days",
                label="Days",
                choices=tuple(Choice(value=str(days), label=f"Last {days} days") for days in (7, 30, 90, 365)),
            ),
        ),
        exports=export_links(address),
    )


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show, Audience.STAFF),
    *export_ways(_HERE, sheet_of_stops, Audience.STAFF),
)
