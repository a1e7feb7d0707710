"""Today and search; the front door leads customers to their own home."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.deals.actions.follow_calendar import close_deal_reminder
from fairkeeper.deals.book.queries import list_deal_needs
from fairkeeper.deals.book.views import DealNeed
from fairkeeper.overview.actions import retry_task
from fairkeeper.overview.queries import search, show_today
from fairkeeper.overview.views import FailedTask, Hit, Today
from fairkeeper.web import parts
from fairkeeper.web.pages import today as pages
from fairkeeper.web.parts import STEPS, Deadline, Empty, Finding, Link
from fairkeeper.web.routes.accounts.verification import to_dos_of
from fairkeeper.web.routes.accounts.words import due_of
from fairkeeper.web.routes.assurance.needs import assurance_needs
from fairkeeper.web.routes.consent_needs import consent_needs
from fairkeeper.web.routes.deals.telling import need_part
from fairkeeper.web.routes.start.home import show_home
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import deadline_of, names_of, reminder_deadline, reminder_finding, tell
from fairkeeper.web.serving.tracing import trace_address
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

_SHORTEST_SEARCH: Final = 2
_SEES_DEALS: Final = frozenset({"owner", "operations", "leader", "auditor"})
_HIT_ADDRESSES: Final[Mapping[str, str]] = {
    "customer": "/customers/{}",
    "subscription": "/subscriptions/{}",
    "operation": "/subscriptions/{}#operations",
    "entry": "/evidence/{}",
}


def show_front(visit: Visit) -> Response:
    """Show Today to staff, and their own home to a customer's people."""
    if not visit.is_staff:
        return show_home(visit)
    today: Today = visit.run(show_today)
    may_close = visit.allows(close_reminder)
    reminders = tuple(reminder_deadline(line, may_close=may_close) for line in today.deadlines)
    coming = tuple(deadline_of(view, view.customer_name) for view in today.coming)
    names = names_of(visit, today.recent)
    dated, undated = _of_deals(visit)
    page = pages.TodayPage(
        frame=frame(visit, "Today"),
        deadlines=tuple(sorted((*reminders, *coming, *dated, *_of_account(today)), key=_due_at)),
        findings=(
            *(_failed(task, may_retry=visit.allows(retry_task)) for task in today.failed_tasks),
            *(reminder_finding(line, may_close=may_close) for line in today.findings),
            *undated,
            *consent_needs(visit),
            *assurance_needs(visit),
        ),
        steps=_steps(today) if today.customers else (),
        recent=tell(today.recent, names, with_customer=True),
        first_step=None if today.customers else _first_step(visit),
    )
    return visit.show(page)


def _of_deals(visit: Visit) -> tuple[tuple[Deadline, ...], tuple[Finding, ...]]:
    """Return what deals ask of this person, with a date and without; what its roles do not own is left out."""
    if not visit.allows(list_deal_needs):
        return (), ()
    needs: tuple[DealNeed, ...] = visit.run(list_deal_needs)
    roles = visit.principal.roles
    own = [need for need in needs if roles & _SEES_DEALS or need.owner_role in roles]
    found = [need_part(need, may_close=visit.allows(close_deal_reminder)) for need in own]
    return (
        tuple(each for each in found if isinstance(each, Deadline)),
        tuple(each for each in found if isinstance(each, Finding)),
    )


def show_search(visit: Visit) -> Response:
    """Show what a search finds."""
    text = visit.query("q")[:200]
    found: tuple[Hit, ...] = visit.read(search, text=text) if len(text) >= _SHORTEST_SEARCH else ()
    hits = tuple(
        pages.Hit(
            kind=hit.kind.capitalize(),
            link=Link(label=hit.label, href=_address_of(hit)),
            line=hit.line,
        )
        for hit in found
        if hit.kind in _HIT_ADDRESSES
    )
    actions = (Link(label="Trace this id", href=trace_address(text)),) if len(text) >= _SHORTEST_SEARCH else ()
    return visit.show(pages.SearchPage(frame=frame(visit, query=text), query=text, hits=hits, actions=actions))


def _address_of(hit: Hit) -> str:
    """Return where a thing is shown; an operation has no page of its own and stands on its subscription's."""
    named = hit.line if hit.kind == "operation" else hit.id
    return _HIT_ADDRESSES[hit.kind].format(quote(named, safe=""))


def _of_account(today: Today) -> tuple[Deadline, ...]:
    lost = (to_do for incident in today.lost_verifications for to_do in to_dos_of(incident, today.account_dues))
    return (*lost, *(due_of(due) for due in today.account_dues))


def _due_at(deadline: Deadline) -> datetime:
    return deadline.due_at


def _steps(today: Today) -> tuple[pages.StepCount, ...]:
    return tuple(
        pages.StepCount(step=name, customers=count.customers, broken=count.broken, href=f"/customers?step={count.step}")
        for name, count in zip(STEPS, today.steps, strict=True)
    )


def _failed(task: FailedTask, *, may_retry: bool) -> Finding:
    return Finding(
        level=parts.Level.ERROR,
        what=f"Background work was given up after {task.attempts} attempts: {task.name}",
        remedy=task.last_error or "Look at the log, mend the cause, and try again.",
        since_at=task.failed_at,
        owner="Operations",
        close=Link(label="Try again", href=f"/tasks/{task.task_id}/retry") if may_retry else None,
    )


def _first_step(visit: Visit) -> Empty:
    return Empty(
        title="No customers yet",
        text="Each company that buys appears here by itself, with what needs you and by when.",
        action=visit.parts.house.storefront or Link(label="Set up Partner Center", href="/settings/partner-center"),
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/", show_front),
    get("/search", show_search, Audience.STAFF),
)
