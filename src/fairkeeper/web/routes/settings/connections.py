"""Every connection with its state, a look at all of them now, and the steps by which a real publisher is connected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.customers.actions.custody.move_custody import CustodyView, show_custody
from fairkeeper.overview.connections.catalogue import LookState
from fairkeeper.overview.connections.looking import (
    Connections,
    LookFinding,
    StepLine,
    check_connections,
    list_connections,
)
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Form
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.settings import ConnectionRow, ConnectionsPage, GuideStepPart
from fairkeeper.web.parts import Empty, Fact, Identifier, Link
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import new_key, told
from fairkeeper.web.serving.console import CALLBACK_PATH
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import resource_link
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/settings/connections"
_LOOK_AGAIN: Final = {"Refresh": "2"}
_DONE: Final = {LookState.WORKS.value}


def show(visit: Visit) -> Response:
    """Show the connections and the guide."""
    found: Connections = visit.run(list_connections)
    custody: CustodyView | None = visit.run(show_custody) if visit.allows(show_custody) else None
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
        steps=(*_steps(visit, found), _last_step(visit, found, custody)),
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


def _steps(visit: Visit, found: Connections) -> Iterator[GuideStepPart]:
    """Return the steps; the first that is not done is unfolded."""
    first = next((step.key for step in found.steps if step.state not in _DONE), "")
    for number, step in enumerate(found.steps, 1):
        yield GuideStepPart(
            number=number,
            title=step.title,
            text=step.text,
            state=state(step.state),
            is_open=step.key == first,
            resource=resource_link(step.resource),
            values=_values(visit, step),
            todo=[_todo(each) for each in step.findings],
        )


def _values(visit: Visit, step: StepLine) -> tuple[Fact, ...]:
    """Return what a step wants copied into Microsoft's pages."""
    if step.key == "technical-configuration":
        return visit.parts.house.technical
    if step.key == "sign-in":
        text = f"{visit.parts.house.address}{CALLBACK_PATH}"
        return (Fact(label="Redirect address", value=Identifier(text=text, names="redirect address", is_whole=True)),)
    return ()


def _last_step(visit: Visit, found: Connections, custody: CustodyView | None) -> GuideStepPart:
    """Return the step that only a person can call done: to take over what is observed."""
    is_open = all(step.state in _DONE for step in found.steps)
    ways = (Link(label="See what is observed", href="/custody"),) if custody else ()
    is_done = custody is not None and not custody.is_observing and not custody.observed
    return GuideStepPart(
        number=len(found.steps) + 1,
        title="Take your customers over, one after the other",
        text="The first synchronisation records your live subscriptions as observed, and changes nothing. Look at what "
        "would have been done; then set FAIRKEEPER_MODE=manage and take them over, few at first.",
        state=state("done" if is_done else "observed"),
        is_open=is_open,
        resource=None,
        todo=() if custody is None else (_custody(custody),),
        ways=ways if visit.is_staff else (),
    )


def _custody(custody: CustodyView) -> str:
    mode = "This installation observes and changes nothing outside." if custody.is_observing else "Changes are made."
    return (
        f"{mode} {count(custody.observed, 'subscription')} observed, {count(custody.managed)} managed; "
        f"{count(custody.would_have, 'thing')} would have been done."
    )


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show, Audience.STAFF),
    post(f"{_HERE}/check", check, Audience.STAFF),
    *export_ways(_HERE, sheet_of_connections, Audience.STAFF),
)
