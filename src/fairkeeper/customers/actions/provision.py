"""The publisher's own systems: what they took up, what they report, and starting them again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.customers.actions.custody.noting import refuse_observed
from fairkeeper.customers.actions.reminders import Raising, close_reminders, raise_reminder
from fairkeeper.customers.actions.wishes import ask, finish_stop, hand_over, move, newest_job, start_provisioning
from fairkeeper.customers.errors import ErasureBegunError, WishOutdatedError
from fairkeeper.customers.evidence_kinds import (
    PROVISIONING_ACCEPTED,
    PROVISIONING_ANSWERED,
    PROVISIONING_STARTED,
    WISH_REPEATED,
)
from fairkeeper.customers.finding_kinds import PROVISIONING_FAILED
from fairkeeper.customers.path.lifecycle import PROVISIONING, CommercialStatus, ProvisioningEvent, ProvisioningState
from fairkeeper.customers.ports import ProvisioningWish
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import JobRow, SubscriptionRow
from fairkeeper.errors import ConflictError, NotFoundError
from fairkeeper.values.ids import SubscriptionId


class JobState(StrEnum):
    """How far a wish to the publisher's systems is."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ProvisioningResult(StrEnum):
    """What the publisher's systems report."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


_EVENTS = {
    (ProvisioningWish.PROVISION, ProvisioningResult.SUCCEEDED): ProvisioningEvent.SUCCEED,
    (ProvisioningWish.PROVISION, ProvisioningResult.FAILED): ProvisioningEvent.FAIL,
    (ProvisioningWish.DRAIN, ProvisioningResult.SUCCEEDED): ProvisioningEvent.DRAINED,
}

_IN_USE = {ProvisioningState.RUNNING, ProvisioningState.READY, ProvisioningState.FAILED}
_WANTED_IN = {
    ProvisioningWish.PROVISION: {ProvisioningState.RUNNING, ProvisioningState.FAILED},
    ProvisioningWish.CHANGE: _IN_USE,
    ProvisioningWish.SUSPEND: _IN_USE,
    ProvisioningWish.RESUME: _IN_USE,
    ProvisioningWish.DRAIN: {ProvisioningState.DRAINING},
    ProvisioningWish.ERASE: {ProvisioningState.STOPPED},
}
"""In which states a wish that failed is still wanted."""


class AcceptProvisioning(OperationInput):
    """Which wish was taken up."""

    request_id: str = Field(max_length=40, description="The wish's id, `job_…`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A wish to the publisher's systems."""

    request_id: str
    subscription_id: str
    wish: str
    state: str
    provisioning: str


@internal_command("customers.accept_provisioning", evidence=(PROVISIONING_ACCEPTED,))
def accept_provisioning(context: CommandContext, request: AcceptProvisioning) -> Outcome[JobView]:
    """Record that the publisher's systems have a wish; their report comes later under the same id."""
    row, job = _load_job(context, request.request_id)
    if job.state != JobState.ASKED:
        return Outcome(result=_view(job, row), entry=None)
    job.state, job.accepted_at = JobState.ACCEPTED.value, context.now
    entry = _entry(PROVISIONING_ACCEPTED.name, job, {})
    return Outcome(result=_view(job, row), entry=entry)


class ReportProvisioning(OperationInput):
    """What the publisher's systems say about a wish."""

    request_id: str = Field(max_length=40, description="The wish's id, `job_…`, as it was handed over.")
    result: ProvisioningResult = Field(description="Whether it is done.")
    message: str = Field("", max_length=2000, description="In words, for the person who looks at it.")


@command(
    "customers.report_provisioning",
    groups=("customers.report",),
    evidence=(PROVISIONING_ANSWERED,),
    http="POST /provisioning/{request_id}/report",
    cli="customers report-provisioning REQUEST_ID RESULT",
)
def report_provisioning(context: CommandContext, request: ReportProvisioning) -> Outcome[JobView]:
    """Report what the publisher's systems did about a wish; the same report again changes nothing.

    Raises `customers.job_not_found`, and `customers.report_contradicts` for another result than reported before. A
    report that comes too late (use is being stopped meanwhile) is recorded and moves nothing.
    """
    row, job = _load_job(context, request.request_id)
    if job.state in {JobState.SUCCEEDED, JobState.FAILED}:
        if job.state != request.result:
            msg = f"The wish {job.request_id} was reported as {job.state} before."
            raise ConflictError(msg, code="customers.report_contradicts", remedy="Start the work anew instead.")
        return Outcome(result=_view(job, row), entry=None)
    # What is said about erased data would itself never be erased.
    message = "" if row.provisioning == ProvisioningState.ERASED else request.message
    job.state, job.answered_at, job.message = request.result.value, context.now, message or None
    moved = _follow(context, row, job, request)
    _tell(context, row, job)
    payload = {
        "result": request.result.value,
        "message": message,
        "provisioning": row.provisioning,
        "moved": moved,
    }
    return Outcome(result=_view(job, row), entry=_entry(PROVISIONING_ANSWERED.name, job, payload))


def _follow(context: CommandContext, row: SubscriptionRow, job: JobRow, request: ReportProvisioning) -> bool:
    """Move the machine as the report says, unless it has gone on meanwhile."""
    wish = ProvisioningWish(job.wish)
    if wish is ProvisioningWish.ERASE and request.result is ProvisioningResult.SUCCEEDED:
        context.enqueue(
            "customers.erase_data",
            job.request_id,
            {"subscription_id": row.subscription_id},
            customer_id=row.customer_id,
        )
        return row.provisioning == ProvisioningState.STOPPED
    event = _EVENTS.get((wish, request.result))
    if event is None or (ProvisioningState(row.provisioning), event) not in PROVISIONING:
        _note(row, wish, request)
        return False
    move(context, row, event, note=request.message or None)
    if event is ProvisioningEvent.SUCCEED:
        row.ready_at = row.ready_at or context.now
    if event is ProvisioningEvent.DRAINED:
        finish_stop(context, row)
    return True


def _note(row: SubscriptionRow, wish: ProvisioningWish, request: ReportProvisioning) -> None:
    """Keep beside the machine why a wish failed that does not move it, until the same wish succeeds."""
    failed = f"{wish.value} failed: "
    if request.result is ProvisioningResult.FAILED and _is_wanted(row, wish):
        row.provisioning_note = f"{failed}{request.message}"[:500]
    elif (row.provisioning_note or "").startswith(failed):
        row.provisioning_note = None


def _tell(context: CommandContext, row: SubscriptionRow, job: JobRow) -> None:
    """Put a failure before a person while its wish is wanted; take it away when the same wish succeeds."""
    if job.state == JobState.SUCCEEDED:
        why = f"The publisher's systems report: {job.wish} succeeded."
        close_reminders(context, row.subscription_id, {PROVISIONING_FAILED.code}, why=why)
    elif _is_wanted(row, ProvisioningWish(job.wish)):
        message = f"The wish to {job.wish} ({job.request_id}) failed: {job.message or 'no reason was given'}"
        raise_reminder(context, PROVISIONING_FAILED.found(message), row, Raising(key=job.wish))


def _is_wanted(row: SubscriptionRow, wish: ProvisioningWish) -> bool:
    return ProvisioningState(row.provisioning) in _WANTED_IN[wish]


def _fits_status(row: SubscriptionRow, wish: ProvisioningWish) -> bool:
    """Say whether Microsoft's status still asks for a wish."""
    is_active = row.status == CommercialStatus.SUBSCRIBED
    if wish in {ProvisioningWish.PROVISION, ProvisioningWish.CHANGE, ProvisioningWish.RESUME}:
        return is_active
    return wish is not ProvisioningWish.SUSPEND or not is_active


class StartProvisioning(OperationInput):
    """Which subscription."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


@command(
    "customers.start_provisioning",
    groups=("customers.change",),
    evidence=(PROVISIONING_STARTED,),
    http="POST /subscriptions/{subscription_id}/provision",
    cli="customers provision SUBSCRIPTION_ID",
)
def start_again(context: CommandContext, request: StartProvisioning) -> Outcome[JobView]:
    """Start provisioning again after it failed or was stopped, while the subscription is active and data is kept.

    Raises `customers.transition_refused` where it cannot start from where it is, `customers.erasure_begun` once the
    publisher's systems were asked to erase.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    refuse_observed(row)
    if row.status != CommercialStatus.SUBSCRIBED:
        msg = f"The subscription is {row.status_text or 'held'}; only an active one is provisioned."
        raise ConflictError(msg, code="customers.not_changeable", remedy="Wait until it is active.")
    _refuse_after_erasure_began(context, row)
    job = start_provisioning(context, row)
    return Outcome(result=_view(job, row), entry=_entry(PROVISIONING_STARTED.name, job, {}))


class RetryProvisioning(OperationInput):
    """Which wish."""

    request_id: str = Field(max_length=40, description="The wish's id, `job_…`.")


@command(
    "customers.retry_provisioning",
    groups=("customers.change",),
    evidence=(WISH_REPEATED,),
    http="POST /provisioning/{request_id}/retry",
    cli="customers retry-provisioning REQUEST_ID",
)
def retry_provisioning(context: CommandContext, request: RetryProvisioning) -> Outcome[JobView]:
    """Hand a wish to the publisher's systems again: one that failed as a new try, one without a report as it was.

    Raises `customers.job_not_found`, and `customers.wish_outdated` for a wish that succeeded, that was followed by
    another of its kind, or that the subscription's present state does not ask for.
    """
    row, job = _load_job(context, request.request_id)
    wish = ProvisioningWish(job.wish)
    is_wanted = _is_wanted(row, wish) and _fits_status(row, wish)
    if job.state == JobState.SUCCEEDED or not is_wanted or newest_job(context, row, wish) is not job:
        msg = f"The wish {job.request_id} to {job.wish} is {job.state} and is not wanted again."
        raise WishOutdatedError(msg)
    if job.state == JobState.FAILED:
        is_start = wish is ProvisioningWish.PROVISION
        again = start_provisioning(context, row) if is_start else ask(context, row, wish)
    else:
        job.state, job.accepted_at, again = JobState.ASKED.value, None, job
        hand_over(context, job)
    return Outcome(result=_view(again, row), entry=_entry(WISH_REPEATED.name, again, {}))


def _refuse_after_erasure_began(context: CommandContext, row: SubscriptionRow) -> None:
    """Refuse to set up again what the publisher's systems are erasing or have erased."""
    job, stopped_at = newest_job(context, row, ProvisioningWish.ERASE), row.retention_started_at
    if job is not None and stopped_at is not None and job.asked_at >= stopped_at:
        msg = f"The publisher's systems were asked on {job.asked_at:%d %b %Y} to erase this customer's data."
        raise ErasureBegunError(msg)


def _load_job(context: CommandContext, request_id: str) -> tuple[SubscriptionRow, JobRow]:
    """Return a wish and its subscription, locked in the order in which everybody locks them."""
    known = context.session.get(JobRow, request_id)
    if known is None:
        msg = f"There is no wish {request_id!r} to the publisher's systems here."
        raise NotFoundError(msg, code="customers.job_not_found")
    row = load_subscription(context.session, known.subscription_id, for_change=True)
    context.session.refresh(known, with_for_update=True)
    return row, known


def _view(job: JobRow, row: SubscriptionRow) -> JobView:
    return JobView(
        request_id=job.request_id,
        subscription_id=job.subscription_id,
        wish=job.wish,
        state=job.state,
        provisioning=row.provisioning,
    )


def _entry(kind: str, job: JobRow, payload: dict[str, str | bool]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="subscription",
        subject_id=job.subscription_id,
        customer_id=job.customer_id,
        payload={"request_id": job.request_id, "wish": job.wish, "attempt": job.attempt, **payload},
    )


OPERATIONS: tuple[Operation, ...] = (accept_provisioning, report_provisioning, start_again, retry_provisioning)
