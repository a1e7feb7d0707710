"""From where an id stands, along the chain both ways: what each room's rows name of the next room's.

Down from money to trust a link names the next by its own key: an order's asset id is the subscription's id (which is
what publishers assume and no page of Microsoft's states), a counted hour holds its events, an event of a governed call
is named after its decision, a decision's record names policies and what was registered. Upwards the same keys are read
the other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select

from fairkeeper.action.operation import QueryContext
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.governance.tables import DecisionRow, MeasuredCallRow
from fairkeeper.metering.actions.entering import decision_of, event_id_of
from fairkeeper.metering.tables import UsageCountRow, UsageEventRow
from fairkeeper.overview.tracing.doors import sees
from fairkeeper.overview.tracing.seeds import Seed
from fairkeeper.overview.tracing.views import MOST
from fairkeeper.payouts.chain_queries import trace_view
from fairkeeper.payouts.errors import NothingTracedError
from fairkeeper.payouts.views import TraceView

_MOST_ORDERS: Final = 3
"""Subscriptions that are looked for in the reports, which reads all of them anew for each."""


@dataclass(slots=True, kw_only=True)
class Walked:
    """Everything on the chain, by room.

    Attributes:
        named: What the id is the id of.
        orders: Asset ids that reports name.
        events: What was used, where a governed call or the product itself told it.
        days: The days of usage that the reports name; None where they name none.
        is_from_usage: Whether the walk came from usage, a call or what lies behind it, and not from money.
    """

    named: str
    is_from_usage: bool
    subscriptions: list[SubscriptionRow] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    counts: list[UsageCountRow] = field(default_factory=list)
    events: list[UsageEventRow] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    reports: list[TraceView] = field(default_factory=list)
    days: tuple[date, date] | None = None


def walk(context: QueryContext, seed: Seed) -> Walked:
    """Follow the chain from a seed to both of its ends."""
    found = Walked(
        named=seed.named,
        is_from_usage=bool(seed.decisions or seed.counts) and not seed.subscriptions,
        counts=list(seed.counts),
        decisions=list(seed.decisions),
        customers=list(seed.customers),
        orders=list(seed.subscriptions),
    )
    if seed.decisions:
        found.events = _events_of_calls(context, seed.decisions)
        found.counts = _counts(context, {each.count_id for each in found.events if each.count_id})
        found.orders = sorted({each.resource_id for each in found.events})
    elif seed.counts:
        _from_counts(context, found)
        found.orders = sorted({each.resource_id for each in found.counts})
    elif seed.customers and not seed.subscriptions:
        found.orders = _subscriptions_of(context, seed.customers)
    _reports(context, found, seed)
    _subscriptions(context, found)
    if not seed.decisions and not seed.counts:
        found.counts = _counts_of(context, found)
        _from_counts(context, found)
    if seed.customers and not found.decisions:
        found.decisions = _decisions_of(context, seed.customers)
    named = (found.subscriptions, found.counts, found.decisions)
    every = [*found.customers, *(str(row.customer_id) for rows in named for row in rows if row.customer_id)]
    found.customers = list(dict.fromkeys(every))
    return found


def _from_counts(context: QueryContext, found: Walked) -> None:
    """Add what was counted in the hours, and the calls behind it."""
    keys = [row.count_id for row in found.counts]
    if not keys:
        return
    carried = context.session.scalars(select(UsageCountRow).where(UsageCountRow.carried_by.in_(keys)).limit(MOST))
    keys += [row.count_id for row in carried]
    events = select(UsageEventRow).where(UsageEventRow.count_id.in_(keys)).order_by(UsageEventRow.id.desc())
    found.events = list(context.session.scalars(events.limit(MOST * 5)))
    calls = sorted({call for each in found.events if (call := decision_of(each.event_id)) is not None})
    found.decisions = list(
        context.session.scalars(
            select(DecisionRow)
            .where(DecisionRow.decision_id.in_(calls))
            .order_by(DecisionRow.decision_id.desc())
            .limit(MOST + 1)
        )
    )


def _events_of_calls(context: QueryContext, decisions: Sequence[DecisionRow]) -> list[UsageEventRow]:
    """Return the usage that names decisions; by their customers' subscriptions, under which its key stands."""
    resources = _subscriptions_of(context, [str(row.customer_id) for row in decisions if row.customer_id])
    measured = select(MeasuredCallRow).where(MeasuredCallRow.decision_id.in_([row.decision_id for row in decisions]))
    keys = [event_id_of(row.decision_id, row.position) for row in context.session.scalars(measured)]
    statement = select(UsageEventRow).where(UsageEventRow.resource_id.in_(resources), UsageEventRow.event_id.in_(keys))
    return list(context.session.scalars(statement))


def _subscriptions_of(context: QueryContext, customers: Iterable[str]) -> list[str]:
    statement = select(SubscriptionRow.subscription_id).where(SubscriptionRow.customer_id.in_(sorted(set(customers))))
    return [str(each) for each in context.session.scalars(statement.order_by(SubscriptionRow.bought_at.desc()))]


def _counts(context: QueryContext, keys: set[str]) -> list[UsageCountRow]:
    statement = select(UsageCountRow).where(UsageCountRow.count_id.in_(sorted(keys)))
    return list(context.session.scalars(statement.order_by(UsageCountRow.hour_at.desc()).limit(MOST + 1)))


def _counts_of(context: QueryContext, found: Walked) -> list[UsageCountRow]:
    """Return the hours of the subscriptions: of the days that the reports name, or the newest."""
    statement = select(UsageCountRow).where(
        UsageCountRow.resource_id.in_([str(row.subscription_id) for row in found.subscriptions])
    )
    if found.days is not None:
        first, last = (datetime.combine(day, time(), UTC) for day in found.days)
        statement = statement.where(UsageCountRow.hour_at >= first, UsageCountRow.hour_at < last + timedelta(days=1))
    newest = statement.order_by(UsageCountRow.hour_at.desc(), UsageCountRow.number.desc())
    return list(context.session.scalars(newest.limit(MOST + 1)))


def _decisions_of(context: QueryContext, customers: Sequence[str]) -> list[DecisionRow]:
    statement = select(DecisionRow).where(DecisionRow.customer_id.in_(customers))
    return list(context.session.scalars(statement.order_by(DecisionRow.decision_id.desc()).limit(MOST + 1)))


def _reports(context: QueryContext, found: Walked, seed: Seed) -> None:
    """Add what the reports say of the orders, and which days of usage they name."""
    if seed.reports is not None:
        found.reports = [seed.reports]
    elif sees(context, "reports"):
        for order in found.orders[:_MOST_ORDERS]:
            try:
                found.reports.append(trace_view(context, order, rows=MOST + 1))
            except NothingTracedError:
                continue
    on = [
        row.on
        for view in found.reports
        for stage in view.chain
        if stage.stage == "usage"
        for row in stage.rows
        if row.on is not None
    ]
    found.days = (min(on), max(on)) if on else None
    found.orders = list(dict.fromkeys([*found.orders, *(each for view in found.reports for each in view.assets)]))


def _subscriptions(context: QueryContext, found: Walked) -> None:
    keys = [each.lower() for each in found.orders]
    rows = context.session.scalars(
        select(SubscriptionRow).where(SubscriptionRow.subscription_id.in_(keys)).limit(MOST + 1)
    )
    found.subscriptions = list(rows)
