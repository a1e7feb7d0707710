"""Canonical bytes are RFC 8785 within the subset, and everything outside it is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import sys
import uuid
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import InvalidError
from fairkeeper.proof.canonical import LARGEST_INTEGER, canonical_bytes, canonical_bytes_of_plain, read_canonical

texts = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=0x7F))
scalars = st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=30)


class Colour(enum.Enum):
    RED = "red"


@given(values)
def test_equals_rfc_8785(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(before=values, rest=st.dictionaries(keys, values))
def test_a_part_that_was_spelled_before_stands_in_the_whole_as_it_is(before: Any, rest: dict[str, Any]) -> None:
    whole = canonical_bytes_of_plain(rest | {"part": msgspec.Raw(canonical_bytes(before))})
    assert whole == canonical_bytes(rest | {"part": before})


@pytest.mark.parametrize("outside", [{"a": LARGEST_INTEGER + 1}, {"a": [{"ü": 1}]}, {"a": "\ud800"}])
def test_plain_types_outside_the_subset_are_refused_without_being_read_back(outside: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as caught:
        canonical_bytes_of_plain(outside)
    assert caught.value.code == "proof.not_canonical"


@given(values)
def test_reading_gives_the_value_back(value: Any) -> None:
    assert read_canonical(canonical_bytes(value)) == value


def test_every_code_point_is_spelled_as_in_rfc_8785() -> None:
    everything = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    assert canonical_bytes(everything) == rfc8785.dumps(everything)


def test_every_ascii_key_is_spelled_and_sorted_as_in_rfc_8785() -> None:
    value = {first + chr(code): code for first in ("", "a") for code in range(0x80)}
    assert canonical_bytes(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("number", [LARGEST_INTEGER, -LARGEST_INTEGER, 0, 10**15])
def test_exact_integers_are_taken(number: int) -> None:
    assert canonical_bytes([number]) == rfc8785.dumps([number])


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        1.0,
        float("nan"),
        float("inf"),
        LARGEST_INTEGER + 1,
        -LARGEST_INTEGER - 1,
        10**30,
        b"bytes",
        (1, 2),
        {1},
        {1: "a"},
        {True: "a"},
        {None: "a"},
        {"é": 1},
        {"a": {"ü": "x"}},
        [{"a": [{"\U0001f600": None}]}],
        "\ud800",
        {"\ud800": 1},
        dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        uuid.UUID(int=1),
        decimal.Decimal(1),
        Colour.RED,
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("place", [lambda value: value, lambda value: [value], lambda value: {"a": {"b": [0, value]}}])
def test_what_json_has_no_single_spelling_for_is_refused(value: Any, place: Any) -> None:
    with pytest.raises(InvalidError) as caught:
        canonical_bytes(place(value))
    assert caught.value.code == "proof.not_canonical"


def test_endless_nesting_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidError):
        canonical_bytes(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1\n",
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"9007199254740992",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'"\\u0061"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\\u007f"',
        b'"\\ud800"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        '{"é":1}'.encode(),
        b"NaN",
        b"[1,]",
        b"\xef\xbb\xbf1",
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_any_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidError) as caught:
        read_canonical(data)
    assert caught.value.code == "proof.not_canonical"


@given(st.binary())
def test_only_its_own_spelling_is_ever_read(data: bytes) -> None:
    try:
        value = read_canonical(data)
    except InvalidError:
        return
    assert canonical_bytes(value) == data
