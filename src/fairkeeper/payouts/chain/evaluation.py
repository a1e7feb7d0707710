"""Runs every rule over the rows that count, and returns what was found, what had to be held back, and the sums.

The same files give the same answer in whatever order they came; nothing here looks at the clock or the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from fairkeeper.payouts.chain.bank_matching import BankLine, SentPayment, match_lines
from fairkeeper.payouts.chain.coverage import Coverage, Need
from fairkeeper.payouts.chain.current import SourceFile, load_current
from fairkeeper.payouts.chain.payout_calendar import add_business_days, bank_days
from fairkeeper.payouts.chain.rules import charges, earnings, payments, revenue, usage, versions
from fairkeeper.payouts.chain.rules.declaring import COLUMNS, Basis, Rule
from fairkeeper.payouts.chain.thresholds import THRESHOLDS
from fairkeeper.payouts.files.engine import engine, insert
from fairkeeper.payouts.reports.columns import Kind
from fairkeeper.values.findings import Level

RULES: Final[tuple[Rule, ...]] = (
    *charges.RULES,
    *usage.RULES,
    *revenue.RULES,
    *earnings.RULES,
    *payments.RULES,
    *versions.RULES,
)
"""Every rule, in the order of the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding between order and bank.

    Attributes:
        finding_id: The same for the same cause, however often it is looked for.
        code: Its kind.
        amount: How much, with its sign; None where it is no amount.
        amount_usd: The same in US dollars, where that is known.
        since_on: Since when.
        sources: The rows it rests on, as `file_id:row`.
    """

    finding_id: str
    code: str
    level: Level
    key: str
    message: str
    owner_role: str
    amount: Decimal | None
    currency: str | None
    amount_usd: Decimal | None
    since_on: date | None
    purchase_record_id: str | None
    line_item_id: str | None
    asset_id: str | None
    earning_id: str | None
    payment_id: str | None
    customer: str | None
    offer: str | None
    sources: tuple[str, ...]

    @property
    def weight(self) -> Decimal:
        """How large it is, to put the largest first; amounts that are not known in dollars count as they stand."""
        return abs(self.amount_usd if self.amount_usd is not None else self.amount or Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """What cannot be decided yet: of which kind, how many, and what is missing."""

    code: str
    count: int
    need: Need


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSum:
    """One payment beside what was traced to it."""

    payment_id: str
    payment_date: date
    status: str
    stated: Decimal
    traced: Decimal | None
    currency: str
    rows: int
    adjustments: int
    total: Decimal
    paid_currency: str | None
    arrived: Decimal | None
    is_covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that was found.

    Attributes:
        found: Findings, the largest first.
        held_back: What is not decided for want of files.
        payments: Every payment with its sums.
        totals: Rows that count, by report.
    """

    coverage: Coverage
    found: tuple[Found, ...]
    held_back: tuple[HeldBack, ...]
    payments: tuple[PaymentSum, ...]
    totals: dict[str, int]


def evaluate(files: Iterable[SourceFile], coverage: Coverage, scratch: Path) -> Evaluation:
    """Run every rule.

    Args:
        files: The rows that were kept.
        coverage: What they cover, and the day that is looked at.
        scratch: A folder for what does not fit into memory.
    """
    with engine(scratch) as db:
        load_current(db, files)
        return evaluate_loaded(db, coverage)


def evaluate_loaded(db: Any, coverage: Coverage) -> Evaluation:
    """Run every rule on an engine that has the rows loaded."""
    basis = Basis(coverage=coverage)
    prepare(db, basis)
    found: list[Found] = []
    held: list[HeldBack] = []
    for rule in RULES:
        if rule.looked_at is not None:
            name, sql = rule.looked_at
            db.execute(f"CREATE OR REPLACE TABLE {name} AS {sql(basis)}")
        found += _run(db, rule, basis)
        held += _held(db, rule, basis)
    found.sort(key=lambda each: (-each.weight, each.code, each.key))
    return Evaluation(
        coverage=coverage,
        found=tuple(found),
        held_back=tuple(held),
        payments=payment_sums(db, basis),
        totals={
            kind.value: db.execute(f"SELECT count(*) FROM {kind.value}").fetchone()[0]
            for kind in Kind
            if kind not in (Kind.METERING, Kind.ATTESTATIONS)
        },
    )


def prepare(db: Any, basis: Basis) -> None:
    """Make what rules ask for beside the rows: the months that are covered, and what arrived at the bank."""
    db.execute("CREATE OR REPLACE TABLE covered (kind VARCHAR, month DATE)")
    months = [(kind.value, month) for kind, days in basis.coverage.months.items() for month in sorted(days)]
    insert(db, "covered", months)
    _arrivals(db, basis)


def _arrivals(db: Any, basis: Basis) -> None:
    """Match sent payments with bank lines, and keep what arrived, by when it should have."""
    db.execute(
        "CREATE OR REPLACE TABLE arrival (payment_id VARCHAR, payment_date DATE, payment_method VARCHAR, deadline DATE, "
        "total DECIMAL(38,12), currency VARCHAR, arrived DECIMAL(38,12), arrived_on DATE, is_covered BOOLEAN, "
        "sources VARCHAR[], bank_places VARCHAR[])"
    )
    sent = db.execute(
        "SELECT payment_id, min(bank_reference), sum(total_payment), min(coalesce(payment_currency, earned_currency)), "
        "max(payment_date), min(payment_method), list_slice(list_sort(list(file_id || ':' || row_no)), 1, 20) "
        "FROM payments WHERE stage = 'sent' GROUP BY 1 HAVING sum(total_payment) > 0 ORDER BY 1"
    ).fetchall()
    if not sent:
        return
    lines = db.execute(
        "SELECT row_number() OVER (ORDER BY booked_on, amount, reference, description, line_id), booked_on, amount, "
        "currency, concat_ws(' ', reference, description, counterparty, line_id), file_id || ':' || row_no FROM bank"
    ).fetchall()
    places = {line[0]: line[5] for line in lines}
    matched = match_lines(
        [
            SentPayment(payment_id=row[0], other_reference=row[1], total=row[2], currency=row[3], sent_on=row[4])
            for row in sent
        ],
        [BankLine(number=row[0], booked_on=row[1], amount=row[2], currency=row[3], text=row[4] or "") for row in lines],
    )
    rows = []
    for payment_id, _, total, currency, sent_on, method, sources in sent:
        arrived = matched.get(payment_id, ())
        deadline = add_business_days(sent_on, bank_days(method) + THRESHOLDS.bank_grace_days)
        rows.append(
            (
                payment_id,
                sent_on,
                method,
                deadline,
                total,
                currency,
                sum((line.amount for line in arrived), Decimal(0)) if arrived else None,
                max((line.booked_on for line in arrived), default=None),
                basis.coverage.covers(Kind.BANK, sent_on, deadline),
                sources,
                [places[line.number] for line in arrived],
            )
        )
    insert(db, "arrival", rows)


def _run(db: Any, rule: Rule, basis: Basis) -> list[Found]:
    columns = ", ".join(f"{name}::{sql_type} AS {name}" for name, sql_type in COLUMNS.items())
    nothing = ", ".join(f"NULL::{sql_type} AS {name}" for name, sql_type in COLUMNS.items())
    rows = db.execute(
        f"SELECT {columns} FROM (SELECT {nothing} WHERE false UNION ALL BY NAME ({rule.sql(basis)})) ORDER BY key"
    ).fetchall()
    return [_found(rule, dict(zip(COLUMNS, row, strict=True))) for row in rows]


def _found(rule: Rule, row: dict[str, Any]) -> Found:
    level = row.pop("level")
    words = [word or "" for word in row.pop("words") or ()]
    shown = amount_text(row["amount"], row["currency"])
    message = rule.sentence.format(*words, amount=shown).strip()
    digest = hashlib.sha256(f"{rule.kind.code}\n{row['key']}".encode()).hexdigest()[:20]
    return Found(
        finding_id=f"pf_{digest}",
        code=rule.kind.code,
        level=Level(level) if level else rule.kind.level,
        message=message,
        owner_role=rule.owner_role,
        sources=tuple(row.pop("sources") or ()),
        **row,
    )


def _held(db: Any, rule: Rule, basis: Basis) -> list[HeldBack]:
    if rule.held_back is None:
        return []
    report, first, last, count = db.execute(rule.held_back(basis)).fetchone()
    if not count or first is None:
        return []
    missing = basis.coverage.gaps(Kind(report), first, last)
    first = missing[0] if missing else max(first, basis.coverage.reached(Kind(report)))
    return [HeldBack(code=rule.kind.code, count=count, need=Need(kind=Kind(report), from_on=first, to_on=last))]


def payment_sums(db: Any, basis: Basis) -> tuple[PaymentSum, ...]:
    """Return every payment with what was traced to it."""
    rows: Sequence[Any] = db.execute(
        f"WITH {payments.traced(basis)} SELECT c.payment_id, c.payment_date, c.payment_status, c.stated_sum, c.traced_sum, "
        "c.sum_currency, c.rows, c.adjustments, c.total, c.paid_currency, a.arrived, c.is_covered "
        "FROM compared c LEFT JOIN arrival a USING (payment_id) ORDER BY c.payment_date DESC, c.payment_id"
    ).fetchall()
    return tuple(
        PaymentSum(
            payment_id=row[0],
            payment_date=row[1],
            status=row[2],
            stated=row[3],
            traced=row[4],
            currency=row[5] or "",
            rows=row[6],
            adjustments=row[7],
            total=row[8],
            paid_currency=row[9],
            arrived=row[10],
            is_covered=row[11],
        )
        for row in rows
    )


def amount_text(amount: Decimal | None, currency: str | None) -> str:
    """Return an amount with at least two decimals and as many as it has, in groups of three.

    Example:
        >>> amount_text(Decimal("1234.500000000000"), "USD"), amount_text(Decimal("0.015000"), "USD")
        ('1,234.50 USD', '0.015 USD')
    """
    if amount is None:
        return "an unknown amount"
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{amount:,.{places}f} {currency or ''}".strip()
