"""What should arrive in which month, as a range: what is sure, what is likely, what is possible.

Sure is what is eligible and waits for its payment; likely adds what customers are still to pay in time; possible adds
what is late, stopped or not matched. Amounts are in US dollars, after the agency fee of 3% where it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from fairkeeper.payouts.chain.coverage import Coverage
from fairkeeper.payouts.chain.payout_calendar import add_months
from fairkeeper.payouts.chain.thresholds import THRESHOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastMonth:
    """One month of payments, in US dollars."""

    month: date
    sure: Decimal
    likely: Decimal
    possible: Decimal
    rows: int


_SQL: Final = """
    WITH net AS (
        SELECT greatest(
                 coalesce(date_trunc('month', estimated_payment_month)::DATE, DATE '1900-01-01'),
                 coalesce((date_trunc('month', coalesce(calculation_date, earning_date))
                   + CASE WHEN is_card THEN INTERVAL 2 MONTH ELSE INTERVAL 1 MONTH END)::DATE, DATE '1900-01-01')
               ) AS month,
               CASE WHEN stage IN ('waiting', 'moving') THEN 'sure' ELSE 'possible' END AS grade, earned_usd AS usd
        FROM earnings WHERE stage IN ('waiting', 'moving', 'stopped') AND earned_usd IS NOT NULL
        UNION ALL
        SELECT (r.month_start_date + CASE WHEN r.is_card THEN INTERVAL 4 MONTH ELSE INTERVAL 3 MONTH END)::DATE,
               CASE WHEN r.status = 'uncollected' AND date_diff('month', r.month_start_date, {today}) <=
                    CASE WHEN r.is_card THEN 3 ELSE 2 END THEN 'likely' ELSE 'possible' END,
               (r.revenue_usd::DECIMAL(28,6) * {kept}::DECIMAL(6,4))::DECIMAL(38,12)
        FROM revenue r
        WHERE r.status IN ('uncollected', 'unreconciled') AND r.revenue_usd IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM earnings e WHERE e.purchase_record_id = r.purchase_record_id
            AND e.line_item_id = r.line_item_id AND date_trunc('month', e.transaction_date) = r.month_start_date)
    ), placed AS (
        SELECT CASE WHEN month < {first} THEN {first} ELSE month END AS month,
               CASE WHEN month < {first} AND grade <> 'sure' THEN 'possible' ELSE grade END AS grade, usd
        FROM net
    )
    SELECT month, coalesce(sum(usd) FILTER (grade = 'sure'), 0), coalesce(sum(usd) FILTER (grade <> 'possible'), 0),
           coalesce(sum(usd), 0), count(*)
    FROM placed GROUP BY 1 ORDER BY 1
"""


def forecast(db: Any, coverage: Coverage, *, months: int = 6) -> tuple[ForecastMonth, ...]:
    """Return the coming months' payments.

    Args:
        db: An engine with the rows loaded.
        coverage: What is covered, and the day that is looked at.
        months: How many months at most.
    """
    first = coverage.as_of.replace(day=1)
    if coverage.as_of.day > THRESHOLDS.payout_day:
        first = add_months(first, 1)
    kept = Decimal(10_000 - THRESHOLDS.fee_bps) / 10_000
    sql = _SQL.format(today=f"DATE '{coverage.as_of}'", first=f"DATE '{first}'", kept=kept)
    return tuple(
        ForecastMonth(month=row[0], sure=row[1], likely=row[2], possible=row[3], rows=row[4])
        for row in db.execute(sql).fetchall()
        if row[0] < add_months(first, months)
    )
