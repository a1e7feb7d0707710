"""Posture: each risk of the OWASP lists, each control with the tests that show it at work, and the gap."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.posture.showing import ControlLine, RiskLine, list_controls, show_posture
from fairkeeper.errors import NotFoundError
from fairkeeper.web.pages.assurance import Block, ReportPage
from fairkeeper.web.parts import Fact, Link
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, tabs
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get


def show_all(visit: Visit) -> Response:
    """Show every risk with how many controls stand against it."""
    lines: list[RiskLine] = visit.run(show_posture)
    sources = tuple(dict.fromkeys(line.source for line in lines))
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name="Posture",
        sentence="What stands against each risk, the tests that show it, and what it does not reach.",
        tabs=tabs(visit, "Posture"),
        blocks=(
            Block(id="more", heading="More", facts=_pages(visit)),
            *(_list(source, [line for line in lines if line.source == source]) for source in sources),
        ),
    )
    return visit.show(page)


def _pages(visit: Visit) -> tuple[Fact, ...]:
    offered = [Fact(label="Every control", value=Link(label="Controls and their tests", href="/assurance/controls"))]
    if visit.is_staff:
        offered.append(
            Fact(label="A customer’s questionnaire", value=Link(label="Fill it in", href="/assurance/answers"))
        )
    return tuple(offered)


def _list(source: str, lines: list[RiskLine]) -> Block:
    return Block(
        id=source.split()[-2].lower() + source[-4:],
        heading=source,
        heads=("Risk", "Controls", "Gap"),
        rows=tuple(
            (
                Link(label=f"{line.risk} {line.name}", href=f"/assurance/posture/{line.risk}"),
                ", ".join(control.name for control in line.controls),
                line.gap,
            )
            for line in lines
        ),
    )


def show_one(visit: Visit) -> Response:
    """Show one risk."""
    lines: list[RiskLine] = visit.run(show_posture, risk=visit.named("risk")[:8])
    if not lines:
        raise NotFoundError("There is no such risk in the lists.", code="web.no_such_page")
    (line,) = lines
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label="Posture", href="/assurance/posture")),
        name=f"{line.risk} {line.name}",
        sentence=f"From the {line.source}; the mapping is ours.",
        blocks=(
            *(_control(control) for control in line.controls),
            Block(id="gap", heading="What is left", lines=(line.gap,)),
        ),
    )
    return visit.show(page)


def _control(control: ControlLine) -> Block:
    return Block(
        id=control.control,
        heading=control.name,
        note=f"{control.counted[:1].upper()}{control.counted[1:]}.",
        lines=(control.says,),
        heads=("Test that shows it", "In"),
        rows=tuple(
            (test.partition("::")[2].removeprefix("test_").replace("_", " "), test.partition("::")[0])
            for test in control.tests
        ),
    )


def show_controls(visit: Visit) -> Response:
    """Show every control in a line."""
    lines: list[ControlLine] = visit.run(list_controls)
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label="Posture", href="/assurance/posture")),
        name="Controls",
        sentence="What is enforced or watched here, of agents and around them, and how many tests show it.",
        blocks=(
            Block(
                id="controls",
                heading="Every control",
                heads=("Control", "What it does", "Tests", "In the last 30 days"),
                rows=tuple(
                    (
                        Link(label=line.name, href=f"/assurance/controls/{line.control}"),
                        line.says,
                        len(line.tests),
                        line.counted,
                    )
                    for line in lines
                ),
            ),
        ),
    )
    return visit.show(page)


def show_control(visit: Visit) -> Response:
    """Show one control: the evidence link of an answer to a questionnaire."""
    lines: list[ControlLine] = visit.run(list_controls, control=visit.named("control")[:40])
    if not lines:
        raise NotFoundError("There is no such control.", code="web.no_such_page")
    (line,) = lines
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label="Controls", href="/assurance/controls")),
        name=line.name,
        sentence=line.says,
        blocks=(_control(line),),
    )
    return visit.show(page)


WAYS: Final[tuple[Way, ...]] = (
    get("/assurance/posture", show_all, Audience.PERSON),
    get("/assurance/posture/{risk}", show_one, Audience.PERSON),
    get("/assurance/controls", show_controls, Audience.PERSON),
    get("/assurance/controls/{control}", show_control, Audience.PERSON),
)
