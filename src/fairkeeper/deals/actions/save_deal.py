"""Keeps deals: writes a new one, changes a draft, says whose it is, takes one up again, copies one as another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, TextFile, command
from fairkeeper.deals.book.evidence_kinds import ASSIGNED, CHANGED, REOPENED, SAVED
from fairkeeper.deals.book.lifecycle import DealState, Step, step_or_refuse
from fairkeeper.deals.book.store import (
    deal_in,
    deal_of,
    entry_about,
    keep_version,
    load_deal,
    new_deal,
    void_approvals,
    write_text,
)
from fairkeeper.deals.book.tables import DealRow
from fairkeeper.deals.book.upgrading import upgrade_of
from fairkeeper.deals.deal import Deal
from fairkeeper.deals.errors import DealChangedError, DealStateError
from fairkeeper.deals.files.writing import write_deal

DealName = Field(max_length=80, description="The deal's id or readable address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDeal:
    """A deal as it is kept.

    Args:
        digest: Of its content; what an approval is for.
    """

    deal_id: str
    slug: str
    version: int
    digest: str
    state: str


def saved(row: DealRow) -> SavedDeal:
    """Return a deal as it is kept."""
    return SavedDeal(deal_id=row.deal_id, slug=row.slug, version=row.version, digest=row.digest, state=row.state)


class SaveDeal(OperationInput):
    """A deal's text, and where it goes."""

    file: TextFile = Field(description="The deal in YAML or JSON.")
    deal: str = Field(
        "", max_length=80, description="The draft to change, by id or readable address; a new one if empty."
    )
    expected_digest: str = Field(
        "", max_length=64, description="What the draft was before, to notice another's change."
    )
    owner: str = Field("", max_length=200, description="Whose deal it is; kept as it was if empty.")
    crm_id: str = Field("", max_length=120, description="Id of the CRM opportunity; kept as it was if empty.")
    why: str = Field("", max_length=500, description="Why it was changed.")


@command(
    "deals.save_deal", groups=("deals.change",), evidence=(SAVED, CHANGED), http="POST /deals", cli="deals save FILE"
)
def save_deal(context: CommandContext, request: SaveDeal) -> Outcome[SavedDeal]:
    """Keep a deal as a draft, or change one; faults are kept too, and only keep it from being submitted.

    A change of the content takes approvals away; a comment or another order of keys does not.

    Raises:
        DealUnreadableError: The text is no deal that can be read.
        DealStateError: The deal is no draft any more.
        DealChangedError: Somebody else changed it meanwhile.
    """
    deal, by = deal_in(request.file.text, name=request.file.name), context.principal.id
    if not request.deal:
        row = new_deal(context.session, deal, request.file.text, source="written", by=by, now=context.now)
        row.owner, row.crm_id = request.owner or context.principal.display, request.crm_id
        return Outcome(result=saved(row), entry=entry_about(SAVED, row))
    row = load_deal(context.session, request.deal, for_change=True)
    if row.state != DealState.DRAFT.value:
        message = f"{row.name!r} is {row.state.replace('_', ' ')} and no draft any more."
        raise DealStateError(message, remedy="Withdraw it or mark it as lost, and take it up again; or copy it.")
    if request.expected_digest and request.expected_digest != row.digest:
        message = f"{row.name!r} was changed by somebody else at {row.changed_at:%d %b %Y %H:%M} UTC."
        raise DealChangedError(message)
    return _changed(context, row, deal, request)


def _changed(context: CommandContext, row: DealRow, deal: Deal, request: SaveDeal) -> Outcome[SavedDeal]:
    row.owner, row.crm_id = request.owner or row.owner, request.crm_id or row.crm_id
    before = row.digest
    if request.file.text == row.document:
        return Outcome(result=saved(row), entry=None)
    write_text(row, deal, request.file.text, by=context.principal.id, now=context.now)
    keep_version(context.session, row, why=request.why)
    if before == row.digest:
        return Outcome(result=saved(row), entry=entry_about(CHANGED, row, voided="Its content is the same.", why=""))
    number = void_approvals(context.session, row, now=context.now)
    voided = "No approval was given before." if not number else f"Approvals taken away: {number}."
    return Outcome(result=saved(row), entry=entry_about(CHANGED, row, voided=voided, why=request.why, before=before))


class AssignDeal(OperationInput):
    """Whose deal it is."""

    deal: str = DealName
    owner: str = Field(max_length=200, description="Whose deal it is.")
    crm_id: str = Field("", max_length=120, description="Id of the CRM opportunity.")


@command(
    "deals.assign_deal",
    groups=("deals.change",),
    evidence=(ASSIGNED,),
    http="POST /deals/{deal}/assign",
    cli="deals assign DEAL OWNER",
)
def assign_deal(context: CommandContext, request: AssignDeal) -> Outcome[SavedDeal]:
    """Say whose deal it is and which CRM opportunity it belongs to; possible in every state."""
    row = load_deal(context.session, request.deal, for_change=True)
    if (row.owner, row.crm_id) == (request.owner, request.crm_id):
        return Outcome(result=saved(row), entry=None)
    row.owner, row.crm_id = request.owner, request.crm_id
    entry = entry_about(ASSIGNED, row, owner=row.owner or "nobody", crm_id=row.crm_id or "none")
    return Outcome(result=saved(row), entry=entry)


class ReopenDeal(OperationInput):
    """Which deal."""

    deal: str = DealName


@command(
    "deals.reopen_deal",
    groups=("deals.change",),
    evidence=(REOPENED,),
    http="POST /deals/{deal}/reopen",
    cli="deals reopen DEAL",
)
def reopen_deal(context: CommandContext, request: ReopenDeal) -> Outcome[SavedDeal]:
    """Take a withdrawn or lost deal up again, as a draft that becomes a new private offer."""
    row = load_deal(context.session, request.deal, for_change=True)
    row.state = step_or_refuse(DealState(row.state), Step.REOPENED, row.name).value
    row.state_since_at, row.closed_why, row.lost_to = context.now, None, None
    row.private_offer_id, row.submission, row.accept_links, row.differences = None, {}, [], []
    return Outcome(result=saved(row), entry=entry_about(REOPENED, row))


class CopyDeal(OperationInput):
    """Which deal, and what the copy is for."""

    deal: str = DealName
    name: str = Field("", max_length=128, description="The copy's name; the old one with a number if empty.")
    as_upgrade: bool = Field(False, description="Whether it follows the accepted deal, from the day after its end.")


@command(
    "deals.copy_deal",
    groups=("deals.change",),
    evidence=(SAVED,),
    http="POST /deals/{deal}/copy",
    cli="deals copy DEAL",
)
def copy_deal(context: CommandContext, request: CopyDeal) -> Outcome[SavedDeal]:
    """Copy a deal as a new draft: an alternative to set beside it, or the upgrade that follows an accepted one.

    An upgrade names the private offer that it replaces and starts the day after its last day; its prices, terms and
    renewal attestation are to be looked at before it is submitted.

    Raises:
        DealStateError: An upgrade of a deal that was never accepted, or whose private offer is not known.
    """
    row = load_deal(context.session, request.deal)
    deal = deal_of(row)
    if request.as_upgrade:
        deal = _upgrade(row, deal)
    deal = replace(
        deal, name=request.name or f"{deal.name[:100]} ({'upgrade' if request.as_upgrade else 'alternative'})"
    )
    made = new_deal(context.session, deal, write_deal(deal), source="copied", by=context.principal.id, now=context.now)
    made.owner, made.crm_id = row.owner, row.crm_id
    return Outcome(result=saved(made), entry=_copied(made, row))


def _copied(made: DealRow, row: DealRow) -> EvidenceDraft:
    return entry_about(SAVED, made, copied_from=row.deal_id)


def _upgrade(row: DealRow, deal: Deal) -> Deal:
    if row.state not in {DealState.ACCEPTED.value, DealState.BOUGHT.value} or not row.private_offer_id:
        message = f"{row.name!r} was never accepted at Microsoft, so nothing can follow it as an upgrade."
        raise DealStateError(message, remedy="Copy it as an alternative.")
    return upgrade_of(deal, row.private_offer_id)


OPERATIONS = (save_deal, assign_deal, reopen_deal, copy_deal)
