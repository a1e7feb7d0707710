"""A channel partner's adjustment: exact percentages, rounding that is told, both sides shown."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.deals.prices.multiparty import adjust, adjust_to
from fairkeeper.deals.prices.percentage import Percentage, PercentageRefusedError, added_to, percentage_between
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money, Rounding
from tests.unit.deals.builders import amounts, codes_of_currencies, percentages, usd


@st.composite
def lines(draw: st.DrawFn) -> tuple[Money, ...]:
    code = draw(codes_of_currencies)
    return tuple(draw(st.lists(amounts(code), min_size=1, max_size=70)))


@given(lines(), percentages)
def test_rounding_costs_less_than_a_minor_unit_a_line_and_is_told(partner: tuple[Money, ...], p: Percentage) -> None:
    adjusted = adjust(partner, p)
    exact = sum(each.minor for each in partner) * p.factor_above_one
    charged = sum(each.minor for each in adjusted.customer)
    assert abs(charged - exact) < len(partner)
    assert adjusted.off_by == charged - exact
    for before, after in zip(partner, adjusted.customer, strict=True):
        assert abs(after.minor - before.minor * p.factor_above_one) <= Fraction(1, 2)
    told = adjusted.sentence()
    if adjusted.off_by:
        assert "above the exact total" in told or "below the exact total" in told
    elif adjusted.rounded_lines:
        assert "is the exact total" in told
    else:
        assert told == "Every line is exact; nothing was rounded."


@given(lines(), percentages)
def test_both_sides_are_kept(partner: tuple[Money, ...], p: Percentage) -> None:
    adjusted = adjust(partner, p)
    assert adjusted.partner == partner
    assert adjusted.customer_total == Money.sum(adjusted.customer, partner[0].currency)
    assert adjusted.partner_total == Money.sum(partner, partner[0].currency)


@given(codes_of_currencies.flatmap(amounts), percentages)
def test_adding_in_whole_numbers_agrees_with_fractions(amount: Money, p: Percentage) -> None:
    assert added_to(amount, p) == amount.multiply_rounded(p.factor_above_one, Rounding.HALF_UP)
    assert added_to(-amount, p) == -added_to(amount, p)


@given(st.integers(1, 10**13), st.integers(0, 10**13))
def test_the_percentage_of_a_target_is_the_closest_of_eight_decimals(base: int, more: int) -> None:
    unit = currency("USD")
    p = percentage_between(Money(base, unit), Money(base + more, unit))
    exact = Fraction(more, base) * 100
    assert abs(Fraction(p.units, 10**8) - exact) <= Fraction(1, 2 * 10**8)


@given(percentages)
def test_a_percentage_survives_its_text(p: Percentage) -> None:
    assert Percentage.parse(str(p)) == p


def test_microsofts_own_example() -> None:
    p = percentage_between(usd("95"), usd("105"))
    assert str(p) == "10.52631579"
    assert str(added_to(usd("95"), p)) == "105.00 USD"


def test_a_proportional_line() -> None:
    assert str(adjust([usd("1000")], Percentage.parse("10")).customer_total) == "1100.00 USD"


def test_a_target_that_rounding_misses_is_seen() -> None:
    reached = adjust_to([usd("33.33"), usd("33.33"), usd("33.34")], usd("105.00"))
    assert str(reached.customer_total) == "105.01 USD"
    assert reached.rounded_lines == 3
    assert reached.off_by == 1


@pytest.mark.parametrize("text", ["", "-1", "1,5", "10 %", "1e2", ".5", "5.", "10.526315789", "٥", "1234567"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(PercentageRefusedError):
        Percentage.parse(text)


def test_zeros_beyond_the_eighth_decimal_lose_nothing() -> None:
    assert Percentage.parse("10.5000000000") == Percentage.parse("10.5")


@pytest.mark.parametrize(("base", "target"), [("0", "5"), ("5", "4.99"), ("-5", "5")])
def test_a_target_below_the_price_has_no_percentage(base: str, target: str) -> None:
    with pytest.raises(PercentageRefusedError):
        percentage_between(usd(base), usd(target))


def test_a_percentage_is_never_a_float() -> None:
    with pytest.raises(PercentageRefusedError):
        Percentage(10.5)  # type: ignore[arg-type]
