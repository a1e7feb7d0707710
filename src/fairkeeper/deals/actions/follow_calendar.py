"""The calendar of deals at work: what time alone changes, who is asked for what, and the answers to that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.deals.actions.reminders import close_reminders, raise_reminder
from fairkeeper.deals.actions.save_deal import DealName
from fairkeeper.deals.book.calendar import needs_now, passing
from fairkeeper.deals.book.evidence_kinds import BY_STEP, REMINDED, REMINDER_CLOSED, RENEWAL_ANSWERED
from fairkeeper.deals.book.finding_kinds import (
    ACCEPTANCE_NEAR,
    CHARGE_NEAR,
    PARTNER_WAITING,
    PURCHASE_MISSING,
    RENEWAL_NEAR,
)
from fairkeeper.deals.book.lifecycle import DealState, step_or_refuse
from fairkeeper.deals.book.store import charges_of_deals, deal_of, entry_about, facts_of, load_deal
from fairkeeper.deals.book.tables import DealReminderRow
from fairkeeper.deals.deal import RenewalReason
from fairkeeper.deals.errors import DealStateError, ReminderUnknownError

BY_CALENDAR = tuple(
    kind.code for kind in (ACCEPTANCE_NEAR, CHARGE_NEAR, PARTNER_WAITING, PURCHASE_MISSING, RENEWAL_NEAR)
)
"""The reminders that the calendar raises, and takes away when their cause is gone."""


class FollowCalendar(OperationInput):
    """Which deal."""

    deal_id: str = Field(max_length=40, description="The deal.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFollowed:
    """What the day brought.

    Args:
        raised: How many reminders are new.
    """

    deal_id: str
    state: str
    raised: int
    closed: int


@internal_command("deals.follow_calendar", evidence=(REMINDED, REMINDER_CLOSED, *BY_STEP.values()))
def follow_calendar(context: CommandContext, request: FollowCalendar) -> Outcome[CalendarFollowed]:
    """Let a day do its work on one deal: expire or end it with the reason, and ask people for what it needs."""
    row = load_deal(context.session, request.deal_id, for_change=True)
    today = context.now.date()
    charges = charges_of_deals(context.session, [row.deal_id]).get(row.deal_id, [])
    passed = passing(facts_of(row), today)
    entry: EvidenceDraft | None = None
    if passed is not None:
        row.state = step_or_refuse(DealState(row.state), passed.step, row.name).value
        row.state_since_at, row.closed_why = context.now, passed.reason
        entry = entry_about(BY_STEP[passed.step], row, reason=passed.reason, by_hand=False)
    needed = needs_now(facts_of(row, charges, deal=deal_of(row)), today)
    kept = {(need.finding.code, need.key) for need in needed}
    closed = close_reminders(context, row.deal_id, BY_CALENDAR, why="It is settled.", but=kept)
    told = [
        need.finding.message
        for need in needed
        if raise_reminder(
            context, row.deal_id, need.finding, key=need.key, due_on=need.due_on, owner_role=need.owner_role
        )
    ]
    if entry is None and told:
        entry = entry_about(REMINDED, row, message=" ".join(told)[:1900])
    elif entry is None and closed:
        entry = entry_about(REMINDER_CLOSED, row, why="It is settled.")
    result = CalendarFollowed(deal_id=row.deal_id, state=row.state, raised=len(told), closed=closed)
    return Outcome(result=result, entry=entry)


class CloseDealReminder(OperationInput):
    """Which reminder, and what was done."""

    deal_reminder_id: int = Field(ge=1, description="The reminder's number.")
    why: str = Field(min_length=3, max_length=500, description="What was done about it; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DealReminderClosed:
    """It is closed."""

    deal_reminder_id: int


@command(
    "deals.close_reminder",
    groups=("deals.change",),
    evidence=(REMINDER_CLOSED,),
    http="POST /deal-reminders/{deal_reminder_id}/close",
    cli="deals close-reminder DEAL_REMINDER_ID",
)
def close_deal_reminder(context: CommandContext, request: CloseDealReminder) -> Outcome[DealReminderClosed]:
    """Close a reminder of a deal's with what was done about it; it comes back if its cause changes."""
    row = context.session.get(DealReminderRow, request.deal_reminder_id, with_for_update=True)
    if row is None:
        message = f"There is no reminder {request.deal_reminder_id} of a deal here."
        raise ReminderUnknownError(message)
    result = DealReminderClosed(deal_reminder_id=row.id)
    if row.closed_at is not None:
        return Outcome(result=result, entry=None)
    row.closed_at, row.closed_why = context.now, request.why
    deal = load_deal(context.session, row.deal_id)
    return Outcome(result=result, entry=entry_about(REMINDER_CLOSED, deal, why=request.why, code=row.code))


class RenewalPlan(StrEnum):
    """How it goes on after a deal's end."""

    PRIVATE_OFFER = "private_offer"
    """A new private offer is made."""
    PUBLIC_PRICE = "public_price"
    """It renews by itself at the public price."""
    ENDS = "ends"
    UNDECIDED = "undecided"


class AnswerRenewal(OperationInput):
    """How it goes on, and the agency-fee question."""

    deal: str = DealName
    plan: RenewalPlan = Field(description="How it goes on after the end.")
    qualifies: bool | None = Field(
        None, description="Whether the new private offer qualifies for half of the agency fee; needed for a new one."
    )
    reason: RenewalReason | None = Field(None, description="Why it qualifies.")
    note: str = Field("", max_length=500, description="What it rests on; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAnswered:
    """The answer as it is kept."""

    deal_id: str
    plan: RenewalPlan
    qualifies: bool | None


@command(
    "deals.answer_renewal",
    groups=("deals.change",),
    evidence=(RENEWAL_ANSWERED,),
    http="POST /deals/{deal}/renewal",
    cli="deals answer-renewal DEAL PLAN",
)
def answer_renewal(context: CommandContext, request: AnswerRenewal) -> Outcome[RenewalAnswered]:
    """Say how it goes on after a deal's end, and whether the next private offer is attested as a renewal.

    The attestation itself is made in the new private offer, while it is made and never later; here it is asked so early
    that it is not forgotten.

    Raises:
        DealStateError: The deal was never bought, or a new private offer is planned and the question left open.
    """
    row = load_deal(context.session, request.deal, for_change=True)
    if row.state not in {DealState.BOUGHT.value, DealState.ACCEPTED.value, DealState.ENDED.value}:
        message = f"{row.name!r} is {row.state.replace('_', ' ')}; there is nothing to renew."
        raise DealStateError(message)
    if request.plan is RenewalPlan.PRIVATE_OFFER and request.qualifies is None:
        message = "For a new private offer, say whether it qualifies for the discount of the agency fee."
        raise DealStateError(message, remedy="A renewal of a paid deal does; see what explains it on the deal's page.")
    kept = request.model_dump(mode="json", exclude={"deal"})
    result = RenewalAnswered(deal_id=row.deal_id, plan=request.plan, qualifies=request.qualifies)
    if row.renewal == kept:
        return Outcome(result=result, entry=None)
    row.renewal = None if request.plan is RenewalPlan.UNDECIDED else kept
    if row.renewal is not None:
        close_reminders(context, row.deal_id, (RENEWAL_NEAR.code,), why="Somebody said how it goes on.")
    words = {True: "it qualifies", False: "it does not qualify", None: "not asked"}
    entry = entry_about(
        RENEWAL_ANSWERED,
        row,
        plan=request.plan.value.replace("_", " "),
        qualifies=words[request.qualifies],
        note=request.note,
    )
    return Outcome(result=result, entry=entry)


OPERATIONS = (follow_calendar, close_deal_reminder, answer_renewal)
