"""A person answers a question: approve or refuse, once, having seen exactly what will happen.

The answer is about the digest that the question was asked with; whether that still holds is decided again when the
agent comes back with it. What cannot be undone needs the tool's name typed; whoever approves one after the other
without pause has to say why; whoever is acted for cannot approve where duties are separated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import CommandContext, EvidenceDraft, EvidenceKind, OperationInput, Outcome, command
from fairkeeper.action.telling import settle
from fairkeeper.governance.approvals.errors import (
    ApprovalNotFoundError,
    ApprovalNotYoursError,
    ApprovalSettledError,
    ApprovalUnreadError,
)
from fairkeeper.governance.approvals.evidence_kinds import APPROVAL_CANCELLED, APPROVAL_GIVEN, APPROVAL_REFUSED
from fairkeeper.governance.approvals.rules import FAST_SPAN, is_too_fast
from fairkeeper.governance.approvals.tables import ApprovalAnswerRow, ApprovalRow
from fairkeeper.governance.approvals.wording import APPROVAL_WAITS
from fairkeeper.policy.decision.facts import Effect
from fairkeeper.policy.decision.response import Reversibility
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id


class AnswerVerdict(StrEnum):
    """What a person answers."""

    APPROVE = "approve"
    REFUSE = "refuse"


class AnswerApproval(OperationInput):
    """Which question, and the answer."""

    approval_id: str = Field(max_length=40, description="The id of the question.")
    verdict: AnswerVerdict = Field(description="approve or refuse.")
    reason: str = Field("", max_length=500, description="Why; needed to refuse, and after many approvals in a row.")
    binding_digest: str = Field("", max_length=64, description="The digest of what was read; checked if given.")
    typed_word: str = Field("", max_length=120, description="The tool's name, typed, where the call cannot be undone.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAnswered:
    """Where the question stands now.

    Attributes:
        missing: How many more people have to approve.
    """

    approval_id: str
    state: str
    missing: int


@command(
    "governance.answer_approval",
    groups=("governance.approve",),
    evidence=(APPROVAL_GIVEN, APPROVAL_REFUSED),
    http="POST /approvals/{approval_id}/answers",
    cli="governance answer APPROVAL_ID VERDICT",
)
def answer_approval(context: CommandContext, request: AnswerApproval) -> Outcome[ApprovalAnswered]:
    """Approve or refuse one call; the agent may then make exactly this call once, until the question's end.

    Raises:
        ApprovalNotFoundError, ApprovalSettledError, ApprovalNotYoursError: It is not this person's to answer, now.
        ApprovalUnreadError: The tool's name is not typed, the digest is another, or a reason is missing.
    """
    row = load_approval(context, request.approval_id)
    _refuse_settled(row, context)
    _refuse_others(row, context)
    _refuse_unread(row, context, request)
    missing = take_answer(context, row, request.verdict, reason=request.reason)
    result = ApprovalAnswered(approval_id=row.approval_id, state=row.state, missing=missing)
    kind = APPROVAL_GIVEN if request.verdict is AnswerVerdict.APPROVE else APPROVAL_REFUSED
    return Outcome(result=result, entry=_entry(kind, row, reason=request.reason))


def take_answer(context: CommandContext, row: ApprovalRow, verdict: AnswerVerdict, *, reason: str) -> int:
    """Keep a person's answer to an open question, and settle it unless more people have to approve.

    Args:
        context: Whose transaction it is, and who answers.
        row: The question, locked (`load_approval`).
        verdict: The answer.
        reason: Why.

    Returns:
        How many more people have to approve.
    """
    approves = verdict is AnswerVerdict.APPROVE
    context.session.add(
        ApprovalAnswerRow(
            answer_id=new_id("ans"),
            approval_id=row.approval_id,
            customer_id=row.customer_id,
            person_id=context.principal.id,
            verdict=verdict.value,
            reason=reason,
            answered_at=context.now,
        )
    )
    context.session.flush()
    missing = max(0, row.approvers_needed - _approvals_of(context, row)) if approves else 0
    if not approves or not missing:
        row.state = "approved" if approves else "denied"
        row.settled_at = context.now
        settle(
            context,
            APPROVAL_WAITS,
            row.approval_id,
            why=f"It was {'approved' if approves else 'refused'}.",
            about_customer_id=row.customer_id,
        )
    return missing


def load_approval(context: CommandContext, approval_id: str) -> ApprovalRow:
    """Return a question, locked, or raise `ApprovalNotFoundError`."""
    statement = select(ApprovalRow).where(ApprovalRow.approval_id == approval_id).with_for_update()
    row = context.session.scalars(statement).first()
    if row is None:
        raise ApprovalNotFoundError(f"There is no question {approval_id!r} here.")
    return row


def _refuse_settled(row: ApprovalRow, context: CommandContext) -> None:
    if row.state != "pending":
        raise ApprovalSettledError(f"It was {row.state} already.")
    if context.now >= row.ends_at:
        raise ApprovalSettledError(f"It ended {format_instant(row.ends_at)}.")


def _refuse_others(row: ApprovalRow, context: CommandContext) -> None:
    principal = context.principal
    if row.is_publishers != (principal.customer_id is None):
        whose = "the publisher's" if row.is_publishers else "the customer's own"
        raise ApprovalNotYoursError(f"It is for {whose} people to answer.")
    if row.separates_duties and row.person_id is not None and is_same_person(context, row.person_id):
        raise ApprovalNotYoursError("The agent acts for you, and this tool needs somebody else's approval.")
    answered = select(ApprovalAnswerRow.answer_id).where(
        ApprovalAnswerRow.approval_id == row.approval_id, ApprovalAnswerRow.person_id == principal.id
    )
    if context.session.scalars(answered).first() is not None:
        raise ApprovalNotYoursError("You have answered it; another person has to approve, too.")


def is_same_person(context: CommandContext, person_id: str) -> bool:
    """Say whether whoever asks is the person that an agent's caller named: by our id, the directory's, or the mail."""
    own = context.session.get(PersonRow, context.principal.id)
    known = {context.principal.id.lower()}
    if own is not None:
        known |= {own.object_id.lower(), (own.email or "").lower()} - {""}
    return person_id.lower() in known


def _refuse_unread(row: ApprovalRow, context: CommandContext, request: AnswerApproval) -> None:
    if request.binding_digest and request.binding_digest != row.binding_digest:
        raise ApprovalUnreadError("What you read is not what is asked here.", remedy="Open the question again.")
    if request.verdict is AnswerVerdict.REFUSE:
        if not request.reason:
            raise ApprovalUnreadError(
                "A refusal says why.", remedy="Say why in a few words; the agent's owner reads it."
            )
        return
    if is_irreversible(row) and request.typed_word.strip() != row.tool_name:
        raise ApprovalUnreadError(f"This cannot be undone: type {row.tool_name} to approve it.")
    since = context.now - FAST_SPAN
    approved_at = context.session.scalars(
        select(ApprovalAnswerRow.answered_at).where(
            ApprovalAnswerRow.person_id == context.principal.id,
            ApprovalAnswerRow.verdict == AnswerVerdict.APPROVE.value,
            ApprovalAnswerRow.answered_at > since,
        )
    ).all()
    if is_too_fast(approved_at, context.now, request.reason):
        raise ApprovalUnreadError(f"You have approved {len(approved_at)} calls within ten minutes.")


def is_irreversible(row: ApprovalRow) -> bool:
    """Say whether what is asked for cannot be undone."""
    return Effect.IRREVERSIBLE.value == row.effect or Reversibility.IRREVERSIBLE.value == row.reversibility


def _approvals_of(context: CommandContext, row: ApprovalRow) -> int:
    statement = select(ApprovalAnswerRow.answer_id).where(
        ApprovalAnswerRow.approval_id == row.approval_id,
        ApprovalAnswerRow.verdict == AnswerVerdict.APPROVE.value,
    )
    return len(context.session.scalars(statement).all())


class CancelApproval(OperationInput):
    """Which question is taken back, and why."""

    approval_id: str = Field(max_length=40, description="The id of the question.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@command(
    "governance.cancel_approval",
    groups=("governance.approve",),
    evidence=(APPROVAL_CANCELLED,),
    http="POST /approvals/{approval_id}/cancel",
    cli="governance cancel-approval APPROVAL_ID",
)
def cancel_approval(context: CommandContext, request: CancelApproval) -> Outcome[ApprovalAnswered]:
    """Take a question back, or an approval that was given and not used yet; the agent has to ask again.

    Raises:
        ApprovalNotFoundError, ApprovalSettledError, ApprovalNotYoursError: There is nothing to take back here.
    """
    row = load_approval(context, request.approval_id)
    if row.state not in ("pending", "approved"):
        raise ApprovalSettledError(f"It was {row.state} already.")
    if row.is_publishers and context.principal.customer_id is not None:
        raise ApprovalNotYoursError("It is for the publisher's people to take back.")
    row.state, row.settled_at = "cancelled", context.now
    settle(context, APPROVAL_WAITS, row.approval_id, why="It was taken back.", about_customer_id=row.customer_id)
    result = ApprovalAnswered(approval_id=row.approval_id, state=row.state, missing=0)
    return Outcome(result=result, entry=_entry(APPROVAL_CANCELLED, row, reason=request.reason))


def _entry(kind: EvidenceKind, row: ApprovalRow, *, reason: str) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind.name,
        subject_type="approval",
        subject_id=row.approval_id,
        customer_id=row.customer_id,
        payload={
            "agent": row.agent_id,
            "tool": row.tool_name,
            "decision": row.decision_id,
            "binding": row.binding_digest,
            "bundle": row.bundle_digest,
            "state": row.state,
            "reason": reason,
            "for_person": row.person_id,
        },
    )
