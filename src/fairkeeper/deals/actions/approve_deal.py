"""Approvals: the publisher's rules for them, and a person's yes to one reason and one content."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, field_validator

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    query,
)
from fairkeeper.deals.book.approvals import Reason, approvals_needed
from fairkeeper.deals.book.evidence_kinds import APPROVED, RULES_SET
from fairkeeper.deals.book.store import RULES_ID, approvals_of, deal_of, entry_about, load_deal, load_rules
from fairkeeper.deals.book.tables import ApprovalRow, ApprovalRuleRow
from fairkeeper.deals.errors import DealChangedError, DealsError, OwnApprovalError
from fairkeeper.deals.prices.percentage import Percentage, PercentageRefusedError


class ApproveDeal(OperationInput):
    """What is approved."""

    deal: str = Field(max_length=80, description="The deal's id or readable address.")
    reason: Reason = Field(description="What is approved of it.")
    digest: str = Field(
        "", max_length=64, description="The content that was looked at; refused if it is another by now."
    )
    note: str = Field(min_length=3, max_length=500, description="Why it is fine; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedDeal:
    """What was approved, and what is still missing."""

    deal_id: str
    reason: Reason
    digest: str
    missing: tuple[Reason, ...]


@command(
    "deals.approve_deal",
    groups=("deals.approve",),
    evidence=(APPROVED,),
    http="POST /deals/{deal}/approve",
    cli="deals approve DEAL REASON",
)
def approve_deal(context: CommandContext, request: ApproveDeal) -> Outcome[ApprovedDeal]:
    """Approve one reason of a deal's present content; any change of the content takes it away.

    Raises:
        OwnApprovalError: Whoever asks changed the deal last, and the rules do not allow that.
        DealChangedError: The content is another than was looked at.
        DealsError: `deals.approval_not_needed`, the deal needs no approval for this reason.
    """
    row = load_deal(context.session, request.deal, for_change=True)
    rules = load_rules(context.session)
    if request.digest and request.digest != row.digest:
        message = f"{row.name!r} was changed at {row.changed_at:%d %b %Y %H:%M} UTC, after you looked at it."
        raise DealChangedError(message)
    needed = {each.reason: each for each in approvals_needed(deal_of(row), rules)}
    if request.reason not in needed:
        message = f"{row.name!r} needs no approval for its {request.reason.value.replace('_', ' ')}."
        raise DealsError(message, code="deals.approval_not_needed", remedy="Its page says what it needs.")
    if row.changed_by == context.principal.id and not rules.may_approve_own:
        message = f"You changed {row.name!r} last."
        raise OwnApprovalError(message)
    given = {each.reason: each for each in approvals_of(context.session, row)}
    missing = tuple(reason for reason in needed if reason.value not in given and reason is not request.reason)
    result = ApprovedDeal(deal_id=row.deal_id, reason=request.reason, digest=row.digest, missing=missing)
    known = given.get(request.reason.value)
    if known is not None and known.voided_at is None:
        return Outcome(result=result, entry=None)
    if known is None:
        known = ApprovalRow(deal_id=row.deal_id, digest=row.digest, reason=request.reason.value)
        context.session.add(known)
    known.approved_by, known.approved_at, known.note = context.principal.id, context.now, request.note
    known.voided_at = None
    why = needed[request.reason].sentence
    entry = entry_about(APPROVED, row, reason=request.reason.value, note=request.note, why=why)
    return Outcome(result=result, entry=entry)


class SetApprovalRules(OperationInput):
    """When a deal has to be approved; what is left out asks for nothing."""

    discount_above: str | None = Field(None, max_length=20, description="Percent off that needs no approval.")
    standard_terms: tuple[str, ...] = Field((), max_length=100, description="File names of the standard documents.")
    term_above_months: int | None = Field(None, ge=1, le=600, description="Longest term that needs no approval.")
    usd_above: int | None = Field(None, ge=0, le=100_000_000, description="Worth in USD that needs no approval.")
    may_approve_own: bool = Field(False, description="Whether whoever changed a deal last may approve it.")

    @field_validator("discount_above")
    @classmethod
    def _a_percentage(cls, value: str | None) -> str | None:
        if value is None or not value:
            return None
        try:
            return str(Percentage.parse(value))
        except PercentageRefusedError as error:
            raise ValueError(error.message) from error


@command(
    "deals.set_approval_rules",
    groups=("deals.approve",),
    evidence=(RULES_SET,),
    http="PUT /deal-rules",
    cli="deals set-rules",
)
def set_approval_rules(context: CommandContext, request: SetApprovalRules) -> Outcome[SetApprovalRules]:
    """Set the rules by which deals have to be approved before they are submitted; they hold from now on."""
    kept = request.model_dump(mode="json")
    row = context.session.get(ApprovalRuleRow, RULES_ID, with_for_update=True)
    if row is not None and row.rules == kept:
        return Outcome(result=request, entry=None)
    if row is None:
        context.session.add(ApprovalRuleRow(id=RULES_ID, rules=kept, changed_at=context.now))
    else:
        row.rules, row.changed_at = kept, context.now
    entry = EvidenceDraft(kind=RULES_SET.name, subject_type="deal_rules", subject_id="publisher", payload=kept)
    return Outcome(result=request, entry=entry)


class ShowApprovalRules(OperationInput):
    """Nothing to say."""


@query("deals.show_approval_rules", groups=("deals.read",), http="GET /deal-rules", cli="deals rules")
def show_approval_rules(context: QueryContext, _request: ShowApprovalRules) -> SetApprovalRules:
    """Show by which rules deals have to be approved."""
    row = context.session.get(ApprovalRuleRow, RULES_ID)
    return SetApprovalRules() if row is None else SetApprovalRules.model_validate(row.rules)


OPERATIONS = (approve_deal, set_approval_rules, show_approval_rules)
