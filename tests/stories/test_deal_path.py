"""A deal's whole path in a real browser, and one that is lost, on the demo as a newcomer starts it.

The publisher's owner writes a deal from a few answers, sees its faults as they are typed, and submits it; the customer
accepts and buys at the pretend Microsoft; the deal stands on the customer's page with the days of its charges. Another
deal, which nobody accepts in time, expires and says why. Every page on the way is usable on a desk and on a phone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.stories.demo_process import RunningDemo, forked_demo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 40
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 780}


@dataclass(slots=True, kw_only=True)
class Owner:
    """The publisher's owner at the console, who looks closely at every page."""

    demo: RunningDemo
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.demo.url}{path}")

    def sign_in(self) -> None:
        """Sign in at the pretend Microsoft."""
        self.open("/sign-in")
        self.page.get_by_role("link", name="Sign in with Microsoft").click()
        self.page.get_by_role("button", name="Olivia Owner").click()
        self.page.wait_for_url(f"{self.demo.url}/**")

    def let_days_pass(self, days: int) -> None:
        """Move everybody's clock; the session has ended by then."""
        self.sandbox("/clock/move", days=days)
        limit = time.monotonic() + PATIENCE_SECONDS
        self.open("/deals")
        while "/sign-in" not in self.page.url:
            assert time.monotonic() < limit, "the server did not follow the sandbox's clock"
            self.page.wait_for_timeout(200)
            self.open("/deals")
        self.sign_in()

    def until(self, path: str, text: str) -> None:
        """Open a page again and again until it says something."""
        limit = time.monotonic() + PATIENCE_SECONDS
        self.open(path)
        while text not in self.page.inner_text("main"):
            assert time.monotonic() < limit, f"{path} never said {text!r}, but {self.page.inner_text('main')}"
            self.page.wait_for_timeout(300)
            self.page.reload()

    def look(self) -> None:
        """Judge the page that is open: axe finds nothing serious, and nothing has to be pushed sideways."""
        found = Axe().run(self.page).response["violations"]
        grave = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}]
        assert grave == [], self.page.url
        width = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width[0] <= width[1], f"{self.page.url} is wider than its window: {width}"

    def press(self, opener: str, button: str, **typed: str) -> None:
        """Answer a question in its dialog."""
        self.page.get_by_role("link", name=opener, exact=True).click()
        dialog = self.page.get_by_role("dialog")
        for label, text in typed.items():
            dialog.get_by_label(label.replace("_", " ")).fill(text)
        dialog.get_by_role("button", name=button, exact=True).click()
        expect(self.page.get_by_role("status").first).to_be_visible()

    def sandbox(self, path: str, **body: Any) -> Any:
        """Let the pretend Microsoft, or its customer, do something."""
        answer = httpx.post(f"{self.demo.sandbox_url}/sandbox{path}", json=body, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def owner(tmp_path: Path, chromium: Browser) -> Iterator[Owner]:
    """The owner, signed in on a desk."""
    with forked_demo(tmp_path / "demo") as running:
        context = chromium.new_context(viewport=DESK)  # type: ignore[arg-type]
        found = Owner(demo=running, context=context, page=context.new_page())

        def listen(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and running.url in message.location.get("url", ""):
                found.complaints.append(message.text)

        found.page.on("console", listen)
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.sign_in()
        yield found
        context.close()
    assert found.complaints == []


def draft(owner: Owner, name: str, billing_account: str, **more: str) -> None:
    """Write a first draft from a few answers, and come to its editor."""
    owner.open("/deals/new")
    answers = {
        "Name of the private offer": name,
        "Customer": "Contoso",
        "Billing account id": billing_account,
        "Offer id": "fairmile-desk",
        "Public plan it starts from": "business",
        "Total": "1200000",
        "Your mail address": "olivia.owner@fairmile.example",
        **more,
    }
    for label, text in answers.items():
        owner.page.get_by_label(label, exact=True).or_(owner.page.get_by_label(f"{label} optional", exact=True)).fill(
            text
        )
    owner.page.get_by_label("Agreement with Microsoft").select_option("mca")
    owner.page.get_by_label("Partner programme").check()
    owner.look()
    owner.page.get_by_role("button", name="Write the draft").click()
    owner.page.wait_for_url("**/edit?recorded=*")


def submit(owner: Owner) -> str:
    """Submit the deal that is open, let Microsoft's job end, and return the private offer's id."""
    owner.press("Submit to Microsoft", "Submit")
    path = owner.page.url.removeprefix(owner.demo.url).partition("?")[0]
    owner.until(path, "was handed to Microsoft")
    owner.sandbox("/clock/move", seconds=90)
    owner.until(path, "is open for the customer to accept")
    link = owner.page.get_by_role("link", name="The customer's page").get_attribute("href") or ""
    return link.rpartition("/")[2]


def test_a_deal_is_bought_and_charged_and_another_is_lost(owner: Owner) -> None:
    accounts = httpx.get(f"{owner.demo.sandbox_url}/sandbox/billing-accounts").json()["billing_accounts"]
    account = next(each for each in accounts if each["company"] == "Contoso")
    page = owner.page

    # An empty board, a first draft, and its faults while they are typed.
    owner.open("/deals")
    page.get_by_text("No deals yet").wait_for()
    owner.look()
    draft(owner, "Contoso one year", account["id"])
    expect(page.locator("#live .answer-word")).to_contain_text("Yes")
    owner.look()
    text = page.locator("textarea[name=text]")
    sound = text.input_value()
    text.fill(sound.replace('agreed_total: "1200000.00"', 'agreed_total: "1200000.01"'))
    expect(page.locator("#live")).to_contain_text("0.01 USD less than the agreed 1200000.01 USD")
    expect(page.locator("#live .answer-word")).to_contain_text("No")
    text.fill(sound)
    expect(page.locator("#live .answer-word")).to_contain_text("Yes")
    expect(page.locator("#live .chart-picture svg").first).to_be_visible()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("heading", name="Contoso one year", level=1)).to_be_visible()
    expect(page.locator("#charges-chart img")).to_be_visible()
    owner.look()

    # Submitted, accepted at the pretend Microsoft, bought on its first day.
    private_offer = submit(owner)
    owner.look()
    owner.open("/deals/contoso-one-year/hand-over")
    expect(page.locator("article")).to_contain_text("An owner or contributor of the billing account")
    owner.look()
    shop = owner.context.new_page()
    shop.goto(f"{owner.demo.sandbox_url}/private-offers/{private_offer}")
    shop.get_by_role("button", name=re.compile("ccept")).first.click()
    owner.open("/deals/contoso-one-year")
    owner.press("Ask Microsoft now", "Ask Microsoft now")
    owner.until("/deals/contoso-one-year", "was accepted")
    owner.let_days_pass(70)
    shop.goto(f"{owner.demo.sandbox_url}/private-offers/{private_offer}")
    shop.get_by_role("link", name=re.compile("^Buy ")).first.click()
    shop.get_by_label("Buy as").select_option("cora.contoso@contoso.example")
    shop.get_by_role("button", name="Place the pretend order").click()
    shop.wait_for_url("**/subscriptions/**")
    bought = shop.url.partition("/subscriptions/")[2].partition("?")[0]
    shop.close()
    owner.until("/deals/contoso-one-year", "It runs until")
    expect(page.locator("main")).to_contain_text("The purchase names the private offer")
    owner.look()

    # It stands on the customer's page, with the days of its charges.
    owner.until("/customers/contoso", "Charges by its deals")
    charges = page.locator("section", has=page.get_by_role("heading", name=re.compile("Charges by its deals")))
    expect(charges.locator("tbody tr")).to_have_count(4)
    expect(charges).to_contain_text("300,000.00 USD")
    expect(charges.get_by_role("link", name="Contoso one year").first).to_be_visible()
    owner.look()
    owner.open(f"/subscriptions/{bought}")
    expect(page.locator("main")).to_contain_text(private_offer)

    # Another one, which nobody accepts in time.
    draft(owner, "Contoso extra", account["id"])
    page.get_by_role("button", name="Save the draft").click()
    submit(owner)
    owner.let_days_pass(100)
    owner.until("/deals/contoso-extra", "Contoso did not accept it by")
    owner.look()
    page.get_by_role("link", name="Say what it was lost to").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Lost to").select_option("no_budget")
    dialog.get_by_label("Reason").fill("Asked again next year")
    dialog.get_by_role("button", name="Mark as lost").click()
    expect(page.get_by_role("status").first).to_contain_text("was lost to no budget: Asked again next year")

    # The board, the list and the calendar, on a desk and on a phone.
    for size in (DESK, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for path in (
            "/deals",
            "/deals/all",
            "/deals/renewals",
            "/deals/contoso-one-year",
            "/deals/contoso-one-year/sheet",
            "/deals/contoso-one-year/hand-over",
            "/deals/contoso-one-year/compare?with=contoso-extra",
            "/deals/rules",
        ):
            owner.open(path)
            owner.look()
    owner.open("/deals")
    expect(page.locator(".board")).to_contain_text("Asked again next year")
