"""What an evaluation leaves behind for pages and commands: counts, sums, what was held back, payments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from fairkeeper.payouts.chain.coverage import Coverage
from fairkeeper.payouts.chain.evaluation import Evaluation, Found

_MOST_PAYMENTS: Final = 400


def summary_of(evaluation: Evaluation, found: Sequence[Found]) -> dict[str, Any]:
    """Return the summary as canonical JSON: amounts as texts."""
    return {
        "counts": dict(sorted(Counter(each.code for each in found).items())),
        "totals": evaluation.totals,
        "held_back": [
            {
                "code": held.code,
                "count": held.count,
                "report": held.need.kind.value,
                "from_on": str(held.need.from_on),
                "to_on": str(held.need.to_on),
            }
            for held in evaluation.held_back
        ],
        "payments": [
            {
                "payment_id": each.payment_id,
                "payment_date": str(each.payment_date),
                "status": each.status,
                "stated": _text(each.stated),
                "traced": _text(each.traced),
                "currency": each.currency,
                "rows": each.rows,
                "adjustments": each.adjustments,
                "total": _text(each.total),
                "paid_currency": each.paid_currency,
                "arrived": _text(each.arrived),
                "is_covered": each.is_covered,
            }
            for each in evaluation.payments[:_MOST_PAYMENTS]
        ],
        "coverage": coverage_json(evaluation.coverage),
    }


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """Return what files cover, for programs."""
    return {
        "as_of": str(coverage.as_of),
        "months": {kind.value: sorted(str(month)[:7] for month in months) for kind, months in coverage.months.items()},
        "last_on": {kind.value: str(day) for kind, day in coverage.last_on.items()},
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
