"""The pages in a real browser: accessible, narrow, without scripts, by keyboard, under the content security policy."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from fairkeeper.web.assets import CONTENT_SECURITY_POLICY
from fairkeeper.web.pages.customers import CustomerPage
from fairkeeper.web.parts import Proof, ProofState
from fairkeeper.web.preview.__main__ import write_preview
from fairkeeper.web.preview.pages import preview_pages
from fairkeeper.web.rendering import render
from tests.channels.web.texts import with_every_text

pytestmark = pytest.mark.browser

NAMES = sorted(preview_pages())


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing."""


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("preview")
    write_preview(folder)
    return folder


@pytest.fixture(scope="module")
def address(preview: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(preview)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A wide page of its own that fails the test when the browser complains about a script or the policy."""
    with _opened(chromium) as (page, complaints):
        yield page
    assert complaints == []


@pytest.fixture(scope="module")
def kept_page(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    with _opened(chromium) as kept:
        yield kept


@pytest.fixture
def shared_page(kept_page: tuple[Page, list[str]]) -> Iterator[Page]:
    """The same for whoever only looks: a new one for each costs three times what looking does."""
    page, complaints = kept_page
    complaints.clear()
    yield page
    page.emulate_media(color_scheme="light")
    assert complaints == []


@contextmanager
def _opened(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # What the preview cannot answer (it has no server behind it) is not what is tested here.
        if message.type in {"error", "warning"} and "404" not in message.text:
            complaints.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened, complaints
    context.close()


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("error-") or name == "error-404"])
def test_axe_finds_nothing(shared_page: Page, address: str, name: str) -> None:
    shared_page.goto(f"{address}/{name}.html")
    assert violations(shared_page) == []


@pytest.mark.parametrize("name", ["parts", "customer", "customers", "settings-tokens", "sign-in-failed"])
def test_axe_finds_nothing_in_the_dark(shared_page: Page, address: str, name: str) -> None:
    shared_page.emulate_media(color_scheme="dark")
    shared_page.goto(f"{address}/{name}.html")
    assert violations(shared_page) == []


def test_nothing_scrolls_sideways(chromium: Browser, address: str) -> None:
    """640 pixels are a 1280-pixel window at 200 % zoom."""
    context = chromium.new_context()
    opened = context.new_page()
    wide = []
    for name in NAMES:
        opened.set_viewport_size({"width": 360, "height": 740})
        opened.goto(f"{address}/{name}.html")
        for width in (360, 640):
            opened.set_viewport_size({"width": width, "height": 740})
            if opened.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append((name, width))
    context.close()
    assert wide == []


def test_long_texts_do_not_push_a_page_sideways(chromium: Browser, address: str, preview: Path) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740})
    opened = context.new_page()
    wide = []
    for name in (
        "customer-stuck",
        "customers",
        "subscription",
        "webhook",
        "evidence",
        "receipt",
        "landing-new",
        "parts",
    ):
        long = with_every_text(preview_pages()[name], "Unbreakable" * 8)
        (preview / "long.html").write_text(render(long), encoding="utf-8")
        for width in (360, 1280):
            opened.set_viewport_size({"width": width, "height": 740})
            opened.goto(f"{address}/long.html")
            if opened.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append((name, width))
    context.close()
    assert wide == []


def test_axe_finds_nothing_on_a_phone_and_in_a_dialog(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("today", "customers", "customer-stuck", "landing-new", "settings-people"):
        page.goto(f"{address}/{name}.html")
        assert violations(page) == [], name
    page.goto(f"{address}/customer.html")
    page.get_by_role("link", name="Stop everything").click()
    assert violations(page) == []


def test_keys_search_walk_and_go(page: Page, address: str) -> None:
    page.goto(f"{address}/customers.html")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Tailspin")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Tailspin")).to_be_focused()
    page.keyboard.press("/")
    palette = page.get_by_role("combobox", name="Id, name, amount, page or action")
    expect(palette).to_be_focused()
    page.keyboard.press("j")
    expect(palette).to_have_value("j")
    expect(page.get_by_role("status")).to_contain_text("could not be looked up just now")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/evidence")


def test_help_opens_closes_and_can_switch_the_keys_off(page: Page, address: str) -> None:
    page.goto(f"{address}/customers.html")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    page.get_by_label("Switch off the keys of one letter, on this device").check()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.reload()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()


def test_a_question_opens_as_a_dialog_and_gives_the_focus_back(page: Page, address: str) -> None:
    page.goto(f"{address}/customer.html")
    opener = page.get_by_role("link", name="Stop everything")
    opener.click()
    dialog = page.get_by_role("dialog", name="Stop everything for Contoso?")
    expect(dialog.get_by_label("Type “contoso” to go on")).to_be_focused()
    dialog.get_by_role("button", name="Go back").click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    assert page.url.endswith("/customer.html")


def _later(name: str, *, sentence: str, is_longer: bool) -> str:
    """Return a page as it is a moment later: its first line has its proof, and one more may have happened."""
    page = preview_pages()[name]
    assert isinstance(page, CustomerPage)
    entries = [*page.timeline.entries]
    entries[0] = replace(entries[0], proof=replace(entries[0].proof, state=ProofState.NOT_WITNESSED, index=1_282))
    if is_longer:
        proof = Proof(state=ProofState.WAITING, href="/evidence/ent_later")
        entries.insert(0, replace(entries[0], sentence=f"It happened: {sentence}", proof=proof))
    return render(replace(page, sentence=sentence, timeline=replace(page.timeline, entries=tuple(entries))))


def test_a_record_that_has_grown_takes_the_page_with_it(page: Page, address: str) -> None:
    told = ["seen while a question is open", "seen afterwards"]
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        later = _later("customer", sentence=told[min(len(asked), len(told)) - 1], is_longer=True)
        route.fulfill(body=later, content_type="text/html")

    page.route("**/customers/contoso", answer)
    page.clock.install()
    page.goto(f"{address}/customer.html")
    opener = page.get_by_role("link", name="Stop everything")
    opener.click()
    dialog = page.get_by_role("dialog", name="Stop everything for Contoso?")
    dialog.get_by_label("Type “contoso” to go on").fill("cont")

    with page.expect_response("**/customers/contoso"):
        page.clock.run_for(2_500)
    expect(dialog.get_by_label("Type “contoso” to go on")).to_have_value("cont")
    assert told[0] not in page.inner_text("main")

    dialog.get_by_label("Type “contoso” to go on").fill("")
    dialog.get_by_role("button", name="Go back").click()
    with page.expect_response("**/customers/contoso"):
        page.clock.run_for(2_500)
    page.clock.run_for(500)
    expect(page.locator(".sentence").first).to_contain_text(told[1])
    expect(page.locator("#timeline li").first).to_contain_text(f"It happened: {told[1]}")
    expect(opener).to_be_focused()


def test_a_record_that_only_got_its_proof_changes_alone(page: Page, address: str) -> None:
    later = _later("customer", sentence="not to be seen", is_longer=False)
    page.route("**/customers/contoso", lambda route: route.fulfill(body=later, content_type="text/html"))
    page.clock.install()
    page.goto(f"{address}/customer.html")
    proof = page.locator("#timeline .proof").first
    expect(proof).to_have_text("Waiting for the checkpoint")
    proof.focus()
    with page.expect_response("**/customers/contoso"):
        page.clock.run_for(2_500)
    page.clock.run_for(500)
    expect(proof).to_contain_text("1,282")
    expect(proof).to_be_focused()
    assert "not to be seen" not in page.inner_text("main")


def test_a_record_stays_when_the_page_leads_elsewhere_meanwhile(page: Page, address: str) -> None:
    """Such as to the page of signing in, when the session has ended."""
    elsewhere = render(preview_pages()["sign-in"])
    page.route("**/customers/contoso", lambda route: route.fulfill(body=elsewhere, content_type="text/html"))
    page.clock.install()
    page.goto(f"{address}/customer.html")
    with page.expect_response("**/customers/contoso"):
        page.clock.run_for(2_500)
    page.clock.run_for(500)
    expect(page.locator("#timeline .proof").first).to_have_text("Waiting for the checkpoint")


def test_the_look_is_kept_without_an_account(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in.html")
    light = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor") != light
    kept = [(cookie.get("name"), cookie.get("value")) for cookie in page.context.cookies()]
    assert kept == [("fairkeeper_theme", "dark")]
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_an_id_is_copied_whole(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}/customers.html")
    button = page.locator("[data-copy]").first
    button.click()
    expect(button).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")


def test_a_form_is_sent_once(page: Page, address: str) -> None:
    page.goto(f"{address}/landing-new.html")
    sent: list[str] = []

    def keep(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.fulfill(status=204)

    page.route("**/marketplace/landing/activate", keep)
    button = page.get_by_role("button", name="Activate Fairmile Agent")
    button.click()
    button.click(force=True)
    expect(button).to_have_attribute("aria-disabled", "true")
    assert len(sent) == 1
    assert "idempotency_key=01JDA000000000000ACTIVATE0" in sent[0]


def test_a_form_that_failed_puts_its_reasons_in_view(page: Page, address: str) -> None:
    page.goto(f"{address}/settings-people.html")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Work e-mail address")).to_be_focused()
    expect(page.get_by_label("Work e-mail address")).to_have_value("kim@fairmile")


def test_without_scripts_the_rail_opens_the_ids_are_whole_and_questions_are_pages(
    chromium: Browser, address: str
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{address}/customer.html")
    rail = opened.get_by_role("navigation", name="Rooms")
    expect(rail).to_be_hidden()
    opened.get_by_role("button", name="Menu").click()
    expect(rail.get_by_role("link", name="Evidence")).to_be_visible()
    rail.get_by_role("button", name="Close").click()
    expect(rail).to_be_hidden()
    expect(opened.locator(".copy").first).to_be_hidden()
    expect(opened.locator(".id-short").first).to_be_hidden()
    opened.get_by_role("link", name="Stop everything").click()
    assert opened.url.endswith("/question.html")
    expect(opened.get_by_label("Type “contoso” to go on")).to_be_visible()
    context.close()


def test_a_printed_receipt_has_whole_ids_and_no_frame(page: Page, address: str) -> None:
    page.goto(f"{address}/receipt.html")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.locator(".receipt-tools")).to_be_hidden()
    box = page.locator(".receipt .id-full").first.bounding_box()
    assert box is not None
    assert box["width"] > 100
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
