"""Drills: which runbook was practised on what, each step with its measured time; started, gone on with, ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.incidents.drilling import DrillLine, end_drill, list_drills, start_drill, take_drill_step
from fairkeeper.assurance.incidents.runbooks import Category
from fairkeeper.web.forms import Field, FieldKind, Option
from fairkeeper.web.pages.assurance import Block, ReportPage
from fairkeeper.web.parts import Fact, Link
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, tabs, word
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/assurance/drills"
_MOST: Final = 200
_UP: Final = (*TRAIL, Link(label="Drills", href=_HERE))


def took(milliseconds: int) -> str:
    """Return a measured time in words.

    Example:
        >>> took(1_250), took(125_000), took(7_380_000)
        ('1.2 s', '2 min 5 s', '2 h 3 min')
    """
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, left = divmod(int(seconds), 60)
    return f"{minutes} min {left} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def show_all(visit: Visit) -> Response:
    """Show every drill in a line."""
    lines: list[DrillLine] = visit.run(list_drills, limit=_MOST)
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name="Drills",
        sentence="Exercises: nothing of this has happened, and nobody outside was told.",
        tabs=tabs(visit, "Drills"),
        questions=(_starting().question,) if visit.allows(start_drill) else (),
        blocks=(
            Block(
                id="drills",
                heading="Drills and their times",
                heads=("Drill", "State", "On", "Started", "Steps", "Took"),
                rows=tuple(
                    (
                        Link(label=f"Drill: {line.runbook}", href=f"{_HERE}/{line.drill_id}"),
                        word(line.state),
                        _on(line),
                        line.started_at,
                        len(line.steps),
                        took(line.took_ms),
                    )
                    for line in lines
                ),
                exports=export_links(visit.address),
                empty="A runbook that nobody has practised is a text. Start with one that pauses an agent in test.",
            ),
        ),
    )
    return visit.show(page)


def _on(line: DrillLine) -> str:
    if line.agent_id is None:
        return "no agent"
    return "a live agent" if line.is_on_live else "an agent in test"


def sheet_of_drills(visit: Visit) -> Sheet:
    """Return every step of every drill as a sheet."""
    heads = ("drill", "runbook", "state", "agent", "started_at", "step", "by", "at", "after_ms")
    return Sheet(name="drills", heads=heads, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    lines: list[DrillLine] = visit.run(list_drills, limit=_MOST)
    for line in lines:
        of_drill = (line.drill_id, line.runbook, line.state, line.agent_id, line.started_at)
        for step in line.steps:
            yield (*of_drill, step.step, step.by, step.at, step.after_ms)
        if not line.steps:
            yield (*of_drill, None, None, None, None)


def show_one(visit: Visit) -> Response:
    """Show one drill with its steps."""
    line = _wanted(visit)
    is_running = line.ended_at is None
    questions = []
    if is_running and line.next_step and visit.allows(take_drill_step):
        questions.append(_going_on(line).question)
    if is_running and visit.allows(end_drill):
        questions.append(_ending(line).question)
    incident = Link(label="The incident of the drill", href=f"/incidents/{line.incident_id}")
    agent = Link(label="The agent", href=f"/agents/{line.agent_id}")
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=_UP,
        name=f"Drill: {line.runbook}",
        state=word(line.state),
        sentence="This is an exercise: nothing has happened, and nobody outside is told.",
        questions=tuple(questions),
        blocks=(
            Block(
                id="facts",
                heading="Where it stands",
                facts=(
                    Fact(label="On", value=agent if line.agent_id else "no agent", note=_on(line)),
                    Fact(label="Incident", value=incident if line.incident_id else "being opened"),
                    Fact(label="Started", value=line.started_at),
                    Fact(label="Took", value=took(line.took_ms), note="to its end, or to the last step"),
                    Fact(label="Next", value=line.next_step or "end the drill" if is_running else "nothing"),
                ),
            ),
            Block(
                id="steps",
                heading="Steps and their times",
                heads=("Step", "By", "At", "After the one before"),
                rows=tuple((step.step, step.by, step.at, took(step.after_ms)) for step in line.steps),
                empty="None yet; the first are taken in the background within seconds.",
            ),
            *((Block(id="learned", heading="What was learned", lines=(line.learned,)),) if line.learned else ()),
        ),
    )
    return visit.show(page)


def _wanted(visit: Visit) -> DrillLine:
    (line,) = visit.run(list_drills, drill_id=visit.named("drill_id")[:40])
    found: DrillLine = line
    return found


def _starting() -> Asking:
    options = tuple(Option(value=each.value, label=each.value.replace("_", " ").capitalize()) for each in Category)
    words = Words(
        opener="Start a drill",
        title="Which runbook is practised?",
        points=(
            "An incident is opened and marked as a drill, notices are drafted and sent to nobody.",
            "The agent, if one is named, is really paused, for an hour at most.",
        ),
        submit="Start the drill",
        fields=(
            Field(name="category", label="Runbook", kind=FieldKind.SELECT, options=options),
            Field(
                name="agent_id",
                label="The agent’s id",
                is_required=False,
                hint="It stands on the agent’s page; without one nothing is paused.",
            ),
            Field(
                name="include_live",
                label="A live agent is meant, and people may find it paused",
                kind=FieldKind.CHECKBOX,
                is_required=False,
            ),
        ),
    )
    return Asking(
        operation=start_drill,
        question=question_at(f"{_HERE}/start", words, back=_HERE),
        back=_HERE,
        room=ROOM,
        trail=_UP,
    )


def _going_on(line: DrillLine) -> Asking:
    here = f"{_HERE}/{line.drill_id}"
    words = Words(
        opener="Next step is done",
        title="Was this practised?",
        points=(line.next_step or "Every step was taken.", "The time since the step before is kept."),
        submit="It is done",
    )
    return Asking(
        operation=take_drill_step,
        question=question_at(f"{here}/step", words, back=here),
        back=here,
        room=ROOM,
        fixed={"drill_id": line.drill_id},
        trail=_UP,
    )


def _ending(line: DrillLine) -> Asking:
    here = f"{_HERE}/{line.drill_id}"
    words = Words(
        opener="End the drill",
        title="End the drill?",
        points=("The agent is let go, the notices are not due, the incident is closed. The times stay.",),
        fields=(Field(name="learned", label="What was learned, and what changes", kind=FieldKind.LONG_TEXT),),
    )
    return Asking(
        operation=end_drill,
        question=question_at(f"{here}/end", words, back=here),
        back=here,
        room=ROOM,
        fixed={"drill_id": line.drill_id},
        trail=_UP,
    )


def ask_to_start(visit: Visit) -> Response:
    """Ask which runbook."""
    return ask(visit, _starting())


def start(visit: Visit) -> Response:
    """Start it."""
    return answer_question(visit, _starting())


def ask_to_go_on(visit: Visit) -> Response:
    """Ask whether the next step was taken."""
    return ask(visit, _going_on(_wanted(visit)))


def go_on(visit: Visit) -> Response:
    """Write it down."""
    return answer_question(visit, _going_on(_wanted(visit)))


def ask_to_end(visit: Visit) -> Response:
    """Ask what was learned."""
    return ask(visit, _ending(_wanted(visit)))


def end(visit: Visit) -> Response:
    """End it."""
    return answer_question(visit, _ending(_wanted(visit)))


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_all, Audience.PERSON),
    *export_ways(_HERE, sheet_of_drills),
    get(f"{_HERE}/start", ask_to_start, Audience.STAFF),
    post(f"{_HERE}/start", start, Audience.STAFF),
    get(f"{_HERE}/{{drill_id}}", show_one, Audience.PERSON),
    get(f"{_HERE}/{{drill_id}}/step", ask_to_go_on, Audience.STAFF),
    post(f"{_HERE}/{{drill_id}}/step", go_on, Audience.STAFF),
    get(f"{_HERE}/{{drill_id}}/end", ask_to_end, Audience.STAFF),
    post(f"{_HERE}/{{drill_id}}/end", end, Audience.STAFF),
)
