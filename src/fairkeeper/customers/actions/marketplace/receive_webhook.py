"""Keeps a notice of Microsoft's as it came and plants the work on it: the answer 200 means that it is durable.

The room's first half of the two-stage check is done by the channel (the token); the second (Get Operation) is the
planted work's. Nothing is decided here, so that the answer is quick.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Base64Bytes, Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.customers.evidence_kinds import WEBHOOK_RECEIVED
from fairkeeper.customers.marketplace.operation import WebhookNotice, read_webhook
from fairkeeper.customers.tables import NoticeRow, SubscriptionRow
from fairkeeper.errors import InvalidError
from fairkeeper.values.ids import new_id


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
    notice = read_body(request.body)
    operation = notice.operation
    digest = hashlib.sha256(request.body).hexdigest()
    session = context.session
    row = session.scalars(
        select(NoticeRow).where(NoticeRow.operation_id == operation.id, NoticeRow.digest == digest).with_for_update()
    ).first()
    result = WebhookReceived(operation_id=operation.id, action=operation.action_text[:200], is_new=row is None)
    if row is not None:
        row.deliveries += 1
        row.last_received_at = context.now
        return Outcome(result=result, entry=None)
    subscription_id = operation.subscription_id
    known = None if subscription_id is None else session.get(SubscriptionRow, subscription_id)
    customer_id = None if known is None else known.customer_id
    row = NoticeRow(
        operation_id=operation.id,
        digest=digest,
        subscription_id=subscription_id,
        customer_id=customer_id,
        action_text=operation.action_text[:200],
        body=request.body,
        received_at=context.now,
        last_received_at=context.now,
        deliveries=1,
        state=NoticeState.OPEN.value,
    )
    session.add(row)
    session.flush()
    plant_work(context, row)
    entry = EvidenceDraft(
        kind=WEBHOOK_RECEIVED.name,
        subject_type="operation",
        subject_id=operation.id,
        customer_id=customer_id,
        payload={
            "operation_id": operation.id,
            "subscription_id": subscription_id,
            "action": row.action_text or "nothing",
            "body_sha256": digest,
        },
    )
    row.entry_id = entry.entry_id
    return Outcome(result=result, entry=entry)


def plant_work(context: CommandContext, row: NoticeRow, *, again: bool = False) -> None:
    """Plant the work on a notice, once; again when a person asks for it."""
    key = f"{row.id}:{new_id('tsk')}" if again else str(row.id)
    context.enqueue("customers.follow_notice", key, {"notice_id": row.id}, customer_id=row.customer_id)


def read_body(body: bytes) -> WebhookNotice:
    """Read a webhook's body as a notice.

    Raises:
        WebhookUnreadableError: It is no JSON object, or carries no operation's id.
    """
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = "The webhook's body is not JSON."
        raise WebhookUnreadableError(msg) from error
    if not isinstance(raw, dict):
        msg = f"The webhook's body is a JSON {type(raw).__name__}, not an object."
        raise WebhookUnreadableError(msg)
    notice = read_webhook(raw).value
    if notice is None:
        msg = "The webhook carries no GUID of an operation as its id."
        raise WebhookUnreadableError(msg)
    return notice
