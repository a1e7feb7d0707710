"""Search, palette and guide in a real browser, by the keyboard alone; wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(chromium: Browser, sqlite_stage: Stage) -> Iterator[Page]:
    """The owner's window, which fails the test when the browser complains."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": SESSION, "value": sqlite_stage.owner_cookie, "url": sqlite_stage.url}])
    opened = context.new_page()
    complaints: list[str] = []
    # That a look-up was refused is said by the palette; the browser's own line about it is no complaint.
    opened.on(
        "console",
        lambda said: complaints.append(said.text) if said.type == "error" and "503" not in said.text else None,
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def look(page: Page) -> None:
    """Let axe look, in light and dark, and fail on a page that is wider than a phone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], scheme
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert scroll <= client, f"{page.url} is wider than {width}"


def test_the_palette_goes_everywhere_by_keys_alone(page: Page, sqlite_stage: Stage) -> None:
    contoso = sqlite_stage.contoso
    page.goto(sqlite_stage.url)
    keys, field, results = page.keyboard, page.get_by_role("combobox"), page.get_by_role("listbox", name="Results")
    told = page.locator("#palette").get_by_role("status")

    keys.press("Control+k")
    expect(field).to_be_focused()
    expect(told).to_contain_text("results")
    assert results.get_by_role("option").count() > 60
    expect(results.get_by_role("group", name="Actions")).to_be_visible()
    look(page)

    # A page by its words; the chosen line is announced by its id.
    keys.type("readi")
    expect(results.get_by_role("option")).to_have_text(["Readiness"])
    expect(field).to_have_attribute("aria-activedescendant", "palette-option-0")
    expect(results.get_by_role("option", selected=True)).to_have_text("Readiness")
    keys.press("Enter")
    page.wait_for_url("**/accounts/readiness")

    # A thing by the beginning of its id, opened from a page by "/".
    keys.press("/")
    keys.type(contoso.subscription_id[:9])
    expect(results.get_by_role("option").first).to_contain_text("Subscription")
    keys.press("Enter")
    page.wait_for_url(f"**/subscriptions/{contoso.subscription_id}")

    # An action on a thing: its verb and the beginning of a name, chosen with the arrows.
    keys.press("/")
    keys.type(f"revoke {contoso.slug[:5]}")
    wanted = results.locator(f'a[href="/customers/{contoso.slug}/revoke"]')
    expect(wanted).to_have_count(1)
    for _ in range(results.get_by_role("option").count()):
        if wanted.get_attribute("aria-selected") == "true":
            break
        keys.press("ArrowDown")
    expect(wanted).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    page.wait_for_url(f"**/customers/{contoso.slug}/revoke")

    # Nothing is said to be nothing; Escape closes and gives the focus back to the page.
    keys.press("Control+k")
    keys.type("qqqq zzzz")
    expect(told).to_have_text("Nothing found. Enter searches everywhere.")
    keys.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_a_look_up_that_fails_says_so_and_leaves_a_way(page: Page, sqlite_stage: Stage) -> None:
    page.goto(f"{sqlite_stage.url}/customers")
    page.route("**/palette?*", lambda route: route.fulfill(status=503, body="busy"))
    page.keyboard.press("/")
    page.keyboard.type("contoso")
    expect(page.locator("#palette").get_by_role("status")).to_contain_text("could not be looked up just now")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=contoso")
    expect(page.get_by_role("list", name="Found").get_by_role("link").first).to_be_visible()
    look(page)


def test_without_scripts_the_palette_is_a_page(chromium: Browser, sqlite_stage: Stage) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    context.add_cookies([{"name": SESSION, "value": sqlite_stage.owner_cookie, "url": sqlite_stage.url}])
    opened = context.new_page()
    opened.goto(sqlite_stage.url)
    opened.get_by_role("button", name="Menu").click()
    opened.get_by_role("link", name="Go to any page").click()
    opened.get_by_role("searchbox", name="Id, name, amount, page or action").fill("payments")
    opened.get_by_role("button", name="Find").click()
    opened.get_by_role("link", name="Payments").click()
    assert opened.url.endswith("/payouts/payments")
    context.close()


def test_today_palette_and_guide_are_readable_wide_narrow_light_and_dark(page: Page, sqlite_stage: Stage) -> None:
    for path in ("/", "/palette", "/guide/technical-configuration", "/search?q=contoso"):
        page.goto(f"{sqlite_stage.url}{path}")
        look(page)
