"""Journal entries of a month, with the publisher's own accounts; every entry balances in its own currency.

Earnings of the month: receivable and agency fee against revenue, in the currency of the transaction. Payments of the
month: bank and taxes against what was earned, in the payout currency; what the formula leaves is a difference of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

DEFAULT_ACCOUNTS: Final[Mapping[str, str]] = {
    "revenue": "revenue",
    "fee": "agency fee",
    "receivable": "receivable from Microsoft",
    "clearing": "payout clearing",
    "adjustment": "marketplace adjustments",
    "bank": "bank",
    "withheld_tax": "withheld tax",
    "fee_tax": "tax on the agency fee",
    "difference": "payout differences",
}
"""What each side is called until the publisher maps it to an account of the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One line; debit and credit are never both set."""

    on: date
    entry: str
    account: str
    text: str
    debit: Decimal
    credit: Decimal
    currency: str


def journal(db: Any, month: date, accounts: Mapping[str, str] = DEFAULT_ACCOUNTS) -> tuple[JournalLine, ...]:
    """Return a month's journal.

    Args:
        db: An engine with the rows loaded.
        month: The first day of the month.
        accounts: The publisher's accounts by the sides of `DEFAULT_ACCOUNTS`; a side left out keeps its word.
    """
    named = {**DEFAULT_ACCOUNTS, **accounts}
    lines: list[JournalLine] = []
    for on, currency, earned, fee, adjustments in db.execute(
        "SELECT last_day(DATE '" + str(month) + "'), currency, "
        "coalesce(sum(earning_amount) FILTER (NOT is_adjustment), 0)::DECIMAL(38,12), "
        "coalesce(sum(CASE WHEN earning_amount < 0 THEN -abs(store_fee) ELSE abs(store_fee) END) "
        "FILTER (NOT is_adjustment), 0)::DECIMAL(38,12), "
        "coalesce(sum(earning_amount) FILTER (is_adjustment), 0)::DECIMAL(38,12) FROM earnings "
        f"WHERE date_trunc('month', coalesce(earning_date, calculation_date, transaction_date)) = DATE '{month}' "
        "GROUP BY currency ORDER BY currency"
    ).fetchall():
        entry = f"earnings {month:%Y-%m} {currency}"
        lines += _lines(
            on,
            entry,
            currency,
            named,
            "Earnings",
            receivable=earned + adjustments,
            fee=fee,
            revenue=-(earned + fee),
            adjustment=-adjustments,
        )
    for payment_id, on, currency, earned, total, withheld, fee_tax in db.execute(
        "SELECT payment_id, payment_date, coalesce(payment_currency, earned_currency, ''), earned, total_payment, "
        "abs(coalesce(withheld_tax, 0)), abs(coalesce(service_fee_tax, 0)) FROM payments "
        f"WHERE date_trunc('month', payment_date) = DATE '{month}' AND stage = 'sent' "
        "AND coalesce(earned_currency, payment_currency, '') = coalesce(payment_currency, earned_currency, '') "
        "ORDER BY payment_date, payment_id, participant_id, program_name"
    ).fetchall():
        rest = earned - total - withheld - fee_tax
        lines += _lines(
            on,
            f"payment {payment_id}",
            currency,
            named,
            f"Payment {payment_id}",
            bank=total,
            withheld_tax=withheld,
            fee_tax=fee_tax,
            clearing=-earned,
            difference=rest,
        )
    return tuple(lines)


def _lines(
    on: date, entry: str, currency: str, accounts: Mapping[str, str], text: str, **sides: Decimal
) -> list[JournalLine]:
    """Return the sides of one entry: what is positive is a debit."""
    zero = Decimal(0)
    return [
        JournalLine(
            on=on,
            entry=entry,
            account=accounts[side],
            text=text,
            debit=max(amount, zero),
            credit=max(-amount, zero),
            currency=currency,
        )
        for side, amount in sides.items()
        if amount
    ]
