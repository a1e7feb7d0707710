"""A seller's morning in a real browser, and an assistant's over MCP: list, reasons, chat, push, outcome, evidence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from playwright.sync_api import Page, expect

from fairkeeper.access.credentials import session_cookie
from fairkeeper.deals.book.queries import list_deals
from fairkeeper.opportunities.agent import AGENT_ID
from fairkeeper.opportunities.operations import OPERATIONS
from fairkeeper.opportunities.queries import list_cards, list_pushes, show_card
from fairkeeper.proof.verification import verify_export
from tests.browsers import launched
from tests.stories.opportunities_stage import COOKIE, Served, served_book

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_book(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def page(served: Served, chromium_path: str) -> Iterator[Page]:
    """In a browser of its own, because another test of this module runs an event loop."""
    with launched(chromium_path) as chromium:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        name = session_cookie(served.url).name
        context.add_cookies([{"name": name, "value": COOKIE, "url": served.url}])
        yield context.new_page()


def look(page: Page) -> None:
    """Judge the page that is open."""
    found = Axe().run(page).response["violations"]
    grave = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}]
    assert grave == [], page.url
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1], f"{page.url} is wider than its window: {width}"


def test_a_seller_sees_why_asks_pushes_and_records_and_the_evidence_verifies(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/opportunities")
    look(page)
    first = page.locator("tbody tr").first.get_by_role("link")
    account = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(account)
    expect(page.get_by_role("heading", name="What speaks for it")).to_be_visible()
    assert page.locator("#for ~ ul li, section:has(#for) li").count() >= 1
    look(page)
    card_id = page.url.rpartition("/")[2]

    page.goto(f"{served.url}/opportunities/ask")
    for number, question in enumerate(
        ("Which customers should I talk to this week?", "Where are my adoption risks?", f"Why is {account} first?"), 1
    ):
        page.get_by_label("Your question").fill(question)
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.get_by_role("heading", level=2, name=question)).to_be_visible()
        assert page.get_by_role("list", name="Answer").count() == number
    look(page)

    page.goto(f"{served.url}/opportunities/cards/{card_id}/push")
    page.get_by_role("button", name="Push to the CRM").click()
    page.wait_for_url(f"**/opportunities/cards/{card_id}?recorded=*")
    limit = time.monotonic() + 40
    while not any(each.state == "sent" for each in served.book.run(list_pushes)):
        assert time.monotonic() < limit, served.book.run(list_pushes)
        page.wait_for_timeout(200)
    (record,) = served.crm.records
    assert account in record.values["name"]

    page.goto(f"{served.url}/opportunities/cards/{card_id}/won")
    page.get_by_label("Seats").fill("12")
    page.get_by_role("button", name="Won").click()
    page.wait_for_url(f"**/opportunities/cards/{card_id}?recorded=*")
    assert served.book.run(show_card, card_id=card_id).line.state == "won"
    page.goto(f"{served.url}/opportunities/track-record")
    expect(page.get_by_role("heading", name="What became of the cards")).to_be_visible()
    look(page)

    served.book.installation.integrator.run_until_current()
    report = verify_export(served.book.installation.exporter.write_log())
    assert report.findings == ()
    assert report.entries > 10
    kinds = {"cards_shown", "push_asked", "push_recorded", "outcome_recorded", "accounts_ranked", "snapshot_imported"}
    told = b"".join(served.book.installation.exporter.write_log())
    assert all(f"opportunities.{kind}/1".encode() in told for kind in kinds)
    # The agent's own part: each question was let through, and the push after the click that approved exactly it.
    assert told.count(b"governance.call_allowed/1") >= 4
    assert b"governance.call_waits/1" in told
    assert b"governance.outcome_recorded/1" in told
    page.goto(f"{served.url}/agents/{AGENT_ID}")
    expect(page.get_by_text("A person approved exactly this call.").first).to_be_visible()
    look(page)


def test_a_sell_card_becomes_a_deal_in_the_book(served: Served, page: Page) -> None:
    card = next(each for each in served.book.run(list_cards, limit=500).cards if each.motion == "sell")
    page.goto(f"{served.url}/opportunities/cards/{card.id}")
    page.get_by_role("link", name="Begin a deal with this account").click()
    expect(page.get_by_label("Customer", exact=True)).to_have_value(card.account)
    look(page)
    for label, text in (("Offer id", "contoso-copilot"), ("Public plan it starts from", "standard"), ("Total", "1200")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Write the draft").click()
    page.wait_for_url("**/deals/*/edit*")
    (deal,) = served.book.run(list_deals).deals
    assert (deal.customer, deal.state) == (card.account, "draft")


PAGES = (
    *("", "/ask?question=Who%20is%20ready%20for%20E7%3F", "/ask?question=Compare%20the%20last%20two%20snapshots"),
    *("/alerts", "/portfolio", "/track-record", "/crm", "/crm/give", "/files"),
)


def test_every_page_of_the_room_fits_and_its_pictures_load(served: Served, page: Page) -> None:
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for path in PAGES:
            page.goto(f"{served.url}/opportunities{path}", wait_until="networkidle")
            look(page)
            broken = page.evaluate(
                "[...document.images].filter(i => (i.loading = 'eager') && i.complete && !i.naturalWidth)"
                ".map(i => i.src)"
            )
            assert broken == [], page.url


ARGUMENTS: dict[str, dict[str, Any]] = {
    "explain_account": {"tenant": ""},
    "show_card": {"card_id": ""},
    "ask": {"question": "Where are my adoption risks?"},
}
"""What a tool needs; filled from the book where it names a thing."""


def test_a_client_nobody_here_wrote_lists_and_calls_every_tool(served: Served) -> None:
    card = served.book.run(list_cards, limit=1).cards[0]
    filled = {**ARGUMENTS, "explain_account": {"tenant": card.tenant_id}, "show_card": {"card_id": card.id}}
    expected = {each.name.replace(".", "_") for each in OPERATIONS if each.mcp}

    async def call_all() -> dict[str, Any]:
        async with (
            httpx2.AsyncClient(headers={"authorization": f"Bearer {served.token}"}, timeout=60) as http,
            streamable_http_client(f"{served.url}/mcp", http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            listed = {tool.name: tool for tool in (await session.list_tools()).tools}
            mine = sorted(name for name in listed if name.startswith("opportunities_"))
            assert set(mine) == expected
            assert all(len(listed[name].description or "") <= 1024 for name in mine)
            verbs = {name: name.removeprefix("opportunities_") for name in mine}
            return {name: await session.call_tool(name, filled.get(verb, {})) for name, verb in verbs.items()}

    answers = anyio.run(call_all)
    assert {name for name, answer in answers.items() if answer.is_error} == set()
    assert len(answers) == len(expected) >= 10
