"""Sends the webhooks: a queue, a thread that looks what is due, a few that send, and the faults on the way.

The shell around `deliveries`. One subscription has at most one webhook in flight, so that only faults and retries
change the order, as with the real service. Times are the sandbox's clock; between two tries of the same webhook lies
also a floor of real time, so that a moved clock does not become a storm.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from fairkeeper.sandbox.authorities import authorities
from fairkeeper.sandbox.fulfillment.wire import webhook_json
from fairkeeper.sandbox.marketplace.faults import FaultSwitchboard, Forgery, Quirk
from fairkeeper.sandbox.marketplace.operations import Notice
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.sandbox.webhooks.deliveries import Attempt, Delivery, DeliveryStatus, RetryRule, after_attempt
from fairkeeper.values.clock import Clock


class AnswerTaker(Protocol):
    """Hears what became of a webhook; the market."""

    def webhook_delivered(self, operation_id: str, at: datetime) -> None:
        """The publisher has it."""
        ...

    def webhook_failed(self, operation_id: str, reason: str) -> None:
        """The publisher refused it, or never took it."""
        ...

    def catch_up(self) -> None:
        """Look at the clock."""
        ...


class Destination(Protocol):
    """Where webhooks go, and under which token."""

    def webhook_url(self) -> str | None:
        """Return the publisher's webhook; None while it has not said."""
        ...

    def authorization(self, forgery: Forgery | None) -> str | None:
        """Return the Authorization header of one attempt; None for none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierSettings:
    """How the courier works.

    Args:
        retry: The documented rule, or a faster one for tests.
        floor_seconds: Least real time between two tries of one webhook.
        timeout_seconds: How long the publisher may take to answer.
        tick_seconds: How often the clock is looked at when nothing else happens.
        hold_seconds: Longest real time that webhooks are held to be reordered.
        senders: How many are sent at once.
    """

    retry: RetryRule = field(default_factory=RetryRule)
    floor_seconds: float = 0.5
    timeout_seconds: float = 10
    tick_seconds: float = 0.2
    hold_seconds: float = 5
    senders: int = 4


class Courier:
    """Keeps and sends webhooks.

    Args:
        settings: How it works.
        clock: The sandbox's clock.
        faults: The switches.
        storage: Where deliveries are kept.
        destination: Where they go.
    """

    def __init__(
        self,
        *,
        settings: CourierSettings,
        clock: Clock,
        faults: FaultSwitchboard,
        storage: Storage,
        destination: Destination,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._faults = faults
        self._storage = storage
        self._destination = destination
        self._answers: AnswerTaker | None = None
        self._condition = threading.Condition()
        self._deliveries: dict[str, Delivery] = dict(storage.load("delivery", Delivery))
        self._open: dict[str, None] = {key: None for key, each in self._deliveries.items() if each.is_open}
        self._in_flight: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._held_since: float | None = None
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------------------------------------------------- queueing

    def enqueue(self, notices: Sequence[Notice]) -> None:
        """Take the webhooks of an event, as the faults allow."""
        if not notices:
            return
        with self._condition:
            created = [each for notice in notices for each in self._deliveries_of(notice)]
            self._keep(created)
            self._release_held()
            self._condition.notify_all()
        # The market holds its own lock here and takes the answer of a lost webhook within it.
        for each in created:
            if each.status is DeliveryStatus.LOST and self._answers is not None:
                self._answers.webhook_delivered(each.operation_id, each.created_at)

    def _deliveries_of(self, notice: Notice) -> list[Delivery]:
        now = self._clock.now()
        body = json.dumps(webhook_json(notice, loose=self._faults.has(Quirk.LOOSE_VALUES)))
        delivery = Delivery(
            id=str(uuid.uuid4()),
            sequence=len(self._deliveries) + 1,
            operation_id=notice.operation.id,
            subscription_id=notice.operation.subscription_id,
            action=notice.operation.action,
            body=body,
            created_at=now,
            next_attempt_at=now,
        )
        if self._faults.take("lose_next"):
            return [replace(delivery, status=DeliveryStatus.LOST, note="lost on purpose")]
        if self._faults.take("forge_next"):
            forgery = self._faults.now.forgery
            delivery = replace(delivery, forgery=forgery, note=f"preceded by a forged one ({forgery})")
        if self._faults.take("delay_next"):
            seconds = self._faults.now.delay_seconds
            late = now + timedelta(seconds=seconds)
            delivery = replace(delivery, next_attempt_at=late, note=f"{seconds:g} seconds late on purpose")
        if self._faults.take("reorder_next"):
            delivery = replace(delivery, status=DeliveryStatus.HELD, note="out of order on purpose")
            self._held_since = self._held_since or time.monotonic()
        if self._faults.take("duplicate_next"):
            again = replace(
                delivery,
                id=str(uuid.uuid4()),
                sequence=delivery.sequence + 1,
                forgery=None,
                note="sent twice on purpose",
            )
            return [delivery, again]
        return [delivery]

    def _keep(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            self._deliveries[each.id] = each
            if each.is_open:
                self._open[each.id] = None
            else:
                self._open.pop(each.id, None)
                self._not_before.pop(each.id, None)
        self._storage.put("delivery", [(each.id, each) for each in deliveries])

    def _release_held(self) -> None:
        if self._held_since is None:
            return
        has_waited = time.monotonic() - self._held_since >= self._settings.hold_seconds
        if self._faults.now.reorder_next and not has_waited:
            return
        held = [self._deliveries[key] for key in self._open if self._deliveries[key].status is DeliveryStatus.HELD]
        for each in held:
            self._open.pop(each.id)
        self._keep([replace(each, status=DeliveryStatus.QUEUED) for each in reversed(held)])
        self._held_since = None

    # ------------------------------------------------------------------------------------------------------- reporting

    def deliveries(self) -> list[Delivery]:
        """Return all deliveries, oldest first."""
        with self._condition:
            return list(self._deliveries.values())

    def wake(self) -> None:
        """Look at once: the clock, the faults or the publisher's address changed."""
        with self._condition:
            self._condition.notify_all()

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait until nothing is due or in flight; False when that took too long."""
        limit = time.monotonic() + timeout_seconds
        with self._condition:
            while self._in_flight or self._due():
                left = limit - time.monotonic()
                if left <= 0:
                    return False
                self._condition.wait(min(left, 0.05))
        return True

    # --------------------------------------------------------------------------------------------------------- sending

    def start(self, answers: AnswerTaker) -> None:
        """Begin to send."""
        self._answers = answers
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after what is in flight."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=self._settings.timeout_seconds + 5)
            self._thread = None

    def _run(self) -> None:
        # Loopback and the publisher's own host only: a proxy of the environment has no part in it.
        with (
            httpx.Client(verify=authorities(), timeout=self._settings.timeout_seconds, trust_env=False) as client,
            ThreadPoolExecutor(self._settings.senders, "sandbox-webhook") as senders,
        ):
            while True:
                with self._condition:
                    if self._is_stopping:
                        return
                    self._release_held()
                    due = self._due()[: self._settings.senders - len(self._in_flight)]
                    for each in due:
                        self._in_flight.add(each.id)
                    if not due:
                        self._condition.wait(self._settings.tick_seconds)
                for each in due:
                    senders.submit(self._send, client, each)
                if not due and self._answers is not None:
                    self._answers.catch_up()

    def _due(self) -> list[Delivery]:
        if self._destination.webhook_url() is None:
            return []
        now, real = self._clock.now(), time.monotonic()
        busy = {self._deliveries[key].subscription_id for key in self._in_flight}
        due: list[Delivery] = []
        for key in self._open:
            each = self._deliveries[key]
            if each.status is not DeliveryStatus.QUEUED or each.subscription_id in busy:
                continue
            if each.next_attempt_at <= now and self._not_before.get(key, 0) <= real:
                busy.add(each.subscription_id)
                due.append(each)
                if len(due) >= 64:
                    break
        return due

    def _send(self, client: httpx.Client, delivery: Delivery) -> None:
        try:
            attempt = self._attempt(client, delivery)
            after = after_attempt(delivery, attempt, self._settings.retry)
            with self._condition:
                if attempt.forgery is None:
                    self._not_before[delivery.id] = time.monotonic() + self._settings.floor_seconds
                self._keep([after])
            self._tell(after, attempt.at)
        finally:
            with self._condition:
                self._in_flight.discard(delivery.id)
                self._condition.notify_all()

    def _attempt(self, client: httpx.Client, delivery: Delivery) -> Attempt:
        headers = {"content-type": "application/json"}
        authorization = self._destination.authorization(delivery.forgery)
        if authorization is not None:
            headers["authorization"] = authorization
        begun, status_code, error = time.monotonic(), None, None
        try:
            answer = client.post(self._destination.webhook_url() or "", content=delivery.body.encode(), headers=headers)
            status_code = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = f"{type(failure).__name__}: {failure}"
        took = int((time.monotonic() - begun) * 1000)
        at = self._clock.now()
        return Attempt(at=at, status_code=status_code, error=error, milliseconds=took, forgery=delivery.forgery)

    def _tell(self, delivery: Delivery, at: datetime) -> None:
        if self._answers is None:
            return
        if delivery.status is DeliveryStatus.DELIVERED:
            self._answers.webhook_delivered(delivery.operation_id, at)
        elif delivery.status is DeliveryStatus.REFUSED:
            code = delivery.attempts[-1].status_code
            self._answers.webhook_failed(delivery.operation_id, f"The webhook answered {code}.")
        elif delivery.status is DeliveryStatus.GIVEN_UP:
            self._answers.webhook_failed(delivery.operation_id, "The webhook was never accepted.")
