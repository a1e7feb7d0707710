"""Results as people read them: tables, sheets, nothing left out without a word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.cli.rendering import render, table

PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=30)
RESULTS = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab_", min_size=1), inner, max_size=4)
)


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    rows = [{"name": "Contoso", "seats": 5}, {"name": "Adatum", "seats": 1200}]
    assert render(rows).splitlines() == ["name     seats", "Contoso      5", "Adatum    1200"]


def test_columns_that_nobody_fills_are_left_out() -> None:
    assert render([{"name": "Contoso", "note": None, "more": {}}]) == "name\nContoso"


def test_what_does_not_fit_is_counted() -> None:
    rows = [{"first": "a" * 20, "second": "b" * 20, "third": "c"}]
    assert table(rows, width=30).splitlines()[-1] == "(2 more columns: --json)"


def test_a_long_cell_is_shortened_in_tables_and_whole_in_sheets() -> None:
    text = "word " * 40
    assert "…" in render([{"text": text}])
    assert render({"text": text, "n": 1}).splitlines()[0].rstrip().endswith("word")
    assert "…" not in render({"text": text})


def test_an_empty_list_says_so() -> None:
    assert render([]) == "Nothing."


def test_a_page_shows_its_plain_fields_and_its_list() -> None:
    assert render({"total": 1, "customers": [{"slug": "contoso"}]}) == "total  1\n\nCustomers\n  slug\n  contoso"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in render({"name": "\x1b[31mred", "list": [{"x": "\x1b]0;title\x07"}]})


@given(RESULTS)
def test_anything_can_be_rendered(result: object) -> None:
    assert isinstance(render(result, width=60), str)
