"""Turns a deal into the ingestion API's payload, and says which part of a deal the payload can hold.

The other direction is `payload_reading`; together they are the one adapter between the model and Microsoft's schema,
whose versions and uncertain names stand in `schema`. Numbers are exact decimals, written as JSON without a float.

Assumption: a schedule by market stands beside currency and markets, in the shape it has in USD with another name for
the amount (tests/unit/deals/test_payload.py).

Source: Microsoft Learn, "Private offers submission API" (resources and fields); prices by market and schedules from a
third party's copy of the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from fairkeeper.deals.deal import (
    Billing,
    Deal,
    DealKind,
    Frequency,
    Plan,
    PriceModel,
    PricingKind,
    Side,
)
from fairkeeper.deals.errors import NoChannelPartnerError, PayloadRefusedError
from fairkeeper.deals.prices.pricing import adjustment_of
from fairkeeper.deals.submission.schema import (
    CHANNEL_PARTNER_TYPE,
    OFFER_TYPES,
    PRICING_TYPES,
    PayloadSchema,
    ResourceIds,
)
from fairkeeper.deals.submission.submitted import described, has_price
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money

OFFER_RESOURCE: Final = "private-offer"
FREQUENCY_OPTIONS: Final[Mapping[Frequency, dict[str, Any] | None]] = {
    Frequency.ONCE: None,
    Frequency.MONTHLY: {"type": "month", "value": 1},
    Frequency.YEARLY: {"type": "year", "value": 1},
}
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encode_payload(payload: Mapping[str, Any]) -> bytes:
    """Write a payload as JSON; decimals become numbers digit by digit.

    Example:
        >>> encode_payload({"price": Decimal("0.10")})
        b'{"price":0.10}'
    """
    return _ENCODER.encode(payload)


def make_payload(
    deal: Deal, ids: ResourceIds, schema: PayloadSchema, *, side: Side = Side.ORIGINATOR, state: str = "draft"
) -> dict[str, Any]:
    """Return the body that creates a private offer with its prices.

    Args:
        deal: A deal without faults.
        ids: What its offer ids, plan ids and documents are for Microsoft.
        schema: Versions and names.
        side: Whose part of a multiparty offer.
        state: `draft` or `live`.

    Raises:
        PayloadRefusedError: An id or address is missing.
        NoChannelPartnerError: The channel partner's part was asked of an offer that is not multiparty.
    """
    if side is Side.CHANNEL_PARTNER and deal.kind is not DealKind.MULTIPARTY:
        message = f"An offer of kind {deal.kind} has no channel partner."
        raise NoChannelPartnerError(message)
    writer = _Writer(deal, ids, schema, side)
    resources = (
        [writer.partners_offer(state)] if side is Side.CHANNEL_PARTNER else [*writer.prices(), writer.offer(state)]
    )
    return {"$schema": schema.configure_address, "resources": resources}


def make_state_change(
    deal: Deal, ids: ResourceIds, schema: PayloadSchema, state: str, *, side: Side = Side.ORIGINATOR
) -> dict[str, Any]:
    """Return the body that withdraws or deletes a private offer: its id, name, type and the new state, nothing else.

    Raises:
        PayloadRefusedError: The id of the private offer is not known.
    """
    offer = {
        "$schema": schema.private_offer_address,
        "id": _offer_id(ids, deal),
        "name": deal.name,
        "privateOfferType": CHANNEL_PARTNER_TYPE if side is Side.CHANNEL_PARTNER else OFFER_TYPES[deal.kind],
        "state": state,
    }
    return {"$schema": schema.configure_address, "resources": [offer]}


class _Writer:
    """Writes the resources of one deal."""

    def __init__(self, deal: Deal, ids: ResourceIds, schema: PayloadSchema, side: Side) -> None:
        self.deal = deal
        self.ids = ids
        self.schema = schema
        self.side = side

    def offer(self, state: str) -> dict[str, Any]:
        deal = self.deal
        written: dict[str, Any] = {
            "$schema": self.schema.private_offer_address,
            **({"id": self.ids.private_offer} if self.ids.private_offer else {}),
            "resourceName": OFFER_RESOURCE,
            "name": deal.name,
            "state": state,
            "privateOfferType": OFFER_TYPES[deal.kind],
            "offerPricingType": PRICING_TYPES[deal.pricing],
            "variableStartDate": deal.billing_starts is None,
            "end": deal.ends.isoformat(),
            "acceptBy": deal.accept_by.isoformat(),
            "pricing": [self._row(number, plan) for number, plan in enumerate(deal.plans)],
        }
        if deal.billing_starts is not None:
            written["start"] = deal.billing_starts.isoformat()
        written |= self._told() | self._parties() | self._documents()
        if deal.renewal_attestation is not None:
            written["customerContractRenewal"] = deal.renewal_attestation.qualifies
        if deal.replaces is not None:
            written["upgradedFrom"] = {"name": deal.replaces.name, "id": deal.replaces.id}
        return written

    def partners_offer(self, state: str) -> dict[str, Any]:
        """Write what a channel partner sets: its own contacts and documents, and an adjustment for each line.

        Source: Microsoft Learn, "Create a multiparty private offer for a customer": the partner names the offer that
        its originator made, and answers in `originatorPricing`.
        """
        return {
            "$schema": self.schema.private_offer_address,
            "id": _offer_id(self.ids, self.deal),
            "name": self.deal.name,
            "state": state,
            "privateOfferType": CHANNEL_PARTNER_TYPE,
            "originatorPricing": [self._partners_row(plan) for plan in self.deal.plans],
            **self._told(),
            **self._documents(),
        }

    def prices(self) -> Iterator[dict[str, Any]]:
        for number, plan in enumerate(self.deal.plans):
            if has_price(plan):
                yield self._price(number, plan)

    def _told(self) -> dict[str, Any]:
        deal, written = self.deal, {}
        if deal.prepared_by:
            written["preparedBy"] = deal.prepared_by
        if deal.contacts:
            written["notificationContacts"] = [*deal.contacts]  # type: ignore[assignment]
        return written

    def _parties(self) -> dict[str, Any]:
        deal, written = self.deal, {}
        if deal.customer is not None:
            who = {"id": deal.customer.billing_account, "description": deal.customer.name}
            written["beneficiaries"] = [who]
        elif deal.resellers:
            written["beneficiaries"] = [{"id": each.id, "description": each.name} for each in deal.resellers]
        if deal.partner is not None:
            partner = {"id": deal.partner.seller_id, "partnerName": deal.partner.name}
            written["partners"] = [partner | ({"location": deal.partner.country} if deal.partner.country else {})]
        return written

    def _documents(self) -> dict[str, Any]:
        documents = [document for document in self.deal.terms if document.added_by is self.side]
        if self.deal.kind is not DealKind.MULTIPARTY:
            return {"termsAndConditionsDocSasUrl": self._url(documents[0].file)} if documents else {}
        written = [
            {"sasUrl": self._url(each.file), "fileName": each.file, "customerFacingDocumentName": each.name}
            for each in documents
        ]
        return {"termsAndConditionsDocs": written} if written else {}

    def _row(self, number: int, plan: Plan) -> dict[str, Any]:
        written = self._names(plan)
        if plan.new_plan:
            details = {"id": plan.new_plan, "name": plan.new_plan_name or plan.new_plan, "description": described(plan)}
            written["newPlanDetails"] = details
        if plan.discount is not None:
            written |= {"discountType": "percentage", "discountPercentage": Decimal(str(plan.discount))}
        if has_price(plan):
            written |= {"discountType": "absolute", "priceDetails": {"resourceName": f"price-{number}"}}
        return written

    def _partners_row(self, plan: Plan) -> dict[str, Any]:
        written = self._names(plan)
        adjustment = adjustment_of(self.deal, plan)
        if adjustment.units:
            written["markupPercentage"] = Decimal(str(adjustment))
        return written | ({"notes": plan.note} if plan.note else {})

    def _names(self, plan: Plan) -> dict[str, Any]:
        """Name product and plan; a plan that a new one is made of, and one that is reserved, is a base plan."""
        is_base = self.deal.pricing is not PricingKind.EXISTING_PLAN_DISCOUNT
        return {"product": self._product_id(plan), "basePlan" if is_base else "plan": self._plan_id(plan)}

    def _price(self, number: int, plan: Plan) -> dict[str, Any]:
        is_usd = self.deal.currency.code == "USD" and not plan.local_prices
        mode = "flatRate" if plan.price_model is PriceModel.FLAT_RATE else "perUser"
        recurrent = {
            "recurrentPriceMode": mode,
            "priceInputOption": "usd" if is_usd else "perMarket",
            "prices": [self._terms(plan) | (self._usd(plan) if is_usd else self._by_market(plan))],
        }
        return {
            "$schema": self.schema.price_address,
            "resourceName": f"price-{number}",
            "product": self._product_id(plan),
            "plan": self._plan_id(plan),
            "offerPricingType": PRICING_TYPES[self.deal.pricing],
            "pricing": {"recurrentPrice": recurrent},
        }

    def _terms(self, plan: Plan) -> dict[str, Any]:
        months = plan.term_months or 0
        term = {"type": "year", "value": months // 12} if months % 12 == 0 else {"type": "month", "value": months}
        if plan.schedule:
            return {self.schema.names.duration: term}
        option = FREQUENCY_OPTIONS[_billing(plan).frequency]
        return {"billingTerm": term} | ({"paymentOption": option} if option else {})

    def _usd(self, plan: Plan) -> dict[str, Any]:
        if not plan.schedule:
            return {self.schema.names.usd_amount: _billing(plan).amount.to_decimal()}
        amounts = [charge.amount for charge in plan.schedule]
        return {self.schema.names.schedule: self._schedule(plan, amounts, self.schema.names.usd_amount)}

    def _by_market(self, plan: Plan) -> dict[str, Any]:
        own = [charge.amount for charge in plan.schedule] or [_billing(plan).amount]
        country = self.deal.customer.country if self.deal.customer else ""
        is_theirs = bool(country) and not any(country in price.markets for price in plan.local_prices)
        sold: list[tuple[Currency, tuple[str, ...], list[Money]]] = [
            (self.deal.currency, (country,) if is_theirs else (), own)
        ]
        sold += [(price.currency, price.markets, [*price.amounts]) for price in plan.local_prices]
        written = []
        for currency, markets, amounts in sold:
            item: dict[str, Any] = {"currency": currency.code, "markets": [*markets]}
            if plan.schedule:
                item[self.schema.names.schedule] = self._schedule(plan, amounts, self.schema.names.local_amount)
            else:
                item[self.schema.names.local_amount] = amounts[0].to_decimal()
            written.append(item)
        return {"prices": written}

    def _schedule(self, plan: Plan, amounts: list[Money], amount_name: str) -> dict[str, Any]:
        names = self.schema.names
        lines = []
        for charge, amount in zip(plan.schedule, amounts, strict=True):
            line: dict[str, Any] = {amount_name: amount.to_decimal()}
            if charge.note:
                line[names.note] = charge.note
            lines.append(line if charge.on is None else {names.charge_date: charge.on.isoformat()} | line)
        total = Money.sum(amounts, amounts[0].currency)
        return {names.initial: lines[0], names.dated: lines[1:], names.total: total.to_decimal()}

    def _product_id(self, plan: Plan) -> str:
        return _known(self.ids.products, plan.offer, "product", plan.offer)

    def _plan_id(self, plan: Plan) -> str:
        return _known(self.ids.plans, (plan.offer, plan.plan), "plan", f"{plan.offer}/{plan.plan}")

    def _url(self, file: str) -> str:
        return _known(self.ids.document_urls, file, "document", file)


def _offer_id(ids: ResourceIds, deal: Deal) -> str:
    if ids.private_offer is None:
        message = f"The id of the private offer {deal.name!r} is not known."
        raise PayloadRefusedError(message)
    return ids.private_offer


def _billing(plan: Plan) -> Billing:
    if plan.billing is None:
        message = f"The plan {plan.plan} has no price of its own."
        raise PayloadRefusedError(message)
    return plan.billing


def _known(ids: Mapping[Any, str], key: Any, what: str, told: str) -> str:
    try:
        return ids[key]
    except KeyError:
        message = f"No id or address of the {what} {told!r} is known."
        raise PayloadRefusedError(message) from None
