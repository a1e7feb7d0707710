"""The fulfillment connector against the pretend Microsoft, over real HTTP on loopback.

Each test states a documented behaviour of the port `Fulfillment`. Source: Microsoft Learn, SaaS fulfillment
Subscription APIs v2; SaaS fulfillment Operations APIs v2. None of it has been run against the live service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fairkeeper.customers.errors import (
    AccessRefusedError,
    FulfillmentFaultError,
    FulfillmentUnavailableError,
    LandingTokenRefusedError,
    OperationSupersededError,
    OperationUnknownError,
    RequestRefusedError,
    SubscriptionLockedError,
    SubscriptionUnknownError,
)
from fairkeeper.customers.following.webhooks import OperationAnswer
from fairkeeper.customers.marketplace.operation import Action, OperationStatus
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.ports import Fulfillment
from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import OwnCredentialError
from fairkeeper.microsoft.fulfillment import FulfillmentClient
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource
from fairkeeper.microsoft.marketplace_transport import Patience
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, LANDING_APP_ID, LANDING_APP_SECRET
from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID as PUBLISHER
from fairkeeper.sandbox.marketplace.faults import Faults, Quirk
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.ids import OperationId, SubscriptionId

NOBODY = SubscriptionId("10000000-0000-4000-8000-00000000dead")
NO_OPERATION = OperationId("20000000-0000-4000-8000-00000000dead")
PATIENCE = Patience(attempts=3, total_seconds=10, request_seconds=5, longest_wait_seconds=1, first_wait_seconds=0.001)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    config = SandboxConfig(base_url="", landing_url="http://127.0.0.1:9/marketplace/landing", cancellation_seconds=0)
    running = run_in_thread(config)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:  # one for the module: loading the certificates takes a third of a second
        yield client


@dataclass
class Stage:
    """The sandbox, a client of ours, and what a buyer does."""

    sandbox: RunningSandbox
    http: httpx.Client
    client: FulfillmentClient

    def post(self, path: str, **fields: object) -> dict[str, str]:
        response = self.http.post(f"{self.sandbox.url}/sandbox{path}", json=fields)
        assert response.is_success, response.text
        answer: dict[str, str] = response.json()
        return answer

    def buy(self, plan_id: str = "business", **fields: object) -> SubscriptionId:
        bought = self.post("/purchases", plan_id=plan_id, purchaser="cora.contoso@contoso.example", **fields)
        return SubscriptionId(bought["subscription_id"])

    def landing_token(self, subscription_id: SubscriptionId) -> str:
        link = self.post(f"/subscriptions/{subscription_id}/manage")["landing_url"]
        return parse_qs(urlsplit(link).query)["token"][0]

    def silence(self, operation_id: OperationId) -> None:
        """Let the ten seconds after the webhook's delivery go by; Microsoft takes that for yes."""
        controls = self.sandbox.controls
        controls.market.webhook_delivered(operation_id, controls.clock.now())
        controls.move_clock(timedelta(minutes=5))

    def faults(self, **switches: object) -> None:
        self.sandbox.controls.faults.set(Faults.model_validate(switches))


def client_of(
    sandbox: RunningSandbox,
    http: httpx.Client,
    *,
    client_id: str = FULFILLMENT_APP_ID,
    secret: str = FULFILLMENT_APP_SECRET,
    patience: Patience = PATIENCE,
) -> FulfillmentClient:
    registration = AppRegistration(authority=f"{sandbox.url}/entra", client_id=client_id, credential=secret)
    tokens = AppTokenSource(registration, tenant_id=PUBLISHER, http=http)
    return FulfillmentClient(f"{sandbox.url}/api", tokens, http, patience=patience, clock=sandbox.controls.clock)


@pytest.fixture
def stage(sandbox: RunningSandbox, http: httpx.Client) -> Iterator[Stage]:
    yield Stage(sandbox=sandbox, http=http, client=client_of(sandbox, http))
    sandbox.controls.faults.set(Faults())


def bought_and_activated(stage: Stage, plan_id: str = "business", **fields: object) -> SubscriptionId:
    subscription_id = stage.buy(plan_id, **fields)
    quantity = fields.get("quantity")
    stage.client.activate(subscription_id, plan_id, quantity if isinstance(quantity, int) else None)
    return subscription_id


def status_of(stage: Stage, subscription_id: SubscriptionId) -> CommercialStatus | None:
    snapshot = stage.client.get_subscription(subscription_id).value
    assert snapshot is not None
    return snapshot.status


# -------------------------------------------------------------------------------------------------- the ten calls


def test_client_is_a_fulfillment_port(stage: Stage) -> None:
    port: Fulfillment = stage.client

    assert port.list_subscriptions().is_complete


def test_landing_token_resolves_to_the_purchase_in_any_status(stage: Stage) -> None:
    subscription_id = stage.buy()
    first = stage.client.resolve(stage.landing_token(subscription_id))
    stage.client.activate(subscription_id, "business")
    again = stage.client.resolve(stage.landing_token(subscription_id))

    assert first.value is not None
    assert again.value is not None
    assert (first.value.id, first.value.status) == (subscription_id, CommercialStatus.PENDING_FULFILLMENT_START)
    assert (first.value.plan_id, first.value.offer_id) == ("business", "fairmile-desk")
    assert first.value.beneficiary.tenant_id is not None
    assert again.value.status is CommercialStatus.SUBSCRIBED
    assert not first.findings


def test_landing_token_older_than_a_day_is_refused(stage: Stage) -> None:
    token = stage.landing_token(stage.buy())
    stage.sandbox.controls.move_clock(timedelta(hours=25))

    with pytest.raises(LandingTokenRefusedError) as refused:
        stage.client.resolve(token)
    assert refused.value.code == "microsoft.landing_token_refused"
    assert refused.value.detail["status"] == 400
    assert refused.value.detail["request_id"]


@pytest.mark.parametrize("token", ["", "with\r\nheader: injected", "tokén", "garbled"])
def test_malformed_landing_token_is_refused(stage: Stage, token: str) -> None:
    with pytest.raises(LandingTokenRefusedError):
        stage.client.resolve(token)


def test_activation_begins_the_term_and_a_second_one_is_refused(stage: Stage) -> None:
    subscription_id = stage.buy("team", quantity=5)
    stage.client.activate(subscription_id, "team", 5)
    snapshot = stage.client.get_subscription(subscription_id).value

    assert snapshot is not None
    assert (snapshot.status, snapshot.quantity) == (CommercialStatus.SUBSCRIBED, 5)
    assert snapshot.term.unit is not None
    assert snapshot.term.start_on is not None
    with pytest.raises(RequestRefusedError):
        stage.client.activate(subscription_id, "team", 5)


def test_activation_with_another_plan_is_refused(stage: Stage) -> None:
    with pytest.raises(RequestRefusedError):
        stage.client.activate(stage.buy(), "enterprise")


def test_all_pages_are_listed(stage: Stage) -> None:
    bought = stage.post("/bulk", plan_id="business", purchaser="cora.contoso@contoso.example", subscriptions=230)
    listed = stage.client.list_subscriptions()

    assert listed.is_complete
    ids = [snapshot.id for snapshot in listed.subscriptions]
    assert set(bought["subscription_ids"]) <= set(ids)
    assert len(ids) == len(set(ids)) >= 230


def test_private_offer_behind_a_purchase_is_told_with_the_plan_bought(stage: Stage) -> None:
    offers = stage.http.get(f"{stage.sandbox.url}/sandbox/catalog").json()["private_offers"]
    offer = offers[0]
    subscription_id = stage.buy(offer["plan_id"], private_offer_id=offer["id"])
    with_plan = stage.client.list_available_plans(subscription_id, offer["plan_id"])
    without = stage.client.list_available_plans(subscription_id)

    assert with_plan.value is not None
    assert without.value is not None
    assert [plan.source_offer_ids for plan in with_plan.value] == [(offer["id"],)]
    assert {plan.plan_id for plan in without.value} >= {offer["plan_id"]}


def test_own_plan_change_is_answered_and_takes_effect(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage, "team", quantity=5)
    started = stage.client.change_plan(subscription_id, "team-plus")
    assert started.operation_id is not None
    pending = stage.client.get_operation(subscription_id, started.operation_id).value
    stage.client.answer_operation(subscription_id, started.operation_id, OperationAnswer.SUCCESS)
    done = stage.client.get_operation(subscription_id, started.operation_id).value
    snapshot = stage.client.get_subscription(subscription_id).value

    assert pending is not None
    assert done is not None
    assert snapshot is not None
    assert (pending.action, pending.status) == (Action.CHANGE_PLAN, OperationStatus.IN_PROGRESS)
    assert done.status is OperationStatus.SUCCEEDED
    assert snapshot.plan_id == "team-plus"


def test_refused_seat_change_leaves_the_seats(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage, "team", quantity=5)
    started = stage.client.change_quantity(subscription_id, 7)
    assert started.operation_id is not None
    (pending,) = stage.client.list_operations(subscription_id).value or ()
    stage.client.answer_operation(subscription_id, started.operation_id, OperationAnswer.FAILURE)
    snapshot = stage.client.get_subscription(subscription_id).value

    assert (pending.id, pending.quantity) == (started.operation_id, 7)
    assert snapshot is not None
    assert snapshot.quantity == 5
    assert stage.client.list_operations(subscription_id).value == ()


def test_second_change_while_one_is_pending_is_locked(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage, "team", quantity=5)
    stage.client.change_quantity(subscription_id, 7)

    with pytest.raises(SubscriptionLockedError) as locked:
        stage.client.change_quantity(subscription_id, 8)
    assert locked.value.code == "microsoft.subscription_locked"


def test_change_to_the_same_plan_is_refused(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage)

    with pytest.raises(RequestRefusedError):
        stage.client.change_plan(subscription_id, "business")


def test_answer_that_comes_after_the_operation_was_settled_is_superseded(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage, "team", quantity=5)
    started = stage.client.change_quantity(subscription_id, 7)
    assert started.operation_id is not None
    stage.silence(started.operation_id)

    with pytest.raises(OperationSupersededError):
        stage.client.answer_operation(subscription_id, started.operation_id, OperationAnswer.FAILURE)


def test_cancelled_subscription_ends(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage)
    started = stage.client.cancel(subscription_id)
    stage.sandbox.controls.move_clock(timedelta(minutes=5))

    assert started.operation_id is not None
    assert status_of(stage, subscription_id) is CommercialStatus.UNSUBSCRIBED


# ------------------------------------------------------------------------------------------------ what is not there


@pytest.mark.parametrize("quirks", [[], "all"])
def test_what_microsoft_does_not_know_has_its_own_error_however_the_service_says_it(
    stage: Stage, quirks: object
) -> None:
    known_id = bought_and_activated(stage)
    stage.faults(quirks=quirks)

    for unknown in (NOBODY, SubscriptionId("../../entra/control")):
        with pytest.raises(SubscriptionUnknownError):
            stage.client.get_subscription(unknown)
        with pytest.raises(SubscriptionUnknownError):
            stage.client.cancel(unknown)
    for nothing in (NO_OPERATION, OperationId("..")):
        with pytest.raises(OperationUnknownError):
            stage.client.get_operation(known_id, nothing)


def test_lists_of_an_unknown_subscription_may_be_empty(stage: Stage) -> None:
    stage.faults(quirks=["unknown-subscription-has-no-operations", "unknown-subscription-has-empty-plans"])

    assert stage.client.list_operations(NOBODY).value == ()
    assert stage.client.list_available_plans(NOBODY).value == ()


def test_loose_values_are_read_as_if_they_were_strict(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage, "team", quantity=5)
    strict = stage.client.get_subscription(subscription_id)
    stage.faults(quirks=[Quirk.LOOSE_VALUES])
    loose = stage.client.get_subscription(subscription_id)

    assert strict.value is not None
    assert loose.value is not None
    assert (loose.value.status, loose.value.quantity, loose.value.term) == (
        strict.value.status,
        strict.value.quantity,
        strict.value.term,
    )
    assert not loose.findings


def test_fault_on_answering_an_own_operation_is_microsofts(stage: Stage) -> None:
    subscription_id = bought_and_activated(stage, "team", quantity=5)
    started = stage.client.change_quantity(subscription_id, 7)
    assert started.operation_id is not None
    stage.faults(quirks=[Quirk.OWN_OPERATION_PATCH_FAILS])

    with pytest.raises(FulfillmentFaultError) as fault:
        stage.client.answer_operation(subscription_id, started.operation_id, OperationAnswer.SUCCESS)
    assert fault.value.detail["outcome_unknown"] is True


# --------------------------------------------------------------------------------------------------------- patience


@pytest.mark.parametrize("status", [429, 503])
def test_throttled_call_is_repeated_after_retry_after(stage: Stage, status: int) -> None:
    subscription_id = stage.buy()
    stage.faults(fail_next_calls=2, fail_status=status, retry_after_seconds=0)

    stage.client.activate(subscription_id, "business")
    assert status_of(stage, subscription_id) is CommercialStatus.SUBSCRIBED


def test_throttling_that_lasts_is_told_with_when_to_come_back(stage: Stage) -> None:
    stage.faults(fail_percent=100, fail_status=429, retry_after_seconds=600)

    with pytest.raises(FulfillmentUnavailableError) as unavailable:
        stage.client.list_subscriptions()
    assert unavailable.value.code == "microsoft.throttled"
    assert unavailable.value.detail["retry_after_seconds"] == 600
    assert unavailable.value.detail["outcome_unknown"] is False


def test_slow_reading_is_repeated_and_a_slow_change_is_not(stage: Stage) -> None:
    subscription_id = stage.buy()
    hasty = client_of(
        stage.sandbox, stage.http, patience=Patience(attempts=2, request_seconds=0.5, first_wait_seconds=0.001)
    )
    hasty.get_subscription(subscription_id)
    stage.faults(slow_next_calls=1, slow_seconds=1.5)
    assert hasty.get_subscription(subscription_id).value is not None

    stage.faults(slow_next_calls=1, slow_seconds=1.5)
    with pytest.raises(FulfillmentUnavailableError) as timed_out:
        hasty.activate(subscription_id, "business")
    assert timed_out.value.code == "microsoft.timed_out"
    assert timed_out.value.detail["outcome_unknown"] is True


def test_nobody_listening_is_certain_not_to_have_done_anything(stage: Stage, http: httpx.Client) -> None:
    registration = AppRegistration(
        authority=f"{stage.sandbox.url}/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
    )
    tokens = AppTokenSource(registration, tenant_id=PUBLISHER, http=http)
    client = FulfillmentClient("http://127.0.0.1:9/api", tokens, http, patience=PATIENCE)

    with pytest.raises(FulfillmentUnavailableError) as unreachable:
        client.activate(NOBODY, "business")
    assert unreachable.value.code == "microsoft.unreachable"
    assert unreachable.value.detail["outcome_unknown"] is False


# ----------------------------------------------------------------------------------------------------- our own token


def test_expired_token_is_replaced_once_without_anybody_noticing(stage: Stage) -> None:
    subscription_id = stage.buy()
    stage.sandbox.controls.move_clock(timedelta(hours=2))

    assert status_of(stage, subscription_id) is CommercialStatus.PENDING_FULFILLMENT_START


def test_application_that_is_not_in_the_technical_configuration_is_refused(stage: Stage, http: httpx.Client) -> None:
    client = client_of(stage.sandbox, http, client_id=LANDING_APP_ID, secret=LANDING_APP_SECRET)

    with pytest.raises(AccessRefusedError) as refused:
        client.list_subscriptions()
    assert refused.value.code == "microsoft.access_refused"


def test_wrong_secret_is_our_own_fault_and_stands_in_no_message(stage: Stage, http: httpx.Client) -> None:
    client = client_of(stage.sandbox, http, secret="a-secret-that-was-rotated")

    with pytest.raises(OwnCredentialError) as refused:
        client.list_subscriptions()
    assert "a-secret-that-was-rotated" not in f"{refused.value!r} {refused.value.detail} {refused.value.__cause__!r}"


def test_no_error_carries_the_landing_token(stage: Stage) -> None:
    token = "a-landing-token-nobody-knows"
    with pytest.raises(FairkeeperError) as refused:
        stage.client.resolve(token)

    assert token not in f"{refused.value.message} {refused.value.detail} {refused.value!r}"
