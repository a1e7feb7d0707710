"""The SaaS fulfillment and operations APIs v2: the ten calls, as the port of the room `customers` wants them.

Microsoft's errors are translated here, once. Where the live service is known to answer otherwise than documented (400
for an unknown operation, empty bodies, a lock told in words), both spellings lead to the same error.

Source: Microsoft Learn, "SaaS fulfillment Subscription APIs v2"; "SaaS fulfillment Operations APIs v2";
microsoft/commercial-marketplace-openapi. The deviations are as other publishers report them. Never run against the
live service.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

from fairkeeper.customers.errors import (
    AccessRefusedError,
    FulfillmentFaultError,
    LandingTokenRefusedError,
    OperationSupersededError,
    OperationUnknownError,
    RequestRefusedError,
    SubscriptionLockedError,
    SubscriptionUnknownError,
)
from fairkeeper.customers.following.webhooks import OperationAnswer
from fairkeeper.customers.marketplace.operation import OperationSnapshot, read_operation
from fairkeeper.customers.marketplace.plans import AvailablePlan, read_plans
from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, read_subscription
from fairkeeper.customers.marketplace.wire import Parsed, read_guid
from fairkeeper.customers.ports import StartedOperation, SubscriptionList
from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import FulfillmentCode
from fairkeeper.microsoft.identity import TokenSource
from fairkeeper.microsoft.marketplace_transport import MarketplaceTransport, Patience, Request, Response, message_of
from fairkeeper.values.clock import Clock
from fairkeeper.values.findings import Findings
from fairkeeper.values.ids import OperationId, SubscriptionId

T = TypeVar("T")

_SUBSCRIPTIONS: Final = "/saas/subscriptions"
_MOST_PAGES: Final = 10_000
_LOCKED: Final = re.compile(r"\block(ed)?\b|pending operation", re.IGNORECASE)
_CHANGES_OF_SUBSCRIPTION: Final = frozenset({"change_plan", "change_quantity", "cancel"})


class FulfillmentClient:
    """Microsoft's fulfillment APIs for one publisher; implements `fairkeeper.customers.ports.Fulfillment`.

    Safe between threads if its token source and HTTP client are.

    Args:
        base_url: `FAIRKEEPER_FULFILLMENT_BASE_URL`, up to and without `/saas`.
        token_source: Our application's token for the marketplace.
        http: Sends the requests; closing it is its owner's business.
        patience: How long to wait; `IMPATIENT` where a person or the ten-second rule waits.
        clock: For a Retry-After that is a date.

    Raises:
        AddressRefusedError: The base is neither https nor this machine.
    """

    def __init__(
        self,
        base_url: str,
        token_source: TokenSource,
        http: httpx.Client,
        *,
        patience: Patience | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._transport = MarketplaceTransport(base_url, token_source, http, patience=patience, clock=clock)

    def resolve(self, landing_token: str) -> Parsed[SubscriptionSnapshot]:
        """Turn a landing token into its subscription."""
        if not landing_token.isascii() or not landing_token.isprintable() or not landing_token:
            # It would not fit into a header; Microsoft's tokens are printable ASCII once the address is decoded.
            raise LandingTokenRefusedError(
                "The landing token is empty or holds characters that Microsoft's tokens never have.",
                code=FulfillmentCode.LANDING_TOKEN_REFUSED,
            )
        request = Request(
            name="resolve",
            method="POST",
            path=f"{_SUBSCRIPTIONS}/resolve",
            changes=False,
            headers={"x-ms-marketplace-token": landing_token},
        )
        return _read_one(self._call(request), read_subscription)

    def activate(self, subscription_id: SubscriptionId, plan_id: str, quantity: int | None = None) -> None:
        """Activate; billing begins."""
        body = {"planId": plan_id} if quantity is None else {"planId": plan_id, "quantity": quantity}
        path = f"{_subscription_path(subscription_id)}/activate"
        self._call(Request(name="activate", method="POST", path=path, changes=True, body=body))

    def list_subscriptions(self) -> SubscriptionList:
        """Read all pages of all subscriptions, in every status.

        Pages are asked for by the continuation token alone: our token never follows a link to another host.
        """
        correlation_id = str(uuid.uuid4())
        found: list[SubscriptionSnapshot] = []
        findings = Findings()
        seen: set[str] = set()
        query: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            request = Request(name="list_subscriptions", method="GET", path=_SUBSCRIPTIONS, changes=False, query=query)
            response = self._call(request, correlation_id)
            for parsed in _read_listed(response.document.get("subscriptions"), read_subscription):
                findings += parsed.findings
                if parsed.value is not None:
                    found.append(parsed.value)
            token = _continuation(response)
            if token is None:
                return SubscriptionList(subscriptions=tuple(found), is_complete=True, findings=findings)
            if token in seen:
                break  # the pages run in a circle
            seen.add(token)
            query = {"continuationToken": token}
        return SubscriptionList(subscriptions=tuple(found), is_complete=False, findings=findings)

    def get_subscription(self, subscription_id: SubscriptionId) -> Parsed[SubscriptionSnapshot]:
        """Read one subscription."""
        path = _subscription_path(subscription_id)
        response = self._call(Request(name="get_subscription", method="GET", path=path, changes=False))
        parsed = _read_one(response, read_subscription)
        if parsed.value is not None and parsed.value.id != subscription_id:
            raise _about_another(response, parsed.value.id)
        return parsed

    def list_available_plans(
        self, subscription_id: SubscriptionId, plan_id: str | None = None
    ) -> Parsed[tuple[AvailablePlan, ...]]:
        """Read the plans this customer may switch to; with the plan bought, the private offers behind it too."""
        request = Request(
            name="list_available_plans",
            method="GET",
            path=f"{_subscription_path(subscription_id)}/listAvailablePlans",
            changes=False,
            query={} if plan_id is None else {"planId": plan_id},
        )
        return read_plans(self._call(request).document)

    def change_plan(self, subscription_id: SubscriptionId, plan_id: str) -> StartedOperation:
        """Begin a change of plan."""
        return self._change("change_plan", subscription_id, {"planId": plan_id})

    def change_quantity(self, subscription_id: SubscriptionId, quantity: int) -> StartedOperation:
        """Begin a change of seats."""
        return self._change("change_quantity", subscription_id, {"quantity": quantity})

    def cancel(self, subscription_id: SubscriptionId) -> StartedOperation:
        """Begin the end of a subscription; it has ended when the webhook says so."""
        path = _subscription_path(subscription_id)
        return _started(self._call(Request(name="cancel", method="DELETE", path=path, changes=True)))

    def list_operations(self, subscription_id: SubscriptionId) -> Parsed[tuple[OperationSnapshot, ...]]:
        """Read the pending operations that wait for an answer; an unknown subscription may give an empty list."""
        path = f"{_subscription_path(subscription_id)}/operations"
        response = self._call(Request(name="list_operations", method="GET", path=path, changes=False))
        read = _read_listed(response.document.get("operations"), read_operation)
        findings = Findings.of(finding for parsed in read for finding in parsed.findings)
        return Parsed(value=tuple(item.value for item in read if item.value is not None), findings=findings)

    def get_operation(self, subscription_id: SubscriptionId, operation_id: OperationId) -> Parsed[OperationSnapshot]:
        """Read one operation."""
        path = _operation_path(subscription_id, operation_id)
        response = self._call(Request(name="get_operation", method="GET", path=path, changes=False))
        parsed = _read_one(response, read_operation)
        if parsed.value is not None and parsed.value.id != operation_id:
            raise _about_another(response, parsed.value.id)
        return parsed

    def answer_operation(
        self, subscription_id: SubscriptionId, operation_id: OperationId, answer: OperationAnswer
    ) -> None:
        """Answer an operation."""
        path = _operation_path(subscription_id, operation_id)
        body = {"status": answer.value}
        self._call(Request(name="answer_operation", method="PATCH", path=path, changes=True, body=body))

    def _change(self, name: str, subscription_id: SubscriptionId, body: Mapping[str, Any]) -> StartedOperation:
        path = _subscription_path(subscription_id)
        return _started(self._call(Request(name=name, method="PATCH", path=path, changes=True, body=body)))

    def _call(self, request: Request, correlation_id: str | None = None) -> Response:
        response = self._transport.send(request, correlation_id)
        if 200 <= response.status < 300:
            return response
        raise _refusal(request, response)


def _subscription_path(subscription_id: SubscriptionId) -> str:
    known_id = read_guid(subscription_id)
    if known_id is None:
        raise SubscriptionUnknownError(
            f"{subscription_id[:60]!r} is no subscription id.", code=FulfillmentCode.SUBSCRIPTION_UNKNOWN
        )
    return f"{_SUBSCRIPTIONS}/{known_id}"


def _operation_path(subscription_id: SubscriptionId, operation_id: OperationId) -> str:
    known_id = read_guid(operation_id)
    if known_id is None:
        raise OperationUnknownError(
            f"{operation_id[:60]!r} is no operation id.", code=FulfillmentCode.OPERATION_UNKNOWN
        )
    return f"{_subscription_path(subscription_id)}/operations/{known_id}"


def _read_one(response: Response, read: Callable[[Mapping[str, object]], Parsed[T]]) -> Parsed[T]:
    if response.document:
        return read(response.document)
    raise FulfillmentFaultError(
        "Microsoft's answer is empty.", code=FulfillmentCode.ANSWER_UNREADABLE, detail=_about(response)
    )


def _read_listed(listed: object, read: Callable[[Mapping[str, object]], Parsed[T]]) -> list[Parsed[T]]:
    """Read each object of a list; what is no object reads as one without an id, which is a finding."""
    items = listed if isinstance(listed, list) else []
    return [read(item if isinstance(item, dict) else {}) for item in items]


def _continuation(response: Response) -> str | None:
    link = response.document.get("@nextLink")
    if not isinstance(link, str) or not link.strip():
        return None
    tokens = parse_qs(urlsplit(link).query).get("continuationToken")
    if tokens:
        return tokens[0]
    raise FulfillmentFaultError(
        "Microsoft's link to the next page carries no continuationToken.",
        code=FulfillmentCode.ANSWER_UNREADABLE,
        detail=_about(response),
    )


def _started(response: Response) -> StartedOperation:
    location = response.operation_location
    last = "" if location is None else urlsplit(location).path.rstrip("/").rpartition("/")[2]
    known_id = read_guid(last)
    return StartedOperation(operation_id=None if known_id is None else OperationId(known_id), location=location)


def _refusal(request: Request, response: Response) -> FairkeeperError:
    """Translate a refusal, once for all calls."""
    said = message_of(response.document)
    kind, code = _kind_of(request, response.status, said)
    return kind(
        f"Microsoft answered {request.name} with HTTP {response.status}: {said}", code=code, detail=_about(response)
    )


def _kind_of(request: Request, status: int, said: str) -> tuple[type[FairkeeperError], FulfillmentCode]:
    if status in {401, 403}:
        return AccessRefusedError, FulfillmentCode.ACCESS_REFUSED
    names_operation = request.name in {"get_operation", "answer_operation"}
    # The live service is reported to answer 400 for an operation it does not know; reading one fails in no other way.
    if (status == 404 and names_operation) or (status == 400 and request.name == "get_operation"):
        return OperationUnknownError, FulfillmentCode.OPERATION_UNKNOWN
    if status == 404:
        return SubscriptionUnknownError, FulfillmentCode.SUBSCRIPTION_UNKNOWN
    if status == 409 and request.name == "answer_operation":
        return OperationSupersededError, FulfillmentCode.OPERATION_SUPERSEDED
    is_locked = status == 400 and request.name in _CHANGES_OF_SUBSCRIPTION and _LOCKED.search(said) is not None
    if status == 409 or is_locked:
        return SubscriptionLockedError, FulfillmentCode.SUBSCRIPTION_LOCKED
    if status == 400 and request.name == "resolve":
        return LandingTokenRefusedError, FulfillmentCode.LANDING_TOKEN_REFUSED
    if status == 400:
        return RequestRefusedError, FulfillmentCode.REQUEST_REFUSED
    return FulfillmentFaultError, FulfillmentCode.FAULT


def _about_another(response: Response, stated_id: str) -> FulfillmentFaultError:
    return FulfillmentFaultError(
        f"Microsoft answered about {stated_id}, which was not asked for.",
        code=FulfillmentCode.ANSWER_UNREADABLE,
        detail=_about(response),
    )


def _about(response: Response) -> dict[str, str | int | bool]:
    return {
        "status": response.status,
        "request_id": response.request_id,
        "correlation_id": response.correlation_id,
    }
