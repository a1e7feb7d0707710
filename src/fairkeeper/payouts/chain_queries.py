"""Questions that are answered from the rows themselves: one transaction, groups, forecast, journal; closed months."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import or_, select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.payouts.chain.forecast import forecast
from fairkeeper.payouts.chain.groups import groups_by
from fairkeeper.payouts.chain.journal import DEFAULT_ACCOUNTS, journal
from fairkeeper.payouts.chain.trace import SHOWN_ROWS, Chain, Stage, trace
from fairkeeper.payouts.errors import MonthUnreadableError, NothingTracedError
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import decimal_text, read_sources
from fairkeeper.payouts.reading import computed, file_names, finding_view, loaded, masked, sees_names
from fairkeeper.payouts.tables import PayoutFindingRow, PayoutMappingRow, PayoutMonthRow
from fairkeeper.payouts.views import (
    ChainFinding,
    CurrencySum,
    ForecastLine,
    ForecastView,
    GroupLine,
    JournalRow,
    JournalView,
    MonthLine,
    TraceRow,
    TraceStage,
    TraceView,
)

ACCOUNTS: Final = "accounts"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_MONTH: Final = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
"""A month as year and number, `2026-05`."""


def first_of(month: str) -> date:
    """Return the first day of a month in text."""
    return date.fromisoformat(f"{month}-01")


def read_month(text: str) -> date:
    """Return the first day of a month that somebody typed.

    Raises:
        MonthUnreadableError: It is no month.
    """
    if not _MONTH.fullmatch(text):
        message = f"{text[:40]!r} is no month."
        raise MonthUnreadableError(message)
    return first_of(text)


class Trace(OperationInput):
    """Which id."""

    id: str = Field(
        min_length=1,
        max_length=300,
        description="Any id: order, asset, subscription, purchase record, usage, earning, payment, bank reference.",
    )
    rows: int = Field(SHOWN_ROWS, ge=1, le=100_000, description="How many rows of each stage at most; sums count all.")


class Forecast(OperationInput):
    """How far, and from when."""

    months: int = Field(6, ge=1, le=36, description="How many months at most.")
    as_of: date | None = Field(None, description="Look as if it were this day.")


class Journal(OperationInput):
    """Which month."""

    month: Month = Field(description="The month, as 2026-05.")


class Groups(OperationInput):
    """By what."""

    group_by: Literal["customer", "offer", "month"] = Field("month", description="What the sums are of.")
    limit: int = Field(100, ge=1, le=1000, description="How many at most.")


@query("payouts.trace", groups=("payouts.read",), http="GET /payouts/trace", cli="payouts trace ID")
def trace_id(context: QueryContext, request: Trace) -> TraceView:
    """Follow one transaction from order to bank: sums, states, next dates, and every row with its file.

    Raises:
        NothingTracedError: No row names the id.
    """
    return trace_view(context, request.id, rows=request.rows)


def trace_view(context: QueryContext, subject: str, *, rows: int = SHOWN_ROWS, is_followed: bool = False) -> TraceView:
    """Return the chain of an id in the reports, a payment on request back through its earnings.

    Raises:
        NothingTracedError: No row names the id.
    """
    library = context.ports.of(Library)
    files, coverage = read_sources(context.session, library, today=context.now.date())
    with library.scratch() as scratch:
        chain = trace(files, coverage, subject, scratch, most_rows=rows, is_followed=is_followed)
    if chain is None:
        message = f"No row of any file names {subject!r}."
        raise NothingTracedError(message)
    names = file_names(context.session, {row.file_id for stage in chain.stages for row in stage.rows})
    return TraceView(
        subject=chain.subject,
        as_of=chain.as_of,
        customer=masked(chain.customer, context.principal),
        offer=chain.offer,
        chain=tuple(_stage(stage, names) for stage in chain.stages),
        payments=chain.payments,
        assets=chain.assets,
        open_findings=_findings(context, chain),
    )


def _stage(stage: Stage, names: dict[str, str]) -> TraceStage:
    return TraceStage(
        stage=stage.name,
        state=stage.state,
        amounts=tuple(
            CurrencySum(amount=decimal_text(amount) or "0.00", currency=currency) for currency, amount in stage.amounts
        ),
        usd=decimal_text(stage.usd),
        expected_by=stage.expected_by,
        note=stage.note,
        row_count=stage.row_count,
        rows=tuple(
            TraceRow(
                what=row.what,
                id=row.id,
                on=row.on,
                amount=decimal_text(row.amount),
                currency=row.currency,
                status=row.status,
                file=names.get(row.file_id, row.file_id),
                row=row.row,
            )
            for row in stage.rows
        ),
    )


def _findings(context: QueryContext, chain: Chain) -> tuple[ChainFinding, ...]:
    records = [record for record, _ in chain.pairs][:500]
    wanted = [PayoutFindingRow.payment_id.in_(chain.payments[:500])] if chain.is_payment else []
    if records:
        wanted.append(PayoutFindingRow.purchase_record_id.in_(records))
    if chain.assets:
        wanted.append(PayoutFindingRow.asset_id.in_(chain.assets[:500]))
    if not wanted:
        return ()
    rows = context.session.scalars(
        select(PayoutFindingRow)
        .where(or_(*wanted), PayoutFindingRow.state == "open")
        .order_by(PayoutFindingRow.weight_minor.desc(), PayoutFindingRow.finding_id)
        .limit(100)
    )
    return tuple(finding_view(row, today=context.now.date(), principal=context.principal) for row in rows)


@query("payouts.forecast", groups=("payouts.read",), http="GET /payouts/forecast", cli="payouts forecast")
def show_forecast(context: QueryContext, request: Forecast) -> ForecastView:
    """Say what should be paid in the coming months, as a range: sure, likely, possible (US dollars, after the fee)."""
    months, coverage = computed(
        context,
        ("forecast", request.months, request.as_of),
        lambda db, coverage: forecast(db, coverage, months=request.months),
        as_of=request.as_of,
    )
    return ForecastView(
        as_of=coverage.as_of,
        currency="USD",
        months=tuple(
            ForecastLine(
                month=f"{each.month:%Y-%m}",
                sure=f"{each.sure:.2f}",
                likely=f"{each.likely:.2f}",
                possible=f"{each.possible:.2f}",
                rows=each.rows,
            )
            for each in months
        ),
    )


@query("payouts.journal", groups=("payouts.read",), http="GET /payouts/journal", cli="payouts journal MONTH")
def show_journal(context: QueryContext, request: Journal) -> JournalView:
    """Return a month's journal with the publisher's own accounts, as lines and as csv; every entry balances."""
    saved = context.session.get(PayoutMappingRow, ACCOUNTS)
    accounts = {**DEFAULT_ACCOUNTS, **(saved.mapping if saved is not None else {})}
    with loaded(context) as (db, _):
        lines = journal(db, first_of(request.month), accounts)
    rows = tuple(
        JournalRow(
            on=line.on,
            entry=line.entry,
            account=line.account,
            text=line.text,
            debit=decimal_text(line.debit) or "0.00",
            credit=decimal_text(line.credit) or "0.00",
            currency=line.currency,
        )
        for line in lines
    )
    return JournalView(month=request.month, lines=rows, csv=_csv(rows))


def _csv(rows: tuple[JournalRow, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("date", "entry", "account", "text", "debit", "credit", "currency"))
    for row in rows:
        cells = (str(row.on), row.entry, row.account, row.text, row.debit, row.credit, row.currency)
        writer.writerow([_plain(cell) for cell in cells])
    return text.getvalue()


def _plain(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    is_amount = cell.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{cell}" if cell.startswith(_FORMULA) and not is_amount else cell


@query("payouts.list_groups", groups=("payouts.read",), http="GET /payouts/groups", cli="payouts groups")
def list_groups(context: QueryContext, request: Groups) -> tuple[GroupLine, ...]:
    """Sum what was billed, earned, paid, not collected and at risk, by customer, offer or month (US dollars)."""
    found, _ = computed(
        context,
        ("groups", request.group_by, request.limit),
        lambda db, coverage: groups_by(db, coverage, request.group_by, limit=request.limit),
    )
    hides = request.group_by == "customer" and not sees_names(context.principal)
    return tuple(
        GroupLine(
            name=f"Customer {number}" if hides else each.name,
            billed=f"{each.billed:.2f}",
            earned=f"{each.earned:.2f}",
            paid=f"{each.paid:.2f}",
            uncollected=f"{each.uncollected:.2f}",
            at_risk=f"{each.at_risk:.2f}",
            fee_saved=f"{each.fee_saved:.2f}",
            lines=each.lines,
        )
        for number, each in enumerate(found, 1)
    )


class ListMonths(OperationInput):
    """Nothing to say."""


@query("payouts.list_months", groups=("payouts.read",), http="GET /payouts/months", cli="payouts months")
def list_months(context: QueryContext, request: ListMonths) -> tuple[MonthLine, ...]:
    """List the months that were closed, newest first, with the sums they were closed with (US dollars)."""
    del request
    rows = context.session.scalars(select(PayoutMonthRow).order_by(PayoutMonthRow.month.desc())).all()
    return tuple(
        MonthLine(month=f"{row.month:%Y-%m}", closed_at=row.closed_at, reason=row.reason, totals=dict(row.totals))
        for row in rows
    )


OPERATIONS: Final[tuple[Operation, ...]] = (trace_id, show_forecast, show_journal, list_groups, list_months)
