"""What a call counts: sums of fields wherever lists lie on their way, never a guess for what is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.policy.decision.facts import MeterFacts, MeterSource
from fairkeeper.policy.decision.measuring import measured, result_fields, sum_at, taken_before, to_milli
from fairkeeper.policy.decision.record import basis_content, read_basis
from tests.unit.policy.facts import basis, tool

PAGES = MeterFacts(dimension="documents", of=MeterSource.ARGUMENT, field="pages")
CALLS = MeterFacts(dimension="documents")
TOKENS = MeterFacts(dimension="tokens", of=MeterSource.RESULT, field="usage.tokens")


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_members_of_lists_are_added_up(numbers: list[int]) -> None:
    assert sum_at({"pages": numbers}, "pages") == sum(numbers)
    assert sum_at({"of": [{"pages": each} for each in numbers]}, "of.pages") == sum(numbers)
    assert to_milli(Decimal(sum(numbers))) == sum(numbers) * 1000


@pytest.mark.parametrize(
    "value", [{}, {"n": "7"}, {"n": True}, {"n": -1}, {"n": [1, "2"]}, {"n": None}, {"n": float("nan")}, {"m": 1}, []]
)
def test_what_is_no_number_is_not_known(value: Any) -> None:
    assert sum_at(value, "n") is None


def test_every_meter_counts_by_itself() -> None:
    meters = (CALLS, PAGES, TOKENS)
    assert measured(meters, {"pages": [1, 2]}, {"usage.tokens": Decimal("0.25")}) == [
        ("documents", 1000),
        ("documents", 3000),
        ("tokens", 250),
    ]
    assert measured(meters, None, {}) == [("documents", 1000), ("documents", None), ("tokens", None)]
    assert result_fields(tool(meters=meters)) == ("usage.tokens",)


def test_before_a_call_its_arguments_count_and_its_result_does_not() -> None:
    metered = tool(meters=(CALLS, PAGES, TOKENS))
    assert taken_before(metered, "documents", {"pages": 4}) == 5000
    assert taken_before(metered, "tokens", {}) == 0
    assert taken_before(metered, "documents", {}) is None


def test_bases_without_meters_keep_the_digest_that_they_had() -> None:
    """What came later stands in a record only where it says something, so that older decisions compute again."""
    assert '"meters"' not in basis_content(basis())
    with_meters = basis(tool=tool(meters=(TOKENS,)))
    assert '"meters"' in basis_content(with_meters)
    assert read_basis(basis_content(with_meters)) == with_meters
