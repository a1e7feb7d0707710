"""The room of customers as background work: each handler calls somebody outside, then runs one operation.

A remote effect is never inside a command: a command records the wish and plants the task, the handler here calls, and
a second command records the answer. A handler that is repeated finds what the first attempt did, by reading.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select

from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.outside import ObservedOnlyError
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.assurance.keeping.holding import is_held
from fairkeeper.customers.actions import provision, retire, ring_clock
from fairkeeper.customers.actions.erasure import erase_some_payloads
from fairkeeper.customers.actions.landing.answers import answers_of
from fairkeeper.customers.actions.marketplace import answer_operation, reconcile
from fairkeeper.customers.actions.marketplace.follow_notice import FollowNotice, follow_notice
from fairkeeper.customers.actions.marketplace.follow_reading import FollowReading, ReadingSource, follow_reading
from fairkeeper.customers.actions.marketplace.receive_webhook import ReceiveWebhook, receive_webhook
from fairkeeper.customers.errors import (
    FulfillmentFaultError,
    NoticeNotFoundError,
    OperationSupersededError,
    OperationUnknownError,
    ReadingOvertakenError,
    RequestRefusedError,
    SubscriptionUnknownError,
)
from fairkeeper.customers.following.reconciliation import Difference, compare
from fairkeeper.customers.following.webhooks import OperationAnswer
from fairkeeper.customers.marketplace.operation import OperationStatus
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot
from fairkeeper.customers.marketplace.wire import clean_text
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.ports import (
    Fulfillment,
    Provisioner,
    ProvisioningAnswer,
    ProvisioningRequest,
    ProvisioningWish,
)
from fairkeeper.customers.store import count_readings, load_subscription, mirror_of_row
from fairkeeper.customers.tables import JobRow, NoticeRow, OperationRow, SubscriptionRow
from fairkeeper.database.tasks import NewTask, Task, enqueue
from fairkeeper.errors import InvalidError, UnavailableError
from fairkeeper.jobs.deals import plant_match
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.values.ids import OperationId, SubscriptionId

_PROMPT = RetryRule(first_seconds=0.5, factor=2, ceiling_seconds=300, attempts=60)
"""For whatever Microsoft waits for or has just told us; about four hours in all, then reconciliation takes over."""
_PATIENT = RetryRule(first_seconds=2, factor=2, ceiling_seconds=3600, attempts=60)
"""For the publisher's own systems, which may be down over a weekend."""

_DIFFERENCES_AT_ONCE = 500
_SHOWN_CHARACTERS = 2000
_READINGS_AT_ONCE = 3
"""Who is overtaken this often tries again later, like anything else that fails."""


class EarlierWishError(UnavailableError):
    """An earlier wish for the same subscription waits to be handed over."""

    code = "jobs.earlier_wish"
    remedy = "Nothing has to be done: wishes are handed over in the order in which they were made."


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
                Handler(name="customers.answer_operation", run=_unless_observed(self.answer_operation), retry=_PROMPT),
                Handler(name="customers.activate_at_microsoft", run=_unless_observed(self.activate), retry=_PROMPT),
                Handler(name="customers.ask_microsoft", run=_unless_observed(self.ask_microsoft), retry=_PROMPT),
                Handler(name="customers.find_deal", run=self.find_deal, retry=_PATIENT),
                Handler(name="customers.call_provisioner", run=self.call_provisioner, retry=_PATIENT),
                Handler(name="customers.issue_stopped_receipt", run=self._once(retire.issue_stopped_receipt)),
                Handler(name="customers.end_retention", run=self._once(retire.end_retention)),
                Handler(name="customers.erase_data", run=self.erase_data),
                Handler(name="customers.erase_held", run=self.erase_held),
                Handler(name="customers.plant_clocks", run=self._once(ring_clock.plant)),
                Handler(name="customers.ring_clock", run=self._once(ring_clock.ring)),
                Handler(name="customers.reconcile", run=self.reconcile, retry=_PATIENT),
            ),
            schedules=(Schedule(name="customers.reconcile", every=timedelta(hours=1)),),
        )

    def follow_notice(self, task: Task) -> None:
        """Read back what a notice speaks of, and follow it; one whose contents were erased meanwhile is over."""
        notice_id = int(task.payload["notice_id"])
        with self._runner.database.read() as session:
            row = session.get(NoticeRow, notice_id)
        if row is None or row.body is None:
            return
        with suppress(NoticeNotFoundError):
            self._run_anew(follow_notice, lambda: self._read_notice(row))

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
        except FulfillmentFaultError as error:
            # The live service is known to answer so although the operation is settled, when we began it ourselves.
            status = self._status_of(row.subscription_id, operation_id)
            if status is None or status is OperationStatus.IN_PROGRESS:
                raise
            outcome = f"{error.message} The operation is {status}."
        request = answer_operation.RecordAnswer(operation_id=operation_id, outcome=_words(outcome))
        self._run(answer_operation.record_answer, request)

    def activate(self, task: Task) -> None:
        """Activate at Microsoft; a refusal because it is active already is found by reading."""
        subscription_id = SubscriptionId(task.payload["subscription_id"])
        refusal = None
        try:
            self._fulfillment.activate(subscription_id, task.payload["plan_id"] or "", task.payload["quantity"])
        except (RequestRefusedError, SubscriptionUnknownError) as error:
            refusal = error.message
        found = self._follow(subscription_id, ReadingSource.ACTIVATION)
        if found is not None and found.status is CommercialStatus.SUBSCRIBED:
            return
        if refusal is None:
            self._look_again(task, subscription_id)
        else:
            self._refused(subscription_id, "activation", refusal)

    def ask_microsoft(self, task: Task) -> None:
        """Ask for another plan, other seats or the end; what is so already was done by an earlier attempt."""
        payload = task.payload
        subscription_id, what = SubscriptionId(payload["subscription_id"]), str(payload["what"])
        try:
            if "plan_id" in payload:
                begun = self._fulfillment.change_plan(subscription_id, str(payload["plan_id"]))
            elif "quantity" in payload:
                begun = self._fulfillment.change_quantity(subscription_id, int(payload["quantity"]))
            else:
                begun = self._fulfillment.cancel(subscription_id)
        except (RequestRefusedError, SubscriptionUnknownError) as error:
            found = self._follow(subscription_id, ReadingSource.SECOND_LOOK)
            if not _is_fulfilled(payload, found):
                self._refused(subscription_id, what, error.message)
            return
        request = answer_operation.RecordChangeBegun(
            subscription_id=subscription_id, what=what, operation_id=begun.operation_id
        )
        self._run(answer_operation.record_change_begun, request)

    def find_deal(self, task: Task) -> None:
        """Ask which private offers a purchase came through; a purchase that is gone came through none."""
        subscription_id = SubscriptionId(task.payload["subscription_id"])
        with self._runner.database.read() as session:
            plan_id = load_subscription(session, subscription_id).plan_id
        try:
            plans = self._fulfillment.list_available_plans(subscription_id, plan_id).value or ()
        except SubscriptionUnknownError:
            return
        offers = tuple(dict.fromkeys(offer[:200] for plan in plans for offer in plan.source_offer_ids))
        request = answer_operation.RecordDeal(subscription_id=subscription_id, private_offer_ids=offers[:50])
        self._run(answer_operation.record_deal, request)
        plant_match(self._runner, subscription_id, task)

    def call_provisioner(self, task: Task) -> None:
        """Hand a wish to the publisher's systems."""
        request = self._provisioning_request(str(task.payload["request_id"]))
        if request is None:
            return
        try:
            answer = self._provisioner.start(request)
        except InvalidError as error:
            answer = ProvisioningAnswer(is_done=False, message=error.message)
        except UnavailableError as error:
            if task.attempts < _PATIENT.attempts:
                raise
            # As long as it is merely asked, every later wish would wait for it.
            answer = ProvisioningAnswer(is_done=False, message=f"Given up after {task.attempts} tries: {error.message}")
        if answer is None:
            accepted = provision.AcceptProvisioning(request_id=request.request_id)
            self._run(provision.accept_provisioning, accepted)
            return
        result = provision.ProvisioningResult.SUCCEEDED if answer.is_done else provision.ProvisioningResult.FAILED
        report = provision.ReportProvisioning(
            request_id=request.request_id, result=result, message=_words(answer.message)
        )
        self._run(provision.report_provisioning, report)

    def erase_data(self, task: Task) -> None:
        """Erase a customer's evidence payloads in pieces, then what is left, and sign the receipt."""
        request = retire.OneSubscription(subscription_id=SubscriptionId(task.payload["subscription_id"]))
        has_more = True
        while has_more:
            with self._runner.database.write() as session:
                row = load_subscription(session, request.subscription_id)
                if row.provisioning != ProvisioningState.STOPPED or is_held(session, row.customer_id):
                    return
                has_more = erase_some_payloads(session, row, now=self._runner.clock.now())
        self._runner.database.settle_erasure()
        self._run(retire.issue_erased_receipt, request)

    def erase_held(self, task: Task) -> None:
        """Go on with an erasure that a legal hold stopped after the publisher's systems had erased theirs."""
        with self._runner.database.read() as session:
            erased = session.scalars(
                select(JobRow.request_id).where(
                    JobRow.subscription_id == task.payload["subscription_id"],
                    JobRow.wish == ProvisioningWish.ERASE.value,
                    JobRow.state == provision.JobState.SUCCEEDED.value,
                )
            ).first()
        if erased is not None:
            self.erase_data(task)

    def reconcile(self, _task: Task) -> None:
        """Compare with Microsoft's list; look for answers that suspended subscriptions still wait for."""
        listed = self._fulfillment.list_subscriptions()
        with self._runner.database.read() as session:
            mirrors = [mirror_of_row(row) for row in session.scalars(select(SubscriptionRow))]
        found = compare(mirrors, listed.subscriptions, is_complete=listed.is_complete)
        # At least once, so that every comparison is recorded; in pieces, so that none holds the others up.
        for start in range(0, len(found) or 1, _DIFFERENCES_AT_ONCE):
            request = reconcile.RecordReconciliation(
                listed=len(listed.subscriptions),
                is_complete=listed.is_complete,
                differences=tuple(map(_found, found[start : start + _DIFFERENCES_AT_ONCE])),
            )
            self._run(reconcile.record_reconciliation, request)
        for snapshot in listed.subscriptions:
            if snapshot.status is CommercialStatus.SUSPENDED:
                self._find_lost_notices(snapshot.id)

    def _find_lost_notices(self, subscription_id: SubscriptionId) -> None:
        """Treat an operation that waits for an answer, and whose webhook never came, as if it had come now."""
        try:
            waiting = self._fulfillment.list_operations(subscription_id).value or ()
        except SubscriptionUnknownError:
            return  # it was listed a moment ago; the next comparison tells
        for operation in waiting:
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
            answers = {each.name: each.value for each in answers_of(session, [row.subscription_id])}
            terms = job.terms or {"plan_id": row.plan_id, "quantity": row.quantity}
            earlier = session.scalars(_asked_before(job)).first()
        if earlier is not None:
            msg = f"The wish {earlier} to the publisher's systems has to be handed over before {request_id}."
            raise EarlierWishError(msg)
        return ProvisioningRequest(
            request_id=job.request_id,
            wish=ProvisioningWish(job.wish),
            attempt=job.attempt,
            customer_id=row.customer_id,
            subscription_id=row.subscription_id,
            tenant_id=row.beneficiary_tenant_id,
            offer_id=row.offer_id,
            plan_id=terms["plan_id"],
            quantity=terms["quantity"],
            requested_at=job.asked_at,
            answers=answers,
        )

    def _look_again(self, task: Task, subscription_id: SubscriptionId) -> None:
        """Microsoft shows an activation with a delay: read the subscription again in a moment."""
        now = self._runner.clock.now()
        with self._runner.database.write() as session:
            for wait_seconds in answer_operation.LOOKS_AFTER_SECONDS[1:]:
                look = NewTask(
                    name="customers.read_subscription",
                    key=f"{task.key}:{wait_seconds}",
                    due_at=now + timedelta(seconds=wait_seconds),
                    payload={"subscription_id": subscription_id, "source": ReadingSource.ACTIVATION.value},
                    customer_id=task.customer_id,
                )
                enqueue(session, look, now=now)

    def _status_of(self, subscription_id: SubscriptionId, operation_id: OperationId) -> OperationStatus | None:
        operation = self._fulfillment.get_operation(subscription_id, operation_id).value
        return None if operation is None else operation.status

    def _follow(self, subscription_id: SubscriptionId, source: ReadingSource) -> SubscriptionSnapshot | None:
        found: SubscriptionSnapshot | None = None

        def read() -> FollowReading | None:
            nonlocal found
            asked_after = self._count_readings(subscription_id)
            found = self._read_subscription(subscription_id)
            if found is None:
                return None
            return FollowReading(subscription=_json(found.raw), source=source, asked_after=asked_after)

        self._run_anew(follow_reading, read)
        return found

    def _read_notice(self, row: NoticeRow) -> FollowNotice:
        if row.subscription_id is None:
            return FollowNotice(notice_id=row.id, operation=None, subscription=None)
        asked_after = self._count_readings(row.subscription_id)
        operation = self._read_operation(row.subscription_id, row.operation_id)
        snapshot = self._read_subscription(row.subscription_id)
        return FollowNotice(
            notice_id=row.id,
            operation=operation,
            subscription=None if snapshot is None else _json(snapshot.raw),
            asked_after=asked_after,
        )

    def _count_readings(self, subscription_id: SubscriptionId) -> int:
        with self._runner.database.read() as session:
            return count_readings(session, subscription_id)

    def _read_subscription(self, subscription_id: SubscriptionId) -> SubscriptionSnapshot | None:
        try:
            return self._fulfillment.get_subscription(subscription_id).value
        except SubscriptionUnknownError:
            return None

    def _read_operation(self, subscription_id: SubscriptionId, operation_id: OperationId) -> str | None:
        try:
            operation = self._fulfillment.get_operation(subscription_id, operation_id).value
        except (OperationUnknownError, SubscriptionUnknownError):
            return None
        return None if operation is None else _json(operation.raw)

    def _refused(self, subscription_id: SubscriptionId, what: str, message: str) -> None:
        request = answer_operation.RecordWishRefused(
            subscription_id=subscription_id, what=what[:200], message=_words(message)
        )
        self._run(answer_operation.record_wish_refused, request)

    def _once(self, operation: Operation) -> Callable[[Task], None]:
        """Return a handler that runs one operation with the task's payload as its input."""

        def run(task: Task) -> None:
            self._run(operation, operation.input.model_validate(task.payload))

        return run

    def _run_anew(self, operation: Operation, read: Callable[[], OperationInput | None]) -> None:
        """Run an operation with what was just read; read again where somebody else was quicker to write."""
        for _ in range(_READINGS_AT_ONCE - 1):
            request = read()
            if request is None:
                return
            with suppress(ReadingOvertakenError):
                self._run(operation, request)
                return
        last = read()
        if last is not None:
            self._run(operation, last)

    def _run(self, operation: Operation, request: OperationInput) -> Any:
        return self._runner.run(operation, request, Call(principal=system(operation.name.rpartition(".")[2])))


def _unless_observed(run: Callable[[Task], None]) -> Callable[[Task], None]:
    """Return a handler that is over where another system runs the subscription: what it would do was noted."""

    def handle(task: Task) -> None:
        with suppress(ObservedOnlyError):
            run(task)

    return handle


def _json(raw: Mapping[str, object]) -> str:
    return json.dumps(raw)


def _found(difference: Difference) -> reconcile.FoundDifference:
    return reconcile.FoundDifference(
        subscription_id=difference.subscription_id,
        kind=difference.kind,
        repair=difference.repair,
        message=_words(difference.finding.message),
    )


def _asked_before(job: JobRow) -> Select[str]:
    """Select what has to be handed over first: a suspension that overtakes its reinstatement would last."""
    return (
        select(JobRow.request_id)
        .where(
            JobRow.subscription_id == job.subscription_id,
            JobRow.state == provision.JobState.ASKED,
            or_(
                JobRow.asked_at < job.asked_at,
                and_(JobRow.asked_at == job.asked_at, JobRow.request_id < job.request_id),
            ),
        )
        .order_by(JobRow.asked_at, JobRow.request_id)
    )


def _is_fulfilled(wish: Mapping[str, Any], found: SubscriptionSnapshot | None) -> bool:
    """Say whether a subscription is as it was wished to be."""
    if "plan_id" in wish:
        return found is not None and found.plan_id == wish["plan_id"]
    if "quantity" in wish:
        return found is not None and found.quantity == wish["quantity"]
    return found is None or found.status is CommercialStatus.UNSUBSCRIBED


def _words(text: str) -> str:
    """Return what somebody else said in a form that every column takes."""
    return clean_text(text)[:_SHOWN_CHARACTERS]
