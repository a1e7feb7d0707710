"""Where events go: receivers of the publisher and of customers, how each keeps up, and the way to add one."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.assurance.errors import DestinationNotFoundError
from fairkeeper.assurance.forwarding.destinations import (
    DestinationAdded,
    DestinationLine,
    add_destination,
    end_destination,
    list_destinations,
)
from fairkeeper.assurance.forwarding.exporting import EventFormat
from fairkeeper.assurance.forwarding.kinds import FORMATS, SENTINEL_AUTHORITY, DestinationKind
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Field, FieldKind, Form, Option, with_answers
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.assurance import DestinationRow, DestinationsPage
from fairkeeper.web.parts import Empty, Identifier, Link, Tab
from fairkeeper.web.routes.assurance.words import ROOM, TRAIL, names, tabs, whose
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    answer_question,
    ask,
    new_key,
    question_at,
    reason_field,
    try_to,
    typed_fields,
)
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get, post

_HERE: Final = "/assurance/destinations"
_SHOWN_BEFORE: Final = "It was added when you pressed the first time, and its secret shown then; it is not shown again."
_KINDS: Final = {
    DestinationKind.WEBHOOK: "Webhook",
    DestinationKind.SENTINEL: "Microsoft Sentinel",
    DestinationKind.SYSLOG: "Syslog",
    DestinationKind.OTLP: "OpenTelemetry",
    DestinationKind.FILE: "File on the server",
}
_FORMATS: Final = {
    EventFormat.OCSF: "OCSF 1.8 events",
    EventFormat.SENTINEL: "Rows of calls of agents",
    EventFormat.SENTINEL_AUDIT: "Rows of everything else",
    EventFormat.SPANS: "Spans of agents’ calls",
}
_ADDRESSES: Final = {
    DestinationKind.WEBHOOK: "An https address that takes a signed POST.",
    DestinationKind.SENTINEL: "The logs ingestion endpoint of the data collection rule.",
    DestinationKind.SYSLOG: "tls://host:6514",
    DestinationKind.OTLP: "The collector’s address for traces, ending in /v1/traces.",
    DestinationKind.FILE: "The file’s name, without a path; the day is added.",
}


def show_all(visit: Visit) -> Response:
    """Show every receiver with how far behind it is."""
    return visit.show(_page(visit))


def add(visit: Visit) -> Response:
    """Add a receiver and show the secret that signs, once."""
    form = _form(_kind(visit))
    answered = try_to(visit, add_destination, **typed_fields(visit, form) | dict(form.hidden))
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, again), answered.status)
    made: DestinationAdded = answered
    if made.secret is None and _kind(visit) is DestinationKind.WEBHOOK:
        return visit.show(_page(visit, with_answers(form, {}, {}, _SHOWN_BEFORE)), 409)
    return visit.show(_page(visit, secret=made.secret or ""))


def _kind(visit: Visit) -> DestinationKind:
    asked = visit.form.get("kind") or visit.query("kind")
    found = next((each for each in _offered(visit) if each.value == asked), None)
    return found or DestinationKind.WEBHOOK


def _offered(visit: Visit) -> tuple[DestinationKind, ...]:
    return tuple(each for each in _KINDS if visit.is_staff or each is not DestinationKind.FILE)


def _page(visit: Visit, form: Form | None = None, *, secret: str = "") -> DestinationsPage:
    lines: list[DestinationLine] = visit.run(list_destinations)
    live = [line for line in lines if line.ended_at is None]
    failing = sum(line.failing_since is not None for line in live)
    may_add = visit.allows(add_destination)
    kind = _kind(visit)
    return DestinationsPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs(visit, "Destinations"),
        sentence=_sentence(len(live), failing),
        destinations=_listing(visit, lines, may_end=visit.allows(end_destination)),
        kinds=tuple(
            Tab(label=_KINDS[each], href=f"{_HERE}?kind={each}#create", is_here=each is kind)
            for each in _offered(visit)
        )
        if may_add
        else (),
        create=(form or _form(kind)) if may_add else None,
        secret=secret,
    )


def _sentence(live: int, failing: int) -> str:
    if not live:
        return "Events are delivered to nobody yet."
    found = f"Events are delivered to {count(live, 'receiver')}."
    return found if not failing else f"{found} {failing} of them cannot be reached at present; nothing is lost."


def _listing(visit: Visit, lines: list[DestinationLine], *, may_end: bool) -> Listing[DestinationRow]:
    return Listing(
        id="destinations",
        caption="Destinations of events",
        columns=(
            Column(label="Receiver"),
            Column(label="Whose events"),
            Column(label="As"),
            Column(label="State"),
            Column(label="Last taken"),
            Column(label="Change", is_number=True),
        ),
        rows=_rows(visit, lines, may_end=may_end),
        empty=Empty(
            title="No receiver yet",
            text="A security system, a workspace of Microsoft Sentinel or a collector hears what happens here.",
        ),
        address=Address(_HERE),
        exports=export_links(Address(_HERE)),
    )


def _rows(visit: Visit, lines: list[DestinationLine], *, may_end: bool) -> tuple[DestinationRow, ...]:
    found = names(visit, {line.customer_id for line in lines})
    return tuple(
        DestinationRow(
            name=line.name,
            destination=Identifier(text=line.destination_id, names="destination id"),
            address=line.address,
            whose="Everybody’s" if line.customer_id is None else whose(found, line.customer_id),
            how=f"{_KINDS[DestinationKind(line.kind)]}: {_FORMATS[EventFormat(line.event_format)]}",
            state=state("ended" if line.ended_at else "failing" if line.failing_since else "active"),
            note=_note(line),
            failing_since=line.failing_since,
            taken_at=line.taken_at,
            end=_end(line).question if may_end and line.ended_at is None else None,
        )
        for line in lines
    )


def _note(line: DestinationLine) -> str:
    if line.ended_at is not None:
        return ""
    behind = f"{count(line.behind, 'entry', 'entries')} behind" if line.behind else "up to date"
    return f"{line.last_error} {behind}." if line.last_error else behind


def sheet_of_destinations(visit: Visit) -> Sheet:
    """Return the receivers as a sheet."""
    lines: list[DestinationLine] = visit.run(list_destinations)
    return sheet_of_rows("destinations", DestinationRow, _rows(visit, lines, may_end=False))


def _form(kind: DestinationKind) -> Form:
    formats = FORMATS[kind]
    fields = [
        Field(name="name", label="Name", hint="As it stands in the list.", autocomplete="off"),
        Field(name="address", label="Address", hint=_ADDRESSES[kind], autocomplete="off"),
    ]
    if len(formats) > 1:
        options = tuple(Option(value=each.value, label=_FORMATS[each]) for each in formats)
        fields.append(
            Field(name="event_format", label="What is told", kind=FieldKind.SELECT, value=formats[0], options=options)
        )
    if kind is DestinationKind.SENTINEL:
        fields += _sentinel_fields()
    if kind is DestinationKind.OTLP:
        hint = "The value of the header Authorization, where the collector asks for one."
        fields.append(Field(name="secret", label="Authorization", kind=FieldKind.SECRET, hint=hint, is_required=False))
    fixed = () if len(formats) > 1 else (("event_format", formats[0].value),)
    return Form(
        id="add-destination",
        action=_HERE,
        submit="Deliver events there",
        idempotency_key=new_key(),
        hidden=(("kind", kind.value), *fixed),
        fields=tuple(fields),
    )


def _sentinel_fields() -> list[Field]:
    return [
        Field(name="rule_id", label="Data collection rule", hint="Its immutable id, dcr-…", autocomplete="off"),
        Field(name="stream", label="Stream", hint="Custom-FairkeeperAgentEvents_CL", autocomplete="off"),
        Field(name="tenant_id", label="Tenant of the application", autocomplete="off"),
        Field(name="client_id", label="Application id", autocomplete="off"),
        Field(name="secret", label="Secret of the application", kind=FieldKind.SECRET),
        Field(
            name="authority",
            label="Where tokens come from",
            hint=f"{SENTINEL_AUTHORITY} where nothing stands here.",
            is_required=False,
            autocomplete="off",
        ),
    ]


def _end(line: DestinationLine) -> Asking:
    asked = Words(
        opener="End",
        title=f"Deliver nothing more to “{line.name}”?",
        points=("Its secret is forgotten.", "What it has taken stays there."),
        cannot_undo="a receiver that was ended is added anew, and then begins with what happens from then on.",
        submit="End the delivery",
        is_dangerous=True,
        fields=(reason_field("It is recorded."),),
    )
    return Asking(
        operation=end_destination,
        question=question_at(f"{_HERE}/{line.destination_id}/end", asked, back=_HERE),
        back=_HERE,
        room=ROOM,
        fixed={"destination_id": line.destination_id},
        trail=(*TRAIL, Link(label="Destinations", href=_HERE)),
    )


def _wanted(visit: Visit) -> DestinationLine:
    wanted = visit.named("destination_id")[:40]
    lines: list[DestinationLine] = visit.run(list_destinations)
    found = next((line for line in lines if line.destination_id == wanted and line.ended_at is None), None)
    if found is None:
        raise DestinationNotFoundError(f"Nothing is delivered to a destination {wanted!r} here.")
    return found


def ask_end(visit: Visit) -> Response:
    """Ask before a delivery is ended."""
    return ask(visit, _end(_wanted(visit)))


def end(visit: Visit) -> Response:
    """End a delivery."""
    return answer_question(visit, _end(_wanted(visit)))


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_all),
    post(_HERE, add),
    *export_ways(_HERE, sheet_of_destinations),
    get(f"{_HERE}/{{destination_id}}/end", ask_end),
    post(f"{_HERE}/{{destination_id}}/end", end),
)
