"""Rules about billed revenue: it is collected, matched, and has an earning where it is owed.

Sums are compared, not rows: a line may have many earnings. Under an enterprise agreement an earning may come before the
customer pays; under others never. A partial payment gives a partial earning, which is no missing one.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.payouts.chain.rules.declaring import Basis, Rule, source, sources
from fairkeeper.payouts.finding_kinds import EARNING_MISSING, REVENUE_UNCOLLECTED, REVENUE_UNRECONCILED
from fairkeeper.payouts.reports.columns import Kind

_LINE: Final = """
    r.purchase_record_id, r.line_item_id, r.asset_id, r.customer_name AS customer, r.offer_name AS offer,
    r.revenue AS amount, r.currency, r.revenue_usd AS amount_usd
"""


def _uncollected(basis: Basis) -> str:
    return f"""
    WITH paid AS (
        SELECT purchase_record_id, line_item_id, date_trunc('month', transaction_date)::DATE AS month FROM earnings
        WHERE status = 'sent' AND earning_amount > 0 GROUP BY ALL
    ), single AS (
        SELECT purchase_record_id, line_item_id FROM revenue GROUP BY ALL HAVING count(DISTINCT month_start_date) = 1
    ), aged AS (
        SELECT r.*, date_diff('month', r.month_start_date, {basis.today}) AS months,
               2 + CASE WHEN r.is_card THEN 1 ELSE 0 END AS due_months
        FROM revenue r
        WHERE r.status = 'uncollected' AND r.revenue > 0 AND (r.is_enterprise OR NOT EXISTS (
            SELECT 1 FROM paid p LEFT JOIN single s USING (purchase_record_id, line_item_id)
            WHERE p.purchase_record_id = r.purchase_record_id AND p.line_item_id = r.line_item_id
              AND (p.month = r.month_start_date OR s.purchase_record_id IS NOT NULL)))
    )
    SELECT r.purchase_record_id || '|' || r.line_item_id || '|' || r.month_start_date AS key, {_LINE},
           r.month_start_date AS since_on,
           CASE WHEN r.months <= r.due_months THEN 'info' WHEN r.months > r.due_months + 4 THEN 'error' END AS level,
           [strftime(r.month_start_date, '%Y-%m'), coalesce(r.sales_channel, 'an unknown agreement'),
            CASE WHEN r.months <= r.due_months THEN 'It is not late yet' WHEN r.months <= r.due_months + 4
            THEN 'It is late' ELSE 'Dunning should have ended: expect it to be written off' END] AS words,
           [{source("r")}] AS sources
    FROM aged r
    """


def _unreconciled(basis: Basis) -> str:
    days = basis.thresholds.unreconciled_days
    return f"""
    SELECT r.purchase_record_id || '|' || r.line_item_id || '|' || r.month_start_date AS key, {_LINE},
           r.month_start_date AS since_on,
           [strftime(r.month_start_date, '%Y-%m'), r.purchase_record_id, r.line_item_id] AS words,
           [{source("r")}] AS sources
    FROM revenue r
    WHERE r.status = 'unreconciled'
      AND last_day(r.month_start_date) + {days} <= {basis.today}
    """


def _unearned(basis: Basis) -> str:
    """Revenue that is owed and has no earning."""
    return f"""
    WITH owed AS (
        SELECT purchase_record_id, line_item_id, month_start_date AS month, sum(revenue) AS revenue,
               sum(revenue_usd) AS revenue_usd, min(currency) AS currency, min(asset_id) AS asset_id,
               min(customer_name) AS customer, min(offer_name) AS offer, min(payout_status) AS payout_status,
               {sources()} AS places
        FROM revenue
        WHERE stage = 'total' AND revenue > 0
          AND last_day(month_start_date) + {basis.thresholds.earning_days} <= {basis.today}
        GROUP BY 1, 2, 3
    ), owed_pair AS (
        SELECT purchase_record_id, line_item_id, count(*) AS months, sum(revenue) AS revenue,
               sum(revenue_usd) AS revenue_usd FROM owed GROUP BY 1, 2
    ), gross AS (
        SELECT purchase_record_id, line_item_id, transaction_id, transaction_type, transaction_date,
               max(transaction_amount) AS amount, max(transaction_amount_usd) AS usd
        FROM earnings WHERE NOT is_adjustment AND earning_amount > 0 AND transaction_id IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT purchase_record_id, line_item_id, earning_id, transaction_type, transaction_date,
               coalesce(transaction_amount, earning_amount / 0.97)::DECIMAL(38,12), transaction_amount_usd
        FROM earnings WHERE NOT is_adjustment AND earning_amount > 0 AND transaction_id IS NULL
    ), earned_pair AS (
        SELECT purchase_record_id, line_item_id, sum(amount) AS amount, sum(usd) AS usd,
               list(DISTINCT date_trunc('month', transaction_date)::DATE) AS months
        FROM gross GROUP BY 1, 2
    )
    SELECT o.* FROM owed o JOIN owed_pair p USING (purchase_record_id, line_item_id)
    LEFT JOIN earned_pair e USING (purchase_record_id, line_item_id)
    WHERE e.purchase_record_id IS NULL
       OR (p.months > 1 AND NOT list_contains(e.months, o.month)
           AND coalesce(e.usd < p.revenue_usd::DECIMAL(28,6) * 0.98 - 0.05, e.amount < p.revenue::DECIMAL(28,6) * 0.98 - 0.05))
    """


def _earning_missing(basis: Basis) -> str:
    return f"""
    SELECT r.purchase_record_id || '|' || r.line_item_id || '|' || r.month AS key, r.purchase_record_id, r.line_item_id,
           r.asset_id, r.customer, r.offer, r.revenue AS amount, r.currency, r.revenue_usd AS amount_usd,
           last_day(r.month) AS since_on, [strftime(r.month, '%Y-%m'), r.payout_status] AS words, r.places AS sources
    FROM unearned r WHERE r.month >= {basis.whole_from(Kind.EARNINGS)}
    """


def _earning_missing_held(basis: Basis) -> str:
    return f"""
    SELECT 'earnings' AS report, min(month) AS first_on, {basis.today} AS last_on, count(*) AS held
    FROM unearned WHERE month < {basis.whole_from(Kind.EARNINGS)}
    """


RULES: Final = (
    Rule(
        kind=REVENUE_UNCOLLECTED,
        sentence="{amount} of {0} is not collected ({1}). {2}.",
        sql=_uncollected,
    ),
    Rule(
        kind=REVENUE_UNRECONCILED,
        sentence="{amount} of {0} is still Unreconciled (purchase record {1}, line item {2}).",
        sql=_unreconciled,
    ),
    Rule(
        kind=EARNING_MISSING,
        sentence="{amount} of {0} is reported as {1}, and no earning was found for it.",
        sql=_earning_missing,
        held_back=_earning_missing_held,
        looked_at=("unearned", _unearned),
    ),
)
