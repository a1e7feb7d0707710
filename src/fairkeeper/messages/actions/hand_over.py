"""Hands copies over: marked as leaving before anything leaves, and afterwards what became of them.

A hand-over that was begun and never finished (a killed server, a broken connection) is in doubt and never repeated, so
that nobody gets a message twice; whoever does not read it is followed up as for any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.people import PersonState
from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.action.telling import Urgency
from fairkeeper.messages.actions.take_up import CopyState
from fairkeeper.messages.evidence_kinds import HANDED_OVER, NOT_HANDED_OVER
from fairkeeper.messages.store import TEAMS
from fairkeeper.messages.tables import CopyRow, MessageRow
from fairkeeper.values.ids import CustomerId, PersonId, new_id

MOST_IN_A_DIGEST = 50
"""The rest waits in the console; the digest says what is oldest."""


class BeginDelivery(OperationInput):
    """What is handed over: one copy, or whatever waits for a reader's digest."""

    copy_id: int | None = Field(None, description="One urgent copy.")
    person_id: PersonId = Field(max_length=40, description="The reader.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What may leave now.

    Attributes:
        delivery_id: Its id, under which the result is recorded; empty where nothing leaves.
        message_ids: The messages, oldest first.
    """

    delivery_id: str
    person_id: str
    to_address: str
    to_name: str
    message_ids: tuple[str, ...]


_NOTHING = Begun(delivery_id="", person_id="", to_address="", to_name="", message_ids=())


@internal_command("messages.begin_delivery", evidence=(NOT_HANDED_OVER,))
def begin_delivery(context: CommandContext, request: BeginDelivery) -> Outcome[Begun]:
    """Mark copies as leaving, before they do; what an earlier attempt left so is in doubt and stays where it is."""
    copies = _waiting(context, request)
    begun_before = [copy for copy, _ in copies if copy.state == CopyState.LEAVING]
    for copy in begun_before:
        copy.state = CopyState.IN_DOUBT
        copy.problem = "The server ended while it was handed over; it may have left, and is not sent again."
    leaving = [
        (copy, message) for copy, message in copies if copy.state == CopyState.WAITING and message.settled_at is None
    ][:MOST_IN_A_DIGEST]
    entry = None
    if begun_before:
        entry = _entry(NOT_HANDED_OVER, begun_before, begun_before[0].delivery_id or "-", problem="in doubt")
    address, name = _reader(context, request.person_id)
    if leaving and address is None:
        for copy, _ in leaving:
            copy.state, copy.problem = CopyState.KEPT, "The person may no longer sign in, or has no e-mail address."
    if not leaving or address is None:
        return Outcome(result=_NOTHING, entry=entry)
    delivery_id = new_id("dlv")
    for copy, _ in leaving:
        copy.state, copy.delivery_id = CopyState.LEAVING, delivery_id
    result = Begun(
        delivery_id=delivery_id,
        person_id=request.person_id,
        to_address=address,
        to_name=name,
        message_ids=tuple(message.message_id for _, message in leaving),
    )
    return Outcome(result=result, entry=entry)


class DeliveryResult(StrEnum):
    """What became of a hand-over."""

    LEFT = "left"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    WAITING = "waiting"
    """Nothing has left, and it is tried again."""


class RecordDelivery(OperationInput):
    """What became of a hand-over."""

    delivery_id: str = Field(max_length=40, description="Its id.")
    result: DeliveryResult = Field(description="How it ended.")
    problem: str = Field("", max_length=500, description="What went wrong.")


@internal_command("messages.record_delivery", evidence=(HANDED_OVER, NOT_HANDED_OVER))
def record_delivery(context: CommandContext, request: RecordDelivery) -> Outcome[int]:
    """Record what became of a hand-over; return of how many copies."""
    copies = context.session.scalars(
        select(CopyRow)
        .where(CopyRow.delivery_id == request.delivery_id, CopyRow.state == CopyState.LEAVING)
        .order_by(CopyRow.id)
        .with_for_update()
    ).all()
    for copy in copies:
        copy.state, copy.problem = request.result.value, request.problem or None
        if request.result is DeliveryResult.LEFT:
            copy.left_at = context.now
    if not copies or request.result is DeliveryResult.WAITING:
        return Outcome(result=len(copies), entry=None)
    kind = HANDED_OVER if request.result is DeliveryResult.LEFT else NOT_HANDED_OVER
    entry = _entry(kind, copies, request.delivery_id, problem=request.problem)
    return Outcome(result=len(copies), entry=entry)


def _waiting(context: CommandContext, request: BeginDelivery) -> Sequence[tuple[CopyRow, MessageRow]]:
    """Return the copies of a hand-over with their messages, locked, in the order in which they were told."""
    statement = (
        select(CopyRow, MessageRow)
        .join(MessageRow, MessageRow.message_id == CopyRow.message_id)
        .where(CopyRow.state.in_((CopyState.WAITING, CopyState.LEAVING)))
        .order_by(CopyRow.id)
        .with_for_update(of=CopyRow)
    )
    if request.copy_id is not None:
        statement = statement.where(CopyRow.id == request.copy_id)
    else:
        statement = statement.where(
            CopyRow.person_id == request.person_id,
            CopyRow.leaves_at <= context.now,
            MessageRow.urgency == Urgency.DIGEST.value,
        )
    return [(copy, message) for copy, message in context.session.execute(statement)]


def _reader(context: CommandContext, person_id: str) -> tuple[str | None, str]:
    if person_id == TEAMS:
        return "", "Microsoft Teams"
    person = context.session.get(PersonRow, person_id)
    if person is None or person.state != PersonState.ACTIVE or not person.email:
        return None, ""
    return person.email, person.name or ""


def _entry(kind: EvidenceKind, copies: Sequence[CopyRow], delivery_id: str, *, problem: str) -> EvidenceDraft:
    first = copies[0]
    customer_id: CustomerId | None = first.customer_id
    return EvidenceDraft(
        kind=kind.name,
        subject_type="delivery",
        subject_id=delivery_id,
        customer_id=customer_id,
        payload={
            "person_id": first.person_id,
            "copies": len(copies),
            "messages": [copy.message_id for copy in copies],
            "problem": problem[:300],
        },
    )
