"""Agents' data: how long it is kept, holds, erasing, subject access; for staff, where it goes and who reads it."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.assurance.keeping.classes import DataClass
from fairkeeper.assurance.keeping.holding import HoldLine, lift_hold, list_holds, place_hold
from fairkeeper.assurance.keeping.proving import ErasureWished, erase_data
from fairkeeper.assurance.keeping.rules import Kept, list_retention, set_retention
from fairkeeper.assurance.keeping.subject import SubjectExported, export_subject
from fairkeeper.assurance.posture.data_flow import DAYS, DataFlow, show_data_flow
from fairkeeper.customers.queries import list_customers
from fairkeeper.customers.views import CustomerPage
from fairkeeper.errors import NotFoundError
from fairkeeper.web.format import count
from fairkeeper.web.forms import Field, FieldKind, Option
from fairkeeper.web.pages.assurance import Block, ReportPage
from fairkeeper.web.parts import Fact, Link
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, names, tabs, whose, word
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    answer_question,
    ask,
    ask_again,
    question_at,
    reason_field,
    try_to,
    typed_fields,
)
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/assurance/data"
_UP: Final = (*TRAIL, Link(label="Data", href=_HERE))
_AT_ONCE: Final = 100
_WHOSE: Final = Field(
    name="customer_id",
    label="The customer’s id",
    is_required=False,
    hint="Left out: the publisher’s own agents, and the default for everybody.",
    autocomplete="off",
)


def show(visit: Visit) -> Response:
    """Show how long what is kept, and the holds."""
    kept: list[Kept] = visit.run(list_retention)
    holds: list[HoldLine] = visit.run(list_holds)
    found = names(visit, {line.customer_id for line in holds})
    standing = sum(line.lifted_at is None for line in holds)
    offered = ((erase_data, _erasing), (export_subject, _exporting), (place_hold, _holding))
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        name="Data",
        sentence=f"{count(standing, 'legal hold')} standing." if standing else "Nothing is under a legal hold.",
        tabs=tabs(visit, "Data"),
        questions=tuple(make(visit).question for operation, make in offered if visit.allows(operation)),
        blocks=(
            Block(
                id="kept",
                heading="How long agents’ data is kept",
                note="For everybody without a rule of their own." if visit.is_staff else "",
                heads=("What", "Days", "Set by"),
                rows=tuple(_kept(visit, line) for line in kept),
            ),
            Block(
                id="holds",
                heading="Legal holds",
                note="While one stands nothing of the data is erased, by nobody and by no rule.",
                heads=("Why", "Whose", "State", "Since", "Lifted because"),
                rows=tuple(_hold(visit, line, whose(found, line.customer_id)) for line in holds),
                empty="None was ever placed.",
            ),
            Block(
                id="more",
                heading="More",
                facts=(
                    Fact(label="Proofs of erasure", value=Link(label="Receipts", href="/receipts")),
                    *((_flow_link(),) if visit.allows(show_data_flow) else ()),
                ),
            ),
        ),
    )
    return visit.show(page)


def _flow_link() -> Fact:
    return Fact(label="Where it goes, who may read it", value=Link(label="Data flow", href=f"{_HERE}/flow"))


def _kept(visit: Visit, line: Kept) -> tuple[Any, ...]:
    may = visit.allows(set_retention)
    what: Link | str = (
        Link(label=_begun(line.what), href=f"{_HERE}/keep/{line.data_class}") if may else _begun(line.what)
    )
    days = str(line.days) if line.days is not None else "until the customer’s retention ends"
    return (what, days, line.set_for)


def _hold(visit: Visit, line: HoldLine, owner: str) -> tuple[Any, ...]:
    is_standing = line.lifted_at is None
    may = is_standing and visit.allows(lift_hold)
    reason: Link | str = Link(label=line.reason, href=f"{_HERE}/holds/{line.hold_id}/lift") if may else line.reason
    return (reason, owner, word("open" if is_standing else "closed"), line.placed_at, line.lifted_why or "")


def _whose(visit: Visit) -> tuple[Field, ...]:
    return (_WHOSE,) if visit.is_staff else ()


def _begun(text: str) -> str:
    """Write words as the beginning of a line."""
    return text[:1].upper() + text[1:]


def _asking(address: str, operation: Any, words: Words, **fixed: Any) -> Asking:
    question = question_at(f"{_HERE}/{address}", words, back=_HERE)
    return Asking(operation=operation, question=question, back=_HERE, room=ROOM, fixed=fixed, trail=_UP)


def _keeping(visit: Visit) -> Asking:
    named = visit.named("data_class")[:24]
    if named not in set(DataClass):
        raise NotFoundError("There is no such class of data.", code="web.no_such_page")
    words = Words(
        opener="Set",
        title=f"How long are {named.replace('_', ' ')} kept?",
        points=(
            "What is older is erased once a day, with a signed receipt.",
            "Left empty: as if nothing had been set here.",
        ),
        submit="Set it",
        fields=(
            Field(name="days", label="Days", kind=FieldKind.NUMBER, is_required=False, unit="days"),
            *_whose(visit),
        ),
    )
    return _asking(f"keep/{named}", set_retention, words, data_class=named)


def _holding(visit: Visit) -> Asking:
    words = Words(
        opener="Place a legal hold",
        title="Whose data is held?",
        points=("Nothing of it is erased until the hold is lifted.",),
        submit="Place the hold",
        fields=(*_whose(visit), reason_field("The matter it is for; recorded.")),
    )
    return _asking("holds/place", place_hold, words)


def _lifting(visit: Visit) -> Asking:
    wanted = visit.named("hold_id")[:40]
    lines: list[HoldLine] = visit.run(list_holds)
    line = next((each for each in lines if each.hold_id == wanted), None)
    if line is None:
        raise NotFoundError("There is no such hold.", code="assurance.hold_not_found")
    words = Words(
        opener="Lift",
        title="Lift this hold?",
        points=(line.reason, "What has waited for its erasure is erased then."),
        submit="Lift the hold",
        cannot_undo="what is erased then is gone.",
        is_dangerous=True,
        fields=(reason_field("It is recorded."),),
    )
    return _asking(f"holds/{wanted}/lift", lift_hold, words, hold_id=wanted)


def _erasing(visit: Visit) -> Asking:
    words = Words(
        opener="Erase data",
        title="What shall be erased?",
        points=("Payloads go from the log, lists, search and exports; the log still verifies, and a receipt follows.",),
        submit="Erase it",
        cannot_undo="what is erased is gone.",
        is_dangerous=True,
        typed_word="erase",
        fields=(
            Field(
                name="data_classes",
                label="Which classes",
                kind=FieldKind.CHECKBOXES,
                options=tuple(Option(value=each.value, label=each.value.replace("_", " ")) for each in DataClass),
                hint="None ticked: all of them.",
                is_required=False,
            ),
            Field(
                name="person",
                label="Only what names this person",
                is_required=False,
                hint="The id that calls carry.",
                autocomplete="off",
            ),
            *_whose(visit),
            reason_field("It is recorded. Do not name the person here."),
        ),
    )
    return _asking("erase", erase_data, words)


def _exporting(visit: Visit) -> Asking:
    words = Words(
        opener="Hand out a person’s data",
        title="Whose data is handed out?",
        points=("Everything that is kept about the person, as one file; that it was handed out is recorded.",),
        submit="Make the file",
        fields=(
            Field(
                name="person", label="The person", hint="The id that calls carry, or the address.", autocomplete="off"
            ),
            *_whose(visit),
        ),
    )
    return _asking("subject", export_subject, words)


_MAKERS: Final = {"place": _holding, "erase": _erasing, "subject": _exporting}


def _made(visit: Visit) -> Asking:
    return _MAKERS[str(visit.address.path).rpartition("/")[2]](visit)


def ask_plainly(visit: Visit) -> Response:
    """Ask about a hold to place, an erasure or a person's data."""
    return ask(visit, _made(visit))


def place(visit: Visit) -> Response:
    """Place a hold."""
    return answer_question(visit, _holding(visit))


def ask_to_keep(visit: Visit) -> Response:
    """Ask how long a class is kept."""
    return ask(visit, _keeping(visit))


def keep(visit: Visit) -> Response:
    """Set how long a class is kept."""
    return answer_question(visit, _keeping(visit))


def ask_to_lift(visit: Visit) -> Response:
    """Ask whether a hold is lifted."""
    return ask(visit, _lifting(visit))


def lift(visit: Visit) -> Response:
    """Lift it."""
    return answer_question(visit, _lifting(visit))


def erase(visit: Visit) -> Response:
    """Erase, and show once what proves whom it was about."""
    asking = _erasing(visit)
    if visit.form.get("typed_word", "").strip() != asking.question.typed_word:
        return answer_question(visit, asking)
    typed = typed_fields(visit, asking.question.form)
    classes = str(typed.pop("data_classes", "")).split()
    answered = try_to(visit, erase_data, **typed, data_classes=classes)
    if isinstance(answered, Refused):
        return ask_again(visit, asking, answered)
    made: ErasureWished = answered
    if made.nonce is None:
        return visit.go(_HERE)
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=_UP,
        name="The erasure was asked for",
        sentence="A signed receipt follows in a moment. It names nobody.",
        blocks=(
            Block(
                id="nonce",
                heading="The nonce, shown once",
                note="With the person’s id it proves that a receipt is about that person. Keep it.",
                document=made.nonce,
            ),
        ),
    )
    return visit.show(page)


def hand_out(visit: Visit) -> Response:
    """Make the file of one person's data."""
    asking = _exporting(visit)
    answered = try_to(visit, export_subject, **typed_fields(visit, asking.question.form))
    if isinstance(answered, Refused):
        return ask_again(visit, asking, answered)
    made: SubjectExported = answered
    body = json.dumps(made.document, ensure_ascii=False, indent=2, default=str).encode()
    headers = {"Content-Disposition": 'attachment; filename="subject.json"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/json", headers=headers)


def _customers(visit: Visit) -> Block:
    found: CustomerPage | None = visit.run(list_customers, limit=_AT_ONCE) if visit.allows(list_customers) else None
    lines = found.customers if found else ()
    more = f"The first {_AT_ONCE} of {found.total}." if found and found.total > _AT_ONCE else ""
    return Block(
        id="customers",
        heading="A customer’s data",
        note=more,
        heads=("Customer", "Id"),
        rows=tuple(
            (Link(label=line.name, href=f"{_HERE}/flow?customer_id={line.customer_id}"), line.customer_id)
            for line in lines
        ),
        empty="There is no customer yet.",
    )


def show_flow(visit: Visit) -> Response:
    """Show where data goes, which staff may read it, and who took some out."""
    asked = visit.query("customer_id")[:40]
    flow: DataFlow = visit.read(show_data_flow, **({"customer_id": asked} if asked else {}))
    page = ReportPage(
        frame=frame(visit, ROOM),
        trail=_UP,
        name="Data flow",
        sentence=f"The data of {whose(names(visit, {asked}), asked)}."
        if asked
        else "The publisher’s own agents’ data.",
        blocks=(
            *(() if asked else (_customers(visit),)),
            Block(
                id="kept",
                heading="Where it is",
                note="In which country that machine stands is the operator’s to say.",
                heads=("What", "Where", "Days"),
                rows=tuple(
                    (_begun(each.what), each.where, "as the customer’s retention" if each.days is None else each.days)
                    for each in flow.kept
                ),
            ),
            Block(
                id="goes",
                heading="Where it goes",
                heads=("Receiver", "Address", "What", "Since", "Until"),
                rows=tuple(
                    (each.name, each.address, each.what, each.since, each.until or "now") for each in flow.goes_to
                ),
                empty="To nobody: no receiver of events is set.",
            ),
            Block(
                id="may",
                heading="Which staff may read payloads",
                note="Asked of the policies that decide, for each person.",
                heads=("Person", "Roles", "What they reach"),
                rows=tuple((each.name, ", ".join(each.roles), "; ".join(each.reaches)) for each in flow.may_read),
                empty="Nobody.",
            ),
            Block(
                id="did",
                heading="Who took some out",
                note=f"From the evidence of {DAYS} days: files handed out, approvals answered, erasures. "
                "Looking at a page is not recorded.",
                heads=("When", "Who", "What", "Entry"),
                rows=tuple(
                    (
                        each.at,
                        each.name or each.actor_id,
                        each.kind,
                        Link(label="The entry", href=f"/evidence/{each.entry_id}"),
                    )
                    for each in flow.did_take
                ),
                empty="Nobody.",
            ),
        ),
    )
    return visit.show(page)


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show, Audience.PERSON),
    get(f"{_HERE}/flow", show_flow, Audience.STAFF),
    get(f"{_HERE}/holds/place", ask_plainly, Audience.STAFF),
    post(f"{_HERE}/holds/place", place, Audience.STAFF),
    get(f"{_HERE}/erase", ask_plainly, Audience.PERSON),
    post(f"{_HERE}/erase", erase, Audience.PERSON),
    get(f"{_HERE}/subject", ask_plainly, Audience.PERSON),
    post(f"{_HERE}/subject", hand_out, Audience.PERSON),
    get(f"{_HERE}/keep/{{data_class}}", ask_to_keep, Audience.PERSON),
    post(f"{_HERE}/keep/{{data_class}}", keep, Audience.PERSON),
    get(f"{_HERE}/holds/{{hold_id}}/lift", ask_to_lift, Audience.STAFF),
    post(f"{_HERE}/holds/{{hold_id}}/lift", lift, Audience.STAFF),
)
