"""Which deal a subscription came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from fairkeeper.deals.matching import BoughtSubscription, DealMarks, MatchedBy, match_deal

TENANT = "0b020001-0000-4000-8000-000000000002"
OFFER_ID = "5f0d2c9e-6c0b-4f3e-9a55-0d7c1f2b8e31"

CONTOSO = DealMarks(
    deal_id="contoso",
    plans=frozenset({("fairmile-agent", "contoso-enterprise-1y")}),
    customised_plans=frozenset({("fairmile-agent", "contoso-enterprise-1y")}),
    open_from=date(2025, 1, 1),
    accept_by=date(2025, 1, 31),
    private_offer_id=f"private-offer/{OFFER_ID}",
    tenant_id=TENANT,
)
DISCOUNT = DealMarks(
    deal_id="discount",
    plans=frozenset({("fairmile-agent", "enterprise")}),
    open_from=date(2025, 1, 1),
    accept_by=date(2025, 1, 31),
    tenant_id=TENANT,
)
BOUGHT = BoughtSubscription(
    offer_id="fairmile-agent",
    plan_id="contoso-enterprise-1y",
    purchaser_tenant_id=TENANT,
    bought_on=date(2025, 2, 3),
    source_offer_ids=(OFFER_ID.upper(),),
)


def test_the_private_offers_id_is_certain() -> None:
    match = match_deal(BOUGHT, [DISCOUNT, CONTOSO])
    assert match is not None
    assert (match.deal_ids, match.matched_by, match.needs_person) == (("contoso",), MatchedBy.SOURCE_OFFER, False)


def test_the_customised_plan_is_certain_without_an_offers_id() -> None:
    match = match_deal(replace(BOUGHT, source_offer_ids=()), [DISCOUNT, CONTOSO])
    assert match is not None
    assert (match.deal_ids, match.matched_by, match.needs_person) == (("contoso",), MatchedBy.CUSTOMISED_PLAN, False)


def test_the_plan_of_a_deal_that_was_entered_by_hand_is_certain() -> None:
    match = match_deal(BOUGHT, [replace(CONTOSO, private_offer_id=None)])
    assert match is not None
    assert (match.matched_by, match.needs_person) == (MatchedBy.CUSTOMISED_PLAN, False)


def test_a_plan_that_another_offer_was_bought_by_needs_a_person() -> None:
    match = match_deal(replace(BOUGHT, source_offer_ids=("another",)), [CONTOSO])
    assert match is not None
    assert (match.matched_by, match.needs_person) == (MatchedBy.CUSTOMISED_PLAN, True)


def test_offer_and_plan_of_two_deals_need_a_person() -> None:
    other = replace(CONTOSO, deal_id="other", private_offer_id="private-offer/other")
    match = match_deal(replace(BOUGHT, source_offer_ids=("other",)), [CONTOSO, other])
    assert match is not None
    assert (set(match.deal_ids), match.needs_person) == ({"other", "contoso"}, True)


LIKELY = replace(BOUGHT, plan_id="enterprise", source_offer_ids=())


def test_tenant_offer_and_days_are_only_likely() -> None:
    match = match_deal(LIKELY, [DISCOUNT])
    assert match is not None
    assert (match.deal_ids, match.matched_by, match.needs_person) == (("discount",), MatchedBy.LIKENESS, True)


def test_likeness_that_fits_two_deals_names_both() -> None:
    match = match_deal(LIKELY, [DISCOUNT, replace(DISCOUNT, deal_id="second")])
    assert match is not None
    assert match.deal_ids == ("discount", "second")


@pytest.mark.parametrize(
    "bought",
    [
        replace(LIKELY, purchaser_tenant_id="another"),
        replace(LIKELY, offer_id="another"),
        replace(LIKELY, bought_on=date(2024, 12, 31)),
        replace(LIKELY, bought_on=date(2025, 3, 3)),
    ],
)
def test_what_is_not_like_any_deal_has_none(bought: BoughtSubscription) -> None:
    assert match_deal(bought, [DISCOUNT]) is None


@pytest.mark.parametrize("bought_on", [date(2025, 1, 1), date(2025, 3, 2)])
def test_the_first_and_the_last_day_count(bought_on: date) -> None:
    assert match_deal(replace(LIKELY, bought_on=bought_on), [DISCOUNT]) is not None


def test_a_deal_with_another_offers_id_is_not_likely() -> None:
    known = replace(DISCOUNT, private_offer_id=OFFER_ID)
    assert match_deal(replace(LIKELY, source_offer_ids=("another",)), [known]) is None


def test_a_deal_without_a_tenant_is_never_likely() -> None:
    assert match_deal(LIKELY, [replace(DISCOUNT, tenant_id=None)]) is None


def test_without_deals_there_is_no_match() -> None:
    assert match_deal(BOUGHT, []) is None
