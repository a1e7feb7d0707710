"""Questions to the room: files, findings, one transaction, what is covered, payments, forecast, journal."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from pydantic import Field
from sqlalchemy import func, or_, select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.payouts.chain.coverage import Coverage, Need
from fairkeeper.payouts.chain.evaluation import evaluate_loaded
from fairkeeper.payouts.chain.support import support_text
from fairkeeper.payouts.errors import FindingNotFoundError
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import decimal_text, read_sources
from fairkeeper.payouts.reading import finding_view, loaded, masked, newest_evaluation, places
from fairkeeper.payouts.reports.columns import REPORTS, Kind
from fairkeeper.payouts.tables import PayoutEvaluationRow, PayoutFindingRow, PayoutTableRow, PayoutUploadRow
from fairkeeper.payouts.views import (
    ChainFinding,
    CoverageView,
    FileLine,
    FilePage,
    FindingDetail,
    FindingPage,
    HeldBackLine,
    NeedLine,
    PaymentLine,
    ReportCoverage,
    TableLine,
)
from fairkeeper.values.findings import finding_kinds


class ListFiles(OperationInput):
    """Which files."""

    state: str = Field("", max_length=12, description="Only in this state (waiting, reading, read, refused).")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


class ListFindings(OperationInput):
    """Which findings."""

    state: Literal["open", "closed", "all"] = Field("open", description="Only in this state.")
    code: str = Field("", max_length=60, description="Only of this kind, with or without `payouts.`.")
    text: str = Field("", max_length=200, description="Part of an id, a customer or an offer.")
    as_of: date | None = Field(None, description="Look as if it were this day; nothing is written down.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(100, ge=1, le=20_000, description="How many at most.")


class ShowFinding(OperationInput):
    """Which finding."""

    finding_id: str = Field(max_length=40, description="The finding's id.")


class ShowCoverage(OperationInput):
    """As of when."""

    as_of: date | None = Field(None, description="Look as if it were this day.")


class ListPayments(OperationInput):
    """Which payments."""

    only_differences: bool = Field(False, description="Only those whose earnings do not add up.")
    limit: int = Field(100, ge=1, le=400, description="How many at most.")


@query("payouts.list_files", groups=("payouts.read",), http="GET /payouts/files", cli="payouts files")
def list_files(context: QueryContext, request: ListFiles) -> FilePage:
    """List the files that were handed over, newest first, with what was read and what is wrong in them."""
    wanted = [PayoutUploadRow.state == request.state] if request.state else []
    total = context.session.scalars(select(func.count()).select_from(PayoutUploadRow).where(*wanted)).one()
    rows = context.session.scalars(
        select(PayoutUploadRow)
        .where(*wanted)
        .order_by(PayoutUploadRow.received_at.desc(), PayoutUploadRow.name)
        .offset(request.offset)
        .limit(request.limit)
    ).all()
    tables = context.session.scalars(
        select(PayoutTableRow)
        .where(PayoutTableRow.sha256.in_([row.sha256 for row in rows]))
        .order_by(PayoutTableRow.table_id)
    ).all()
    busy = context.session.scalars(
        select(PayoutUploadRow.sha256).where(PayoutUploadRow.state.in_(("waiting", "reading"))).limit(1)
    ).first()
    return FilePage(
        files=tuple(_file(row, [table for table in tables if table.sha256 == row.sha256]) for row in rows),
        total=total,
        is_busy=busy is not None,
    )


def _file(row: PayoutUploadRow, tables: list[PayoutTableRow]) -> FileLine:
    return FileLine(
        sha256=row.sha256,
        name=row.name,
        state=row.state,
        size_bytes=row.size_bytes,
        received_at=row.received_at,
        tables=tuple(
            TableLine(
                table_id=table.table_id,
                name=table.name,
                report=table.kind,
                rows=table.rows,
                unreadable=table.unreadable,
                first_on=table.first_on,
                last_on=table.last_on,
            )
            for table in tables
        ),
        findings=tuple(row.findings),
    )


@query("payouts.list_findings", groups=("payouts.read",), http="GET /payouts/findings", cli="payouts findings")
def list_findings(context: QueryContext, request: ListFindings) -> FindingPage:
    """List what is wrong between order and bank, the largest amount first, and what cannot be decided yet."""
    code = request.code if not request.code or "." in request.code else f"payouts.{request.code}"
    if request.as_of is not None:
        return _as_of(context, request, code)
    wanted = [PayoutFindingRow.state != "gone"] if request.state == "all" else [PayoutFindingRow.state == request.state]
    if code:
        wanted.append(PayoutFindingRow.code == code)
    if request.text:
        columns = (
            PayoutFindingRow.purchase_record_id,
            PayoutFindingRow.asset_id,
            PayoutFindingRow.earning_id,
            PayoutFindingRow.payment_id,
            PayoutFindingRow.customer,
            PayoutFindingRow.offer,
        )
        wanted.append(or_(*(column.icontains(request.text, autoescape=True) for column in columns)))
    total = context.session.scalars(select(func.count()).select_from(PayoutFindingRow).where(*wanted)).one()
    rows = context.session.scalars(
        select(PayoutFindingRow)
        .where(*wanted)
        .order_by(PayoutFindingRow.weight_minor.desc(), PayoutFindingRow.finding_id)
        .offset(request.offset)
        .limit(request.limit)
    ).all()
    counts = context.session.execute(
        select(PayoutFindingRow.code, func.count()).where(*wanted).group_by(PayoutFindingRow.code)
    )
    evaluation = newest_evaluation(context.session)
    return FindingPage(
        findings=tuple(finding_view(row, today=context.now.date(), principal=context.principal) for row in rows),
        total=total,
        as_of=evaluation.as_of if evaluation else None,
        counts={row[0]: row[1] for row in counts},
        not_enough_data=_held(evaluation),
    )


def _as_of(context: QueryContext, request: ListFindings, code: str) -> FindingPage:
    """Run the rules for another day; nothing is written down."""
    with loaded(context, as_of=request.as_of) as (db, coverage):
        evaluation = evaluate_loaded(db, coverage)
    found = [each for each in evaluation.found if not code or each.code == code]
    shown = found[request.offset : request.offset + request.limit]
    return FindingPage(
        findings=tuple(
            ChainFinding(
                finding_id=each.finding_id,
                code=each.code,
                level=each.level.value,
                state="open",
                message=each.message,
                remedy=finding_kinds[each.code].remedy,
                owner_role=each.owner_role,
                amount=decimal_text(each.amount),
                currency=each.currency,
                amount_usd=decimal_text(each.amount_usd),
                since_on=each.since_on,
                age_days=None if each.since_on is None else (coverage.as_of - each.since_on).days,
                purchase_record_id=each.purchase_record_id,
                line_item_id=each.line_item_id,
                asset_id=each.asset_id,
                earning_id=each.earning_id,
                payment_id=each.payment_id,
                customer=masked(each.customer, context.principal),
                offer=each.offer,
            )
            for each in shown
        ),
        total=len(found),
        as_of=coverage.as_of,
        counts=dict(Counter(each.code for each in found)),
        not_enough_data=tuple(
            HeldBackLine(code=held.code, count=held.count, need=held.need.sentence) for held in evaluation.held_back
        ),
    )


def _held(evaluation: PayoutEvaluationRow | None) -> tuple[HeldBackLine, ...]:
    if evaluation is None:
        return ()
    return tuple(
        HeldBackLine(
            code=held["code"],
            count=held["count"],
            need=Need(
                kind=Kind(held["report"]),
                from_on=date.fromisoformat(held["from_on"]),
                to_on=date.fromisoformat(held["to_on"]),
            ).sentence,
        )
        for held in evaluation.summary.get("held_back", [])
    )


@query(
    "payouts.show_finding",
    groups=("payouts.read",),
    http="GET /payouts/findings/{finding_id}",
    cli="payouts finding FINDING_ID",
)
def show_finding(context: QueryContext, request: ShowFinding) -> FindingDetail:
    """Show one finding with its rows and the text for Microsoft's support. Raises `payouts.finding_not_found`."""
    row = context.session.get(PayoutFindingRow, request.finding_id)
    if row is None:
        message = f"There is no finding {request.finding_id!r}."
        raise FindingNotFoundError(message)
    view = finding_view(row, today=context.now.date(), principal=context.principal)
    where = places(context.session, row.sources)
    amount = f"{row.amount} {row.currency or ''}".strip() if row.amount else None
    facts = {
        "purchase_record_id": row.purchase_record_id,
        "line_item_id": row.line_item_id,
        "asset_id": row.asset_id,
        "earning_id": row.earning_id,
        "payment_id": row.payment_id,
        "amount": amount,
        "since": None if row.since_on is None else str(row.since_on),
    }
    line = f"{row.purchase_record_id}|{row.line_item_id}" if row.purchase_record_id and row.line_item_id else None
    return FindingDetail(
        finding=view,
        resource=finding_kinds[row.code].resource,
        support_text=support_text(row.code, row.message, facts, where),
        sources=where,
        trace_id=line or row.earning_id or row.payment_id or row.asset_id,
    )


@query("payouts.show_coverage", groups=("payouts.read",), http="GET /payouts/coverage", cli="payouts coverage")
def show_coverage(context: QueryContext, request: ShowCoverage) -> CoverageView:
    """Show which months the files cover, what to download, and what cannot be decided without it."""
    library = context.ports.of(Library)
    _, coverage = read_sources(context.session, library, today=context.now.date(), as_of=request.as_of)
    return CoverageView(
        as_of=coverage.as_of,
        reports=tuple(_report(coverage, kind) for kind in REPORTS),
        needs=tuple(
            NeedLine(
                report=need.kind.value,
                title=REPORTS[need.kind].title,
                from_on=need.from_on,
                to_on=need.to_on,
                sentence=need.sentence,
            )
            for need in coverage.needs()
        ),
        not_enough_data=_held(newest_evaluation(context.session)),
    )


def _report(coverage: Coverage, kind: Kind) -> ReportCoverage:
    return ReportCoverage(
        report=kind.value,
        title=REPORTS[kind].title,
        months=tuple(f"{month:%Y-%m}" for month in sorted(coverage.months.get(kind, ()))),
        last_on=coverage.last_on.get(kind),
        whole_from=coverage.whole_from(kind),
    )


@query("payouts.list_payments", groups=("payouts.read",), http="GET /payouts/payments", cli="payouts payments")
def list_payments(context: QueryContext, request: ListPayments) -> tuple[PaymentLine, ...]:
    """List payments, newest first, each beside the sum of the earnings traced to it and what arrived at the bank."""
    evaluation = newest_evaluation(context.session)
    payments = evaluation.summary.get("payments", []) if evaluation else []
    lines = []
    for each in payments:
        difference = None if each["traced"] is None else Decimal(each["traced"]) - Decimal(each["stated"])
        if request.only_differences and not difference:
            continue
        lines.append(
            PaymentLine(
                payment_id=each["payment_id"],
                payment_date=date.fromisoformat(each["payment_date"]),
                status=each["status"],
                stated=each["stated"],
                traced=each["traced"],
                difference=None if difference is None else f"{difference:.2f}",
                currency=each["currency"],
                earnings=each["rows"],
                adjustments=each["adjustments"],
                total=each["total"],
                paid_currency=each["paid_currency"],
                arrived=each["arrived"],
                is_covered=each["is_covered"],
            )
        )
    return tuple(lines[: request.limit])


OPERATIONS: Final[tuple[Operation, ...]] = (list_files, list_findings, show_finding, show_coverage, list_payments)
