"""Tables that people hand over as CSV: whatever their program does to lines, marks and spaces, and what is refused."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.accounts.errors import ObservationUnreadableError
from fairkeeper.accounts.observed.sources import Source, read_source
from fairkeeper.customers.actions.custody.adopt import read_file
from fairkeeper.errors import InvalidError
from fairkeeper.opportunities.cards.prices import read_prices
from fairkeeper.values.csv_text import CsvUnreadableError, read_csv

CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
LARGE = "x" * 200_000


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_a_writer_wrote_is_read_again(rows: list[list[str]], line_end: str) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end).writerows([["Tenant ID", "owner"], *rows])
    table = read_csv("\ufeff" + text.getvalue())
    assert table.columns == ("tenant_id", "owner")
    kept = [[cell.strip() for cell in row] for row in rows]
    assert [list(row.cells.values()) for row in table.rows] == [row for row in kept if any(row)]


def test_a_cell_that_is_not_there_is_empty_and_one_too_many_is_left_out() -> None:
    table = read_csv("a,b\n1\n\n,\n1,2,3\n")
    assert [(row.number, row.cells) for row in table.rows] == [(2, {"a": "1", "b": ""}), (5, {"a": "1", "b": "2"})]
    assert table.lacks("b", "c", "a") == ["c"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('a,b\n"1,2\n', "unexpected end of data"),
        (f'a,b\n"{LARGE}",2\n', "field larger than field limit"),
        ("a,B, b \n1,2,3\n", "a column stands twice"),
        ("a\n1\n2\n3\n", "more than 2 rows"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(CsvUnreadableError, match=why):
        read_csv(text, most_rows=2)


def test_nothing_at_all_has_no_columns() -> None:
    assert read_csv("") == read_csv("\ufeff")
    assert read_csv("").lacks("a") == ["a"]


def test_a_cell_beyond_all_measure_is_refused_in_the_words_of_the_file_it_stands_in() -> None:
    with pytest.raises(InvalidError, match=r"prices\.csv cannot be read"):
        read_prices(f'product,price_per_seat_per_month,currency,from\n"{LARGE}",30,USD,2026-05-01', source="prices.csv")
    with pytest.raises(ObservationUnreadableError, match="export of users cannot be read"):
        read_source(Source.USERS, f'Email,Roles\n"{LARGE}",Owner')
    with pytest.raises(InvalidError, match="cannot be read as CSV"):
        list(read_file(f'AMPSubscriptionId,SubscriptionStatus\n"{LARGE}",Subscribed'))
