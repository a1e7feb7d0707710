"""Today, over every room."""

from __future__ import annotations

from collections import Counter

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.customers.path.steps import StepState
from fairkeeper.customers.reading import STANDING_COLUMNS, liveliest_first, place_of, plain_rows, standings_of
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.evidence.queries import ListEntries, list_entries
from fairkeeper.overview.actions import retry_task
from fairkeeper.overview.agenda.gathering import gather
from fairkeeper.overview.agenda.publishers import failed_tasks
from fairkeeper.overview.reading import reads
from fairkeeper.overview.views import StepCount, Today


class ShowToday(OperationInput):
    """Nothing to say."""


@query("overview.show_today", groups=("overview.read",), http="GET /today", cli="today")
def show_today(context: QueryContext, _request: ShowToday) -> Today:
    """Show what needs this person today out of every room, by deadline and money, and where the customers stand.

    A person sees what waits for their roles, as far as they may read it; owners, operations, leaders and auditors see
    what waits for anybody. A customer's people see what waits for their own company.
    """
    steps, customers = _steps(context)
    mends = context.principal.customer_id is None and reads(context, retry_task)
    return Today(
        needs=gather(context),
        failed_tasks=failed_tasks(context) if mends else (),
        steps=steps,
        recent=list_entries.function(context, ListEntries(limit=12)).entries,
        customers=customers,
    )


def _steps(context: QueryContext) -> tuple[tuple[StepCount, ...], int]:
    """Count the customers at the step where their liveliest subscription stands."""
    by_customer: dict[str, list[SubscriptionRow]] = {}
    for row in plain_rows(context.session, STANDING_COLUMNS):
        by_customer.setdefault(row.customer_id, []).append(row)
    standing: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    liveliest = [liveliest_first(rows)[0] for rows in by_customer.values()]
    for where in standings_of(context, liveliest).values():
        here = place_of(where)
        standing[here.step.value] += 1
        broken[here.step.value] += here.state is StepState.BROKEN
    counts = tuple(
        StepCount(step=name, customers=standing[name], broken=broken[name])
        for name in ("buy", "activate", "consent", "provision", "operate", "revoke")
    )
    return counts, len(by_customer)


OPERATIONS: tuple[Operation, ...] = (show_today,)
