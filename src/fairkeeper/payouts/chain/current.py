"""From all rows of all files to the rows that count: each thing once, in its newest version.

The order in which files came does not matter, nor how they were split: of two rows of one key the one counts whose own
dates say that it is newer, then the one delivered on a later day, then the one whose status is further along; rows of
one day's delivery that say the same are one row. Older versions stay in their files and are found by `restated`.

The suggested keys: orders (asset, version, time, action), usage (reference, date, meter, plan), revenue (record, line,
model, month, status), earnings (earning id), payments (payment, participant, program).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from fairkeeper.payouts.chain.payout_calendar import ENTERPRISE_CHANNELS
from fairkeeper.payouts.files.engine import insert, quoted
from fairkeeper.payouts.files.kept import kept_rows
from fairkeeper.payouts.reports.columns import REPORTS, Kind
from fairkeeper.payouts.reports.own_records import OwnRecords, add_own_records
from fairkeeper.payouts.reports.statuses import EARNING_STATUSES, ORDER_STATUSES, REVENUE_STATUSES, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """Rows of one table that were kept.

    Attributes:
        file_id: What every row of it is marked with.
        kind: Which report.
        parquet: Where they are.
        received_on: The day it was first handed over.
    """

    file_id: str
    kind: Kind
    parquet: Path
    received_on: date


PLAIN: Final = "regexp_replace(lower({0}), '[^0-9a-z]', '', 'g')"
"""A text without case and punctuation, as statuses are compared."""


def load_current(
    db: Any, files: Iterable[SourceFile], only: Mapping[Kind, str] | None = None, own: OwnRecords | None = None
) -> None:
    """Make the tables that rules read.

    They are `orders`, `usage`, `revenue`, `earnings`, `payments`, `bank`, `metering`, `attestations` and `customers`;
    and for versions `revenue_all`, `earnings_all`, `payments_all`.

    Args:
        db: The engine.
        files: The rows that were kept.
        only: SQL conditions by report, to load a part.
        own: What the publisher's own deals say; makes `charge`, and adds to `attestations`.
    """
    load_rows(db, files, only)
    _statuses(db)
    _orders(db)
    _usage(db)
    _revenue(db)
    _earnings(db)
    _payments(db)
    _others(db)
    add_own_records(db, own or OwnRecords())


def load_rows(db: Any, files: Iterable[SourceFile], only: Mapping[Kind, str] | None = None) -> None:
    """Make the views of every counted row, `orders_rows` and so on, and nothing more."""
    listed = list(files)
    db.execute("CREATE TABLE file (file_id VARCHAR PRIMARY KEY, received_on DATE)")
    first: dict[str, date] = {}
    for each in listed:
        first.setdefault(each.file_id, each.received_on)
    insert(db, "file", list(first.items()))
    for kind in Kind:
        _view(db, kind, [each.parquet for each in listed if each.kind is kind], (only or {}).get(kind, "true"))


def _view(db: Any, kind: Kind, paths: list[Path], only: str) -> None:
    """Make `<kind>_rows`: every counted row of a report with the day of its delivery."""
    db.execute(
        f"CREATE VIEW {kind.value}_rows AS SELECT r.*, f.received_on FROM ({kept_rows(db, kind, paths)}) r "
        f"JOIN file f USING (file_id) WHERE NOT r.is_unreadable AND ({only})"
    )


def _statuses(db: Any) -> None:
    db.execute(
        "CREATE TABLE status (scope VARCHAR, text VARCHAR, word VARCHAR, rank INTEGER, stage VARCHAR, who VARCHAR, meaning VARCHAR)"
    )
    scopes: Mapping[str, Mapping[str, Status]] = {
        "earning": EARNING_STATUSES,
        "revenue": REVENUE_STATUSES,
        "order": ORDER_STATUSES,
    }
    rows = [
        (scope, text, status.word, status.rank, status.stage, status.who, status.meaning)
        for scope, table in scopes.items()
        for text, status in table.items()
    ]
    insert(db, "status", rows)


def newest(  # noqa: PLR0913 - a table is made of these parts
    db: Any, name: str, source: str, columns: str, *, key: tuple[str, ...], order: str, is_large: bool = False
) -> None:
    """Make a table with one row of each key, and `<name>_twice`, the digests of the keys that stand there twice.

    Only keys that stand there twice are sorted.

    Args:
        db: The engine.
        name: The table to make.
        source: What it is made of.
        columns: Which columns it keeps, the key's among them.
        key: What tells rows apart; null is a value like any other.
        order: SQL that puts the row that counts first.
        is_large: Whether it is left in its files where no key stands there twice; rules go through it a few times.
    """
    hashed = f"hash({', '.join(key)})"
    db.execute(f"CREATE TABLE {name}_twice AS SELECT {hashed} AS h FROM {source} GROUP BY 1 HAVING count(*) > 1")
    count = db.execute(f"SELECT count(*) FROM {name}_twice").fetchone()[0]
    if not count:
        db.execute(f"CREATE {'VIEW' if is_large else 'TABLE'} {name} AS SELECT {columns} FROM {source}")
        return
    db.execute(
        f"CREATE TABLE {name} AS SELECT {columns} FROM {source} WHERE {hashed} NOT IN (SELECT h FROM {name}_twice) "
        f"UNION ALL SELECT {columns} FROM (SELECT * FROM {source} WHERE {hashed} IN (SELECT h FROM {name}_twice)) "
        f"QUALIFY row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY {order}) = 1"
    )


def _orders(db: Any) -> None:
    columns = ", ".join(column.name for column in REPORTS[Kind.ORDERS].columns)
    order = (
        "try_cast(order_version AS DOUBLE) DESC NULLS LAST, event_timestamp DESC NULLS LAST, "
        "coalesce(month_start_date, order_purchase_date) DESC NULLS LAST, received_on DESC, digest"
    )
    newest(db, "orders", "orders_rows", f"{columns}, file_id, row_no", key=("asset_id",), order=order)
    db.execute(
        "CREATE TABLE order_records AS SELECT asset_id, purchase_record_id, line_item_id, "
        "bool_or(coalesce(multi_party, false)) AS multi_party, max(private_offer_id) AS private_offer_id "
        "FROM orders_rows WHERE purchase_record_id IS NOT NULL GROUP BY ALL"
    )


_USAGE_COLUMNS: Final = (
    "usage_reference, usage_date, meter_id, plan_id, meter_dimension, reference_id, sku_billing_type, offer_name, "
    "sales_channel, coalesce(metered_usage, normalized_usage, raw_usage) AS quantity, usage_unit, customer_currency, "
    "payout_currency, charge, charge_payout, price, estimated_price, detected_anomaly, marked_anomaly, "
    "new_reported_usage, customer_name, customer_id, file_id, row_no"
)


def _usage(db: Any) -> None:
    order = "received_on DESC, coalesce(metered_usage, normalized_usage, raw_usage) DESC NULLS LAST, digest"
    newest(
        db,
        "usage",
        "usage_rows",
        _USAGE_COLUMNS,
        key=("usage_reference", "usage_date", "meter_id", "plan_id"),
        order=order,
        is_large=True,
    )


_REVENUE_COLUMNS: Final = (
    "purchase_record_id, line_item_id, asset_id, billing_model, month_start_date, payout_status, revenue, currency, "
    "revenue_payout, payout_currency, earning_amount, earning_amount_usd, estimated_payout_month, payment_sent_date, "
    "payment_instrument_type, term_start_date, term_end_date, trial_deployment, offer_name, offer_type, plan_id, "
    "sales_channel, multi_party, is_private_offer, customer_name, customer_id, billing_account_id, file_id, row_no, "
    "coalesce(revenue_usd, (revenue::DECIMAL(24,6) * exchange_rate_usd::DECIMAL(14,8)), CASE WHEN upper(currency) = 'USD' THEN revenue END)"
    "::DECIMAL(38,12) AS revenue_usd"
)


def _revenue(db: Any) -> None:
    """Keep the newest delivery of a line's month, and within it the status that is furthest along for each amount.

    Two statuses with different amounts are two parts of a line; a negative amount is its own thing, a credit.
    """
    enterprise = ", ".join(quoted(name) for name in ENTERPRISE_CHANNELS)
    db.execute(
        f"CREATE VIEW revenue_all AS SELECT {_REVENUE_COLUMNS}, digest, received_on, revenue < 0 AS is_credit, "
        f"s.word AS status, coalesce(s.rank, 0) AS rank, coalesce(s.stage, 'unknown') AS stage, "
        f"{PLAIN.format('coalesce(sales_channel, chr(32))')} IN ({enterprise}) AS is_enterprise, "
        f"coalesce({PLAIN.format('payment_instrument_type')} LIKE '%card%', false) AS is_card, "
        f"{PLAIN.format('coalesce(billing_model, chr(32))')} LIKE 'usage%' AS is_usage "
        f"FROM revenue_rows r LEFT JOIN status s ON s.scope = 'revenue' AND s.text = {PLAIN.format('r.payout_status')}"
    )
    line = ("purchase_record_id", "line_item_id", "billing_model", "month_start_date", "is_credit")
    partition = ", ".join(line)
    hashed = f"hash({partition})"
    db.execute(f"CREATE TABLE revenue_twice AS SELECT {hashed} AS h FROM revenue_all GROUP BY 1 HAVING count(*) > 1")
    db.execute(
        f"CREATE TABLE revenue AS SELECT * FROM revenue_all WHERE {hashed} NOT IN (SELECT h FROM revenue_twice) "
        f"UNION ALL "
        f"SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM revenue_all "
        f"WHERE {hashed} IN (SELECT h FROM revenue_twice)) "
        f"QUALIFY received_on = max(received_on) OVER (PARTITION BY {partition})) "
        f"QUALIFY row_number() OVER (PARTITION BY {partition}, revenue ORDER BY rank DESC, digest, file_id, row_no) = 1) "
        f"QUALIFY row_number() OVER (PARTITION BY {partition}, payout_status "
        f"ORDER BY payment_sent_date DESC NULLS LAST, digest, file_id, row_no) = 1"
    )


_EARNING_ORDER: Final = (
    "calculation_date DESC NULLS LAST, received_on DESC, rank DESC, earning_date DESC NULLS LAST, "
    "payment_id DESC NULLS LAST, digest, file_id, row_no"
)


def _earnings(db: Any) -> None:
    columns = ", ".join(
        column.name for column in REPORTS[Kind.EARNINGS].columns if not column.name.startswith("customer_e")
    )
    db.execute(
        f"CREATE VIEW earnings_all AS SELECT {columns}, file_id, row_no, digest, received_on, "
        f"s.word AS status, coalesce(s.rank, 0) AS rank, coalesce(s.stage, 'unknown') AS stage, s.who, s.meaning, "
        f"coalesce(earning_amount_usd, CASE WHEN upper(currency) = 'USD' THEN earning_amount END) AS earned_usd, "
        f"coalesce({PLAIN.format('payment_method')} LIKE '%card%', false) AS is_card, "
        f"purchase_record_id IS NULL AS is_adjustment "
        f"FROM earnings_rows e LEFT JOIN status s ON s.scope = 'earning' AND s.text = {PLAIN.format('e.payment_status')}"
    )
    newest(db, "earnings", "earnings_all", "*", key=("earning_id",), order=_EARNING_ORDER)


def _payments(db: Any) -> None:
    columns = ", ".join(column.name for column in REPORTS[Kind.PAYMENTS].columns)
    db.execute(
        f"CREATE VIEW payments_all AS SELECT {columns}, file_id, row_no, digest, received_on, "
        f"s.word AS status, coalesce(s.rank, 0) AS rank, coalesce(s.stage, 'unknown') AS stage, s.who, s.meaning "
        f"FROM payments_rows p LEFT JOIN status s ON s.scope = 'earning' AND s.text = {PLAIN.format('p.payment_status')}"
    )
    order = "received_on DESC, rank DESC, payment_date DESC, digest, file_id, row_no"
    newest(db, "payments", "payments_all", "*", key=("payment_id", "participant_id", "program_name"), order=order)


def _others(db: Any) -> None:
    for kind in (Kind.BANK, Kind.METERING, Kind.ATTESTATIONS, Kind.CUSTOMERS):
        columns = ", ".join(column.name for column in REPORTS[kind].columns)
        newest(
            db,
            kind.value,
            f"{kind.value}_rows",
            f"{columns}, file_id, row_no",
            key=REPORTS[kind].key,
            order="received_on, digest, file_id, row_no",
        )
