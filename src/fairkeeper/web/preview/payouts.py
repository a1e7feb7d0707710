"""The payouts' pages, made up: a payment that did not arrive, files of a month, a forecast."""

from __future__ import annotations

from datetime import date

from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state
from fairkeeper.web.forms import Field, FieldKind, Form, Question
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.payouts import (
    ChainPicture,
    ChainRow,
    ChainStage,
    CoverageRow,
    FetchRow,
    FileRow,
    FilesPage,
    FindingRow,
    FindingsPage,
    ForecastRow,
    MonthRow,
    MonthsPage,
    PaymentRow,
    PaymentsPage,
    PayoutFindingPage,
    TracePage,
)
from fairkeeper.web.parts import (
    Empty,
    Fact,
    Finding,
    Identifier,
    Level,
    Link,
    PathPlace,
    PathStep,
    Standing,
    Tab,
)
from fairkeeper.web.preview.frames import days, frame

_ROOM = "Payouts"
_TRAIL = (Link(label=_ROOM, href="/payouts.html"),)
_SUPPORT = """Commercial marketplace, payouts

Please trace this payment: it has not arrived.

Payment 2026100010042 of 64,289.58 EUR was sent on 2026-10-14 by SEPA and no bank line shows it by 2026-10-21.

Payment ID: 2026100010042
Amount: 64289.58 EUR
Seen in: payments.csv, row 12"""


def _tabs(here: str) -> tuple[Tab, ...]:
    names = ("Differences", "Payments", "Months and forecast", "Trace", "Files")
    return tuple(Tab(label=name, href="/payouts.html", is_here=name == here) for name in names)


def _stage(name: str, standing: Standing, word: str, amount: str = "", on: date | None = None) -> ChainStage:
    step = PathStep(standing=standing, on=on, note="22 rows" if amount else "")
    place = PathPlace(name=name, step=step, word=word, is_passed=standing is Standing.DONE)
    return ChainStage(place=place, amounts=(amount,) if amount else ())


def _picture() -> ChainPicture:
    return ChainPicture(
        stages=(
            _stage("Order", Standing.DONE, "Done", "8,966.77 USD"),
            _stage("Usage", Standing.SKIPPED, "Not needed"),
            _stage("Billed", Standing.DONE, "Done", "8,966.77 USD"),
            _stage("Earned", Standing.DONE, "Done", "8,697.77 USD"),
            _stage("Paid", Standing.DONE, "Done", "64,289.58 EUR"),
            _stage("Bank", Standing.BROKEN, "Missing", on=date(2026, 10, 21)),
        ),
        rows=(
            ChainRow(
                stage="Earned",
                what="Earning E0000063 purchase",
                on=date(2026, 9, 7),
                amount="8,697.77 USD",
                status="Sent",
                where="earnings.csv, row 79",
            ),
            ChainRow(
                stage="Paid",
                what="Payment 2026100010042 by SEPA",
                on=date(2026, 10, 14),
                amount="64,289.58 EUR",
                status="Sent",
                where="payments.csv, row 12",
            ),
        ),
        notes=("A payment holds the earnings of many orders; its amount is the whole payment's.",),
    )


def _close() -> Question:
    return Question(
        id="close-finding",
        opener="Close with a reason",
        href="/question.html",
        title="Close this difference?",
        points=("It leaves the list.", "It opens again by itself if its amount changes."),
        form=Form(
            id="close-finding-form",
            action="/payouts/findings/pf_1/close",
            submit="Close it",
            idempotency_key="preview",
            fields=(Field(name="reason", label="Reason", kind=FieldKind.LONG_TEXT),),
            cancel=Link(label="Go back", href="/payout-finding.html"),
        ),
    )


def _finding() -> Finding:
    return Finding(
        level=Level.ERROR,
        what="Payment 2026100010042 of 64,289.58 EUR was sent on 2026-10-14 by SEPA and no bank line shows it.",
        remedy="Ask Microsoft for a trace of the payment, and the bank with its reference.",
        at_stake="64,289.58 EUR",
        owner="Finance",
        close=Link(label="Open it", href="/payout-finding.html"),
    )


def _findings(*, is_empty: bool) -> Listing[FindingRow]:
    rows = (
        FindingRow(
            finding=Link(label="Bank line missing", href="/payout-finding.html"),
            what="Payment 2026100010042 of 64,289.58 EUR was sent and no bank line shows it.",
            amount="64,289.58 EUR",
            level=state("error"),
            since_on=date(2026, 10, 21),
        ),
        FindingRow(
            finding=Link(label="Revenue uncollected", href="/payout-finding.html"),
            what="8,379.69 GBP of 2026-10 is not collected (Cloud Solution Provider). It is not late yet.",
            amount="8,379.69 GBP",
            level=state("info"),
            since_on=date(2026, 10, 1),
            customer="Contoso",
        ),
    )
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
        rows=() if is_empty else rows,
        empty=Empty(
            title="Nothing to compare yet",
            text="Hand over the reports of Partner Center and your bank’s statement; orders are followed to the bank.",
            action=Link(label="Hand files over", href="/payout-files.html"),
        ),
        address=Address("/payouts", ()),
        filters=()
        if is_empty
        else (
            Filter(name="code", label="Kind", choices=(Choice(value="payouts.restated", label="Restated"),)),
            Filter(name="text", label="Id, customer or offer"),
        ),
        exports=() if is_empty else (Link(label="CSV", href="/payouts.csv"), Link(label="Excel", href="/payouts.xlsx")),
        paging=None if is_empty else Paging(shown="1–2 of 47", next_href="/payouts?page=2"),
    )


def _files(*, is_busy: bool) -> FilesPage:
    return FilesPage(
        frame=frame(_ROOM),
        trail=_TRAIL,
        tabs=_tabs("Files"),
        sentence="2 files kept as they came.",
        is_busy=is_busy,
        may_upload=True,
        upload_key="preview-upload",
        files=(
            FileRow(
                name="earnings.csv",
                report="Earnings",
                state=state("running" if is_busy else "done"),
                rows=None if is_busy else 644,
                period="" if is_busy else "1 Nov 2025 to 22 Nov 2026",
                received_at=days(-1),
                troubles=() if is_busy else ("row 12, column earningAmount: cannot be read as an amount.",),
                withdraw=None if is_busy else Link(label="Withdraw", href="/payouts.html"),
            ),
            FileRow(
                name="holiday.csv",
                report="",
                state=state("refused"),
                rows=None,
                period="",
                received_at=days(-1),
                troubles=("No report has the columns name, colour.",),
            ),
        ),
        coverage=(
            CoverageRow(
                report="Earnings",
                where="Payouts and tax, Earnings, Export, Marketplace template",
                covered="2025-11 to 2026-11, 13 months",
                missing="",
            ),
            CoverageRow(
                report="Payments",
                where="Payouts and tax, Earnings, Payments, Export",
                covered="",
                missing="1 Nov 2025 to 30 Nov 2026",
            ),
        ),
        is_fetching=True,
        fetches=()
        if is_busy
        else (
            FetchRow(report="Orders", period="1 Jun to 21 Nov 2026", state=state("done"), wanted_at=days(-1)),
            FetchRow(
                report="Earnings",
                period="1 Jun to 21 Nov 2026",
                state=state("refused"),
                wanted_at=days(-1),
                why="/transactionhistory answered 403: The application is not among the account\u2019s.",
            ),
        ),
        held_back=("Payments add up: 2 undecided. Need Earnings from 2026-06-01 to 2026-06-30.",),
        empty=Empty(title="No files yet", text="A made-up year of reports can be written to try this with."),
    )


def _payments() -> PaymentsPage:
    return PaymentsPage(
        frame=frame(_ROOM),
        trail=_TRAIL,
        tabs=_tabs("Payments"),
        sentence="12 payments, 1 of them not to the cent.",
        payments=Listing(
            id="payment-list",
            caption="Payments",
            columns=tuple(
                Column(label=label, is_number=label in ("Stated", "Traced", "Difference", "Arrived"))
                for label in ("Payment", "Sent", "Stated", "Traced", "Difference", "Arrived", "State", "Workpaper")
            ),
            rows=(
                PaymentRow(
                    payment=Link(label="2026100010042", href="/payout-trace.html"),
                    payment_date=date(2026, 10, 14),
                    status=state("Sent"),
                    stated="76,033.71 USD",
                    traced="75,762.93 USD",
                    difference="−270.78 USD",
                    arrived="",
                    workpaper=Link(label="Excel", href="/payouts/payments/2026100010042/workpaper"),
                ),
            ),
            empty=Empty(title="No payment yet", text="Hand over the payments report and the earnings."),
            address=Address("/payouts/payments", ()),
            exports=(Link(label="CSV", href="/payouts/payments.csv"),),
        ),
    )


def _months() -> MonthsPage:
    return MonthsPage(
        frame=frame(_ROOM),
        trail=_TRAIL,
        tabs=_tabs("Months and forecast"),
        sentence="2 months, 1 closed.",
        forecast=(
            ForecastRow(month="2026-12", sure="145,600.46 USD", likely="145,600.46 USD", possible="151,854.24 USD"),
            ForecastRow(month="2027-01", sure="12,668.92 USD", likely="119,997.19 USD", possible="119,997.19 USD"),
        ),
        months=tuple(
            MonthRow(
                month=month,
                billed="202,556.77",
                earned="177,866.26",
                paid="177,866.26",
                uncollected="10,169.39",
                at_risk="0.00",
                fee_saved="1,204.10",
                state=state("closed" if is_closed else "waiting"),
                journal=Link(label="CSV", href=f"/payouts/months/{month}/journal"),
                close=None if is_closed else _close(),
            )
            for month, is_closed in (("2026-10", False), ("2026-09", True))
        ),
    )


def payout_pages() -> dict[str, Page]:
    """Return the payouts' pages by the name of their file."""
    return {
        "payouts": FindingsPage(
            frame=frame(_ROOM),
            tabs=_tabs("Differences"),
            sentence="47 differences, as of 27 Nov 2026, the last day that the files tell of.",
            actions=(Link(label="Hand files over", href="/payout-files.html"),),
            needs=(_finding(),),
            held_back=("Earnings are there: 2 undecided. Need Earnings from 2026-06-01 to 2026-06-30.",),
            findings=_findings(is_empty=False),
        ),
        "payouts-empty": FindingsPage(
            frame=frame(_ROOM),
            tabs=_tabs("Differences"),
            sentence="No reports have been compared yet.",
            findings=_findings(is_empty=True),
        ),
        "payout-finding": PayoutFindingPage(
            frame=frame(_ROOM),
            trail=_TRAIL,
            heading="A payment that was sent arrives within the days of its method",
            state=state("error"),
            sentence="Payment 2026100010042 of 64,289.58 EUR was sent on 2026-10-14 and no bank line shows it.",
            facts=(
                Fact(label="Amount", value="64,289.58 EUR"),
                Fact(label="Payment", value=Identifier(text="2026100010042", names="payment")),
                Fact(label="What to do", value="Ask Microsoft for a trace of the payment with the text beside."),
            ),
            support_text=_SUPPORT,
            sources=("payments.csv, row 12",),
            chain=_picture(),
            questions=(_close(),),
        ),
        "payout-trace": TracePage(
            frame=frame(_ROOM),
            trail=_TRAIL,
            tabs=_tabs("Trace"),
            subject="E0000063",
            sentence="E0000063, as of 27 Nov 2026.",
            facts=(Fact(label="Customer", value="Contoso"), Fact(label="Offer", value="Fairmile Agent")),
            chain=_picture(),
            needs=(_finding(),),
        ),
        "payout-files": _files(is_busy=False),
        "payout-files-busy": _files(is_busy=True),
        "payout-payments": _payments(),
        "payout-months": _months(),
    }
