"""The private offer that the made-up publisher's first customer has accepted before anybody starts.

Separate, because it only stands for a past that a fresh sandbox does not have: a list with one deal in it, which can be
bought, matched and imported at once.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Any

from fairkeeper.sandbox.ingestion.accounts import Accounts
from fairkeeper.sandbox.ingestion.identifiers import durable_plan_id, price_id, product_id
from fairkeeper.sandbox.ingestion.lifecycle import Standing
from fairkeeper.sandbox.ingestion.records import Record
from fairkeeper.sandbox.ingestion.requests.price_shapes import PRICE_SCHEMA
from fairkeeper.sandbox.ingestion.requests.shapes import OFFER_SCHEMA, OfferType
from fairkeeper.sandbox.marketplace.catalog import Catalog
from fairkeeper.sandbox.marketplace.private_offers import PrivateOffer
from fairkeeper.sandbox.marketplace.terms import add_duration, months_and_days


def accepted_before(catalog: Catalog, accounts: Accounts, at: datetime) -> tuple[Record, ...]:
    """Return the private offers of the catalogue as this API would have made them, accepted now."""
    return tuple(_record(each, catalog, accounts, at) for each in catalog.private_offers)


def _record(private: PrivateOffer, catalog: Catalog, accounts: Accounts, at: datetime) -> Record:
    offer = catalog.offer_of_plan(private.plan_id)
    customer = accounts.billing_accounts_of(private.tenant_id)[0]
    product, plan = product_id(offer.id), durable_plan_id(offer.id, private.plan_id)
    price = price_id(product, 1)
    document: dict[str, Any] = {
        "$schema": OFFER_SCHEMA,
        "name": private.name,
        "state": "live",
        "privateOfferType": OfferType.CUSTOMER.value,
        "offerPricingType": "editExistingOfferPricingOnly",
        "variableStartDate": True,
        "end": _month_end(add_duration(at.date(), private.term_unit)).isoformat(),
        "acceptBy": _month_end(at.date()).isoformat(),
        "preparedBy": "percy.partner@fairmile.example",
        "notificationContacts": ["percy.partner@fairmile.example"],
        "beneficiaries": [{"id": customer.id, "description": customer.company}],
        "pricing": [{"product": product, "plan": plan, "discountType": "absolute", "priceDetails": price}],
    }
    return Record(
        id=private.id,
        account_id=offer.publisher_id,
        kind=OfferType.CUSTOMER,
        standing=Standing.ACCEPTED,
        document=document,
        prices={price: _price(private, product, plan) | {"id": price}},
        modified_at=at,
        accepted_by="cora.contoso@contoso.example",
        accepted_at=at,
    )


def _price(private: PrivateOffer, product: str, plan: str) -> dict[str, Any]:
    item = {
        "billingTerm": _years(private.term_unit),
        "paymentOption": _years(private.charge_duration or private.term_unit),
        "pricePerPaymentInUsd": private.price_minor / 100,
    }
    recurrent = {"recurrentPriceMode": "flatRate", "priceInputOption": "usd", "prices": [item]}
    return {
        "$schema": PRICE_SCHEMA,
        "resourceName": "price-0",
        "product": product,
        "plan": plan,
        "offerPricingType": "editExistingOfferPricingOnly",
        "pricing": {"recurrentPrice": recurrent},
    }


def _years(unit: str) -> dict[str, Any]:
    return {"type": "year", "value": months_and_days(unit)[0] // 12}


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
