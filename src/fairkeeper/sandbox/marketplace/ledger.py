"""What the market remembers: subscriptions, operations, landing tokens, and what runs out next.

Separate from `market`, which decides: this only stores, finds and keeps the list of deadlines. Not safe by itself
from several threads; the market holds one lock around everything.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fairkeeper.sandbox.marketplace.clocks import next_deadline
from fairkeeper.sandbox.marketplace.errors import OperationNotFoundError, SubscriptionNotFoundError
from fairkeeper.sandbox.marketplace.operations import Change, Operation
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.sandbox.marketplace.subscriptions import Subscription

Kind = Literal["subscription", "operation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingToken:
    """What a landing-page token stands for, and until when."""

    subscription_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A deadline that has passed."""

    at: datetime
    kind: Kind
    id: str


class Ledger:
    """Holds everything in memory and writes through to the storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._subscriptions: dict[str, Subscription] = {}
        self._order: list[str] = []
        self._operations: dict[str, Operation] = {}
        self._operations_of: dict[str, list[str]] = {}
        self._tokens: dict[str, LandingToken] = {}
        self._deadlines: list[tuple[datetime, int, Kind, str]] = []
        self._pushed = 0
        self._load()

    def _load(self) -> None:
        for _, subscription in self._storage.load("subscription", Subscription):
            self._remember_subscription(subscription)
        for _, operation in self._storage.load("operation", Operation):
            self._remember_operation(operation)
        self._tokens = dict(self._storage.load("token", LandingToken))

    def save(self, changes: Iterable[Change]) -> None:
        """Keep the results of some events."""
        changes = list(changes)
        for change in changes:
            self._remember_subscription(change.subscription)
            for operation in change.operations:
                self._remember_operation(operation)
        self._storage.put("subscription", [(change.subscription.id, change.subscription) for change in changes])
        self._storage.put("operation", [(each.id, each) for change in changes for each in change.operations])

    def save_operation(self, operation: Operation) -> None:
        """Keep an operation whose subscription did not move."""
        self._remember_operation(operation)
        self._storage.put("operation", [(operation.id, operation)])

    def save_token(self, token: str, meaning: LandingToken) -> None:
        """Keep a landing token."""
        self._tokens[token] = meaning
        self._storage.put("token", [(token, meaning)])

    def token(self, token: str) -> LandingToken | None:
        """Return what a landing token stands for, expired or not."""
        return self._tokens.get(token)

    def subscription(self, subscription_id: str) -> Subscription:
        """Return a subscription.

        Raises:
            SubscriptionNotFoundError: There is none with this id.
        """
        found = self._subscriptions.get(subscription_id.lower())
        if found is None:
            raise SubscriptionNotFoundError(f"There is no subscription {subscription_id!r}.")
        return found

    def operation(self, subscription_id: str, operation_id: str) -> Operation:
        """Return an operation of a subscription.

        Raises:
            OperationNotFoundError: The subscription has none with this id.
        """
        found = self._operations.get(operation_id.lower())
        if found is None or found.subscription_id != subscription_id.lower():
            raise OperationNotFoundError(f"Subscription {subscription_id} has no operation {operation_id!r}.")
        return found

    def operation_by_id(self, operation_id: str) -> Operation | None:
        """Return an operation, whichever subscription it is of."""
        return self._operations.get(operation_id)

    def operations_of(self, subscription_id: str) -> list[Operation]:
        """Return the operations of a subscription, oldest first."""
        return [self._operations[each] for each in self._operations_of.get(subscription_id, [])]

    def pending_of(self, subscription_id: str) -> list[Operation]:
        """Return the operations that lock a subscription."""
        return [operation for operation in self.operations_of(subscription_id) if operation.is_pending]

    def page(self, start: int, size: int) -> list[Subscription]:
        """Return subscriptions in the order of purchase from a position."""
        return [self._subscriptions[each] for each in self._order[start : start + size]]

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions in the order of purchase."""
        return self.page(0, len(self._order))

    def next_due(self, now: datetime) -> Due | None:
        """Take the earliest deadline that has passed, None when none has."""
        while self._deadlines and self._deadlines[0][0] <= now:
            at, _, kind, key = heapq.heappop(self._deadlines)
            if self._deadline_of(kind, key) == at:
                return Due(at=at, kind=kind, id=key)
        return None

    def _deadline_of(self, kind: Kind, key: str) -> datetime | None:
        if kind == "subscription":
            deadline = next_deadline(self._subscriptions[key])
            return deadline.at if deadline else None
        operation = self._operations[key]
        return (operation.answer_due_at or operation.settles_at) if operation.is_pending else None

    def _remember_subscription(self, subscription: Subscription) -> None:
        if subscription.id not in self._subscriptions:
            self._order.append(subscription.id)
        self._subscriptions[subscription.id] = subscription
        self._push("subscription", subscription.id)

    def _remember_operation(self, operation: Operation) -> None:
        if operation.id not in self._operations:
            self._operations_of.setdefault(operation.subscription_id, []).append(operation.id)
        self._operations[operation.id] = operation
        self._push("operation", operation.id)

    def _push(self, kind: Kind, key: str) -> None:
        at = self._deadline_of(kind, key)
        if at is not None:
            self._pushed += 1
            heapq.heappush(self._deadlines, (at, self._pushed, kind, key))
