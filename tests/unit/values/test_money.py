"""Money is exact, stays in its currency, and shares without losing a minor unit."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import FairkeeperError
from fairkeeper.values.currencies import CURRENCIES, MARKETPLACE_CURRENCY_CODES, Currency, currency
from fairkeeper.values.errors import (
    AmountRefusedError,
    CurrencyMismatchError,
    CurrencyUnknownError,
    ValueRefusedError,
    WeightsRefusedError,
)
from fairkeeper.values.money import Money, Rounding, round_fraction

USD, JPY, BHD = currency("USD"), currency("JPY"), currency("BHD")

minors = st.integers(min_value=-(10**14), max_value=10**14)
currencies = st.sampled_from(sorted(CURRENCIES.values(), key=str))
weights = st.lists(
    st.one_of(
        st.integers(0, 10**9),
        st.decimals(0, 10**6, places=4),
        st.fractions(0, 1000, max_denominator=97),
    ),
    min_size=1,
    max_size=75,
).filter(any)


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("80000000.00", "USD", 8_000_000_000),
        ("0.5", "EUR", 50),
        ("-12.34", "USD", -1234),
        ("-0.00", "USD", 0),
        ("1200", "JPY", 1200),
        ("1200.00", "JPY", 1200),
        ("1.234", "BHD", 1234),
        ("2.500000", "USD", 250),
    ],
)
def test_amount_is_read_exactly(text: str, code: str, minor: int) -> None:
    assert Money.from_decimal_text(text, code) == Money(minor, currency(code))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.005", "USD"),
        ("1.5", "JPY"),
        ("1.0001", "BHD"),
        ("1,000.00", "USD"),
        ("1e3", "USD"),
        ("+1", "USD"),
        (" 1", "USD"),
        ("1\n", "USD"),
        (".5", "USD"),
        ("5.", "USD"),
        ("", "USD"),
        ("NaN", "USD"),
        ("\u0661\u0662", "USD"),
        ("9" * 60, "USD"),
    ],
)
def test_text_that_is_no_exact_amount_is_refused(text: str, code: str) -> None:
    with pytest.raises(AmountRefusedError):
        Money.from_decimal_text(text, code)


def test_refusal_is_a_value_error_and_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="has 3 decimals, but USD has 2") as caught:
        Money.from_decimal_text("1.005", "USD")
    assert isinstance(caught.value, FairkeeperError)
    assert caught.value.code == "values.amount_refused"
    assert caught.value.remedy


@given(minors, currencies)
def test_written_amount_reads_back(minor: int, unit: Currency) -> None:
    amount = Money(minor, unit)
    assert Money.from_decimal_text(amount.to_decimal_text(), unit) == amount
    assert Money.from_decimal(amount.to_decimal(), unit) == amount
    assert amount.to_decimal().scaleb(unit.exponent) == minor


@pytest.mark.parametrize(
    ("minor", "unit", "text"),
    [(5, USD, "0.05 USD"), (-5, USD, "-0.05 USD"), (0, BHD, "0.000 BHD"), (-7, JPY, "-7 JPY")],
)
def test_amount_is_written_with_all_its_decimals(minor: int, unit: Currency, text: str) -> None:
    assert str(Money(minor, unit)) == text


@pytest.mark.parametrize("number", [1.0, True, "1", Decimal(1), None])
def test_minor_units_are_whole_numbers_only(number: Any) -> None:
    with pytest.raises(TypeError):
        Money(number, USD)


@pytest.mark.parametrize("factor", [1.1, True, "1.1"])
def test_inexact_factor_is_refused(factor: Any) -> None:
    with pytest.raises(TypeError):
        Money(100, USD).multiply_rounded(factor, Rounding.HALF_UP)
    with pytest.raises(TypeError):
        Money(100, USD).allocate([factor])


def test_plain_multiplication_takes_whole_numbers_only() -> None:
    assert 3 * Money(5, USD) == Money(5, USD) * 3 == Money(15, USD)
    factor: Any = 1.5
    with pytest.raises(TypeError):
        Money(5, USD) * factor


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+40"), Decimal("0.001")])
def test_decimal_that_is_no_amount_is_refused(amount: Decimal) -> None:
    with pytest.raises(AmountRefusedError):
        Money.from_decimal(amount, USD)


def test_two_currencies_never_meet() -> None:
    dollars, euros = Money(100, USD), Money(100, currency("EUR"))
    for calculate in (
        lambda: dollars + euros,
        lambda: dollars - euros,
        lambda: dollars < euros,
        lambda: dollars <= euros,
        lambda: dollars > euros,
        lambda: dollars >= euros,
        lambda: Money.sum([dollars, euros], USD),
        lambda: Money.sum([dollars], "EUR"),
    ):
        with pytest.raises(CurrencyMismatchError):
            calculate()
    assert dollars != euros


def test_sum_of_nothing_is_zero_of_the_named_currency() -> None:
    assert Money.sum([], "JPY") == Money.zero(JPY)


@given(st.lists(minors, max_size=40), currencies)
def test_sum_and_comparison_are_those_of_whole_numbers(values: list[int], unit: Currency) -> None:
    amounts = [Money(value, unit) for value in values]
    assert Money.sum(amounts, unit).minor == sum(values)
    assert [amount.minor for amount in sorted(amounts)] == sorted(values)
    for amount in amounts:
        assert amount - amount == Money.zero(unit)
        assert abs(-amount) == abs(amount)
        assert bool(amount) is (amount.minor != 0)


@given(minors, currencies, weights)
def test_allocation_loses_nothing_and_strays_less_than_one_unit(
    minor: int, unit: Currency, parts: list[int | Decimal | Fraction]
) -> None:
    amount = Money(minor, unit)
    shares = amount.allocate(parts)
    assert Money.sum(shares, unit) == amount
    assert shares == amount.allocate(parts)
    assert shares == tuple(-share for share in (-amount).allocate(parts))
    total = sum(Fraction(part) for part in parts)
    for share, part in zip(shares, parts, strict=True):
        assert abs(share.minor - minor * Fraction(part) / total) < 1
        if not part:
            assert share.minor == 0


@given(st.integers(0, 10**9), weights)
def test_greater_weight_never_gets_less(minor: int, parts: list[int | Decimal | Fraction]) -> None:
    shares = Money(minor, USD).allocate(parts)
    ordered = sorted(zip([Fraction(part) for part in parts], [share.minor for share in shares], strict=True))
    for (lighter, smaller), (heavier, greater) in pairwise(ordered):
        assert lighter == heavier or smaller <= greater


def test_equal_remainders_go_to_the_earlier_weight() -> None:
    assert [share.minor for share in Money(5, JPY).allocate([1, 1, 1])] == [2, 2, 1]
    assert [share.minor for share in Money(-5, JPY).allocate([1, 1, 1])] == [-2, -2, -1]


@pytest.mark.parametrize("parts", [[], [0, 0], [1, -1], [2, -1], [Decimal(-1)]])
def test_weights_that_cannot_share_are_refused(parts: list[int]) -> None:
    with pytest.raises(WeightsRefusedError):
        Money(100, USD).allocate(parts)


_DECIMAL_ROUNDINGS = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.TOWARDS_ZERO: ROUND_DOWN,
    Rounding.AWAY_FROM_ZERO: ROUND_UP,
    Rounding.FLOOR: ROUND_FLOOR,
    Rounding.CEILING: ROUND_CEILING,
}


@given(minors, st.decimals(-1000, 1000, places=8), st.sampled_from(Rounding))
def test_multiplication_rounds_once_as_decimal_arithmetic_does(minor: int, factor: Decimal, rounding: Rounding) -> None:
    exact = Context(prec=80)
    expected = exact.multiply(Decimal(minor), factor).quantize(
        Decimal(1), rounding=_DECIMAL_ROUNDINGS[rounding], context=exact
    )
    assert Money(minor, USD).multiply_rounded(factor, rounding).minor == int(expected)


@given(st.integers(-1000, 1000), st.sampled_from(Rounding))
def test_halves_round_as_decimal_arithmetic_does(twice: int, rounding: Rounding) -> None:
    expected = (Decimal(twice) / 2).quantize(Decimal(1), rounding=_DECIMAL_ROUNDINGS[rounding])
    assert round_fraction(Fraction(twice, 2), rounding) == int(expected)


def test_channel_partners_adjustment_hits_its_target_price() -> None:
    partner_price = Money.from_decimal_text("95.00", "USD")
    adjusted = partner_price.multiply_rounded(1 + Decimal("10.52631579") / 100, Rounding.HALF_UP)
    assert str(adjusted) == "105.00 USD"


def test_all_marketplace_currencies_are_held_with_their_decimals() -> None:
    assert len(set(MARKETPLACE_CURRENCY_CODES)) == 16
    without_decimals = {code for code in MARKETPLACE_CURRENCY_CODES if currency(code).exponent == 0}
    assert without_decimals == {"JPY", "KRW"}
    assert all(currency(code).exponent in {0, 2} for code in MARKETPLACE_CURRENCY_CODES)


def test_every_code_is_three_capitals_with_a_known_exponent() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert {unit.exponent for unit in CURRENCIES.values()} == {0, 2, 3}
    assert [currency(code).minor_per_major for code in ("JPY", "USD", "BHD")] == [1, 100, 1000]


@pytest.mark.parametrize("code", ["usd", "XXY", "", "US"])
def test_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(CurrencyUnknownError) as caught:
        Money.zero(code)
    assert isinstance(caught.value, ValueRefusedError)
