"""The control API under `/sandbox`: what a rehearsal or a test does in Microsoft's and the customer's place.

Separate from the storefront, which offers the same to a person. Strict: an unknown field is refused. Every error is
JSON with code, message and remedy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from starlette.exceptions import HTTPException

from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.sandbox.directory import Directory
from fairkeeper.sandbox.fulfillment import wire
from fairkeeper.sandbox.ingestion.control import charge_json, private_offer_routes
from fairkeeper.sandbox.ingestion.desk import PrivateOfferDesk
from fairkeeper.sandbox.marketplace.buyers import as_party, company_of, find_person
from fairkeeper.sandbox.marketplace.clocks import is_refundable, next_deadline
from fairkeeper.sandbox.marketplace.faults import Faults, FaultSwitchboard
from fairkeeper.sandbox.marketplace.market import Market
from fairkeeper.sandbox.marketplace.operations import Operation, Source, Wanted
from fairkeeper.sandbox.marketplace.purchases import Order
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.sandbox.marketplace.subscriptions import Subscription
from fairkeeper.sandbox.metering.intake import MeteringService
from fairkeeper.sandbox.webhooks.courier import Courier
from fairkeeper.sandbox.webhooks.deliveries import Delivery, DeliveryStatus
from fairkeeper.sandbox.webhooks.publisher import Publisher, PublisherAddresses
from fairkeeper.values.clock import MovableClock, format_instant

_STATUS_OF_KIND = {
    ErrorKind.INVALID: 422,
    ErrorKind.DENIED: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
}
_LONGEST_MOVE = timedelta(days=2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What can be controlled."""

    market: Market
    private_offers: PrivateOfferDesk
    courier: Courier
    faults: FaultSwitchboard
    publisher: Publisher
    directory: Directory
    clock: MovableClock
    storage: Storage
    metering: MeteringService

    def move_clock(self, by: timedelta) -> None:
        """Move the clock ahead; what falls due happens, and the offset is kept.

        Raises:
            ClockMoveError: Backwards, or further than about five years at once.
        """
        if not timedelta() <= by <= _LONGEST_MOVE:
            raise ClockMoveError(f"The clock moves by 0 to {_LONGEST_MOVE.days} days at once, not by {by}.")
        self.clock.move(by)
        self.storage.put("clock", [("offset", self.clock.offset.total_seconds())])
        self.market.catch_up()
        self.courier.wake()


class ClockMoveError(FairkeeperError):
    """The clock cannot be moved so."""

    kind = ErrorKind.INVALID
    code = "sandbox.clock_move_invalid"
    remedy = "Move it ahead in steps of at most 2,000 days."


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockMove(_Input):
    """How far to move; the parts add up."""

    days: float = Field(default=0, ge=0, le=2_000)
    hours: float = Field(default=0, ge=0, le=48_000)
    seconds: float = Field(default=0, ge=0, le=200_000_000)


class PurchaseInput(_Input):
    """One purchase. People are named by mail address or object id."""

    plan_id: StrictStr = Field(max_length=50)
    purchaser: StrictStr = Field(max_length=200)
    beneficiary: StrictStr | None = Field(default=None, max_length=200, description="The purchaser if left out.")
    offer_id: StrictStr | None = Field(default=None, max_length=50, description="Found by the plan if left out.")
    name: StrictStr | None = Field(default=None, max_length=200)
    quantity: StrictInt | None = None
    auto_activation: StrictBool | None = Field(default=None, description="The plan's own setting if left out.")
    reseller: StrictBool = Field(default=False, description="The purchaser is a cloud solution provider.")
    free_trial: StrictBool = False
    dry_run: StrictBool = Field(default=False, description="A test without money: its usage is never billed.")
    auto_renew: StrictBool = True
    private_offer_id: StrictStr | None = Field(default=None, max_length=100)


class BulkInput(PurchaseInput):
    """Many purchases of one kind."""

    subscriptions: StrictInt = Field(ge=1, le=20_000)
    announced: StrictBool = Field(default=True, description="False leaves out the Subscribe webhooks.")


class PlanInput(_Input):
    """The new plan."""

    plan_id: StrictStr = Field(max_length=50)


class QuantityInput(_Input):
    """The new number of seats."""

    quantity: StrictInt


class RenewalInput(_Input):
    """Whether the term renews by itself."""

    auto_renew: StrictBool


def control_app(controls: Controls) -> FastAPI:
    """Return the ASGI app to mount at `/sandbox`."""
    app = FastAPI(title="Sandbox control", docs_url=None, redoc_url=None)
    app.include_router(_general_routes(controls))
    app.include_router(_purchase_routes(controls))
    app.include_router(_subscription_routes(controls))
    app.include_router(private_offer_routes(controls.private_offers, controls.directory))
    app.add_exception_handler(FairkeeperError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    return app


def _general_routes(controls: Controls) -> APIRouter:
    router = APIRouter()

    @router.get("/clock")
    def read_clock() -> dict[str, Any]:
        """Say what time it is here."""
        return {"now": format_instant(controls.clock.now()), "offset_seconds": controls.clock.offset.total_seconds()}

    @router.post("/clock/move")
    def move_clock(move: ClockMove) -> dict[str, Any]:
        """Move the clock ahead; everything that falls due happens, in order of time."""
        controls.move_clock(timedelta(days=move.days, hours=move.hours, seconds=move.seconds))
        return read_clock()

    @router.get("/faults")
    def read_faults() -> Faults:
        """Show the switches."""
        return controls.faults.now

    @router.put("/faults")
    def set_faults(faults: Faults) -> Faults:
        """Replace all switches; what is left out is off."""
        controls.faults.set(faults)
        controls.courier.wake()
        return controls.faults.now

    @router.get("/publisher")
    def read_publisher() -> PublisherAddresses:
        """Show where the publisher is reached."""
        return controls.publisher.addresses

    @router.put("/publisher")
    def set_publisher(addresses: PublisherAddresses) -> PublisherAddresses:
        """Tell where the publisher is reached; waiting webhooks leave."""
        controls.publisher.set(addresses)
        controls.courier.wake()
        return controls.publisher.addresses

    @router.get("/deliveries")
    def list_deliveries(
        subscription_id: str | None = None,
        status: DeliveryStatus | None = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> dict[str, Any]:
        """List the newest webhooks with their tries, newest first."""
        chosen = [
            each
            for each in controls.courier.deliveries()
            if subscription_id in {None, each.subscription_id} and status in {None, each.status}
        ]
        return {"total": len(chosen), "deliveries": [_delivery_json(each) for each in chosen[::-1][:limit]]}

    @router.get("/catalog")
    def read_catalog() -> dict[str, Any]:
        """Show what can be bought, and by whom."""
        return _catalog_json(controls)

    return router


def _purchase_routes(controls: Controls) -> APIRouter:
    router = APIRouter()

    def order_of(wanted: PurchaseInput) -> Order:
        purchaser = find_person(controls.directory, wanted.purchaser)
        beneficiary = find_person(controls.directory, wanted.beneficiary or wanted.purchaser)
        return Order(
            plan_id=wanted.plan_id,
            offer_id=wanted.offer_id,
            name=wanted.name,
            quantity=wanted.quantity,
            company=company_of(controls.directory, beneficiary),
            purchaser=as_party(purchaser),
            beneficiary=as_party(beneficiary),
            auto_activation=wanted.auto_activation,
            is_reseller_purchase=wanted.reseller,
            is_free_trial=wanted.free_trial,
            is_dry_run=wanted.dry_run,
            is_auto_renewed=wanted.auto_renew,
            private_offer_id=wanted.private_offer_id,
        )

    @router.post("/purchases", status_code=201)
    def buy(wanted: PurchaseInput) -> dict[str, Any]:
        """Buy, and get the link behind "Configure account now"."""
        subscription = controls.market.purchase(order_of(wanted))
        return {
            "subscription_id": subscription.id,
            "status": subscription.status.value,
            "landing_url": _landing_link(controls, subscription.id),
        }

    @router.post("/bulk", status_code=201)
    def buy_many(wanted: BulkInput) -> dict[str, Any]:
        """Buy the same many times; returns the ids."""
        orders = [order_of(wanted)] * wanted.subscriptions
        bought = controls.market.purchase_many(orders, announced=wanted.announced)
        return {"subscription_ids": [each.id for each in bought]}

    return router


def _subscription_routes(controls: Controls) -> APIRouter:
    router, market = APIRouter(prefix="/subscriptions"), controls.market

    @router.get("")
    def list_all(limit: Annotated[int, Query(ge=1, le=100_000)] = 1_000) -> dict[str, Any]:
        """List purchases, newest first."""
        found = market.subscriptions()
        return {
            "total": len(found),
            "subscriptions": [_subscription_json(controls, each) for each in found[::-1][:limit]],
        }

    @router.get("/{subscription_id}")
    def read(subscription_id: str) -> dict[str, Any]:
        """Show a purchase with its operations and what happens next by itself."""
        subscription = market.subscription(subscription_id)
        operations = [_operation_json(each, subscription) for each in market.operations_of(subscription_id)]
        return {**_subscription_json(controls, subscription), "operations": operations}

    @router.post("/{subscription_id}/change-plan")
    def change_plan(subscription_id: str, wanted: PlanInput) -> dict[str, Any]:
        """Begin a plan change as the customer (or reseller)."""
        operation = market.request_change(subscription_id, Wanted(plan_id=wanted.plan_id), source=Source.AZURE)
        return {"operation_id": operation.id}

    @router.post("/{subscription_id}/change-quantity")
    def change_quantity(subscription_id: str, wanted: QuantityInput) -> dict[str, Any]:
        """Begin a seat change as the customer (or reseller)."""
        operation = market.request_change(subscription_id, Wanted(quantity=wanted.quantity), source=Source.AZURE)
        return {"operation_id": operation.id}

    @router.post("/{subscription_id}/reinstate")
    def reinstate(subscription_id: str) -> dict[str, Any]:
        """Let the payment arrive; the publisher must agree."""
        return {"operation_id": market.request_reinstatement(subscription_id).id}

    @router.post("/{subscription_id}/auto-renew")
    def set_auto_renewal(subscription_id: str, wanted: RenewalInput) -> dict[str, Any]:
        """Switch auto-renewal."""
        subscription = market.set_auto_renewal(subscription_id, is_on=wanted.auto_renew)
        return _subscription_json(controls, subscription)

    @router.post("/{subscription_id}/manage")
    def manage(subscription_id: str) -> dict[str, Any]:
        """Mint a new link to the landing page, as "Manage account" does."""
        controls.publisher.landing_link("")
        return {"landing_url": _landing_link(controls, subscription_id)}

    verbs: dict[str, Callable[[str], Subscription]] = {
        "suspend": market.suspend,
        "renew": market.renew,
        "cancel": market.cancel,
        "expire": market.expire,
    }

    @router.post("/{subscription_id}/{verb}")
    def happen(subscription_id: str, verb: Literal["suspend", "renew", "cancel", "expire"]) -> dict[str, Any]:
        """Let a payment fail, the term renew, the customer cancel, or the running period end."""
        return _subscription_json(controls, verbs[verb](subscription_id))

    return router


def _landing_link(controls: Controls, subscription_id: str) -> str | None:
    if controls.publisher.addresses.landing_url is None:
        return None
    return controls.publisher.landing_link(controls.market.mint_landing_token(subscription_id))


def _subscription_json(controls: Controls, subscription: Subscription) -> dict[str, Any]:
    deadline = next_deadline(subscription)
    return {
        **wire.subscription_json(subscription),
        "privateOfferId": subscription.private_offer_id,
        "charges": [charge_json(each) for each in subscription.charges],
        "isRefundable": is_refundable(subscription, controls.clock.now()),
        "next": {"at": format_instant(deadline.at), "what": deadline.lapse.value} if deadline else None,
    }


def _operation_json(operation: Operation, subscription: Subscription) -> dict[str, Any]:
    due = operation.answer_due_at
    return {
        **wire.operation_json(operation, subscription),
        "operationRequestSource": operation.source.value,
        "answerDueAt": format_instant(due) if due else None,
    }


def _delivery_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "operation_id": delivery.operation_id,
        "subscription_id": delivery.subscription_id,
        "action": delivery.action.value,
        "status": delivery.status.value,
        "tries": delivery.tries,
        "note": delivery.note,
        "created_at": format_instant(delivery.created_at),
        "next_attempt_at": format_instant(delivery.next_attempt_at) if delivery.is_open else None,
        "attempts": [
            {
                "at": format_instant(attempt.at),
                "status_code": attempt.status_code,
                "error": attempt.error,
                "milliseconds": attempt.milliseconds,
                "forgery": attempt.forgery,
            }
            for attempt in delivery.attempts
        ],
    }


def _catalog_json(controls: Controls) -> dict[str, Any]:
    catalog, directory = controls.market.catalog, controls.directory
    return {
        "offers": [
            {
                "id": offer.id,
                "name": offer.name,
                "publisher_id": offer.publisher_id,
                "plans": [
                    {
                        "id": plan.id,
                        "name": plan.name,
                        "per_seat": plan.is_per_seat,
                        "min_quantity": plan.min_quantity,
                        "max_quantity": plan.max_quantity,
                        "term_unit": plan.term_unit,
                        "private": plan.is_private,
                        "auto_activated": plan.is_auto_activated,
                        "free_trial": plan.has_free_trial,
                        "dimensions": [dimension.id for dimension in plan.dimensions],
                    }
                    for plan in offer.plans
                ],
            }
            for offer in catalog.offers
        ],
        "private_offers": [
            {"id": each.id, "name": each.name, "plan_id": each.plan_id, "tenant_id": each.tenant_id}
            for each in catalog.private_offers
        ],
        "people": [
            {"email": each.email, "name": each.name, "object_id": each.object_id, "tenant_id": each.tenant_id}
            for each in directory.people
        ],
        "tenants": [{"id": each.id, "name": each.name} for each in directory.tenants],
    }


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, FairkeeperError):
        raise error
    body = {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        **({"detail": error.detail} if error.detail else {}),
    }
    return JSONResponse(body, status_code=_STATUS_OF_KIND.get(error.kind, 500))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]
    body = {
        "code": "sandbox.request_invalid",
        "message": "; ".join(faults)[:2_000],
        "remedy": "Correct the named fields; /sandbox/openapi.json lists what each call takes.",
    }
    return JSONResponse(body, status_code=422)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    body = {
        "code": {404: "sandbox.not_found", 405: "sandbox.method_not_allowed"}.get(status, "sandbox.request_invalid"),
        "message": str(getattr(error, "detail", error)),
        "remedy": "/sandbox/openapi.json lists the calls.",
    }
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse(body, status_code=status, headers=headers)
