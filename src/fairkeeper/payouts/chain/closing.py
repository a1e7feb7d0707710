"""Closed months: their sums are kept line by line, and what changes afterwards is a named difference of the open month.

A month's line is its revenue, what was earned of it, and what was paid, in US dollars where those are reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from fairkeeper.payouts.chain.evaluation import Found, amount_text
from fairkeeper.payouts.files.engine import quoted
from fairkeeper.payouts.finding_kinds import RESTATED

_LINES: Final = """
    SELECT month, coalesce(purchase_record_id, '') AS purchase_record_id, coalesce(line_item_id, '') AS line_item_id,
           sum(billed)::DECIMAL(38,12) AS billed, sum(earned)::DECIMAL(38,12) AS earned,
           sum(paid)::DECIMAL(38,12) AS paid, min(customer) AS customer
    FROM (
        SELECT date_trunc('month', month_start_date)::DATE AS month, purchase_record_id, line_item_id,
               coalesce(revenue_usd, revenue) AS billed, 0 AS earned, 0 AS paid, customer_name AS customer
        FROM revenue
        UNION ALL
        SELECT date_trunc('month', coalesce(earning_date, calculation_date, transaction_date))::DATE,
               purchase_record_id, line_item_id, 0, coalesce(earned_usd, earning_amount),
               CASE WHEN status = 'sent' THEN coalesce(earned_usd, earning_amount) ELSE 0 END, customer_name
        FROM earnings
    ) GROUP BY 1, 2, 3
"""


def keep_lines(db: Any, target: Path) -> dict[str, dict[str, str]]:
    """Keep every month's lines as they stand now, and return the sums of each month."""
    draft = target.with_suffix(".part")
    db.execute(f"COPY ({_LINES}) TO {quoted(draft)} (FORMAT parquet)")
    draft.replace(target)
    rows = db.execute(
        f"SELECT strftime(month, '%Y-%m'), sum(billed)::DECIMAL(38,12), sum(earned)::DECIMAL(38,12), "
        f"sum(paid)::DECIMAL(38,12), count(*) FROM read_parquet({quoted(target)}) WHERE month IS NOT NULL "
        f"GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {
        row[0]: {"billed": f"{row[1]:.2f}", "earned": f"{row[2]:.2f}", "paid": f"{row[3]:.2f}", "lines": str(row[4])}
        for row in rows
    }


def closed_differences(db: Any, now: Path, months: Sequence[tuple[date, Path]]) -> list[Found]:
    """Return what changed in closed months since they were closed; payment of what was earned is no change.

    Args:
        db: An engine.
        now: The lines as they stand now.
        months: Closed months, each with the lines as they stood then.
    """
    found: list[Found] = []
    for month, path in months:
        only = f"month = DATE '{month}'"
        if not path.is_file():
            continue
        rows = db.execute(
            f"SELECT coalesce(n.purchase_record_id, o.purchase_record_id), coalesce(n.line_item_id, o.line_item_id), "
            f"coalesce(n.customer, o.customer), coalesce(n.billed, 0) - coalesce(o.billed, 0), "
            f"coalesce(n.earned, 0) - coalesce(o.earned, 0) "
            f"FROM (SELECT * FROM read_parquet({quoted(now)}) WHERE {only}) n "
            f"FULL OUTER JOIN (SELECT * FROM read_parquet({quoted(path)}) WHERE {only}) o "
            f"ON n.purchase_record_id = o.purchase_record_id AND n.line_item_id = o.line_item_id "
            f"WHERE coalesce(n.billed, 0) <> coalesce(o.billed, 0) OR coalesce(n.earned, 0) <> coalesce(o.earned, 0) "
            f"ORDER BY 1, 2"
        ).fetchall()
        found += [_named(month, row) for row in rows]
    return found


def _named(month: date, row: tuple[str, str, str | None, Decimal, Decimal]) -> Found:
    record, line, customer, billed, earned = row
    key = f"closed {month:%Y-%m} {record}|{line}"
    digest = hashlib.sha256(f"{RESTATED.code}\n{key}".encode()).hexdigest()[:20]
    amount = billed or earned
    return Found(
        finding_id=f"pf_{digest}",
        code=RESTATED.code,
        level=RESTATED.level,
        key=key,
        message=(
            f"After {month:%Y-%m} was closed, {record or 'an adjustment'} changed: billed by "
            f"{amount_text(billed, 'USD')}, earned by {amount_text(earned, 'USD')}."
        ),
        owner_role="finance",
        amount=amount,
        currency="USD",
        amount_usd=amount,
        since_on=month,
        purchase_record_id=record or None,
        line_item_id=line or None,
        asset_id=None,
        earning_id=None,
        payment_id=None,
        customer=customer,
        offer=None,
        sources=(),
    )
