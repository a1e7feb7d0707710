"""Between rows and rules: what is metered with its terms, and the publisher's rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.tables import OperationRow, SubscriptionRow
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.metering.errors import ResourceUnknownError
from fairkeeper.metering.rules.holding import HoldRule, Unattended
from fairkeeper.metering.rules.hours import HOUR, HourRule, hour_of
from fairkeeper.metering.rules.terms import ANNUAL, MONTHLY, Term, counter_at, midnight
from fairkeeper.metering.tables import MeteredDimensionRow, MeteredResourceRow, MeteredTermRow, MeteringRuleRow
from fairkeeper.values.errors import DurationRefusedError
from fairkeeper.values.period import Duration

RULE_ID: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The publisher's rules."""

    hours: HourRule = field(default_factory=HourRule)
    holding: HoldRule = field(default_factory=HoldRule)


def load_rules(session: Session) -> Rules:
    """Return the rules in force; the default ones until others are set."""
    row = session.get(MeteringRuleRow, RULE_ID)
    if row is None:
        return Rules()
    kept = row.rule
    return Rules(
        hours=HourRule(grace=timedelta(minutes=kept["grace_minutes"])),
        holding=HoldRule(
            factor=kept["hold_factor"],
            floor_milli=kept["hold_floor_milli"],
            hours_known=kept["hold_hours_known"],
            unattended=Unattended(kept["unattended"]),
            decide_before=timedelta(minutes=kept["decide_before_minutes"]),
        ),
    )


def find_resource(session: Session, resource_id: str, *, for_change: bool = False) -> MeteredResourceRow | None:
    """Return what is metered, locked if it will be changed; None if nothing is yet."""
    return session.get(
        MeteredResourceRow, resource_id, with_for_update=for_change or None, populate_existing=for_change
    )


def load_resource(session: Session, resource_id: str, *, now: datetime) -> MeteredResourceRow:
    """Return what is metered, locked; of a subscription the row is made when it is first asked for.

    Raises:
        ResourceUnknownError: It is neither a subscription nor a registered application here.
    """
    key = resource_id if resource_id.startswith("app_") else resource_id.lower()
    row = find_resource(session, key, for_change=True)
    if row is not None:
        return row
    subscription = session.get(SubscriptionRow, key)
    if subscription is None:
        msg = f"Nothing is metered under {resource_id!r} here."
        raise ResourceUnknownError(msg)
    row = MeteredResourceRow(
        resource_id=key,
        customer_id=subscription.customer_id,
        offer_id=subscription.offer_id or "",
        last_number=0,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def follow(session: Session, row: MeteredResourceRow, *, now: datetime) -> list[Term]:
    """Bring a resource's terms, end and custody up to its subscription's, and return the terms; none if unknown."""
    rows = list(
        session.scalars(
            select(MeteredTermRow)
            .where(MeteredTermRow.resource_id == row.resource_id)
            .order_by(MeteredTermRow.since_at)
        )
    )
    subscription = None if row.resource_uri else session.get(SubscriptionRow, row.resource_id)
    if subscription is not None:
        row.ended_at = (
            subscription.unsubscribed_at or now if subscription.status == CommercialStatus.UNSUBSCRIBED else None
        )
        row.offer_id = subscription.offer_id or row.offer_id
        _follow_custody(session, row, subscription)
        added = _new_term(session, row, subscription, rows, now=now)
        if added is not None:
            session.add(added)
            session.flush()
            rows.append(added)
    return [_term(each) for each in rows]


def resource_for(session: Session, customer_id: str, dimension: str) -> str | None:
    """Return what a governed call counts for: the customer's oldest subscription whose plan has the dimension.

    Where none has, the oldest managed application of the customer whose plan has it.
    """
    return _subscription_for(session, customer_id, dimension) or _application_for(session, customer_id, dimension)


def _application_for(session: Session, customer_id: str, dimension: str) -> str | None:
    having = select(MeteredDimensionRow.offer_id, MeteredDimensionRow.plan_id).where(
        MeteredDimensionRow.dimension == dimension
    )
    plans = {(offer_id, plan_id) for offer_id, plan_id in session.execute(having)}
    terms = session.execute(
        select(MeteredResourceRow.resource_id, MeteredResourceRow.offer_id, MeteredTermRow.plan_id)
        .join(MeteredTermRow, MeteredTermRow.resource_id == MeteredResourceRow.resource_id)
        .where(
            MeteredResourceRow.customer_id == customer_id,
            MeteredResourceRow.resource_uri.is_not(None),
            MeteredResourceRow.ended_at.is_(None),
        )
        .order_by(MeteredResourceRow.created_at, MeteredResourceRow.resource_id, MeteredTermRow.since_at)
    )
    newest = {resource_id: (offer_id, plan_id) for resource_id, offer_id, plan_id in terms}
    return next((resource_id for resource_id, plan in newest.items() if plan in plans), None)


def _subscription_for(session: Session, customer_id: str, dimension: str) -> str | None:
    return session.scalars(
        select(SubscriptionRow.subscription_id)
        .join(
            MeteredDimensionRow,
            (MeteredDimensionRow.offer_id == SubscriptionRow.offer_id)
            & (MeteredDimensionRow.plan_id == SubscriptionRow.plan_id),
        )
        .where(
            SubscriptionRow.customer_id == customer_id,
            MeteredDimensionRow.dimension == dimension,
            SubscriptionRow.status != CommercialStatus.UNSUBSCRIBED,
        )
        .order_by(SubscriptionRow.bought_at, SubscriptionRow.subscription_id)
        .limit(1)
    ).first()


def is_elsewhere(session: Session, row: MeteredResourceRow) -> bool:
    """Say whether another system reports a resource's usage now."""
    subscription = None if row.resource_uri else session.get(SubscriptionRow, row.resource_id)
    return subscription is not None and subscription.custody == "observed"


def _follow_custody(session: Session, row: MeteredResourceRow, subscription: SubscriptionRow) -> None:
    """Of a subscription that was taken over, hours before the next full one after that stay the other system's."""
    if subscription.adopted_at is None or subscription.custody == "observed":
        return
    taken_over_at = session.scalars(
        select(EntryRow.at)
        .where(
            EntryRow.subject_type == "subscription",
            EntryRow.subject_id == subscription.subscription_id,
            EntryRow.kind == "customers.subscription_taken_over/1",
        )
        .order_by(EntryRow.id.desc())
        .limit(1)
    ).first()
    since_at = taken_over_at or subscription.adopted_at
    row.reports_from_at = hour_of(since_at) + HOUR


def _new_term(
    session: Session,
    row: MeteredResourceRow,
    subscription: SubscriptionRow,
    rows: list[MeteredTermRow],
    *,
    now: datetime,
) -> MeteredTermRow | None:
    anchor_on = subscription.term_start_on or (
        subscription.activated_at.date() if subscription.activated_at is not None else None
    )
    if anchor_on is None or subscription.plan_id is None:
        return None
    months = months_of(subscription.term_unit)
    last = rows[-1] if rows else None
    if last is None:
        since_at = midnight(anchor_on)
    elif last.plan_id != subscription.plan_id:
        since_at = _changed_at(session, row.resource_id, since=last.since_at) or now
    elif last.months != months or not _is_aligned(_term(last), anchor_on):
        since_at = midnight(anchor_on)
    else:
        return None
    if last is not None and since_at <= last.since_at:
        since_at = now
    return MeteredTermRow(
        resource_id=row.resource_id,
        customer_id=row.customer_id,
        since_at=since_at,
        plan_id=subscription.plan_id,
        anchor_on=anchor_on,
        months=months,
    )


def _is_aligned(term: Term, anchor_on: date) -> bool:
    """Say whether a renewed term begins where a counter of the old one does, so that nothing changes."""
    return anchor_on == term.anchor_on or counter_at([term], midnight(anchor_on)).starts_at == midnight(anchor_on)


def _changed_at(session: Session, subscription_id: str, *, since: datetime) -> datetime | None:
    return session.scalars(
        select(OperationRow.answered_at)
        .where(
            OperationRow.subscription_id == subscription_id,
            OperationRow.action_text == "ChangePlan",
            OperationRow.answered_at > since,
        )
        .order_by(OperationRow.answered_at.desc())
        .limit(1)
    ).first()


def months_of(term_unit: str | None) -> int:
    """Return the length of a term's counters in months.

    Example:
        >>> months_of("P1M"), months_of("P3Y"), months_of("P18M"), months_of(None)
        (1, 12, 12, 1)
    """
    try:
        duration = Duration.parse(term_unit or "P1M")
    except DurationRefusedError:
        return MONTHLY
    return ANNUAL if duration.months >= ANNUAL else MONTHLY


def _term(row: MeteredTermRow) -> Term:
    return Term(plan_id=row.plan_id, anchor_on=row.anchor_on, months=row.months, since_at=row.since_at)


def _plain(value: Any) -> Any:
    return int(value.total_seconds() // 60) if isinstance(value, timedelta) else value
