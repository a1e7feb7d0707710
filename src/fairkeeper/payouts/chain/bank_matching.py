"""Finds the bank line of a payment: by its id in the reference or the text, else by amount, currency and day.

Pure. Each bank line belongs to one payment at most, and a line that names a payment is never given to another.

Source: Microsoft Learn, "Payout FAQ": the payment id is the reference of the bank transfer for payments made through
SAP, read 2026-11-22; for other methods amount and day decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

_PIECE: Final = re.compile(r"[^\s,;:/|]+")
_PLAIN: Final = re.compile(r"[^0-9a-z]")
_SHORTEST: Final = 5
_SAME: Final = Decimal("0.01")
_EARLIEST: Final = timedelta(days=-1)
_LATEST: Final = timedelta(days=25)
_MOST_COMPARED: Final = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPayment:
    """A payment that was sent: all rows of one id together."""

    payment_id: str
    other_reference: str | None
    total: Decimal
    currency: str | None
    sent_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """A line of a bank statement."""

    number: int
    booked_on: date
    amount: Decimal
    currency: str | None
    text: str


def match_lines(payments: Sequence[SentPayment], lines: Iterable[BankLine]) -> Mapping[str, tuple[BankLine, ...]]:
    """Return the bank lines of each payment that has any.

    Example:
        >>> paid = SentPayment(
        ...     payment_id="P-000123",
        ...     other_reference=None,
        ...     total=Decimal(97),
        ...     currency="USD",
        ...     sent_on=date(2026, 5, 14),
        ... )
        >>> line = BankLine(
        ...     number=1,
        ...     booked_on=date(2026, 5, 18),
        ...     amount=Decimal(97),
        ...     currency=None,
        ...     text="MICROSOFT P000123",
        ... )
        >>> [each.number for each in match_lines([paid], [line])["P-000123"]]
        [1]
    """
    incoming = [line for line in lines if line.amount > 0]
    found, rest = _by_reference(payments, incoming)
    _by_amount([payment for payment in payments if payment.payment_id not in found], rest, found)
    return found


def _by_reference(
    payments: Sequence[SentPayment], lines: Sequence[BankLine]
) -> tuple[dict[str, tuple[BankLine, ...]], list[BankLine]]:
    names: dict[str, str] = {}
    for payment in payments:
        for name in (payment.payment_id, payment.other_reference):
            plain = _plain(name or "")
            if len(plain) >= _SHORTEST:
                names.setdefault(plain, payment.payment_id)
    found: dict[str, tuple[BankLine, ...]] = {}
    rest = []
    search_within = len(names) * len(lines) <= _MOST_COMPARED
    for line in lines:
        owner = next((names[piece] for piece in _pieces(line.text) if piece in names), None)
        if owner is None and search_within:
            whole = _plain(line.text)
            owner = next((names[name] for name in sorted(names, key=len, reverse=True) if name in whole), None)
        if owner is None:
            rest.append(line)
        else:
            found[owner] = (*found.get(owner, ()), line)
    return found, rest


def _by_amount(
    payments: Sequence[SentPayment], lines: Sequence[BankLine], found: dict[str, tuple[BankLine, ...]]
) -> None:
    """Give what is left to the nearest payment of the same amount, the earlier payment first."""
    by_amount: dict[Decimal, list[BankLine]] = {}
    for line in sorted(lines, key=lambda each: (each.booked_on, each.number)):
        by_amount.setdefault(line.amount.quantize(_SAME), []).append(line)
    for payment in sorted(payments, key=lambda each: (each.sent_on, each.payment_id)):
        fitting = [
            line
            for cents in (0, 1, -1)
            for line in by_amount.get(payment.total.quantize(_SAME) + cents * _SAME, [])
            if _EARLIEST <= line.booked_on - payment.sent_on <= _LATEST
            and (not line.currency or not payment.currency or line.currency.upper() == payment.currency.upper())
        ]
        if fitting:
            chosen = min(fitting, key=lambda line: (abs(line.booked_on - payment.sent_on), line.number))
            found[payment.payment_id] = (chosen,)
            by_amount[chosen.amount.quantize(_SAME)].remove(chosen)


def _plain(text: str) -> str:
    return _PLAIN.sub("", text.lower())


def _pieces(text: str) -> list[str]:
    return [_plain(piece) for piece in _PIECE.findall(text)]
