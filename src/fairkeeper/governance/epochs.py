"""Epochs: who changes what decisions rest on says so here, in the same transaction.

A decision is computed at one epoch and recorded only if, inside the recording transaction, it still is that epoch;
otherwise it is computed again. So a pause holds from its commit on, and there is no time in which a cache is believed.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from fairkeeper.database.guard import CustomerSession
from fairkeeper.governance.tables import EpochRow
from fairkeeper.policy.decision.facts import PUBLISHER
from fairkeeper.values.ids import CustomerId


def move(session: Session, customer_id: str | None) -> None:
    """Move a customer's epoch, or everybody's where None; in the caller's transaction.

    On PostgreSQL the row stays locked until the commit, so two changes of one customer follow each other.
    """
    scope = customer_id or PUBLISHER
    if isinstance(session, CustomerSession):
        row = session.get(EpochRow, scope, with_for_update=True)
        if row is None:
            session.add(EpochRow(scope=scope, customer_id=CustomerId(scope), epoch=1))
        else:
            row.epoch += 1
        session.flush()
        return
    changed = session.connection().execute(
        update(cast("Table", EpochRow.__table__)).where(EpochRow.scope == scope).values(epoch=EpochRow.epoch + 1)
    )
    if changed.rowcount == 0:
        _insert(session, scope, customer_id)


def _insert(session: Session, scope: str, customer_id: str | None) -> None:
    """Insert the first epoch; whoever comes second at the same time counts it up."""
    dialect = session.connection().dialect.name
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_on
    else:
        from sqlalchemy.dialects.postgresql import insert as insert_on  # type: ignore[assignment]
    statement: Any = insert_on(EpochRow).values(scope=scope, customer_id=customer_id, epoch=1)
    statement = statement.on_conflict_do_update(index_elements=["scope"], set_={"epoch": EpochRow.epoch + 1})
    session.connection().execute(statement)
