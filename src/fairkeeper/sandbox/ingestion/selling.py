"""From an accepted private offer to what the marketplace sells: a price a plan, and the plan where one was made; pure.

Separate from `pricing`, which knows one line and no marketplace. Only SaaS plans are sold here: a reservation of
virtual machines or a service never becomes a SaaS subscription.
Source: Private offers for customers and its FAQ; List available plans (`sourceOffers[].externalId` is the private
offer's GUID); Flexible billing schedule (a renewal follows the public price); read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from fairkeeper.sandbox.ingestion.accounts import BillingAccount
from fairkeeper.sandbox.ingestion.pricing import CustomerPrice, absolute_price, discounted_price, marked_up
from fairkeeper.sandbox.ingestion.products import SAAS, ListedPlan, Product, Products
from fairkeeper.sandbox.ingestion.records import Record
from fairkeeper.sandbox.ingestion.requests.shapes import OfferType, RowShape
from fairkeeper.sandbox.marketplace.catalog import Plan
from fairkeeper.sandbox.marketplace.private_offers import PrivateOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a private offer as its customer sees it.

    Args:
        price: What the customer pays; None where it has no price for the customer's market.
        new_plan_id: Id of the plan that the offer makes.
        markup: The channel partner's percentage in it.
    """

    product: Product
    base: ListedPlan
    price: CustomerPrice | None
    new_plan_id: str | None = None
    new_plan_name: str | None = None
    new_plan_description: str = ""
    markup: Decimal | None = None

    @property
    def plan_id(self) -> str:
        """The plan that is bought."""
        return self.new_plan_id or self.base.external_id

    @property
    def name(self) -> str:
        """What it is called."""
        return self.new_plan_name or self.base.name

    @property
    def is_sold_here(self) -> bool:
        """Whether buying it makes a SaaS subscription."""
        return self.product.kind == SAAS and self.price is not None


def lines_of(record: Record, products: Products, account: BillingAccount) -> tuple[Line, ...]:
    """Return what an offer holds for its customer; a line without a plan is one for every plan of its product."""
    return tuple(
        line
        for position, row in enumerate(record.offer.rows)
        for line in _lines(record, row, position, products, account)
    )


def sold_by(record: Record, line: Line, account: BillingAccount) -> tuple[Plan | None, PrivateOffer]:
    """Return the private price of a line, and the plan it makes, if it makes one."""
    price, base = line.price, line.base.plan
    if price is None or base is None:
        msg = f"{line.plan_id} is not sold in the storefront"
        raise ValueError(msg)
    private = PrivateOffer(
        id=record.id,
        name=record.offer.name,
        plan_id=line.plan_id,
        tenant_id=account.tenant_id,
        price_minor=price.amount_minor,
        term_unit=price.unit,
        charge_duration=price.payment_unit,
        currency=price.currency,
        charges=price.charges,
        renewal_unit=base.term_unit,
        starts_on=record.starts_on(),
        ends_on=record.end,
        buyers=account.buyers,
    )
    return (None if line.new_plan_id is None else _made_plan(record, line, private)), private


def _lines(record: Record, row: RowShape, position: int, products: Products, account: BillingAccount) -> Iterator[Line]:
    product = products.find(record.account_id, row.product)
    if product is None:
        return
    named = row.plan or row.base_plan
    bases = [product.plan(named)] if named else list(product.plans)
    markup = _markup(record, position)
    for base in bases:
        if base is None:
            continue
        price = _price(record, row, base, account)
        details = row.new_plan_details
        yield Line(
            product=product,
            base=base,
            price=marked_up(price, markup) if price is not None and markup is not None else price,
            new_plan_id=details.id if details else None,
            new_plan_name=details.name if details else None,
            new_plan_description=(details.description or "") if details else "",
            markup=markup,
        )


def _price(record: Record, row: RowShape, base: ListedPlan, account: BillingAccount) -> CustomerPrice | None:
    if row.discount_percentage is not None:
        return discounted_price(base, row.discount_percentage)
    details = row.price_details
    resource = record.price(details) if isinstance(details, str) else None
    return None if resource is None else absolute_price(resource, base, account)


def _markup(record: Record, position: int) -> Decimal | None:
    if record.kind is not OfferType.ORIGINATOR:
        return None
    markups = record.markups()
    text = markups[position] if position < len(markups) else None
    return None if text is None else Decimal(text)


def _made_plan(record: Record, line: Line, private: PrivateOffer) -> Plan:
    base = line.base.plan
    assert base is not None  # noqa: S101 - `sold_by` has looked
    seats = line.price.seats if line.price else None
    plan = replace(
        base,
        id=line.plan_id,
        name=line.name,
        description=line.new_plan_description,
        price_minor=private.price_minor,
        currency=private.currency,
        term_unit=private.term_unit,
        charge_duration=private.charge_duration,
        is_private=True,
        audience=frozenset({private.tenant_id}),
        is_auto_activated=True,
        has_free_trial=False,
        made_for=record.id,
    )
    return replace(plan, min_quantity=seats[0], max_quantity=seats[1]) if seats and base.is_per_seat else plan
