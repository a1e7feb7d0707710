"""What a price is refused for.

Documents: Flexible billing schedule; Plans and pricing; Create a direct ISV to customer private offer.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.sandbox.ingestion.identifiers import durable_plan_id
from fairkeeper.sandbox.ingestion.jobs.price_rules import price_errors
from fairkeeper.sandbox.ingestion.requests.price_shapes import PriceShape
from fairkeeper.sandbox.ingestion.requests.shapes import OfferShape
from tests.unit.sandbox_ingestion.builders import TEAM, TODAY, base, contoso, offer, price, schedule, yearly

TRIAL = durable_plan_id("fairmile-desk", "trial")


def customised(**changes: Any) -> OfferShape:
    return offer(**{"offerPricingType": "saasNewCustomizedPlans", "pricing": [], **changes})


def told(given_price: PriceShape, wanted: OfferShape | None = None, plan: str | None = None) -> list[str]:
    listed = base(plan) if plan else base()
    return [each.message for each in price_errors(given_price, listed, wanted or customised(), contoso(), TODAY)]


def test_a_listed_term_and_a_schedule_within_it_are_fine() -> None:
    assert told(price(yearly())) == []
    assert told(price(schedule(("2027-01-01", 5), ("2027-07-15", 3), years=3, total=10, first=2))) == []


def test_a_term_that_the_base_plan_does_not_list_is_refused() -> None:
    """Plans and pricing: the same terms as the base plan. FLEX: only durations the base plan lists."""
    assert told(price(schedule(("2027-01-01", 5), years=6))) == ["Plan business does not list a term of 72 months"]
    half = yearly() | {"billingTerm": {"type": "month", "value": 18}}
    assert told(price(half)) == ["Plan business does not list a term of 18 months"]


def test_a_schedule_needs_more_than_a_month() -> None:
    """FLEX: only contracts longer than one month."""
    month = schedule(("2026-12-01", 5)) | {"contractDuration": {"type": "month", "value": 1}}
    assert "A flexible schedule needs a contract of more than one month" in told(price(month))


def test_a_schedule_needs_a_flat_rate_and_a_plan_of_its_own() -> None:
    """FLEX: flat rate only, and not with a discount on existing plans."""
    editing = customised(offerPricingType="editExistingOfferPricingOnly")
    assert told(price(schedule(("2027-01-01", 5))), editing) == ["A flexible schedule needs a customised plan"]
    found = told(price(schedule(("2027-01-01", 5)), recurrentPriceMode="perUser"), plan=TEAM)
    assert "A flexible schedule needs a flat-rate plan" in found


def test_the_model_is_that_of_the_base_plan() -> None:
    assert "Plan business is priced flatRate, not perUser" in told(price(yearly(), recurrentPriceMode="perUser"))


def test_a_plan_with_a_trial_takes_no_absolute_price() -> None:
    month = {"billingTerm": {"type": "month", "value": 1}, "pricePerPaymentInUsd": 1}
    assert told(price(month, plan=TRIAL), plan=TRIAL) == ["Plan trial has a free trial and takes no absolute price"]


def test_seventy_charges_are_the_most() -> None:
    """FLEX: up to seventy installments, the one at purchase among them."""
    days = [(TODAY + timedelta(days=n)).isoformat() for n in range(1, 71)]
    assert told(price(schedule(*((day, 1) for day in days[:69]), years=5))) == []
    assert told(price(schedule(*((day, 1) for day in days), years=5))) == ["A schedule has at most 70 charges, not 71"]


@given(days=st.lists(st.dates(min_value=TODAY, max_value=date(2027, 10, 31)), min_size=2, max_size=8))
def test_exactly_increasing_dates_are_taken(days: list[date]) -> None:
    """FLEX: unique dates."""
    found = told(price(schedule(*((day.isoformat(), 1) for day in days))))
    assert ("The dates of a schedule do not increase" in found) == (sorted(set(days)) != days)


@pytest.mark.parametrize("day", ["2026-11-21", "2027-12-16"])
def test_a_charge_outside_the_contract_is_refused(day: str) -> None:
    """FLEX: before the end; with a start on acceptance the contract ends a term after the last day to accept."""
    (message,) = told(price(schedule((day, 5))))
    assert message == f"The charge of {day} lies outside the contract (2026-11-22 to 2027-12-15)"


def test_a_fixed_start_sets_the_contract() -> None:
    fixed = customised(variableStartDate=False, start="2027-01-01")
    assert told(price(schedule(("2027-01-01", 1), ("2028-01-01", 1))), fixed) == []
    assert len(told(price(schedule(("2026-12-31", 1))), fixed)) == 1


def test_a_stated_total_is_the_sum_to_the_cent() -> None:
    exact = schedule(("2027-01-01", 0.1), ("2027-02-01", 0.2), total=0.3)
    assert told(price(exact)) == []
    off = schedule(("2027-01-01", 0.1), ("2027-02-01", 0.2), total=0.31)
    assert told(price(off)) == ["The charges come to 0.3, not to the stated 0.31"]


def test_a_hundred_millions_are_the_ceiling() -> None:
    assert told(price(schedule(("2027-01-01", 99_999_999), first=1))) == []
    assert told(price(schedule(("2027-01-01", 99_999_999), first=1.01))) == [
        "The schedule comes to 100000000.01 USD, above 100000000"
    ]
