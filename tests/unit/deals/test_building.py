"""Schedules from a total and a pattern: nothing is lost, nothing is added, every day lies within the contract."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fairkeeper.deals.deal import Charge
from fairkeeper.deals.errors import PatternRefusedError
from fairkeeper.deals.schedules.building import (
    Frame,
    Slot,
    after_free_months,
    aligned_slots,
    build,
    even_slots,
    fiscal_year_slots,
    ramp_slots,
)
from fairkeeper.deals.schedules.schedule import Quarter, by_quarter, running_totals
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import QUARTERS, codes_of_currencies, days, usd


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    code = draw(codes_of_currencies)
    total = Money(draw(st.integers(1, 10**13)), currency(code))
    return Frame(total=total, starts_on=draw(days), term_months=draw(st.integers(1, 60)))


@st.composite
def patterns(draw: st.DrawFn, frame: Frame) -> tuple[Slot, ...]:
    every = draw(st.integers(1, 24))
    years = -(-frame.term_months // 12)
    match draw(st.sampled_from(["even", "fiscal", "ramp", "aligned"])):
        case "even":
            return even_slots(frame, every_months=every)
        case "fiscal":
            return fiscal_year_slots(frame, first_month=draw(st.integers(1, 12)))
        case "ramp":
            weights = draw(st.lists(st.integers(0, 9), min_size=years, max_size=years))
            assume(any(weights))
            return ramp_slots(frame, year_weights=[Fraction(each) for each in weights], every_months=every)
        case _:
            even = build(frame, even_slots(frame, every_months=every))
            return aligned_slots(frame, even)


@given(st.data())
def test_every_pattern_conserves_the_total_in_every_currency(data: st.DataObject) -> None:
    frame = data.draw(frames())
    free = data.draw(st.integers(0, frame.term_months - 1))
    left = after_free_months(frame, free)
    fee = Money(data.draw(st.integers(0, frame.total.minor)), frame.total.currency)
    charges = build(frame, data.draw(patterns(left)), setup_fee=fee)
    assert Money.sum((each.amount for each in charges), frame.total.currency) == frame.total
    dates = [each.on for each in charges[1:]]
    assert charges[0].on is None
    assert None not in dates
    assert dates == sorted(set(dates), key=str)
    assert all(each in frame.contract and each != frame.starts_on for each in dates if each)
    assert all(each.amount.minor > 0 for each in charges[1:])
    assert charges[0].amount.minor >= fee.minor


@given(st.data())
def test_equal_shares_differ_by_one_minor_unit_at_most(data: st.DataObject) -> None:
    frame = data.draw(frames())
    charges = build(frame, even_slots(frame, every_months=data.draw(st.integers(1, 24))))
    shares = [each.amount.minor for each in charges]
    assert max(shares) - min(shares) <= 1 or (shares[0] == 0 and max(shares) <= 1)


def test_quarters_of_a_year() -> None:
    frame = Frame(total=usd("10000000"), starts_on=date(2025, 3, 1), term_months=12)
    charges = build(frame, even_slots(frame, every_months=3, note="Quarter {number} of {count}"))
    assert [(each.on and each.on.isoformat(), str(each.amount), each.note) for each in charges] == [
        (None, "2500000.00 USD", "Quarter 1 of 4"),
        ("2025-06-01", "2500000.00 USD", "Quarter 2 of 4"),
        ("2025-09-01", "2500000.00 USD", "Quarter 3 of 4"),
        ("2025-12-01", "2500000.00 USD", "Quarter 4 of 4"),
    ]


def test_free_months_leave_a_start_of_nothing() -> None:
    frame = Frame(total=usd("1000"), starts_on=date(2024, 1, 1), term_months=12)
    charges = build(frame, even_slots(after_free_months(frame, 2), every_months=5))
    assert [(each.on and each.on.isoformat(), str(each.amount)) for each in charges] == [
        (None, "0.00 USD"),
        ("2024-03-01", "500.00 USD"),
        ("2024-08-01", "500.00 USD"),
    ]
    assert charges[0].note == "Free months"


def test_a_setup_fee_is_part_of_the_total_and_of_the_first_charge() -> None:
    frame = Frame(total=usd("1200"), starts_on=date(2024, 1, 1), term_months=12)
    charges = build(frame, even_slots(frame, every_months=6, note=""), setup_fee=usd("200"))
    assert [str(each.amount) for each in charges] == ["700.00 USD", "500.00 USD"]
    assert charges[0].note == "Setup fee"


def test_fiscal_years_weigh_their_days() -> None:
    frame = Frame(total=usd("731"), starts_on=date(2024, 1, 1), term_months=24)
    charges = build(frame, fiscal_year_slots(frame, first_month=7))
    assert [(each.on and each.on.isoformat(), str(each.amount)) for each in charges] == [
        (None, "182.00 USD"),
        ("2024-07-01", "365.00 USD"),
        ("2025-07-01", "184.00 USD"),
    ]
    assert [each.note for each in charges] == [f"Fiscal year from {year}-07" for year in (2023, 2024, 2025)]


def test_a_ramp_grows_by_year_and_is_even_within() -> None:
    frame = Frame(total=usd("600"), starts_on=date(2025, 1, 1), term_months=36)
    weights = [Fraction(1), Fraction(2), Fraction(3)]
    charges = build(frame, ramp_slots(frame, year_weights=weights, every_months=6))
    assert [str(each.amount) for each in charges] == [f"{part}.00 USD" for part in (50, 50, 100, 100, 150, 150)]


def test_a_free_first_year_of_a_ramp_keeps_its_start() -> None:
    frame = Frame(total=usd("600"), starts_on=date(2025, 1, 1), term_months=24)
    charges = build(frame, ramp_slots(frame, year_weights=[Fraction(0), Fraction(1)], every_months=6))
    assert [(each.on and each.on.isoformat(), str(each.amount)) for each in charges] == [
        (None, "0.00 USD"),
        ("2026-01-01", "300.00 USD"),
        ("2026-07-01", "300.00 USD"),
    ]


def test_an_aligned_schedule_has_the_others_days_and_proportions() -> None:
    frame = Frame(total=usd("1000"), starts_on=date(2025, 2, 1), term_months=12)
    other = (*QUARTERS[:3], Charge(on=date(2025, 11, 1), amount=usd("750000"), note="Rest"))
    charges = build(frame, aligned_slots(frame, other))
    assert [each.on for each in charges] == [each.on for each in other]
    assert [str(each.amount) for each in charges] == ["166.67 USD", "166.67 USD", "166.66 USD", "500.00 USD"]


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: even_slots(frame, every_months=0),
        lambda frame: fiscal_year_slots(frame, first_month=13),
        lambda frame: ramp_slots(frame, year_weights=[Fraction(1)], every_months=3),
        lambda frame: aligned_slots(frame, [Charge(on=None, amount=usd("0"))]),
        lambda frame: after_free_months(frame, 24),
        lambda frame: build(frame, ()),
        lambda frame: build(frame, even_slots(frame, every_months=6), setup_fee=usd("1000.01")),
        lambda frame: build(frame, [Slot(on=date(2024, 12, 31), weight=Fraction(1))]),
        lambda frame: build(frame, [Slot(on=date(2027, 1, 1), weight=Fraction(1))]),
        lambda frame: build(frame, [*even_slots(frame, every_months=6)][::-1]),
        lambda frame: Frame(total=usd("0"), starts_on=frame.starts_on, term_months=12),
    ],
)
def test_what_does_not_fit_is_refused(make: object) -> None:
    frame = Frame(total=usd("1000"), starts_on=date(2025, 1, 1), term_months=24)
    assert callable(make)
    with pytest.raises(PatternRefusedError):
        make(frame)


def test_running_totals_and_quarters_add_up() -> None:
    assert [str(each) for each in running_totals(QUARTERS)][-1] == "1000000.00 USD"
    sums = by_quarter([(each.on or date(2025, 2, 1), each.amount) for each in QUARTERS], currency("USD"))
    assert [str(quarter) for quarter in sums] == ["2025 Q1", "2025 Q2", "2025 Q3", "2025 Q4"]
    assert by_quarter([], currency("USD")) == {}


def test_a_quarter_is_followed_by_the_next() -> None:
    assert str(Quarter(2026, 4).next()) == "2027 Q1"
    assert str(Quarter(2026, 1).next()) == "2026 Q2"
