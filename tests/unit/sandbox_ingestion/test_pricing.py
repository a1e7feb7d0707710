"""What a customer pays. Documents: Multiparty private offers for selling partners; Flexible billing schedule."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.sandbox.ingestion.pricing import (
    CustomerPrice,
    absolute_price,
    discounted_price,
    marked_up,
    rounded,
)
from fairkeeper.sandbox.marketplace.terms import Charge
from tests.unit.sandbox_ingestion.builders import TEAM, base, contoso, price, schedule, yearly

CURRENCY = st.sampled_from(["USD", "JPY", "GBP", "KRW"])
STEP = {"USD": Decimal("0.01"), "GBP": Decimal("0.01"), "JPY": Decimal(1), "KRW": Decimal(1)}
MARKUP = st.decimals(min_value=Decimal("0.00000001"), max_value=Decimal(100), places=8)


def priced(*amounts: Decimal, currency: str = "USD") -> CustomerPrice:
    charges = tuple(Charge(on=None, amount=each, currency=currency) for each in amounts)
    total = sum(amounts, Decimal())
    return CustomerPrice(unit="P1Y", payment_unit=None, amount=total, currency=currency, charges=charges)


@given(
    amounts=st.lists(st.integers(min_value=0, max_value=10**12), min_size=1, max_size=70),
    currency=CURRENCY,
    markup=MARKUP,
)
def test_each_charge_with_a_markup_is_off_by_half_a_unit_at_most(
    amounts: list[int], currency: str, markup: Decimal
) -> None:
    """MPO: proportionally on every line; the sum is that of the rounded lines."""
    step = STEP[currency]
    before = priced(*(each * step for each in amounts), currency=currency)
    after = marked_up(before, markup)
    for old, new in zip(before.charges, after.charges, strict=True):
        assert abs(new.amount - old.amount * (1 + markup / 100)) <= step / 2
        assert new.amount % step == 0
    assert after.amount == sum(each.amount for each in after.charges)


def test_a_target_price_is_met_with_eight_decimals() -> None:
    """MPO: 95 becomes 105 with 10.52631579 %."""
    assert marked_up(priced(Decimal(95)), Decimal("10.52631579")).amount == Decimal("105.00")


@pytest.mark.parametrize(("text", "cents"), [("1.005", "1.01"), ("1.004", "1.00"), ("2.675", "2.68")])
def test_halves_go_upwards(text: str, cents: str) -> None:
    assert str(rounded(Decimal(text), "USD")) == cents


def test_a_schedule_is_summed_and_its_first_charge_has_no_day() -> None:
    """FLEX: the first line is charged at purchase and may be 0."""
    found = absolute_price(price(schedule(("2027-03-01", 0.1), ("2027-06-01", 0.2))), base(), contoso())
    assert found is not None
    assert (found.unit, found.amount, found.payment_unit) == ("P1Y", Decimal("0.3"), None)
    assert [(each.on and each.on.isoformat(), str(each.amount)) for each in found.charges] == [
        (None, "0"),
        ("2027-03-01", "0.1"),
        ("2027-06-01", "0.2"),
    ]


def test_regular_payments_keep_term_and_payment_apart() -> None:
    """CUST: money per payment, not per term."""
    found = absolute_price(price(yearly(24_000, years=3)), base(), contoso())
    assert found is not None
    assert (found.unit, found.payment_unit, found.amount) == ("P3Y", "P1Y", Decimal(24_000))
    once = absolute_price(price(yearly(24_000, years=3, paymentOption=None)), base(), contoso())
    assert once is not None
    assert once.payment_unit is None


def test_the_storefronts_own_term_is_taken_of_several() -> None:
    month = {"billingTerm": {"type": "month", "value": 1}, "pricePerPaymentInUsd": 700}
    found = absolute_price(price(yearly(8_000), month), base(), contoso())
    assert found is not None
    assert (found.unit, found.amount) == ("P1M", Decimal(700))


def test_seats_may_be_limited_by_the_price() -> None:
    """CUST, sample of a per-user price: userLimits."""
    found = absolute_price(
        price(yearly(10), plan=TEAM, recurrentPriceMode="perUser", userLimits={"min": 20, "max": 100}),
        base(TEAM),
        contoso(),
    )
    assert found is not None
    assert found.seats == (20, 100)


def test_a_market_without_a_price_has_none() -> None:
    item = yearly() | {"pricePerPaymentInUsd": None, "prices": [{"currency": "EUR", "markets": ["DE"], "price": 1}]}
    per_market = price(item, priceInputOption="perMarket")
    assert absolute_price(per_market, base(), contoso()) is None
    item["prices"].append({"currency": "USD", "markets": [], "price": 2})
    found = absolute_price(price(item, priceInputOption="perMarket"), base(), contoso())
    assert found is not None
    assert (found.currency, found.amount) == ("USD", Decimal(2))


def test_a_discount_on_seats_keeps_their_number() -> None:
    found = discounted_price(base(TEAM), Decimal(10))
    assert (found.amount, found.seats) == (Decimal("17.10"), (1, 500))


@given(percent=st.decimals(min_value=Decimal("0.01"), max_value=Decimal(100), places=2))
def test_a_discount_leaves_a_price_in_cents_between_nothing_and_the_list(percent: Decimal) -> None:
    found = discounted_price(base(), percent)
    assert Decimal(0) <= found.amount <= Decimal(799)
    assert found.amount % Decimal("0.01") == 0
    assert found.amount_minor == found.amount * 100
