"""What would have been done: noted instead of done, once for each thing, for people to read before they take over.

Shared by the actions and by the last barrier before the connectors.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.outside import ObservedOnlyError
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.tables import SubscriptionRow, WouldHaveRow
from fairkeeper.database.insertion import insert_unless_there
from fairkeeper.values.ids import new_id

BASELINE_NOTE: Final = "Set up by the system that ran before."


class Custody(StrEnum):
    """Who runs a subscription."""

    OBSERVED = "observed"
    """Another system does; Fairkeeper records and changes nothing."""
    MANAGED = "managed"


def is_observed(row: SubscriptionRow) -> bool:
    """Say whether another system runs a subscription."""
    return row.custody == Custody.OBSERVED


def refuse_observed(row: SubscriptionRow) -> None:
    """Refuse to change something outside for a subscription that another system runs.

    Raises:
        ObservedOnlyError: Another system runs it.
    """
    if is_observed(row):
        raise ObservedOnlyError(f"The subscription {row.subscription_id} is observed: another system runs it.")


def note_would_have(session: Session, row: SubscriptionRow | None, what: str, *, key: str, now: datetime) -> bool:
    """Note what would have been done; return whether it was not noted before."""
    values = {
        "note_id": new_id("wld"),
        "subscription_id": "-" if row is None else row.subscription_id,
        "customer_id": None if row is None else row.customer_id,
        "what": what[:500],
        "key": key[:200],
        "noted_at": now,
    }
    return insert_unless_there(session, WouldHaveRow, values, key=("subscription_id", "key")) is not None


def begin_observed(row: SubscriptionRow, *, now: datetime) -> None:
    """Take a subscription that another system runs into the books: what is active there was set up there."""
    row.custody, row.adopted_at = Custody.OBSERVED.value, now
    if row.status in {CommercialStatus.SUBSCRIBED, CommercialStatus.SUSPENDED}:
        row.provisioning, row.provisioning_since_at = ProvisioningState.READY.value, now
        row.provisioning_note, row.ready_at = BASELINE_NOTE, row.ready_at or now


def follow_observed(row: SubscriptionRow, *, now: datetime) -> None:
    """Keep the books of a subscription that another system runs, by what Microsoft states."""
    if row.status == CommercialStatus.SUBSCRIBED and row.provisioning == ProvisioningState.NONE:
        row.provisioning, row.provisioning_since_at = ProvisioningState.READY.value, now
        row.provisioning_note, row.ready_at = BASELINE_NOTE, row.ready_at or now
    elif row.status == CommercialStatus.UNSUBSCRIBED and row.provisioning == ProvisioningState.READY:
        # What runs elsewhere is stopped and erased elsewhere: no receipt of ours, and no retention.
        row.provisioning, row.provisioning_since_at = ProvisioningState.NONE.value, now
        row.provisioning_note = "Ended while another system ran it."


def settle_notes(session: Session, subscription_id: str, *, now: datetime) -> int:
    """Take what would have been done for a subscription off the list; return how much that was."""
    rows = session.scalars(
        select(WouldHaveRow).where(WouldHaveRow.subscription_id == subscription_id, WouldHaveRow.settled_at.is_(None))
    ).all()
    for row in rows:
        row.settled_at = now
    return len(rows)
