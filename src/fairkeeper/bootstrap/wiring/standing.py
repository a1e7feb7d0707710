"""Whether customers may act, as the hot path asks: by their subscriptions and what their tenants granted.

The rule is the rooms' own (`may_act` of customers, the marks of consent); only the reading is written anew, in plain
SQL on the hot path's transaction. So a suspended subscription or a consent that was taken back holds from its commit
on. The answer to the same rows is kept, because most decisions find them unchanged. A test holds this to what the
rooms themselves answer.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fairkeeper.bootstrap.wiring.consent import consent_mark
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState, OperationState, ProvisioningState
from fairkeeper.customers.path.standing import Mark, Standing, may_act
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.governance.transaction import Transaction, from_database, marks

NO_SUBSCRIPTION: Final = ("customers.no_subscription",)
MOST_KEPT: Final = 10_000

_SUBSCRIPTIONS: Final = (
    "SELECT customer_id, subscription_id, offer_id, plan_id, status, provisioning, operation FROM subscription"
    " WHERE customer_id IN ({marks}) ORDER BY subscription_id"
)
_LINKS: Final = (
    "SELECT customer_id, link_id, state, since_at, wanted FROM tenant_link"
    " WHERE customer_id IN ({marks}) ORDER BY number"
)
_GRANTS: Final = (
    "SELECT customer_id, link_id, registration, app_id, tier, features, delegated, application, carried, state,"
    " since_at FROM consent_grant WHERE replaced_by IS NULL AND customer_id IN ({marks}) ORDER BY asked_at, grant_id"
)
_STATUSES: Final = {member.value: member for member in CommercialStatus}

_Rows = list[tuple[Any, ...]]


class RecordedStanding:
    """`Standing` from the rows of customers and consent; a customer may act while one of its subscriptions may."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[_Rows, _Rows, _Rows], tuple[str, ...]]] = {}

    def reasons(self, transaction: Transaction, customer_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return why each customer may not act; of several subscriptions, the reasons of the one with the fewest."""
        subscriptions, links, grants = (
            _by_customer(transaction.rows(sql.format(marks=marks(len(customer_ids))), customer_ids))
            for sql in (_SUBSCRIPTIONS, _LINKS, _GRANTS)
        )
        found = {}
        for customer_id in customer_ids:
            rows = (subscriptions[customer_id], links[customer_id], grants[customer_id])
            kept = self._kept.get(customer_id)
            if kept is None or kept[0] != rows:
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                kept = self._kept[customer_id] = (rows, _reasons(*rows))
            found[customer_id] = kept[1]
        return found


def _by_customer(rows: _Rows) -> dict[str, _Rows]:
    found: dict[str, _Rows] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _reasons(subscriptions: _Rows, links: _Rows, grants: _Rows) -> tuple[str, ...]:
    link = _link(links[-1]) if links else None
    granted = [] if link is None else [_grant(row) for row in grants if row[1] == link.link_id]
    answers = [_codes(row, link, granted) for row in subscriptions]
    return min(answers, key=len, default=NO_SUBSCRIPTION)


def _codes(row: tuple[Any, ...], link: LinkRow | None, grants: list[GrantRow]) -> tuple[str, ...]:
    _, _, offer_id, plan_id, status, provisioning, operation = row
    subscription = SubscriptionRow(offer_id=offer_id, plan_id=plan_id)
    not_needed: Mark[ConsentState] = Mark(state=ConsentState.NOT_NEEDED)
    standing = Standing(
        commercial=Mark(state=_STATUSES.get(status or "")),
        consent=not_needed if link is None else consent_mark(subscription, link, grants),
        provisioning=Mark(state=ProvisioningState(provisioning)),
        operation=Mark(state=OperationState(operation)),
    )
    return tuple(reason.code for reason in may_act(standing).reasons)


def _link(row: tuple[Any, ...]) -> LinkRow:
    return LinkRow(link_id=row[1], state=row[2], since_at=_instant(row[3]), wanted=_json(row[4]))


def _grant(row: tuple[Any, ...]) -> GrantRow:
    return GrantRow(
        link_id=row[1],
        registration=row[2],
        app_id=row[3],
        tier=row[4],
        features=_json(row[5]),
        delegated=_json(row[6]),
        application=_json(row[7]),
        carried=_json(row[8]),
        state=row[9],
        since_at=_instant(row[10]),
    )


def _instant(value: Any) -> datetime:
    found = from_database(value)
    assert found is not None  # noqa: S101 - the columns are not null
    return found


def _json(value: Any) -> Any:
    """Return a JSON column; PostgreSQL's driver has read it already."""
    return json.loads(value) if isinstance(value, str) else value
