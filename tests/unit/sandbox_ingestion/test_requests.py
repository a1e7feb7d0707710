"""How a request is read. Documents: schema of private offers of 15 July 2023; samples of the four pages on creating."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.sandbox.ingestion.requests.requirements import missing_parts
from fairkeeper.sandbox.ingestion.requests.shapes import CONFIGURE_SCHEMA, OfferType, Request, read_request
from tests.unit.sandbox_ingestion.builders import (
    BUSINESS,
    DESK,
    faults,
    offer_document,
    price_document,
    request,
    schedule,
    yearly,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(body=st.dictionaries(st.sampled_from(["$schema", "resources", "x"]), JSON))
def test_any_json_is_read_or_refused_and_never_breaks(body: dict[str, Any]) -> None:
    assert isinstance(read_request(body), Request | list)


@given(name=st.sampled_from(sorted(offer_document())), value=JSON)
def test_any_value_of_any_property_is_read_or_refused(name: str, value: Any) -> None:
    body = {"$schema": CONFIGURE_SCHEMA, "resources": [{**offer_document(), name: value}]}
    read = read_request(body)
    if isinstance(read, Request):
        missing_parts(read)
    else:
        assert all(fault.target.startswith("resources[0]") for fault in read)


@given(value=JSON)
def test_any_value_inside_a_price_is_read_or_refused(value: Any) -> None:
    read = read_request({"$schema": CONFIGURE_SCHEMA, "resources": [price_document(yearly() | {"prices": value})]})
    assert isinstance(read, Request | list)


def test_what_was_sent_is_kept_beside_what_was_read() -> None:
    sent = (price_document(schedule(("2027-01-01", 5))), offer_document())
    read = request(*json.loads(json.dumps(sent)))
    assert (read.price_documents, read.documents) == ((sent[0],), (sent[1],))


def test_every_fault_is_told_with_its_place() -> None:
    found = faults(offer_document(name=""), 7, offer_document(pricing=[{"product": DESK, "discountType": "free"}]))  # type: ignore[arg-type]
    assert [each.target for each in found] == [
        "resources[0].name",
        "resources[1]",
        "resources[2].pricing[0].discountType",
    ]


@pytest.mark.parametrize("letter", "!<>^[]@#%/\x00\x1f\x7f")
def test_a_name_holds_none_of_the_barred_characters(letter: str) -> None:
    """SCHEMA: ! < > ^ [ ] @ # % / and control characters."""
    assert [each.target for each in faults(offer_document(name=f"Contoso {letter}"))] == ["resources[0].name"]


def test_a_variants_schema_is_for_its_type() -> None:
    """TROUBLE, Schemas: a schema for the originator and one for the selling partner."""
    schema = "https://schema.mp.microsoft.com/schema/private-offer-mpo-originator/2023-07-15"
    assert [each.target for each in missing_parts(request(offer_document(**{"$schema": schema})))] == [
        "Contoso: $schema"
    ]


@pytest.mark.parametrize(
    ("item", "target"),
    [
        ({"pricePerPaymentInUsd": 1}, "billingTerm"),
        (yearly() | {"pricePerPaymentInUsd": None}, "pricePerPaymentInUsd"),
        (yearly() | {"flexibleSchedule": {"initialCharge": {"pricePerPaymentInUsd": 0}}}, "pricePerPaymentInUsd"),
        (yearly() | {"prices": [{"currency": "EUR", "markets": ["DE"], "price": 1}]}, "prices"),
        (
            schedule() | {"flexibleSchedule": {"billingSchedule": []}},
            "flexibleSchedule.initialCharge",
        ),
        (
            schedule() | {"flexibleSchedule": {"initialCharge": {"price": 1}}},
            "flexibleSchedule.pricePerPaymentInUsd",
        ),
    ],
)
def test_a_price_says_term_and_amount_in_one_way(item: dict[str, Any], target: str) -> None:
    """CUST, samples of prices; a third party's copy of the schema for schedules."""
    found = [each.target for each in missing_parts(request(price_document(item)))]
    assert found == [f"price: pricing.recurrentPrice.prices[0].{target}"]


@pytest.mark.parametrize("kind", list(OfferType))
def test_a_withdrawal_needs_no_more_than_id_name_type_and_state(kind: OfferType) -> None:
    """MANAGE, Withdraw: request bodies."""
    document = offer_document()
    short = {name: document[name] for name in ("$schema", "name")}
    short |= {"id": "private-offer/1", "privateOfferType": kind.value, "state": "withdrawn"}
    assert missing_parts(request(short)) == []
    assert len(missing_parts(request({name: short[name] for name in short if name != "id"}))) == 1


@pytest.mark.parametrize(
    ("row", "targets"),
    [
        ({"basePlan": BUSINESS}, ["newPlanDetails.name", "newPlanDetails.description"]),
        ({"basePlan": BUSINESS, "newPlanDetails": {"name": "N"}}, ["newPlanDetails.description"]),
        ({"newPlanDetails": {"name": "N", "description": "D"}}, ["basePlan"]),
        ({"plan": BUSINESS, "newPlanDetails": {"name": "N", "description": "D"}}, ["plan", "basePlan"]),
    ],
)
def test_a_customised_plan_names_its_base_and_describes_itself(row: dict[str, Any], targets: list[str]) -> None:
    """CUST, table of offerPricingType."""
    line = {"product": DESK, "discountType": "absolute", "priceDetails": {"resourceName": "price"}, **row}
    found = missing_parts(request(offer_document(offerPricingType="saasNewCustomizedPlans", pricing=[line])))
    assert [each.target for each in found] == [f"Contoso: pricing[0].{target}" for target in targets]
