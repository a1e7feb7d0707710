"""Spreadsheets of deals and of prices by market: out and back, by mappings, and what is wrong with a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairkeeper.deals.book.lifecycle import DealState
from fairkeeper.deals.deal import Deal, DealKind, Frequency, LocalPrice, Plan, PricingKind
from fairkeeper.deals.errors import TableUnreadableError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.sheets.deal_rows import read_deal_rows
from fairkeeper.deals.sheets.mapping import MARKET_COLUMNS, Purpose, headings_of
from fairkeeper.deals.sheets.market_prices import read_market_prices, write_market_prices
from fairkeeper.deals.sheets.tables import read_table, write_spreadsheet
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import a_deal, a_plan, deals, usd

LONGEST_EXACT = 10**15


def by_market(deal: Deal) -> dict[tuple[str, str], dict[str, tuple[Money, ...]]]:
    """What each market pays for each plan; how markets are grouped in a file means nothing."""
    return {
        (plan.offer, plan.new_plan or plan.plan): {
            market: price.amounts for price in plan.local_prices for market in price.markets
        }
        for plan in deal.plans
    }


def with_distinct_plans(deal: Deal) -> Deal:
    return replace(deal, plans=tuple(replace(plan, new_plan=f"p-{n}") for n, plan in enumerate(deal.plans)))


@settings(max_examples=25)
@given(deal=deals(kinds=(DealKind.CUSTOMER,)).map(with_distinct_plans), is_mapped=st.booleans())
def test_prices_by_market_come_back_as_they_left(*, deal: Deal, is_mapped: bool) -> None:
    columns = {name: f"{heading} (Contoso)" for name, heading in MARKET_COLUMNS.items()} if is_mapped else {}
    content = write_market_prices(deal, columns)
    read = read_market_prices(content, replace(deal, plans=_bare(deal)), columns)
    assert list(read.findings) == []
    assert read.unread == ()
    assert by_market(read.deal) == by_market(deal)
    # Only the local prices are anybody's business here.
    assert replace(read.deal, plans=_bare(read.deal)) == replace(deal, plans=_bare(deal))
    assert read_deal(write_deal(read.deal)).deal == read.deal


def _bare(deal: Deal) -> tuple[Plan, ...]:
    return tuple(replace(plan, local_prices=()) for plan in deal.plans)


def test_further_markets_follow_the_deals_own_rates_or_are_zero() -> None:
    deal = a_deal(usd_rates=(("EUR", Decimal("1.25")), ("JPY", Decimal("0.01"))))
    read = read_market_prices(write_market_prices(deal, {}, [("DE", "EUR"), ("JP", "JPY"), ("DK", "DKK")]), deal)
    found = {market: str(price.amounts[0]) for price in read.deal.plans[0].local_prices for market in price.markets}
    assert found == {"DE": "200000.00 EUR", "JP": "25000000 JPY", "DK": "0.00 DKK"}


def test_a_sheet_of_another_shape_is_refused_or_read_by_its_mapping() -> None:
    rows = [("contoso-enterprise-1y", "DE", "EUR", str(n), "100.50", "x") for n in range(1, 5)]
    headings = ("Plan-ID", "Land", "Währung", "Zeile", "Preis", "Bemerkung")
    content = write_spreadsheet("Preise", headings, rows)
    plain = read_market_prices(content, a_deal())
    assert {finding.message for finding in plain.findings} >= {"The column 'Plan' is missing."}
    columns = {"plan": "Plan-ID", "market": "Land", "currency": "Währung", "line": "Zeile", "amount": "Preis"}
    read = read_market_prices(content, a_deal(), columns)
    assert list(read.findings) == []
    assert read.unread == ("Bemerkung",)
    assert [str(amount) for amount in read.deal.plans[0].local_prices[0].amounts] == ["100.50 EUR"] * 4


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("nowhere", "DE", "EUR", "1", "1"), "has no plan"),
        (("contoso-enterprise-1y", "DE", "XXX", "1", "1"), "No currency"),
        (("contoso-enterprise-1y", "", "EUR", "1", "1"), "needs a market"),
        (("contoso-enterprise-1y", "DE", "JPY", "1", "1.5"), "has 1 decimals"),
        (("contoso-enterprise-1y", "DE", "EUR", "1", "much"), "is not an amount"),
        (("contoso-enterprise-1y", "DE", "EUR", "1", "1"), "the plan has 4"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_and_changes_nothing(row: tuple[str, ...], told: str) -> None:
    content = write_spreadsheet("Prices", ("Plan", "Market", "Currency", "Line", "Amount"), [row])
    before = a_deal(a_plan(local_prices=(LocalPrice(currency=currency("EUR"), markets=("FR",), amounts=()),)))
    read = read_market_prices(content, before)
    assert told in " ".join(finding.message for finding in read.findings)
    assert read.deal == before


@given(st.integers(0, LONGEST_EXACT), st.sampled_from(["JPY", "USD", "BHD"]))
def test_a_number_of_a_spreadsheet_is_the_decimal_that_was_typed(minor: int, code: str) -> None:
    amount = Money(minor, currency(code))
    content = write_spreadsheet("One", ("Amount",), [(amount.to_decimal(),)])
    ((_, row),) = read_table(content).rows
    assert Money.from_decimal_text(row["Amount"], code) == amount


def test_texts_that_look_like_formulas_stay_texts() -> None:
    content = write_spreadsheet("One", ("Note",), [("=1+1",)])
    assert read_table(content).rows[0][1] == {"Note": "=1+1"}
    assert read_table(b"Note,Total\r\n'=1+1,5\r\n").rows[0][1] == {"Note": "=1+1", "Total": "5"}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04broken", b"\xff\xfe\x00", b"A,A\n1,2\n"])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(TableUnreadableError):
        read_table(content)


def test_a_mapping_names_our_columns_and_each_heading_once() -> None:
    assert headings_of(Purpose.DEALS, {"name": "Opportunity"})["name"] == "Opportunity"
    with pytest.raises(TableUnreadableError, match="no column 'colour'"):
        headings_of(Purpose.DEALS, {"colour": "Colour"})
    with pytest.raises(TableUnreadableError, match="one heading"):
        headings_of(Purpose.DEALS, {"name": "Customer"})


LIST = """Deal;Customer;Offer;Plan;New plan;Currency;Total;Discount %;Billing;Term (months);Accept by;Starts;Ends;State;Region
Contoso three years;Contoso;agent;enterprise;contoso-3y;USD;3600000;;yearly;36;2026-12-15;2027-01-01;2029-12-31;Pending acceptance;EMEA
Contoso three years;Contoso;desk;business;contoso-desk;USD;1000;;;36;2026-12-15;2027-01-01;2029-12-31;Pending acceptance;EMEA
Fabrikam;Fabrikam;agent;team;;EUR;;12.5;;;2026-11-30;;2027-12-31;won;EMEA
Tailspin;Tailspin;agent;team;;EUR;;12.5;;;soon;;2027-12-31;won;EMEA
Adatum;Adatum;agent;team;;XXX;;12.5;;;2026-11-30;;2027-12-31;;EMEA
"""


def test_a_companys_own_list_becomes_deals_that_say_what_they_lack() -> None:
    read = read_deal_rows(LIST.encode())
    contoso, fabrikam = read.deals
    assert (contoso.state, fabrikam.state) == (DealState.OFFERED, DealState.ACCEPTED)
    assert [plan.new_plan for plan in contoso.deal.plans] == ["contoso-3y", "contoso-desk"]
    billing = contoso.deal.plans[0].billing
    assert billing is not None
    assert (billing.frequency, billing.amount) == (Frequency.YEARLY, usd("1200000"))
    assert "the column Region" in contoso.unread
    assert contoso.deal.accept_by == date(2026, 12, 15)
    assert fabrikam.deal.pricing is PricingKind.EXISTING_PLAN_DISCOUNT
    assert [(finding.row, finding.message) for finding in read.findings] == [
        (5, "'soon' is no day like 2027-01-31."),
        (6, "No currency has the code 'XXX'."),
    ]
    assert read_deal(write_deal(contoso.deal)).deal == contoso.deal


def test_a_schedule_that_a_list_only_hints_at_is_said_to_be_unread() -> None:
    (read, *_) = read_deal_rows(LIST.replace(";yearly;36;", ";as agreed;36;").encode()).deals
    assert "the schedule of its charges" in read.unread
