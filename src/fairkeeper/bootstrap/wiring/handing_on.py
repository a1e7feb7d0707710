"""Which webhooks are handed on to the system that ran before: those for what it still runs, and for what nobody knows.

A subscription that Fairkeeper manages is answered here alone, so that nothing is answered twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from fairkeeper.api.webhook import HandOn, PassedAnswer
from fairkeeper.customers.actions.custody.noting import is_observed
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.database.session import Database
from fairkeeper.outbound.forwarding import OldSystem


def hand_on_observed(database: Database, old: OldSystem) -> HandOn:
    """Return what hands webhooks on to an older system."""

    def hand_on(body: bytes, headers: Mapping[str, str]) -> PassedAnswer | None:
        subscription_id = _subscription_of(body)
        with database.read() as session:
            row = None if subscription_id is None else session.get(SubscriptionRow, subscription_id)
            if row is not None and not is_observed(row):
                return None
        answer = old.ask(body, headers)
        return PassedAnswer(status=answer.status, content_type=answer.content_type, body=answer.body)

    return hand_on


def _subscription_of(body: bytes) -> str | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    named = found.get("subscriptionId") if isinstance(found, dict) else None
    return named.strip().lower()[:64] if isinstance(named, str) else None
