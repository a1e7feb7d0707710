"""The channel partner's side of a multiparty offer: its adjustment on each price.

Source: Microsoft Learn, "Multiparty private offers" and its FAQ (adjustment with up to eight decimals, above 0 to 100,
not above the publisher's own percentage discount).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fairkeeper.deals.checks.declaring import Basis, declare
from fairkeeper.deals.deal import Deal, DealKind, Plan
from fairkeeper.deals.prices.multiparty import adjust_to
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.deals.schedules.charging import charges_of, total_of
from fairkeeper.values.findings import Finding, Level

_MOST: Final = Percentage.parse("100")

ADJUSTMENT_OUT_OF_RANGE: Final = declare(
    "adjustment_out_of_range",
    title="A customer adjustment is above 0 and at most 100 percent",
    remedy="Correct the percentage, or leave it out where the partner adds nothing.",
    resource="learn-multiparty-private-offers",
    example='adjustment_percent: "120"',
)
ADJUSTMENT_UNEXPECTED: Final = declare(
    "adjustment_unexpected",
    title="Only a multiparty offer has a customer adjustment",
    remedy="Change the kind to multiparty, or remove the adjustment.",
    resource="learn-multiparty-private-offers",
    example='kind: customer, adjustment_percent: "10"',
)
ADJUSTMENT_TWICE: Final = declare(
    "adjustment_twice",
    title="An adjustment is given as a percentage or by the customer's total, not both",
    remedy="Remove one of `adjustment_percent` and `customer_total`.",
    resource="learn-multiparty-private-offers",
    example="a plan with adjustment_percent and customer_total",
)
ADJUSTMENT_PENDING: Final = declare(
    "adjustment_pending",
    title="The channel partner's adjustment is known",
    remedy="Ask the partner; until then the customer's prices are not known.",
    resource="learn-multiparty-private-offers",
    example="kind: multiparty, a plan without adjustment",
    level=Level.INFO,
)
CUSTOMER_TOTAL_INVALID: Final = declare(
    "customer_total_invalid",
    title="The customer pays more than the channel partner, and at most twice as much",
    remedy="Correct customer_total: it is the partner's price and the adjustment together.",
    resource="learn-multiparty-private-offers",
    example='charges of 1000, customer_total: "900"',
)
CUSTOMER_TOTAL_MISSED: Final = declare(
    "customer_total_missed",
    title="The rounded lines add up to what the customer shall pay",
    remedy="Agree on the total that the message names, or change a line of the schedule.",
    resource="learn-multiparty-private-offers",
    example='lines of 33.33, 33.33 and 33.34, customer_total: "105.00"',
    level=Level.WARNING,
)
MARKUP_OVER_DISCOUNT: Final = declare(
    "markup_over_discount",
    title="An adjustment is not above the publisher's own percentage discount",
    remedy="Lower the adjustment to the discount, or have the publisher give a larger one.",
    resource="learn-multiparty-private-offers",
    example='discount_percent: "10", adjustment_percent: "15"',
)


def check_adjustment(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - all four
    """Find an adjustment that is not expected, out of range, given twice or above the discount."""
    where = f"{path}/adjustment_percent"
    given = plan.adjustment is not None or plan.customer_total is not None
    if deal.kind is not DealKind.MULTIPARTY:
        if given:
            yield ADJUSTMENT_UNEXPECTED.found(f"An offer of kind {deal.kind} has an adjustment.", path=where)
        return
    if not given:
        yield ADJUSTMENT_PENDING.found("The channel partner's adjustment is not known.", path=path)
    elif plan.adjustment is not None and plan.customer_total is not None:
        yield ADJUSTMENT_TWICE.found("The adjustment is given twice.", path=where)
    elif plan.adjustment is not None and not 0 < plan.adjustment.units <= _MOST.units:
        yield ADJUSTMENT_OUT_OF_RANGE.found(f"{plan.adjustment} % is not above 0 and at most 100.", path=where)
    elif plan.adjustment is not None and plan.discount is not None and plan.adjustment > plan.discount:
        message = f"{plan.adjustment} % is more than the discount of {plan.discount} %."
        yield MARKUP_OVER_DISCOUNT.found(message, path=where)


def check_customer_total(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001
    """Find a total for the customer that no allowed adjustment reaches."""
    if deal.kind is not DealKind.MULTIPARTY or plan.customer_total is None or plan.adjustment is not None:
        return
    total = total_of(plan, deal.currency, deal.starts_on)
    where = f"{path}/customer_total"
    if not total < plan.customer_total <= total * 2:
        message = f"The channel partner pays {total}, the customer would pay {plan.customer_total}."
        yield CUSTOMER_TOTAL_INVALID.found(message, path=where)
        return
    reached = adjust_to([charge.amount for charge in charges_of(plan, deal.starts_on)], plan.customer_total)
    if reached.customer_total != plan.customer_total:
        message = f"With {reached.percentage} % the lines add up to {reached.customer_total}."
        yield CUSTOMER_TOTAL_MISSED.found(message, path=where)
