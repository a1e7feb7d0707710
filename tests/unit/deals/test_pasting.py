"""Schedules pasted from a spreadsheet: one reading or a finding."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.deals.schedules.pasting import Pasted, read_pasted
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import schedules

USD = currency("USD")


def rows(pasted: Pasted) -> list[tuple[str | None, str, str]]:
    return [
        (each.on.isoformat() if each.on else None, each.amount.to_decimal_text(), each.note) for each in pasted.charges
    ]


@given(st.data())
def test_a_schedule_survives_a_spreadsheet(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(["JPY", "USD"]))
    schedule = data.draw(schedules(code))
    lines = ["Date\tAmount", *(f"{each.on or 'start'}\t{each.amount.to_decimal_text()}" for each in schedule)]
    pasted = read_pasted("\n".join(lines), currency(code))
    assert not pasted.findings
    assert [(each.on, each.amount) for each in pasted.charges] == [(each.on, each.amount) for each in schedule]


@given(st.integers(0, 10**9))
def test_three_decimals_are_read_or_told_and_never_taken_for_thousands(minor: int) -> None:
    amount = Money(minor, currency("BHD"))
    pasted = read_pasted(f"start\t{amount.to_decimal_text()}", currency("BHD"))
    is_clear = minor < 1000 or minor >= 1_000_000
    assert [each.amount for each in pasted.charges] == ([amount] if is_clear else [])
    assert bool(pasted.findings) is not is_clear


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2000", "2000.00"),
        ("2,000", "2000.00"),
        ("2.000", "2000.00"),
        ("2,000.50", "2000.50"),
        ("2.000,50", "2000.50"),
        ("2000,5", "2000.50"),
        ("1'000'000.00", "1000000.00"),
        ("1 000 000,00", "1000000.00"),
        ("$ 5,000,000", "5000000.00"),
        ("USD 12.5", "12.50"),
        ("12.50 USD", "12.50"),
        ("0", "0.00"),
    ],
)
def test_amounts_of_many_countries(text: str, amount: str) -> None:
    assert rows(read_pasted(f"2027-01-31\t{text}", USD)) == [("2027-01-31", amount, "")]


@pytest.mark.parametrize("text", ["", "about 5", "1,00,000", "5e3", "1.2.3", "2.000", "2,000"])
def test_an_amount_that_can_be_two_things_or_none_is_told(text: str) -> None:
    pasted = read_pasted(f"2027-01-31\t{text}\tfee", currency("BHD"))
    assert (pasted.charges, [finding.code for finding in pasted.findings]) == ((), ["deals.pasted_row_unreadable"])


@pytest.mark.parametrize(
    "text", ["2027-01-31", "31/01/2027", "01/31/2027", "31.01.2027", "31 Jan 2027", "31-January-2027", "Jan 31, 2027"]
)
def test_dates_of_many_countries(text: str) -> None:
    pasted = read_pasted(f"{text}\t5", USD)
    assert [each.on for each in pasted.charges] == [date(2027, 1, 31)]


def test_one_row_tells_the_order_of_all() -> None:
    pasted = read_pasted("03/04/2027\t1\n04/05/2027\t1\n25/05/2027\t1", USD)
    assert [each.on for each in pasted.charges] == [date(2027, 4, 3), date(2027, 5, 4), date(2027, 5, 25)]


def test_dates_that_can_be_read_two_ways_are_told() -> None:
    pasted = read_pasted("Date\tAmount\n03/04/2027\t1\n2027-05-04\t1", USD)
    assert [(finding.code, finding.row) for finding in pasted.findings] == [("deals.pasted_date_ambiguous", 2)]
    assert len(pasted.charges) == 1


def test_rows_that_contradict_each_other_are_told() -> None:
    pasted = read_pasted("25/04/2027\t1\n04/25/2027\t1", USD)
    assert {finding.code for finding in pasted.findings} == {"deals.pasted_date_ambiguous"}
    assert pasted.charges == ()


@pytest.mark.parametrize("separator", ["\t", ";", ","])
def test_columns_are_separated_in_three_ways(separator: str) -> None:
    text = "\n".join(separator.join(row) for row in (["When", "What", "Why"], ["start", "5", "Fee"]))
    assert rows(read_pasted(text, USD)) == [(None, "5.00", "Fee")]


def test_the_row_of_the_first_day_is_the_charge_at_the_start() -> None:
    pasted = read_pasted("2027-01-01\t5\n2027-02-01\t6", USD, starts_on=date(2027, 1, 1))
    assert [each.on for each in pasted.charges] == [None, date(2027, 2, 1)]


def test_a_bad_row_hides_no_other_and_keeps_its_number() -> None:
    pasted = read_pasted("Date\tAmount\n\n2027-01-01\t5\n2027-13-01\t5\n2027-02-01\tx\n2027-03-01\t7", USD)
    assert [str(each.amount) for each in pasted.charges] == [str(Money(500, USD)), str(Money(700, USD))]
    assert [finding.row for finding in pasted.findings] == [4, 5]


def test_lines_may_end_as_on_any_machine() -> None:
    for ending in ("\n", "\r\n", "\r"):
        assert len(read_pasted(f"start\t5{ending}2027-02-01\t6", USD).charges) == 2


def test_what_is_no_table_is_told() -> None:
    pasted = read_pasted(f"start\t{'9' * 200_000}", USD)
    assert [finding.code for finding in pasted.findings] == ["deals.pasted_row_unreadable"]


def test_nothing_gives_nothing() -> None:
    assert read_pasted("", USD).charges == ()
