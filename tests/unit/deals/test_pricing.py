"""Prices of plans in every currency, for both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from fairkeeper.deals.deal import BasePlan, Billing, Deal, Frequency, LocalPrice, PricingKind
from fairkeeper.deals.prices.percentage import Percentage, PercentageRefusedError
from fairkeeper.deals.prices.pricing import adjustment_of, counts_towards_commitment, price_deal, price_plan
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import a_deal, a_multiparty_deal, a_plan, deals, usd

EUR = currency("EUR")


def euro(*texts: str) -> LocalPrice:
    return LocalPrice(
        currency=EUR, markets=("FR",), amounts=tuple(Money.from_decimal_text(text, EUR) for text in texts)
    )


def test_local_prices_follow_the_own_one() -> None:
    plan = a_plan(local_prices=(euro("230000.01", "230000.02", "230000.03", "230000.04"),))
    own, local = price_plan(a_deal(plan), plan).prices
    assert (own.currency.code, own.markets, local.currency.code, local.markets) == ("USD", (), "EUR", ("FR",))
    assert [str(each) for each in local.lines.customer][-1] == "230000.04 EUR"
    assert own.dates == local.dates


def test_the_adjustment_is_on_every_line_and_currency() -> None:
    plan = a_plan(adjustment=Percentage.parse("10"), local_prices=(euro("100", "100", "100", "100.05"),))
    own, local = price_plan(a_multiparty_deal(plan), plan).prices
    assert {str(each) for each in own.lines.customer} == {"275000.00 USD"}
    assert [str(each) for each in local.lines.customer] == ["110.00 EUR"] * 3 + ["110.06 EUR"]
    assert str(own.lines.partner_total) == "1000000.00 USD"


def test_a_customers_total_gives_the_adjustment() -> None:
    plan = a_plan(customer_total=usd("1105263.16"))
    deal = a_multiparty_deal(plan)
    assert str(adjustment_of(deal, plan)) == "10.526316"
    assert str(price_plan(deal, plan).prices[0].lines.customer_total) == "1105263.16 USD"


def test_a_customers_total_below_the_price_has_no_adjustment() -> None:
    plan = a_plan(customer_total=usd("999999.99"))
    with pytest.raises(PercentageRefusedError):
        price_deal(a_multiparty_deal(plan))


def test_an_offer_to_a_customer_has_no_adjustment() -> None:
    plan = a_plan(adjustment=Percentage.parse("10"))
    assert adjustment_of(a_deal(plan), plan) == Percentage(0)


@pytest.mark.parametrize(
    ("frequency", "months", "days"),
    [
        (Frequency.ONCE, 36, ["2025-02-01"]),
        (Frequency.YEARLY, 36, ["2025-02-01", "2026-02-01", "2027-02-01"]),
        (Frequency.MONTHLY, 3, ["2025-02-01", "2025-03-01", "2025-04-01"]),
        (Frequency.YEARLY, 18, ["2025-02-01", "2026-02-01"]),
    ],
)
def test_regular_payments_are_written_out(frequency: Frequency, months: int, days: list[str]) -> None:
    billing = Billing(frequency=frequency, amount=usd("5"))
    plan = a_plan(schedule=(), billing=billing, term_months=months, local_prices=(euro("4"),))
    own, local = price_plan(a_deal(plan), plan).prices
    assert [each.isoformat() for each in own.dates] == days
    assert str(own.lines.customer_total) == f"{5 * len(days)}.00 USD"
    assert str(local.lines.customer_total) == f"{4 * len(days)}.00 EUR"


def test_a_percentage_off_has_no_price_of_its_own() -> None:
    plan = a_plan(schedule=(), discount=Percentage.parse("10"))
    assert price_plan(a_deal(plan, pricing=PricingKind.EXISTING_PLAN_DISCOUNT), plan).prices == ()


def test_a_start_on_acceptance_is_dated_by_the_last_day_to_accept() -> None:
    deal = a_deal(billing_starts=None)
    assert price_deal(deal)[0].prices[0].dates[0] == date(2025, 1, 31)


@pytest.mark.parametrize(
    ("stated", "counts"),
    [([True, True], True), ([True, None], None), ([None, False], False), ([True, False], False), ([], None)],
)
def test_a_deal_counts_towards_a_commitment_if_every_plan_does(stated: list[bool | None], counts: bool | None) -> None:
    plans = tuple(a_plan(base=BasePlan(counts_towards_commitment=each)) for each in stated)
    assert counts_towards_commitment(replace(a_deal(), plans=plans)) is counts


@given(deals())
def test_every_deal_can_be_priced(deal: Deal) -> None:
    for priced in price_deal(deal):
        for price in priced.prices:
            assert len(price.dates) == len(price.notes) == len(price.lines.partner) == len(price.lines.customer)
