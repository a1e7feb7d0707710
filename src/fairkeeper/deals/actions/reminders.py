"""What waits for a person: findings of the book put before somebody, taken away again when their cause is gone.

Shared by the actions. A reminder is one row for one cause (`code`, deal and key), opened again when it comes back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from fairkeeper.action.operation import CommandContext
from fairkeeper.deals.book.tables import DealReminderRow
from fairkeeper.values.findings import Finding


def raise_reminder(  # noqa: PLR0913 - what a reminder consists of
    context: CommandContext,
    deal_id: str,
    finding: Finding,
    *,
    key: str = "",
    due_on: date | None = None,
    owner_role: str = "deal_desk",
) -> bool:
    """Put a finding before a person; return whether it was not before one already.

    One that a person closed stays closed while it says the same.
    """
    known = context.session.scalars(
        select(DealReminderRow).where(
            DealReminderRow.deal_id == deal_id, DealReminderRow.code == finding.code, DealReminderRow.key == key
        )
    ).first()
    if known is None:
        known = DealReminderRow(deal_id=deal_id, code=finding.code, key=key)
        context.session.add(known)
    elif known.message == finding.message and known.due_on == due_on:
        return False
    known.level, known.message, known.remedy = finding.level.value, finding.message, finding.remedy
    known.resource, known.owner_role, known.due_on = finding.resource, owner_role, due_on
    known.raised_at, known.closed_at, known.closed_why = context.now, None, None
    context.session.flush()
    return True


def close_reminders(
    context: CommandContext, deal_id: str, codes: Collection[str], *, why: str, but: Collection[tuple[str, str]] = ()
) -> int:
    """Close what is open about a deal because its cause is gone; return how many there were.

    Args:
        context: The command.
        deal_id: Which deal.
        codes: Which kinds.
        why: What is said of it.
        but: Code and key of those whose cause is not gone.
    """
    rows = context.session.scalars(
        select(DealReminderRow).where(
            DealReminderRow.deal_id == deal_id,
            DealReminderRow.code.in_(codes),
            DealReminderRow.closed_at.is_(None),
        )
    ).all()
    gone = [row for row in rows if (row.code, row.key) not in but]
    for row in gone:
        row.closed_at, row.closed_why = context.now, why
    return len(gone)
