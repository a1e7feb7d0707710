"""A customer looks at its usage in a real browser, limits it, and checks the invoice's proof on its own machine.

On the demo as `make demo` starts it: nine days of documents were counted, reported and compared, and one sudden hour is
held for the publisher. Every page is looked at on a desk and on a phone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import root
from tests.stories.demo_process import RunningDemo, forked_demo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SIZES = ({"width": 1280, "height": 900}, {"width": 360, "height": 780})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo with its customer."""
    with forked_demo(tmp_path_factory.mktemp("usage") / "demo", "--with-customer") as started:
        yield started


@dataclass(slots=True, kw_only=True)
class Reader:
    """Somebody at the console."""

    demo: RunningDemo
    page: Page
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, name: str, *, is_customer: bool = False) -> None:
        """Sign in at the pretend Microsoft."""
        self.page.goto(f"{self.demo.url}/sign-in")
        if is_customer:
            self.page.get_by_role("link", name="I am a customer").click()
        self.page.get_by_role("link", name="Sign in with Microsoft").click()
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(f"{self.demo.url}/**")

    def look(self) -> None:
        """Judge the page that is open at both sizes: axe finds nothing serious, nothing is pushed sideways."""
        for size in reversed(SIZES):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            found = Axe().run(self.page).response["violations"]
            grave = [
                (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}
            ]
            assert grave == [], self.page.url
            width = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert width[0] <= width[1], f"{self.page.url} is wider than its window: {width}"


@pytest.fixture
def reader(running: RunningDemo, chromium: Browser) -> Iterator[Reader]:
    """Somebody who is not signed in yet."""
    context = chromium.new_context(viewport=SIZES[0], accept_downloads=True)  # type: ignore[arg-type]
    found = Reader(demo=running, page=context.new_page())

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and running.url in message.location.get("url", ""):
            found.complaints.append(message.text)

    found.page.on("console", listen)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    yield found
    context.close()
    assert found.complaints == []


def test_a_customer_limits_its_usage_and_checks_the_proof_offline(reader: Reader, tmp_path: Path) -> None:
    reader.sign_in("Lena Litware", is_customer=True)
    page = reader.page
    page.goto(f"{reader.demo.url}/usage")
    reader.look()
    page.get_by_role("link", name="documents of Litware").click()
    expect(page.get_by_role("img")).to_have_count(2)
    for picture in page.get_by_role("img").all():
        address = picture.get_attribute("src") or ""
        assert page.request.get(f"{reader.demo.url}{address}").headers["content-type"].startswith("image/svg")
    main = page.inner_text("main")
    assert "1000 included" in main
    assert "accepted" in main
    reader.look()

    page.get_by_role("link", name="Change the limit", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Units at most").fill("2500")
    dialog.get_by_label("Calls above it").select_option("stop")
    dialog.get_by_role("button", name="Set it", exact=True).click()
    expect(page.get_by_text("Governed calls above it are refused.")).to_be_visible()
    assert "2500" in page.inner_text("main")

    page.get_by_role("link", name="Make the proof", exact=True).click()
    page.get_by_role("dialog").get_by_label("From").fill(earlier(reader))
    page.get_by_role("dialog").get_by_role("button", name="Make it", exact=True).click()
    page.wait_for_url("**/usage/proofs/*")
    expect(page.get_by_text("fairkeeper metering verify")).to_be_visible()
    reader.look()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the proof").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)

    checked = CliRunner().invoke(root, ["metering", "verify", str(file)], obj=Installed())
    assert checked.exit_code == 0, checked.output
    assert "the publisher's own events" in checked.output
    file.write_bytes(file.read_bytes().replace(b'"quantity":', b'"quantitY":', 1))
    refused = CliRunner().invoke(root, ["metering", "verify", str(file), "--json"], obj=Installed())
    assert (refused.exit_code, json.loads(refused.output)["ok"]) == (1, False)


def earlier(reader: Reader) -> str:
    """Return the day on which the customer's month of the term began."""
    headers = {"authorization": f"Bearer {reader.demo.owner_token}"}
    answer = httpx.get(f"{reader.demo.url}/api/v1/usage", headers=headers, timeout=30)
    return str(answer.json()["lines"][0]["starts_at"])[:10]


def test_finance_sees_what_is_held_and_decides(reader: Reader) -> None:
    reader.sign_in("Fiona Finance")
    page = reader.page
    page.goto(f"{reader.demo.url}/usage")
    expect(page.get_by_text("340 of documents of Litware are held").first).to_be_visible()
    reader.look()
    page.get_by_role("link", name="Look at it").first.click()
    reader.look()
    page.get_by_role("link", name="Send it", exact=True).click()
    page.get_by_role("dialog").get_by_label("Reason").fill("A batch of letters, as announced.")
    page.get_by_role("dialog").get_by_role("button", name="Send it", exact=True).click()
    expect(page.get_by_role("status").first).to_be_visible()
    assert "held for a person" not in page.inner_text("main")
