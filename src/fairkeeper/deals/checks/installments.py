"""A plan's flexible schedule, line by line: how many, in which order, on which days, of what amount.

Source: Microsoft Learn, "Flexible billing schedule" (installments, first charge, notes); Mastering the Marketplace,
flexible billing (first charge of zero).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from fairkeeper.deals.assumptions import (
    CHARGE_ABOVE_ZERO,
    CHARGE_AFTER_START,
    LAST_DAY_INCLUDED,
    LATEST_ACCEPTANCE,
)
from fairkeeper.deals.checks.declaring import Basis, assumed, declare
from fairkeeper.deals.deal import Deal, Plan
from fairkeeper.deals.schedules.charging import contract_of
from fairkeeper.values.findings import Finding

MOST_INSTALLMENTS: Final = 70

TOO_MANY_INSTALLMENTS: Final = declare(
    "too_many_installments",
    title="A flexible schedule has at most 70 installments",
    remedy="Join neighbouring installments, or charge them quarterly.",
    resource="learn-flexible-billing",
    example="a schedule of 71 lines",
)
START_CHARGE_MISPLACED: Final = declare(
    "start_charge_misplaced",
    title="The first line is the charge at the start, and no other line is",
    remedy='Begin with `{charge: at_start, amount: "0"}` where nothing is due at the start.',
    resource="learn-flexible-billing",
    example="a schedule that begins with a date",
)
DATES_NOT_INCREASING: Final = declare(
    "dates_not_increasing",
    title="Each charge is dated after the one above it",
    remedy="Sort the lines by date, and join two of the same day.",
    resource="learn-flexible-billing",
    example="on: 2025-07-15, then on: 2025-01-01",
)
DATE_OUTSIDE_CONTRACT: Final = declare(
    "date_outside_contract",
    title="Every charge lies within the contract",
    remedy="Move the charge between the contract's first and last day, or lengthen the term.",
    resource="learn-flexible-billing",
    example="a charge on 2028-01-01 of a contract that ends on 2027-11-30",
)
CHARGE_BEFORE_ACCEPTANCE: Final = declare(
    "charge_before_acceptance",
    title="No charge is dated before the offer may still be accepted",
    remedy="Move accept_by before the first dated charge, or join that charge with the one at the start.",
    resource="learn-flexible-billing",
    example="accept_by: 2025-01-15, a charge on 2025-01-01",
)
NEGATIVE_AMOUNT: Final = declare(
    "negative_amount",
    title="No charge is below zero",
    remedy="Make another charge smaller instead; a schedule holds no credits.",
    resource="learn-flexible-billing",
    example='amount: "-500.00"',
)
ZERO_CHARGE: Final = declare(
    "zero_charge",
    title="A dated charge is above zero",
    remedy="Remove the line: free months need none.",
    resource="learn-flexible-billing",
    example='on: 2025-01-01, amount: "0"',
)
NOTHING_CHARGED: Final = declare(
    "nothing_charged",
    title="A plan charges something",
    remedy="Add the installments that follow the free start, or use a free public plan.",
    resource="learn-flexible-billing",
    example='a schedule of one line, at_start, amount: "0"',
)


def check_count(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - all take four
    """Find a schedule with too many lines."""
    if len(plan.schedule) > MOST_INSTALLMENTS:
        message = f"The schedule has {len(plan.schedule)} installments; {MOST_INSTALLMENTS} are allowed."
        yield TOO_MANY_INSTALLMENTS.found(message, path=f"{path}/schedule")


def check_order(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find a start charge in the wrong place, and dates that do not increase."""
    latest: date | None = None
    for number, charge in enumerate(plan.schedule):
        where = f"{path}/schedule/{number}"
        if (charge.on is None) != (number == 0):
            what = "is dated" if number == 0 else "is a second charge at the start"
            yield START_CHARGE_MISPLACED.found(f"Line {number + 1} {what}.", path=where)
        if charge.on is None:
            continue
        if latest is not None and charge.on <= latest:
            message = f"Line {number + 1} is dated {charge.on}, not after {latest}."
            yield DATES_NOT_INCREASING.found(message, path=where)
        latest = max(charge.on, latest or charge.on)


def check_dates(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:
    """Find charges outside the contract, and such that may fall before the purchase."""
    contract = contract_of(deal, plan)
    if contract is None or not plan.schedule:
        return
    is_last_in = basis.assumptions.holds(LAST_DAY_INCLUDED)
    is_first_out = basis.assumptions.holds(CHARGE_AFTER_START)
    latest_on = min(contract.last_on, deal.ends) - timedelta(days=0 if is_last_in else 1)
    earliest_on = contract.start_on + timedelta(days=1 if is_first_out else 0)
    accepted_on = deal.accept_by if basis.assumptions.holds(LATEST_ACCEPTANCE) else date.min
    for number, charge in enumerate(plan.schedule):
        if charge.on is None:
            continue
        where = f"{path}/schedule/{number}/on"
        if not earliest_on <= charge.on <= latest_on:
            message = f"{charge.on} is not within {earliest_on} to {latest_on}."
            if charge.on == contract.start_on:
                yield assumed(DATE_OUTSIDE_CONTRACT, CHARGE_AFTER_START, message, path=where)
            else:
                yield DATE_OUTSIDE_CONTRACT.found(message, path=where)
        elif charge.on <= accepted_on:
            message = f"{charge.on} is not after {accepted_on}, the last day to accept."
            yield assumed(CHARGE_BEFORE_ACCEPTANCE, LATEST_ACCEPTANCE, message, path=where)


def check_amounts(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find credits, dated charges of nothing, and a plan that charges nothing at all."""
    is_zero_refused = basis.assumptions.holds(CHARGE_ABOVE_ZERO)
    for number, charge in enumerate(plan.schedule):
        where = f"{path}/schedule/{number}/amount"
        if charge.amount.minor < 0:
            yield NEGATIVE_AMOUNT.found(f"Line {number + 1} is {charge.amount}.", path=where)
        elif charge.amount.minor == 0 and charge.on is not None and is_zero_refused:
            message = f"Line {number + 1} of {charge.on} is zero."
            yield assumed(ZERO_CHARGE, CHARGE_ABOVE_ZERO, message, path=where)
    if plan.billing is not None and plan.billing.amount.minor < 0:
        yield NEGATIVE_AMOUNT.found(f"A payment is {plan.billing.amount}.", path=f"{path}/billing/amount")
    is_dated = any(charge.on is not None for charge in plan.schedule)
    is_free = bool(plan.schedule) and not is_dated and not any(charge.amount for charge in plan.schedule)
    if is_free or (plan.billing is not None and not plan.billing.amount):
        yield NOTHING_CHARGED.found("The plan charges nothing.", path=path)
