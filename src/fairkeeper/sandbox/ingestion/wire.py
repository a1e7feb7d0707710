"""Microsoft's JSON for jobs, products, plans, prices and private offers, as each side of an offer reads them.

Separate, because the spelling belongs to Microsoft and is the thing a connector must get right. What a publisher sent
is given back as it came; what the service adds stands beside it.
Source: samples of "Job status and retrieve private offer detail via API" (a channel partner's view; prices named by
durable ids), of "Private offers submission API overview" (lists) and of "Private offers submission API troubleshooting
and resources" (`error`); read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from fairkeeper.sandbox.ingestion.accounts import SellerAccount
from fairkeeper.sandbox.ingestion.identifiers import private_offer_id
from fairkeeper.sandbox.ingestion.jobs.job import Job
from fairkeeper.sandbox.ingestion.lifecycle import Standing, shown_state
from fairkeeper.sandbox.ingestion.products import ListedPlan, Product, Products
from fairkeeper.sandbox.ingestion.records import Document, Record
from fairkeeper.sandbox.ingestion.requests.price_shapes import PRICE_SCHEMA
from fairkeeper.sandbox.ingestion.requests.shapes import CONFIGURE_SCHEMA, OFFER_SCHEMA, SCHEMAS, OfferType, ShapeFault

_NO_END: Final = "0001-01-01"
_HIDDEN_FROM_PARTNER: Final = frozenset(
    {"pricing", "preparedBy", "notificationContacts", "notes", "termsAndConditionsDocs", "upgradedFrom"}
)


def job_json(job: Job, now: datetime, configure_url: str) -> dict[str, Any]:
    """Return the status of a job."""
    status, result = job.status(now)
    body: dict[str, Any] = {
        "$schema": f"{SCHEMAS}/configure-status/2022-07-01",
        "jobId": job.id,
        "jobStatus": status,
        "jobResult": result,
        "jobStart": _instant(job.submitted_at),
        "jobEnd": _instant(job.ends_at) if job.is_done else _NO_END,
        "errors": [
            {**({"resourceId": each.resource} if each.resource else {}), "code": each.code, "message": each.message}
            for each in job.errors
        ],
    }
    if result == "succeeded" and not job.has_deleted:
        body["resourceUri"] = f"{configure_url}/{job.id}"
    return body


def error_json(code: str, message: str, faults: Sequence[ShapeFault] = ()) -> dict[str, Any]:
    """Return the body of an error."""
    details = [{"code": "schemaValidation", "target": each.target, "message": each.message} for each in faults]
    return {"error": {"code": code, "message": message, **({"details": details} if details else {})}}


def product_json(product: Product) -> dict[str, Any]:
    """Return a product of a list."""
    return {
        "$schema": f"{SCHEMAS}/product/2022-07-01",
        "id": product.durable_id,
        "identity": {"externalId": product.external_id},
        "type": product.kind,
        "alias": product.name,
    }


def plan_json(product: Product, plan: ListedPlan) -> dict[str, Any]:
    """Return a plan of a list."""
    return {
        "$schema": f"{SCHEMAS}/plan/2022-07-01",
        "product": product.durable_id,
        "id": plan.durable_id,
        "identity": {"externalId": plan.external_id},
        "alias": plan.name,
    }


def public_price_json(product: Product, plan: ListedPlan) -> dict[str, Any]:
    """Return the price of a public plan, to be edited and sent with a private offer."""
    recurrent: dict[str, Any] = {
        "recurrentPriceMode": "perUser" if plan.is_per_user else "flatRate",
        "priceInputOption": "usd",
        "prices": [
            {
                "billingTerm": _term(term.months),
                "paymentOption": _term(term.payment_months),
                "pricePerPaymentInUsd": _number(term.price),
            }
            for term in plan.terms
        ],
    }
    if plan.is_per_user and plan.plan is not None:
        recurrent["userLimits"] = {"min": plan.plan.min_quantity, "max": plan.plan.max_quantity}
    pricing: dict[str, Any] = {"recurrentPrice": recurrent}
    if plan.dimensions:
        included = [_term(term.months) for term in plan.terms]
        pricing["customMeters"] = {
            "priceInputOption": "usd",
            "meters": {
                each.id: {
                    "pricePerPaymentInUsd": _number(Decimal(each.price_minor) / 100),
                    "includedQuantities": [
                        {"billingTerm": term, "quantity": each.included_units, "isInfinite": False} for term in included
                    ],
                }
                for each in plan.dimensions
            },
        }
    return {
        "$schema": PRICE_SCHEMA,
        "product": product.durable_id,
        "plan": plan.durable_id,
        "offerPricingType": "editExistingOfferPricingOnly",
        "visibility": "visible",
        "lifecycleState": "generallyAvailable",
        "pricing": pricing,
    }


def offer_json(record: Record, viewer: SellerAccount, products: Products, base_url: str) -> Document:
    """Return a private offer as its originator or its channel partner reads it.

    Args:
        record: The offer.
        viewer: Whose view.
        products: For the names of products and plans.
        base_url: Of the storefront, for the links to send to the customer.
    """
    is_partner = viewer.id != record.account_id
    state, sub_state = shown_state(record.standing, to_partner=is_partner)
    document = _of_partner(record, products) if is_partner else _of_originator(record, products)
    document |= {"$schema": OFFER_SCHEMA, "id": private_offer_id(record.id), "state": state.value}
    if sub_state is not None:
        document["subState"] = sub_state
    shows_links = is_partner or record.kind is not OfferType.ORIGINATOR
    if shows_links and record.standing in {Standing.WITH_CUSTOMER, Standing.ACCEPTED} and record.beneficiary_id:
        link = f"{base_url}/private-offers/{record.id}"
        document["acceptanceLinks"] = [{"beneficiaryId": record.beneficiary_id, "link": link}]
    document["lastModified"] = record.modified_at.date().isoformat()
    document["eTag"] = record.e_tag
    return document


def configured_json(
    records: Sequence[Record], viewer: SellerAccount, products: Products, base_url: str
) -> dict[str, Any]:
    """Return what came of a job: its private offers, and the prices that were given with them, joined by name."""
    resources: list[Document] = []
    for record in records:
        names = {each: price.get("resourceName", each) for each, price in record.prices.items()}
        offer = offer_json(record, viewer, products, base_url)
        for rows in ("pricing", "originatorPricing"):
            if rows in offer:
                offer[rows] = [_by_name(row, names) for row in offer[rows]]
        resources += [*record.prices.values(), offer]
    return {"$schema": CONFIGURE_SCHEMA, "resources": resources}


def _by_name(row: Document, names: dict[str, str]) -> Document:
    details = row.get("priceDetails")
    return {**row, "priceDetails": {"resourceName": names[details]}} if details in names else row


def _of_originator(record: Record, products: Products) -> Document:
    document = dict(record.document)
    document["privateOfferType"] = record.kind.value
    if "pricing" in document:
        document["pricing"] = [_named(row, record.account_id, products) for row in document["pricing"]]
    return document


def _of_partner(record: Record, products: Products) -> Document:
    """Return the originator's part, read only, with the partner's own."""
    shared = {name: value for name, value in record.document.items() if name not in _HIDDEN_FROM_PARTNER}
    own = record.partner_document
    own_rows = own.get("originatorPricing") or []
    rows = []
    for position, row in enumerate(record.document.get("pricing") or []):
        mine = own_rows[position] if position < len(own_rows) else {}
        added = {name: mine[name] for name in ("markupPercentage", "notes") if name in mine}
        rows.append({**_named(row, record.account_id, products), **added})
    return {
        **shared,
        "privateOfferType": OfferType.CHANNEL_PARTNER.value,
        "originatorTermsAndConditionsDocs": record.document.get("termsAndConditionsDocs") or [],
        "termsAndConditionsDocs": own.get("termsAndConditionsDocs") or [],
        "notificationContacts": own.get("notificationContacts") or [],
        **({"preparedBy": own["preparedBy"]} if "preparedBy" in own else {}),
        **({"notes": own["notes"]} if "notes" in own else {}),
        "originatorPricing": rows,
    }


def _named(row: Document, account_id: str, products: Products) -> Document:
    product = products.find(account_id, row["product"])
    plan = product.plan(row.get("plan") or row.get("basePlan") or "") if product else None
    named = {**row, **({"productName": product.name} if product else {}), **({"planName": plan.name} if plan else {})}
    return {name: value for name, value in named.items() if value is not None}


def _term(months: int) -> dict[str, Any]:
    return {"type": "year", "value": months // 12} if months % 12 == 0 else {"type": "month", "value": months}


def _number(amount: Decimal) -> float:
    return float(amount)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
