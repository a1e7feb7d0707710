"""What the columns of somebody's spreadsheet mean: our word for each of their headings.

Microsoft's own columns of the market pricing sheet are not public, and every company's list of deals has others. So a
mapping is data that a person saves, never code; a heading that it does not name is said to be unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from fairkeeper.deals.errors import TableUnreadableError
from fairkeeper.deals.sheets.tables import Table


class Purpose(StrEnum):
    """What a mapping is for."""

    DEALS = "deals"
    MARKET_PRICES = "market_prices"


DEAL_COLUMNS: Final[Mapping[str, str]] = {
    "name": "Deal",
    "customer": "Customer",
    "billing_account": "Billing account",
    "country": "Country",
    "tenant": "Tenant",
    "agreement": "Agreement",
    "offer": "Offer",
    "plan": "Plan",
    "new_plan": "New plan",
    "currency": "Currency",
    "total": "Total",
    "discount_percent": "Discount %",
    "frequency": "Billing",
    "term_months": "Term (months)",
    "accept_by": "Accept by",
    "starts": "Starts",
    "ends": "Ends",
    "state": "State",
    "private_offer_id": "Private offer id",
    "owner": "Owner",
    "crm_id": "CRM id",
}
"""Our word for each column of a list of deals, and the heading it has unless a mapping says otherwise."""

MARKET_COLUMNS: Final[Mapping[str, str]] = {
    "offer": "Offer",
    "plan": "Plan",
    "market": "Market",
    "currency": "Currency",
    "line": "Line",
    "charge_date": "Charge date",
    "amount": "Amount",
    "note": "Note",
}
"""The same for prices by market.

Assumption: Microsoft's own sheet can be mapped to these (tests/unit/deals/test_sheets.py).
"""

NEEDED: Final[Mapping[Purpose, tuple[str, ...]]] = {
    Purpose.DEALS: ("name", "customer", "offer", "plan", "currency", "accept_by", "ends"),
    Purpose.MARKET_PRICES: ("plan", "market", "currency", "line", "amount"),
}
STANDARD: Final[Mapping[Purpose, Mapping[str, str]]] = {
    Purpose.DEALS: DEAL_COLUMNS,
    Purpose.MARKET_PRICES: MARKET_COLUMNS,
}


def headings_of(purpose: Purpose, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the heading of each of our columns: as the mapping says, else the standard one.

    Raises:
        TableUnreadableError: The mapping names a column that we do not have, or one heading twice.

    Example:
        >>> headings_of(Purpose.MARKET_PRICES, {"amount": "Preis"})["amount"]
        'Preis'
    """
    standard = STANDARD[purpose]
    if unknown := sorted(set(columns) - set(standard)):
        message = f"A mapping for {purpose.value.replace('_', ' ')} has no column {unknown[0]!r}."
        raise TableUnreadableError(message, remedy=f"It has: {', '.join(standard)}.")
    found = {**standard, **columns}
    if len(set(found.values())) != len(found):
        raise TableUnreadableError("The mapping gives two columns one heading.", remedy="Name each heading once.")
    return found


def missing_headings(table: Table, purpose: Purpose, headings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the headings that a table needs and does not have."""
    return tuple(headings[name] for name in NEEDED[purpose] if headings[name] not in table.headings)


def unread_headings(table: Table, headings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the headings of a table that nothing is read from."""
    return tuple(name for name in table.headings if name not in set(headings.values()))
