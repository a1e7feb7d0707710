"""What is taken out of messages when a customer's data is erased: every value that names somebody."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fairkeeper.action.telling import SETTLE, TAKE_UP
from fairkeeper.database.tasks import TaskRow
from fairkeeper.messages.tables import MessageRow
from fairkeeper.values.ids import CustomerId

ERASED = "erased"


def erase_messages(session: Session, customer_id: CustomerId) -> int:
    """Take the values out of every message to or about a customer; return of how many."""
    rows = session.scalars(
        select(MessageRow)
        .where(or_(MessageRow.customer_id == customer_id, MessageRow.about_customer_id == customer_id))
        .with_for_update()
    ).all()
    for row in rows:
        row.values = dict.fromkeys(row.values, ERASED)
        row.href, row.settled_why = "/", row.settled_why and ERASED
    wishes = select(TaskRow).where(TaskRow.customer_id == customer_id, TaskRow.name.in_((TAKE_UP, SETTLE)))
    for task in session.scalars(wishes.with_for_update()):
        kept = {name: value for name, value in task.payload.items() if name not in {"values", "why", "href"}}
        task.payload = {**kept, "values": {}} if task.name == TAKE_UP else {**kept, "why": ERASED}
    return len(rows)
