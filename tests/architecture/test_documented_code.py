"""The Python on documentation pages does what the pages say: it is taken from them and run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from docs_build.quotes import blocks
from fairkeeper.customers.ports import ProvisioningRequest, ProvisioningWish
from fairkeeper.outbound.provisioning import (
    ProvisioningFunction,
    ProvisioningRefusedError,
    ProvisioningWebhook,
    message_of,
)
from fairkeeper.values.ids import CustomerId, SubscriptionId

PAGE = "docs/how-to/connect-provisioning.md"
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_SECRET = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="


def python_on(written: dict[str, str], page: str, word: str) -> str:
    """Return the one Python block of a page that holds a word."""
    (found,) = [b.text for b in blocks({page: written[page]}) if b.info[:1] == ("python",) and word in b.text]
    return found


def run(code: str) -> dict[str, Any]:
    """Run a block as a module that is imported."""
    names: dict[str, Any] = {"__name__": "documented"}
    exec(compile(code, "<documentation>", "exec"), names)  # noqa: S102 - our own page
    return names


def wish(kind: ProvisioningWish = ProvisioningWish.PROVISION, *, plan_id: str | None = "team") -> ProvisioningRequest:
    return ProvisioningRequest(
        request_id="job_1",
        wish=kind,
        attempt=1,
        customer_id=CustomerId("cus_1"),
        subscription_id=SubscriptionId("37f9dea2-4345-438f-b0bd-03d40d28c7e0"),
        tenant_id=None,
        offer_id="fairmile-assistant",
        plan_id=plan_id,
        quantity=12,
        requested_at=datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
    )


@pytest.fixture
def receiver(written: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, dict[str, Any]]]:
    """The documented receiver on a free port, and what it has seen."""
    monkeypatch.setenv("PROVISIONING_SECRET", SECRET)
    names = run(python_on(written, PAGE, "class Receiver"))
    handler = type("QuietReceiver", (names["Receiver"],), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", names["seen"]
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_documented_receiver_takes_a_wish_once(receiver: tuple[str, dict[str, Any]]) -> None:
    url, seen = receiver
    webhook = ProvisioningWebhook(url, secret=SECRET, report_base_url="https://fairkeeper.fairmile.example")
    webhook.start(wish())
    webhook.start(wish())
    assert list(seen) == ["job_1"]
    assert seen["job_1"]["report_url"].endswith("/api/v1/provisioning/job_1/report")


def test_the_documented_receiver_refuses_a_forged_wish(receiver: tuple[str, dict[str, Any]]) -> None:
    url, seen = receiver
    forger = ProvisioningWebhook(url, secret=OTHER_SECRET, report_base_url="https://fairkeeper.fairmile.example")
    with pytest.raises(ProvisioningRefusedError):
        forger.start(wish())
    assert seen == {}


def test_the_documented_message_has_the_fields_of_the_real_one(written: dict[str, str]) -> None:
    (shown,) = [b.text for b in blocks({PAGE: written[PAGE]}) if b.info == ("json",)]
    message = message_of(wish(), "https://fairkeeper.fairmile.example")
    data = message["data"]
    assert isinstance(data, dict)
    assert [name for name in (*message, *data) if f'"{name}": ' not in shown] == []
    assert shown.count('": ') == len(message) + len(data)


def test_the_documented_function_answers_as_the_page_says(written: dict[str, str]) -> None:
    function = ProvisioningFunction(run(python_on(written, PAGE, "def handle"))["handle"], name="documented:handle")
    done, failed = function.start(wish()), function.start(wish(plan_id=None))
    assert done is not None
    assert failed is not None
    assert (done.is_done, failed.is_done) == (True, False)
    assert function.start(wish(ProvisioningWish.ERASE)) is None


def test_every_documented_python_block_is_python(written: dict[str, str]) -> None:
    found = [block for block in blocks(written) if block.info[:1] == ("python",)]
    assert found
    for block in found:
        compile(block.text, block.page, "exec")


def test_every_wish_is_on_the_page(written: dict[str, str]) -> None:
    assert [kind.value for kind in ProvisioningWish if f"| `{kind.value}` |" not in written[PAGE]] == []
    assert Path(PAGE).name in written["docs/explanation/path.md"]
