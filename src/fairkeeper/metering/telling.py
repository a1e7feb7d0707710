"""What of usage waits for a person: findings beside the subscription's others, and an urgent word for held hours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from fairkeeper.action.operation import CommandContext
from fairkeeper.action.telling import MessageTemplate, Telling, Urgency, message_templates, settle, tell
from fairkeeper.customers.actions.reminders import Raising, raise_reminder
from fairkeeper.customers.tables import CustomerRow, ReminderRow, SubscriptionRow
from fairkeeper.customers.tellings import settle_reminder
from fairkeeper.metering.tables import MeteredResourceRow, UsageCountRow
from fairkeeper.values.findings import Finding

HOUR_HELD: Final = message_templates.declare(
    MessageTemplate(
        code="metering.hour_held",
        title="An hour of usage is held before it is sent",
        subject="{customer}: usage of {dimension} is held until {until}",
        text="{what} Decide by {until}; after that the publisher's rule does: {rule}.",
    )
)
FINANCE: Final = "finance"
PLATFORM: Final = "platform"


def raise_for(
    context: CommandContext, row: MeteredResourceRow, finding: Finding, *, key: str, owner_role: str = PLATFORM
) -> bool:
    """Put a finding about a resource before a person; return whether it was not before one already."""
    subscription = None if row.resource_uri else context.session.get(SubscriptionRow, row.resource_id)
    about = replace(finding, subject=row.resource_id)
    return raise_reminder(context, about, subscription, Raising(key=key, owner_role=owner_role, comes_back=False))


def close_for(context: CommandContext, row: MeteredResourceRow, code: str, *, keys: Collection[str], why: str) -> None:
    """Close findings about a resource because their cause is gone."""
    if not keys:
        return
    open_ones = context.session.scalars(
        select(ReminderRow).where(
            ReminderRow.code == code, ReminderRow.subject_id == row.resource_id, ReminderRow.closed_at.is_(None)
        )
    ).all()
    for each in open_ones:
        if each.key in keys:
            each.closed_at, each.closed_why = context.now, why
            settle_reminder(context, each, why)


def tell_held(context: CommandContext, row: MeteredResourceRow, count: UsageCountRow, *, rule: str) -> None:
    """Let finance hear of a held hour at once, with the time by which somebody has to decide."""
    customer = context.session.get(CustomerRow, row.customer_id)
    until = "" if count.decide_at is None else f"{count.decide_at:%d %b %Y %H:%M} UTC"
    tell(
        context,
        Telling(
            template=HOUR_HELD,
            key=count.count_id,
            to=FINANCE,
            urgency=Urgency.URGENT,
            values={
                "customer": "A customer" if customer is None else customer.name,
                "dimension": count.dimension,
                "what": count.note,
                "until": until,
                "rule": rule,
            },
            href=f"/usage/hours/{count.count_id}",
            due_at=count.decide_at,
            about_customer_id=row.customer_id,
        ),
    )


def settle_held(context: CommandContext, count: UsageCountRow, *, why: str) -> None:
    """Nobody has to hear any more of an hour that was decided about."""
    settle(context, HOUR_HELD, count.count_id, why=why, about_customer_id=count.customer_id)
