"""How far fetches are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.payouts.fetching.actions import fetch_reports, record_fetch, want_reports
from fairkeeper.payouts.fetching.ports import FetchPlan
from fairkeeper.payouts.tables import PayoutFetchRow


class ListFetches(OperationInput):
    """How many."""

    limit: int = Field(50, ge=1, le=400, description="How many at most.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLine:
    """One report that is fetched; `state` is wanted, asked, fetched, empty or refused."""

    fetch_id: str
    report: str
    from_on: date
    to_on: date
    state: str
    why: str | None
    wanted_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPage:
    """What is arranged, and the fetches, newest first."""

    reports: tuple[str, ...]
    fetches: tuple[FetchLine, ...]


@query("payouts.list_fetches", groups=("payouts.read",), http="GET /payouts/fetches", cli="payouts fetches")
def list_fetches(context: QueryContext, request: ListFetches) -> FetchPage:
    """List the reports that are fetched from Partner Center, newest first, and what became of each."""
    rows = context.session.scalars(
        select(PayoutFetchRow).order_by(PayoutFetchRow.wanted_at.desc(), PayoutFetchRow.fetch_id).limit(request.limit)
    ).all()
    return FetchPage(
        reports=context.ports.of(FetchPlan).reports,
        fetches=tuple(
            FetchLine(
                fetch_id=row.fetch_id,
                report=row.report,
                from_on=row.from_on,
                to_on=row.to_on,
                state=row.state,
                why=row.why,
                wanted_at=row.wanted_at,
                ended_at=row.ended_at,
            )
            for row in rows
        ),
    )


OPERATIONS: Final[tuple[Operation, ...]] = (fetch_reports, want_reports, record_fetch, list_fetches)
