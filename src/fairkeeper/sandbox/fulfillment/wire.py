"""Microsoft's JSON for subscriptions, operations, plans and webhooks: exact names, and on request their misbehaviour.

Separate, because the spelling belongs to Microsoft and is the thing a connector must get right.
Source: SaaS fulfillment Subscription APIs v2; SaaS fulfillment operations APIs v2; Implementing a webhook on the SaaS
service (response and payload samples), read 2026-11-22.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fairkeeper.sandbox.marketplace.catalog import Dimension, Plan
from fairkeeper.sandbox.marketplace.operations import Notice, Operation
from fairkeeper.sandbox.marketplace.subscriptions import Party, Subscription
from fairkeeper.sandbox.marketplace.terms import Term


def instant_text(instant: datetime) -> str:
    """Write an instant as the service does, with seven digits of a second.

    Example:
        >>> from datetime import UTC
        >>> instant_text(datetime(2026, 11, 22, 8, 30, tzinfo=UTC))
        '2026-11-22T08:30:00.0000000Z'
    """
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def subscription_json(subscription: Subscription, *, loose: bool = False) -> dict[str, Any]:
    """Return the subscription object; `loose` writes it in the ways that broke parsers."""
    body: dict[str, Any] = {
        "id": subscription.id,
        "name": subscription.name,
        "publisherId": subscription.publisher_id,
        "offerId": subscription.offer_id,
        "planId": subscription.plan_id,
        "quantity": subscription.quantity,
        "beneficiary": _party(subscription.beneficiary),
        "purchaser": _party(subscription.purchaser),
        "term": _term(subscription),
        "autoRenew": subscription.is_auto_renewed,
        "isTest": False,
        "isFreeTrial": subscription.is_free_trial,
        "allowedCustomerOperations": list(subscription.allowed_customer_operations),
        "sandboxType": "Csp" if subscription.is_reseller_purchase else "None",
        "sessionMode": "DryRun" if subscription.is_dry_run else "None",
        "created": instant_text(subscription.purchased_at),
        "lastModified": instant_text(subscription.modified_at),
        "saasSubscriptionStatus": subscription.status.value,
    }
    return _loosened(body) if loose else body


def _loosened(body: dict[str, Any]) -> dict[str, Any]:
    if not body["isFreeTrial"]:
        del body["isFreeTrial"]
    body["quantity"] = "" if body["quantity"] is None else str(body["quantity"])
    body["lastModified"] = "0001-01-01T00:00:00"
    body["saasSubscriptionStatus"] = f" {body['saasSubscriptionStatus']} "
    body["beneficiary"] = {key: value for key, value in body["beneficiary"].items() if key != "puid"}
    body["storeFront"] = "AppSource"
    body["fulfillmentId"] = body["id"]
    body["termUnitIsExtensible"] = True
    return body


def _party(party: Party) -> dict[str, Any]:
    return {
        "emailId": party.email,
        "objectId": party.object_id,
        "tenantId": party.tenant_id,
        "puid": party.puid,
    }


def _term(subscription: Subscription) -> dict[str, Any]:
    term: Term = subscription.term
    return {
        "startDate": _midnight(term.start_on),
        "endDate": _midnight(term.end_on),
        "termUnit": term.unit,
        "chargeDuration": term.charge_duration,
    }


def _midnight(day: date | None) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00Z"


def resolve_json(subscription: Subscription, *, loose: bool = False) -> dict[str, Any]:
    """Return the answer of Resolve: the purchase in short and the subscription object in full."""
    full = subscription_json(subscription, loose=loose)
    return {
        "id": subscription.id,
        "subscriptionName": subscription.name,
        "offerId": subscription.offer_id,
        "planId": subscription.plan_id,
        "quantity": full["quantity"],
        "subscription": full,
    }


def operation_json(operation: Operation, subscription: Subscription, *, loose: bool = False) -> dict[str, Any]:
    """Return the operation object; plan and seats are the new ones."""
    quantity: int | str | None = operation.quantity
    if loose:
        quantity = "" if quantity is None else str(quantity)
    return {
        "id": operation.id,
        "activityId": operation.id,
        "subscriptionId": operation.subscription_id,
        "offerId": subscription.offer_id,
        "publisherId": subscription.publisher_id,
        "planId": operation.plan_id,
        "quantity": quantity,
        "action": operation.action.value,
        "timeStamp": instant_text(operation.started_at),
        "status": operation.status.value,
        "errorStatusCode": operation.error_status_code,
        "errorMessage": operation.error_message,
    }


def webhook_json(notice: Notice, *, loose: bool = False) -> dict[str, Any]:
    """Return a webhook's payload: new values outside, the old ones inside `subscription`."""
    operation, subscription = notice.operation, notice.subscription
    return {
        "id": operation.id,
        "activityId": operation.id,
        "publisherId": subscription.publisher_id,
        "offerId": subscription.offer_id,
        "planId": operation.plan_id,
        "quantity": operation.quantity,
        "subscriptionId": operation.subscription_id,
        "timeStamp": instant_text(operation.started_at),
        "action": operation.action.value,
        "status": operation.status.value,
        "operationRequestSource": operation.source.value,
        "subscription": subscription_json(subscription, loose=loose),
        "purchaseToken": None,
    }


def plan_json(plan: Plan, subscription: Subscription, *, shows_source: bool) -> dict[str, Any]:
    """Return a plan of listAvailablePlans.

    Args:
        plan: The plan.
        subscription: Whose customer asks.
        shows_source: Whether the private offer of the purchase is named, as when the bought plan was asked for alone.
    """
    has_source = shows_source and plan.id == subscription.plan_id and subscription.private_offer_id
    return {
        "planId": plan.id,
        "displayName": plan.name,
        "isPrivate": plan.is_private,
        "description": plan.description,
        "minQuantity": plan.min_quantity,
        "maxQuantity": plan.max_quantity,
        "hasFreeTrials": plan.has_free_trial,
        "isPricePerSeat": plan.is_per_seat,
        "isStopSell": False,
        "market": "US",
        "planComponents": {
            "recurrentBillingTerms": [_billing_term(plan)],
            "meteringDimensions": [_dimension(dimension, plan.currency) for dimension in plan.dimensions],
        },
        "sourceOffers": [{"externalId": subscription.private_offer_id}] if has_source else [],
    }


def _billing_term(plan: Plan) -> dict[str, Any]:
    return {
        "currency": plan.currency,
        "price": _amount(plan.price_minor),
        "termUnit": plan.term_unit,
        "termDescription": plan.description,
        "meteredQuantityIncluded": [
            {"dimensionId": dimension.id, "units": str(dimension.included_units)} for dimension in plan.dimensions
        ],
    }


def _dimension(dimension: Dimension, currency: str) -> dict[str, Any]:
    return {
        "id": dimension.id,
        "currency": currency,
        "pricePerUnit": _amount(dimension.price_minor),
        "unitOfMeasure": dimension.unit_of_measure,
        "displayName": dimension.name,
    }


def _amount(minor: int) -> float:
    return float(Decimal(minor) / 100)


def parse_seats(value: object) -> int | None:
    """Read a number of seats as the service does: a whole number, or one in text; nothing and "" mean none.

    Raises:
        ValueError: Anything else.

    Example:
        >>> parse_seats("20"), parse_seats(""), parse_seats(3)
        (20, None, 3)
    """
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value)
    msg = f"{value!r} is no number of seats"
    raise ValueError(msg)
