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
from fairkeeper.customers.actions.effects import finish_stop, move, start_provisioning
from fairkeeper.customers.evidence_kinds import PROVISIONING_ACCEPTED, PROVISIONING_ANSWERED, PROVISIONING_STARTED
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
    job = _load_job(context, request.request_id)
    row = load_subscription(context.session, job.subscription_id)
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
    job = _load_job(context, request.request_id)
    row = load_subscription(context.session, job.subscription_id, for_change=True)
    if job.state in {JobState.SUCCEEDED, JobState.FAILED}:
        if job.state != request.result:
            msg = f"The wish {job.request_id} was reported as {job.state} before."
            raise ConflictError(msg, code="customers.report_contradicts", remedy="Start the work anew instead.")
        return Outcome(result=_view(job, row), entry=None)
    job.state, job.answered_at, job.message = request.result.value, context.now, request.message or None
    moved = _follow(context, row, job, request)
    payload = {
        "result": request.result.value,
        "message": request.message,
        "provisioning": row.provisioning,
        "moved": moved,
    }
    return Outcome(result=_view(job, row), entry=_entry(PROVISIONING_ANSWERED.name, job, payload))


def _follow(context: CommandContext, row: SubscriptionRow, job: JobRow, request: ReportProvisioning) -> bool:
    """Move the machine as the report says, unless it has gone on meanwhile."""
    wish = ProvisioningWish(job.wish)
    if wish is ProvisioningWish.ERASE and request.result is ProvisioningResult.SUCCEEDED:
        context.enqueue(
            "customers.erase_data", f"{job.request_id}", {"subscription_id": row.subscription_id, "by": "systems"}
        )
        return True
    event = _EVENTS.get((wish, request.result))
    if event is None or (ProvisioningState(row.provisioning), event) not in PROVISIONING:
        if request.result is ProvisioningResult.FAILED:
            row.provisioning_note = f"{wish.value} failed: {request.message}"[:500]
        return False
    move(row, event, context, note=request.message or None)
    if event is ProvisioningEvent.SUCCEED:
        row.ready_at = row.ready_at or context.now
    if event is ProvisioningEvent.DRAINED:
        finish_stop(context, row)
    return True


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

    Raises `customers.transition_refused` where it cannot start from where it is.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    if row.status != CommercialStatus.SUBSCRIBED:
        msg = f"The subscription is {row.status_text or 'held'}; only an active one is provisioned."
        raise ConflictError(msg, code="customers.not_changeable", remedy="Wait until it is active.")
    job = start_provisioning(context, row)
    return Outcome(result=_view(job, row), entry=_entry(PROVISIONING_STARTED.name, job, {}))


def _load_job(context: CommandContext, request_id: str) -> JobRow:
    job = context.session.get(JobRow, request_id, with_for_update=True)
    if job is None:
        msg = f"There is no wish {request_id!r} to the publisher's systems here."
        raise NotFoundError(msg, code="customers.job_not_found")
    return job


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


OPERATIONS: tuple[Operation, ...] = (accept_provisioning, report_provisioning, start_again)
