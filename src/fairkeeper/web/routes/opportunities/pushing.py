"""What goes to the CRM: what was pushed and how it stands, and the standing approval for what is pushed unasked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from fairkeeper.opportunities.actions.pushes import (
    LARGEST_DAILY_LIMIT,
    give_standing_approval,
    revoke_standing_approval,
)
from fairkeeper.opportunities.crm.queries import Pushing, show_pushing
from fairkeeper.opportunities.queries import list_pushes
from fairkeeper.opportunities.views import PushLine
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Field, FieldKind, Question
from fairkeeper.web.pages.opportunities import PushedPage, PushRow
from fairkeeper.web.parts import Fact, Link
from fairkeeper.web.routes.opportunities.lists import PUSH_STATES, ROOM, TRAIL, tabs_of
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

CRM_PATH: Final = "/opportunities/crm"
_SHOWN: Final = 200
_WORDS: Final[Mapping[str, Words]] = {
    "give": Words(
        opener="Let it push unasked",
        title="Let the agent push cards without a click?",
        points=(
            "Once a day it pushes the first open cards of accounts that are matched for certain, as tasks.",
            "Never more than the limit in a day; held-out and unclear accounts never.",
            "It is a standing approval under Governance and ends on its day, or when the policies change.",
            "Anybody who may push can take it back.",
        ),
        submit="Give the standing approval",
        fields=(
            Field(
                name="daily_limit",
                label="Cards a day",
                kind=FieldKind.NUMBER,
                value="10",
                hint=f"At most {LARGEST_DAILY_LIMIT}.",
            ),
            Field(name="days", label="For how many days", kind=FieldKind.NUMBER, value="30", hint="At most 90."),
        ),
    ),
    "revoke": Words(
        opener="Take it back",
        title="Take the standing approval back?",
        points=("Nothing is pushed unasked from now on. What is on its way already still arrives.",),
        submit="Take it back",
    ),
}


def show_pushed(visit: Visit) -> Response:
    """Show what was pushed, and what may be pushed unasked."""
    found: Pushing = visit.run(show_pushing)
    pushes: tuple[PushLine, ...] = visit.run(list_pushes, limit=_SHOWN)
    page = PushedPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs_of(CRM_PATH),
        sentence=_sentence(found, len(pushes)),
        facts=_facts(found),
        questions=_questions(visit, found),
        agent=Link(label="The agent under Governance", href=f"/agents/{found.agent_id}"),
        pushes=tuple(_row(each) for each in pushes),
    )
    return visit.show(page)


def _sentence(found: Pushing, pushed: int) -> str:
    if not found.target:
        return "No CRM is named in the settings (FAIRKEEPER_CRM_KIND), so cards stay here."
    left = f"; {count(found.left_today)} more may go unasked today" if found.standing else "; nothing goes unasked"
    return f"{count(pushed, 'record')} at {words(found.target)}{left}."


def _facts(found: Pushing) -> tuple[Fact, ...]:
    held = found.standing
    if held is None:
        return (Fact(label="Standing approval", value="none", note="each push needs a person's click on its card"),)
    return (
        Fact(
            label="Standing approval",
            value=f"{held.daily_limit} a day",
            note="the policies changed since, so it lets nothing through" if held.is_stale else "for cards as tasks",
        ),
        Fact(label="Used today", value=f"{held.used_today} of {held.daily_limit}"),
        Fact(label="Until", value=held.until.date()),
        Fact(label="Given", value=held.given_at.date()),
    )


def _questions(visit: Visit, found: Pushing) -> tuple[Question, ...]:
    if not found.target:
        return ()
    asked = []
    if visit.allows(give_standing_approval) and (found.standing is None or found.standing.is_stale):
        asked.append(_asking("give").question)
    if visit.allows(revoke_standing_approval) and found.standing is not None:
        asked.append(_asking("revoke").question)
    return tuple(asked)


def _row(each: PushLine) -> PushRow:
    return PushRow(
        what=Link(label=each.account or each.external_key, href=f"/opportunities/cards/{each.card_id}"),
        record=words(each.record),
        how="unasked" if each.is_unasked else "by a click",
        state=state(PUSH_STATES.get(each.state, each.state)),
        asked_at=each.asked_at,
        note="; ".join(
            part
            for part in (
                f"left to people: {', '.join(each.kept_fields)}" if each.kept_fields else "",
                each.last_error,
            )
            if part
        ),
        decision=Link(label="Decision", href=f"/decisions/{each.decision_id}") if each.decision_id else None,
    )


# -------------------- the standing approval


def _asking(what: str) -> Asking:
    return Asking(
        operation=give_standing_approval if what == "give" else revoke_standing_approval,
        question=question_at(f"{CRM_PATH}/{what}", _WORDS[what], back=CRM_PATH),
        back=CRM_PATH,
        room=ROOM,
        fixed={},
        trail=(*TRAIL, Link(label="CRM", href=CRM_PATH)),
    )


def _ways(what: str) -> tuple[Way, Way]:
    def show(visit: Visit) -> Response:
        return ask(visit, _asking(what))

    def do(visit: Visit) -> Response:
        return answer_question(visit, _asking(what))

    path = f"{CRM_PATH}/{what}"
    return get(path, show, Audience.STAFF), post(path, do, Audience.STAFF)


WAYS: Final[tuple[Way, ...]] = (
    get(CRM_PATH, show_pushed, Audience.STAFF),
    *(way for what in _WORDS for way in _ways(what)),
)
