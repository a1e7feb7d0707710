"""A channel partner's adjustment on each line: every price times (1 + p), rounded once, and the sum checked again.

Decides the rounding and says what it cost.

Assumption: Microsoft rounds each adjusted line to the nearest minor unit, a half away from zero, and charges the sum of
the rounded lines (tests/unit/deals/test_multiparty.py).

Source: Microsoft Learn, "Multiparty private offers FAQ": customer price = partner price × (1 + p), p with up to eight
decimals; "Flexible billing schedule": the adjustment applies to every line in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from fairkeeper.deals.prices.percentage import UNITS_PER_ONE, Percentage, added_to, percentage_between
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money

NO_ADJUSTMENT = Percentage(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """Both sides of the same lines.

    Args:
        percentage: What was added.
        partner: What the channel partner pays for each line: the publisher's price, on which the agency fee is taken.
        customer: What the customer pays for each line.
        rounded_lines: How many lines were no whole minor unit.
        off_by: Sum of the customer's lines less the exact total, in minor units; below one for each line.
    """

    percentage: Percentage
    partner: tuple[Money, ...]
    customer: tuple[Money, ...]
    rounded_lines: int
    off_by: Fraction

    @property
    def partner_total(self) -> Money:
        """What the channel partner pays in all."""
        return Money.sum(self.partner, self.partner[0].currency)

    @property
    def customer_total(self) -> Money:
        """What the customer pays in all, line by line."""
        return Money.sum(self.customer, self.customer[0].currency)

    def sentence(self) -> str:
        """Say in words what rounding did.

        Example:
            >>> from fairkeeper.values.currencies import currency
            >>> lines = [Money(105, currency("USD"))] * 3
            >>> adjust(lines, Percentage.parse("10")).sentence()
            '3 of 3 lines were rounded to the nearest 0.01 USD; their sum is 0.015 USD above the exact total.'
        """
        unit = self.customer[0].currency
        if not self.rounded_lines:
            return "Every line is exact; nothing was rounded."
        smallest = Money(1, unit)
        rounded = f"{self.rounded_lines} of {len(self.customer)} lines were rounded to the nearest {smallest}"
        if not self.off_by:
            return f"{rounded}; their sum is the exact total."
        return f"{rounded}; their sum is {_exact(abs(self.off_by), unit)} {unit} {self._side} the exact total."

    @property
    def _side(self) -> str:
        return "above" if self.off_by > 0 else "below"


def adjust(partner: Sequence[Money], percentage: Percentage) -> Adjusted:
    """Add a percentage to each line, round each once, and hold the sum against the exact total.

    Args:
        partner: The channel partner's prices, at least one.
        percentage: With eight decimals.
    """
    customer = tuple(added_to(amount, percentage) for amount in partner)
    factor = UNITS_PER_ONE + percentage.units
    exact = Fraction(sum(amount.minor for amount in partner) * factor, UNITS_PER_ONE)
    return Adjusted(
        percentage=percentage,
        partner=tuple(partner),
        customer=customer,
        rounded_lines=sum(bool(amount.minor * factor % UNITS_PER_ONE) for amount in partner),
        off_by=sum(amount.minor for amount in customer) - exact,
    )


def adjust_to(partner: Sequence[Money], target: Money) -> Adjusted:
    """Add the percentage that brings the total closest to a target; rounding may keep it from being met exactly.

    Raises:
        PercentageRefusedError: The lines are not above zero together, or the target is below them.
    """
    total = Money.sum(partner, target.currency)
    return adjust(partner, percentage_between(total, target))


def _exact(minor: Fraction, unit: Currency) -> str:
    """Write a part of a minor unit in major units, with as many decimals as it has, at most sixteen."""
    digits = 16
    scaled = round(minor * 10**digits / unit.minor_per_major)
    whole, rest = divmod(scaled, 10**digits)
    return f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".")
