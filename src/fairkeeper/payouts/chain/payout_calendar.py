"""When money is expected: Microsoft's payout calendar by agreement and kind of charge, as pure functions of dates.

Source: Microsoft Learn, "Payout policy details" (public plans; private plans and offers have the same), read
2026-11-22. Dates there are Pacific time; days are enough here.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from fairkeeper.payouts.chain.thresholds import THRESHOLDS
from fairkeeper.payouts.reports.columns import normalise


class Agreement(StrEnum):
    """How the customer buys, as far as it decides when money moves."""

    ENTERPRISE = "enterprise"
    MICROSOFT_CUSTOMER = "microsoft_customer"
    CSP = "csp"


_CHANNELS: Final = {
    "enterprise": Agreement.ENTERPRISE,
    "enterprisethroughreseller": Agreement.ENTERPRISE,
    "enterpriseagreement": Agreement.ENTERPRISE,
    "cloudsolutionprovider": Agreement.CSP,
    "csp": Agreement.CSP,
}
ENTERPRISE_CHANNELS: Final = tuple(name for name, found in _CHANNELS.items() if found is Agreement.ENTERPRISE)


def agreement_of(sales_channel: str | None) -> Agreement:
    """Return the agreement behind a sales channel; pay as you go and others follow the customer agreement's calendar.

    Example:
        >>> agreement_of("Enterprise through Reseller").value, agreement_of("GTM").value
        ('enterprise', 'microsoft_customer')
    """
    return _CHANNELS.get(normalise(sales_channel or ""), Agreement.MICROSOFT_CUSTOMER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDates:
    """The last day on which each stage should be seen.

    Attributes:
        billed_by: A revenue line.
        earned_by: An earnings row; under the customer agreement and CSP if the customer pays in its month.
        paid_by: A payment that was sent.
        in_bank_by: The slowest method's day, in calendar days.
    """

    billed_by: date
    earned_by: date
    paid_by: date
    in_bank_by: date


def expected_dates(on: date, agreement: Agreement, *, is_usage: bool, is_card: bool) -> ExpectedDates:
    """Return when the stages after a charge or a month of usage are expected.

    Example:
        >>> dates = expected_dates(date(2026, 1, 20), Agreement.ENTERPRISE, is_usage=False, is_card=False)
        >>> dates.earned_by.isoformat(), dates.paid_by.isoformat()
        ('2026-01-22', '2026-02-15')
        >>> expected_dates(date(2026, 1, 20), Agreement.CSP, is_usage=True, is_card=True).paid_by.isoformat()
        '2026-05-15'
    """
    first = on.replace(day=1)
    is_enterprise = agreement is Agreement.ENTERPRISE
    billed_by = add_months(first, 1).replace(day=7) if is_usage else on + timedelta(days=1)
    if is_enterprise:
        eligible = add_months(first, 1) if is_usage else first
        earned_by = eligible.replace(day=9) if is_usage else on + timedelta(days=2)
    else:
        eligible = add_months(first, 2)
        earned_by = month_end(eligible) + timedelta(days=2)
    hold = THRESHOLDS.card_hold_months if is_card else 0
    paid_by = add_months(eligible, 1 + hold).replace(day=THRESHOLDS.payout_day)
    return ExpectedDates(
        billed_by=billed_by,
        earned_by=earned_by,
        paid_by=paid_by,
        in_bank_by=add_business_days(paid_by, THRESHOLDS.bank_days_wire),
    )


def bank_days(method: str | None) -> int:
    """Return the business days that a payment method takes.

    Example:
        >>> bank_days("PayPal"), bank_days("ACH"), bank_days("Electronic bank transfer (wire)"), bank_days(None)
        (1, 3, 10, 10)
    """
    plain = normalise(method or "")
    if "paypal" in plain:
        return THRESHOLDS.bank_days_paypal
    if "ach" in plain or "sepa" in plain:
        return THRESHOLDS.bank_days_transfer
    return THRESHOLDS.bank_days_wire


def add_business_days(start: date, days: int) -> date:
    """Return the day that many business days later; holidays are not known.

    Example:
        >>> add_business_days(date(2026, 5, 15), 1).isoformat()  # a Friday
        '2026-05-18'
    """
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def add_months(first: date, months: int) -> date:
    """Return the first day of a month that many months away.

    Example:
        >>> add_months(date(2026, 11, 1), 3).isoformat(), add_months(date(2026, 1, 1), -1).isoformat()
        ('2027-02-01', '2025-12-01')
    """
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def month_end(day: date) -> date:
    """Return the last day of a month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
