"""What the book of deals derives: digests, approvals, charges after a purchase, the calendar, the lifecycle."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairkeeper.deals.book.approvals import ApprovalRules, Reason, approvals_needed, discount_of, missing
from fairkeeper.deals.book.calendar import DealFacts, needs, needs_now, passing
from fairkeeper.deals.book.charges import ExpectedCharge, expected_charges, plan_bought
from fairkeeper.deals.book.contents import digest_of, slug_of
from fairkeeper.deals.book.lifecycle import TRANSITIONS, DealState, Step, step, step_told
from fairkeeper.deals.deal import BasePlan, Billing, Deal, Frequency, LocalPrice, TermsDocument
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.deals.submission.comparing import differences
from fairkeeper.deals.submission.json_schema import check_payload
from fairkeeper.deals.submission.payload import make_payload
from fairkeeper.deals.submission.schema import PayloadSchema
from fairkeeper.deals.submission.submitted import submitted_part
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import a_deal, a_multiparty_deal, a_plan, deals, usd
from tests.unit.deals.test_payload import ids_of

SCHEMA = PayloadSchema()


@settings(max_examples=25)
@given(deals())
def test_the_digest_is_of_the_content_and_not_of_the_text(deal: Deal) -> None:
    again = read_deal(f"# a comment\n\n{write_deal(deal)}").deal
    assert again is not None
    assert digest_of(again) == digest_of(deal)
    assert digest_of(replace(deal, name=f"{deal.name}x")) != digest_of(deal)


def test_one_cent_is_another_content() -> None:
    moved = a_plan(schedule=(replace(a_plan().schedule[0], amount=usd("250000.01")), *a_plan().schedule[1:]))
    assert digest_of(a_deal(moved)) != digest_of(a_deal())


@given(st.lists(st.text(max_size=80), max_size=6))
def test_every_name_gets_an_address_of_its_own(names: list[str]) -> None:
    taken: set[str] = set()
    for name in names:
        slug = slug_of(name, frozenset(taken))
        assert slug not in taken
        assert slug.isascii()
        assert 1 <= len(slug) <= 80
        taken.add(slug)


def test_approvals_are_asked_by_the_rules_alone() -> None:
    plan = a_plan(base=BasePlan(list_total=usd("1250000")), term_months=36)
    deal = a_deal(plan, terms=(TermsDocument(file="mine.pdf"),))
    assert approvals_needed(deal, ApprovalRules()) == ()
    assert str(discount_of(deal, plan)) == "20"
    rules = ApprovalRules(
        discount_above=Percentage.parse("19.99"), standard_terms=("terms.pdf",), term_above_months=24, usd_above=999_999
    )
    needed = approvals_needed(deal, rules)
    assert [each.reason for each in needed] == [Reason.DISCOUNT, Reason.TERMS, Reason.LONG_TERM, Reason.VALUE]
    assert missing(needed, [Reason.TERMS, Reason.VALUE]) == (needed[0], needed[2])
    fine = ApprovalRules(
        discount_above=Percentage.parse("20"), standard_terms=("mine.pdf",), term_above_months=36, usd_above=1_000_000
    )
    assert approvals_needed(deal, fine) == ()


def test_a_worth_that_is_not_known_in_usd_is_approved() -> None:
    charges = tuple(replace(each, amount=Money(100, currency("EUR"))) for each in a_plan().schedule)
    deal = a_deal(a_plan(schedule=charges, agreed_total=None), currency=currency("EUR"))
    assert [each.reason for each in approvals_needed(deal, ApprovalRules(usd_above=1_000_000))] == [Reason.VALUE]


@pytest.mark.parametrize(
    ("bought_on", "expected"),
    [
        (date(2025, 1, 20), ["2025-02-01", "2025-05-01", "2025-08-01", "2025-11-01"]),
        (date(2025, 2, 10), ["2025-02-10", "2025-05-01", "2025-08-01", "2025-11-01"]),
        (date(2025, 5, 2), ["2025-05-02", "2025-05-02", "2025-08-01", "2025-11-01"]),
    ],
)
def test_the_first_charge_falls_on_the_purchase(bought_on: date, expected: list[str]) -> None:
    found = expected_charges(a_deal(), a_plan(), bought_on)
    assert [each.on.isoformat() for each in found] == expected
    assert Money.sum((each.amount for each in found), "USD") == usd("1000000")


def test_regular_payments_count_from_the_purchase() -> None:
    plan = a_plan(schedule=(), agreed_total=None, billing=Billing(frequency=Frequency.MONTHLY, amount=usd("10")))
    found = expected_charges(a_deal(plan), plan, date(2025, 2, 10))
    assert len(found) == 12
    assert (found[0].on, found[0].amount) == (date(2025, 2, 10), usd("10"))


def test_a_customer_pays_in_its_countrys_price_and_with_the_partners_percentage() -> None:
    yen = currency("JPY")
    local = LocalPrice(currency=yen, markets=("US",), amounts=tuple(Money(each, yen) for each in (1, 2, 3, 4)))
    plan = a_plan(local_prices=(local,))
    assert [each.amount.minor for each in expected_charges(a_deal(plan), plan, date(2025, 2, 1))] == [1, 2, 3, 4]
    marked = a_plan(adjustment=Percentage.parse("10"))
    assert expected_charges(a_multiparty_deal(marked), marked, date(2025, 2, 1))[0].amount == usd("275000")


def test_a_plan_is_known_by_the_id_that_is_bought() -> None:
    deal = a_deal(a_plan(), a_plan(new_plan=None, plan="team"))
    assert plan_bought(deal, "fairmile-agent", "contoso-enterprise-1y") == deal.plans[0]
    assert plan_bought(deal, "fairmile-agent", "team") == deal.plans[1]
    assert plan_bought(deal, "fairmile-agent", "enterprise") is None


DAY = date(2026, 11, 22)


def facts(state: DealState, **changes: object) -> DealFacts:
    found = DealFacts(
        name="Contoso",
        customer="Contoso",
        state=state,
        state_since=DAY,
        accept_by=DAY + timedelta(days=20),
        starts_on=DAY + timedelta(days=30),
        ends_on=DAY + timedelta(days=400),
        total="1.00 USD",
    )
    return replace(found, **changes)  # type: ignore[arg-type]


@given(st.sampled_from(DealState), st.integers(0, 500))
def test_a_need_stays_until_it_is_done_and_time_alone_ends_what_it_may(state: DealState, days: int) -> None:
    today = DAY + timedelta(days=days)
    charge = ExpectedCharge(number=1, on=DAY + timedelta(days=100), amount=usd("1"), note="")
    what = facts(state, charges=(("plan", charge),) if state is DealState.BOUGHT else ())
    passed = passing(what, today)
    if passed is not None:
        assert step(state, passed.step) is not None
        assert passed.reason.endswith(".")
    codes = {need.finding.code for need in needs_now(what, today)}
    later = {need.finding.code for need in needs_now(what, today + timedelta(days=1))}
    assert codes - later <= {"deals.charge_near"}
    assert codes <= {need.finding.code for need in needs(what)}


def test_a_renewal_that_was_answered_asks_no_more() -> None:
    end = DAY + timedelta(days=400)
    assert needs_now(facts(DealState.BOUGHT), end - timedelta(days=90))
    assert not needs_now(facts(DealState.BOUGHT), end - timedelta(days=91))
    assert not needs_now(facts(DealState.BOUGHT, has_renewal_answer=True), end)


def test_every_state_but_the_last_ones_can_be_left() -> None:
    left = {state for state, _ in TRANSITIONS}
    assert set(DealState) - left == {DealState.ENDED}
    assert {step_told("live", word) for word in ("pendingAcceptance", "accepted", "pendingPartnerAction")} == {
        Step.OFFERED,
        Step.ACCEPTED,
        Step.SHARED,
    }
    assert step_told("live", None) is None
    assert step_told("live", None, is_for_customer=False) is Step.OFFERED


@given(deals())
def test_a_copy_of_the_submitted_part_differs_in_nothing(deal: Deal) -> None:
    assert differences(deal, submitted_part(deal)) == ()
    assert differences(deal, replace(submitted_part(deal), accept_by=date(1999, 1, 1)))[0].startswith("accept_by: ")


def test_a_sound_payload_is_of_its_schema_and_a_broken_one_is_told_with_its_place(tmp_path: Path) -> None:
    deal = a_deal(prepared_by="dana@fairmile.example", contacts=("dana@fairmile.example",))
    payload = make_payload(deal, ids_of(deal), SCHEMA, state="live")
    assert list(check_payload(payload, SCHEMA)) == []
    payload["resources"][1]["name"] = "No <tags>"
    del payload["resources"][0]["pricing"]["recurrentPrice"]["prices"]
    payload["resources"].append({"$schema": "https://schema.mp.microsoft.com/schema/other/2022-07-01"})
    places = [finding.path for finding in check_payload(payload, SCHEMA)]
    assert places == ["resources/0/pricing/recurrentPrice", "resources/1/name", "resources/2"]
    # Microsoft's own file decides where a publisher has it.
    (tmp_path / "private-offer_2023-07-15.json").write_text(json.dumps({"required": ["somethingNew"]}))
    told = [finding.message for finding in check_payload(payload, SCHEMA, tmp_path)]
    assert any("somethingNew" in message for message in told)
    assert not any("No <tags>" in message for message in told)
