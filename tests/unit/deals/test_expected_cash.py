"""When money arrives: the payout table, the fee and its half, quarters, alternatives."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.deals.deal import Agreement, RenewalAttestation
from fairkeeper.deals.prices.expected_cash import (
    CashTerms,
    SaleModel,
    compare,
    expected_cash,
    fee_bps_of,
    paid_by,
    quarters_of,
)
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import QUARTERS, a_deal, amounts, codes_of_currencies, days, usd

USD = currency("USD")
DATED = [(each.on or date(2025, 2, 1), each.amount) for each in QUARTERS]


@pytest.mark.parametrize(
    ("agreement", "model", "by_card", "expected"),
    [
        (Agreement.EA, SaleModel.ORDER, False, "2025-02-15"),
        (Agreement.EA, SaleModel.USAGE, False, "2025-03-15"),
        (Agreement.MCA, SaleModel.ORDER, False, "2025-04-15"),
        (Agreement.MCA, SaleModel.USAGE, False, "2025-04-15"),
        (Agreement.CSP, SaleModel.ORDER, False, "2025-04-15"),
        (Agreement.CSP, SaleModel.USAGE, False, "2025-04-15"),
        (Agreement.MCA, SaleModel.ORDER, True, "2025-05-15"),
    ],
)
@pytest.mark.parametrize("day", [1, 31])
def test_the_payout_calendar(agreement: Agreement, model: SaleModel, by_card: bool, expected: str, day: int) -> None:
    terms = CashTerms(agreement=agreement, pays_by_card=by_card)
    assert paid_by(date(2025, 1, day), terms, model).isoformat() == expected


@pytest.mark.parametrize(
    ("qualifies", "made_on", "fee_bps"),
    [
        (None, date(2025, 1, 1), 300),
        (False, date(2025, 1, 1), 300),
        (True, date(2025, 1, 1), 150),
        (True, date(2024, 10, 1), 150),
        (True, date(2024, 9, 30), 300),
    ],
)
def test_the_fee_is_halved_for_an_attested_renewal(qualifies: bool | None, made_on: date, fee_bps: int) -> None:
    attestation = None if qualifies is None else RenewalAttestation(qualifies=qualifies, evidence="Contract 17")
    assert fee_bps_of(a_deal(renewal_attestation=attestation), made_on) == fee_bps


@pytest.mark.parametrize(("fee_bps", "fee", "earning"), [(300, "0.32", "10.13"), (150, "0.16", "10.29")])
def test_the_fee_is_rounded_once_and_nothing_is_lost(fee_bps: int, fee: str, earning: str) -> None:
    terms = CashTerms(agreement=Agreement.EA, fee_bps=fee_bps)
    (line,) = expected_cash([(date(2025, 1, 1), usd("10.45"))], terms)
    assert (line.fee.to_decimal_text(), line.earning.to_decimal_text()) == (
        (fee, earning) if fee_bps == 150 else ("0.31", "10.14")
    )


@given(st.data())
def test_fee_and_earning_add_up_to_the_charge(data: st.DataObject) -> None:
    code = data.draw(codes_of_currencies)
    charges = data.draw(st.lists(st.tuples(days, amounts(code)), max_size=20))
    lines = expected_cash(charges, CashTerms(agreement=data.draw(st.sampled_from(Agreement))))
    assert [line.fee + line.earning for line in lines] == [amount for _, amount in charges]
    assert all(line.paid_by > line.charged_on for line in lines)
    rows = quarters_of(lines, currency(code))
    assert Money.sum((row.charged for row in rows), code) == Money.sum((each for _, each in charges), code)
    assert Money.sum((row.paid for row in rows), code) == Money.sum((line.earning for line in lines), code)


def test_quarters_reach_from_the_first_charge_to_the_last_payout() -> None:
    rows = quarters_of(expected_cash(DATED, CashTerms(agreement=Agreement.MCA)), USD)
    assert [str(row.quarter) for row in rows] == ["2025 Q1", "2025 Q2", "2025 Q3", "2025 Q4", "2026 Q1"]
    assert [row.paid.to_decimal_text() for row in rows] == ["0.00"] + ["242500.00"] * 4


def test_two_alternatives_stand_side_by_side() -> None:
    terms = CashTerms(agreement=Agreement.EA)
    first = quarters_of(expected_cash(DATED, terms), USD)
    second = quarters_of(expected_cash([(date(2025, 2, 1), usd("1000000"))], terms), USD)
    rows = compare(first, second, USD)
    assert [row.ahead.to_decimal_text() for row in rows] == ["727500.00", "485000.00", "242500.00", "0.00"]
    assert rows[0].second.charged == usd("1000000")


def test_nothing_charged_gives_no_quarters() -> None:
    assert quarters_of((), USD) == ()
    assert compare((), (), USD) == ()
