"""The first-run guide: one page a step, with what to copy, a check that answers in words, and the way on."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.customers.actions.custody.move_custody import CustodyView, show_custody
from fairkeeper.errors import NotFoundError
from fairkeeper.overview.connections.looking import check_connections
from fairkeeper.overview.guide.guiding import (
    Guide,
    GuideLine,
    keep_guide_place,
    show_guide,
    skip_guide_step,
    take_up_guide_step,
)
from fairkeeper.overview.guide.steps import StepState
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.forms import Form
from fairkeeper.web.pages.guide import GuideMark, GuidePage
from fairkeeper.web.parts import Fact, Identifier, Link
from fairkeeper.web.serving.asking import new_key, told
from fairkeeper.web.serving.console import CALLBACK_PATH
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import resource_link
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

HERE: Final = "/guide"
_LOOK_AGAIN: Final = {"Refresh": "2"}
_DONE_HERE: Final = {
    "owners": (Link(label="Invite somebody", href="/settings/people"),),
    "subscriptions": (
        Link(label="Compare with Microsoft", href="/webhooks/compare"),
        Link(label="See what is observed", href="/custody"),
    ),
    "technical-configuration": (Link(label="Values for Partner Center", href="/settings/partner-center"),),
}


def guide_link(guide: Guide) -> Link:
    """Return the way to where somebody goes on with the guide.

    Example:
        >>> done = Guide(steps=(), place="", next="", finished=0, is_connected=True, looked_at=None, is_under_way=False)
        >>> guide_link(done).label
        'Connect a publisher: all steps are finished'
    """
    if not guide.next:
        return Link(label="Connect a publisher: all steps are finished", href=HERE)
    number = next(at for at, line in enumerate(guide.steps, 1) if line.key == guide.next)
    return Link(label=f"Connect a publisher: step {number} of {len(guide.steps)}", href=f"{HERE}/{guide.next}")


def open_guide(visit: Visit) -> Response:
    """Go to where somebody was, or to the first step that is not finished."""
    guide: Guide = visit.run(show_guide)
    states = {line.key: line.state for line in guide.steps}
    was_there = guide.place if states.get(guide.place) not in {None, "works", "skipped"} else ""
    return visit.go(f"{HERE}/{was_there or guide.next or guide.steps[0].key}")


def show_step(visit: Visit) -> Response:
    """Show a step, and remember that this person is there."""
    guide: Guide = visit.run(show_guide)
    number, line = _line(visit, guide)
    if guide.place != line.key:
        visit.run_as_system("guide", keep_guide_place, person_id=visit.principal.id, step=line.key)
    address = f"{HERE}/{line.key}"
    neighbours = {at: Link(label=each.title, href=f"{HERE}/{each.key}") for at, each in enumerate(guide.steps, 1)}
    custody: CustodyView | None = visit.run(show_custody) if visit.allows(show_custody) else None
    page = GuidePage(
        frame=frame(visit, "Settings"),
        trail=(Link(label="Connections", href="/settings/connections"),),
        name=line.title,
        number=number,
        of=len(guide.steps),
        where=line.where,
        does=line.does,
        settings=line.settings,
        state=state(line.state),
        told=(*line.told, *_observed(line, custody)),
        todo=tuple(f"{each.message} {each.remedy}" for each in line.findings),
        values=_values(visit, line),
        marks=tuple(
            GuideMark(
                number=at,
                way=Link(label=each.title, href=f"{HERE}/{each.key}"),
                state=state(each.state),
                is_here=each.key == line.key,
            )
            for at, each in enumerate(guide.steps, 1)
        ),
        is_under_way=guide.is_under_way,
        looked="" if guide.looked_at is None else f"Last looked at {when_text(guide.looked_at)}.",
        resource=resource_link(line.resource),
        check=_form(f"{address}/check", "Check this step") if visit.allows(check_connections) else None,
        put_off=_put_off(visit, line),
        ways=_DONE_HERE.get(line.key, ()),
        before=neighbours.get(number - 1),
        after=neighbours.get(number + 1),
    )
    return visit.show(page, headers=_LOOK_AGAIN if guide.is_under_way else {})


def check_step(visit: Visit) -> Response:
    """Look at what proves a step."""
    _, line = _line(visit, visit.run(show_guide))
    visit.run(check_connections, step=line.key)
    return visit.go(f"{HERE}/{line.key}")


def put_step_off(visit: Visit) -> Response:
    """Put a step off."""
    return _mark(visit, is_skipped=True)


def take_step_up(visit: Visit) -> Response:
    """Take a step up again that was put off."""
    return _mark(visit, is_skipped=False)


def _mark(visit: Visit, *, is_skipped: bool) -> Response:
    _, line = _line(visit, visit.run(show_guide))
    visit.run(skip_guide_step if is_skipped else take_up_guide_step, step=line.key)
    return visit.go(told(visit, f"{HERE}/{line.key}"))


def _line(visit: Visit, guide: Guide) -> tuple[int, GuideLine]:
    wanted = visit.named("step")[:40]
    for number, line in enumerate(guide.steps, 1):
        if line.key == wanted:
            return number, line
    raise NotFoundError(f"The guide has no step {wanted!r}.", code="overview.no_guide_step")


def _form(action: str, submit: str) -> Form:
    return Form(id=action.strip("/").replace("/", "-"), action=action, submit=submit, idempotency_key=new_key())


def _put_off(visit: Visit, line: GuideLine) -> Form | None:
    if not line.can_skip or line.state == StepState.WORKS.value or not visit.allows(skip_guide_step):
        return None
    if line.state == StepState.SKIPPED.value:
        return _form(f"{HERE}/{line.key}/take-up", "Do it after all")
    return _form(f"{HERE}/{line.key}/put-off", "Put it off")


def _values(visit: Visit, line: GuideLine) -> tuple[Fact, ...]:
    """Return what a step wants copied into Microsoft's pages."""
    if line.key == "technical-configuration":
        return visit.parts.house.technical
    if line.key == "sign-in":
        return (_address("Redirect address", f"{visit.parts.house.address}{CALLBACK_PATH}"),)
    if line.key == "addresses":
        return (_address("Public address", visit.parts.house.address),)
    return ()


def _address(label: str, text: str) -> Fact:
    return Fact(label=label, value=Identifier(text=text, names=label.lower(), is_whole=True))


def _observed(line: GuideLine, custody: CustodyView | None) -> tuple[str, ...]:
    if line.key != "subscriptions" or custody is None:
        return ()
    mode = "This installation observes and changes nothing outside." if custody.is_observing else "Changes are made."
    numbers = f"{count(custody.observed, 'subscription')} observed, {count(custody.managed)} managed"
    return (f"{mode} {numbers}; {count(custody.would_have, 'thing')} would have been done.",)


WAYS: Final[tuple[Way, ...]] = (
    get(HERE, open_guide, Audience.STAFF),
    get(f"{HERE}/{{step}}", show_step, Audience.STAFF),
    post(f"{HERE}/{{step}}/check", check_step, Audience.STAFF),
    post(f"{HERE}/{{step}}/put-off", put_step_off, Audience.STAFF),
    post(f"{HERE}/{{step}}/take-up", take_step_up, Audience.STAFF),
)
