"""What of this room leaves the console: deadlines and findings that wait for a person, to the role that owns them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fairkeeper.action.operation import CommandContext
from fairkeeper.action.telling import MessageTemplate, Telling, Urgency, message_templates, settle, tell
from fairkeeper.customers.actions.custody.noting import is_observed
from fairkeeper.customers.path.clocks import Deadline
from fairkeeper.customers.tables import CustomerRow, ReminderRow, SubscriptionRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.findings import Level

DEADLINE: Final = message_templates.declare(
    MessageTemplate(
        code="customers.deadline",
        title="A customer's deadline comes nearer",
        subject="{customer}: {what}, {by}",
        text="{what} for {customer} on {by}.\n\nIf nobody acts: {consequence}\n\nWhat to do: {remedy}",
    )
)
FINDING: Final = message_templates.declare(
    MessageTemplate(
        code="customers.finding",
        title="Something about a customer waits for a person",
        subject="{customer}: needs a person",
        text="{what}\n\nWhat to do: {remedy}",
    )
)

URGENT_WITHIN: Final = timedelta(hours=48)
"""A deadline that is nearer than this is told at once; others wait for the digest."""


def tell_deadline(
    context: CommandContext, row: SubscriptionRow, reminder: ReminderRow, deadline: Deadline, rings_at: str
) -> None:
    """Let the owner of a deadline hear of it, once for each of its days."""
    if is_observed(row):
        return
    is_near = deadline.due_at - context.now <= URGENT_WITHIN
    tell(
        context,
        Telling(
            template=DEADLINE,
            key=_key(reminder, rings_at),
            to=deadline.owner_role,
            urgency=Urgency.URGENT if is_near else Urgency.DIGEST,
            values={
                "customer": _customer_name(context, row),
                "what": deadline.title,
                "by": f"{deadline.due_at:%d %b %Y %H:%M} UTC",
                "consequence": deadline.consequence,
                "remedy": reminder.remedy,
            },
            href=f"/subscriptions/{row.subscription_id}",
            due_at=deadline.due_at,
            about_customer_id=row.customer_id,
        ),
    )


def tell_finding(
    context: CommandContext, reminder: ReminderRow, row: SubscriptionRow | None, *, about: str, href: str
) -> None:
    """Let the owner of a finding hear of it, each time it is raised; an error at once.

    Args:
        context: Of the command.
        reminder: The finding.
        row: The subscription that it is about, if any.
        about: What it is about otherwise, in words.
        href: Where that stands.
    """
    if row is not None and is_observed(row):
        return
    href = href if row is None else f"/subscriptions/{row.subscription_id}"
    tell(
        context,
        Telling(
            template=FINDING,
            key=_key(reminder, format_instant(reminder.raised_at)),
            to=reminder.owner_role,
            urgency=Urgency.URGENT if reminder.level == Level.ERROR else Urgency.DIGEST,
            values={
                "customer": about if row is None else _customer_name(context, row),
                "what": reminder.message,
                "remedy": reminder.remedy,
            },
            href=href,
            about_customer_id=None if row is None else row.customer_id,
        ),
    )


def settle_reminder(context: CommandContext, reminder: ReminderRow, why: str) -> None:
    """Nobody has to hear of a reminder that was closed."""
    template = FINDING if reminder.due_at is None else DEADLINE
    settle(
        context,
        template,
        _key(reminder, format_instant(reminder.raised_at)),
        why=why,
        about_customer_id=reminder.customer_id,
    )


def _key(reminder: ReminderRow, raised: str) -> str:
    return f"{reminder.code}:{reminder.subject_id}:{reminder.key}:{raised}"


def _customer_name(context: CommandContext, row: SubscriptionRow) -> str:
    customer = context.session.get(CustomerRow, row.customer_id)
    return row.name or row.subscription_id if customer is None else customer.name
