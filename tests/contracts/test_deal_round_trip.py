"""A checked deal survives file, payload, the pretend Microsoft and the way back unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairkeeper.deals.checks.checking import check_deal
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import (
    Billing,
    Customer,
    Deal,
    DealKind,
    Eligibility,
    Frequency,
    Plan,
    PricingKind,
    RenewalAttestation,
    RenewalReason,
)
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.deals.schedules.building import Frame, build, even_slots
from fairkeeper.deals.submission.comparing import differences
from fairkeeper.deals.submission.payload import make_payload
from fairkeeper.deals.submission.payload_reading import read_payload
from fairkeeper.deals.submission.schema import PayloadSchema, ResourceIds
from fairkeeper.deals.submission.submitted import submitted_part
from fairkeeper.microsoft.identity import AppRegistration, AppTokenSource
from fairkeeper.microsoft.ingestion import GRAPH_RESOURCE, IngestionClient
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, FULFILLMENT_APP_SECRET, PUBLISHER_TENANT_ID
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.clock import FixedClock, MovableClock
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from fairkeeper.values.period import Duration
from tests.actions.customers.world import NOON

SCHEMA = PayloadSchema()
STARTS = date(2027, 2, 1)
BUYERS = {"USD": "Contoso", "JPY": "Adatum", "EUR": "Fabrikam"}
NUMBERS = count(1)
_RATES = (("EUR", Decimal("1.08")), ("JPY", Decimal("0.0067")))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """A pretend Microsoft whose clock stands still until it is moved."""
    running = run_in_thread(SandboxConfig(base_url="", clock=MovableClock(FixedClock(NOON))))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(sandbox: RunningSandbox) -> Iterator[IngestionClient]:
    """The connector as an installation has it."""
    with httpx.Client() as http:
        registration = AppRegistration(
            authority=f"{sandbox.url}/entra", client_id=FULFILLMENT_APP_ID, credential=FULFILLMENT_APP_SECRET
        )
        tokens = AppTokenSource(registration, tenant_id=PUBLISHER_TENANT_ID, http=http, resource=GRAPH_RESOURCE)
        url = f"{sandbox.url}/ingestion/rp/product-ingestion"
        yield IngestionClient(url, tokens, http, clock=sandbox.controls.clock)


@pytest.fixture(scope="module")
def ids(client: IngestionClient) -> ResourceIds:
    """The durable ids of everything that the pretend publisher sells."""
    products = {each["identity"]["externalId"]: each["id"] for each in client.list_products().documents}
    plans = {
        (offer, each["identity"]["externalId"]): each["id"]
        for offer, product in products.items()
        for each in client.list_plans(product).documents
    }
    return ResourceIds(products=products, plans=plans)


@st.composite
def sound_plans(draw: st.DrawFn, code: str, pricing: PricingKind) -> Plan:
    months = draw(st.sampled_from((12, 24, 36)))
    number = next(NUMBERS)
    if pricing is PricingKind.EXISTING_PLAN_DISCOUNT:
        return Plan(offer="fairmile-desk", plan="business", discount=Percentage(draw(st.integers(10**6, 90 * 10**8))))
    made = pricing is PricingKind.CUSTOMISED_PLAN
    plan = Plan(
        offer="fairmile-desk" if made else "fairmile-appliance",
        plan="business" if made else "standard",
        new_plan=f"customer-{number}" if made else None,
        new_plan_name=draw(st.none() | st.just("Plan “Ärger & Söhne” 契約")) if made else None,
        term_months=months,
    )
    total = Money(draw(st.integers(10_000, 10**9)), currency(code))
    if draw(st.booleans()):
        frequency = draw(st.sampled_from((Frequency.ONCE, Frequency.MONTHLY)))
        return replace(plan, billing=Billing(frequency=frequency, amount=total))
    frame = Frame(total=total, starts_on=STARTS, term_months=months)
    slots = even_slots(frame, every_months=draw(st.sampled_from((1, 3, 5))))
    fee = draw(st.none() | st.integers(0, total.minor).map(lambda minor: Money(minor, total.currency)))
    return replace(plan, schedule=build(frame, slots, setup_fee=fee), agreed_total=total)


@st.composite
def sound_deals(draw: st.DrawFn) -> Any:
    pricing = draw(
        st.sampled_from(
            (PricingKind.CUSTOMISED_PLAN, PricingKind.CUSTOMISED_PLAN, PricingKind.VM_RESERVATION,
             PricingKind.EXISTING_PLAN_DISCOUNT)
        )
    )  # fmt: skip
    code = "USD" if pricing is PricingKind.EXISTING_PLAN_DISCOUNT else draw(st.sampled_from(sorted(BUYERS)))
    most = 3 if pricing is PricingKind.CUSTOMISED_PLAN else 1
    plans = tuple(draw(st.lists(sound_plans(code, pricing), min_size=1, max_size=most)))
    months = max((plan.term_months or 12 for plan in plans), default=12)
    return code, pricing, plans, months, draw(st.booleans())


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sound_deals())
def test_a_checked_deal_survives_the_whole_way(
    sandbox: RunningSandbox, client: IngestionClient, ids: ResourceIds, drawn: Any
) -> None:
    deal = _deal(sandbox, drawn)
    faults = [each for each in check_deal(deal, Basis(as_of=NOON.date())) if each.level.value == "error"]
    assert faults == []
    read = read_deal(write_deal(deal)).deal
    assert read == deal
    payload = make_payload(deal, ids, SCHEMA, state="live")
    job_id = client.submit(payload["resources"])
    sandbox.controls.move_clock(timedelta(seconds=61))
    status = client.job_status(job_id)
    assert status["jobResult"] == "succeeded", status["errors"]
    made = next(each["id"] for each in client.read_job(job_id) if "privateOfferType" in each)
    there = read_payload({"resources": list(client.read_private_offer_with_prices(made))}, ids, SCHEMA)
    assert there == submitted_part(deal)
    assert differences(deal, there) == ()


def _deal(sandbox: RunningSandbox, drawn: tuple[str, PricingKind, tuple[Plan, ...], int, bool]) -> Deal:
    code, pricing, plans, months, is_renewal = drawn
    account = next(each for each in sandbox.controls.private_offers.accounts.billing if each.company == BUYERS[code])
    attested = RenewalAttestation(qualifies=True, evidence="A paid deal", reason=RenewalReason.RENEWAL)
    return Deal(
        name=f"Deal {next(NUMBERS)}",
        kind=DealKind.CUSTOMER,
        pricing=pricing,
        currency=currency(code),
        accept_by=STARTS - timedelta(days=1),
        billing_starts=STARTS,
        ends=Duration(months=months).after(STARTS) - timedelta(days=1),
        plans=tuple(replace(plan, new_plan=plan.new_plan and f"{plan.new_plan}-{next(NUMBERS)}") for plan in plans),
        customer=Customer(name=account.company, billing_account=account.id, country=account.country),
        prepared_by="dana@fairmile.example",
        contacts=("dana@fairmile.example",),
        eligibility=Eligibility(partner_program=True, publisher_agreement=True, published_offer=True),
        renewal_attestation=attested if is_renewal else None,
        usd_rates=tuple((name, rate) for name, rate in _RATES if name == code),
    )
