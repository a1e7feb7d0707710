"""The connector to the product ingestion API against the pretend Microsoft, over real HTTP on loopback.

Each test states a behaviour of Microsoft's pages on private offers. None of it has been run against the live service.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import AddressRefusedError, OwnCredentialError
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource
from fairkeeper.microsoft.ingestion import GRAPH_RESOURCE, IngestionClient
from fairkeeper.microsoft.ingestion_answers import IngestionVersions
from fairkeeper.microsoft.ingestion_errors import (
    IngestionAccessRefusedError,
    IngestionBusyError,
    IngestionFaultError,
    IngestionRefusedError,
    IngestionUnavailableError,
    IngestionUnknownError,
    JobAskedTooSoonError,
    JobUnfinishedError,
)
from fairkeeper.microsoft.marketplace_transport import Patience
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, LANDING_APP_ID, LANDING_APP_SECRET
from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID as PUBLISHER
from fairkeeper.sandbox.ingestion.accounts import PARTNER_APP_ID, PARTNER_APP_SECRET
from fairkeeper.sandbox.marketplace.faults import Faults
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.clock import MovableClock, SystemClock
from tests.contracts.ingestion_stage import (
    BUSINESS,
    DESK,
    EIGHTY_MILLION,
    LITWARE,
    OFFER,
    SEEDED,
    discount,
    flexible,
    made_plan,
    offer,
    price,
)
from tests.contracts.sandbox_stage import CARL, CORA

NOBODY = "10000000-0000-4000-8000-00000000dead"
PATIENCE = Patience(attempts=3, total_seconds=10, request_seconds=5, longest_wait_seconds=1, first_wait_seconds=0.001)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    running = run_in_thread(SandboxConfig(base_url="", landing_url="http://127.0.0.1:9/landing"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


def client_of(
    sandbox: RunningSandbox,
    http: httpx.Client,
    *,
    app: tuple[str, str, str] = (FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, PUBLISHER),
    **options: Any,
) -> IngestionClient:
    client_id, secret, tenant_id = app
    registration = AppRegistration(authority=f"{sandbox.url}/entra", client_id=client_id, credential=secret)
    tokens = AppTokenSource(registration, tenant_id=tenant_id, http=http, resource=GRAPH_RESOURCE)
    options = {"patience": PATIENCE, "clock": sandbox.controls.clock, **options}
    return IngestionClient(f"{sandbox.url}/ingestion/rp/product-ingestion", tokens, http, **options)


@dataclass
class Stage:
    """The sandbox and our client; time passes in the sandbox alone."""

    sandbox: RunningSandbox
    http: httpx.Client
    client: IngestionClient

    def sleep(self, seconds: float) -> None:
        self.sandbox.controls.move_clock(timedelta(seconds=seconds))

    def finished(self, *resources: dict[str, Any]) -> dict[str, Any]:
        return self.client.wait_for_job(self.client.submit(resources), sleep=self.sleep)

    def made(self, *resources: dict[str, Any]) -> dict[str, Any]:
        job = self.finished(*resources)
        assert job["jobResult"] == "succeeded", job
        return next(each for each in self.client.read_job(job["jobId"]) if each["$schema"] == OFFER)

    def control(self, path: str, **fields: object) -> dict[str, Any]:
        response = self.http.post(f"{self.sandbox.url}/sandbox{path}", json=fields)
        assert response.is_success, response.text
        found: dict[str, Any] = response.json()
        return found

    def faults(self, **switches: object) -> None:
        self.sandbox.controls.faults.set(Faults.model_validate(switches))

    @property
    def contoso(self) -> str:
        return self.sandbox.controls.private_offers.accounts.billing[0].id


@pytest.fixture
def stage(sandbox: RunningSandbox, http: httpx.Client) -> Iterator[Stage]:
    yield Stage(sandbox=sandbox, http=http, client=client_of(sandbox, http))
    sandbox.controls.faults.set(Faults())


def offer_for(stage: Stage, *rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an offer that fits into the sandbox's present, wherever other tests have moved it."""
    today = stage.sandbox.controls.clock.now().date()
    dates = {"acceptBy": (today + timedelta(days=30)).isoformat(), "end": f"{today.year + 4}-12-31"}
    return offer(stage.contoso, *rows, **{**dates, **changes})


# ------------------------------------------------------------------------------------------------------------- calls


def test_products_and_plans_join_our_ids_with_microsofts(stage: Stage) -> None:
    products = stage.client.list_products()
    assert products.is_complete
    ids = {each["identity"]["externalId"]: each["id"] for each in products.documents}
    assert ids["fairmile-desk"] == DESK
    plans = stage.client.list_plans(DESK).documents
    assert BUSINESS in {each["id"] for each in plans if each["identity"]["externalId"] == "business"}


def test_a_public_price_comes_with_decimals_and_without_floats(stage: Stage) -> None:
    found = stage.client.read_public_price(DESK, BUSINESS)
    meters = found["pricing"]["customMeters"]["meters"]
    assert meters["documents"]["pricePerPaymentInUsd"] == Decimal("0.12")
    assert type(meters["documents"]["pricePerPaymentInUsd"]) is Decimal


def test_a_submission_is_followed_to_a_private_offer(stage: Stage) -> None:
    job_id = stage.client.submit([offer_for(stage, name="Followed")])
    first = stage.client.job_status(job_id)
    assert (first["jobStatus"], first["jobResult"]) == ("notStarted", "pending")
    done = stage.client.wait_for_job(job_id, sleep=stage.sleep)
    assert (done["jobStatus"], done["jobResult"], done["errors"]) == ("completed", "succeeded", [])
    (configured,) = stage.client.read_job(job_id)
    read = stage.client.read_private_offer(configured["id"])
    assert (read["name"], read["state"], read["subState"]) == ("Followed", "live", "pendingAcceptance")
    assert read["acceptanceLinks"][0]["beneficiaryId"] == stage.contoso


def test_amounts_are_sent_and_read_digit_by_digit(stage: Stage) -> None:
    amounts = (Decimal("0.10"), Decimal("2000000.07"), 3)
    charges = flexible((None, amounts[0], ""), ("2040-03-01", amounts[1], ""), ("2040-06-01", amounts[2], ""))  # type: ignore[arg-type]
    resources = (
        price(charges),
        offer_for(stage, made_plan(new_id=None), offerPricingType="saasNewCustomizedPlans", state="draft"),
    )
    made = stage.made(*resources)
    given_price, read = stage.client.read_private_offer_with_prices(made["id"])
    (item,) = given_price["pricing"]["recurrentPrice"]["prices"]
    assert read["pricing"][0]["priceDetails"] == {"resourceName": given_price["resourceName"]}
    schedule = item["flexibleSchedule"]
    assert schedule["initialCharge"]["pricePerPaymentInUsd"] == amounts[0]
    assert [each["pricePerPaymentInUsd"] for each in schedule["billingSchedule"]] == [*amounts[1:]]


@given(
    amount=st.decimals(min_value=0, max_value=10**9, places=3),
    note=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
def test_any_amount_and_note_come_back_as_they_went(
    sandbox: RunningSandbox, http: httpx.Client, amount: Decimal, note: str
) -> None:
    stage = Stage(sandbox=sandbox, http=http, client=client_of(sandbox, http))
    charges = flexible((None, amount, note), ("2040-03-01", 1, note))  # type: ignore[arg-type]
    sent = price(charges)
    made = stage.made(
        sent, offer_for(stage, made_plan(new_id=None), offerPricingType="saasNewCustomizedPlans", state="draft")
    )
    given_price, _ = stage.client.read_private_offer_with_prices(made["id"])
    assert given_price["pricing"] == sent["pricing"]


def test_all_pages_of_private_offers_are_read(stage: Stage) -> None:
    drafts = [offer_for(stage, name=f"Paged {number}", state="draft") for number in range(60)]
    assert stage.finished(*drafts)["jobResult"] == "succeeded"
    listed = stage.client.list_private_offers()
    assert listed.is_complete
    ids = [each["id"] for each in listed.documents]
    assert len(set(ids)) == len(ids)
    assert {f"Paged {number}" for number in range(60)} <= {each["name"] for each in listed.documents}


def test_a_failed_job_is_an_answer_with_its_errors(stage: Stage) -> None:
    job = stage.finished(offer_for(stage, variableStartDate=False))
    assert job["jobResult"] == "failed"
    assert [(each["code"], each["message"]) for each in job["errors"]] == [
        ("Conflict", "The start date should be defined")
    ]


def test_a_deal_is_submitted_accepted_and_bought(stage: Stage) -> None:
    """The whole way of the worked deal of eighty millions, seen through the connector."""
    fixed = {"variableStartDate": False, "start": "2026-12-01", "end": "2029-11-30", "acceptBy": "2026-11-30"}
    rehearsal = run_in_thread(SandboxConfig(base_url="", clock=MovableClock(SystemClock())))
    try:
        own = Stage(sandbox=rehearsal, http=stage.http, client=client_of(rehearsal, stage.http))
        now = rehearsal.controls.clock.now()
        rehearsal.controls.clock.set_offset(now.replace(2026, 11, 22, 12, 0, 0, 0) - now)
        resources = (
            price(EIGHTY_MILLION),
            offer_for(own, made_plan(), offerPricingType="saasNewCustomizedPlans", **fixed),
        )
        made = own.made(*resources)
        private_offer_id = made["id"].partition("/")[2]
        own.control(f"/private-offers/{private_offer_id}/accept", person=CORA)
        assert own.client.read_private_offer(private_offer_id)["subState"] == "accepted"
        own.sleep(10 * 86_400)
        bought = own.control(
            "/purchases", plan_id="contoso-enterprise-3y", purchaser=CARL, private_offer_id=private_offer_id
        )
        kept = own.http.get(f"{rehearsal.url}/sandbox/subscriptions/{bought['subscription_id']}").json()
        assert sum(Decimal(each["amount"]) for each in kept["charges"]) == 80_000_000
        assert [each["on"] for each in kept["charges"]][:2] == ["2026-12-02", "2027-01-01"]
    finally:
        rehearsal.stop()


def test_a_channel_partner_completes_what_the_originator_shared(stage: Stage, http: httpx.Client) -> None:
    today = stage.sandbox.controls.clock.now().date()
    own_time = {"variableStartDate": False, "start": f"{today.year + 2}-01-01", "end": f"{today.year + 2}-01-31"}
    made = stage.made(
        offer_for(
            stage,
            discount(20),
            privateOfferType="multipartyPromotionOriginator",
            partners=[{"id": LITWARE}],
            **own_time,
        )
    )
    tenant = next(each for each in stage.sandbox.controls.directory.tenants if each.name == "Litware")
    partner = client_of(stage.sandbox, http, app=(PARTNER_APP_ID, PARTNER_APP_SECRET, tenant.id))
    (read,) = partner.read_private_offer_with_prices(made["id"])
    rows = [{**row, "markupPercentage": Decimal("10.52631579")} for row in read["originatorPricing"]]
    job_id = partner.submit(
        [{**read, "state": "live", "preparedBy": "sales@litware.example", "originatorPricing": rows}]
    )
    assert partner.wait_for_job(job_id, sleep=stage.sleep)["jobResult"] == "succeeded"
    assert stage.client.read_private_offer(made["id"])["subState"] == "pendingAcceptance"
    (mine,) = partner.read_private_offer(made["id"])["originatorPricing"]
    assert mine["markupPercentage"] == Decimal("10.52631579")


# ------------------------------------------------------------------------------------------------------ once a minute


def test_we_ask_once_a_minute_and_say_when_again(stage: Stage) -> None:
    """Job status: a maximum frequency of one request per minute."""
    job_id = stage.client.submit([offer_for(stage, state="draft")])
    stage.client.job_status(job_id)
    with pytest.raises(JobAskedTooSoonError) as refused:
        stage.client.job_status(job_id.upper())
    assert 58 <= int(refused.value.detail["retry_after_seconds"]) <= 61
    stage.sleep(61)
    assert stage.client.job_status(job_id)["jobStatus"] == "completed"


def test_another_process_that_has_just_asked_makes_us_wait(stage: Stage, http: httpx.Client) -> None:
    job_id = stage.client.submit([offer_for(stage, state="draft")])
    stage.client.job_status(job_id)
    other = client_of(stage.sandbox, http)
    with pytest.raises(IngestionBusyError) as busy:
        other.job_status(job_id)
    assert 58 <= int(busy.value.detail["retry_after_seconds"]) <= 60
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        stage.sleep(seconds)

    assert other.wait_for_job(job_id, sleep=sleep)["jobStatus"] == "completed"
    assert len(waited) == 1


def test_waiting_for_a_job_ends(stage: Stage) -> None:
    job_id = stage.client.submit([offer_for(stage, state="draft")])
    with pytest.raises(JobUnfinishedError) as unfinished:
        stage.client.wait_for_job(job_id, longest_seconds=30, sleep=stage.sleep)
    assert unfinished.value.detail["job_id"] == job_id


# -------------------------------------------------------------------------------------------------------- refusals


def test_a_breach_of_the_schema_names_its_places(stage: Stage) -> None:
    with pytest.raises(IngestionRefusedError) as refused:
        stage.client.submit([offer_for(stage, name="50 % off"), offer_for(stage, end="soon")])
    assert refused.value.code == "microsoft.ingestion_refused"
    assert "resources[0].name" in refused.value.message
    assert "resources[1].end" in refused.value.message
    assert refused.value.detail["request_id"]


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.job_status(NOBODY),
        lambda client: client.read_job(NOBODY),
        lambda client: client.read_private_offer(NOBODY),
        lambda client: client.list_plans(NOBODY),
        lambda client: client.read_public_price(NOBODY, BUSINESS),
        lambda client: client.read_public_price(DESK, "plan/none"),
        lambda client: client.read_price(f"price-and-availability-private-offer-plan/{NOBODY}/1"),
    ],
)
def test_what_does_not_exist_is_unknown(stage: Stage, call: Any) -> None:
    with pytest.raises(IngestionUnknownError):
        call(stage.client)


@pytest.mark.parametrize(
    "crooked", ["", "..", "../product", f"{NOBODY}/status", "private-offer/query", f"{NOBODY}?x=1"]
)
def test_what_is_no_id_never_gets_into_an_address(stage: Stage, crooked: str) -> None:
    for call in (stage.client.job_status, stage.client.read_private_offer, stage.client.list_plans):
        with pytest.raises(IngestionUnknownError):
            call(crooked)
    with pytest.raises(IngestionUnknownError):
        stage.client.read_price(crooked)


def test_an_application_that_is_not_associated_is_refused(stage: Stage, http: httpx.Client) -> None:
    stranger = client_of(stage.sandbox, http, app=(LANDING_APP_ID, LANDING_APP_SECRET, PUBLISHER))
    with pytest.raises(IngestionAccessRefusedError) as refused:
        stranger.list_products()
    assert refused.value.detail["status"] == 403


def test_a_token_for_another_resource_is_refused(stage: Stage, http: httpx.Client) -> None:
    registration = AppRegistration(
        authority=f"{stage.sandbox.url}/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
    )
    tokens = AppTokenSource(registration, tenant_id=PUBLISHER, http=http)  # for the marketplace
    client = IngestionClient(f"{stage.sandbox.url}/ingestion/rp/product-ingestion", tokens, http, patience=PATIENCE)
    with pytest.raises(IngestionAccessRefusedError):
        client.list_products()


def test_a_wrong_secret_is_our_own_fault_and_stands_in_no_message(stage: Stage, http: httpx.Client) -> None:
    client = client_of(stage.sandbox, http, app=(FULFILLMENT_APP_ID, "a-rotated-secret", PUBLISHER))
    with pytest.raises(OwnCredentialError) as refused:
        client.list_products()
    assert "a-rotated-secret" not in f"{refused.value!r} {refused.value.detail}"


def test_an_expired_token_is_replaced_without_anybody_noticing(stage: Stage) -> None:
    stage.client.list_products()
    stage.sleep(2 * 3_600)
    assert stage.client.list_products().documents


def test_another_version_is_spoken_where_it_is_configured(stage: Stage, http: httpx.Client) -> None:
    client = client_of(stage.sandbox, http, versions=IngestionVersions(catalog="2021-01-01"))
    with pytest.raises(IngestionRefusedError) as refused:
        client.list_products()
    assert "2021-01-01" in refused.value.message
    assert client.read_private_offer(SEEDED)["state"] == "live"


@pytest.mark.parametrize("address", ["http://graph.example/rp", "https://user@graph.example/rp", "ftp://127.0.0.1/rp"])
def test_our_token_goes_to_no_unsafe_address(stage: Stage, http: httpx.Client, address: str) -> None:
    registration = AppRegistration(authority=f"{stage.sandbox.url}/entra", client_id="1", credential="2")
    tokens = AppTokenSource(registration, tenant_id=PUBLISHER, http=http, resource=GRAPH_RESOURCE)
    with pytest.raises(AddressRefusedError):
        IngestionClient(address, tokens, http)


# --------------------------------------------------------------------------------------------------------- patience


@pytest.mark.parametrize("status", [429, 503])
def test_a_throttled_submission_is_repeated_after_retry_after(stage: Stage, status: int) -> None:
    name = f"Patient {status}"
    stage.faults(fail_next_calls=2, fail_status=status, retry_after_seconds=0)
    assert stage.finished(offer_for(stage, name=name, state="draft"))["jobResult"] == "succeeded"
    listed = [document for document in stage.client.list_private_offers().documents if document["name"] == name]
    assert len(listed) == 1


def test_throttling_that_lasts_is_told_with_when_to_come_back(stage: Stage) -> None:
    stage.faults(fail_percent=100, fail_status=429, retry_after_seconds=600)
    with pytest.raises(IngestionBusyError) as busy:
        stage.client.submit([offer_for(stage)])
    assert (busy.value.detail["retry_after_seconds"], busy.value.detail["outcome_unknown"]) == (600, False)


def test_a_slow_submission_is_not_repeated_and_a_slow_reading_is(stage: Stage, http: httpx.Client) -> None:
    hasty = client_of(stage.sandbox, http, patience=Patience(attempts=2, request_seconds=0.5, first_wait_seconds=0.001))
    hasty.list_products()
    stage.faults(slow_next_calls=1, slow_seconds=1.5)
    assert hasty.list_products().documents
    stage.faults(slow_next_calls=1, slow_seconds=1.5)
    with pytest.raises(IngestionUnavailableError) as timed_out:
        hasty.submit([offer_for(stage, state="draft")])
    assert timed_out.value.detail["outcome_unknown"] is True


def test_microsofts_own_fault_is_told_as_such(stage: Stage) -> None:
    stage.faults(fail_next_calls=1, fail_status=500)
    with pytest.raises(IngestionFaultError) as fault:
        stage.client.submit([offer_for(stage, state="draft")])
    assert fault.value.detail["outcome_unknown"] is True


def test_nobody_listening_is_certain_not_to_have_done_anything(stage: Stage, http: httpx.Client) -> None:
    registration = AppRegistration(
        authority=f"{stage.sandbox.url}/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
    )
    tokens = AppTokenSource(registration, tenant_id=PUBLISHER, http=http, resource=GRAPH_RESOURCE)
    client = IngestionClient("http://127.0.0.1:9/rp", tokens, http, patience=PATIENCE)
    with pytest.raises(IngestionUnavailableError) as unreachable:
        client.submit([offer_for(stage)])
    assert unreachable.value.detail["outcome_unknown"] is False


def test_every_refusal_is_ours_and_says_what_to_do(stage: Stage) -> None:
    with pytest.raises(FairkeeperError) as refused:
        stage.client.submit([])
    assert refused.value.code == "microsoft.ingestion_refused"
    assert refused.value.remedy
    assert json.dumps(refused.value.detail)
