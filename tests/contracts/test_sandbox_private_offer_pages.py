"""The pages of private offers in a real browser without JavaScript; none too wide, none that axe refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.ingestion.accounts import SellerAccount
from fairkeeper.sandbox.ingestion.desk import PrivateOfferDesk
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.clock import FixedClock, MovableClock
from tests.contracts.ingestion_stage import CONFIGURE, EIGHTY_MILLION, LITWARE, discount, made_plan, offer, price
from tests.contracts.sandbox_stage import CARL, CORA

pytestmark = pytest.mark.browser
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Shop:
    """A sandbox that serves, and what its publisher has submitted."""

    sandbox: RunningSandbox

    @property
    def url(self) -> str:
        return self.sandbox.url

    @property
    def desk(self) -> PrivateOfferDesk:
        return self.sandbox.controls.private_offers

    @property
    def publisher(self) -> SellerAccount:
        return self.desk.accounts.sellers[0]

    def submit(self, *resources: dict[str, Any]) -> str:
        outcome = self.desk.act_as(self.publisher, {"$schema": CONFIGURE, "resources": list(resources)})
        assert not outcome.errors, outcome.errors
        return outcome.records[0].id

    def deal(self, plan_id: str, name: str) -> str:
        """Offer the worked deal of eighty millions to Contoso."""
        account = self.desk.accounts.billing[0].id
        row = made_plan(new_id=plan_id)
        return self.submit(
            price(EIGHTY_MILLION), offer(account, row, name=name, offerPricingType="saasNewCustomizedPlans")
        )

    def shared(self, name: str, billing: int) -> str:
        """Offer a discount to a customer through Litware."""
        account = self.desk.accounts.billing[billing].id
        kind = {"privateOfferType": "multipartyPromotionOriginator", "partners": [{"id": LITWARE}]}
        return self.submit(offer(account, discount(20), name=name, **kind))


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    sandbox = run_in_thread(SandboxConfig(base_url="", clock=MovableClock(FixedClock(NOON))))
    try:
        yield Shop(sandbox=sandbox)
    finally:
        sandbox.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def text(page: Page) -> str:
    return page.locator("main").inner_text()


def test_one_person_accepts_and_another_buys(shop: Shop, page: Page) -> None:
    private_offer_id = shop.deal("contoso-3y", "Three years for Contoso")
    page.goto(f"{shop.url}/private-offers/{private_offer_id}")
    assert "23 days left to accept it" in text(page)
    assert "USD 80,000,000.00 in 7 charges, for 3 years" in text(page)
    last = page.get_by_role("row", name="15 Jul 2029").inner_text()
    assert "USD 30,000,000.00" in last
    assert "Year 3 installment 2" in last
    page.get_by_label("Accept as").select_option(CARL)
    page.get_by_role("button", name="Accept the private offer").click()
    assert "may not accept private offers" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Accept as").input_value() == CARL
    page.get_by_label("Accept as").select_option(CORA)
    page.get_by_role("button", name="Accept the private offer").click()
    assert f"Accepted by {CORA}" in text(page)
    page.get_by_role("link", name="Buy Enterprise for Contoso").click()
    assert page.get_by_label("Buy as", exact=True).input_value() == CARL
    page.get_by_role("button", name="Place the pretend order").click()
    assert "It runs already" in text(page)
    assert page.get_by_role("row").count() >= 8
    assert "22 Nov 2026" in page.get_by_role("row", name="Setup fee").inner_text()
    bought = httpx.get(f"{shop.url}/sandbox/subscriptions", timeout=30).json()["subscriptions"][0]
    assert (bought["planId"], bought["privateOfferId"]) == ("contoso-3y", private_offer_id)
    assert sum(Decimal(each["amount"]) for each in bought["charges"]) == 80_000_000
    page.goto(f"{shop.url}/private-offers/{private_offer_id}")
    assert page.get_by_role("heading", name="Bought").count() == 1


def test_a_company_finds_its_private_offers(shop: Shop, page: Page) -> None:
    shop.deal("contoso-list", "Found in the list")
    page.goto(f"{shop.url}/companies/c0000001-0000-4000-8000-000000000001")
    assert "Accepted" in page.get_by_role("row", name="Three years of Enterprise").inner_text()
    page.get_by_role("link", name="Found in the list").click()
    assert page.get_by_role("button", name="Accept the private offer").count() == 1
    page.goto(f"{shop.url}/companies/c0000003-0000-4000-8000-000000000001")
    assert page.get_by_role("link", name="Found in the list").count() == 0


def test_a_channel_partner_completes_an_offer_before_its_customer_sees_it(shop: Shop, page: Page) -> None:
    private_offer_id = shop.shared("Through Litware", 2)
    assert httpx.get(f"{shop.url}/private-offers/{private_offer_id}", timeout=30).status_code == 404
    page.goto(f"{shop.url}/companies/c0000005-0000-4000-8000-000000000001")
    page.get_by_role("link", name="Through Litware").click()
    page.get_by_label("Customer adjustment, percent").fill("20.5")
    page.get_by_role("button", name="Send it to the customer").click()
    assert "exceeds the discount" in page.get_by_role("alert").inner_text()
    page.get_by_label("Customer adjustment, percent").fill("10.52631579")
    page.get_by_role("button", name="Send it to the customer").click()
    assert "USD 706.48 for one month with your 10.52631579 %" in text(page)
    page.get_by_role("link", name="see what they see").click()
    assert "A private offer of Litware with products of Fairmile Software" in text(page)
    assert page.get_by_role("button", name="Accept the private offer").count() == 1


def test_a_lost_offer_says_why(shop: Shop, page: Page) -> None:
    withdrawn = shop.deal("contoso-gone", "Taken back")
    document = {"$schema": "https://schema.mp.microsoft.com/schema/private-offer/2023-07-15", "name": "Taken back"}
    shop.submit(
        {**document, "id": withdrawn, "privateOfferType": "customerPromotion", "state": "withdrawn"},
    )
    page.goto(f"{shop.url}/private-offers/{withdrawn}")
    assert "Fairmile Software has withdrawn this offer" in text(page)
    assert page.get_by_role("button", name="Accept the private offer").count() == 0
    assert (
        httpx.post(f"{shop.url}/private-offers/{withdrawn}/accept", data={"person": CORA}, timeout=30).status_code
        == 409
    )


def test_what_is_no_private_offer_is_not_found(shop: Shop) -> None:
    unknown = "99999999-0000-4000-8000-000000000009"
    for path in (f"/private-offers/{unknown}", f"/partner/private-offers/{unknown}", "/private-offers/x"):
        assert httpx.get(f"{shop.url}{path}", timeout=30).status_code == 404
    assert (
        httpx.post(f"{shop.url}/private-offers/{unknown}/accept", data={"person": CORA}, timeout=30).status_code == 404
    )
    form = {"markup_percentage": "many", "prepared_by": "a@litware.example"}
    shared = shop.shared("Refused input", 0)
    assert httpx.post(f"{shop.url}/partner/private-offers/{shared}", data=form, timeout=30).status_code == 422


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_no_page_is_too_wide_or_refused_by_axe(shop: Shop, chromium: Browser, scheme: str, width: int) -> None:
    plan_id = f"contoso-{scheme}-{width}"
    waiting = shop.deal(plan_id, "To be seen")
    accepted = "5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a01"
    shared = shop.shared(
        f"Seen {scheme} {width}", {"light360": 1, "dark360": 3, "light1200": 4, "dark1200": 5}[f"{scheme}{width}"]
    )
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,  # axe runs as a script, which the pages themselves forbid
    )
    page = context.new_page()
    for path in (
        f"/private-offers/{waiting}",
        f"/private-offers/{accepted}",
        f"/partner/private-offers/{shared}",
        f"/buy/enterprise?private_offer_id={accepted}",
        "/companies/c0000001-0000-4000-8000-000000000001",
    ):
        page.goto(shop.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        violations = [(each["id"], each["nodes"][0]["html"]) for each in Axe().run(page).response["violations"]]
        assert violations == [], path
    context.close()
