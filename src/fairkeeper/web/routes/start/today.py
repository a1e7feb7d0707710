"""Today and search; the front door leads customers to their own home."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.overview.guide.guiding import Guide, show_guide
from fairkeeper.overview.queries import show_today
from fairkeeper.overview.searching.looking import search
from fairkeeper.overview.views import Hit, Today
from fairkeeper.web.format import state
from fairkeeper.web.pages import today as pages
from fairkeeper.web.parts import STEPS, Deadline, Empty, Finding, Link
from fairkeeper.web.routes.entry.guide import HERE as GUIDE
from fairkeeper.web.routes.entry.guide import guide_link
from fairkeeper.web.routes.start.home import show_home
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.needing import part_of
from fairkeeper.web.serving.telling import names_of, tell
from fairkeeper.web.serving.tracing import trace_address
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get

_SHORTEST_SEARCH: Final = 2


def show_front(visit: Visit) -> Response:
    """Show Today to staff, and their own home to a customer's people."""
    if not visit.is_staff:
        return show_home(visit)
    today: Today = visit.run(show_today)
    found = [part_of(visit, need) for need in today.needs]
    page = pages.TodayPage(
        frame=frame(visit, "Today"),
        deadlines=tuple(each for each in found if isinstance(each, Deadline)),
        findings=tuple(each for each in found if isinstance(each, Finding)),
        steps=_steps(today) if today.customers else (),
        recent=tell(today.recent, names_of(visit, today.recent), with_customer=True),
        first_step=None if today.customers else _first_step(visit),
        guide=_guide(visit),
    )
    return visit.show(page)


def show_search(visit: Visit) -> Response:
    """Show what a search finds."""
    text = visit.query("q")[:200]
    found: tuple[Hit, ...] = visit.read(search, text=text) if len(text) >= _SHORTEST_SEARCH else ()
    hits = tuple(
        pages.Hit(kind=hit.kind[:1].upper() + hit.kind[1:], link=Link(label=hit.label, href=hit.page), line=hit.line)
        for hit in found
    )
    actions = (Link(label="Trace this id", href=trace_address(text)),) if len(text) >= _SHORTEST_SEARCH else ()
    return visit.show(pages.SearchPage(frame=frame(visit, query=text), query=text, hits=hits, actions=actions))


def _steps(today: Today) -> tuple[pages.StepCount, ...]:
    return tuple(
        pages.StepCount(step=name, customers=count.customers, broken=count.broken, href=f"/customers?step={count.step}")
        for name, count in zip(STEPS, today.steps, strict=True)
    )


def _guide(visit: Visit) -> pages.GuideSummary | None:
    """Return the guide, as long as nothing is connected; in a sandbox everything is."""
    if visit.parts.house.storefront is not None or not visit.allows(show_guide):
        return None
    guide: Guide = visit.run(show_guide)
    if guide.is_connected:
        return None
    return pages.GuideSummary(
        way=guide_link(guide),
        finished=guide.finished,
        steps=tuple(
            pages.GuideStep(way=Link(label=line.title, href=f"{GUIDE}/{line.key}"), state=state(line.state))
            for line in guide.steps
        ),
    )


def _first_step(visit: Visit) -> Empty:
    return Empty(
        title="No customers yet",
        text="Each company that buys appears here by itself, with what needs you and by when.",
        action=visit.parts.house.storefront or Link(label="Set up Partner Center", href="/settings/partner-center"),
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/", show_front),
    get("/search", show_search),
)
