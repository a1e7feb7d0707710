"""Why the pretend marketplace refuses; each door has its own table from kind to status.

Separate, because the fulfillment API, the control API and the storefront tell the same refusal in three languages.
"""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError


class SubscriptionNotFoundError(NotFoundError):
    """No purchase has this id."""

    code = "sandbox.subscription_not_found"
    remedy = "Take an id from the list of subscriptions."


class OperationNotFoundError(NotFoundError):
    """No operation of this subscription has this id."""

    code = "sandbox.operation_not_found"
    remedy = "Take the id from the webhook, from Operation-Location or from the list of operations."


class CatalogError(InvalidError):
    """The offer, plan or private offer does not exist, or is not for this buyer."""

    code = "sandbox.plan_unavailable"
    remedy = "Choose a plan from the catalogue that is open to this customer."


class QuantityError(InvalidError):
    """The number of seats does not fit the plan."""

    code = "sandbox.quantity_invalid"
    remedy = "Per-seat plans need a whole number of seats within the plan's limits; flat plans take none."


class LandingTokenError(InvalidError):
    """The landing-page token is missing, unknown or older than 24 hours."""

    code = "sandbox.token_invalid"
    remedy = "Reopen the subscription in the storefront and choose Configure account or Manage account again."


class RequestError(InvalidError):
    """The request is not what the document of this call describes."""

    code = "sandbox.request_invalid"
    remedy = "Correct the request as the API's documentation describes."


class StateError(ConflictError):
    """The subscription's status does not allow this."""

    code = "sandbox.status_conflict"
    remedy = "Read the subscription again and act on its present status."


class LockedError(ConflictError):
    """An operation is pending on the subscription."""

    code = "sandbox.subscription_locked"
    remedy = "Wait until the pending operation is answered or settled."


class NotAllowedError(InvalidError):
    """`allowedCustomerOperations` of the subscription does not contain what was asked for."""

    code = "sandbox.operation_not_allowed"
    remedy = "Purchases made through a reseller are changed by the reseller."


class CallerError(DeniedError):
    """The bearer token is missing, wrong or of another publisher."""

    code = "sandbox.caller_denied"
    remedy = "Get an app token for the app and tenant of the offer's technical configuration."


class PublisherUnsetError(ConflictError):
    """The publisher's landing page is not configured."""

    code = "sandbox.publisher_unset"
    remedy = "Set the publisher's landing page with PUT /sandbox/publisher."
