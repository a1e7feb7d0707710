"""What a customer will be charged once it has bought, line by line; pure.

Separate from pricing, which knows the offer and no purchase: the first charge falls on the day of the purchase, and the
customer pays in its own country's currency where the deal has a price for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fairkeeper.deals.deal import Deal, Plan
from fairkeeper.deals.prices.pricing import PriceList, price_plan
from fairkeeper.values.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCharge:
    """One charge of a contract that runs.

    Args:
        number: Counted from 1.
    """

    number: int
    on: date
    amount: Money
    note: str


def plan_bought(deal: Deal, offer_id: str, plan_id: str) -> Plan | None:
    """Return the plan of a deal that a subscription is for."""
    return next(
        (each for each in deal.plans if each.offer == offer_id and plan_id == (each.new_plan or each.plan)), None
    )


def expected_charges(deal: Deal, plan: Plan, bought_on: date) -> tuple[ExpectedCharge, ...]:
    """Return every charge of a plan that was bought; empty where it is a percentage off a price not known here.

    A purchase before the contract's first day is charged on that day; a charge that is dated before the purchase is
    expected with it, since nothing says otherwise.

    Assumption: what is dated before the purchase is charged with it (tests/unit/deals/test_book.py).
    """
    prices = price_plan(deal, plan).prices
    if not prices:
        return ()
    first_on = max(bought_on, deal.billing_starts or bought_on)
    price = price_for(prices, deal.customer.country if deal.customer else "")
    rows = zip(_days(plan, price, deal.starts_on, first_on), price.lines.customer, price.notes, strict=True)
    return tuple(
        ExpectedCharge(number=number, on=on, amount=amount, note=note)
        for number, (on, amount, note) in enumerate(rows, 1)
    )


def price_for(prices: Sequence[PriceList], country: str) -> PriceList:
    """Return the price that holds in a country: a local one, else the deal's own."""
    return next((each for each in prices if country and country in each.markets), prices[0])


def _days(plan: Plan, price: PriceList, planned: date, first_on: date) -> tuple[date, ...]:
    """Return the day of each line; regular payments count from the first day, dated ones stay where they are."""
    if plan.schedule:
        return tuple(max(day, first_on) if number else first_on for number, day in enumerate(price.dates))
    moved = first_on - planned
    return tuple(day + moved for day in price.dates)
