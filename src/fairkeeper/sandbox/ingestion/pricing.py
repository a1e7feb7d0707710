"""What a customer pays for one line of a private offer: term, payment, schedule; pure and exact.

Separate from the rules that refuse a price, and from the storefront that sells it. A channel partner's percentage is
added to every payment and every charge of a schedule alike.
Source: "Create a direct ISV to customer private offer" (price resources); Private offers for customers (a discount in
percent follows the public price); Multiparty private offers for selling partners (customer price = partner price times
one plus the adjustment); Flexible billing schedule; read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from fairkeeper.sandbox.ingestion.accounts import BillingAccount
from fairkeeper.sandbox.ingestion.products import ListedPlan
from fairkeeper.sandbox.ingestion.requests.price_shapes import (
    ChargeShape,
    DatedChargeShape,
    FlexibleScheduleShape,
    PriceItemShape,
    PriceShape,
    TermShape,
)
from fairkeeper.sandbox.marketplace.terms import Charge, months_and_days
from fairkeeper.values.currencies import CURRENCIES

USD: Final = "USD"
_LETTERS: Final = {"day": "D", "week": "W", "month": "M", "year": "Y"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPrice:
    """The price of one plan for one customer.

    Args:
        unit: ISO 8601 duration of the term.
        payment_unit: ISO 8601 duration between payments; None for one payment, and for a schedule.
        amount: Of one payment; of a schedule, all charges together.
        seats: Least and most seats, where the price sets them.
    """

    unit: str
    payment_unit: str | None
    amount: Decimal
    currency: str
    charges: tuple[Charge, ...] = ()
    seats: tuple[int, int] | None = None

    @property
    def amount_minor(self) -> int:
        """The amount in hundredths of the currency."""
        return int((self.amount * 100).to_integral_value(ROUND_HALF_UP))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round to a currency's smallest unit, halves upwards.

    Example:
        >>> str(rounded(Decimal("10.005"), "USD")), str(rounded(Decimal("10.5"), "JPY"))
        ('10.01', '11')
    """
    known = CURRENCIES.get(currency)
    return amount.quantize(Decimal(1).scaleb(-(known.exponent if known else 2)), ROUND_HALF_UP)


def iso_duration(term: TermShape) -> str:
    """Write a term as an ISO 8601 duration.

    Example:
        >>> iso_duration(TermShape(type="year", value=3))
        'P3Y'
    """
    return f"P{int(term.value)}{_LETTERS.get(term.type, 'M')}"


def absolute_price(price: PriceShape, base: ListedPlan, account: BillingAccount) -> CustomerPrice | None:
    """Return what a price resource means for a customer; None where it says nothing for the customer's market.

    Of several terms, the one the storefront's plan has is taken, else the first.
    """
    recurrent = price.pricing.recurrent_price if price.pricing else None
    if recurrent is None:
        return _reservation_price(price)
    own_unit = base.plan.term_unit if base.plan else None
    item = next((each for each in recurrent.prices if each.term and iso_duration(each.term) == own_unit), None)
    limits = recurrent.user_limits
    seats = None if limits is None else (int(limits.min or 1), int(limits.max or limits.min or 1))
    found = _item_price(item or recurrent.prices[0], account)
    return None if found is None else replace(found, seats=seats)


def discounted_price(base: ListedPlan, percentage: Decimal) -> CustomerPrice:
    """Return the public price of a plan less a percentage.

    Example:
        >>> from fairkeeper.sandbox.ingestion.products import ListedTerm
        >>> terms = (ListedTerm(months=12, payment_months=12, price=Decimal(24_000)),)
        >>> plan = ListedPlan(external_id="p", durable_id="plan/1/2", name="P", terms=terms)
        >>> str(discounted_price(plan, Decimal("12.5")).amount)
        '21000.00'
    """
    term = base.terms[0]
    is_once = term.payment_months == term.months
    return CustomerPrice(
        unit=base.plan.term_unit if base.plan else f"P{term.months}M",
        payment_unit=None if is_once else f"P{term.payment_months}M",
        amount=rounded(term.price * (100 - percentage) / 100, USD),
        currency=USD,
        seats=(base.plan.min_quantity or 1, base.plan.max_quantity or 1) if base.plan and base.is_per_user else None,
    )


def marked_up(price: CustomerPrice, percentage: Decimal) -> CustomerPrice:
    """Return a price with a channel partner's percentage on every payment and charge.

    Example:
        >>> price = CustomerPrice(unit="P1Y", payment_unit=None, amount=Decimal(95), currency="USD")
        >>> str(marked_up(price, Decimal("10.52631579")).amount)
        '105.00'
    """
    factor = 1 + percentage / 100
    charges = tuple(replace(each, amount=rounded(each.amount * factor, each.currency)) for each in price.charges)
    amount = sum((each.amount for each in charges), Decimal()) if charges else price.amount * factor
    return replace(price, amount=rounded(amount, price.currency), charges=charges)


def _item_price(item: PriceItemShape, account: BillingAccount) -> CustomerPrice | None:
    if item.term is None:
        return None
    option = item.payment_option or item.billing_frequency
    is_once = option is None or option.type == "oneTime" or option.months == item.term.months
    payment_unit = None if is_once or option is None else iso_duration(option)
    currency, amount, schedule = USD, item.price_per_payment_in_usd, item.flexible_schedule
    if item.prices:
        own = next((each for each in item.prices if account.country in each.markets), None)
        sold = own or next((each for each in item.prices if not each.markets), None)
        if sold is None:
            return None
        currency, amount, schedule = sold.currency, sold.price, sold.flexible_schedule
    unit = iso_duration(item.term)
    if schedule is not None:
        charges = _charges(schedule, currency)
        total = sum((charge.amount for charge in charges), Decimal())
        return CustomerPrice(unit=unit, payment_unit=None, amount=total, currency=currency, charges=charges)
    if amount is None:
        return None
    return CustomerPrice(unit=unit, payment_unit=payment_unit, amount=amount, currency=currency)


def _charges(schedule: FlexibleScheduleShape, currency: str) -> tuple[Charge, ...]:
    return tuple(
        Charge(
            on=charge.charge_date if isinstance(charge, DatedChargeShape) else None,
            amount=_amount(charge),
            currency=currency,
            note=charge.note or "",
        )
        for charge in schedule.charges
    )


def _amount(charge: ChargeShape) -> Decimal:
    return Decimal() if charge.amount is None else charge.amount


def _reservation_price(price: PriceShape) -> CustomerPrice | None:
    reserved = price.software_reservation
    if reserved is None:
        return None
    amount = sum(
        (each.quantity * (each.unit_price_per_payment_period_in_usd or 0) for each in reserved.vm_prices.values()),
        Decimal(),
    )
    option = reserved.payment_schedule
    is_once = option is None or option.months == reserved.reservation_duration.months
    return CustomerPrice(
        unit=iso_duration(reserved.reservation_duration),
        payment_unit=None if is_once or option is None else iso_duration(option),
        amount=rounded(amount, USD),
        currency=USD,
    )


def months_of(unit: str) -> int:
    """Return how many whole months a duration has.

    Example:
        >>> months_of("P3Y")
        36
    """
    return months_and_days(unit)[0]
