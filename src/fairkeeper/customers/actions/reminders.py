"""What waits for a person: findings put before somebody, taken away again when their cause is gone.

Shared by the actions. A reminder is one row for one cause (`code`, subject and key), opened again when it comes back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from fairkeeper.action.operation import CommandContext
from fairkeeper.customers.tables import ReminderRow, SubscriptionRow
from fairkeeper.customers.tellings import settle_reminder, tell_finding
from fairkeeper.values.findings import Finding
from fairkeeper.values.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising:
    """How a finding is put before a person.

    Attributes:
        key: Tells causes of one kind and subject apart; each is a reminder of its own.
        comes_back: Whether it opens again after a person closed it although it says the same: for what has happened
            anew, not for what still is.
        owner_role: Who is asked to look.
        about, href: What it is about and where it stands, where that is no subscription.
    """

    key: str = ""
    comes_back: bool = True
    owner_role: str = "platform"
    about: str = "A webhook"
    href: str = "/webhooks?state=held"


def raise_reminder(
    context: CommandContext, finding: Finding, row: SubscriptionRow | None, raising: Raising | None = None
) -> bool:
    """Put a finding before a person; return whether it was not before one already."""
    how = raising or Raising()
    subject = ((row.subscription_id if row is not None else finding.subject) or "-")[:64]
    known = find_reminder(context, finding.code, subject, how.key)
    if known is None:
        known = ReminderRow(code=finding.code, subject_id=subject, key=how.key)
        context.session.add(known)
    elif known.closed_at is None or (known.message == finding.message and not how.comes_back):
        known.message = finding.message
        return False
    known.level, known.message, known.remedy = finding.level.value, finding.message, finding.remedy
    known.resource, known.owner_role = finding.resource, how.owner_role
    known.raised_at, known.closed_at, known.closed_why = context.now, None, None
    known.customer_id = None if row is None else row.customer_id
    context.session.flush()
    tell_finding(context, known, row, about=how.about, href=how.href)
    return True


def close_reminders(context: CommandContext, subject_id: str, codes: Collection[str], *, why: str) -> int:
    """Close what is open about a subject because its cause is gone; return how many there were."""
    rows = context.session.scalars(
        select(ReminderRow).where(
            ReminderRow.subject_id == subject_id, ReminderRow.code.in_(codes), ReminderRow.closed_at.is_(None)
        )
    ).all()
    for row in rows:
        row.closed_at, row.closed_why = context.now, why
        settle_reminder(context, row, why)
    return len(rows)


def find_reminder(context: CommandContext, code: str, subject_id: str, key: str) -> ReminderRow | None:
    """Return the reminder of a cause, open or closed."""
    return context.session.scalars(
        select(ReminderRow).where(
            ReminderRow.code == code, ReminderRow.subject_id == subject_id, ReminderRow.key == key
        )
    ).first()


def plant_clocks(context: CommandContext, row: SubscriptionRow) -> None:
    """Plant a look at this subscription's clocks; the handler reads them anew and plants what they ask for."""
    context.enqueue(
        "customers.plant_clocks", new_id("tsk"), {"subscription_id": row.subscription_id}, customer_id=row.customer_id
    )
