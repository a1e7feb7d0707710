"""Hands deals to Microsoft and takes them back: wishes, and what became of them.

A wish is one command, the call is background work (`fairkeeper.jobs.deals`), and the answer is another command; all
are recorded. Where Microsoft cannot be asked, a person enters the deal by its printed sheet and says so here.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, command, internal_command
from fairkeeper.deals.actions.reminders import close_reminders, raise_reminder
from fairkeeper.deals.actions.save_deal import DealName, SavedDeal, saved
from fairkeeper.deals.book.evidence_kinds import (
    ACCEPTED,
    BY_STEP,
    ENDED,
    LOST,
    OFFERED,
    REFUSED,
    SHARED,
    SUBMISSION_ASKED,
    SUBMITTED,
    WITHDRAWAL_ASKED,
    WITHDRAWAL_REFUSED,
    WITHDRAWN,
)
from fairkeeper.deals.book.finding_kinds import SUBMISSION_REFUSED
from fairkeeper.deals.book.lifecycle import DealState, Step, step_or_refuse
from fairkeeper.deals.book.store import approvals_missing, deal_of, entry_about, load_deal, plan_ids_in_use
from fairkeeper.deals.book.tables import DealRow
from fairkeeper.deals.checks.checking import check_deal
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import Deal
from fairkeeper.deals.errors import ApprovalMissingError, DealFaultyError, DealStateError, SubmissionUnavailableError
from fairkeeper.deals.ports import Submission
from fairkeeper.values.findings import Level
from fairkeeper.values.ids import new_id

FIRST_POLL: Final = timedelta(seconds=20)
"""A little longer than Microsoft's own sample of a job takes."""
_TOLD_FAULTS: Final = 5


class LostTo(StrEnum):
    """What deals are lost to, few enough to be counted."""

    PRICE = "price"
    COMPETITOR = "competitor"
    NO_BUDGET = "no_budget"
    TIMING = "timing"
    TERMS = "terms"
    NO_ANSWER = "no_answer"
    OTHER = "other"


class HandStep(StrEnum):
    """What a person can say happened to a deal."""

    OFFERED = "offered"
    SHARED = "shared"
    ACCEPTED = "accepted"
    ENDED = "ended"


class SubmitDeal(OperationInput):
    """Which deal goes to Microsoft."""

    deal: str = DealName
    document_urls: dict[str, str] = Field(
        default_factory=dict,
        max_length=10,
        description="Where each document of terms can be fetched (a SAS address), by file name; not kept afterwards.",
    )
    as_draft: bool = Field(False, description="Leave it a draft in Partner Center, for a person to publish there.")


@command(
    "deals.submit_deal",
    groups=("deals.change",),
    evidence=(SUBMISSION_ASKED,),
    http="POST /deals/{deal}/submit",
    cli="deals submit DEAL",
)
def submit_deal(context: CommandContext, request: SubmitDeal) -> Outcome[SavedDeal]:
    """Submit a draft without faults, and with every approval it needs, to Microsoft; its job follows by itself.

    Raises:
        DealFaultyError: It has faults of level error today.
        ApprovalMissingError: Its present content lacks an approval.
        DealStateError: It is no draft.
        SubmissionUnavailableError: The settings for Microsoft's API are missing.
    """
    row = load_deal(context.session, request.deal, for_change=True)
    following = step_or_refuse(DealState(row.state), Step.SUBMITTED, row.name)
    if missing := context.ports.of(Submission).missing:
        message = f"Microsoft's product ingestion API cannot be called: {', '.join(missing)} not set."
        raise SubmissionUnavailableError(message)
    deal = deal_of(row)
    _refuse_faults(context, row, deal)
    lacking = approvals_missing(context.session, row, deal)
    if lacking:
        told = " ".join(f"{each.reason.value.replace('_', ' ').capitalize()}: {each.sentence}" for each in lacking)
        raise ApprovalMissingError(told)
    row.state, row.state_since_at = following.value, context.now
    wish_id = new_id("wsh")
    row.submission = {
        "wish_id": wish_id,
        "state": "draft" if request.as_draft else "live",
        "digest": row.digest,
        "document_urls": dict(request.document_urls),
        "asked_at": context.now.isoformat(),
    }
    close_reminders(context, row.deal_id, (SUBMISSION_REFUSED.code,), why="It is submitted again.")
    context.enqueue("deals.submit", wish_id, {"deal_id": row.deal_id, "wish_id": wish_id})
    return Outcome(result=saved(row), entry=entry_about(SUBMISSION_ASKED, row, wish_id=wish_id))


def _refuse_faults(context: CommandContext, row: DealRow, deal: Deal) -> None:
    basis = Basis(as_of=context.now.date(), plan_ids_in_use=plan_ids_in_use(context.session, but=row.deal_id))
    faults = [each for each in check_deal(deal, basis) if each.level is Level.ERROR]
    if faults:
        told = " ".join(f"{each.code}: {each.message}" for each in faults[:_TOLD_FAULTS])
        message = f"{row.name!r} has {len(faults)} fault{'s' if len(faults) > 1 else ''}. {told}"
        raise DealFaultyError(message)


class RecordSubmission(OperationInput):
    """The job that Microsoft began."""

    deal_id: str = Field(max_length=40, description="The deal.")
    wish_id: str = Field(max_length=40, description="The wish that was called for.")
    job_id: str = Field(max_length=80, description="Microsoft's job.")


@internal_command("deals.record_submission", evidence=(SUBMITTED,))
def record_submission(context: CommandContext, request: RecordSubmission) -> Outcome[SavedDeal]:
    """Record that Microsoft took a deal, or its withdrawal, to work on; its job is asked about later."""
    row = load_deal(context.session, request.deal_id, for_change=True)
    if row.submission.get("wish_id") != request.wish_id or row.submission.get("job_id"):
        return Outcome(result=saved(row), entry=None)
    kept = {name: value for name, value in row.submission.items() if name != "document_urls"}
    row.submission = {**kept, "job_id": request.job_id}
    context.enqueue(
        "deals.poll_job",
        f"{request.job_id}:0",
        {"deal_id": row.deal_id, "wish_id": request.wish_id, "job_id": request.job_id, "times": 0},
        due_at=context.now + FIRST_POLL,
    )
    return Outcome(result=saved(row), entry=entry_about(SUBMITTED, row, job_id=request.job_id))


class RecordJobFailed(OperationInput):
    """A job that failed, or a request that Microsoft would not take."""

    deal_id: str = Field(max_length=40, description="The deal.")
    wish_id: str = Field(max_length=40, description="The wish.")
    messages: tuple[str, ...] = Field(max_length=50, description="What Microsoft said.")


@internal_command("deals.record_job_failed", evidence=(REFUSED, WITHDRAWAL_REFUSED))
def record_job_failed(context: CommandContext, request: RecordJobFailed) -> Outcome[SavedDeal]:
    """Record that Microsoft refused a deal, which is a draft again, or its withdrawal; and put it before a person."""
    row = load_deal(context.session, request.deal_id, for_change=True)
    if row.submission.get("wish_id") != request.wish_id or row.submission.get("ended_at"):
        return Outcome(result=saved(row), entry=None)
    is_withdrawal = row.submission.get("state") == "withdrawn"
    kept = {name: value for name, value in row.submission.items() if name != "document_urls"}
    row.submission = {**kept, "errors": list(request.messages), "ended_at": context.now.isoformat()}
    if not is_withdrawal and row.state == DealState.SUBMITTING.value:
        row.state = step_or_refuse(DealState(row.state), Step.REFUSED, row.name).value
        row.state_since_at = context.now
    told = " ".join(request.messages)[:1500] or "Microsoft gave no reason."
    raise_reminder(context, row.deal_id, SUBMISSION_REFUSED.found(f"Microsoft refused {row.name!r}: {told}"))
    kind = WITHDRAWAL_REFUSED if is_withdrawal else REFUSED
    return Outcome(result=saved(row), entry=entry_about(kind, row, message=told))


class WithdrawDeal(OperationInput):
    """Which deal, and why."""

    deal: str = DealName
    reason: str = Field(min_length=3, max_length=500, description="Why it is taken back; recorded.")


@command(
    "deals.withdraw_deal",
    groups=("deals.change",),
    evidence=(WITHDRAWAL_ASKED, WITHDRAWN),
    http="POST /deals/{deal}/withdraw",
    cli="deals withdraw DEAL",
)
def withdraw_deal(context: CommandContext, request: WithdrawDeal) -> Outcome[SavedDeal]:
    """Take an offer back that nobody has accepted; of a multiparty offer the channel partner has to do so first.

    Where Microsoft's id of it is not known, because it was entered by hand, it is withdrawn here alone: withdraw it in
    Partner Center too.

    Raises:
        DealStateError: It is not open, or Microsoft is still at work on it.
    """
    row = load_deal(context.session, request.deal, for_change=True)
    following = step_or_refuse(DealState(row.state), Step.WITHDRAWN, row.name)
    if row.state == DealState.SUBMITTING.value or _is_waiting(row):
        message = f"Microsoft is still at work on {row.name!r}."
        raise DealStateError(message, remedy="Wait until its job has ended, a few minutes at most.")
    row.closed_why = request.reason
    if row.private_offer_id is None:
        row.state, row.state_since_at = following.value, context.now
        return Outcome(result=saved(row), entry=entry_about(WITHDRAWN, row, reason=request.reason))
    wish_id = new_id("wsh")
    row.submission = {"wish_id": wish_id, "state": "withdrawn", "asked_at": context.now.isoformat()}
    context.enqueue("deals.submit", wish_id, {"deal_id": row.deal_id, "wish_id": wish_id})
    return Outcome(result=saved(row), entry=entry_about(WITHDRAWAL_ASKED, row, reason=request.reason))


def _is_waiting(row: DealRow) -> bool:
    return bool(row.submission.get("wish_id")) and not row.submission.get("ended_at")


class LoseDeal(OperationInput):
    """Which deal, to whom and why."""

    deal: str = DealName
    lost_to: LostTo = Field(description="What it was lost to.")
    reason: str = Field(min_length=3, max_length=500, description="In words; recorded.")


@command(
    "deals.lose_deal",
    groups=("deals.change",),
    evidence=(LOST,),
    http="POST /deals/{deal}/lose",
    cli="deals lose DEAL LOST_TO",
)
def lose_deal(context: CommandContext, request: LoseDeal) -> Outcome[SavedDeal]:
    """Say what a deal was lost to; of one that expired or was withdrawn, what was behind that.

    Raises:
        DealStateError: It is open for the customer: withdraw it first, so that nobody accepts it.
    """
    row = load_deal(context.session, request.deal, for_change=True)
    following = step_or_refuse(DealState(row.state), Step.LOST, row.name)
    before = row.closed_why
    row.state, row.state_since_at = following.value, context.now
    row.closed_why = f"{before} {request.reason}" if before else request.reason
    row.lost_to = request.lost_to.value
    entry = entry_about(LOST, row, lost_to=request.lost_to.value.replace("_", " "), reason=request.reason)
    return Outcome(result=saved(row), entry=entry)


class RecordProgress(OperationInput):
    """What happened to a deal that was entered by hand."""

    deal: str = DealName
    happened: HandStep = Field(description="What happened.")
    on: date | None = Field(None, description="When; today if left out.")
    private_offer_id: str = Field("", max_length=80, description="Microsoft's id of the private offer, if it is known.")
    note: str = Field("", max_length=500, description="How it is known; recorded.")


@command(
    "deals.record_progress",
    groups=("deals.change",),
    evidence=(OFFERED, SHARED, ACCEPTED, ENDED),
    http="POST /deals/{deal}/progress",
    cli="deals record DEAL HAPPENED",
)
def record_progress(context: CommandContext, request: RecordProgress) -> Outcome[SavedDeal]:
    """Say what happened to a deal that Fairkeeper cannot ask Microsoft about, such as one entered by hand.

    Raises:
        DealFaultyError, ApprovalMissingError: Of a draft, as for a submission.
        DealStateError: It cannot have happened to a deal in its state.
    """
    row = load_deal(context.session, request.deal, for_change=True)
    happened = Step(request.happened.value)
    following = step_or_refuse(DealState(row.state), happened, row.name)
    if row.state == DealState.DRAFT.value:
        deal = deal_of(row)
        _refuse_faults(context, row, deal)
        lacking = approvals_missing(context.session, row, deal)
        if lacking:
            raise ApprovalMissingError(" ".join(each.sentence for each in lacking))
    row.state, row.state_since_at = following.value, context.now
    row.private_offer_id = request.private_offer_id or row.private_offer_id
    row.closed_why = request.note or None if following is DealState.ENDED else row.closed_why
    if following is DealState.ACCEPTED:
        row.accepted_at = context.now
        context.enqueue("deals.match_all", new_id("tsk"), {"deal_id": row.deal_id})
    entry = entry_about(BY_STEP[happened], row, reason=request.note, by_hand=True, on=str(request.on or ""))
    return Outcome(result=saved(row), entry=entry)


OPERATIONS = (
    submit_deal,
    record_submission,
    record_job_failed,
    withdraw_deal,
    lose_deal,
    record_progress,
)
