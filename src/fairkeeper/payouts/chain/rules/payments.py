"""Rules about payments: the earnings add up to them, their own formula holds, and they arrive at the bank.

Sums are compared in US dollars first, then in the payout currency. Payments of a programme of which no earning was ever
imported are left alone: their earnings were simply not exported.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.payouts.chain.rules.declaring import Basis, Rule, source
from fairkeeper.payouts.finding_kinds import (
    BANK_AMOUNT_DIFFERS,
    BANK_LINE_MISSING,
    PAYMENT_FORMULA_MISMATCH,
    PAYMENT_SUM_MISMATCH,
)
from fairkeeper.payouts.reports.columns import Kind


def traced(basis: Basis) -> str:
    """Return the SQL of every payment beside the sum of its earnings: `traced`, one row a payment.

    `is_covered` says whether the earnings of the months before it are there, `difference` how far they are apart in the
    currency of `currency`; null where nothing can be compared.
    """
    late = basis.thresholds
    return f"""
    programs AS (SELECT DISTINCT lower(program_name) AS program FROM earnings WHERE program_name IS NOT NULL),
    paid AS (
        SELECT p.payment_id, sum(p.earned) AS earned, sum(p.earned_usd) AS earned_usd,
               bool_and(p.earned_usd IS NOT NULL) AS has_usd, min(p.earned_currency) AS currency,
               max(p.payment_date) AS payment_date, min(p.payment_status) AS payment_status, min(p.status) AS status,
               min(p.payment_method) AS payment_method, sum(p.total_payment) AS total,
               sum(abs(coalesce(p.withheld_tax, 0))) AS withheld, sum(abs(coalesce(p.service_fee_tax, 0))) AS fee_tax,
               min(coalesce(p.payment_currency, p.earned_currency)) AS paid_currency,
               min(p.file_id || ':' || p.row_no) AS place
        FROM payments p
        WHERE p.program_name IS NULL OR NOT EXISTS (SELECT 1 FROM programs)
           OR lower(p.program_name) IN (SELECT program FROM programs)
        GROUP BY p.payment_id
    ), summed AS (
        SELECT payment_id, count(*) AS rows, sum(earned_usd) AS usd, bool_and(earned_usd IS NOT NULL) AS has_usd,
               sum(earning_amount_paid) AS paid, bool_and(earning_amount_paid IS NOT NULL) AS has_paid,
               sum(earning_amount) AS plain, count(DISTINCT currency) AS currencies, min(currency) AS currency,
               sum(earned_usd) FILTER (is_adjustment) AS adjustments_usd, count(*) FILTER (is_adjustment) AS adjustments
        FROM earnings WHERE payment_id IS NOT NULL GROUP BY 1
    ), months AS (
        SELECT payment_id, unnest(generate_series(
            greatest(date_trunc('month', payment_date) - to_months({late.look_back_months}), {basis.begins}::TIMESTAMP),
            date_trunc('month', payment_date), INTERVAL 1 MONTH))::DATE AS month FROM paid
        UNION
        SELECT payment_id, (date_trunc('month', payment_date) - INTERVAL 1 MONTH)::DATE FROM paid
    ), gaps AS (
        SELECT m.payment_id, min(m.month) AS first_gap, max(m.month) AS last_gap
        FROM months m LEFT JOIN covered c ON c.kind = 'earnings' AND c.month = m.month
        WHERE c.month IS NULL AND m.month <= DATE '{basis.coverage.last_needed(Kind.EARNINGS)}'
        GROUP BY 1
    ), traced AS (
        SELECT p.*, coalesce(s.rows, 0) AS rows, coalesce(s.adjustments, 0) AS adjustments,
               coalesce(s.adjustments_usd, 0) AS adjustments_usd, g.payment_id IS NULL AS is_covered, g.first_gap,
               g.last_gap,
               CASE WHEN s.rows IS NULL THEN 0 WHEN p.has_usd AND s.has_usd THEN s.usd
                    WHEN s.has_paid THEN s.paid
                    WHEN s.currencies = 1 AND upper(s.currency) = upper(p.currency) THEN s.plain END AS traced_sum,
               CASE WHEN p.has_usd AND coalesce(s.has_usd, true) THEN p.earned_usd ELSE p.earned END AS stated_sum,
               CASE WHEN p.has_usd AND coalesce(s.has_usd, true) THEN 'USD' ELSE p.currency END AS sum_currency,
               CASE WHEN s.has_paid THEN s.paid - p.earned
                    WHEN s.currencies = 1 AND upper(s.currency) = upper(p.currency) THEN s.plain - p.earned
                    END AS payout_difference,
               ({late.sum_tolerance} + 0.01 * sqrt(coalesce(s.rows, 0)))::DECIMAL(18,4) AS tolerance
        FROM paid p LEFT JOIN summed s USING (payment_id) LEFT JOIN gaps g USING (payment_id)
    ), compared AS (
        SELECT *, traced_sum - stated_sum AS difference,
               coalesce(abs(traced_sum - stated_sum) > tolerance, false)
                 OR coalesce(abs(payout_difference) > tolerance, false) AS is_apart
        FROM traced
    )
    """


def _sum(basis: Basis) -> str:
    return f"""
    WITH {traced(basis)}
    SELECT payment_id AS key, payment_id,
           CASE WHEN abs(difference) > tolerance THEN difference ELSE payout_difference END::DECIMAL(38,12) AS amount,
           CASE WHEN abs(difference) > tolerance THEN sum_currency ELSE currency END AS currency,
           CASE WHEN sum_currency = 'USD' THEN difference END::DECIMAL(38,12) AS amount_usd, payment_date AS since_on,
           [payment_id, printf('%.2f', traced_sum::DOUBLE), printf('%.2f', stated_sum::DOUBLE), sum_currency,
            rows::VARCHAR] AS words, [place] AS sources
    FROM compared
    WHERE is_apart AND is_covered AND payment_date + {basis.thresholds.payment_settle_days} <= {basis.today}
    """


def _sum_held(basis: Basis) -> str:
    return f"""
    WITH {traced(basis)}
    SELECT 'earnings' AS report, min(first_gap) AS first_on, max(last_day(last_gap)) AS last_on, count(*) AS held
    FROM compared WHERE is_apart AND NOT is_covered
    """


def _formula(basis: Basis) -> str:
    near = basis.thresholds.formula_tolerance
    return f"""
    WITH computed AS (
        SELECT *, earned - abs(coalesce(withheld_tax, 0)) - abs(coalesce(service_fee_tax, 0)) AS expected,
               abs(coalesce(sales_tax, 0)) AS sales FROM payments
        WHERE coalesce(upper(earned_currency), '') = coalesce(upper(payment_currency), upper(earned_currency), '')
    )
    SELECT concat_ws('|', payment_id, participant_id, program_name) AS key, payment_id,
           (total_payment - expected)::DECIMAL(38,12) AS amount, coalesce(payment_currency, earned_currency) AS currency,
           CASE WHEN upper(coalesce(payment_currency, earned_currency)) = 'USD' THEN total_payment - expected
           END::DECIMAL(38,12) AS amount_usd, payment_date AS since_on,
           [payment_id, printf('%.2f', expected::DOUBLE), printf('%.2f', total_payment::DOUBLE)] AS words,
           [{source()}] AS sources
    FROM computed
    WHERE abs(total_payment - expected) > {near} AND abs(total_payment - expected - sales) > {near}
    """


def _bank_missing(basis: Basis) -> str:
    return f"""
    SELECT a.payment_id AS key, a.payment_id, a.total AS amount, a.currency,
           CASE WHEN upper(a.currency) = 'USD' THEN a.total END AS amount_usd, a.deadline AS since_on,
           [a.payment_id, a.payment_date::VARCHAR, coalesce(a.payment_method, 'an unknown method'),
            a.deadline::VARCHAR] AS words, a.sources
    FROM arrival a
    WHERE a.arrived IS NULL AND a.deadline < {basis.today} AND a.is_covered
    """


def _bank_missing_held(basis: Basis) -> str:
    return f"""
    SELECT 'bank' AS report, min(payment_date) AS first_on, max(deadline) AS last_on, count(*) AS held
    FROM arrival WHERE arrived IS NULL AND deadline < {basis.today} AND NOT is_covered
    """


def _bank_differs(basis: Basis) -> str:
    del basis
    return """
    SELECT a.payment_id AS key, a.payment_id, (a.arrived - a.total)::DECIMAL(38,12) AS amount, a.currency,
           CASE WHEN upper(a.currency) = 'USD' THEN a.arrived - a.total END::DECIMAL(38,12) AS amount_usd,
           a.arrived_on AS since_on,
           [a.payment_id, printf('%.2f', a.arrived::DOUBLE), printf('%.2f', a.total::DOUBLE)] AS words, a.sources
    FROM arrival a WHERE a.arrived IS NOT NULL AND abs(a.arrived - a.total) > 0.02
    """


RULES: Final = (
    Rule(
        kind=PAYMENT_SUM_MISMATCH,
        sentence="Payment {0}: its {4} earnings are {1} {3}, it states {2} {3}; the difference is {amount}.",
        sql=_sum,
        held_back=_sum_held,
    ),
    Rule(
        kind=PAYMENT_FORMULA_MISMATCH,
        sentence="Payment {0} should be {1} after taxes and is {2}; the difference is {amount}.",
        sql=_formula,
    ),
    Rule(
        kind=BANK_LINE_MISSING,
        sentence="Payment {0} of {amount} was sent on {1} by {2} and no bank line shows it by {3}.",
        sql=_bank_missing,
        held_back=_bank_missing_held,
    ),
    Rule(
        kind=BANK_AMOUNT_DIFFERS,
        sentence="Payment {0}: {1} arrived of {2}; the difference is {amount}.",
        sql=_bank_differs,
    ),
)
