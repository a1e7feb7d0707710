"""Keeps a notice of Microsoft's as it came and plants the work on it: the answer 200 means that it is durable.

The room's first half of the two-stage check is done by the channel (the token); the second (Get Operation) is the
planted work's. Nothing is decided here, so that the answer is quick.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from pydantic import Base64Bytes, Field
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.customers.evidence_kinds import WEBHOOK_RECEIVED
from fairkeeper.customers.marketplace.operation import (
    OperationSnapshot,
    WebhookNotice,
    read_operation,
    read_webhook,
)
from fairkeeper.customers.tables import NoticeRow, SubscriptionRow
from fairkeeper.database.insertion import insert_unless_there
from fairkeeper.errors import InvalidError
from fairkeeper.values.ids import CustomerId, SubscriptionId, new_id

_NO_OPERATION: Final = "The webhook carries no GUID of an operation as its id."
_NOTICES: Final = cast("Table", NoticeRow.__table__)
_SUBSCRIPTIONS: Final = cast("Table", SubscriptionRow.__table__)
# Made once and executed on the connection: a webhook waits for its answer, and the ORM would take twice as long.
_OWNER: Final = select(_SUBSCRIPTIONS.c.customer_id).where(
    _SUBSCRIPTIONS.c.subscription_id == bindparam("subscription")
)
_COUNT_UP: Final = (
    update(_NOTICES)
    .where(_NOTICES.c.operation_id == bindparam("operation"), _NOTICES.c.digest == bindparam("same"))
    .values(deliveries=_NOTICES.c.deliveries + 1, last_received_at=bindparam("now"))
)


class NoticeState(StrEnum):
    """How far a notice is."""

    OPEN = "open"
    DONE = "done"
    HELD = "held"


class WebhookUnreadableError(InvalidError):
    """The body is no notice of an operation."""

    code = "customers.webhook_unreadable"
    remedy = "Send Microsoft's webhook payload: a JSON object with the GUID of its operation as id."


class ReceiveWebhook(OperationInput):
    """The notice as it came."""

    body: Base64Bytes = Field(max_length=400_000, description="The request's body, base64.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReceived:
    """The notice is kept.

    Attributes:
        is_new: Whether it had not come before.
    """

    operation_id: str
    action: str
    is_new: bool


@internal_command("customers.receive_webhook", evidence=(WEBHOOK_RECEIVED,))
def receive_webhook(context: CommandContext, request: ReceiveWebhook) -> Outcome[WebhookReceived]:
    """Keep a webhook's notice and plant the work on it; a repeated one is counted.

    Raises `customers.webhook_unreadable` when the body is no JSON object with an operation's id. An action nobody
    knows is kept like any other.
    """
    operation = _operation_of(request.body)
    digest = hashlib.sha256(request.body).hexdigest()
    customer_id = _customer_of(context.session, operation.subscription_id)
    action_text = operation.action_text[:200]
    entry = EvidenceDraft(
        kind=WEBHOOK_RECEIVED.name,
        subject_type="operation",
        subject_id=operation.id,
        customer_id=customer_id,
        payload={
            "operation_id": operation.id,
            "subscription_id": operation.subscription_id,
            "action": action_text or "nothing",
            "body_sha256": digest,
        },
    )
    values = {
        "operation_id": operation.id,
        "digest": digest,
        "subscription_id": operation.subscription_id,
        "customer_id": customer_id,
        "action_text": action_text,
        "body": request.body,
        "received_at": context.now,
        "last_received_at": context.now,
        "deliveries": 1,
        "state": NoticeState.OPEN.value,
        "entry_id": entry.entry_id,
    }
    notice_id = insert_unless_there(context.session, NoticeRow, values, key=("operation_id", "digest"))
    result = WebhookReceived(operation_id=operation.id, action=action_text, is_new=notice_id is not None)
    if notice_id is None:
        context.session.connection().execute(_COUNT_UP, {"operation": operation.id, "same": digest, "now": context.now})
        return Outcome(result=result, entry=None)
    _plant(context, notice_id, customer_id, key=str(notice_id))
    return Outcome(result=result, entry=entry)


def _customer_of(session: Session, subscription_id: SubscriptionId | None) -> CustomerId | None:
    if subscription_id is None:
        return None
    found: CustomerId | None = session.connection().execute(_OWNER, {"subscription": subscription_id}).scalar()
    return found


def plant_work(context: CommandContext, row: NoticeRow, *, again: bool = False) -> None:
    """Plant the work on a notice, once; again when a person asks for it."""
    key = f"{row.id}:{new_id('tsk')}" if again else str(row.id)
    _plant(context, row.id, row.customer_id, key=key)


def _plant(context: CommandContext, notice_id: int, customer_id: CustomerId | None, *, key: str) -> None:
    context.enqueue("customers.follow_notice", key, {"notice_id": notice_id}, customer_id=customer_id)


def read_body(body: bytes) -> WebhookNotice:
    """Read a webhook's body as a notice.

    Raises:
        WebhookUnreadableError: It is no JSON object, or carries no operation's id.
    """
    notice = read_webhook(_object_of(body)).value
    if notice is None:
        raise WebhookUnreadableError(_NO_OPERATION)
    return notice


def _operation_of(body: bytes) -> OperationSnapshot:
    """Read only what keeping it needs; the subscription inside is read by whoever works on the notice."""
    operation = read_operation(_object_of(body)).value
    if operation is None:
        raise WebhookUnreadableError(_NO_OPERATION)
    return operation


def _object_of(body: bytes) -> dict[str, object]:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = "The webhook's body is not JSON."
        raise WebhookUnreadableError(msg) from error
    if not isinstance(raw, dict):
        msg = f"The webhook's body is a JSON {type(raw).__name__}, not an object."
        raise WebhookUnreadableError(msg)
    return raw
