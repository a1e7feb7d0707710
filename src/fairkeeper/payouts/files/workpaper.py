"""The workpaper of a payment as a spreadsheet: the sums, every earning, bank lines, differences, and where each stands.

Amounts are exact in the text column beside the number, because a spreadsheet keeps numbers as floating point.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from fairkeeper.payouts.views import PaymentLine, TraceView

_HEADS: Final = ("Stage", "Row", "Date", "Amount", "Exact amount", "Currency", "Status", "File", "Row of the file")


def workpaper(line: PaymentLine, view: TraceView, *, made_at: datetime) -> bytes:
    """Return the spreadsheet.

    Args:
        line: The payment beside what was traced to it.
        view: Its chain.
        made_at: When it is made.
    """
    import xlsxwriter

    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    bold, amount = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    _summary(book.add_worksheet("Summary"), line, made_at, bold, amount)
    for stage in view.chain:
        if stage.rows:
            sheet = book.add_worksheet(stage.stage.capitalize())
            rows = [
                (
                    stage.stage,
                    row.what,
                    "" if row.on is None else str(row.on),
                    row.amount,
                    row.amount or "",
                    row.currency or "",
                    row.status or "",
                    row.file,
                    str(row.row),
                )
                for row in stage.rows
            ]
            _table(sheet, _HEADS, rows, bold, amount)
    differences = [(each.code, each.message, each.amount or "", each.currency or "") for each in view.open_findings]
    if differences:
        _table(book.add_worksheet("Differences"), ("Code", "What", "Amount", "Currency"), differences, bold, None)
    book.close()
    return content.getvalue()


def _summary(sheet: Any, line: PaymentLine, made_at: datetime, bold: Any, amount: Any) -> None:
    facts: Sequence[tuple[str, str | None, str]] = (
        ("Payment", line.payment_id, ""),
        ("Sent on", str(line.payment_date), ""),
        ("Status", line.status, ""),
        ("Earned, as the payment states", line.stated, line.currency),
        ("Earned, as traced", line.traced, line.currency),
        ("Difference", line.difference, line.currency),
        ("Earnings traced", str(line.earnings), ""),
        ("Adjustments among them", str(line.adjustments), ""),
        ("Paid", line.total, line.paid_currency or ""),
        ("Arrived at the bank", line.arrived, line.paid_currency or ""),
        ("Earnings of every month before are there", "yes" if line.is_covered else "no", ""),
        ("Made at", made_at.isoformat(), ""),
    )
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, 1, 28)
    for number, (label, value, unit) in enumerate(facts):
        sheet.write_string(number, 0, label, bold)
        _write(sheet, number, 1, value, amount if unit else None)
        sheet.write_string(number, 2, unit)


def _table(sheet: Any, heads: Sequence[str], rows: Sequence[Sequence[str | None]], bold: Any, amount: Any) -> None:
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, bold)
    sheet.set_column(1, 1, 48)
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            _write(sheet, number, place, value, amount if heads[place] == "Amount" else None)


def _write(sheet: Any, row: int, column: int, value: str | None, amount: Any) -> None:
    """Write a text as text; an amount as a number, too large ones as text."""
    if value is None:
        return
    if amount is not None and abs(Decimal(value)) < Decimal(10) ** 13:
        sheet.write_number(row, column, float(value), amount)
        return
    sheet.write_string(row, column, value[:32_000])
