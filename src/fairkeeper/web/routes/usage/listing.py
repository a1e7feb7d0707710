"""Usage by customer and dimension, with what needs somebody above it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.metering.queries import list_hours, list_usage
from fairkeeper.metering.rules.statuses import ReportState
from fairkeeper.metering.views import (
    UsageHour,
    UsageLine,
    UsagePage,
)
from fairkeeper.web.format import StateWord, count, state
from fairkeeper.web.listing import Column, Listing, Paging
from fairkeeper.web.pages.usage import (
    UsageListPage,
    UsageRow,
)
from fairkeeper.web.parts import Deadline, Empty, Link
from fairkeeper.web.routes.usage.reading import ROOM, WORDS
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get

PAGE_ROWS: Final = 50
_HEADS: Final = ("customer", "resource_id", "plan", "dimension", "unit", "used", "included", "overage", "limit")


def show_list(visit: Visit) -> Response:
    """Show usage by customer and dimension, with what needs somebody above it."""
    number = max(1, int(visit.query("page"))) if visit.query("page").isdigit() else 1
    found = _read(visit, offset=(min(number, 10_000) - 1) * PAGE_ROWS, limit=PAGE_ROWS)
    page = UsageListPage(
        frame=frame(visit, ROOM), sentence=_sentence(found), lines=_listing(visit, found, number), needs=_needs(visit)
    )
    return visit.show(page)


def _read(visit: Visit, *, offset: int, limit: int) -> UsagePage:
    asked = {"customer": visit.query("customer")[:80]} if visit.query("customer") else {}
    found: UsagePage = visit.read(list_usage, offset=offset, limit=limit, **asked)
    return found


def _sentence(found: UsagePage) -> str:
    if not found.total:
        return "No usage is counted yet."
    told = [f"{count(found.total, 'dimension')} counted in the running month or year"]
    if found.held:
        told.append(f"{count(found.held, 'hour')} held")
    if found.faulty:
        told.append(f"{count(found.faulty, 'hour')} not taken by Microsoft")
    if found.at_risk:
        told.append(f"{count(found.at_risk, 'hour')} at risk of expiring")
    return ", ".join(told) + "."


def _needs(visit: Visit) -> tuple[Deadline, ...]:
    held: tuple[UsageHour, ...] = visit.read(list_hours, state=ReportState.HELD, limit=5)
    return tuple(
        Deadline(
            due_at=each.decide_at or each.expires_at,
            what=f"{each.quantity} of {each.dimension} of {each.customer_name} are held. {each.note}",
            otherwise="The publisher’s rule decides.",
            owner="Finance",
            action=Link(label="Look at it", href=f"/usage/hours/{each.count_id}"),
        )
        for each in held
        if visit.is_staff
    )


def _listing(visit: Visit, found: UsagePage, number: int) -> Listing[UsageRow]:
    address = visit.address
    first = (number - 1) * PAGE_ROWS + 1
    last = first + len(found.lines) - 1
    return Listing(
        id="usage",
        caption="Usage",
        columns=(
            Column(label="Dimension"),
            Column(label="Used", is_number=True),
            Column(label="Included", is_number=True),
            Column(label="Above", is_number=True),
            Column(label="At Microsoft"),
            Column(label="Counts until"),
            Column(label="State"),
        ),
        rows=tuple(_row(each) for each in found.lines),
        empty=Empty(
            title="No usage yet",
            text="Usage appears when a metered dimension is set and the first hour of it is over.",
        ),
        address=address,
        exports=export_links(address),
        paging=Paging(
            shown=f"{count(first)}–{count(last)} of {count(found.total)}",
            previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
            next_href=str(address.having(page=str(number + 1))) if last < found.total else "",
        )
        if found.lines
        else None,
    )


def _row(each: UsageLine) -> UsageRow:
    return UsageRow(
        customer=each.customer_name,
        dimension=Link(label=each.dimension, href=f"/usage/{each.resource_id}?dimension={each.dimension}"),
        used=f"{each.used} {each.unit}",
        included=each.included or "without end",
        overage=each.overage,
        standing=tuple(f"{units} {WORDS.get(name, name)}" for name, units in each.states.items()),
        ends_at=each.ends_at,
        state=_state_of(each),
    )


def _state_of(each: UsageLine) -> StateWord:
    if each.at_risk:
        return state("at_risk")
    for name in ("conflict", "faulty", "held", "doubtful", "ready"):
        if name in each.states:
            return state({"faulty": "not_taken", "ready": "waiting"}.get(name, name))
    return state("accepted" if "accepted" in each.states else "none")


def sheet_of_usage(visit: Visit) -> Sheet:
    """Return every line that the address shows as a sheet."""
    return Sheet(name="usage", heads=_HEADS, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    offset, total = 0, 1
    while offset < total:
        found = _read(visit, offset=offset, limit=500)
        for each in found.lines:
            named = (each.customer_name, each.resource_id, each.plan_id, each.dimension, each.unit)
            yield (*named, each.used, each.included or "infinite", each.overage, each.limit)
        offset, total = offset + 500, found.total


WAYS: Final[tuple[Way, ...]] = (
    get("/usage", show_list),
    *export_ways("/usage", sheet_of_usage),
)
