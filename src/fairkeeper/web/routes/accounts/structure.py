"""The structure in force as a picture with its findings and ids; stating it anew; what was seen of the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup
from starlette.responses import Response

from fairkeeper.accounts.actions.state_structure import adopt_seen, ask_products, import_structure, observe_file
from fairkeeper.accounts.errors import NoStructureError
from fairkeeper.accounts.observed.sources import Source
from fairkeeper.accounts.queries import draw_structure, list_differences, show_structure
from fairkeeper.accounts.views import DifferenceView, KnownId, Picture, StructureView
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord, Tone, count
from fairkeeper.web.forms import Field, FieldKind, Option
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.accounts import DifferenceRow, IdRow, SeenPage, StructurePage, WayInRow
from fairkeeper.web.parts import Empty, Identifier, Link
from fairkeeper.web.routes.accounts.words import ROOM, TRAIL, file_answer, finding_of, said, tabs
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_FILES: Final = (
    Link(label="Picture as SVG", href="/accounts/structure.svg"),
    Link(label="Structure as a file", href="/accounts/structure.yaml"),
)
_WORDS: Final = {
    "not_stated": StateWord(word="Not stated", tone=Tone.CARE),
    "not_seen": StateWord(word="Not seen", tone=Tone.CARE),
    "differs": StateWord(word="Differs", tone=Tone.CARE),
}
_EMPTY: Final = Empty(
    title="No structure yet",
    text="State the house at Partner Center once: tenants, people, locations, publishers, offers. It is held against "
    "some fifty rules, drawn, and its ids are at hand when support asks.",
    action=Link(label="State the structure", href="/accounts/state"),
)


def show(visit: Visit) -> Response:
    """Show the structure in force."""
    try:
        found: StructureView = visit.run(show_structure)
    except NoStructureError:
        page = StructurePage(
            frame=frame(visit, ROOM), sentence="Nothing is stated yet.", tabs=tabs("/accounts"), first_step=_EMPTY
        )
        return visit.show(page)
    drawn: Picture = visit.run(draw_structure, is_alone=False)
    page = StructurePage(
        frame=frame(visit, ROOM),
        sentence=_sentence(found),
        tabs=tabs("/accounts"),
        findings=tuple(finding_of(each) for each in found.findings),
        picture=Markup(drawn.svg),  # noqa: S704 - written by us, with every text escaped
        folded=drawn.folded,
        files=_FILES,
        ids=_ids(visit, found.ids),
        ways_in=tuple(
            WayInRow(person=each.person, way=(each.way or "none").capitalize(), reason=each.reason)
            for each in found.ways_in
        ),
        questions=(_state_asking(found.text).question,) if visit.allows(import_structure) else (),
    )
    return visit.show(page)


def send_picture(visit: Visit) -> Response:
    """Send the picture as a file of its own."""
    drawn: Picture = visit.run(draw_structure)
    return file_answer(drawn.svg.encode(), "structure.svg", "image/svg+xml")


def send_structure(visit: Visit) -> Response:
    """Send the structure as the file that it can be imported from."""
    found: StructureView = visit.run(show_structure)
    return file_answer(found.text.encode(), "structure.yaml", "application/yaml")


def ask_state(visit: Visit) -> Response:
    """Ask for the structure."""
    return ask(visit, _state_asking(_present(visit)))


def state_it(visit: Visit) -> Response:
    """Take what was written as the structure in force."""
    return answer_question(visit, _state_asking(_present(visit)))


def show_seen(visit: Visit) -> Response:
    """Show where what was stated and what was seen differ."""
    found = _differences(visit)
    questions = [_adopt_asking(), _products_asking(), _observe_asking()] if visit.allows(observe_file) else []
    if not any(each.may_adopt for each in found):
        questions = questions[1:]
    page = SeenPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence=f"{count(len(found), 'difference')} to what was stated." if found else "Nothing differs.",
        tabs=tabs("/accounts/seen"),
        differences=Listing(
            id="differences-list",
            caption="Differences",
            columns=tuple(Column(label=label) for label in ("What", "Which", "Difference", "Stated", "Seen", "Source")),
            rows=tuple(_difference(each) for each in found),
            empty=Empty(
                title="Nothing differs",
                text="Hand over an export of users or an answer of Partner Center, or have Microsoft asked for the "
                "products; what differs from the structure is listed here.",
            ),
            address=Address("/accounts/seen"),
            exports=export_links(Address("/accounts/seen")) if found else (),
        ),
        questions=tuple(each.question for each in questions),
    )
    return visit.show(page)


def _sentence(found: StructureView) -> str:
    counts = found.counts
    size = ", ".join(
        (count(counts.publishers, "publisher"), count(counts.offers, "offer"), count(counts.plans, "plan"))
    )
    rest = f"{count(len(found.findings), 'finding')}" if found.findings else "nothing needs a person"
    return f"{found.company}: {size}; {rest}."


def _ids(visit: Visit, ids: tuple[KnownId, ...]) -> Listing[IdRow]:
    return Listing(
        id="ids-list",
        caption="Ids",
        columns=tuple(Column(label=label) for label in ("Id", "Of", "Value", "Found at")),
        rows=tuple(_id(each) for each in ids),
        empty=Empty(title="No ids", text="The structure states none."),
        address=Address("/accounts/ids"),
        exports=export_links(Address("/accounts/ids")) if visit.allows(show_structure) else (),
    )


def _id(each: KnownId) -> IdRow:
    names = f"{each.what} of {each.name}" if each.name else each.what
    return IdRow(
        what=each.what, name=each.name, id=Identifier(text=each.id, names=names, is_whole=True), found_at=each.found_at
    )


def _difference(each: DifferenceView) -> DifferenceRow:
    return DifferenceRow(
        what=each.what[:1].upper() + each.what[1:],
        subject=each.subject,
        state=_WORDS[each.kind],
        stated=each.stated or "",
        seen=each.seen or "",
        source=said(each.source),
    )


def _differences(visit: Visit) -> tuple[DifferenceView, ...]:
    try:
        found: tuple[DifferenceView, ...] = visit.run(list_differences)
    except NoStructureError:
        return ()
    return found


def _present(visit: Visit) -> str:
    try:
        found: StructureView = visit.run(show_structure)
    except NoStructureError:
        return "account_structure:\n  company: \n"
    return found.text


def _state_asking(text: str) -> Asking:
    words = Words(
        opener="State it anew",
        title="State the structure",
        points=("What is written here is in force afterwards; the ones before are kept as its history.",),
        submit="Take it",
        fields=(
            Field(
                name="structure",
                label="Structure",
                kind=FieldKind.LONG_TEXT,
                value=text,
                hint="YAML, as the file that can be downloaded. Ids stand in quotes.",
            ),
        ),
    )

    def read(form: Mapping[str, str]) -> Mapping[str, Any]:
        return {"file": {"name": "what was written", "text": form.get("structure", "")}}

    return Asking(
        operation=import_structure,
        question=question_at("/accounts/state", words, back="/accounts"),
        back="/accounts",
        room=ROOM,
        trail=TRAIL,
        read=read,
    )


def _adopt_asking() -> Asking:
    words = Words(
        opener="Add what is missing",
        title="Add what was seen and is not stated?",
        points=(
            "People, offers and plans that the account has and the structure lacks are added.",
            "Nothing that was stated is changed.",
        ),
        submit="Add them",
    )
    return _seen_asking(adopt_seen, "/accounts/adopt", words)


def _products_asking() -> Asking:
    words = Words(
        opener="Ask Microsoft",
        title="Ask Microsoft for the products?",
        points=("The product ingestion API lists offers and plans; the answer appears here in a moment.",),
    )
    return _seen_asking(ask_products, "/accounts/seen/ask", words)


def _observe_asking() -> Asking:
    options = tuple(Option(value=each.value, label=said(each.value)) for each in Source)
    words = Words(
        opener="Hand over an export",
        title="Hand over what the account shows",
        points=("It is kept beside the structure and compared with it.",),
        submit="Compare it",
        fields=(
            Field(name="source", label="What it is", kind=FieldKind.SELECT, options=options, value="users"),
            Field(
                name="text",
                label="Export or answer",
                kind=FieldKind.LONG_TEXT,
                hint="CSV of the users, or JSON as it came.",
            ),
        ),
    )

    def read(form: Mapping[str, str]) -> Mapping[str, Any]:
        return {"source": form.get("source", ""), "file": {"name": "what was pasted", "text": form.get("text", "")}}

    return _seen_asking(observe_file, "/accounts/observe", words, read=read)


def _seen_asking(operation: Any, address: str, words: Words, *, read: Any = None) -> Asking:
    return Asking(
        operation=operation,
        question=question_at(address, words, back="/accounts/seen"),
        back="/accounts/seen",
        room=ROOM,
        trail=(*TRAIL, Link(label="Seen in the account", href="/accounts/seen")),
        read=read,
    )


def _sheet_of_ids(visit: Visit) -> Sheet:
    found: StructureView = visit.run(show_structure)
    return sheet_of_rows("ids", IdRow, (_id(each) for each in found.ids))


def _sheet_of_differences(visit: Visit) -> Sheet:
    return sheet_of_rows("differences", DifferenceRow, (_difference(each) for each in _differences(visit)))


def _pair(address: str, asking: Any) -> tuple[Way, Way]:
    return (
        get(address, lambda visit: ask(visit, asking()), Audience.STAFF),
        post(address, lambda visit: answer_question(visit, asking()), Audience.STAFF),
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/accounts", show, Audience.STAFF),
    get("/accounts/structure.svg", send_picture, Audience.STAFF),
    get("/accounts/structure.yaml", send_structure, Audience.STAFF),
    get("/accounts/state", ask_state, Audience.STAFF),
    post("/accounts/state", state_it, Audience.STAFF),
    get("/accounts/seen", show_seen, Audience.STAFF),
    *_pair("/accounts/adopt", _adopt_asking),
    *_pair("/accounts/seen/ask", _products_asking),
    *_pair("/accounts/observe", _observe_asking),
    *export_ways("/accounts/ids", _sheet_of_ids, Audience.STAFF),
    *export_ways("/accounts/seen", _sheet_of_differences, Audience.STAFF),
)
