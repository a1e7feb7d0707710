"""The ingestion API's payload: exact, of the configured schema, and read back as what was sent."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.deals.deal import Billing, Deal, DealKind, Frequency, PricingKind, Side, TermsDocument
from fairkeeper.deals.errors import NoChannelPartnerError, PayloadRefusedError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.deals.submission.payload import encode_payload, make_payload, make_state_change
from fairkeeper.deals.submission.payload_reading import decode_payload, read_payload
from fairkeeper.deals.submission.schema import PayloadSchema, ResourceIds, ScheduleNames
from fairkeeper.deals.submission.submitted import submitted_part
from tests.unit.deals.builders import EXAMPLES, a_deal, a_multiparty_deal, a_plan, deals, usd

SCHEMA = PayloadSchema()


def ids_of(deal: Deal) -> ResourceIds:
    """Durable ids for everything a deal names."""
    offers = sorted({plan.offer for plan in deal.plans})
    plans = sorted({(plan.offer, plan.plan) for plan in deal.plans})
    return ResourceIds(
        products={offer: f"product/{number}" for number, offer in enumerate(offers)},
        plans={key: f"plan/{number}" for number, key in enumerate(plans)},
        document_urls={each.file: f"https://files.fairmile.example/{each.file}?sig=x" for each in deal.terms},
    )


def sent_and_read(deal: Deal, side: Side = Side.ORIGINATOR, schema: PayloadSchema = SCHEMA) -> Deal:
    ids = ids_of(deal)
    content = encode_payload(make_payload(deal, ids, schema, side=side))
    return read_payload(decode_payload(content), ids, schema)


def currency_is_told(deal: Deal) -> bool:
    """A payload names a currency only in a price; without one it is USD."""
    return deal.currency.code == "USD" or any(plan.schedule or plan.billing for plan in deal.plans)


@given(deals().filter(currency_is_told))
def test_a_deal_survives_file_and_payload(deal: Deal) -> None:
    read = read_deal(write_deal(deal)).deal
    assert read is not None
    assert sent_and_read(read) == submitted_part(deal)


@given(deals(kinds=(DealKind.MULTIPARTY,)))
def test_a_channel_partners_part_survives_too(deal: Deal) -> None:
    part = submitted_part(deal, Side.CHANNEL_PARTNER)
    assert replace(partners_view(deal), currency=part.currency) == part


def partners_view(deal: Deal) -> Deal:
    """What a channel partner reads: the publisher's offer without its prices, with the partner's own answer."""
    ids = replace(ids_of(deal), private_offer="private-offer/1")
    told = make_payload(deal, ids, SCHEMA)["resources"][-1]
    own = make_payload(deal, ids, SCHEMA, side=Side.CHANNEL_PARTNER)["resources"][-1]
    hidden = {"pricing", "preparedBy", "notificationContacts", "termsAndConditionsDocs", "resourceName"}
    view = {**{name: value for name, value in told.items() if name not in hidden}, **own}
    content = encode_payload({"$schema": SCHEMA.configure_address, "resources": [view]})
    return read_payload(decode_payload(content), ids, SCHEMA)


@given(st.sampled_from(sorted(path.stem for path in EXAMPLES.glob("*.yaml"))))
def test_a_worked_deal_keeps_every_charge_and_note(name: str) -> None:
    deal = read_deal((EXAMPLES / f"{name}.yaml").read_text("utf-8")).deal
    assert deal is not None
    assert sent_and_read(deal).plans[0].schedule == deal.plans[0].schedule
    assert sent_and_read(deal).plans[0].agreed_total == deal.plans[0].agreed_total


def test_names_of_a_schedule_are_configuration() -> None:
    names = ScheduleNames(schedule="billingPlan", initial="first", dated="then", charge_date="on", total="sum")
    schema = PayloadSchema(private_offer="2027-01-01", names=names)
    deal = a_deal()
    payload = make_payload(deal, ids_of(deal), schema)
    text = json.dumps(payload, default=str)
    assert '"billingPlan"' in text
    assert "flexibleSchedule" not in text
    assert payload["resources"][-1]["$schema"].endswith("private-offer/2027-01-01")
    assert sent_and_read(deal, schema=schema) == submitted_part(deal)


def test_the_shape_that_documents_describe() -> None:
    deal = a_deal(terms=(TermsDocument(file="terms.pdf"),))
    payload = make_payload(deal, ids_of(deal), SCHEMA, state="live")
    price, offer = payload["resources"]
    assert payload["$schema"] == "https://schema.mp.microsoft.com/schema/configure/2022-07-01"
    assert {name: offer[name] for name in ("state", "privateOfferType", "offerPricingType", "start", "end")} == {
        "state": "live",
        "privateOfferType": "customerPromotion",
        "offerPricingType": "saasNewCustomizedPlans",
        "start": "2025-02-01",
        "end": "2026-01-31",
    }
    assert offer["beneficiaries"] == [{"id": "12345678", "description": "Contoso"}]
    assert offer["termsAndConditionsDocSasUrl"].startswith("https://")
    (row,) = offer["pricing"]
    assert (row["discountType"], row["basePlan"]) == ("absolute", "plan/0")
    assert row["priceDetails"] == {"resourceName": price["resourceName"]}
    (item,) = price["pricing"]["recurrentPrice"]["prices"]
    assert item["contractDuration"] == {"type": "year", "value": 1}
    assert [line["chargeDate"] for line in item["flexibleSchedule"]["billingSchedule"]] == [
        "2025-05-01",
        "2025-08-01",
        "2025-11-01",
    ]
    assert item["flexibleSchedule"]["initialCharge"]["note"] == "Q1"


def test_a_publishers_payload_says_nothing_of_the_adjustment() -> None:
    deal = a_multiparty_deal(a_plan(adjustment=Percentage.parse("10.52631579"), note="Hello"))
    assert b"markup" not in encode_payload(make_payload(deal, ids_of(deal), SCHEMA))
    ids = replace(ids_of(deal), private_offer="private-offer/1")
    (partner,) = make_payload(deal, ids, SCHEMA, side=Side.CHANNEL_PARTNER)["resources"]
    assert partner["id"] == "private-offer/1"
    assert partner["originatorPricing"] == [
        {"product": "product/0", "basePlan": "plan/0", "markupPercentage": Decimal("10.52631579"), "notes": "Hello"}
    ]
    assert not {"pricing", "beneficiaries", "acceptBy"} & partner.keys()


def test_a_channel_partner_names_the_offer_that_it_answers() -> None:
    deal = a_multiparty_deal()
    with pytest.raises(PayloadRefusedError, match="id of the private offer"):
        make_payload(deal, ids_of(deal), SCHEMA, side=Side.CHANNEL_PARTNER)


def test_a_reservation_names_a_base_plan_and_makes_no_plan() -> None:
    deal = a_deal(a_plan(new_plan=None), pricing=PricingKind.VM_RESERVATION)
    (row,) = make_payload(deal, ids_of(deal), SCHEMA)["resources"][-1]["pricing"]
    assert row["basePlan"] == "plan/0"
    assert not {"plan", "newPlanDetails"} & row.keys()


def test_a_customised_plan_is_described_even_where_nobody_did() -> None:
    deal = a_deal(a_plan(new_plan_name="For Contoso"), a_plan(new_plan="two", new_plan_description="As agreed."))
    rows = make_payload(deal, ids_of(deal), SCHEMA)["resources"][-1]["pricing"]
    assert [row["newPlanDetails"]["description"] for row in rows] == ["For Contoso", "As agreed."]


def test_a_withdrawal_names_the_offer_and_its_new_state_alone() -> None:
    ids = replace(ids_of(a_deal()), private_offer="private-offer/1")
    (offer,) = make_state_change(a_deal(), ids, SCHEMA, "withdrawn")["resources"]
    assert offer == {
        "$schema": SCHEMA.private_offer_address,
        "id": "private-offer/1",
        "name": "Contoso one year",
        "privateOfferType": "customerPromotion",
        "state": "withdrawn",
    }


def test_one_payment_for_the_whole_term_is_read_however_it_is_told() -> None:
    deal = a_deal(a_plan(schedule=(), billing=Billing(frequency=Frequency.ONCE, amount=usd("10")), term_months=36))
    payload = make_payload(deal, ids_of(deal), SCHEMA)
    payload["resources"][0]["pricing"]["recurrentPrice"]["prices"][0]["paymentOption"] = {"type": "year", "value": 3}
    read = read_payload(decode_payload(encode_payload(payload)), ids_of(deal), SCHEMA)
    assert read.plans[0].billing == deal.plans[0].billing


def test_a_start_on_acceptance_has_no_start() -> None:
    deal = a_deal(billing_starts=None)
    offer = make_payload(deal, ids_of(deal), SCHEMA)["resources"][-1]
    assert offer["variableStartDate"] is True
    assert "start" not in offer


@pytest.mark.parametrize(
    "ids",
    [
        ResourceIds(products={}, plans={("fairmile-agent", "enterprise"): "plan/0"}),
        ResourceIds(products={"fairmile-agent": "product/0"}, plans={}),
    ],
)
def test_an_unknown_id_is_refused(ids: ResourceIds) -> None:
    with pytest.raises(PayloadRefusedError, match="fairmile-agent"):
        make_payload(a_deal(), ids, SCHEMA)


def test_a_document_without_an_address_is_refused() -> None:
    deal = a_deal(terms=(TermsDocument(file="terms.pdf"),))
    ids = replace(ids_of(deal), document_urls={})
    with pytest.raises(PayloadRefusedError, match=r"terms\.pdf"):
        make_payload(deal, ids, SCHEMA)


def test_only_a_multiparty_offer_has_a_channel_partners_part() -> None:
    with pytest.raises(NoChannelPartnerError):
        make_payload(a_deal(), ids_of(a_deal()), SCHEMA, side=Side.CHANNEL_PARTNER)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(each for key, child in children for each in _paths(child, (*path, key)))]


BROKEN: tuple[Any, ...] = (None, [], {}, "x", True, 3.5, ["x"], {"x": 1}, -1, "2025-13-45")


@pytest.mark.parametrize("value", [-1, 0, 51, 10**9])
def test_a_term_that_no_deal_can_have_is_refused(value: int) -> None:
    deal = a_multiparty_deal(a_plan(discount=None))
    ids = ids_of(deal)
    payload = json.loads(encode_payload(make_payload(deal, ids, SCHEMA)))
    (item,) = payload["resources"][0]["pricing"]["recurrentPrice"]["prices"]
    item["contractDuration"]["value"] = value
    with pytest.raises(PayloadRefusedError):
        read_payload(decode_payload(json.dumps(payload).encode()), ids, SCHEMA)


@given(st.data())
def test_whatever_is_answered_is_read_or_refused(data: st.DataObject) -> None:
    deal = a_multiparty_deal(a_plan(discount=None))
    ids = ids_of(deal)
    payload = json.loads(encode_payload(make_payload(deal, ids, SCHEMA)))
    path = data.draw(st.sampled_from(_paths(payload)))
    target = payload
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = data.draw(st.sampled_from(BROKEN))
    try:
        read = read_payload(decode_payload(json.dumps(payload).encode()), ids, SCHEMA)
    except PayloadRefusedError:
        return
    # What was let through is sound in its types: it can be written and read like any deal.
    assert read_deal(write_deal(read)).deal == read


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"resources": []}', b'{"resources": [1]}', b"{}"])
def test_what_is_no_payload_is_refused(content: bytes) -> None:
    with pytest.raises(PayloadRefusedError):
        read_payload(decode_payload(content), ids_of(a_deal()), SCHEMA)
