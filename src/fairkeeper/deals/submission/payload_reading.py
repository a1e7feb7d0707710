"""Reads a payload of the ingestion API back into a deal: the other direction of `payload`.

What Microsoft answers is not trusted to have every field: a payload that is not of the configured schema is refused
with the place that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from fairkeeper.deals.deal import (
    LONGEST_TERM_MONTHS,
    Billing,
    ChannelPartner,
    Charge,
    Customer,
    Deal,
    DealKind,
    Frequency,
    LocalPrice,
    Plan,
    PriceModel,
    PricingKind,
    RenewalAttestation,
    ReplacedOffer,
    Reseller,
    Side,
    TermsDocument,
)
from fairkeeper.deals.errors import PayloadRefusedError
from fairkeeper.deals.submission.payload import FREQUENCY_OPTIONS
from fairkeeper.deals.submission.schema import (
    CHANNEL_PARTNER_TYPE,
    OFFER_TYPES,
    PRICING_TYPES,
    PayloadSchema,
    ResourceIds,
)
from fairkeeper.deals.submission.wire import (
    first_of,
    get,
    maybe,
    one_of,
    read_currency,
    read_day,
    read_money,
    read_percentage,
    typed,
)
from fairkeeper.values.currencies import Currency, currency

_UNTOLD: Final = PRICING_TYPES[PricingKind.EXISTING_PLAN_DISCOUNT]
"""How an offer is priced that does not say; earlier schemas had nothing else."""
_MAKES_A_PLAN: Final = frozenset(
    {PRICING_TYPES[PricingKind.CUSTOMISED_PLAN], PRICING_TYPES[PricingKind.PROFESSIONAL_SERVICE]}
)
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


def decode_payload(content: bytes) -> dict[str, Any]:
    """Read JSON without a float.

    Raises:
        PayloadRefusedError: It is no JSON object.
    """
    try:
        decoded = _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"The payload is no JSON: {str(error)[:100]}."
        raise PayloadRefusedError(message) from error
    return typed(decoded, dict, "the payload")


def read_payload(payload: Mapping[str, Any], ids: ResourceIds, schema: PayloadSchema) -> Deal:
    """Return the deal of a payload; what no payload holds is left at its default.

    Raises:
        PayloadRefusedError: It is not of the configured schema, or names an id that is not known.
    """
    resources = [typed(each, dict, "a resource") for each in get(payload, "resources", list)]
    offers = [each for each in resources if schema.is_private_offer(each.get("$schema"))]
    if len(offers) != 1:
        message = f"The payload holds {len(offers)} private offers of {schema.private_offer_address}."
        raise PayloadRefusedError(message)
    prices = {get(each, "resourceName", str): each for each in resources if each.get("$schema") == schema.price_address}
    return _Reader(offers[0], prices, ids, schema).deal()


_READ: Final = frozenset(
    {
        "$schema", "id", "resourceName", "name", "state", "subState", "privateOfferType", "offerPricingType",
        "variableStartDate", "start", "end", "acceptBy", "pricing", "originatorPricing", "beneficiaries", "partners",
        "preparedBy", "notificationContacts", "customerContractRenewal", "upgradedFrom", "acceptanceLinks", "eTag",
        "lastModified", "termsAndConditionsDocSasUrl", "termsAndConditionsDocs",
    }
)  # fmt: skip
"""What of a private offer is read, or needs no reading."""
_READ_OF_PRICE: Final = frozenset(
    {"$schema", "id", "resourceName", "product", "plan", "offerPricingType", "visibility", "lifecycleState", "pricing"}
)


def unread_parts(resources: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what of a private offer and its prices a deal does not hold, in words, so that nobody takes it for whole.

    Example:
        >>> unread_parts([{"privateOfferType": "customerPromotion", "notes": "Hello"}])
        ('notes of the private offer', 'evidence of the attestation, eligibility and facts about base plans')
    """
    found = []
    for each in resources:
        is_offer = "privateOfferType" in each
        known, where = (_READ, "the private offer") if is_offer else (_READ_OF_PRICE, str(each.get("resourceName")))
        found += [f"{name} of {where}" for name in each if name not in known]
        pricing = each.get("pricing")
        if not is_offer and isinstance(pricing, Mapping):
            found += [f"{name} of {where}" for name in pricing if name != "recurrentPrice"]
    found.append("evidence of the attestation, eligibility and facts about base plans")
    return tuple(text[:200] for text in found[:100])


class _Reader:
    """Reads the resources of one deal."""

    def __init__(
        self, offer: Mapping[str, Any], prices: Mapping[str, Mapping[str, Any]], ids: ResourceIds, schema: PayloadSchema
    ) -> None:
        self.offer = offer
        self.prices = prices
        self.schema = schema
        self.offers_by_id = {value: key for key, value in ids.products.items()}
        self.plans_by_id = {value: key for key, value in ids.plans.items()}
        self.files_by_url = {value: key for key, value in ids.document_urls.items()}
        kind = get(offer, "privateOfferType", str)
        self.is_partner = kind == CHANNEL_PARTNER_TYPE
        kinds = {name: each for each, name in OFFER_TYPES.items()} | {CHANNEL_PARTNER_TYPE: DealKind.MULTIPARTY}
        self.kind = one_of(kinds, kind, "privateOfferType")

    def deal(self) -> Deal:
        offer = self.offer
        pricing = {name: each for each, name in PRICING_TYPES.items()}
        unit = self._currency()
        is_variable = maybe(offer, "variableStartDate", bool, default=False)
        rows = "originatorPricing" if self.is_partner else "pricing"
        beneficiaries = [typed(each, dict, "beneficiaries") for each in maybe(offer, "beneficiaries", list, [])]
        return Deal(
            name=get(offer, "name", str),
            kind=self.kind,
            pricing=one_of(pricing, maybe(offer, "offerPricingType", str, _UNTOLD), "offerPricingType"),
            currency=unit,
            accept_by=read_day(get(offer, "acceptBy" if "acceptBy" in offer else "end", str)),
            billing_starts=None if is_variable else read_day(get(offer, "start", str)),
            ends=read_day(get(offer, "end", str)),
            plans=tuple(self._plan(typed(row, dict, rows), unit) for row in get(offer, rows, list)),
            customer=None if self.kind is DealKind.CSP or not beneficiaries else _customer(beneficiaries[0]),
            resellers=tuple(map(_reseller, beneficiaries)) if self.kind is DealKind.CSP else (),
            partner=_partner(offer),
            prepared_by=maybe(offer, "preparedBy", str, ""),
            contacts=tuple(
                typed(each, str, "notificationContacts") for each in maybe(offer, "notificationContacts", list, [])
            ),
            terms=self._terms(),
            renewal_attestation=RenewalAttestation(qualifies=get(offer, "customerContractRenewal", bool))
            if "customerContractRenewal" in offer
            else None,
            replaces=_replaced(offer),
        )

    def _currency(self) -> Currency:
        """Return the deal's own currency: USD, or the first one of a price by market."""
        for price in self.prices.values():
            recurrent = get(get(price, "pricing", dict), "recurrentPrice", dict)
            if recurrent.get("priceInputOption") == "perMarket":
                own = self._markets(recurrent)[0]
                return read_currency(get(own, "currency", str))
        return currency("USD")

    @staticmethod
    def _markets(recurrent: Mapping[str, Any]) -> list[dict[str, Any]]:
        sold = get(first_of(get(recurrent, "prices", list), "prices"), "prices", list)
        return [typed(each, dict, "prices") for each in sold] or [first_of(sold, "prices")]

    def _plan(self, row: Mapping[str, Any], unit: Currency) -> Plan:
        named = get(row, "basePlan" if "basePlan" in row else "plan", str)
        offer_id, plan_id = one_of(self.plans_by_id, named, "plan")
        one_of(self.offers_by_id, get(row, "product", str), "product")
        # The plan of a reservation is made and named by Microsoft; a channel partner's row names no plan of its own.
        is_new = not self.is_partner and self.offer.get("offerPricingType") in _MAKES_A_PLAN
        details = get(row, "newPlanDetails", dict) if is_new else {}
        priced = self._priced(row, unit)
        return Plan(
            offer=offer_id,
            plan=plan_id,
            new_plan=get(details, "id", str) if is_new else None,
            new_plan_name=get(details, "name", str) if is_new else None,
            new_plan_description=maybe(details, "description", str, get(details, "name", str)) if is_new else None,
            discount=read_percentage(row.get("discountPercentage")),
            adjustment=read_percentage(row.get("markupPercentage")),
            note=maybe(row, "notes", str, ""),
            **priced,
        )

    def _priced(self, row: Mapping[str, Any], unit: Currency) -> dict[str, Any]:
        """Return what a plan's price resource says: term, schedule or billing, local prices."""
        if "priceDetails" not in row:
            return {}
        name = get(get(row, "priceDetails", dict), "resourceName", str)
        price = one_of(self.prices, name, "priceDetails")
        recurrent = get(get(price, "pricing", dict), "recurrentPrice", dict)
        item = first_of(get(recurrent, "prices", list), "prices")
        models = {"flatRate": PriceModel.FLAT_RATE, "perUser": PriceModel.PER_USER}
        is_usd = recurrent.get("priceInputOption") == "usd"
        names = self.schema.names
        own, local = (item, []) if is_usd else (self._markets(recurrent)[0], self._markets(recurrent)[1:])
        amount_name = names.usd_amount if is_usd else names.local_amount
        read: dict[str, Any] = {
            "price_model": one_of(models, recurrent.get("recurrentPriceMode"), "recurrentPriceMode")
        }
        if names.schedule in own:
            schedule = self._schedule(get(own, names.schedule, dict), unit, amount_name)
            read |= {"schedule": schedule, "term_months": _months(get(item, names.duration, dict))}
            read["agreed_total"] = read_money(get(own, names.schedule, dict).get(names.total), unit)
        else:
            amount = read_money(own.get(amount_name), unit)
            months = _months(get(item, "billingTerm", dict))
            read |= {"billing": Billing(frequency=_frequency(item, months), amount=amount), "term_months": months}
        return read | {"local_prices": tuple(self._local_price(each) for each in local)}

    def _schedule(self, schedule: Mapping[str, Any], unit: Currency, amount_name: str) -> tuple[Charge, ...]:
        names = self.schema.names
        lines = [get(schedule, names.initial, dict), *get(schedule, names.dated, list)]
        return tuple(
            Charge(
                on=None if number == 0 else read_day(get(line, names.charge_date, str)),
                amount=read_money(line.get(amount_name), unit),
                note=maybe(line, names.note, str, ""),
            )
            for number, line in enumerate(typed(each, dict, names.dated) for each in lines)
        )

    def _local_price(self, item: Mapping[str, Any]) -> LocalPrice:
        unit, names = read_currency(get(item, "currency", str)), self.schema.names
        if names.schedule in item:
            schedule = self._schedule(get(item, names.schedule, dict), unit, names.local_amount)
            amounts = tuple(charge.amount for charge in schedule)
        else:
            amounts = (read_money(item.get(names.local_amount), unit),)
        return LocalPrice(
            currency=unit,
            markets=tuple(typed(each, str, "markets") for each in get(item, "markets", list)),
            amounts=amounts,
        )

    def _terms(self) -> tuple[TermsDocument, ...]:
        side = Side.CHANNEL_PARTNER if self.is_partner else Side.ORIGINATOR
        if (url := self.offer.get("termsAndConditionsDocSasUrl")) is not None:
            return (TermsDocument(file=self._file(typed(url, str, "termsAndConditionsDocSasUrl")), added_by=side),)
        documents = [
            typed(each, dict, "termsAndConditionsDocs")
            for each in maybe(self.offer, "termsAndConditionsDocs", list, [])
        ]
        return tuple(
            TermsDocument(
                file=get(each, "fileName", str), name=maybe(each, "customerFacingDocumentName", str, ""), added_by=side
            )
            for each in documents
        )

    def _file(self, url: str) -> str:
        """Return the name of a document; of one that is not ours, what its address ends with."""
        return self.files_by_url.get(url) or urlsplit(url).path.rpartition("/")[2][:200] or "terms.pdf"


def _customer(who: Mapping[str, Any]) -> Customer:
    return Customer(name=maybe(who, "description", str, ""), billing_account=get(who, "id", str))


def _reseller(who: Mapping[str, Any]) -> Reseller:
    return Reseller(name=maybe(who, "description", str, ""), id=get(who, "id", str))


def _partner(offer: Mapping[str, Any]) -> ChannelPartner | None:
    partners = maybe(offer, "partners", list, [])
    if not partners:
        return None
    who = first_of(partners, "partners")
    return ChannelPartner(
        name=maybe(who, "partnerName", str, ""), seller_id=get(who, "id", str), country=maybe(who, "location", str, "")
    )


def _replaced(offer: Mapping[str, Any]) -> ReplacedOffer | None:
    if "upgradedFrom" not in offer:
        return None
    who = get(offer, "upgradedFrom", dict)
    return ReplacedOffer(name=get(who, "name", str), id=get(who, "id", str))


def _frequency(item: Mapping[str, Any], term_months: int) -> Frequency:
    option = item.get("paymentOption")
    if isinstance(option, dict) and option.get("type") in {"month", "year"} and _months(option) >= term_months:
        return Frequency.ONCE
    for frequency, written in FREQUENCY_OPTIONS.items():
        if written == option:
            return frequency
    message = f"The payment option {option!r} is not known."
    raise PayloadRefusedError(message)


def _months(term: Mapping[str, Any]) -> int:
    value = get(term, "value", int)
    months = value * one_of({"year": 12, "month": 1}, get(term, "type", str), "term")
    if not 1 <= months <= LONGEST_TERM_MONTHS:
        message = f"term: {value} is no number of months or years that a deal can have."
        raise PayloadRefusedError(message)
    return months
