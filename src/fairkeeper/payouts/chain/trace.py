"""One transaction from order to bank, by whatever id somebody has of it, every number with its file and row.

An id may be that of an order or asset, a subscription, a purchase record, a usage reference, an earning, a transaction,
a payment, or a bank's reference. A payment shows all its earnings; everything else its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from fairkeeper.payouts.chain.coverage import Coverage
from fairkeeper.payouts.chain.current import SourceFile, load_current, load_rows
from fairkeeper.payouts.chain.evaluation import prepare
from fairkeeper.payouts.chain.payout_calendar import ExpectedDates, agreement_of, expected_dates
from fairkeeper.payouts.chain.rules.declaring import Basis
from fairkeeper.payouts.files.engine import engine, quoted
from fairkeeper.payouts.reports.columns import Kind

STAGES: Final = ("order", "usage", "billed", "earned", "paid", "bank")
SHOWN_ROWS: Final = 200
"""Rows of one stage that are returned where nobody asks for more; sums count all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRow:
    """One row of a report.

    Attributes:
        id: By which it is traced itself; None where the row has none.
    """

    what: str
    id: str | None
    on: date | None
    amount: Decimal | None
    currency: str | None
    status: str | None
    file_id: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the chain.

    Attributes:
        name: `order`, `usage`, `billed`, `earned`, `paid` or `bank`.
        state: `done`, `waiting`, `missing`, `unknown` (the files do not cover it) or `not_needed`.
        amounts: Sums by currency.
        usd: The sum in US dollars, where it is reported.
        expected_by: When it should be seen.
        note: What a person should know of it.
    """

    name: str
    state: str
    amounts: tuple[tuple[str, Decimal], ...]
    usd: Decimal | None
    expected_by: date | None
    note: str
    rows: tuple[TracedRow, ...]
    row_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What was traced."""

    subject: str
    is_payment: bool
    stages: tuple[Stage, ...]
    pairs: tuple[tuple[str, str], ...]
    assets: tuple[str, ...]
    payments: tuple[str, ...]
    customer: str | None
    offer: str | None
    as_of: date


@dataclass(slots=True, kw_only=True)
class _Ids:
    assets: set[str]
    pairs: set[tuple[str, str]]
    payments: set[str]
    is_payment: bool = False

    def __bool__(self) -> bool:
        return bool(self.assets or self.pairs or self.payments)


def trace(  # noqa: PLR0913 - the first four are what every rule is asked with
    files: Iterable[SourceFile],
    coverage: Coverage,
    subject: str,
    scratch: Path,
    *,
    most_rows: int = SHOWN_ROWS,
    is_followed: bool = False,
) -> Chain | None:
    """Return the chain of an id, or None where no row names it.

    Args:
        files, coverage: What was read, and which time it covers.
        subject: Any id.
        scratch: Where the engine may write.
        most_rows: How many rows of each stage at most.
        is_followed: Whether a payment is followed back through its earnings to their orders.
    """
    listed = list(files)
    with engine(scratch / "ids") as db:
        load_rows(db, listed)
        ids = _ids(db, subject.strip())
        if is_followed and ids.is_payment:
            ids = _through(db, ids)
    if not ids:
        return None
    with engine(scratch / "rows") as db:
        load_current(db, listed, _conditions(ids))
        db.execute(f"CREATE TABLE shown AS SELECT {most_rows:d} AS most")
        prepare(db, Basis(coverage=coverage))
        return _chain(db, subject, ids, coverage)


def _ids(db: Any, subject: str) -> _Ids:
    text = quoted(subject.lower())

    def column(sql: str) -> set[str]:
        return {row[0] for row in db.execute(sql).fetchall() if row[0] is not None}

    payments = column(
        f"SELECT payment_id FROM payments_rows WHERE lower(payment_id) = {text} OR lower(bank_reference) = {text} "
        f"UNION SELECT payment_id FROM earnings_rows WHERE lower(payment_id) = {text}"
    )
    if not payments:
        payments = column(
            f"SELECT p.payment_id FROM payments_rows p JOIN bank_rows b ON contains(concat_ws(' ', b.reference, "
            f"b.description), p.payment_id) WHERE {text} IN (lower(b.reference), lower(b.line_id))"
        )
    if payments:
        return _Ids(assets=set(), pairs=set(), payments=payments, is_payment=True)
    pairs = _pairs(
        db,
        f"""
        SELECT purchase_record_id, line_item_id FROM revenue_rows
        WHERE {text} IN (lower(purchase_record_id), lower(asset_id), lower(purchase_record_id || ':' || line_item_id),
                         lower(purchase_record_id || '|' || line_item_id))
        UNION SELECT purchase_record_id, coalesce(line_item_id, '') FROM earnings_rows
        WHERE purchase_record_id IS NOT NULL AND {text} IN (lower(earning_id), lower(transaction_id),
              lower(purchase_record_id), lower(asset_id), lower(external_reference_id), lower(subscription_id),
              lower(purchase_record_id || ':' || line_item_id))
        UNION SELECT regexp_extract(usage_reference, '^(.*):[^:]*$', 1), regexp_extract(usage_reference, ':([^:]*)$', 1)
        FROM usage_rows WHERE {text} IN (lower(usage_reference), lower(reference_id))
           OR lower(usage_reference) LIKE replace({text}, '%', '') || ':%'
        UNION SELECT purchase_record_id, coalesce(line_item_id, '1') FROM orders_rows
        WHERE purchase_record_id IS NOT NULL AND {text} IN (lower(asset_id), lower(purchase_record_id),
              lower(reference_id), lower(private_offer_id))
    """,
    )
    records = ", ".join(quoted(record) for record in sorted({record for record, _ in pairs})[:1000]) or "''"
    assets = column(
        f"SELECT asset_id FROM orders_rows WHERE {text} IN (lower(asset_id), lower(reference_id), "
        f"lower(private_offer_id), lower(purchase_record_id)) OR purchase_record_id IN ({records}) "
        f"UNION SELECT asset_id FROM revenue_rows WHERE purchase_record_id IN ({records}) "
        f"UNION SELECT asset_id FROM earnings_rows WHERE purchase_record_id IN ({records})"
    )
    adjustments = column(f"SELECT earning_id FROM earnings_rows WHERE lower(earning_id) = {text}")
    if not pairs and not assets and adjustments:
        return _Ids(assets=set(), pairs={("", "")}, payments=set())
    return _Ids(assets=assets, pairs=pairs, payments=set())


def _through(db: Any, ids: _Ids) -> _Ids:
    """Return the lines that a payment's earnings are of, with that payment alone; the payment itself if it has none."""
    listed = ", ".join(map(quoted, sorted(ids.payments)))
    of_payment = f"FROM earnings_rows WHERE payment_id IN ({listed}) AND purchase_record_id IS NOT NULL"
    pairs = _pairs(db, f"SELECT DISTINCT purchase_record_id, line_item_id {of_payment} ORDER BY 1, 2 LIMIT 5000")
    if not pairs:
        return ids
    records = ", ".join(quoted(record) for record in sorted({record for record, _ in pairs}))
    named = db.execute(
        f"SELECT asset_id FROM orders_rows WHERE purchase_record_id IN ({records}) "
        f"UNION SELECT asset_id FROM revenue_rows WHERE purchase_record_id IN ({records}) "
        f"UNION SELECT asset_id {of_payment}"
    ).fetchall()
    return _Ids(assets={row[0] for row in named if row[0]}, pairs=pairs, payments=ids.payments)


def _pairs(db: Any, sql: str) -> set[tuple[str, str]]:
    return {(row[0], row[1] or "") for row in db.execute(sql).fetchall() if row[0]}


def _conditions(ids: _Ids) -> dict[Kind, str]:
    if ids.is_payment:
        listed = ", ".join(map(quoted, sorted(ids.payments)))
        never = "false"
        return {
            Kind.ORDERS: never,
            Kind.USAGE: never,
            Kind.REVENUE: never,
            Kind.METERING: never,
            Kind.CUSTOMERS: never,
            Kind.EARNINGS: f"payment_id IN ({listed})",
            Kind.PAYMENTS: f"payment_id IN ({listed})",
        }
    records = ", ".join(quoted(record) for record in sorted({record for record, _ in ids.pairs})) or "''"
    references = ", ".join(quoted(f"{record}:{line}") for record, line in sorted(ids.pairs)) or "''"
    assets = ", ".join(map(quoted, sorted(ids.assets))) or "''"
    paid = f" AND payment_id IN ({', '.join(map(quoted, sorted(ids.payments)))})" if ids.payments else ""
    return {
        Kind.ORDERS: f"asset_id IN ({assets}) OR purchase_record_id IN ({records})",
        Kind.USAGE: f"usage_reference IN ({references})",
        Kind.REVENUE: f"purchase_record_id IN ({records})",
        Kind.EARNINGS: f"purchase_record_id IN ({records}){paid}",
        Kind.METERING: "false",
        Kind.CUSTOMERS: "false",
    }


def _chain(db: Any, subject: str, ids: _Ids, coverage: Coverage) -> Chain:
    if ids.is_payment:
        payments = ids.payments
        expected = None
    else:
        payments = {
            row[0]
            for row in db.execute("SELECT DISTINCT payment_id FROM earnings WHERE payment_id IS NOT NULL").fetchall()
        }
        expected = _expected(db)
    stages = (
        _order(db, ids),
        _usage(db, ids),
        _billed(db, ids, coverage, expected),
        _earned(db, ids, coverage, expected),
        _paid(db, payments, coverage, expected),
        _bank(db, payments, coverage, expected),
    )
    customer, offer = db.execute(
        "SELECT (SELECT min(customer_name) FROM revenue), (SELECT min(offer_name) FROM revenue)"
    ).fetchone()
    return Chain(
        subject=subject,
        is_payment=ids.is_payment,
        stages=stages,
        pairs=tuple(sorted(ids.pairs)),
        assets=tuple(sorted(ids.assets)),
        payments=tuple(sorted(payments)),
        customer=customer,
        offer=offer,
        as_of=coverage.as_of,
    )


def _expected(db: Any) -> ExpectedDates | None:
    """Return when the newest charge should have gone which way."""
    row = db.execute(
        "SELECT month, channel, is_usage, is_card FROM ("
        "SELECT month_start_date AS month, sales_channel AS channel, is_usage, is_card FROM revenue "
        "UNION ALL SELECT usage_date, sales_channel, true, false FROM usage "
        "UNION ALL SELECT coalesce(order_purchase_date, event_timestamp, month_start_date), sales_channel, false, false "
        "FROM orders) WHERE month IS NOT NULL ORDER BY month DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    return expected_dates(row[0], agreement_of(row[1]), is_usage=bool(row[2]), is_card=bool(row[3]))


def _stage(  # noqa: PLR0913 - a stage has these parts
    db: Any, name: str, sql: str, *, state: str, expected_by: date | None = None, note: str = "", usd: bool = True
) -> Stage:
    """Read the rows of a stage: what, on, amount, currency, usd, status, file_id, row_no, id."""
    rows: Sequence[Any] = db.execute(
        f"SELECT * FROM ({sql}) ORDER BY 2 NULLS LAST, 1 LIMIT (SELECT most FROM shown)"
    ).fetchall()
    count = db.execute(f"SELECT count(*) FROM ({sql})").fetchone()[0]
    sums = db.execute(
        f"SELECT coalesce(currency, '') AS c, sum(amount)::DECIMAL(38,12) FROM ({sql}) WHERE amount IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    total = db.execute(f"SELECT sum(usd)::DECIMAL(38,12), bool_and(usd IS NOT NULL) FROM ({sql})").fetchone()
    return Stage(
        name=name,
        state=state if not count else "done",
        amounts=tuple((row[0], row[1]) for row in sums),
        usd=total[0] if usd and total[1] else None,
        expected_by=expected_by,
        note=note,
        rows=tuple(
            TracedRow(
                what=row[0],
                id=row[8],
                on=row[1],
                amount=row[2],
                currency=row[3],
                status=row[5],
                file_id=row[6],
                row=row[7],
            )
            for row in rows
        ),
        row_count=count,
    )


def _order(db: Any, ids: _Ids) -> Stage:
    sql = (
        "SELECT 'Order ' || asset_id AS what, coalesce(event_timestamp, order_purchase_date, month_start_date) AS on_day, "
        "billed_revenue AS amount, currency, NULL::DECIMAL(38,12) AS usd, order_status AS status, file_id, row_no, "
        "asset_id AS id FROM orders"
    )
    return _stage(db, "order", sql, state="not_needed" if ids.is_payment else "unknown", usd=False)


def _usage(db: Any, ids: _Ids) -> Stage:
    sql = (
        "SELECT concat_ws(' ', 'Usage', quantity::DOUBLE::VARCHAR, usage_unit, meter_dimension) AS what, "
        "usage_date AS on_day, charge AS amount, customer_currency AS currency, "
        "CASE WHEN upper(payout_currency) = 'USD' THEN charge_payout END AS usd, sku_billing_type AS status, "
        "file_id, row_no, usage_reference AS id FROM usage"
    )
    del ids
    return _stage(db, "usage", sql, state="not_needed")


def _state(coverage: Coverage, kind: Kind, expected_by: date | None) -> str:
    if expected_by is not None and expected_by >= coverage.as_of:
        return "waiting"
    return "missing" if coverage.whole_from(kind) is not None else "unknown"


def _billed(db: Any, ids: _Ids, coverage: Coverage, expected: ExpectedDates | None) -> Stage:
    sql = (
        "SELECT 'Revenue, ' || coalesce(billing_model, 'line') || ' ' || line_item_id AS what, month_start_date AS on_day, "
        "revenue AS amount, currency, revenue_usd AS usd, payout_status AS status, file_id, row_no, "
        "purchase_record_id || ':' || line_item_id AS id FROM revenue"
    )
    by = expected.billed_by if expected else None
    state = "not_needed" if ids.is_payment else _state(coverage, Kind.REVENUE, by)
    return _stage(db, "billed", sql, state=state, expected_by=by)


def _earned(db: Any, ids: _Ids, coverage: Coverage, expected: ExpectedDates | None) -> Stage:
    sql = (
        "SELECT concat_ws(' ', 'Earning', earning_id, lower(transaction_type), reason_code) AS what, "
        "coalesce(earning_date, calculation_date, transaction_date) AS on_day, earning_amount AS amount, currency, "
        "earned_usd AS usd, payment_status AS status, file_id, row_no, earning_id AS id FROM earnings"
    )
    by = expected.earned_by if expected else None
    del ids
    fee = db.execute(
        "SELECT sum(abs(store_fee))::DECIMAL(38,2), min(currency), count(DISTINCT currency) FROM earnings WHERE store_fee IS NOT NULL"
    ).fetchone()
    note = f"Microsoft kept {fee[0]} {fee[1]} as its fee." if fee[0] and fee[2] == 1 else ""
    return _stage(db, "earned", sql, state=_state(coverage, Kind.EARNINGS, by), expected_by=by, note=note)


def _paid(db: Any, payments: set[str], coverage: Coverage, expected: ExpectedDates | None) -> Stage:
    listed = ", ".join(map(quoted, sorted(payments))) or "''"
    sql = (
        "SELECT 'Payment ' || payment_id || coalesce(' by ' || payment_method, '') AS what, payment_date AS on_day, "
        "total_payment AS amount, coalesce(payment_currency, earned_currency) AS currency, earned_usd AS usd, "
        f"payment_status AS status, file_id, row_no, payment_id AS id FROM payments WHERE payment_id IN ({listed})"
    )
    by = expected.paid_by if expected else None
    note = "A payment holds the earnings of many orders; its amount is the whole payment's." if expected else ""
    return _stage(db, "paid", sql, state=_state(coverage, Kind.PAYMENTS, by), expected_by=by, note=note)


def _bank(db: Any, payments: set[str], coverage: Coverage, expected: ExpectedDates | None) -> Stage:
    listed = ", ".join(map(quoted, sorted(payments))) or "''"
    sql = (
        "SELECT concat_ws(' ', b.reference, b.description) AS what, b.booked_on AS on_day, b.amount, "
        "coalesce(b.currency, a.currency) AS currency, NULL::DECIMAL(38,12) AS usd, NULL::VARCHAR AS status, b.file_id, "
        f"b.row_no, a.payment_id AS id FROM arrival a JOIN bank b ON list_contains(a.bank_places, b.file_id || ':' || b.row_no) "
        f"WHERE a.payment_id IN ({listed})"
    )
    deadline = db.execute(
        f"SELECT max(deadline), bool_and(is_covered) FROM arrival WHERE payment_id IN ({listed})"
    ).fetchone()
    by = deadline[0] or (expected.in_bank_by if expected else None)
    waits = by is not None and by >= coverage.as_of
    state = "waiting" if waits else "missing" if deadline[1] else "unknown"
    return _stage(db, "bank", sql, state=state, expected_by=by, usd=False)
