"""Which parts each kind, state and way of pricing asks for: the conditions of the schemas, pure.

Separate from `shapes`, which says what a part looks like once it is there.
Source: "Create a direct ISV to customer private offer" (table of `offerPricingType`); "Create a multiparty private
offer for a customer" (who may set what; the partner's lines stand in `originatorPricing`); "Manage existing private
offers via API" (withdraw and delete name the offer and its state alone); schemas of 15 July 2023 (what `live` needs);
read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator

from fairkeeper.sandbox.ingestion.requests.price_shapes import FlexibleScheduleShape, PriceItemShape, PriceShape
from fairkeeper.sandbox.ingestion.requests.shapes import (
    OFFER_SCHEMAS,
    OfferShape,
    OfferState,
    OfferType,
    Request,
    RowShape,
    ShapeFault,
)

_MULTIPARTY = frozenset({OfferType.ORIGINATOR, OfferType.CHANNEL_PARTNER})
_MAKES_A_PLAN = frozenset({"saasNewCustomizedPlans", "newCustomizedPlans"})


def missing_parts(request: Request) -> list[ShapeFault]:
    """Return what a well-formed request lacks or must not have."""
    faults = [
        ShapeFault(target=f"{offer.name}: {target}", message=message)
        for offer in request.offers
        for target, message in _of_offer(offer)
    ]
    for price in request.prices:
        named = price.resource_name or price.id or "a price"
        faults += [ShapeFault(target=f"{named}: {target}", message=message) for target, message in _of_price(price)]
    return faults


_Told = Iterator[tuple[str, str]]


def _of_offer(offer: OfferShape) -> _Told:
    kind = OFFER_SCHEMAS[offer.schema_]
    if kind not in {None, offer.private_offer_type}:
        yield "$schema", f"is not the schema of {offer.private_offer_type}"
    if offer.state in {OfferState.WITHDRAWN, OfferState.DELETED}:
        if offer.id is None:
            yield "id", f"is needed to set the state {offer.state}"
        return
    if offer.private_offer_type is OfferType.CHANNEL_PARTNER:
        yield from _of_partner(offer)
        return
    yield from _of_parties(offer)
    if offer.state is OfferState.LIVE:
        yield from _of_live(offer)
    for position, row in enumerate(offer.rows):
        for name, message in _of_row(row, offer):
            yield f"pricing[{position}].{name}", message


def _of_partner(offer: OfferShape) -> _Told:
    if offer.id is None:
        yield "id", "names the private offer that its originator made"
    if offer.pricing is not None:
        yield "pricing", "is the originator's; a channel partner's lines stand in originatorPricing"
    if offer.state is not OfferState.LIVE:
        return
    if offer.prepared_by is None:
        yield "preparedBy", "is needed from the channel partner"
    if not offer.rows:
        yield "originatorPricing", "is needed from the channel partner"
    for position, row in enumerate(offer.rows):
        if row.markup_percentage is None:
            yield f"originatorPricing[{position}].markupPercentage", "is needed from the channel partner"


def _of_parties(offer: OfferShape) -> _Told:
    is_multiparty = offer.private_offer_type in _MULTIPARTY
    if offer.originator_pricing is not None:
        yield "originatorPricing", "is the channel partner's view"
    if offer.private_offer_type is not OfferType.CSP and len(offer.beneficiaries or ()) > 1:
        yield "beneficiaries", "holds one customer at most"
    if offer.partners and not is_multiparty:
        yield "partners", "belongs to multiparty offers"
    if offer.terms_and_conditions_doc_sas_url is not None and is_multiparty:
        yield "termsAndConditionsDocSasUrl", "is for customer and CSP offers; use termsAndConditionsDocs"
    if offer.terms_and_conditions_docs is not None and not is_multiparty:
        yield "termsAndConditionsDocs", "is for multiparty offers; use termsAndConditionsDocSasUrl"


def _of_live(offer: OfferShape) -> _Told:
    is_upgrade = offer.upgraded_from is not None
    if offer.end is None:
        yield "end", "is needed for the state live"
    if offer.accept_by is None and offer.private_offer_type is not OfferType.CSP:
        yield "acceptBy", "is needed for the state live"
    if not offer.beneficiaries and not is_upgrade:
        yield "beneficiaries", "needs at least one for the state live"
    if not offer.rows and not is_upgrade:
        yield "pricing", "needs at least one line for the state live"
    if offer.private_offer_type is OfferType.ORIGINATOR and not offer.partners:
        yield "partners", "needs the channel partner for the state live"


def _of_row(row: RowShape, offer: OfferShape) -> _Told:
    if row.markup_percentage is not None:
        yield "markupPercentage", "is set by the channel partner"
    if row.discount_type is None:
        yield "discountType", "is needed"
    if row.discount_type == "percentage" and row.discount_percentage is None:
        yield "discountPercentage", "is needed for a discount in percent"
    if row.discount_type == "absolute" and row.price_details is None:
        yield "priceDetails", "is needed for an absolute price"
    if row.discount_type == "absolute" and row.discount_percentage is not None:
        yield "discountPercentage", "does not go with an absolute price"
    yield from _of_plans(row, offer)


def _of_plans(row: RowShape, offer: OfferShape) -> _Told:
    if offer.pricing_type == "editExistingOfferPricingOnly":
        if row.base_plan is not None or row.new_plan_details is not None:
            yield "basePlan", "does not go with editExistingOfferPricingOnly; use plan"
        if row.plan is None and row.discount_type == "absolute":
            yield "plan", "is needed for an absolute price"
        return
    if row.plan is not None:
        yield "plan", f"does not go with {offer.pricing_type}; use basePlan"
    if row.base_plan is None:
        yield "basePlan", f"is needed for {offer.pricing_type}"
    if row.discount_type == "percentage":
        yield "discountType", f"is absolute for {offer.pricing_type}"
    details = row.new_plan_details
    if offer.pricing_type in _MAKES_A_PLAN and offer.state is OfferState.LIVE:
        if details is None or details.name is None:
            yield "newPlanDetails.name", f"is needed for {offer.pricing_type}"
        if details is None or details.description is None:
            yield "newPlanDetails.description", f"is needed for {offer.pricing_type}"


def _of_price(price: PriceShape) -> _Told:
    recurrent = price.pricing.recurrent_price if price.pricing else None
    if recurrent is None and price.software_reservation is None and (price.pricing is None):
        yield "pricing", "is needed, or softwareReservation"
    if recurrent is None:
        return
    is_usd = recurrent.price_input_option == "usd"
    for position, item in enumerate(recurrent.prices):
        for name, message in _of_item(item, is_usd=is_usd):
            yield f"pricing.recurrentPrice.prices[{position}].{name}", message


def _of_item(item: PriceItemShape, *, is_usd: bool) -> _Told:
    if item.term is None:
        yield "billingTerm", "is needed, or contractDuration of a flexible schedule"
    if is_usd:
        if item.prices:
            yield "prices", "goes with priceInputOption perMarket"
        if (item.flexible_schedule is None) == (item.price_per_payment_in_usd is None):
            yield "pricePerPaymentInUsd", "is needed, or a flexibleSchedule, and never both"
        if item.flexible_schedule is not None:
            yield from _of_schedule(item.flexible_schedule, "pricePerPaymentInUsd")
        return
    if item.price_per_payment_in_usd is not None or item.flexible_schedule is not None:
        yield "pricePerPaymentInUsd", "goes with priceInputOption usd"
    if not item.prices:
        yield "prices", "is needed for priceInputOption perMarket"
    for sold in item.prices or ():
        if (sold.flexible_schedule is None) == (sold.price is None):
            yield "prices.price", "is needed, or a flexibleSchedule, and never both"
        if sold.flexible_schedule is not None:
            yield from _of_schedule(sold.flexible_schedule, "price")


def _of_schedule(schedule: FlexibleScheduleShape, amount_name: str) -> _Told:
    if schedule.initial_charge is None:
        yield "flexibleSchedule.initialCharge", "is needed; it may be 0"
    for charge in schedule.charges:
        wanted = charge.price_per_payment_in_usd if amount_name == "pricePerPaymentInUsd" else charge.price
        if wanted is None:
            yield f"flexibleSchedule.{amount_name}", "is needed for every charge"
            return
