"""The text that a support request starts with: what, which ids, since when, how much, from which reports.

Pure. It names no customer; Microsoft's support finds the line by its ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ASKS: Final[Mapping[str, str]] = {
    "payouts.charge_not_billed": "Please tell us why this scheduled charge was not billed, and when it will be.",
    "payouts.usage_not_reported": "Please tell us why accepted metered events are not in the usage report.",
    "payouts.usage_not_billed": "Please tell us why this usage was not billed, and when it will be.",
    "payouts.revenue_uncollected": "Please tell us the state of collection for this line.",
    "payouts.revenue_unreconciled": "Please reconcile this line, or tell us what is missing.",
    "payouts.earning_missing": "Please tell us why there is no earning for this billed revenue.",
    "payouts.earning_without_revenue": "Please tell us which billed revenue this earning belongs to.",
    "payouts.fee_mismatch": "Please tell us which fee was applied to this earning, and why.",
    "payouts.payment_sum_mismatch": "Please tell us which earnings and adjustments make up this payment.",
    "payouts.payment_formula_mismatch": "Please tell us what was taken from this payment beside the taxes it states.",
    "payouts.payment_overdue": "Please tell us why this earning was not paid in its estimated month.",
    "payouts.bank_line_missing": "Please trace this payment: it has not arrived.",
    "payouts.bank_amount_differs": "Please tell us which amount was sent.",
    "payouts.earning_negative": "Please tell us why this earning was taken back.",
    "payouts.restated": "Please tell us why this row was restated.",
    "payouts.unknown_status": "Please tell us what this status means for our payout.",
    "payouts.status_needs_action": "Please tell us what is needed to pay this earning.",
}
_IDS: Final = (
    ("purchase_record_id", "Purchase record ID"),
    ("line_item_id", "Line item ID"),
    ("asset_id", "Asset ID"),
    ("earning_id", "Earning ID"),
    ("payment_id", "Payment ID"),
)


def support_text(
    code: str, message: str, facts: Mapping[str, str | None], places: tuple[str, ...], *, publisher: str = ""
) -> str:
    """Return the text.

    Args:
        code: The finding's kind.
        message: What was found.
        facts: Ids, `since` and `amount`, as far as they are known.
        places: Files and rows, as people name them.
        publisher: The publisher's name.

    Example:
        >>> print(
        ...     support_text(
        ...         "payouts.bank_line_missing", "Not arrived.", {"payment_id": "P1"}, ("payments.csv, row 2",)
        ...     )
        ... )
        Commercial marketplace, payouts
        <BLANKLINE>
        Please trace this payment: it has not arrived.
        <BLANKLINE>
        Not arrived.
        <BLANKLINE>
        Payment ID: P1
        Seen in: payments.csv, row 2
    """
    lines = [f"Commercial marketplace, payouts{f' ({publisher})' if publisher else ''}", ""]
    if code in _ASKS:
        lines += [_ASKS[code], ""]
    lines += [message, ""]
    lines += [f"{label}: {facts[name]}" for name, label in _IDS if facts.get(name)]
    if facts.get("amount"):
        lines.append(f"Amount: {facts['amount']}")
    if facts.get("since"):
        lines.append(f"Since: {facts['since']}")
    if places:
        lines.append(f"Seen in: {'; '.join(places[:5])}")
    return "\n".join(lines)
