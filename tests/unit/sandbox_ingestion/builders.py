"""Made-up private offers, prices and a small world around them, without a sandbox."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from fairkeeper.sandbox.directory import default_directory
from fairkeeper.sandbox.ingestion.accounts import Accounts, BillingAccount, SellerAccount, default_accounts
from fairkeeper.sandbox.ingestion.identifiers import durable_plan_id, product_id
from fairkeeper.sandbox.ingestion.jobs.rules import World
from fairkeeper.sandbox.ingestion.jobs.submissions import Outcome, carry_out
from fairkeeper.sandbox.ingestion.products import ListedPlan, Products, products_of
from fairkeeper.sandbox.ingestion.records import Record
from fairkeeper.sandbox.ingestion.requests.price_shapes import PRICE_SCHEMA, PriceShape
from fairkeeper.sandbox.ingestion.requests.shapes import (
    CONFIGURE_SCHEMA,
    OFFER_SCHEMA,
    OfferShape,
    Request,
    ShapeFault,
    read_request,
)
from fairkeeper.sandbox.marketplace.catalog import default_catalog

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOON.date()
DESK, ASSISTANT = product_id("fairmile-desk"), product_id("fairmile-assistant")
BUSINESS = durable_plan_id("fairmile-desk", "business")
TEAM = durable_plan_id("fairmile-assistant", "team")


def accounts() -> Accounts:
    return default_accounts(default_directory())


def contoso() -> BillingAccount:
    return accounts().billing[0]


def publisher() -> SellerAccount:
    return accounts().sellers[0]


def products() -> Products:
    return products_of(default_catalog(frozenset(), contoso().tenant_id))


def base(plan: str = BUSINESS) -> ListedPlan:
    product = products().find("fairmile", DESK if plan.startswith(f"plan/{DESK[8:]}") else ASSISTANT)
    assert product is not None
    found = product.plan(plan)
    assert found is not None
    return found


def world(*records: Record, today: date = TODAY) -> World:
    return World(accounts=accounts(), products=products(), records=records, today=today)


def offer_document(**changes: Any) -> dict[str, Any]:
    document = {
        "$schema": OFFER_SCHEMA,
        "name": "Contoso",
        "state": "live",
        "privateOfferType": "customerPromotion",
        "offerPricingType": "editExistingOfferPricingOnly",
        "variableStartDate": True,
        "end": "2027-12-31",
        "acceptBy": "2026-12-15",
        "beneficiaries": [{"id": contoso().id}],
        "pricing": [{"product": DESK, "plan": BUSINESS, "discountType": "percentage", "discountPercentage": 10}],
        **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


def offer(**changes: Any) -> OfferShape:
    return OfferShape.model_validate(offer_document(**changes))


def price_document(*items: dict[str, Any], plan: str = BUSINESS, **recurrent: Any) -> dict[str, Any]:
    prices = {"recurrentPriceMode": "flatRate", "priceInputOption": "usd", "prices": list(items), **recurrent}
    return {
        "$schema": PRICE_SCHEMA,
        "resourceName": "price",
        "product": DESK,
        "plan": plan,
        "pricing": {"recurrentPrice": prices},
    }


def price(*items: dict[str, Any], **recurrent: Any) -> PriceShape:
    return PriceShape.model_validate(price_document(*items, **recurrent))


def yearly(amount: float = 9_000, years: int = 1, **changes: Any) -> dict[str, Any]:
    term = {"type": "year", "value": years}
    return {
        "billingTerm": term,
        "paymentOption": {"type": "year", "value": 1},
        "pricePerPaymentInUsd": amount,
    } | changes


def schedule(
    *charges: tuple[str, float], first: float = 0, years: int = 1, total: float | None = None
) -> dict[str, Any]:
    dated = [{"chargeDate": day, "pricePerPaymentInUsd": amount} for day, amount in charges]
    flexible: dict[str, Any] = {"initialCharge": {"pricePerPaymentInUsd": first}, "billingSchedule": dated}
    if total is not None:
        flexible["price"] = total
    return {"contractDuration": {"type": "year", "value": years}, "flexibleSchedule": flexible}


def request(*resources: dict[str, Any]) -> Request:
    read = read_request({"$schema": CONFIGURE_SCHEMA, "resources": list(resources)})
    assert isinstance(read, Request), read
    return read


def faults(*resources: dict[str, Any]) -> list[ShapeFault]:
    read = read_request({"$schema": CONFIGURE_SCHEMA, "resources": list(resources)})
    assert isinstance(read, list), read
    return read


def outcome(*resources: dict[str, Any], among: World | None = None, job_id: str = "job") -> Outcome:
    return carry_out(request(*resources), publisher(), among or world(), job_id=job_id, at=NOON)


def record(**changes: Any) -> Record:
    (made,) = outcome(offer_document(**changes)).records
    return made
