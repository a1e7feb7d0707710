"""What the reports are made of: orders, usage, revenue, earnings, payments and bank lines, by Microsoft's names.

Source: Microsoft Learn, "Orders dashboard", "Usage dashboard", "Revenue dashboard", "Export earnings: Marketplace",
"Payments", read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
Row = dict[str, str]


def cents(amount: Decimal) -> Decimal:
    """Round to cents, a half away from zero.

    Example:
        >>> cents(Decimal("0.005"))
        Decimal('0.01')
    """
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One thing that is wrong, as whoever looks at the reports should find it.

    Attributes:
        code: What is wrong, in one word.
        subject: Which line (`record|line`), earning, payment, participant or status.
    """

    code: str
    subject: str


@dataclass(slots=True, kw_only=True)
class Book:
    """Everything that the publisher would export, by report."""

    as_of: date
    orders: list[Row] = field(default_factory=list)
    usage: list[Row] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    revenue: list[Row] = field(default_factory=list)
    earnings: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    bank: list[Row] = field(default_factory=list)
    metering: list[Row] = field(default_factory=list)
    attestations: list[Row] = field(default_factory=list)
    truth: set[Truth] = field(default_factory=set)

    def wrong(self, code: str, subject: str) -> None:
        """Note what is wrong."""
        self.truth.add(Truth(code=code, subject=subject))

    def reports(self) -> dict[str, list[Row]]:
        """Return the rows of each report."""
        return {
            "orders": self.orders,
            "usage": self.usage,
            "customers": self.customers,
            "revenue": self.revenue,
            "earnings": self.earnings,
            "payments": self.payments,
            "bank": self.bank,
            "metering": self.metering,
            "attestations": self.attestations,
        }


def first_of(day: date) -> date:
    """Return the first day of a month."""
    return day.replace(day=1)


def months_after(day: date, months: int) -> date:
    """Return the first day of the month that many months later.

    Example:
        >>> months_after(date(2025, 11, 30), 3)
        datetime.date(2026, 2, 1)
    """
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
