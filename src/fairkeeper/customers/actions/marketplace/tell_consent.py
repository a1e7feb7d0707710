"""Tells the room of consent that a customer bought, activated, was suspended or signed in; trust follows by itself.

Told as background work in the same transaction, because trust has entries of its own.
"""

from __future__ import annotations

import hashlib

from fairkeeper.action.operation import Canonical, CommandContext
from fairkeeper.customers.path.landing import PERSONAL_ACCOUNTS_TENANT, SignedIn
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.values.ids import new_ulid

FOLLOW_CUSTOMER = "consent.follow_customer"


def tell_consent(context: CommandContext, row: SubscriptionRow, person: SignedIn | None = None) -> None:
    """Plant the work that lets trust in the customer's tenant follow.

    Args:
        context: The command's.
        row: The subscription that changed or was visited.
        person: Somebody who was proved by Microsoft Entra, with this visit.
    """
    if row.beneficiary_tenant_id in {None, PERSONAL_ACCOUNTS_TENANT}:
        return
    payload: dict[str, Canonical] = {"customer_id": row.customer_id}
    if person is not None:
        payload["proved_tenant_id"] = person.tenant_id
        payload["proved_digest"] = hashlib.sha256(person.object_id.encode()).hexdigest()
    if row.status in {CommercialStatus.PENDING_FULFILLMENT_START, CommercialStatus.SUBSCRIBED} and _is_new(row):
        payload["may_reopen"] = True
    occasion = "visit" if person is not None else "change"
    # Never the same twice: what is told while an earlier telling waits may be news.
    key = f"{row.subscription_id}:{occasion}:{new_ulid()}"
    context.enqueue(FOLLOW_CUSTOMER, key, payload, customer_id=row.customer_id)


def _is_new(row: SubscriptionRow) -> bool:
    """Say whether nothing of this subscription was stopped yet: only a new purchase begins a new link."""
    return row.stop_entry_id is None and row.retention_started_at is None
