"""Which stretches of the chain somebody sees: those whose rooms their roles let them read; the reports are staff's.

One trace crosses every room, and must not be a way around the roles of any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fairkeeper.access.roles import may
from fairkeeper.action.operation import Operation, QueryContext
from fairkeeper.consent.queries import list_tenants
from fairkeeper.customers.queries import show_subscription
from fairkeeper.deals.book.queries import show_deal
from fairkeeper.evidence.queries import show_entry
from fairkeeper.governance.queries.decisions import show_decision
from fairkeeper.metering.queries import show_hour
from fairkeeper.payouts.chain_queries import trace_id

_DOORS: Final[Mapping[str, Operation]] = {
    "reports": trace_id,
    "customers": show_subscription,
    "deals": show_deal,
    "metering": show_hour,
    "governance": show_decision,
    "consent": list_tenants,
    "evidence": show_entry,
}
"""The operation by which each stretch is read elsewhere."""
_PUBLISHERS: Final = frozenset({"reports", "deals"})
ROOM_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("bank", "paid", "earned", "billed", "usage"), "reports"),
    "order": "customers",
    "deal": "deals",
    "metered": "metering",
    **dict.fromkeys(("action", "decision", "policy"), "governance"),
    "grant": "governance",
    "link": "consent",
}
"""The stretch that each link belongs to."""


def sees(context: QueryContext, stretch: str) -> bool:
    """Say whether whoever asks may read a stretch."""
    principal, door = context.principal, _DOORS[stretch]
    if principal.customer_id is not None and stretch in _PUBLISHERS:
        return False
    return may(principal, door.name, door.groups, principal.customer_id).allowed


def why_hidden(context: QueryContext, name: str) -> str:
    """Say why a link is not shown."""
    stretch = ROOM_OF[name]
    if context.principal.customer_id is not None and stretch in _PUBLISHERS:
        return "Only the publisher sees this."
    return f"None of your roles reads {stretch}."
