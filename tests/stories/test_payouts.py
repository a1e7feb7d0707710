"""The payouts in a real browser: files are dragged in, the largest difference is followed to its rows and closed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from fairkeeper.sandbox.reports.exporting import write_files
from fairkeeper.sandbox.reports.year import Year
from tests.stories.demo_process import RunningDemo, forked_demo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

PATIENCE_MS = 60_000
DROP = """async ({files}) => {
  const data = new DataTransfer();
  for (const [name, content] of files) {
    data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
  }
  const form = document.querySelector("[data-drop]");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    form.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
  }
}"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningDemo]:
    with forked_demo(tmp_path / "demo") as started:
        yield started


def _look(page: Page) -> None:
    """Judge the page that is open: axe finds nothing serious, and nothing has to be pushed sideways."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}] == []
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert scroll <= client, f"{page.url} is wider than {width}"
    page.set_viewport_size({"width": 1280, "height": 900})


def test_from_dragged_files_to_a_closed_difference(running: RunningDemo, chromium: Browser, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    paths = write_files(Year(seed=3, buyers=24, as_of=today).book(), tmp_path / "year")
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(f"{running.url}/payouts/files")
    page.get_by_role("link", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="Olivia Owner").click()
    expect(page.get_by_role("heading", name="Files of reports")).to_be_visible()
    expect(page.get_by_text("No files yet")).to_be_visible()
    _look(page)

    files = [(path.name, base64.b64encode(path.read_bytes()).decode()) for path in paths]
    page.evaluate(DROP, {"files": files})
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_text(f"{len(paths)} files kept as they came.".replace(" ", "\u00a0", 1))).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(page.get_by_text("Files are being read, and then everything is compared.")).to_be_hidden(timeout=PATIENCE_MS)
    _look(page)

    page.goto(f"{running.url}/payouts")
    for _ in range(60):
        if page.get_by_role("heading", name="The largest differences").is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    else:
        log = (tmp_path / "demo.log").read_text("utf-8").splitlines()
        told = "\n".join(line for line in log if '"level": "info"' not in line)
        pytest.fail(f"nothing was compared; the page says {page.inner_text('main')!r}\n{told}")
    _look(page)
    page.get_by_role("link", name=re.compile("Open it")).first.click()
    expect(page.get_by_role("list", name="From order to bank")).to_be_visible()
    expect(page.get_by_role("table", name="Rows of the reports")).to_contain_text(".csv, row ")
    _look(page)

    page.get_by_role("button", name="Copy the text for support").click()
    assert "Payment ID:" in page.evaluate("navigator.clipboard.readText()")

    page.get_by_role("link", name="Close with a reason").click()
    page.get_by_label("Reason").fill("The bank has found it.")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("status").first).to_contain_text("The bank has found it.")
    expect(page.locator("main")).to_contain_text("Closed because")

    for path in ("/payouts/payments", "/payouts/months", "/payouts/trace?id=E0000005"):
        page.goto(f"{running.url}{path}")
        _look(page)
    _without_scripts(page, running, tmp_path)
    page.get_by_role("link", name="Withdraw umsatz.csv").click()
    page.get_by_label("Reason").fill("Of another account.")
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.get_by_role("row").filter(has_text="umsatz.csv")).to_contain_text("Withdrawn")
    _look(page)
    assert complaints == []


def _without_scripts(page: Page, running: RunningDemo, tmp_path: Path) -> None:
    """Hand two files over as the form does where no script runs: both come in one body."""
    page.goto(f"{running.url}/payouts/files")
    token = page.locator("input[name=csrf_token]").first.input_value()
    for name, row in (("umsatz.csv", "2026-05-14,970.00,EUR,MICROSOFT"), ("second.csv", "2026-05-15,1.00,EUR,BANK")):
        (tmp_path / name).write_text(f"Date,Amount,Currency,Description\n{row}\n", encoding="utf-8")
    picked = page.evaluate(
        """async ({token, files}) => {
          const form = new FormData();
          form.append("csrf_token", token);
          form.append("idempotency_key", "of-the-form");
          for (const [name, text] of files) form.append("files", new File([text], name));
          const answer = await fetch("/payouts/upload", {method: "POST", body: form});
          return [answer.status, answer.redirected, new URL(answer.url).pathname];
        }""",
        {"token": token, "files": [(name, (tmp_path / name).read_text()) for name in ("umsatz.csv", "second.csv")]},
    )
    assert picked == [200, True, "/payouts/files"]
    page.reload()
    for name in ("umsatz.csv", "second.csv"):
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Done", timeout=PATIENCE_MS)
