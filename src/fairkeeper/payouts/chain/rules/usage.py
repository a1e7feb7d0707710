"""Rules about usage: what was accepted is reported, what was reported is billed.

Usage of a month is billed in the next one, so its revenue stands under the next month. Some exports put it under the
month of use; which of the two holds is read from the data as a whole. A correction of an anomaly is a credit by
Microsoft, and the usage is not restated, so marked usage is not missed in revenue.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.payouts.chain.rules.declaring import Basis, Rule, sources
from fairkeeper.payouts.finding_kinds import USAGE_NOT_BILLED, USAGE_NOT_REPORTED
from fairkeeper.payouts.reports.columns import Kind


def _not_reported(basis: Basis) -> str:
    return f"""
    WITH accepted AS (
        SELECT lower(resource_id) AS resource, dimension, date_trunc('month', effective_on)::DATE AS month,
               sum(quantity) AS quantity, min(effective_on) AS first_on, {sources()} AS places
        FROM metering
        WHERE lower(coalesce(status, 'accepted')) = 'accepted'
          AND effective_on <= {basis.today} - {basis.thresholds.usage_reported_days}
        GROUP BY ALL
    ), reported AS (
        SELECT lower(reference_id) AS resource, meter_dimension, meter_id, date_trunc('month', usage_date)::DATE AS month,
               sum(quantity) AS quantity
        FROM usage WHERE lower(reference_id) IN (SELECT resource FROM accepted) GROUP BY ALL
    ), compared AS (
        SELECT a.*, coalesce((SELECT sum(r.quantity) FROM reported r WHERE r.resource = a.resource AND r.month = a.month
               AND a.dimension IN (r.meter_dimension, r.meter_id)), 0) AS seen
        FROM accepted a
    )
    SELECT resource || '|' || dimension || '|' || month AS key, resource AS asset_id,
           (quantity - seen)::DECIMAL(38,12) AS amount, 'units' AS currency, first_on AS since_on,
           [dimension, strftime(month, '%Y-%m'), (quantity::DOUBLE)::VARCHAR, (seen::DOUBLE)::VARCHAR] AS words,
           places AS sources
    FROM compared
    WHERE quantity > seen AND month >= {basis.whole_from(Kind.USAGE)}
      AND EXISTS (SELECT 1 FROM accepted a JOIN reported r USING (resource))
    """


_USED: Final = """
    used AS (
        SELECT usage_reference AS ref, date_trunc('month', usage_date)::DATE AS month,
               sum(coalesce(charge, 0)) AS charge, sum(charge_payout) AS charge_payout,
               min(customer_currency) AS currency, min(payout_currency) AS payout_currency,
               min(reference_id) AS asset_id, min(customer_name) AS customer, min(offer_name) AS offer,
               min(file_id || ':' || row_no) AS place
        FROM usage
        WHERE coalesce(lower(sku_billing_type), 'paid') <> 'free'
          AND coalesce(charge, charge_payout, CASE WHEN coalesce(price, estimated_price, 1) > 0 THEN quantity END, 0) > 0
          AND lower(coalesce(marked_anomaly, '')) NOT IN ('1', 'true', 'yes', 'anomaly', 'marked')
        GROUP BY 1, 2
    ), billed AS (
        SELECT purchase_record_id || ':' || line_item_id AS ref, month_start_date AS month
        FROM revenue WHERE NOT is_credit GROUP BY ALL
    ), billed_count AS (
        SELECT ref, count(*) AS months, max(month) AS last_month FROM billed GROUP BY 1
    ), shift AS (
        SELECT CASE WHEN count(*) FILTER (b.month = u.month) > count(*) FILTER (b.month = u.month + INTERVAL 1 MONTH)
               THEN 0 ELSE 1 END AS months
        FROM used u JOIN billed b USING (ref)
    )
"""


def _unbilled(basis: Basis) -> str:
    """Usage of closed months that no revenue names."""
    days = basis.thresholds.usage_billed_days
    return f"""
    WITH {_USED}, closed AS (
        SELECT *, count(*) OVER (PARTITION BY ref) AS used_months FROM used
        WHERE (month + INTERVAL 1 MONTH)::DATE + {days} <= {basis.today}
    )
    SELECT c.* FROM closed c LEFT JOIN billed_count n USING (ref)
    LEFT JOIN billed b ON b.ref = c.ref
      AND b.month = (c.month + to_months((SELECT months FROM shift)::INTEGER))::DATE
    WHERE b.ref IS NULL AND coalesce(n.months, 0) < c.used_months
      AND NOT coalesce(c.used_months = 1 AND n.last_month >= c.month, false)
    """


def _not_billed(basis: Basis) -> str:
    return f"""
    SELECT ref || '|' || month AS key, regexp_extract(ref, '^(.*):[^:]*$', 1) AS purchase_record_id,
           regexp_extract(ref, ':([^:]*)$', 1) AS line_item_id, asset_id, customer, offer,
           CASE WHEN charge > 0 THEN charge ELSE charge_payout END::DECIMAL(38,12) AS amount,
           CASE WHEN charge > 0 THEN currency ELSE payout_currency END AS currency,
           CASE WHEN upper(payout_currency) = 'USD' THEN charge_payout WHEN upper(currency) = 'USD' THEN charge
           END::DECIMAL(38,12) AS amount_usd,
           (month + INTERVAL 1 MONTH)::DATE + 6 AS since_on, [strftime(month, '%Y-%m'), ref] AS words, [place] AS sources
    FROM unbilled_usage WHERE month >= {basis.whole_from(Kind.REVENUE)}
    """


def _not_billed_held(basis: Basis) -> str:
    return f"""
    SELECT 'revenue' AS report, min(month) AS first_on, {basis.today} AS last_on, count(*) AS held
    FROM unbilled_usage WHERE month < {basis.whole_from(Kind.REVENUE)}
    """


RULES: Final = (
    Rule(
        kind=USAGE_NOT_REPORTED,
        sentence="{0}, {1}: Microsoft accepted {2} units, and {3} are in the usage report.",
        sql=_not_reported,
        owner_role="platform",
    ),
    Rule(
        kind=USAGE_NOT_BILLED,
        sentence="Usage of {0} ({1}) has no revenue line; {amount} is not billed.",
        sql=_not_billed,
        held_back=_not_billed_held,
        looked_at=("unbilled_usage", _unbilled),
    ),
)
