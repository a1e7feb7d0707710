"""Who bought what, and what is billed for it in a month.

Separate from the year that they live through, which gives each charge what becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fairkeeper.sandbox.reports.book import Row
from fairkeeper.sandbox.reports.trouble import Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """A company that bought one thing."""

    number: int
    name: str
    asset_id: str
    channel: str
    currency: str
    is_card: bool
    is_usage: bool
    price: Decimal
    starts_on: date
    is_multiparty: bool = False
    has_private_offer: bool = False
    is_attested: bool = False

    @property
    def is_enterprise(self) -> bool:
        """Whether money may come before the customer pays."""
        return self.channel.startswith("Enterprise")


@dataclass(slots=True, kw_only=True)
class Charge:
    """One line of a month: what is billed and what becomes of it."""

    buyer: Buyer
    record: str
    line: str
    month: date
    amount: Decimal
    trouble: Trouble | None = None
    rows: list[Row] = field(default_factory=list)
