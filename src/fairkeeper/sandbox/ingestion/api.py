"""The product ingestion API over HTTP: one call that configures, and eight that read.

Separate from `desk`, which knows no HTTP. Faults that are switched on for the fulfillment API hold here too.
Source: "Private offers submission API overview"; "Job status and retrieve private offer detail via API" (calls, their
`$version` and their error codes 400, 401 and 404); read 2026-11-22. Reading a price by its durable id is how the
product ingestion API reads any resource.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.sandbox.entra.resources import GRAPH_APP_ID, GRAPH_URI
from fairkeeper.sandbox.ingestion import wire
from fairkeeper.sandbox.ingestion.accounts import SellerAccount
from fairkeeper.sandbox.ingestion.desk import PrivateOfferDesk
from fairkeeper.sandbox.ingestion.errors import (
    NotAssociatedError,
    PolledTooOftenError,
    ResourceError,
    SchemaError,
    TokenError,
)
from fairkeeper.sandbox.ingestion.identifiers import price_id
from fairkeeper.sandbox.ingestion.products import Product
from fairkeeper.sandbox.ingestion.requests.shapes import ShapeFault
from fairkeeper.sandbox.marketplace.faults import Faults, FaultSwitchboard
from fairkeeper.sandbox.webhooks.ports import TokenAuthority

ROOT: Final = "/rp/product-ingestion"
PAGE_SIZE: Final = 50
_CONFIGURE: Final = frozenset({"2022-07-01"})
_BOTH: Final = frozenset({"2022-07-01", "2023-07-15"})
_OFFER: Final = frozenset({"2023-07-15"})
_MOST_BODY_BYTES: Final = 4_000_000
_AUDIENCES: Final = frozenset({GRAPH_URI, f"{GRAPH_URI}/", GRAPH_APP_ID})
_STATUS_OF_KIND: Final = {
    ErrorKind.INVALID: 400,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.DENIED: 403,
    ErrorKind.UNAVAILABLE: 429,
}
_CODE_OF_STATUS: Final = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "notFound",
    405: "methodNotAllowed",
    429: "tooManyRequests",
    500: "internalServerError",
    503: "serviceUnavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionApi:
    """What the calls need.

    Args:
        base_url: Of the whole sandbox.
        api_url: Of this API, up to and without `/configure`.
    """

    desk: PrivateOfferDesk
    authority: TokenAuthority
    faults: FaultSwitchboard
    base_url: str
    api_url: str

    # --------------------------------------------------------------------------------------------------------- writing

    def configure(self, _request: Request, account: SellerAccount, body: dict[str, Any]) -> Response:
        """Take resources to configure; answers with the job."""
        return self._job(self.desk.submit(account, body), 202)

    def status(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """Tell how far a job is; once a minute."""
        return self._job(self.desk.poll(account, request.path_params["job_id"]), 200)

    def _job(self, job: Any, status: int) -> Response:
        found = wire.job_json(job, self.desk.clock.now(), f"{self.api_url}/configure")
        return JSONResponse(found, status_code=status)

    # --------------------------------------------------------------------------------------------------------- reading

    def configured(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """Read what came of a job; of one that is not done or failed, what was sent."""
        job, records = self.desk.job(account, request.path_params["job_id"])
        if not job.is_done or job.errors:
            return JSONResponse(job.body)
        return JSONResponse(wire.configured_json(records, account, self.desk.products, self.base_url))

    def private_offer(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """Read a private offer."""
        record = self.desk.record(account, request.path_params["private_offer_id"])
        return JSONResponse(wire.offer_json(record, account, self.desk.products, self.base_url))

    def query(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """List the account's private offers, and those shared with it."""
        listed = [
            wire.offer_json(each, account, self.desk.products, self.base_url) for each in self.desk.records_of(account)
        ]
        return self._page(request, listed, "private-offer/query")

    def products(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """List the account's products."""
        own = self.desk.products.of(account.id)
        wanted = request.query_params.get("externalId")
        listed = [wire.product_json(each) for each in own if wanted in {None, each.external_id}]
        return self._page(request, listed, "product")

    def plans(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """List the plans of a product."""
        product = self._product(account, _needed(request, "product"))
        return self._page(request, [wire.plan_json(product, each) for each in product.plans], "plan")

    def price(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """Read the price of a public plan."""
        product = self._product(account, request.path_params["product_id"])
        plan = product.plan(_needed(request, "plan"))
        if plan is None:
            raise ResourceError(f"Product {product.durable_id} has no such plan.")
        return JSONResponse(wire.public_price_json(product, plan))

    def given_price(self, request: Request, account: SellerAccount, _body: dict[str, Any]) -> Response:
        """Read a price that was given with a private offer, by its durable id."""
        parts = request.path_params
        return JSONResponse(self.desk.price(account, price_id(parts["product_id"], parts["number"])))

    # ----------------------------------------------------------------------------------------------------------- inside

    def _product(self, account: SellerAccount, named: str) -> Product:
        product = self.desk.products.find(account.id, named)
        if product is None:
            raise ResourceError(f"There is no product {named[:80]!r} in this account.")
        return product

    def _page(self, request: Request, listed: Sequence[dict[str, Any]], path: str) -> Response:
        start = _position(request.query_params.get("$skipToken", "0"))
        body: dict[str, Any] = {"value": list(listed[start : start + PAGE_SIZE])}
        if start + PAGE_SIZE < len(listed):
            version = request.query_params["$version"]
            body["@nextLink"] = f"{self.api_url}/{path}?$version={version}&$skipToken={start + PAGE_SIZE}"
        return JSONResponse(body)

    def caller(self, authorization: str) -> SellerAccount:
        """Return the account that calls.

        Raises:
            TokenError: The bearer token is missing, not genuine, expired or for another API.
            NotAssociatedError: Its application belongs to no account.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenError("The call carries no bearer token.")
        claims = self.authority.verify_app_token(token.strip())
        if claims is None:
            raise TokenError("The bearer token is not genuine or has expired.")
        if claims.get("aud") not in _AUDIENCES:
            raise TokenError(f"The bearer token is for {claims.get('aud')}, not for {GRAPH_URI}.")
        account = self.desk.accounts.of_application(claims.get("tid"), claims.get("appid", claims.get("azp")))
        if account is None:
            raise NotAssociatedError("The token's application is not associated with an account at Partner Center.")
        return account


Call = Callable[[Request, SellerAccount, dict[str, Any]], Response]


def ingestion_app(api: IngestionApi) -> Starlette:
    """Return the ASGI app to mount at `/ingestion`."""
    price = f"{ROOT}/price-and-availability-private-offer-plan/{{product_id}}"

    def get(path: str, call: Call, versions: frozenset[str]) -> Route:
        return Route(path, _guarded(api, call, versions), methods=["GET"])

    routes = [
        Route(f"{ROOT}/configure", _guarded(api, api.configure, _CONFIGURE), methods=["POST"]),
        get(f"{ROOT}/configure/{{job_id}}/status", api.status, _CONFIGURE),
        get(f"{ROOT}/configure/{{job_id}}", api.configured, _BOTH),
        get(f"{ROOT}/private-offer/query", api.query, _BOTH),
        get(f"{ROOT}/private-offer/{{private_offer_id}}", api.private_offer, _OFFER),
        get(f"{ROOT}/product", api.products, _CONFIGURE),
        get(f"{ROOT}/plan", api.plans, _CONFIGURE),
        get(price, api.price, _OFFER),
        get(f"{price}/{{number:int}}", api.given_price, _OFFER),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_error})


def _guarded(api: IngestionApi, call: Call, versions: frozenset[str]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        await asyncio.sleep(api.faults.take_slowness())
        refusal = api.faults.take_refusal()
        if refusal is not None:
            return _turned_away(refusal)
        try:
            account = api.caller(request.headers.get("authorization", ""))
            version = request.query_params.get("$version")
            if version not in versions:
                fault = ShapeFault(
                    target="$version", message=f"is {version!r}; it must be {' or '.join(sorted(versions))}"
                )
                raise SchemaError([fault])
            body = await _json_body(request) if request.method == "POST" else {}
            return await run_in_threadpool(call, request, account, body)
        except FairkeeperError as error:
            return _refusal(error)

    return endpoint


def _refusal(error: FairkeeperError) -> Response:
    status = 401 if isinstance(error, TokenError) else _STATUS_OF_KIND.get(error.kind, 500)
    faults = error.faults if isinstance(error, SchemaError) else ()
    answer = _error(status, error.message, faults)
    if isinstance(error, PolledTooOftenError):
        answer.headers["Retry-After"] = str(error.wait_seconds)
    return answer


def _error(status: int, message: str, faults: Sequence[ShapeFault] = ()) -> Response:
    code = _CODE_OF_STATUS.get(status, "error")
    return JSONResponse(wire.error_json(code, message, faults), status_code=status)


def _turned_away(faults: Faults) -> Response:
    answer = _error(faults.fail_status, "Turned away on purpose.")
    if faults.fail_status != 500:
        answer.headers["Retry-After"] = str(faults.retry_after_seconds)
    return answer


async def _json_body(request: Request) -> dict[str, Any]:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _MOST_BODY_BYTES:
            raise SchemaError([ShapeFault(target="body", message="is too large")])
    try:
        body = json.loads(raw, parse_constant=_no_number, parse_float=_finite)
        msgspec.json.encode(body)  # what cannot be written again cannot be kept: halves of characters
    except (ValueError, RecursionError) as error:
        raise SchemaError([ShapeFault(target="body", message="is no JSON")]) from error
    if not isinstance(body, dict):
        raise SchemaError([ShapeFault(target="body", message="is no JSON object")])
    return body


def _no_number(name: str) -> float:
    msg = f"{name} is no number"
    raise ValueError(msg)


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _needed(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise SchemaError([ShapeFault(target=name, message="is needed in the query")])
    return value


def _position(token: str) -> int:
    if not token.isascii() or not token.isdigit() or len(token) > 9:
        raise SchemaError([ShapeFault(target="$skipToken", message="is not one of this service")])
    return int(token)


async def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(status, str(getattr(error, "detail", error)))
