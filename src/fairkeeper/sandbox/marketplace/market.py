"""The market at work: every verb a customer, Microsoft or the publisher can say to a subscription.

The shell around the pure modules: one lock, the ids, the clock, what is kept, which webhooks leave. Each verb first
catches up with the clock, so that a status never lags behind its deadlines. Source: Managing the SaaS subscription
life cycle; SaaS fulfillment Subscription APIs v2; SaaS fulfillment operations APIs v2; read 2026-11-22.
"""

from __future__ import annotations

import base64
import secrets
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fairkeeper.sandbox.marketplace import operations as ops
from fairkeeper.sandbox.marketplace import subscriptions as life
from fairkeeper.sandbox.marketplace.catalog import Catalog, Plan, check_quantity
from fairkeeper.sandbox.marketplace.clocks import LANDING_TOKEN_LIFE, Lapse, is_bound, next_deadline
from fairkeeper.sandbox.marketplace.errors import (
    CatalogError,
    LandingTokenError,
    LockedError,
    NotAllowedError,
    QuantityError,
    RequestError,
    StateError,
)
from fairkeeper.sandbox.marketplace.faults import FaultSwitchboard
from fairkeeper.sandbox.marketplace.ledger import Due, LandingToken, Ledger
from fairkeeper.sandbox.marketplace.operations import Action, Change, Notice, Operation, OperationStatus, Source, Wanted
from fairkeeper.sandbox.marketplace.private_offers import PrivateOffer
from fairkeeper.sandbox.marketplace.purchases import Order, purchase, without_announcement
from fairkeeper.sandbox.marketplace.subscriptions import Event, Status, Subscription
from fairkeeper.values.clock import Clock


@dataclass(slots=True, kw_only=True)
class Market:
    """The pretend marketplace.

    Args:
        catalog: What can be bought.
        ledger: What is remembered.
        clock: The sandbox's clock.
        faults: The switches.
        send: Takes the webhooks of an event; must not call back.
        cancellation_takes: How long a cancellation by the publisher stays in progress.
    """

    catalog: Catalog
    ledger: Ledger
    clock: Clock
    faults: FaultSwitchboard
    send: Callable[[Sequence[Notice]], None]
    cancellation_takes: timedelta = timedelta(seconds=1)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    # ------------------------------------------------------------------------------------------------------- reading

    def subscription(self, subscription_id: str) -> Subscription:
        """Return a subscription as it stands now."""
        with self._at_work():
            return self.ledger.subscription(subscription_id)

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions in the order of purchase."""
        with self._at_work():
            return self.ledger.subscriptions()

    def operation(self, subscription_id: str, operation_id: str) -> Operation:
        """Return an operation as it stands now."""
        with self._at_work():
            return self.ledger.operation(subscription_id, operation_id)

    def operations_of(self, subscription_id: str) -> list[Operation]:
        """Return all operations of a subscription, oldest first."""
        with self._at_work():
            return self.ledger.operations_of(self.ledger.subscription(subscription_id).id)

    def awaiting_answer(self, subscription_id: str) -> list[Operation]:
        """Return the operations that the publisher has to answer, oldest first."""
        return [
            each for each in self.operations_of(subscription_id) if each.is_pending and each.action in ops.ANSWERABLE
        ]

    def plans_for(self, subscription: Subscription) -> list[Plan]:
        """Return the plans the customer may change to, and the present one."""
        plans = self.catalog.plans_open_to(subscription.offer_id, subscription.beneficiary.tenant_id)
        present = self.catalog.plan(subscription.plan_id)
        return list(plans) if present in plans else [*plans, present]

    # -------------------------------------------------------------------------------------------------------- buying

    def sell_privately(self, offer_id: str, plan: Plan | None, private: PrivateOffer) -> None:
        """Sell a plan at a private price from now on, with the plan that was made for it, if one was."""
        with self._lock:
            self.catalog = self.catalog.selling(offer_id, plan, private)

    def purchase(self, order: Order) -> Subscription:
        """Buy; an auto-activated purchase is announced by a Subscribe webhook."""
        with self._at_work() as now:
            change = purchase(order, self.catalog, subscription_id=_guid(), operation_id=_guid(), at=now)
            return self._keep(change)

    def purchase_many(self, orders: Sequence[Order], *, announced: bool) -> list[Subscription]:
        """Buy many at once; the webhooks can be left out, as if the publisher had missed them all."""
        with self._at_work() as now:
            changes = [
                purchase(order, self.catalog, subscription_id=_guid(), operation_id=_guid(), at=now) for order in orders
            ]
            if not announced:
                changes = [without_announcement(change) for change in changes]
            self.ledger.save(changes)
            self.send([notice for change in changes for notice in change.notices])
            return [change.subscription for change in changes]

    def mint_landing_token(self, subscription_id: str) -> str:
        """Return a new landing-page token: 24 hours, with characters that a URL must encode."""
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            token = "+/" + base64.b64encode(secrets.token_bytes(40)).decode()
            self.ledger.save_token(
                token, LandingToken(subscription_id=subscription.id, expires_at=now + LANDING_TOKEN_LIFE)
            )
            return token

    def resolve(self, token: str) -> Subscription:
        """Exchange a landing token for its purchase, in any status.

        Raises:
            LandingTokenError: It is unknown or older than 24 hours.
        """
        with self._at_work() as now:
            meaning = self.ledger.token(token)
            if meaning is None:
                raise LandingTokenError("The marketplace token is unknown or malformed (was it URL-decoded?).")
            if now >= meaning.expires_at:
                raise LandingTokenError(f"The marketplace token expired at {meaning.expires_at.isoformat()}.")
            return self.ledger.subscription(meaning.subscription_id)

    def activate(self, subscription_id: str, *, plan_id: str | None, quantity: int | None) -> Subscription:
        """Activate a purchase; billing starts.

        Args:
            subscription_id: Which.
            plan_id: The purchased plan as the publisher believes it; None skips the comparison.
            quantity: The purchased seats.

        Raises:
            StateError: It is not pending.
            RequestError: Plan or seats are not the purchased ones.
        """
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            if subscription.status is not Status.PENDING:
                raise StateError(f"Subscription {subscription.id} is {subscription.status} and cannot be activated.")
            if plan_id is not None and plan_id != subscription.plan_id:
                raise RequestError(f"planId {plan_id!r} is not the purchased {subscription.plan_id!r}.")
            if quantity != subscription.quantity:
                raise RequestError(f"quantity {quantity} is not the purchased {subscription.quantity}.")
            return self._keep(Change(subscription=life.activate(subscription, now)))

    # ------------------------------------------------------------------------------------------------------ changing

    def request_change(self, subscription_id: str, wanted: Wanted, *, source: Source) -> Operation:
        """Begin a change of plan or seats, by the customer (Azure) or the publisher (Partner).

        Raises:
            NotAllowedError: The publisher asks for a purchase that a reseller manages.
            StateError, LockedError: Not Subscribed, or another operation is pending.
            CatalogError, QuantityError, RequestError: The wanted plan or seats are not possible.
        """
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            if source is Source.PARTNER:
                _require_allowed(subscription, "Update")
            life.next_status(subscription.status, ops.EVENT_OF_CHANGE[wanted.action])
            self._require_unlocked(subscription)
            billing_unit = self._checked_billing_unit(subscription, wanted)
            change = ops.begin_change(
                subscription, replace(wanted, billing_unit=billing_unit), source=source, operation_id=_guid(), at=now
            )
            self._keep(change)
            return change.operations[0]

    def _checked_billing_unit(self, subscription: Subscription, wanted: Wanted) -> str:
        if (wanted.plan_id is None) == (wanted.quantity is None):
            raise RequestError("Name either a new plan or a new quantity, not both.")
        if wanted.plan_id is None:
            if wanted.quantity == subscription.quantity:
                raise QuantityError(f"The subscription has {wanted.quantity} seats already.")
            check_quantity(self.catalog.plan(subscription.plan_id), wanted.quantity)
            return subscription.billing_unit
        if subscription.charges:
            raise CatalogError(
                f"Subscription {subscription.id} runs on a flexible billing schedule and keeps its plan.",
                remedy="Let the publisher offer another private offer for the time after it.",
            )
        if wanted.plan_id == subscription.plan_id:
            raise CatalogError(f"The subscription is on plan {wanted.plan_id!r} already.")
        plan = next((each for each in self.plans_for(subscription) if each.id == wanted.plan_id), None)
        if plan is None:
            raise CatalogError(f"Plan {wanted.plan_id!r} is not available for subscription {subscription.id}.")
        check_quantity(plan, subscription.quantity)
        return plan.term_unit

    def set_auto_renewal(self, subscription_id: str, *, is_on: bool) -> Subscription:
        """Switch renewal at the end of the term on or off; nobody is told."""
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            return self._keep(Change(subscription=life.set_auto_renewal(subscription, is_on=is_on, at=now)))

    # --------------------------------------------------------------------------------------- ending, pausing, renewing

    def cancel(self, subscription_id: str) -> Subscription:
        """Cancel for the customer or the reseller, at once.

        Raises:
            StateError: It is gone already, or payments of a multi-year term are due.
        """
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            _require_unbound(subscription, now)
            return self._end(subscription, now)

    def request_cancellation(self, subscription_id: str) -> Operation:
        """Begin a cancellation by the publisher; Microsoft finishes it and then tells.

        Raises:
            NotAllowedError: The purchase is managed by a reseller.
            LockedError: Another operation is pending.
            StateError: It is gone already, or payments of a multi-year term are due.
        """
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            _require_allowed(subscription, "Delete")
            life.next_status(subscription.status, Event.UNSUBSCRIBE)
            _require_unbound(subscription, now)
            self._require_unlocked(subscription)
            change = ops.begin_cancellation(subscription, operation_id=_guid(), at=now, takes=self.cancellation_takes)
            self._keep(change)
            return change.operations[0]

    def suspend(self, subscription_id: str) -> Subscription:
        """Suspend for a missing payment."""
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            after = life.suspend(subscription, now)
            return self._inform(Action.SUSPEND, subscription, after, now)

    def request_reinstatement(self, subscription_id: str) -> Operation:
        """Begin a reinstatement after the payment arrived; it waits for the publisher."""
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            life.next_status(subscription.status, Event.REINSTATE)
            self._require_unlocked(subscription)
            change = ops.begin_reinstatement(subscription, operation_id=_guid(), at=now)
            self._keep(change)
            return change.operations[0]

    def renew(self, subscription_id: str) -> Subscription:
        """Begin the next term now, as at the end of the running one."""
        with self._at_work() as now:
            return self._renew(self.ledger.subscription(subscription_id), now)

    def expire(self, subscription_id: str) -> Subscription:
        """Let the running period (activation, term or grace) end now, without renewal."""
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            if subscription.status is Status.PENDING:
                return self._keep(Change(subscription=life.unsubscribe(subscription, now)))
            return self._end(subscription, now)

    # ------------------------------------------------------------------------------------------------------ answering

    def answer(self, subscription_id: str, operation_id: str, *, is_success: bool) -> Operation:
        """Take the publisher's answer to an operation.

        Raises:
            StateError: It was settled otherwise before, or something newer was fulfilled.
        """
        with self._at_work() as now:
            subscription = self.ledger.subscription(subscription_id)
            operation = self.ledger.operation(subscription.id, operation_id)
            agreed = OperationStatus.SUCCEEDED if is_success else OperationStatus.FAILED
            if operation.status is agreed:
                return operation
            if is_success:
                self._keep(ops.finish(operation, subscription, now))
            else:
                self._fail(operation, subscription, now, "The publisher answered Failure.")
            return self.ledger.operation(subscription.id, operation_id)

    def webhook_delivered(self, operation_id: str, at: datetime) -> None:
        """Start the publisher's ten seconds."""
        with self._lock:
            operation = self.ledger.operation_by_id(operation_id)
            if operation is not None:
                started = ops.start_answer_window(operation, at)
                if started is not operation:
                    self.ledger.save_operation(started)

    def webhook_failed(self, operation_id: str, reason: str) -> None:
        """End an operation whose webhook was refused with a 4xx or never taken."""
        with self._at_work() as now:
            operation = self.ledger.operation_by_id(operation_id)
            if operation is not None and operation.is_pending:
                self._fail(operation, self.ledger.subscription(operation.subscription_id), now, reason)

    # ------------------------------------------------------------------------------------------------------- the clock

    def catch_up(self) -> None:
        """Let everything happen whose time has come, in order of time."""
        with self._at_work():
            pass

    @contextmanager
    def _at_work(self) -> Iterator[datetime]:
        with self._lock:
            now = self.clock.now()
            while (due := self.ledger.next_due(now)) is not None:
                self._lapse(due)
            yield now

    def _lapse(self, due: Due) -> None:
        if due.kind == "operation":
            operation = self.ledger.operation_by_id(due.id)
            if operation is not None:
                self._keep(ops.finish(operation, self.ledger.subscription(operation.subscription_id), due.at))
            return
        subscription = self.ledger.subscription(due.id)
        deadline = next_deadline(subscription)
        at = max(due.at, subscription.modified_at)
        if deadline is None:
            return
        if deadline.lapse is Lapse.NOT_ACTIVATED:
            self._keep(Change(subscription=life.unsubscribe(subscription, at)))
        elif deadline.lapse is Lapse.TERM_RENEWS:
            self._renew(subscription, at)
        else:
            self._end(subscription, at)

    # -------------------------------------------------------------------------------------------------------- inside

    def _renew(self, subscription: Subscription, at: datetime) -> Subscription:
        return self._inform(Action.RENEW, subscription, life.renew(subscription, at), at)

    def _end(self, subscription: Subscription, at: datetime) -> Subscription:
        return self._inform(Action.UNSUBSCRIBE, subscription, life.unsubscribe(subscription, at), at)

    def _inform(self, action: Action, before: Subscription, after: Subscription, at: datetime) -> Subscription:
        if action is not Action.RENEW:
            for pending in self.ledger.pending_of(before.id):
                self.ledger.save_operation(ops.supersede(pending, at))
        return self._keep(ops.inform(action, before, after, operation_id=_guid(), at=at))

    def _fail(self, operation: Operation, subscription: Subscription, at: datetime, reason: str) -> None:
        self._keep(ops.fail(operation, subscription, at=at, reason=reason))
        if self.faults.now.revert_notices and operation.action in ops.CHANGES:
            self._keep(ops.revert_notice(operation, subscription, operation_id=_guid(), at=at))

    def _keep(self, change: Change) -> Subscription:
        self.ledger.save([change])
        self.send(change.notices)
        return change.subscription

    def _require_unlocked(self, subscription: Subscription) -> None:
        pending = self.ledger.pending_of(subscription.id)
        if pending:
            raise LockedError(
                f"Subscription {subscription.id} is locked: {pending[0].action} {pending[0].id} is in progress.",
                detail={"operation_id": pending[0].id},
            )


def _require_allowed(subscription: Subscription, what: str) -> None:
    if what not in subscription.allowed_customer_operations:
        raise NotAllowedError(f"{what} is not among the allowedCustomerOperations of {subscription.id}.")


def _require_unbound(subscription: Subscription, at: datetime) -> None:
    if is_bound(subscription, at):
        raise StateError(
            f"Subscription {subscription.id} has payments of a multi-year term due and cannot be cancelled.",
            code="sandbox.payments_due",
            remedy="Switch auto-renewal off; Microsoft's support decides about anything else.",
        )


def _guid() -> str:
    return str(uuid.uuid4())
