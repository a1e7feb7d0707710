"""Payments with their workpapers, months with their journals and closing, and the forecast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.errors import NotFoundError
from fairkeeper.payouts.actions.months import close_month
from fairkeeper.payouts.chain_queries import (
    list_groups,
    list_months,
    read_month,
    show_forecast,
    show_journal,
    trace_id,
)
from fairkeeper.payouts.files.workpaper import workpaper
from fairkeeper.payouts.queries import list_payments
from fairkeeper.payouts.views import ForecastView, GroupLine, JournalView, PaymentLine, TraceView
from fairkeeper.web.format import count, state
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.payouts import ForecastRow, MonthRow, MonthsPage, PaymentRow, PaymentsPage
from fairkeeper.web.parts import Empty, Link
from fairkeeper.web.routes.payouts.shared import ROOM, TRAIL, money, tabs
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_EVERY_ROW: Final = 100_000
_SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADS: Final = (
    *("payment_id", "payment_date", "status", "stated", "traced", "difference", "currency", "earnings"),
    *("adjustments", "total", "paid_currency", "arrived", "is_covered"),
)


def show_payments(visit: Visit) -> Response:
    """Show every payment beside the earnings traced to it, and what arrived."""
    found: tuple[PaymentLine, ...] = visit.run(list_payments, limit=400)
    apart = sum(bool(each.difference) and each.difference not in (None, "0.00") for each in found)
    page = PaymentsPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs("/payouts/payments"),
        sentence=f"{count(len(found), 'payment')}, {count(apart)} of them not to the cent."
        if found
        else "No payment is known yet.",
        payments=Listing(
            id="payment-list",
            caption="Payments",
            columns=(
                Column(label="Payment"),
                Column(label="Sent"),
                Column(label="Stated", is_number=True),
                Column(label="Traced", is_number=True),
                Column(label="Difference", is_number=True),
                Column(label="Arrived", is_number=True),
                Column(label="State"),
                Column(label="Workpaper"),
            ),
            rows=tuple(_payment(each) for each in found),
            empty=Empty(
                title="No payment yet",
                text="Hand over the payments report and the earnings; each payment is then traced to its earnings.",
                action=Link(label="Hand files over", href="/payouts/files"),
            ),
            address=visit.address,
            exports=export_links(visit.address),
        ),
    )
    return visit.show(page)


def _payment(each: PaymentLine) -> PaymentRow:
    return PaymentRow(
        payment=Link(label=each.payment_id, href=f"/payouts/trace?id={each.payment_id}"),
        payment_date=each.payment_date,
        status=state(each.status),
        stated=money(each.stated, each.currency),
        traced=money(each.traced, each.currency) if each.is_covered else "not enough data",
        difference=money(each.difference, each.currency) if each.is_covered else "",
        arrived=money(each.arrived, each.paid_currency),
        workpaper=Link(label="Excel", href=f"/payouts/payments/{each.payment_id}/workpaper"),
    )


def sheet_of_payments(visit: Visit) -> Sheet:
    """Return every payment as a sheet."""
    return Sheet(name="payments", heads=_HEADS, rows=_cells(visit))


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    for each in visit.run(list_payments, limit=400):
        yield tuple(getattr(each, name) for name in _HEADS)


def send_workpaper(visit: Visit) -> Response:
    """Send the workpaper of a payment: sums, earnings, bank lines, differences, and where each number stands."""
    view: TraceView = visit.run(trace_id, id=visit.named("payment_id")[:200], rows=_EVERY_ROW)
    lines: tuple[PaymentLine, ...] = visit.run(list_payments, limit=400)
    line = next((each for each in lines if each.payment_id in view.payments), None)
    if line is None:
        raise NotFoundError("There is no such payment.", code="payouts.payment_not_found")
    plain = "".join(each for each in line.payment_id if each.isascii() and (each.isalnum() or each in "-_"))
    return Response(
        workpaper(line, view, made_at=visit.now),
        media_type=_SPREADSHEET,
        headers={"Content-Disposition": f'attachment; filename="workpaper-{plain}.xlsx"'},
    )


# -------------------- months


def show_months(visit: Visit) -> Response:
    """Show what should arrive, and every month with its sums."""
    coming: ForecastView = visit.run(show_forecast)
    groups: tuple[GroupLine, ...] = visit.run(list_groups, group_by="month", limit=48)
    closed = {each.month for each in visit.run(list_months)}
    page = MonthsPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs("/payouts/months"),
        sentence=f"{count(len(groups), 'month')}, {count(len(closed))} closed." if groups else "No month is known yet.",
        forecast=tuple(
            ForecastRow(
                month=each.month,
                sure=money(each.sure, "USD"),
                likely=money(each.likely, "USD"),
                possible=money(each.possible, "USD"),
            )
            for each in coming.months
        ),
        months=tuple(_month(visit, each, is_closed=each.name in closed) for each in groups),
    )
    return visit.show(page)


def _month(visit: Visit, each: GroupLine, *, is_closed: bool) -> MonthRow:
    may_close = not is_closed and each.name < f"{visit.now:%Y-%m}" and visit.allows(close_month)
    return MonthRow(
        month=each.name,
        billed=money(each.billed, None),
        earned=money(each.earned, None),
        paid=money(each.paid, None),
        uncollected=money(each.uncollected, None),
        at_risk=money(each.at_risk, None),
        fee_saved=money(each.fee_saved, None),
        state=state("closed" if is_closed else "waiting"),
        journal=Link(label="CSV", href=f"/payouts/months/{each.name}/journal"),
        close=_close_asking(each.name).question if may_close else None,
    )


def _close_asking(month: str) -> Asking:
    words = Words(
        opener="Close",
        title=f"Close {month}?",
        points=(
            "Its lines are kept as they stand now.",
            "Whatever reports change afterwards is named as a difference of the open month.",
        ),
        submit=f"Close {month}",
        fields=(reason_field("Who checked what; it is recorded and shown."),),
        cannot_undo="a closed month is not opened again.",
    )
    return Asking(
        operation=close_month,
        question=question_at(f"/payouts/months/{month}/close", words, back="/payouts/months"),
        back="/payouts/months",
        room=ROOM,
        fixed={"month": month},
        trail=(*TRAIL, Link(label="Months", href="/payouts/months")),
    )


def ask_to_close(visit: Visit) -> Response:
    """Ask for the reason."""
    return ask(visit, _close_asking(f"{read_month(visit.named('month')):%Y-%m}"))


def close(visit: Visit) -> Response:
    """Close the month."""
    return answer_question(visit, _close_asking(f"{read_month(visit.named('month')):%Y-%m}"))


def send_journal(visit: Visit) -> Response:
    """Send a month's journal with the publisher's own accounts."""
    found: JournalView = visit.read(show_journal, month=f"{read_month(visit.named('month')):%Y-%m}")
    return Response(
        found.csv,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="journal-{found.month}.csv"'},
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/payouts/payments", show_payments, Audience.STAFF),
    *export_ways("/payouts/payments", sheet_of_payments, Audience.STAFF),
    get("/payouts/payments/{payment_id}/workpaper", send_workpaper, Audience.STAFF),
    get("/payouts/months", show_months, Audience.STAFF),
    get("/payouts/months/{month}/journal", send_journal, Audience.STAFF),
    get("/payouts/months/{month}/close", ask_to_close, Audience.STAFF),
    post("/payouts/months/{month}/close", close, Audience.STAFF),
)
