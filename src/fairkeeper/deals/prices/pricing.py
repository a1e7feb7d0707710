"""Prices a deal: each plan in each currency, line by line, for the channel partner and for the customer.

Decides nothing about what is allowed; a deal with faults is priced as it stands, and what has no price (a percentage
off a public price that is not known here) is said to have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fairkeeper.deals.deal import Charge, Deal, DealKind, Plan
from fairkeeper.deals.prices.multiparty import NO_ADJUSTMENT, Adjusted, adjust
from fairkeeper.deals.prices.percentage import Percentage, percentage_between
from fairkeeper.deals.schedules.charging import charges_of, total_of
from fairkeeper.deals.schedules.schedule import dates_of
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """One plan in one currency.

    Args:
        markets: Where it holds; empty for the deal's own currency, which holds everywhere else.
        dates: The day of each line.
        notes: What stands beside each line.
        lines: Both sides; the same amounts twice where there is no channel partner.
    """

    currency: Currency
    markets: tuple[str, ...]
    dates: tuple[date, ...]
    notes: tuple[str, ...]
    lines: Adjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedPlan:
    """A plan with its prices in every currency; the deal's own comes first. None where it has no price of its own."""

    plan: Plan
    prices: tuple[PriceList, ...]


def adjustment_of(deal: Deal, plan: Plan) -> Percentage:
    """Return the channel partner's percentage, worked out from the customer's total where that was given.

    Raises:
        PercentageRefusedError: No percentage leads to the customer's total.
    """
    if deal.kind is not DealKind.MULTIPARTY:
        return NO_ADJUSTMENT
    if plan.adjustment is not None:
        return plan.adjustment
    if plan.customer_total is None:
        return NO_ADJUSTMENT
    return percentage_between(total_of(plan, deal.currency, deal.starts_on), plan.customer_total)


def price_plan(deal: Deal, plan: Plan) -> PricedPlan:
    """Price one plan in the deal's currency and in each local one.

    Raises:
        PercentageRefusedError: No percentage leads to the customer's total.
    """
    charges = charges_of(plan, deal.starts_on)
    if not charges:
        return PricedPlan(plan=plan, prices=())
    percentage = adjustment_of(deal, plan)
    own = _price_list(charges, [charge.amount for charge in charges], deal, percentage, markets=())
    local = [
        _price_list(charges, _spread(price.amounts, len(charges)), deal, percentage, markets=price.markets)
        for price in plan.local_prices
        if price.amounts
    ]
    return PricedPlan(plan=plan, prices=(own, *local))


def price_deal(deal: Deal) -> tuple[PricedPlan, ...]:
    """Price every plan of a deal.

    Raises:
        PercentageRefusedError: No percentage leads to a plan's total for the customer.
    """
    return tuple(price_plan(deal, plan) for plan in deal.plans)


def counts_towards_commitment(deal: Deal) -> bool | None:
    """Say whether the deal draws down the customer's cloud commitment; None where Partner Center's word is not known.

    A private offer on a flexible schedule counts as any other purchase of an eligible plan does.
    Source: Mastering the Marketplace, flexible billing.
    """
    stated = [plan.base.counts_towards_commitment for plan in deal.plans]
    if not stated or any(word is None for word in stated):
        return False if any(word is False for word in stated) else None
    return all(stated)


def _price_list(
    charges: Sequence[Charge], amounts: Sequence[Money], deal: Deal, percentage: Percentage, *, markets: tuple[str, ...]
) -> PriceList:
    shown = charges[: len(amounts)]
    return PriceList(
        currency=amounts[0].currency,
        markets=markets,
        dates=dates_of(shown, deal.starts_on),
        notes=tuple(charge.note for charge in shown),
        lines=adjust(amounts, percentage),
    )


def _spread(amounts: Sequence[Money], count: int) -> Sequence[Money]:
    """Return the amount of each line; one amount of regular billing is that of every payment."""
    return [amounts[0]] * count if len(amounts) == 1 else amounts[:count]
