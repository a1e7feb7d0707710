"""An operation on a subscription, as Microsoft returns it and as a webhook announces it.

A webhook's word is never acted on by itself: it is kept, and the operation is read back from Microsoft. Both are read
here, because they share their fields and quirks.

Source: Microsoft Learn, "SaaS fulfillment Operations APIs v2"; "Implementing a webhook on the SaaS service".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from fairkeeper.customers.finding_kinds import ACTION_UNKNOWN, ID_MISSING, STATUS_UNKNOWN
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, read_subscription
from fairkeeper.customers.marketplace.wire import FieldReader, Parsed
from fairkeeper.values.ids import OperationId, SubscriptionId


class Action(StrEnum):
    """What an operation does, in Microsoft's spelling."""

    SUBSCRIBE = "Subscribe"
    CHANGE_PLAN = "ChangePlan"
    CHANGE_QUANTITY = "ChangeQuantity"
    RENEW = "Renew"
    SUSPEND = "Suspend"
    REINSTATE = "Reinstate"
    UNSUBSCRIBE = "Unsubscribe"


ANSWERABLE: Final = frozenset({Action.CHANGE_PLAN, Action.CHANGE_QUANTITY, Action.REINSTATE})
"""The actions that wait for Success or Failure while they are in progress; the others only tell."""


class OperationStatus(StrEnum):
    """Where an operation stands at Microsoft."""

    NOT_STARTED = "NotStarted"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CONFLICT = "Conflict"


class RequestSource(StrEnum):
    """Who began it."""

    AZURE = "Azure"
    """The customer's side."""
    PARTNER = "Partner"
    """The publisher, that is, we."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSnapshot:
    """What Microsoft says about one operation at one moment.

    Args:
        action: None if it is one that Fairkeeper does not know; `action_text` is as it came.
        status: None if it is one that Fairkeeper does not know; `status_text` is as it came.
        plan_id: The plan after the operation.
        quantity: The seats after the operation.
        raw: The whole object as it came; compared and shown nowhere.
    """

    id: OperationId
    subscription_id: SubscriptionId | None
    action: Action | None
    action_text: str = ""
    status: OperationStatus | None = None
    status_text: str = ""
    activity_id: str | None = None
    publisher_id: str | None = None
    offer_id: str | None = None
    plan_id: str | None = None
    quantity: int | None = None
    occurred_at: datetime | None = None
    error_status_code: str | None = None
    error_message: str | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def awaits_answer(self) -> bool:
        """Whether Microsoft waits for Success or Failure."""
        return self.action in ANSWERABLE and self.status in {OperationStatus.IN_PROGRESS, OperationStatus.NOT_STARTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookNotice:
    """What a webhook claims; good for finding the operation to read back, not for acting.

    Args:
        operation: Its fields as those of the operation it announces; plan and quantity are the new ones.
        source: Who began it; None if that was absent or unknown, `source_text` is as it came.
        subscription: The subscription inside it, with the old plan and quantity; None if it could not be read.
    """

    operation: OperationSnapshot
    source: RequestSource | None = None
    source_text: str = ""
    subscription: SubscriptionSnapshot | None = None


_ACTIONS: Final = {action.value.lower(): action for action in Action}
_SOURCES: Final = {source.value.lower(): source for source in RequestSource}
# "Success" is what a publisher answers with; payloads have carried it for Succeeded.
_STATUSES: Final = {status.value.lower(): status for status in OperationStatus} | {"success": OperationStatus.SUCCEEDED}


def read_operation(raw: Mapping[str, object]) -> Parsed[OperationSnapshot]:
    """Read an operation; never raises. Without an id of its own the activity id stands in (they are the same value).

    Example:
        >>> parsed = read_operation(
        ...     {"id": "20000000-0000-4000-8000-000000000001", "action": "Transfer", "status": "InProgress"}
        ... )
        >>> parsed.value.action is None, parsed.value.action_text, [finding.code for finding in parsed.findings]
        (True, 'Transfer', ['customers.action_unknown'])
    """
    reader = FieldReader(raw=raw)
    activity_id = reader.guid("activityId")
    known_id = reader.guid("id") or reader.guid("operationId") or activity_id
    if known_id is None:
        reader.report(ID_MISSING, "id", "The operation carries no GUID as its id.")
        return Parsed(value=None, findings=reader.findings)
    subscription_id = reader.guid("subscriptionId")
    action_text, status_text = reader.text("action") or "", reader.text("status") or ""
    action, status = _ACTIONS.get(action_text.lower()), _STATUSES.get(status_text.lower())
    if action is None:
        reader.report(ACTION_UNKNOWN, "action", f"The action is {action_text[:60]!r}.")
    if status is None:
        reader.report(STATUS_UNKNOWN, "status", f"The operation's status is {status_text[:60]!r}.")
    operation = OperationSnapshot(
        id=OperationId(known_id),
        subscription_id=None if subscription_id is None else SubscriptionId(subscription_id),
        action=action,
        action_text=action_text,
        status=status,
        status_text=status_text,
        activity_id=activity_id,
        publisher_id=reader.text("publisherId"),
        offer_id=reader.text("offerId"),
        plan_id=reader.text("planId"),
        quantity=reader.quantity("quantity"),
        occurred_at=reader.instant("timeStamp"),
        error_status_code=reader.text("errorStatusCode"),
        error_message=reader.text("errorMessage"),
        raw=raw,
    )
    return Parsed(value=operation, findings=reader.findings)


def read_webhook(raw: Mapping[str, object]) -> Parsed[WebhookNotice]:
    """Read a webhook's body; never raises. An unknown action is kept with `operation.action` None.

    Example:
        >>> parsed = read_webhook(
        ...     {
        ...         "id": "20000000-0000-4000-8000-000000000001",
        ...         "action": "Suspend",
        ...         "status": "Succeeded",
        ...         "subscriptionId": "10000000-0000-4000-8000-000000000001",
        ...         "operationRequestSource": "Azure",
        ...     }
        ... )
        >>> parsed.value.operation.action.value, parsed.value.source.value
        ('Suspend', 'Azure')
    """
    parsed = read_operation(raw)
    if parsed.value is None:
        return Parsed(value=None, findings=parsed.findings)
    reader = FieldReader(raw=raw, subject=parsed.value.id)
    source_text = reader.text("operationRequestSource") or ""
    inside = reader.child("subscription")
    # Absent is usual for old payloads and no finding; unreadable is one.
    subscription: Parsed[SubscriptionSnapshot] = read_subscription(inside.raw) if inside.raw else Parsed(value=None)
    notice = WebhookNotice(
        operation=_with_subscription_of(parsed.value, subscription.value),
        source=_SOURCES.get(source_text.lower()),
        source_text=source_text,
        subscription=subscription.value,
    )
    return Parsed(value=notice, findings=parsed.findings + reader.findings + subscription.findings)


def _with_subscription_of(operation: OperationSnapshot, inside: SubscriptionSnapshot | None) -> OperationSnapshot:
    """Take the subscription's id from the object inside when the field beside it is missing."""
    if operation.subscription_id is not None or inside is None:
        return operation
    return replace(operation, subscription_id=inside.id)
