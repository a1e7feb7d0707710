"""The storefront in a real browser, without JavaScript: a purchase by hand, no page too wide, none that axe refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from tests.contracts.sandbox_stage import CORA, publisher_on_loopback

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with publisher_on_loopback() as publisher:
        sandbox = run_in_thread(SandboxConfig(base_url="", landing_url=f"{publisher.url}/landing"))
        try:
            yield sandbox
        finally:
            sandbox.stop()


def test_a_person_buys_changes_and_cancels_without_javascript(running: RunningSandbox, chromium: Browser) -> None:
    page = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(running.url)
    page.get_by_role("link", name="Buy Team Plus", exact=True).click()
    page.get_by_label("Buy as", exact=True).select_option(CORA)
    page.get_by_label("Seats", exact=True).fill("12")
    page.get_by_label("Subscription name").fill("Twelve for Contoso")
    page.get_by_role("button", name="Place the pretend order").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Twelve for Contoso"
    assert page.get_by_role("heading", name="It runs already").count() == 1
    assert page.get_by_role("button", name="Manage account").count() == 1
    page.get_by_role("button", name="Switch renewal off").click()
    assert "ends, because renewal is off" in page.locator("main").inner_text()
    page.get_by_text("Cancel the subscription").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    assert "Unsubscribed" in page.locator("main").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_no_page_is_too_wide_or_refused_by_axe(
    running: RunningSandbox, chromium: Browser, scheme: str, width: int
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,  # axe runs as a script, which the pages themselves forbid
    )
    page = context.new_page()
    page.goto(f"{running.url}/buy/team-plus")
    page.get_by_role("button", name="Place the pretend order").click()
    bought = page.url
    page.get_by_role("button", name="Change seats").scroll_into_view_if_needed()
    page.get_by_label("Seats", exact=True).fill("40")
    page.get_by_role("button", name="Change seats").click()
    for address in (
        bought,
        f"{running.url}/",
        f"{running.url}/buy/enterprise",
        f"{running.url}/operator",
        f"{running.url}/x",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address
        violations = [(each["id"], each["nodes"][0]["html"]) for each in Axe().run(page).response["violations"]]
        assert violations == [], address
    context.close()
