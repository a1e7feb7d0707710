"""A small made-up book to try the room with: six months of exports until today, accounts with owners, and prices.

One account's name stands twice in the list of accounts, so that there is something for a person to decide.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Final

from fairkeeper.sandbox.insights.export import export_csv, taken_on, tenant_id, tenant_name
from fairkeeper.sandbox.insights.market import MarketPlan, make_market

MONTHS: Final = 6
TENANTS: Final = 240
SEED: Final = 20261128
_NAMESPACE: Final = uuid.UUID("7a4c6f0e-5f36-5a64-9d1b-2f6f0b1f9c11")
_UNCLEAR: Final = 5
_PRICES: Final = """\
product,price_per_seat_per_month,currency,from
copilot,30.00,USD,2025-01-01
agent_365,15.00,USD,2026-05-01
e7,99.00,USD,2026-05-01
"""


def sample_files(today: date, *, owner: str = "") -> list[tuple[str, bytes]]:
    """Return the files by name, the lists after the exports.

    Args:
        today: The last export is taken on it, or up to three days before.
        owner: Whose a third of the accounts are; nobody's if empty.
    """
    last = today.replace(day=min(today.day, 28))
    years, place = divmod(last.year * 12 + last.month - 1 - (MONTHS - 1), 12)
    first = last.replace(year=years, month=place + 1)
    market = make_market(MarketPlan(tenants=TENANTS, months=MONTHS, seed=SEED, drop_share=0.08, first_day=first))
    exports = [
        (f"copilot-{taken_on(month, first).isoformat()}.csv", export_csv(market, month).encode())
        for month in range(MONTHS)
    ]
    return [*exports, ("accounts.csv", _accounts(owner).encode()), ("prices.csv", _PRICES.encode())]


def crm_account(number: int) -> str:
    """Return the id that the pretend CRM has for an account."""
    return str(uuid.uuid5(_NAMESPACE, str(number)))


def _accounts(owner: str) -> str:
    lines = ["crm_account,name,domain,tenant_id,owner"]
    for number in range(TENANTS):
        whose = owner if number % 3 == 0 else ""
        if number % 40 == _UNCLEAR:  # known by name alone, and twice
            lines += [f"{crm_account(number)},{tenant_name(number)},,,{whose}"]
            lines += [f"{crm_account(number + TENANTS)},{tenant_name(number)} Holding,,,{whose}"]
        else:
            lines.append(f"{crm_account(number)},{tenant_name(number)},,{tenant_id(number, SEED)},{whose}")
    return "\n".join(lines) + "\n"
