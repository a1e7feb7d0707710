"""Rules about what reports say of themselves: rows that change later, and statuses that nobody documents."""

from __future__ import annotations

from typing import Final

from fairkeeper.payouts.chain.current import PLAIN
from fairkeeper.payouts.chain.rules.declaring import Basis, Rule, sources
from fairkeeper.payouts.finding_kinds import RESTATED, UNKNOWN_STATUS


def _restated(basis: Basis) -> str:
    """Find things that were told twice with different amounts; only keys that stand there twice are looked at."""
    del basis
    return f"""
    SELECT 'earning ' || earning_id AS key, min(purchase_record_id) AS purchase_record_id,
           min(line_item_id) AS line_item_id, min(asset_id) AS asset_id, earning_id, max(payment_id) AS payment_id,
           min(customer_name) AS customer, min(coalesce(parent_product_name, product_name)) AS offer,
           (max(earning_amount) - min(earning_amount))::DECIMAL(38,12) AS amount, min(currency) AS currency,
           (max(earned_usd) - min(earned_usd))::DECIMAL(38,12) AS amount_usd,
           max(coalesce(calculation_date, earning_date)) AS since_on,
           ['Earning ' || earning_id,
            array_to_string(list_sort(list(DISTINCT printf('%.2f', earning_amount::DOUBLE) || ' ' || currency)), ', ')] AS words,
           {sources()} AS sources
    FROM earnings_all WHERE hash(earning_id) IN (SELECT h FROM earnings_twice)
    GROUP BY earning_id HAVING count(*) > 1 AND count(DISTINCT (earning_amount, currency)) > 1
    UNION ALL BY NAME
    SELECT 'revenue ' || concat_ws('|', purchase_record_id, line_item_id, billing_model, month_start_date, payout_status,
           is_credit) AS key,
           purchase_record_id, line_item_id, min(asset_id) AS asset_id, min(customer_name) AS customer,
           min(offer_name) AS offer, (max(revenue) - min(revenue))::DECIMAL(38,12) AS amount, min(currency) AS currency,
           (max(revenue_usd) - min(revenue_usd))::DECIMAL(38,12) AS amount_usd, month_start_date AS since_on,
           ['Revenue of ' || strftime(month_start_date, '%Y-%m'),
            array_to_string(list_sort(list(DISTINCT printf('%.2f', revenue::DOUBLE) || ' ' || currency)), ', ')] AS words,
           {sources()} AS sources
    FROM revenue_all
    WHERE hash(purchase_record_id, line_item_id, billing_model, month_start_date, is_credit)
          IN (SELECT h FROM revenue_twice)
    GROUP BY purchase_record_id, line_item_id, billing_model, month_start_date, payout_status, is_credit
    HAVING count(*) > 1 AND min(revenue) <> max(revenue)
    UNION ALL BY NAME
    SELECT 'payment ' || concat_ws('|', payment_id, participant_id, program_name) AS key, payment_id,
           CASE WHEN max(total_payment) <> min(total_payment) THEN max(total_payment) - min(total_payment)
           ELSE max(earned) - min(earned) END::DECIMAL(38,12) AS amount,
           min(coalesce(payment_currency, earned_currency)) AS currency, max(payment_date) AS since_on,
           ['Payment ' || payment_id,
            array_to_string(list_sort(list(DISTINCT printf('%.2f', total_payment::DOUBLE))), ', ')] AS words,
           {sources()} AS sources
    FROM payments_all GROUP BY payment_id, participant_id, program_name
    HAVING count(*) > 1 AND (min(total_payment) <> max(total_payment) OR min(earned) <> max(earned))
    """


def _unknown(basis: Basis) -> str:
    del basis
    return f"""
    SELECT 'earnings ' || payment_status AS key, min(earning_id) AS earning_id,
           min(purchase_record_id) AS purchase_record_id, min(line_item_id) AS line_item_id,
           sum(earning_amount)::DECIMAL(38,12) AS amount, min(currency) AS currency,
           sum(earned_usd)::DECIMAL(38,12) AS amount_usd, min(earning_date) AS since_on,
           [payment_status, 'earnings', count(*)::VARCHAR] AS words, {sources()} AS sources
    FROM earnings WHERE status IS NULL GROUP BY payment_status
    UNION ALL BY NAME
    SELECT 'payments ' || payment_status AS key, min(payment_id) AS payment_id,
           sum(total_payment)::DECIMAL(38,12) AS amount, min(coalesce(payment_currency, earned_currency)) AS currency,
           min(payment_date) AS since_on,
           [payment_status, 'payments', count(*)::VARCHAR] AS words, {sources()} AS sources
    FROM payments WHERE status IS NULL GROUP BY payment_status
    UNION ALL BY NAME
    SELECT 'revenue ' || payout_status AS key, min(purchase_record_id) AS purchase_record_id,
           min(line_item_id) AS line_item_id, sum(revenue)::DECIMAL(38,12) AS amount, min(currency) AS currency,
           sum(revenue_usd)::DECIMAL(38,12) AS amount_usd, min(month_start_date) AS since_on,
           [payout_status, 'revenue', count(*)::VARCHAR] AS words, {sources()} AS sources
    FROM revenue WHERE status IS NULL GROUP BY payout_status
    UNION ALL BY NAME
    SELECT 'orders ' || order_status AS key, min(asset_id) AS asset_id,
           min(coalesce(event_timestamp, month_start_date, order_purchase_date)) AS since_on,
           [order_status, 'orders', count(*)::VARCHAR] AS words, {sources()} AS sources
    FROM orders o WHERE order_status IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM status s WHERE s.scope = 'order' AND s.text = {PLAIN.format("o.order_status")})
    GROUP BY order_status
    """


RULES: Final = (
    Rule(kind=RESTATED, sentence="{0} was reported with different amounts: {1}.", sql=_restated),
    Rule(kind=UNKNOWN_STATUS, sentence="“{0}” is no status that is known here ({1}, {2} rows).", sql=_unknown),
)
