"""The rule about scheduled charges: what a deal has Microsoft charge is billed.

A charge is looked for in the revenue of its month and the next one. A subscription of which no report tells anything is
left alone: its id may be another there.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.payouts.chain.rules.declaring import Basis, Rule
from fairkeeper.payouts.finding_kinds import CHARGE_NOT_BILLED
from fairkeeper.payouts.reports.columns import Kind


def _unbilled(basis: Basis) -> str:
    """Charges that are due and have no revenue."""
    return f"""
    WITH known AS (
        SELECT DISTINCT lower(asset_id) AS asset FROM orders UNION SELECT DISTINCT lower(asset_id) FROM revenue
    ), billed AS (
        SELECT DISTINCT lower(asset_id) AS asset, date_trunc('month', month_start_date)::DATE AS month
        FROM revenue WHERE NOT is_credit
    ), due AS (
        SELECT c.*, lower(c.asset_id) AS asset, date_trunc('month', c.charged_on)::DATE AS month FROM charge c
        WHERE c.charged_on + {basis.thresholds.charge_billed_days} <= {basis.today}
    )
    SELECT d.* FROM due d JOIN known USING (asset)
    WHERE NOT EXISTS (SELECT 1 FROM billed b WHERE b.asset = d.asset
                      AND b.month IN (d.month, (d.month + INTERVAL 1 MONTH)::DATE))
    """


def _not_billed(basis: Basis) -> str:
    return f"""
    SELECT asset || '|' || number || '|' || charged_on AS key, asset_id, amount, currency, deal AS offer,
           CASE WHEN upper(currency) = 'USD' THEN amount END AS amount_usd, charged_on AS since_on,
           [number::VARCHAR, deal, charged_on::VARCHAR] AS words
    FROM unbilled_charge WHERE month >= {basis.whole_from(Kind.REVENUE)}
    """


def _held(basis: Basis) -> str:
    return f"""
    SELECT 'revenue' AS report, min(month) AS first_on, {basis.today} AS last_on, count(*) AS held
    FROM unbilled_charge WHERE month < {basis.whole_from(Kind.REVENUE)}
    """


RULES: Final = (
    Rule(
        kind=CHARGE_NOT_BILLED,
        sentence="Charge {0} of {1} was due on {2} and has no revenue line; {amount} is not billed.",
        sql=_not_billed,
        held_back=_held,
        looked_at=("unbilled_charge", _unbilled),
    ),
)
