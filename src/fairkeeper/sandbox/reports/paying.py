"""Pays each month what has matured, and lets it arrive at the bank; what goes wrong with payments goes wrong here.

Source: Microsoft Learn, "Payout policy details" and "Payments", read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from fairkeeper.sandbox.reports.book import Book, Row, cents, first_of

RATES: Final = {"USD": Decimal(1), "EUR": Decimal("1.0831"), "JPY": Decimal("0.0066"), "GBP": Decimal("1.2714")}
PAYOUT: Final = "EUR"
PARTICIPANT: Final = "41234567"
PAY_DAY: Final = 14
STATUSES: Final = (
    *("Reprocessing", "Rejected", "Failed", "Forfeited", "Pending tax invoice", "Upcoming", "Reversed"),
    *("In progress", "Tax invoice under review", "Tax invoice rejected", "Rejected during review"),
    *("Incorrect payment", "Escheated", "Processed"),
)
"""Every status of an earning beside Unprocessed and Sent; Processed is the older word for Upcoming."""
MOVING: Final = frozenset(
    {"Reprocessing", "Upcoming", "Processed", "In progress", "Tax invoice under review", "Incorrect payment"}
)
"""Those in which nobody has to act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Pays one participant."""

    book: Book
    months: Sequence[date]
    seed: int
    is_troubled: bool

    def pay(self, pending: Sequence[tuple[date, Row]]) -> None:
        """Pay each month what has matured, if it is 50 USD or more."""
        waiting: list[Row] = []
        statuses = list(STATUSES) if self.is_troubled else []
        last = first_of(self.book.as_of)
        for month in [*self.months, *([last] if last not in self.months else [])]:
            waiting += [row for paid_in, row in pending if paid_in == month]
            on = month.replace(day=PAY_DAY)
            if on > self.book.as_of:
                continue
            balance = sum((Decimal(row["earningAmountUSD"]) for row in waiting), Decimal(0))
            if balance < 50:
                continue
            held: list[Row] = []
            while len(waiting) > 8 and statuses and len(held) < 2:
                row = waiting.pop(3)
                row |= {"paymentStatus": statuses.pop(0), "estimatedPaymentMonth": str(month)}
                if row["paymentStatus"] not in MOVING:
                    self.book.wrong("status_needs_action", row["earningId"])
                held.append(row)
            self._payment(month, on, waiting)
            self.book.earnings += held
            waiting = []
        self.book.earnings += waiting
        future = [row for paid_in, row in pending if paid_in > last]
        self.book.earnings += future

    def _payment(self, month: date, on: date, rows: list[Row]) -> None:
        number = f"{month.year}{month.month:02d}{abs(self.seed) % 1000:03d}0042"
        earned, earned_usd = Decimal(0), Decimal(0)
        for row in rows:
            paid = cents(Decimal(row["earningAmountUSD"]) / RATES[PAYOUT])
            row |= {
                "paymentId": number,
                "paymentStatus": "Sent",
                "lastPaymentCurrency": PAYOUT,
                "earningAmountInLastPaymentCurrency": str(paid),
            }
            earned += paid
            earned_usd += Decimal(row["earningAmountUSD"])
        self.book.earnings += rows
        place = self.months.index(month) if month in self.months else len(self.months)
        stated, stated_usd = earned, earned_usd
        if self.is_troubled and place == 5:
            stated, stated_usd = earned + 250, earned_usd + cents(250 * RATES[PAYOUT])
            self.book.wrong("payment_sum_mismatch", number)
        withheld = cents(stated * Decimal("0.03"))
        total = stated - withheld
        if self.is_troubled and place == 7:
            total -= Decimal("33.33")
            self.book.wrong("payment_formula_mismatch", number)
        self.book.payments.append(
            {
                "paymentID": number,
                "participantID": PARTICIPANT,
                "participantIDType": "SellerId",
                "participantName": "Fairmile Software",
                "programName": "Commercial Marketplace",
                "earned": str(stated),
                "earnedCurrencyCode": PAYOUT,
                "earnedUSD": str(stated_usd),
                "withheldTax": str(withheld),
                "serviceFeeTax": "0",
                "salesTax": "",
                "totalPayment": str(total),
                "paymentCurrencyCode": PAYOUT,
                "paymentDate": str(on),
                "paymentMethod": "SEPA",
                "paymentStatus": "Sent",
                "CIReferenceNumber": "",
            }
        )
        self._to_bank(number, on, total, place if self.is_troubled else -1)

    def _to_bank(self, number: str, on: date, total: Decimal, place: int) -> None:
        arrives = on + timedelta(days=4)
        self.book.bank.append(
            {
                "Date": str(on - timedelta(days=9)),
                "Amount": "-1200.00",
                "Currency": PAYOUT,
                "Reference": "rent",
                "Description": "Office rent",
            }
        )
        if place == 6:
            self.book.wrong("bank_line_missing", number)
        elif arrives <= self.book.as_of:
            amount = total - 15 if place == 8 else total
            if place == 8:
                self.book.wrong("bank_amount_differs", number)
            self.book.bank.append(
                {
                    "Date": str(arrives),
                    "Amount": str(amount),
                    "Currency": PAYOUT,
                    "Reference": f"MSPAY {number}" if place % 2 else "",
                    "Description": f"MICROSOFT IRELAND OPS LTD {number}",
                }
            )
        self.book.bank.append(
            {
                "Date": str(min(on + timedelta(days=16), self.book.as_of)),
                "Amount": "-80.00",
                "Currency": PAYOUT,
                "Reference": "",
                "Description": "Bank charges",
            }
        )
