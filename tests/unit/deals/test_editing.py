"""Edits keep the total, or say by how much it moved."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.deals.deal import Charge
from fairkeeper.deals.errors import EditRefusedError
from fairkeeper.deals.schedules.editing import Edited, add_line, remove_line, set_amount, shift
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import QUARTERS, charge, codes_of_currencies, schedules, usd


def total(charges: tuple[Charge, ...]) -> int:
    return sum(each.amount.minor for each in charges)


def texts(edited: Edited) -> list[str]:
    return [each.amount.to_decimal_text() for each in edited.charges]


@given(st.data())
def test_an_edit_keeps_the_total_or_says_by_how_much_it_moved(data: st.DataObject) -> None:
    code = data.draw(codes_of_currencies)
    before = data.draw(schedules(code))
    line = data.draw(st.integers(0, len(before) - 1))
    amount = Money(data.draw(st.integers(0, 10**12)), currency(code))
    keep = data.draw(st.booleans())
    try:
        edited = set_amount(before, line, amount, keep_total=keep)
    except EditRefusedError:
        assert keep
        return
    assert edited.moved_by.minor == total(edited.charges) - total(before)
    assert edited.charges[line].amount == amount
    assert [each.on for each in edited.charges] == [each.on for each in before]
    if keep:
        assert edited.moved_by.minor == 0
        assert all(each.amount.minor >= 0 for each in edited.charges)


@given(st.data())
def test_removing_a_line_keeps_the_total_or_moves_it_by_the_line(data: st.DataObject) -> None:
    before = data.draw(schedules("USD").filter(lambda each: len(each) > 2))
    line = data.draw(st.integers(1, len(before) - 1))
    kept = remove_line(before, line, keep_total=True)
    moved = remove_line(before, line, keep_total=False)
    assert (kept.moved_by.minor, moved.moved_by) == (0, -before[line].amount)
    assert before[line] not in moved.charges


def test_later_lines_make_up_for_a_change() -> None:
    edited = set_amount(QUARTERS, 1, usd("100000"), keep_total=True)
    assert texts(edited) == ["250000.00", "100000.00", "325000.00", "325000.00"]


def test_earlier_lines_make_up_for_the_last() -> None:
    edited = set_amount(QUARTERS, 3, usd("100000"), keep_total=True)
    assert texts(edited) == ["300000.00", "300000.00", "300000.00", "100000.00"]


def test_an_edit_may_move_the_total() -> None:
    edited = set_amount(QUARTERS, 1, usd("250000.01"), keep_total=False)
    assert str(edited.moved_by) == "0.01 USD"


def test_a_line_is_put_where_its_date_belongs() -> None:
    added = charge("2025-06-15", "400000", "Extra")
    edited = add_line(QUARTERS, added, keep_total=True)
    assert [each.note for each in edited.charges] == ["Q1", "Q2", "Extra", "Q3", "Q4"]
    assert texts(edited) == ["150000.00", "150000.00", "400000.00", "150000.00", "150000.00"]
    assert str(add_line(QUARTERS, added, keep_total=False).moved_by) == "400000.00 USD"


def test_dates_move_together_and_the_total_stays() -> None:
    shifted = shift((charge(None, "1"), charge("2025-01-31", "1"), charge("2025-03-31", "1")), 1)
    assert [each.on for each in shifted.charges] == [None, date(2025, 2, 28), date(2025, 4, 30)]
    assert not shifted.moved_by


@pytest.mark.parametrize(
    "edit",
    [
        lambda: set_amount(QUARTERS, 4, usd("1"), keep_total=False),
        lambda: set_amount(QUARTERS, -1, usd("1"), keep_total=False),
        lambda: set_amount(QUARTERS, 0, usd("1000000.01"), keep_total=True),
        lambda: set_amount(QUARTERS[:1], 0, usd("1"), keep_total=True),
        lambda: remove_line(QUARTERS, 0, keep_total=False),
        lambda: remove_line(QUARTERS, 9, keep_total=False),
        lambda: add_line(QUARTERS, charge(None, "1"), keep_total=False),
        lambda: add_line(QUARTERS, charge("2025-05-01", "1"), keep_total=False),
        lambda: add_line(QUARTERS, charge("2025-06-01", "1000000.01"), keep_total=True),
    ],
)
def test_what_cannot_be_done_is_refused(edit: object) -> None:
    assert callable(edit)
    with pytest.raises(EditRefusedError):
        edit()
