"""Payouts: a million rows of usage and a hundred thousand orders, revenue and earnings, read and followed to the bank.

Then ten times that, and the next month on top; beside them a plain pandas merge of the same files, which reads the same
columns and joins revenue with earnings and usage, and finds nothing. Each run is a process of its own, whose largest
memory is told. Recall and precision on a year of known truth come first.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from bench.report import Report

AS_OF: Final = date(2026, 11, 26)
USAGE_ROWS: Final = 1_000_000
OTHER_ROWS: Final = 100_000
_SCHEMAS: Final = {
    "orders": """
        SELECT 'a-' || i AS AssetId, '1' AS OrderVersion, '2026-01-05T08:00:00Z' AS EventTimestamp,
               'Purchase' AS OrderAction, 'Active' AS OrderStatus, 'Enterprise' AS AzureLicenseType,
               'r-' || i AS purchaseRecordId, '1' AS purchaseRecordLineItemId, 'Fairmile Agent' AS OfferName,
               'Customer ' || (i % 997) AS CustomerCompanyName, 'USD' AS Currency, 'a-' || i AS ReferenceId""",
    "revenue": """
        SELECT 'r-' || i AS PurchaseRecordId, '1' AS LineItemId, 'a-' || i AS AssetId, 'UsageBased' AS BillingModel,
               '{billed}' AS MonthStartDate, 'Sent' AS PayoutStatus, 100 + i % 900 AS Revenue,
               'USD' AS TransactionCurrency, 100 + i % 900 AS EstimatedRevenueUSD, 'Enterprise' AS SalesChannel,
               'Customer ' || (i % 997) AS CustomerCompanyName""",
    "earnings": """
        SELECT 'e-' || i AS earningId, 'a-' || i AS assetId, 'r-' || i AS OrderId, '1' AS LineItemId,
               't-' || i AS transactionId, 'purchase' AS transactionType, '{billed}' AS transactionDate,
               100 + i % 900 AS transactionAmount, 100 + i % 900 AS transactionAmountUSD, 'USD' AS transactionCurrency,
               ((100 + i % 900) * 0.97)::DECIMAL(18,2) AS earningAmount,
               ((100 + i % 900) * 0.97)::DECIMAL(18,2) AS earningAmountUSD, '0.97' AS earningRate,
               '{earned}' AS earningDate, '{earned}' AS calculationDate, '{paid}' AS estimatedPaymentMonth,
               'Sent' AS paymentStatus, 'p-{month}-' || i % 4 AS paymentId, '4123' AS participantId""",
    "usage": """
        SELECT 'r-' || ({first} + i % {lines}) || ':1' AS UsageReference, '{used}' AS UsageDate,
               'm-' || i // {lines} AS MeterId, 'tokens-' || i // {lines} AS MeterDimension, 'team' AS SKU,
               'Paid' AS SKUBillingType, 10 + i % 7 AS MeteredUsage, 'USD' AS CustomerCurrencyCC,
               (10 + i % 7) * 0.5 AS EstimatedExtendedChargeCC, 'USD' AS PayoutCurrencyPC,
               (10 + i % 7) * 0.5 AS EstimatedExtendedChargePC, 'a-' || ({first} + i % {lines}) AS ReferenceId,
               'Customer ' || (i % 997) AS CustomerCompanyName""",
}
_MONTHS: Final = (
    ("2026-07", "2026-06-01", "2026-07-01", "2026-07-03", "2026-08-01"),
    ("2026-08", "2026-07-01", "2026-08-01", "2026-08-03", "2026-09-01"),
    ("2026-09", "2026-08-01", "2026-09-01", "2026-09-03", "2026-10-01"),
    ("2026-10", "2026-09-01", "2026-10-01", "2026-10-03", "2026-11-01"),
)


def run(report: Report) -> None:
    """Measure recall and precision, then speed."""
    _truth(report)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _sizes(report, folder / "once", 1, seconds=15, megabytes=4096)
        _sizes(report, folder / "ten", 10, seconds=150, megabytes=4096)


def _truth(report: Report) -> None:
    from fairkeeper.bootstrap.demo.reports import write_sample

    with tempfile.TemporaryDirectory() as name:
        found = write_sample(Path(name) / "year", seed=1, as_of=datetime.now(UTC).date())
    kinds: Any = found["kinds"]
    for kind in kinds:
        told = f"{kind['found']} found of {kind['true']}; precision {kind['precision']}"
        report.at_least(f"recall of {kind['code']}", float(kind["recall"]), unit="", target=1.0, conditions=told)


def _sizes(report: Report, folder: Path, times: int, *, seconds: float, megabytes: float) -> None:
    """Measure one size: everything, the next month on top, and pandas."""
    rows = times * USAGE_ROWS
    conditions = f"{rows:,} usage rows, {times * OTHER_ROWS:,} orders, revenue and earnings rows; csv, two threads"
    write(folder, times)
    first = _alone("measure_import", folder)
    report.at_most(
        f"{rows:,} usage rows read and followed", first["seconds"], unit="s", target=seconds, conditions=conditions
    )
    report.plain("processor time of that", first["cpu_seconds"], unit="s", conditions="user and system, both threads")
    report.at_most("largest memory", first["megabytes"], unit="MB", target=megabytes, conditions=conditions)
    if times == 1:
        more = f"a month of {USAGE_ROWS // 3:,} usage rows on top of what was read"
        report.at_most("the next month's increment", first["increment_seconds"], unit="s", target=15, conditions=more)
        report.plain("processor time of that", first["increment_cpu_seconds"], unit="s", conditions=more)
    plain = _alone("measure_pandas", folder)
    report.plain("plain pandas merge of the same files", plain["seconds"], unit="s", conditions=conditions)
    report.plain("processor time of pandas", plain["cpu_seconds"], unit="s", conditions=conditions)
    report.plain("largest memory of pandas", plain["megabytes"], unit="MB", conditions=conditions)


def _alone(name: str, folder: Path) -> dict[str, float]:
    """Run a measurement in a process of its own."""
    code = f"from bench import bench_payouts; bench_payouts.{name}({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def write(folder: Path, times: int) -> None:
    """Write the reports of three months, and of a fourth apart."""
    import duckdb

    folder.mkdir(parents=True)
    db = duckdb.connect()
    lines = times * OTHER_ROWS // 3
    for place, (month, used, billed, earned, paid) in enumerate(_MONTHS):
        target = folder / ("next" if place == 3 else "files")
        target.mkdir(exist_ok=True)
        first = place * lines
        words = {"month": month, "used": used, "billed": billed, "earned": earned, "paid": paid, "first": first}
        for name, sql in _SCHEMAS.items():
            text = sql.format(**words, lines=lines)
            many = (
                f"range({times * USAGE_ROWS // 3}) t(i)" if name == "usage" else f"range({first}, {first + lines}) t(i)"
            )
            db.execute(f"COPY ({text} FROM {many}) TO '{target}/{name}-{month}.csv' (HEADER)")
        total = "sum(earningAmountUSD::DECIMAL(18,2))"
        payments = (
            f"SELECT paymentId AS paymentID, '4123' AS participantID, {total} AS earned, "  # noqa: S608 - our own files
            f"'USD' AS earnedCurrencyCode, {total} AS earnedUSD, 'USD' AS paymentCurrencyCode, "
            f"'{paid[:8]}14' AS paymentDate, 'ACH' AS paymentMethod, "
            f"'Sent' AS paymentStatus, 0 AS withheldTax, 0 AS serviceFeeTax, {total} AS totalPayment "
            f"FROM '{target}/earnings-{month}.csv' GROUP BY 1"
        )
        db.execute(f"COPY ({payments}) TO '{target}/payments-{month}.csv' (HEADER)")
    db.close()


def measure_import(name: str) -> None:
    """Read the files and follow every line, as an import does; then the next month on top. Prints JSON."""
    from fairkeeper.bootstrap.demo.reports import ReadFiles, read_files

    folder = Path(name)
    began, cpu_began = time.perf_counter(), time.process_time()
    read = read_files(sorted((folder / "files").glob("*.csv")), folder / "rows", received_on=AS_OF)
    first = read.evaluate(today=AS_OF, scratch=folder / "scratch")
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    assert first.totals["revenue"] > 0
    assert all(each.traced == each.stated for each in first.payments)
    began, cpu_began = time.perf_counter(), time.process_time()
    more = read_files(sorted((folder / "next").glob("*.csv")), folder / "more", received_on=AS_OF)
    both = ReadFiles(
        sources=(*read.sources, *more.sources),
        covered=(*read.covered, *more.covered),
        names=(*read.names, *more.names),
    )
    both.evaluate(today=AS_OF, scratch=folder / "scratch")
    _tell(
        {
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "increment_seconds": time.perf_counter() - began,
            "increment_cpu_seconds": time.process_time() - cpu_began,
        }
    )


def measure_pandas(name: str) -> None:
    """Merge the same files with pandas: revenue with earnings, and usage summed with revenue. Prints JSON."""
    import pandas as pd

    folder = Path(name) / "files"

    def load(kind: str, columns: list[str]) -> Any:
        parts = [pd.read_csv(path, usecols=columns) for path in sorted(folder.glob(f"{kind}-*.csv"))]
        return pd.concat(parts)

    def merge() -> int:
        revenue = load("revenue", ["PurchaseRecordId", "LineItemId", "EstimatedRevenueUSD", "PayoutStatus"])
        earnings = load("earnings", ["earningId", "OrderId", "LineItemId", "earningAmountUSD", "paymentId"])
        usage = load("usage", ["UsageReference", "UsageDate", "EstimatedExtendedChargePC"])
        summed = earnings.groupby(["OrderId", "LineItemId"], as_index=False).earningAmountUSD.sum()
        joined = revenue.merge(
            summed, how="left", left_on=["PurchaseRecordId", "LineItemId"], right_on=["OrderId", "LineItemId"]
        )
        joined["ref"] = joined.PurchaseRecordId + ":" + joined.LineItemId.astype(str)
        used = usage.groupby("UsageReference", as_index=False).EstimatedExtendedChargePC.sum()
        return len(used.merge(joined, how="left", left_on="UsageReference", right_on="ref"))

    _tell(_timed(merge))


def _timed(action: Callable[[], object]) -> dict[str, float]:
    began, cpu_began = time.perf_counter(), time.process_time()
    action()
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu_began}


def _tell(measured: dict[str, float]) -> None:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({**measured, "megabytes": megabytes}) + "\n")
