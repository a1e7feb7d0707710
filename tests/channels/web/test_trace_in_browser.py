"""The chain by clicks, in a real browser: from a payment to the tenant that was trusted, and back to the payment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.channels.stage import Stage
from tests.channels.tracing import EARNING, PAYMENT, make_chain
from tests.channels.web.browsing import SESSION

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(chromium: Browser, sqlite_stage: Stage) -> Iterator[Page]:
    """The owner's window, which fails the test when the browser complains."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": SESSION, "value": sqlite_stage.owner_cookie, "url": sqlite_stage.url}])
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def place(page: Page, name: str) -> Locator:
    """One link of the chain that is open."""
    return page.get_by_role("list", name="The chain").locator(":scope > li").filter(has_text=re.compile(f"^\\s*{name}"))


def look(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}] == []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert scroll <= client, f"{page.url} is wider than {width}"


def test_from_the_payment_to_the_tenant_and_back(page: Page, sqlite_stage: Stage, tmp_path: Path) -> None:
    stage, chain = sqlite_stage, make_chain(sqlite_stage, tmp_path)
    page.goto(f"{stage.url}/search?q={PAYMENT}")
    page.get_by_role("link", name="Trace this id").click()
    expect(page.locator(".sentence")).to_contain_text("13 of 13 links are there")
    look(page)

    # Down: each link's own page opens, and every one of them leads back to the chain.
    place(page, "Earning").get_by_role("link", name=re.compile(f"^Earning {EARNING}")).click()
    page.get_by_role("link", name="The whole chain").click()
    place(page, "Order").get_by_role("link").first.click()
    expect(page).to_have_url(f"{stage.url}/subscriptions/{chain.subscription}")
    page.get_by_role("link", name="Trace", exact=True).click()
    place(page, "Deal").get_by_role("link", name="Deal of Contoso", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deal of Contoso")
    page.go_back()
    place(page, "Metered hour").locator(f'a[href="/usage/hours/{chain.count}"]').click()
    page.get_by_role("link", name="Trace", exact=True).click()
    place(page, "Agent’s action").get_by_role("link").first.click()
    expect(page).to_have_url(f"{stage.url}/evidence/{chain.outcome_entry}")
    page.go_back()
    place(page, "Decision").get_by_role("link").first.click()
    expect(page).to_have_url(f"{stage.url}/decisions/{chain.decision}")
    page.get_by_role("link", name="Trace", exact=True).click()
    expect(place(page, "Policy")).to_contain_text("Answer a letter: automatic")
    place(page, "Policy").get_by_role("link", name="Answer a letter: automatic", exact=True).click()
    expect(page).to_have_url(re.compile(f"/agents/{chain.agent}#tools$"))
    page.go_back()
    place(page, "Grant").get_by_role("link", name="Data: letters", exact=True).click()
    expect(page).to_have_url(re.compile("#data$"))
    page.go_back()
    place(page, "Tenant link").get_by_role("link").first.click()
    expect(page).to_have_url(f"{stage.url}/customers/{stage.contoso.slug}/consent")

    # Back: from the tenant link alone, up to the payment.
    page.go_back()
    place(page, "Tenant link").get_by_role("link", name="Trace from here").click()
    expect(page.locator(".sentence")).to_contain_text("the id of a tenant link")
    expect(place(page, "Payment")).to_contain_text(PAYMENT)
    place(page, "Payment").get_by_role("link", name="Trace from here").click()
    expect(page.locator(".sentence")).to_contain_text(f"{PAYMENT}, the id of a payment")

    # Where something is missing it is said, and an id of nobody is nobody's.
    page.get_by_label("Any id on the chain").fill("ent_nobody")
    page.get_by_role("button", name="Trace").click()
    expect(page.locator(".sentence")).to_contain_text("Nothing on the chain has the id")
    look(page)
