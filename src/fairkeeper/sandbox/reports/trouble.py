"""What can go wrong with a charge, each declared once with what it does to the reports and what should be found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fairkeeper.sandbox.reports.buying import Buyer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that happens to one charge.

    Attributes:
        name: What it is called.
        finds: What should be found, in one word each.
        when: Which buyers it can happen to.
        from_month: The first month it may happen in, counted from the start.
        to_month: The last one, counted from the end.
        revenue_status: The payout status of the revenue line, instead of the usual one.
        has_no_revenue: Whether the revenue line is missing.
        has_no_earning: Whether the earning is missing.
        rate: The part that is earned, instead of the usual one.
        paid_part: The part the customer pays.
        taken_back: How it is taken back, as a transaction type.
        is_late: Whether the earning is produced late, with an estimated month that is wrong.
        hidden_before: Whether the earning was reported before with half its amount.
        restates_revenue: Whether the revenue line is reported with two amounts.
    """

    name: str
    finds: tuple[str, ...] = ()
    when: Callable[[Buyer], bool] = lambda buyer: buyer.is_enterprise
    from_month: int = 1
    to_month: int = 4
    revenue_status: str = ""
    has_no_revenue: bool = False
    has_no_earning: bool = False
    rate: Decimal | None = None
    paid_part: Decimal = Decimal(1)
    taken_back: str = ""
    is_late: bool = False
    hidden_before: bool = False
    restates_revenue: bool = False

    def fits(self, buyer: Buyer, month: date, months: Sequence[date]) -> bool:
        """Say whether it can happen to a buyer's charge of a month."""
        place = list(months).index(month)
        return self.when(buyer) and self.from_month <= place < len(months) - self.to_month


def _orders(buyer: Buyer) -> bool:
    return buyer.is_enterprise and not buyer.is_usage


def _uses(buyer: Buyer) -> bool:
    return buyer.is_enterprise and buyer.is_usage


def _plain_fee(buyer: Buyer) -> bool:
    return buyer.is_enterprise and not buyer.is_attested and not buyer.is_multiparty


TROUBLES: Final[tuple[Trouble, ...]] = (
    Trouble(name="units lost", finds=("usage_not_reported",), when=_uses),
    Trouble(name="not billed", finds=("usage_not_billed",), when=_uses, has_no_revenue=True, has_no_earning=True),
    Trouble(name="anomaly corrected", when=_uses, has_no_revenue=True, has_no_earning=True),
    Trouble(name="not collected", when=_orders, revenue_status="Uncollected"),
    Trouble(
        name="not reconciled",
        finds=("revenue_unreconciled",),
        when=_uses,
        revenue_status="Unreconciled",
        has_no_earning=True,
    ),
    Trouble(name="announced", when=_uses, revenue_status="Upcoming"),
    Trouble(name="not eligible", when=_uses, revenue_status="Not eligible", has_no_earning=True),
    Trouble(name="rejected", when=_uses, revenue_status="Rejected", has_no_earning=True),
    Trouble(name="reprocessed", when=_uses, revenue_status="Reprocessed", has_no_earning=True),
    Trouble(
        name="unknown status",
        finds=("unknown_status",),
        when=_uses,
        revenue_status="Collection in progress",
        has_no_earning=True,
    ),
    Trouble(name="earning lost", finds=("earning_missing",), when=_uses, has_no_earning=True),
    Trouble(name="month lost", finds=("earning_missing",), when=_orders, has_no_earning=True),
    Trouble(
        name="revenue lost",
        finds=("earning_without_revenue", "usage_not_billed"),
        when=_uses,
        has_no_revenue=True,
    ),
    Trouble(name="fee of 5%", finds=("fee_mismatch",), when=_plain_fee, rate=Decimal("0.95")),
    Trouble(
        name="attestation forgotten",
        finds=("fee_mismatch",),
        when=lambda buyer: buyer.is_attested and not buyer.is_multiparty,
        rate=Decimal("0.97"),
    ),
    Trouble(name="half paid", when=lambda buyer: not buyer.is_enterprise, to_month=6, paid_part=Decimal("0.5")),
    Trouble(name="refund", when=_orders, taken_back="refund"),
    Trouble(name="chargeback", when=lambda buyer: buyer.is_card, to_month=7, taken_back="chargeback"),
    Trouble(name="written off", when=_uses, taken_back="reversal"),
    Trouble(name="overdue", finds=("payment_overdue",), when=_uses),
    Trouble(name="produced late", when=_uses, to_month=5, is_late=True),
    Trouble(name="earning restated", finds=("restated",), when=_uses, hidden_before=True),
    Trouble(name="revenue restated", finds=("restated",), when=_uses, restates_revenue=True),
)
"""Everything that goes wrong once in a troubled year."""
