"""When the money of a deal reaches the publisher: agency fee, payout month by agreement, quarters, two side by side.

An expectation and no promise: it supposes that the customer pays in time, that the payout and tax profiles are in
order, and that the account's balance is above the payment threshold of 50 USD. Days are days in Pacific time, as
Microsoft's are. The charges of a schedule are orders; usage that is metered besides follows the table's other row.

Source: Microsoft Learn, "Payout policy details" (calendar by agreement and model, card, threshold), "Commercial
marketplace transaction capabilities" (fee of 3 %), "Agency fee discount for renewals" (half of it from 1 October 2024).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fairkeeper.deals.checks.eligibility import FEE_DISCOUNT_FROM
from fairkeeper.deals.deal import Agreement, Deal
from fairkeeper.deals.schedules.schedule import Quarter, by_quarter
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money, Rounding
from fairkeeper.values.period import Duration

STANDARD_FEE_BPS: Final = 300
RENEWAL_FEE_BPS: Final = 150
PAID_BY_DAY: Final = 15


class SaleModel(StrEnum):
    """How a charge comes about."""

    ORDER = "order"
    USAGE = "usage"


PAYOUT_MONTHS: Final[Mapping[tuple[Agreement, SaleModel], int]] = MappingProxyType(
    {
        (Agreement.EA, SaleModel.ORDER): 1,
        (Agreement.EA, SaleModel.USAGE): 2,
        (Agreement.MCA, SaleModel.ORDER): 3,
        (Agreement.MCA, SaleModel.USAGE): 3,
        (Agreement.CSP, SaleModel.ORDER): 3,
        (Agreement.CSP, SaleModel.USAGE): 3,
    }
)
"""Months from the month of the order or the use to the month of the payout."""
CARD_MONTHS: Final = 1
"""A card payment is held for fraud and chargebacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashTerms:
    """What decides when and how much is paid out.

    Args:
        fee_bps: Agency fee in hundredths of a percent.
    """

    agreement: Agreement
    pays_by_card: bool = False
    fee_bps: int = STANDARD_FEE_BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class CashLine:
    """One charge on its way to the bank.

    Args:
        charged_on: The day of the charge.
        charged: What the fee is taken on: the channel partner's price in a multiparty offer.
        earning: What is left for the publisher, before taxes.
        paid_by: The last day it should be sent by.
    """

    charged_on: date
    charged: Money
    fee: Money
    earning: Money
    paid_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterLine:
    """One quarter of a deal: what is charged in it, and what is paid out in it."""

    quarter: Quarter
    charged: Money
    paid: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedQuarter:
    """One quarter of two alternatives; `ahead` is how much more the second has paid out by its end."""

    quarter: Quarter
    first: QuarterLine
    second: QuarterLine
    ahead: Money


def fee_bps_of(deal: Deal, made_on: date) -> int:
    """Return the agency fee of a deal made on a day: half where it was attested as a qualifying renewal.

    The fee as a rate; whether it was really taken is checked against earnings, not here.
    """
    attestation = deal.renewal_attestation
    is_discounted = attestation is not None and attestation.qualifies and made_on >= FEE_DISCOUNT_FROM
    return RENEWAL_FEE_BPS if is_discounted else STANDARD_FEE_BPS


def paid_by(charged_on: date, terms: CashTerms, model: SaleModel = SaleModel.ORDER) -> date:
    """Return the last day a charge should be sent to the bank by.

    Example:
        >>> paid_by(date(2025, 1, 31), CashTerms(agreement=Agreement.EA)).isoformat()
        '2025-02-15'
        >>> paid_by(date(2025, 11, 1), CashTerms(agreement=Agreement.MCA, pays_by_card=True)).isoformat()
        '2026-03-15'
    """
    months = PAYOUT_MONTHS[terms.agreement, model] + (CARD_MONTHS if terms.pays_by_card else 0)
    return Duration(months=months).after(charged_on.replace(day=1)).replace(day=PAID_BY_DAY)


def expected_cash(charges: Iterable[tuple[date, Money]], terms: CashTerms) -> tuple[CashLine, ...]:
    """Return each charge with its fee, what is left, and when it should be paid; the fee is rounded half up."""
    rate = Decimal(terms.fee_bps) / 10_000
    lines = []
    for charged_on, charged in charges:
        fee = charged.multiply_rounded(rate, Rounding.HALF_UP)
        lines.append(
            CashLine(
                charged_on=charged_on,
                charged=charged,
                fee=fee,
                earning=charged - fee,
                paid_by=paid_by(charged_on, terms),
            )
        )
    return tuple(lines)


def quarters_of(lines: Sequence[CashLine], currency: Currency) -> tuple[QuarterLine, ...]:
    """Add charges and payouts up by quarter, without a gap from the first charge to the last payout."""
    charged = by_quarter([(line.charged_on, line.charged) for line in lines], currency)
    paid = by_quarter([(line.paid_by, line.earning) for line in lines], currency)
    nothing = Money.zero(currency)
    return tuple(
        QuarterLine(quarter=quarter, charged=charged.get(quarter, nothing), paid=paid.get(quarter, nothing))
        for quarter in _from_first_to_last([*charged, *paid])
    )


def compare(
    first: Sequence[QuarterLine], second: Sequence[QuarterLine], currency: Currency
) -> tuple[ComparedQuarter, ...]:
    """Set two alternatives side by side, quarter by quarter."""
    left = {line.quarter: line for line in first}
    right = {line.quarter: line for line in second}
    nothing = Money.zero(currency)
    ahead = nothing
    compared = []
    for quarter in _from_first_to_last([*left, *right]):
        empty = QuarterLine(quarter=quarter, charged=nothing, paid=nothing)
        one, other = left.get(quarter, empty), right.get(quarter, empty)
        ahead = ahead + other.paid - one.paid
        compared.append(ComparedQuarter(quarter=quarter, first=one, second=other, ahead=ahead))
    return tuple(compared)


def _from_first_to_last(quarters: Sequence[Quarter]) -> tuple[Quarter, ...]:
    if not quarters:
        return ()
    found = [min(quarters)]
    while found[-1] < max(quarters):
        found.append(found[-1].next())
    return tuple(found)
