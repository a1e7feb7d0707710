"""The pretend product ingestion API over HTTP. Every test cites the page whose behaviour it states.

OVER: Private offers submission API overview. CUST: Create a direct ISV to customer private offer. CSP: Create a private
offer for a CSP partner. MPO: Create a multiparty private offer for a customer. MANAGE: Manage existing private offers via
API. JOB: Job status and retrieve private offer detail via API. TROUBLE: Private offers submission API troubleshooting and
resources. 2022: Private offer APIs in the commercial marketplace (July 2022). SCHEMA: private-offer/2023-07-15. THIRD: a
third party's copy of the schema. ASSUMED: a labelled assumption of the package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairkeeper.sandbox.directory import LANDING_APP_ID, PUBLISHER_TENANT_ID
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID
from tests.contracts.ingestion_stage import (
    APPLIANCE,
    BUSINESS,
    CONFIGURE,
    DESK,
    EIGHTY_MILLION,
    ENTERPRISE,
    LITWARE,
    MACHINE,
    OFFER,
    PRICE,
    SEEDED,
    Ingestion,
    billing_account,
    discount,
    ingestion_sandbox,
    made_plan,
    offer,
    partner_of,
    price,
)
from tests.contracts.sandbox_stage import BASE_URL

UNKNOWN = "99999999-0000-4000-8000-000000000009"


@pytest.fixture
def api() -> Iterator[Ingestion]:
    with ingestion_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[Ingestion]:
    """One sandbox for tests that look only at what they made themselves and do not mind a later day."""
    with ingestion_sandbox() as running:
        yield running


def refused(answer: Any, status: int) -> list[str]:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"]
    assert error["message"]
    return [each["target"] for each in error.get("details", [])]


# ------------------------------------------------------------------------------------------------------ who may call


def test_a_call_needs_a_token_for_graph(shared: Ingestion) -> None:
    """OVER, step 2: resource https://graph.microsoft.com/; error 401 on every page."""
    entra = shared.stage.client.app.state.entra  # type: ignore[attr-defined]
    other = entra.issue_app_token(tenant_id=PUBLISHER_TENANT_ID, audience=MARKETPLACE_APP_ID, client_id=shared.app_id)
    for token in ("garbled", other):
        refused(shared.call("GET", "product", version="2022-07-01", token=token), 401)
    bare = shared.stage.client.get("/ingestion/rp/product-ingestion/product", params={"$version": "2022-07-01"})
    refused(bare, 401)


def test_the_resource_may_be_written_with_a_slash(shared: Ingestion) -> None:
    """OVER, step 2: the sample's resource ends in a slash."""
    entra = shared.stage.client.app.state.entra  # type: ignore[attr-defined]
    token = entra.issue_app_token(
        tenant_id=PUBLISHER_TENANT_ID, audience="https://graph.microsoft.com/", client_id=shared.app_id
    )
    assert shared.call("GET", "product", version="2022-07-01", token=token).status_code == 200


def test_an_expired_token_is_refused(api: Ingestion) -> None:
    """OVER, step 2: 60 minutes."""
    token = api.token
    api.stage.move(hours=1.1)
    refused(api.call("GET", "product", version="2022-07-01", token=token), 401)


def test_an_application_that_is_not_associated_is_refused(shared: Ingestion) -> None:
    """OVER, step 1: associate the application with the account. ASSUMED: 403."""
    stranger = Ingestion(stage=shared.stage, app_id=LANDING_APP_ID)
    refused(stranger.call("GET", "product", version="2022-07-01"), 403)


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("product", None),
        ("product", "2018-08-31"),
        (f"private-offer/{SEEDED}", "2022-07-01"),
        (f"configure/{UNKNOWN}/status", "2023-07-15"),
    ],
)
def test_a_call_needs_the_version_of_its_schema(shared: Ingestion, path: str, version: str | None) -> None:
    """OVER and JOB: `$version` is required."""
    assert refused(shared.call("GET", path, version=version), 400) == ["$version"]


# ------------------------------------------------------------------------------------------------ what can be offered


def test_products_carry_the_offer_id_and_a_durable_id(shared: Ingestion) -> None:
    """OVER, Retrieve products."""
    listed = shared.read("product", version="2022-07-01")["value"]
    desk = next(each for each in listed if each["identity"]["externalId"] == "fairmile-desk")
    assert (desk["id"], desk["alias"], desk["type"]) == (DESK, "Fairmile Desk", "softwareAsAService")
    assert "tailspin-notes" not in {each["identity"]["externalId"] for each in listed}


def test_plans_carry_the_plan_id_and_a_durable_id(shared: Ingestion) -> None:
    """OVER, Retrieve plans for a specific product."""
    listed = shared.read("plan", version="2022-07-01", product=DESK)["value"]
    assert {each["identity"]["externalId"] for each in listed} == {"starter", "trial", "business", "enterprise"}
    assert {each["product"] for each in listed} == {DESK}
    assert BUSINESS in {each["id"] for each in listed}


def test_unknown_products_plans_and_prices_are_not_found(shared: Ingestion) -> None:
    """JOB, error codes: 404."""
    price_path = f"price-and-availability-private-offer-plan/{UNKNOWN}"
    refused(shared.call("GET", "plan", version="2022-07-01", params={"product": f"product/{UNKNOWN}"}), 404)
    refused(shared.call("GET", price_path, params={"plan": BUSINESS}), 404)
    refused(shared.call("GET", price_path.replace(UNKNOWN, DESK[8:]), params={"plan": f"plan/{UNKNOWN}"}), 404)
    refused(shared.call("GET", "private-offer/" + UNKNOWN), 404)
    refused(shared.call("GET", f"configure/{UNKNOWN}"), 404)
    refused(shared.call("GET", f"configure/{UNKNOWN}/status", version="2022-07-01"), 404)


def test_a_public_price_can_be_edited_and_sent_with_a_private_offer(api: Ingestion) -> None:
    """CUST: obtain the pricing resource, edit it, name it, and refer to it by resourceName."""
    path = f"price-and-availability-private-offer-plan/{DESK[8:]}"
    public = api.read(path, plan=BUSINESS)
    item = public["pricing"]["recurrentPrice"]["prices"][1]
    assert (item["billingTerm"], item["pricePerPaymentInUsd"]) == ({"type": "year", "value": 1}, 9588)
    assert public["pricing"]["customMeters"]["meters"]["documents"]["pricePerPaymentInUsd"] == 0.12
    item["pricePerPaymentInUsd"] = 9000.5
    edited = {**public, "resourceName": "cheaper"}
    row = {"product": DESK, "plan": BUSINESS, "discountType": "absolute", "priceDetails": {"resourceName": "cheaper"}}
    made = api.made(edited, offer(billing_account(api), row))
    kept = api.read(made["pricing"][0]["priceDetails"])
    assert kept["pricing"] == edited["pricing"]


# ------------------------------------------------------------------------------------------------------------- jobs


def test_a_job_begins_runs_and_leads_to_the_private_offer(api: Ingestion) -> None:
    """CUST, Response; JOB, Query the status of an existing job (sample outputs)."""
    begun = api.post(offer(billing_account(api))).json()
    assert begun["$schema"].endswith("/configure-status/2022-07-01")
    assert (begun["jobStatus"], begun["jobResult"], begun["jobEnd"]) == ("notStarted", "pending", "0001-01-01")
    assert begun["errors"] == []
    assert "resourceUri" not in begun
    api.stage.move(seconds=5)
    running = api.status(begun["jobId"])
    assert (running["jobStatus"], running["jobResult"]) == ("running", "pending")
    api.stage.move(seconds=60)
    done = api.status(begun["jobId"])
    assert (done["jobStatus"], done["jobResult"], done["errors"]) == ("completed", "succeeded", [])
    assert done["jobStart"] == "2026-11-22T12:00:00.0000000Z"
    assert done["jobEnd"] == "2026-11-22T12:00:15.0000000Z"
    assert done["resourceUri"] == f"{BASE_URL}/ingestion/rp/product-ingestion/configure/{begun['jobId']}"
    configured = api.read(f"configure/{begun['jobId']}", version="2022-07-01")
    assert configured["$schema"] == CONFIGURE
    (made,) = configured["resources"]
    assert (made["name"], made["state"], made["subState"]) == ("Contoso three years", "live", "pendingAcceptance")


def test_a_job_may_be_asked_about_once_a_minute(api: Ingestion) -> None:
    """JOB: a maximum frequency of one request per minute. ASSUMED: 429 with Retry-After."""
    job_id = api.post(offer(billing_account(api))).json()["jobId"]
    api.status(job_id)
    api.stage.move(seconds=20)
    early = api.call("GET", f"configure/{job_id}/status", version="2022-07-01")
    refused(early, 429)
    assert early.headers["retry-after"] == "40"
    api.stage.move(seconds=39)
    assert api.call("GET", f"configure/{job_id}/status", version="2022-07-01").headers["retry-after"] == "1"
    api.stage.move(seconds=1)
    assert api.status(job_id)["jobStatus"] == "completed"


def test_a_failed_job_says_why_and_leaves_nothing(api: Ingestion) -> None:
    """JOB, sample Failure: `Conflict`, the start date should be defined."""
    before = len(api.read("private-offer/query")["value"])
    job = api.configure(offer(billing_account(api), variableStartDate=False))
    assert (job["jobStatus"], job["jobResult"]) == ("completed", "failed")
    assert [(each["code"], each["message"]) for each in job["errors"]] == [
        ("Conflict", "The start date should be defined")
    ]
    assert "resourceUri" not in job
    assert len(api.read("private-offer/query")["value"]) == before


def test_one_bad_resource_fails_the_whole_request(api: Ingestion) -> None:
    """ASSUMED: all or none; every broken rule is told."""
    account = billing_account(api)
    told = api.failed(offer(account), offer(account, end="2029-12-30", acceptBy="2030-01-01"), offer("nobody"))
    assert [each.partition(":")[0] for each in told] == ["Conflict", "Conflict", "NotFound"]
    assert [each["name"] for each in api.read("private-offer/query")["value"]] == ["Three years of Enterprise"]


def test_another_account_sees_neither_job_nor_offer(api: Ingestion) -> None:
    """OVER: private offers associated with your account."""
    job_id = api.post(offer(billing_account(api))).json()["jobId"]
    stranger = partner_of(api)
    refused(stranger.call("GET", f"configure/{job_id}/status", version="2022-07-01"), 404)
    assert stranger.read("private-offer/query")["value"] == []
    assert stranger.read("product", version="2022-07-01")["value"] == []
    refused(stranger.call("GET", f"private-offer/{SEEDED}"), 404)


# -------------------------------------------------------------------------------------------------------- the schema


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        pytest.param({"name": "Contoso #1"}, "resources[0].name", id="SCHEMA: characters of a name"),
        pytest.param({"name": "C" * 129}, "resources[0].name", id="SCHEMA: 128 characters"),
        pytest.param({"state": "published"}, "resources[0].state", id="SCHEMA: states"),
        pytest.param({"privateOfferType": "promotion"}, "resources[0].privateOfferType", id="SCHEMA: types"),
        pytest.param({"offerPricingType": "cheap"}, "resources[0].offerPricingType", id="CUST: pricing types"),
        pytest.param({"end": "31.12.2029"}, "resources[0].end", id="SCHEMA: dates"),
        pytest.param({"preparedBy": "Percy"}, "resources[0].preparedBy", id="SCHEMA: mail addresses"),
        pytest.param(
            {"notificationContacts": [f"p{n}@fairmile.example" for n in range(6)]},
            "resources[0].notificationContacts",
            id="SCHEMA: five contacts",
        ),
        pytest.param({"pricing": [discount()] * 11}, "resources[0].pricing", id="SCHEMA: ten lines"),
        pytest.param(
            {"pricing": [discount(0)]}, "resources[0].pricing[0].discountPercentage", id="SCHEMA: 0.01 to 100"
        ),
        pytest.param(
            {"pricing": [discount() | {"discountPercentage": "5"}]},
            "resources[0].pricing[0].discountPercentage",
            id="SCHEMA: numbers are numbers",
        ),
        pytest.param({"surprise": 1}, "resources[0].surprise", id="ASSUMED: no other property"),
        pytest.param({"$schema": OFFER + "x"}, "resources[0].$schema", id="SCHEMA: known schemas"),
        pytest.param({"end": None}, "Contoso three years: end", id="SCHEMA: live needs end"),
        pytest.param({"acceptBy": None}, "Contoso three years: acceptBy", id="SCHEMA: live needs acceptBy"),
        pytest.param({"beneficiaries": None}, "Contoso three years: beneficiaries", id="SCHEMA: live needs a customer"),
        pytest.param({"pricing": None}, "Contoso three years: pricing", id="SCHEMA: live needs a price"),
        pytest.param(
            {"beneficiaries": [{"id": "1"}, {"id": "2"}]},
            "Contoso three years: beneficiaries",
            id="SCHEMA: one customer",
        ),
        pytest.param({"partners": [{"id": LITWARE}]}, "Contoso three years: partners", id="MPO: partners"),
        pytest.param({"state": "withdrawn"}, "Contoso three years: id", id="MANAGE: by id"),
        pytest.param(
            {"offerPricingType": "saasNewCustomizedPlans"},
            "Contoso three years: pricing[0].plan",
            id="CUST: plan does not go with customised plans",
        ),
        pytest.param(
            {"pricing": [{"product": DESK, "plan": BUSINESS, "discountType": "absolute"}]},
            "Contoso three years: pricing[0].priceDetails",
            id="CUST: an absolute price refers to a resource",
        ),
        pytest.param(
            {"pricing": [discount() | {"markupPercentage": 1}]},
            "Contoso three years: pricing[0].markupPercentage",
            id="MPO: the partner's alone",
        ),
    ],
)
def test_what_breaks_the_schema_is_refused_at_once(shared: Ingestion, changes: dict[str, Any], target: str) -> None:
    """CUST, error codes: 400, schema validation. TROUBLE: the body is an `error`."""
    assert target in refused(shared.post(offer(billing_account(shared), **changes)), 400)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"resources": NaN}', b'{"$schema": "x"}', b"[" * 100_000])
def test_what_is_no_request_is_refused(shared: Ingestion, body: bytes) -> None:
    refused(shared.call("POST", "configure", version="2022-07-01", content=body), 400)


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", '"\\ud800"', "[" * 50_000 + "]" * 50_000])
def test_what_cannot_be_given_back_is_not_taken(shared: Ingestion, value: str) -> None:
    draft = json.dumps(offer(billing_account(shared), state="draft"))
    body = f'{{"$schema": "{CONFIGURE}", "resources": [{draft[:-1]}, "validations": {value}}}]}}'
    refused(shared.call("POST", "configure", version="2022-07-01", content=body.encode()), 400)


def test_a_price_beyond_all_bounds_is_refused(shared: Ingestion) -> None:
    item = {"billingTerm": {"type": "year", "value": 1}, "pricePerPaymentInUsd": 1e300}
    assert refused(shared.post(price(item)), 400) == [
        "resources[0].pricing.recurrentPrice.prices[0].pricePerPaymentInUsd"
    ]


def test_types_are_taken_in_any_case(api: Ingestion) -> None:
    """MANAGE and JOB write multiPartyPromotionChannelPartner, MPO multipartyPromotionChannelPartner."""
    made = api.made(offer(billing_account(api), privateOfferType="CustomerPromotion", state="Live"))
    assert (made["privateOfferType"], made["state"]) == ("customerPromotion", "live")


# ------------------------------------------------------------------------------------------------------ reading back


def test_an_offer_is_read_as_it_was_sent_with_what_the_service_adds(api: Ingestion) -> None:
    """JOB, Obtain details of an existing private offer; SCHEMA: subState, acceptanceLinks, eTag, lastModified."""
    sent = offer(billing_account(api), customerContractRenewal=True, resourceName="deal")
    read = api.made(sent)
    assert {name: read[name] for name in sent if name not in {"pricing", "resourceName"}} == {
        name: value for name, value in sent.items() if name not in {"pricing", "resourceName"}
    }
    assert read["pricing"] == [sent["pricing"][0] | {"productName": "Fairmile Desk", "planName": "Business"}]
    guid = read["id"].removeprefix("private-offer/")
    link = {"beneficiaryId": sent["beneficiaries"][0]["id"], "link": f"{BASE_URL}/private-offers/{guid}"}
    assert read["acceptanceLinks"] == [link]
    assert (read["subState"], read["lastModified"]) == ("pendingAcceptance", "2026-11-22")
    assert read["eTag"].startswith('"')


def test_prices_are_named_by_durable_ids_in_an_offer_and_by_name_in_a_job(api: Ingestion) -> None:
    """JOB, sample: `priceDetails` is a durable id. CUST: in a request it is a resourceName."""
    sent = price(EIGHTY_MILLION)
    job = api.configure(sent, offer(billing_account(api), made_plan(), offerPricingType="saasNewCustomizedPlans"))
    given, configured = api.read(f"configure/{job['jobId']}")["resources"]
    assert configured["pricing"][0]["priceDetails"] == {"resourceName": "price-0"}
    assert {name: given[name] for name in sent} == sent
    read = api.read(configured["id"])
    assert read["pricing"][0]["priceDetails"] == given["id"]
    assert api.read(given["id"]) == given
    refused(api.call("GET", f"price-and-availability-private-offer-plan/{DESK[8:]}/123"), 404)


def test_offers_are_listed_in_pages(api: Ingestion) -> None:
    """OVER, Retrieve private offers; `@nextLink` is an opaque address."""
    account = billing_account(api)
    drafts = [offer(account, name=f"Draft {number}", state="draft") for number in range(60)]
    assert api.configure(*drafts)["jobResult"] == "succeeded"
    first = api.read("private-offer/query")
    assert len(first["value"]) == 50
    answer = api.stage.client.get(first["@nextLink"], headers={"authorization": f"Bearer {api.token}"})
    rest = answer.json()
    assert len(rest["value"]) == 11
    assert "@nextLink" not in rest
    assert len({each["id"] for each in first["value"] + rest["value"]}) == 61


def test_the_first_customers_accepted_offer_is_there_from_the_beginning(shared: Ingestion) -> None:
    seeded = shared.read(f"private-offer/{SEEDED}")
    assert (seeded["state"], seeded["subState"]) == ("live", "accepted")
    assert shared.read(seeded["pricing"][0]["priceDetails"])["pricing"]["recurrentPrice"]["prices"] == [
        {
            "billingTerm": {"type": "year", "value": 3},
            "paymentOption": {"type": "year", "value": 1},
            "pricePerPaymentInUsd": 90_000.0,
        }
    ]


# ----------------------------------------------------------------------------------------------- drafts and their end


def changed(read: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return what was read, to be sent again."""
    return {**read, **changes}


def test_a_draft_is_edited_published_and_then_fixed(api: Ingestion) -> None:
    """SCHEMA: draft and live. MANAGE: after acceptance nothing can change; before it, it is withdrawn."""
    draft = api.made(offer(billing_account(api), state="draft", end=None, acceptBy=None))
    assert (draft["state"], "subState" in draft, "acceptanceLinks" in draft) == ("draft", False, False)
    edited = api.made(changed(draft, name="Contoso, four years", end="2030-12-31"))
    assert (edited["id"], edited["name"], edited["eTag"] == draft["eTag"]) == (
        draft["id"],
        "Contoso, four years",
        False,
    )
    live = api.made(changed(edited, state="live", acceptBy="2026-12-15"))
    assert live["subState"] == "pendingAcceptance"
    assert api.failed(changed(live, name="Contoso, five years")) == [
        "Conflict: A private offer that is with-customer cannot be set to live"
    ]


def test_a_change_to_an_older_version_is_refused(api: Ingestion) -> None:
    """MPO, sample: the request carries the eTag that was read."""
    draft = api.made(offer(billing_account(api), state="draft"))
    api.made(changed(draft, name="First"))
    assert api.failed(changed(draft, name="Second")) == [
        "Conflict: The private offer has changed since its eTag was read"
    ]


def test_only_drafts_are_deleted(api: Ingestion) -> None:
    """MANAGE, Delete: while it is still in draft state. JOB: a deletion's job leads to no resource."""
    draft = api.made(offer(billing_account(api), state="draft"))
    names = ("$schema", "id", "name", "privateOfferType")
    deletion = {name: draft[name] for name in names} | {"state": "deleted"}
    job = api.configure(deletion)
    assert (job["jobResult"], "resourceUri" in job) == ("succeeded", False)
    refused(api.call("GET", draft["id"]), 404)
    live = api.made(offer(billing_account(api)))
    told = api.failed({name: live[name] for name in names} | {"state": "deleted"})
    assert told == ["Conflict: A private offer that is with-customer cannot be set to deleted"]


def test_an_offer_that_nobody_accepted_is_withdrawn_and_revised(api: Ingestion) -> None:
    """MANAGE, Withdraw. 2022: only if your customer hasn't accepted it. ASSUMED: back to draft first."""
    live = api.made(offer(billing_account(api)))
    withdrawal = {"$schema": OFFER, "id": live["id"], "name": live["name"]}
    withdrawal |= {"privateOfferType": "customerPromotion", "state": "withdrawn"}
    gone = api.made(withdrawal)
    assert (gone["state"], "acceptanceLinks" in gone) == ("withdrawn", False)
    assert len(api.failed(withdrawal)) == 1
    assert len(api.failed(changed(gone, state="live"))) == 1
    draft = api.made(changed(gone, state="draft", eTag=None))
    assert api.made(changed(draft, state="live"))["subState"] == "pendingAcceptance"


def test_an_accepted_offer_is_not_withdrawn(api: Ingestion) -> None:
    """2022, Withdraw: only if your customer hasn't accepted it."""
    seeded = api.read(f"private-offer/{SEEDED}")
    told = api.failed(changed(seeded, state="withdrawn"))
    assert told == ["Conflict: A private offer that is accepted cannot be set to withdrawn"]


def test_a_resellers_offer_needs_no_acceptance(api: Ingestion) -> None:
    """CSP: no acceptBy in the sample; beneficiaries are resellers, restricted to a customer of theirs."""
    reseller = {"id": "c0000005-0000-4000-8000-000000000001", "description": "Litware"}
    reseller["beneficiaryRecipients"] = [{"id": "c0000002-0000-4000-8000-000000000001", "recipientType": "cspCustomer"}]  # type: ignore[assignment]
    sent = offer(
        "unused",
        privateOfferType="cspPromotion",
        acceptBy=None,
        variableStartDate=False,
        start="2026-12-01",
        beneficiaries=[reseller],
    )
    made = api.made(sent)
    assert (made["state"], "subState" in made, "acceptanceLinks" in made) == ("live", False, False)
    assert made["beneficiaries"] == [reseller]
    refused(api.post({**sent, "beneficiaries": [reseller] * 151}), 400)


def test_reserved_machines_get_a_plan_by_themselves(api: Ingestion) -> None:
    """CUST, sample for virtual machines: basePlan alone; the plan's details are in the answer."""
    row = {
        "product": APPLIANCE,
        "basePlan": MACHINE,
        "discountType": "absolute",
        "priceDetails": {"resourceName": "vm"},
    }
    reserved = {
        "$schema": PRICE,
        "resourceName": "vm",
        "product": APPLIANCE,
        "plan": MACHINE,
        "offerPricingType": "vmSoftwareReservations",
        "softwareReservation": {
            "reservationDuration": {"type": "year", "value": 1},
            "paymentSchedule": {"type": "year", "value": 1},
            "vmPrices": {"36Core": {"quantity": 4.0, "unitPricePerPaymentPeriodInUsd": 250.04}},
        },
    }
    made = api.made(reserved, offer(billing_account(api), row, offerPricingType="vmSoftwareReservations"))
    details = made["pricing"][0]["newPlanDetails"]
    assert details["id"].startswith("private-")
    assert details["name"] == "Contoso three years (1)"
    (line,) = api.stage.control("GET", f"/private-offers/{made['id'].partition('/')[2]}")["lines"]
    assert (line["amount"], line["sold_here"]) == ("1000.16", False)


# ---------------------------------------------------------------------------------------------------------- upgrades


def test_an_upgrade_follows_an_accepted_offer_and_keeps_what_it_does_not_change(api: Ingestion) -> None:
    """2022, Upgrade: prices that are not given carry over; those given override."""
    seeded = api.read(f"private-offer/{SEEDED}")
    upgrade = {
        "$schema": OFFER,
        "name": "Enterprise, once more",
        "state": "live",
        "privateOfferType": "customerPromotion",
        "upgradedFrom": {"name": seeded["name"], "id": seeded["id"]},
        "variableStartDate": False,
        "start": "2029-12-01",
        "end": "2030-12-31",
        "acceptBy": "2029-10-31",
        "pricing": [discount(20)],
    }
    made = api.made(upgrade)
    assert made["beneficiaries"] == seeded["beneficiaries"]
    assert [each["plan"] for each in made["pricing"]] == [BUSINESS, ENTERPRISE]
    assert made["pricing"][1]["priceDetails"] == seeded["pricing"][0]["priceDetails"]
    overriding = {**upgrade, "pricing": [discount(20, ENTERPRISE)]}
    assert [each.get("discountPercentage") for each in api.made(overriding)["pricing"]] == [20]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"start": "2029-11-01"}, "starts after the end"),
        ({"start": None, "variableStartDate": True}, "starts after the end"),
        ({"upgradedFrom": {"id": f"private-offer/{UNKNOWN}"}}, "no private offer"),
        ({"beneficiaries": [{"id": "88000002"}]}, "the same customer"),
    ],
)
def test_an_upgrade_fits_to_the_offer_it_follows(api: Ingestion, changes: dict[str, Any], told: str) -> None:
    """Private offers for customers, FAQ: an upgrade begins when the old offer ends, for the same customer."""
    wanted = offer(
        billing_account(api),
        upgradedFrom={"id": f"private-offer/{SEEDED}"},
        variableStartDate=False,
        start="2029-12-01",
        end="2030-12-31",
        acceptBy="2029-10-31",
    )
    document = {name: value for name, value in {**wanted, **changes}.items() if value is not None}
    assert any(told in each for each in api.failed(document))


def test_an_offer_that_is_not_accepted_cannot_be_upgraded(api: Ingestion) -> None:
    """2022, Upgrade an existing customer private offer."""
    live = api.made(offer(billing_account(api)))
    (told,) = api.failed(
        offer(
            billing_account(api),
            upgradedFrom={"id": live["id"]},
            variableStartDate=False,
            start="2030-01-01",
            end="2030-12-31",
        )
    )
    assert told == "Conflict: Only an accepted private offer can be upgraded"


# ---------------------------------------------------------------------------------------------------------- the rest


def test_everything_is_kept_over_a_restart(tmp_path: Path) -> None:
    with ingestion_sandbox(tmp_path) as api:
        made = api.made(offer(billing_account(api)))
        job_id = api.post(offer(billing_account(api), name="Later")).json()["jobId"]
    with ingestion_sandbox(tmp_path) as api:
        assert api.read(made["id"]) == made
        api.stage.move(seconds=30)
        assert api.status(job_id)["jobResult"] == "succeeded"
        assert [each["name"] for each in api.read("private-offer/query")["value"]] == [
            "Three years of Enterprise",
            "Contoso three years",
            "Later",
        ]


def test_faults_hold_for_this_api_too(api: Ingestion) -> None:
    api.stage.control("PUT", "/faults", {"fail_next_calls": 1, "fail_status": 429, "retry_after_seconds": 7})
    answer = api.call("GET", "product", version="2022-07-01")
    refused(answer, 429)
    assert answer.headers["retry-after"] == "7"
    assert api.call("GET", "product", version="2022-07-01").status_code == 200


def test_unknown_paths_and_methods_answer_in_the_same_words(shared: Ingestion) -> None:
    refused(shared.call("GET", "nothing"), 404)
    refused(shared.call("DELETE", "configure"), 405)
