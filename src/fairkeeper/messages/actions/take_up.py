"""Takes up what a room wished to tell: finds the people, plans when each copy leaves, and when it is followed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field
from sqlalchemy import select

from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.action.telling import Urgency
from fairkeeper.messages.evidence_kinds import ESCALATED, SETTLED, TOLD
from fairkeeper.messages.ports import Mailer, TeamsChannel
from fairkeeper.messages.quiet import MessageRule, digest_leaves_at, leaves_at
from fairkeeper.messages.store import TEAMS, load_rule, people_of, reader_of
from fairkeeper.messages.tables import CopyRow, MessageRow
from fairkeeper.values.ids import CustomerId, PersonId, new_id

DELIVER = "messages.deliver"
ESCALATE = "messages.escalate"


class CopyState:
    """Where a copy is: words of a column."""

    WAITING = "waiting"
    LEAVING = "leaving"
    """Being handed over now; found so by a later attempt, it is in doubt."""
    LEFT = "left"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    KEPT = "kept"
    """It stays in the console: nobody can be written to, or its cause is gone."""


class TakeUp(OperationInput):
    """What shall be told; see `fairkeeper.action.telling.Telling`."""

    code: str = Field(max_length=80, description="The template.")
    key: str = Field(max_length=160, description="What makes it one thing.")
    to: str = Field(max_length=40, description="A role, or a person's id.")
    urgency: Urgency = Field(description="How soon.")
    values: dict[str, str] = Field(description="What the template's fields stand for.")
    href: str = Field("/", max_length=500, description="The console's page about it.")
    due_at: AwareDatetime | None = Field(None, description="The deadline.")
    about_customer_id: CustomerId | None = Field(None, description="Whom it is about.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUp:
    """The message, and how many copies leave."""

    message_id: str
    copies: int


@internal_command("messages.take_up", evidence=(TOLD,))
def take_up(context: CommandContext, request: TakeUp) -> Outcome[TakenUp]:
    """Take up a wish to tell somebody; the same template and key again changes nothing."""
    known = _known(context, request.code, request.key)
    if known is not None:
        return Outcome(result=TakenUp(message_id=known.message_id, copies=0), entry=None)
    row = MessageRow(
        message_id=new_id("msg"),
        customer_id=reader_of(request.to, request.about_customer_id),
        **request.model_dump(exclude={"urgency"}),
        urgency=request.urgency.value,
        told_at=context.now,
    )
    copies = _send_out(context, row)
    entry = EvidenceDraft(
        kind=TOLD.name,
        subject_type="message",
        subject_id=row.message_id,
        customer_id=row.customer_id,
        payload={"code": row.code, "to": row.to, "people": copies, "urgency": row.urgency},
    )
    return Outcome(result=TakenUp(message_id=row.message_id, copies=copies), entry=entry)


class SettleMessage(OperationInput):
    """Whose cause is gone."""

    code: str = Field(max_length=80, description="The template.")
    key: str = Field(max_length=160, description="What makes it one thing.")
    why: str = Field(max_length=500, description="What happened.")


@internal_command("messages.settle", evidence=(SETTLED,))
def settle_message(context: CommandContext, request: SettleMessage) -> Outcome[int]:
    """Keep back what has not left because its cause is gone; return how many copies that were."""
    kept = 0
    codes: list[str] = []
    for key in (request.key, _escalation_key(request.key)):
        row = _known(context, request.code, key)
        if row is None or row.settled_at is not None:
            continue
        row.settled_at, row.settled_why = context.now, request.why
        codes.append(row.message_id)
        for copy in context.session.scalars(select(CopyRow).where(CopyRow.message_id == row.message_id)):
            if copy.state == CopyState.WAITING:
                copy.state, copy.problem = CopyState.KEPT, request.why
                kept += 1
    if not codes:
        return Outcome(result=0, entry=None)
    entry = EvidenceDraft(
        kind=SETTLED.name,
        subject_type="message",
        subject_id=codes[0],
        payload={"code": request.code, "kept_back": kept},
    )
    return Outcome(result=kept, entry=entry)


class EscalateMessage(OperationInput):
    """Which message may have been read by nobody."""

    message_id: str = Field(max_length=40, description="The message's id.")


@internal_command("messages.escalate", evidence=(ESCALATED,))
def escalate_message(context: CommandContext, request: EscalateMessage) -> Outcome[bool]:
    """Tell somebody else of a message that nobody has read; once, and not when its cause is gone."""
    row = context.session.get(MessageRow, request.message_id, with_for_update=True)
    if row is None or row.settled_at is not None or row.escalated_at is not None or row.escalates is not None:
        return Outcome(result=False, entry=None)
    copies = context.session.scalars(select(CopyRow).where(CopyRow.message_id == row.message_id)).all()
    if any(copy.read_at is not None for copy in copies):
        return Outcome(result=False, entry=None)
    rule = load_rule(context.session)
    row.escalated_at = context.now
    to = rule.escalate_to if row.customer_id is None else "customer_admin"
    follow_up = MessageRow(
        message_id=new_id("msg"),
        customer_id=row.customer_id,
        code=row.code,
        key=_escalation_key(row.key),
        to=to,
        urgency=Urgency.URGENT.value,
        values=row.values,
        href=row.href,
        due_at=row.due_at,
        about_customer_id=row.about_customer_id,
        told_at=context.now,
        escalates=row.message_id,
    )
    _send_out(context, follow_up)
    entry = EvidenceDraft(
        kind=ESCALATED.name,
        subject_type="message",
        subject_id=row.message_id,
        customer_id=row.customer_id,
        payload={"code": row.code, "to": to, "told_as": follow_up.message_id},
    )
    return Outcome(result=True, entry=entry)


def _known(context: CommandContext, code: str, key: str) -> MessageRow | None:
    return context.session.scalars(
        select(MessageRow).where(MessageRow.code == code, MessageRow.key == key).with_for_update()
    ).first()


def _escalation_key(key: str) -> str:
    return f"{key}:unread"


def _send_out(context: CommandContext, row: MessageRow) -> int:
    """Write a message and its copies, and plant what sends and follows them up; return how many leave."""
    rule = load_rule(context.session)
    leaving_at = _leaving_at(row, rule, context.now)
    context.session.add(row)
    context.session.flush()
    people = people_of(context.session, row.to, row.customer_id)
    has_mail = context.ports.of(Mailer).is_configured
    copies = [_copy(row, person, leaving_at, has_mail=has_mail) for person in people]
    if row.customer_id is None and context.ports.of(TeamsChannel).is_configured:
        copies.append(_copy(row, None, leaving_at, has_mail=has_mail))
    context.session.add_all(copies)
    context.session.flush()
    leaving = [copy for copy in copies if copy.state == CopyState.WAITING]
    for copy in leaving:
        _plant(context, row, copy)
    if row.escalates is None:
        hours = rule.escalate_after_hours if row.urgency == Urgency.URGENT else rule.escalate_digest_after_hours
        follow_at = leaving_at + timedelta(hours=hours)
        if row.due_at is not None and row.urgency == Urgency.URGENT and context.now < row.due_at < follow_at:
            # There is no use in following up after the deadline: half of what is left is given to the first reader.
            follow_at = leaving_at + max(row.due_at - leaving_at, timedelta()) / 2
        context.enqueue(
            ESCALATE, row.message_id, {"message_id": row.message_id}, due_at=follow_at, customer_id=row.customer_id
        )
    return len(leaving)


def _leaving_at(row: MessageRow, rule: MessageRule, now: datetime) -> datetime:
    if row.urgency == Urgency.URGENT:
        return leaves_at(now, rule, due_at=row.due_at)
    return digest_leaves_at(now, rule)


def _copy(row: MessageRow, person: PersonRow | None, leaving_at: datetime, *, has_mail: bool) -> CopyRow:
    problem = None
    if person is not None and not has_mail:
        problem = "No mail server is set."
    elif person is not None and not person.email:
        problem = "No e-mail address is known."
    return CopyRow(
        message_id=row.message_id,
        customer_id=row.customer_id,
        person_id=TEAMS if person is None else PersonId(person.id),
        state=CopyState.KEPT if problem else CopyState.WAITING,
        leaves_at=leaving_at,
        problem=problem,
    )


def _plant(context: CommandContext, row: MessageRow, copy: CopyRow) -> None:
    """Plant the hand-over: of one urgent copy by itself, of one digest for each reader and hour."""
    is_urgent = row.urgency == Urgency.URGENT
    key = f"copy:{copy.id}" if is_urgent else f"digest:{copy.person_id}:{copy.leaves_at.isoformat()}"
    payload = {"copy_id": copy.id if is_urgent else None, "person_id": copy.person_id}
    context.enqueue(DELIVER, key, payload, due_at=copy.leaves_at, customer_id=row.customer_id)
