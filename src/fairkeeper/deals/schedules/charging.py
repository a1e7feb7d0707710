"""What a plan charges and when its contract runs, whether it has a flexible schedule or regular billing.

Separate from the model, which only holds what was agreed.
"""

from __future__ import annotations

from datetime import date

from fairkeeper.deals.deal import Charge, Deal, Frequency, Plan
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money
from fairkeeper.values.period import Duration, Period


def contract_of(deal: Deal, plan: Plan) -> Period | None:
    """Return the days a plan's contract runs, None where it has no length."""
    if not plan.term_months or plan.term_months < 1:
        return None
    return Period.lasting(deal.starts_on, Duration(months=plan.term_months))


def charges_of(plan: Plan, starts_on: date) -> tuple[Charge, ...]:
    """Return every charge of a plan: its schedule as it stands, or regular payments written out one by one.

    Regular payments fall on the first day of each of their periods; the first is the charge at the start.
    """
    if plan.schedule or plan.billing is None:
        return plan.schedule
    amount = plan.billing.amount
    dates = billing_dates(plan.billing.frequency, plan.term_months or 0, starts_on)
    return tuple(Charge(on=None if number == 0 else day, amount=amount) for number, day in enumerate(dates))


def billing_dates(frequency: Frequency, term_months: int, starts_on: date) -> tuple[date, ...]:
    """Return the first day of each payment of a term.

    Example:
        >>> [day.isoformat() for day in billing_dates(Frequency.YEARLY, 24, date(2027, 2, 1))]
        ['2027-02-01', '2028-02-01']
    """
    step = {Frequency.ONCE: max(term_months, 1), Frequency.MONTHLY: 1, Frequency.YEARLY: 12}[frequency]
    count = max(-(-term_months // step), 1)
    return tuple((Duration(months=step) * number).after(starts_on) for number in range(count))


def total_of(plan: Plan, currency: Currency, starts_on: date) -> Money:
    """Return what a plan's charges add up to in the deal's currency."""
    return Money.sum((charge.amount for charge in charges_of(plan, starts_on)), currency)
