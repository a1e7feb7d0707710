"""What a seller does with a card: accept, decline, put off, won, lost, push, say which account it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.opportunities.actions.accounts import match_account
from fairkeeper.opportunities.actions.cards import DeclineReason, record_outcome
from fairkeeper.opportunities.actions.pushes import push_card
from fairkeeper.opportunities.crm.fields import fields_of
from fairkeeper.opportunities.queries import show_card
from fairkeeper.opportunities.views import CardDetail
from fairkeeper.web.forms import Field, FieldKind, Option, Question
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_SEATS: Final = Field(name="seats", label="Seats", kind=FieldKind.NUMBER, is_required=False, hint="As far as you know.")
_NOTE: Final = Field(name="note", label="Note", kind=FieldKind.LONG_TEXT, is_required=False)
_REASONS: Final = Field(
    name="reason",
    label="Why",
    kind=FieldKind.RADIO,
    options=tuple(Option(value=each.value, label=words(each.value)) for each in DeclineReason),
)
_COUNTS: Final = "It counts in the track record of the ranking."
_OUTCOMES: Final[Mapping[str, Words]] = {
    "accepted": Words(
        opener="Accept", title="Take this card?", points=("It stays on your list until you say how it ended.", _COUNTS)
    ),
    "declined": Words(
        opener="Decline",
        title="Decline this card?",
        points=("It is closed, and opens again only when its reason comes back.", _COUNTS),
        fields=(_REASONS, _NOTE),
    ),
    "snoozed": Words(
        opener="Put off",
        title="Put this card off?",
        points=("It leaves the list until that day.",),
        fields=(Field(name="until", label="Until", kind=FieldKind.DATE),),
    ),
    "won": Words(
        opener="Won", title="Was it won?", points=("The card is closed as won.", _COUNTS), fields=(_SEATS, _NOTE)
    ),
    "lost": Words(
        opener="Lost", title="Was it lost?", points=("The card is closed as lost.", _COUNTS), fields=(_SEATS, _NOTE)
    ),
}


def questions_of(visit: Visit, detail: CardDetail) -> tuple[Question, ...]:
    """Return what may be done with a card now."""
    if detail.line.closed_at is not None or not visit.allows(record_outcome):
        return ()
    outcomes = [name for name in _OUTCOMES if not (name == "accepted" and detail.line.state == "accepted")]
    asked = [_outcome(detail, name) for name in outcomes]
    if detail.may_push and visit.allows(push_card):
        asked.insert(0, _push(detail))
    if detail.match_state == "ambiguous":
        asked.insert(0, _match(detail))
    return tuple(each.question for each in asked)


def _outcome(detail: CardDetail, outcome: str) -> Asking:
    return _asking(detail, outcome, _OUTCOMES[outcome], record_outcome, {"card_id": detail.line.id, "outcome": outcome})


def _push(detail: CardDetail) -> Asking:
    # Not by a dry run of the command, which would use up the form's key.
    fields = fields_of(detail.card, detail.line.account, detail.line.opened_as_of.isoformat())
    points = (
        f"An opportunity is made or changed at the CRM, under the account {detail.crm_account}.",
        *(f"{words(name)}: {fields[name]}" for name in ("title", "why_now", "likelihood")),
        "Only these fields are ours; what people changed there stays as it is.",
        "Your click approves this one card. Nothing of a person is sent.",
    )
    asked = Words(opener="Push to the CRM", title="Push this card to the CRM?", points=points)
    return _asking(detail, "push", asked, push_card, {"card_id": detail.line.id})


def _match(detail: CardDetail) -> Asking:
    candidates = detail.account.candidates if detail.account else ()
    options = tuple(Option(value=str(each["crm_account"]), label=str(each["name"])) for each in candidates)
    asked = Words(
        opener="Say which account it is",
        title="Which account of the CRM is it?",
        points=("Cards of this tenant go to that account from now on.",),
        fields=(Field(name="crm_account", label="Account", kind=FieldKind.RADIO, options=options),),
    )
    return _asking(detail, "match", asked, match_account, {"tenant_id": detail.line.tenant_id})


def _asking(detail: CardDetail, what: str, asked: Words, operation: Any, fixed: Mapping[str, Any]) -> Asking:
    here = f"/opportunities/cards/{detail.line.id}"
    asked = replace(asked, submit=asked.submit or asked.opener)
    return Asking(
        operation=operation,
        question=question_at(f"{here}/{what}", asked, back=here),
        back=here,
        room="Opportunities",
        fixed=fixed,
        trail=(Link(label="Opportunities", href="/opportunities"), Link(label=detail.line.account, href=here)),
    )


def _asked(visit: Visit, what: str) -> Asking:
    detail: CardDetail = visit.run(show_card, card_id=visit.named("card")[:40])
    if what == "push":
        return _push(detail)
    return _match(detail) if what == "match" else _outcome(detail, what)


def _ways(what: str) -> tuple[Way, Way]:
    path = f"/opportunities/cards/{{card}}/{what}"

    def show(visit: Visit) -> Response:
        return ask(visit, _asked(visit, what))

    def do(visit: Visit) -> Response:
        return answer_question(visit, _asked(visit, what))

    return get(path, show, Audience.STAFF), post(path, do, Audience.STAFF)


WAYS: Final[tuple[Way, ...]] = tuple(way for what in (*_OUTCOMES, "push", "match") for way in _ways(what))
