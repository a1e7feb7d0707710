"""Usage: every customer's dimensions, one subscription's days and hours, a held hour, and the proof as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from fairkeeper.metering.actions.deciding import refuse_hour, release_hour
from fairkeeper.metering.actions.proving import ProofFile, prove_usage, show_proof
from fairkeeper.metering.queries import list_hours, list_usage, show_hour, show_usage
from fairkeeper.metering.rules.statuses import ReportState
from fairkeeper.metering.views import UsageDay, UsageDetail, UsageHour, UsageLine, UsagePage
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import StateWord, count, state, when_text
from fairkeeper.web.forms import Field, FieldKind, Question
from fairkeeper.web.listing import Column, Listing, Paging
from fairkeeper.web.pages.deals import Chart
from fairkeeper.web.pages.usage import ComparedRow, HourPage, HourRow, UsageListPage, UsageRow
from fairkeeper.web.pages.usage import UsagePage as OnePage
from fairkeeper.web.parts import Deadline, Empty, Fact, Identifier, Link, Tab
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.charts import UsageBar, usage_chart
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.tracing import trace_way
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

ROOM: Final = "Usage"
TRAIL: Final = (Link(label=ROOM, href="/usage"),)
PAGE_ROWS: Final = 50
_HEADS: Final = ("customer", "resource_id", "plan", "dimension", "unit", "used", "included", "overage", "limit")
_WORDS: Final = {
    "ready": "waits to be sent",
    "held": "held for a person",
    "faulty": "not taken by Microsoft",
    "accepted": "accepted",
    "conflict": "differs at Microsoft",
    "refused": "refused here",
    "folded": "moved to a later hour",
    "doubtful": "not known yet",
}


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
        standing=tuple(f"{units} {_WORDS.get(name, name)}" for name, units in each.states.items()),
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


# -------------------- one subscription


def show_one(visit: Visit) -> Response:
    """Show one subscription's usage by the day and the hour."""
    detail = _detail(visit)
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
        chart=_chart(detail, here),
        hours=_hours(detail, Address(f"{here}/hours", visit.address.query)),
        compared=_compared(detail, Address(f"{here}/compared", visit.address.query)),
        questions=(_prove_asking(visit, detail).question,) if visit.allows(prove_usage) else (),
    )
    return visit.show(page)


def _detail(visit: Visit) -> UsageDetail:
    asked = {"dimension": visit.query("dimension")[:120]} if visit.query("dimension") else {}
    detail: UsageDetail = visit.run(show_usage, resource_id=visit.named("resource_id")[:64], **asked)
    return detail


def _told(line: UsageLine | None) -> str:
    if line is None:
        return "Nothing is counted in the running month or year."
    included = "without end" if line.included is None else f"of {line.included} included"
    told = f"{line.used} used, {included}; {line.overage} above, until {when_text(line.ends_at)}."
    if line.reaches_at is not None:
        mark = "the customer’s limit" if line.limit else "the included quantity"
        told += f" At the pace of the last week {mark} is reached on {when_text(line.reaches_at.date())}."
    return told


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
        Fact(label="Customer’s limit", value=line.limit or None, note="Governed calls stop when it is reached."),
        Fact(label="Expected at the end", value=line.at_end or None, note="A straight line through the last week."),
        Fact(label="Next to expire", value=None if line.expires_at is None else when_text(line.expires_at)),
    )


def _chart(detail: UsageDetail, here: str) -> Chart | None:
    if not detail.days:
        return None
    above = sum(float(each.overage) for each in detail.days)
    title = f"{detail.dimension} by the day: {above:,.0f} above what is included in the last 31 days"
    return Chart(
        id="usage-days",
        title=title,
        alt=f"{title}. The hours stand in the table below.",
        href=f"{here}/days.svg?dimension={detail.dimension}",
    )


def send_chart(visit: Visit) -> Response:
    """Draw a dimension's days."""
    detail = _detail(visit)
    picture = usage_chart(tuple(_bars(detail.days)), look=visit.query("look"), title=detail.dimension)
    return Response(str(picture), media_type="image/svg+xml")


def _bars(days: tuple[UsageDay, ...]) -> Iterator[UsageBar]:
    for each in days:
        yield UsageBar(on=each.day_on, part="Included", units=float(each.included))
        yield UsageBar(on=each.day_on, part="Above", units=float(each.overage))


def _hours(detail: UsageDetail, address: Address) -> Listing[HourRow]:
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
                state=state(each.state),
                status=each.status,
                evidence=Link(label="Proof", href=f"/evidence/{each.answer_entry_id or each.entry_id}"),
            )
            for each in detail.hours
        ),
        empty=Empty(title="No hour yet", text="An hour is counted some minutes after it is over."),
        address=address,
        exports=export_links(address),
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
    return sheet_of_rows("hours", HourRow, _hours(_detail(visit), visit.address).rows)


def sheet_of_compared(visit: Visit) -> Sheet:
    """Return the compared days as a sheet."""
    return sheet_of_rows("compared", ComparedRow, _compared(_detail(visit), visit.address).rows)


# -------------------- the proof


def _prove_asking(visit: Visit, detail: UsageDetail) -> Asking:
    here = f"/usage/{detail.resource_id}"
    until = visit.now.date() + timedelta(days=1)
    days = (("from_on", "From", until.replace(day=1)), ("to_on", "Until the day before", until))
    words = Words(
        opener="Make the proof",
        title="Make the proof of usage for an invoice?",
        points=(
            "It holds every entry that the quantities follow from, and nothing of other customers.",
            "The customer checks it with fairkeeper metering verify.",
        ),
        submit="Make it",
        fields=tuple(
            Field(name=name, label=label, kind=FieldKind.DATE, value=day.isoformat()) for name, label, day in days
        ),
    )
    return Asking(
        operation=prove_usage,
        question=question_at(f"{here}/prove", words, back=here),
        back=here,
        room=ROOM,
        fixed={"resource_id": detail.resource_id},
        trail=(*TRAIL, Link(label=detail.customer_name, href=here)),
    )


def ask_to_prove(visit: Visit) -> Response:
    """Ask for the days of a proof."""
    return ask(visit, _prove_asking(visit, _detail(visit)))


def prove(visit: Visit) -> Response:
    """Make a proof; its entry is told above the page, and leads to the file."""
    return answer_question(visit, _prove_asking(visit, _detail(visit)))


def send_proof(visit: Visit) -> Response:
    """Send a proof as a file."""
    made: ProofFile = visit.run(show_proof, proof_id=visit.named("proof_id")[:40])
    return Response(
        made.text,
        media_type="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{made.name}"'},
    )


# -------------------- one hour


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
        sentence=f"{hour.units} used, {hour.quantity} to report; {_WORDS.get(hour.state, hour.state)}.",
        state=state(hour.state),
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
    get("/usage", show_list),
    *export_ways("/usage", sheet_of_usage),
    get("/usage/proofs/{proof_id}", send_proof),
    get("/usage/hours/{count_id}", show_counted),
    get("/usage/hours/{count_id}/release", ask_to_release, Audience.STAFF),
    post("/usage/hours/{count_id}/release", release, Audience.STAFF),
    get("/usage/hours/{count_id}/refuse", ask_to_refuse, Audience.STAFF),
    post("/usage/hours/{count_id}/refuse", refuse, Audience.STAFF),
    get("/usage/{resource_id}", show_one),
    *export_ways("/usage/{resource_id}/hours", sheet_of_hours),
    *export_ways("/usage/{resource_id}/compared", sheet_of_compared),
    get("/usage/{resource_id}/days.svg", send_chart),
    get("/usage/{resource_id}/prove", ask_to_prove),
    post("/usage/{resource_id}/prove", prove),
)
