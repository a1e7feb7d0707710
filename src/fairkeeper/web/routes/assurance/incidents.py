"""Incidents: the list, one with its deadlines first, what is done in it, and its package with every proof."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.incidents.acting import (
    IncidentPackaged,
    close_incident,
    open_incident,
    package_incident,
    settle_notice,
    take_step,
)
from fairkeeper.assurance.incidents.queries import list_incidents, show_incident
from fairkeeper.assurance.incidents.runbooks import Category, Severity
from fairkeeper.assurance.incidents.showing import IncidentDetail, IncidentLine, NoticeLine
from fairkeeper.database.session import STAFF
from fairkeeper.errors import UnavailableError
from fairkeeper.proof.canonical import canonical_bytes
from fairkeeper.values.clock import parse_instant
from fairkeeper.web.format import count, when_text
from fairkeeper.web.forms import Field, FieldKind, Option
from fairkeeper.web.pages.assurance import Block, ReportPage
from fairkeeper.web.parts import Fact, Finding, Identifier, Level, Link
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, names, pages_of, tabs, whose, word
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_UP: Final = (*TRAIL, Link(label="Incidents", href="/incidents"))
_README: Final = """An incident as Fairkeeper packed it.

incident.json   what happened, what it touched, what was done, the notices, the review
entries/        each entry of the evidence that belongs to it, with its proof
custody.json    who packed it when, and the SHA-256 of incident.json; the entry named there is in the log

Verify any of the entries without the server: fairkeeper evidence verify entries/ENTRY.json
"""


def show_list(visit: Visit) -> Response:
    """Show incidents, open ones with their next deadline."""
    lines: list[IncidentLine] = visit.run(list_incidents)
    found = names(visit, {line.customer_id for line in lines})
    still_open = sum(line.state != "closed" for line in lines)
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name="Incidents",
        sentence=f"{count(still_open, 'incident')} not closed." if still_open else "Nothing is open.",
        tabs=tabs(visit, "Incidents"),
        questions=(_opening().question,) if visit.allows(open_incident) else (),
        blocks=(
            Block(
                id="incidents",
                heading="All incidents",
                heads=("Incident", "State", "Severity", "Whose", "Opened", "Next deadline"),
                rows=tuple(
                    (
                        Link(
                            label=line.title + (" (drill)" if line.is_drill else ""),
                            href=f"/incidents/{line.incident_id}",
                        ),
                        word(line.state),
                        word(line.severity),
                        whose(found, line.customer_id),
                        line.opened_at,
                        line.next_due_at or "none",
                    )
                    for line in lines
                ),
                exports=export_links(visit.address),
                empty="A signal, a failed evaluation or a person opens one; what it touched is computed at once.",
            ),
        ),
    )
    return visit.show(page)


def sheet_of_incidents(visit: Visit) -> Sheet:
    """Return every incident as a sheet."""
    heads = ("incident", "id", "is_drill", "state", "severity", "customer", "opened_at", "next_due_at")
    return Sheet(name="incidents", heads=heads, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    for lines in pages_of(visit, list_incidents):
        found = names(visit, {line.customer_id for line in lines})
        for line in lines:
            told = (line.state, line.severity, whose(found, line.customer_id))
            yield (line.title, line.incident_id, line.is_drill, *told, line.opened_at, line.next_due_at)


def _opening() -> Asking:
    def select(name: str, label: str, values: type[Category | Severity]) -> Field:
        options = tuple(Option(value=each.value, label=each.value.replace("_", " ").capitalize()) for each in values)
        return Field(name=name, label=label, kind=FieldKind.SELECT, options=options)

    words = Words(
        opener="Open an incident",
        title="What happened?",
        points=("What it touched is computed from the decisions; notices are drafted, and nobody is told by itself.",),
        submit="Open the incident",
        fields=(
            Field(name="title", label="What it is, in a few words"),
            select("category", "Kind", Category),
            select("severity", "Severity", Severity),
            Field(name="agent_id", label="The agent's id", is_required=False, hint="It stands on the agent's page."),
            Field(name="summary", label="What is known", kind=FieldKind.LONG_TEXT),
        ),
    )
    return Asking(
        operation=open_incident,
        question=question_at("/incidents/open", words, back="/incidents"),
        back="/incidents",
        room=ROOM,
        trail=_UP,
    )


def show_one(visit: Visit) -> Response:
    """Show an incident."""
    detail: IncidentDetail = visit.run(show_incident, incident_id=visit.named("incident_id")[:40])
    line = detail.line
    is_open = line.state != "closed"
    questions = tuple(_asking(detail, how).question for how in _questions(visit, is_open=is_open))
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=_UP,
        name=line.title,
        state=word(line.state),
        sentence=f"{detail.summary}{' This is a drill.' if line.is_drill else ''}",
        needs=tuple(_due(each) for each in detail.notices if each.state == "draft"),
        questions=questions,
        blocks=(
            _facts(detail),
            _radius(visit, detail),
            Block(
                id="runbook",
                heading="What to do",
                note="In this order.",
                lines=tuple(detail.runbook),
            ),
            _steps(detail),
            *(_notice(visit, detail, each, number) for number, each in enumerate(detail.notices, 1)),
            *(_review(detail) if detail.review else ()),
            _timeline(detail),
        ),
    )
    return visit.show(page)


def _questions(visit: Visit, *, is_open: bool) -> tuple[str, ...]:
    offered = (("step", take_step, is_open), ("close", close_incident, is_open), ("package", package_incident, True))
    return tuple(how for how, operation, may in offered if may and visit.allows(operation))


def _due(notice: NoticeLine) -> Finding:
    return Finding(
        level=Level.WARNING,
        what=f"A notice to the {notice.audience} is drafted; its deadline is {when_text(notice.due_at)}",
        remedy="Complete and send it, or say why it is not due.",
    )


def _facts(detail: IncidentDetail) -> Block:
    line = detail.line
    agent = Link(label="Look at the agent", href=f"/agents/{line.agent_id}") if line.agent_id else "none known"
    return Block(
        id="facts",
        heading="Where it stands",
        facts=(
            Fact(label="Severity", value=word(line.severity)),
            Fact(label="Kind", value=line.category.replace("_", " ")),
            Fact(label="Agent", value=agent),
            Fact(label="Began", value=detail.began_at),
            Fact(label="Opened", value=line.opened_at, note=f"by {detail.source}"),
            Fact(label="Contained", value=detail.contained_at or "not yet"),
            Fact(label="Closed", value=detail.closed_at or "not yet"),
        ),
    )


def _radius(visit: Visit, detail: IncidentDetail) -> Block:
    radius = detail.radius
    if radius is None:
        return Block(id="radius", heading="What it touched", empty="No agent is known, so nothing can be computed.")
    found = names(visit, set(radius.customers))
    return Block(
        id="radius",
        heading="What it touched",
        note="Computed from the decisions since it began, and from what followed in the same tasks.",
        facts=(
            Fact(label="Customers", value=", ".join(whose(found, each) for each in radius.customers) or "none"),
            Fact(label="Data", value=", ".join(radius.data) or "none"),
            Fact(label="Tools that ran", value=", ".join(radius.tools) or "none"),
            Fact(label="In whose name", value=", ".join(radius.persons) or "nobody's"),
            Fact(label="Agents", value=len(radius.agents)),
            Fact(label="Calls carried out", value=radius.carried_out),
            Fact(label="Calls refused", value=radius.refused),
            Fact(label="Later calls of others", value=radius.later),
            Fact(label="Tasks that carried untrusted results", value=", ".join(radius.untrusted_tasks) or "none"),
        ),
    )


def _steps(detail: IncidentDetail) -> Block:
    return Block(
        id="steps",
        heading="What was done",
        heads=("Step", "When", "By"),
        rows=tuple((step["text"], parse_instant(step["at"]), step["by"]) for step in detail.steps),
        empty="Nothing was written down yet.",
    )


def _notice(visit: Visit, detail: IncidentDetail, notice: NoticeLine, number: int) -> Block:
    may = notice.state == "draft" and visit.allows(settle_notice)
    return Block(
        id=notice.notice_id,
        heading=f"Notice to the {notice.audience}" if number == 1 else f"Notice {number}, to the {notice.audience}",
        note="A draft; Fairkeeper sends none of them.",
        facts=(Fact(label="State", value=word(notice.state)), Fact(label="Deadline", value=notice.due_at)),
        document=notice.text,
        questions=(_settling(detail, notice.notice_id).question,) if may else (),
    )


def _review(detail: IncidentDetail) -> tuple[Block, ...]:
    review = detail.review or {}
    return (
        Block(
            id="review",
            heading="Review",
            facts=(
                Fact(label="Cause", value=review.get("cause", "")),
                Fact(label="What limited it", value=review.get("limited_by", "")),
                Fact(label="What changes", value=review.get("changes", "")),
            ),
        ),
    )


def _timeline(detail: IncidentDetail) -> Block:
    shown = detail.timeline[-100:]
    return Block(
        id="timeline",
        heading="Timeline",
        note="From the evidence, oldest first; each entry can be verified.",
        heads=("When", "What", "Kind", "Entry"),
        rows=tuple(
            (
                each.at,
                each.what,
                each.kind.partition(".")[2].partition("/")[0].replace("_", " "),
                Identifier(text=each.entry_id, names="entry id", href=f"/evidence/{each.entry_id}"),
            )
            for each in shown
        ),
        empty="No entry yet.",
    )


# -------------------- what is done in it

_LONG: Final = FieldKind.LONG_TEXT
_WORDS: Final = {
    "step": Words(
        opener="Write down a step",
        title="What was done?",
        points=("It becomes a part of the record.",),
        fields=(
            Field(name="step", label="What was done", kind=_LONG),
            Field(
                name="is_contained",
                label="Can anything more happen?",
                kind=FieldKind.SELECT,
                options=(
                    Option(value="false", label="Yes, it may go on"),
                    Option(value="true", label="No, it is contained"),
                ),
            ),
        ),
    ),
    "close": Words(
        opener="Close with a review",
        title="Close the incident?",
        points=("Every drafted notice has to be sent or found not to be due before.",),
        submit="Close the incident",
        fields=(
            Field(name="cause", label="Why it could happen", kind=_LONG),
            Field(name="limited_by", label="What kept it from being worse", kind=_LONG),
            Field(name="changes", label="What changes, by whom and when", kind=_LONG),
        ),
    ),
    "package": Words(
        opener="Pack it",
        title="Pack the incident?",
        points=(
            "The file holds what is known, and each entry with its proof; whoever gets it can verify it offline.",
            "That it was packed, by whom and with which digest, is recorded.",
        ),
        submit="Download the package",
    ),
}
_OPERATIONS: Final = {"step": take_step, "close": close_incident, "package": package_incident}


def _asking(detail: IncidentDetail, how: str) -> Asking:
    here = f"/incidents/{detail.line.incident_id}"
    return Asking(
        operation=_OPERATIONS[how],
        question=question_at(f"{here}/{how}", _WORDS[how], back=here),
        back=here,
        room=ROOM,
        fixed={"incident_id": detail.line.incident_id},
        trail=(*_UP, Link(label=detail.line.title, href=here)),
    )


def _settling(detail: IncidentDetail, notice_id: str) -> Asking:
    here = f"/incidents/{detail.line.incident_id}"
    states = (Option(value="sent", label="It was sent"), Option(value="not_due", label="It is not due"))
    words = Words(
        opener="Settle the notice",
        title="What became of the notice?",
        points=("It is recorded; it cannot be changed afterwards.",),
        fields=(
            Field(name="state", label="State", kind=FieldKind.RADIO, options=states),
            Field(name="why", label="How it was sent, or why it is not due", kind=_LONG),
        ),
    )
    return Asking(
        operation=settle_notice,
        question=question_at(f"{here}/notices/{notice_id}", words, back=here),
        back=here,
        room=ROOM,
        fixed={"incident_id": detail.line.incident_id, "notice_id": notice_id},
        trail=(*_UP, Link(label=detail.line.title, href=here)),
    )


def _detail(visit: Visit) -> IncidentDetail:
    found: IncidentDetail = visit.run(show_incident, incident_id=visit.named("incident_id")[:40])
    return found


def _asked(visit: Visit) -> Asking:
    return _asking(_detail(visit), visit.path.rpartition("/")[2])


def ask_for(visit: Visit) -> Response:
    """Ask about something to be done in an incident."""
    return ask(visit, _asked(visit))


def act(visit: Visit) -> Response:
    """Do it."""
    return answer_question(visit, _asked(visit))


def ask_about_notice(visit: Visit) -> Response:
    """Ask what became of a notice."""
    return ask(visit, _settling(_detail(visit), visit.named("notice_id")[:40]))


def answer_notice(visit: Visit) -> Response:
    """Record what became of a notice."""
    return answer_question(visit, _settling(_detail(visit), visit.named("notice_id")[:40]))


def ask_to_open(visit: Visit) -> Response:
    """Ask what happened."""
    visit.run(list_incidents, limit=1)
    return ask(visit, _opening())


def open_one(visit: Visit) -> Response:
    """Open an incident."""
    return answer_question(visit, _opening())


def package(visit: Visit) -> Response:
    """Pack an incident, and answer with the file."""
    packed: IncidentPackaged = visit.run(package_incident, incident_id=visit.named("incident_id")[:40])
    exporter = visit.parts.exporter
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", _README)
        file.writestr("incident.json", canonical_bytes(packed.document))
        waiting = []
        for entry_id in packed.entry_ids:
            try:
                row = exporter.find_entry(entry_id, STAFF)
                file.writestr(f"entries/{entry_id}.json", exporter.write_receipt(row))
            except UnavailableError:
                waiting.append(entry_id)
        custody = {
            "packed_at": f"{visit.now:%Y-%m-%dT%H:%M:%SZ}",
            "packed_by": visit.principal.id,
            "sha256": packed.sha256,
            "entry": packed.custody_entry,
            "not_yet_provable": waiting,
        }
        file.writestr("custody.json", json.dumps(custody, indent=2))
    name = f"{packed.incident_id}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body.getvalue(), media_type="application/zip", headers=headers)


WAYS: Final[tuple[Way, ...]] = (
    get("/incidents", show_list, Audience.PERSON),
    *export_ways("/incidents", sheet_of_incidents),
    get("/incidents/open", ask_to_open, Audience.STAFF),
    post("/incidents/open", open_one, Audience.STAFF),
    get("/incidents/{incident_id}", show_one, Audience.PERSON),
    *(get(f"/incidents/{{incident_id}}/{how}", ask_for, Audience.STAFF) for how in _WORDS),
    *(post(f"/incidents/{{incident_id}}/{how}", act, Audience.STAFF) for how in _WORDS if how != "package"),
    post("/incidents/{incident_id}/package", package, Audience.STAFF),
    get("/incidents/{incident_id}/notices/{notice_id}", ask_about_notice, Audience.STAFF),
    post("/incidents/{incident_id}/notices/{notice_id}", answer_notice, Audience.STAFF),
)
