"""The readiness review of the demo publisher over HTTP: right item by item, and red while its landing page is broken."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.stories.demo_process import RunningDemo, forked_demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
OFFER = "fairmile-assistant"


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with forked_demo(tmp_path_factory.mktemp("readiness")) as started:
        yield started


@pytest.fixture
def api(running: RunningDemo) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{running.url}/api/v1", headers=running.headers, timeout=30) as client:
        yield client


def probe(api: httpx.Client) -> dict[str, Any]:
    """Ask for a probe and return the review that it led to."""
    before = show(api)["line"]["probed_at"]
    assert api.post(f"/readiness/{OFFER}/probe").is_success
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        found = show(api)
        if found["line"]["probed_at"] not in {None, before}:
            return found
        time.sleep(0.1)
    raise AssertionError("no probe was recorded")


def show(api: httpx.Client, offer: str = OFFER) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/readiness/{offer}").raise_for_status().json()
    return found


def marks(review: dict[str, Any]) -> dict[str, str]:
    return {item["key"]: item["mark"] for item in review["items"]}


def test_the_review_from_the_first_look_to_the_reviewers_package(running: RunningDemo, api: httpx.Client) -> None:
    """One path on one demo: each step leaves something that a later look would see."""
    an_offer_that_nobody_prepared_is_told_item_by_item(api)
    the_review_is_right_and_turns_red_with_the_landing_page(running, api)
    the_package_for_the_reviewer_is_whole(api)
    products_are_read_from_the_pretend_microsoft(api)
    the_consent_plan_in_force_is_part_of_the_review(api)


def the_review_is_right_and_turns_red_with_the_landing_page(running: RunningDemo, api: httpx.Client) -> None:
    unprobed = marks(show(api))
    assert {key for key, mark in unprobed.items() if mark != "passed"} == {"landing_page", "webhook"}
    review = probe(api)
    assert set(marks(review).values()) == {"passed"}
    assert len(review["items"]) == 17
    assert review["line"]["is_ready"]
    told = {item["key"]: item["told"] for item in review["items"]}
    assert told["landing_page"].endswith("answers, and leads to the sign-in of Microsoft Entra.")
    assert told["webhook"].endswith("refuses a call without a token, as it must.")

    there = httpx.get(f"{running.sandbox_url}/sandbox/publisher").json()
    broken = {**there, "landing_url": f"{running.url}/marketplace/moved-away"}
    httpx.put(f"{running.sandbox_url}/sandbox/publisher", json=broken).raise_for_status()
    red = probe(api)
    assert {key for key, mark in marks(red).items() if mark != "passed"} == {"landing_page"}
    (item,) = (each for each in red["items"] if each["key"] == "landing_page")
    assert "answers 404" in item["told"]
    assert item["remedy"]
    assert not red["line"]["is_ready"]

    httpx.put(f"{running.sandbox_url}/sandbox/publisher", json=there).raise_for_status()
    assert probe(api)["line"]["is_ready"]


def the_package_for_the_reviewer_is_whole(api: httpx.Client) -> None:
    package = api.get(f"/readiness/{OFFER}/package").raise_for_status().json()
    files = {each["name"]: base64.b64decode(each["content_base64"]) for each in package["files"]}
    assert set(files) == {"review.txt", "review.csv", "review.json", "structure.svg", "SHA256SUMS.txt"}
    assert b"It is no statement of Microsoft's." in files["review.txt"]
    assert files["structure.svg"].startswith(b"<svg")


def an_offer_that_nobody_prepared_is_told_item_by_item(api: httpx.Client) -> None:
    found = marks(show(api, "fairmile-desk"))
    assert {key for key, mark in found.items() if mark == "failed"} == {"plans", "texts", "links"}
    assert {key for key, mark in found.items() if mark == "unknown"} == {
        *("landing_page", "webhook", "admin_disclosure"),
        *("intended_use", "evaluation", "test_account"),
    }


def the_consent_plan_in_force_is_part_of_the_review(api: httpx.Client) -> None:
    text = (Path(__file__).parents[2] / "examples" / "consent" / "clean.yaml").read_text("utf-8")
    api.post("/consent/plan", json={"file": {"text": text}}).raise_for_status()
    items = {item["key"]: item for item in show(api)["items"]}
    assert items["consent_plan"]["mark"] == "passed"
    assert items["activation_consent"]["proof"] == "consent plan, version 1"


def products_are_read_from_the_pretend_microsoft(api: httpx.Client) -> None:
    assert api.post("/accounts/seen/products/ask").is_success
    limit = time.monotonic() + 60
    while time.monotonic() < limit and not (found := api.get("/accounts/structure/differences").json()):
        time.sleep(0.1)
    assert {(each["kind"], each["subject"]) for each in found} >= {
        ("not_stated", "fairmile-appliance"),
        ("not_stated", "fairmile-onboarding"),
    }


SPILLED = """() => [...document.querySelectorAll('.picture g')].flatMap(group => {
  const box = group.querySelector('rect').getBBox();
  return [...group.querySelectorAll('text')].filter(text => {
    const told = text.getBBox();
    return told.x < box.x || told.x + told.width > box.x + box.width || told.y + told.height > box.y + box.height;
  }).map(text => text.textContent);
})"""
"""Texts of the picture that do not fit into their boxes, as this browser draws them."""


@pytest.fixture
def olivia(running: RunningDemo, chromium: Browser) -> Iterator[Page]:
    """The owner, signed in at a browser on a desk."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{running.url}/accounts")
    page.get_by_role("link", name=re.compile("Sign in")).first.click()
    page.get_by_role("button", name="Olivia Owner").click()
    page.wait_for_url(f"{running.url}/**")
    yield page
    context.close()


def look(page: Page) -> None:
    """Judge the page that is open: axe finds nothing serious, and on a phone nothing has to be pushed sideways."""
    page.set_viewport_size({"width": 1280, "height": 900})
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}] == []
    page.set_viewport_size({"width": 360, "height": 740})
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1], f"{page.url} is wider than its window: {widths}"


@pytest.mark.browser
def test_the_room_in_a_real_browser(running: RunningDemo, olivia: Page) -> None:
    """The picture fits, a lost verification is recorded and stands on Today, every page is usable on desk and phone."""
    page = olivia
    page.goto(f"{running.url}/accounts")
    assert page.locator(".picture text").count() > 30
    assert page.evaluate(SPILLED) == []
    page.goto(f"{running.url}/accounts/verification/open")
    page.get_by_label("Programme").fill("Commercial Marketplace")
    page.get_by_role("button", name="Track it").click()
    page.goto(f"{running.url}/accounts/verification/commercial-marketplace/record")
    page.get_by_label("What happened").select_option("revoked")
    page.get_by_label("Step").select_option("domain_ownership")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("Verification, domain ownership")).to_be_visible()
    limit = time.monotonic() + 60
    while "Ask for the reason why domain ownership was lost" not in page.inner_text("main"):
        assert time.monotonic() < limit, page.inner_text("main")
        page.wait_for_timeout(200)
        page.goto(f"{running.url}/")
    for path in ("", "/state", "/seen", "/verification", "/verification/commercial-marketplace", "/readiness"):
        page.goto(f"{running.url}/accounts{path}")
        look(page)
    page.goto(f"{running.url}/accounts/readiness/{OFFER}")
    look(page)
    for file in (f"readiness/{OFFER}/package.zip", "verification/commercial-marketplace/appeal.zip", "ids.xlsx"):
        assert page.request.get(f"{running.url}/accounts/{file}").body()[:2] == b"PK"
