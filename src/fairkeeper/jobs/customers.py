"""The room of customers as background work: each handler calls somebody outside, then runs one operation.

A remote effect is never inside a command: a command records the wish and plants the task, the handler here calls, and
a second command records the answer. A handler that is repeated finds what the first attempt did, by reading.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.customers.actions import provision, retire, ring_clock
from fairkeeper.customers.actions.marketplace import answer_operation, reconcile
from fairkeeper.customers.actions.marketplace.follow_notice import FollowNotice, follow_notice
from fairkeeper.customers.actions.marketplace.follow_reading import FollowReading, ReadingSource, follow_reading
from fairkeeper.customers.actions.marketplace.receive_webhook import ReceiveWebhook, receive_webhook
from fairkeeper.customers.errors import (
    OperationSupersededError,
    OperationUnknownError,
    RequestRefusedError,
    SubscriptionUnknownError,
)
from fairkeeper.customers.following.reconciliation import Difference, compare
from fairkeeper.customers.following.webhooks import OperationAnswer
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.ports import (
    Fulfillment,
    Provisioner,
    ProvisioningAnswer,
    ProvisioningRequest,
    ProvisioningWish,
)
from fairkeeper.customers.store import load_subscription, mirror_of_row
from fairkeeper.customers.tables import JobRow, NoticeRow, OperationRow, SubscriptionRow
from fairkeeper.database.tasks import Task
from fairkeeper.errors import InvalidError
from fairkeeper.evidence.actions import erase_payloads
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.values.ids import OperationId, SubscriptionId

_PROMPT = RetryRule(first_seconds=0.5, factor=2, ceiling_seconds=300, attempts=60)
"""For whatever Microsoft waits for or has just told us; about four hours in all, then reconciliation takes over."""
_PATIENT = RetryRule(first_seconds=2, factor=2, ceiling_seconds=3600, attempts=60)
"""For the publisher's own systems, which may be down over a weekend."""

_ERASED_AT_ONCE = 500


class CustomersWork:
    """The handlers, with whom they call.

    Args:
        runner: Runs the operations.
        fulfillment: Microsoft.
        provisioner: The publisher's own systems.
    """

    def __init__(self, runner: Runner, fulfillment: Fulfillment, provisioner: Provisioner) -> None:
        self._runner = runner
        self._fulfillment = fulfillment
        self._provisioner = provisioner

    def work(self) -> Work:
        """Return the handlers and schedules of this room."""
        return Work(
            handlers=(
                Handler(name="customers.follow_notice", run=self.follow_notice, retry=_PROMPT),
                Handler(name="customers.read_subscription", run=self.read_subscription, retry=_PROMPT),
                Handler(name="customers.answer_operation", run=self.answer_operation, retry=_PROMPT),
                Handler(name="customers.activate_at_microsoft", run=self.activate, retry=_PROMPT),
                Handler(name="customers.ask_microsoft", run=self.ask_microsoft, retry=_PROMPT),
                Handler(name="customers.find_deal", run=self.find_deal, retry=_PATIENT),
                Handler(name="customers.call_provisioner", run=self.call_provisioner, retry=_PATIENT),
                Handler(name="customers.issue_stopped_receipt", run=self._once(retire.issue_stopped_receipt)),
                Handler(name="customers.end_retention", run=self._once(retire.end_retention)),
                Handler(name="customers.erase_data", run=self.erase_data),
                Handler(name="customers.plant_clocks", run=self._once(ring_clock.plant)),
                Handler(name="customers.ring_clock", run=self._once(ring_clock.ring)),
                Handler(name="customers.reconcile", run=self.reconcile, retry=_PATIENT),
            ),
            schedules=(Schedule(name="customers.reconcile", every=timedelta(hours=1)),),
        )

    def follow_notice(self, task: Task) -> None:
        """Read back what a notice speaks of, and follow it."""
        notice_id = int(task.payload["notice_id"])
        with self._runner.database.read() as session:
            row = session.get(NoticeRow, notice_id)
        if row is None or row.subscription_id is None:
            self._run(follow_notice, FollowNotice(notice_id=notice_id, operation=None, subscription=None))
            return
        request = FollowNotice(
            notice_id=notice_id,
            operation=self._read_operation(row.subscription_id, row.operation_id),
            subscription=self._read_subscription(row.subscription_id),
        )
        self._run(follow_notice, request)

    def read_subscription(self, task: Task) -> None:
        """Read a subscription again and follow its state."""
        subscription_id = SubscriptionId(task.payload["subscription_id"])
        self._follow(subscription_id, ReadingSource(task.payload["source"]))

    def answer_operation(self, task: Task) -> None:
        """Tell Microsoft Success or Failure; that it needs no answer any more is an answer too."""
        operation_id = OperationId(task.payload["operation_id"])
        with self._runner.database.read() as session:
            row = session.get(OperationRow, operation_id)
        if row is None or row.answer is None or row.answered_at is not None:
            return
        outcome = "taken"
        try:
            self._fulfillment.answer_operation(row.subscription_id, operation_id, OperationAnswer(row.answer))
        except (OperationSupersededError, OperationUnknownError, RequestRefusedError) as error:
            outcome = error.message
        request = answer_operation.RecordAnswer(operation_id=operation_id, outcome=outcome[:2000])
        self._run(answer_operation.record_answer, request)

    def activate(self, task: Task) -> None:
        """Activate at Microsoft; a refusal because it is active already is found by reading."""
        subscription_id = SubscriptionId(task.payload["subscription_id"])
        try:
            self._fulfillment.activate(subscription_id, task.payload["plan_id"] or "", task.payload["quantity"])
        except RequestRefusedError as error:
            found = self._follow(subscription_id, ReadingSource.ACTIVATION)
            if found is None or found.status is not CommercialStatus.SUBSCRIBED:
                self._refused(subscription_id, "activation", error.message)
            return
        self._follow(subscription_id, ReadingSource.ACTIVATION)

    def ask_microsoft(self, task: Task) -> None:
        """Ask for another plan, other seats or the end; a refusal because it is so already is found by reading."""
        payload = task.payload
        subscription_id, what = SubscriptionId(payload["subscription_id"]), str(payload["what"])
        try:
            if "plan_id" in payload:
                begun = self._fulfillment.change_plan(subscription_id, str(payload["plan_id"]))
            elif "quantity" in payload:
                begun = self._fulfillment.change_quantity(subscription_id, int(payload["quantity"]))
            else:
                begun = self._fulfillment.cancel(subscription_id)
        except RequestRefusedError as error:
            self._follow(subscription_id, ReadingSource.SECOND_LOOK)
            self._refused(subscription_id, what, error.message)
            return
        request = answer_operation.RecordChangeBegun(
            subscription_id=subscription_id, what=what, operation_id=begun.operation_id
        )
        self._run(answer_operation.record_change_begun, request)

    def find_deal(self, task: Task) -> None:
        """Ask which private offers a purchase came through."""
        subscription_id = SubscriptionId(task.payload["subscription_id"])
        with self._runner.database.read() as session:
            plan_id = load_subscription(session, subscription_id).plan_id
        plans = self._fulfillment.list_available_plans(subscription_id, plan_id).value or ()
        offers = tuple(dict.fromkeys(offer for plan in plans for offer in plan.source_offer_ids))
        request = answer_operation.RecordDeal(subscription_id=subscription_id, private_offer_ids=offers[:50])
        self._run(answer_operation.record_deal, request)

    def call_provisioner(self, task: Task) -> None:
        """Hand a wish to the publisher's systems."""
        request = self._provisioning_request(str(task.payload["request_id"]))
        if request is None:
            return
        try:
            answer = self._provisioner.start(request)
        except InvalidError as error:
            answer = ProvisioningAnswer(is_done=False, message=error.message)
        if answer is None:
            accepted = provision.AcceptProvisioning(request_id=request.request_id)
            self._run(provision.accept_provisioning, accepted)
            return
        result = provision.ProvisioningResult.SUCCEEDED if answer.is_done else provision.ProvisioningResult.FAILED
        report = provision.ReportProvisioning(
            request_id=request.request_id, result=result, message=answer.message[:2000]
        )
        self._run(provision.report_provisioning, report)

    def erase_data(self, task: Task) -> None:
        """Erase a customer's evidence payloads in pieces, then what is left, and sign the receipt."""
        request = retire.OneSubscription(subscription_id=SubscriptionId(task.payload["subscription_id"]))
        with self._runner.database.read() as session:
            row = load_subscription(session, request.subscription_id)
            others = session.scalars(
                select(func.count())
                .select_from(SubscriptionRow)
                .where(
                    SubscriptionRow.customer_id == row.customer_id,
                    SubscriptionRow.subscription_id != row.subscription_id,
                    SubscriptionRow.provisioning != ProvisioningState.ERASED.value,
                )
            ).one()
        if row.provisioning != ProvisioningState.STOPPED:
            return
        subject_id = row.subscription_id if others else None
        erased = _ERASED_AT_ONCE
        while erased == _ERASED_AT_ONCE:
            with self._runner.database.write() as session:
                erased = erase_payloads(
                    session,
                    row.customer_id,
                    subject_id=subject_id,
                    now=self._runner.clock.now(),
                    limit=_ERASED_AT_ONCE,
                )
        self._run(retire.issue_erased_receipt, request)

    def reconcile(self, _task: Task) -> None:
        """Compare with Microsoft's list; look for answers that suspended subscriptions still wait for."""
        listed = self._fulfillment.list_subscriptions()
        with self._runner.database.read() as session:
            mirrors = [mirror_of_row(row) for row in session.scalars(select(SubscriptionRow))]
        found = compare(mirrors, listed.subscriptions, is_complete=listed.is_complete)
        request = reconcile.RecordReconciliation(
            listed=len(listed.subscriptions),
            is_complete=listed.is_complete,
            differences=tuple(map(_found, found[:1000])),
        )
        self._run(reconcile.record_reconciliation, request)
        for snapshot in listed.subscriptions:
            if snapshot.status is CommercialStatus.SUSPENDED:
                self._find_lost_notices(snapshot.id)

    def _find_lost_notices(self, subscription_id: SubscriptionId) -> None:
        """Treat an operation that waits for an answer, and whose webhook never came, as if it had come now."""
        for operation in self._fulfillment.list_operations(subscription_id).value or ():
            with self._runner.database.read() as session:
                known = session.scalars(select(NoticeRow.id).where(NoticeRow.operation_id == operation.id)).first()
            if known is None and operation.awaits_answer:
                raw = {**operation.raw, "id": operation.id, "subscriptionId": subscription_id}
                body = base64.b64encode(json.dumps(raw).encode())
                self._run(receive_webhook, ReceiveWebhook(body=body))

    def _provisioning_request(self, request_id: str) -> ProvisioningRequest | None:
        with self._runner.database.read() as session:
            job = session.get(JobRow, request_id)
            if job is None or job.state != provision.JobState.ASKED:
                return None
            row = load_subscription(session, job.subscription_id)
        return ProvisioningRequest(
            request_id=job.request_id,
            wish=ProvisioningWish(job.wish),
            attempt=job.attempt,
            customer_id=row.customer_id,
            subscription_id=row.subscription_id,
            tenant_id=row.beneficiary_tenant_id,
            offer_id=row.offer_id,
            plan_id=row.plan_id,
            quantity=row.quantity,
            requested_at=job.asked_at,
        )

    def _follow(self, subscription_id: SubscriptionId, source: ReadingSource) -> SubscriptionSnapshot | None:
        try:
            snapshot = self._fulfillment.get_subscription(subscription_id).value
        except SubscriptionUnknownError:
            return None
        if snapshot is not None:
            request = FollowReading(subscription=_json(snapshot.raw), source=source)
            self._run(follow_reading, request)
        return snapshot

    def _read_subscription(self, subscription_id: SubscriptionId) -> str | None:
        try:
            snapshot = self._fulfillment.get_subscription(subscription_id).value
        except SubscriptionUnknownError:
            return None
        return None if snapshot is None else _json(snapshot.raw)

    def _read_operation(self, subscription_id: SubscriptionId, operation_id: OperationId) -> str | None:
        try:
            operation = self._fulfillment.get_operation(subscription_id, operation_id).value
        except (OperationUnknownError, SubscriptionUnknownError):
            return None
        return None if operation is None else _json(operation.raw)

    def _refused(self, subscription_id: SubscriptionId, what: str, message: str) -> None:
        request = answer_operation.RecordWishRefused(
            subscription_id=subscription_id, what=what[:200], message=message[:2000]
        )
        self._run(answer_operation.record_wish_refused, request)

    def _once(self, operation: Operation) -> Callable[[Task], None]:
        """Return a handler that runs one operation with the task's payload as its input."""

        def run(task: Task) -> None:
            self._run(operation, operation.input.model_validate(task.payload))

        return run

    def _run(self, operation: Operation, request: OperationInput) -> Any:
        return self._runner.run(operation, request, Call(principal=system(operation.name.rpartition(".")[2])))


def _json(raw: Mapping[str, object]) -> str:
    return json.dumps(raw)


def _found(difference: Difference) -> reconcile.FoundDifference:
    return reconcile.FoundDifference(
        subscription_id=difference.subscription_id,
        kind=difference.kind,
        repair=difference.repair,
        message=difference.finding.message[:2000],
    )
