"""Verifications: what is due in all of them, and one with its steps, documents, tickets and record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.accounts.actions.keep_documents import add_document, remove_document
from fairkeeper.accounts.actions.track_verification import open_programme, record_event
from fairkeeper.accounts.verification.clocks import Clock
from fairkeeper.accounts.verification.events import Change, EventKind, Step
from fairkeeper.accounts.verification.tracking import (
    fetch_appeal,
    list_dues,
    list_incidents,
    list_programmes,
    show_programme,
)
from fairkeeper.accounts.views import (
    AppealPackage,
    DocumentView,
    DueView,
    EventView,
    IncidentView,
    ProgrammeDetail,
    ProgrammeLine,
)
from fairkeeper.evidence.queries import list_entries
from fairkeeper.evidence.views import EntryPage
from fairkeeper.web.format import StateWord, Tone, count, state
from fairkeeper.web.forms import Field, FieldKind, Option
from fairkeeper.web.pages.accounts import (
    ConsequenceRow,
    DocumentRow,
    HappenedRow,
    ProgrammeRow,
    StepRow,
    VerificationPage,
    VerificationsPage,
)
from fairkeeper.web.parts import Deadline, Empty, Fact, Identifier, Link, Proof
from fairkeeper.web.routes.accounts.words import ROOM, TRAIL, due_of, end_of, said, tabs, zip_answer
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import proof_of
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HOME: Final = "/accounts/verification"
_MOST_ENTRIES: Final = 500
_STATES: Final = {
    "Pending": StateWord(word="Pending", tone=Tone.BUSY),
    "Challenged": StateWord(word="Challenged", tone=Tone.CARE),
    "Accepted": StateWord(word="Accepted", tone=Tone.GOOD),
    "Rejected": StateWord(word="Rejected", tone=Tone.BAD),
    "Revoked": StateWord(word="Revoked", tone=Tone.BAD),
    "Closing": StateWord(word="Closing", tone=Tone.BAD),
    "Closed": StateWord(word="Closed", tone=Tone.BAD),
    "Not started": StateWord(word="Not started", tone=Tone.QUIET),
}


def show_list(visit: Visit) -> Response:
    """Show every verification, what is due in all of them first."""
    programmes: tuple[ProgrammeLine, ...] = visit.run(list_programmes)
    incidents: tuple[IncidentView, ...] = visit.run(list_incidents)
    found: tuple[DueView, ...] = visit.run(list_dues, ahead_days=60)
    dues = tuple(due_of(due) for due in found)
    page = VerificationsPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence=_list_sentence(programmes, incidents),
        tabs=tabs(_HOME),
        needs=(*(to_do for each in incidents for to_do in to_dos_of(each, found)), *dues),
        programmes=tuple(
            ProgrammeRow(
                programme=Link(label=each.name, href=f"{_HOME}/{each.programme}"),
                state=_state(each.state),
                open_tickets=each.open_tickets,
                next_due_on=each.next_due_on,
            )
            for each in programmes
        ),
        empty=Empty(
            title="No verification is tracked",
            text="Record each programme once; its steps, documents, tickets and clocks are followed from then on.",
        ),
        questions=(_open_asking().question,) if visit.allows(open_programme) else (),
    )
    return visit.show(page)


def show_one(visit: Visit) -> Response:
    """Show one verification."""
    found: ProgrammeDetail = visit.run(show_programme, programme=visit.named("programme"))
    incidents = [each for each in found.incidents if each.closed_at is None]
    may_change = visit.allows(record_event)
    back = f"{_HOME}/{found.programme}"
    page = VerificationPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label="Verification", href=_HOME)),
        name=found.name,
        state=_state(found.state),
        sentence=_sentence(found),
        needs=(
            *(to_do for each in incidents for to_do in to_dos_of(each, found.dues)),
            *(due_of(due, with_place=False) for due in found.dues),
        ),
        consequences=tuple(_consequence(each) for incident in incidents for each in incident.consequences),
        steps=_steps(found),
        facts=_facts(found),
        documents=tuple(_document(each, back, may_change=may_change) for each in found.documents),
        happened=_happened(visit, found),
        package=Link(label="Appeal package", href=f"{back}/appeal.zip") if visit.allows(fetch_appeal) else None,
        questions=(_record_asking(found).question, _document_asking(found).question) if may_change else (),
    )
    return visit.show(page)


def send_appeal(visit: Visit) -> Response:
    """Send the appeal package as a zip."""
    package: AppealPackage = visit.run(fetch_appeal, programme=visit.named("programme"))
    return zip_answer(package.folder, package.files)


def to_dos_of(incident: IncidentView, dues: Iterable[DueView]) -> tuple[Deadline, ...]:
    """Return what to send because of a lost verification, as deadlines; what a clock tells of already is left out."""
    told = {due.due_on for due in dues if due.clock == Clock.SUSPENSION and due.programme == incident.programme}
    where = Link(label=incident.programme_name, href=f"{_HOME}/{incident.programme}")
    return tuple(
        Deadline(
            due_at=end_of(incident.lost_on.fromisoformat(each["by_on"])),
            what=f"{each['what']}.",
            otherwise=f"To {each['to_whom']}. {said(incident.step)} was lost on {incident.lost_on}.",
            where=where,
            owner="Operations",
        )
        for each in incident.to_dos
        if incident.lost_on.fromisoformat(each["by_on"]) not in told
    )


def _list_sentence(programmes: tuple[ProgrammeLine, ...], incidents: tuple[IncidentView, ...]) -> str:
    if incidents:
        return f"{count(len(incidents), 'verification')} lost: nothing new can be published."
    if not programmes:
        return "None is tracked."
    accepted = sum(each.state == "Accepted" for each in programmes)
    return f"{accepted} of {count(len(programmes), 'programme')} accepted."


def _sentence(found: ProgrammeDetail) -> str:
    open_tickets = sum(ticket.closed_on is None for ticket in found.tickets)
    told = [count(open_tickets, "open ticket"), count(len(found.questions), "question") + " without an answer"]
    if found.appeals:
        told.append(f"sent again {count(found.appeals, 'time')} after a refusal")
    return f"{', '.join(told)}."


def _state(word: str) -> StateWord:
    return _STATES.get(word.capitalize().replace("_", " "), state(word))


def _steps(found: ProgrammeDetail) -> tuple[StepRow, ...]:
    known = {each.step: each for each in found.steps}
    rows = []
    for step in Step:
        each = known.get(step.value)
        word = _state(each.state) if each else _STATES["Not started"]
        rows.append(StepRow(step=said(step.value), state=word, since_on=each.since_on if each else None))
    return tuple(rows)


def _facts(found: ProgrammeDetail) -> tuple[Fact, ...]:
    restarts = "; ".join(
        f"{said(change).lower()}: {', '.join(said(step).lower() for step in steps)}"
        for change, steps in found.restarts.items()
    )
    months = f"{count(found.validity_months, 'month')}" if found.validity_months else "no rule"
    return (
        Fact(label="Publisher", value=found.publisher_id),
        Fact(label="Documents are taken for", value=months, note="A warning of ours; no page of Microsoft's says so."),
        Fact(label="A change would start again", value=restarts),
        Fact(label="What the profile API last said", value=found.hint, note="A hint, never the truth by itself."),
        Fact(label="Tickets", value=", ".join(ticket.number for ticket in found.tickets) or None),
    )


def _consequence(each: Mapping[str, Any]) -> ConsequenceRow:
    word = StateWord(word="Now", tone=Tone.BAD) if each["is_at_once"] else StateWord(word="Later", tone=Tone.CARE)
    return ConsequenceRow(what=each["what"], state=word)


def _document(each: DocumentView, back: str, *, may_change: bool) -> DocumentRow:
    kept = f"sealed here, {count(each.size_bytes, 'byte')}" if each.is_kept else f"elsewhere: {each.reference}"
    return DocumentRow(
        title=each.title,
        proves=said(each.proves),
        issued_on=each.issued_on,
        valid_until=each.valid_until,
        kept=kept,
        checksum=Identifier(text=each.sha256, names=f"checksum of {each.title}") if each.sha256 else None,
        remove=Link(label="Remove", href=f"{back}/documents/{each.document_id}/remove") if may_change else None,
    )


def _happened(visit: Visit, found: ProgrammeDetail) -> tuple[HappenedRow, ...]:
    proofs: dict[str, Proof] = {}
    if visit.allows(list_entries):
        entries: EntryPage = visit.run(
            list_entries, subject_type="verification", subject_id=found.programme_id, limit=_MOST_ENTRIES
        )
        proofs = {entry.entry_id: proof_of(entry) for entry in entries.entries}
    ordered = sorted(found.events, key=lambda event: event.happened_on, reverse=True)
    return tuple(
        HappenedRow(happened_on=each.happened_on, sentence=_told(each), note=each.note, proof=proofs.get(each.entry_id))
        for each in ordered
    )


def _told(event: EventView) -> str:
    of = f": {said(event.step).lower()}" if event.step else ""
    change = f": {said(event.change).lower()}" if event.change else ""
    ticket = f", ticket {event.ticket}" if event.ticket else ""
    documents = f", {count(len(event.documents), 'document')}" if event.documents else ""
    return f"{said(event.kind)}{of}{change}{ticket}{documents}"


# -------------------- forms


def _open_asking() -> Asking:
    words = Words(
        opener="Track a verification",
        title="Track a verification",
        points=("Its steps, documents, tickets and clocks are followed from now on.",),
        submit="Track it",
        fields=(
            Field(name="name", label="Programme", hint="As the tab in Partner Center says it."),
            Field(name="publisher_id", label="Publisher id", is_required=False),
            Field(
                name="validity_months",
                label="How old documents may be",
                kind=FieldKind.NUMBER,
                value="12",
                unit="months",
                hint="0 where nobody asks.",
            ),
        ),
    )
    return Asking(
        operation=open_programme,
        question=question_at(f"{_HOME}/open", words, back=_HOME),
        back=_HOME,
        room=ROOM,
        trail=TRAIL,
    )


def _record_asking(found: ProgrammeDetail) -> Asking:
    none = Option(value="", label="The whole programme")
    words = Words(
        opener="Record what happened",
        title=f"What happened in {found.name}?",
        points=("It is recorded with its proof and never changed; a slip is put right by recording what is so.",),
        submit="Record it",
        fields=(
            _choice("event", "What happened", EventKind),
            Field(
                name="step",
                label="Step",
                kind=FieldKind.SELECT,
                options=(none, *(Option(value=each.value, label=said(each.value)) for each in Step)),
                is_required=False,
            ),
            Field(name="happened_on", label="Day", kind=FieldKind.DATE, is_required=False, hint="Today if left out."),
            Field(name="ticket", label="Ticket", is_required=False),
            Field(
                name="change",
                label="What was changed",
                kind=FieldKind.SELECT,
                options=(
                    Option(value="", label="Nothing"),
                    *(Option(value=each.value, label=said(each.value)) for each in Change),
                ),
                is_required=False,
            ),
            Field(name="note", label="What was said", kind=FieldKind.LONG_TEXT, is_required=False),
        ),
    )
    return _programme_asking(record_event, found, "record", words)


def _document_asking(found: ProgrammeDetail) -> Asking:
    words = Words(
        opener="Add a document",
        title="Add a document that is kept elsewhere",
        points=("Files are handed over, and sealed, with fairkeeper verification attach.",),
        submit="Add it",
        fields=(
            Field(name="title", label="Document"),
            _choice("proves", "Proves", Step),
            Field(name="issued_on", label="Issued on", kind=FieldKind.DATE),
            Field(name="expires_on", label="Valid until", kind=FieldKind.DATE, is_required=False),
            Field(name="scope", label="Shows", is_required=False, hint="Entity, contact, domain as in the account."),
            Field(name="reference", label="Kept at"),
            Field(name="sha256", label="SHA-256", is_required=False),
        ),
    )
    return _programme_asking(add_document, found, "documents/add", words)


def _remove_asking(found: ProgrammeDetail, document_id: str) -> Asking:
    title = next((each.title for each in found.documents if each.document_id == document_id), "the document")
    words = Words(
        opener="Remove",
        title=f"Remove {title}?",
        points=("What was sent with it stays in the record.",),
        cannot_undo="its content is erased where it is kept here.",
        is_dangerous=True,
    )
    asking = _programme_asking(remove_document, found, f"documents/{document_id}/remove", words)
    return Asking(
        operation=asking.operation,
        question=asking.question,
        back=asking.back,
        room=ROOM,
        trail=asking.trail,
        fixed={"programme": found.programme, "document_id": document_id},
    )


def _programme_asking(operation: Any, found: ProgrammeDetail, what: str, words: Words) -> Asking:
    back = f"{_HOME}/{found.programme}"
    return Asking(
        operation=operation,
        question=question_at(f"{back}/{what}", words, back=back),
        back=back,
        room=ROOM,
        fixed={"programme": found.programme},
        trail=(*TRAIL, Link(label="Verification", href=_HOME), Link(label=found.name, href=back)),
    )


def _choice(name: str, label: str, of: type[EventKind | Step]) -> Field:
    options = tuple(Option(value=each.value, label=said(each.value)) for each in of)
    return Field(name=name, label=label, kind=FieldKind.SELECT, options=options, value=options[0].value)


def _programme(visit: Visit) -> ProgrammeDetail:
    found: ProgrammeDetail = visit.run(show_programme, programme=visit.named("programme"))
    return found


WAYS: Final[tuple[Way, ...]] = (
    get(_HOME, show_list, Audience.STAFF),
    get(f"{_HOME}/open", lambda visit: ask(visit, _open_asking()), Audience.STAFF),
    post(f"{_HOME}/open", lambda visit: answer_question(visit, _open_asking()), Audience.STAFF),
    get(f"{_HOME}/{{programme}}", show_one, Audience.STAFF),
    get(f"{_HOME}/{{programme}}/appeal.zip", send_appeal, Audience.STAFF),
    get(f"{_HOME}/{{programme}}/record", lambda v: ask(v, _record_asking(_programme(v))), Audience.STAFF),
    post(f"{_HOME}/{{programme}}/record", lambda v: answer_question(v, _record_asking(_programme(v))), Audience.STAFF),
    get(f"{_HOME}/{{programme}}/documents/add", lambda v: ask(v, _document_asking(_programme(v))), Audience.STAFF),
    post(
        f"{_HOME}/{{programme}}/documents/add",
        lambda v: answer_question(v, _document_asking(_programme(v))),
        Audience.STAFF,
    ),
    get(
        f"{_HOME}/{{programme}}/documents/{{document_id}}/remove",
        lambda v: ask(v, _remove_asking(_programme(v), v.named("document_id"))),
        Audience.STAFF,
    ),
    post(
        f"{_HOME}/{{programme}}/documents/{{document_id}}/remove",
        lambda v: answer_question(v, _remove_asking(_programme(v), v.named("document_id"))),
        Audience.STAFF,
    ),
)
