"""What the statuses in the reports mean, as a table: the text stays as it came, and an unknown one shows as unknown.

Source: Microsoft Learn, "Earnings", "Transaction history" and "Revenue dashboard" (copies of October 2023),
read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fairkeeper.payouts.reports.columns import normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One status.

    Attributes:
        word: What it is called here.
        rank: How far along it is; a later reading of the same row has at least this rank.
        stage: `waiting`, `moving`, `sent`, `stopped` or `lost`; for revenue `total` (owed) or `other`.
        meaning: What it means, for people.
        who: Who has to do something: `nobody`, `publisher`, `support` or `legal`.
    """

    word: str
    rank: int
    stage: str
    meaning: str
    who: str = "nobody"


EARNING_STATUSES: Final[Mapping[str, Status]] = {
    "unprocessed": Status(word="unprocessed", rank=1, stage="waiting", meaning="Eligible, in escrow until it matures."),
    "pendingtaxinvoice": Status(
        word="pending_tax_invoice", rank=2, stage="stopped", meaning="A tax invoice is awaited.", who="publisher"
    ),
    "taxinvoiceunderreview": Status(
        word="tax_invoice_under_review", rank=3, stage="moving", meaning="Microsoft reads the tax invoice."
    ),
    "taxinvoicerejected": Status(
        word="tax_invoice_rejected", rank=3, stage="stopped", meaning="The tax invoice was refused.", who="support"
    ),
    "upcoming": Status(word="upcoming", rank=4, stage="moving", meaning="A payment is made and reviewed."),
    "processed": Status(word="upcoming", rank=4, stage="moving", meaning="A payment is made and reviewed."),
    "inprogress": Status(word="in_progress", rank=5, stage="moving", meaning="It is being paid."),
    "reprocessing": Status(word="reprocessing", rank=6, stage="moving", meaning="Microsoft tries the payment again."),
    "sent": Status(word="sent", rank=7, stage="sent", meaning="Sent to the bank."),
    "rejectedduringreview": Status(
        word="rejected_during_review", rank=8, stage="stopped", meaning="Microsoft's review refused it.", who="support"
    ),
    "failed": Status(word="failed", rank=8, stage="stopped", meaning="The payment failed at Microsoft.", who="support"),
    "rejected": Status(word="rejected", rank=8, stage="stopped", meaning="The bank refused it.", who="publisher"),
    "reversed": Status(
        word="reversed", rank=8, stage="stopped", meaning="The bank returned it; it goes again.", who="publisher"
    ),
    "incorrectpayment": Status(
        word="incorrect_payment", rank=9, stage="stopped", meaning="It is being recouped: expect a negative row."
    ),
    "forfeited": Status(
        word="forfeited", rank=10, stage="lost", meaning="Lost: no valid bank or tax data in time.", who="publisher"
    ),
    "escheated": Status(word="escheated", rank=10, stage="lost", meaning="Handed to the US state.", who="legal"),
}
"""Statuses of earnings and payments by their normalised text."""

REVENUE_STATUSES: Final[Mapping[str, Status]] = {
    "uncollected": Status(word="uncollected", rank=1, stage="other", meaning="The customer has not paid."),
    "unreconciled": Status(
        word="unreconciled",
        rank=2,
        stage="other",
        meaning="Billed and earned do not match at Microsoft.",
        who="support",
    ),
    "noteligible": Status(word="not_eligible", rank=2, stage="other", meaning="Nothing is paid out for it."),
    "rejected": Status(word="rejected", rank=2, stage="other", meaning="Rejected at Microsoft.", who="support"),
    "reprocessed": Status(word="reprocessed", rank=3, stage="other", meaning="Worked on again at Microsoft."),
    "unprocessed": Status(word="unprocessed", rank=4, stage="total", meaning="Owed, and not yet matured."),
    "upcoming": Status(word="upcoming", rank=5, stage="total", meaning="In the next payment."),
    "sent": Status(word="sent", rank=6, stage="total", meaning="Paid out."),
}
"""Payout statuses of revenue by their normalised text."""

ORDER_STATUSES: Final[Mapping[str, Status]] = {
    "active": Status(word="active", rank=1, stage="total", meaning="It runs."),
    "warning": Status(word="warning", rank=2, stage="total", meaning="It runs, but the customer defaulted on payment."),
    "canceled": Status(word="canceled", rank=3, stage="other", meaning="It was canceled."),
    "cancelled": Status(word="canceled", rank=3, stage="other", meaning="It was canceled."),
    "expired": Status(word="expired", rank=3, stage="other", meaning="Its trial ended."),
    "abandoned": Status(word="abandoned", rank=3, stage="other", meaning="Its fulfillment never finished."),
}
"""Statuses of orders; Microsoft writes both Canceled and Cancelled."""


def earning_status(text: str | None) -> Status | None:
    """Return the status of an earning or a payment, or None where nobody knows it.

    Example:
        >>> earning_status("In Progress").word, earning_status("Hibernated")
        ('in_progress', None)
    """
    return EARNING_STATUSES.get(normalise(text or ""))


def revenue_status(text: str | None) -> Status | None:
    """Return the payout status of revenue, or None where nobody knows it."""
    return REVENUE_STATUSES.get(normalise(text or ""))
