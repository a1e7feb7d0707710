"""What a job refuses: dates, parties, references, new plans.

Documents: schema of private offers of 15 July 2023; Job status and retrieve private offer detail via API; Private offers
for customers; Multiparty private offers for ISVs.
"""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.sandbox.ingestion.jobs import rules
from fairkeeper.sandbox.ingestion.lifecycle import Standing
from tests.unit.sandbox_ingestion.builders import (
    ASSISTANT,
    BUSINESS,
    DESK,
    NOON,
    TODAY,
    contoso,
    offer,
    offer_document,
    outcome,
    price_document,
    record,
    world,
    yearly,
)


def told(*resources: dict[str, Any], among: rules.World | None = None) -> list[str]:
    return [f"{each.code}: {each.message}" for each in outcome(*resources, among=among).errors]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variableStartDate": False}, "The start date should be defined"),
        ({"variableStartDate": None}, "The start date should be defined"),
        ({"start": "2027-01-01"}, "The start date should not be defined with variableStartDate"),
        (
            {"variableStartDate": False, "start": "2027-01-02"},
            "The start date 2027-01-02 is not the first day of a month",
        ),
        ({"end": "2027-12-30"}, "The end date 2027-12-30 is not the last day of a month"),
        (
            {"variableStartDate": False, "start": "2028-01-01"},
            "The start date 2028-01-01 lies after the end date 2027-12-31",
        ),
        ({"acceptBy": "2028-01-01"}, "acceptBy 2028-01-01 lies after the end date 2027-12-31"),
        ({"acceptBy": "2026-11-21"}, "acceptBy 2026-11-21 lies in the past"),
    ],
)
def test_a_date_that_breaks_the_calendar_is_refused(changes: dict[str, Any], message: str) -> None:
    """SCHEMA: first and last days of months; JOB: the start date should be defined."""
    assert told(offer_document(**changes)) == [f"Conflict: {message}"]


def test_an_end_in_the_past_is_refused() -> None:
    assert "Conflict: The end date 2026-10-31 lies in the past" in told(
        offer_document(end="2026-10-31", acceptBy="2026-10-30")
    )


@given(day=st.dates(min_value=TODAY, max_value=date(2040, 12, 31)))
def test_exactly_the_last_days_of_months_end_an_offer(day: date) -> None:
    errors = list(rules.date_errors(offer(end=day.isoformat(), acceptBy=TODAY.isoformat()), TODAY))
    assert bool(errors) == (day.day != calendar.monthrange(day.year, day.month)[1])


def test_today_is_early_enough_to_accept() -> None:
    assert told(offer_document(acceptBy=TODAY.isoformat())) == []


def test_a_draft_is_held_to_its_references_alone() -> None:
    assert told(offer_document(state="draft", end="2020-01-02", acceptBy=None, beneficiaries=[{"id": "nobody"}])) == []
    rows = [{"product": DESK, "plan": "plan/1/2", "discountType": "percentage", "discountPercentage": 1}]
    assert told(offer_document(state="draft", pricing=rows)) == [f"NotFound: Product {DESK} has no plan 'plan/1/2'."]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"product": "product/none"}, "NotFound: There is no product 'product/none' in this account."),
        ({"product": ASSISTANT}, f"NotFound: Product {ASSISTANT} has no plan '{BUSINESS}'."),
    ],
)
def test_what_a_line_refers_to_exists(row: dict[str, Any], message: str) -> None:
    line = {"product": DESK, "plan": BUSINESS, "discountType": "percentage", "discountPercentage": 1, **row}
    assert told(offer_document(pricing=[line])) == [message]


def test_customers_resellers_and_partners_exist() -> None:
    assert told(offer_document(beneficiaries=[{"id": "1:2_2019-05-31"}])) == [
        "NotFound: The billing account '1:2_2019-05-31' is not known or not eligible"
    ]
    assert told(offer_document(privateOfferType="cspPromotion", beneficiaries=[{"id": "Litware"}])) == [
        "NotFound: 'Litware' is no tenant id of a reseller"
    ]
    multiparty = {"privateOfferType": "multipartyPromotionOriginator", "partners": [{"id": "7"}]}
    assert told(offer_document(**multiparty)) == ["NotFound: There is no seller with the id 7"]


def line(new_id: str | None = "new-plan", **changes: Any) -> dict[str, Any]:
    details = {"name": "New", "description": "As agreed", **({"id": new_id} if new_id is not None else {})}
    return {
        "product": DESK,
        "basePlan": BUSINESS,
        "newPlanDetails": details,
        "discountType": "absolute",
        "priceDetails": {"resourceName": "price"},
        **changes,
    }


CUSTOMISED = {"offerPricingType": "saasNewCustomizedPlans"}


@pytest.mark.parametrize(
    ("new_id", "message"),
    [
        ("New Plan", "'New Plan' is no plan id (a-z, 0-9, - and _, at most 50)"),
        ("p" * 51, f"'{'p' * 51}' is no plan id (a-z, 0-9, - and _, at most 50)"),
        ("enterprise", "The plan id 'enterprise' is taken"),
        ("team", "The plan id 'team' is taken"),
    ],
)
def test_a_new_plan_has_an_id_of_its_own(new_id: str, message: str) -> None:
    """Plan a SaaS offer: lower-case letters, digits, dash and underscore, at most 50."""
    document = offer_document(**CUSTOMISED, pricing=[line(new_id)])
    assert told(price_document(yearly()), document) == [f"Conflict: {message}"]


def test_an_id_is_taken_by_another_offer_and_free_once_that_is_withdrawn() -> None:
    sent = (price_document(yearly()), offer_document(**CUSTOMISED, pricing=[line()]))
    (first,) = outcome(*sent).records
    again = outcome(*sent, among=world(first), job_id="other")
    assert [each.message for each in again.errors] == ["The plan id 'new-plan' is taken"]
    withdrawal = {**offer_document(state="withdrawn"), "id": f"private-offer/{first.id}"}
    (gone,) = outcome(withdrawal, among=world(first)).records
    assert outcome(*sent, among=world(gone), job_id="other").errors == ()
    twice = offer_document(**CUSTOMISED, pricing=[line(), line()])
    assert told(price_document(yearly()), twice) == ["Conflict: The plan id 'new-plan' is taken"]


def test_a_new_plan_without_an_id_gets_one() -> None:
    (made,) = outcome(price_document(yearly()), offer_document(**CUSTOMISED, pricing=[line(None)])).records
    details = made.offer.rows[0].new_plan_details
    assert details is not None
    assert details.id is not None
    assert details.id.startswith("private-")
    assert len(details.id) <= 50


def test_a_price_is_found_by_its_name_and_is_for_its_line() -> None:
    """CUST: priceDetails.resourceName points to a resource of the same request."""
    document = offer_document(**CUSTOMISED, pricing=[line()])
    assert told(document) == ["NotFound: The request holds no price with the name 'price'"]
    other = price_document(yearly(), plan="plan/1/2")
    assert told(other, document) == ["Conflict: The price 'price' is for another product or plan"]


def test_the_way_of_pricing_goes_with_the_product() -> None:
    """CUST, table: saasNewCustomizedPlans for SaaS, vmSoftwareReservations for virtual machines."""
    row = line() | {"newPlanDetails": None}
    document = offer_document(offerPricingType="vmSoftwareReservations", pricing=[row])
    assert told(price_document(yearly()), document) == [
        "Conflict: vmSoftwareReservations is not for products of type softwareAsAService."
    ]


def test_an_upgrade_may_keep_the_plan_of_the_offer_it_follows() -> None:
    """2022, Upgrade: what is not given carries over."""
    sent = (price_document(yearly()), offer_document(**CUSTOMISED, pricing=[line()]))
    (first,) = outcome(*sent).records
    kept = replace(first, standing=Standing.ACCEPTED, accepted_at=NOON)
    upgrade = offer_document(
        pricing=None,
        offerPricingType=None,
        beneficiaries=None,
        upgradedFrom={"id": kept.id},
        variableStartDate=False,
        start="2028-01-01",
        end="2028-12-31",
        acceptBy="2027-12-31",
    )
    found = outcome(upgrade, among=world(kept), job_id="upgrade")
    assert found.errors == ()
    (made,) = found.records
    assert made.offer.rows[0].new_plan_details == kept.offer.rows[0].new_plan_details
    assert made.prices == kept.prices
    assert made.beneficiary_id == contoso().id


def test_a_line_for_a_whole_product_overrides_all_its_lines_in_an_upgrade() -> None:
    """2022, Upgrade: the sample gives a product and no plan."""
    kept = replace(record(), standing=Standing.ACCEPTED, accepted_at=NOON)
    whole = {"product": DESK, "discountType": "percentage", "discountPercentage": 20}
    upgrade = offer_document(
        pricing=[whole],
        upgradedFrom={"id": kept.id},
        variableStartDate=False,
        start="2028-01-01",
        end="2028-12-31",
        acceptBy="2027-12-31",
    )
    (made,) = outcome(upgrade, among=world(kept), job_id="upgrade").records
    assert made.document["pricing"] == [whole]
    other = {**whole, "product": ASSISTANT}
    (both,) = outcome({**upgrade, "pricing": [other]}, among=world(kept), job_id="upgrade").records
    assert both.document["pricing"] == [other, *kept.document["pricing"]]


def test_multiparty_offers_one_after_the_other_do_not_overlap() -> None:
    kind = {
        "privateOfferType": "multipartyPromotionOriginator",
        "partners": [{"id": "61000002"}],
        "variableStartDate": False,
    }
    first = record(**kind, start="2027-01-01", end="2027-06-30")
    touching = offer_document(**kind, start="2027-06-01", end="2027-12-31")
    after = offer_document(**kind, start="2027-07-01", end="2027-12-31")
    assert len(outcome(touching, among=world(first), job_id="other").errors) == 1
    assert outcome(after, among=world(first), job_id="other").errors == ()
