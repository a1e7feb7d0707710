"""Writes a book as files, the way downloads differ.

One file or one a month, headers renamed and re-cased, dates in other forms, columns more, byte order marks, tabs, zips.
"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from fairkeeper.sandbox.reports.book import Book, Row

DAY_COLUMNS: Final[Mapping[str, str]] = {
    "orders": "EventTimestamp",
    "usage": "UsageDate",
    "revenue": "MonthStartDate",
    "earnings": "earningDate",
    "payments": "paymentDate",
    "bank": "Date",
    "customers": "DateAcquired",
    "metering": "effectiveStartTime",
    "attestations": "attestedOn",
}
"""The column of the day or month of each report's rows."""
_DRIFT: Final[Mapping[str, str]] = {
    "earningId": "Earning ID",
    "earningAmount": "EARNINGAMOUNT",
    "PurchaseRecordId": "Purchase record ID",
    "EstimatedRevenueUSD": "Estimated revenue (USD)",
    "PayoutStatus": "Payout status",
    "estimatedPaymentMonth": "Estimated Payment Month",
    "UsageReference": "Usage reference",
    "AssetId": "Asset ID",
    "paymentID": "Payment Id",
    "MeteredUsage": "Metered usage",
}


def write_files(book: Book, folder: Path, *, by_month: bool = False, drift_seed: int | None = None) -> list[Path]:
    """Write every report as files and return them.

    Args:
        book: What to write.
        folder: Where.
        by_month: One file for each month of each report, instead of one for each report.
        drift_seed: Draws how each file's header and form drift; without it they are plain.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(drift_seed)  # noqa: S311 - forms of files, no secret
    written = []
    for name, rows in book.reports().items():
        if not rows:
            continue
        for label, part in _parts(name, rows, by_month=by_month):
            columns = list(dict.fromkeys(column for row in rows for column in row))
            path = folder / f"{name}{label}.csv"
            if drift_seed is None:
                path.write_text(text_of(part, columns), encoding="utf-8", newline="")
                written.append(path)
            else:
                written.append(_drifted(path, part, columns, draw))
    return written


def _parts(name: str, rows: Sequence[Row], *, by_month: bool) -> list[tuple[str, list[Row]]]:
    if not by_month:
        return [("", list(rows))]
    months: dict[str, list[Row]] = {}
    for row in rows:
        months.setdefault(row[DAY_COLUMNS[name]][:7], []).append(row)
    return [(f"-{month}", months[month]) for month in sorted(months)]


def text_of(rows: Sequence[Row], columns: Sequence[str], headers: Sequence[str] = (), delimiter: str = ",") -> str:
    """Return rows as delimited text."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(headers or columns)
    writer.writerows([[row.get(column, "") for column in columns] for row in rows])
    return text.getvalue()


def _drifted(path: Path, rows: list[Row], columns: list[str], draw: random.Random) -> Path:
    rows = list(rows)
    draw.shuffle(rows)
    columns = list(columns)
    draw.shuffle(columns)
    headers = [_DRIFT.get(column, column.upper() if draw.random() < 0.3 else column) for column in columns]
    if draw.random() < 0.5:
        rows = [{**row, "NewColumn": "x"} for row in rows]
        columns, headers = [*columns, "NewColumn"], [*headers, "NewColumn"]
    if draw.random() < 0.4:
        rows = [{name: _american(value) for name, value in row.items()} for row in rows]
    delimiter = draw.choice([",", ",", "\t"])
    text = text_of(rows, columns, headers, delimiter)
    form = draw.randrange(4)
    if form == 0:
        path = path.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.with_suffix(".csv").name, text)
    elif form == 1:
        path.write_text("\ufeff" + text, encoding="utf-8", newline="")
    elif form == 2:
        path.write_bytes(text.replace("\n", "\r\n").encode("utf-16"))
    else:
        path.write_text(text, encoding="utf-8", newline="")
    return path


def _american(value: str) -> str:
    """Write a day as month/day/year, as some downloads do."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return f"{day.month}/{day.day}/{day.year}"
