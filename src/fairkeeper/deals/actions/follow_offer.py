"""What Microsoft says of a submitted deal: followed when it is read, whoever asked for the reading."""

from __future__ import annotations

from pydantic import Field

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, command, internal_command
from fairkeeper.deals.actions.reminders import close_reminders, raise_reminder
from fairkeeper.deals.actions.save_deal import DealName, SavedDeal, saved
from fairkeeper.deals.book.evidence_kinds import BY_STEP, READ_BACK
from fairkeeper.deals.book.finding_kinds import READ_BACK_DIFFERS
from fairkeeper.deals.book.lifecycle import DealState, Step, step, step_told
from fairkeeper.deals.book.store import entry_about, load_deal
from fairkeeper.deals.book.tables import DealRow
from fairkeeper.deals.deal import DealKind
from fairkeeper.deals.errors import DealStateError
from fairkeeper.values.ids import new_id


class RecordReading(OperationInput):
    """What Microsoft says of one private offer."""

    deal_id: str = Field(max_length=40, description="The deal.")
    private_offer_id: str = Field(max_length=80, description="Microsoft's id of it.")
    state: str = Field(max_length=40, description="Its `state`.")
    sub_state: str | None = Field(None, max_length=40, description="Its `subState`.")
    links: tuple[str, ...] = Field((), max_length=200, description="Addresses at which it is accepted.")
    differences: tuple[str, ...] = Field((), max_length=50, description="Where it is not what was submitted.")
    is_compared: bool = Field(True, description="Whether its content could be read and was compared.")


@internal_command("deals.record_reading", evidence=(READ_BACK, *BY_STEP.values()))
def record_reading(context: CommandContext, request: RecordReading) -> Outcome[SavedDeal]:
    """Follow what Microsoft says of a deal: its state, its links, and whether its content is what was submitted."""
    row = load_deal(context.session, request.deal_id, for_change=True)
    before = (row.private_offer_id, list(row.accept_links), list(row.differences), row.read_at is None)
    row.private_offer_id, row.read_at = request.private_offer_id, context.now
    if request.links:
        row.accept_links = list(request.links)
    _compare(context, row, request)
    _end_submission(row, request, context.now.isoformat())
    happened = step_told(request.state, request.sub_state, is_for_customer=row.kind != DealKind.CSP.value)
    following = step(DealState(row.state), happened) if happened else None
    if happened is None or following is None or following.value == row.state:
        changed = before != (row.private_offer_id, list(row.accept_links), list(row.differences), row.read_at is None)
        entry = entry_about(READ_BACK, row, differences=len(row.differences), places=list(row.differences)[:20])
        return Outcome(result=saved(row), entry=entry if changed else None)
    row.state, row.state_since_at = following.value, context.now
    if happened is Step.ACCEPTED:
        row.accepted_at = context.now
        context.enqueue("deals.match_all", new_id("tsk"), {"deal_id": row.deal_id})
    if happened is Step.WITHDRAWN and not row.closed_why:
        row.closed_why = "It was withdrawn in Partner Center."
    if following in {DealState.ACCEPTED, DealState.OFFERED}:
        row.closed_why = None
    reason = row.closed_why or "Microsoft says so."
    return Outcome(
        result=saved(row), entry=entry_about(BY_STEP[happened], row, reason=reason, differences=len(row.differences))
    )


def _compare(context: CommandContext, row: DealRow, request: RecordReading) -> None:
    if not request.is_compared:
        return
    row.differences = list(request.differences)
    if request.differences:
        told = "; ".join(request.differences[:5])
        message = f"Microsoft's copy of {row.name!r} differs in {len(request.differences)} places: {told}."
        raise_reminder(context, row.deal_id, READ_BACK_DIFFERS.found(message[:1900]))
    else:
        close_reminders(context, row.deal_id, (READ_BACK_DIFFERS.code,), why="Microsoft's copy is the same.")


def _end_submission(row: DealRow, request: RecordReading, at: str) -> None:
    """Close the submission when what it wished for is so."""
    wished = row.submission.get("state")
    if wished and not row.submission.get("ended_at") and wished == request.state:
        row.submission = {**row.submission, "ended_at": at, "errors": []}


class RefreshDeal(OperationInput):
    """Which deal."""

    deal: str = DealName


@command(
    "deals.refresh_deal",
    groups=("deals.change",),
    evidence=(READ_BACK,),
    http="POST /deals/{deal}/refresh",
    cli="deals refresh DEAL",
)
def refresh_deal(context: CommandContext, request: RefreshDeal) -> Outcome[SavedDeal]:
    """Have Microsoft asked now how far a submitted deal is; it is asked every quarter of an hour anyway.

    Nothing is recorded unless something has changed.

    Raises:
        DealStateError: Microsoft's id of it is not known, so nothing can be asked.
    """
    row = load_deal(context.session, request.deal)
    if row.private_offer_id is None:
        message = f"{row.name!r} has no private offer at Microsoft that is known here."
        raise DealStateError(message, remedy="Submit it, or record by hand how far it is.")
    context.enqueue("deals.read_offer", new_id("tsk"), {"deal_id": row.deal_id})
    return Outcome(result=saved(row), entry=None)


OPERATIONS = (record_reading, refresh_deal)
