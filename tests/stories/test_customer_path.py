"""One customer's whole path in a real browser, on the demo as a newcomer starts it.

A person buys in the storefront, signs in, activates, sees that everything is ready, changes the plan, is suspended and
reinstated, unsubscribes, and reads the receipts; the publisher's owner sees each step, and every page on the way is
usable by everybody who comes there.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from fairkeeper.proof.receipt import verify_receipt
from tests.stories.demo_process import RunningDemo, forked_demo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 40
"""For what background work, the sandbox's webhooks and a machine that runs everything else at once need."""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningDemo]:
    """The demo, as a process of its own, in which nobody has bought yet."""
    with forked_demo(tmp_path / "demo") as started:
        yield started


@dataclass(slots=True, kw_only=True)
class Somebody:
    """A person with a browser of their own, who looks closely at our pages.

    Attributes:
        complaints: What the browser said against our pages: scripts that failed, what the policy stopped.
    """

    demo: RunningDemo
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)

    def open(self, path: str) -> None:
        """Open a page of ours."""
        self.page.goto(f"{self.demo.url}{path}")

    def until(self, path: str, text: str) -> None:
        """Open a page of ours again and again until it says something."""
        limit = time.monotonic() + PATIENCE_SECONDS
        self.open(path)
        while text not in self.page.inner_text("main"):
            assert time.monotonic() < limit, f"{path} never said {text!r}, but {self.page.inner_text('main')}"
            self.page.wait_for_timeout(300)
            self.page.reload()

    def look(self) -> None:
        """Judge the page that is open: axe finds nothing serious, and nothing has to be pushed sideways."""
        address = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|ent_\w+", "…", self.page.url.partition("?")[0])
        if address in self.looked_at:
            return
        self.looked_at.add(address)
        found = Axe().run(self.page).response["violations"]
        grave = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}]
        assert grave == [], self.page.url
        width = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width[0] <= width[1], f"{self.page.url} is wider than its window: {width}"

    def choose_account(self, name: str) -> None:
        """Choose an account on the pretend Microsoft's page."""
        expect(self.page.get_by_role("heading", name="Pick an account")).to_be_visible()
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(f"{self.demo.url}/**")


Come = Callable[..., Somebody]
"""Lets a person come, with a window of this size."""


@pytest.fixture
def come(running: RunningDemo, chromium: Browser) -> Iterator[Come]:
    """Return a way to let people come, each with a browser of their own; their browsers' complaints fail the test."""
    people: list[Somebody] = []

    def arrive(*, width: int, height: int) -> Somebody:
        context = chromium.new_context(viewport={"width": width, "height": height})
        person = Somebody(demo=running, context=context, page=context.new_page())

        def listen(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and running.url in message.location.get("url", ""):
                person.complaints.append(message.text)

        person.page.on("console", listen)
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        people.append(person)
        return person

    yield arrive
    for person in people:
        person.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []


# --- what a person does in the pretend storefront


def buy(person: Somebody, plan: str, buyer: str, beneficiary: str = "") -> str:
    """Buy a plan in the storefront, as a reseller where it is for somebody else; return the subscription's id."""
    page = person.page
    page.goto(person.demo.sandbox_url)
    page.get_by_role("link", name=f"Buy {plan}", exact=True).click()
    option = page.locator("#purchaser option", has_text=buyer).first.get_attribute("value")
    page.select_option("#purchaser", value=option)
    if beneficiary:
        other = page.locator("#beneficiary option", has_text=beneficiary).first.get_attribute("value")
        page.select_option("#beneficiary", value=other)
        page.get_by_label("The purchaser is a reseller").check()
    page.get_by_role("radio", name="Waits for the publisher").check()
    page.get_by_role("button", name="Place the pretend order").click()
    expect(page.get_by_role("heading", name="One step is left")).to_be_visible()
    found = re.search(r"/subscriptions/([0-9a-f-]{36})", page.url)
    assert found is not None
    return found[1]


def activate(person: Somebody, name: str) -> None:
    """Go to the publisher's landing page, sign in there, activate, and wait until it says that all is ready."""
    person.page.get_by_role("button", name="Configure account now").click()
    person.choose_account(name)
    assert "token" not in person.page.url
    expect(person.page.get_by_role("heading", name="Activate", level=1)).to_be_visible()
    person.look()
    person.page.get_by_role("button", name="Activate", exact=True).click()
    expect(person.page.locator("main")).to_contain_text("ready to use", timeout=PATIENCE_SECONDS * 1000)
    person.look()


def at_storefront(person: Somebody, subscription_id: str) -> Page:
    """Open a subscription in the storefront, in a page beside our own."""
    page = person.context.new_page()
    page.goto(f"{person.demo.sandbox_url}/subscriptions/{subscription_id}")
    return page


def change_plan(person: Somebody, subscription_id: str, plan: str) -> None:
    """Change the plan as the customer does it at Microsoft."""
    page = at_storefront(person, subscription_id)
    value = page.locator("#plan_id option", has_text=plan).first.get_attribute("value")
    page.select_option("#plan_id", value=value)
    page.get_by_role("button", name="Change plan").click()
    page.close()


def cancel(person: Somebody, subscription_id: str) -> None:
    """Cancel as the customer does it at Microsoft."""
    page = at_storefront(person, subscription_id)
    page.get_by_text("Cancel the subscription").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    page.close()


def let_happen(person: Somebody, company: str, words: str) -> None:
    """Play Microsoft's part on the operator's page."""
    page = person.context.new_page()
    page.goto(f"{person.demo.sandbox_url}/operator")
    row = page.locator("tr", has_text=company)
    row.get_by_role("button", name=words).first.click()
    page.close()


# --- the story


def sign_in_owner(person: Somebody) -> None:
    """Sign the publisher's owner in, from the front page."""
    person.open("/")
    person.look()
    person.page.get_by_role("link", name="Sign in with Microsoft").click()
    person.choose_account("Olivia Owner")
    expect(person.page.get_by_role("heading", name="Today")).to_be_visible()
    person.look()


def standing(owner: Somebody, step: str) -> str:
    """Return how many customers Today counts at a step of the path."""
    owner.open("/")
    owner.look()
    place = owner.page.locator(".path-counts li", has=owner.page.get_by_text(step, exact=True))
    return place.locator(".figure").inner_text()


def test_a_customers_path_from_purchase_to_the_last_receipt(come: Come, tmp_path: Path) -> None:
    cora, owner = come(**DESK), come(**DESK)
    sign_in_owner(owner)
    owner.page.get_by_text("No customers yet").wait_for()

    # Buys, signs in, activates, is ready.
    bought = buy(cora, "Team", "Cora Contoso")
    activate(cora, "Cora Contoso")
    cora.page.get_by_role("link", name="Go to your page").click()
    expect(cora.page.get_by_role("heading", name="Contoso", level=1)).to_be_visible()
    expect(cora.page.locator("main")).to_contain_text("It may act now")
    cora.look()
    owner.until("/customers/contoso", "It may act now")
    owner.look()
    for told in ("came to the landing page", "Activation of team was asked for", "is active; Microsoft bills it"):
        expect(owner.page.locator("#timeline")).to_contain_text(told)
    assert standing(owner, "Operate") == "1"
    owner.open("/customers")
    expect(owner.page.locator("tbody")).to_contain_text("Contoso")
    owner.look()

    # Changes the plan.
    change_plan(cora, bought, "Team Plus")
    owner.until(f"/subscriptions/{bought}", "The plan is now team-plus.")
    owner.look()
    cora.until("/", "team-plus")

    # Is suspended, and says so to both; may still read and leave.
    let_happen(cora, "Contoso", "Payment fails")
    owner.until("/customers/contoso", "Microsoft suspended the subscription")
    cora.until("/", "Suspended")
    expect(cora.page.get_by_role("link", name="Stop everything")).to_be_visible()
    owner.open("/")
    expect(owner.page.locator(".path-counts")).to_contain_text("1 stuck")
    cora.page.goto(f"{cora.demo.sandbox_url}/subscriptions/{bought}")
    cora.page.get_by_role("button", name="Manage account").click()
    expect(cora.page.get_by_role("heading", level=1)).to_contain_text("is suspended")
    cora.look()

    # Is reinstated.
    let_happen(cora, "Contoso", "Payment arrives")
    owner.until("/customers/contoso", "Microsoft reinstated the subscription")
    cora.until("/", "It may act now")

    # Unsubscribes; use stops, the clock for erasing runs, and a receipt says so.
    cancel(cora, bought)
    owner.until("/customers/contoso", "Everything has stopped")
    expect(owner.page.locator("main")).to_contain_text("The customer's data is erased")
    owner.look()
    assert standing(owner, "Revoke") == "1"

    # Reads the receipt, and takes it home to check it.
    cora.until("/receipts", "Stopped")
    cora.look()
    cora.page.get_by_role("link", name="Stopped").first.click()
    expect(cora.page.get_by_role("heading", name="What remains with you")).to_be_visible()
    cora.until(cora.page.url.removeprefix(cora.demo.url), "Verified")
    cora.look()
    with cora.page.expect_download() as download:
        cora.page.get_by_role("link", name="Download for programs").click()
    receipt = tmp_path / "receipt.json"
    download.value.save_as(receipt)
    report = verify_receipt(receipt.read_bytes())
    assert report.ok, report.findings
    assert report.statement is not None
    assert report.statement["subscription_id"] == bought
    assert json.loads(receipt.read_text("utf-8"))["origin"] == "demo.fairmile.example/log"

    # The publisher's owner sees the same receipt, and the whole log.
    owner.open("/evidence")
    expect(owner.page.locator("#entries")).to_contain_text("Everything has stopped")
    owner.look()
    owner.page.locator("a.proof").first.click()
    owner.look()
    for path in ("/webhooks", "/receipts", "/settings/people", "/settings/partner-center", "/search?q=contoso"):
        owner.open(path)
        owner.look()


def test_the_same_by_phone(come: Come) -> None:
    """Buying, activating and looking after it work in a window of 390 pixels."""
    nora, owner = come(**PHONE), come(**PHONE)
    bought = buy(nora, "Team Plus", "Nora Northwind")
    activate(nora, "Nora Northwind")
    nora.open("/")
    nora.look()
    nora.page.get_by_role("button", name="Menu").click()
    nora.page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Record").click()
    expect(nora.page.locator("#entries")).to_contain_text("Activation of team-plus was asked for")
    nora.look()

    sign_in_owner(owner)
    owner.until("/customers/northwind", "It may act now")
    owner.look()
    owner.open(f"/subscriptions/{bought}")
    owner.look()
    owner.page.get_by_role("link", name="Pause use").click()
    dialog = owner.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Asked by phone")
    dialog.get_by_role("button", name="Pause use").click()
    expect(owner.page.get_by_role("status").first).to_contain_text("Recorded: Use was paused: Asked by phone")
    owner.look()
    for path in (
        "/",
        "/customers",
        "/webhooks",
        "/evidence",
        "/settings/tokens",
        f"/subscriptions/{bought}/change-plan",
    ):
        owner.open(path)
        owner.look()


def test_without_scripts_a_person_activates_and_pauses(running: RunningDemo, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page = context.new_page()
    lena = Somebody(demo=running, context=context, page=page)
    bought = buy(lena, "Team", "Lena Litware")
    page.get_by_role("button", name="Configure account now").click()
    lena.choose_account("Lena Litware")
    page.get_by_role("button", name="Activate", exact=True).click()
    expect(page.locator("main")).to_contain_text("ready to use", timeout=PATIENCE_SECONDS * 1000)
    lena.open(f"/subscriptions/{bought}")
    page.get_by_role("link", name="Pause use").click()
    page.get_by_label("Reason").fill("Nobody needs it this week")
    page.get_by_role("button", name="Pause use").click()
    expect(page.locator("main")).to_contain_text("Use was paused: Nobody needs it this week")
    context.close()
