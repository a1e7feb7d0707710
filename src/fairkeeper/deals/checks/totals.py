"""What the charges add up to: the agreed total of each plan, and the ceiling of the deal.

Source: the Marketplace blog on flexible billing (ceiling of 100,000,000 USD). The agreed total is the deal desk's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from fairkeeper.deals.assumptions import CEILING_CONVERTS, CEILING_PER_DEAL
from fairkeeper.deals.checks.declaring import Basis, declare
from fairkeeper.deals.deal import Deal, Plan
from fairkeeper.deals.schedules.charging import charges_of, total_of
from fairkeeper.values.findings import Finding, Level
from fairkeeper.values.money import Money

CEILING_USD: Final = Decimal(100_000_000)

TOTAL_MISMATCH: Final = declare(
    "total_mismatch",
    title="The charges add up to the agreed total",
    remedy="Correct the line that is wrong; the message says by how much the sum is off.",
    resource="learn-flexible-billing",
    example='agreed_total: "10000000", charges of 9999999.99',
)
OVER_CEILING: Final = declare(
    "over_ceiling",
    title="A deal is worth at most 100,000,000 USD",
    remedy="Split it over several offers, or shorten the term.",
    resource="blog-flexible-billing",
    example='agreed_total: "120000000"',
)
CEILING_NOT_CHECKED: Final = declare(
    "ceiling_not_checked",
    title="A deal in another currency names its worth in USD",
    remedy='Add `usd_rates: {EUR: "1.08"}` with the rate to hold it against the ceiling.',
    resource="blog-flexible-billing",
    example="currency: EUR without usd_rates",
    level=Level.WARNING,
)


def check_total(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - all take four
    """Find charges that do not add up to the agreed total."""
    if plan.agreed_total is None or (plan.billing is None and not plan.schedule):
        return
    total = total_of(plan, deal.currency, deal.starts_on)
    if total != plan.agreed_total:
        yield TOTAL_MISMATCH.found(_difference(total, plan.agreed_total), path=f"{path}/agreed_total")


def check_ceiling(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find a deal above the ceiling; rests on `ceiling_per_deal` and, outside USD, on `ceiling_converts`."""
    totals = [total_of(plan, deal.currency, deal.starts_on) for plan in deal.plans]
    if not any(totals):
        return
    if deal.currency.code != "USD" and not basis.assumptions.holds(CEILING_CONVERTS):
        return
    rate = deal.usd_rate(deal.currency)
    if rate is None:
        message = f"No rate from {deal.currency} to USD is given, so the ceiling was not checked."
        yield CEILING_NOT_CHECKED.found(message, path="currency", detail={"assumption": CEILING_CONVERTS.key})
        return
    if basis.assumptions.holds(CEILING_PER_DEAL):
        held = [("plans", Money.sum(totals, deal.currency))]
    else:
        held = [(f"plans/{number}", total) for number, total in enumerate(totals)]
    for path, total in held:
        if total.to_decimal() * rate > CEILING_USD:
            worth = "" if deal.currency.code == "USD" else f", worth {total.to_decimal() * rate:.2f} USD"
            message = f"The charges add up to {total}{worth}; the ceiling is {CEILING_USD} USD."
            rests_on = CEILING_CONVERTS if worth else CEILING_PER_DEAL
            is_assumed = bool(worth) or (path == "plans" and len(deal.plans) > 1)
            yield OVER_CEILING.found(message, path=path, detail={"assumption": rests_on.key} if is_assumed else None)


def check_local_totals(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find local prices that do not add up to their own agreed total."""
    for number, price in enumerate(plan.local_prices):
        if price.agreed_total is None:
            continue
        times = len(charges_of(plan, deal.starts_on)) if plan.billing is not None and not plan.schedule else 1
        total = Money.sum(price.amounts, price.currency) * times
        if total != price.agreed_total:
            where = f"{path}/local_prices/{number}/agreed_total"
            yield TOTAL_MISMATCH.found(_difference(total, price.agreed_total), path=where)


def _difference(total: Money, agreed: Money) -> str:
    off = total - agreed
    return f"The charges add up to {total}, {abs(off)} {'more' if off.minor > 0 else 'less'} than the agreed {agreed}."
