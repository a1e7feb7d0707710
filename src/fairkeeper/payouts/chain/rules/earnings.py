"""Rules about earnings: each has its revenue, keeps the fee, is paid in its month, and is not taken back unseen.

Adjustments have no order and are meant to match none; they stand in their own bucket.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.payouts.chain.rules.declaring import Basis, Rule, source, sources
from fairkeeper.payouts.finding_kinds import (
    BELOW_THRESHOLD,
    EARNING_NEGATIVE,
    EARNING_WITHOUT_REVENUE,
    FEE_MISMATCH,
    PAYMENT_OVERDUE,
    STATUS_NEEDS_ACTION,
)
from fairkeeper.payouts.reports.columns import Kind

_EARNING: Final = """
    e.purchase_record_id, e.line_item_id, e.asset_id, e.earning_id, e.payment_id, e.customer_name AS customer,
    coalesce(e.parent_product_name, e.product_name) AS offer, e.currency
"""


def _unbilled(basis: Basis) -> str:
    """Earnings whose line no revenue names, with the month from which revenue has to be there to say so.

    What is taken back is dated later than what it takes back: its revenue is that of the line's first earning, and of any
    month before where that earning is not there.
    """
    began = "date_trunc('month', coalesce(e.transaction_date, e.earning_date - INTERVAL 4 MONTH))::DATE"
    return f"""
    WITH known AS (SELECT DISTINCT purchase_record_id, line_item_id FROM revenue),
    known_record AS (SELECT DISTINCT purchase_record_id FROM revenue),
    metered AS (SELECT DISTINCT usage_reference AS ref FROM usage),
    without AS (
        SELECT e.*, CASE WHEN e.earning_amount < 0
                    THEN coalesce(min({began}) FILTER (e.earning_amount > 0)
                                  OVER (PARTITION BY e.purchase_record_id, e.line_item_id), {basis.begins})
                    ELSE {began} END AS month,
               m.ref IS NOT NULL AS is_metered
        FROM earnings e LEFT JOIN known k USING (purchase_record_id, line_item_id)
        LEFT JOIN known_record q USING (purchase_record_id)
        LEFT JOIN metered m ON m.ref = e.purchase_record_id || ':' || e.line_item_id
        WHERE NOT e.is_adjustment
          AND CASE WHEN e.line_item_id IS NULL THEN q.purchase_record_id IS NULL ELSE k.purchase_record_id IS NULL END
          AND coalesce(e.earning_date, e.transaction_date) + {basis.thresholds.late_revenue_days} <= {basis.today}
    )
    SELECT *, CASE WHEN month = {basis.begins} OR NOT is_metered THEN month
                   ELSE (month - INTERVAL 1 MONTH)::DATE END AS from_on FROM without
    """


def _without_revenue(basis: Basis) -> str:
    return f"""
    SELECT e.purchase_record_id || '|' || coalesce(e.line_item_id, '') AS key, e.purchase_record_id, e.line_item_id,
           min(e.asset_id) AS asset_id, min(e.earning_id) AS earning_id, min(e.payment_id) AS payment_id,
           min(e.customer_name) AS customer, min(coalesce(e.parent_product_name, e.product_name)) AS offer,
           sum(e.earning_amount)::DECIMAL(38,12) AS amount, min(e.currency) AS currency,
           sum(e.earned_usd)::DECIMAL(38,12) AS amount_usd, min(coalesce(e.earning_date, e.transaction_date)) AS since_on,
           [e.purchase_record_id, count(*)::VARCHAR] AS words, {sources("e")} AS sources
    FROM unbilled_earning e WHERE e.from_on >= {basis.whole_from(Kind.REVENUE)}
    GROUP BY e.purchase_record_id, e.line_item_id
    """


def _without_revenue_held(basis: Basis) -> str:
    return f"""
    SELECT 'revenue' AS report, min(from_on) AS first_on, {basis.today} AS last_on, count(*) AS held
    FROM unbilled_earning WHERE from_on < {basis.whole_from(Kind.REVENUE)}
    """


def _fee(basis: Basis) -> str:
    """Compare the fee that was really kept: by amounts first, then by the fee column, then by the rate.

    A fee that is too high by amounts while rate and fee column hold is a partial payment. With a channel partner the
    customer's price holds a markup without fee, so that a lower fee is none of ours to miss.
    """
    fee, half = basis.thresholds.fee_bps / 10_000, basis.thresholds.renewal_fee_bps / 10_000
    tolerance = basis.thresholds.fee_tolerance_bps / 10_000

    def holds(value: str) -> str:
        near = f"({value} BETWEEN {half} - slack AND {half} + slack)"
        full = f"({value} BETWEEN {fee} - slack AND {fee} + slack)"
        return f"({near} OR (NOT is_attested AND {full}))"

    return f"""
    WITH attested AS (
        SELECT DISTINCT asset_id, attested_on FROM attestations WHERE asset_id IS NOT NULL
        UNION SELECT DISTINCT o.asset_id, a.attested_on FROM attestations a
        JOIN (SELECT asset_id, private_offer_id FROM orders UNION SELECT asset_id, private_offer_id FROM order_records) o
          USING (private_offer_id)
    ), shared AS (
        SELECT purchase_record_id, line_item_id FROM revenue WHERE multi_party GROUP BY ALL
        UNION SELECT purchase_record_id, line_item_id FROM order_records WHERE multi_party
    ), counted AS (
        SELECT e.*, e.earning_amount AS earned, e.transaction_amount AS gross,
               1 - e.earning_amount / nullif(e.transaction_amount, 0) AS by_amount,
               abs(e.store_fee) / nullif(e.earning_amount + abs(e.store_fee), 0) AS by_fee, 1 - e.earning_rate AS by_rate,
               {tolerance} + 0.02 / greatest(abs(coalesce(e.transaction_amount, e.earning_amount)), 0.02) AS slack,
               EXISTS (SELECT 1 FROM attested a WHERE a.asset_id = e.asset_id
                       AND a.attested_on <= coalesce(e.transaction_date, e.earning_date, a.attested_on)) AS is_attested,
               EXISTS (SELECT 1 FROM shared s WHERE s.purchase_record_id = e.purchase_record_id
                       AND s.line_item_id = e.line_item_id) AS is_shared
        FROM earnings e
        WHERE NOT e.is_adjustment AND e.earning_amount > 0
          AND coalesce(lower(e.transaction_type), 'purchase') = 'purchase'
          AND (e.transaction_amount IS NULL OR e.transaction_amount > 0)
    ), wrong AS (
        SELECT *, coalesce(by_amount, by_fee, by_rate) AS fee FROM counted
        WHERE CASE
            WHEN by_amount IS NULL THEN NOT coalesce({holds("coalesce(by_fee, by_rate)")}, true)
            WHEN {holds("by_amount")} THEN false
            WHEN is_shared AND by_amount < {fee} THEN false
            WHEN by_amount > {fee} AND by_rate IS NOT NULL AND {holds("by_rate")}
                 AND coalesce({holds("by_fee")}, true) THEN false
            ELSE true END
    ), lost AS (
        SELECT *, coalesce(gross, earned + abs(store_fee), (earned / nullif(earning_rate, 0))::DECIMAL(38,12))
            ::DECIMAL(28,6) * (CASE WHEN is_attested THEN {1 - half} ELSE {1 - fee} END)::DECIMAL(6,4)
            - earned::DECIMAL(28,6) AS lost FROM wrong
    )
    SELECT e.earning_id AS key, {_EARNING},
           round(lost, 2)::DECIMAL(38,12) AS amount,
           CASE WHEN earned_usd IS NOT NULL
           THEN round(lost::DECIMAL(24,6) * (earned_usd / earned)::DECIMAL(12,8), 2)::DECIMAL(38,12) END AS amount_usd,
           coalesce(e.earning_date, e.calculation_date, e.transaction_date) AS since_on,
           [printf('%.2f', fee * 100), CASE WHEN is_attested THEN '1.5' ELSE '3' END,
            CASE WHEN is_attested THEN ' The renewal was attested.' ELSE '' END] AS words, [{source("e")}] AS sources
    FROM lost e
    """


def _negative(basis: Basis) -> str:
    del basis
    return f"""
    WITH first AS (
        SELECT purchase_record_id, line_item_id, arg_min(earning_id, (earning_date, earning_id)) AS earning_id,
               arg_min(earning_amount, (earning_date, earning_id)) AS amount
        FROM earnings WHERE earning_amount > 0 AND NOT is_adjustment GROUP BY 1, 2
    )
    SELECT e.earning_id AS key, {_EARNING}, e.earning_amount AS amount, e.earned_usd AS amount_usd,
           coalesce(e.earning_date, e.calculation_date, e.transaction_date) AS since_on,
           [coalesce(lower(e.transaction_type), 'unknown'), coalesce('earning ' || f.earning_id, 'nothing that was imported'),
            coalesce(e.reason_code, '')] AS words, [{source("e")}] AS sources
    FROM earnings e LEFT JOIN first f USING (purchase_record_id, line_item_id)
    WHERE e.earning_amount < 0 AND NOT e.is_adjustment
    """


def _waiting(basis: Basis) -> str:
    """What waits longer than it may, with the balance of its participant.

    The month that Microsoft estimates is wrong where an earning was produced late, so ours counts, too.
    """
    late = basis.thresholds
    return f"""
    due AS (
        SELECT e.*, greatest(
            coalesce(date_trunc('month', e.estimated_payment_month)::DATE, DATE '1900-01-01'),
            coalesce((date_trunc('month', coalesce(e.calculation_date, e.earning_date))
              + CASE WHEN e.is_card THEN INTERVAL {1 + late.card_hold_months} MONTH ELSE INTERVAL 1 MONTH END)::DATE,
              DATE '1900-01-01')
          ) + {late.payout_day - 1} AS due_on
        FROM earnings e
        WHERE e.status = 'unprocessed'
          AND coalesce(e.estimated_payment_month, e.calculation_date, e.earning_date) IS NOT NULL
    ), late AS (
        SELECT d.* FROM due d WHERE d.due_on + {late.overdue_days} < {basis.today}
    ), balance AS (
        SELECT coalesce(participant_id, '') AS participant, sum(coalesce(earned_usd, earning_amount)) AS usd,
               count(*) AS rows, min(due_on) AS since_on, {sources()} AS places, min(participant_id) AS participant_id,
               EXISTS (SELECT 1 FROM payments p WHERE coalesce(p.participant_id, '') = coalesce(late.participant_id, '')
                       AND p.payment_date >= min(late.due_on) - 5 AND p.total_payment > 0) AS was_paid_since
        FROM late GROUP BY participant_id
    )
    """


def _overdue(basis: Basis) -> str:
    return f"""
    WITH {_waiting(basis)}
    SELECT e.earning_id AS key, {_EARNING}, e.earning_amount AS amount, e.earned_usd AS amount_usd, e.due_on AS since_on,
           [strftime(e.due_on, '%Y-%m'), e.payment_status] AS words, [{source("e")}] AS sources
    FROM late e JOIN balance b ON b.participant = coalesce(e.participant_id, '')
    WHERE e.earning_amount > 0 AND (b.usd >= {basis.thresholds.threshold_usd} OR b.was_paid_since)
      AND {basis.whole_from(Kind.EARNINGS)} <= date_trunc('month', e.due_on)
    """


def _below(basis: Basis) -> str:
    return f"""
    WITH {_waiting(basis)}
    SELECT 'participant ' || participant AS key, usd::DECIMAL(38,12) AS amount, 'USD' AS currency,
           usd::DECIMAL(38,12) AS amount_usd, since_on,
           [coalesce(participant_id, 'the account'), rows::VARCHAR, '{basis.thresholds.threshold_usd}'] AS words,
           places AS sources
    FROM balance
    WHERE usd < {basis.thresholds.threshold_usd} AND NOT was_paid_since
      AND {basis.whole_from(Kind.EARNINGS)} <= {basis.begins}
      AND {basis.whole_from(Kind.PAYMENTS)} <= date_trunc('month', since_on)
    """


def _needs_action(basis: Basis) -> str:
    del basis
    return f"""
    SELECT e.status || '|' || coalesce(e.payment_id, e.earning_id) AS key, min(e.payment_id) AS payment_id,
           min(e.earning_id) AS earning_id, sum(e.earning_amount)::DECIMAL(38,12) AS amount, min(e.currency) AS currency,
           sum(e.earned_usd)::DECIMAL(38,12) AS amount_usd, min(coalesce(e.earning_date, e.calculation_date)) AS since_on,
           [min(e.payment_status), min(e.meaning), min(e.who)] AS words, {sources("e")} AS sources
    FROM earnings e WHERE e.who <> 'nobody' GROUP BY e.status, coalesce(e.payment_id, e.earning_id)
    """


RULES: Final = (
    Rule(
        kind=EARNING_WITHOUT_REVENUE,
        sentence="{amount} was earned ({1} rows) for purchase record {0}, which no revenue report names.",
        sql=_without_revenue,
        held_back=_without_revenue_held,
        looked_at=("unbilled_earning", _unbilled),
    ),
    Rule(kind=FEE_MISMATCH, sentence="The fee is {0}%, not {1}%: {amount} less than expected.{2}", sql=_fee),
    Rule(kind=EARNING_NEGATIVE, sentence="{amount} was taken back ({0}); it belongs to {1}. {2}", sql=_negative),
    Rule(kind=PAYMENT_OVERDUE, sentence="{amount} was expected in {0} and is still {1}.", sql=_overdue),
    Rule(
        kind=BELOW_THRESHOLD,
        sentence="The balance of {0} is {amount} in {1} earnings, below the {2} USD that are paid out.",
        sql=_below,
    ),
    Rule(kind=STATUS_NEEDS_ACTION, sentence="{amount} is {0}: {1} Who acts: {2}.", sql=_needs_action),
)
