"""Sheets as files: no formula, no lost digit, no lost row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.values.money import Money
from fairkeeper.web.format import StateWord, state
from fairkeeper.web.parts import Identifier, Link
from fairkeeper.web.serving import exports
from fairkeeper.web.serving.exports import Cell, Sheet, TooManyRowsError, csv_answer, sheet_of_rows, xlsx_answer

FORMULAS = (
    *("=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\uff1d1"),
    *('=HYPERLINK("http://x.example","y")', "=cmd|' /C calc'!A0"),
)


def _csv(*cells: Cell) -> list[str]:
    answer = csv_answer(Sheet(name="list", heads=tuple("abcdefgh"[: len(cells)]), rows=[cells]))
    return list(csv.reader(io.StringIO(bytes(answer.body).decode("utf-8-sig"), newline="")))[1]


def _xlsx(*cells: Cell) -> list[object]:
    answer = xlsx_answer(Sheet(name="list", heads=tuple("abcdefgh"[: len(cells)]), rows=[cells]))
    book = python_calamine.load_workbook(io.BytesIO(bytes(answer.body)))
    return list(book.get_sheet_by_index(0).to_python()[1])


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_is_text(text: str) -> None:
    assert _csv(text) == [f"'{text}"]
    assert isinstance(_xlsx(text)[0], str)
    content = bytes(xlsx_answer(Sheet(name="list", heads=("a",), rows=[(text,)])).body)
    assert b"<f>" not in content


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r"), max_size=40))
def test_no_text_of_a_csv_file_begins_as_formulas_do(text: str) -> None:
    (written,) = _csv(text)
    assert written.lstrip()[:1] not in {"=", "+", "-", "@"}
    assert written in {text, f"'{text}"}


def test_numbers_dates_and_words_arrive_as_what_they_are() -> None:
    at = datetime(2026, 11, 22, 13, 30, tzinfo=timezone(timedelta(hours=1)))
    cells: tuple[Cell, ...] = (-5, Decimal("12.50"), True, None, date(2026, 11, 22), at, 2**53 - 1)
    assert _csv(*cells) == ["-5", "12.50", "yes", "", "2026-11-22", "2026-11-22T12:30:00+00:00", "9007199254740991"]
    found = _xlsx(*cells)
    assert found[:2] == [-5, 12.5]
    assert found[2:4] == ["yes", ""]
    assert found[4] == date(2026, 11, 22)
    assert found[5] == datetime(2026, 11, 22, 12, 30)  # noqa: DTZ001 - a spreadsheet has no time zones
    assert found[6] == "9007199254740991", "a spreadsheet keeps 15 digits of a number"


@dataclass(frozen=True)
class Line:
    customer: Link
    tenant: Identifier | None
    state: StateWord
    price: Money | None
    roles: list[str]
    at: datetime | None
    press: Sheet | None = None


def test_a_pages_rows_become_columns_without_what_can_be_pressed() -> None:
    contoso = Line(
        Link(label="Contoso", href="/customers/contoso"),
        Identifier(text="t-1", names="tenant id"),
        state("Suspended"),
        Money.from_decimal_text("12.50", "EUR"),
        ["owner", "finance"],
        None,
    )
    nobody = Line(Link(label="-", href="/"), None, state("held"), None, [], datetime(2026, 11, 22, tzinfo=UTC))
    sheet = sheet_of_rows("lines", Line, [contoso, nobody])
    assert sheet.heads == ("customer", "tenant", "state", "price", "price_currency", "roles", "at")
    first, second = sheet.rows
    assert first == ("Contoso", "t-1", "Suspended", Decimal("12.50"), "EUR", "owner, finance", None)
    assert second == ("-", None, "Held", None, None, "", datetime(2026, 11, 22, tzinfo=UTC))


def test_a_list_that_is_too_long_is_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 3)
    csv_answer(Sheet(name="list", heads=("a",), rows=[(1,)] * 3))
    for answer in (csv_answer, xlsx_answer):
        with pytest.raises(TooManyRowsError):
            answer(Sheet(name="list", heads=("a",), rows=[(1,)] * 4))
