"""One subscription's usage: its counters and pictures, its days beside Microsoft's, its hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from starlette.responses import Response

from fairkeeper.metering.actions.limiting import end_usage_limit, set_usage_limit
from fairkeeper.metering.actions.proving import prove_usage
from fairkeeper.metering.views import (
    Standing,
    StandingDay,
    UsageDay,
    UsageDetail,
    UsageLine,
)
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.forms import Question
from fairkeeper.web.listing import Column, Listing, Paging
from fairkeeper.web.pages.deals import Chart
from fairkeeper.web.pages.usage import (
    ComparedRow,
    HourRow,
)
from fairkeeper.web.pages.usage import UsagePage as OnePage
from fairkeeper.web.parts import Empty, Fact, Identifier, Link, Tab
from fairkeeper.web.routes.usage.limits import end_limit_asking, limit_asking
from fairkeeper.web.routes.usage.proofs import proofs_of, prove_asking
from fairkeeper.web.routes.usage.reading import ROOM, TRAIL, detail_of, hour_state
from fairkeeper.web.serving.charts import UsageBar, standing_chart, usage_chart
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get

PAGE_HOURS: Final = 24
_STANDING_WORDS: Final[Mapping[Standing, str]] = {
    Standing.ACCEPTED: "accepted",
    Standing.WAITS: "waiting to be sent",
    Standing.SENT: "sent and not answered",
    Standing.AT_RISK: "at risk of expiring",
    Standing.REFUSED: "refused or not taken",
    Standing.LOST: "could not be reported",
}


def show_one(visit: Visit) -> Response:
    """Show one subscription's usage by the day and the hour."""
    detail = detail_of(visit)
    line = next((each for each in detail.lines if each.dimension == detail.dimension), None)
    here = f"/usage/{detail.resource_id}"
    page = OnePage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        heading=f"{detail.dimension or 'Usage'} of {detail.customer_name}",
        sentence=_told(line),
        tabs=tuple(
            Tab(
                label=each.dimension,
                href=f"{here}?dimension={each.dimension}",
                is_here=each.dimension == detail.dimension,
            )
            for each in detail.lines
        ),
        facts=_facts(detail, line),
        charts=_charts(detail, here),
        hours=_hours(detail, Address(f"{here}/hours", visit.address.query), _page_of(visit, detail)),
        compared=_compared(detail, Address(f"{here}/compared", visit.address.query)),
        proofs=proofs_of(visit, detail, Address(f"{here}/proofs", visit.address.query)),
        questions=_questions(visit, detail, line),
    )
    return visit.show(page)


def _page_of(visit: Visit, detail: UsageDetail) -> int:
    """Return which page of hours the address names; the nearest that there is."""
    wanted = visit.query("page")
    most = max(1, -(-len(detail.hours) // PAGE_HOURS))
    return min(max(1, int(wanted)), most) if wanted.isdigit() and len(wanted) < 6 else 1


def _told(line: UsageLine | None) -> str:
    if line is None:
        return "Nothing is counted in the running month or year."
    included = "without end" if line.included is None else f"of {line.included} included"
    told = f"{line.used} used, {included}; {line.overage} above, until {when_text(line.ends_at)}."
    if line.reaches_at is not None:
        mark = "the customer’s limit" if line.limit else "the included quantity"
        told += f" At the pace of the last week {mark} is reached on {when_text(line.reaches_at.date())}."
    return told


def _questions(visit: Visit, detail: UsageDetail, line: UsageLine | None) -> tuple[Question, ...]:
    """Return what whoever looks at it may do here."""
    asked = [prove_asking(visit, detail)] if visit.allows(prove_usage) else []
    if visit.allows(set_usage_limit) and detail.dimension:
        asked.append(limit_asking(detail, line))
    if visit.allows(end_usage_limit) and line is not None and line.limit:
        asked.append(end_limit_asking(detail))
    return tuple(each.question for each in asked)


def _facts(detail: UsageDetail, line: UsageLine | None) -> tuple[Fact, ...]:
    subscription = Identifier(
        text=detail.resource_id,
        names="subscription id",
        href=None if detail.resource_id.startswith("app_") else f"/subscriptions/{detail.resource_id}",
    )
    if line is None:
        return (Fact(label="Subscription", value=subscription),)
    return (
        Fact(label="Subscription", value=subscription),
        Fact(label="Plan", value=line.plan_id),
        Fact(label="Counts", value=f"{when_text(line.starts_at)} to {when_text(line.ends_at)}"),
        Fact(label="Used", value=f"{line.used} {line.unit}"),
        Fact(label="Included", value="without end" if line.included is None else line.included),
        Fact(label="Above", value=line.overage, note="Only this is reported to Microsoft."),
        Fact(
            label="Not counted yet", value=line.uncounted, note="Of the hour that runs; it is counted when it is over."
        ),
        Fact(
            label="Customer’s limit",
            value=line.limit or None,
            note="Governed calls above it ask a person." if line.limit_asks else "Governed calls above it are refused.",
        ),
        Fact(label="Expected at the end", value=line.at_end or None, note="A straight line through the last week."),
        Fact(label="Next to expire", value=None if line.expires_at is None else when_text(line.expires_at)),
    )


def _charts(detail: UsageDetail, here: str) -> tuple[Chart, ...]:
    if not detail.days:
        return ()
    above = sum(float(each.overage) for each in detail.days)
    by_day = f"{detail.dimension} by the day: {above:,.0f} above what is included in the last 31 days"
    query = f"?dimension={detail.dimension}"
    charts = [
        Chart(
            id="usage-days",
            title=by_day,
            alt=f"{by_day}. The hours stand in the table below.",
            href=f"{here}/days.svg{query}",
        )
    ]
    if detail.standing:
        where = _standing_told(detail.standing)
        charts.append(
            Chart(
                id="usage-standing",
                title=where,
                alt=f"{where}. The hours stand in the table below.",
                href=f"{here}/standing.svg{query}",
            )
        )
    return tuple(charts)


def _standing_told(days: Sequence[StandingDay]) -> str:
    """Return where what was reported stands, in words, the first that need somebody before the others."""
    sums: dict[Standing, float] = defaultdict(float)
    for each in days:
        sums[each.standing] += float(each.units)
    order = (Standing.LOST, Standing.REFUSED, Standing.AT_RISK, Standing.SENT, Standing.WAITS, Standing.ACCEPTED)
    told = [f"{sums[standing]:,.10g} {_STANDING_WORDS[standing]}" for standing in order if standing in sums]
    return f"At Microsoft: {', '.join(told)}"


def send_chart(visit: Visit) -> Response:
    """Draw a dimension's days."""
    detail = detail_of(visit)
    picture = usage_chart(tuple(_bars(detail.days)), look=visit.query("look"), title=detail.dimension)
    return Response(str(picture), media_type="image/svg+xml")


def send_standing(visit: Visit) -> Response:
    """Draw where a dimension's days stand at Microsoft."""
    detail = detail_of(visit)
    bars = [UsageBar(on=each.day_on, part=each.standing.value, units=float(each.units)) for each in detail.standing]
    picture = standing_chart(bars, look=visit.query("look"), title=detail.dimension)
    return Response(str(picture), media_type="image/svg+xml")


def _bars(days: tuple[UsageDay, ...]) -> Iterator[UsageBar]:
    for each in days:
        yield UsageBar(on=each.day_on, part="Included", units=float(each.included))
        yield UsageBar(on=each.day_on, part="Above", units=float(each.overage))


def _hours(detail: UsageDetail, address: Address, page: int | None = None) -> Listing[HourRow]:
    """Return a dimension's hours, a page of them if one is named."""
    return Listing(
        id="hours",
        caption="Hours",
        columns=(
            Column(label="Hour"),
            Column(label="Used", is_number=True),
            Column(label="Reported", is_number=True),
            Column(label="State"),
            Column(label="Microsoft’s word"),
            Column(label="Evidence"),
        ),
        rows=tuple(
            HourRow(
                hour=Link(label=when_text(each.hour_at), href=f"/usage/hours/{each.count_id}"),
                units=each.units,
                quantity=each.quantity,
                state=hour_state(each.state),
                status=each.status,
                evidence=Link(label="Proof", href=f"/evidence/{each.answer_entry_id or each.entry_id}"),
            )
            for each in (detail.hours if page is None else detail.hours[(page - 1) * PAGE_HOURS : page * PAGE_HOURS])
        ),
        empty=Empty(title="No hour yet", text="An hour is counted some minutes after it is over."),
        address=address,
        exports=export_links(address),
        paging=_paging(detail, page) if page is not None and detail.hours else None,
    )


def _paging(detail: UsageDetail, page: int) -> Paging:
    first, last = (page - 1) * PAGE_HOURS + 1, min(page * PAGE_HOURS, len(detail.hours))
    here = Address.of(f"/usage/{detail.resource_id}", [("dimension", detail.dimension)])
    return Paging(
        shown=f"{count(first)}–{count(last)} of {count(len(detail.hours))}",
        previous_href=str(here.having(page=str(page - 1))) if page > 1 else "",
        next_href=str(here.having(page=str(page + 1))) if last < len(detail.hours) else "",
    )


def _compared(detail: UsageDetail, address: Address) -> Listing[ComparedRow]:
    return Listing(
        id="compared",
        caption="Compared days",
        columns=(
            Column(label="Day"),
            Column(label="Dimension"),
            Column(label="Ours", is_number=True),
            Column(label="Microsoft’s", is_number=True),
            Column(label="What it means"),
            Column(label="State"),
        ),
        rows=tuple(
            ComparedRow(
                day_on=each.day_on,
                dimension=each.dimension,
                ours=each.ours,
                microsofts=each.microsofts,
                explanation=each.explanation,
                state=state("warning" if each.is_open else "done"),
            )
            for each in detail.compared
        ),
        empty=Empty(title="Not compared yet", text="Microsoft’s list is read once a day."),
        address=address,
        exports=export_links(address),
    )


def sheet_of_hours(visit: Visit) -> Sheet:
    """Return a dimension's hours as a sheet."""
    return sheet_of_rows("hours", HourRow, _hours(detail_of(visit), visit.address).rows)


def sheet_of_compared(visit: Visit) -> Sheet:
    """Return the compared days as a sheet."""
    return sheet_of_rows("compared", ComparedRow, _compared(detail_of(visit), visit.address).rows)


WAYS: Final[tuple[Way, ...]] = (
    get("/usage/{resource_id}", show_one),
    *export_ways("/usage/{resource_id}/hours", sheet_of_hours),
    *export_ways("/usage/{resource_id}/compared", sheet_of_compared),
    get("/usage/{resource_id}/days.svg", send_chart),
    get("/usage/{resource_id}/standing.svg", send_standing),
)
