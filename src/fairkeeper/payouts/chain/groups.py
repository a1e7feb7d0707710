"""Sums by customer, offer or month in US dollars: billed, earned, paid, not collected, at risk, fee saved by renewals.

At risk is what is billed and not collected where the order's status is Warning or the customer buys under an enterprise
agreement, where Microsoft may take back what it paid in advance. Saved is the half of the fee that attested renewals do
not pay, read from the fee that was really kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from fairkeeper.payouts.chain.coverage import Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSum:
    """One group's sums in US dollars."""

    name: str
    billed: Decimal
    earned: Decimal
    paid: Decimal
    uncollected: Decimal
    at_risk: Decimal
    fee_saved: Decimal
    lines: int


_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "customer": ("coalesce(r.customer_name, r.customer_id, '')", "coalesce(e.customer_name, e.customer_id, '')"),
    "offer": ("coalesce(r.offer_name, '')", "coalesce(e.parent_product_name, e.product_name, '')"),
    "month": (
        "strftime(r.month_start_date, '%Y-%m')",
        "strftime(coalesce(e.transaction_date, e.earning_date, e.calculation_date), '%Y-%m')",
    ),
}


def groups_by(db: Any, coverage: Coverage, by: str, *, limit: int) -> tuple[GroupSum, ...]:
    """Return the sums, the largest first; months in their order.

    Args:
        db: An engine with the rows loaded.
        coverage: What is covered.
        by: `customer`, `offer` or `month`.
        limit: How many at most.
    """
    del coverage
    of_revenue, of_earning = _NAMES[by]
    order = "name DESC" if by == "month" else "billed DESC, name"
    rows = db.execute(
        f"""
        WITH warned AS (
            SELECT DISTINCT asset_id FROM orders WHERE lower(order_status) = 'warning'
        ), parts AS (
            SELECT {of_revenue} AS name, coalesce(r.revenue_usd, 0) AS billed, 0 AS earned, 0 AS paid,
                   CASE WHEN r.status = 'uncollected' THEN coalesce(r.revenue_usd, 0) ELSE 0 END AS uncollected,
                   CASE WHEN r.status = 'uncollected' AND (r.is_enterprise OR w.asset_id IS NOT NULL)
                        THEN coalesce(r.revenue_usd, 0) ELSE 0 END AS at_risk, 0 AS saved, 1 AS line
            FROM revenue r LEFT JOIN warned w USING (asset_id)
            UNION ALL
            SELECT {of_earning}, 0, coalesce(e.earned_usd, 0),
                   CASE WHEN e.status = 'sent' THEN coalesce(e.earned_usd, 0) ELSE 0 END, 0, 0,
                   CASE WHEN e.transaction_amount > 0 AND e.earning_amount > 0 AND e.transaction_amount_usd IS NOT NULL
                             AND abs(e.earning_amount - e.transaction_amount::DECIMAL(28,6) * 0.985) <= 0.02
                        THEN (e.transaction_amount_usd::DECIMAL(28,6) * 0.015)::DECIMAL(38,12) ELSE 0 END, 0
            FROM earnings e
        )
        SELECT coalesce(nullif(name, ''), 'not named') AS name, sum(billed)::DECIMAL(38,12) AS billed,
               sum(earned)::DECIMAL(38,12), sum(paid)::DECIMAL(38,12), sum(uncollected)::DECIMAL(38,12),
               sum(at_risk)::DECIMAL(38,12), sum(saved)::DECIMAL(38,12), sum(line)
        FROM parts GROUP BY 1 ORDER BY {order} LIMIT {limit}
        """
    ).fetchall()
    return tuple(
        GroupSum(
            name=row[0],
            billed=row[1],
            earned=row[2],
            paid=row[3],
            uncollected=row[4],
            at_risk=row[5],
            fee_saved=row[6],
            lines=row[7],
        )
        for row in rows
    )
