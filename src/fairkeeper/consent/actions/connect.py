"""What somebody does on the connect page without signing in: open it, decline with a reason, ask a question.

Whoever holds the address is nobody in particular, so that all of it runs as Fairkeeper itself, for one page's link.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.consent.actions.ask import HandedOver, hand_over_grants
from fairkeeper.consent.errors import ConnectLinkRefusedError, GrantNotFoundError
from fairkeeper.consent.evidence_kinds import DECLINED, HANDED_OVER, QUESTION_ANSWERED, QUESTION_ASKED
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantEvent, GrantState, LinkState, can_move_grant
from fairkeeper.consent.store import load_link, present_grants, step_grant, wanted_of_row, what_of
from fairkeeper.consent.tables import ConnectRow, LinkRow, QuestionRow
from fairkeeper.errors import NotFoundError


class OnPage(OperationInput):
    """Which page, by the digest of its address."""

    page: str = Field(min_length=64, max_length=64, description="SHA-256 of the page's token, in hexadecimal.")


def load_page(context: CommandContext, digest: str) -> tuple[ConnectRow, LinkRow]:
    """Return a page that is good now, with its link locked.

    Raises:
        ConnectLinkRefusedError: There is none of this address, it ended, or it was withdrawn.
    """
    page = context.session.scalars(
        select(ConnectRow).where(ConnectRow.token_digest == bytes.fromhex(digest)).with_for_update()
    ).first()
    if page is None or page.revoked_at is not None or page.expires_at <= context.now:
        raise ConnectLinkRefusedError("There is no such page, or it is not good any more.")
    link = load_link(context.session, page.customer_id, for_change=True)
    if link.link_id != page.link_id or LinkState(link.state) in ENDED_LINKS:
        raise ConnectLinkRefusedError("The link that this page belongs to has ended.")
    return page, link


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How often the page has been opened."""

    opened: int


@internal_command("consent.open_page", evidence=())
def open_page(context: CommandContext, request: OnPage) -> Outcome[Opened]:
    """Count that a page was opened; the funnel is made of it, and nobody is named."""
    page, _ = load_page(context, request.page)
    page.opened += 1
    page.opened_at = page.opened_at or context.now
    return Outcome(result=Opened(opened=page.opened), entry=None)


class DeclineOnPage(OnPage):
    """What is declined, and why."""

    grant_id: str = Field(max_length=40, description="The grant.")
    reason: str = Field(min_length=3, max_length=1_000, description="Why; told to the publisher.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Whether anything was declined by this."""

    has_changed: bool


@internal_command("consent.decline_on_page", evidence=(DECLINED,))
def decline_on_page(context: CommandContext, request: DeclineOnPage) -> Outcome[Declined]:
    """Decline a request with a reason; what was granted before is left alone."""
    _, link = load_page(context, request.page)
    row = next(
        (each for each in present_grants(context.session, link, for_change=True) if each.grant_id == request.grant_id),
        None,
    )
    if row is None:
        msg = f"Nothing of the id {request.grant_id!r} is asked for on this page."
        raise GrantNotFoundError(msg)
    if not can_move_grant(GrantState(row.state), GrantEvent.DECLINE):
        return Outcome(result=Declined(has_changed=False), entry=None)
    step_grant(row, GrantEvent.DECLINE, now=context.now, note=request.reason)
    entry = EvidenceDraft(
        kind=DECLINED.name,
        subject_type="grant",
        subject_id=row.grant_id,
        customer_id=link.customer_id,
        payload={"what": what_of(row, wanted_of_row(link)), "reason": request.reason, "grant_id": row.grant_id},
    )
    return Outcome(result=Declined(has_changed=True), entry=entry)


@internal_command("consent.hand_over_on_page", evidence=(HANDED_OVER,))
def hand_over_on_page(context: CommandContext, request: OnPage) -> Outcome[HandedOver]:
    """Note that whoever read the page passed it to the administrator."""
    _, link = load_page(context, request.page)
    return hand_over_grants(context, link)


class AskOnPage(OnPage):
    """What is asked."""

    text: str = Field(min_length=3, max_length=4_000, description="The question.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Number of a question."""

    question_id: int


@internal_command("consent.ask_on_page", evidence=(QUESTION_ASKED,))
def ask_on_page(context: CommandContext, request: AskOnPage) -> Outcome[Question]:
    """Keep a question of somebody of the customer for the publisher's people."""
    _, link = load_page(context, request.page)
    row = QuestionRow(customer_id=link.customer_id, link_id=link.link_id, text=request.text, asked_at=context.now)
    context.session.add(row)
    context.session.flush()
    entry = EvidenceDraft(
        kind=QUESTION_ASKED.name,
        subject_type="tenant_link",
        subject_id=link.link_id,
        customer_id=link.customer_id,
        payload={"question_id": row.id, "text": request.text},
    )
    return Outcome(result=Question(question_id=row.id), entry=entry)


class AnswerQuestion(OperationInput):
    """Which question, and the answer."""

    question_id: int = Field(ge=1, description="The question's number.")
    answer: str = Field(min_length=3, max_length=4_000, description="Shown on the customer's page.")


@command(
    "consent.answer_question",
    groups=("consent.change",),
    evidence=(QUESTION_ANSWERED,),
    http="POST /consent/questions/{question_id}/answer",
    cli="consent answer QUESTION_ID",
)
def answer_question(context: CommandContext, request: AnswerQuestion) -> Outcome[Question]:
    """Answer a question that was asked on a connect page; it stands there from then on. Again replaces the answer."""
    row = context.session.get(QuestionRow, request.question_id, with_for_update=True)
    if row is None:
        msg = f"There is no question {request.question_id} here."
        raise NotFoundError(msg, code="consent.question_not_found")
    row.answer, row.answered_at = request.answer, context.now
    entry = EvidenceDraft(
        kind=QUESTION_ANSWERED.name,
        subject_type="tenant_link",
        subject_id=row.link_id,
        customer_id=row.customer_id,
        payload={"question_id": row.id, "answer": request.answer},
    )
    return Outcome(result=Question(question_id=row.id), entry=entry)


OPERATIONS: tuple[Operation, ...] = (
    open_page,
    decline_on_page,
    hand_over_on_page,
    ask_on_page,
    answer_question,
)
