"""What a well-formed private offer is refused for in the job: its dates, parties, references and prices; pure.

Separate from the schemas' part (`shapes`, `requirements`), because these need the catalogue, the calendar and the other
offers. A draft is only held to what it refers to; the rest is asked of it when it goes live.
Source: schema of private offers of 15 July 2023 (first and last days of months); sample of a failed job (`Conflict`, a
start date that should be defined); Private offers for customers and its FAQ (billing account, upgrades); Multiparty
private offers for ISVs (one partner, no two offers for one customer, plan and time); read 2026-11-22.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from fairkeeper.sandbox.ingestion.accounts import Accounts
from fairkeeper.sandbox.ingestion.identifiers import guid_of
from fairkeeper.sandbox.ingestion.lifecycle import Standing
from fairkeeper.sandbox.ingestion.products import SAAS, SERVICE, VIRTUAL_MACHINE, Product, Products
from fairkeeper.sandbox.ingestion.records import Record
from fairkeeper.sandbox.ingestion.requests.shapes import OfferShape, OfferType, RowShape

CONFLICT = "Conflict"
NOT_FOUND = "NotFound"
_KINDS_OF_PRODUCT = {
    "saasNewCustomizedPlans": {SAAS},
    "newCustomizedPlans": {SAAS, SERVICE},
    "vmSoftwareReservations": {VIRTUAL_MACHINE},
    "editExistingOfferPricingOnly": {SAAS, VIRTUAL_MACHINE},
}
_OUT_OF_THE_WAY = frozenset({Standing.WITHDRAWN, Standing.DELETED, Standing.DRAFT})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed.

    Args:
        code: In the service's manner, `Conflict` or `NotFound`.
        resource: Name or id of the resource it is about.
    """

    code: str
    message: str
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What rules look at: the accounts, the products, the offers there are, and today."""

    accounts: Accounts
    products: Products
    records: tuple[Record, ...]
    today: date

    def record(self, durable_id: str) -> Record | None:
        """Return a private offer by its durable id."""
        guid = guid_of(durable_id, "private-offer")
        return next((each for each in self.records if each.id == guid and each.standing is not Standing.DELETED), None)


_Errors = Iterator[JobError]


def reference_errors(offer: OfferShape, account_id: str, world: World) -> _Errors:
    """Find products and plans that do not exist, are another's, or do not go with the way of pricing."""
    for row in offer.rows:
        product = world.products.find(account_id, row.product)
        if product is None:
            yield JobError(code=NOT_FOUND, message=f"There is no product {row.product!r} in this account.")
            continue
        if product.kind not in _KINDS_OF_PRODUCT[offer.pricing_type]:
            yield JobError(code=CONFLICT, message=f"{offer.pricing_type} is not for products of type {product.kind}.")
        named = row.plan or row.base_plan
        if named is not None and product.plan(named) is None:
            yield JobError(code=NOT_FOUND, message=f"Product {product.durable_id} has no plan {named!r}.")


def date_errors(offer: OfferShape, today: date) -> _Errors:
    """Find dates that break the calendar's rules; only for an offer that goes live."""
    if offer.variable_start_date is not True and offer.start is None:
        yield JobError(code=CONFLICT, message="The start date should be defined")
    if offer.variable_start_date is True and offer.start is not None:
        yield JobError(code=CONFLICT, message="The start date should not be defined with variableStartDate")
    if offer.start is not None and offer.start.day != 1:
        yield JobError(code=CONFLICT, message=f"The start date {offer.start} is not the first day of a month")
    if offer.end is None:
        return
    if offer.end.day != calendar.monthrange(offer.end.year, offer.end.month)[1]:
        yield JobError(code=CONFLICT, message=f"The end date {offer.end} is not the last day of a month")
    if offer.start is not None and offer.start > offer.end:
        yield JobError(code=CONFLICT, message=f"The start date {offer.start} lies after the end date {offer.end}")
    if offer.end < today:
        yield JobError(code=CONFLICT, message=f"The end date {offer.end} lies in the past")
    if offer.accept_by is None:
        return
    if offer.accept_by > offer.end:
        yield JobError(code=CONFLICT, message=f"acceptBy {offer.accept_by} lies after the end date {offer.end}")
    if offer.accept_by < today:
        yield JobError(code=CONFLICT, message=f"acceptBy {offer.accept_by} lies in the past")


def party_errors(offer: OfferShape, world: World) -> _Errors:
    """Find customers, resellers and partners that nobody knows; only for an offer that goes live."""
    for beneficiary in offer.beneficiaries or ():
        if offer.private_offer_type is OfferType.CSP:
            if guid_of(beneficiary.id, "tenant") is None:
                yield JobError(code=NOT_FOUND, message=f"{beneficiary.id!r} is no tenant id of a reseller")
        elif world.accounts.billing_account(beneficiary.id) is None:
            yield JobError(
                code=NOT_FOUND, message=f"The billing account {beneficiary.id!r} is not known or not eligible"
            )
    for partner in offer.partners or ():
        if world.accounts.seller(partner.id) is None:
            yield JobError(code=NOT_FOUND, message=f"There is no seller with the id {partner.id}")


def upgrade_errors(offer: OfferShape, account_id: str, world: World) -> _Errors:
    """Find what keeps an offer from following an accepted one."""
    if offer.upgraded_from is None:
        return
    old = world.record(offer.upgraded_from.id)
    if old is None or old.account_id != account_id:
        yield JobError(code=NOT_FOUND, message=f"There is no private offer {offer.upgraded_from.id!r} to upgrade")
        return
    if old.standing is not Standing.ACCEPTED:
        yield JobError(code=CONFLICT, message="Only an accepted private offer can be upgraded")
        return
    if old.kind is not offer.private_offer_type:
        yield JobError(code=CONFLICT, message="An upgrade is of the same type as the offer it follows")
    own = [each.id for each in offer.beneficiaries or ()]
    if own and own != [each.id for each in old.offer.beneficiaries or ()]:
        yield JobError(code=CONFLICT, message="An upgrade is for the same customer as the offer it follows")
    if old.end is not None and (offer.start is None or offer.start <= old.end):
        yield JobError(code=CONFLICT, message=f"An upgrade starts after the end {old.end} of the offer it follows")


def new_plan_errors(offer: OfferShape, record_id: str, world: World) -> _Errors:
    """Find ids of new plans that are taken or cannot be plan ids; an upgrade may keep those of the offer it follows."""
    old = world.record(offer.upgraded_from.id) if offer.upgraded_from else None
    own = {record_id, *([old.id] if old else [])}
    taken = {
        (row.product, row.new_plan_details.id)
        for record in world.records
        if record.id not in own and record.standing not in {Standing.WITHDRAWN, Standing.DELETED}
        for row in record.offer.rows
        if row.new_plan_details is not None
    }
    for row in offer.rows:
        new_id = row.new_plan_details.id if row.new_plan_details else None
        if new_id is None:
            continue
        if len(new_id) > 50 or not new_id.isascii() or not _is_plan_id(new_id):
            yield JobError(code=CONFLICT, message=f"{new_id!r} is no plan id (a-z, 0-9, - and _, at most 50)")
        if (row.product, new_id) in taken or _is_public(new_id, world.products.products):
            yield JobError(code=CONFLICT, message=f"The plan id {new_id!r} is taken")
        taken.add((row.product, new_id))


def overlap_errors(offer: OfferShape, record_id: str, world: World) -> _Errors:
    """Find another multiparty offer for the same customer, plan and time."""
    if offer.private_offer_type is not OfferType.ORIGINATOR:
        return
    own = {_sold(row) for row in offer.rows}
    for other in world.records:
        if other.id == record_id or other.kind is not OfferType.ORIGINATOR or other.standing in _OUT_OF_THE_WAY:
            continue
        if [each.id for each in other.offer.beneficiaries or ()] != [each.id for each in offer.beneficiaries or ()]:
            continue
        is_apart = _apart(offer, other.offer, world.today)
        if not is_apart and own & {_sold(row) for row in other.offer.rows}:
            yield JobError(
                code=CONFLICT, message=f"{other.offer.name!r} sells the same plan to this customer meanwhile"
            )


def partner_row_errors(offer: OfferShape, record: Record) -> _Errors:
    """Find lines of a channel partner that are not the originator's, and adjustments above a discount."""
    theirs, own = record.offer.rows, offer.rows
    if [_sold(row) for row in theirs] != [_sold(row) for row in own]:
        yield JobError(code=CONFLICT, message="The lines of originatorPricing are not those of the private offer")
        return
    for row, original in zip(own, theirs, strict=True):
        discount, markup = original.discount_percentage, row.markup_percentage
        if discount is not None and markup is not None and markup > discount:
            yield JobError(code=CONFLICT, message=f"The adjustment {markup} % exceeds the discount of {discount} %")


def _sold(row: RowShape) -> tuple[str, str | None]:
    return row.product, row.plan or row.base_plan


def _apart(offer: OfferShape, other: OfferShape, today: date) -> bool:
    first, second = (offer.start or today, offer.end), (other.start or today, other.end)
    return (first[1] is not None and first[1] < second[0]) or (second[1] is not None and second[1] < first[0])


def _is_plan_id(text: str) -> bool:
    return all(letter.islower() or letter.isdigit() or letter in "-_" for letter in text)


def _is_public(plan_id: str, products: Sequence[Product]) -> bool:
    # Over all products, because the storefront finds an offer by its plan alone.
    return any(plan.external_id == plan_id for product in products for plan in product.plans)
