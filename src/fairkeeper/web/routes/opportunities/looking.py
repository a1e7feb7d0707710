"""The chat, the book for leaders, and the track record, with their charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from fairkeeper.errors import DeniedError, NotFoundError
from fairkeeper.opportunities.accountability.queries import NO_CAUSE, report
from fairkeeper.opportunities.asking.answering import Answer, ask
from fairkeeper.opportunities.asking.understanding import EXAMPLES
from fairkeeper.opportunities.errors import NoSnapshotError
from fairkeeper.opportunities.queries import portfolio_summary
from fairkeeper.opportunities.views import LensAccount, Portfolio, Report
from fairkeeper.web.format import count, when_text
from fairkeeper.web.pages import opportunities as pages
from fairkeeper.web.parts import Link
from fairkeeper.web.routes.opportunities.lists import ROOM, TRAIL, tabs_of
from fairkeeper.web.serving import plots
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

_REMEMBERED_QUESTIONS: Final = 5
_LONGEST_QUESTION: Final = 500
_SERIES: Final = {
    "paid_seats": "Paid seats",
    "paid_mau": "Licensed users",
    "chat_mau": "Free chat's users",
    "agents_mau": "Agents' users",
}


# -------------------- the chat


def show_chat(visit: Visit) -> Response:
    """Answer the questions that the address holds, the last one last; the chat needs no script and keeps nothing."""
    given = [each.strip()[:_LONGEST_QUESTION] for each in visit.request.query_params.getlist("question")]
    questions = [each for each in given if each and "\x00" not in each][-_REMEMBERED_QUESTIONS:]
    exchanges = tuple(_asked(visit, each) for each in questions)
    so_far = "".join(f"question={quote(each)}&" for each in questions)
    page = pages.AskPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs_of("/opportunities/ask"),
        exchanges=exchanges,
        earlier=questions,
        suggestions=tuple(
            Link(label=each, href=f"/opportunities/ask?{so_far}question={quote(each)}") for each in EXAMPLES
        ),
        sentence="Answers come from the imported snapshots alone, each figure with its day.",
    )
    return visit.show(page)


def _asked(visit: Visit, question: str) -> pages.Exchange:
    """Ask one question; that the agent may not answer is itself an answer, and the earlier ones stay."""
    try:
        return _exchange(visit.run(ask, question=question))
    except DeniedError as error:
        if not error.code.startswith("opportunities."):
            raise  # whoever asks may not ask at all
        return pages.Exchange(
            question=question,
            heading=f"{error.message} {error.remedy}",
            lines=(),
            note="",
            source="",
            narration="",
            is_answered=False,
        )


def _exchange(answer: Answer) -> pages.Exchange:
    return pages.Exchange(
        question=answer.question,
        heading=answer.heading,
        lines=tuple(
            pages.AnswerLine(
                text=each.text,
                as_of=each.as_of,
                where=Link(label="Card", href=f"/opportunities/cards/{each.card_id}") if each.card_id else None,
            )
            for each in answer.lines
        ),
        note=answer.note,
        source=f"From {answer.tool}" + (f", ranking {answer.run_id}." if answer.run_id else ".") if answer.tool else "",
        narration=answer.narration,
        is_answered=answer.is_answered,
    )


# -------------------- the book


def show_portfolio(visit: Visit) -> Response:
    """Show the book by lens, motion, segment and month."""
    try:
        found: Portfolio | None = visit.run(portfolio_summary)
    except NoSnapshotError:
        found = None
    page = pages.PortfolioPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence="Nothing was imported yet."
        if found is None
        else f"{count(found.tenants, 'account')} with figures of {when_text(found.as_of)}.",
        tabs=tabs_of("/opportunities/portfolio"),
        pictures=() if found is None else _pictures(found),
        tables=() if found is None else _tables(found),
    )
    return visit.show(page)


def _pictures(found: Portfolio) -> tuple[pages.Picture, ...]:
    first, last = found.months[0], found.months[-1]
    grown = "rose" if last["paid_seats"] >= first["paid_seats"] else "fell"
    most = max(found.lenses, key=lambda name: int(found.lenses[name]["above"]))
    return (
        pages.Picture(
            title=f"Paid seats {grown} from {first['paid_seats']:,} to {last['paid_seats']:,}",
            href="/opportunities/charts/months.svg",
            words="Lines of paid seats, licensed users, the free chat's users and agents' users by month; "
            "the table below holds the figures.",
        ),
        pages.Picture(
            title=f"Most accounts are above the line of {words(most).lower()}",
            href="/opportunities/charts/lenses.svg",
            words="Bars of accounts above each lens's line by motion; the table below holds the figures.",
        ),
    )


def _tables(found: Portfolio) -> tuple[pages.Table, ...]:
    segments = sorted({segment for each in found.lenses.values() for segment in each["segments"]})
    return (
        pages.Table(
            caption="By lens",
            heads=("Lens", "Applies to", "Above the line", "Seats expected"),
            rows=[
                (words(name), f"{each['applies']:,}", f"{each['above']:,}", f"{each['seats']:,}")
                for name, each in found.lenses.items()
            ],
            numbers=("Applies to", "Above the line", "Seats expected"),
        ),
        pages.Table(
            caption="Accounts above the line by segment",
            heads=("Lens", *segments),
            rows=[
                (words(name), *(f"{each['segments'].get(segment, 0):,}" for segment in segments))
                for name, each in found.lenses.items()
            ],
            numbers=segments,
        ),
        pages.Table(
            caption="By month",
            heads=("As of", *_SERIES.values()),
            rows=[
                (when_text(date.fromisoformat(each["as_of"])), *(f"{each[name]:,}" for name in _SERIES))
                for each in reversed(found.months)
            ],
            numbers=tuple(_SERIES.values()),
        ),
    )


# -------------------- the track record


def show_report(visit: Visit) -> Response:
    """Show how the rankings did."""
    try:
        found: Report | None = visit.run(report)
    except NoSnapshotError:
        found = None
    page = pages.TrackRecordPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence="Nothing was imported yet."
        if found is None
        else f"With figures of {when_text(found.as_of)}. {NO_CAUSE}",
        tabs=tabs_of("/opportunities/track-record"),
        lenses=() if found is None else tuple(_lens(each) for each in found.lenses),
        cards=_cards(found),
        note="" if found is None else found.holdout.note,
    )
    return visit.show(page)


def _lens(each: LensAccount) -> pages.LensSection:
    if each.why_not:
        return pages.LensSection(
            id=f"lens-{each.lens}", title=each.title, sentence=f"Not judged. {each.why_not}", table=None, picture=None
        )
    heads = ("Order", "Lift at 50", "Seats’ lift at 50", "Precision at 50")
    ahead = "It is ahead of all four baselines." if each.is_ahead else "It is not ahead of every baseline."
    return pages.LensSection(
        id=f"lens-{each.lens}",
        title=each.title,
        sentence=f"Ranked as of {when_text(each.as_of)}, judged by {when_text(each.until)}: {each.outcomes:,} of "
        f"{each.accounts:,} accounts. {ahead} Brier {_shown(each.brier, 3)} against "
        f"{_shown(each.brier_of_base_rate, 3)} of the base rate.",
        table=pages.Table(
            caption=f"{each.title} against the baselines",
            heads=heads,
            rows=[
                (m.title, _shown(m.lift_at_50), _shown(m.seats_lift_at_50), _shown(m.precision_at_50))
                for m in each.measures
            ],
            numbers=heads[1:],
        ),
        picture=pages.Picture(
            title=f"What was said is off by {each.calibration_error:.1%} on average"
            if each.calibration_error is not None
            else "What was said against what happened",
            href=f"/opportunities/charts/reliability-{each.lens}.svg",
            words="; ".join(f"said {b.said:.1%}, happened {b.happened:.1%} of {b.count}" for b in each.bins),
        ),
    )


def _cards(found: Report | None) -> pages.Table:
    names = ("opened", "shown", "accepted", "declined", "won", "lost", "snoozed")
    rows: Sequence[Sequence[str]] = (
        ()
        if found is None
        else [(words(each.lens), *(f"{getattr(each, name):,}" for name in names)) for each in found.cards]
    )
    heads = tuple(words(name) for name in names)
    return pages.Table(caption="Cards by lens", heads=("Lens", *heads), rows=rows, numbers=heads)


def _shown(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


# -------------------- charts


def show_chart(visit: Visit) -> Response:
    """Return one chart as SVG."""
    name = visit.named("name").removesuffix(".svg")
    if name in ("months", "lenses"):
        found: Portfolio = visit.run(portfolio_summary)
        return plots.svg(_months_chart(found) if name == "months" else _lenses_chart(found))
    if name.startswith("reliability-"):
        whole: Report = visit.run(report)
        lens = next((each for each in whole.lenses if f"reliability-{each.lens}" == name and each.bins), None)
        if lens is not None:
            return plots.svg(plots.reliability([{"said": each.said, "happened": each.happened} for each in lens.bins]))
    raise NotFoundError(f"There is no chart {name[:60]}.", code="web.no_such_page")


def _months_chart(found: Portfolio) -> dict[str, Any]:
    values = [
        {"month": each["as_of"], "count": each[name], "what": label}
        for each in found.months
        for name, label in _SERIES.items()
    ]
    return plots.lines(values, x="month", y="count", of="what")


def _lenses_chart(found: Portfolio) -> dict[str, Any]:
    values = [
        {"lens": words(name), "accounts": number, "motion": words(motion)}
        for name, each in found.lenses.items()
        for motion, number in each["motions"].items()
        if number
    ]
    return plots.bars(values, x="lens", y="accounts", of="motion")


WAYS: Final[tuple[Way, ...]] = (
    get("/opportunities/ask", show_chat, Audience.STAFF),
    get("/opportunities/portfolio", show_portfolio, Audience.STAFF),
    get("/opportunities/track-record", show_report, Audience.STAFF),
    get("/opportunities/charts/{name}", show_chart, Audience.STAFF),
)
