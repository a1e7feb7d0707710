"""From when a gap is a finding: every number in one table, each with where it comes from.

Sources: Microsoft Learn, "Payout policy details", "Revenue dashboard", "Usage dashboard", "Marketplace metered billing
API FAQ", read 2026-11-22; what says "ours" is an assumption and can be changed without touching a rule.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """All thresholds; days are calendar days unless the name says business days."""

    charge_billed_days: int = 40
    """A scheduled charge is looked for in its month's revenue and the next's, which show within days (ours)."""
    usage_reported_days: int = 3
    """Usage shows up to 48 hours after it was accepted; one more day is ours."""
    usage_billed_days: int = 10
    """Usage of a month is billed by day 7 of the next; three more days are ours."""
    unreconciled_days: int = 30
    """Days after the month of a line from which Unreconciled is no transition any more (ours)."""
    earning_days: int = 5
    """Earnings follow one to two days after the order or the customer's payment; the rest is ours."""
    late_revenue_days: int = 10
    """Revenue of usage follows by day 7; until then an earning without it is no finding."""
    payment_settle_days: int = 3
    """Links from payments to earnings take 48 to 72 hours."""
    payout_day: int = 15
    """Payments of a month are sent by this day, Pacific time."""
    overdue_days: int = 3
    """Days after that day (ours)."""
    card_hold_months: int = 1
    """What was paid by card is held one month more."""
    threshold_usd: int = 50
    """The least that is paid out for Marketplace."""
    bank_days_paypal: int = 1
    """Business days by PayPal."""
    bank_days_transfer: int = 3
    """Business days by ACH or SEPA."""
    bank_days_wire: int = 10
    """Business days by wire, and by a method that is not known."""
    bank_grace_days: int = 2
    """Business days more (ours)."""
    fee_bps: int = 300
    """The agency fee in basis points."""
    renewal_fee_bps: int = 150
    """The fee of an attested renewal."""
    fee_tolerance_bps: int = 5
    """How far rounding may move a fee (ours), beside two hundredths of the currency."""
    sum_tolerance: str = "0.05"
    """How far sums may differ in the payout currency or US dollars (ours); one hundredth for each hundred rows more."""
    formula_tolerance: str = "0.02"
    """How far the formula of one payment may be off by rounding (ours)."""
    look_back_months: int = 6
    """How far back the earnings of one payment may lie (ours)."""


THRESHOLDS: Final = Thresholds()


def threshold_table() -> tuple[tuple[str, str], ...]:
    """Return names and values, as the reference lists them.

    Example:
        >>> dict(threshold_table())["threshold_usd"]
        '50'
    """
    return tuple((each.name, str(getattr(THRESHOLDS, each.name))) for each in fields(THRESHOLDS))
