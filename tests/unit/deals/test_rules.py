"""Rules at their boundaries, and what switching an assumption off changes; the files of faults show each rule once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from fairkeeper.deals.assumptions import ASSUMPTIONS, Assumptions, AssumptionUnknownError
from fairkeeper.deals.checks.checking import check_deal
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import (
    BasePlan,
    Billing,
    ChannelPartner,
    Charge,
    Customer,
    Deal,
    DealKind,
    Eligibility,
    Frequency,
    LocalPrice,
    Plan,
    PricingKind,
    RenewalAttestation,
    ReplacedOffer,
    Reseller,
    TermsDocument,
)
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.currencies import currency
from fairkeeper.values.findings import Level, finding_kinds
from fairkeeper.values.money import Money
from tests.unit.deals.builders import AS_OF, QUARTERS, a_deal, a_multiparty_deal, a_plan, charge, codes, deals, usd


def test_the_sound_deal_is_sound() -> None:
    assert codes(a_deal()) == []
    assert codes(a_multiparty_deal(a_plan(adjustment=Percentage.parse("10")))) == []


@given(deals())
def test_any_deal_can_be_checked(deal: Deal) -> None:
    found = check_deal(deal, Basis(as_of=AS_OF))
    assert all(finding.code in finding_kinds for finding in found)
    assert list(found) == list(found.sorted())


def lines(count: int) -> tuple[Charge, ...]:
    dated = [charge((date(2025, 2, 1) + timedelta(days=5 * line)).isoformat(), "1") for line in range(1, count)]
    return (charge(None, "1"), *dated)


@pytest.mark.parametrize(("count", "found"), [(70, []), (71, ["too_many_installments"])])
def test_seventy_installments_are_the_most(count: int, found: list[str]) -> None:
    assert codes(a_deal(a_plan(schedule=lines(count), agreed_total=None))) == found


@pytest.mark.parametrize(("count", "found"), [(10, []), (11, ["too_many_plans"])])
def test_ten_plans_are_the_most(count: int, found: list[str]) -> None:
    assert codes(a_deal(*(a_plan(new_plan=f"contoso-{number}") for number in range(count)))) == found


@pytest.mark.parametrize(
    ("total", "found"), [("100000000.00", []), ("100000000.01", ["over_ceiling"]), ("99999999.99", [])]
)
def test_the_ceiling_is_met_to_the_cent(total: str, found: list[str]) -> None:
    assert codes(a_deal(a_plan(schedule=(charge(None, total),), agreed_total=usd(total)))) == found


def test_the_ceiling_is_for_all_plans_together() -> None:
    big = a_plan(schedule=(charge(None, "60000000"),), agreed_total=None)
    deal = a_deal(big, replace(big, new_plan="contoso-second"))
    assert codes(deal) == ["over_ceiling"]
    assert codes(deal, without=("ceiling_per_deal",)) == []


@pytest.mark.parametrize(
    ("rate", "found"), [("1.00", []), ("1.000001", ["over_ceiling"]), (None, ["ceiling_not_checked"])]
)
def test_the_ceiling_converts_at_the_stated_rate(rate: str | None, found: list[str]) -> None:
    euro = currency("EUR")
    schedule = (Charge(on=None, amount=Money.from_decimal_text("100000000", euro)),)
    rates = (("EUR", Decimal(rate)),) if rate else ()
    customer = Customer(name="Contoso", billing_account="12345678", country="FR")
    deal = a_deal(a_plan(schedule=schedule, agreed_total=None), currency=euro, usd_rates=rates, customer=customer)
    assert codes(deal) == found
    assert codes(deal, without=("ceiling_converts",)) == []


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ("2025-02-01", ["date_outside_contract"]),
        ("2025-02-02", []),
        ("2026-01-31", []),
        ("2026-02-01", ["date_outside_contract"]),
        ("2025-01-31", ["date_outside_contract"]),
    ],
)
def test_charges_lie_after_the_first_day_and_up_to_the_last(on: str, found: list[str]) -> None:
    assert codes(a_deal(a_plan(schedule=(charge(None, "1"), charge(on, "1")), agreed_total=None))) == found


def test_an_offer_that_ends_before_the_term_ends_the_charges_too() -> None:
    plan = a_plan(schedule=(charge(None, "1"), charge("2026-01-15", "1")), agreed_total=None)
    assert "date_outside_contract" in codes(a_deal(plan, ends=date(2025, 12, 31)))


@pytest.mark.parametrize(("on", "found"), [("2025-05-15", ["charge_before_acceptance"]), ("2025-05-16", [])])
def test_charges_lie_after_the_last_day_to_accept(on: str, found: list[str]) -> None:
    plan = a_plan(schedule=(charge(None, "1"), charge(on, "1")), agreed_total=None)
    assert codes(a_deal(plan, accept_by=date(2025, 5, 15))) == found


@pytest.mark.parametrize(("accept_by", "found"), [(date(2026, 1, 31), []), (date(2026, 2, 1), ["accept_by_after_end"])])
def test_an_offer_may_be_accepted_up_to_its_last_day(accept_by: date, found: list[str]) -> None:
    plan = Plan(offer="fairmile-agent", plan="enterprise", discount=Percentage.parse("10"))
    assert codes(a_deal(plan, pricing=PricingKind.EXISTING_PLAN_DISCOUNT, accept_by=accept_by)) == found


@pytest.mark.parametrize(("ends", "found"), [(date(2025, 1, 31), []), (date(2025, 2, 1), ["upgrade_overlaps"])])
def test_an_upgrade_starts_the_day_after(ends: date, found: list[str]) -> None:
    replaced = ReplacedOffer(name="Contoso 2024", id="private-offer/1", ends=ends)
    attestation = RenewalAttestation(qualifies=False)
    assert codes(a_deal(replaces=replaced, renewal_attestation=attestation)) == found


@pytest.mark.parametrize(("count", "found"), [(3, ["local_lines_differ"]), (4, []), (5, ["local_lines_differ"])])
def test_a_local_price_has_an_amount_for_each_line(count: int, found: list[str]) -> None:
    euro = currency("EUR")
    price = LocalPrice(currency=euro, markets=("FR",), amounts=(Money(100, euro),) * count)
    assert codes(a_deal(a_plan(local_prices=(price,)))) == found


def test_a_start_on_acceptance_supposes_the_last_day() -> None:
    plan = a_plan(schedule=(charge(None, "1"), charge("2025-02-10", "1")), agreed_total=None)
    assert codes(a_deal(plan, billing_starts=None)) == []
    assert codes(a_deal(plan, billing_starts=None, accept_by=date(2025, 2, 10))) == ["date_outside_contract"]


def test_two_charges_of_one_day_are_told() -> None:
    schedule = (*QUARTERS, charge("2025-11-01", "1"))
    assert codes(a_deal(a_plan(schedule=schedule, agreed_total=None))) == ["dates_not_increasing"]


def test_a_second_charge_at_the_start_is_told() -> None:
    schedule = (QUARTERS[0], charge(None, "1"), *QUARTERS[1:])
    assert codes(a_deal(a_plan(schedule=schedule, agreed_total=None))) == ["start_charge_misplaced"]


@pytest.mark.parametrize("first", ["0", "0.01"])
def test_the_charge_at_the_start_may_be_zero(first: str) -> None:
    schedule = (charge(None, first), *QUARTERS[1:])
    assert codes(a_deal(a_plan(schedule=schedule, agreed_total=None))) == []


def test_a_cent_too_much_and_a_cent_too_little_are_told() -> None:
    for off, word in (("1000000.01", "less"), ("999999.99", "more")):
        (finding,) = check_deal(a_deal(a_plan(agreed_total=usd(off))), Basis(as_of=AS_OF))
        assert (finding.code, f"0.01 USD {word}" in finding.message) == ("deals.total_mismatch", True)


@pytest.mark.parametrize(
    ("months", "frequency", "found"),
    [
        (1, Frequency.ONCE, []),
        (1, Frequency.MONTHLY, ["billing_not_offered"]),
        (12, Frequency.MONTHLY, []),
        (12, Frequency.YEARLY, ["billing_not_offered"]),
        (24, Frequency.YEARLY, []),
        (60, Frequency.YEARLY, []),
    ],
)
def test_frequencies_go_with_terms(months: int, frequency: Frequency, found: list[str]) -> None:
    plan = a_plan(
        schedule=(), agreed_total=None, term_months=months, billing=Billing(frequency=frequency, amount=usd("5"))
    )
    assert [code for code in codes(a_deal(plan)) if code != "term_mismatch"] == found


@pytest.mark.parametrize(
    ("months", "found"), [(11, ["duration_too_short"]), (12, []), (60, []), (61, ["duration_too_long"])]
)
def test_a_flexible_contract_lasts_one_to_five_years(months: int, found: list[str]) -> None:
    plan = a_plan(term_months=months, schedule=(charge(None, "1"),), agreed_total=None)
    ends = {11: date(2025, 12, 31), 12: date(2026, 1, 31), 60: date(2030, 1, 31), 61: date(2030, 2, 28)}[months]
    assert codes(a_deal(plan, ends=ends)) == found


def test_two_months_are_enough_where_a_year_is_not_assumed() -> None:
    plan = a_plan(term_months=2, schedule=(charge(None, "1"),), agreed_total=None)
    deal = a_deal(plan, ends=date(2025, 3, 31))
    assert codes(deal, without=("minimum_one_year",)) == []
    month = a_deal(replace(plan, term_months=1), ends=date(2025, 2, 28))
    assert codes(month, without=("minimum_one_year",)) == ["duration_too_short"]


@pytest.mark.parametrize("name", ["a!", "<a", "a^", "[a", "a@b", "#1", "50%", "a/b", "a\tb", "a\nb", " ", "x" * 129])
def test_names_that_are_refused(name: str) -> None:
    assert codes(a_deal(name=name)) == ["name_invalid"]


@pytest.mark.parametrize("name", ["x" * 128, "Ärger & Söhne (2025) – 3 years, *new*", "契約"])
def test_names_that_are_fine(name: str) -> None:
    assert codes(a_deal(name=name)) == []


@pytest.mark.parametrize(
    ("account", "found"),
    [
        ("12345678", []),
        ("3f2c8f04-58b1-4c36-9f2e-6d1b7a0c5e11:8a9d4b77-0e55-4d0c-b6fd-2f5f7c1e9a42_2019-05-31", []),
        ("3f2c8f04-58b1-4c36-9f2e-6d1b7a0c5e11", ["billing_account_invalid"]),
        ("contoso.onmicrosoft.com", ["billing_account_invalid"]),
        ("١٢٣", ["billing_account_invalid"]),
    ],
)
def test_billing_accounts(account: str, found: list[str]) -> None:
    assert codes(a_deal(customer=Customer(name="Contoso", billing_account=account, country="US"))) == found


def test_a_plan_id_in_use_elsewhere_is_taken() -> None:
    basis = Basis(as_of=AS_OF, plan_ids_in_use=frozenset({"contoso-enterprise-1y"}))
    assert [finding.code for finding in check_deal(a_deal(), basis)] == ["deals.plan_id_taken"]
    assert codes(a_deal(existing_plan_ids=("contoso-enterprise-1y",))) == ["plan_id_taken"]
    assert codes(a_deal(a_plan(), a_plan())) == ["plan_id_taken"]


def test_what_is_not_known_of_the_publisher_is_a_warning() -> None:
    found = check_deal(a_deal(eligibility=Eligibility()), Basis(as_of=AS_OF))
    assert [(finding.code, finding.level) for finding in found] == [("deals.missing_eligibility", Level.WARNING)] * 3


def test_an_offer_that_says_it_does_not_qualify_is_fine() -> None:
    assert codes(a_deal(renewal_attestation=RenewalAttestation(qualifies=False))) == []


@pytest.mark.parametrize(
    ("discount", "found"), [("0.01", []), ("100", []), ("100.00000001", ["discount_out_of_range"])]
)
def test_discounts_reach_from_a_hundredth_to_all(discount: str, found: list[str]) -> None:
    plan = Plan(offer="fairmile-agent", plan="enterprise", discount=Percentage.parse(discount))
    assert codes(a_deal(plan, pricing=PricingKind.EXISTING_PLAN_DISCOUNT)) == found


@pytest.mark.parametrize(("adjustment", "found"), [("10", []), ("10.00000001", ["markup_over_discount"])])
def test_an_adjustment_may_reach_the_discount(adjustment: str, found: list[str]) -> None:
    ten, more = Percentage.parse("10"), Percentage.parse(adjustment)
    plan = Plan(offer="fairmile-agent", plan="enterprise", discount=ten, adjustment=more)
    assert codes(a_multiparty_deal(plan, pricing=PricingKind.EXISTING_PLAN_DISCOUNT)) == found


@pytest.mark.parametrize(("count", "found"), [(5, []), (6, ["too_many_documents"])])
def test_a_multiparty_offer_has_five_documents(count: int, found: list[str]) -> None:
    terms = tuple(TermsDocument(file=f"{number}.pdf") for number in range(count))
    plan = a_plan(adjustment=Percentage.parse("10"))
    assert codes(a_multiparty_deal(plan, terms=terms)) == found


def test_a_csp_offer_is_for_resellers_and_not_for_a_customer() -> None:
    plan = Plan(offer="fairmile-agent", plan="enterprise", discount=Percentage.parse("10"))
    shared = {"kind": DealKind.CSP, "pricing": PricingKind.EXISTING_PLAN_DISCOUNT}
    assert codes(a_deal(plan, **shared)) == ["beneficiary_unexpected", "beneficiary_missing"]
    many = tuple(Reseller(name="Adatum", id=str(number)) for number in range(150))
    assert codes(a_deal(plan, customer=None, resellers=many, **shared)) == []


def test_negative_local_amounts_and_totals_are_told() -> None:
    euro = currency("EUR")
    amounts = tuple(Money(minor, euro) for minor in (100, -100, 100, 100))
    price = LocalPrice(currency=euro, markets=("FR",), amounts=amounts, agreed_total=Money(201, euro))
    assert codes(a_deal(a_plan(local_prices=(price,)))) == ["total_mismatch", "negative_amount"]


def test_a_local_total_of_regular_billing_counts_every_payment() -> None:
    euro = currency("EUR")
    price = LocalPrice(currency=euro, markets=("FR",), amounts=(Money(100, euro),), agreed_total=Money(1200, euro))
    billing = Billing(frequency=Frequency.MONTHLY, amount=usd("10"))
    plan = a_plan(schedule=(), billing=billing, agreed_total=usd("120"), local_prices=(price,))
    assert codes(a_deal(plan)) == []


EURO = currency("EUR")
POLISH = a_deal(
    a_plan(schedule=(Charge(on=None, amount=Money(1, currency("PLN"))),), agreed_total=None),
    currency=currency("PLN"),
    usd_rates=(("PLN", Decimal("0.25")),),
    customer=Customer(name="Contoso", billing_account="1", country="PL"),
)
TOUCHED: dict[str, tuple[Deal, str]] = {
    "ceiling_converts": (
        a_deal(
            a_plan(schedule=(Charge(on=None, amount=Money(1, EURO)),), agreed_total=None),
            currency=EURO,
            customer=Customer(name="Contoso", billing_account="1", country="FR"),
        ),
        "ceiling_not_checked",
    ),
    "ceiling_per_deal": (
        a_deal(*(a_plan(new_plan=name, schedule=(charge(None, "60000000"),), agreed_total=None) for name in "ab")),
        "over_ceiling",
    ),
    "month_boundaries": (a_deal(ends=date(2026, 1, 30)), "end_not_month_end"),
    "minimum_one_year": (
        a_deal(a_plan(term_months=6, schedule=(charge(None, "1"),), agreed_total=None), ends=date(2025, 7, 31)),
        "duration_too_short",
    ),
    "longest_five_years": (a_deal(a_plan(term_months=72), ends=date(2031, 1, 31)), "duration_too_long"),
    "charge_above_zero": (
        a_deal(a_plan(schedule=(*QUARTERS, charge("2025-12-01", "0")))),
        "zero_charge",
    ),
    "charge_after_start": (
        a_deal(a_plan(schedule=(QUARTERS[0], charge("2025-02-01", "250000"), *QUARTERS[2:]))),
        "date_outside_contract",
    ),
    "latest_acceptance": (a_deal(accept_by=date(2025, 6, 1)), "charge_before_acceptance"),
    "start_not_past": (a_deal(billing_starts=date(2025, 1, 1), ends=date(2025, 12, 31)), "start_past"),
    "multiparty_countries": (
        a_multiparty_deal(
            a_plan(adjustment=Percentage.parse("10")),
            customer=Customer(name="Contoso", billing_account="1", country="MX"),
        ),
        "country_not_supported",
    ),
    "partner_countries": (
        a_multiparty_deal(
            a_plan(adjustment=Percentage.parse("10")),
            partner=ChannelPartner(name="Adatum", seller_id="7654321", country="DE"),
        ),
        "partner_country_not_supported",
    ),
    "multiparty_no_services": (
        a_multiparty_deal(a_plan(adjustment=Percentage.parse("10")), pricing=PricingKind.PROFESSIONAL_SERVICE),
        "kind_not_supported",
    ),
    "billing_pairs": (
        a_deal(a_plan(schedule=(), agreed_total=None, billing=Billing(frequency=Frequency.YEARLY, amount=usd("5")))),
        "billing_not_offered",
    ),
    "currency_list": (POLISH, "currency_not_sold"),
}
"""For each assumption a deal in which it makes a finding that is gone without it."""


@pytest.mark.parametrize("key", TOUCHED)
def test_an_assumption_switched_off_takes_its_finding_with_it(key: str) -> None:
    deal, code = TOUCHED[key]
    before = check_deal(deal, Basis(as_of=AS_OF))
    assert [finding.code for finding in before] == [f"deals.{code}"]
    assert codes(deal, without=(key,)) == []


def test_a_charge_on_the_last_day_is_refused_without_that_reading() -> None:
    deal = a_deal(a_plan(schedule=(*QUARTERS[:3], charge("2026-01-31", "250000"))))
    assert codes(deal) == []
    assert codes(deal, without=("last_day_included",)) == ["date_outside_contract"]


def test_every_assumption_is_tried_here() -> None:
    assert {assumption.key for assumption in ASSUMPTIONS} == {*TOUCHED, "last_day_included"}


def test_the_table_says_everything_about_each() -> None:
    keys = [assumption.key for assumption in ASSUMPTIONS]
    assert len(set(keys)) == len(keys)
    for assumption, holds in Assumptions():
        assert holds
        assert all(text.endswith(".") for text in (assumption.label, assumption.otherwise, assumption.source))


def test_an_unknown_assumption_is_refused() -> None:
    with pytest.raises(AssumptionUnknownError, match="gravity"):
        Assumptions.without(["gravity", "month_boundaries"])


def test_every_finding_on_an_assumption_names_it() -> None:
    told = {}
    for key, (deal, _) in TOUCHED.items():
        (finding,) = check_deal(deal, Basis(as_of=AS_OF))
        told[key] = dict(finding.detail).get("assumption")
    assert {key: name for key, name in told.items() if name != key} == {}


def test_base_plans_of_other_models_and_terms_are_told() -> None:
    assert codes(a_deal(a_plan(base=BasePlan(terms_months=(1, 36))))) == ["duration_not_offered"]
