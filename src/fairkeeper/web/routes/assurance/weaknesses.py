"""Weaknesses of the installation: what scans found, since when, what to do; a scan asked for, a weakness accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.errors import WeaknessNotFoundError
from fairkeeper.assurance.weaknesses.recording import (
    ScanLine,
    WeaknessLine,
    accept_weakness,
    ask_for_scan,
    list_scans,
    list_weaknesses,
)
from fairkeeper.web.format import count, when_text
from fairkeeper.web.forms import Field, FieldKind
from fairkeeper.web.pages.assurance import Block, ReportPage
from fairkeeper.web.parts import Finding, Level, Link
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, pages_of, tabs, word
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/assurance/weaknesses"
_MOST_NEEDS: Final = 5


def show_all(visit: Visit) -> Response:
    """Show what scans found, and the scans."""
    lines = [line for page in pages_of(visit, list_weaknesses) for line in page]
    scans: list[ScanLine] = visit.run(list_scans, limit=10)
    still_open = [line for line in lines if line.state == "open"]
    errors = [line for line in still_open if line.level == "error"]
    may = visit.allows(accept_weakness)
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name="Weaknesses",
        sentence=_sentence(still_open, scans),
        tabs=tabs(visit, "Weaknesses"),
        questions=(_scanning().question,) if visit.allows(ask_for_scan) else (),
        needs=tuple(Finding(level=Level.ERROR, what=line.what, remedy=line.remedy) for line in errors[:_MOST_NEEDS]),
        blocks=(
            Block(
                id="weaknesses",
                heading="What was found",
                heads=("Weakness", "State", "Level", "What to do", "First and last seen"),
                rows=tuple(
                    (
                        Link(label=line.what, href=f"{_HERE}/{line.weakness_id}/accept")
                        if may and line.state == "open"
                        else line.what,
                        word(line.state),
                        word(line.level),
                        line.accepted_why if line.state == "accepted" else line.remedy,
                        f"{when_text(line.first_seen_at)}, {when_text(line.last_seen_at)}",
                    )
                    for line in lines
                ),
                exports=export_links(visit.address),
                empty="Nothing was found, or no scan has run yet.",
            ),
            Block(
                id="scans",
                heading="Scans",
                note="Interfaces, configuration, dependencies against the feed, secrets; the newest first.",
                heads=("When", "Looked at", "Found", "New", "Gone", "Notes"),
                rows=tuple(
                    (scan.ran_at, ", ".join(scan.sources), scan.found, scan.opened, scan.gone, " ".join(scan.notes))
                    for scan in scans
                ),
                empty="None has run yet; one runs every day, or when somebody asks.",
            ),
        ),
    )
    return visit.show(page)


def _sentence(still_open: list[WeaknessLine], scans: list[ScanLine]) -> str:
    if not scans:
        return "Nothing has been scanned yet."
    if not still_open:
        return "Nothing that was looked for is open."
    return f"{count(len(still_open), 'weakness', 'weaknesses')} open."


def sheet_of_weaknesses(visit: Visit) -> Sheet:
    """Return every weakness as a sheet."""
    heads = ("id", "source", "code", "place", "level", "state", "what", "remedy", "first_seen_at", "last_seen_at")
    return Sheet(name="weaknesses", heads=heads, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    for lines in pages_of(visit, list_weaknesses):
        for line in lines:
            told = (line.source, line.code, line.place, line.level, line.state, line.what, line.remedy)
            yield (line.weakness_id, *told, line.first_seen_at, line.last_seen_at)


def _scanning() -> Asking:
    words = Words(
        opener="Scan now",
        title="Scan the installation?",
        points=(
            "Our own address is asked as a stranger would ask it; settings, dependencies and texts are read.",
            "It runs in the background; what is found appears here.",
        ),
    )
    return Asking(
        operation=ask_for_scan,
        question=question_at(f"{_HERE}/scan", words, back=_HERE),
        back=_HERE,
        room=ROOM,
        trail=(*TRAIL, Link(label="Weaknesses", href=_HERE)),
    )


def _accepting(visit: Visit) -> Asking:
    wanted = visit.named("weakness_id")[:40]
    lines = (line for page in pages_of(visit, list_weaknesses) for line in page)
    line = next((each for each in lines if each.weakness_id == wanted), None)
    if line is None:
        raise WeaknessNotFoundError(f"There is no weakness {wanted!r} here.")
    words = Words(
        opener="Accept",
        title="Accept this weakness for a time?",
        points=(line.what, line.remedy, "When the time is over it is open again."),
        submit="Accept it",
        fields=(
            Field(name="days", label="For how many days", kind=FieldKind.NUMBER, value="90", unit="days"),
            reason_field("It is recorded."),
        ),
    )
    return Asking(
        operation=accept_weakness,
        question=question_at(f"{_HERE}/{wanted}/accept", words, back=_HERE),
        back=_HERE,
        room=ROOM,
        fixed={"weakness_id": wanted},
        trail=(*TRAIL, Link(label="Weaknesses", href=_HERE)),
    )


def ask_about_scan(visit: Visit) -> Response:
    """Ask whether to scan."""
    return ask(visit, _scanning())


def scan(visit: Visit) -> Response:
    """Ask for a scan."""
    return answer_question(visit, _scanning())


def ask_to_accept(visit: Visit) -> Response:
    """Ask whether to accept a weakness."""
    return ask(visit, _accepting(visit))


def accept(visit: Visit) -> Response:
    """Accept it."""
    return answer_question(visit, _accepting(visit))


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_all, Audience.STAFF),
    *export_ways(_HERE, sheet_of_weaknesses, Audience.STAFF),
    get(f"{_HERE}/scan", ask_about_scan, Audience.STAFF),
    post(f"{_HERE}/scan", scan, Audience.STAFF),
    get(f"{_HERE}/{{weakness_id}}/accept", ask_to_accept, Audience.STAFF),
    post(f"{_HERE}/{{weakness_id}}/accept", accept, Audience.STAFF),
)
