"""Reads a schedule that was pasted from a spreadsheet: columns of dates, amounts and notes.

Spreadsheets write dates and amounts as their country does. What can mean two things is a finding and never a guess: a
row is read only where one reading is possible, and day and month are told apart by the rows that allow one order only.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fairkeeper.deals.checks.declaring import declare
from fairkeeper.deals.deal import Charge
from fairkeeper.values.currencies import Currency
from fairkeeper.values.findings import Finding, Findings
from fairkeeper.values.money import Money

PASTED_ROW_UNREADABLE: Final = declare(
    "pasted_row_unreadable",
    title="A pasted row has a date, an amount and perhaps a note",
    remedy="Correct the cell that is named; the first row may say `start` instead of a date.",
    resource="learn-flexible-billing",
    example="2025-01-31 | about five million | Q1",
)
PASTED_DATE_AMBIGUOUS: Final = declare(
    "pasted_date_ambiguous",
    title="A pasted date can be read in one way only",
    remedy="Write the dates as year-month-day.",
    resource="learn-flexible-billing",
    example="03/04/2025",
)

_LONGEST_AMOUNT: Final = 60
"""More characters than any amount has, and fewer digits than Python refuses to read as a number."""
_START_WORDS: Final = frozenset({"start", "at start", "at_start", "billing starts", "on signing", "on purchase"})
_MONTHS: Final = dict(zip("jan feb mar apr may jun jul aug sep oct nov dec".split(), range(1, 13), strict=True))  # noqa: SIM905 - reads as a row
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?")
_NAMED: Final = re.compile(r"(?:(\d{1,2})[ -]([A-Za-z]{3,9})|([A-Za-z]{3,9})[ -](\d{1,2}),?)[ -](\d{4})")
_SLASHED: Final = re.compile(r"(\d{1,2})([/.])(\d{1,2})\2(\d{4})")
_WITH_POINT: Final = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:[, '\u00a0\u202f]\d{3})+)(?:\.\d+)?")
_WITH_COMMA: Final = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:[. '\u00a0\u202f]\d{3})+)(?:,\d+)?")
_SIGNS: Final = re.compile(r"^[A-Z]{3}\s*|\s*[A-Z]{3}$|[$€£¥₩]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """What was read of a pasted text."""

    charges: tuple[Charge, ...]
    findings: Findings


def read_pasted(text: str, currency: Currency, *, starts_on: date | None = None) -> Pasted:
    r"""Read rows of date, amount and note, separated by tabs, semicolons or commas; a heading is skipped.

    Args:
        text: As it was copied.
        currency: Of the amounts.
        starts_on: The contract's first day, whose row is the charge at the start.

    Example:
        >>> from fairkeeper.values.currencies import currency
        >>> pasted = read_pasted("Date\tAmount\nstart\t$2,000\n31/01/2027\t$3,000.50", currency("USD"))
        >>> [(charge.on, str(charge.amount)) for charge in pasted.charges]
        [(None, '2000.00 USD'), (datetime.date(2027, 1, 31), '3000.50 USD')]
    """
    try:
        rows = [row for row in _rows(text) if any(cell.strip() for cell in row[1])]
    except csv.Error as error:
        return Pasted(charges=(), findings=Findings.of([PASTED_ROW_UNREADABLE.found(f"It is no table: {error}.")]))
    if rows and not any(character.isdigit() for cell in rows[0][1] for character in cell):
        rows = rows[1:]
    day_first = _day_first([cells[0].strip() for _, cells in rows])
    charges: list[Charge] = []
    found: list[Finding] = []
    for number, cells in rows:
        read = _row(cells, currency, number, day_first=day_first)
        if isinstance(read, Finding):
            found.append(read)
        else:
            charges.append(Charge(on=None if read.on == starts_on else read.on, amount=read.amount, note=read.note))
    return Pasted(charges=tuple(charges), findings=Findings.of(found))


def _rows(text: str) -> list[tuple[int, list[str]]]:
    separator = next((mark for mark in "\t;" if mark in text), ",")
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=separator)
    return [(number, row) for number, row in enumerate(reader, 1)]


def _row(cells: Sequence[str], currency: Currency, number: int, *, day_first: bool | None) -> Charge | Finding:
    padded = [cell.strip() for cell in cells] + [""] * 3
    when, amount_text, note = padded[0], padded[1], padded[2]
    amount = _amount(amount_text, currency)
    if amount is None:
        return PASTED_ROW_UNREADABLE.found(f"{amount_text[:40]!r} is not an amount of {currency}.", row=number)
    if when.lower() in _START_WORDS:
        return Charge(on=None, amount=amount, note=note)
    day = _date(when, day_first=day_first)
    if day is not None:
        return Charge(on=day, amount=amount, note=note)
    if _SLASHED.fullmatch(when) and day_first is None:
        return PASTED_DATE_AMBIGUOUS.found(f"{when} can be two days.", row=number)
    return PASTED_ROW_UNREADABLE.found(f"{when[:40]!r} is not a date.", row=number)


def _amount(text: str, currency: Currency) -> Money | None:
    """Return the one amount that a text can mean, None where it is none or could be two."""
    if len(text) > _LONGEST_AMOUNT:
        return None
    bare = _SIGNS.sub("", text).strip()
    readings = set()
    if _WITH_POINT.fullmatch(bare):
        readings.add(re.sub(r"[, '\u00a0\u202f]", "", bare))
    if _WITH_COMMA.fullmatch(bare):
        readings.add(re.sub(r"[. '\u00a0\u202f]", "", bare).replace(",", "."))
    # Three digits after a mark are a thousand, unless the currency has as many decimals: then nobody can tell.
    possible = [each for each in readings if len(each.partition(".")[2]) <= currency.exponent]
    return Money.from_decimal_text(possible[0], currency) if len(possible) == 1 else None


def _date(text: str, *, day_first: bool | None) -> date | None:
    try:
        if match := _ISO.fullmatch(text):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _NAMED.fullmatch(text):
            month = _MONTHS[(match[2] or match[3])[:3].lower()]
            return date(int(match[5]), month, int(match[1] or match[4]))
        if (match := _SLASHED.fullmatch(text)) and day_first is not None:
            first, second = int(match[1]), int(match[3])
            day, month = (first, second) if day_first else (second, first)
            return date(int(match[4]), month, day)
    except (ValueError, KeyError):
        pass
    return None


def _day_first(texts: Sequence[str]) -> bool | None:
    """Tell whether days come before months, from the rows that allow one order only; None where none does."""
    pairs = [(int(match[1]), int(match[3])) for text in texts if (match := _SLASHED.fullmatch(text))]
    if any("." in text for text in texts if _SLASHED.fullmatch(text)) or any(first > 12 for first, _ in pairs):
        return True if all(second <= 12 for _, second in pairs) else None
    return False if any(second > 12 for _, second in pairs) else None
