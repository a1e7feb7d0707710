"""One counted hour, and what a person decides about a held one."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.metering.actions.deciding import refuse_hour, release_hour
from fairkeeper.metering.queries import show_hour
from fairkeeper.metering.rules.statuses import ReportState
from fairkeeper.metering.views import (
    UsageHour,
)
from fairkeeper.web.format import when_text
from fairkeeper.web.forms import Question
from fairkeeper.web.pages.usage import (
    HourPage,
)
from fairkeeper.web.parts import Deadline, Fact, Link
from fairkeeper.web.routes.usage.reading import ROOM, TRAIL, WORDS, hour_state
from fairkeeper.web.serving.asking import (
    Asking,
    Words,
    answer_question,
    ask,
    question_at,
    reason_field,
)
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.tracing import trace_way
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post


def show_counted(visit: Visit) -> Response:
    """Show one counted hour, and let a person decide about a held one."""
    hour = _hour(visit)
    needs: tuple[Deadline, ...] = ()
    questions: tuple[Question, ...] = ()
    if hour.state == ReportState.HELD:
        needs = (
            Deadline(
                due_at=hour.decide_at or hour.expires_at,
                what=f"This hour is held. {hour.note}",
                otherwise="The publisher’s rule decides.",
                owner="Finance",
            ),
        )
        if visit.allows(release_hour):
            questions = (_release_asking(hour).question, _refuse_asking(hour).question)
    answer = hour.answer_entry_id
    answered = None if answer is None else Link(label="The evidence", href=f"/evidence/{answer}")
    page = HourPage(
        frame=frame(visit, ROOM),
        trail=(*TRAIL, Link(label=hour.customer_name, href=f"/usage/{hour.resource_id}?dimension={hour.dimension}")),
        heading=f"{hour.dimension}, {when_text(hour.hour_at)}",
        sentence=f"{hour.units} used, {hour.quantity} to report; {WORDS.get(hour.state, hour.state)}.",
        state=hour_state(hour.state),
        facts=(
            Fact(label="Customer", value=hour.customer_name),
            Fact(label="Plan", value=hour.plan_id),
            Fact(label="Used", value=hour.units),
            Fact(label="Reported", value=hour.quantity, note="The overage, and what is carried from earlier hours."),
            Fact(label="Microsoft’s word", value=hour.status or None),
            Fact(label="Microsoft’s event", value=hour.usage_event_id),
            Fact(label="Can be sent until", value=when_text(hour.expires_at)),
            Fact(label="Counted from", value=Link(label="The evidence", href=f"/evidence/{hour.entry_id}")),
            Fact(label="Answered in", value=answered),
        ),
        needs=needs,
        questions=questions,
        actions=(trace_way(hour.count_id),),
    )
    return visit.show(page)


def _hour(visit: Visit) -> UsageHour:
    hour: UsageHour = visit.run(show_hour, count_id=visit.named("count_id")[:40])
    return hour


def _release_asking(hour: UsageHour) -> Asking:
    return _decision(
        hour,
        "release",
        Words(
            opener="Send it",
            title="Send this hour after all?",
            points=(f"{hour.quantity} of {hour.dimension} are reported to Microsoft and billed.",),
            cannot_undo="What Microsoft accepted can only be corrected in Partner Center.",
            fields=(reason_field(),),
        ),
    )


def _refuse_asking(hour: UsageHour) -> Asking:
    return _decision(
        hour,
        "refuse",
        Words(
            opener="Do not report it",
            title="Never report this hour?",
            points=(f"{hour.quantity} of {hour.dimension} are not billed.",),
            cannot_undo="It cannot be reported later.",
            fields=(reason_field(),),
            is_dangerous=True,
        ),
    )


def _decision(hour: UsageHour, verb: str, words: Words) -> Asking:
    here = f"/usage/hours/{hour.count_id}"
    return Asking(
        operation=release_hour if verb == "release" else refuse_hour,
        question=question_at(f"{here}/{verb}", words, back=here),
        back=here,
        room=ROOM,
        fixed={"count_id": hour.count_id},
        trail=(*TRAIL, Link(label=when_text(hour.hour_at), href=here)),
    )


def ask_to_release(visit: Visit) -> Response:
    """Ask why a held hour is sent."""
    return ask(visit, _release_asking(_hour(visit)))


def release(visit: Visit) -> Response:
    """Send a held hour."""
    return answer_question(visit, _release_asking(_hour(visit)))


def ask_to_refuse(visit: Visit) -> Response:
    """Ask why a held hour is not reported."""
    return ask(visit, _refuse_asking(_hour(visit)))


def refuse(visit: Visit) -> Response:
    """Do not report a held hour."""
    return answer_question(visit, _refuse_asking(_hour(visit)))


WAYS: Final[tuple[Way, ...]] = (
    get("/usage/hours/{count_id}", show_counted),
    get("/usage/hours/{count_id}/release", ask_to_release, Audience.STAFF),
    post("/usage/hours/{count_id}/release", release, Audience.STAFF),
    get("/usage/hours/{count_id}/refuse", ask_to_refuse, Audience.STAFF),
    post("/usage/hours/{count_id}/refuse", refuse, Audience.STAFF),
)
