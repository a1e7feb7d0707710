"""Which months were closed."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.payouts.tables import PayoutMonthRow
from fairkeeper.payouts.views import MonthLine


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


OPERATIONS: Final[tuple[Operation, ...]] = (list_months,)
