"""What is wrong between order and bank: the list, one finding with its chain and rows, closing it; tracing by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.errors import FairkeeperError, NotFoundError
from fairkeeper.payouts.actions.findings import close_finding
from fairkeeper.payouts.chain_queries import trace_id
from fairkeeper.payouts.finding_kinds import CHAIN_KINDS
from fairkeeper.payouts.queries import list_findings, show_finding
from fairkeeper.payouts.views import ChainFinding, FindingDetail, FindingPage, TraceView
from fairkeeper.values.resources import resource
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages.payouts import FindingRow, FindingsPage, PayoutFindingPage, TracePage
from fairkeeper.web.parts import Empty, Fact, Identifier, Link
from fairkeeper.web.routes.payouts.shared import ROOM, TRAIL, money, needing, picture_of, tabs, title_of
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.tracing import trace_address
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

PAGE_ROWS: Final = 50
_LARGEST: Final = 3
_HEADS: Final = (
    *("finding_id", "code", "level", "state", "message", "amount", "currency", "amount_usd", "since_on", "customer"),
    *("purchase_record_id", "line_item_id", "asset_id", "earning_id", "payment_id", "closed_why"),
)


def show_differences(visit: Visit) -> Response:
    """Show what is wrong, the largest first."""
    number = max(1, int(visit.query("page"))) if visit.query("page").isdigit() else 1
    found = _findings(visit, offset=(min(number, 10_000) - 1) * PAGE_ROWS, limit=PAGE_ROWS)
    is_first = number == 1 and not any(visit.query(name) for name in ("code", "text", "state"))
    loud = [each for each in found.findings if each.level != "info"]
    page = FindingsPage(
        frame=frame(visit, ROOM),
        tabs=tabs("/payouts"),
        sentence=_sentence(found),
        actions=(Link(label="Hand files over", href="/payouts/files"),),
        needs=tuple(needing(each) for each in loud[:_LARGEST]) if is_first else (),
        held_back=tuple(
            f"{title_of(held.code)}: {count(held.count)} undecided. {held.need}" for held in found.not_enough_data
        ),
        findings=_listing(visit, found, number),
    )
    return visit.show(page)


def _findings(visit: Visit, *, offset: int, limit: int) -> FindingPage:
    asked = {name: visit.query(name) for name in ("code", "text", "state") if visit.query(name)}
    found: FindingPage = visit.read(list_findings, offset=offset, limit=limit, **asked)
    return found


def _sentence(found: FindingPage) -> str:
    if found.as_of is None:
        return "No reports have been compared yet."
    told = f"{count(found.total, 'difference')}" if found.total else "Nothing is wrong"
    return f"{told}, as of {when_text(found.as_of)}, the last day that the files tell of."


def _listing(visit: Visit, found: FindingPage, number: int) -> Listing[FindingRow]:
    address = visit.address
    first = (number - 1) * PAGE_ROWS + 1
    last = first + len(found.findings) - 1
    return Listing(
        id="findings",
        caption="Differences",
        columns=(
            Column(label="Difference"),
            Column(label="Amount", is_number=True),
            Column(label="Since"),
            Column(label="Customer"),
            Column(label="Level"),
        ),
        rows=tuple(_row(each) for each in found.findings),
        empty=Empty(
            title="Nothing to compare yet" if found.as_of is None else "No difference",
            text="Hand over the reports of Partner Center and your bank’s statement; orders are followed to the bank.",
            action=Link(label="Hand files over", href="/payouts/files"),
        ),
        address=address,
        filters=(
            Filter(
                name="code",
                label="Kind",
                choices=tuple(
                    Choice(value=kind.code, label=kind.code.partition(".")[2].replace("_", " ").capitalize())
                    for kind in CHAIN_KINDS
                ),
            ),
            Filter(
                name="state",
                label="State",
                choices=(Choice(value="closed", label="Closed"), Choice(value="all", label="All that still are")),
            ),
            Filter(name="text", label="Id, customer or offer"),
        ),
        exports=export_links(address),
        paging=Paging(
            shown=f"{count(first)}–{count(last)} of {count(found.total)}",
            previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
            next_href=str(address.having(page=str(number + 1))) if last < found.total else "",
        ),
    )


def _row(each: ChainFinding) -> FindingRow:
    return FindingRow(
        finding=Link(
            label=each.code.partition(".")[2].replace("_", " ").capitalize(),
            href=f"/payouts/findings/{each.finding_id}",
        ),
        what=each.message,
        amount=money(each.amount, each.currency),
        level=state(each.level if each.state == "open" else each.state),
        since_on=each.since_on,
        customer=each.customer or "",
    )


def sheet_of_findings(visit: Visit) -> Sheet:
    """Return every finding that the address shows as a sheet."""
    return Sheet(name="payout-differences", heads=_HEADS, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    offset, total = 0, 1
    while offset < total:
        found = _findings(visit, offset=offset, limit=1000)
        for each in found.findings:
            yield tuple(getattr(each, name) for name in _HEADS)
        offset, total = offset + 1000, found.total


# -------------------- one finding


def show_difference(visit: Visit) -> Response:
    """Show one finding: the chain, the rows it rests on, the text for support, and closing it."""
    detail: FindingDetail = visit.run(show_finding, finding_id=visit.named("finding_id")[:40])
    finding = detail.finding
    view = _traced(visit, detail.trace_id)
    explained = resource(detail.resource)
    official = Link(label=explained.title, href=explained.address) if explained.address else None
    page = PayoutFindingPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        heading=title_of(finding.code),
        state=state(finding.level if finding.state == "open" else finding.state),
        sentence=finding.message,
        facts=(
            Fact(label="Amount", value=money(finding.amount, finding.currency) or None, note=_dollars(finding)),
            Fact(
                label="Since",
                value=None if finding.since_on is None else when_text(finding.since_on),
                note=_age(finding),
            ),
            Fact(label="Customer", value=finding.customer),
            Fact(label="Offer", value=finding.offer),
            *(
                Fact(label=label, value=Identifier(text=value, names=label.lower(), href=f"/payouts/trace?id={value}"))
                for label, value in (
                    ("Purchase record", finding.purchase_record_id),
                    ("Asset", finding.asset_id),
                    ("Earning", finding.earning_id),
                    ("Payment", finding.payment_id),
                )
                if value
            ),
            Fact(label="What to do", value=finding.remedy),
            Fact(label="Owner", value=finding.owner_role.replace("_", " ").capitalize()),
            Fact(label="Explained in", value=official or explained.title),
            *((Fact(label="Closed because", value=finding.closed_why),) if finding.closed_why else ()),
        ),
        support_text=detail.support_text,
        sources=detail.sources,
        chain=None if view is None else picture_of(view),
        questions=(_close_asking(detail).question,) if finding.state == "open" and visit.allows(close_finding) else (),
    )
    return visit.show(page)


def _traced(visit: Visit, name: str | None) -> TraceView | None:
    """Return the chain of a finding; one about a status or a balance has none."""
    if name is None:
        return None
    try:
        view: TraceView = visit.run(trace_id, id=name)
    except FairkeeperError:
        return None
    return view


def _dollars(finding: ChainFinding) -> str:
    is_told = finding.amount_usd is not None and finding.currency != "USD"
    return money(finding.amount_usd, "USD") if is_told else ""


def _age(finding: ChainFinding) -> str:
    return "" if finding.age_days is None else f"{count(finding.age_days, 'day')} ago"


def _close_asking(detail: FindingDetail) -> Asking:
    here = f"/payouts/findings/{detail.finding.finding_id}"
    words = Words(
        opener="Close with a reason",
        title="Close this difference?",
        points=("It leaves the list.", "It opens again by itself if its amount changes."),
        submit="Close it",
        fields=(reason_field("It is recorded and shown."),),
    )
    return Asking(
        operation=close_finding,
        question=question_at(f"{here}/close", words, back=here),
        back=here,
        room=ROOM,
        fixed={"finding_id": detail.finding.finding_id},
        trail=(*TRAIL, Link(label=title_of(detail.finding.code), href=here)),
    )


def _closing(visit: Visit) -> Asking:
    detail: FindingDetail = visit.run(show_finding, finding_id=visit.named("finding_id")[:40])
    return _close_asking(detail)


def ask_to_close(visit: Visit) -> Response:
    """Ask for the reason."""
    return ask(visit, _closing(visit))


def close(visit: Visit) -> Response:
    """Close the finding."""
    return answer_question(visit, _closing(visit))


# -------------------- tracing


def show_trace(visit: Visit) -> Response:
    """Show one transaction from order to bank by whatever id somebody has of it."""
    subject = visit.query("id")[:300]
    sentence = "Follow one transaction from order to bank."
    view: TraceView | None = None
    if subject:
        try:
            view = visit.run(trace_id, id=subject)
            sentence = f"{subject}, as of {when_text(view.as_of)}."
        except NotFoundError as error:
            sentence = f"{error.message} {error.remedy}"
    facts = () if view is None else (Fact(label="Customer", value=view.customer), Fact(label="Offer", value=view.offer))
    page = TracePage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs("/payouts/trace"),
        subject=subject,
        sentence=sentence,
        facts=facts,
        chain=None if view is None else picture_of(view),
        needs=() if view is None else tuple(needing(each) for each in view.open_findings),
        actions=() if view is None else (Link(label="The whole chain", href=trace_address(subject)),),
    )
    return visit.show(page)


WAYS: Final[tuple[Way, ...]] = (
    get("/payouts", show_differences, Audience.STAFF),
    *export_ways("/payouts", sheet_of_findings, Audience.STAFF),
    get("/payouts/trace", show_trace, Audience.STAFF),
    get("/payouts/findings/{finding_id}", show_difference, Audience.STAFF),
    get("/payouts/findings/{finding_id}/close", ask_to_close, Audience.STAFF),
    post("/payouts/findings/{finding_id}/close", close, Audience.STAFF),
)
