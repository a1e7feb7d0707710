"""What a search text may mean: words of a name, an id or its beginning, an amount."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.overview.searching.matching import amounts_in, fold, guid_bounds, our_id, rank_of, read_search, words_of
from fairkeeper.values.ids import new_ulid

AMOUNTS = st.decimals(Decimal("0.01"), Decimal("999999999.99"), places=2)


def grouped(value: Decimal, group: str, point: str) -> str:
    return f"{value:,.2f}".replace(",", "G").replace(".", point).replace("G", group)


@given(
    AMOUNTS,
    st.sampled_from(
        [(",", "."), (".", ","), (" ", ","), ("\N{NARROW NO-BREAK SPACE}", ","), ("'", "."), ("", "."), ("", ",")]
    ),
    st.sampled_from(["{}", "USD {}", "{} USD", "usd{}", "${}", "{}\N{NO-BREAK SPACE}$", "-{}", "({})", "−{} USD"]),
)
def test_an_amount_is_found_however_it_is_written(value: Decimal, separators: tuple[str, str], form: str) -> None:
    written = form.format(grouped(value, *separators))
    found = amounts_in(written)
    assert value in {each.value for each in found}, written
    assert {each.currency for each in found} <= {None, "USD"}
    assert all((each.currency == "USD") is ("usd" in written.lower() or "$" in written) for each in found)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,234", {"1234", "1.234"}),
        ("1.234", {"1234", "1.234"}),
        ("1,234,567", {"1234567"}),
        ("12,34,567.50", {"1234567.50"}),
        ("1234", {"1234"}),
        ("0.5", {"0.5"}),
        ("JPY 1200", {"1200"}),
        ("1.2.3", set()),
        ("1,23,4", set()),
        ("12:30", set()),
        ("Contoso 3", set()),
        ("9" * 30, set()),
        ("$", set()),
        ("-", set()),
    ],
)
def test_what_an_amount_can_mean(text: str, values: set[str]) -> None:
    assert {each.value for each in amounts_in(text)} == {Decimal(value) for value in values}


@given(st.text(max_size=40))
def test_any_text_can_be_read_in_every_way(text: str) -> None:
    sought = read_search(text)
    assert all(each.value >= 0 for each in sought.amounts)
    assert all(word == fold(word) for word in sought.words)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(min_size=1, max_size=30))
def test_a_name_is_found_by_itself_by_its_words_in_any_order_and_by_their_beginnings(name: str) -> None:
    words = words_of(name)
    if not words:
        assert rank_of(words, name) is None
        return
    assert rank_of(words, name) == 0
    assert rank_of(words_of(name.upper()), name) is not None or name.upper().casefold() != name.casefold()
    assert rank_of(tuple(reversed(words)), name) in {0, 1, 2}
    assert rank_of((words[-1][:1],), name) in {0, 1, 2}


def test_better_names_come_first() -> None:
    names = ["Kontoso", "Old Contoso", "Contoso Ltd", "Contoso", "Supercontosomatic"]
    ranked = sorted((rank, name) for name in names if (rank := rank_of(("contoso",), name)) is not None)
    assert ranked == [(0, "Contoso"), (1, "Contoso Ltd"), (2, "Old Contoso"), (3, "Supercontosomatic")]


@given(st.integers(0, 26))
def test_an_id_is_found_by_every_beginning_of_it(length: int) -> None:
    ulid = new_ulid()
    found = our_id(f" DEC_{ulid[:length].lower()} ")
    assert found is not None
    first, last = found.bounds("dec")
    assert first <= f"dec_{ulid}" <= last
    assert len(first) == len(last) == 30
    assert (first == last) is (length == 26)


def test_an_id_without_its_kind_is_looked_for_among_all() -> None:
    ulid = new_ulid()
    found = our_id(ulid)
    assert found is not None
    assert (found.prefix, found.bounds("agt")) == ("", (f"agt_{ulid}", f"agt_{ulid}"))
    assert our_id(ulid[:6]) is None, "a few letters are part of a name"


@pytest.mark.parametrize("text", ["contoso", "cus-01", "dec_", "dec_01U", "toolong_01", "ent_" + "0" * 27, "", "_"])
def test_what_is_no_id_of_ours(text: str) -> None:
    found = our_id(text)
    assert found is None or text == "dec_"


@given(st.uuids(), st.integers(6, 32), st.booleans())
def test_a_guid_is_found_by_every_beginning_of_it(guid: object, length: int, has_dashes: bool) -> None:
    whole = str(guid)
    places = [number for number, letter in enumerate(whole) if letter != "-"]
    beginning = whole[: places[length - 1] + 1]
    bounds = guid_bounds((beginning if has_dashes else beginning.replace("-", "")).upper())
    assert bounds is not None
    assert bounds[0] <= whole <= bounds[1]
    assert (bounds[0] == bounds[1]) is (length == 32)


@pytest.mark.parametrize("text", ["0a0b0", "0a-0b-0c-0d", "contoso", "+49 0a0b0c", "g" * 32])
def test_what_is_no_guid(text: str) -> None:
    assert guid_bounds(text) is None
