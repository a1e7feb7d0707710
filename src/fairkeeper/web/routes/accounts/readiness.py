"""Readiness: every offer at a glance, one offer item by item, its addresses probed on request."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from starlette.responses import Response

from fairkeeper.accounts.errors import NoStructureError
from fairkeeper.overview.readiness.probing import ask_review
from fairkeeper.overview.readiness.reviewing import (
    Review,
    ReviewItem,
    ReviewLine,
    ReviewPackage,
    fetch_review,
    list_reviews,
    show_review,
)
from fairkeeper.web.format import StateWord, Tone, count, relative
from fairkeeper.web.pages.accounts import ReviewItemRow, ReviewPage, ReviewRow, ReviewsPage
from fairkeeper.web.parts import Empty, Link
from fairkeeper.web.routes.accounts.words import ROOM, TRAIL, tabs, zip_answer
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HOME: Final = "/accounts/readiness"
_MARKS: Final = {
    "passed": StateWord(word="Passed", tone=Tone.GOOD),
    "failed": StateWord(word="Failed", tone=Tone.BAD),
    "unknown": StateWord(word="Not known", tone=Tone.CARE),
}


def show_list(visit: Visit) -> Response:
    """Show every offer."""
    try:
        found: tuple[ReviewLine, ...] = visit.run(list_reviews)
    except NoStructureError:
        found = ()
    ready = sum(line.is_ready for line in found)
    page = ReviewsPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence=f"{ready} of {count(len(found), 'offer')} ready for a review." if found else "No offer is stated.",
        tabs=tabs(_HOME),
        reviews=tuple(
            ReviewRow(
                offer=Link(label=line.name, href=f"{_HOME}/{line.offer_id}"),
                state=_state(line),
                passed=line.passed,
                failed=line.failed,
                unknown=line.unknown,
                publisher=line.publisher_id,
            )
            for line in found
        ),
        empty=Empty(
            title="No offer yet",
            text="State the structure first; each of its offers is then held against what a review asks.",
            action=Link(label="State the structure", href="/accounts/state"),
        ),
    )
    return visit.show(page)


def show_one(visit: Visit) -> Response:
    """Show one offer, item by item."""
    found: Review = visit.run(show_review, offer_id=visit.named("offer_id"))
    line = found.line
    probed = (
        f"Addresses probed {relative(line.probed_at, visit.now)}." if line.probed_at else "Addresses not probed yet."
    )
    page = ReviewPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label="Readiness", href=_HOME)),
        offer=line.name,
        state=_state(line),
        sentence=f"{line.passed} passed, {line.failed} failed, {line.unknown} not known. {probed}",
        groups=tuple(
            (name, tuple(_item(each) for each in items)) for name, items in groupby(found.items, key=lambda i: i.group)
        ),
        package=Link(label="Package for the reviewer", href=f"{_HOME}/{line.offer_id}/package.zip"),
        questions=(_probe_asking(line.offer_id, found).question,) if visit.allows(ask_review) else (),
    )
    return visit.show(page)


def ask_probe(visit: Visit) -> Response:
    """Ask before the addresses are called."""
    return ask(visit, _asking(visit))


def probe(visit: Visit) -> Response:
    """Have the addresses called."""
    return answer_question(visit, _asking(visit))


def send_package(visit: Visit) -> Response:
    """Send the package for the reviewer as a zip."""
    package: ReviewPackage = visit.run(fetch_review, offer_id=visit.named("offer_id"))
    return zip_answer(package.folder, package.files)


def _asking(visit: Visit) -> Asking:
    found: Review = visit.run(show_review, offer_id=visit.named("offer_id"))
    return _probe_asking(found.line.offer_id, found)


def _probe_asking(offer_id: str, found: Review) -> Asking:
    back = f"{_HOME}/{offer_id}"
    words = Words(
        opener="Probe the addresses",
        title="Call the landing page and the webhook?",
        points=(
            "The landing page is opened as a buyer would, and followed to the sign-in.",
            "The webhook is handed a call without a token, which it must refuse.",
            f"Called are the addresses that Microsoft has, or {found.landing_page} and {found.webhook}.",
        ),
        submit="Call them",
    )
    return Asking(
        operation=ask_review,
        question=question_at(f"{back}/probe", words, back=back),
        back=back,
        room=ROOM,
        fixed={"offer_id": offer_id},
        trail=(*TRAIL, Link(label="Readiness", href=_HOME), Link(label=found.line.name, href=back)),
    )


def _state(line: ReviewLine) -> StateWord:
    if line.failed:
        return StateWord(word="Not ready", tone=Tone.BAD)
    return StateWord(word="Ready", tone=Tone.GOOD) if line.is_ready else StateWord(word="Not known", tone=Tone.CARE)


def _item(each: ReviewItem) -> ReviewItemRow:
    return ReviewItemRow(
        asks=each.asks,
        state=_MARKS[each.mark],
        told=each.told,
        remedy=f"{each.remedy} See “{each.explained_by}”." if each.remedy and not each.address else each.remedy,
        resource=Link(label=each.explained_by, href=each.address) if each.address else None,
        proof=each.proof,
    )


WAYS: Final[tuple[Way, ...]] = (
    get(_HOME, show_list, Audience.STAFF),
    get(f"{_HOME}/{{offer_id}}", show_one, Audience.STAFF),
    get(f"{_HOME}/{{offer_id}}/probe", ask_probe, Audience.STAFF),
    post(f"{_HOME}/{{offer_id}}/probe", probe, Audience.STAFF),
    get(f"{_HOME}/{{offer_id}}/package.zip", send_package, Audience.STAFF),
)
