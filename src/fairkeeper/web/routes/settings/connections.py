"""Every connection with its state, and a look at all of them now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.overview.connections.catalogue import LookState
from fairkeeper.overview.connections.looking import (
    Connections,
    LookFinding,
    check_connections,
    list_connections,
)
from fairkeeper.overview.guide.guiding import Guide, show_guide
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Form
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.settings import ConnectionRow, ConnectionsPage
from fairkeeper.web.parts import Empty
from fairkeeper.web.routes.entry.guide import guide_link
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import new_key, told
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/settings/connections"
_LOOK_AGAIN: Final = {"Refresh": "2"}


def show(visit: Visit) -> Response:
    """Show the connections, and how far the guide is."""
    found: Connections = visit.run(list_connections)
    guide: Guide = visit.run(show_guide)
    to_mend = sum(line.state == LookState.MEND.value for line in found.connections)
    page = ConnectionsPage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "connections"),
        sentence=_sentence(found, to_mend),
        looked_at=found.looked_at,
        is_under_way=found.is_under_way,
        check=Form(id="connections-check", action=f"{_HERE}/check", submit="Check now", idempotency_key=new_key())
        if visit.allows(check_connections)
        else None,
        connections=_listing(visit, found),
        guide=guide_link(guide),
    )
    return visit.show(page, headers=_LOOK_AGAIN if found.is_under_way else {})


def check(visit: Visit) -> Response:
    """Look at everything now."""
    visit.run(check_connections)
    return visit.go(told(visit, _HERE))


def sheet_of_connections(visit: Visit) -> Sheet:
    """Return the connections as a sheet."""
    return sheet_of_rows("connections", ConnectionRow, _rows(visit.run(list_connections)))


def _sentence(found: Connections, to_mend: int) -> str:
    if found.looked_at is None:
        return "Nobody has looked yet. A look reads, and changes nothing."
    if to_mend:
        return f"{count(to_mend, 'connection')} {'has' if to_mend == 1 else 'have'} something to mend."
    return "Everything that is set works."


def _rows(found: Connections) -> Iterator[ConnectionRow]:
    for line in found.connections:
        yield ConnectionRow(
            name=line.name,
            purpose=line.purpose,
            state=state(line.state),
            told=" ".join(_todo(each) for each in line.findings) or line.note,
            settings=line.settings,
        )


def _listing(visit: Visit, found: Connections) -> Listing[ConnectionRow]:
    return Listing(
        id="connections",
        caption="Connections",
        columns=(Column(label="Connection"), Column(label="State"), Column(label="What was seen")),
        rows=tuple(_rows(found)),
        empty=Empty(title="Nothing is connected", text="Each connection stands here with its state."),
        address=visit.address.without("recorded"),
        exports=export_links(visit.address),
    )


def _todo(finding: LookFinding) -> str:
    return f"{finding.message} {finding.remedy}"


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show, Audience.STAFF),
    post(f"{_HERE}/check", check, Audience.STAFF),
    *export_ways(_HERE, sheet_of_connections, Audience.STAFF),
)
