"""Carries out one request: which private offers come of it, or why none does; pure.

Separate from the shell, which knows when and keeps the outcome. All resources of a request succeed together or fail
together; every rule that is broken is told, not only the first.
Source: "Private offer APIs in the commercial marketplace", upgrade (prices that are not given carry over); "Create a
multiparty private offer for a customer" (the partner's editable parts); sample of a read offer (prices are named by
their durable ids); read 2026-11-22.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from fairkeeper.sandbox.ingestion.accounts import SellerAccount
from fairkeeper.sandbox.ingestion.identifiers import price_id
from fairkeeper.sandbox.ingestion.jobs import rules
from fairkeeper.sandbox.ingestion.jobs.price_rules import price_errors
from fairkeeper.sandbox.ingestion.jobs.rules import CONFLICT, NOT_FOUND, JobError, World
from fairkeeper.sandbox.ingestion.lifecycle import Standing, partner_step, publisher_step
from fairkeeper.sandbox.ingestion.records import Document, Record
from fairkeeper.sandbox.ingestion.requests.shapes import OfferShape, OfferState, OfferType, ReferenceShape, Request

_NAMESPACE: Final = uuid.UUID("fa111111-0000-4000-8000-00000000d0a2")
_READ_ONLY: Final = frozenset(
    {"id", "state", "subState", "eTag", "lastModified", "acceptanceLinks", "validations", "resourceName"}
)
_OF_PARTNER: Final = frozenset({"preparedBy", "notificationContacts", "termsAndConditionsDocs", "notes"})
_OF_ROW: Final = frozenset({"product", "plan", "basePlan", "markupPercentage", "notes"})
_CARRIED: Final = ("beneficiaries", "partners", "offerPricingType", "customerContractRenewal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request; without errors, the offers as they now stand."""

    records: tuple[Record, ...] = ()
    errors: tuple[JobError, ...] = ()


def carry_out(request: Request, account: SellerAccount, world: World, *, job_id: str, at: datetime) -> Outcome:
    """Carry out a request of an account; the ids of what it makes follow from the job's."""
    records: list[Record] = []
    errors: list[JobError] = []
    for number, (offer, document) in enumerate(zip(request.offers, request.documents, strict=True)):
        new_id = str(uuid.uuid5(_NAMESPACE, f"{job_id}/{number}"))
        step = _Step(request=request, account=account, world=world, at=at, offer=offer, new_id=new_id)
        found = step.carried_out(document)
        if isinstance(found, Record):
            records.append(found)
            world = replace(world, records=(*(each for each in world.records if each.id != found.id), found))
        else:
            named = offer.resource_name or offer.id or offer.name
            errors += [replace(error, resource=error.resource or named) for error in found]
    return Outcome(errors=tuple(errors)) if errors else Outcome(records=tuple(records))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One private offer of a request."""

    request: Request
    account: SellerAccount
    world: World
    at: datetime
    offer: OfferShape
    new_id: str

    def carried_out(self, document: Document) -> Record | list[JobError]:
        record = None
        if self.offer.id is not None:
            record = self.world.record(self.offer.id)
            if record is None or self.account.id not in {record.account_id, record.partner_account_id}:
                return [JobError(code=NOT_FOUND, message=f"There is no private offer {self.offer.id!r}")]
            if self.offer.e_tag is not None and self.offer.e_tag != record.e_tag:
                return [JobError(code=CONFLICT, message="The private offer has changed since its eTag was read")]
        if self.offer.private_offer_type is OfferType.CHANNEL_PARTNER:
            return self._by_partner(record, document)
        return self._by_publisher(record, document)

    # ------------------------------------------------------------------------------------------------ the publisher

    def _by_publisher(self, record: Record | None, document: Document) -> Record | list[JobError]:
        kind, state = self.offer.private_offer_type, self.offer.state
        if record is not None and (record.kind is not kind or record.account_id != self.account.id):
            return [JobError(code=CONFLICT, message=f"The private offer is not a {kind} of this account")]
        standing = record.standing if record else None
        following = publisher_step(standing, state, kind)
        if following is None:
            return [JobError(code=CONFLICT, message=_impossible(standing, state, kind))]
        if record is not None and state in {OfferState.WITHDRAWN, OfferState.DELETED}:
            return replace(record, standing=following, modified_at=self.at, revision=record.revision + 1)
        return self._configured(record, _without(document, _READ_ONLY), following)

    def _configured(self, record: Record | None, document: Document, following: Standing) -> Record | list[JobError]:
        record_id = record.id if record else self.new_id
        document, prices = self._carried_over(document, dict(record.prices) if record else {})
        errors = list(self._name_prices(record_id, document, prices))
        if errors:
            return errors
        _make_plans(record_id, document)
        offer = OfferShape.model_validate({**document, "state": self.offer.state.value})
        seller = self.world.accounts.seller(offer.partners[0].id) if offer.partners else None
        made = Record(
            id=record_id,
            account_id=self.account.id,
            kind=offer.private_offer_type,
            standing=following,
            document={**document, "state": self.offer.state.value},
            prices=prices,
            modified_at=self.at,
            partner_account_id=seller.id if seller else None,
            revision=record.revision + 1 if record else 1,
        )
        return list(self._broken_rules(made, offer)) or made

    def _broken_rules(self, made: Record, offer: OfferShape) -> Iterator[JobError]:
        world, today = self.world, self.at.date()
        yield from rules.reference_errors(offer, self.account.id, world)
        yield from rules.new_plan_errors(offer, made.id, world)
        if self.offer.state is not OfferState.LIVE:
            return
        yield from rules.date_errors(offer, today)
        yield from rules.party_errors(offer, world)
        yield from rules.upgrade_errors(offer, self.account.id, world)
        yield from rules.overlap_errors(offer, made.id, world)
        customer = world.accounts.billing_account(made.beneficiary_id or "")
        for row in offer.rows:
            product = world.products.find(self.account.id, row.product)
            base = product.plan(row.plan or row.base_plan or "") if product else None
            price = made.price(row.price_details) if isinstance(row.price_details, str) else None
            if base is not None and price is not None:
                yield from price_errors(price, base, offer, customer, today)

    def _carried_over(self, document: Document, prices: dict[str, Document]) -> tuple[Document, dict[str, Document]]:
        """Take from the offer that is upgraded what the new one does not say."""
        old = self.world.record(self.offer.upgraded_from.id) if self.offer.upgraded_from else None
        if old is None or old.account_id != self.account.id:
            return document, prices
        carried: Document = {
            name: old.document[name] for name in _CARRIED if name in old.document and name not in document
        }
        own = document.get("pricing") or []
        named = {(row.get("product"), row.get("plan") or row.get("basePlan")) for row in own}
        whole_products = {product for product, plan in named if plan is None}
        kept = [
            row
            for row in old.document.get("pricing") or []
            if row.get("product") not in whole_products
            and (row.get("product"), row.get("plan") or row.get("basePlan")) not in named
        ]
        return {**document, **carried, "pricing": [*own, *kept]}, {**old.prices, **prices}

    def _name_prices(self, record_id: str, document: Document, prices: dict[str, Document]) -> Iterator[JobError]:
        """Replace references by name with durable ids, and keep what they refer to; what nobody refers to goes."""
        by_name = dict(
            zip((each.resource_name for each in self.request.prices), self.request.price_documents, strict=True)
        )
        used: dict[str, Document] = {}
        rows = []
        for position, row in enumerate(document.get("pricing") or []):
            details = row.get("priceDetails")
            if isinstance(details, dict):
                name = ReferenceShape.model_validate(details).resource_name
                given = by_name.get(name)
                if given is None:
                    yield JobError(code=NOT_FOUND, message=f"The request holds no price with the name {name!r}")
                    continue
                if (given["product"], given["plan"]) != (row["product"], row.get("plan") or row.get("basePlan")):
                    yield JobError(code=CONFLICT, message=f"The price {name!r} is for another product or plan")
                details = price_id(row["product"], _number(record_id, position))
                used[details] = {**given, "id": details}
            elif details is not None:
                if details not in prices:
                    yield JobError(code=NOT_FOUND, message=f"There is no price {details!r}")
                    continue
                used[details] = prices[details]
            rows.append({**row, **({"priceDetails": details} if details is not None else {})})
        if "pricing" in document:
            document["pricing"] = rows
        prices.clear()
        prices.update(used)

    # ------------------------------------------------------------------------------------------ the channel partner

    def _by_partner(self, record: Record | None, document: Document) -> Record | list[JobError]:
        if record is None or record.partner_account_id != self.account.id:
            return [JobError(code=NOT_FOUND, message="The originator has shared no such private offer")]
        state = self.offer.state
        following = partner_step(record.standing, state)
        if following is None:
            return [JobError(code=CONFLICT, message=_impossible(record.standing, state, OfferType.CHANNEL_PARTNER))]
        if state is OfferState.WITHDRAWN:
            return replace(record, standing=following, modified_at=self.at, revision=record.revision + 1)
        errors = list(rules.partner_row_errors(self.offer, record)) if self.offer.rows else []
        if state is OfferState.LIVE and record.accept_by is not None and record.accept_by < self.at.date():
            errors.append(JobError(code=CONFLICT, message=f"acceptBy {record.accept_by} lies in the past"))
        if errors:
            return errors
        own = {name: value for name, value in document.items() if name in _OF_PARTNER}
        own["originatorPricing"] = [
            {name: value for name, value in row.items() if name in _OF_ROW}
            for row in document.get("originatorPricing") or []
        ]
        return replace(
            record, standing=following, partner_document=own, modified_at=self.at, revision=record.revision + 1
        )


def _impossible(standing: Standing | None, state: OfferState, kind: OfferType) -> str:
    if standing is None:
        return f"A private offer that does not exist cannot be set to {state}"
    if standing is Standing.WITH_CUSTOMER and kind is OfferType.ORIGINATOR:
        return "The channel partner has to withdraw the private offer first"
    return f"A private offer that is {standing.value} cannot be set to {state}"


def _make_plans(record_id: str, document: Document) -> None:
    """Give every plan that the offer makes an id, and a reservation's plan its name too, as the service does."""
    if document.get("offerPricingType", "editExistingOfferPricingOnly") == "editExistingOfferPricingOnly":
        return
    for position, row in enumerate(document.get("pricing") or []):
        given: dict[str, Any] = dict(row.get("newPlanDetails") or {})
        if document["offerPricingType"] == "vmSoftwareReservations":
            given.setdefault("name", f"{document['name'][:100]} ({position + 1})")
            given.setdefault("description", "Made for a private offer.")
        if given.get("id") is None:
            given["id"] = f"private-{_number(record_id, position)}"
        row["newPlanDetails"] = given


def _number(record_id: str, position: int) -> int:
    return uuid.uuid5(_NAMESPACE, f"{record_id}/{position}").int % 10**18


def _without(document: Document, names: frozenset[str]) -> Document:
    return {name: value for name, value in document.items() if name not in names and value is not None}
