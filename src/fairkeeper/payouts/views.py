"""What the room's queries answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """One table of a file."""

    table_id: str
    name: str
    report: str
    rows: int
    unreadable: int
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """One file that was handed over, and what was read from it."""

    sha256: str
    name: str
    state: str
    size_bytes: int
    received_at: datetime
    tables: tuple[TableLine, ...]
    findings: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """Files, newest first, and whether some are still being read."""

    files: tuple[FileLine, ...]
    total: int
    is_busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFinding:
    """One finding between order and bank; amounts are exact decimals as text."""

    finding_id: str
    code: str
    level: str
    state: str
    message: str
    remedy: str
    owner_role: str
    amount: str | None
    currency: str | None
    amount_usd: str | None
    since_on: date | None
    age_days: int | None
    purchase_record_id: str | None
    line_item_id: str | None
    asset_id: str | None
    earning_id: str | None
    payment_id: str | None
    customer: str | None
    offer: str | None
    closed_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBackLine:
    """What cannot be decided for want of a file."""

    code: str
    count: int
    need: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """Findings, the largest first."""

    findings: tuple[ChainFinding, ...]
    total: int
    as_of: date | None
    counts: dict[str, int]
    not_enough_data: tuple[HeldBackLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDetail:
    """One finding with its rows and the text for support."""

    finding: ChainFinding
    resource: str
    support_text: str
    sources: tuple[str, ...]
    trace_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCoverage:
    """What is there of one report."""

    report: str
    title: str
    months: tuple[str, ...]
    last_on: date | None
    whole_from: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedLine:
    """One report to download: from where, from when to when."""

    report: str
    title: str
    from_on: date
    to_on: date
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageView:
    """What the files cover, what is missing, and what cannot be decided."""

    as_of: date
    reports: tuple[ReportCoverage, ...]
    needs: tuple[NeedLine, ...]
    not_enough_data: tuple[HeldBackLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One row of a report, with its file and its row there.

    Attributes:
        id: By which it is traced itself; None where the row has none.
    """

    what: str
    id: str | None
    on: date | None
    amount: str | None
    currency: str | None
    status: str | None
    file: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySum:
    """A sum in one currency."""

    amount: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStage:
    """One stage of the chain."""

    stage: str
    state: str
    amounts: tuple[CurrencySum, ...]
    usd: str | None
    expected_by: date | None
    note: str
    row_count: int
    rows: tuple[TraceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """One transaction from order to bank.

    Attributes:
        assets: Ids of the orders it belongs to, as the reports name them; none for a payment as such.
    """

    subject: str
    as_of: date
    customer: str | None
    offer: str | None
    chain: tuple[TraceStage, ...]
    payments: tuple[str, ...]
    assets: tuple[str, ...]
    open_findings: tuple[ChainFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLine:
    """One payment beside what was traced to it and what arrived."""

    payment_id: str
    payment_date: date
    status: str
    stated: str
    traced: str | None
    difference: str | None
    currency: str
    earnings: int
    adjustments: int
    total: str
    paid_currency: str | None
    arrived: str | None
    is_covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLine:
    """One month of expected payments in US dollars."""

    month: str
    sure: str
    likely: str
    possible: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastView:
    """What should arrive, by month."""

    as_of: date
    currency: str
    months: tuple[ForecastLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One line of a journal."""

    on: date
    entry: str
    account: str
    text: str
    debit: str
    credit: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalView:
    """A month's journal, and the same as csv."""

    month: str
    lines: tuple[JournalRow, ...]
    csv: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """Sums of one customer, offer or month, in US dollars."""

    name: str
    billed: str
    earned: str
    paid: str
    uncollected: str
    at_risk: str
    fee_saved: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """One closed month."""

    month: str
    closed_at: datetime
    reason: str
    totals: dict[str, str]
