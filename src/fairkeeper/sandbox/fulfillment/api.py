"""The SaaS fulfillment and operations APIs v2: ten calls with their documented answers, errors and faults.

Separate from `market`, which knows no HTTP. Source: SaaS fulfillment Subscription APIs v2; SaaS fulfillment operations
APIs v2; commercial-marketplace-openapi; read 2026-11-22.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.sandbox.fulfillment import wire
from fairkeeper.sandbox.marketplace.errors import (
    CallerError,
    LockedError,
    OperationNotFoundError,
    RequestError,
    StateError,
    SubscriptionNotFoundError,
)
from fairkeeper.sandbox.marketplace.faults import Faults, FaultSwitchboard, Quirk
from fairkeeper.sandbox.marketplace.market import Market
from fairkeeper.sandbox.marketplace.operations import Operation, Source, Wanted
from fairkeeper.sandbox.marketplace.subscriptions import Status, Subscription
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID, TokenAuthority
from fairkeeper.sandbox.webhooks.signing import TechnicalConfiguration
from fairkeeper.values.clock import Clock

API_VERSION = "2018-08-31"
PAGE_SIZE = 100
_MOST_BODY_BYTES = 65_536
_LISTED_LATE = timedelta(seconds=5)
_STATUS_OF_KIND = {
    ErrorKind.INVALID: 400,
    ErrorKind.DENIED: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
}
_NAME_OF_STATUS = {
    400: "BadArgument",
    403: "Forbidden",
    404: "EntityNotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentApi:
    """What the calls need.

    Args:
        api_url: Address of this API up to and without `/saas`.
        configuration: The one publisher that may call.
    """

    market: Market
    faults: FaultSwitchboard
    authority: TokenAuthority
    configuration: TechnicalConfiguration
    clock: Clock
    api_url: str

    # ---------------------------------------------------------------------------------------------------- subscriptions

    def resolve(self, request: Request, _body: dict[str, Any]) -> Response:
        """Exchange a landing token (call 1)."""
        token = request.headers.get("x-ms-marketplace-token", "")
        if not token:
            raise RequestError("The header x-ms-marketplace-token is missing.")
        subscription = self._own(self.market.resolve(token))
        return JSONResponse(wire.resolve_json(subscription, loose=self._loose))

    def activate(self, request: Request, body: dict[str, Any]) -> Response:
        """Activate a purchase (call 2)."""
        subscription = self._named(request)
        if subscription.status is Status.UNSUBSCRIBED:
            raise SubscriptionNotFoundError(f"Subscription {subscription.id} is Unsubscribed.")
        plan_id = body.get("planId")
        if not isinstance(plan_id, str) or not plan_id:
            raise RequestError("planId is missing.")
        quantity = _seats(body)
        checked = None if self.faults.has(Quirk.ACTIVATE_IGNORES_PLAN) else plan_id
        try:
            self.market.activate(subscription.id, plan_id=checked, quantity=quantity)
        except StateError as error:
            raise RequestError(error.message) from error
        return Response(status_code=200)

    def list_subscriptions(self, request: Request, _body: dict[str, Any]) -> Response:
        """List purchases, 100 a page (call 3)."""
        own = [each for each in self.market.subscriptions() if self._is_own(each)]
        if not own:
            return Response(status_code=200)
        start = _position(request.query_params.get("continuationToken", ""))
        page = own[start : start + PAGE_SIZE]
        is_last = start + PAGE_SIZE >= len(own)
        following = "" if is_last else self._next_link(start + PAGE_SIZE)
        listed = [wire.subscription_json(each, loose=self._loose) for each in page]
        return JSONResponse({"subscriptions": listed, "@nextLink": following})

    def get_subscription(self, request: Request, _body: dict[str, Any]) -> Response:
        """Read one purchase (call 4)."""
        return JSONResponse(wire.subscription_json(self._named(request), loose=self._loose))

    def list_available_plans(self, request: Request, _body: dict[str, Any]) -> Response:
        """List the plans the customer may change to (call 5)."""
        try:
            subscription = self._named(request)
        except SubscriptionNotFoundError:
            if self.faults.has(Quirk.UNKNOWN_SUBSCRIPTION_HAS_EMPTY_PLANS):
                return Response(status_code=200)
            raise
        wanted = request.query_params.get("planId")
        plans = [plan for plan in self.market.plans_for(subscription) if wanted in {None, plan.id}]
        listed = [wire.plan_json(plan, subscription, shows_source=wanted is not None) for plan in plans]
        return JSONResponse({"plans": listed})

    def change(self, request: Request, body: dict[str, Any]) -> Response:
        """Ask for another plan or other seats (call 6)."""
        subscription = self._named(request)
        plan_id = body.get("planId")
        if plan_id is not None and not isinstance(plan_id, str):
            raise RequestError("planId is not a text.")
        wanted = Wanted(plan_id=plan_id, quantity=_seats(body))
        if (wanted.plan_id is None) == (wanted.quantity is None):
            raise RequestError("The body needs either planId or quantity, not both.")
        try:
            operation = self.market.request_change(subscription.id, wanted, source=Source.PARTNER)
        except (StateError, LockedError) as error:  # this call's page names no 409
            raise RequestError(error.message) from error
        return self._accepted(operation)

    def cancel(self, request: Request, _body: dict[str, Any]) -> Response:
        """Ask for the end of a purchase (call 7)."""
        subscription = self._named(request)
        try:
            operation = self.market.request_cancellation(subscription.id)
        except StateError as error:
            raise RequestError(error.message) from error
        return self._accepted(operation)

    # ------------------------------------------------------------------------------------------------------- operations

    def list_operations(self, request: Request, _body: dict[str, Any]) -> Response:
        """List what waits for the publisher's answer (call 8)."""
        try:
            subscription = self._named(request)
        except SubscriptionNotFoundError:
            if self.faults.has(Quirk.UNKNOWN_SUBSCRIPTION_HAS_NO_OPERATIONS):
                return JSONResponse({"operations": []})
            raise
        pending = self.market.awaiting_answer(subscription.id)
        if self.faults.has(Quirk.OPERATIONS_LISTED_LATE):
            pending = [each for each in pending if each.started_at + _LISTED_LATE <= self.clock.now()]
        if not pending:
            return JSONResponse({})  # "Returns empty json if no operations are pending", says the page
        return JSONResponse({"operations": [self._operation_json(each, subscription) for each in pending]})

    def get_operation(self, request: Request, _body: dict[str, Any]) -> Response:
        """Read one operation (call 9)."""
        subscription, operation = self._operation(request)
        return JSONResponse(self._operation_json(operation, subscription))

    def answer_operation(self, request: Request, body: dict[str, Any]) -> Response:
        """Take the publisher's Success or Failure (call 10)."""
        subscription, operation = self._operation(request)
        answer = body.get("status")
        if answer not in {"Success", "Failure"}:
            if self.faults.has(Quirk.NONSENSE_STATUS_IS_ACCEPTED):
                return Response(status_code=200)
            raise RequestError(f"status is {answer!r}; it must be Success or Failure.")
        if operation.source is Source.PARTNER and self.faults.has(Quirk.OWN_OPERATION_PATCH_FAILS):
            return _error(500, "The operation was begun by the publisher.")
        self.market.answer(subscription.id, operation.id, is_success=answer == "Success")
        return Response(status_code=200)

    # ----------------------------------------------------------------------------------------------------------- inside

    @property
    def _loose(self) -> bool:
        return self.faults.has(Quirk.LOOSE_VALUES)

    def _is_own(self, subscription: Subscription) -> bool:
        return subscription.publisher_id == self.configuration.publisher_id

    def _own(self, subscription: Subscription) -> Subscription:
        if not self._is_own(subscription):
            raise CallerError(f"Subscription {subscription.id} is of another publisher's offer.")
        return subscription

    def _named(self, request: Request) -> Subscription:
        return self._own(self.market.subscription(request.path_params["subscription_id"]))

    def _operation(self, request: Request) -> tuple[Subscription, Operation]:
        subscription = self._named(request)
        try:
            return subscription, self.market.operation(subscription.id, request.path_params["operation_id"])
        except OperationNotFoundError as error:
            if self.faults.has(Quirk.UNKNOWN_OPERATION_IS_BAD_REQUEST):
                raise RequestError(error.message) from error
            raise

    def _operation_json(self, operation: Operation, subscription: Subscription) -> dict[str, Any]:
        return wire.operation_json(operation, subscription, loose=self._loose)

    def _accepted(self, operation: Operation) -> Response:
        path = f"/saas/subscriptions/{operation.subscription_id}/operations/{operation.id}"
        return Response(
            status_code=202, headers={"Operation-Location": f"{self.api_url}{path}?api-version={API_VERSION}"}
        )

    def _next_link(self, position: int) -> str:
        token = base64.urlsafe_b64encode(json.dumps({"after": position}).encode()).decode().replace("=", "%3D")
        return f"{self.api_url}/saas/subscriptions/?continuationToken={token}&api-version={API_VERSION}"

    def check_caller(self, authorization: str) -> None:
        """Check the bearer token of a call.

        Raises:
            CallerError: It is missing, not genuine, expired, for another API, or of another app or tenant.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise CallerError("The call carries no bearer token.")
        claims = self.authority.verify_app_token(token.strip())
        if claims is None:
            raise CallerError("The bearer token is not genuine or has expired.")
        if claims.get("aud") != MARKETPLACE_APP_ID:
            raise CallerError(f"The bearer token is for {claims.get('aud')}, not for the marketplace.")
        caller = claims.get("appid", claims.get("azp"))
        if (claims.get("tid"), caller) != (self.configuration.tenant_id, self.configuration.app_id):
            raise CallerError("The token's app and tenant are not those of the offer's technical configuration.")


Call = Callable[[Request, dict[str, Any]], Response]


def fulfillment_app(api: FulfillmentApi, more: Sequence[Route] = ()) -> Starlette:
    """Return the ASGI app to mount at `/api`, with the calls of the metering service beside its own."""
    root, one = "/saas/subscriptions", "/saas/subscriptions/{subscription_id}"
    routes = [
        Route(f"{root}/resolve", _guarded(api, api.resolve), methods=["POST"]),
        Route(root, _guarded(api, api.list_subscriptions), methods=["GET"]),
        Route(f"{root}/", _guarded(api, api.list_subscriptions), methods=["GET"]),
        Route(one, _guarded(api, api.get_subscription), methods=["GET"]),
        Route(one, _guarded(api, api.change), methods=["PATCH"]),
        Route(one, _guarded(api, api.cancel), methods=["DELETE"]),
        Route(f"{one}/activate", _guarded(api, api.activate), methods=["POST"]),
        Route(f"{one}/listAvailablePlans", _guarded(api, api.list_available_plans), methods=["GET"]),
        Route(f"{one}/operations", _guarded(api, api.list_operations), methods=["GET"]),
        Route(f"{one}/operations/{{operation_id}}", _guarded(api, api.get_operation), methods=["GET"]),
        Route(f"{one}/operations/{{operation_id}}", _guarded(api, api.answer_operation), methods=["PATCH"]),
    ]
    return Starlette(routes=[*_merged(routes), *more], exception_handlers={HTTPException: _http_error})


def _merged(routes: list[Route]) -> list[Route]:
    """Join routes of one path, so that a wrong method is told all right ones."""
    by_path: dict[str, dict[str, Any]] = {}
    for route in routes:
        for method in (route.methods or set()) - {"HEAD"}:
            by_path.setdefault(route.path, {})[method] = route.endpoint
    return [Route(path, _by_method(endpoints), methods=sorted(endpoints)) for path, endpoints in by_path.items()]


def _by_method(endpoints: dict[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        chosen = endpoints["GET" if request.method == "HEAD" else request.method]
        answer: Response = await chosen(request)
        return answer

    return endpoint


def _guarded(api: FulfillmentApi, call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        await asyncio.sleep(api.faults.take_slowness())
        refusal = api.faults.take_refusal()
        answer = _turned_away(refusal) if refusal else await _answered(api, call, request)
        for header in ("x-ms-requestid", "x-ms-correlationid"):
            answer.headers[header] = request.headers.get(header) or str(uuid.uuid4())
        return answer

    return endpoint


async def _answered(api: FulfillmentApi, call: Call, request: Request) -> Response:
    try:
        api.check_caller(request.headers.get("authorization", ""))
        version = request.query_params.get("api-version")
        if version != API_VERSION:
            raise RequestError(f"api-version is {version!r}; it must be {API_VERSION}.")
        body = await _json_body(request)
        return await run_in_threadpool(call, request, body)
    except FairkeeperError as error:
        return _error(_STATUS_OF_KIND.get(error.kind, 500), error.message)


async def _json_body(request: Request) -> dict[str, Any]:
    if request.method not in {"POST", "PATCH"}:
        return {}
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _MOST_BODY_BYTES:
            raise RequestError("The body is too large.")
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise RequestError("The body is no JSON.") from error
    if not isinstance(body, dict):
        raise RequestError("The body is no JSON object.")
    return body


def _seats(body: dict[str, Any]) -> int | None:
    try:
        return wire.parse_seats(body.get("quantity"))
    except ValueError as error:
        raise RequestError(f"quantity: {error}.") from error


def _position(token: str) -> int:
    if not token:
        return 0
    try:
        position = json.loads(base64.urlsafe_b64decode(token))["after"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise RequestError("continuationToken is not one of this service.") from error
    if not isinstance(position, int) or position < 0:
        raise RequestError("continuationToken is not one of this service.")
    return position


def _turned_away(faults: Faults) -> Response:
    answer = _error(faults.fail_status, "Turned away on purpose.")
    if faults.fail_status != 500:
        answer.headers["Retry-After"] = str(faults.retry_after_seconds)
    return answer


def _error(status: int, message: str) -> Response:
    return JSONResponse({"code": _NAME_OF_STATUS.get(status, "Error"), "message": message}, status_code=status)


async def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(status, str(getattr(error, "detail", error)))
