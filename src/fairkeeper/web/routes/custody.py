"""What another system runs: taken over one or many at once, handed back, and what would have been done meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fairkeeper.action.operation import Operation
from fairkeeper.customers.actions.custody.move_custody import (
    CustodyLine,
    CustodyMoved,
    CustodyView,
    WouldHave,
    hand_back,
    list_custody,
    list_would_have,
    show_custody,
    take_over,
)
from fairkeeper.customers.actions.custody.move_custody import CustodyPage as Found
from fairkeeper.customers.actions.custody.noting import Custody
from fairkeeper.errors import InvalidError
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count
from fairkeeper.web.forms import Form, Question
from fairkeeper.web.listing import Column, Filter, Listing, Paging
from fairkeeper.web.pages.answers import QuestionPage
from fairkeeper.web.pages.customers import CustodyPage, CustodyRow, NoteRow
from fairkeeper.web.parts import Empty, Link, Tab
from fairkeeper.web.serving.asking import new_key, recorded_entry
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import commercial_state
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/custody"
_MANAGED: Final = f"{_HERE}/managed"
_NOTES: Final = f"{_HERE}/would-have"
_PAGE_ROWS: Final = 50
_MOST_AT_ONCE: Final = 200
_TRAIL: Final = (Link(label="Customers", href="/customers"), Link(label="Observed and managed", href=_HERE))


class NothingChosenError(InvalidError):
    """No subscription was chosen."""

    code = "web.nothing_chosen"
    remedy = "Go back, and tick what it is about."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """A way to move subscriptions, and how it is asked about."""

    operation: Operation
    address: str
    back: str
    verb: str
    points: Sequence[str]


_MOVES: Final = (
    _Move(
        operation=take_over,
        address=f"{_HERE}/take-over",
        back=_HERE,
        verb="Take over",
        points=(
            "From now on Fairkeeper activates, answers, provisions and tells for what you chose.",
            "What is set up stays as it is, and nothing that happened before is done again.",
            "Let the older system stop for them first; you can hand each back here.",
        ),
    ),
    _Move(
        operation=hand_back,
        address=f"{_HERE}/hand-back",
        back=_MANAGED,
        verb="Hand back",
        points=(
            "From now on Fairkeeper only observes what you chose, and does nothing outside for it.",
            "Webhooks for it go to the older system again, if one is set.",
            "You can take each over again at any time.",
        ),
    ),
)
_TAKE_OVER, _HAND_BACK = _MOVES


# -------------------- the lists


def show_observed(visit: Visit) -> Response:
    """Show what another system runs."""
    return visit.show(_page(visit, Custody.OBSERVED, _TAKE_OVER))


def show_managed(visit: Visit) -> Response:
    """Show what was taken over."""
    return visit.show(_page(visit, Custody.MANAGED, _HAND_BACK))


def show_notes(visit: Visit) -> Response:
    """Show what would have been done, the newest first."""
    custody: CustodyView = visit.run(show_custody)
    number = _number(visit)
    found: tuple[WouldHave, ...] = visit.run(list_would_have, offset=(number - 1) * _PAGE_ROWS, limit=_PAGE_ROWS)
    address = _address(visit, _NOTES)
    notes = Listing(
        id="would-have",
        caption="Would have",
        columns=(Column(label="Customer"), Column(label="Would have"), Column(label="When")),
        rows=tuple(map(_note, found)),
        empty=Empty(title="Nothing", text="What would have been done outside, and was not, stands here."),
        address=address,
        exports=export_links(Address(_NOTES)),
        paging=_paging(address, number, len(found), custody.would_have),
    )
    return visit.show(
        CustodyPage(
            frame=frame(visit, "Customers"),
            trail=_TRAIL[:1],
            sentence=_sentence(custody),
            tabs=_tabs(custody, _NOTES),
            subscriptions=None,
            notes=notes,
        )
    )


def _page(visit: Visit, custody: Custody, move: _Move) -> CustodyPage:
    view: CustodyView = visit.run(show_custody)
    number = _number(visit)
    found: Found = visit.read(
        list_custody,
        custody=custody,
        text=visit.query("text"),
        offset=(number - 1) * _PAGE_ROWS,
        limit=_PAGE_ROWS,
    )
    address = _address(visit, move.back)
    may_move = visit.allows(move.operation) and not (view.is_observing and move is _TAKE_OVER)
    listing = Listing(
        id="subscriptions",
        caption="Subscriptions",
        columns=(
            Column(label="Customer"),
            Column(label="Plan"),
            Column(label="State"),
            Column(label="First seen"),
            Column(label="Would have", is_number=True),
        ),
        rows=tuple(map(_row, found.subscriptions)),
        empty=Empty(
            title="Nothing is observed" if custody is Custody.OBSERVED else "Nothing was taken over yet",
            text="Subscriptions that another system ran when they were first seen stand here.",
        ),
        address=address,
        filters=(Filter(name="text", label="Customer", placeholder="Contoso"),),
        exports=export_links(address),
        paging=_paging(address, number, len(found.subscriptions), found.total),
    )
    return CustodyPage(
        frame=frame(visit, "Customers"),
        trail=_TRAIL[:1],
        sentence=_sentence(view),
        tabs=_tabs(view, move.back),
        subscriptions=listing,
        notes=None,
        picks=move.address if may_move else "",
        pick=f"{move.verb} what is ticked",
    )


def sheet_of_observed(visit: Visit) -> Sheet:
    """Return what another system runs as a sheet."""
    return sheet_of_rows("observed", CustodyRow, map(_row, _all(visit, Custody.OBSERVED)))


def sheet_of_managed(visit: Visit) -> Sheet:
    """Return what was taken over as a sheet."""
    return sheet_of_rows("managed", CustodyRow, map(_row, _all(visit, Custody.MANAGED)))


def sheet_of_notes(visit: Visit) -> Sheet:
    """Return what would have been done as a sheet."""

    def everything() -> Iterator[WouldHave]:
        offset = 0
        while True:
            found: tuple[WouldHave, ...] = visit.run(list_would_have, offset=offset, limit=500)
            yield from found
            offset += 500
            if len(found) < 500:
                return

    return sheet_of_rows("would-have", NoteRow, map(_note, everything()))


def _all(visit: Visit, custody: Custody) -> Iterator[CustodyLine]:
    offset, total = 0, 1
    while offset < total:
        found: Found = visit.read(list_custody, custody=custody, text=visit.query("text"), offset=offset, limit=500)
        yield from found.subscriptions
        offset, total = offset + 500, found.total


# -------------------- moving them


def _ask(visit: Visit, move: _Move) -> Response:
    """Ask about what was ticked."""
    chosen = _chosen(visit.request.query_params.getlist("subscription_id"))
    number = count(len(chosen), "subscription")
    question = Question(
        id="move",
        opener=move.verb,
        href=move.address,
        title=f"{move.verb} {number}?",
        points=move.points,
        form=Form(
            id="move-form",
            action=move.address,
            submit=f"{move.verb} {number}",
            idempotency_key=new_key(),
            hidden=tuple(("subscription_id", each) for each in chosen),
            cancel=Link(label="Go back", href=move.back),
        ),
    )
    return visit.show(QuestionPage(frame=frame(visit, "Customers"), trail=_TRAIL, question=question))


def _do(visit: Visit, move: _Move) -> Response:
    """Move what was ticked, each with an entry of its own."""
    chosen = _chosen(visit.form.get("subscription_id", "").split())
    moved: list[CustodyMoved] = visit.run_each(move.operation, [{"subscription_id": each} for each in chosen])
    number = sum(each.is_moved for each in moved)
    entry = recorded_entry(visit) if number else ""
    return visit.go(str(Address(move.back).having(recorded=entry) if entry else Address(move.back)))


def ask_take_over(visit: Visit) -> Response:
    """Ask before subscriptions are taken over."""
    return _ask(visit, _TAKE_OVER)


def do_take_over(visit: Visit) -> Response:
    """Take subscriptions over."""
    return _do(visit, _TAKE_OVER)


def ask_hand_back(visit: Visit) -> Response:
    """Ask before subscriptions are handed back."""
    return _ask(visit, _HAND_BACK)


def do_hand_back(visit: Visit) -> Response:
    """Hand subscriptions back."""
    return _do(visit, _HAND_BACK)


def _chosen(ids: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(each[:64] for each in ids if each))[:_MOST_AT_ONCE]
    if not chosen:
        raise NothingChosenError("No subscription was chosen.")
    return chosen


# -------------------- words


def _row(line: CustodyLine) -> CustodyRow:
    return CustodyRow(
        subscription_id=line.subscription_id,
        customer=Link(label=line.customer_name, href=f"/subscriptions/{line.subscription_id}"),
        plan=line.plan_id or "no plan",
        state=commercial_state(line.status),
        adopted_at=line.adopted_at,
        would_have=line.would_have,
    )


def _note(note: WouldHave) -> NoteRow:
    return NoteRow(
        customer=Link(label=note.customer_name or "Not known", href=f"/subscriptions/{note.subscription_id}"),
        what=note.what,
        noted_at=note.noted_at,
    )


def _sentence(view: CustodyView) -> str:
    if view.is_observing:
        return (
            "This installation observes and changes nothing outside; set FAIRKEEPER_MODE=manage to take anything over."
        )
    return f"{count(view.observed, 'subscription')} observed, {count(view.managed)} managed."


def _tabs(view: CustodyView, here: str) -> tuple[Tab, ...]:
    offered = (("Observed", _HERE, view.observed), ("Taken over", _MANAGED, 0), ("Would have", _NOTES, view.would_have))
    return tuple(
        Tab(label=label, href=href, is_here=href == here, count=number or None) for label, href, number in offered
    )


def _number(visit: Visit) -> int:
    return max(1, int(visit.query("page"))) if visit.query("page").isdigit() and len(visit.query("page")) < 6 else 1


def _address(visit: Visit, path: str) -> Address:
    return Address.of(path, visit.request.query_params.multi_items()).without("recorded")


def _paging(address: Address, number: int, shown: int, total: int) -> Paging:
    first = (number - 1) * _PAGE_ROWS + 1
    last = first + shown - 1
    return Paging(
        shown=f"{count(first)}–{count(last)} of {count(total)}",
        previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
        next_href=str(address.having(page=str(number + 1))) if last < total else "",
    )


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_observed, Audience.STAFF),
    *export_ways(_HERE, sheet_of_observed, Audience.STAFF),
    get(_MANAGED, show_managed, Audience.STAFF),
    *export_ways(_MANAGED, sheet_of_managed, Audience.STAFF),
    get(_NOTES, show_notes, Audience.STAFF),
    *export_ways(_NOTES, sheet_of_notes, Audience.STAFF),
    get(_TAKE_OVER.address, ask_take_over, Audience.STAFF),
    post(_TAKE_OVER.address, do_take_over, Audience.STAFF),
    get(_HAND_BACK.address, ask_hand_back, Audience.STAFF),
    post(_HAND_BACK.address, do_hand_back, Audience.STAFF),
)
